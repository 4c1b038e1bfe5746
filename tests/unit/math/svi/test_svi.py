"""Packed smiles: rounding of the fields, values and derivatives, both tests of arbitrage."""

import math
import random
from typing import Any

import boa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf, sqrt

from novate.engine.cache import load
from novate.reference.exotics import RawSvi
from novate.series import WAD

mp.dps = 40
Q64 = 2**64
# Least-squares fits, a slice each, to chains of SPY, BTC and GLD (January 2024; the package
# stochvolmodels 2.6.0 ships them): 20, 35, 63 and 155 days, BTC 16 days.
SPY = [
    RawSvi(0.00199957335, 0.00921639576, -0.998999955, 0.0605826903, 0.00250180817),
    RawSvi(0.00320106896, 0.0142712471, -0.999, 0.0661521556, 0.0130932723),
    RawSvi(0.00582471027, 0.0229185661, -0.999, 0.0838246114, 0.0192310568),
]
GLD = [
    RawSvi(-0.00361658301, 0.0448846041, -0.114748075, -0.00590112468, 0.141730808),
    RawSvi(-0.00767676002, 0.0688845275, -0.162581516, -0.0304163492, 0.185825113),
    RawSvi(-0.00346573358, 0.0887536965, -0.109334513, -0.0453810605, 0.193547252),
    RawSvi(-0.0123088597, 0.142723661, 0.0278843151, -0.0595246434, 0.308641512),
]
BTC = [RawSvi(0.0285771938, 0.0377755706, -0.204217056, -0.0894884728, 0.0967349478)]
# Bend nearly to a negative variance: g is 0.03 at the lowest.
BENT = RawSvi(-0.00930444613, 0.0549687668, -0.0466635344, 0.00402962776, 0.199215348)
# The well-known slice of Axel Vogt, with butterfly arbitrage (Gatheral and Jacquier, section 3.1).
VOGT = RawSvi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)


@pytest.fixture(scope="module")
def svi() -> Any:
    return load("tests/harness/SviHarness.vy").deploy()


def wad(x: float) -> int:
    return round(x * WAD)


def pack(svi: Any, slice: RawSvi) -> int:
    return svi.pack(*(wad(x) for x in slice))


def random_slice(rng: random.Random) -> RawSvi | None:
    """Lopsided slices, from one day at 10 % to ten years at 500 %, mostly near a valid one."""
    width = 10 ** rng.uniform(-2.3, 1.2)
    level = width**2
    sigma = min(10 ** rng.uniform(-2, 0.5) * width, 30.0)
    rho = rng.choice(
        [rng.uniform(-0.95, 0.95), rng.choice([-1, 1]) * (1 - 10 ** rng.uniform(-6, -1))]
    )
    m = rng.uniform(-1.5, 1.5) * width
    b = 10 ** rng.uniform(-2.5, 0.3) * width
    a = level - b * (math.hypot(m, sigma) - rho * m)
    slice = RawSvi(a, b, rho, m, sigma)
    lowest = a + b * sigma * math.sqrt(1 - rho * rho)
    fits = b * (1 + abs(rho)) < 2 and abs(m) < 15 and abs(a) < 255 and lowest > 1e-11
    return slice if fits else None


def slices(count: int, seed: int) -> list[RawSvi]:
    rng = random.Random(seed)
    found: list[RawSvi] = []
    while len(found) < count:
        one = random_slice(rng)
        if one is not None:
            found.append(one)
    return found


def test_fields_round_to_nearest(svi: Any) -> None:
    units = (2**48, 2**50, 2**42, 2**47, 2**47)
    for slice in [*SPY, *GLD, *slices(30, 1)]:
        unpacked = svi.unpack(pack(svi, slice))
        for field, unit, exact in zip(unpacked, units, slice, strict=True):
            assert abs(mpf(field) / Q64 - mpf(wad(exact)) / WAD) <= mpf(1) / (2 * unit)


