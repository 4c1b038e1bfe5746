"""Portfolio margin, written from the rules: what contracts/margin/PortfolioMargin.vy must compute.

The rules are those of Derive v2's portfolio manager (PMRM); every figure is a parameter. Amounts
in USD and contracts, time in seconds, longs positive; losses and requirements are negative
numbers that are added to cash, an account passes when the sum is not negative.

Per underlying, with its expiries e:

- a scenario moves spot by a multiple x and volatilities by m: `v_e = sum of q * value(forward of e
  with its moving part times x, volatility times m)`. `m` is `1 + up * h`, 1 or
  `max(0, 1 - down * h)` with `h = (30 d / max(t, 1 d)) ** p`.
- loss of a scenario `sum over e of (v_e * discount_e if v_e > 0 else v_e) - mark_e`, plus what
  collateral loses; times the weight of the scenario. The discount, `static * exp(-tau * (multiplier
  * rate + add))`, keeps gains from paying for losses in full.
- basis contingency: the worse of the forward moved up and down alone, times `add + mult * tau`.
- SPAN: the worst scenario, or the basis contingency if that is worse.
- static: a share of spot per unit of collateral and per naked short option. Each series counts by
  itself; the peer nets a call against a put of the same strike, so that a long put excuses a short
  call, which `peer_counting` switches on for comparison.
- maintenance `SPAN - static + mark + cash + collateral`; initial `(SPAN - static) * factor -
  confidence charge + mark + cash + collateral`, the factor growing as the stablecoin loses its peg.

Barriers: marked at their value (reference/barriers.py). In a scenario whose spot comes near the
barrier or crosses it, a short option counts at the worse of knocked and not knocked: a knock-in as
the option without barrier, a knock-out as the option without barrier at a spot no further than the
barrier. A long knock-out counts as nothing, a long knock-in at its value. `near` is how close, as a
share of the scenario's spot; between twice and once that, the value passes over linearly, so that
margin has no step. With `value_barriers` off they count as in standard margin: until it is decided,
a long option with a barrier as nothing and a short one as the option without it.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from ..series import DAY, Series
from .barriers import barrier
from .margin import (
    Health,
    Holding,
    Position,
    Quote,
    View,
    by_expiry,
    counted,
    resolve,
    settled,
)
from .pricing import YEAR, Floats, black76

MONTH = 30 * DAY
# Of a scan range that counts.
LEAST, MOST = 0.5, 4.0
UP, FLAT, DOWN = 1, 0, -1


@dataclass(frozen=True)
class Scenario:
    """spot: multiple. volatility: UP, FLAT or DOWN. weight: share of the loss that counts."""

    spot: float
    volatility: int = FLAT
    weight: float = 1.0


GRID = tuple(
    Scenario(spot, volatility)
    for spot in (1.15, 1.10, 1.05, 1.0, 0.95, 0.90, 0.85)
    for volatility in (UP, FLAT, DOWN)
)
# With the two wide moves of the peer's gas test.
GRID_23 = (*GRID, Scenario(1.20, UP), Scenario(0.80, UP))


@dataclass(frozen=True)
class Rules:
    """Figures of one underlying; the defaults are those of the peer's tests."""

    volatility_up: float = 0.45
    volatility_down: float = 0.30
    power_short: float = 0.30  # up to 30 days
    power_long: float = 0.13
    static_discount: float = 0.95
    rate_multiplier: float = 4.0
    rate_add: float = 0.05
    basis_up: float = 1.05
    basis_down: float = 0.95
    basis_add: float = 0.25
    basis_multiplier: float = 0.01
    collateral_static: float = 0.02  # of spot
    naked_static: float = 0.01  # of spot
    initial_factor: float = 1.3
    confidence_threshold: float = 0.6
    confidence_charge: float = 0.5
    peg_threshold: float = 0.98
    peg_charge: float = 2.0
    near: float = 0.025  # of the scenario's spot
    value_barriers: bool = True
    peer_counting: bool = False
    scenarios: tuple[Scenario, ...] = GRID


