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
