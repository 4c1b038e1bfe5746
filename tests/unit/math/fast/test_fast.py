"""The margin tier against scipy over its domain, and the loop of an engine."""

import math
import random
from typing import Any

import numpy as np
import pytest
from mpmath import log as mp_log
from mpmath import mp, mpf

from novate.engine.cache import load
from novate.reference.pricing import YEAR, black76, black76_exact
from novate.series import WAD

mp.dps = 40
Q64 = 2**64
BATCH = 512
# What contracts/math/fast.vy states, of the higher of forward and strike.
BOUND = 1e-6
WIDE = 0.375
SPOTS = np.array([1.15, 1.10, 1.05, 1.0, 0.95, 0.90, 0.85, 1.20, 0.80])
VOLATILITIES = np.array([1.6, 1.0, 0.7])


@pytest.fixture(scope="module")
def fast() -> Any:
    return load("tests/harness/FastHarness.vy").deploy()


@pytest.fixture(scope="module")
def engine() -> Any:
    return load("tests/harness/FastRow.vy").deploy()


def integers(values: Any, unit: int) -> list[int]:
    return [int(v) for v in np.asarray(values, dtype=object) * unit]


def exact(forward: Any, strike: Any, deviation: Any) -> np.ndarray:
    """Calls whose standard deviation over a year is `deviation`."""
    return np.asarray(black76(forward, strike, deviation, YEAR).call)


def errors(fast: Any, x: Any, shift: Any, s: Any) -> np.ndarray:
    """Of the higher of shifted forward and strike, signed."""
    strike, shifted = np.exp(-x), np.exp(shift)
    got = fast.calls(
        [WAD] * len(x),
        integers(strike, WAD),
        integers(x, Q64),
        integers(shift, Q64),
        integers(s, Q64),
        integers(shifted, WAD),
    )
    values = np.array(got, dtype=np.float64) / WAD
    return (values - exact(shifted, strike, s)) / np.maximum(shifted, strike)


