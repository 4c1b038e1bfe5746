"""How an account would stand after an order: what the ledger itself would say of the trade."""

from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.series import MAX_QUANTITY, pack
from tests.world import WAD, World, wad

GOOD, WEAK, BAD = 0, 1, 2


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.use_own_house()
    world.standing = compiled("auction/Standing.vy").deploy(world.ledger.address)  # type: ignore[attr-defined]
    return world


@pytest.fixture(scope="module")
def dealer(world: World) -> Any:
    return world.person("dealer", cash=10**7)


@pytest.fixture(scope="module")
def puts(world: World) -> list[Any]:
    return [world.market.put(strike, 7) for strike in (2_500, 2_600, 2_700)]


@pytest.fixture
def holder(world: World, dealer: Any, puts: list[Any]) -> Any:
    """Short a put of each strike."""
    account = world.person("holder", cash=5_000)
    world.novate(*(world.trade(account, dealer, put, 1, 10) for put in puts))
    return account


def asked(world: Any, account: Any, *changes: tuple[Any, float], cost: float = 0) -> int:
    words = [pack(series.code, wad(quantity)) for series, quantity in changes]
    return int(world.standing.standing(account.number, words, wad(cost)))


def test_closing_leaves_the_other_positions(
    world: World, dealer: Any, holder: Any, puts: list[Any]
) -> None:
    """Of the last place and of another one; a little cash is enough exactly for what is left."""
    for closed in ((0,), (2,), (0, 2), (0, 1, 2)):
        changes = [(puts[i], 1.0) for i in closed]
        with boa.env.anchor():
            world.novate(*(world.trade(dealer, holder, puts[i], 1, 0) for i in closed))
            room = world.ledger.health(holder.number).initial
        for cost, standing in ((room, GOOD), (room + 1, WEAK)):
            words = [pack(series.code, wad(quantity)) for series, quantity in changes]
            assert world.standing.standing(holder.number, words, cost) == standing  # type: ignore[attr-defined]


def test_what_grows_must_have_margin(world: World, holder: Any, puts: list[Any]) -> None:
    for change in ((puts[0], -1.0), (puts[0], 2.5), (world.market.call(2_900, 7), 1.0)):
        assert asked(world, holder, change) == GOOD
        assert asked(world, holder, change, cost=10_000) == BAD
    # Smaller, on the same side: it has only to stand no worse.
    assert asked(world, holder, (puts[0], 0.5), cost=10_000) == WEAK
    # One that grows among those that shrink.
    assert asked(world, holder, (puts[0], -0.5), (puts[1], 0.5), cost=10_000) == BAD


def test_more_than_a_position_holds(world: World, dealer: Any, puts: list[Any]) -> None:
    word = pack(puts[0].code, MAX_QUANTITY)
    assert world.standing.standing(dealer.number, [word], 0) != BAD  # type: ignore[attr-defined]
    with boa.env.anchor():
        rich = world.person("rich", cash=10**6)
        world.novate(world.trade(dealer, rich, puts[0], 1, 10))
        assert world.standing.standing(rich.number, [word], 0) == BAD  # type: ignore[attr-defined]


def test_a_full_account_takes_no_further_series(world: World, dealer: Any) -> None:
    full = world.person("full", cash=10**6)
    series = [
        world.market.series(2_300 + 25 * i, expiry, is_put)
        for expiry in world.market.expiries(4)[1:]
        for is_put in (False, True)
        for i in range(22)
    ]
    for i in range(0, 128, 16):
        world.novate(*(world.trade(dealer, full, one, 1, 600) for one in series[i : i + 16]))
    assert len(world.ledger.positions_of(full.number)) == 128
    assert asked(world, full, (series[128], 1.0)) == BAD
    assert asked(world, full, (series[127], 1.0)) == GOOD


def test_an_account_in_auction_trades_nothing(world: World, holder: Any, puts: list[Any]) -> None:
    world.freeze(holder)
    assert asked(world, holder, (puts[0], 1.0)) == BAD


def test_limits_of_exposure_are_asked_of_what_grows(
    world: World, holder: Any, puts: list[Any]
) -> None:
    limits = compiled("margin/ExposureLimits.vy").deploy(world.market.oracle.address, world.owner)
    with boa.env.prank(world.owner):
        world.ledger.set_exposure_limits(limits.address)
        limits.set_limits(1, 1, (WAD, 0))
        limits.set_tier(holder.number, 1)
        world.ledger.mark_limited(holder.number, True)
    deep = world.market.call(2_000, 7)
    assert asked(world, holder, (deep, 0.5)) == GOOD
    assert asked(world, holder, (deep, 3.0)) == BAD
    assert asked(world, holder, (puts[0], 0.5)) == GOOD
