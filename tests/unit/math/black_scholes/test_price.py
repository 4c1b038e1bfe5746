"""Black-Scholes against 50 digits, its limits and the end of its domain."""

from typing import Any

import boa
import pytest

from benchmarks.accuracy import STUDIES
from novate.reference.pricing import YEAR
from novate.series import WAD

TOP = 2**128 - 1


def test_errors_of_a_sample_stay_within_the_stated_bounds(
    accuracy_sample: dict[str, float],
) -> None:
    """The full study is `python -m benchmarks.accuracy`."""
    bounds = {
        "black_scholes_call": 6.5e-14,
        "black_scholes_put": 6.5e-14,
        "exp": 1e-17,
        "ln": 2e-18,
        "normal_pdf": 3e-18,
        "normal_cdf": 6e-15,
        "implied_volatility": 1e-9,
    }
    assert len(STUDIES) == 4
    for name, error in accuracy_sample.items():
        assert error <= bounds.get(name, 1e-12), name


@pytest.mark.parametrize(("spot", "strike"), [(0, 5), (5, 0), (0, 0), (TOP, 1), (1, TOP), (7, 7)])
@pytest.mark.parametrize(("volatility", "time"), [(0, 0), (WAD, 0), (0, YEAR)])
def test_without_time_or_volatility_it_is_the_payoff(
    maths: Any, spot: int, strike: int, volatility: int, time: int
) -> None:
    expected = (max(spot - strike, 0), max(strike - spot, 0))
    assert maths.values(spot, strike, volatility, time, 0) == expected


@pytest.mark.parametrize("rate", [-(2**61), 0, 2**61 - 1])
@pytest.mark.parametrize("time", [1, 2**29 - 1])
@pytest.mark.parametrize(("spot", "strike"), [(TOP, TOP), (1, TOP), (TOP, 1), (0, TOP), (TOP, 0)])
def test_ends_of_the_domain_keep_the_bounds_of_no_arbitrage(
    maths: Any, spot: int, strike: int, time: int, rate: int
) -> None:
    for volatility in (0, 1, 5 * WAD, 2**70 - 1):
        call, put = maths.values(spot, strike, volatility, time, rate)
        now = put - call + spot
        assert max(spot - now, 0) <= call <= spot and max(now - spot, 0) <= put <= now


def test_monotone_in_spot_strike_and_volatility(maths: Any) -> None:
    spot, time, rate = 1_500 * WAD, YEAR // 4, WAD // 20
    slack = spot * 13 // 10**14

    def calls(points: list[tuple[int, int, int]]) -> list[int]:
        return [maths.values(s, k, v, time, rate)[0] for s, k, v in points]

    steps = [spot * i // 50 for i in range(1, 160)]
    up = calls([(s, spot, WAD // 2) for s in steps])
    assert all(a <= b + slack for a, b in zip(up, up[1:], strict=False))
    down = calls([(spot, k, WAD // 2) for k in steps])
    assert all(b <= a + slack for a, b in zip(down, down[1:], strict=False))
    wider = calls([(spot, spot * 5 // 4, v * WAD // 30) for v in range(150)])
    assert all(a <= b + slack for a, b in zip(wider, wider[1:], strict=False))


def test_reverts_beyond_the_domain(maths: Any) -> None:
    with boa.reverts("black_scholes: spot too large"):
        maths.values(TOP + 1, 1, WAD, 1, 0)
    with boa.reverts("black_scholes: strike too large"):
        maths.values(1, TOP + 1, WAD, 1, 0)
    with boa.reverts("black_scholes: vol too large"):
        maths.values(1, 1, 2**70, 1, 0)
    with boa.reverts("black_scholes: time too long"):
        maths.values(1, 1, WAD, 2**29, 0)
    for rate in (2**61, -(2**61) - 1, 2**255 - 1, -(2**255)):
        with boa.reverts("black_scholes: rate too large"):
            maths.values(1, 1, WAD, 1, rate)
