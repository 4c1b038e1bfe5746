"""The internals of contracts/math behind external functions."""

from typing import Any

import boa
import pytest

from benchmarks.accuracy import study


@pytest.fixture(scope="session")
def maths() -> Any:
    return boa.load("tests/harness/MathHarness.vy")


@pytest.fixture(scope="session")
def accuracy_sample() -> dict[str, float]:
    """Largest errors by function over a small share of the study."""
    return {name: error for name, (error, _) in study((77, 500)).items()}
