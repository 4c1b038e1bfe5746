"""Series and grid over their whole domain: the contracts against their Python twin."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.engine.cache import load
from novate.errors import ParameterError
from novate.series import (
    DAY,
    HOUR,
    MAX_QUANTITY,
    MAX_TENOR,
    PRICE_UNIT,
    Rules,
    Series,
    is_last_friday,
    pack,
    refusal,
    unpack,
)

prices = st.integers(1, 2**56 - 1).map(PRICE_UNIT.__mul__)
quantities = st.integers(-MAX_QUANTITY, MAX_QUANTITY)
plain = st.builds(
    Series, st.integers(1, 2**16 - 1), st.integers(0, 2**24 - 1).map(HOUR.__mul__), prices,
    st.booleans(),
)  # fmt: skip
barriers = st.builds(
    lambda series, barrier, up, inward: Series(
        series.underlying, series.expiry, series.strike, series.is_put, barrier, up, inward
    ),
    plain, prices, st.booleans(), st.booleans(),
)  # fmt: skip
options = plain | barriers
tenors = st.integers(0, MAX_TENOR)
grids = st.builds(
    Rules, st.integers(1, 2**64 - 1), st.integers(0, 23), tenors, tenors, tenors, tenors
)


@pytest.fixture(scope="module")
def instruments() -> Any:
    return load("tests/harness/SeriesHarness.vy").deploy()


@given(options)
def test_code_round_trip(instruments, series):
    code = instruments.encode(
        series.underlying, series.expiry, series.strike, series.kind, series.barrier
    )
    assert code == series.code < 2**160
    assert Series.from_code(code) == series
    instruments.require_valid(code)
    assert instruments.decode(code) == (
        series.underlying, series.expiry, series.strike, series.barrier, series.is_put,
        series.barrier > 0,
    )  # fmt: skip


@given(st.integers(0, 2**256 - 1) | st.integers(0, 2**160 - 1) | options.map(lambda s: s.code))
def test_integers_name_an_option_to_both_or_to_none(instruments, code):
    try:
        series = Series.from_code(code)
    except ParameterError:
        with boa.reverts():
            instruments.require_valid(code)
    else:
        instruments.require_valid(code)
        assert series.code == code


@given(options, st.integers(0, 159))
def test_a_flipped_bit_is_another_option_or_none(instruments, series, bit):
    code = series.code ^ 1 << bit
    try:
        other = Series.from_code(code)
    except ParameterError:
        with boa.reverts():
            instruments.require_valid(code)
    else:
        instruments.require_valid(code)
        assert other != series


@given(options, quantities)
def test_word_round_trip(instruments, series, quantity):
    word = instruments.pack(series.code, quantity)
    assert word == pack(series.code, quantity)
    assert instruments.unpack(word) == unpack(word) == (series.code, quantity)


@given(st.lists(st.tuples(options, quantities), max_size=20))
def test_sorted_words_group_by_underlying_expiry_and_strike(positions):
    words = sorted(pack(series.code, quantity) for series, quantity in positions)
    found = [Series.from_code(unpack(word)[0]) for word in words]
    keys = [(series.underlying, series.expiry, series.strike, series.is_put) for series in found]
    assert [key[:3] for key in keys] == sorted(key[:3] for key in keys)
    assert [series.code for series in found] == [series.code for series in sorted(found)]


@given(plain, quantities, st.integers(0, 2**130))
def test_payout(instruments, series, quantity, price):
    payoff = series.payoff(price)
    assert instruments.payoff(series.code, price) == payoff
    payout = series.payout(quantity, price)
    assert instruments.payout(series.code, quantity, price) == payout
    # Rounded down by less than a wei, whichever the sign.
    assert 0 <= quantity * payoff - payout * 10**18 < 10**18


@given(plain, st.lists(st.integers(-MAX_QUANTITY // 8, MAX_QUANTITY // 8), max_size=7), prices)
def test_payouts_of_a_series_never_create_money(instruments, series, quantities, price):
    # Long and short sum to zero, so what is paid out is at most what is paid in.
    quantities = [*quantities, -sum(quantities)]
    total = sum(instruments.payout(series.code, quantity, price) for quantity in quantities)
    assert -len(quantities) < total <= 0


@given(plain, grids, st.integers(0, 400 * DAY), st.booleans())
def test_grid(instruments, series, rules, before, on_tick):
    """Random series hardly ever lie on a grid, so hour and strike are moved onto it."""
    tick = rules.tick * PRICE_UNIT
    strike = max(series.strike // tick * tick, tick) if on_tick else series.strike
    if strike // PRICE_UNIT >= 2**56:
        strike = series.strike
    expiry = min(series.expiry // DAY * DAY + rules.hour * HOUR, (2**24 - 1) * HOUR)
    series = Series(series.underlying, expiry, strike, series.is_put)
    now = max(expiry - before, 0)
    reason = refusal(series, rules, now)
    if reason:
        with boa.reverts(reason):
            instruments.require_tradable(series.code, rules.word, now)
    else:
        instruments.require_tradable(series.code, rules.word, now)


def test_calendar_1970_to_2100(instruments):
    """Month and last Friday of every 35th day and of every Friday, against Python's calendar."""
    epoch = date(1970, 1, 1)
    only_last_fridays = Rules(1, 8, 0, 0, MAX_TENOR, 0)
    last = (date(2100, 12, 31) - epoch).days
    for days in range(0, last, 35):
        when = epoch + timedelta(days=days)
        assert instruments.month(days) == (when.month - 3) % 12, when
    for days in range(1, last, 7):
        when = datetime(1970, 1, 1, 8, tzinfo=UTC) + timedelta(days=days)
        code = Series(1, days * DAY + 8 * HOUR, PRICE_UNIT, False).code
        now = days * DAY
        if is_last_friday(when):
            instruments.require_tradable(code, only_last_fridays.word, now)
        elif days % 5 == 0:
            with boa.reverts("series: expiry off grid"):
                instruments.require_tradable(code, only_last_fridays.word, now)


@pytest.mark.parametrize("year", [1972, 2000, 2024, 2100])
def test_calendar_around_leap_days(instruments, year):
    epoch = date(1970, 1, 1)
    for offset in range(-3, 4):
        when = date(year, 3, 1) + timedelta(days=offset)
        assert instruments.month((when - epoch).days) == (when.month - 3) % 12