TEST = Rules()
PRODUCTION = Rules(
    volatility_up=0.6,
    rate_multiplier=1.0,
    rate_add=0.12,
    basis_add=1.0,
    basis_multiplier=1.2,
    collateral_static=0.03,
    naked_static=0.02,
    initial_factor=1.25,
    confidence_threshold=0.55,
    confidence_charge=1.0,
    peg_threshold=0.99,
    peg_charge=4.0,
)


@dataclass(frozen=True)
class ExpirySheet:
    """One expiry, all in USD but `shorts`, `size` [contracts] and `discount`.

    values: of the positions by scenario, before the discount. losses: what SPAN adds up.
    basis: the contingency, not positive. shorts: naked. charge: for confidence, positive.
    """

    expiry: int
    mark: float
    values: Floats
    losses: Floats
    discount: float
    basis: float
    shorts: float
    size: float
    charge: float


@dataclass(frozen=True)
class Sheet:
    """One underlying: every figure that leads to its margin, in USD.

    losses: by scenario, in the order of `scenarios`. static, charge: positive.
    collateral: what of it counts for maintenance; collateral_share: of that for initial.
    maintenance, initial: what is added to cash, collateral counted in.
    """

    expiries: tuple[ExpirySheet, ...]
    scenarios: tuple[Scenario, ...]
    losses: Floats
    basis: float
    span: float
    static: float
    charge: float
    factor: float
    mark: float
    collateral: float
    collateral_share: float
    maintenance: float
    initial: float

    @property
    def worst(self) -> int:
        """Number of the scenario that loses most."""
        return int(np.argmin(self.losses))


def volatility_shock(rules: Rules, direction: int, seconds: float) -> float:
    """What a scenario multiplies volatilities by."""
    power = rules.power_short if seconds <= MONTH else rules.power_long
    scale = (MONTH / max(seconds, DAY)) ** power
    if direction == UP:
        return 1 + rules.volatility_up * scale
    return max(0.0, 1 - rules.volatility_down * scale) if direction == DOWN else 1.0


def moved(multiple: float, scan: float) -> float:
    """A multiple of spot as wide as a scan range says, to the next basis point away from 1."""
    if scan == 1:
        return multiple
    away = math.ceil(abs(multiple - 1) * min(max(scan, LEAST), MOST) * 10_000 - 1e-7) / 10_000
    return 1 + math.copysign(away, multiple - 1)


def merge(positions: Sequence[Position]) -> list[Position]:
    """One position a series."""
    quantities: dict[Series, float] = defaultdict(float)
    for position in positions:
        quantities[position.series] += position.quantity
    return [Position(series, quantity) for series, quantity in quantities.items()]


def value(
    position: Position, quote: Quote, seconds: float, multiples: Floats, shocks: Floats
) -> Floats:
    """Of a position with spot and the moving part of the forward times `multiples`."""
    series, strike = position.series, position.strike
    forward = (quote.forward - quote.fixed) * multiples + quote.fixed
    volatility = quote.volatility_of(strike) * shocks
    if not series.barrier:
        prices = black76(forward, strike, volatility, seconds)
        return np.asarray(position.quantity * (prices.put if series.is_put else prices.call))
    return position.quantity * _barrier(
        series, quote.spot * multiples, forward, volatility, seconds
    )


def guarded(
    position: Position,
    quote: Quote,
    seconds: float,
    multiples: Floats,
    shocks: Floats,
    near: float,
) -> Floats:
    """The same, on the safe side of a barrier that the scenario comes near."""
    series, quantity = position.series, position.quantity
    plainly = value(position, quote, seconds, multiples, shocks)
    if not series.barrier:
        return plainly
    spot, level = quote.spot * multiples, series.barrier / 1e18
    distance = (level - spot if series.is_up else spot - level) / spot
    weight = np.clip(2 - distance / near, 0.0, 1.0) if near else (distance <= 0).astype(float)
    if quantity > 0:
        return np.asarray(plainly if series.knocks_in else plainly * (1 - weight))
    reached = multiples
    if not series.knocks_in:
        # Not further than the barrier: what is beyond was knocked out on the way.
        limit = level / quote.spot
        reached = np.minimum(multiples, limit) if series.is_up else np.maximum(multiples, limit)
    bare = replace(series, barrier=0, is_up=False, knocks_in=False)
    without = value(replace(position, series=bare), quote, seconds, reached, shocks)
    return np.asarray(plainly + weight * (without - plainly))


