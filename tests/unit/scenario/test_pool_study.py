"""The pool among informed and uninformed flow through a crash: within its limits at every moment by
its prices, beyond them without; and its result taken apart, beside plain arithmetic."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from novate.data.path import Bar
from novate.data.scenarios import load_scenario
from novate.pool_study import CAPITAL, EPISODES, GREEKS, LEVEL, LIMITS, PARTS, Day, study, tabulate
from novate.reference.pricing import YEAR, black76

# VIX doubles on the eleventh day.
START, DAYS = "2018-01-22", 15
WAD = 10**18


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    return study("volmageddon", days=DAYS, start=START)


def test_incentives_keep_risk_within_its_limits(outcomes: dict[str, Any]) -> None:
    outcome = outcomes["with"]
    assert len(outcome.days) == DAYS and outcome.breaches == 0
    assert all(outcome.largest(name) < LIMITS[name] for name in GREEKS)
    assert outcome.least_margin > CAPITAL / 2 and outcome.drawdown < 0.05
    assert sum(day.trades for day in outcome.days) > DAYS
    assert sum(day.hedges for day in outcome.days) > 0


def test_without_them_the_same_flow_breaks_the_limits(outcomes: dict[str, Any]) -> None:
    outcome = outcomes["without"]
    assert outcome.breaches > DAYS / 2
    for name in GREEKS:
        assert outcome.largest(name) > max(LIMITS[name], 2 * outcomes["with"].largest(name))
    assert outcome.drawdown > 2 * outcomes["with"].drawdown


def test_every_moment_counts(outcomes: dict[str, Any]) -> None:
    """Extremes are no less than what the close shows, and most are elsewhere."""
    for outcome in outcomes.values():
        elsewhere = 0
        for day in outcome.days:
            for name in GREEKS:
                close = abs(getattr(day.standing, name))
                assert day.most[name] >= close
                elsewhere += day.most[name] > close
            assert day.least["margin"] <= day.standing.maintenance
            assert day.least["capital"] <= day.standing.total
        assert elsewhere > DAYS


def test_figures_add_up(outcomes: dict[str, Any]) -> None:
    for outcome in outcomes.values():
        last = outcome.days[-1].standing
        assert outcome.result == pytest.approx(last.total / CAPITAL - 1)
        assert last.low <= last.capital <= last.high
        parts = outcome.parts
        assert sum(parts.values()) == pytest.approx(last.total - CAPITAL, abs=1e-6)
        # To a cent, day by day: nothing is left unexplained.
        assert all(abs(day.parts["residual"]) < 0.01 for day in outcome.days)
        assert parts["fees"] > 0 > parts["gamma"] and parts["theta"] > 0


def worth(day: Day, time: int, spot: float, volatility: float, fixed: float) -> float:
    """[USD] a day's book at other terms; `fixed` is what expiries in between are settled at."""
    total = 0.0
    for series, quantity in day.book:
        left = series.expiry - time
        strike = series.strike / WAD
        prices = black76(spot if left > 0 else fixed, strike, volatility, max(left, 0))
        total += quantity / WAD * float(prices.put if series.is_put else prices.call)
    return total


def slope(day: Day, time: int, spot: float, volatility: float) -> float:
    """[contracts] by Black-76's derivative."""
    total = 0.0
    for series, quantity in day.book:
        if series.expiry > time:
            deviation = volatility * np.sqrt((series.expiry - time) / YEAR)
            d1 = np.log(spot * WAD / series.strike) / deviation + deviation / 2
            total += quantity / WAD * (float(ndtr(d1)) - series.is_put)
    return total


def test_parts_are_those_of_plain_arithmetic(outcomes: dict[str, Any]) -> None:
    """What the book makes overnight, from positions, closes and Black-76 alone; the ledger's cash
    with the same values is what backers have."""
    bars: tuple[Bar, ...] = load_scenario("volmageddon").between(START).bars
    sizes = dict.fromkeys(PARTS, 0.0)
    for outcome in outcomes.values():
        for (was, day), bar in zip(pairwise(outcome.days), bars[1:], strict=False):
            assert day.time == bar.timestamp and was.ended > was.time
            before = (was.spot, was.volatility, was.spot)
            held = was.cash + worth(was, was.ended, *before)
            assert held == pytest.approx(was.standing.total, abs=0.01)
            aged = worth(was, bar.timestamp, *before)
            moved = worth(was, bar.timestamp, bar.close, was.volatility, was.spot)
            parts = {
                "delta": slope(was, bar.timestamp, *before[:2]) * (bar.close - was.spot),
                "vega": worth(was, bar.timestamp, bar.close, bar.implied_volatility, was.spot)
                - moved,
            }
            parts["gamma"] = moved - aged - parts["delta"]
            for name, amount in parts.items():
                assert day.parts[name] == pytest.approx(amount, abs=0.05), name
                sizes[name] += abs(amount)
            # The night's; the rest is what passes between trades in the afternoon.
            night = aged - worth(was, was.ended, *before)
            afternoon = abs(day.standing.theta) * (day.ended - day.time) / YEAR
            assert day.parts["theta"] == pytest.approx(night, abs=3 * afternoon + 30)
    assert all(sizes[name] > 1_000 for name in ("delta", "gamma", "vega"))


def test_a_crash_that_nobody_looked_at_when_the_rules_were_chosen() -> None:
    """The week of 6 May 2010 and the one after: the index 9 % lower and back within minutes."""
    dates = "2010-05-03/2010-05-17"
    first, last = EPISODES["May 2010"].split("/")
    assert first < dates[:10] and dates[-10:] < last
    outcomes = study(dates, level=LEVEL)
    incentives, plain = outcomes["with"], outcomes["without"]
    assert incentives.days[0].spot == LEVEL and len(incentives.days) == 10
    assert incentives.breaches == incentives.short == 0
    assert incentives.least_margin > CAPITAL / 2 and incentives.drawdown < 0.08
    assert plain.breaches > 3 and plain.drawdown > incentives.drawdown


def test_the_table_has_a_line_for_each_run() -> None:
    heading, rule, *rows = tabulate({"summer": "2002-07-01/2002-07-05"}, (1,), 1)
    assert [row.split(" | ")[3] for row in rows] == ["with", "without"]
    assert {line.count("|") for line in (heading, rule, *rows)} == {13}
