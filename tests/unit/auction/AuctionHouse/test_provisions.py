"""The ledger is told what an insolvent account lacks, from the start of its auction to the end."""

import boa
import pytest

from novate.series import WAD
from tests.world import World, build

from .conftest import INSOLVENT, House, usd


@pytest.fixture
def insolvent(auction: House) -> House:
    auction.set(-1_000, -3_000, cash=500)
    auction.start()
    return auction


def test_a_solvent_account_lacks_nothing(auction: House) -> None:
    auction.start()
    auction.house.provide(auction.account)
    assert auction.ledger.pending() == auction.house.provisions(auction.account) == 0


def test_what_it_lacks_at_mark(insolvent: House) -> None:
    assert insolvent.ledger.pending() == usd(1_000)
    assert insolvent.house.provisions(insolvent.account) == usd(1_000)


def test_it_follows_the_mark(insolvent: House) -> None:
    insolvent.set(-1_700, -3_000, cash=500)
    insolvent.house.provide(insolvent.account, sender=insolvent.intruder)
    assert insolvent.ledger.pending() == usd(1_700)
    insolvent.set(10, -3_000, cash=500)
    insolvent.house.provide(insolvent.account)
    assert insolvent.ledger.pending() == 0
    insolvent.house.restart(insolvent.account)
    assert insolvent.ledger.pending() == 0
    insolvent.set(-40, -3_000, cash=500)
    # Solvent it was when it began anew; what it lacks is told at the next start.
    insolvent.house.restart(insolvent.account)
    assert insolvent.ledger.pending() == usd(40)


def test_a_bid_takes_its_part(insolvent: House) -> None:
    insolvent.travel(600)
    insolvent.bid(WAD // 4, kind=INSOLVENT)
    assert insolvent.ledger.pending() == usd(750)
    insolvent.bid(WAD, kind=INSOLVENT)
    assert insolvent.ledger.pending() == 0
    assert not insolvent.ledger.in_auction(insolvent.account)


def test_the_end_takes_all(insolvent: House) -> None:
    insolvent.set(10_000, 5_000, cash=500)
    insolvent.house.finish(insolvent.account)
    assert insolvent.ledger.pending() == insolvent.house.provisions(insolvent.account) == 0


def test_several_add_up(insolvent: House) -> None:
    insolvent.ledger.set_account(insolvent.rival, 0, usd(-300), usd(100))
    insolvent.house.start(insolvent.rival, 0)
    assert insolvent.ledger.pending() == usd(1_300)


def test_not_at_a_stale_price(insolvent: House) -> None:
    insolvent.ledger.set_fresh(False)
    with boa.reverts("auction: stale price"):
        insolvent.house.provide(insolvent.account)
    with boa.reverts("auction: not running"):
        insolvent.house.provide(insolvent.rival)


def insolvent_world() -> tuple[World, int]:
    """A writer of puts whose auction is expected to leave a loss, in the real market."""
    world = World()
    writer, holder = world.person("writer", cash=1_000), world.person("holder", cash=5_000)
    world.novate(world.trade(writer, holder, world.market.put(2_700), 2, 50))
    world.market.push_price(1_500, 0.3)
    world.market.auctions.start(writer.number, holder.number)
    return world, writer.number


def test_the_house_named_again_forgets_nothing() -> None:
    world, writer = insolvent_world()
    ledger, house = world.ledger, world.market.auctions
    pending = ledger.pending()
    assert pending == house.provisions(writer) > 0
    ledger.set_auction_house(house.address, sender=world.owner)
    assert ledger.pending() == pending
    world.market.push_price(3_000, 0.1)
    house.finish(writer)
    assert ledger.pending() == house.provisions(writer) == 0


def test_a_house_that_comes_back_can_end_its_auctions() -> None:
    world, writer = insolvent_world()
    ledger, house = world.ledger, world.market.auctions
    other = build("auction/AuctionHouse.vy", ledger.address, world.owner)
    for one in (other, house):
        ledger.set_auction_house(one.address, sender=world.owner)
    assert ledger.pending() == 0 < house.provisions(writer)
    world.market.push_price(3_000, 0.1)
    house.finish(writer)
    assert ledger.pending() == house.provisions(writer) == 0
    assert not ledger.in_auction(writer)
