"""`python -m tests.proof`: every long check, one after the other, and out/proof.html about them.

Each part is a command of its own (`make help` lists them) that leaves its figures as JSON; the page
is made of these files alone. `--read` makes the page from what earlier runs left, `--only NAME ...`
runs some parts and reads the others. A part that failed, or left nothing, says so on the page, and
the exit code is 1.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from tqdm import tqdm

PROJECT = Path(__file__).resolve().parents[1]
OUT = PROJECT / "out"
# What became of each part when it was run last: seconds, exit code, when, of which commit.
RUNS = OUT / "proof.json"
PACKAGES = ("vyper", "titanoboa", "snekmate", "pyrevm", "hypothesis", "pytest", "numpy")

Rows = list[list[Any]]


@dataclass(frozen=True)
class Part:
    """A check: how it is run, and how what it left is told."""

    name: str
    title: str
    command: list[str]
    tell: Callable[[], str]


# -- what each part tells --


def table(head: list[str], rows: Rows) -> str:
    """Numbers to the right with thousands apart, everything else as text."""

    def cell(value: Any) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            text = f"{value:,}" if isinstance(value, int) else f"{value:,.3g}"
            return f'<td class="number">{text}</td>'
        return f"<td>{escape(str(value))}</td>"

    lines = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in rows)
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def folded(summary: str, content: str) -> str:
    """A long list that opens on demand."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def read(name: str) -> Any:
    """A JSON file of out/ or benchmarks/."""
    return json.loads((PROJECT / name).read_text())


def tell_tests() -> str:
    """Passed and failed by folder, from pytest's own report."""
    cases = list(ElementTree.parse(OUT / "tests.xml").iter("testcase"))
    seen: Counter[tuple[str, str]] = Counter()
    seconds: Counter[str] = Counter()
    for case in cases:
        folder = ".".join(case.get("classname", "").split(".")[1:3])
        kinds = {child.tag for child in case}
        failed = kinds & {"failure", "error"}
        seen[folder, "failed" if failed else "skipped" if "skipped" in kinds else "passed"] += 1
        seconds[folder] += float(case.get("time", 0))  # type: ignore[assignment]
    rows: Rows = [
        [folder, *(seen[folder, state] for state in ("passed", "failed", "skipped")), f"{used:.0f}"]
        for folder, used in sorted(seconds.items())
    ]
    total = {state: sum(n for (_, s), n in seen.items() if s == state) for _, state in seen}
    words = ", ".join(f"{count:,} {state}" for state, count in sorted(total.items(), reverse=True))
    head = ["folder of tests/", "passed", "failed", "skipped", "seconds"]
    return f"<p>{words}.</p>" + folded("by folder", table(head, rows))


def tell_invariants() -> str:
    """Calls, checks, states; what was refused and why; what was never reached."""
    found = read("out/invariants.json")
    checks: Rows = [[name, count] for name, count in sorted(found["checks"].items())]
    calls: Rows = [
        [name, row["ok"], row["refused"], found["inside_other_calls"].get(name, 0)]
        for name, row in sorted(found["functions"].items())
    ]
    reasons: Rows = [[name, count] for name, count in found["reasons"].items()]
    states: Rows = [[name, count] for name, count in found["states"].items()]
    excused: Rows = [[name, why] for name, why in found["excused"].items()]
    branches = found["branches"]
    return (
        f"<p>{found['calls']:,} calls in {found['worlds']:,} worlds from seed {found['seed']:,} "
        f"({found['date']}): {len(found['failures'])} failures. {len(checks)} named checks made "
        f"{sum(found['checks'].values()):,} times, {found['repeated_in_py_evm']:,} calls repeated "
        f"in py-evm, {len(states)} states, {branches['taken']:,} of {branches['of']:,} branches in "
        f"the worlds that were recorded. Functions of the core reached: {found['reached']} of "
        f"{found['core']}.</p>"
        + folded("checks", table(["check, by invariant of the design", "made"], checks))
        + folded("calls", table(["function", "succeeded", "refused", "inside others"], calls))
        + folded("reasons to refuse", table(["reason", "times"], reasons))
        + folded("states", table(["auction, fund, market, positions", "times"], states))
        + folded("never reached, and why", table(["function", "why"], excused))
    )


def tell_proofs() -> str:
    """By part: what turned out as it must."""
    found = read("out/proofs.json")
    parts: Rows = [[name, good, bad] for name, (good, bad) in found["parts"].items()]
    rows: Rows = [
        [
            one["part"],
            one["name"],
            "as it must" if one["holds"] else "not as it must",
            one["note"],
            one["seconds"],
        ]
        for one in found["findings"]
    ]
    head = ["part", "claim", "result", "note", "seconds"]
    return table(["part", "as it must", "not"], parts) + folded("one by one", table(head, rows))