def expiry_sheet(
    positions: Sequence[Position],
    quote: Quote,
    rules: Rules,
    expiry: int,
    seconds: float,
    *,
    scan: float = 1.0,
) -> ExpirySheet:
    """What the positions of one expiry contribute.

    positions: barriers that are decided resolved. scan: moves of spot and forward are this many
    times as wide.
    """
    held, tau = merge(positions), seconds / YEAR
    one = np.ones(1)
    mark = sum(float(value(p, quote, seconds, one, one)[0]) for p in held)
    multiples = np.array([moved(s.spot, scan) for s in rules.scenarios])
    shocks = np.array([volatility_shock(rules, s.volatility, seconds) for s in rules.scenarios])
    values = np.zeros(len(multiples))
    for p in held:
        values += guarded(p, quote, seconds, multiples, shocks, rules.near)
    discount = (
        rules.static_discount
        * quote.discount**rules.rate_multiplier
        * math.exp(-tau * rules.rate_add)
    )
    shifted = []
    for move in (moved(rules.basis_up, scan), moved(rules.basis_down, scan)):
        forward = (quote.forward - quote.fixed) * move + quote.fixed
        # The volatility of a strike stays with the strike.
        shifted.append(sum(_at_forward(p, quote, forward, seconds) for p in held) - mark)
    size = sum(abs(p.quantity) for p in held)
    charge = 0.0
    if quote.confidence < rules.confidence_threshold:
        charge = (1 - quote.confidence) * rules.confidence_charge * size * quote.spot
    return ExpirySheet(
        expiry,
        mark,
        values,
        np.where(values > 0, values * discount, values) - mark,
        discount,
        min(*shifted, 0.0) * (rules.basis_add + rules.basis_multiplier * tau),
        naked(held, rules.peer_counting),
        size,
        charge,
    )


def naked(positions: Sequence[Position], peer_counting: bool = False) -> float:
    """Short options of one expiry that nothing of their kind covers [contracts]."""
    net: dict[object, float] = defaultdict(float)
    for position in positions:
        net[position.series.strike if peer_counting else position.series] += position.quantity
    return sum(max(-quantity, 0.0) for quantity in net.values())


def sheet(
    books: Mapping[int, tuple[Sequence[Position], Quote]],
    rules: Rules,
    now: int,
    *,
    spot: float,
    base: float = 0.0,
    haircuts: tuple[float, float] = (1.0, 1.0),
    stable: float = 1.0,
    scan: float = 1.0,
) -> Sheet:
    """Everything about one underlying, cash left out.

    books: positions and quote by time of expiry. base: units of the underlying as collateral.
    haircuts: share of collateral's value that counts for maintenance, and of that for initial.
    """
    lines = tuple(
        expiry_sheet(positions, quote, rules, expiry, expiry - now, scan=scan)
        for expiry, (positions, quote) in sorted(books.items())
    )
    collateral = base * spot / stable * haircuts[0]
    moves = np.array([moved(s.spot, scan) - 1 for s in rules.scenarios])
    weights = np.array([s.weight for s in rules.scenarios])
    losses = sum((line.losses for line in lines), np.zeros(len(moves))) + collateral * moves
    losses = losses * weights
    basis = sum(line.basis for line in lines)
    span = min(basis, float(losses.min()))
    shorts = sum(line.shorts for line in lines)
    static = (rules.collateral_static * base + rules.naked_static * shorts) * spot
    charge = sum(line.charge for line in lines)
    factor = rules.initial_factor + max(0.0, rules.peg_threshold - stable) * rules.peg_charge
    mark = sum(line.mark for line in lines)
    return Sheet(
        lines,
        rules.scenarios,
        losses,
        basis,
        span,
        static,
        charge,
        factor,
        mark,
        collateral,
        haircuts[1],
        span - static + mark + collateral,
        (span - static) * factor - charge + mark + collateral * haircuts[1],
    )


