"""What assets other than cash count for, and the guard on vault rates."""

import boa
import pytest

from novate.series import DAY, WAD
from tests.margin_world import NOBODY, MarginWorld, holding, wad

VAULT = """
# pragma version 0.4.3
asset: public(address)
decimals: public(uint8)
rate: uint256
mood: uint256

@deploy
def __init__(decimals: uint8, rate: uint256):
    self.decimals = decimals
    self.asset = self
    self.rate = rate

@external
def set_asset(asset: address):
    self.asset = asset

@external
def set_rate(rate: uint256, mood: uint256):
    self.rate = rate
    self.mood = mood

@external
@view
@raw_return
def convertToAssets(shares: uint256) -> Bytes[64]:
    assert shares == 10 ** convert(self.decimals, uint256)
    assert self.mood != 1
    if self.mood == 2:
        return b"short"
    if self.mood == 3:
        for i: uint256 in range(10**6):
            assert keccak256(convert(i, bytes32)) != empty(bytes32)
    return slice(abi_encode(self.rate), 0, 32)
"""


@pytest.fixture
def asset(world: MarginWorld) -> int:
    """Asset 1, priced as underlying 1 at 1,500, counts 80 % and 90 % of that."""
    world.engine.set_collateral(1, 1, wad(0.8), wad(0.9), NOBODY, sender=world.owner)
    return 1


def test_value_counts_in_part(world: MarginWorld, asset: int) -> None:
    health = world.assess(cash=10 * WAD, holdings=[holding(asset, 2)])
    assert tuple(health) == (3_010 * WAD, 2_170 * WAD, 2_410 * WAD, True)


def test_settings_are_kept_and_told(world: MarginWorld, asset: int) -> None:
    assert tuple(world.engine.collateral_of(1)) == (1, wad(0.8), wad(0.9), NOBODY, 0)
    world.engine.set_collateral(1, 2, wad(1), 0, NOBODY, sender=world.owner)
    assert rates_told(world) == [(1, 0, 0)]
    (event,) = [e for e in world.engine.get_logs() if type(e).__name__ == "CollateralSet"]
    assert (event.asset, event.old.underlying, event.new.underlying) == (1, 1, 2)
    assert (event.old.maintenance, event.new.maintenance) == (wad(0.8), WAD)


def test_asset_never_set_counts_for_nothing(world: MarginWorld) -> None:
    assert tuple(world.assess(holdings=[holding(5, 2)])) == (0, 0, 0, True)


def test_stale_and_missing_prices_are_told(world: MarginWorld, asset: int) -> None:
    world.set_spot(1, 1_500, fresh=False)
    assert tuple(world.assess(holdings=[holding(asset, 1)]))[::3] == (1_500 * WAD, False)
    world.set_spot(1, 0)
    assert tuple(world.assess(holdings=[holding(asset, 1)])) == (0, 0, 0, False)


def test_huge_amount_does_not_overflow(world: MarginWorld, asset: int) -> None:
    world.oracle.set_spot(1, 2**256 - 1, True)
    health = world.assess(holdings=[i << 248 | 2**248 - 1 for i in (1, 1)])
    assert health.equity > health.maintenance > health.initial > 0


def test_value_beyond_the_limit_counts_for_equity_alone(world: MarginWorld, asset: int) -> None:
    world.engine.set_limit(1, 2_000, sender=world.owner)
    (event,) = [e for e in world.engine.get_logs() if type(e).__name__ == "LimitSet"]
    assert (event.asset, event.old, event.new) == (1, 0, 2_000)
    assert world.engine.collateral_of(1).limit == 2_000
    below, above = (world.assess(holdings=[holding(asset, n)]) for n in (1, 2))
    assert tuple(below) == (1_500 * WAD, 1_080 * WAD, 1_200 * WAD, True)
    assert tuple(above) == (3_000 * WAD, 1_440 * WAD, 1_600 * WAD, True)
    # New factors keep it; 0 ends it.
    world.engine.set_collateral(1, 1, WAD, WAD, NOBODY, sender=world.owner)
    assert world.assess(holdings=[holding(asset, 2)]).maintenance == 2_000 * WAD
    world.engine.set_limit(1, 0, sender=world.owner)
    assert world.assess(holdings=[holding(asset, 2)]).maintenance == 3_000 * WAD


def test_reverts_of_limits(world: MarginWorld, asset: int) -> None:
    for number, limit in ((2, 1), (asset, 2**32)):
        with boa.reverts("margin: limit out of range"):
            world.engine.set_limit(number, limit, sender=world.owner)
    with boa.reverts("ownable: caller is not the owner"):
        world.engine.set_limit(asset, 1, sender=world.intruder)


