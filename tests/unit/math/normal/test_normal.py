"""Density, distribution and Mills' ratio against mpmath."""

import random
from typing import Any

import boa
from mpmath import erfc, exp, mp, mpf, pi, sqrt

from novate.series import WAD

mp.dps = 60
Q64 = 2**64


def mills(z: Any) -> Any:
    if z > 60:
        fraction = z
        for k in range(80, 0, -1):
            fraction = z + k / fraction
        return 1 / fraction
    return sqrt(pi / 2) * exp(z * z / 2) * erfc(z / sqrt(mpf(2)))


def test_mills_ratio_everywhere(maths: Any) -> None:
    rng = random.Random(1)
    points = [0, 1, 23 * Q64, 2**78, 2**99, *(int(z * Q64) for z in range(1, 40))]
    # Where the partial denominators of the plain continued fraction would pass through zero.
    points += [int(Q64 * rng.uniform(23.2, 23.5)) for _ in range(50)]
    points += [int(Q64 * 10 ** rng.uniform(-6, 2)) for _ in range(300)]
    for z in points:
        assert abs(mpf(maths.mills_q64(z)) / Q64 - mills(mpf(z) / Q64)) <= mpf("1.8e-15"), z


def test_cdf_within_6e15(maths: Any) -> None:
    for i in range(-400, 401):
        x = i * WAD // 40 + i
        exact = erfc(-mpf(x) / WAD / sqrt(mpf(2))) / 2 * WAD
        assert abs(maths.cdf(x) - exact) <= 6_000
        # Both sides are made of one tail, but for zero, which is its own mirror image.
        assert x == 0 or abs(maths.cdf(x) + maths.cdf(-x) - WAD) <= 3


def test_cdf_is_monotone(maths: Any) -> None:
    values = [maths.cdf(i * WAD // 50) for i in range(-300, 301)]
    assert values == sorted(values)


def test_pdf_within_three_wei(maths: Any) -> None:
    for i in range(-400, 401):
        x = i * WAD // 40 + i
        exact = exp(-((mpf(x) / WAD) ** 2) / 2) / sqrt(2 * pi) * WAD
        assert abs(maths.pdf(x) - exact) <= 3


def test_far_tails_are_total(maths: Any) -> None:
    for x in (41 * WAD, 2**255 - 1):
        assert (maths.cdf(x), maths.pdf(x)) == (WAD, 0)
    for x in (-41 * WAD, -(2**255)):
        assert (maths.cdf(x), maths.pdf(x)) == (0, 0)


def test_quantile_is_the_inverse(maths: Any) -> None:
    for p in (1, 10**6, 10**12, 10**17, 4 * 10**17, WAD // 2 - 1, WAD // 2, WAD // 2 + 1, WAD - 1):
        z = maths.quantile(p)
        exact = erfc(-mpf(z) / WAD / sqrt(mpf(2))) / 2 * WAD
        density = exp(-((mpf(z) / WAD) ** 2) / 2) / sqrt(2 * pi)
        assert abs(exact - p) <= 2 + (1 + abs(z) * 2e-14 + 3_000) * density, p
        # A half is its own mirror image.
        assert p == WAD // 2 or maths.quantile(WAD - p) == -z


def test_quantile_reverts_outside_of_zero_and_one(maths: Any) -> None:
    with boa.reverts("normal: probability zero"):
        maths.quantile(0)
    for p in (WAD, 2**256 - 1):
        with boa.reverts("normal: probability not below 1"):
            maths.quantile(p)
