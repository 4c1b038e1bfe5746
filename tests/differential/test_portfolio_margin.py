"""The portfolio engine against its specification, and the properties that its rules promise.

Figures are compared in units of notional, quantity times the higher of strike and spot: the engine
may be 2e-6 of it too strict for maintenance margin, times the factor for initial margin, and is
never too mild.
"""

import itertools
import random
from dataclasses import replace
from itertools import pairwise

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.reference.margin import Position, Quote
from novate.reference.portfolio import (
    DOWN,
    FLAT,
    GRID,
    GRID_23,
    PRODUCTION,
    TEST,
    UP,
    Scenario,
    volatility_shock,
)
from novate.series import HOUR, WAD, Series
from tests.portfolio_world import TWENTY_THREE, PortfolioWorld, smile

HOURS = (2, 26, 7 * 24, 40 * 24, 400 * 24)
SPOT = {1: 1_500.0, 2: 0.02}
FEW = settings(max_examples=25, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def world() -> PortfolioWorld:
    world = PortfolioWorld()
    world.set_rules(1)
    world.set_rules(2, replace(PRODUCTION, peer_counting=True))
    return world


@st.composite
def markets(draw: st.DrawFn) -> list[tuple[float, float, float, float, bool]]:
    """For each expiry: basis, volatility, confidence, discount, and whether there is a smile."""
    return [
        (
            1 + draw(st.integers(-40, 40)) / 1_000,
            draw(st.sampled_from([0.05, 0.3, 0.6, 1.1, 2.5])),
            draw(st.sampled_from([0.2, 0.5, 0.7, 1.0])),
            draw(st.sampled_from([1.0, 0.99, 0.8])),
            draw(st.booleans()),
        )
        for _ in range(len(UNDERLYINGS) * len(HOURS))
    ]


UNDERLYINGS = (1, 2)


@st.composite
def books(draw: st.DrawFn, most: int = 12, underlyings: tuple[int, ...] = UNDERLYINGS) -> list:
    held = []
    for _ in range(draw(st.integers(1, most))):
        underlying = draw(st.sampled_from(underlyings))
        share = draw(st.sampled_from([0.5, 0.8, 0.85, 0.97, 1.0, 1.03, 1.1, 1.2, 1.6, 6.0]))
        strike = round(SPOT[underlying] * share * 1e8) * 10**10
        hours = draw(st.sampled_from(HOURS))
        series = Series(underlying, hours * HOUR, strike, draw(st.booleans()))
        held.append(Position(series, draw(st.sampled_from([-7, -2, -1, 1, 3, 8])) / 8))
    return held


def place(world: PortfolioWorld, market: list[tuple[float, float, float, float, bool]]) -> None:
    for i, underlying in enumerate(UNDERLYINGS):
        # The first expiry that is read decides what spot's confidence is.
        shared = market[len(HOURS) * i][2]
        for j, hours in enumerate(HOURS):
            basis, volatility, _, discount, smiles = market[len(HOURS) * i + j]
            spot = SPOT[underlying]
            curve, tenor = smile(volatility, hours / 24 + 0.5) if smiles else (None, 0)
            quote = Quote(
                spot,
                round(spot * basis, 9),
                volatility,
                shared,
                fixed=round(spot * basis * 0.3, 9) if hours == 2 else 0.0,
                smile=curve,
                tenor=tenor,
                discount=discount,
            )
            world.set_quote(underlying, world.expiry(hours), quote)


def dated(world: PortfolioWorld, held: list[Position]) -> list[Position]:
    """Expiries become times from now; a series stands once."""
    found: dict[Series, Position] = {}
    for p in held:
        series = replace(p.series, expiry=world.expiry(p.series.expiry // HOUR))
        found.setdefault(series, Position(series, p.quantity))
    return list(found.values())


def notional(held: list[Position]) -> float:
    return sum(abs(p.quantity) * max(p.strike, SPOT[p.series.underlying]) for p in held)


@given(markets(), books(), st.integers(-(10**4), 10**4))
@FEW
def test_engine_equals_its_specification(world, market, held, cash):
    place(world, market)
    held = dated(world, held)
    health = world.assess(held, cash)
    expected = world.expected(held, cash).health
    unit = notional(held)
    assert -2e-6 * unit <= health.equity / WAD - expected.equity <= 1e-9 + 1e-11 * unit
    assert -2e-6 * unit <= health.maintenance / WAD - expected.maintenance <= 1e-9 + 1e-11 * unit
    assert -2.6e-6 * unit <= health.initial / WAD - expected.initial <= 1e-9 + 1e-11 * unit
    assert health.fresh == expected.fresh
    assert health.initial <= health.maintenance


@given(markets(), books(8), st.integers(0, 2**32))
@FEW
def test_order_and_splits_change_nothing(world, market, held, seed):
    place(world, market)
    held = dated(world, held)
    whole = world.assess(held)
    rng = random.Random(seed)
    parts = [replace(p, quantity=q * p.quantity) for p in held for q in (0.375, 0.625)]
    rng.shuffle(parts)
    split = world.assess(parts)
    near = max(1, round(notional(held) * 1e6))  # 1e-12 of notional
    for name in ("equity", "initial", "maintenance"):
        assert abs(getattr(split, name) - getattr(whole, name)) <= near


@given(markets(), books(8, (1,)), books(1, (1,)))
@FEW
def test_free_long_never_lowers_maintenance(world, market, held, more):
    """And initial excess by no more than the factor asks for the loss of what it is worth."""
    place(world, [(b, v, 1.0, d, s) for b, v, _, d, s in market])
    held = dated(world, held)
    (gift,) = dated(world, more)
    gift = replace(gift, quantity=abs(gift.quantity))
    held = [p for p in held if p.series != gift.series]
    before, after = world.assess(held), world.assess([*held, gift])
    near = 2.5e-6 * notional([gift]) * WAD + 2
    mark = after.equity - before.equity
    assert mark >= -near
    assert after.maintenance >= before.maintenance - near
    assert after.initial >= before.initial - 0.3 * max(mark, 0) - 2 * near


@given(markets(), books(6, (1,)), books(6, (1,)))
@FEW
def test_requirement_is_subadditive(world, market, one, other):
    """The peer's standard rule is not; disjoint books, as a series counts its shorts net."""
    place(world, market)
    one = dated(world, one)
    taken = {p.series for p in one}
    other = [p for p in dated(world, other) if p.series not in taken]
    both, a, b = (world.assess(held) for held in (one + other, one, other))
    near = 2e-6 * notional(one + other) * WAD + 4
    assert both.maintenance >= a.maintenance + b.maintenance - near
    assert both.initial >= a.initial + b.initial - near


@given(markets(), st.sampled_from(HOURS), st.integers(1, 40), st.integers(-40, 40), st.booleans())
@FEW
def test_spread_needs_its_width_and_the_short(world, market, hours, width, offset, is_put):
    """A spread loses its width at most; the charge for a naked short is on top, and the factor."""
    place(world, [(b, v, 1.0, d, s) for b, v, _, d, s in market])
    strike = round(1_500 * (1 + offset / 100))
    other = strike + (-width * 5 if is_put else width * 5)
    expiry = world.expiry(hours)
    series = [Series(1, expiry, k * WAD, is_put) for k in (strike, other)]
    health = world.assess([Position(series[0], -1), Position(series[1], 1)])
    static, near = 0.01 * 1_500, 4e-6 * 3_500
    assert health.maintenance / WAD >= -width * 5 - static - near
    # Of what initial margin scales the mark, not more than the width, is a part.
    assert health.initial / WAD >= -1.3 * (width * 5 + static) - 2 * near


def test_continuous_in_spot_and_time(world: PortfolioWorld) -> None:
    expiry = world.expiry(7 * 24)
    held = [
        Position(Series(1, expiry, k * WAD, put), q)
        for k, put, q in (
            (1_500, False, -1),
            (1_400, True, -2),
            (1_650, False, 1),
            (1_600, True, 1),
        )
    ]
    figures = []
    for step in range(60):
        spot = 1_470 + step / 2
        world.set_quote(1, expiry, Quote(spot, spot, 0.7))
        figures.append(world.assess(held).initial / WAD)
    moves = [abs(b - a) for a, b in pairwise(figures)]
    # Each step moves spot by 0.5, five options by 0.5 at most, static and factor included.
    assert max(moves) < 0.5 * 5 * 1.4
    spot = 1_500.0
    world.set_quote(1, expiry, Quote(spot, spot, 0.7))
    before = world.assess(held).initial
    with boa.env.anchor():
        for _ in range(5):
            boa.env.timestamp += 1
            after = world.assess(held).initial
            assert abs(after - before) < WAD // 100
            before = after


@pytest.mark.parametrize("deviation", [0.3, 0.449, 0.451, 0.649, 0.651, 0.85, 1.4])
def test_where_the_table_ends(world: PortfolioWorld, deviation: float) -> None:
    """Single options around the widest deviations of the formula, of each of the volatilities."""
    expiry = world.expiry(30 * 24)
    seconds = expiry - world.now
    year = (seconds / (365 * 86_400)) ** 0.5
    for direction in (UP, FLAT, DOWN):
        shock = volatility_shock(TEST, direction, seconds)
        world.set_quote(1, expiry, Quote(1_500.0, 1_500.0, deviation / year / shock))
        for strike, quantity in itertools.product((900, 1_350, 1_500, 1_700, 3_000), (-1.0, 1.0)):
            held = [Position(Series(1, expiry, strike * WAD, strike < 1_500), quantity)]
            found, expected = world.assess(held), world.expected(held).health
            unit = notional(held)
            for name, error in (("equity", 2e-6), ("maintenance", 2e-6), ("initial", 2.6e-6)):
                gap = getattr(found, name) / WAD - getattr(expected, name)
                assert -error * unit <= gap <= 1e-9 + 1e-11 * unit


def test_sellers_whose_forwards_decide(world: PortfolioWorld) -> None:
    """Deep calls of one expiry, deep puts of another: spot may move, the forwards may not part.

    Books of sellers are valued at the outermost spots alone, with a bound for the basis; here it is
    not good enough.
    """
    near, far = world.expiry(40 * 24), world.expiry(400 * 24)
    before = world.rules[1]
    try:
        world.set_rules(1, replace(PRODUCTION, scenarios=GRID_23))
        for expiry in (near, far):
            world.set_quote(1, expiry, Quote(1_500.0, 1_500.0, 0.3))
        held = [
            Position(Series(1, near, 700 * WAD, False), -1.0),
            Position(Series(1, far, 3_000 * WAD, True), -1.0),
        ]
        # An expired one is counted once all the same.
        old = world.expiry(-1)
        world.set_fixing(1, old, 1_510.0)
        held.append(Position(Series(1, old, 1_500 * WAD, False), -1.0))
        account, found = world.expected(held), world.assess(held)
        sheet = account.sheets[1]
        assert sheet.span == sheet.basis < sheet.losses.min()
        unit = notional(held)
        for name in ("equity", "maintenance", "initial"):
            gap = getattr(found, name) / WAD - getattr(account.health, name)
            assert -2.6e-6 * unit <= gap <= 1e-9 + 1e-11 * unit
    finally:
        world.set_rules(1, before)


def test_rules_of_the_peer_are_the_defaults() -> None:
    assert TWENTY_THREE.initial_factor == TEST.initial_factor == 1.3


ONLY_UP = {0.82: (UP,), 1.24: (UP,)}
ARBITRARY = tuple(
    Scenario(spot, volatility)
    for spot in (0.82, 0.9, 0.93, 0.97, 1.0, 1.03, 1.06, 1.1, 1.24)
    for volatility in ONLY_UP.get(spot, (FLAT,) if spot in (0.9, 1.06) else (UP, FLAT, DOWN))
)
# The outermost spots count at the unmoved volatility alone: nothing may be left out.
FLAT_ENDS = tuple(s for s in GRID if s.volatility == FLAT or 0.85 < s.spot < 1.15)


@pytest.mark.parametrize("grid", [GRID, GRID_23, ARBITRARY, FLAT_ENDS])
@given(markets(), books(8, (1,)), st.booleans())
@settings(max_examples=6, deadline=None, derandomize=True)
def test_grids_of_any_shape(world, grid, market, held, sold):
    """Books without longs take a short cut, where the grid allows it."""
    before = world.rules[1]
    try:
        # The basis moves by the nearest levels.
        step = min(s.spot for s in grid if s.spot > 1) - 1
        rules = replace(TEST, scenarios=grid, basis_up=1 + step, basis_down=1 - step)
        world.set_rules(1, rules)
        place(world, market)
        held = dated(world, held)
        if sold:
            held = [replace(p, quantity=-abs(p.quantity)) for p in held]
        health, expected = world.assess(held), world.expected(held).health
        unit = notional(held)
        for name, error in (("equity", 2e-6), ("maintenance", 2e-6), ("initial", 2.6e-6)):
            gap = getattr(health, name) / WAD - getattr(expected, name)
            assert -error * unit <= gap <= 1e-9 + 1e-11 * unit
    finally:
        world.set_rules(1, before)
