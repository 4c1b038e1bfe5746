"""Open barriers count by a bound; nothing that a touch can do, in any scenario, is worse.

The engines do not value a barrier that is undecided: a long one is worth nothing, a short one is
the option without it. Exact values are those of reference/barriers.py. For a scenario of spot and
volatility each option is taken touched or not, whichever is worse for the account: knocked in, it
is the option without barrier, knocked out it is gone. Books, scenarios and distances from the
barrier down to a millionth of it are drawn over the whole domain.
"""

import itertools
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.reference import margin
from novate.reference.barriers import barrier
from novate.reference.margin import Position, Quote
from novate.reference.portfolio import merge, naked, volatility_shock
from novate.reference.pricing import black76
from novate.series import WAD, Series
from tests.margin_world import MarginWorld, Quoted, wad, word
from tests.portfolio_world import TWENTY_THREE, PortfolioWorld

SPOT = 1_500.0
HOURS = (3, 7 * 24, 90 * 24, 700 * 24)
FEW = settings(max_examples=40, deadline=None, derandomize=True)
KINDS = list(itertools.product((False, True), repeat=3))


def flat(world: Quoted, volatility: float) -> None:
    """Every expiry at the spot and one volatility."""
    for hours in HOURS:
        world.set_quote(1, world.expiry(hours), Quote(SPOT, SPOT, volatility))


