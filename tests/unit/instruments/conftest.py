"""The instruments' modules, opened."""

from typing import Any

import boa
import pytest


@pytest.fixture(scope="module")
def instruments() -> Any:
    return boa.load("tests/harness/SeriesHarness.vy")
