"""Market hours, against the time zone database and the exchange's own list of holidays."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.deploy import compiled
from novate.errors import ParameterError
from novate.oracle.hours import Market, new_york

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
STOCK, CRYPTO, FUTURE, GOLD = 1, 2, 3, 4
NEW_YORK, CME = 1, 2
# As the exchange publishes them.
HOLIDAYS = [
    *("2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19"),
    *("2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25", "2027-01-01", "2027-01-18"),
    *("2027-02-15", "2027-03-26", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06"),
    *("2027-11-25", "2027-12-24"),
]
EARLY = ["2026-11-27", "2026-12-24", "2027-11-26"]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def bits(day: int, opens: int, closes: int) -> int:
    """A session of a week word, in hours."""
    return ((closes * 60 << 12) | opens * 60) << (24 * day)


@pytest.fixture(scope="module")
def owner() -> str:
    return boa.env.generate_address("owner")


@pytest.fixture(scope="module")
def calendar(owner: str) -> Any:
    contract = compiled("oracle/Calendar.vy").deploy(owner)
    market = new_york(FIRST, LAST)
    with boa.env.prank(owner):
        for season in (0, 1):
            contract.set_week(NEW_YORK, season, market.week(season, 2026))
        for block, word in market.days(FIRST, LAST).items():
            contract.set_days(NEW_YORK, block, word)
        for day in market.special_days():
            contract.set_special_day(NEW_YORK, *day)
        # Sunday 23:00 to Friday 22:00 with an hour's break each day, never in summer time.
        week = bits(6, 23, 46) + sum(bits(day, 23, 46) for day in range(4))
        contract.set_week(CME, 0, week)
        contract.assign(STOCK, NEW_YORK)
        contract.assign(FUTURE, CME)
    return contract


def test_exchange_publishes_these_holidays() -> None:
    market = new_york(FIRST, LAST)
    assert sorted(day.isoformat() for day in market.holidays) == HOLIDAYS
    assert [day.isoformat() for day in market.early] == EARLY


def expected(moment: int) -> tuple[bool, int]:
    """New York at a moment: every session of the weeks before, one by one."""
    zone = ZoneInfo("America/New_York")
    sessions = []
    today = datetime.fromtimestamp(moment, UTC).date()
    for back in range(-1, 15):
        day = today - timedelta(days=back)
        if day.weekday() >= 5 or day.isoformat() in HOLIDAYS:
            continue
        closes = time(13) if day.isoformat() in EARLY else time(16)
        sessions.append(
            [int(datetime.combine(day, local, zone).timestamp()) for local in (time(9, 30), closes)]
        )
    for start, end in sessions:
        if start <= moment < end:
            return True, start
    return False, max(end for _, end in sessions if end <= moment)


@given(st.integers(at("2026-01-20"), at("2027-12-31")))
def test_follows_the_exchange(calendar: Any, moment: int) -> None:
    assert calendar.session_at(STOCK, moment) == expected(moment)


@pytest.mark.parametrize(
    "day",
    [*HOLIDAYS[1:], *EARLY, "2026-03-06", "2026-03-09", "2026-10-30", "2026-11-02", "2027-03-15"],
)
def test_follows_the_exchange_at_its_edges(calendar: Any, day: str) -> None:
    # Holidays, early closes, and the Fridays and Mondays around a change of the clocks.
    for hour in (0, 14, 20, 21, 23):
        for second in (-1, 0, 1, 1_799, 1_800):
            moment = at(day) + 3_600 * hour + second
            assert calendar.session_at(STOCK, moment) == expected(moment), (day, hour, second)


def test_now(calendar: Any) -> None:
    boa.env.evm.patch.timestamp = at("2026-07-06T14:00")
    assert calendar.hours(STOCK)[:2] == (True, at("2026-07-06T13:30"))
    # Independence Day on a Saturday: Friday is a holiday.
    boa.env.evm.patch.timestamp = at("2026-07-05T14:00")
    assert calendar.hours(STOCK)[:2] == (False, at("2026-07-02T20:00"))


def test_without_a_calendar_is_always_open(calendar: Any) -> None:
    assert calendar.hours(CRYPTO)[:2] == (True, 0)
    assert calendar.hours(CRYPTO) == (True, 0, True, True, 0)


def test_sessions_over_midnight(calendar: Any) -> None:
    # 2026-01-04 is a Sunday.
    for moment, answer in {
        "2026-01-04T22:59": (False, at("2026-01-02T22:00")),
        "2026-01-04T23:00": (True, at("2026-01-04T23:00")),
        "2026-01-05T21:59": (True, at("2026-01-04T23:00")),
        "2026-01-05T22:00": (False, at("2026-01-05T22:00")),
        "2026-01-05T23:30": (True, at("2026-01-05T23:00")),
        "2026-01-09T21:59": (True, at("2026-01-08T23:00")),
        "2026-01-10T12:00": (False, at("2026-01-09T22:00")),
    }.items():
        assert calendar.session_at(FUTURE, at(moment)) == answer, moment


def test_sessions_that_meet_are_one(calendar: Any, owner: str) -> None:
    with boa.env.prank(owner):
        calendar.set_week(7, 0, sum(bits(day, 0, 24) for day in range(5)))
        calendar.assign(GOLD, 7)
    assert calendar.session_at(GOLD, at("2026-01-08T10:00")) == (True, at("2026-01-05"))
    assert calendar.session_at(GOLD, at("2026-01-11T10:00")) == (False, at("2026-01-10"))
    # Around the clock it is open since as long as anybody looks.
    calendar.set_week(7, 0, sum(bits(day, 0, 24) for day in range(7)), sender=owner)
    assert calendar.session_at(GOLD, at("2026-01-20T10:00")) == (True, at("2026-01-06"))


def test_a_session_of_yesterday_outlasts_a_short_one_of_today(calendar: Any, owner: str) -> None:
    # Monday 20:00 to Tuesday 12:00, Tuesday 01:00 to 02:00: hours that nobody should enter.
    calendar.set_week(8, 0, bits(0, 20, 36) + bits(1, 1, 2), sender=owner)
    calendar.assign(GOLD, 8, sender=owner)
    assert calendar.session_at(GOLD, at("2026-01-06T03:00"))[0]
    assert calendar.session_at(GOLD, at("2026-01-06T13:00")) == (False, at("2026-01-06T12:00"))


def test_never_open(calendar: Any, owner: str) -> None:
    # A calendar without sessions: closed as long as anybody looks, and at the start of time.
    calendar.assign(GOLD, 99, sender=owner)
    now = at("2026-01-20T10:00")
    assert calendar.session_at(GOLD, now) == (False, now - 14 * 86_400)
    assert calendar.session_at(GOLD, 5) == (False, 0)
    assert calendar.session_at(STOCK, 0) == (False, 0)


def test_undescribed_days_follow_standard_time(calendar: Any) -> None:
    # A Tuesday of 2031: open, if an hour off in summer; a calendar not kept up closes nothing.
    assert calendar.session_at(STOCK, at("2031-07-08T15:00")) == (True, at("2031-07-08T14:30"))


def test_hours_outside_the_session(calendar: Any, owner: str) -> None:
    weekend, monday = at("2026-01-10T12:00"), at("2026-01-12T14:30")
    boa.env.evm.patch.timestamp = weekend
    since = at("2026-01-09T21:00")
    # Without a policy nothing but waiting.
    assert calendar.hours(STOCK) == (False, since, False, False, 0)
    policy = (True, False, 300, 5 * 10**16)
    calendar.set_policy(STOCK, policy, sender=owner)
    assert calendar.hours(STOCK) == (False, since, True, False, policy[3])
    # After the open, auctions still wait for a while.
    for second, may in ((0, False), (299, False), (300, True)):
        boa.env.evm.patch.timestamp = monday + second
        assert calendar.hours(STOCK) == (True, monday, True, may, 0)
    calendar.set_policy(STOCK, (False, True, 300, 0), sender=owner)
    boa.env.evm.patch.timestamp = weekend
    assert calendar.hours(STOCK) == (False, since, False, True, 0)


def test_figures_of_an_underlying_do_not_touch_each_other(calendar: Any, owner: str) -> None:
    extremes = ((False, False, 0, 0), (True, False, 86_400, 0), (False, True, 0, 10**18))
    with boa.env.prank(owner):
        for number in (2**128 - 1, 0, NEW_YORK):
            calendar.assign(STOCK, number)
            for policy in extremes:
                calendar.set_policy(STOCK, policy)
                assert calendar.policy_of(STOCK) == policy
                assert calendar.calendar_of(STOCK) == number
            calendar.assign(STOCK, 5)
            assert calendar.policy_of(STOCK) == extremes[-1]
        with boa.reverts("calendar: number too large"):
            calendar.assign(STOCK, 2**128)


def test_what_is_set_is_logged(calendar: Any, owner: str) -> None:
    with boa.env.prank(owner):
        calendar.assign(9, 3)
        assert [*calendar.get_logs()[0][1:4]] == [9, 0, 3]
        calendar.set_days(3, 160, 5)
        assert [*calendar.get_logs()[0][1:5]] == [3, 160, 0, 5]
        calendar.set_special_day(3, 20_480, 60, 120)
        assert [*calendar.get_logs()[0][1:6]] == [3, 20_480, 0, 60, 120]
        calendar.set_week(3, 1, 0)
        assert [*calendar.get_logs()[0][1:5]] == [3, 1, 0, 0]
        calendar.set_policy(9, (True, True, 1, 2))
        assert calendar.get_logs()[0].policy == (True, True, 1, 2)


# -- refusals --


def test_reverts_caller_is_not_the_owner(calendar: Any) -> None:
    for name, arguments in {
        "assign": (1, 1),
        "set_policy": (1, (False, False, 0, 0)),
        "set_week": (1, 0, 0),
        "set_days": (1, 0, 0),
        "set_special_day": (1, 0, 0, 0),
    }.items():
        with boa.reverts("ownable: caller is not the owner"):
            getattr(calendar, name)(*arguments, sender=boa.env.generate_address("intruder"))


def test_reverts_for_bad_figures(calendar: Any, owner: str) -> None:
    nothing = (False, False, 0, 0)
    with boa.env.prank(owner):
        for underlying in (0, 2**16):
            with boa.reverts("calendar: no such underlying"):
                calendar.assign(underlying, 1)
            with boa.reverts("calendar: no such underlying"):
                calendar.set_policy(underlying, nothing)
        with boa.reverts("calendar: gap too large"):
            calendar.set_policy(1, (False, False, 0, 10**18 + 1))
        with boa.reverts("calendar: grace too long"):
            calendar.set_policy(1, (False, False, 86_401, 0))
        with boa.reverts("calendar: no such season"):
            calendar.set_week(1, 2, 0)
        with boa.reverts("calendar: more than seven days"):
            calendar.set_week(1, 0, 1 << 168)
        for word in (bits(6, 10, 10), bits(0, 10, 9), bits(3, 24, 25)):
            with boa.reverts("calendar: closes before it opens"):
                calendar.set_week(1, 0, word)
        with boa.reverts("calendar: longer than a day"):
            calendar.set_week(1, 0, bits(2, 1, 26))
        with boa.reverts("calendar: longer than a day"):
            calendar.set_special_day(1, 0, 0, 1_441)
        for opens, closes in ((1_440, 1_500), (0, 4_096)):
            with boa.reverts("calendar: no such minute"):
                calendar.set_special_day(1, 0, opens, closes)
    with boa.reverts("calendar: time out of range"):
        calendar.session_at(1, 2**40)
    with boa.reverts("calendar: no owner"):
        compiled("oracle/Calendar.vy").deploy("0x" + 40 * "0")


def test_market_hours_must_make_sense() -> None:
    with pytest.raises(ParameterError):
        Market("UTC", time(10), time(10))
    with pytest.raises(ParameterError):
        # Opens on the day before, in UTC.
        Market("Asia/Tokyo", time(8), time(15)).week(0, 2026)
