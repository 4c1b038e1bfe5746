"""The fee schedule, and that rounding gives nobody anything for splitting."""

from fractions import Fraction
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate import orders
from novate.orders import WAD

TOP_RATE = 10**15

rates = st.integers(0, TOP_RATE)
# Quantities in units of 1e-9 and amounts likewise: their product is whole wei.
small = st.integers(1, 10**4).map(lambda n: n * 10**9)
quantities = st.one_of(small, st.integers(1, 10**15).map(lambda n: n * 10**9))
prices = st.one_of(st.integers(0, 100), st.integers(0, 10**22))
legs = st.lists(
    st.tuples(st.integers(0, 3), quantities, st.booleans(), prices),
    min_size=1,
    max_size=4,
    unique_by=lambda leg: leg[0],
).map(lambda drawn: [(i, q if buys else -q, price) for i, q, buys, price in drawn])
parts = st.lists(st.one_of(small, quantities), min_size=2, max_size=4)


def spot(underlying: int) -> int:
    return {1: 3_123 * WAD + 7, 2: 91_000 * WAD}[underlying]


def test_start_at_zero(recorder: Any) -> None:
    assert recorder.venue.fees() == (0, 0)
    assert recorder.fill(recorder.order((0, -WAD, 10 * WAD))) == 10 * WAD


def test_set_fees(recorder: Any) -> None:
    recorder.venue.set_fees(1, 2, sender=recorder.owner)
    recorder.venue.set_fees(3, TOP_RATE, sender=recorder.owner)
    (event,) = recorder.events("FeesChanged")
    assert (event.old_maker_rate, event.old_taker_rate) == (1, 2)
    assert (event.maker_rate, event.taker_rate) == (3, TOP_RATE)
    assert recorder.venue.fees() == (3, TOP_RATE)


@pytest.mark.parametrize("fees", [(TOP_RATE + 1, 0), (0, TOP_RATE + 1), (2**255, 2**255)])
def test_reverts_rate_too_high(recorder: Any, fees: tuple[int, int]) -> None:
    with boa.reverts("order: rate too high"):
        recorder.venue.set_fees(*fees, sender=recorder.owner)


def test_only_the_owner_sets_fees(recorder: Any) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        recorder.venue.set_fees(0, 0, sender=recorder.address("intruder"))


