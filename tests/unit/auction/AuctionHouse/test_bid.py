"""What a bid gets, what it pays, and that nobody can spoil it for another."""

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.reference import auction as reference
from novate.series import WAD

from .conftest import INSOLVENT, LATER, NO_LIMIT, SOLVENT, House, owner_of, usd

DUST = 10**12


@pytest.fixture
def solvent(auction: House) -> House:
    auction.start()
    return auction


@pytest.fixture
def insolvent(auction: House) -> House:
    auction.set(-1_000, -5_000, cash=3_000)
    auction.start()
    return auction


def test_a_bid_buys_its_share_of_everything(solvent: House) -> None:
    before = solvent.ledger.books(solvent.account)
    equity = solvent.health().equity
    units, payment = solvent.bid(WAD // 4)
    taken = solvent.event("BidTaken")
    assert units == WAD // 4 and taken.fraction == WAD // 4
    price = reference.solvent_price(equity, 0, 95 * WAD // 100)
    assert payment == reference.times_up(price, WAD // 4)
    assert taken.cash == reference.times_down(before[0], WAD // 4)
    after = solvent.ledger.books(solvent.account)
    assert after[0] == before[0] - taken.cash + payment
    assert after[1] == pytest.approx(before[1] * 3 / 4)
    assert taken.remaining == 3 * WAD // 4
    assert solvent.cash(solvent.bidder) == usd(1_000_000) + taken.cash - payment
    assert solvent.ledger.in_auction(solvent.account)


@given(wait=st.integers(0, 36_900), equity=st.floats(1, 1e6), shortfall=st.floats(0.01, 1e6))
def test_a_solvent_bid_takes_no_more_than_restores(
    auction: House, wait: int, equity: float, shortfall: float
) -> None:
    auction.set(equity, -shortfall, cash=equity / 3)
    auction.ledger.set_account(auction.bidder, usd(10**9), 0, 0)
    auction.start()
    auction.travel(wait)
    terms = auction.house.preview(auction.account, WAD).terms
    units, _ = auction.bid(2 * WAD)
    # One part in 1e18 of the requirement.
    assert -10 <= auction.buffered() <= 2 * usd(equity + shortfall) // WAD + 10
    assert units == -(-terms.largest * WAD // WAD)
    assert not auction.ledger.in_auction(auction.account), "restored, so the auction is over"
    assert auction.house.preview(auction.account, WAD).terms.kind == 0


def test_above_maintenance_without_the_buffer_it_goes_on(solvent: House) -> None:
    largest = solvent.house.preview(solvent.account, WAD).largest_units
    solvent.bid(largest * 98 // 100)
    assert solvent.health().maintenance > 0 > solvent.buffered()
    assert solvent.ledger.in_auction(solvent.account) and solvent.house.running() == 1
    solvent.bid()
    assert not solvent.ledger.in_auction(solvent.account)


@given(wait=st.integers(0, 20_000), first=st.floats(0.01, 0.9), second=st.floats(0.01, 0.9))
def test_two_bidders_restore_together(
    auction: House, wait: int, first: float, second: float
) -> None:
    auction.start()
    auction.travel(wait)
    price = auction.house.preview(auction.account, WAD).lot_price
    largest = auction.house.preview(auction.account, WAD).largest_units
    half = int(first * largest)
    sold, paid = auction.bid(half)
    between = auction.house.preview(auction.account, WAD)
    # Reserved cash changes no price, and what restores is what it was.
    assert between.lot_price == pytest.approx(price, abs=10**4)
    assert sold + between.largest_units == pytest.approx(largest, rel=1e-12)
    assert between.terms.reserved == pytest.approx(paid, abs=2)
    rest = int(second * between.largest_units)
    auction.bid(rest, bidder=auction.rival)
    auction.bid(bidder=auction.rival)
    assert not auction.ledger.in_auction(auction.account)
    assert abs(auction.buffered()) < 10**5


@given(cuts=st.lists(st.integers(1, WAD // 10), min_size=1, max_size=8), wait=st.integers(0, 9_999))
def test_splitting_a_bid_never_pays(auction: House, cuts: list[int], wait: int) -> None:
    auction.start()
    auction.travel(wait)
    with boa.env.anchor():
        auction.bid(sum(cuts))
        whole = auction.health(auction.bidder)
    for cut in cuts:
        auction.bid(cut)
    parts = auction.health(auction.bidder)
    # In value; the requirement rounds with the position.
    assert parts.equity <= whole.equity + len(cuts) * 10**5
    assert whole.equity - parts.equity <= len(cuts) * 10**5


@pytest.mark.parametrize("cash", [10_000.000_001, -10_000.000_001])
def test_cash_sold_is_rounded_down_and_the_lot_price_up(auction: House, cash: float) -> None:
    auction.set(1_000, -2_000, cash=cash)
    auction.start()
    for_sale = auction.cash()
    auction.bid(WAD // 3)
    assert for_sale * (WAD // 3) % WAD, "nothing to round"
    sold = auction.event("BidTaken").cash
    assert sold == reference.times_down(for_sale, WAD // 3)
    preview = auction.house.preview(auction.account, WAD)
    terms = preview.terms
    assert terms.price * WAD % terms.remaining, "nothing to round"
    assert preview.lot_price == -(-terms.price * WAD // terms.remaining)
    assert terms.cash == for_sale - sold


@pytest.fixture
def at_mark(auction: House) -> House:
    """Everything at its mark, after a bid that left a number of units that ten does not divide."""
    rules = list(auction.house.rules_of(1))
    rules[0] = 10_000
    auction.house.set_rules(tuple(rules), sender=auction.owner)
    auction.start()
    auction.bid(WAD // 7)
    return auction


def test_a_lot_price_is_rounded_up_from_any_part(at_mark: House) -> None:
    terms = at_mark.house.preview(at_mark.account, 1).terms
    remaining, cash = terms.remaining, at_mark.cash()
    for rest in (0, 1, 2):
        # A price of what remains that leaves this rest when it is divided.
        price = rest * pow(WAD, -1, remaining) % remaining or remaining
        equity = terms.reserved + price
        at_mark.ledger.set_account(at_mark.account, cash, equity - cash, 2 * equity)
        preview = at_mark.house.preview(at_mark.account, 1)
        assert (preview.terms.price, price * WAD % remaining) == (price, rest)
        assert preview.lot_price == -(-price * WAD // remaining)


def test_units_are_rounded_up_from_any_part(at_mark: House) -> None:
    """What restores of a remainder: fractions that leave one or two parts of a unit."""
    terms = at_mark.house.preview(at_mark.account, 1).terms
    remaining, cash = terms.remaining, at_mark.cash()
    for rest in (1, 2):
        fraction = rest * pow(remaining, -1, WAD) % WAD
        # At mark it is the margin over the margin and equity.
        equity = WAD - fraction
        least = (15 * equity - 100 * fraction) // 115
        (maintenance,) = {
            one
            for one in range(least - 2, least + 3)
            if reference.buffered_margin(one, equity, 15 * WAD // 100) == -fraction
        }
        at_mark.ledger.set_account(at_mark.account, cash, equity - cash, equity - maintenance)
        found = at_mark.house.preview(at_mark.account, WAD)
        assert (found.terms.largest, remaining * fraction % WAD) == (fraction, rest)
        assert found.deal.units == found.largest_units == -(-remaining * fraction // WAD)


def test_dust_bids_are_rounded_up(solvent: House) -> None:
    for units in (1, 2, 3):
        price = solvent.house.preview(solvent.account, units).lot_price
        _, payment = solvent.bid(units)
        assert payment * WAD >= price * units


@given(dust=st.integers(1, 10**15), deposit=st.integers(0, usd(100)))
def test_dust_of_others_neither_blocks_nor_changes_a_bid(
    auction: House, dust: int, deposit: int
) -> None:
    """P-24: a bid with a limit without any slack survives a rival's dust and a deposit."""
    auction.start()
    limit = auction.house.preview(auction.account, WAD).lot_price + 10**4
    with boa.env.anchor():
        alone = auction.bid(WAD // 10, limit)
    auction.bid(dust, bidder=auction.rival)
    auction.ledger.deposit(auction.account, deposit)
    auction.ledger.deposit(auction.bidder, 1)
    units, payment = auction.bid(WAD // 10, limit)
    assert units == alone[0]
    assert payment == pytest.approx(alone[1], abs=10**4)


def test_deposits_are_reserved(solvent: House) -> None:
    before = solvent.house.preview(solvent.account, WAD // 10)
    solvent.ledger.deposit(solvent.account, usd(500))
    after = solvent.house.preview(solvent.account, WAD // 10)
    assert after.lot_price == before.lot_price and after.deal == before.deal
    assert after.terms.reserved == usd(500)
    assert after.largest_units < before.largest_units, "the deposit restores a part"


def test_cash_that_left_is_not_reserved_below_zero(solvent: House) -> None:
    cash = solvent.cash()
    solvent.ledger.deposit(solvent.account, -usd(5))
    terms = solvent.house.preview(solvent.account, WAD).terms
    assert (terms.cash, terms.reserved) == (cash - usd(5), 0)


def test_price_falls_while_nobody_bids(solvent: House) -> None:
    prices = []
    for _ in range(5):
        prices.append(solvent.house.preview(solvent.account, WAD).lot_price)
        solvent.travel(600)
    assert prices == sorted(prices, reverse=True) and prices[-1] < prices[0] * 3 // 4


@pytest.mark.parametrize(
    "wait, price", [(0, -1_000), (900, -2_000), (3_600, -5_000), (9_999, -5_000)]
)
def test_insolvent_price_falls_to_the_maintenance_margin(
    insolvent: House, wait: int, price: float
) -> None:
    insolvent.travel(wait)
    preview = insolvent.house.preview(insolvent.account, WAD)
    assert preview.lot_price == preview.deal.payment == usd(price)
    assert preview.largest_units == WAD


def test_the_fund_pays_the_bidder_of_an_insolvent_account(insolvent: House) -> None:
    insolvent.travel(900)
    bidder, fund = insolvent.cash(insolvent.bidder), insolvent.ledger.fund()
    units, payment = insolvent.bid(WAD // 4, -usd(2_000), INSOLVENT)
    assert (units, payment) == (WAD // 4, -usd(500))
    # A quarter of 3,000 USD of cash comes with the portfolio.
    assert insolvent.cash(insolvent.bidder) - bidder == usd(500 + 750)
    assert fund - insolvent.ledger.fund() == usd(500)
    assert insolvent.ledger.in_auction(insolvent.account)


def test_an_insolvent_account_is_sold_out(insolvent: House) -> None:
    for bidder in (insolvent.bidder, insolvent.rival):
        insolvent.bid(WAD // 2, kind=INSOLVENT, bidder=bidder)
    assert insolvent.ledger.books(insolvent.account) == (0, 0, 0)
    assert not insolvent.ledger.in_auction(insolvent.account)
    assert insolvent.house.preview(insolvent.account, WAD).terms.kind == 0


def test_what_the_fund_lacks_is_socialised(insolvent: House) -> None:
    insolvent.ledger.set_fund(usd(600))
    _, payment = insolvent.bid(kind=INSOLVENT)
    assert payment == -usd(1_000)
    assert (insolvent.ledger.fund(), insolvent.ledger.socialised()) == (0, usd(400))


def test_a_deposit_pays_before_the_fund(insolvent: House) -> None:
    """It stays the loss of the account first, and changes no bidder's terms."""
    before = insolvent.house.preview(insolvent.account, WAD)
    insolvent.ledger.deposit(insolvent.account, usd(300))
    after = insolvent.house.preview(insolvent.account, WAD)
    assert after.lot_price == before.lot_price and after.deal == before.deal
    fund, bidder = insolvent.ledger.fund(), insolvent.cash(insolvent.bidder)
    insolvent.bid(kind=INSOLVENT)
    assert insolvent.event("BidTaken").from_reserve == usd(300)
    assert fund - insolvent.ledger.fund() == usd(700)
    assert insolvent.cash(insolvent.bidder) - bidder == usd(1_000 + 3_000)
    assert insolvent.cash() == 0


@given(deposit=st.integers(0, usd(999)), wait=st.integers(0, 4_000), cut=st.integers(1, WAD))
def test_no_deposit_is_left_after_an_insolvent_sale(
    auction: House, deposit: int, wait: int, cut: int
) -> None:
    auction.set(-1_000, -5_000, cash=3_000)
    auction.start()
    auction.ledger.deposit(auction.account, deposit)
    auction.travel(wait)
    auction.bid(cut, kind=INSOLVENT)
    if auction.ledger.in_auction(auction.account):
        auction.bid(kind=INSOLVENT)
    assert 0 <= auction.cash() <= 2


def test_a_bid_that_would_leave_dust_takes_all(insolvent: House) -> None:
    units, _ = insolvent.bid(WAD - DUST + 1, kind=INSOLVENT)
    assert units == WAD and not insolvent.ledger.in_auction(insolvent.account)


def test_a_bid_may_leave_exactly_the_dust_limit(insolvent: House) -> None:
    units, _ = insolvent.bid(WAD - DUST, kind=INSOLVENT)
    assert units == WAD - DUST
    assert insolvent.house.preview(insolvent.account, WAD).terms.remaining == DUST
    units, _ = insolvent.bid(1, kind=INSOLVENT)
    assert units == DUST


@given(
    kind=st.sampled_from([SOLVENT, INSOLVENT]),
    units=st.integers(1, 2 * WAD),
    others=st.integers(0, WAD // 2),
    wait=st.integers(0, 36_900),
)
def test_a_bidder_never_pays_more_than_signed(
    auction: House, kind: int, units: int, others: int, wait: int
) -> None:
    if kind == INSOLVENT:
        auction.set(-1_000, -5_000, cash=3_000)
    auction.start()
    auction.travel(wait)
    if others:
        auction.bid(others, kind=kind, bidder=auction.rival)
    if not auction.ledger.in_auction(auction.account):
        return
    preview = auction.house.preview(auction.account, units)
    limit = preview.lot_price
    sold, payment = auction.bid(units, limit, kind)
    assert (sold, payment) == (preview.deal.units, preview.deal.payment)
    rounding = 1 + abs(preview.terms.price) // WAD + 1
    assert payment * WAD <= limit * sold + rounding * WAD
    assert sold <= units or sold - units < DUST


def test_an_operator_may_bid(solvent: House) -> None:
    solvent.ledger.set_operator(solvent.intruder, True, sender=owner_of(solvent.bidder))
    assert solvent.bid(WAD // 4, sender=solvent.intruder)[0] == WAD // 4


def test_reverts_not_the_bidder(solvent: House) -> None:
    with boa.reverts("auction: not the bidder"):
        solvent.bid(sender=solvent.intruder)


def test_reverts_bidder_is_the_account(solvent: House) -> None:
    with boa.reverts("auction: bidder is the account"):
        solvent.bid(bidder=solvent.account)


def test_reverts_no_units(solvent: House) -> None:
    with boa.reverts("auction: no units"):
        solvent.bid(0)


def test_reverts_deadline_passed(solvent: House) -> None:
    with boa.reverts("auction: deadline passed"):
        solvent.bid(deadline=solvent.now - 1)
    assert solvent.bid(deadline=solvent.now)[0] > 0


def test_reverts_above_the_limit(solvent: House) -> None:
    limit = solvent.house.preview(solvent.account, WAD).lot_price
    with boa.reverts("auction: above the limit"):
        solvent.bid(limit=limit - 1)
    assert solvent.bid(limit=limit)[0] > 0


def test_reverts_above_the_limit_when_paid_less_than_wanted(insolvent: House) -> None:
    with boa.reverts("auction: above the limit"):
        insolvent.bid(limit=-usd(1_000) - 1, kind=INSOLVENT)
    assert insolvent.bid(limit=-usd(1_000), kind=INSOLVENT)[1] == -usd(1_000)


@pytest.mark.parametrize("kind", [0, INSOLVENT, 3])
def test_reverts_wrong_kind(solvent: House, kind: int) -> None:
    with boa.reverts("auction: wrong kind"):
        solvent.bid(kind=kind)


def test_reverts_stale_price(solvent: House) -> None:
    solvent.ledger.set_fresh(False)
    with boa.reverts("auction: stale price"):
        solvent.bid()


def test_reverts_account_restored(solvent: House) -> None:
    solvent.ledger.deposit(solvent.account, usd(3_000))
    with boa.reverts("auction: account restored"):
        solvent.bid()


@pytest.mark.parametrize("function", ["bid", "restart", "finish"])
def test_restored_begins_at_the_buffer(solvent: House, function: str) -> None:
    """15 USD above maintenance, of a requirement of 100: 15 % exactly, and a wei less."""
    calls = {
        "bid": solvent.bid,
        "restart": lambda: solvent.house.restart(solvent.account),
        "finish": lambda: solvent.house.finish(solvent.account),
    }
    cash = solvent.cash()
    solvent.ledger.set_account(solvent.account, cash, usd(115) - cash, usd(100) + 1)
    assert solvent.buffered() < 0
    if function == "finish":
        with boa.reverts("auction: not restored"):
            calls[function]()
    else:
        if function == "restart":
            solvent.travel(50_000)
        with boa.env.anchor():
            calls[function]()
    solvent.ledger.set_account(solvent.account, cash, usd(115) - cash, usd(100))
    assert solvent.buffered() == 0
    if function == "finish":
        calls[function]()
        assert not solvent.ledger.in_auction(solvent.account)
    else:
        with boa.reverts("auction: account restored"):
            calls[function]()


def test_a_solvent_reserve_pays_nobody(solvent: House) -> None:
    solvent.bid(WAD // 10)
    reserved = solvent.house.preview(solvent.account, WAD).terms.reserved
    fund = solvent.ledger.fund()
    _, payment = solvent.bid(WAD // 10)
    assert solvent.event("BidTaken").from_reserve == 0 < reserved
    assert solvent.ledger.fund() == fund
    assert solvent.house.preview(solvent.account, WAD).terms.reserved == reserved + payment


def test_reverts_not_running(auction: House) -> None:
    with boa.reverts("auction: not running"):
        auction.bid()


def test_reverts_when_the_bidder_lacks_margin(solvent: House) -> None:
    solvent.ledger.set_account(solvent.bidder, usd(800), 0, 0)
    with boa.reverts("margin: below initial"):
        solvent.bid()


@pytest.mark.parametrize("function", ["start", "restart", "pause", "resume", "finish", "bid"])
def test_nothing_can_be_reentered(solvent: House, function: str) -> None:
    arguments = {
        "start": (solvent.account, 0),
        "bid": (solvent.account, solvent.bidder, WAD, NO_LIMIT, SOLVENT, LATER),
    }.get(function, (solvent.account,))
    solvent.ledger.reenter(getattr(solvent.house, function).prepare_calldata(*arguments))
    # A plain revert of the lock: any reason would come from code behind it.
    with pytest.raises(boa.BoaError) as refused:
        solvent.bid()
    assert "auction:" not in str(refused.value.stack_trace.last_frame)
