"""The mutants of a source: each one change, none of what does not count."""

import tomllib
from pathlib import Path

import pytest

from tests.mutation.operators import mutants

ROOT = Path(__file__).resolve().parents[3]
SOURCE = '''# pragma version 0.4.3
"""
@title A contract: 1 + 1
"""

LIMIT: constant(uint256) = 2**8 - 1
total: uint256


event Grown:
    amount: uint256


@external
def grow(amount: uint256):
    """
    @notice Grows by 3.
    """
    assert amount <= 5, "grown: too much 7"
    self._check_owner()
    for i: uint256 in range(2, bound=9):
        self.total += amount
    log Grown(amount=amount)
'''


def changes(kind: str) -> set[tuple[str, str]]:
    return {(m.before, m.after) for m in mutants(SOURCE) if m.kind == kind}


def test_every_kind_of_change_is_found() -> None:
    assert_line = 'assert amount <= 5, "grown: too much 7"'
    assert changes("comparison") == {(assert_line, assert_line.replace("<=", "<"))}
    assert changes("check") == {(assert_line, "pass")}
    assert changes("role") == {("self._check_owner()", "pass")}
    assert changes("event") == {("log Grown(amount=amount)", "pass")}
    assert changes("effect") == {("self.total += amount", "pass")}
    assert changes("arithmetic") == {
        ("LIMIT: constant(uint256) = 2**8 - 1", "LIMIT: constant(uint256) = 2**8 + 1"),
        ("self.total += amount", "self.total -= amount"),
    }


def test_numbers_of_types_texts_bases_and_bounds_stay() -> None:
    assert changes("constant") == {
        ("LIMIT: constant(uint256) = 2**8 - 1", "LIMIT: constant(uint256) = 2**9 - 1"),
        ("LIMIT: constant(uint256) = 2**8 - 1", "LIMIT: constant(uint256) = 2**8 - 2"),
        (
            'assert amount <= 5, "grown: too much 7"',
            'assert amount <= 6, "grown: too much 7"',
        ),
        (
            "for i: uint256 in range(2, bound=9):",
            "for i: uint256 in range(3, bound=9):",
        ),
    }


def test_a_mutant_changes_one_line_and_keeps_the_rest() -> None:
    for mutant in mutants(SOURCE):
        old, new = SOURCE.splitlines(), mutant.source.splitlines()
        assert len(old) == len(new)
        assert [i + 1 for i in range(len(old)) if old[i] != new[i]] == [mutant.line]


@pytest.mark.parametrize("file", ["targets.toml", "judged.toml"])
def test_what_is_named_exists(file: str) -> None:
    """Sources, tests, and mutants that were judged: a change of the source outdates the verdict."""
    found = tomllib.loads((ROOT / "tests" / "mutation" / file).read_text())
    if file == "targets.toml":
        for target in found.values():
            assert all((ROOT / "contracts" / source).is_file() for source in target["sources"])
            assert all((ROOT / "tests" / test).exists() for test in target["tests"])
    else:
        for source, verdicts in found.items():
            names = {m.name for m in mutants((ROOT / "contracts" / source).read_text())}
            assert verdicts.keys() <= names, source


def test_first_values_that_nothing_reads_stay() -> None:
    source = """
@external
def f() -> uint256:
    a: uint256 = 0
    b: uint256 = 0
    c: uint256 = 0
    a, b = self._two(c)
    return a + b
"""
    changed = {m.before for m in mutants(source) if m.kind == "constant"}
    assert changed == {"c: uint256 = 0"}
