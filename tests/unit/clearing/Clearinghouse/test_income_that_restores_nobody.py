"""What is outstanding stays so when income cannot raise anybody's cash: it is the fund's."""

from typing import Any

import pytest

from tests.world import WAD, World, wad


@pytest.fixture
def world() -> World:
    world = World()
    world.use_own_house()
    return world


def share_a_loss(world: World, bidder: Any, loss: float) -> None:
    """A bidder takes an empty account over and is paid by all positive cash."""
    broke = world.market.account("broke")
    world.freeze(broke)
    world.ledger.liquidate(broke.number, bidder.number, WAD, 0, -wad(loss), sender=world.house)


def fund(world: World) -> int:
    return int(world.ledger.cash_of(world.ledger.FUND()))


def test_when_all_positive_cash_is_the_income(world: World) -> None:
    payer, bidder = world.person("payer", cash=100), world.person("bidder")
    share_a_loss(world, bidder, 50)
    assert world.ledger.outstanding() == wad(50)
    for one in (bidder, payer):
        world.freeze(one)
    world.ledger.charge(bidder.number, payer.number, world.cash(bidder), sender=world.house)
    everything = world.cash(payer)
    world.ledger.charge(payer.number, 0, everything, sender=world.house)
    assert (world.cash(payer), world.cash(bidder)) == (0, 0)
    assert fund(world) == everything
    assert world.ledger.outstanding() == wad(50)


def test_when_interest_is_less_than_the_smallest_rise(world: World) -> None:
    """A few wei among a million million dollars do not move the supply index, a second on."""
    world.person("rich", cash=10**12)
    borrower = world.person("borrower", units=1)
    world.market.withdraw(borrower, 0.000001)
    share_a_loss(world, world.person("bidder"), 1)
    outstanding = world.ledger.outstanding()
    world.market.travel(seconds=1)
    shown = fund(world)
    assert 0 < shown < 1_000
    world.ledger.settle([])
    assert shown - 1 <= fund(world) <= shown
    assert world.ledger.outstanding() == outstanding
    # A day's interest is enough.
    world.market.travel(days=1)
    world.ledger.settle([])
    assert world.ledger.outstanding() < outstanding
