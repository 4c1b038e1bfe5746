"""What may be opened, and where it stands in its list."""

from dataclasses import replace
from random import Random

import boa
import pytest

from novate.gas import transaction_gas
from tests.unit.auction.BatchAuction.conftest import BOND, RICH, UNIT, BatchWorld
from tests.world import wad


def limits(world: BatchWorld, epoch: int, sells: bool = False) -> list[int]:
    """[USD]"""
    words = world.batch.list_of(epoch, world.calls[0].code, sells)
    return [(word >> 80) // UNIT for word in words]


def test_lists_are_sorted_whatever_the_hint(world: BatchWorld) -> None:
    draw = Random(5)
    prices = [draw.randint(10, 60) for _ in range(12)]
    for sells in (False, True):
        act = world.sell if sells else world.buy
        orders = [act(world.maker, world.calls[0], 0.1, price) for price in prices]
        world.to_reveal(orders[0].epoch)
        for i, one in enumerate(orders):
            hint = i if i % 2 else draw.choice((draw.randint(0, 70), one.id))
            world.reveal(one, hint)
        assert limits(world, orders[0].epoch, sells) == sorted(prices, reverse=not sells)


def test_a_hint_saves_the_walk(world: BatchWorld) -> None:
    orders = [world.buy(world.maker, world.calls[0], 0.1, 60 - i) for i in range(20)]
    world.open(*orders[:-1])
    costs = []
    for hint in (0, 19):
        with boa.env.anchor():
            last = orders[-1]
            arguments = (last.order, last.salt, hint)
            gas = transaction_gas(world.batch.reveal, *arguments, sender=last.account.address)
            costs.append(gas.execution)
    # Of five slots of four orders it looks at the last two.
    assert costs[0] - costs[1] > 3 * 2_000


def test_a_full_list_keeps_the_best(world: BatchWorld) -> None:
    call = world.calls[0]
    orders = [world.buy(world.maker, call, 0.01, 10 + i / 10) for i in range(65)]
    better, worse = world.buy(world.taker, call, 0.01, 30), world.buy(world.taker, call, 0.01, 5)
    world.open(*orders[1:], better, worse)
    owner = world.taker.address
    words = world.batch.list_of(orders[0].epoch, call.code, False)
    assert len(words) == 64 and words[0] >> 80 == 30 * UNIT
    # The worst of the first ones made room, and had its bond back at once, as the late one had.
    assert words[-1] >> 80 == 10_200_000_000
    assert world.batch.orders(orders[1].id).account == 0 == world.batch.orders(worse.id).account
    assert world.batch.free(owner) == 10_000 * UNIT - RICH
    # Any order of a full list costs a bounded walk.
    cheapest = orders[0]
    gas = transaction_gas(
        world.batch.reveal, cheapest.order, cheapest.salt, 0, sender=cheapest.account.address
    )
    assert gas.execution < 500_000


def refused(world: BatchWorld, reason: str, **changes: object) -> None:
    """An order with changes after it was sealed as such."""
    account = changes.pop("account", world.maker.number)
    legs = changes.pop("legs", [(world.calls[0].code, 1)])
    order = (account, legs, changes.pop("units", wad(1)), changes.pop("limit", wad(50)))
    bond = changes.pop("bond", RICH)
    salt, owner = b"\7" * 32, world.maker.address
    with boa.env.anchor():
        world.batch.commit(world.batch.seal(owner, order, salt), bond, sender=owner)
        world.to_reveal()
        with boa.reverts(reason):
            world.batch.reveal(order, salt, 0, sender=owner)


def test_orders_that_make_no_sense(world: BatchWorld) -> None:
    near, far = (one.code for one in world.calls[:2])
    refused(world, "batch: no legs", legs=[])
    refused(world, "batch: legs not ascending", legs=[(far, 1), (near, -1)])
    refused(world, "batch: legs not ascending", legs=[(near, 1), (near, -1)])
    refused(world, "batch: ratio out of range", legs=[(near, 2)])
    refused(world, "batch: ratio out of range", legs=[(near, 0), (far, 1)])
    refused(world, "batch: ratio out of range", legs=[(near, 16), (far, 1)])
    refused(world, "batch: ratio out of range", legs=[(near, -(2**255)), (far, 1)])
    refused(world, "batch: quantity out of range", units=0)
    refused(world, "batch: quantity out of range", units=wad(1) + 1)
    refused(world, "batch: quantity out of range", units=2**65 * UNIT)
    refused(world, "batch: limit out of range", limit=0)
    refused(world, "batch: limit out of range", limit=-wad(50))
    refused(world, "batch: limit out of range", limit=wad(50), legs=[(near, -1)])
    refused(world, "batch: limit out of range", limit=wad(50) + 1)
    refused(world, "batch: limit out of range", limit=2**79 * UNIT)
    refused(world, "batch: sender may not act", account=world.taker.number)
    refused(world, "series: strike off tick", legs=[(near + (1 << 64), 1)])
    refused(world, "batch: bond too small", units=wad(10), bond=BOND * 27)


def test_a_bond_limits_the_size(world: BatchWorld) -> None:
    """Ten basis points of notional: 27.50 USD for ten contracts at 2,750."""
    one = world.commit(world.maker, [(world.calls[0], 1)], 10, 50, 27_500_000_000)
    world.open(one)
    assert world.batch.orders(one.id).account == world.maker.number


def test_margin_is_checked_at_the_reveal(world: BatchWorld) -> None:
    poor = world.trader("poor", 100)
    bought, sold = world.buy(poor, world.calls[0], 3, 50), world.sell(poor, world.calls[0], 3, 50)
    world.to_reveal(bought.epoch)
    for one in (bought, sold):
        with boa.reverts("batch: below margin"):
            world.reveal(one)
    # Money arrives in time.
    world.market.give(poor, 5_000)
    world.market.deposit(poor, 5_000)
    world.reveal(sold)


@pytest.mark.parametrize("late", [False, True])
def test_only_in_its_time(world: BatchWorld, late: bool) -> None:
    one = world.buy(world.maker, world.calls[0], 1, 50)
    if late:
        world.to_reveal(one.epoch + 1)
    with boa.reverts("batch: no such commitment"):
        world.reveal(one)
    forged = replace(one, order=(*one.order[:3], wad(49)))
    world.to_reveal(one.epoch)
    with boa.reverts("batch: no such commitment"):
        world.reveal(forged)


def test_packages_keep_the_sixteen_that_pay_most(world: BatchWorld) -> None:
    near, far, _ = world.calls
    orders = [world.commit(world.maker, [(near, 1), (far, -1)], 0.01, i - 8) for i in range(18)]
    world.open(*orders)
    words = world.batch.list_of(orders[0].epoch, 0, False)
    assert [(word >> 80) - 2**79 for word in words] == [(9 - i) * UNIT for i in range(16)]


def test_the_same_order_again(world: BatchWorld) -> None:
    """With the same salt: once an epoch, and as a new one in the next."""
    near, far, _ = world.calls
    one = world.commit(world.maker, [(near, 1), (far, -1)], 1, 5)
    owner = world.maker.address
    world.batch.place(one.order, one.salt, 0, sender=owner)
    world.batch.commit(b"\1" * 32, RICH, sender=owner)
    world.to_reveal()
    with boa.reverts("batch: id taken"):
        world.reveal(one)
    assert len(world.batch.list_of(one.epoch, 0, False)) == 1
    world.batch.place(one.order, one.salt, 0, sender=owner)
    later = replace(one, epoch=one.epoch + 1, id=one.id + (1 << 225))
    assert world.batch.orders(later.id).account == world.maker.number
    for order in (one, later):
        world.to_clear(order.epoch)
        world.settle(order.epoch, near, far)
        assert world.batch.is_over(order.id)
        world.batch.release([order.id])


def test_more_than_a_series_takes(world: BatchWorld) -> None:
    world.market.listing.set_limits(1, 0, wad(5), 0, sender=world.owner)
    refused(world, "batch: above limit of series", units=wad(6))
