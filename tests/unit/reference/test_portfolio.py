"""The portfolio reference against the figures that the peer publishes for its own tests."""

import math
from dataclasses import replace
from statistics import NormalDist

import pytest

from novate.reference.margin import Position, Quote, View
from novate.reference.portfolio import (
    DOWN,
    FLAT,
    PRODUCTION,
    TEST,
    UP,
    assess,
    naked,
    sheet,
    volatility_shock,
)
from novate.series import HOUR, WAD, Series

EXPIRY = 1_000 * HOUR
CALL = Series(1, EXPIRY, 1_500 * WAD, False)
QUOTE = Quote(1_500, 1_500.833279310994, 1.0478844940849863, discount=0.9995)


def test_naked_call() -> None:
    found = sheet({EXPIRY: ([Position(CALL, -1)], QUOTE)}, TEST, EXPIRY - 500_400, spot=1_500)
    assert found.mark == pytest.approx(-79.37158518905994, abs=1e-9)
    assert found.basis == pytest.approx(-11.275911269415126, abs=1e-9)
    assert found.span == pytest.approx(-207.39694967130436, abs=1e-9)
    assert found.static == pytest.approx(15, abs=1e-9)
    assert found.maintenance == pytest.approx(-301.7685348603643, abs=1e-9)
    assert found.initial == pytest.approx(-368.4876197617556, abs=1e-9)


def test_production_figures() -> None:
    found = sheet({EXPIRY: ([Position(CALL, -1)], QUOTE)}, PRODUCTION, EXPIRY - 500_400, spot=1_500)
    years = 500_400 / 31_536_000
    # Twice the static charge; the basis moves 5 % as before, with another weight.
    assert found.static == 30
    test = 0.25 + 0.01 * years
    assert found.basis == pytest.approx(-11.275911269415126 / test * (1 + 1.2 * years), abs=1e-9)
    # Higher by 0.6 h: 1,725 of spot at h = (30 d / 5.79 d) ** 0.3.
    shock = 1 + 0.6 * (30 * 86_400 / 500_400) ** 0.3
    worst = _call(1_500.833279310994 * 1.15, 1_500, 1.0478844940849863 * shock, years)
    assert found.span == pytest.approx(79.37158518905994 - worst, abs=1e-9)
    assert found.initial == pytest.approx(1.25 * (found.span - 30) + found.mark, abs=1e-9)


def test_gains_are_discounted_and_fixed_part_stays() -> None:
    seconds = 900
    quote = Quote(1_500, 1_510.0, 0.5, fixed=755.0, discount=0.9999)
    deep = Position(Series(1, EXPIRY, 1_000 * WAD, False), 2)
    found = sheet({EXPIRY: ([deep], quote)}, TEST, EXPIRY - seconds, spot=1_500)
    tau = seconds / 31_536_000
    discount = 0.95 * 0.9999**4 * math.exp(-0.05 * tau)
    assert found.expiries[0].discount == pytest.approx(discount, rel=1e-12)
    # Only half of the forward falls by 15 %.
    value = 2 * (755.0 * 0.85 + 755.0 - 1_000)
    assert found.losses[-1] == pytest.approx(value * discount - 1_020, abs=1e-9)
    # Five per cent of what still moves.
    assert found.basis == pytest.approx(-2 * 755 * 0.05 * (0.25 + 0.01 * tau), abs=1e-9)


def test_collateral_confidence_and_peg() -> None:
    quote = Quote(1_500, 1_500, 0.5, confidence=0.5)
    book = {EXPIRY: ([Position(CALL, -3), Position(replace(CALL, is_put=True), 1)], quote)}
    found = sheet(book, TEST, EXPIRY - 500_400, spot=1_500, base=2, stable=0.96)
    plain = sheet({EXPIRY: book[EXPIRY]}, TEST, EXPIRY - 500_400, spot=1_500)
    assert found.collateral == 2 * 1_500 / 0.96
    assert found.losses[0] - plain.losses[0] == pytest.approx(found.collateral * 0.15)
    assert found.static == pytest.approx((0.02 * 2 + 0.01 * 3) * 1_500)
    assert found.charge == pytest.approx(0.5 * 0.5 * 4 * 1_500)
    assert found.factor == pytest.approx(1.3 + 0.02 * 2)


def test_long_put_excuses_short_call_in_the_peers_counting_only() -> None:
    held = [Position(CALL, -3), Position(replace(CALL, is_put=True), 2)]
    assert naked(held) == 3
    assert naked(held, peer_counting=True) == 1


def test_knock_out_near_its_barrier_does_not_look_safe() -> None:
    """Worth next to nothing now, and nothing once crossed: the danger lies just before."""
    series = Series(1, EXPIRY, 1_500 * WAD, False, 1_700 * WAD, is_up=True)
    quote = Quote(1_690, 1_690, 1.0)
    found = sheet({EXPIRY: ([Position(series, -1)], quote)}, TEST, EXPIRY - 86_400, spot=1_690)
    assert -12 < found.mark < 0
    assert found.span < -(1_690 - 1_500) + 12
    # Crossed by far, it is still what it was worth at the barrier: at least the way to it.
    assert found.expiries[0].values[0] == pytest.approx(
        -_call(1_700, 1_500, 1.0 * (1 + 0.45 * 30**0.3), 1 / 365), abs=1e-9
    )


def test_touched_series_are_options_without_barrier() -> None:
    series = Series(1, EXPIRY, 1_500 * WAD, False, 1_700 * WAD, is_up=True, knocks_in=True)
    view = View(EXPIRY - 500_400, {}, {(1, EXPIRY): QUOTE}, knocked={series.code: 1})
    knocked = assess(100, [], [Position(series, -1)], view, {1: TEST})
    bare = assess(100, [], [Position(CALL, -1)], view, {1: TEST})
    assert knocked.health == bare.health
    assert bare.health.initial == pytest.approx(100 - 368.4876197617556, abs=1e-9)


def test_barriers_can_be_counted_as_in_standard_margin() -> None:
    series = Series(1, EXPIRY, 1_500 * WAD, False, 1_700 * WAD, is_up=True)
    view = View(EXPIRY - 500_400, {}, {(1, EXPIRY): QUOTE})
    figures = {1: replace(TEST, value_barriers=False)}
    short = assess(0, [], [Position(series, -1)], view, figures).health
    assert short == assess(0, [], [Position(CALL, -1)], view, {1: TEST}).health
    long = assess(0, [], [Position(series, 1)], view, figures).health
    assert (long.equity, long.initial) == (0, 0)


@pytest.mark.parametrize("direction", [UP, FLAT, DOWN])
def test_shock_of_volatility_has_no_step_in_time(direction: int) -> None:
    """P-07: a day and thirty days are the corners of its formula."""
    for corner in (86_400, 30 * 86_400):
        before, at, after = (
            volatility_shock(TEST, direction, corner + second) for second in (-1, 0, 1)
        )
        assert before == pytest.approx(at, abs=1e-5) and after == pytest.approx(at, abs=1e-5)
    assert volatility_shock(TEST, direction, 1) == volatility_shock(TEST, direction, 86_400)
    # Thirty days are what the figures are for.
    expected = {UP: 1.45, FLAT: 1.0, DOWN: 0.7}[direction]
    assert volatility_shock(TEST, direction, 30 * 86_400) == pytest.approx(expected)


def _call(forward: float, strike: float, volatility: float, years: float) -> float:
    d = volatility * math.sqrt(years)
    d1 = math.log(forward / strike) / d + d / 2
    normal = NormalDist().cdf
    return forward * normal(d1) - strike * normal(d1 - d)