@pytest.mark.parametrize(
    ("price", "maker_fee", "taker_fee"),
    [
        # 2 contracts at spot 3,123 and 7 wei: 0.03 % and 0.05 %, the wei of a contract rounded up.
        (1_000 * WAD, 1_873_800_000_000_000_002, 3_123_000_000_000_000_002),
        # An eighth of the premium caps the taker: 2 contracts at 10 pay 2.5 at most.
        (10 * WAD, 1_873_800_000_000_000_002, 2_500_000_000_000_000_000),
        (WAD, 250_000_000_000_000_000, 250_000_000_000_000_000),
        (7, 0, 0),
        (0, 0, 0),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_table(recorder: Any, price: int, maker_fee: int, taker_fee: int, sign: int) -> None:
    recorder.venue.set_fees(3 * 10**14, 5 * 10**14, sender=recorder.owner)
    recorder.fill(recorder.order((0, sign * 2 * WAD, price)))
    (trade,) = recorder.events("Novated")
    # A positive quantity is the maker's purchase, so the taker sells.
    charged = (
        (trade.buyer_fee, trade.seller_fee) if sign > 0 else (trade.seller_fee, trade.buyer_fee)
    )
    assert charged == (maker_fee, taker_fee)


def test_each_underlying_has_its_own_spot(recorder: Any) -> None:
    recorder.venue.set_fees(TOP_RATE, TOP_RATE, sender=recorder.owner)
    recorder.fill(recorder.order((0, WAD, 10_000 * WAD), (3, WAD, 10_000 * WAD)))
    paid = [trade.seller_fee for trade in recorder.events("Novated")]
    assert paid == [3_123 * 10**15 + 1, 91_000 * 10**15]


def test_without_a_price_there_is_no_fee(recorder: Any) -> None:
    """The oracle's last price is 0 before the first: trading is up to the margin engine."""
    recorder.venue.set_fees(TOP_RATE, TOP_RATE, sender=recorder.owner)
    recorder.ledger.set_spot(1, 0)
    recorder.fill(recorder.order((0, WAD, 100 * WAD)))
    (trade,) = recorder.events("Novated")
    assert (trade.seller_fee, trade.buyer_fee) == (0, 0)


@given(legs=legs, amount=small, maker_rate=rates, taker_rate=rates)
def test_equals_python(
    recorder: Any, legs: Any, amount: int, maker_rate: int, taker_rate: int
) -> None:
    recorder.venue.set_fees(maker_rate, taker_rate, sender=recorder.owner)
    order = recorder.order(*legs, size=amount)
    cost = recorder.fill(order, amount)
    flows = recorder.flows()
    assert cost == -flows[recorder.account("taker")]
    assert cost == orders.cost(order, amount, spot=spot, taker_rate=taker_rate)

    for leg, trade in zip(order.legs, recorder.events("Novated"), strict=True):
        taker_buys = leg.quantity < 0
        quantity = Fraction(abs(leg.quantity) * amount, WAD)
        assert trade.quantity == quantity
        contracts = quantity / WAD
        premium = contracts * leg.price
        against_taker = trade.premium - premium if taker_buys else premium - trade.premium
        assert 0 <= against_taker < 1
        pair = (trade.buyer_fee, trade.seller_fee)
        charged = dict(
            zip((taker_rate, maker_rate), pair if taker_buys else pair[::-1], strict=True)
        )
        if maker_rate != taker_rate:
            for rate, paid in charged.items():
                exact = min(contracts * spot(leg.series >> 144) * rate / WAD, premium / 8)
                # Up to a wei of rounding, in the price of a contract and in the total.
                assert exact - contracts <= paid < exact + contracts + 1
                assert paid < premium / 8 + 1


@given(legs=legs, amounts=parts, maker_rate=rates, taker_rate=rates)
def test_splitting_never_pays(
    recorder: Any, legs: Any, amounts: list[int], maker_rate: int, taker_rate: int
) -> None:
    recorder.venue.set_fees(maker_rate, taker_rate, sender=recorder.owner)
    order = recorder.order(*legs, size=sum(amounts))
    maker, taker = recorder.account("maker"), recorder.account("taker")

    with boa.env.anchor():
        recorder.fill(order, sum(amounts))
        whole = recorder.flows()
        quantities = {t.series: t.quantity for t in recorder.events("Novated")}

    split = {maker: 0, taker: 0}
    for amount in amounts:
        recorder.fill(order, amount)
        for account, cash in recorder.flows().items():
            split[account] += cash
        for trade in recorder.events("Novated"):
            quantities[trade.series] -= trade.quantity
    assert not any(quantities.values())
    assert recorder.filled(order) == order.size

    # Each further part rounds a premium and a fee of each leg, each by less than 1 wei.
    roundings = len(legs) * (len(amounts) - 1)
    assert -2 * roundings <= split[taker] - whole[taker] <= 0
    assert -roundings <= split[maker] - whole[maker] <= roundings


@given(legs=legs, amounts=parts, maker_rate=rates, taker_rate=rates)
def test_round_trip_never_pays(
    recorder: Any, legs: Any, amounts: list[int], maker_rate: int, taker_rate: int
) -> None:
    """In by parts and out at once, against a maker that bids and offers at one price."""
    recorder.venue.set_fees(maker_rate, taker_rate, sender=recorder.owner)
    there = recorder.order(*legs, size=sum(amounts))
    back = recorder.order(*[(i, -q, price) for i, q, price in legs], size=sum(amounts))
    cost = sum(recorder.fill(there, amount) for amount in amounts)
    assert cost + recorder.fill(back, sum(amounts)) >= 0