@dataclass(frozen=True)
class Account:
    """An account by portfolio margin: the three figures and what led to them."""

    health: Health
    sheets: Mapping[int, Sheet] = field(default_factory=dict)  # by underlying
    expired: float = 0.0  # [USD] what counts of positions that wait for settlement


def assess(
    cash: float,
    holdings: Sequence[Holding],
    positions: Sequence[Position],
    view: View,
    rules: Mapping[int, Rules],
    *,
    stable: float = 1.0,
    scans: Mapping[int, float] | None = None,
) -> Account:
    """Judge an account. For markets that have been seen: spot, forward, volatility positive.

    view: its rules are those of the other engine and not used. stable: price of the stablecoin.
    """
    equity = cash + sum(h.amount * h.price for h in holdings)
    initial = maintenance = cash
    fresh = all(h.fresh for h in holdings)
    books: dict[int, dict[int, tuple[list[Position], Quote]]] = defaultdict(dict)
    waiting = 0.0
    for expiry, held in by_expiry(positions).items():
        if expiry[1] <= view.now:
            worth, counts, is_fresh = settled(held, expiry, view)
            equity += worth
            waiting += counts
            initial += counts
            maintenance += counts
            fresh &= is_fresh
            continue
        quote = view.quotes[expiry]
        books[expiry[0]][expiry[1]] = (
            _undecided(held, view)
            if rules[expiry[0]].value_barriers
            else counted(held, view.knocked),
            quote,
        )
        fresh &= quote.fresh
    for underlying in {h.underlying for h in holdings}:
        books.setdefault(underlying, {})
    sheets: dict[int, Sheet] = {}
    for underlying, book in books.items():
        own = [h for h in holdings if h.underlying == underlying]
        spot = _spot(underlying, book, view)
        base = sum(h.amount * h.price for h in own) / spot if own else 0.0
        found = sheet(
            book,
            rules[underlying],
            view.now,
            spot=spot,
            base=base,
            haircuts=_haircuts(own),
            stable=stable,
            scan=(scans or {}).get(underlying, 1.0),
        )
        sheets[underlying] = found
        equity += found.mark
        initial += found.initial
        maintenance += found.maintenance
    return Account(Health(equity, initial, maintenance, fresh), sheets, waiting)


def _undecided(positions: Sequence[Position], view: View) -> list[Position]:
    """The positions with those barriers that are not decided."""
    left = (resolve(p, view.knocked.get(p.series.code, 0), False) for p in positions)
    return [p for p in left if p is not None]


def _spot(underlying: int, book: Mapping[int, tuple[list[Position], Quote]], view: View) -> float:
    for _, quote in book.values():
        return quote.spot
    return view.spots[underlying][0]


def _haircuts(holdings: Sequence[Holding]) -> tuple[float, float]:
    """Mean shares that count, weighted by value."""
    whole = sum(h.amount * h.price for h in holdings)
    first = sum(h.amount * h.price * h.maintenance for h in holdings)
    second = sum(h.amount * h.price * h.maintenance * h.initial for h in holdings)
    return (first / whole if whole else 1.0, second / first if first else 1.0)


def _at_forward(position: Position, quote: Quote, forward: float, seconds: float) -> float:
    """Value with the forward elsewhere and spot where it is."""
    series, volatility = position.series, quote.volatility_of(position.strike)
    if series.barrier:
        worth = _barrier(series, quote.spot, forward, volatility, seconds)
        return position.quantity * float(worth)
    prices = black76(forward, position.strike, volatility, seconds)
    return position.quantity * float(prices.put if series.is_put else prices.call)


def _barrier(
    series: Series, spot: ArrayLike, forward: ArrayLike, volatility: ArrayLike, seconds: float
) -> Floats:
    return barrier(
        spot,
        forward,
        series.strike / 1e18,
        series.barrier / 1e18,
        volatility,
        seconds,
        is_put=series.is_put,
        is_up=series.is_up,
        knocks_in=series.knocks_in,
    )
