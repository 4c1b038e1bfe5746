"""The eight barrier options: Haug's table, QuantLib, the reference, parity and limits."""

import math
import random
from typing import Any

import boa
import pytest
from scipy.special import ndtr

from novate.engine.cache import load
from novate.reference.exotics import barrier
from novate.reference.pricing import YEAR
from novate.series import WAD

Q64 = 2**64
PUT, BARRIER, UP, IN = 1, 2, 4, 8
# E. Haug, "The complete guide to option pricing formulas" (2007), table 4-13: S = 100, rebate 3,
# half a year, r = 8 %, b = 4 %; (kind, strike, barrier): values at 25 % and 30 %.
HAUG = {
    (0, 90, 95): (9.0246, 8.8334),
    (0, 100, 95): (6.7924, 7.0285),
    (0, 110, 95): (4.8759, 5.4137),
    (UP, 90, 105): (2.6789, 2.6341),
    (UP, 100, 105): (2.3580, 2.4389),
    (UP, 110, 105): (2.3453, 2.4315),
    (IN, 90, 95): (7.7627, 9.0093),
    (IN, 100, 95): (4.0109, 5.1370),
    (IN, 110, 95): (2.0576, 2.8517),
    (IN | UP, 90, 105): (14.1112, 15.2098),
    (IN | UP, 100, 105): (8.4482, 9.7278),
    (IN | UP, 110, 105): (4.5910, 5.8350),
    (PUT, 90, 95): (2.2798, 2.4170),
    (PUT, 100, 95): (2.2947, 2.4258),
    (PUT, 110, 95): (2.6252, 2.6246),
    (PUT | UP, 90, 105): (3.7760, 4.2293),
    (PUT | UP, 100, 105): (5.4932, 5.8032),
    (PUT | UP, 110, 105): (7.5187, 7.5649),
    (PUT | IN, 90, 95): (2.9586, 3.8769),
    (PUT | IN, 100, 95): (6.5677, 7.7989),
    (PUT | IN, 110, 95): (11.9752, 13.3078),
    (PUT | IN | UP, 90, 105): (1.4653, 2.0658),
    (PUT | IN | UP, 100, 105): (3.3721, 4.4226),
    (PUT | IN | UP, 110, 105): (7.0846, 8.3686),
}


@pytest.fixture(scope="module")
def exotics() -> Any:
    return load("tests/harness/ExoticsHarness.vy").deploy()


def price(
    exotics: Any, kind: int, spot: float, forward: float, strike: float, level: float, s: float
) -> int:
    arguments = (int(x * WAD) for x in (spot, forward, strike, level))
    return exotics.barrier(kind | BARRIER, *arguments, int(s * Q64))


def rebate(kind: int, level: float, sigma: float, years: float) -> float:
    """Haug's terms E (in) and F (out): what a rebate of 3 adds."""
    spot, r, b = 100.0, 0.08, 0.04
    root = sigma * math.sqrt(years)
    eta = -1 if kind & UP else 1
    mu = (b - sigma**2 / 2) / sigma**2
    if kind & IN:
        x2 = math.log(spot / level) / root + (1 + mu) * root
        y2 = math.log(level / spot) / root + (1 + mu) * root
        mirror = (level / spot) ** (2 * mu)
        alive = ndtr(eta * (x2 - root)) - mirror * ndtr(eta * (y2 - root))
        return 3 * math.exp(-r * years) * float(alive)
    slope = math.sqrt(mu**2 + 2 * r / sigma**2)
    z = math.log(level / spot) / root + slope * root
    ratio = level / spot
    return 3 * float(
        ratio ** (mu + slope) * ndtr(eta * z)
        + ratio ** (mu - slope) * ndtr(eta * (z - 2 * slope * root))
    )


def test_haugs_table(exotics: Any) -> None:
    forward = 100 * math.exp(0.04 * 0.5)
    for (kind, strike, level), values in HAUG.items():
        for sigma, published in zip((0.25, 0.30), values, strict=True):
            s = sigma * math.sqrt(0.5)
            got = price(exotics, kind, 100, forward, strike, level, s) / WAD * math.exp(-0.04)
            assert abs(got + rebate(kind, level, sigma, 0.5) - published) < 1e-4, (kind, strike)


def random_terms(rng: random.Random) -> tuple[int, float, float, float, float, float]:
    s = rng.choice([rng.uniform(0.01, 0.6), 10 ** rng.uniform(-3, 1)])
    forward = 100 * math.exp(rng.choice([0, rng.uniform(-0.1, 0.1), rng.uniform(-1, 1)]))
    strike, level = (100 * math.exp(rng.uniform(-2.5, 2.5) * s) for _ in range(2))
    kind = rng.randrange(2) * PUT | rng.randrange(2) * UP | rng.randrange(2) * IN
    return kind, 100.0, forward, strike, level, s


def test_reference_on_random_terms(exotics: Any) -> None:
    rng = random.Random(1)
    for _ in range(1_500):
        kind, spot, forward, strike, level, s = random_terms(rng)
        true = float(
            barrier(
                spot,
                forward,
                strike,
                level,
                s,
                YEAR,
                is_put=bool(kind & PUT),
                is_up=bool(kind & UP),
                knocks_in=bool(kind & IN),
            )
        )
        got = price(exotics, kind, spot, forward, strike, level, s) / WAD
        assert abs(got - true) <= 1e-13 * max(spot, forward, strike, level)


