"""What collateral counts for in integers: down at each step."""

import random

import boa
import pytest

from novate.series import DAY, WAD
from tests.margin_world import NOBODY, MarginWorld
from tests.unit.margin.collateral.test_collateral import vault_asset

MOST = 2**112


def counted(units: int, price: int, maintenance: int, initial: int, limit: int) -> tuple[int, ...]:
    """[wad] Equity, initial, maintenance; shares in basis points, the limit in USD."""
    market = units * price // WAD
    value = min(market, limit * WAD) if limit else market
    value = value * maintenance // 10**4
    return market, value * initial // 10**4, value


@pytest.mark.parametrize("seed", range(12))
def test_two_assets(world: MarginWorld, seed: int) -> None:
    rng = random.Random(seed)
    holdings, total = [], [rng.randrange(-(10**6), 10**6)] * 3
    cash = total[0]
    for asset in rng.sample(range(1, 9), 2):
        price = rng.choice([rng.randrange(1, 100), rng.randrange(10**15, 10**23), 2**128 + 5])
        shares = [rng.choice([1, 8_001, 9_999, 10_000]) for _ in range(2)]
        limit = rng.choice([0, 1, 777, 2**32 - 1])
        amount = rng.choice([1, rng.randrange(10**21), MOST, MOST + 1, 2**248 - 1])
        figures = [share * 10**14 for share in shares]
        world.engine.set_collateral(asset, asset, *figures, NOBODY, sender=world.owner)
        world.engine.set_limit(asset, limit, sender=world.owner)
        assert tuple(world.engine.collateral_of(asset)) == (asset, *figures, NOBODY, limit)
        world.oracle.set_spot(asset, price, True)
        holdings.append(asset << 248 | amount)
        worth = counted(min(amount, MOST), min(price, 2**128 - 1), *shares, limit)
        total = [one + more for one, more in zip(total, worth, strict=True)]
    assert tuple(world.assess(cash=cash, holdings=holdings)) == (*total, True)


@pytest.mark.parametrize("seed", range(6))
def test_shares_of_a_vault(world: MarginWorld, seed: int) -> None:
    """Rates with all digits; allowances of ten basis points a day, by the second."""
    rng = random.Random(seed)
    decimals = rng.choice([0, 6, 18])
    said = rng.randrange(10**decimals, 3 * 10**decimals + 1)
    vault = vault_asset(world, decimals, said)
    world.oracle.set_spot(1, 1_500 * WAD + 7, True)
    reference = said * WAD // 10**decimals
    for _ in range(4):
        passed = rng.choice([1, 3_601, DAY - 1, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 60 * DAY])
        world.travel(passed)
        most = reference + reference * 10 * min(passed, 7 * DAY) // (DAY * 10**4)
        said = rng.choice([said, most * 10**decimals // WAD + rng.randrange(3), said * 9 // 10])
        vault.set_rate(said, 0)
        rate = min(said * WAD // 10**decimals, most)
        assert world.engine.rate_of(2) == rate
        amount = rng.randrange(10**21)
        worth = counted(amount * rate // WAD, 1_500 * WAD + 7, 10**4, 10**4, 0)
        assert tuple(world.assess(holdings=[2 << 248 | amount])) == (*worth, True)
        assert world.engine.poke(2) == rate
        reference = rate


def test_rates_and_units_of_a_vault_are_bounded(world: MarginWorld) -> None:
    """A rate of 2**96 at most, and as many units as of any asset."""
    vault = vault_asset(world, 0, 2**96 // WAD)
    rate = 2**96 // WAD * WAD
    assert world.engine.rate_of(2) == rate
    vault.set_rate(2**255, 0)
    world.travel(7 * DAY)
    assert world.engine.rate_of(2) == 2**96
    world.oracle.set_spot(1, WAD, True)
    assert world.assess(holdings=[2 << 248 | 2**111]).equity == MOST
    # Beyond it, it is none.
    with boa.reverts("margin: vault has no rate"):
        vault_asset(world, 0, 2**96 // WAD + 1)


def test_the_last_asset_and_underlying(world: MarginWorld) -> None:
    world.engine.set_collateral(8, 2**16 - 1, WAD, WAD, NOBODY, sender=world.owner)
    world.oracle.set_spot(2**16 - 1, 7 * WAD, True)
    assert tuple(world.assess(holdings=[8 << 248 | 3 * WAD])) == (*[21 * WAD] * 3, True)
    for limit in (1, 2**32 - 1):
        world.engine.set_limit(8, limit, sender=world.owner)
        (event,) = [e for e in world.engine.get_logs() if type(e).__name__ == "LimitSet"]
        assert (event.asset, event.new) == (8, limit)
    with boa.reverts("margin: limit out of range"):
        world.engine.set_limit(7, 1, sender=world.owner)
