"""Greeks: together and singly the same, as the twin has them, with limits where time ends."""

import random
from typing import Any

import boa
import pytest
from mpmath import mp

from benchmarks.accuracy import market_point, scale, truth
from novate.reference.pricing import YEAR, Greeks, greeks
from novate.series import WAD

SINGLES = {
    "delta": ("call_delta", "put_delta"),
    "gamma": ("gamma",),
    "vega": ("vega",),
    "theta": ("call_theta", "put_theta"),
    "rho": ("call_rho", "put_rho"),
    "vanna": ("vanna",),
    "volga": ("volga",),
}


def points(count: int) -> list[tuple[int, int, int, int, int]]:
    rng = random.Random(12)
    return [
        (
            1_500 * WAD,
            int(1_500 * WAD * 10 ** (rng.uniform(-1, 1) ** 3)),
            int(10 ** rng.uniform(17, 18.5)),
            rng.randrange(3_600, 10 * YEAR),
            int(rng.uniform(-0.1, 0.2) * WAD),
        )
        for _ in range(count)
    ]


def test_equal_to_the_floating_point_twin(maths: Any) -> None:
    for spot, strike, volatility, time, rate in points(60):
        found = maths.all_greeks(spot, strike, volatility, time, rate)
        twin = greeks(spot / WAD, strike / WAD, volatility / WAD, time, rate / WAD)
        for name in Greeks._fields:
            expected = float(getattr(twin, name))
            assert getattr(found, name) / WAD == pytest.approx(expected, rel=1e-9, abs=1e-8), name


def test_singly_as_together(maths: Any) -> None:
    for point in points(25):
        together = maths.all_greeks(*point)
        for name, fields in SINGLES.items():
            found = getattr(maths, name)(*point)
            expected = tuple(getattr(together, f) for f in fields)
            found = found if isinstance(found, tuple) else (found,)
            # The stated error, and the same terms in another order.
            slack = 20_000 if name in ("delta", "gamma") else point[0] // 10**14
            assert all(abs(a - b) <= slack for a, b in zip(found, expected, strict=True)), name


def test_delta_gamma_and_vega_against_50_digits(maths: Any) -> None:
    rng = random.Random(19)
    for _ in range(120):
        point = market_point(rng)
        exact = truth(point)
        with mp.workdps(50):
            for name, value in (
                ("call_delta", maths.delta(*point)[0]),
                ("gamma", maths.gamma(*point)),
                ("vega", maths.vega(*point)),
            ):
                error = max(abs(value - exact[name]) - 3, 0) / scale(name, point, exact)
                # What a wei of the discounted strike moves d1 by, at a spot of 0.001.
                assert error <= 1e-13 + 1e3 / point[0] / float(exact["s"]), (name, point)


def test_singly_as_together_at_the_ends(maths: Any) -> None:
    """Ends of the domain, kinks, nothing to gain or lose, and each branch of the logarithm."""
    top = 2**128 - 1
    terms = [(0, 0), (WAD, 0), (0, YEAR), (WAD, YEAR), (2**70 - 1, 2**29 - 1), (1, 1)]
    strikes = (0, 1, 500 * WAD, 999 * WAD, 1_000 * WAD, 1_001 * WAD, 2_001 * WAD, 9_000 * WAD, top)
    for spot in (0, 1, 1_000 * WAD, top):
        for strike in strikes:
            for volatility, time in terms:
                point = (spot, strike, volatility, time, WAD // 20)
                together = maths.all_greeks(*point)
                assert abs(maths.delta(*point)[0] - together.call_delta) <= 20_000, point
                slack = 20_000 + max(together.vega, spot) * 13 // 10**14
                assert abs(maths.vega(*point) - together.vega) <= slack, point
                slack = 20_000 + together.gamma * 13 // 10**14
                if min(spot, strike) > 10**9:
                    assert abs(maths.gamma(*point) - together.gamma) <= slack, point


def test_values_are_those_of_the_price(maths: Any) -> None:
    for point in points(25):
        call, put = maths.values(*point)
        together = maths.all_greeks(*point)
        slack = point[0] * 13 // 10**14
        assert abs(together.call - call) <= slack and abs(together.put - put) <= slack


@pytest.mark.parametrize("terms", [(0, YEAR), (WAD, 0), (0, 0)])
def test_without_time_or_volatility_delta_is_a_step(maths: Any, terms: tuple[int, int]) -> None:
    for strike, delta in ((1_000, WAD), (1_500, WAD // 2), (2_000, 0), (9_000, 0), (100, WAD)):
        found = maths.all_greeks(1_500 * WAD, strike * WAD, *terms, 0)
        assert abs(found.call_delta - delta) <= 5
        assert found.put_delta == found.call_delta - WAD
        if strike != 1_500:
            assert (found.gamma, found.vega, found.vanna, found.volga) == (0, 0, 0, 0)
        assert found.call == max(1_500 - strike, 0) * WAD


def test_nothing_to_gain_or_to_lose(maths: Any) -> None:
    assert maths.all_greeks(0, 5 * WAD, WAD, YEAR, 0).call_delta == 0
    free = maths.all_greeks(5 * WAD, 0, WAD, YEAR, 0)
    assert (free.call, free.call_delta, free.put) == (5 * WAD, WAD, 0)
    assert maths.all_greeks(0, 0, WAD, YEAR, 0).call == 0


def test_total_at_the_ends_of_the_domain(maths: Any) -> None:
    top = 2**128 - 1
    for spot, strike in ((top, top), (1, top), (top, 1), (top, top // 3)):
        for volatility, time, rate in ((2**70 - 1, 2**29 - 1, 2**61 - 1), (1, 1, -(2**61))):
            found = maths.all_greeks(spot, strike, volatility, time, rate)
            assert 0 <= found.call_delta <= WAD
            assert found.gamma >= 0 and found.vega >= 0
            assert found.call <= spot


def test_reverts_beyond_the_domain(maths: Any) -> None:
    with boa.reverts("black_scholes: spot too large"):
        maths.all_greeks(2**128, 1, WAD, 1, 0)
    with boa.reverts("black_scholes: rate too large"):
        maths.vega(1, 1, WAD, 1, 2**61)


SINGLE_AND_ALL = ("all_greeks", "delta", "gamma", "theta", "values")


@pytest.mark.parametrize("name", SINGLE_AND_ALL)
def test_each_argument_has_its_end(maths: Any, name: str) -> None:
    last = (2**128 - 1, 2**128 - 1, 2**70 - 1, 2**29 - 1, 2**61 - 1)
    reasons = ("spot too large", "strike too large", "vol too large", "time too long")
    getattr(maths, name)(*last)
    for place, reason in enumerate((*reasons, "rate too large")):
        beyond = [*last]
        beyond[place] += 1
        with boa.reverts(f"black_scholes: {reason}"):
            getattr(maths, name)(*beyond)
    with boa.reverts("black_scholes: rate too large"):
        getattr(maths, name)(1, 1, 1, 1, -(2**61) - 1)
