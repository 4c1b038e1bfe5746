"""Black-76 against 50 digits, at its limits and beyond its domain."""

import random
from typing import Any

import boa
import pytest

from novate.reference.pricing import YEAR, black76, black76_exact
from novate.series import WAD

TOP = 2**128 - 1
TEN_YEARS = 10 * YEAR


def adversarial(rng: random.Random) -> tuple[int, int, int, int]:
    """Forward, strike, volatility, seconds, thick where the formula changes branch."""
    forward = min(int(10 ** rng.uniform(0, 38.5)), TOP)
    edges = [0, 1e-15, 1e-9, 1e-4, 0.01, 0.149, 0.54, 1, 1.62, 5, 30]
    distance = rng.choice(edges) * rng.uniform(-1, 1)
    strike = min(int(forward * 10**distance), TOP)
    volatility = int(rng.choice([10 ** rng.uniform(0, 20), 10 ** rng.uniform(15, 19), 5 * WAD]))
    seconds = rng.choice([1, TEN_YEARS, rng.randrange(TEN_YEARS), int(10 ** rng.uniform(0, 9))])
    return forward, strike, volatility, seconds


def test_error_is_below_the_stated_bound(maths: Any) -> None:
    rng = random.Random(76)
    points = [adversarial(rng) for _ in range(1_000)]
    for start in range(0, len(points), 250):
        batch = points[start : start + 250]
        values = maths.prices(*(list(column) for column in zip(*batch, strict=True)))
        for (f, k, v, t), call, put in zip(batch, values[::2], values[1::2], strict=True):
            exact = black76_exact(f, k, 0, 1) if not v else black76_exact(f, k, v / 10**18, t)
            bound = 2e-14 * min(f, k) + 1
            assert abs(call - exact.call) <= bound, (f, k, v, t)
            assert abs(put - exact.put) <= bound, (f, k, v, t)
            # Parity to the wei, and the bounds of no arbitrage.
            assert call - put == f - k
            assert max(f - k, 0) <= call <= f
            assert max(k - f, 0) <= put <= k


@pytest.mark.parametrize(
    ("forward", "strike"), [(0, 5), (5, 0), (0, 0), (TOP, 1), (1, TOP), (7, 7)]
)
@pytest.mark.parametrize(("volatility", "seconds"), [(0, 0), (WAD, 0), (0, YEAR), (1, 1)])
def test_without_time_or_volatility_it_is_the_payoff(
    maths: Any, forward: int, strike: int, volatility: int, seconds: int
) -> None:
    assert maths.price(forward, strike, volatility, seconds) == (
        max(forward - strike, 0),
        max(strike - forward, 0),
    )


def test_zero_price_is_worth_the_other(maths: Any) -> None:
    assert maths.price(0, 5 * WAD, WAD, YEAR) == (0, 5 * WAD)
    assert maths.price(5 * WAD, 0, WAD, YEAR) == (5 * WAD, 0)


def test_boundless_volatility_gives_forward_and_strike(maths: Any) -> None:
    assert maths.price(5 * WAD, 3 * WAD, 2**70 - 1, 2**32 - 1) == (5 * WAD, 3 * WAD)


def test_monotone_in_strike_volatility_and_time(maths: Any) -> None:
    forward = 1_500 * WAD
    slack = forward * 5 // 10**14
    strikes = [forward * i // 400 for i in range(1, 1_200)]
    calls = [maths.price(forward, k, WAD, YEAR // 12)[0] for k in strikes[::6]]
    assert all(b <= a + slack for a, b in zip(calls, calls[1:], strict=False))
    by_volatility = [maths.price(forward, forward, v * WAD // 50, YEAR)[0] for v in range(250)]
    assert all(a <= b + slack for a, b in zip(by_volatility, by_volatility[1:], strict=False))
    by_time = [maths.price(forward, forward * 11 // 10, WAD, 3 * 2**i)[0] for i in range(28)]
    assert all(a <= b + slack for a, b in zip(by_time, by_time[1:], strict=False))


def test_reverts_beyond_the_domain(maths: Any) -> None:
    with boa.reverts("black76: forward too large"):
        maths.price(TOP + 1, 1, WAD, 1)
    with boa.reverts("black76: strike too large"):
        maths.price(1, TOP + 1, WAD, 1)
    with boa.reverts("black76: volatility too large"):
        maths.price(1, 1, 2**70, 1)
    with boa.reverts("black76: time too long"):
        maths.price(1, 1, WAD, 2**32)


def test_floating_point_twin_agrees() -> None:
    rng = random.Random(2)
    for _ in range(200):
        f, k, v, t = 100.0, 100 * 10 ** rng.uniform(-1, 1), rng.uniform(0, 5), rng.uniform(0, 1e8)
        exact, twin = black76_exact(f, k, v, t), black76(f, k, v, t)
        assert abs(twin.call - exact.call) < 1e-11 and abs(twin.put - exact.put) < 1e-11
