"""Titanoboa's plugin for coverage.py sees the lines of contracts, whatever engine a world has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from novate.engine import ENGINES

ROOT = Path(__file__).parents[3]
MODULE = """# pragma version 0.4.3

@internal
@pure
def half(x: uint256) -> uint256:
    if x % 2 == 1:
        return x // 2 + 1
    return x // 2
"""
UNIT = """# pragma version 0.4.3
from . import halves

last: public(uint256)

@external
def choose(x: uint256):
    if x > 5:
        self.last = halves.half(x)
    if x > 100:
        raise "much"

@external
@view
def never() -> uint256:
    return self.last
"""
SCRIPT = """
import sys
import boa
from novate.engine import Engine
from novate.engine.cache import load

world = Engine(sys.argv[1])
assert world.engine == sys.argv[1]
boa.set_env(world)
contract = load("Unit.vy").deploy()
contract.choose(8)
assert contract.last() == 4
"""


def lines(source: str, *texts: str) -> set[int]:
    """Numbers of the lines that read so."""
    return {n for n, line in enumerate(source.splitlines(), 1) if line.strip() in texts}


@pytest.mark.parametrize("engine", ENGINES)
def test_lines_run_are_told_from_lines_not_run(tmp_path: Path, engine: str) -> None:
    (tmp_path / "halves.vy").write_text(MODULE)
    (tmp_path / "Unit.vy").write_text(UNIT)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "settings").write_text("[run]\nplugins = boa.coverage\n")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    environment["NOVATE_CACHE"] = str(tmp_path / "cache")
    for command in (
        ["run", "--rcfile=settings", "script.py", engine],
        ["json", "--rcfile=settings", "-o", "lines.json", "--include=*.vy"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "coverage", *command],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    files = json.loads((tmp_path / "lines.json").read_text())["files"]
    unit, module = files["Unit.vy"], files["halves.vy"]
    run, missed = set(unit["executed_lines"]), set(unit["missing_lines"])
    assert lines(UNIT, "if x > 5:", "self.last = halves.half(x)") <= run
    assert lines(UNIT, 'raise "much"', "return self.last") == missed
    assert lines(MODULE, "if x % 2 == 1:", "return x // 2") <= set(module["executed_lines"])
    assert lines(MODULE, "return x // 2 + 1") == set(module["missing_lines"])
