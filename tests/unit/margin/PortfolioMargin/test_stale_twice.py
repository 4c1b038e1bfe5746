"""What was stale once stays so, whatever fresh comes after: collateral, settlements, quotes."""

from typing import Any

import boa
import pytest

from novate.reference.margin import Position, Quote
from novate.series import HOUR, Series
from tests.margin_world import NOBODY, holding, wad
from tests.portfolio_world import TEST, PortfolioWorld

STALE = [(1,), (2,), (1, 2)]


@pytest.fixture(scope="module")
def world() -> PortfolioWorld:
    world = PortfolioWorld()
    for underlying in (1, 2, 3):
        world.set_rules(underlying, TEST, stablecoin=3)
        world.set_quote(underlying, world.expiry(170), Quote(100.0, 100.0, 0.5))
    for asset in (1, 2):
        world.settings.set_collateral(asset, asset, wad(1), wad(1), NOBODY, sender=world.owner)
    return world


def short(world: PortfolioWorld, underlying: int) -> Position:
    return Position(Series(underlying, world.expiry(170), wad(100), True), -1)


@pytest.mark.parametrize("stale", STALE)
def test_of_two_collaterals(world: Any, stale: tuple[int, ...]) -> None:
    for underlying in stale:
        world.set_spot(underlying, 100, fresh=False)
    assert not world.assess([], holdings=[holding(1, 2), holding(2, 2)]).fresh


@pytest.mark.parametrize("stale", STALE)
def test_of_two_settlements(world: Any, stale: tuple[int, ...]) -> None:
    boa.env.timestamp += 171 * HOUR
    for underlying in (1, 2):
        world.set_spot(underlying, 90, fresh=underlying not in stale)
    health = world.assess([short(world, 1), short(world, 2)])
    assert not health.fresh
    assert health.initial == -wad(20)


@pytest.mark.parametrize("stale", STALE)
def test_of_two_quotes(world: Any, stale: tuple[int, ...]) -> None:
    for underlying in stale:
        world.set_quote(underlying, world.expiry(170), Quote(100.0, 100.0, 0.5, fresh=False))
    assert not world.assess([short(world, 1), short(world, 2)]).fresh


def test_of_the_stablecoin_of_two_underlyings(world: Any) -> None:
    world.set_spot(3, 1, fresh=False)
    assert not world.assess([short(world, 1), short(world, 2)]).fresh


def test_short_calls_without_volatility_cost_the_forward(world: Any) -> None:
    """Forward and spot are known: that is what a call costs at most."""
    world.set_quote(1, world.expiry(170), Quote(100.0, 130.0, 0.0))
    call = Position(Series(1, world.expiry(170), wad(100), False), -2)
    health = world.assess([call])
    assert health.initial == pytest.approx(-wad(260), abs=1_000) and not health.fresh
