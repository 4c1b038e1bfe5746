"""When an auction is over without a bid."""

import boa
import pytest

from novate.series import DAY, WAD
from tests.world import World

from .conftest import House, usd


@pytest.fixture
def solvent(auction: House) -> House:
    auction.start()
    return auction


def test_a_deposit_cures(solvent: House) -> None:
    solvent.ledger.deposit(solvent.account, -solvent.buffered())
    assert solvent.buffered() in (0, 1)
    solvent.house.finish(solvent.account, sender=solvent.intruder)
    assert solvent.event("AuctionFinished").remaining == WAD
    assert not solvent.ledger.in_auction(solvent.account)
    assert solvent.house.preview(solvent.account, WAD).terms.kind == 0


def test_each_end_is_counted(solvent: House) -> None:
    """However it ends: freed, sold to where it is restored, or sold out."""
    house, ledger = solvent.house, solvent.ledger
    ledger.set_account(solvent.rival, 0, usd(-300), usd(100))
    house.start(solvent.rival, 0)
    assert house.running() == ledger.running() == 2
    solvent.set(4_000, 3_000)
    house.finish(solvent.account)
    assert house.running() == 1
    solvent.set(1_000, -2_000)
    solvent.start()
    assert house.running() == ledger.running() == 2
    solvent.bid()
    assert house.running() == 1
    ledger.set_account(solvent.rival, 0, 0, 0)
    house.finish(solvent.rival)
    assert house.running() == 0


def test_a_recovery_of_prices_ends_it(solvent: House) -> None:
    solvent.set(4_000, 3_000)
    solvent.house.finish(solvent.account)
    assert not solvent.ledger.in_auction(solvent.account)


def test_an_account_can_be_auctioned_again(solvent: House) -> None:
    solvent.set(4_000, 3_000)
    solvent.house.finish(solvent.account)
    solvent.set(1_000, -2_000)
    solvent.start()
    assert solvent.house.preview(solvent.account, WAD).terms.remaining == WAD


def test_reverts_not_restored(solvent: House) -> None:
    # Above maintenance, but not by the buffer.
    solvent.ledger.deposit(solvent.account, -solvent.buffered() - 2)
    assert solvent.health().maintenance > 0
    with boa.reverts("auction: not restored"):
        solvent.house.finish(solvent.account)


def test_reverts_stale_price(solvent: House) -> None:
    solvent.set(4_000, 3_000)
    solvent.ledger.set_fresh(False)
    with boa.reverts("auction: stale price"):
        solvent.house.finish(solvent.account)


def test_reverts_not_running(auction: House) -> None:
    with boa.reverts("auction: not running"):
        auction.house.finish(auction.account)


@pytest.mark.parametrize("fresh", [True, False])
def test_nothing_left_to_sell_ends_it(solvent: House, fresh: bool) -> None:
    """All options expired: a debt without assets is for the ledger's write-off."""
    solvent.ledger.set_account(solvent.account, usd(-100), 0, 0)
    solvent.ledger.set_fresh(fresh)
    solvent.house.finish(solvent.account)
    assert not solvent.ledger.in_auction(solvent.account)


@pytest.mark.parametrize("days", [0, 9])
def test_an_account_that_owes_nothing_goes_free(days: int) -> None:
    """Its collateral counts so little that the buffer is more than that, or has no price any more;
    without debt and positions there is nothing to secure."""
    world = World()
    house, ledger = world.market.auctions, world.ledger
    nobody = "0x" + 40 * "0"
    world.market.margin.set_collateral(1, 1, WAD // 10, WAD, nobody, sender=world.owner)
    lender = world.person("lender", cash=50_000)
    debtor = world.person("debtor", units=10)
    world.market.withdraw(debtor, 2_500)
    world.market.push_price(1_400)
    house.start(debtor.number, lender.number)
    with boa.reverts("auction: not restored"):
        house.finish(debtor.number)
    debt = -int(ledger.cash_of(debtor.number)) // 10**12 + 1
    world.market.give(debtor, 10_000)
    ledger.deposit(debtor.number, 0, debt, sender=debtor.address)
    world.market.travel(days * DAY)
    house.finish(debtor.number, sender=world.intruder)
    assert not ledger.in_auction(debtor.number)
    ledger.withdraw(debtor.number, 1, 10 * WAD, debtor.address, sender=debtor.address)


def test_collateral_is_bound_by_a_debt_of_one_wei_and_by_no_less(solvent: House) -> None:
    solvent.ledger.set_holdings(solvent.account, [1])
    solvent.ledger.set_account(solvent.account, -1, 0, 0)
    with boa.reverts("auction: not restored"):
        solvent.house.finish(solvent.account)
    # Without a debt not even a stale price keeps it.
    solvent.ledger.set_account(solvent.account, 0, 0, 0)
    solvent.ledger.set_fresh(False)
    solvent.house.finish(solvent.account)
    assert not solvent.ledger.in_auction(solvent.account)


@pytest.mark.parametrize("function", ["restart", "pause", "resume", "provide"])
def test_what_is_over_cannot_go_on(solvent: House, function: str) -> None:
    solvent.set(4_000, 3_000)
    solvent.house.finish(solvent.account)
    solvent.set(-1_000, -2_000)
    with boa.reverts("auction: not running"):
        getattr(solvent.house, function)(solvent.account)


def test_a_later_house_frees_what_an_earlier_one_froze(auction: House) -> None:
    auction.ledger.set_frozen(auction.account, True)
    auction.set(4_000, 3_000)
    auction.house.finish(auction.account)
    assert not auction.ledger.in_auction(auction.account)


def test_preview_of_no_auction_is_empty(auction: House) -> None:
    preview = auction.house.preview(auction.account, WAD)
    assert preview.terms.kind == preview.lot_price == preview.largest_units == 0


def test_preview_of_what_an_earlier_house_froze_is_empty(auction: House) -> None:
    auction.ledger.set_frozen(auction.account, True)
    assert not any(auction.house.preview(auction.account, WAD).terms)
