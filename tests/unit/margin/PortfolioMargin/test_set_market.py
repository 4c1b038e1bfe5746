"""Every parameter within its bounds, P-10: no set under which a stress is a relief."""

from dataclasses import replace

import boa
import pytest

from novate.reference.portfolio import TEST
from novate.series import WAD
from tests.margin_world import NOBODY, wad
from tests.portfolio_world import FIGURES, TWENTY_THREE, PortfolioWorld, figures, levels


@pytest.fixture(scope="module")
def world() -> PortfolioWorld:
    return PortfolioWorld()


BOUNDS = [
    ("volatility_up", 3, "margin: volatility up too large"),
    ("volatility_down", 1, "margin: volatility down large"),
    ("power_short", 1, "margin: power above one"),
    ("power_long", 1, "margin: power above one"),
    ("basis_add", 3, "margin: basis share too large"),
    ("basis_multiplier", 3, "margin: basis share too large"),
    ("static_discount", 1, "margin: gains above themselves"),
    ("rate_multiplier", 6, "margin: rate multiple too large"),
    ("rate_add", 1, "margin: rate too large"),
    ("collateral_static", 1, "margin: static share too large"),
    ("naked_static", 1, "margin: static share too large"),
    ("initial_factor", 5, "margin: factor too large"),
    ("peg_threshold", 1, "margin: peg above one"),
    ("peg_charge", 6, "margin: peg charge too large"),
    ("confidence_threshold", 1, "margin: confidence above one"),
    ("confidence_charge", 2, "margin: confidence charge large"),
]


@pytest.mark.parametrize("name,bound,reason", BOUNDS)
def test_upper_bounds(world, name, bound, reason):
    at = replace(TEST, **{name: bound})
    world.settings.set_market(1, figures(at), levels(at), sender=world.owner)
    place = FIGURES.index(name)
    assert world.settings.parameters_of(1)[place] == bound * WAD
    above = list(figures(at))
    above[place] += 10**14
    with boa.reverts(reason):
        world.settings.set_market(1, tuple(above), levels(at), sender=world.owner)


def test_factor_below_one(world):
    wrong = list(figures(TEST))
    wrong[FIGURES.index("initial_factor")] = WAD - 10**14
    with boa.reverts("margin: factor below one"):
        world.settings.set_market(1, tuple(wrong), levels(TEST), sender=world.owner)


def test_finer_than_a_basis_point(world):
    wrong = list(figures(TEST))
    wrong[0] += 1
    with boa.reverts("margin: finer than a point"):
        world.settings.set_market(1, tuple(wrong), levels(TEST), sender=world.owner)


@pytest.mark.parametrize("underlying", [0, 2**16])
def test_no_such_underlying(world, underlying):
    with boa.reverts("margin: no such underlying"):
        world.settings.set_market(underlying, figures(TEST), levels(TEST), sender=world.owner)
    with boa.reverts("margin: no such underlying"):
        world.settings.set_market(
            1, figures(TEST, stablecoin=2**16), levels(TEST), sender=world.owner
        )


GRIDS = [
    (0, ("0.79", True, False, False), "margin: multiples out of order"),
    (2, ("0.84", True, True, True), "margin: multiples out of order"),
    (0, ("0.8", True, True, False), "margin: outermost not alone"),
    (8, ("1.2", True, False, True), "margin: outermost not alone"),
    (8, ("1.2501", True, False, False), "margin: multiple too large"),
    (3, ("0.96", True, True, True), "margin: grid not centred"),
    (4, ("1.01", True, True, True), "margin: grid not centred"),
    (3, ("0.95", False, True, True), "margin: one-sided scenarios"),
    (5, ("1.05", False, True, True), "margin: one-sided scenarios"),
]


@pytest.mark.parametrize("place,level,reason", GRIDS)
def test_grid(world, place, level, reason):
    grid = levels(TWENTY_THREE)
    grid[place] = (wad(level[0]), *level[1:])
    with boa.reverts(reason):
        world.settings.set_market(1, figures(TEST), grid, sender=world.owner)


def test_basis_without_a_move(world):
    grid = [(WAD, True, i not in (0, 8), i not in (0, 8)) for i in range(9)]
    with boa.reverts("margin: one-sided scenarios"):
        world.settings.set_market(1, figures(TEST), grid, sender=world.owner)


def test_read_back_and_event(world):
    world.set_rules(1, TEST)
    old = figures(TEST)
    world.set_rules(1, replace(TWENTY_THREE, peer_counting=True, initial_factor=1.25), 7)
    (event,) = [e for e in world.settings.get_logs() if type(e).__name__ == "MarketSet"]
    new = figures(replace(TEST, peer_counting=True, initial_factor=1.25), 7)
    assert tuple(world.settings.parameters_of(1)) == new
    assert [tuple(level) for level in world.settings.levels_of(1)] == levels(TWENTY_THREE)
    assert event.underlying == 1
    assert tuple(event.old) == old and tuple(event.new) == new
    assert event.old_grid != event.new_grid


def test_roles(world):
    with boa.reverts("ownable: caller is not the owner"):
        world.settings.set_market(1, figures(TEST), levels(TEST), sender=world.intruder)
    with boa.reverts("ownable: caller is not the owner"):
        world.settings.set_collateral(1, 1, WAD, WAD, NOBODY, sender=world.intruder)
    assert world.settings.owner() == world.owner
    # The settings contract itself belongs to nobody.
    bare = world.settings.deployer.at(world.engine.SETTINGS())
    assert bare.owner() == NOBODY
    with boa.reverts("ownable: caller is not the owner"):
        bare.set_market(1, figures(TEST), levels(TEST), sender=world.owner)