def test_strike_far_above_a_low_barrier(exotics: Any) -> None:
    """A density in wei of the barrier would have twelve digits here."""
    terms = (100.0, 100.0, 1458914371.471445, 1.403131498811855e-06, 7.296233921463037)
    true = float(barrier(*terms, YEAR, is_put=True, is_up=False, knocks_in=True))
    assert abs(price(exotics, PUT | IN, *terms) / WAD - true) <= 1e-13 * terms[2]


def test_quantlib(exotics: Any) -> None:
    ql = pytest.importorskip("QuantLib")
    today = ql.Date(1, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    rng = random.Random(2)
    kinds = {
        0: ql.Barrier.DownOut,
        UP: ql.Barrier.UpOut,
        IN: ql.Barrier.DownIn,
        UP | IN: ql.Barrier.UpIn,
    }
    for _ in range(200):
        days = rng.choice([7, 30, 182, 730])
        sigma, r, q = rng.uniform(0.1, 1.5), rng.uniform(-0.02, 0.1), rng.uniform(-0.05, 0.1)
        years = days / 365
        s = sigma * math.sqrt(years)
        kind = rng.randrange(2) * UP | rng.randrange(2) * IN
        strike = 100 * math.exp(rng.uniform(-1.5, 1.5) * s)
        level = 100 * math.exp((1 if kind & UP else -1) * rng.uniform(0.05, 2) * s)
        put = rng.random() < 0.5
        process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(100.0)),
            ql.YieldTermStructureHandle(ql.FlatForward(today, q, count)),
            ql.YieldTermStructureHandle(ql.FlatForward(today, r, count)),
            ql.BlackVolTermStructureHandle(
                ql.BlackConstantVol(today, ql.NullCalendar(), sigma, count)
            ),
        )
        option = ql.BarrierOption(
            kinds[kind],
            level,
            0.0,
            ql.PlainVanillaPayoff(ql.Option.Put if put else ql.Option.Call, strike),
            ql.EuropeanExercise(today + days),
        )
        option.setPricingEngine(ql.AnalyticBarrierEngine(process))
        forward = 100 * math.exp((r - q) * years)
        got = price(exotics, kind | put, 100, forward, strike, level, s) / WAD
        # QuantLib's own distribution function is good to 1e-12.
        assert abs(got * math.exp(-r * years) - option.NPV()) < 1e-9


def test_in_and_out_are_the_vanilla_to_the_wei(exotics: Any) -> None:
    rng = random.Random(3)
    for _ in range(300):
        kind, spot, forward, strike, level, s = random_terms(rng)
        parts = [
            price(exotics, kind & 5 | side, spot, forward, strike, level, s) for side in (0, IN)
        ]
        # A barrier beyond reach: a down barrier of one wei.
        vanilla = price(exotics, kind & PUT, spot, forward, strike, 1e-18, min(s, 2.0))
        if s <= 2:
            assert sum(parts) == vanilla
        assert min(parts) >= 0


def test_touched_already(exotics: Any) -> None:
    for kind, level in ((0, 100), (0, 101), (UP, 100), (UP, 99)):
        for put in (0, PUT):
            assert price(exotics, kind | put, 100, 102, 95, level, 0.2) == 0
            whole = price(exotics, kind | put | IN, 100, 102, 95, level, 0.2)
            assert whole == price(exotics, put, 100, 102, 95, 1e-18, 0.2)


def test_no_deviation_follows_the_forward(exotics: Any) -> None:
    for s in (0.0, 1e-13, 1e-9):
        # From 100 to 110 by way of 105, never below 100.
        assert price(exotics, UP | IN, 100, 110, 90, 105, s) == 20 * WAD
        assert price(exotics, UP, 100, 110, 90, 105, s) == 0
        assert price(exotics, IN, 100, 110, 90, 99, s) == 0
        assert price(exotics, 0, 100, 110, 90, 99, s) == 20 * WAD
        assert price(exotics, PUT | IN, 100, 90, 95, 92, s) == 5 * WAD


def test_monotone_in_the_barrier(exotics: Any) -> None:
    for kind in (IN, IN | PUT):
        values = [price(exotics, kind, 100, 101, 100, level, 0.3) for level in range(50, 101)]
        assert values == sorted(values)
        values = [price(exotics, kind | UP, 100, 101, 100, level, 0.3) for level in range(100, 180)]
        assert values == sorted(values, reverse=True)


def test_extremes_are_total(exotics: Any) -> None:
    rng = random.Random(4)
    ends = [0, 1, 10**10, WAD, 2**96, 2**128 - 1]
    deviations = [0, 1, 2**24, 2**40, 2**60, Q64, 16 * Q64, 2**78 - 1]
    for _ in range(1_500):
        spot, forward, strike, level = (rng.choice(ends) for _ in range(4))
        kind = BARRIER | rng.randrange(2) | rng.randrange(2) * UP | rng.randrange(2) * IN
        got = exotics.barrier(kind, spot, forward, strike, level, rng.choice(deviations))
        # Below 2**53 units of rounding of the domain's end.
        assert got <= (strike if kind & PUT else forward)


@pytest.mark.parametrize("place", range(4))
def test_reverts_price_too_large(exotics: Any, place: int) -> None:
    prices = [WAD] * 4
    prices[place] = 2**128
    with boa.reverts("barriers: price too large"):
        exotics.barrier(2, *prices, Q64)


@pytest.mark.parametrize("deviation", [-1, 2**78])
def test_reverts_deviation_out_of_range(exotics: Any, deviation: int) -> None:
    with boa.reverts("barriers: deviation out of range"):
        exotics.barrier(2, WAD, WAD, WAD, WAD, deviation)
