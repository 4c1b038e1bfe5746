"""The study behind the margin figures, in a short form; the long one is benchmarks/backtest.py."""

import json
import math

import numpy as np
import pytest

from benchmarks.backtest import FILE, Closes, closes, engines, forecasts, kupiec


@pytest.fixture(scope="module")
def data() -> Closes:
    return closes()


def test_kupiec() -> None:
    # 10 breaches of 1,000 are 1 %; of 250 days, 7 breaches are rejected at 5 % and 6 are not.
    assert kupiec(10, 1_000).ratio == pytest.approx(0, abs=1e-12)
    assert kupiec(6, 250).probability > 0.05 > kupiec(7, 250).probability
    # No breach at all: 2 n ln(1 / 0.99).
    assert kupiec(0, 300).ratio == pytest.approx(-600 * math.log(0.99))
    assert kupiec(5, 5).rate == 1


def test_margin_outlasts_the_next_day(data: Closes) -> None:
    """Every fortieth day, and each day of October 2008."""
    crash = [i for i, time in enumerate(data.times) if 1_222_500_000 < time < 1_225_500_000]
    part = slice(crash[0] - 250, crash[-1] + 1)
    october = Closes(data.times[part], data.prices[part], data.volatilities[part])
    for outcomes in (engines(data, every=40), engines(october)):
        assert {(o.book, o.engine) for o in outcomes} >= {
            ("naked put", "standard"),
            ("random book", "portfolio"),
            ("put spread", "portfolio, 6 % x range"),
        }
        for one in outcomes:
            assert one.coverage.breaches == 0, (one.book, one.engine)
            assert (one.margins > 0).all() and (one.losses > 0).any()


def test_breaches_are_found(data: Closes) -> None:
    (one, *_) = engines(data, every=40)
    thin = one.margins / 20
    assert 0 < (one.losses > thin).sum() < len(thin)


def test_scan_range_beside_plain_ewma(data: Closes) -> None:
    found = {one.name: one for one in forecasts(data)}
    scan, plain = found["scan range"], found["EWMA(0.94)"]
    # At equal coverage: less margin, and calmer.
    assert scan.coverage.breaches == plain.coverage.breaches == round(0.0098 * 4_780)
    assert scan.mean < 0.98 * plain.mean
    assert scan.worst_rise < 0.66 * plain.worst_rise
    # Out of sample plain EWMA fails on the dangerous side.
    assert plain.later.probability < 0.01 < plain.later.rate
    assert scan.later.rate < 0.01
    # What the limits and the stressed period are for.
    mix = found["linear mix"]
    assert scan.worst_rise < found["linear mix, rate-limited"].worst_rise < mix.worst_rise


def test_committed_figures_are_those_of_the_code(data: Closes) -> None:
    committed = json.loads(FILE.read_text())["forecasts"]
    for one in forecasts(data):
        for name, value in one.figures().items():
            if isinstance(value, float):
                assert value == pytest.approx(committed[one.name][name], rel=1e-4), one.name


def test_volatility_is_vix_where_there_is_one(data: Closes) -> None:
    assert len(data.prices) == 5_031 and np.isfinite(data.volatilities).all()
    worst = int(np.argmax(data.volatilities))
    assert 0.7 < data.volatilities[worst] < 0.9
