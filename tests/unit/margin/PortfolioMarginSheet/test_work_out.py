"""Every line of portfolio margin from plain figures: the peer's, and those of the specification."""

import math

import boa
import pytest

from novate.deploy import compiled
from novate.reference.margin import Position, Quote
from novate.reference.portfolio import DOWN, FLAT, TEST, UP, sheet
from novate.series import HOUR, WAD, Series
from tests.margin_world import wad
from tests.portfolio_world import TWENTY_THREE, figures, levels

LEFT = 500_400
FORWARD = 1_500.833279310994
SIGMA = 1.0478844940849863
EXPIRY = (LEFT, 0, wad(FORWARD), wad(SIGMA), 0, 0, wad("0.03"), WAD)
CALL = (0, 1_500 * WAD, False, -WAD)
NEAR = 0.003  # 2e-6 of notional


@pytest.fixture(scope="module")
def unit():
    return compiled("margin/PortfolioMarginSheet.vy").deploy()


def work_out(unit, options=(CALL,), expiries=(EXPIRY,), **changes):
    arguments = {
        "cash": 0,
        "collateral": (0, WAD, WAD),
        "spot": 1_500 * WAD,
        "stable": WAD,
        "rules": TEST,
        **changes,
    }
    return unit.work_out(
        arguments["cash"],
        arguments["collateral"],
        list(options),
        list(expiries),
        arguments["spot"],
        arguments["stable"],
        figures(arguments["rules"]),
        levels(arguments["rules"]),
    )


def test_worked_example(unit):
    found = work_out(unit)
    for name, figure in (
        ("mark", -79.37158518905994),
        ("basis", -11.275911269415126),
        ("span", -207.39694967130436),
        ("maintenance", -301.7685348603643),
        ("initial", -368.4876197617556),
    ):
        assert getattr(found, name) / WAD == pytest.approx(figure, abs=NEAR), name
    assert found.static / WAD == pytest.approx(15, abs=1e-12)
    assert found.factor == wad("1.3")
    assert found.equity == found.mark


def test_every_line_of_a_book(unit):
    """Two expiries, collateral, a stablecoin off its peg, doubtful prices."""
    stable, units = 0.97, 3
    hours = {0: 139, 1: 30 * 24}
    quotes = {
        0: Quote(1_500.0, FORWARD, SIGMA, 0.5, discount=math.exp(-0.03 * LEFT / 31_536_000)),
        1: Quote(1_500.0, 1_510.0, 0.6, 0.9, discount=math.exp(-0.03 * 720 * HOUR / 31_536_000)),
    }
    book = [(0, 1_450, True, -2), (0, 1_600, False, -1), (1, 1_500, False, 3), (1, 1_300, True, -4)]
    positions = {
        e: [Position(Series(1, hours[e] * HOUR, k * WAD, p), q) for x, k, p, q in book if x == e]
        for e in hours
    }
    expected = sheet(
        {hours[e] * HOUR: (positions[e], quotes[e]) for e in hours},
        TWENTY_THREE,
        0,
        spot=1_500.0,
        base=units,
        haircuts=(0.9, 0.8),
        stable=stable,
    )
    second = (hours[1] * HOUR, 0, 1_510 * WAD, wad("0.6"), 0, 0, wad("0.03"), wad("0.9"))
    found = work_out(
        unit,
        [(e, k * WAD, p, q * WAD) for e, k, p, q in book],
        [(*EXPIRY[:-1], wad("0.5")), second],
        collateral=(units * WAD, wad("0.9"), wad("0.8")),
        stable=wad(stable),
        rules=TWENTY_THREE,
        cash=100 * WAD,
    )
    near = 1e-6 * 10 * 1_600
    for name in ("mark", "collateral", "basis", "span", "static", "factor"):
        assert getattr(found, name) / WAD == pytest.approx(getattr(expected, name), abs=near), name
    assert found.confidence_charge / WAD == pytest.approx(expected.charge, abs=near)
    assert found.maintenance / WAD == pytest.approx(expected.maintenance + 100, abs=3 * near)
    assert found.initial / WAD == pytest.approx(expected.initial + 100, abs=5 * near)
    spots = [level[0] / WAD for level in levels(TWENTY_THREE)]
    for scenario, loss in zip(TWENTY_THREE.scenarios, expected.losses, strict=True):
        place = 3 * spots.index(scenario.spot) + (UP, FLAT, DOWN).index(scenario.volatility)
        assert found.losses[place] / WAD == pytest.approx(loss, abs=near)
        # The mark, too low itself, is added again: what counts is the sum.
        assert (found.losses[place] + found.mark) / WAD <= loss + expected.mark + 1e-9


REFUSED = [
    ({"spot": 0}, "sheet: no price"),
    ({"stable": 0}, "sheet: no stablecoin price"),
    ({"cash": 2**120}, "sheet: amount too large"),
    ({"collateral": (2**112, WAD, WAD)}, "sheet: amount too large"),
    ({"collateral": (0, WAD + 1, WAD)}, "sheet: share above one"),
    ({"expiries": [(0, *EXPIRY[1:])]}, "sheet: expired"),
    ({"expiries": [(*EXPIRY[:3], 0, *EXPIRY[4:])]}, "sheet: no volatility"),
    ({"expiries": [(LEFT, 2**125, *EXPIRY[2:])]}, "sheet: price too large"),
    ({"expiries": [(LEFT, 0, 0, *EXPIRY[3:])]}, "sheet: no price"),
    ({"expiries": [(*EXPIRY[:-1], WAD + 1)]}, "sheet: confidence above one"),
    ({"expiries": [(*EXPIRY[:-2], 10**19 + 1, WAD)]}, "sheet: rate too large"),
    ({"options": [(1, *CALL[1:])]}, "sheet: no such expiry"),
    ({"options": [(0, 1, False, WAD)]}, "sheet: strike too fine"),
    ({"options": [(0, 2**56 * 10**10, False, WAD)]}, "sheet: strike too large"),
    ({"options": [(0, WAD, False, 2**95)]}, "sheet: quantity too large"),
]


@pytest.mark.parametrize("change,reason", REFUSED, ids=str)
def test_refused(unit, change, reason):
    with boa.reverts(reason):
        work_out(unit, **change)
