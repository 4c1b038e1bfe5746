"""The pool among informed and uninformed flow: within its limits by its prices, beyond without."""

from typing import Any

import pytest

from novate.pool_study import CAPITAL, DELTA, GAMMA, VEGA, study

DAYS = 12


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    return study("volmageddon", days=DAYS)


def test_incentives_keep_risk_within_its_limits(outcomes: dict[str, Any]) -> None:
    outcome = outcomes["with"]
    assert len(outcome.days) == DAYS and outcome.breaches == 0
    assert outcome.largest("delta") < DELTA and outcome.largest("gamma") < GAMMA
    assert outcome.largest("vega") < VEGA
    assert outcome.least_margin > 0 and outcome.drawdown < 0.05
    assert sum(day.trades for day in outcome.days) > DAYS


def test_without_them_the_same_flow_breaks_the_limits(outcomes: dict[str, Any]) -> None:
    outcome = outcomes["without"]
    assert outcome.breaches > 0
    for name in ("delta", "gamma", "vega"):
        assert outcome.largest(name) > outcomes["with"].largest(name)
    assert outcome.drawdown > outcomes["with"].drawdown


def test_figures_add_up(outcomes: dict[str, Any]) -> None:
    for outcome in outcomes.values():
        last = outcome.days[-1].standing
        assert outcome.capital[-1] == last.capital + last.reserve
        assert outcome.result == pytest.approx(outcome.capital[-1] / CAPITAL - 1)
        assert last.low <= last.capital <= last.high
        parts = outcome.parts
        assert sum(parts.values()) == pytest.approx(outcome.capital[-1] - CAPITAL, abs=0.01)
        # The orders that Taylor leaves out are small beside what it explains.
        assert abs(parts["rest"]) < sum(abs(parts[n]) for n in ("theta", "delta", "gamma", "vega"))
        assert parts["fees"] > 0 > parts["gamma"] and parts["theta"] > 0
