"""Wad exponential, logarithm and root against mpmath."""

import random
from math import isqrt
from typing import Any

import boa
import pytest
from mpmath import exp, log, mp, mpf

from novate.series import WAD

mp.dps = 60


def test_exp_within_a_wei_and_1e17(maths: Any) -> None:
    rng = random.Random(1)
    points = [0, 1, -1, 135 * WAD, -41 * WAD, -415 * 10**17, 693147180559945309]
    points += [int(rng.uniform(-42, 135) * WAD) for _ in range(200)]
    points += [int(rng.uniform(-1, 1) * 10 ** rng.uniform(0, 18)) for _ in range(200)]
    for x in points:
        exact = exp(mpf(x) / WAD) * WAD
        assert abs(maths.exp(x) - exact) <= 1 + exact * mpf("1e-17"), x


@pytest.mark.parametrize("x", [-42 * WAD, -(2**255)])
def test_exp_far_below_is_zero(maths: Any, x: int) -> None:
    assert maths.exp(x) == 0


def test_ln_within_two_wei(maths: Any) -> None:
    rng = random.Random(2)
    points = [1, 2, WAD - 1, WAD, WAD + 1, 2 * WAD, 2**128 - 1]
    points += [int(10 ** rng.uniform(0, 38.5)) for _ in range(200)]
    points += [int(WAD * rng.uniform(0.5, 2)) for _ in range(200)]
    for x in points:
        assert abs(maths.ln(x) - log(mpf(x) / WAD) * WAD) <= 2, x


def test_sqrt_is_the_floor(maths: Any) -> None:
    rng = random.Random(3)
    for x in [0, 1, WAD, 2 * WAD, 2**196 - 1, *(int(10 ** rng.uniform(0, 59)) for _ in range(99))]:
        assert maths.sqrt(x) == isqrt(x * WAD)


def test_reverts_beyond_the_domain(maths: Any) -> None:
    with boa.reverts("fixed_point: exponent too large"):
        maths.exp(135 * WAD + 1)
    with boa.reverts("fixed_point: logarithm of zero"):
        maths.ln(0)
    with boa.reverts("fixed_point: value too large"):
        maths.ln(2**128)
    with boa.reverts("fixed_point: value too large"):
        maths.sqrt(2**196)
