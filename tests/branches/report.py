"""`python -m tests.branches.report`: the share of the contracts' branches and lines that tests run.

Runs the tests (or reads what an earlier run wrote, with --read) and prints, per file, how many of
its branches and lines ran, and every one that did not; the same goes to out/branches.json. A
branch that nothing can take is named with its reason in excused.toml and not counted. Fails below
98 % of the branches, for a test that fails, and for an excuse that excuses nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from novate.deploy import compiled

from .branches import CONTRACTS, Branch, Code, Line
from .recorder import Recorder

HERE = Path(__file__).resolve().parent
EXCUSED = HERE / "excused.toml"
OUT = HERE.parents[1] / "out" / "branches.json"
TESTS = ("unit", "incidents", "integration", "fuzz", "stateful", "differential")
# The tests of the engine look into the one that is watched here; the others run contracts in
# processes of their own, or none.
LEFT_OUT = (
    *("unit/engine", "unit/branches", "unit/mutation", "unit/math/test_coefficients.py"),
    *("integration/test_notebooks.py", "integration/test_readme.py", "integration/test_sweep.py"),
)
TARGET = 0.98


def universe() -> tuple[set[Branch], set[Line]]:
    """Both ways out of every conditional jump of every contract, and every line with code."""
    branches: set[Branch] = set()
    lines: set[Line] = set()
    for file in sorted(CONTRACTS.rglob("[A-Z]*.vy")):
        data = compiled(str(file.relative_to(CONTRACTS))).compiler_data
        for code in (Code(data), Code(data, creates=True)):
            branches |= code.branches
            lines |= set(code.lines.values())
    return branches, lines


def source(path: str, line: int) -> str:
    """A line, without its indentation."""
    text: str = (CONTRACTS / path).read_text().splitlines()[line - 1].strip()
    return text


def survey(recorder: Recorder) -> dict[str, Any]:
    """What ran and what did not, by file and in total."""
    excuses = tomllib.loads(EXCUSED.read_text())
    branches, lines = universe()
    files: dict[str, Any] = {}
    used: set[tuple[str, str]] = set()
    for path in sorted({path for path, _ in lines} | {branch[0][0] for branch in branches}):
        mine = sorted(branch for branch in branches if branch[0][0] == path)
        own = sorted(line for _, line in (one for one in lines if one[0] == path))
        missing, excused = [], []
        for branch in mine:
            if branch in recorder.branches:
                continue
            (_, kind, line, column, _), jumped = branch
            text = source(path, line)
            entry = {"line": line, "column": column, "kind": kind, "jumped": jumped, "text": text}
            reason = excuses.get(path, {}).get(text)
            if reason is None:
                missing.append(entry)
            else:
                used.add((path, text))
                excused.append({**entry, "reason": reason})
        idle = []
        for line in own:
            if (path, line) in recorder.lines:
                continue
            text = source(path, line)
            reason = excuses.get(path, {}).get(text)
            if reason is None:
                idle.append({"line": line, "text": text})
            else:
                used.add((path, text))
        files[path] = {
            "branches": len(mine),
            "taken": len(mine) - len(missing) - len(excused),
            "lines": len(own),
            "run": sum((path, line) in recorder.lines for line in own),
            "missing": missing,
            "excused": excused,
            "idle": idle,
        }
    total: dict[str, Any] = {
        key: sum(file[key] for file in files.values())
        for key in ("branches", "taken", "lines", "run")
    }
    total["excused"] = sum(len(file["excused"]) for file in files.values())
    total["share"] = total["taken"] / max(total["branches"] - total["excused"], 1)
    total["line_share"] = total["run"] / max(total["lines"], 1)
    idle_excuses = [
        f"{path}: {text}"
        for path, own in excuses.items()
        for text in own
        if (path, text) not in used
    ]
    return {"total": total, "files": files, "idle_excuses": sorted(idle_excuses)}


def show(found: dict[str, Any], only: str = "") -> None:
    """A table of the files, and below each what did not run."""
    print("branches          lines")
    for path, file in found["files"].items():
        if only not in path:
            continue
        counted = file["branches"] - len(file["excused"])
        share = file["taken"] / counted if counted else 1
        lines = file["run"] / file["lines"] if file["lines"] else 1
        print(f"{share:>7.1%} {counted:>4}   {lines:>7.1%} {file['lines']:>4}  {path}")
        for one in file["missing"]:
            way = "jump" if one["jumped"] else "fall"
            print(
                f"{'':>14}{one['line']:>4}:{one['column']:<3} {one['kind']:<6} {way}  {one['text']}"
            )
        for one in file["idle"]:
            print(f"{'':>14}{one['line']:>4}     not run      {one['text']}")
    for excuse in found["idle_excuses"]:
        print(f"excused, but taken or gone: {excuse}")
    total = found["total"]
    print(
        f"{total['share']:.2%} of {total['branches']} branches but {total['excused']} excused,"
        f" {total['line_share']:.2%} of {total['lines']} lines"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.branches.report", description=__doc__)
    parser.add_argument("--read", type=Path, nargs="+", help="folders of earlier runs, no new one")
    parser.add_argument("--keep", type=Path, help="folder to write to")
    parser.add_argument("--workers", default="2")
    parser.add_argument("--only", default="", help="print files whose path contains this")
    parser.add_argument("tests", nargs="*", default=[f"tests/{name}" for name in TESTS])
    options = parser.parse_args()
    failed = False
    folders = options.read or [options.keep or Path(tempfile.mkdtemp(prefix="branches-"))]
    if not options.read:
        folders[0].mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", options.workers]
        command += ["-p", "tests.branches.plugin", "--branches", str(folders[0] / "branches")]
        command += [f"--ignore=tests/{name}" for name in LEFT_OUT]
        failed = subprocess.run([*command, *options.tests], check=False).returncode != 0
    recorder = Recorder()
    for folder in folders:
        for file in sorted(folder.glob("branches*")):
            recorder.read(file)
    found = survey(recorder)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n")
    show(found, options.only)
    return int(failed or found["total"]["share"] < TARGET or bool(found["idle_excuses"]))


if __name__ == "__main__":
    sys.exit(main())
