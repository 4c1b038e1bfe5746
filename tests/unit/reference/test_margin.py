"""The reference of standard margin against worked cases and its own rules."""

import math

import pytest

from novate.reference import margin
from novate.reference.margin import Position, Quote, Rules, Smile, View
from novate.series import HOUR, WAD, Series

EXPIRY = 1_000 * HOUR
NOW = EXPIRY - 500_400
QUOTE = Quote(1_500, 1_500.833279310994, 1.0478844940849863)
CALL = Series(1, EXPIRY, 1_500 * WAD, False)
KNOCK_OUT = Series(1, EXPIRY, 1_500 * WAD, False, 1_700 * WAD, is_up=True)
KNOCK_IN = Series(1, EXPIRY, 1_500 * WAD, False, 1_700 * WAD, is_up=True, knocks_in=True)


def health(
    *positions: Position, quote: Quote = QUOTE, knocked: dict[int, int] | None = None
) -> margin.Health:
    view = View(NOW, {1: Rules()}, {(1, EXPIRY): quote}, knocked=knocked or {})
    return margin.assess(0, [], positions, view)


def test_naked_call() -> None:
    found = health(Position(CALL, -1))
    assert found.equity == pytest.approx(-79.37158518905994, abs=1e-9)
    assert found.maintenance == pytest.approx(-191.87158518905994, abs=1e-9)
    assert found.initial == pytest.approx(-304.37158518905994, abs=1e-9)


def test_smile_gives_each_strike_its_volatility() -> None:
    years = 500_400 / 31_536_000
    # At the money 1.0478844940849863, steeper below; for twice the time to expiry.
    smile = Smile(2 * years * 1.0478844940849863**2 - 0.05 * 0.1, 0.05, -0.4, 0.0, 0.1)
    skewed = Quote(1_500, 1_500.833279310994, 9.9, smile=smile, tenor=2 * 500_400)
    k = math.log(1_200 / 1_500.833279310994)
    variance = smile.a + 0.05 * (-0.4 * k + math.sqrt(k * k + 0.01))
    low = Position(Series(1, EXPIRY, 1_200 * WAD, True), -1)
    flat = Quote(1_500, 1_500.833279310994, math.sqrt(variance / (2 * years)))
    assert flat.volatility > 1.06
    assert health(low, quote=skewed).initial == pytest.approx(health(low, quote=flat).initial)
    near = health(Position(CALL, -1), quote=skewed)
    assert near.maintenance == pytest.approx(-191.87158518905994, abs=0.02)


def test_undecided_barrier_counts_against_the_account() -> None:
    bare = health(Position(CALL, -1))
    for series in (KNOCK_OUT, KNOCK_IN):
        assert health(Position(series, -1)) == bare
        assert health(Position(series, 1)).equity == 0


@pytest.mark.parametrize("state", [margin.TOUCHED, margin.UNTOUCHED])
def test_decided_barrier(state: int) -> None:
    knocked = {KNOCK_IN.code: state, KNOCK_OUT.code: state}
    if state == margin.TOUCHED:
        assert health(Position(KNOCK_IN, 1), knocked=knocked) == health(Position(CALL, 1))
        assert health(Position(KNOCK_OUT, -1), knocked=knocked).initial == 0
    for series, lives in ((KNOCK_IN, state == 1), (KNOCK_OUT, state == 2)):
        for quantity in (-1, 1):
            expired = View(
                EXPIRY, {}, {}, fixings={(1, EXPIRY): 1_600.0}, knocked={series.code: state}
            )
            found = margin.assess(0, [], [Position(series, quantity)], expired)
            assert found.equity == found.initial == (100 * quantity if lives else 0)
