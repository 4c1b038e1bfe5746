"""What was stale once stays so, whatever fresh comes after."""

import pytest

from novate.reference.margin import Quote
from tests.margin_world import NOBODY, MarginWorld, call, holding, put, wad, word


@pytest.mark.parametrize("stale", [(1,), (2,), (1, 2)])
def test_of_two_collaterals(world: MarginWorld, stale: tuple[int, ...]) -> None:
    for asset in (1, 2):
        world.engine.set_collateral(asset, asset, wad(1), wad(1), NOBODY, sender=world.owner)
        world.set_spot(asset, 1_500, fresh=asset not in stale)
    assert not world.assess(holdings=[holding(1, 2), holding(2, 2)]).fresh


@pytest.mark.parametrize("stale", [(1,), (2,), (1, 2)])
def test_of_two_settlements(world: MarginWorld, expiry: int, stale: tuple[int, ...]) -> None:
    world.set_rules(2)
    world.set_quote(2, expiry, Quote(1_500, 1_505, 0.8))
    world.travel(expiry - world.now)
    for underlying in (1, 2):
        world.set_spot(underlying, 1_500, fresh=underlying not in stale)
    legs = word(put(expiry, 1_600), -1), word(call(expiry, 1_400, 2), -1)
    health = world.assess(*legs)
    assert not health.fresh
    assert health.initial == -wad(200)
