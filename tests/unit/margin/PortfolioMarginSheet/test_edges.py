"""Lines of the sheet where a term ends: no options, no discount, no variance, a narrow grid."""

from dataclasses import replace
from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.engine.cache import load
from novate.reference.margin import Position, Quote
from novate.reference.portfolio import GRID, TEST, UP, sheet
from novate.series import HOUR, WAD, Series
from tests.margin_world import wad
from tests.portfolio_world import figures, levels

HARNESS = "tests/harness/SviHarness.vy"
WEEK = 168 * HOUR
NEAR = 1e-6 * 1_500


def expiry(volatility: str = "0.8", *, smile: int = 0, rate: str = "0") -> tuple[int, ...]:
    return (WEEK, 0, 1_505 * WAD, wad(volatility), smile, WEEK, wad(rate), WAD)


def work_out(options: list[Any], expiries: list[Any], rules: Any = TEST, shape: Any = None) -> Any:
    """`options`: of which expiry, strike, is_put, quantity."""
    unit: Any = compiled("margin/PortfolioMarginSheet.vy").deploy()
    held = [(e, k * WAD, is_put, q * WAD) for e, k, is_put, q in options]
    return unit.work_out(
        *(0, (0, WAD, WAD), held, expiries, 1_500 * WAD, WAD),
        *(figures(rules), shape or levels(rules)),
    )


def expected(options: list[Any], rules: Any, quote: Quote) -> Any:
    held = [Position(Series(1, WEEK, k * WAD, is_put), q) for _, k, is_put, q in options]
    return sheet({WEEK: (held, quote)}, rules, 0, spot=1_500.0)


def test_expiry_without_options_adds_nothing() -> None:
    one = work_out([(0, 1_400, True, -2)], [expiry()])
    two = work_out([(0, 1_400, True, -2)], [expiry(), expiry("0.5")])
    assert abs(two.mark - one.mark) <= 1
    assert two.span == pytest.approx(one.span, abs=100)
    assert two.static == one.static


def test_what_is_discounted_to_nothing_pays_for_nothing() -> None:
    """At 1,000 % a year for 136 years a gain in a scenario counts for nothing: losses are those
    of the short alone, less its mark and the long's."""
    far = (2**32 - 1, *expiry("0.01", rate="10")[1:])
    found = work_out([(0, 1_500, False, 2)], [far])
    assert found.mark > 0
    assert list(found.losses) == [-found.mark] * 27


def test_variance_that_rounds_below_nothing_is_next_to_nothing() -> None:
    """A smile that comes as near to zero as it may, at its lowest strike."""
    smiles: Any = load(HARNESS).deploy()
    lowest = smiles.pack(-1604338185883991296, 1432767067905053184, 0, 0, 1119748088732053248)
    market = (WEEK, 0, 1_500 * WAD, wad("0.8"), lowest, WEEK, 0, WAD)
    found = work_out([(0, 1_500, True, -1)], [market])
    assert found.mark == pytest.approx(0, abs=NEAR * WAD)
    # Spot 15 % lower, at whatever volatility: the payoff.
    assert min(found.losses) / WAD == pytest.approx(-225, abs=NEAR)


def test_lowest_volatility_may_be_wide_where_the_highest_is_narrow() -> None:
    """Moves of volatility of 1 %: deviations of 0.55 to 0.6 at all three."""
    rules = replace(TEST, volatility_up=0.01, volatility_down=0.01)
    options = [(0, 1_400, True, -2), (0, 1_700, False, 3), (0, 1_500, False, -1)]
    volatility = 0.55 / (WEEK / 31_536_000) ** 0.5
    found = work_out(options, [expiry(str(round(volatility, 6)))], rules)
    told = expected(options, rules, Quote(1_500.0, 1_505.0, round(volatility, 6)))
    for name in ("mark", "basis", "span"):
        assert getattr(found, name) / WAD == pytest.approx(getattr(told, name), abs=4 * NEAR), name


def test_strike_of_nothing_is_refused() -> None:
    with boa.reverts("sheet: strike too fine"):
        work_out([(0, 0, False, 1)], [expiry()])


@pytest.mark.parametrize("side", [0, 8])
def test_outermost_level_that_does_not_count(side: int) -> None:
    """One side of the grid ends with a level at the lowest volatility only, or not at all."""
    scenarios = tuple(
        s for s in GRID if not (s.spot == (0.85, 1.15)[side == 8] and s.volatility == UP)
    )
    rules = replace(TEST, scenarios=scenarios)
    options = [(0, 1_400, True, -2), (0, 1_600, False, -2)]
    found = work_out(options, [expiry()], rules)
    told = expected(options, rules, Quote(1_500.0, 1_505.0, 0.8))
    assert found.span / WAD == pytest.approx(told.span, abs=4 * NEAR)
