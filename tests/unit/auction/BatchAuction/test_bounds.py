"""However full the lists are, no call needs more gas than a block has."""

from novate.gas import transaction_gas
from tests.unit.auction.BatchAuction.conftest import RICH, BatchWorld
from tests.world import wad

BLOCK = 30_000_000


def test_full_lists_are_settled_in_bounded_calls(world: BatchWorld) -> None:
    """64 buyers and 64 sellers of two series, and a package over both."""
    near, far, _ = world.calls
    orders = []
    for series in (near, far):
        for i in range(64):
            orders.append(world.commit(world.people[i % 3], [(series, 1)], 0.1, 50 + i / 10, 10**9))
            seller = world.people[3 + i % 3]
            orders.append(world.commit(seller, [(series, -1)], 0.1, i / 10 - 40, 10**9))
    orders.append(world.commit(world.maker, [(near, 1), (far, -1)], 0.5, 30, RICH))
    epoch = orders[0].epoch
    world.to_reveal(epoch)
    dearest = 0
    for one in orders:
        arguments = (one.order, one.salt, 0)
        gas = transaction_gas(world.batch.reveal, *arguments, sender=one.account.address)
        dearest = max(dearest, gas.execution)
    assert dearest < 500_000
    world.to_clear(epoch)
    assert transaction_gas(world.batch.judge, epoch, 1).execution < BLOCK // 10
    world.batch.judge(epoch, 1)
    piece = transaction_gas(world.batch.settle_linked, epoch, 1)
    assert piece.execution < BLOCK // 10
    world.settle(epoch)
    first = transaction_gas(world.batch.settle, epoch, near.code, 1)
    assert first.execution < BLOCK // 10
    world.settle(epoch, near, far)
    assert world.position(world.maker, near) > wad(0.5)
    assert sum(world.position(one, near) for one in world.people) == 0
