"""When an auction is over without a bid."""

import boa
import pytest

from novate.series import WAD

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


def test_a_later_house_frees_what_an_earlier_one_froze(auction: House) -> None:
    auction.ledger.set_frozen(auction.account, True)
    auction.set(4_000, 3_000)
    auction.house.finish(auction.account)
    assert not auction.ledger.in_auction(auction.account)


def test_preview_of_no_auction_is_empty(auction: House) -> None:
    preview = auction.house.preview(auction.account, WAD)
    assert preview.terms.kind == preview.lot_price == preview.largest_units == 0
