"""Which makers' orders a router counts: of that series, that way, whole contracts, not used up."""

from dataclasses import replace
from typing import Any

import boa
import pytest

from novate import orders as signed_orders
from novate.orders import Leg, Order
from tests.unit.venues.OptionPool.conftest import wad
from tests.unit.venues.Router.test_route import Routes
from tests.world import WAD


@pytest.fixture(scope="module")
def world() -> Routes:
    return Routes()


def signed(world: Routes, order: Order) -> Any:
    signature = signed_orders.sign(order, world.maker.signer, world.market.domain)
    return (order.as_tuple(), world.maker.address, signature)


def offered(world: Routes, series: Any, quantity: float, order: Any) -> list[tuple[int, int]]:
    """Of that order alone: venue and quantity."""
    parts, _ = world.router.quote([(series.code, wad(quantity))], [], [order])
    return [(part.venue, part.quantity) for part in parts]


def test_who_sells_meets_who_buys(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    bid = world.order(call, 10, 50)
    assert offered(world, call, -4, bid) == [(0, wad(4))]
    assert offered(world, call, 4, bid) == []
    before = world.cash(world.taker)
    paid = world.route([(call, -4)], [bid], pools=[], limit=-wad(100))
    assert world.position(world.taker, call) == wad(-4)
    assert -wad(200) <= paid < -wad(190)
    assert world.cash(world.taker) - before == -paid


@pytest.mark.parametrize(
    "change",
    ["two legs", "other series", "half contracts", "used up", "too large"],
)
def test_what_is_no_offer(world: Routes, change: str) -> None:
    call, other = world.series(2_775, expiry=1), world.series(2_800, expiry=1)
    leg = Leg(call.code, -WAD, wad(50))
    order = signed_orders.quote(
        *(world.maker.number, [leg]),
        **{"nonce": 9, "size": wad(10), "taker": signed_orders.ANYONE},
        **{"epoch": 0, "deadline": 2**40},
    )
    assert offered(world, call, 4, signed(world, order)) == [(0, wad(4))]
    if change == "used up":
        world.route([(call, 10)], [signed(world, order)], pools=[])
    changes: dict[str, dict[str, Any]] = {
        "two legs": {"legs": (leg, Leg(other.code, WAD, 0))},
        "other series": {"legs": (replace(leg, series=other.code),)},
        "half contracts": {"legs": (replace(leg, quantity=-WAD // 2),)},
        "too large": {"size": 2**95},
    }
    order = replace(order, **changes.get(change, {}))
    assert offered(world, call, 4, signed(world, order)) == []
    with boa.reverts():
        world.route([(call, 4)], [signed(world, order)], pools=[])


def own(world: Routes, leg: Leg, size: int) -> Any:
    order = signed_orders.quote(
        *(world.maker.number, [leg]),
        **{"nonce": 9, "size": size, "taker": signed_orders.ANYONE},
        **{"epoch": 0, "deadline": 2**40},
    )
    return signed(world, order)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    "price", [7, 8, 15, 10**18 + 1, 8 * 10**18 + 15, 50 * 10**18 + 7, 2**96 - 1]
)
def test_the_fee_to_the_wei(world: Routes, side: int, price: int) -> None:
    """A share of spot or an eighth of the price, whichever is less, both rounded down; up to the
    largest figures, for as much as the order is for."""
    world.market.push_price(2_750.000_000_01, 0.15)
    call = world.series(2_775, expiry=1)
    spot = world.market.oracle.spot(1)[0]
    fee = min(spot * world.market.orders.fees()[1] // WAD, price // 8)
    for size in (1, wad(4) + 3, 2**95 - 1):
        order = own(world, Leg(call.code, -side * WAD, price), size)
        parts, cost = world.router.quote([(call.code, side * (2**95 - 1))], [], [order])
        assert [(part.venue, part.quantity) for part in parts] == [(0, size)]
        each = (side * price + fee) * size
        assert cost == abs(each) // WAD * (1 if each > 0 else -1)


@pytest.mark.parametrize(
    "quantity", [0, 2 * WAD, WAD + 1, 1 - WAD, -WAD - 1, -(2**255), 2**255 - 1]
)
def test_orders_of_other_than_one_contract_are_no_offer(world: Routes, quantity: int) -> None:
    call = world.series(2_775, expiry=1)
    (account, taker, size, _, *terms), *signature = world.order(call, -4, 1)
    order = ((account, taker, size, [(call.code, quantity, WAD)], *terms), *signature)
    for side in (1, -1):
        assert world.router.quote([(call.code, side * WAD)], [], [order]) == ([], 0)
