"""The internals of contracts/math behind external functions."""

from typing import Any

import pytest

from benchmarks.accuracy import study
from novate.engine.cache import load


class Units:
    """Several harnesses as one: together they are beyond the size of a unit."""

    def __init__(self, *names: str) -> None:
        self.units = [load(f"tests/harness/{name}.vy").deploy() for name in names]

    def __getattr__(self, name: str) -> Any:
        return next(getattr(unit, name) for unit in self.units if hasattr(unit, name))


@pytest.fixture(scope="session")
def maths() -> Any:
    return Units("MathHarness", "GreekHarness")


@pytest.fixture(scope="session")
def accuracy_sample() -> dict[str, float]:
    """Largest errors by function over a small share of the study."""
    return {name: error for name, (error, _) in study((77, 500)).items()}
