"""Who may be put up for auction, and what the start costs the account."""

from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.reference import auction as reference
from novate.series import WAD

from .conftest import HOUSE, INSOLVENT, SOLVENT, House, usd


def test_start_freezes_and_charges_fee_and_tip(auction: House) -> None:
    fund = auction.ledger.fund()
    auction.start()
    started = auction.event("AuctionStarted")
    # B = -2,000 - 0.15 * 3,000 = -2,450; 2,450 / 3,450 of 1,000 USD is sold, a tenth of it is fee.
    assert started.fee == pytest.approx(usd(1_000 * 2_450 / 3_450 * 0.1), abs=10**12)
    assert started.tip == usd(10)  # 1 % of equity is less than the flat 20 USD
    assert auction.ledger.fund() - fund == started.fee
    assert auction.cash(auction.keeper) == started.tip
    assert auction.ledger.in_auction(auction.account)
    health = auction.health()
    assert (started.equity, started.maintenance) == (health.equity, health.maintenance)
    assert (started.kind, started.rules) == (SOLVENT, 1)
    terms = auction.house.preview(auction.account, WAD).terms
    assert terms.cash == auction.cash() and terms.reserved == 0
    assert terms.factor == 95 * WAD // 100


@given(equity=st.floats(1e-6, 1e7), shortfall=st.floats(1e-6, 1e7))
def test_fee_and_tip_are_those_of_the_reference(
    auction: House, equity: float, shortfall: float
) -> None:
    auction.set(equity, -shortfall)
    before = auction.health()
    auction.start()
    started = auction.event("AuctionStarted")
    rules = reference.Rules()
    assert started.fee == reference.fee(rules, before.maintenance, before.equity)
    assert started.tip == reference.tip(rules, before.equity)
    # Neither can make the account insolvent.
    assert auction.health().equity > 0


def test_anyone_may_start(auction: House) -> None:
    auction.house.start(auction.account, 0, sender=auction.intruder)
    assert auction.ledger.in_auction(auction.account)


def test_keeper_zero_leaves_the_tip_to_the_fund(auction: House) -> None:
    fund = auction.ledger.fund()
    auction.house.start(auction.account, 0)
    started = auction.event("AuctionStarted")
    assert started.tip > 0
    assert auction.ledger.fund() - fund == started.fee + started.tip


@pytest.mark.parametrize("equity", [0, -1e-6, -500])
def test_an_insolvent_account_pays_nothing(auction: House, equity: float) -> None:
    auction.set(equity, -2_000)
    auction.start()
    started = auction.event("AuctionStarted")
    assert (started.kind, started.fee, started.tip) == (INSOLVENT, 0, 0)
    assert auction.health().equity == usd(equity)


def test_one_wei_of_equity_is_for_sale_as_solvent(auction: House) -> None:
    auction.ledger.set_account(auction.account, usd(100), 1 - usd(100), usd(2_000))
    auction.start()
    assert auction.event("AuctionStarted").kind == SOLVENT


@pytest.mark.parametrize("maintenance", [0, 1e-6, 500])
def test_reverts_above_maintenance(auction: House, maintenance: float) -> None:
    auction.set(1_000, maintenance)
    with boa.reverts("auction: above maintenance"):
        auction.start()


def test_reverts_already_running(auction: House) -> None:
    auction.start()
    with boa.reverts("auction: already running"):
        auction.start()


def test_reverts_stale_price(auction: House) -> None:
    auction.ledger.set_fresh(False)
    with boa.reverts("auction: stale price"):
        auction.start()


def test_reverts_nothing_for_sale(auction: House) -> None:
    auction.ledger.set_account(auction.account, usd(-100), 0, 0)
    with boa.reverts("auction: nothing for sale"):
        auction.start()


def test_reverts_keeper_is_the_account(auction: House) -> None:
    with boa.reverts("auction: keeper is the account"):
        auction.house.start(auction.account, auction.account)


def test_a_later_house_adopts_what_an_earlier_one_froze(auction: House) -> None:
    auction.start()
    cash = auction.cash()
    later: Any = HOUSE.deploy(auction.ledger, auction.owner)
    later.start(auction.account, auction.keeper)
    assert auction.cash() == cash, "the fee was paid to the earlier one"
    assert later.preview(auction.account, WAD).terms.kind == SOLVENT


def test_a_later_house_adopts_between_maintenance_and_buffer(auction: House) -> None:
    auction.ledger.set_frozen(auction.account, True)
    auction.set(3_100, 100)
    with boa.reverts("auction: not restored"):
        auction.house.finish(auction.account)
    auction.start()
    assert auction.house.preview(auction.account, WAD).terms.kind == SOLVENT


def test_reverts_no_owner(auction: House) -> None:
    with boa.reverts("auction: no owner"):
        HOUSE.deploy(auction.ledger, "0x" + 40 * "0")
