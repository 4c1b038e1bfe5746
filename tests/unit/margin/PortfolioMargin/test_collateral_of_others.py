"""Collateral of an underlying without positions adds up with them; unknown assets add nothing."""

import pytest

from novate.reference.margin import Position, Quote
from novate.series import Series
from tests.margin_world import NOBODY, holding, wad
from tests.portfolio_world import TEST, PortfolioWorld


@pytest.fixture(scope="module")
def world() -> PortfolioWorld:
    """Markets 1 and 2; assets 1 and 2 of them, asset 3 of an underlying that has no market."""
    world = PortfolioWorld()
    for underlying in (1, 2):
        world.set_rules(underlying, TEST)
        world.set_quote(underlying, world.expiry(170), Quote(100.0, 100.0, 0.5))
    world.set_spot(7, 50)
    for asset, underlying in ((1, 1), (2, 2), (3, 7)):
        world.settings.set_collateral(
            asset, underlying, wad(0.9), wad(0.8), NOBODY, sender=world.owner
        )
    return world


@pytest.mark.parametrize("asset", [2, 3, 8])
def test_adds_up(world: PortfolioWorld, asset: int) -> None:
    put = Position(Series(1, world.expiry(170), wad(100), True), -3)
    held = [holding(asset, 2)]
    alone, beside = world.assess([put], 10), world.assess([], 0, held)
    both = world.assess([put], 10, held)
    for name in ("equity", "initial", "maintenance"):
        total = getattr(alone, name) + getattr(beside, name)
        assert getattr(both, name) == pytest.approx(total, abs=2), name


def test_counts_without_a_market_what_its_shares_say(world: PortfolioWorld) -> None:
    """Underlying 7 has a price and no parameters: no scenario is asked."""
    health = world.assess([], 0, [holding(3, 2)])
    assert (health.equity, health.maintenance, health.initial) == (wad(100), wad(90), wad(72))


def test_never_set_counts_nothing(world: PortfolioWorld) -> None:
    health = world.assess([], 5, [holding(8, 2)])
    assert (health.equity, health.maintenance, health.initial) == (wad(5),) * 3
    assert health.fresh
