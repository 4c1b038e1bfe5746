"""Money for bonds, commitments, and what silence costs."""

import boa

from tests.unit.auction.BatchAuction.conftest import BOND, RICH, TOKEN, UNIT, BatchWorld
from tests.world import build


def test_bonds_are_brought_bound_and_taken_back(world: BatchWorld) -> None:
    owner = world.maker.address
    free, tokens = world.batch.free(owner), world.token.balanceOf(owner)
    one = world.buy(world.maker, world.calls[0], 1, 50)
    assert world.batch.free(owner) == free - RICH
    with boa.reverts("batch: not enough free"):
        world.batch.take(free * TOKEN // UNIT, sender=owner)
    world.batch.take((free - RICH) * TOKEN // UNIT, sender=owner)
    assert world.token.balanceOf(owner) == tokens + (free - RICH) * TOKEN // UNIT
    with boa.reverts("batch: not enough free"):
        world.buy(world.maker, world.calls[0], 1, 50)
    epoch = world.run(one)
    world.batch.release([one.id], sender=world.intruder)
    assert world.batch.free(owner) == RICH
    with boa.reverts("batch: no such order"):
        world.batch.release([one.id])
    assert world.batch.is_over(one.id) and epoch < world.epoch


def test_amounts_are_whole_billionths(world: BatchWorld) -> None:
    with boa.reverts("batch: amount too fine"):
        world.batch.bring(0, sender=world.maker.address)


def test_who_stays_silent_pays_the_fund(world: BatchWorld) -> None:
    fund = world.ledger.FUND()
    before = world.ledger.cash_of(fund)
    one = world.buy(world.maker, world.calls[0], 1, 50)
    owner = world.maker.address
    world.to_reveal(one.epoch)
    with boa.reverts("batch: not yet"):
        world.batch.forfeit(owner, one.hash)
    world.to_reveal(one.epoch + 1)
    with boa.reverts("batch: no such commitment"):
        world.reveal(one)
    world.batch.forfeit(owner, one.hash, sender=world.intruder)
    with boa.reverts("batch: no such commitment"):
        world.batch.forfeit(owner, one.hash)
    assert world.batch.forfeited() == RICH
    world.batch.sweep(sender=world.intruder)
    assert world.batch.forfeited() == 0
    assert world.ledger.cash_of(fund) - before == RICH * UNIT


def test_nobody_occupies_anothers_commitment(world: BatchWorld) -> None:
    one = world.buy(world.maker, world.calls[0], 1, 50)
    world.batch.commit(one.hash, RICH, sender=world.taker.address)
    with boa.reverts("batch: committed already"):
        world.batch.commit(one.hash, RICH, sender=world.maker.address)
    world.open(one)
    # The copy cannot be opened, and its bond is lost.
    with boa.reverts("batch: no such commitment"):
        world.batch.reveal(one.order, one.salt, 0, sender=world.taker.address)


def test_bond_out_of_range(world: BatchWorld) -> None:
    for bond, reason in ((BOND - 1, "batch: bond too small"), (2**64, "batch: bond out of range")):
        with boa.reverts(reason):
            world.batch.commit(b"\1" * 32, bond, sender=world.maker.address)
    figures = (world.ledger.address, world.market.oracle.address, world.standing.address)
    for times in ((59, 0), (86_401, 0), (600, 601)):
        with boa.reverts("batch: times out of range"):
            build("auction/BatchAuction.vy", *figures, *times, BOND, 0)
    for bonds in ((0, 0), (2**60, 0), (1, 501)):
        with boa.reverts("batch: bond out of range"):
            build("auction/BatchAuction.vy", *figures, 600, 0, *bonds)
