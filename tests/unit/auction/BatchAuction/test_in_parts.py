"""Work in parts: packages judged one by one, an order out of the middle of its list, tokens finer
than bonds."""

import boa
import pytest

from novate.series import WAD
from tests.unit.auction.BatchAuction.conftest import BatchWorld
from tests.world import build


def test_packages_may_be_judged_one_by_one(world: BatchWorld) -> None:
    near, far, _ = world.calls
    orders = [
        world.sell(world.maker, near, 10, 40),
        world.buy(world.maker, far, 10, 20),
        world.commit(world.taker, [(near, 1), (far, -1)], 2, 25),
        world.commit(world.other, [(near, 1), (far, -1)], 2, 24),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    found = []
    for _ in range(2):
        world.batch.judge(epoch, 1, sender=world.keeper)
        done, ids = world.batch.accepted_in(epoch)
        found.append((done, len(ids)))
    assert found == [(False, 1), (True, 2)]
    world.settle(epoch, near, far)
    assert world.position(world.taker, near) == world.position(world.other, near) == 2 * WAD


@pytest.mark.parametrize(("rest", "accepted"), [(60, 1), (40, 2)])
def test_a_package_may_not_spoil_one_that_is_in(
    world: BatchWorld, rest: float, accepted: int
) -> None:
    """The second needs more of the first series than is offered at 40: at 60 it would be content
    itself, but the one before it pays up to 25 for the two and would pay 40."""
    near, far, farthest = world.calls
    orders = [
        world.sell(world.maker, near, 2, 40),
        world.sell(world.people[3], near, 10, rest),
        world.buy(world.maker, far, 10, 20),
        world.buy(world.maker, farthest, 10, 45),
        world.commit(world.taker, [(near, 1), (far, -1)], 2, 25),
        world.commit(world.other, [(near, 1), (farthest, -1)], 2, 24),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    world.settle(epoch, *world.calls)
    ids = [order.id for order in orders[4:]]
    assert world.batch.accepted_in(epoch) == (True, ids[:accepted])
    assert world.position(world.taker, near) == 2 * WAD
    # At 40 fewer are wanted than offered: parts of sellers round.
    got = world.position(world.other, near)
    assert got == pytest.approx(2 * WAD if accepted == 2 else 0, rel=1e-8)


@pytest.mark.parametrize("dropped", [0, 1, 2])
def test_an_order_may_be_dropped_from_anywhere_in_its_list(world: BatchWorld, dropped: int) -> None:
    call = world.calls[0]
    sellers = [world.trader(f"seller {i}", 10_000) for i in range(3)]
    orders = [world.sell(one, call, 6, 40 + i) for i, one in enumerate(sellers)]
    world.open(*orders)
    account = sellers[dropped]
    world.market.withdraw(account, 9_900)
    world.batch.challenge(orders[dropped].id, sender=world.keeper)
    left = [order.id for order in orders if order is not orders[dropped]]
    words = world.batch.list_of(orders[0].epoch, call.code, True)
    assert len(words) == 2
    for id in left:
        assert world.batch.orders(id).account != 0


def test_reverts_amount_too_fine(world: BatchWorld) -> None:
    """A token of eighteen decimals; bonds are counted in units of 1e-9 USD."""
    token, me = build("tests/hostile/FalseToken.vy"), world.keeper
    m = world.market
    units = [x.address for x in (m.oracle, m.listing, m.operators, m.curve, token)]
    back = build("clearing/BackOffice.vy", *units)
    ledger = build("clearing/Clearinghouse.vy", *units, world.owner, back.address)
    figures = (m.oracle.address, world.standing.address, 600, 0, 10**9, 0)
    batch = build("auction/BatchAuction.vy", ledger.address, *figures)
    token.mint(me, WAD)
    token.approve(batch.address, WAD, sender=me)
    for amount in (0, 10**9 + 1):
        with boa.reverts("batch: amount too fine"):
            batch.bring(amount, sender=me)
    batch.bring(WAD, sender=me)
    with boa.reverts("batch: amount too fine"):
        batch.take(10**9 - 1, sender=me)
    batch.take(WAD, sender=me)
    assert token.balanceOf(me) == WAD


def test_packages_are_judged_from_the_best_and_each_trades_from_its_beginning(
    world: BatchWorld,
) -> None:
    """They come with the worst first; sellers are so small that each trades in several pieces."""
    near, far, _ = world.calls
    singles = [world.sell(world.people[3 + i], near, 2, 38 + i) for i in range(3)]
    singles.append(world.buy(world.maker, far, 10, 20))
    packages = [
        world.commit(account, [(near, 1), (far, -1)], units, limit)
        for account, units, limit in ((world.other, 2.5, 23), (world.taker, 3, 24))
    ]
    epoch = singles[0].epoch
    world.open(*packages, *singles)
    world.to_clear(epoch)
    world.batch.judge(epoch, 16, sender=world.keeper)
    assert world.batch.accepted_in(epoch) == (True, [packages[1].id, packages[0].id])
    pieces = []
    for _ in range(4):
        world.batch.settle_linked(epoch, 1, sender=world.keeper)
        pieces.append([world.position(who, near) / WAD for who in (world.taker, world.other)])
    assert pieces == [[2, 0], [3, 0], [3, 1], [3, 2.5]]
