"""Implied volatility: round trip, both kinds, limits and refusals."""

import random
from typing import Any

import boa
import pytest

from novate.reference.pricing import YEAR, black_scholes, implied_volatility
from novate.series import WAD

TERMS = (1_500 * WAD, 1_600 * WAD, YEAR // 12, WAD // 20)


def test_finds_the_volatility_of_the_price(maths: Any) -> None:
    rng = random.Random(3)
    for _ in range(150):
        spot = 1_500 * WAD
        strike = int(spot * 10 ** (rng.uniform(-1, 1) ** 3))
        volatility = int(10 ** rng.uniform(16.7, 18.7))
        time, rate = (
            rng.choice([1, int(10 ** rng.uniform(0, 8.5))]),
            int(rng.uniform(-0.1, 0.2) * WAD),
        )
        call, put = maths.values(spot, strike, volatility, time, rate)
        # What the price's own error of 1e-14 of spot leaves to be known.
        blur = 2 * spot * WAD // 10**14 // max(maths.vega(spot, strike, volatility, time, rate), 1)
        if blur < 10**9:
            for price, is_call in ((call, True), (put, False)):
                found = maths.implied(price, is_call, spot, strike, time, rate)
                assert abs(found - volatility) <= 10**9, (strike, volatility, time, rate)


def test_twin_finds_the_same() -> None:
    price = black_scholes(100.0, 110.0, 0.4, YEAR, 0.03)
    for worth, is_call in ((price.call, True), (price.put, False)):
        found = implied_volatility(worth, is_call, 100.0, 110.0, YEAR, 0.03)
        assert float(found) == pytest.approx(0.4, abs=1e-9)


def test_the_payoff_implies_nothing(maths: Any) -> None:
    assert maths.implied(0, True, *TERMS) == 0
    assert maths.implied(500 * WAD, True, 1_500 * WAD, 1_000 * WAD, YEAR, 0) == 0


def test_monotone_in_the_price(maths: Any) -> None:
    found = [maths.implied(i * 15 * WAD, True, *TERMS) for i in range(1, 100)]
    assert found == sorted(found)


def test_extremes_are_total(maths: Any) -> None:
    for price in (1, 2, 10**6, 1_500 * WAD - 1):
        assert maths.implied(price, True, *TERMS) > 0
    assert maths.implied(1, True, 10**10, 2**128 - 1, 2**29 - 1, 0) > 0


def test_reverts_without_a_volatility(maths: Any) -> None:
    with boa.reverts("implied_volatility: too dear"):
        maths.implied(1_500 * WAD, True, *TERMS)
    with boa.reverts("implied_volatility: too dear"):
        maths.implied(2**128, True, *TERMS)
    with boa.reverts("implied_volatility: too cheap"):
        maths.implied(90 * WAD, False, *TERMS)
    with boa.reverts("implied_volatility: no time"):
        maths.implied(WAD, True, 1_500 * WAD, 1_600 * WAD, 0, 0)
    with boa.reverts("black_scholes: time too long"):
        maths.implied(WAD, True, 1_500 * WAD, 1_600 * WAD, 2**29, 0)