def test_variance_is_represented_to_1e9(svi: Any) -> None:
    day = 0.1**2 / 365
    long = 10 * 5.0**2
    cases = [
        RawSvi(day, 0.0, 0.0, 0.0, 0.01),
        RawSvi(day / 2, day / 0.02, -0.7, 0.001, 0.005),
        RawSvi(long, 0.0, 0.0, 0.0, 1.0),
        RawSvi(long / 2, 1.1, -0.6, 2.0, 14.0),
        *SPY,
        *GLD,
    ]
    for slice in cases:
        word = pack(svi, slice)
        for k in (-4.0, -1.0, -0.2, -0.01, 0.0, 0.003, 0.1, 0.7, 4.0):
            exact = [mpf(wad(x)) / WAD for x in slice]
            x = mpf(int(k * Q64)) / Q64 - exact[3]
            w = exact[0] + exact[1] * (exact[2] * x + sqrt(x * x + exact[4] ** 2))
            assert abs(mpf(svi.variance(word, int(k * Q64))) / Q64 / w - 1) <= mpf("1e-9")


def test_values_and_derivatives_are_those_of_the_fields(svi: Any) -> None:
    for slice in [*SPY, *GLD, *slices(40, 2)]:
        word = pack(svi, slice)
        rounded = RawSvi(*(float(x) / Q64 for x in svi.unpack(word)))
        for k in (-3.0, -0.1, 0.0, rounded.m, 0.3, 5.0):
            point = int(k * Q64)
            got = [x / Q64 for x in svi.derivatives(word, point)]
            truth = [float(x) for x in rounded.derivatives(k)]
            assert np.allclose(got, truth, rtol=1e-7, atol=1e-12)
            assert math.isclose(svi.variance(word, point) / Q64, got[0], abs_tol=1e-17)
            g = svi.density_factor(word, point) / Q64
            assert math.isclose(g, float(rounded.density_factor(k)), rel_tol=1e-4, abs_tol=1e-4)


def test_deviation_holds_the_volatility_of_the_strike(svi: Any) -> None:
    word = pack(svi, GLD[0])
    for time in (0, 1, 3_600, 86_400 * 30, 2**32 - 1):
        got = svi.deviation(word, Q64 // 10, time, 86_400 * 35) / Q64
        assert math.isclose(got, float(GLD[0].deviation(0.1, time, 86_400 * 35)), rel_tol=1e-9)


def test_far_arguments_neither_revert_nor_wrap(svi: Any) -> None:
    extremes = [
        RawSvi(-255.0, 1.999, 0.0, 15.0, 30.0),
        RawSvi(254.0, 1.0, 0.999999, -15.0, 1e-6),
        RawSvi(1e-12, 0.0, -0.999999, 0.0, 1e-6),
        RawSvi(1e-11, 1.0, -0.999999, 15.0, 1e-6),
    ]
    for slice in extremes:
        if slice.a < 0:
            slice = slice._replace(a=1e-9 - slice.b * slice.sigma)
        word = pack(svi, slice)
        for k in (-(2**71), -Q64, 0, 1, Q64, 2**71):
            w = float(RawSvi(*(x / Q64 for x in svi.unpack(word))).variance(k / Q64))
            assert math.isclose(svi.variance(word, k) / Q64, w, rel_tol=1e-4)
            assert 0 < svi.deviation(word, k, 2**32 - 1, 1) <= 2**77
            assert svi.deviation(word, k, 0, 1) == 0
            # A tenor of zero counts as a second.
            assert svi.deviation(word, k, 5, 0) == svi.deviation(word, k, 5, 1)
            svi.derivatives(word, k)
            svi.density_factor(word, k)
        svi.no_butterfly(word)
        for other in (pack(svi, SPY[0]), pack(svi, VOGT), word):
            svi.no_calendar(word, other)
            svi.no_calendar(other, word)


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"a": 255.1}, "svi: level out of range"),
        ({"a": -255.1}, "svi: level out of range"),
        ({"b": -1e-9}, "svi: slope out of range"),
        ({"b": 2.1}, "svi: slope out of range"),
        ({"rho": 1.0}, "svi: correlation out of range"),
        ({"rho": -1.0}, "svi: correlation out of range"),
        ({"m": 15.1}, "svi: centre out of range"),
        ({"m": -15.1}, "svi: centre out of range"),
        ({"sigma": 1e-7}, "svi: width out of range"),
        ({"sigma": 30.1}, "svi: width out of range"),
        ({"b": 1.6}, "svi: wings too steep"),
        ({"a": -0.0146}, "svi: variance not positive"),
    ],
)
def test_reverts(svi: Any, change: dict[str, float], reason: str) -> None:
    good = RawSvi(0.01, 0.1, -0.4, 0.02, 0.15)
    assert pack(svi, good) != 0
    with boa.reverts(reason):
        pack(svi, good._replace(**change))