def tell_branches() -> str:
    """Lines and branches by file, what is missing and what cannot be taken."""
    found = read("out/branches.json")
    total = found["total"]
    files = found["files"]
    rows: Rows = [
        [name, row["branches"], row["taken"], row["lines"], row["run"]]
        for name, row in files.items()
    ]
    missing: Rows = [
        [name, one["line"], one["text"]] for name, row in files.items() for one in row["missing"]
    ]
    excused: Rows = [
        [name, one["line"], one["text"], one["reason"]]
        for name, row in files.items()
        for one in row["excused"]
    ]
    return (
        f"<p>{total['share']:.2%} of {total['branches']:,} branches, {total['line_share']:.2%} of "
        f"{total['lines']:,} lines; {total['excused']} branches that nothing can take are not "
        "counted.</p>"
        + folded("by file", table(["file", "branches", "taken", "lines", "run"], rows))
        + folded(f"not taken: {len(missing)}", table(["file", "line", "source"], missing))
        + folded(
            f"cannot be taken: {len(excused)}", table(["file", "line", "source", "why"], excused)
        )
    )


def tell_mutation() -> str:
    """Scores by sample, and who survived."""
    found = read("out/mutation.json")
    names = ("count", "killed", "survived", "judged", "equivalent", "invalid")
    rows: Rows = [
        [
            name,
            *(row[one] for one in names),
            *(
                f"{row.get(one, row['score']):.1%}"
                for one in ("first_score", "score", "score_without_judged")
            ),
        ]
        for name, row in found.items()
    ]
    survivors: Rows = [
        [one["source"], one["line"], one["mutant"], one["judged"]]
        for row in found.values()
        for one in row["survivors"]
    ]
    head = ["sample", *names[:4], "same bytecode", "no contract"]
    head += ["first score", "score", "without judged"]
    return (
        "<p>Judged ones change nothing that anybody can see; they count as survivors but in the "
        "last column. The first score is that before tests were added for what had survived.</p>"
        + table(head, rows)
        + folded(
            f"survivors: {len(survivors)}", table(["file", "line", "mutant", "verdict"], survivors)
        )
    )


