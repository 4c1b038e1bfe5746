"""`python -m tests.branches.report`: the share of the contracts' branches that the tests take.

Runs the tests in py-evm (or reads what an earlier run wrote, with --read) and prints, per file, how
many of its branches were taken, and every one that was not. A branch that nothing can take is named
with its reason in excused.toml and not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from pathlib import Path

from novate.deploy import compiled
from tests.branches.branches import CONTRACTS, Branch, Place, places

HERE = Path(__file__).resolve().parent
EXCUSED = HERE / "excused.toml"
# Not benchmarks, notebooks and chains: they take no branch that others do not.
TESTS = ("tests/unit", "tests/integration", "tests/fuzz", "tests/stateful", "tests/differential")
TARGET = 0.98


def universe() -> set[Branch]:
    """Both ways out of every conditional jump of every contract."""
    found: set[Branch] = set()
    for file in sorted(CONTRACTS.rglob("[A-Z]*.vy")):
        data = compiled(str(file.relative_to(CONTRACTS))).compiler_data
        for place in places(data.bytecode_runtime, data.source_map["pc_raw_ast_map"]).values():
            found |= {(place, True), (place, False)}
    return found


def read(folder: Path) -> set[Branch]:
    """What the workers of a run have written."""
    taken: set[Branch] = set()
    for file in folder.glob("branches*"):
        for path, kind, line, column, ordinal, jumped in json.loads(file.read_text()):
            taken.add(((path, kind, line, column, ordinal), jumped))
    return taken


def source(place: Place) -> str:
    """The line a jump stands in."""
    line: str = (CONTRACTS / place[0]).read_text().splitlines()[place[2] - 1].strip()
    return line


def excuse(branch: Branch, excused: dict[str, dict[str, str]]) -> str:
    """Why a branch is not counted, or nothing: by file, then by text of the line."""
    return excused.get(branch[0][0], {}).get(source(branch[0]), "")


def report(taken: set[Branch], only: str = "") -> float:
    """Prints files and missing branches; returns the share taken."""
    excused = tomllib.loads(EXCUSED.read_text())
    by_file: dict[str, list[Branch]] = defaultdict(list)
    for branch in universe():
        if only in branch[0][0]:
            by_file[branch[0][0]].append(branch)
    total = missing = 0
    for path, branches in sorted(by_file.items()):
        counted = [b for b in branches if b in taken or not excuse(b, excused)]
        missed = sorted(b for b in counted if b not in taken)
        total, missing = total + len(counted), missing + len(missed)
        share = 1 - len(missed) / max(len(counted), 1)
        print(f"{share:>7.1%}  {len(counted):>4}  {path}")
        for (_, kind, line, _, _), jumped in missed:
            print(
                f"             {line:>4}  {kind:<7}{'jump' if jumped else 'fall'}  "
                f"{source((path, kind, line, 0, 0))}"
            )
    share = 1 - missing / max(total, 1)
    print(f"{share:.2%} of {total} branches, {missing} not taken")
    return share


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.branches.report", description=__doc__)
    parser.add_argument("--read", type=Path, help="folder of an earlier run")
    parser.add_argument("--keep", type=Path, help="folder to write to")
    parser.add_argument("--workers", default="2")
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("tests", nargs="*", default=TESTS)
    options = parser.parse_args()
    folder = options.read or options.keep or Path(tempfile.mkdtemp(prefix="branches-"))
    if not options.read:
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", options.workers]
        command += ["-p", "tests.branches.plugin", "--branches", str(folder / "branches")]
        if subprocess.run([*command, *options.tests], check=False).returncode:
            return 1
    return 0 if report(read(folder), options.only) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
