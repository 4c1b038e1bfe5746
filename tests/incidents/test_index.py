"""The index of incidents names tests that exist, and leaves no row without a word."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX = Path(__file__).with_name("README.md")
# Rows of the list of known failures that the index must answer.
KNOWN = [f"P-{number:02}" for number in range(1, 49)]
REFERENCE = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def rows() -> list[list[str]]:
    """The cells of every row of the tables: ids, what happened, the rule here, tests."""
    found = []
    for line in INDEX.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and not set(line) <= set("|- "):
            found.append(cells)
    return [cells for cells in found if cells[3] != "tests"]


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text())
    kinds = ast.FunctionDef | ast.ClassDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].split(",")[0])
def test_the_tests_of_a_row_exist(row: list[str]) -> None:
    _, happened, rule, tests = row
    assert happened and rule
    references = REFERENCE.findall(tests)
    if not references:
        assert tests.startswith("not here: ") and len(tests) > 30, "a test, or why there is none"
    for path, name in references:
        assert (ROOT / "tests" / path).is_file(), path
        assert not name or name in functions(path), f"{path}::{name}"


def test_the_tests_that_security_notes_name_exist() -> None:
    found = REFERENCE.findall((ROOT / "SECURITY.md").read_text())
    assert len(found) > 8
    for path, name in found:
        assert (ROOT / "tests" / path).is_file(), path
        assert not name or name in functions(path), f"{path}::{name}"


def test_every_known_failure_has_a_row() -> None:
    listed = [one for row in rows() for one in re.findall(r"P-\d\d", row[0])]
    assert sorted(listed) == KNOWN


def test_a_reference_that_leads_nowhere_is_found() -> None:
    row = ["P-01", "happened", "rule", "`stateful/test_crashes.py::test_of_nothing`"]
    with pytest.raises(AssertionError, match="test_of_nothing"):
        test_the_tests_of_a_row_exist(row)
    with pytest.raises(AssertionError, match="why there is none"):
        test_the_tests_of_a_row_exist([*row[:3], "not here: so"])
