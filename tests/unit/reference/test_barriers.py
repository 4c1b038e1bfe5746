"""Barrier values against QuantLib 1.44's analytic engine, and against parity."""

import pytest

from novate.reference.barriers import barrier
from novate.reference.pricing import black76

# (strike, barrier, volatility, forward, days, put, up, in) at a spot of 100; QuantLib's value.
CASES = [
    (95.0, 90.0, 0.2, 103.0, 180, False, False, False, 9.463452443571535),
    (125.0, 98.0, 0.2, 98.0, 7, False, False, False, 2.637091641827658e-19),
    (125.0, 70.0, 0.6, 98.0, 7, False, False, True, 3.562864928155638e-30),
    (105.0, 90.0, 0.2, 98.0, 180, False, False, True, 0.15323595093232445),
    (95.0, 102.0, 1.5, 100.0, 180, False, True, False, 6.864078619628344e-05),
    (95.0, 102.0, 0.6, 100.0, 180, False, True, False, 0.0011996189556882086),
    (80.0, 130.0, 0.6, 103.0, 180, False, True, True, 26.04608008765649),
    (95.0, 102.0, 0.2, 100.0, 180, False, True, True, 8.286229617974477),
    (80.0, 70.0, 0.6, 98.0, 180, True, False, False, 0.09327858222703611),
    (105.0, 70.0, 0.2, 100.0, 180, True, False, False, 8.117214003586488),
    (105.0, 90.0, 0.6, 98.0, 7, True, False, True, 4.509478042218301),
    (105.0, 90.0, 0.2, 98.0, 7, True, False, True, 0.028566950377236264),
    (125.0, 130.0, 0.6, 103.0, 180, True, True, False, 25.612463849090343),
    (105.0, 102.0, 1.5, 98.0, 7, True, True, False, 2.570789403017791),
    (125.0, 102.0, 1.5, 103.0, 180, True, True, True, 54.94598306878523),
    (105.0, 102.0, 0.6, 100.0, 180, True, True, True, 17.572581943938573),
]


@pytest.mark.parametrize("case", CASES)
def test_quantlib(case: tuple[float, float, float, float, int, bool, bool, bool, float]) -> None:
    strike, level, volatility, forward, days, is_put, is_up, knocks_in, expected = case
    found = barrier(
        100.0,
        forward,
        strike,
        level,
        volatility,
        days * 86_400,
        is_put=is_put,
        is_up=is_up,
        knocks_in=knocks_in,
    )
    assert float(found) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("is_up", [False, True])
@pytest.mark.parametrize("is_put", [False, True])
def test_beyond_the_barrier(is_put: bool, is_up: bool) -> None:
    kind = {"is_put": is_put, "is_up": is_up}
    for spot in (100.0, 120.0 if is_up else 80.0):
        plain = black76(spot, 95.0, 0.5, 10**6)
        value = float(plain.put if is_put else plain.call)
        knocked = float(barrier(spot, spot, 95.0, 100.0, 0.5, 10**6, knocks_in=True, **kind))
        assert knocked == value
        assert barrier(spot, spot, 95.0, 100.0, 0.5, 10**6, knocks_in=False, **kind) == 0


def test_without_time_only_what_was_crossed_counts() -> None:
    out = barrier(100.0, 100.0, 90.0, 110.0, 0.5, 0, is_put=False, is_up=True, knocks_in=False)
    assert out == 10
