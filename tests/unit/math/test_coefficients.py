"""The constants of contracts/math are what their generator finds."""

import re
from pathlib import Path

import pytest

from benchmarks.coefficients import constants

MATH = Path(__file__).resolve().parents[3] / "contracts" / "math"
MODULES = ("fixed_point", "normal", "black76", "implied_volatility", "fast")


@pytest.fixture(scope="module")
def found() -> dict[str, int]:
    return constants()


def written() -> dict[str, set[int]]:
    """Literal integer constants of the modules by name."""
    values: dict[str, set[int]] = {}
    for module in MODULES:
        text = (MATH / f"{module}.vy").read_text()
        for name, literal in re.findall(r"^(\w+): constant\(u?int256\) = (-?[\d_]+)$", text, re.M):
            values.setdefault(name, set()).add(int(literal))
    return values


def test_each_constant_stands_in_the_contracts(found: dict[str, int]) -> None:
    contracts = written()
    assert {name: contracts.get(name) for name in found} == {n: {v} for n, v in found.items()}


def test_no_coefficient_is_without_a_source(found: dict[str, int]) -> None:
    fractions = {name for name in written() if re.fullmatch(r"[A-Z]+\d?_[ABC]\d?", name)}
    assert fractions <= found.keys()
