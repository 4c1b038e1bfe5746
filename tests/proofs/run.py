"""`python -m tests.proofs.run`: proofs, a second fuzzer and foreign judges over our bytecode.

symbolic    halmos proves each `check_...` of symbolic/ for all arguments; in the companion contract
            `...Reached`, where every claim is false, it must find a way to each claim
broken      the same proofs over contracts that are broken on purpose: each must fail
invariants  forge plays random sequences against a whole market, deployed as everywhere
red         the same against a market that is broken on purpose: the invariant must fall
foreign     the token suites of solmate, an npm package, run against our bytecode by forge
static      the analyser that accepts Vyper 0.4.3; a finding that static.md does not judge fails

What was found is in out/proofs.json. `make proofs` installs the tools, each in a place of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
OUT = PROJECT / "out" / "proofs"
RESULT = PROJECT / "out" / "proofs.json"
TOOLS = HERE / ".venv"
NODE = HERE / "node_modules"
CONTRACTS = ("Median", "Series", "Cash", "Signatures", "Proxies", "Tokens")
# Functions with divisions, which are solved over integers; see solve.py.
DIVIDING = {"Series": "payout", "Cash": "rounds"}
# halmos: 0 proved, 1 counterexample; beyond that it knows nothing.
PROVED, REFUTED = 0, 1
RUNS, DEPTH = 36, 400
# Solvers and fuzzers give way to everything else on the machine.
NICE = "19"


@dataclass(frozen=True)
class Break:
    """A fault on purpose: what stands for what in a contract, and what must fall."""

    source: str  # below contracts/
    old: str
    new: str
    units: str  # what is compiled from there: a name in world.UNITS, or a source of the market
    falls: str  # the proof, or the words of the invariant


BROKEN = (
    Break(
        "instruments/series.vy",
        "return price - min(strike, price)",
        "return price - min(strike, price) // 2",
        "SERIES",
        "Series.check_payoff",
    ),
    Break(
        "oracle/medians.vy",
        "middle: uint256 = count >> 1",
        "middle: uint256 = count - 1",
        "MEDIAN",
        "Median.check_one_liar_of_three",
    ),
    Break(
        "clearing/accounts.vy",
        "(header >> ENGINE_SHIFT) & 255",
        "(header >> ENGINE_SHIFT) & 127",
        "CASH",
        "Cash.check_header_engine_and_assets",
    ),
    Break(
        "clearing/Operators.vy",
        "self.nonces[owner] = nonce + 1",
        "self.nonces[owner] = nonce",
        "OPERATORS",
        "Signatures.check_permit_once",
    ),
    Break(
        "proxy/upgrades.vy",
        "    ownable._check_owner()\n",
        "",
        "CODE_BEHIND",
        "Proxies.check_only_the_owner_upgrades",
    ),
    Break(
        "tokens/erc6909.vy",
        "self.allowance[owner][caller][id] = allowed - amount",
        "self.allowance[owner][caller][id] = allowed",
        "ERC6909",
        "Tokens.check_many_transfer_from",
    ),
)
RED = (
    Break(
        "venues/SignedOrders.vy",
        "self.filled[digest] = used + amount",
        "self.filled[digest] = used",
        "venues/SignedOrders.vy",
        "order",
    ),
    Break(
        "clearing/Clearinghouse.vy",
        "    ledger._require_initial(account, indices)\n\n\n@internal\ndef _leave_share",
        "\n\n@internal\ndef _leave_share",
        "clearing/Clearinghouse.vy",
        "initial margin after an own action",
    ),
    Break(
        "clearing/book.vy",
        "return accounts._with_count(header, count + 1), max(change, 0), True",
        "return accounts._with_count(header, count + 1), max(change, 0) + 1, True",
        "clearing/Clearinghouse.vy",
        "open interest",
    ),
)


@dataclass
class Finding:
    """One row of the report."""

    part: str
    name: str
    holds: bool
    note: str
    seconds: float = 0.0


# -- processes --


def run(command: list[str], folder: Path, limit: float, **more: str) -> tuple[str, float]:
    """What a command printed, and how long it took [s]; it is the least urgent on the machine."""
    begin = time.monotonic()
    environment = os.environ | {
        "PATH": f"{NODE / '.bin'}{os.pathsep}{os.environ['PATH']}",
        "NODE_PATH": str(NODE),
        "NO_COLOR": "1",
        **more,
    }
    with subprocess.Popen(
        ["nice", "-n", NICE, *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            text = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            # halmos waits for its solvers for ever: the group goes at once.
            os.killpg(process.pid, 9)
            text = f"{process.communicate()[0]}\nstopped after {limit:.0f} s"
    return text, time.monotonic() - begin


def need(tool: Path) -> Path:
    """A tool that `make proofs` installs; nothing is skipped when it is missing."""
    if not tool.exists():
        raise SystemExit(f"{tool.relative_to(PROJECT)} is missing: run `make proofs`")
    return tool


def prepare(folder: Path, *kinds: str, broken: Break | None = None, market: bool = False) -> Path:
    """A project for forge: our Solidity, and the bytecode of contracts as they are, or broken."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for kind in kinds:
        for file in (HERE / kind).glob("*.sol"):
            shutil.copy(file, folder)
    for name in ("foundry.toml", "solc.cjs"):
        shutil.copy(HERE / name, folder)
    more = {}
    if broken:
        more = {"NOVATE_BROKEN": str(break_tree(broken)), "NOVATE_UNITS": broken.units}
    what = ["--market"] if market else []
    text, _ = run(
        [sys.executable, "-m", "tests.proofs.world", str(folder), *what], PROJECT, 1_800, **more
    )
    if not (folder / ("World.sol" if market else "Bytecode.sol")).exists():
        raise RuntimeError(text[-2_000:])
    return folder


