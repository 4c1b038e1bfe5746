"""The internals of contracts/math behind external functions."""

from typing import Any

import pytest

from benchmarks.accuracy import study
from novate.engine.cache import load


@pytest.fixture(scope="session")
def maths() -> Any:
    return load("tests/harness/MathHarness.vy").deploy()


@pytest.fixture(scope="session")
def accuracy_sample() -> dict[str, float]:
    """Largest errors by function over a small share of the study."""
    return {name: error for name, (error, _) in study((77, 500)).items()}