def tell_museum() -> str:
    """How many known failures have tests."""
    text = (PROJECT / "tests/incidents/README.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    rows = [row for row in rows if not row.startswith(("| id", "| what"))]
    return (
        f"<p>{len(rows)} failures of the field, each with the tests that show it does not happen "
        "here, or why it cannot: tests/incidents/README.md. A test checks that they exist.</p>"
    )


def tell_accuracy() -> str:
    """Largest errors of the exact tier."""
    found = read("benchmarks/accuracy.json")
    rows: Rows = [[name, f"{row['error']:.1e}"] for name, row in found["errors"].items()]
    return f"<p>{found['points']:,} points against 50 digits.</p>" + table(
        ["function", "largest error (prices of spot, Greeks of their scale)"], rows
    )


def tell_backtest() -> str:
    """Margin against the next day's loss."""
    found = read("benchmarks/backtest.json")
    rows: Rows = [
        [book, engine, row["days"], row["breaches"], f"{row['mean_margin']:.1%}"]
        for book, engines in found["engines"].items()
        for engine, row in engines.items()
    ]
    return f"<p>{escape(found['data'])}.</p>" + table(
        ["book", "engine", "days", "losses above margin", "mean margin of notional"], rows
    )


def tell_gas() -> str:
    """The picture, and every figure."""
    figures = read("benchmarks/gas.json")
    peers = tomllib.loads((PROJECT / "benchmarks/peers.toml").read_text())
    beside = {row["ours"]: row for kind in ("figure", "ahead") for row in peers[kind]}
    rows: Rows = []
    for name, gas in figures.items():
        peer = beside.get(name)
        told = [peer["gas"], f"{peer['project']}: {peer['what']}"] if peer else ["", ""]
        rows.append([name, gas, *told])
    picture = base64.b64encode((OUT / "gas.png").read_bytes()).decode()
    return (
        f'<img alt="Gas of Novate and of its peers" src="data:image/png;base64,{picture}">'
        + folded(f"all {len(rows)} figures", table(["operation", "gas", "peer's", "of"], rows))
    )


def tell_engine() -> str:
    """How much faster than stock titanoboa."""
    rows: Rows = [[name, ratio] for name, ratio in read("benchmarks/engine.json").items()]
    return table(["what", "times as fast as titanoboa (forge: as forge)"], rows)


PY = [sys.executable, "-m"]
MUTATE = "ledger margin auction fixing settlement"
PARTS = (
    Part(
        "tests",
        "Tests",
        [
            *PY,
            "pytest",
            "-q",
            "-n",
            "2",
            "--junitxml",
            "out/tests.xml",
            "-o",
            "junit_family=xunit1",
        ],
        tell_tests,
    ),
    Part("invariants", "Invariants", [*PY, "tests.stateful.invariants"], tell_invariants),
    Part("branches", "Coverage", [*PY, "tests.branches.report"], tell_branches),
    Part("mutation", "Mutants", [*PY, "tests.mutation.run", *MUTATE.split()], tell_mutation),
    Part("proofs", "Proofs, forge, foreign suites", [*PY, "tests.proofs.run"], tell_proofs),
    Part("accuracy", "Accuracy of prices", [*PY, "benchmarks.accuracy"], tell_accuracy),
    Part("backtest", "Margin through 18 years", [*PY, "benchmarks.backtest"], tell_backtest),
    Part("picture", "Gas", [*PY, "benchmarks.picture"], tell_gas),
)


# -- the whole --


def run(part: Part, commit: str) -> dict[str, Any]:
    """Runs a part; what it printed is in out/proof/NAME.txt."""
    folder = OUT / "proof"
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with (folder / f"{part.name}.txt").open("w") as log:
        code = subprocess.run(
            part.command, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT, check=False
        ).returncode
    return {
        "seconds": round(time.monotonic() - began),
        "code": code,
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": commit,
    }


def known() -> dict[str, Any]:
    """What became of the parts so far."""
    found: dict[str, Any] = json.loads(RUNS.read_text()) if RUNS.exists() else {}
    return found


def section(part: Part, ran: dict[str, Any] | None) -> tuple[bool, str]:
    """Whether a part holds, and its part of the page."""
    good = ran is not None and ran["code"] == 0
    try:
        told = part.tell()
    except (OSError, KeyError, ValueError, ElementTree.ParseError) as error:
        good, told = False, f"<p class='bad'>left nothing to read: {escape(repr(error))}</p>"
    verdict = "<span class='good'>holds</span>" if good else "<span class='bad'>fails</span>"
    if ran is None:
        verdict, line = "<span class='bad'>not run for this page</span>", ", figures of another run"
    else:
        line = f", {ran['seconds']:,} s, {ran['when']}, commit {ran['commit']}"
    command = escape(" ".join(["python", *part.command[1:]]))
    return good, f"<h2>{part.title}</h2><p>{verdict}{line}<br><code>{command}</code></p>{told}"


STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem }
h1 { margin-bottom: 0 } h2 { margin-top: 2.2rem; border-top: 1px solid #ddd; padding-top: 1rem }
table { border-collapse: collapse; font-size: 13px; margin: .6rem 0 }
th { text-align: left; border-bottom: 1px solid #999 } td, th { padding: .15rem .9rem .15rem 0 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
code { font-size: 12.5px; color: #555 } img { max-width: 100% } summary { cursor: pointer }
.good { color: #00734f; font-weight: 600 } .bad { color: #b3261e; font-weight: 600 }
"""


def page(runs: dict[str, Any]) -> tuple[bool, str]:
    """Whether everything holds, and the page."""
    found = [section(part, runs.get(part.name)) for part in PARTS]
    good = sum(holds for holds, _ in found)
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    now = datetime.now(UTC)
    return good == len(PARTS), (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Novate: proof of {now:%Y-%m-%d}"
        f"</title><style>{STYLE}</style><h1>Novate: proof</h1>"
        f"<p>{now:%d %B %Y, %H:%M} UTC. {good} of {len(PARTS)} parts hold. "
        f"Python {python_version()}, {versions}.</p>"
        + "".join(told for _, told in found)
        + f"<h2>Known failures of the field</h2>{tell_museum()}"
        + f"<h2>Speed of the engine</h2>{tell_engine()}</html>"
    )


def main() -> int:
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="tests.proof", description=__doc__)
    parser.add_argument("--read", action="store_true", help="run nothing")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    runs = known()
    commit = subprocess.run(
        ["git", "-C", str(PROJECT), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    chosen = [] if options.read else [p for p in PARTS if p.name in (options.only or names)]
    progress = tqdm(chosen, desc="proof", unit="part")
    for part in progress:
        progress.set_postfix_str(part.name)
        found = run(part, commit or "unknown")
        # Another part may have ended meanwhile.
        runs = known() | {part.name: found}
        RUNS.write_text(json.dumps(runs, indent=2) + "\n")
    good, text = page(runs)
    (OUT / "proof.html").write_text(text)
    print(f"page in {OUT.name}/proof.html")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
