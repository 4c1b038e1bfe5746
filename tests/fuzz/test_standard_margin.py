"""The standard engine against its specification, and the properties that its rules promise."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.reference.margin import Position, Quote, Rules, Smile
from novate.series import DAY, HOUR, WAD, Series, pack
from tests.margin_world import MarginWorld, wad

HOURS = (3, 24, 7 * 24, 90 * 24, 3 * 365 * 24)
UNDERLYINGS = (1, 2)
SPOT = {1: 1_500.0, 2: 0.02}


@pytest.fixture(scope="module")
def world() -> MarginWorld:
    world = MarginWorld()
    world.set_rules(1)
    world.set_rules(
        2, Rules(0.3, 0.2, 0.15, 0.2, 1.5, 1.5, 1.25, 0.9, 1.0, 0.99, 2.0, stablecoin=9)
    )
    world.set_spot(9, 0.97)
    return world


shares = st.integers(-400, 400).map(lambda n: 1 + n / 1_000)
Quoted = tuple[float, float, float, Smile | None]
# Wings up to the steepest, centres off the money; in the units of a tenor's variance.
smiles = st.builds(
    lambda b, rho, m, sigma: Smile(0.01, b, rho, m, sigma),
    st.sampled_from([0.0, 0.05, 0.4, 1.0]),
    st.sampled_from([-0.9, -0.3, 0.0, 0.7]),
    st.sampled_from([-0.5, 0.0, 0.1]),
    st.sampled_from([0.001, 0.1, 0.5]),
)
quotes = st.tuples(
    st.integers(-50, 50).map(lambda n: 1 + n / 1_000),
    st.sampled_from([0.05, 0.3, 0.8, 2.0, 5.0]),
    st.sampled_from([0.0, 0.3, 0.4, 0.8, 1.0]),
    st.one_of(st.none(), smiles),
)
markets = st.lists(quotes, min_size=10, max_size=10)


@st.composite
def positions(draw: st.DrawFn, most: int = 14, expiries: int = 5) -> list[Position]:
    """Options near and far from the money; equal series on purpose."""
    held = []
    for _ in range(draw(st.integers(1, most))):
        underlying = draw(st.sampled_from(UNDERLYINGS))
        strike = SPOT[underlying] * draw(
            st.one_of(st.sampled_from([0.8, 0.9, 1.0, 1.1, 1.2, 8.0]), shares)
        )
        barrier = draw(st.sampled_from([0, 0, 0, wad(3)]))
        series = Series(
            underlying,
            HOURS[draw(st.integers(0, expiries - 1))] * HOUR,
            round(strike * 1e8) * 10**10,
            draw(st.booleans()),
            barrier,
            is_up=barrier > 0,
        )
        held.append(Position(series, draw(st.integers(-40, 40)) / 8))
    return held


def place(world: MarginWorld, market: list[Quoted]) -> None:
    for i, underlying in enumerate(UNDERLYINGS):
        for j, hours in enumerate(HOURS):
            basis, volatility, confidence, smile = market[5 * i + j]
            # As the oracle does: one spot, a forward of nine decimals.
            spot = SPOT[underlying]
            forward = round(spot * basis, 9)
            quote = Quote(spot, forward, volatility, confidence, smile=smile, tenor=hours * 1_800)
            world.set_quote(underlying, world.expiry(hours), quote)


def dated(world: MarginWorld, held: list[Position]) -> list[Position]:
    """Expiries become times from now."""
    return [
        replace(p, series=replace(p.series, expiry=world.expiry(p.series.expiry // HOUR)))
        for p in held
    ]


def words(held: list[Position]) -> list[int]:
    return [pack(p.series.code, wad(p.quantity)) for p in held]


def scale(held: list[Position]) -> float:
    return sum(abs(p.quantity) * (p.strike + SPOT[p.series.underlying]) for p in held)


@given(markets, positions(), st.integers(-(10**6), 10**6))
def test_engine_equals_its_specification(
    world: MarginWorld, market: list[Quoted], held: list[Position], cash: int
) -> None:
    place(world, market)
    held = dated(world, held)
    health = world.assess(*words(held), cash=cash * WAD)
    expected = world.expected(held, cash)
    near = 1e-9 * scale(held) + 1e-9
    assert health.equity / WAD == pytest.approx(expected.equity, abs=near, rel=1e-12)
    assert health.initial / WAD == pytest.approx(expected.initial, abs=near, rel=1e-12)
    assert health.maintenance / WAD == pytest.approx(expected.maintenance, abs=near, rel=1e-12)
    assert health.fresh == expected.fresh
    assert health.initial <= health.maintenance


@given(markets, positions(), st.sampled_from([-(10**21), -1, 0, 1, 10**15, 10**21]), st.booleans())
def test_excess_decides_as_the_full_assessment(
    world: MarginWorld, market: list[Quoted], held: list[Position], more: int, single: bool
) -> None:
    """Whatever step settles it: a bound, the worst payoff, or the prices."""
    place(world, market)
    held = dated(world, held)
    if single:
        held = [
            replace(p, series=replace(p.series, underlying=1, expiry=held[0].series.expiry))
            for p in held
        ]
    needed = -world.engine.assess(0, [], words(held)).initial
    health = world.assess(*words(held), cash=needed + more)
    assert health.initial == more


@given(markets, positions(most=7), st.integers(0, 2**32))
def test_order_and_splits_change_nothing(
    world: MarginWorld,
    market: list[Quoted],
    held: list[Position],
    seed: int,
) -> None:
    place(world, market)
    held = dated(world, held)
    whole = world.assess(*words(held))
    rng = random.Random(seed)
    parts = [
        replace(p, quantity=q)
        for p in held
        for cut in [rng.randrange(9) / 8]
        for q in (p.quantity * cut, p.quantity * (1 - cut))
    ]
    rng.shuffle(parts)
    assert world.assess(*words(parts)) == whole


@given(markets, positions(most=6), positions(most=1))
def test_free_long_never_lowers_excess(
    world: MarginWorld,
    market: list[Quoted],
    held: list[Position],
    more: list[Position],
) -> None:
    place(world, market)
    held, (gift,) = dated(world, held), dated(world, more)
    before = world.assess(*words(held))
    after = world.assess(*words([*held, replace(gift, quantity=abs(gift.quantity))]))
    # One division rounds the sum of an expiry.
    assert after.initial >= before.initial - 1
    assert after.maintenance >= before.maintenance - 1
    assert after.equity >= before.equity


@given(markets, positions(most=1), st.integers(1, 400))
def test_bigger_short_never_needs_less(
    world: MarginWorld, market: list[Quoted], held: list[Position], more: int
) -> None:
    place(world, market)
    (short,) = dated(world, held)
    sizes = (-abs(short.quantity), -abs(short.quantity) - more / 8)
    less, greater = (world.assess(*words([replace(short, quantity=q)])) for q in sizes)
    assert greater.initial <= less.initial
    assert greater.maintenance <= less.maintenance


@given(markets, positions(most=1), st.integers(1, 600))
def test_margin_falls_away_from_the_money(
    world: MarginWorld, market: list[Quoted], held: list[Position], step: int
) -> None:
    """P-39: a call needs less the higher its strike, a put more."""
    # Flat, since a smile that is no market's can turn the order of prices.
    place(world, [(basis, volatility, doubt, None) for basis, volatility, doubt, _ in market])
    (short,) = dated(world, held)
    series = replace(short.series, barrier=0, is_up=False)
    gap = wad(SPOT[series.underlying] * step / 1_000) // 10**10 * 10**10
    higher = replace(series, strike=series.strike + gap)
    low, high = (world.assess(*words([Position(s, -1)])) for s in (series, higher))
    if series.is_put:
        low, high = high, low
    # The error of the price module, 4e-15 of the forward, is all that may disturb the order.
    slack = wad(2 * SPOT[series.underlying]) * 8 // 10**15 + 2
    assert high.initial >= low.initial - slack
    assert high.maintenance >= low.maintenance - slack


@given(markets, positions(most=1), st.integers(1, 3_000), st.integers(1, 80))
def test_spread_needs_its_width_at_most(
    world: MarginWorld,
    market: list[Quoted],
    held: list[Position],
    width: int,
    size: int,
) -> None:
    place(world, [(basis, volatility, 1.0, smile) for basis, volatility, _, smile in market])
    world.set_spot(9, 1)
    (short,) = dated(world, held)
    series = replace(short.series, barrier=0, is_up=False)
    gap = wad(SPOT[series.underlying] * width / 10_000) // 10**10 * 10**10
    other = series.strike + (-gap if series.is_put else gap)
    hedge = replace(series, strike=max(other, 10**10))
    health = world.assess(pack(series.code, -size * WAD), pack(hedge.code, size * WAD))
    assert -size * abs(hedge.strike - series.strike) <= health.initial <= health.maintenance <= 0


@given(markets, positions(most=8, expiries=1), st.integers(-100, 100))
def test_margin_is_continuous_in_spot(
    world: MarginWorld, market: list[Quoted], held: list[Position], ticks: int
) -> None:
    """Spot and forward move by a hundred-thousandth: margin by no more than what is held of it."""
    place(world, market)
    held = [
        replace(p, series=replace(p.series, underlying=1)) for p in dated(world, held) if p.quantity
    ]
    expiry = world.expiry(HOURS[0])
    quote = world.view.quotes[1, expiry]
    step = 1 + ticks / 10_000_000
    before = world.assess(*words(held))
    near = replace(quote, spot=round(quote.spot * step, 9), forward=round(quote.forward * step, 9))
    world.set_quote(1, expiry, near)
    after = world.assess(*words(held))
    size = sum(abs(p.quantity) for p in held)
    # Delta of a mark at most 1, with the smile's slope at most 5 times it; all factors below 3.
    most = size * abs(near.spot - quote.spot) * 30 + 1e-9
    assert abs(after.initial - before.initial) <= wad(most)
    assert abs(after.maintenance - before.maintenance) <= wad(most)


def test_every_second_to_expiry_is_continuous(world: MarginWorld) -> None:
    """P-07: no step in time until the option is over."""
    expiry = world.expiry(2)
    world.set_quote(1, expiry, Quote(1_500, 1_500, 1.0))
    words_held = words([Position(Series(1, expiry, 1_500 * WAD, False), -1)])
    world_now = world.now
    previous = None
    for left in [DAY, DAY - 1, HOUR, HOUR - 1, 60, 59, 3, 2, 1]:
        if left > expiry - world.now:
            continue
        world.travel(expiry - world.now - left)
        initial = world.assess(*words_held).initial
        if previous is not None and previous[0] == left + 1:
            # sqrt(second) / sqrt(year) of at-the-money value at most.
            assert abs(initial - previous[1]) <= wad(1_500 * 0.4 * 1.8e-4)
        previous = (left, initial)
    world.travel(world_now - world.now)
