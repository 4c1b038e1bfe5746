"""A fresh standard engine for every test, with the peer's figures for underlying 1."""

import pytest

from novate.reference.margin import Quote
from tests.margin_world import MarginWorld


@pytest.fixture
def world() -> MarginWorld:
    world = MarginWorld()
    world.set_rules(1)
    world.set_spot(1, 1_500)
    return world


@pytest.fixture
def expiry(world: MarginWorld) -> int:
    """A week ahead, quoted at spot 1,500 and 80 % volatility."""
    expiry = world.expiry(168)
    world.set_quote(1, expiry, Quote(1_500, 1_505, 0.8))
    return expiry