def rates_told(world: MarginWorld) -> list[tuple[int, int, int]]:
    """Reference rates [wad] of the last call: asset, before, after."""
    found = [log for log in world.engine.get_logs() if type(log).__name__ == "RateSet"]
    return [(one.asset, one.old, one.new) for one in found]


def vault_asset(world: MarginWorld, decimals: int, rate: int) -> boa.contracts.abi.abi_contract:
    vault = boa.loads(VAULT, decimals, rate)
    world.engine.set_collateral(2, 1, WAD, WAD, vault.address, sender=world.owner)
    return vault


@pytest.mark.parametrize("decimals", [0, 6, 18])
def test_vault_share_is_worth_its_assets(world: MarginWorld, decimals: int) -> None:
    vault_asset(world, decimals, 2 * 10**decimals)
    assert rates_told(world) == [(2, 0, 2 * WAD)]
    assert world.assess(holdings=[holding(2, 3)]).equity == 9_000 * WAD


def test_vault_rate_grows_by_a_point_in_a_thousand_a_day(world: MarginWorld) -> None:
    # An odd rate: its last bit is no part of the time beside it.
    vault = vault_asset(world, 18, WAD + 1)
    vault.set_rate(5 * WAD, 0)
    assert world.engine.rate_of(2) == WAD + 1
    vault = vault_asset(world, 18, WAD)
    vault.set_rate(5 * WAD, 0)
    assert world.engine.rate_of(2) == WAD
    world.travel(DAY)
    assert world.engine.rate_of(2) == wad(1.001)
    world.travel(30 * DAY)
    assert world.engine.rate_of(2) == wad(1.007)
    assert world.engine.poke(2, sender=world.intruder) == wad(1.007)
    assert rates_told(world) == [(2, WAD, wad(1.007))]
    assert world.engine.rate_of(2) == wad(1.007)
    world.travel(DAY)
    assert world.engine.rate_of(2) == wad(1.007) + wad(0.001007)


def test_vault_loss_counts_at_once(world: MarginWorld) -> None:
    vault = vault_asset(world, 18, WAD)
    vault.set_rate(WAD // 2, 0)
    assert world.engine.rate_of(2) == WAD // 2
    world.engine.poke(2)
    vault.set_rate(WAD, 0)
    assert world.engine.rate_of(2) == WAD // 2


@pytest.mark.parametrize("mood", [1, 2, 3])
def test_vault_that_does_not_answer_is_worth_nothing(world: MarginWorld, mood: int) -> None:
    vault = vault_asset(world, 18, WAD)
    vault.set_rate(WAD, mood)
    assert tuple(world.assess(holdings=[holding(2, 3)])) == (0, 0, 0, True)


def test_reverts_of_the_setter(world: MarginWorld) -> None:
    cases = [
        ("margin: no such asset", (0, 1, WAD, WAD, NOBODY)),
        ("margin: no such asset", (9, 1, WAD, WAD, NOBODY)),
        ("margin: no such underlying", (1, 0, WAD, WAD, NOBODY)),
        ("margin: no such underlying", (1, 2**16, WAD, WAD, NOBODY)),
        ("margin: factor above one", (1, 1, wad(1.0001), WAD, NOBODY)),
        ("margin: scale above one", (1, 1, WAD, wad(1.0001), NOBODY)),
        ("margin: finer than a point", (1, 1, WAD // 3, WAD, NOBODY)),
    ]
    for reason, arguments in cases:
        with boa.reverts(reason):
            world.engine.set_collateral(*arguments, sender=world.owner)
    with boa.reverts("ownable: caller is not the owner"):
        world.engine.set_collateral(1, 1, WAD, WAD, NOBODY, sender=world.intruder)


@pytest.mark.parametrize(("share", "token"), [(37, 36), (36, 37), (36, 36)])
def test_decimals_of_shares_and_of_their_asset(world: MarginWorld, share: int, token: int) -> None:
    vault = boa.loads(VAULT, share, 10**24)
    vault.set_asset(boa.loads(VAULT, token, 0).address)
    arguments = (2, 1, WAD, WAD, vault.address)
    if share == token:
        world.engine.set_collateral(*arguments, sender=world.owner)
        assert world.engine.rate_of(2) == 10**24 * WAD // 10**36
    else:
        with boa.reverts("margin: too many decimals"):
            world.engine.set_collateral(*arguments, sender=world.owner)


def test_the_lowest_rate_of_a_vault_is_a_wei(world: MarginWorld) -> None:
    vault_asset(world, 18, 1)
    assert world.engine.rate_of(2) == 1


def test_reverts_of_vaults(world: MarginWorld) -> None:
    with boa.reverts("margin: vault has no rate"):
        vault_asset(world, 18, 0)
    with boa.reverts("margin: vault has no rate"):
        vault_asset(world, 0, 2**100)
    with boa.reverts("margin: not a vault"):
        world.engine.poke(3)
