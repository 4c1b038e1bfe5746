"""What the rules of both engines promise, on the reference models.

Where the peer's rule does not keep a promise, the test says what holds instead.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.backtest import worst_pair
from novate.reference import margin, portfolio
from novate.reference.margin import Position, Quote, Smile, View
from novate.series import DAY, WAD, Series

NOW = 1_000 * DAY
TENORS = (1, 7, 30, 200)
SPOT = 1_000.0
# Of a book of some hundred options, in floating point.
NEAR = 1e-7


@st.composite
def markets(draw: st.DrawFn) -> View:
    """One underlying with four expiries, a basis, smiles, and a part of the first one settled."""
    quotes = {}
    for tenor in TENORS:
        forward = SPOT * draw(st.floats(0.95, 1.05))
        slope = draw(st.floats(-0.4, 0.4))
        years = tenor / 365
        level = draw(st.floats(0.1, 1.5))
        smile = Smile(level**2 * years, 0.1 * years, slope, 0.0, 0.1)
        fixed = forward / 3 if tenor == 1 else 0.0
        discount = draw(st.floats(0.98, 1.0))
        confidence = draw(st.sampled_from([0.3, 0.7, 1.0]))
        quotes[1, NOW + tenor * DAY] = Quote(
            SPOT, forward, level, confidence, True, fixed, smile, tenor * DAY, discount
        )
    return View(NOW, {1: margin.Rules()}, quotes, spots={1: (SPOT, True)})


@st.composite
def options(draw: st.DrawFn, barriers: bool = True) -> Position:
    strike = 10 * draw(st.integers(70, 130))
    kind = draw(st.sampled_from(["", "up", "down"] if barriers else [""]))
    level = {"": 0, "up": draw(st.integers(1_001, 1_300)), "down": draw(st.integers(700, 999))}
    series = Series(
        1,
        NOW + draw(st.sampled_from(TENORS)) * DAY,
        strike * WAD,
        draw(st.booleans()),
        level[kind] * WAD,
        kind == "up",
        bool(kind) and draw(st.booleans()),
    )
    return Position(series, draw(st.integers(-40, 40)) / 4)


books = st.lists(options(), min_size=1, max_size=6)
rules = st.sampled_from([portfolio.TEST, replace(portfolio.TEST, scenarios=portfolio.GRID_23)])


def judged(book: list[Position], market: View, figures: portfolio.Rules) -> margin.Health:
    return portfolio.assess(0, [], book, market, {1: figures}).health


@given(markets(), books, books, rules)
def test_portfolio_is_subadditive(
    market: View, first: list[Position], second: list[Position], figures: portfolio.Rules
) -> None:
    apart = [judged(book, market, figures) for book in (first, second)]
    together = judged([*first, *second], market, figures)
    assert together.initial >= sum(h.initial for h in apart) - NEAR
    assert together.maintenance >= sum(h.maintenance for h in apart) - NEAR


@given(markets(), books, st.floats(0.1, 0.9), rules)
def test_splitting_changes_nothing(
    market: View, book: list[Position], share: float, figures: portfolio.Rules
) -> None:
    parts = [replace(p, quantity=p.quantity * s) for p in book for s in (share, 1 - share)]
    whole, split = (judged(b, market, figures) for b in (book, parts))
    assert split.initial == pytest.approx(whole.initial, abs=NEAR)
    assert split.maintenance == pytest.approx(whole.maintenance, abs=NEAR)


@given(markets(), books, options(), rules)
def test_free_long_never_lowers_maintenance(
    market: View, book: list[Position], more: Position, figures: portfolio.Rules
) -> None:
    """Initial margin marks gains and losses up by its factor, so that a long option with mark M
    lowers the excess by at most (factor - 1) M, which the peer accepts. Maintenance: never."""
    gift = replace(more, quantity=abs(more.quantity))
    assured = View(**{**vars(market), "quotes": _sure(market)})
    before, after = (judged(b, assured, figures) for b in (book, [*book, gift]))
    assert after.maintenance >= before.maintenance - NEAR
    mark = judged([gift], assured, figures).equity
    assert after.initial >= before.initial - (figures.initial_factor - 1) * mark - NEAR


@given(markets(), options(barriers=False), st.integers(1, 30), st.integers(1, 20))
def test_spread_needs_its_width_and_the_static_charge(
    market: View, short: Position, steps: int, size: int
) -> None:
    series = short.series
    gap = 10 * steps * WAD * (-1 if series.is_put else 1)
    hedge = replace(series, strike=series.strike + gap)
    book = [Position(series, -size), Position(hedge, size)]
    width = size * 10 * steps
    assured = View(**{**vars(market), "quotes": _flat(market)})
    found = judged(book, assured, portfolio.TEST)
    static = 0.01 * SPOT * size
    assert found.maintenance >= -width - static - NEAR
    assert found.initial >= -1.3 * (width + static) - NEAR
    standard = margin.assess(0, [], book, assured)
    assert -width - NEAR <= standard.initial <= standard.maintenance <= 0


@given(markets(), books, st.floats(0.8, 1.2), rules)
def test_continuous_in_spot(
    market: View, book: list[Position], level: float, figures: portfolio.Rules
) -> None:
    """A millionth of spot moves margin by some times what it moves the notional."""
    step = 1e-6
    notional = sum(abs(p.quantity) for p in book) * SPOT

    def at(multiple: float) -> View:
        quotes = {
            key: replace(
                q,
                spot=q.spot * multiple,
                forward=(q.forward - q.fixed) * multiple + q.fixed,
            )
            for key, q in market.quotes.items()
        }
        return replace(market, quotes=quotes, spots={1: (SPOT * multiple, True)})

    near, far = (judged(book, at(x), figures) for x in (level, level * (1 + step)))
    # The value crosses from free to guarded within 2.5 % of spot: slope of at most 40 and factor.
    assert abs(far.maintenance - near.maintenance) <= 100 * step * notional
    assert abs(far.initial - near.initial) <= 130 * step * notional
    plain = [p for p in book if not p.series.barrier]
    first, second = (margin.assess(0, [], plain, at(x)) for x in (level, level * (1 + step)))
    assert abs(second.initial - first.initial) <= 5 * step * notional


def test_knocked_series_end_the_guard() -> None:
    """Touched, a knock-out is nothing and a knock-in the option itself."""
    quote = Quote(SPOT, SPOT, 0.5)
    series = Series(1, NOW + 7 * DAY, 1_000 * WAD, False, 1_100 * WAD, is_up=True)
    key = 1, series.expiry
    for knocks_in in (False, True):
        one = replace(series, knocks_in=knocks_in)
        plain = replace(series, barrier=0, is_up=False)
        market = View(NOW, {}, {key: quote}, knocked={one.code: margin.TOUCHED})
        found = judged([Position(one, -1)], market, portfolio.TEST)
        bare = judged([Position(plain, -1)], market, portfolio.TEST)
        assert found == (bare if knocks_in else margin.Health(0, 0, 0, True))


def test_worst_case_of_the_standard_rule() -> None:
    """It takes the milder of two sums, which is not subadditive: a book of spreads without any
    requirement turns the 10 % of one far call into its worst payoff at the highest strike."""
    assert worst_pair(rounds=2_000).ratio > 5
    expiry = NOW + 30 * DAY
    market = View(NOW, {1: margin.Rules()}, {(1, expiry): Quote(SPOT, SPOT, 0.1)})

    def need(*legs: tuple[int, bool, int]) -> float:
        held = [Position(Series(1, expiry, k * WAD, put), q) for k, put, q in legs]
        return margin.assess(0, [], held, market).initial

    spreads = ((1_000, True, -500), (1_600, True, 500))
    call = ((1_300, False, -1),)
    assert need(*spreads) == 0
    assert need(*call) == pytest.approx(-100, abs=1e-6)
    # 300 lost at 1,600, and 1.2 forwards for the call that nothing covers.
    assert need(*spreads, *call) == pytest.approx(-1_500)


def _sure(market: View) -> dict[tuple[int, int], Quote]:
    return {key: replace(q, confidence=1.0) for key, q in market.quotes.items()}


def _flat(market: View) -> dict[tuple[int, int], Quote]:
    """Without smile: strikes of a steep one may be worth more than their neighbours."""
    return {key: replace(q, smile=None, confidence=1.0) for key, q in market.quotes.items()}