def break_tree(one: Break) -> Path:
    """A copy of the sources with one fault."""
    tree = OUT / "broken"
    shutil.rmtree(tree, ignore_errors=True)
    for part in ("contracts", "tests/harness", "tests/proofs/harness"):
        shutil.copytree(PROJECT / part, tree / part)
    file = tree / "contracts" / one.source
    text = file.read_text()
    if text.count(one.old) == 0:
        raise RuntimeError(f"{one.source} has no {one.old!r} to break")
    file.write_text(text.replace(one.old, one.new))
    return tree


# -- symbolic --


def halmos(folder: Path, contract: str, pattern: str, integers: bool, limit: int) -> dict[str, Any]:
    """Results by function: exit code and seconds."""
    result = folder / f"{contract}.json"
    result.unlink(missing_ok=True)
    tool = need(TOOLS / "halmos" / "bin" / "halmos")
    command = [str(tool), "--storage-layout", "generic", "--loop", "16", "--no-status"]
    command += ["--solver-threads", "1", "--solver-timeout-assertion", f"{limit}s"]
    command += ["--contract", contract, "--match-test", pattern, "--json-output", str(result)]
    if integers:
        python = TOOLS / "halmos" / "bin" / "python"
        command += ["--solver-command", f"{python} {HERE / 'solve.py'}"]
    if contract.endswith("Reached"):
        command += ["--early-exit"]
    text, seconds = run(command, folder, 40.0 * limit)
    if not result.exists():
        raise RuntimeError(f"halmos: {text[-2_000:]}")
    found = json.loads(result.read_text())["test_results"]
    return {
        row["name"].partition("(")[0]: row | {"seconds": (row.get("time") or [seconds])[0]}
        for rows in found.values()
        for row in rows
    }


def both_ways(folder: Path, name: str, suffix: str, limit: int) -> dict[str, Any]:
    """All functions of a contract, each by its solver."""
    hard = DIVIDING.get(name, "no such function")
    found = halmos(folder, name + suffix, f"^check_(?!.*{hard})", False, limit)
    if name in DIVIDING:
        found |= halmos(folder, name + suffix, f"^check_.*{hard}", True, limit)
    return found


def symbolic(limit: int) -> list[Finding]:
    folder = prepare(OUT / "symbolic", "symbolic")
    rows = []
    for name in tqdm(CONTRACTS, desc="symbolic", unit="contract"):
        proofs = both_ways(folder, name, "Proof", limit)
        reached = both_ways(folder, name, "Reached", limit)
        assert proofs.keys() == reached.keys()
        for check, row in proofs.items():
            code, other = row["exitcode"], reached[check]["exitcode"]
            proved = code == PROVED and other == REFUTED
            note = "proved, and reached" if proved else f"halmos says {code}, reached {other}"
            rows.append(Finding("symbolic", f"{name}.{check}", proved, note, row["seconds"]))
    return rows


def broken(limit: int) -> list[Finding]:
    rows = []
    for one in tqdm(BROKEN, desc="broken", unit="fault"):
        folder = prepare(OUT / "symbolic-broken", "symbolic", broken=one)
        contract, _, check = one.falls.partition(".")
        found = halmos(folder, f"{contract}Proof", f"^{check}\\(", False, limit)
        falls = found[check]["exitcode"] == REFUTED
        note = f"{one.source}: {one.new.strip() or 'no ' + one.old.strip()}"
        rows.append(Finding("broken", one.falls, falls, note, found[check]["seconds"]))
    return rows


