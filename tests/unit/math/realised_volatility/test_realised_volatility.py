"""Realised volatility and its weighted form against the reference."""

import math
import random
from typing import Any

import boa
import numpy as np
import pytest

from novate.engine.cache import load
from novate.reference.exotics import ewma, realised
from novate.series import WAD

DAY = 86_400


@pytest.fixture(scope="module")
def exotics() -> Any:
    return load("tests/harness/ExoticsHarness.vy").deploy()


def test_realised_of_closes(exotics: Any) -> None:
    rng = np.random.default_rng(1)
    for count in (2, 8, 31):
        closes = 2_750 * np.exp(np.cumsum(rng.normal(0, 0.04, count)))
        for interval in (3_600, DAY):
            got = exotics.realised_of([int(c * WAD) for c in closes], interval) / WAD
            assert math.isclose(got, realised(closes, interval), rel_tol=1e-9)


def test_by_hand(exotics: Any) -> None:
    # One per cent a day, up and down: 0.01 * sqrt(365).
    up = int(100 * math.exp(0.01) * WAD)
    closes = [100 * WAD, up, 100 * WAD, up]
    assert abs(exotics.realised_of(closes, DAY) - int(0.01 * math.sqrt(365) * WAD)) < 10**4
    # The same from squares that were summed elsewhere.
    total = sum(exotics.square(a, b) for a, b in zip(closes[:-1], closes[1:], strict=True))
    assert exotics.realised(total, 3, DAY) == exotics.realised_of(closes, DAY)
    assert exotics.realised_of([WAD] * 5, DAY) == 0


def test_ewma(exotics: Any) -> None:
    rng = random.Random(2)
    for _ in range(200):
        variance, decay = 10 ** rng.uniform(-4, 1), rng.choice([0.0, 0.94, 0.97, 1.0])
        before = 10 ** rng.uniform(-3, 6)
        price, elapsed = before * math.exp(rng.gauss(0, 0.1)), rng.choice([60, DAY, 3 * DAY])
        got = exotics.ewma(
            int(variance * WAD), int(before * WAD), int(price * WAD), elapsed, int(decay * WAD)
        )
        true = float(ewma(variance, before, price, elapsed, decay))
        assert math.isclose(got / WAD, true, rel_tol=1e-7, abs_tol=1e-9)


def test_extremes_are_total(exotics: Any) -> None:
    top = 2**128 - 1
    square = exotics.square(1, top)
    assert square == exotics.square(top, 1)
    assert math.isclose(square / WAD, math.log(top) ** 2, rel_tol=1e-12)
    for decay in (0, WAD):
        exotics.ewma(top, 1, top, 1, decay)
    exotics.realised(top, 1, 1)
    exotics.realised_of([1, top] * 15, 1)


def test_reverts(exotics: Any) -> None:
    for before, price in ((0, WAD), (WAD, 0)):
        with boa.reverts("realised_volatility: zero price"):
            exotics.square(before, price)
    with boa.reverts("realised_volatility: too large"):
        exotics.square(WAD, 2**128)
    with boa.reverts("realised_volatility: too large"):
        exotics.ewma(2**128, WAD, WAD, DAY, 0)
    with boa.reverts("realised_volatility: too large"):
        exotics.realised(2**128, 1, DAY)
    with boa.reverts("realised_volatility: decay > 1"):
        exotics.ewma(0, WAD, WAD, DAY, WAD + 1)
    for call in (
        lambda: exotics.ewma(0, WAD, WAD, 0, 0),
        lambda: exotics.realised(0, 0, DAY),
        lambda: exotics.realised(0, 1, 0),
        lambda: exotics.realised_of([WAD], DAY),
    ):
        with boa.reverts("realised_volatility: no time"):
            call()
