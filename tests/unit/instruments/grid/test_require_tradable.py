"""Which series may be opened: strike on the tick, expiry on the calendar."""

from datetime import UTC, datetime

import boa
import pytest

from novate.series import DAY, WAD, Rules, Series, next_expiries, refusal

RULES = Rules(tick=5 * 10**8, hour=8, daily=3, weekly=35, monthly=190, quarterly=400)


def at(year: int, month: int, day: int, hour: int = 8) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


# Wednesday.
NOW = at(2018, 1, 3, 21)


def check(instruments, expiry, *, strike=2_700 * WAD, rules: Rules | None = RULES, now=NOW):
    """Contract and twin agree; returns the reason, empty when the series is tradable."""
    series = Series(1, expiry, strike, True)
    reason = refusal(series, rules, now)
    word = rules.word if rules else 0
    if reason:
        with boa.reverts(reason):
            instruments.require_tradable(series.code, word, now)
    else:
        instruments.require_tradable(series.code, word, now)
    return reason


@pytest.mark.parametrize(
    "expiry",
    [
        at(2018, 1, 4),  # Thursday, within the daily tenor
        at(2018, 1, 6),  # Saturday, 2 days and 11 hours ahead: the third day
        at(2018, 1, 12),  # Friday, weekly
        at(2018, 2, 2),  # Friday, 29.5 days ahead
        at(2018, 2, 23),  # last Friday of February
        at(2018, 4, 27),  # last Friday of a month that ends no quarter
        at(2018, 6, 29),  # last Friday of a quarter
        at(2018, 12, 28),  # last Friday of a quarter beyond the monthly tenor
    ],
)
def test_tradable(instruments, expiry):
    assert check(instruments, expiry) == ""


@pytest.mark.parametrize(
    "expiry",
    [
        at(2018, 1, 4, 9),  # not the hour
        at(2018, 1, 7),  # Sunday beyond the daily tenor
        at(2018, 2, 9),  # Friday beyond the weekly tenor, not the last of its month
        at(2018, 2, 22),  # the Thursday before a last Friday
        at(2018, 8, 31),  # last Friday beyond the monthly tenor, ends no quarter
        at(2019, 3, 29),  # last Friday of a quarter beyond every tenor
    ],
)
def test_reverts_expiry_off_grid(instruments, expiry):
    assert check(instruments, expiry) == "series: expiry off grid"


def test_reverts_underlying_not_listed(instruments):
    assert check(instruments, at(2018, 1, 12), rules=None) == "series: underlying not listed"


def test_reverts_strike_off_tick(instruments):
    reason = check(instruments, at(2018, 1, 12), strike=2_701 * WAD)
    assert reason == "series: strike off tick"


def test_reverts_expired(instruments):
    expiry = at(2018, 1, 12)
    assert check(instruments, expiry, now=expiry - 1) == ""
    assert check(instruments, expiry, now=expiry) == "series: expired"
    assert check(instruments, expiry, now=expiry + 1) == "series: expired"


def test_days_ahead_are_rounded_up(instruments):
    # Sunday: tradable only as a daily, exactly three days ahead and not a second earlier.
    expiry = at(2018, 1, 7)
    assert check(instruments, expiry, now=expiry - 3 * DAY) == ""
    assert check(instruments, expiry, now=expiry - 3 * DAY - 1) == "series: expiry off grid"


def test_next_expiries(instruments):
    found = next_expiries(NOW, RULES)
    assert found == sorted(set(found))
    # Every day that is left out is off the grid, every day listed is on it.
    for days in range(410):
        expiry = at(2018, 1, 3) + days * DAY
        assert (check(instruments, expiry) == "") == (expiry in found)
    assert at(2018, 1, 4) == found[0] and at(2018, 12, 28) == found[-1]