def study(fast: Any, points: int, seed: int) -> float:
    """Highest error over random, dense and adversarial points."""
    rng = np.random.default_rng(seed)
    worst = 0.0
    for turn in range(points // BATCH):
        kind = turn % 5
        shift = np.log(rng.choice(SPOTS, BATCH))
        if kind == 0:
            s, x = rng.uniform(0.001, 5, BATCH), rng.uniform(-2, 2, BATCH)
        elif kind == 1:
            # Around both ends of the table and between.
            s = 10 ** rng.uniform(-5, math.log10(WIDE), BATCH)
            x = rng.uniform(-7, 7, BATCH) * s - shift
        elif kind == 2:
            # Where one method takes over from the other, and both err most.
            s = WIDE * (1 + rng.choice([-1, 1], BATCH) * 10 ** rng.uniform(-9, -1, BATCH))
            x = rng.uniform(-3, 3, BATCH) * s
        elif kind == 3:
            # The shifted forward at the strike, to the last digits.
            s = 10 ** rng.uniform(-4, 0.5, BATCH)
            x = -shift + rng.choice([-1, 1], BATCH) * 10 ** rng.uniform(-15, -4, BATCH)
        else:
            s, x = 10 ** rng.uniform(-2, 1.2, BATCH), rng.uniform(-12, 12, BATCH)
        worst = max(worst, float(np.abs(errors(fast, x, shift, s)).max()))
    return worst


def test_error_over_the_domain(fast: Any) -> None:
    assert study(fast, 40 * BATCH, 1) <= BOUND


def test_error_is_not_stated_too_large(fast: Any) -> None:
    # The bound is used as a charge: it should be of the size of the truth.
    assert study(fast, 20 * BATCH, 2) >= BOUND / 4


def test_far_tails_are_payoff_and_nothing(fast: Any) -> None:
    scale, inverse = fast.narrow(Q64 // 100)
    for distance in (Q64 // 17, Q64, 2**71):
        assert fast.call(2 * WAD, WAD, distance, scale, inverse) == WAD
        assert fast.call(WAD, 2 * WAD, -distance, scale, inverse) == 0


def test_no_deviation_gives_the_payoff(fast: Any) -> None:
    scale, inverse = fast.narrow(0)
    for forward, strike in ((2_750, 2_700), (2_750, 2_750), (2_700, 2_750)):
        y = fast.moneyness(forward * WAD, strike * WAD)
        value = fast.call(forward * WAD, strike * WAD, y, scale, inverse)
        assert abs(value - max(forward - strike, 0) * WAD) <= forward * WAD // 10**11


def test_prices_of_zero_and_huge_deviations(fast: Any) -> None:
    assert fast.moneyness(0, WAD) == -(2**71) and fast.moneyness(WAD, 0) == 2**71
    for s in (int(0.1 * Q64), Q64, 2**77, 2**78 - 1):
        for forward, strike in ((0, WAD), (WAD, 0), (2**128 - 1, 1), (1, 2**128 - 1), (WAD, WAD)):
            y = fast.moneyness(forward, strike)
            value = fast.calls([forward], [strike], [y], [0], [s], [forward])[0]
            bound = max(forward, strike) * BOUND + 1
            assert max(forward - strike, 0) - bound <= value <= forward + bound
    # Volatility without end: the call is worth the forward.
    assert fast.wide(WAD, 2 * WAD, fast.moneyness(WAD, 2 * WAD), 2**77)[:2] == [WAD, WAD]


def test_moneyness_and_shifts(fast: Any) -> None:
    rng = random.Random(3)
    for _ in range(200):
        forward, strike = (int(WAD * 10 ** rng.uniform(-6, 9)) for _ in range(2))
        truth = mp_log(mpf(forward) / strike)
        assert abs(mpf(fast.moneyness(forward, strike)) / Q64 - truth) < mpf("1e-16")
    for multiple in SPOTS:
        got = mpf(fast.spot_shift(int(multiple * WAD))) / Q64
        assert abs(got - mp_log(mpf(int(multiple * WAD)) / WAD)) < mpf("2e-16")


def test_wide_polynomial_is_the_price_and_its_derivatives(fast: Any) -> None:
    step = mpf("1e-6")
    for s, x in ((0.4, -0.3), (0.9, 0.2), (3.0, 1.0)):
        strike = mpf(int(math.exp(-x) * WAD)) / WAD
        y = fast.moneyness(WAD, int(strike * WAD))
        c = fast.wide(WAD, int(strike * WAD), y, int(s * Q64))
        low, mid, high = (
            black76_exact(mp.e ** (n * step), strike, mpf(int(s * Q64)) / Q64, YEAR).call
            for n in (-1, 0, 1)
        )
        # Mills' ratio to nine digits.
        assert abs(c[0] - mid * WAD) < 10**9
        assert abs(c[1] - (high - low) / (2 * step) * WAD) < 10**9
        assert abs(c[2] - (high - 2 * mid + low) / (2 * step**2) * WAD) < 10**9


def test_single_wide_call(fast: Any) -> None:
    """Anywhere from the money, from the least wide volatility to a hopeless one."""
    rng = np.random.default_rng(3)
    deviations = [0.375, 0.45, 0.65, 1.0, 2.5, 10.0, 1_000.0]
    for s in deviations:
        for x in (0.0, *rng.uniform(-4, 4, 12), -30.0, 30.0):
            strike = int(math.exp(-x) * WAD)
            y = fast.moneyness(WAD, strike)
            exact = black76_exact(1, mpf(strike) / WAD, mpf(int(s * Q64)) / Q64, YEAR).call
            got = mpf(fast.direct(WAD, strike, y, int(s * Q64))) / WAD
            assert abs(got - exact) <= 3.2e-10 * (1 + strike / WAD) + 1e-17


@pytest.mark.parametrize("seconds", [3_600, 86_400, 7 * 86_400, 30 * 86_400, 120 * 86_400, YEAR])
def test_loop_of_an_engine(engine: Any, seconds: int) -> None:
    # 16 strikes with their own volatilities: the whole grid against the exact reference.
    rng = np.random.default_rng(seconds)
    forward, n = 2_750.0, 16
    strikes = np.array([2_350.0 + 50 * i for i in range(n)])
    sigma = rng.uniform(0.5, 0.9, n)
    quantities = rng.choice([-3.0, -1.0, 0.5, 2.0], n)
    deviations = sigma * math.sqrt(seconds / YEAR)
    got = engine.book(
        int(forward) * WAD,
        integers(SPOTS, Q64),
        integers(np.log(SPOTS), Q64),
        integers(VOLATILITIES, Q64),
        integers(strikes, WAD),
        integers(np.log(forward / strikes), Q64),
        integers(deviations, Q64),
        integers(quantities, WAD),
    )
    allowed = BOUND * float(np.sum(np.abs(quantities) * np.maximum(1.2 * forward, strikes)))
    for v, up in enumerate(VOLATILITIES):
        for j, multiple in enumerate(SPOTS if v == 0 else SPOTS[:7]):
            true = float(quantities @ exact(forward * multiple, strikes, deviations * up))
            assert abs(got[9 * v + j] / WAD**2 - true) <= allowed
