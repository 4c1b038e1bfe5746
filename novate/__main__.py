"""`python -m novate run`: play a crash through the contracts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import NovateError

# Exit code for what the user can mend, as argparse's own.
USER_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "agent":
            # Imported late: --help must not wait for the EVM.
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
    except NovateError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="novate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="play a crash and write its summary, ledger and pictures",
        description="Play real prices through the contracts, in-process or on a chain.",
    )
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
        "--fund", type=int, metavar="USD", help="what the founders put into the security fund"
    )
    run.add_argument(
        "--whale",
        action="store_true",
        help="with a seller of puts too big for all bidders together: losses that others bear",
    )
    agent = commands.add_parser(
        "agent",
        help="keep or liquidate on a chain, as a process of its own",
        description="Remembers nothing: killed and started again, it goes on where the chain is.",
    )
    agent.add_argument("role", choices=("keeper", "liquidator"))
    agent.add_argument("--rpc", metavar="URL", required=True)
    agent.add_argument(
        "--manifest", type=Path, metavar="FILE", required=True, help="deployment.json of the market"
    )
    agent.add_argument("--every", type=float, default=5.0, metavar="SECONDS")
    agent.add_argument("--rounds", type=int, help="look so often and end (default: for ever)")
    agent.add_argument(
        "--capital", type=float, default=100_000.0, metavar="USD", help="of the liquidator at most"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
