"""The sheet: published figures in a line, and the same figures as the engine of the ledger."""

import random
from fractions import Fraction
from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.margin import Collateral, Option, standard_sheet
from novate.reference.margin import Quote, Rules
from novate.reference.pricing import black76_exact
from novate.series import WAD, Series
from tests.margin_world import MarginWorld, figures, wad, word

PEER = {
    "spot": 1_500,
    "forward": "1500.833279310994",
    "seconds": 500_400,
    "volatility": "1.0478844940849863",
}
NEAR = 1e-12


def exact(is_put: bool, strike: int) -> Fraction:
    call, put = black76_exact(PEER["forward"], strike, PEER["volatility"], PEER["seconds"])
    return Fraction(str(put if is_put else call))


def test_worked_case_of_the_peer() -> None:
    sheet = standard_sheet([Option(1_500, False, -1)], **PEER)
    assert sheet.mark == pytest.approx(-79.37158518905994, rel=NEAR)
    assert sheet.maintenance == pytest.approx(-191.87158518905994, rel=NEAR)
    assert sheet.initial == pytest.approx(-304.37158518905994, rel=NEAR)
    assert sheet.loss_initial == pytest.approx(1.2 * 1500.833279310994, rel=NEAR)


@pytest.mark.parametrize(("strike", "otm"), [(1_500, 0), (1_400, 100), (900, 600)])
def test_worked_put_by_hand(strike: int, otm: int) -> None:
    """The rule written out once more, on a price of fifty digits."""
    mark = exact(True, strike)
    maintenance = mark + max(Fraction("112.5"), mark * 75 / 1_000)
    share = max(Fraction(150), 225 - Fraction(otm))
    initial = max(mark + share, maintenance * 105 / 100)
    sheet = standard_sheet([Option(strike, True, -3)], **PEER)
    assert sheet.mark == pytest.approx(float(-3 * mark), rel=NEAR, abs=1e-9)
    assert sheet.alone_maintenance == pytest.approx(float(3 * maintenance), rel=NEAR)
    assert sheet.alone_initial == pytest.approx(float(3 * initial), rel=NEAR)
    assert (sheet.worst_payoff, sheet.loss_initial) == (-3 * strike, 3 * strike)


def test_lines_add_up() -> None:
    sheet = standard_sheet(
        [Option(1_500, False, -2), Option(1_600, False, 1), Option(1_200, True, -1, 0.9)],
        **PEER,
        cash=5_000,
        collateral=[Collateral(1_000, 0.8, 0.9), Collateral(50, 1, 1)],
        confidence=0.25,
        stablecoin=0.93,
    )
    assert sheet.confidence_charge == 3 * 0.75 * 0.4 * 1_500
    assert sheet.peg_charge == pytest.approx(3 * 0.05 * 1.2 * 1_500)
    assert sheet.required_maintenance == min(sheet.alone_maintenance, sheet.loss_maintenance)
    assert sheet.required_initial == pytest.approx(
        min(sheet.alone_initial, sheet.loss_initial) + sheet.confidence_charge + sheet.peg_charge
    )
    assert sheet.equity == pytest.approx(6_050 + sheet.mark)
    assert sheet.initial == pytest.approx(5_000 + 720 + 50 - sheet.required_initial)
    assert sheet.maintenance == pytest.approx(5_000 + 800 + 50 - sheet.required_maintenance)


def test_figures_of_nothing_are_the_strictest() -> None:
    """As for a market never set: at the largest price, all of it for margin."""
    sheet = compiled("margin/StandardMarginSheet.vy").deploy()
    largest = 2**128 - 1
    option = (1_500 * WAD, False, -WAD, 0)
    market = (500_400, 1_500 * WAD, 0, 1_505 * WAD, WAD, 0, 0, WAD, WAD)
    found = sheet.work_out(0, [], [option], market, (0,) * 12)
    assert found.alone_maintenance == found.alone_initial == 2 * largest + 1


def test_only_the_sum_of_both_parts_of_the_forward_counts() -> None:
    whole = standard_sheet([Option(1_500, False, -1)], **PEER)
    assert standard_sheet([Option(1_500, False, -1)], **PEER, fixed=700) == whole


@pytest.mark.parametrize("size", [1, 2, 17, 128])
def test_equals_the_engine_to_the_wei(world: MarginWorld, size: int) -> None:
    expiry = world.expiry(200)
    rules = Rules(0.2, 0.12, 0.08, 0.1, 1.2, 1.4, 1.3, 0.9, 0.8, 0.99, 2.0, stablecoin=9)
    world.set_rules(1, rules)
    world.set_quote(1, expiry, Quote(1_500, 1_507, 0.9, 0.5))
    world.set_spot(9, 0.95)
    rng = random.Random(size)
    held = [
        (rng.randrange(800, 2_200), rng.random() < 0.5, rng.randrange(-8, 9) / 4)
        for _ in range(size)
    ]
    health = world.assess(
        *(word(Series(1, expiry, wad(k), is_put), q) for k, is_put, q in held), cash=77
    )
    unit = compiled("margin/StandardMarginSheet.vy").deploy()
    market = (expiry - world.now, *map(wad, (1_500, 0, 1_507, 0.9)), 0, 0, wad(0.5), wad(0.95))
    lines = unit.work_out(
        77, [], [(wad(k), p, wad(q), 0) for k, p, q in held], market, figures(rules)
    )
    assert (lines.equity, lines.initial, lines.maintenance) == tuple(health)[:3]


MARKET = (1, WAD, 0, WAD, WAD, 0, 0, WAD, WAD)
OPTION = (WAD, False, WAD, 0)


def changed(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


@pytest.mark.parametrize(
    ("reason", "cash", "collateral", "option", "market"),
    [
        ("sheet: expired", 0, [], OPTION, changed(MARKET, 0, 0)),
        ("sheet: no volatility", 0, [], OPTION, changed(MARKET, 4, 0)),
        ("sheet: price too large", 0, [], OPTION, changed(MARKET, 2, 2**128)),
        ("sheet: no price", 0, [], OPTION, changed(MARKET, 1, 0)),
        ("sheet: confidence above one", 0, [], OPTION, changed(MARKET, 7, WAD + 1)),
        ("sheet: amount too large", -(2**255), [], OPTION, MARKET),
        ("sheet: amount too large", 0, [(2**112 + 1, 0, 0)], OPTION, MARKET),
        ("sheet: share above one", 0, [(1, 0, WAD + 1)], OPTION, MARKET),
        ("sheet: no such strike", 0, [], changed(OPTION, 0, WAD + 1), MARKET),
        ("sheet: no such strike", 0, [], changed(OPTION, 0, 0), MARKET),
        ("sheet: no such strike", 0, [], changed(OPTION, 0, 2**56 * 10**10), MARKET),
        ("sheet: quantity too large", 0, [], changed(OPTION, 2, -(2**255)), MARKET),
        ("sheet: volatility too large", 0, [], changed(OPTION, 3, 2**70), MARKET),
    ],
)
def test_reverts(reason: str, cash: int, collateral: list[Any], option: Any, market: Any) -> None:
    unit = compiled("margin/StandardMarginSheet.vy").deploy()
    with boa.reverts(reason):
        unit.work_out(cash, collateral, [option], market, figures(Rules()))
