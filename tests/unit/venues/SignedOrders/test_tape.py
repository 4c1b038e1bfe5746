"""The venue tells the tape what was paid, and no trade depends on it."""

from typing import Any

import boa
import pytest

from novate.deploy import deploy
from novate.engine.cache import load
from novate.market import Market
from novate.orders import Leg, sign
from novate.orders import quote as order_of
from novate.parameters import Parameters
from novate.reference import pricing
from novate.series import DAY, WAD

NOBODY = "0x" + 40 * "0"


@pytest.fixture(scope="module")
def market() -> Market:
    market = deploy(Parameters(tape=True))
    for name in ("maker", "taker"):
        market.fund(market.account(name), 100_000)
    return market


def value(market: Market, volatility: float) -> float:
    """Of the call at the money, in whole cents."""
    call = market.call(2_750, 28)
    prices = pricing.black76(2_750.0, 2_750.0, volatility, call.expiry - market.now)
    return round(float(prices.call), 2)


def trade(market: Market, price: float, quantity: float = 1) -> Any:
    maker, taker = market.account("maker"), market.account("taker")
    return market.trade(maker, taker, market.call(2_750, 28), quantity, price)


def test_a_trade_is_told_with_its_volatility(market: Market) -> None:
    (seen,) = trade(market, value(market, 0.22)).find("TradeSeen")
    assert seen.contract == "traded"
    assert seen.arguments["volatility"] == pytest.approx(0.22 * WAD, rel=1e-3)
    market.travel(days=1)
    market.push_price(2_750, 0.15)
    trade(market, value(market, 0.22), -2)
    expiry = market.call(2_750, 27).expiry
    average = market.traded.average(1, expiry, DAY)[0]
    assert average == pytest.approx(0.22 * WAD, rel=2e-3)


def test_packages_say_nothing_of_their_legs(market: Market) -> None:
    maker, taker = market.account("maker"), market.account("taker")
    codes = sorted(market.call(strike, 28).code for strike in (2_750, 2_800))
    legs = [Leg(codes[0], -WAD, 60 * WAD), Leg(codes[1], WAD, 40 * WAD)]
    order = order_of(maker.number, legs, nonce=77, size=WAD, deadline=market.now + 60)
    receipt = market.fill(order, sign(order, maker.signer, market.domain), maker, taker, 1)
    assert receipt.find("Novated") and not receipt.find("TradeSeen")


@pytest.mark.parametrize("mode", [1, 2, 3, 4, 5])
def test_no_tape_stops_a_trade(market: Market, mode: int) -> None:
    """It reverts, burns its gas, returns too much, too little, or nothing."""
    hostile = load("tests/hostile/HostileTape.vy").deploy(mode)
    market.orders.set_tape(hostile.address)
    receipt = trade(market, value(market, 0.22))
    assert receipt.find("Novated") and receipt.gas < 650_000
    # What it returns is nobody's business; that it failed is told.
    assert bool(receipt.find("TapeFailed")) is (mode <= 2)


def test_fees_and_tape_share_a_slot_and_nothing_else(market: Market) -> None:
    orders = market.orders
    rates = (market.parameters.fees.maker_rate, market.parameters.fees.taker_rate)
    assert orders.fees() == rates and orders.tape() == market.traded.address
    price = value(market, 0.22)
    plain = trade(market, price).find("Novated")[0].arguments
    for tape in (NOBODY, market.traded.address):
        before = orders.tape()
        orders.set_tape(tape)
        (log,) = orders.get_logs()
        assert (log.old, log.new) == (before, tape) and orders.fees() == rates
        receipt = trade(market, price)
        assert receipt.find("Novated")[0].arguments == plain
        assert bool(receipt.find("TradeSeen")) is (tape != NOBODY)
        # A burst of trades counts once.
        market.travel(3_600)
        orders.set_fees(*rates)
        assert orders.fees() == rates
    assert trade(market, value(market, 0.22)).find("TradeSeen")


def test_reverts_caller_is_not_the_owner(market: Market) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        market.orders.set_tape(NOBODY, sender=boa.env.generate_address("intruder"))