# -- forge --


def forge(folder: Path, limit: float, *arguments: str, **more: str) -> tuple[str, float]:
    tool = need(NODE / ".bin" / "forge")
    return run([str(tool), "test", "--threads", "1", *arguments], folder, limit, **more)


def play(folder: Path, runs: int, seed: int) -> tuple[str, float]:
    """Random sequences against the market in a folder."""
    return forge(
        folder,
        7_200,
        *("--match-contract", "MarketInvariants", "--fuzz-seed", str(seed)),
        FOUNDRY_INVARIANT_RUNS=str(runs),
        FOUNDRY_INVARIANT_DEPTH=str(DEPTH),
    )


CALLS = re.compile(r"^\|\s*Handler\s*\|\s*(\w+)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|", re.M)


def invariants(runs: int, seed: int) -> list[Finding]:
    folder = prepare(OUT / "invariants", "invariants", market=True)
    text, seconds = play(folder, runs, seed)
    (OUT / "invariants.txt").write_text(text)
    held = "[PASS] invariant_market()" in text
    note = f"{runs} sequences of {DEPTH} calls, seed {seed}"
    if not held:
        note = next((line.strip() for line in text.splitlines() if "[FAIL" in line), text[-500:])
    rows = [Finding("invariants", "invariant_market", held, note, seconds)]
    for name, calls, reverts, discards in CALLS.findall(text):
        done = int(calls) - int(reverts) - int(discards)
        note = f"{calls} calls, {reverts} refused, {discards} without meaning"
        rows.append(Finding("invariants", f"calls of {name}", done > 0, note))
    return rows


def red(runs: int, seed: int) -> list[Finding]:
    rows = []
    for one in tqdm(RED, desc="red", unit="fault"):
        folder = prepare(OUT / "invariants-red", "invariants", broken=one, market=True)
        text, seconds = play(folder, runs, seed)
        line = next((line.strip() for line in text.splitlines() if "[FAIL" in line), "nothing fell")
        note = f"{one.source}: {line}"
        rows.append(Finding("red", one.falls, one.falls in line, note[:300], seconds))
    return rows


# -- foreign --

# Tests that no token of ours can pass, with the reason.
EXCEPT = {
    "testMetadata": "names of any length: ours end at 25 and 5 bytes",
    "invariantMetadata": "names no contract to call, without which forge plays no invariant",
}
# EIP-20 is silent about the empty address; ours, as most, refuse it, solmate's does not.
NOBODY = re.compile(r"function test(\w*)\(([^)]*)\) public \{")
FAILING = re.compile(r"function testFail(\w+)\(([^)]*)\) public \{")


def somebody(found: re.Match[str]) -> str:
    """The same test, with somebody in the place of the empty address."""
    people = re.findall(r"address (\w+)", found[2])
    lines = [f"if ({one} == address(0)) {one} = address(0xBEEF);" for one in people]
    return "\n        ".join([found[0], *lines])


def foreign(runs: int) -> list[Finding]:
    """solmate's suites as they are, but for the compiler's version and tests that must fail, which
    forge no longer knows: each is called by a test that wants it to revert."""
    folder = prepare(OUT / "foreign", "foreign")
    suites = need(NODE / "solmate") / "src" / "test"
    rows = []
    for name in ("ERC20", "ERC6909"):
        text = (suites / f"{name}.t.sol").read_text()
        text = text.replace("pragma solidity 0.8.15;", "pragma solidity ^0.8.0;")
        text = text.replace("./utils/mocks/", "./").replace("./utils/", "./")
        wrapped = []
        for which, arguments in FAILING.findall(text):
            fields = [one.split() for one in arguments.split(",") if one.strip()]
            names, kinds = [one[-1] for one in fields], ",".join(one[0] for one in fields)
            place = "Fuzzed" if names else ""
            wrapped.append(
                f"    function testReverts{place}{which}({arguments}) public {{\n"
                f"        (bool done,) = address(this).call(abi.encodeWithSignature("
                f'"mustFail{which}({kinds})"'
                f"{''.join(', ' + one for one in names)}));\n"
                "        assertTrue(!done);\n    }\n"
            )
        text = FAILING.sub(r"function mustFail\1(\2) public {", text)
        if name == "ERC20":
            text = NOBODY.sub(somebody, text)
        cut = f"contract {name}Test is DSTestPlus {{"
        assert cut in text
        text = text.replace(cut, cut + "\n" + "\n".join(wrapped))
        (folder / f"{name}.t.sol").write_text(text)
    for file in ("DSTestPlus.sol", "DSInvariantTest.sol", "Hevm.sol"):
        text = (suites / "utils" / file).read_text()
        (folder / file).write_text(text.replace('"ds-test/test.sol"', '"./DSTest.sol"'))
    text, seconds = forge(
        folder,
        3_600,
        *(
            "--fuzz-runs",
            str(runs),
            "--fuzz-seed",
            "1",
            "--no-match-test",
            f"^({'|'.join(EXCEPT)})",
        ),
    )
    (OUT / "foreign.txt").write_text(text)
    suite = ""
    # The summary at the end names once more what failed.
    for line in re.split(r"Ran \d+ test suites", text)[0].splitlines():
        if begun := re.match(r"Ran \d+ tests? for (\w+)\.t\.sol:(\w+)", line):
            suite = begun[2]
        if row := re.match(r"\[(PASS|FAIL)(.*?)\] (\w+\([^)]*\))", line):
            rows.append(
                Finding("foreign", f"{suite}.{row[3]}", row[1] == "PASS", row[2].strip(": "))
            )
    if not rows:
        raise RuntimeError(text[-2_000:])
    rows[0].seconds = seconds
    return rows


