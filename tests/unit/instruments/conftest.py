"""The instruments' modules, opened."""

from typing import Any

import pytest

from novate.engine.cache import load


@pytest.fixture(scope="module")
def instruments() -> Any:
    return load("tests/harness/SeriesHarness.vy").deploy()
