"""Prices, Greeks and implied volatilities against QuantLib and scipy."""

import math
import random
from importlib import import_module
from typing import Any

import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from novate.reference.pricing import YEAR
from novate.series import WAD

# It has no types.
ql: Any = import_module("QuantLib")
Point = tuple[int, int, int, int, int]


@pytest.fixture(scope="module")
def points() -> list[Point]:
    """Spots from 1 to 100,000, a day to ten years, 5 to 400 %, up to 3.5 deviations away."""
    rng, found = random.Random(144), list[Point]()
    for _ in range(300):
        spot, volatility = 10 ** rng.uniform(0, 5), math.exp(rng.uniform(-3, 1.4))
        time = int(10 ** rng.uniform(math.log10(86_400), math.log10(10 * YEAR)))
        s = volatility * math.sqrt(time / YEAR)
        strike = spot * math.exp(rng.uniform(-3.5, 3.5) * min(s, 2))
        rate = rng.uniform(-0.1, 0.2)
        found.append(
            (int(spot * WAD), int(strike * WAD), int(volatility * WAD), time, int(rate * WAD))
        )
    return found


def plain(point: Point) -> tuple[float, float, float, float, float]:
    """Spot, strike, volatility, years, rate."""
    spot, strike, volatility, time, rate = point
    return spot / WAD, strike / WAD, volatility / WAD, time / YEAR, rate / WAD


def test_values_against_scipys_distribution(maths: Any, points: list[Point]) -> None:
    for point in points:
        spot, strike, volatility, years, rate = plain(point)
        s, now = volatility * math.sqrt(years), strike * math.exp(-rate * years)
        d1 = math.log(spot / now) / s + s / 2
        call = spot * norm.cdf(d1) - now * norm.cdf(d1 - s)
        put = now * norm.cdf(s - d1) - spot * norm.cdf(-d1)
        found = maths.values(*point)
        # Doubles: 1e-16 of each product and of d1.
        assert found[0] / WAD == pytest.approx(call, abs=2e-14 * (spot + now))
        assert found[1] / WAD == pytest.approx(put, abs=2e-14 * (spot + now))


def test_values_and_greeks_against_quantlib(maths: Any, points: list[Point]) -> None:
    for point in points:
        spot, strike, volatility, years, rate = plain(point)
        discount, s = math.exp(-rate * years), volatility * math.sqrt(years)
        both = spot + strike * discount
        found = maths.all_greeks(*point)
        for side, kind in (("call", ql.Option.Call), ("put", ql.Option.Put)):
            truth = ql.BlackCalculator(
                ql.PlainVanillaPayoff(kind, strike), spot / discount, s, discount
            )
            expected = {
                side: (truth.value(), both),
                f"{side}_delta": (truth.delta(spot), 1),
                "gamma": (truth.gamma(spot), 1 / (spot * s)),
                "vega": (truth.vega(years), spot * math.sqrt(years)),
                f"{side}_theta": (
                    truth.theta(spot, years),
                    spot * volatility / math.sqrt(years) + both,
                ),
                f"{side}_rho": (truth.rho(years), both * years),
            }
            for name, (value, scale) in expected.items():
                # Its distribution function is good to some 1e-13.
                assert abs(getattr(found, name) / WAD - value) <= 1e-12 * scale + 1e-17, (
                    name,
                    point,
                )


def test_implied_volatility_against_quantlib_and_scipys_root(
    maths: Any, points: list[Point]
) -> None:
    tried = 0
    for point in points[:120]:
        spot, strike, volatility, years, rate = plain(point)
        discount = math.exp(-rate * years)
        call, put = maths.values(*point)
        is_call = strike * discount > spot
        worth = call if is_call else put
        if maths.vega(*point) * 10**4 < point[0]:
            continue
        tried += 1
        kind = ql.Option.Call if is_call else ql.Option.Put
        found = maths.implied(worth, is_call, *point[:2], *point[3:]) / WAD
        forward, due = spot / discount, worth / WAD / discount
        theirs = ql.blackFormulaImpliedStdDev(kind, strike, forward, due)
        assert found == pytest.approx(theirs / math.sqrt(years), abs=1e-5)

        def miss(s: float, terms: tuple[Any, ...] = (kind, strike, forward, due)) -> float:
            return float(ql.blackFormula(*terms[:3], s)) - float(terms[3])

        root = brentq(miss, 1e-6, 20, xtol=1e-15, rtol=1e-14)
        assert found == pytest.approx(root / math.sqrt(years), abs=1e-9 * max(1, 1 / years))
    assert tried > 80