def test_extreme_integers_are_refused_with_a_reason(svi: Any) -> None:
    for value in (2**255 - 1, -(2**255)):
        for i in range(5):
            arguments = [WAD // 100] * 5
            arguments[i] = value
            with boa.reverts():
                svi.pack(*arguments)


def test_fitted_slices_pass(svi: Any) -> None:
    for chain in (SPY, GLD, BTC):
        for slice in chain:
            assert slice.density_factor(slice.reach()).min() >= 0
            assert svi.no_butterfly(pack(svi, slice)), slice
        for near, far in zip(chain[:-1], chain[1:], strict=True):
            assert svi.no_calendar(pack(svi, near), pack(svi, far))
            assert not svi.no_calendar(pack(svi, far), pack(svi, near))
    assert svi.no_butterfly(pack(svi, BENT))


def test_known_arbitrage_is_refused(svi: Any) -> None:
    assert VOGT.density_factor(VOGT.reach()).min() < 0
    assert not svi.no_butterfly(pack(svi, VOGT))
    # The same mirrored: the other wing.
    assert not svi.no_butterfly(pack(svi, VOGT._replace(rho=-VOGT.rho, m=-VOGT.m)))
    # Crossing far out in either wing only.
    flat = RawSvi(0.04, 0.02, 0.0, 0.0, 0.2)
    for rho in (-0.5, 0.5):
        assert not svi.no_calendar(pack(svi, flat), pack(svi, RawSvi(0.05, 0.02, rho, 0.0, 0.2)))
    assert svi.no_calendar(pack(svi, flat), pack(svi, flat._replace(a=0.05, b=0.021)))
    assert svi.no_calendar(pack(svi, flat), pack(svi, flat))


def test_what_butterfly_accepts_has_no_arbitrage(svi: Any) -> None:
    accepted = sound = 0
    for slice in slices(1_000, 3):
        lowest = slice.density_factor(slice.reach()).min()
        passed = svi.no_butterfly(pack(svi, slice))
        assert not passed or lowest >= 0, slice
        accepted += passed
        sound += lowest >= 0
    # Sufficient, and close to necessary.
    assert sound > 500 and accepted >= 0.98 * sound


def test_what_calendar_accepts_does_not_cross(svi: Any) -> None:
    rng = random.Random(4)
    accepted = sound = 0
    for near in slices(500, 5):
        far = RawSvi(
            near.a + abs(near.a) * rng.uniform(-0.02, 0.2),
            min(near.b * rng.uniform(0.95, 1.4), 2 / (1 + abs(near.rho))) * 0.999,
            max(min(near.rho + rng.uniform(-0.1, 0.1), 0.99), -0.99),
            near.m + near.sigma * rng.uniform(-0.2, 0.2),
            near.sigma * rng.uniform(0.9, 1.2),
        )
        lowest = far.a + far.b * far.sigma * math.sqrt(1 - far.rho**2)
        outside = far.b * (1 + abs(far.rho)) > 2 or far.sigma > 30 or abs(far.m) > 15
        if lowest < 1e-11 or outside or abs(far.a) > 255:
            continue
        points = np.concatenate([near.reach(), far.reach()])
        gap = (far.variance(points) - near.variance(points)).min()
        passed = svi.no_calendar(pack(svi, near), pack(svi, far))
        assert not passed or gap >= 0, (near, far)
        accepted += passed
        sound += gap > 0
    assert sound > 50 and accepted >= 0.9 * sound


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    st.floats(-3, 1),
    st.floats(-3, 1.2),
    st.floats(-0.999999, 0.999999),
    st.floats(-3, 3),
    st.floats(-4, 1),
    st.floats(-0.999, 3),
)
def test_adversarial_butterflies(
    svi: Any, size: float, slope: float, rho: float, m: float, sigma: float, lift: float
) -> None:
    scale = 10**size
    width = min(max(10**sigma * scale, 1e-6), 30.0)
    b = min(10**slope * scale, 1.99 / (1 + abs(rho)))
    a = b * width * math.sqrt(1 - rho * rho) * lift
    slice = RawSvi(a, b, rho, max(min(m * scale, 15.0), -15.0), width)
    if a + b * width * math.sqrt(1 - rho * rho) < 1e-11:
        return
    if svi.no_butterfly(pack(svi, slice)):
        points = np.concatenate([slice.reach(), slice.reach() * scale])
        assert slice.density_factor(points).min() >= -1e-9
