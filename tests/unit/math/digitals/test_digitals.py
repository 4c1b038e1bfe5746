"""Digital options against the reference, parity and limits."""

import math
import random
from typing import Any

import boa
import pytest

from novate.engine.cache import load
from novate.reference.exotics import asset_or_nothing, cash_or_nothing
from novate.series import WAD

Q64 = 2**64


@pytest.fixture(scope="module")
def exotics() -> Any:
    return load("tests/harness/ExoticsHarness.vy").deploy()


def test_reference_on_random_terms(exotics: Any) -> None:
    rng = random.Random(1)
    for _ in range(500):
        s = 10 ** rng.uniform(-3, 1)
        forward = 10 ** rng.uniform(-2, 5)
        strike = forward * math.exp(rng.uniform(-5, 5) * s)
        arguments = (int(forward * WAD), int(strike * WAD), int(s * Q64))
        forward, strike, s = arguments[0] / WAD, arguments[1] / WAD, arguments[2] / Q64
        for got, true, unit in (
            (exotics.cash(*arguments), cash_or_nothing(forward, strike, s), 1.0),
            (exotics.asset(*arguments), asset_or_nothing(forward, strike, s), forward),
        ):
            # Near the money x / s amplifies the rounding of the test's own floats by 1 / s.
            bound = unit * (1e-14 + 1e-15 / s)
            assert abs(got[0] / WAD - true.call) <= bound
            assert abs(got[1] / WAD - true.put) <= bound
            assert sum(got) == (WAD if unit == 1.0 else arguments[0])


def test_haug(exotics: Any) -> None:
    # Haug (2007), 4.19.2: cash-or-nothing put, S = 100, X = 80, T = 0.75, r = 6 %, b = 0, 35 %,
    # pays 10: 2.6710; 4.19.3: asset-or-nothing put, S = 70, X = 65, T = 0.5, r = 7 %, b = 2 %,
    # 27 %: 20.2069.
    s = int(0.35 * math.sqrt(0.75) * Q64)
    put = exotics.cash(100 * WAD, 80 * WAD, s)[1] / WAD
    assert abs(10 * put * math.exp(-0.06 * 0.75) - 2.6710) < 1e-4
    forward = 70 * math.exp(0.02 * 0.5)
    put = exotics.asset(int(forward * WAD), 65 * WAD, int(0.27 * math.sqrt(0.5) * Q64))[1] / WAD
    assert abs(put * math.exp(-0.07 * 0.5) - 20.2069) < 1e-4


def test_limits(exotics: Any) -> None:
    for s in (0, 1):
        assert exotics.cash(2 * WAD, WAD, s) == (WAD, 0)
        assert exotics.cash(WAD, 2 * WAD, s) == (0, WAD)
        assert exotics.cash(WAD, WAD, s) == (0, WAD)
        assert exotics.asset(2 * WAD, WAD, s) == (2 * WAD, 0)
    assert exotics.cash(WAD, WAD, 2**78 - 1) == (0, WAD)
    assert exotics.asset(WAD, WAD, 2**78 - 1) == (WAD, 0)
    for forward in (0, 1, 2**128 - 1):
        for strike in (0, 1, 2**128 - 1):
            for s in (0, 2**24, Q64, 2**78 - 1):
                assert sum(exotics.cash(forward, strike, s)) == WAD
                assert sum(exotics.asset(forward, strike, s)) == forward


def test_monotone_in_strike(exotics: Any) -> None:
    for function in (exotics.cash, exotics.asset):
        calls = [function(100 * WAD, k * WAD, Q64 // 4)[0] for k in range(20, 300, 5)]
        assert calls == sorted(calls, reverse=True)


def test_reverts(exotics: Any) -> None:
    with boa.reverts("digitals: forward too large"):
        exotics.cash(2**128, WAD, Q64)
    with boa.reverts("digitals: strike too large"):
        exotics.asset(WAD, 2**128, Q64)
    for s in (-1, 2**78):
        with boa.reverts("digitals: deviation out of range"):
            exotics.cash(WAD, WAD, s)
