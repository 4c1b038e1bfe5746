"""Never sold at zero, never at stale prices, never as the wrong kind."""

import boa
import pytest

from novate.series import WAD

from .conftest import INSOLVENT, SOLVENT, House, usd

TAIL = 36_900


@pytest.fixture
def solvent(auction: House) -> House:
    auction.start()
    return auction


def test_after_the_tail_bids_wait_for_a_restart(solvent: House) -> None:
    """P-08: no bidders for hours, and still nothing is sold for nothing."""
    solvent.travel(TAIL)
    factor = solvent.house.preview(solvent.account, WAD).terms.factor
    assert factor == -(-7 * WAD // 60)
    with boa.reverts("auction: restart not due"):
        solvent.house.restart(solvent.account)
    solvent.travel(1)
    with boa.reverts("auction: restart needed"):
        solvent.bid()
    solvent.house.restart(solvent.account, sender=solvent.intruder)
    terms = solvent.house.preview(solvent.account, WAD).terms
    assert (terms.factor, terms.elapsed, terms.due) == (95 * WAD // 100, 0, False)
    assert solvent.bid(WAD // 10)[0] == WAD // 10


def test_restart_charges_nothing_and_keeps_what_was_sold(solvent: House) -> None:
    solvent.bid(WAD // 4)
    cash, keeper = solvent.cash(), solvent.cash(solvent.keeper)
    solvent.travel(TAIL + 1)
    solvent.house.restart(solvent.account)
    restarted = solvent.event("AuctionRestarted")
    assert (restarted.kind, restarted.remaining) == (SOLVENT, 3 * WAD // 4)
    assert (solvent.cash(), solvent.cash(solvent.keeper)) == (cash, keeper)
    terms = solvent.house.preview(solvent.account, WAD).terms
    # What the first bidder paid is for sale now, with the rest.
    assert (terms.cash, terms.reserved, terms.remaining) == (cash, 0, 3 * WAD // 4)


def test_a_turn_to_insolvent_needs_a_restart(solvent: House) -> None:
    solvent.set(-500, -3_000)
    with boa.reverts("auction: restart needed"):
        solvent.bid()
    with boa.reverts("auction: wrong kind"):
        solvent.bid(kind=INSOLVENT)
    solvent.house.restart(solvent.account)
    with boa.reverts("auction: wrong kind"):
        solvent.bid(kind=SOLVENT)
    assert solvent.bid(WAD // 2, kind=INSOLVENT)[1] == -usd(250)


@pytest.mark.parametrize("equity, kind", [(-1, INSOLVENT), (0, INSOLVENT), (1, SOLVENT)])
def test_a_wei_of_equity_makes_it_solvent(solvent: House, equity: int, kind: int) -> None:
    solvent.travel(TAIL + 1)
    cash = solvent.cash()
    solvent.ledger.set_account(solvent.account, cash, equity - cash, usd(2_000))
    solvent.house.restart(solvent.account)
    restarted = solvent.event("AuctionRestarted")
    assert (restarted.kind, restarted.equity) == (kind, equity)
    terms = solvent.house.preview(solvent.account, WAD).terms
    assert (terms.kind, terms.due) == (kind, False)
    # And a wei turns one that is insolvent.
    if kind == INSOLVENT:
        solvent.ledger.set_account(solvent.account, cash, -cash, usd(2_000))
        assert not solvent.house.preview(solvent.account, WAD).terms.due
        solvent.ledger.set_account(solvent.account, cash, 1 - cash, usd(2_000))
        assert solvent.house.preview(solvent.account, WAD).terms.due


def test_nothing_is_closed_out_without_a_loss(auction: House) -> None:
    auction.set(0, -2_000, cash=500)
    auction.start()
    auction.travel(3_599)
    cash = auction.cash()
    auction.ledger.set_account(auction.account, cash, -1 - cash, usd(2_000))
    with boa.reverts("deleverage: auction not over"):
        auction.house.announce(auction.account)
    auction.travel(1)
    auction.ledger.set_account(auction.account, cash, -cash, usd(2_000))
    with boa.reverts("deleverage: not insolvent"):
        auction.house.announce(auction.account)
    auction.ledger.set_account(auction.account, cash, -1 - cash, usd(2_000))
    auction.house.announce(auction.account)
    assert auction.house.announced(auction.account) == auction.now + 1_800
    with boa.reverts("deleverage: announced already"):
        auction.house.announce(auction.account)


def test_a_turn_to_solvent_needs_a_restart(auction: House) -> None:
    auction.set(-500, -3_000)
    auction.start()
    auction.set(500, -2_000)
    with boa.reverts("auction: restart needed"):
        auction.bid(kind=INSOLVENT)
    auction.house.restart(auction.account)
    assert auction.bid(WAD // 2, kind=SOLVENT)[1] == usd(500 * 0.95 / 2)


def test_without_equity_an_insolvent_auction_goes_on(auction: House) -> None:
    """One wei more turns it."""
    auction.set(-500, -3_000)
    auction.start()
    auction.set(0, -2_000)
    with boa.reverts("auction: restart not due"):
        auction.house.restart(auction.account)
    auction.ledger.deposit(auction.account, 1)
    assert auction.health().equity == 1
    auction.house.restart(auction.account)
    assert auction.event("AuctionRestarted").kind == SOLVENT


def test_a_deposit_that_makes_solvent_goes_into_the_new_lot(auction: House) -> None:
    auction.set(-500, -3_000)
    auction.start()
    auction.ledger.deposit(auction.account, usd(700))
    auction.house.restart(auction.account)
    preview = auction.house.preview(auction.account, WAD)
    assert preview.terms.reserved == 0 and preview.lot_price == usd(200 * 0.95)


def test_a_lot_without_value_needs_a_restart(solvent: House) -> None:
    """The account is worth something, but only for the cash that is not for sale."""
    solvent.bid(WAD // 2)
    reserved = solvent.house.preview(solvent.account, WAD).terms.reserved
    book = solvent.ledger.books(solvent.account)
    loss = solvent.health().equity - reserved // 2
    solvent.ledger.set_account(solvent.account, book[0], book[1] - loss, book[2])
    assert solvent.health().equity == reserved // 2 > 0
    with boa.reverts("auction: restart needed"):
        solvent.bid()
    solvent.house.restart(solvent.account)
    preview = solvent.house.preview(solvent.account, WAD)
    assert preview.terms.kind == SOLVENT and preview.terms.reserved == 0
    assert preview.lot_price > 0


@pytest.mark.parametrize("above, due", [(-1, True), (0, True), (1, False)])
def test_a_lot_is_without_value_up_to_the_reserve(solvent: House, above: int, due: bool) -> None:
    solvent.bid(WAD // 2)
    reserved = solvent.house.preview(solvent.account, WAD).terms.reserved
    cash, mark, requirement = solvent.ledger.books(solvent.account)
    more = reserved + above - solvent.health().equity
    solvent.ledger.set_account(solvent.account, cash, mark + more, requirement)
    assert solvent.house.preview(solvent.account, WAD).terms.due == due


def test_restart_uses_the_rules_of_its_time(solvent: House) -> None:
    rules = list(solvent.house.rules_of(1))
    rules[0] = 9_000
    solvent.house.set_rules(tuple(rules), sender=solvent.owner)
    assert solvent.house.preview(solvent.account, WAD).terms.factor == 95 * WAD // 100
    solvent.travel(TAIL + 1)
    solvent.house.restart(solvent.account)
    assert solvent.house.preview(solvent.account, WAD).terms.factor == 90 * WAD // 100


def test_restart_reverts(auction: House) -> None:
    with boa.reverts("auction: not running"):
        auction.house.restart(auction.account)
    auction.start()
    with boa.reverts("auction: restart not due"):
        auction.house.restart(auction.account)
    auction.travel(TAIL + 1)
    auction.ledger.set_fresh(False)
    with boa.reverts("auction: stale price"):
        auction.house.restart(auction.account)
    auction.ledger.set_fresh(True)
    auction.ledger.deposit(auction.account, usd(3_000))
    with boa.reverts("auction: account restored"):
        auction.house.restart(auction.account)


@pytest.mark.parametrize("began", [100, 101])
def test_a_pause_stops_the_clock(solvent: House, began: int) -> None:
    solvent.travel(began)
    price = solvent.house.preview(solvent.account, WAD).lot_price
    solvent.ledger.set_fresh(False)
    solvent.house.pause(solvent.account, sender=solvent.intruder)
    assert solvent.event("AuctionPaused").elapsed == began
    solvent.travel(50_000)
    with boa.reverts("auction: stale price"):
        solvent.bid()
    with boa.reverts("auction: stale price"):
        solvent.house.resume(solvent.account)
    solvent.ledger.set_fresh(True)
    assert solvent.house.preview(solvent.account, WAD).lot_price == price
    solvent.house.resume(solvent.account, sender=solvent.intruder)
    assert solvent.event("AuctionResumed").elapsed == began
    solvent.travel(100)
    assert solvent.house.preview(solvent.account, WAD).terms.elapsed == began + 100


def test_a_bid_resumes(solvent: House) -> None:
    solvent.travel(100)
    solvent.ledger.set_fresh(False)
    solvent.house.pause(solvent.account)
    solvent.travel(50_000)
    solvent.ledger.set_fresh(True)
    solvent.bid(WAD // 10)
    solvent.travel(50)
    assert solvent.house.preview(solvent.account, WAD).terms.elapsed == 150


def test_pause_and_resume_revert(auction: House) -> None:
    with boa.reverts("auction: not running"):
        auction.house.pause(auction.account)
    auction.start()
    with boa.reverts("auction: price is fresh"):
        auction.house.pause(auction.account)
    with boa.reverts("auction: not paused"):
        auction.house.resume(auction.account)
    auction.ledger.set_fresh(False)
    auction.house.pause(auction.account)
    with boa.reverts("auction: already paused"):
        auction.house.pause(auction.account)