@pytest.mark.parametrize("is_put,is_up,knocks_in", KINDS)
def test_a_barrier_option_is_worth_at_most_the_option_without(
    is_put: bool, is_up: bool, knocks_in: bool
) -> None:
    """Before a touch; after it, it is that option or nothing. 20,000 points of each kind."""
    rng = np.random.default_rng(7)
    size = 20_000
    for seconds in (600.0, 86_400.0, 3e6, 6e7, 3e8):
        level = float(rng.choice([900.0, 1_499.0, 1_500.0, 1_501.0, 2_400.0]))
        strike = float(rng.choice([300.0, 1_200.0, 1_500.0, 1_800.0, 6_000.0]))
        # Near the barrier on either side, and far from it.
        spot = level * np.exp(
            rng.choice([1e-6, 1e-3, 0.05, 1.0], size // 5) * rng.normal(size=size // 5)
        )
        forward = spot * rng.uniform(0.9, 1.1, size // 5)
        volatility = np.exp(rng.uniform(np.log(0.01), np.log(5), size // 5))
        exact = barrier(
            *(spot, forward, strike, level, volatility, seconds),
            is_put=is_put,
            is_up=is_up,
            knocks_in=knocks_in,
        )
        prices = black76(forward, strike, volatility, seconds)
        plain = prices.put if is_put else prices.call
        near = 1e-9 * np.maximum(forward, strike)
        assert (exact >= -near).all()
        assert (exact <= plain + near).all()


def kinds(hours: tuple[int, ...]) -> st.SearchStrategy[list[tuple]]:
    """Hours, strike, put, quantity and barrier: none, or up or down by a distance, in or out."""
    distance = st.sampled_from([1e-6, 1e-4, 0.01, 0.04, 0.15, 0.5])
    kind = st.one_of(st.none(), st.tuples(distance, st.booleans(), st.booleans()))
    leg = st.tuples(
        st.sampled_from(hours),
        st.sampled_from([800, 1_350, 1_500, 1_575, 2_100]),
        st.booleans(),
        st.sampled_from([-3, -1, -0.5, 0.5, 1, 2]),
        kind,
    )
    return st.lists(leg, min_size=1, max_size=5)


def positions(world: MarginWorld | PortfolioWorld, legs: list[tuple]) -> list[Position]:
    held: dict[Series, Position] = {}
    for hours, strike, is_put, quantity, kind in legs:
        series = Series(1, world.expiry(hours), strike * WAD, is_put)
        if kind:
            distance, is_up, knocks_in = kind
            level = round(SPOT * (1 + distance if is_up else 1 - distance) * 1e8) * 10**10
            series = replace(series, barrier=level, is_up=is_up, knocks_in=knocks_in)
        held.setdefault(series, Position(series, quantity))
    return list(held.values())


def plain(position: Position) -> Position:
    bare = replace(position.series, barrier=0, is_up=False, knocks_in=False)
    return replace(position, series=bare)


def worst_state(position: Position, quote: Quote, seconds: float, spots, shocks) -> np.ndarray:
    """What it is worth by scenario, touched or not, whichever is worse."""
    series, quantity = position.series, position.quantity
    forward = quote.forward * spots
    volatility = quote.volatility * shocks
    prices = black76(forward, position.strike, volatility, seconds)
    bare = np.asarray(prices.put if series.is_put else prices.call)
    if not series.barrier:
        return quantity * bare
    untouched = barrier(
        *(quote.spot * spots, forward, position.strike, series.barrier / WAD, volatility, seconds),
        is_put=series.is_put,
        is_up=series.is_up,
        knocks_in=series.knocks_in,
    )
    touched = bare if series.knocks_in else 0 * bare
    return np.minimum(quantity * untouched, quantity * touched)


@pytest.fixture(scope="module")
def portfolio() -> PortfolioWorld:
    world = PortfolioWorld()
    world.set_rules(1)
    return world


@pytest.fixture(scope="module")
def standard() -> MarginWorld:
    world = MarginWorld()
    world.set_rules(1)
    return world


@given(kinds(HOURS), st.sampled_from([0.05, 0.4, 1.0, 3.0]), st.sampled_from([0.98, 1.0, 1.02]))
@FEW
def test_portfolio_maintenance_holds_in_every_scenario_and_touch(
    portfolio: PortfolioWorld, legs: list[tuple], volatility: float, basis: float
) -> None:
    world, rules = portfolio, TWENTY_THREE
    for hours in HOURS:
        world.set_quote(1, world.expiry(hours), Quote(SPOT, SPOT * basis, volatility))
    held = positions(world, legs)
    spots = np.array([s.spot for s in rules.scenarios])
    worst = np.zeros(len(spots))
    by_expiry: dict[int, list[Position]] = defaultdict(list)
    for p in held:
        by_expiry[p.series.expiry].append(p)
    for expiry, own in by_expiry.items():
        seconds = expiry - world.now
        quote = world.view.quotes[1, expiry]
        shocks = np.array([volatility_shock(rules, s.volatility, seconds) for s in rules.scenarios])
        values = sum(worst_state(p, quote, seconds, spots, shocks) for p in own)
        # Gains count at their discount or less; the engine's discount without interest.
        discount = rules.static_discount * np.exp(-seconds / 31_536_000 * rules.rate_add)
        worst = worst + np.where(values > 0, values * discount, values)
    # A short one with a barrier is covered by a long one without, and by no other.
    counts = [plain(p) for p in held if p.quantity < 0 or not p.series.barrier]
    shorts = naked(merge(counts))
    exact = float(worst.min()) - rules.naked_static * SPOT * shorts
    health = world.assess(held)
    unit = sum(abs(p.quantity) * max(p.strike, SPOT) for p in held)
    assert health.maintenance / WAD <= exact + 1e-8 + 1e-9 * unit
    assert health.initial <= health.maintenance


def outcomes(held: list[Position]) -> list[tuple[list[Position], float]]:
    """The books of plain options that touches can lead to, and the shorts that are gone in each
    with the longs that have come."""
    open_ones = [p for p in held if p.series.barrier]
    rest = [p for p in held if not p.series.barrier]
    found = []
    for stays in itertools.product((False, True), repeat=len(open_ones)):
        left = [plain(p) for p, there in zip(open_ones, stays, strict=True) if there]
        changed = [
            plain(p) for p, there in zip(open_ones, stays, strict=True) if there == (p.quantity > 0)
        ]
        found.append((rest + left, changed))
    return found


@given(kinds(HOURS[1:3]), st.sampled_from([0.3, 1.0]))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_a_touch_costs_no_portfolio_maintenance(
    portfolio: PortfolioWorld, legs: list[tuple], volatility: float
) -> None:
    """Nor initial margin, but for the factor's share of what a short that is gone or a long that
    has come is worth: the one may have gained, the other may lose where the book does."""
    world = portfolio
    flat(world, volatility)
    held = positions(world, legs)
    before = world.assess(held)
    for book, changed in outcomes(held):
        after = world.assess(book)
        unit = sum(abs(p.quantity) * max(p.strike, SPOT) for p in held) * WAD
        worth = sum(abs(world.assess([p]).equity) for p in changed)
        assert before.maintenance <= after.maintenance + 4e-6 * unit
        assert before.initial <= after.initial + 0.3 * worth + 6e-6 * unit


@given(kinds(HOURS[:3]), st.sampled_from([0.05, 0.4, 1.5]))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_touch_costs_no_standard_margin(
    standard: MarginWorld, legs: list[tuple], volatility: float
) -> None:
    world = standard
    flat(world, volatility)
    held = positions(world, legs)
    before = world.assess(*(word(p.series, p.quantity) for p in held))
    for book, _ in outcomes(held):
        after = margin.assess(0, (), book, world.view)
        assert before.maintenance / WAD <= after.maintenance + 1e-6
        assert before.initial / WAD <= after.initial + 1e-6


@given(kinds(HOURS[:3]), st.sampled_from([0.05, 0.4, 1.5]))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_standard_margin_of_a_short_covers_its_own_mark(
    standard: MarginWorld, legs: list[tuple], volatility: float
) -> None:
    """The rule on the barrier's exact mark, touched or not, never asks for more."""
    world = standard
    flat(world, volatility)
    one = np.ones(1)
    for p in positions(world, legs):
        if p.quantity > 0:
            continue
        quote = world.view.quotes[1, p.series.expiry]
        mark = float(worst_state(p, quote, p.series.expiry - world.now, one, one)[0])
        share = 0.075 * SPOT * p.quantity
        exact = mark + (min(share, 0.075 * mark) if p.series.is_put else share)
        # Alone in its expiry it may count by its worst payoff, which a barrier cannot raise.
        payoff = p.quantity * p.strike if p.series.is_put else -np.inf
        found = world.assess(word(p.series, p.quantity)).maintenance / WAD
        assert found <= max(exact, payoff) + 1e-6


@pytest.mark.parametrize("is_put", [False, True])
@pytest.mark.parametrize("distance", [0.1, 0.001, 1e-6])
@pytest.mark.parametrize("is_up", [False, True])
@pytest.mark.parametrize("knocks_in", [False, True])
def test_a_short_near_its_barrier_is_charged_as_the_plain_option(
    portfolio: PortfolioWorld,
    standard: MarginWorld,
    is_put: bool,
    distance: float,
    is_up: bool,
    knocks_in: bool,
) -> None:
    leg = (HOURS[1], 1_500, is_put, -1, (distance, is_up, knocks_in))
    for world in (portfolio, standard):
        world.set_quote(1, world.expiry(HOURS[1]), Quote(SPOT, SPOT, 0.7))
    (short,) = positions(portfolio, [leg])
    assert portfolio.assess([short]) == portfolio.assess([plain(short)])
    own, bare = word(short.series, -1), word(plain(short).series, -1)
    assert standard.assess(own) == standard.assess(bare)
    assert wad(short.quantity) == -WAD