# -- static --


def judgements() -> dict[str, set[str]]:
    """Rule -> files that static.md judges, or `*`."""
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| [^|]+ \|$", (HERE / "static.md").read_text(), re.M)
    return {rule: {file.strip() for file in files.split(",")} for rule, files in rows}


def static() -> list[Finding]:
    """A row for each rule of the analyser that found something, which static.md judges or not."""
    tool = need(TOOLS / "vyper-guard" / "bin" / "vyper-guard")
    report = OUT / "static.json"
    report.unlink(missing_ok=True)
    command = [str(tool), "analyze", "contracts", "--format", "json", "--output", str(report)]
    text, seconds = run(command, PROJECT, 1_800)
    if not report.exists():
        raise RuntimeError(text[-2_000:])
    found: dict[str, list[str]] = {}
    reports = json.loads(report.read_text())["reports"]
    for one in reports:
        file = one["file_path"].rpartition("contracts/")[2].removesuffix(".vy")
        for finding in one["findings"]:
            found.setdefault(finding["detector"], []).append(file)
    judged = judgements()
    rows = [
        Finding(
            "static",
            "files read",
            len(reports) > 100,
            f"{len(reports)} files by vyper-guard",
            seconds,
        )
    ]
    for rule, files in sorted(found.items()):
        known = judged.get(rule, set())
        new = set() if "*" in known else set(files) - known
        note = f"{len(files)} findings, " + (f"not judged: {sorted(new)}" if new else "all judged")
        rows.append(Finding("static", rule, not new, note))
    return rows


# -- the report --


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts: dict[str, Callable[[argparse.Namespace], list[Finding]]] = {
        "symbolic": lambda a: symbolic(a.limit),
        "broken": lambda a: broken(a.limit),
        "invariants": lambda a: invariants(a.runs, a.seed),
        "red": lambda a: red(a.runs, a.seed),
        "foreign": lambda a: foreign(a.fuzz),
        "static": lambda a: static(),
    }
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts), metavar="PART")
    parser.add_argument("--limit", type=int, default=300, help="[s] for one question to the solver")
    parser.add_argument("--runs", type=int, default=RUNS, help="sequences of forge")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fuzz", type=int, default=256, help="arguments for each foreign test")
    chosen = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    known = json.loads(RESULT.read_text())["findings"] if RESULT.exists() else []
    found = [row for row in known if row["part"] not in chosen.only]
    for part in chosen.only:
        begin = time.monotonic()
        try:
            rows = parts[part](chosen)
        except (RuntimeError, KeyError, AssertionError) as error:
            rows = [Finding(part, part, False, f"{type(error).__name__}: {error}")]
        print(f"\n{part}, {time.monotonic() - begin:.0f} s")
        for row in rows:
            print(f"  {'ok  ' if row.holds else 'FAIL'} {row.name:<60} {row.note[:120]}")
        found += [asdict(row) for row in rows]
        counts = {
            name: [
                sum(row["part"] == name and row["holds"] == good for row in found)
                for good in (1, 0)
            ]
            for name in parts
        }
        RESULT.write_text(
            json.dumps({"parts": counts, "seed": chosen.seed, "findings": found}, indent=1) + "\n"
        )
    bad = sum(not row["holds"] for row in found if row["part"] in chosen.only)
    good = sum(row["holds"] for row in found if row["part"] in chosen.only)
    print(f"\n{good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
