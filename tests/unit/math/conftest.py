"""The internals of contracts/math behind external functions."""

from typing import Any

import boa
import pytest


@pytest.fixture(scope="session")
def maths() -> Any:
    return boa.load("tests/harness/MathHarness.vy")
