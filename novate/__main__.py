"""`python -m novate COMMAND`: play a crash, deploy to a chain and check what is there."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .errors import DataError, NovateError

# Exit code for what the user can mend, as argparse's own.
USER_ERROR = 2
# Exit code of `verify` when something differs.
DIFFERENT = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    perform: Callable[[argparse.Namespace], int] = options.perform
    try:
        return perform(options)
    except NovateError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


# Modules are imported by the command that needs them: --help must not wait for the EVM.


def _run(options: argparse.Namespace) -> int:
    from .scenario.run import run

    run(
        scenario=options.scenario,
        prices=options.prices,
        underlying=options.underlying,
        first=options.first,
        last=options.last,
        seed=options.seed,
        out=options.out,
        fund=options.fund,
        whale=options.whale,
        rpc=options.rpc,
    )
    return 0


def _agent(options: argparse.Namespace) -> int:
    if options.role == "reporter":
        from .agents import reporter

        reporter.serve(
            options.rpc,
            options.manifest,
            prices=options.prices,
            volatilities=options.volatilities,
            folder=options.board,
            max_age=options.max_age,
            every=options.every,
            rounds=options.rounds,
        )
        return 0
    from .agents.desk import serve

    serve(
        options.role,
        options.rpc,
        options.manifest,
        every=options.every,
        rounds=options.rounds,
        capital=options.capital,
    )
    return 0


def _deploy(options: argparse.Namespace) -> int:
    import boa

    from .deploy import deploy, owners
    from .manifest import parameters_from
    from .network import connect

    network = connect(options.rpc)
    parameters = None
    if options.parameters is not None:
        parameters = parameters_from(_json(options.parameters))
    before = network.nonce(network.eoa)
    with boa.swap_env(network):
        market = deploy(
            parameters,
            manifest=options.manifest,
            handover=options.handover,
            salt=options.salt,
        )
        held = owners(market)
    for name, contract in market.contracts.items():
        print(f"{name:<20} {contract.address}  {'owner ' + held[name] if name in held else ''}")
    sent = network.nonce(network.eoa) - before
    print(f"\nchain {network.chain_id}: {sent} transactions sent; written to {options.manifest}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from .network import Network
    from .verify import verify

    findings = verify(Network(options.rpc), options.manifest)
    for one in findings:
        right = f"as compiled, runs {one.runs}" if one.runs else "as compiled"
        print(f"{one.unit:<20} {one.address}  {one.problem or right}")
    wrong = [one for one in findings if one.problem]
    print(
        f"\n{len(findings) - len(wrong)} of {len(findings)} units are what the sources compile to"
    )
    return DIFFERENT if wrong else 0


def _govern(options: argparse.Namespace) -> int:
    from .governance.chain import perform

    return perform(options)


def _sweep(options: argparse.Namespace) -> int:
    from .data import load_csv, load_scenario
    from .plot_sweep import draw_sweep
    from .sweep import parse_seeds, parse_varied, plan, sweep

    paths = [load_csv(file) for file in options.prices]
    paths += [load_scenario(name) for name in options.scenario]
    paths = paths or [load_scenario("volmageddon")]
    if options.first or options.last:
        paths = [path.between(options.first, options.last) for path in paths]
    runs = plan(
        paths,
        seeds=parse_seeds(options.seeds),
        varied=parse_varied(options.set),
        resampled=options.resampled,
        whale=options.whale,
    )
    try:
        table = sweep(runs, options.out, scheduler=options.scheduler, workers=options.workers)
    except KeyboardInterrupt:
        print("stopped; run again to go on", file=sys.stderr)
        return 130
    draw_sweep(table, options.out / "sweep.png")
    wrong = int((~table["conserved"]).sum())
    print(table.drop(columns=["run", "transactions"]).describe().loc[["mean", "min", "max"]].T)
    print(f"\n{len(table)} runs, {wrong} of them do not add up; written to {options.out}/")
    return DIFFERENT if wrong else 0


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise DataError(file, 0, f"no JSON: {error}") from error


# -- what is understood --


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="novate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="play a crash and write its summary, ledger and pictures",
        description="Play real prices through the contracts, in-process or on a chain.",
    )
    run.set_defaults(perform=_run)
    source = run.add_mutually_exclusive_group()
    source.add_argument(
        "--scenario",
        choices=("volmageddon", "lehman"),
        default="volmageddon",
        help="which crash (default: %(default)s)",
    )
    source.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help="own data: CSV with date or time, close and optionally high, low, implied volatility",
    )
    run.add_argument("--underlying", metavar="NAME", help="name of the underlying on the pictures")
    run.add_argument("--from", dest="first", metavar="DATE", help="first day, ISO")
    run.add_argument("--to", dest="last", metavar="DATE", help="last day, ISO")
    run.add_argument("--seed", type=int, default=1, help="of the agents (default: %(default)s)")
    run.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="default: %(default)s/"
    )
    run.add_argument(
        "--rpc",
        metavar="URL",
        help="play on this chain; NOVATE_KEY holds the key that pays, none on a development chain",
    )
    run.add_argument(
        "--fund",
        type=int,
        metavar="USD",
        help="what the founders put into the security fund (default: 250000)",
    )
    run.add_argument(
        "--whale",
        action="store_true",
        help="with a seller of puts too big for all bidders together (always in lehman): losses "
        "that others bear",
    )
    deploy = commands.add_parser(
        "deploy",
        help="deploy a market to a chain, or go on with a deployment",
        description="Addresses follow from code, parameters, owner and salt, the same on every "
        "chain. What the manifest says is done is not done again. NOVATE_KEY holds the key that "
        "pays and owns; a development chain needs none.",
    )
    deploy.set_defaults(perform=_deploy)
    deploy.add_argument("--rpc", metavar="URL", required=True)
    deploy.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        default=Path("deployment.json"),
        help="default: %(default)s",
    )
    deploy.add_argument(
        "--parameters",
        type=Path,
        metavar="FILE",
        help="JSON with what shall differ from novate/parameters.py",
    )
    deploy.add_argument(
        "--handover", metavar="ADDRESS", help="contract that owns everything in the end: a timelock"
    )
    deploy.add_argument(
        "--salt", default="", metavar="TEXT", help="tells markets of one owner apart"
    )
    verify = commands.add_parser(
        "verify",
        help="compare what is on a chain with what the sources compile to",
        description="Byte by byte, immutables included, and what runs behind proxies; exit code 1 "
        "when something differs.",
    )
    verify.set_defaults(perform=_verify)
    verify.add_argument("--rpc", metavar="URL", required=True)
    verify.add_argument("--manifest", type=Path, metavar="FILE", required=True)
    _govern_parsers(commands)
    sweep = commands.add_parser(
        "sweep",
        help="play many runs: paths, parameters and seeds, spread over processes",
        description="Each run is a file; what exists is not run again, so a sweep that was stopped "
        "goes on. Results in results.csv and sweep.png.",
    )
    sweep.set_defaults(perform=_sweep)
    sweep.add_argument(
        "--scenario",
        nargs="+",
        choices=("volmageddon", "lehman"),
        default=[],
        help="which crashes (default: volmageddon)",
    )
    sweep.add_argument(
        "--prices", nargs="+", type=Path, default=[], metavar="FILE", help="own data, as in `run`"
    )
    sweep.add_argument("--from", dest="first", metavar="DATE", help="first day, ISO")
    sweep.add_argument("--to", dest="last", metavar="DATE", help="last day, ISO")
    sweep.add_argument("--seeds", default="1-8", help="1-20 or 1,5,9 (default: %(default)s)")
    sweep.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="NAME=VALUE,...",
        help="parameters of novate/parameters.py: fund=0,250000 fees.taker_rate=0.0003wad",
    )
    sweep.add_argument(
        "--resampled",
        type=int,
        default=0,
        metavar="N",
        help="and N paths made of the days of each path, in blocks",
    )
    sweep.add_argument("--whale", action="store_true", help="as in `run`")
    sweep.add_argument("--scheduler", metavar="ADDRESS", help="of a dask cluster that has novate")
    sweep.add_argument("--workers", type=int, metavar="N", help="processes here (default: cores)")
    sweep.add_argument(
        "--out", type=Path, default=Path("out/sweep"), metavar="DIR", help="default: %(default)s/"
    )
    agent = commands.add_parser(
        "agent",
        help="keep, liquidate or report on a chain, as a process of its own",
        description="Remembers nothing but what a reporter has signed, which is on disk: killed "
        "and started again, it goes on where the chain is.",
    )
    agent.set_defaults(perform=_agent)
    agent.add_argument("role", choices=("keeper", "liquidator", "reporter"))
    agent.add_argument("--rpc", metavar="URL", required=True)
    agent.add_argument(
        "--manifest", type=Path, metavar="FILE", required=True, help="deployment.json of the market"
    )
    agent.add_argument("--every", type=float, default=5.0, metavar="SECONDS")
    agent.add_argument("--rounds", type=int, help="look so often and end (default: for ever)")
    agent.add_argument(
        "--capital", type=float, default=100_000.0, metavar="USD", help="of the liquidator at most"
    )
    reporter = agent.add_argument_group(
        "reporter",
        "Signs with the key in NOVATE_REPORTER_KEY, or with those that `deploy` made up. A SOURCE "
        "is a CSV file as of `run`, read again when it grows, or URL@ADDRESS of an AggregatorV3.",
    )
    reporter.add_argument(
        "--price", dest="prices", action="append", default=[], metavar="SOURCE", help="of the spot"
    )
    reporter.add_argument(
        "--volatility",
        dest="volatilities",
        action="append",
        default=[],
        metavar="SOURCE",
        help="implied, for smiles",
    )
    reporter.add_argument(
        "--board", type=Path, metavar="DIR", help="where reporters meet (default: beside FILE)"
    )
    reporter.add_argument(
        "--max-age",
        type=int,
        default=120,
        metavar="SECONDS",
        help="up to which a price counts (default: %(default)s)",
    )
    return parser


def _govern_parsers(commands: Any) -> None:
    """`propose`, and the further steps of governance under `govern`."""
    govern = commands.add_parser(
        "govern",
        help="vote on what the timelock shall do, on a chain",
        description="NOVATE_KEY holds the key that votes and pays.",
    )
    steps = govern.add_subparsers(dest="step", required=True)
    begin = steps.add_parser("deploy", help="deploy governance and give it the market")
    begin.add_argument("--manifest", type=Path, metavar="FILE", required=True)
    begin.add_argument(
        "--owners",
        type=lambda text: text.split(","),
        metavar="ADDRESS,...",
        required=True,
        help="of the guardian",
    )
    begin.add_argument("--threshold", type=int, default=2, metavar="M", help="who must sign")
    begin.add_argument(
        "--short", action="store_true", help="the shortest times that are accepted: for trials"
    )
    propose = commands.add_parser(
        "propose",
        help="list a market or upgrade a unit: make a proposal, try it on a fork and send it",
        description="Says who would fall below margin before anything is sent.",
    )
    propose.set_defaults(step="propose")
    propose.add_argument("--manifest", type=Path, metavar="FILE", required=True)
    what = propose.add_mutually_exclusive_group(required=True)
    what.add_argument("--listing", type=Path, metavar="FILE", help="a market, as TOML")
    what.add_argument(
        "--upgrade",
        nargs="+",
        metavar=("UNIT", "NAME=SOURCE"),
        help="new code behind the proxy of UNIT, from the sources as they are, or for the contract "
        "NAME of `verify` from another one. It is made at once and noted in the manifest, and does "
        "nothing until the proposal is executed",
    )
    propose.add_argument(
        "--data", default="0x", metavar="HEX", help="the call that brings storage up to an upgrade"
    )
    propose.add_argument("--send", action="store_true", help="put it to the vote")
    further = {
        "vote": "vote for it",
        "queue": "send what was accepted into the timelock",
        "execute": "do what is due",
        "veto": "the guardian prevents it: NOVATE_GUARDIAN_KEYS holds its owners' keys",
        "status": "say how it stands",
    }
    known = {name: steps.add_parser(name, help=text) for name, text in further.items()}
    known["vote"].add_argument("--against", action="store_true")
    for parser in (begin, propose, *known.values()):
        parser.set_defaults(perform=_govern)
        parser.add_argument("--rpc", metavar="URL", required=True)
        parser.add_argument(
            "--governance",
            type=Path,
            default=Path("governance.json"),
            metavar="FILE",
            help="where governance is (default: %(default)s)",
        )
        if parser is not begin:
            parser.add_argument(
                "--proposal",
                type=Path,
                default=Path("proposal.json"),
                metavar="FILE",
                help="what is voted on (default: %(default)s)",
            )


if __name__ == "__main__":
    sys.exit(main())
