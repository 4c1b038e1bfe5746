"""Prices, fills and packages, by hand-made cases."""

import boa

from tests.unit.auction.BatchAuction.conftest import BatchWorld
from tests.world import wad


def test_one_price_for_all(world: BatchWorld) -> None:
    """Buyers at 60 and 50 meet sellers at 30 and 40; who asks 55 and who bids 35 stay out."""
    call = world.calls[0]
    a, b, c, d, e, f = world.people
    cash = {one: world.cash(one) for one in world.people}
    epoch = world.run(
        world.buy(a, call, 10, 60),
        world.buy(b, call, 5, 50),
        world.buy(c, call, 5, 35),
        world.sell(d, call, 8, 30),
        world.sell(e, call, 7, 40),
        world.sell(f, call, 7, 55),
    )
    assert world.price(epoch, call) == 45
    held = [world.position(one, call) for one in world.people]
    assert held == [wad(10), wad(5), 0, -wad(8), -wad(7), 0]
    for one, quantity in zip(world.people, held, strict=True):
        assert world.cash(one) == cash[one] - quantity * 45


def test_the_side_that_is_left_over_shares_at_its_limit(world: BatchWorld) -> None:
    call = world.calls[0]
    a, b, c, d, _, _ = world.people
    epoch = world.run(
        world.buy(a, call, 4, 60),
        world.buy(b, call, 6, 50),
        world.buy(c, call, 3, 50),
        world.sell(d, call, 10, 30),
    )
    assert world.price(epoch, call) == 50
    assert [world.position(one, call) for one in (a, b, c, d)] == [
        *(wad(4), wad(4), wad(2), -wad(10)),
    ]


def test_a_package_trades_whole_or_not_at_all(world: BatchWorld) -> None:
    near, far, _ = world.calls
    a, b, c, d, _, _ = world.people
    spread = [(near, 1), (far, -1)]
    orders = [
        world.sell(a, near, 10, 40),
        world.buy(b, far, 10, 20),
        world.commit(c, spread, 8, 21),
        # Not both: the one that pays less finds too little.
        world.commit(d, spread, 8, 20.5),
    ]
    epoch = world.run(*orders)
    assert world.batch.accepted_in(epoch) == (True, [orders[2].id])
    assert (world.price(epoch, near), world.price(epoch, far)) == (40, 20)
    assert world.position(c, near) == wad(8) == -world.position(c, far)
    assert world.position(d, near) == 0 == world.position(d, far)
    assert world.position(a, near) == -wad(8) and world.position(b, far) == wad(8)


def test_a_package_never_pays_more_than_its_limit(world: BatchWorld) -> None:
    near, far, _ = world.calls
    a, b, c, _, _, _ = world.people
    spread = [(near, 1), (far, -1)]
    orders = [
        world.sell(a, near, 10, 40),
        world.buy(b, far, 10, 20),
        world.commit(c, spread, 8, 19.9),
    ]
    epoch = world.run(*orders)
    assert world.batch.accepted_in(epoch) == (True, [])
    assert world.position(c, near) == 0 == world.position(a, near)


def test_a_package_that_displaces_a_buyer_pays_its_limit(world: BatchWorld) -> None:
    near, far, _ = world.calls
    a, b, c, d, _, _ = world.people
    orders = [
        world.sell(a, near, 10, 40),
        world.buy(b, near, 5, 45),
        world.buy(d, far, 10, 20),
        world.commit(c, [(near, 1), (far, -1)], 8, 30),
    ]
    epoch = world.run(*orders)
    assert world.price(epoch, near) == 45
    assert world.position(c, near) == wad(8) and world.position(b, near) == wad(2)


def test_margin_is_asked_once_for_all_legs(world: BatchWorld) -> None:
    """A seller of a spread with too little cash for the naked call."""
    near, far, _ = world.calls
    poor = world.trader("spreader", 700)
    orders = [
        world.buy(world.maker, near, 10, 40),
        world.sell(world.taker, far, 10, 20),
        world.commit(poor, [(near, -1), (far, 1)], 10, -19),
    ]
    world.run(*orders)
    assert world.position(poor, near) == -wad(10) == -world.position(poor, far)
    assert world.ledger.health(poor.number).initial >= 0
    alone = world.trader("naked seller", 700)
    with boa.reverts("margin: below initial"):
        world.novate(world.trade(alone, world.maker, near, 10, 40))


def test_large_batches_take_several_calls(world: BatchWorld) -> None:
    call = world.calls[0]
    orders = []
    for i in range(6):
        orders += [world.buy(world.people[i % 3], call, 1 + i, 50 + i) for _ in range(3)]
        orders += [world.sell(world.people[3 + i % 3], call, 1 + i, 40 - i) for _ in range(3)]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    world.batch.judge(epoch, 1)
    calls = 0
    while not world.batch.result(epoch, call.code)[1]:
        world.batch.settle(epoch, call.code, 1, sender=world.intruder)
        calls += 1
    assert calls == 2 or calls == 3
    assert sum(max(world.position(one, call), 0) for one in world.people) == wad(63)
    with boa.reverts("batch: settled"):
        world.batch.settle(epoch, call.code, 1)


def test_who_meets_itself_moves_nothing(world: BatchWorld) -> None:
    call = world.calls[0]
    cash = world.cash(world.maker)
    epoch = world.run(world.buy(world.maker, call, 5, 50), world.sell(world.maker, call, 5, 40))
    assert world.position(world.maker, call) == 0 and world.cash(world.maker) == cash
    assert world.batch.result(epoch, call.code)[1]
