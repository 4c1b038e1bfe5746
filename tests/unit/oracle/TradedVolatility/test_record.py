"""Volatilities of trades: which count, what they say, and that no venue is ever stopped."""

import math
from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.deploy import compiled
from novate.engine.cache import load
from novate.series import Series
from tests.oracle_world import WAD, now

BTC, HOUR, DAY, YEAR = 1, 3_600, 86_400, 365 * 86_400
FORWARD = 60_000.0
# Raw SVI of 30 days: half a volatility at the money, more below.
SVI = (0.005, 0.06, -0.5, 0.02, 0.6)


def wad(value: float) -> int:
    return round(value * 10**9) * 10**9


def normal(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def black(strike: float, volatility: float, years: float, *, is_put: bool) -> float:
    """Black's price [USD], undiscounted."""
    deviation = volatility * math.sqrt(years)
    d = math.log(FORWARD / strike) / deviation + deviation / 2
    call = FORWARD * normal(d) - strike * normal(d - deviation)
    return call - FORWARD + strike if is_put else call


def smile(k: float) -> float:
    """Volatility of the smile below."""
    a, b, rho, m, sigma = SVI
    w = a + b * (rho * (k - m) + math.hypot(k - m, sigma))
    return math.sqrt(w * 365 / 30)


class Desk:
    """A unit with a venue, on an oracle that the test writes."""

    def __init__(self) -> None:
        self.owner = boa.env.generate_address("owner")
        self.venue = boa.env.generate_address("venue")
        self.oracle: Any = load("tests/harness/SettableOracle.vy").deploy()
        self.unit: Any = compiled("oracle/TradedVolatility.vy").deploy(
            self.oracle.address, self.owner
        )
        self.unit.set_venue(self.venue, True, sender=self.owner)
        self.expiry = now() + 30 * DAY
        svi: Any = load("tests/harness/SviHarness.vy").deploy()
        self.smile_word: int = svi.pack(*(wad(x) for x in SVI))
        self.quote()

    def quote(self, *, fresh: bool = True, forward: float = FORWARD, level: float = 0.5) -> None:
        self.oracle.set_quote(BTC, self.expiry, wad(FORWARD), wad(forward), wad(level), WAD, fresh)

    def code(self, strike: float = 60_000, *, is_put: bool = False) -> int:
        return Series(BTC, self.expiry, wad(strike), is_put).code

    def trade(
        self,
        volatility: float,
        strike: float = 60_000,
        *,
        is_put: bool = False,
        discount: float = 1.0,
    ) -> bool:
        years = (self.expiry - now()) / YEAR
        price = black(strike, volatility, years, is_put=is_put) * discount
        return self.tell(self.code(strike, is_put=is_put), wad(price))

    def tell(self, code: int, price: int) -> bool:
        return bool(self.unit.record(code, price, sender=self.venue))

    def average(self, window: int = HOUR) -> float:
        return float(self.unit.average(BTC, self.expiry, window)[0] / WAD)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("is_put", [False, True])
@pytest.mark.parametrize(("strike", "volatility"), [(60_000, 0.5), (55_000, 0.7), (66_000, 0.31)])
def test_the_solver_gives_the_volatility_back(
    desk: Desk, strike: float, volatility: float, is_put: bool
) -> None:
    assert desk.trade(volatility, strike, is_put=is_put)
    (event,) = desk.unit.get_logs()
    assert event.volatility / WAD == pytest.approx(volatility, rel=1e-7)
    # Without a smile every strike stands for the money.
    assert event.at_the_money == event.volatility and event.code == desk.code(strike, is_put=is_put)
    assert desk.average() == pytest.approx(volatility, rel=1e-7)


def test_premiums_are_discounted(desk: Desk) -> None:
    desk.oracle.set_term(BTC, desk.expiry, 0, wad(0.9))
    assert desk.trade(0.6, discount=0.9)
    assert desk.average() == pytest.approx(0.6, rel=1e-7)


def test_a_strike_is_brought_to_the_money_along_the_smile(desk: Desk) -> None:
    desk.oracle.set_smile(BTC, desk.expiry, desk.smile_word, 30 * DAY)
    strike = 54_000
    # A trade a tenth above the smile at its strike says a tenth above it at the money.
    skewed = smile(math.log(strike / FORWARD))
    assert skewed > 1.04 * smile(0)
    assert desk.trade(1.1 * skewed, strike, is_put=True)
    assert desk.average() == pytest.approx(1.1 * smile(0), rel=1e-6)


def test_the_average_moves_with_trades(desk: Desk) -> None:
    for volatility in (0.5, 0.5, 0.53, 0.53):
        assert desk.trade(volatility)
        boa.env.time_travel(seconds=HOUR)
    value, covered, last = desk.unit.average(BTC, desk.expiry, HOUR)
    assert value / WAD == pytest.approx(0.53, rel=1e-6)
    assert (covered, last) == (HOUR, now() - HOUR)
    assert desk.average(4 * HOUR) == pytest.approx(0.5**0.75 * 0.53**0.25, rel=1e-6)


def test_a_burst_counts_once(desk: Desk) -> None:
    assert desk.trade(0.5)
    assert not desk.trade(0.9)
    assert desk.average() == pytest.approx(0.5, rel=1e-7)


# -- what does not count, and stops nobody --


def test_prices_beyond_arbitrage(desk: Desk) -> None:
    for strike, is_put, price in (
        (55_000, False, 5_000.0),
        (55_000, False, 4_999.0),
        (60_000, False, 0.0),
        (60_000, False, 60_000.0),
        (65_000, True, 5_000.0),
        (65_000, True, 65_000.0),
        (60_000, True, 1e11),
    ):
        assert not desk.tell(desk.code(strike, is_put=is_put), wad(price)), (strike, price)
    assert not desk.tell(desk.code(), 2**256 - 1)
    # A few wei of time value say nothing, but are no error.
    for wei in (1, 10**5, 10**12):
        assert not desk.tell(desk.code(55_000), wad(5_000.0) + wei)
        assert not desk.tell(desk.code(55_000), wad(60_000.0) - wei)


def test_strikes_out_of_reach(desk: Desk) -> None:
    # One deviation is 50 % of the root of 30 days.
    reach = 0.5 * math.sqrt(30 / 365)
    assert not desk.trade(0.5, round(FORWARD * math.exp(reach * 1.01)))
    assert not desk.trade(0.5, round(FORWARD * math.exp(-reach * 1.01)), is_put=True)
    assert desk.trade(0.5, round(FORWARD * math.exp(reach * 0.99)))


def test_stale_and_empty_quotes(desk: Desk) -> None:
    for options in ({"fresh": False}, {"forward": 0.0}, {"forward": 1e13}, {"level": 0.0}):
        with boa.env.anchor():
            desk.quote(**options)
            assert not desk.trade(0.5), options
    with boa.env.anchor():
        desk.oracle.set_term(BTC, desk.expiry, 0, 0)
        assert not desk.trade(0.5)
    assert desk.trade(0.5)


def test_volatilities_out_of_range(desk: Desk) -> None:
    assert not desk.trade(5.1) and not desk.trade(0.009)
    assert desk.trade(4.9)


def test_expiries_too_near_or_gone(desk: Desk) -> None:
    boa.env.time_travel(seconds=30 * DAY - HOUR + 1)
    assert not desk.trade(0.5)
    boa.env.time_travel(seconds=HOUR)
    assert not desk.tell(desk.code(), wad(1))
    far = Series(BTC, now() // HOUR * HOUR + 3_651 * DAY, wad(60_000), False).code
    assert not desk.tell(far, wad(1))


def test_barriers_and_numbers_that_name_nothing(desk: Desk) -> None:
    barrier = Series(BTC, desk.expiry, wad(60_000), False, wad(70_000), True, False).code
    for code in (barrier, 0, 1, 2**160, 2**256 - 1, desk.code() & ~((2**56 - 1) << 64)):
        assert not desk.tell(code, wad(1_000))


def test_averages_that_do_not_exist(desk: Desk) -> None:
    assert desk.trade(0.5)
    for underlying, expiry in (
        (BTC, desk.expiry + 1),
        (BTC, desk.expiry + HOUR),
        (2**16, desk.expiry),
        (2, desk.expiry),
        (BTC, 2**24 * HOUR),
        (2**256 - 1, 2**256 - 1),
    ):
        assert desk.unit.average(underlying, expiry, HOUR) == (0, 0, 0)


@settings(max_examples=40, derandomize=True)
@given(
    st.floats(0.5, 2.0),
    st.floats(0.0, 1.2),
    st.booleans(),
    st.integers(0, 30 * DAY),
    st.floats(0.2, 1.0),
    st.booleans(),
)
def test_no_trade_is_stopped(
    desk: Desk,
    moneyness: float,
    price: float,
    is_put: bool,
    waited: int,
    discount: float,
    smiling: bool,
) -> None:
    if smiling:
        desk.oracle.set_smile(BTC, desk.expiry, desk.smile_word, 30 * DAY)
    desk.oracle.set_term(BTC, desk.expiry, 0, wad(discount))
    boa.env.time_travel(seconds=waited)
    code = desk.code(round(FORWARD * moneyness), is_put=is_put)
    for exponent in (0, 1, 3, 6):
        desk.tell(code, wad(FORWARD * price / 10**exponent))


# -- authority --


def test_reverts_caller_is_no_venue(desk: Desk) -> None:
    for caller in (desk.owner, boa.env.generate_address("intruder")):
        with boa.reverts("traded: caller is no venue"):
            desk.unit.record(desk.code(), 1, sender=caller)
    desk.unit.set_venue(desk.venue, False, sender=desk.owner)
    with boa.reverts("traded: caller is no venue"):
        desk.trade(0.5)


def test_reverts_caller_is_not_the_owner(desk: Desk) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        desk.unit.set_venue(desk.venue, True, sender=desk.venue)
    with boa.reverts("traded: no owner"):
        compiled("oracle/TradedVolatility.vy").deploy(desk.oracle.address, "0x" + 40 * "0")
