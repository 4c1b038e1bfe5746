"""The crashes that the project ships."""

from datetime import UTC, datetime

import pytest

from novate.data import SCENARIOS, load_scenario
from novate.errors import ParameterError


def at(path, date):
    return next(
        bar for bar in path.bars if datetime.fromtimestamp(bar.timestamp, UTC).date() == date
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_bars_are_in_order_and_whole(name):
    path = load_scenario(name)
    assert path.name == name and path.underlying == "S&P 500"
    times = [bar.timestamp for bar in path.bars]
    assert times == sorted(set(times))
    for bar in path.bars:
        when = datetime.fromtimestamp(bar.timestamp, UTC)
        assert (when.hour, when.minute) == (21, 0) and when.weekday() < 5
        assert 0 < bar.low <= bar.close <= bar.high
        assert 0.05 < bar.implied_volatility < 1.5
        assert type(bar.close) is type(bar.high) is type(bar.implied_volatility) is float


def test_volmageddon():
    path = load_scenario("volmageddon")
    assert len(path.bars) == 61 and path.volatility_source == "VIX"
    first, last = (datetime.fromtimestamp(path.bars[i].timestamp, UTC) for i in (0, -1))
    assert (first.isoformat(), last.isoformat()) == (
        "2018-01-02T21:00:00+00:00",
        "2018-03-29T21:00:00+00:00",
    )
    # VIX closed at 37.32 on 5 February 2018, after 17.31; the index lost 4.1 %.
    before = at(path, datetime(2018, 2, 2).date())
    crash = at(path, datetime(2018, 2, 5).date())
    assert (before.implied_volatility, crash.implied_volatility) == pytest.approx((0.1731, 0.3732))
    assert crash.close == pytest.approx(2_648.94) and crash.low < crash.close < crash.high
    assert crash.close / before.close == pytest.approx(0.959, abs=1e-3)


def test_lehman():
    path = load_scenario("lehman")
    assert len(path.bars) == 85 and path.volatility_source == "EWMA(0.94) of returns x 1.10"
    assert at(path, datetime(2008, 9, 15).date()).close == pytest.approx(1_192.70)
    # VIX closed at 80.86 on 20 November 2008.
    assert at(path, datetime(2008, 11, 20).date()).implied_volatility == pytest.approx(
        0.8, abs=0.01
    )


def test_unknown_scenario_names_the_known_ones():
    with pytest.raises(ParameterError) as error:
        load_scenario("tulips")
    assert str(error.value) == (
        "scenario = 'tulips': accepted is volmageddon, lehman or FIRST/LAST as dates"
    )


def test_any_time_by_its_dates():
    """With VIX as far as it reaches back; the shipped crashes are such times themselves."""
    path = load_scenario("2015-08-10/2015-09-18")
    assert path.volatility_source == "VIX" and len(path.bars) == 29
    # VIX closed at 40.74 on 24 August 2015, after 28.03.
    assert at(path, datetime(2015, 8, 24).date()).implied_volatility == pytest.approx(0.4074)
    # Closed from 11 to 14 September 2001, and 4.9 % lower after it.
    path = load_scenario("2001-09-04/2001-09-21")
    assert path.volatility_source == "EWMA(0.94) of returns x 1.10" and len(path.bars) == 10
    after, before = (at(path, datetime(2001, 9, day).date()).close for day in (17, 10))
    assert after / before == pytest.approx(0.951, abs=1e-3)
    for name, dates in (
        ("lehman", "2008-09-01/2008-12-31"),
        ("volmageddon", "2018-01-01/2018-03-31"),
    ):
        assert load_scenario(name).bars == load_scenario(dates).bars


@pytest.mark.parametrize("name", ["2011-08-01", "2011-08-01/2011-13-01", "2011-08-05/2011-08-01"])
def test_what_is_no_time_is_refused(name):
    with pytest.raises(ParameterError):
        load_scenario(name)


def test_times_before_the_data_are_refused():
    with pytest.raises(ParameterError, match="dates from 1999-01-04 on"):
        load_scenario("1987-10-01/1987-10-31")


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (None, None, 61),
        ("2018-02-05", "2018-02-09", 5),
        (datetime(2018, 2, 5).date(), None, 38),
        (None, "2018-01-03", 2),
        ("2018-02-05T21:00", "2018-02-06T21:00:00Z", 2),
        ("2018-02-05T21:00:01", "2018-02-07T20:59", 1),
    ],
)
def test_between(start, end, count):
    path = load_scenario("volmageddon")
    if count < 2:
        with pytest.raises(ParameterError, match="two bars or more of 2018-01-02 to 2018-03-29"):
            path.between(start, end)
    else:
        part = path.between(start, end)
        assert len(part.bars) == count and part.name == "volmageddon"


@pytest.mark.parametrize("dates", [("yesterday", None), (None, "2018-13-01"), ("", None)])
def test_between_refuses_what_is_no_date(dates):
    with pytest.raises(ParameterError, match="ISO date such as"):
        load_scenario("volmageddon").between(*dates)
