"""Standard margin, written from the rules: what contracts/margin/StandardMargin.vy must compute.

Plain loops over strikes and positions, in floating point; nothing here is fast or clever. Amounts
in USD and contracts, time in seconds, longs positive. Figures are excess: cash plus what
collateral counts for minus the requirement, negative is a shortfall.

Rules (Derive v2's standard manager; every figure is a parameter):

- a short call needs its mark and `max(floor, initial - otm)` of spot, `otm = max(0, K - S) / S`;
  for maintenance its mark and `maintenance` of spot;
- a short put likewise with `otm = max(0, S - K) / S`; for maintenance its mark and the larger of
  `maintenance` of spot and `put_maintenance` of the mark; for initial margin `put_initial` times
  its maintenance margin at least;
- the options of one underlying and expiry never need more than the worst payoff of all of them
  at zero and at every strike, plus `unpaired` times the forward per call that is net short;
- for initial margin every short option pays a share of spot for low confidence and for a
  stablecoin below its peg;
- a barrier counts against the account: until it is known to be touched, or known not to have been,
  a long option with one is worth nothing and a short one is the option without it, which costs
  more than either kind. Afterwards it is an option without barrier, or none.

The volatility of a strike comes from the smile where there is one and stays with the strike.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..series import WAD, Series
from .pricing import YEAR, black76

Expiry = tuple[int, int]  # underlying, time of expiry [s]
# What the oracle knows of a barrier; 0 is not known.
TOUCHED, UNTOUCHED = 1, 2


@dataclass(frozen=True)
class Rules:
    """Figures of one underlying; the defaults are the peer's."""

    initial: float = 0.15
    initial_floor: float = 0.10
    maintenance: float = 0.075
    put_maintenance: float = 0.075
    put_initial: float = 1.05
    unpaired_initial: float = 1.2
    unpaired_maintenance: float = 1.1
    confidence_threshold: float = 0.4
    confidence_charge: float = 0.4
    peg_threshold: float = 0.98
    peg_charge: float = 1.2
    stablecoin: int = 0


@dataclass(frozen=True)
class Smile:
    """Raw SVI: total variance to an expiry by k = ln(strike / forward)."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def variance(self, k: float) -> float:
        x = k - self.m
        return self.a + self.b * (self.rho * x + math.hypot(x, self.sigma))


@dataclass(frozen=True)
class Quote:
    """What the oracle says of one underlying and expiry; a zero was never seen.

    fixed: the part of the forward that is settled already and moves no more.
    tenor: [s] the time that the smile's variance is for.
    discount: value today of one USD at expiry.
    volatilities: by strike, for tables that give them so; before the smile.
    """

    spot: float
    forward: float
    volatility: float
    confidence: float = 1.0
    fresh: bool = True
    fixed: float = 0.0
    smile: Smile | None = None
    tenor: int = 0
    discount: float = 1.0
    volatilities: Mapping[float, float] = field(default_factory=dict)

    def volatility_of(self, strike: float) -> float:
        """Annualised volatility of a strike."""
        if strike in self.volatilities:
            return self.volatilities[strike]
        if self.smile is None:
            return self.volatility
        variance = self.smile.variance(math.log(strike / self.forward))
        return math.sqrt(max(variance, 0.0) / (self.tenor / YEAR))


@dataclass(frozen=True)
class Position:
    series: Series
    quantity: float  # contracts, long positive

    @property
    def strike(self) -> float:
        return self.series.strike / WAD

    def payoff(self, price: float) -> float:
        gain = self.strike - price if self.series.is_put else price - self.strike
        return self.quantity * max(gain, 0.0)


@dataclass(frozen=True)
class Holding:
    """An amount of a collateral asset and what counts of its value.

    underlying: whose spot its price follows.
    """

    amount: float
    price: float
    maintenance: float
    initial: float
    fresh: bool = True
    underlying: int = 0


@dataclass(frozen=True)
class View:
    """The market at a moment."""

    now: int
    rules: Mapping[int, Rules]
    quotes: Mapping[Expiry, Quote]
    fixings: Mapping[Expiry, float] = field(default_factory=dict)
    spots: Mapping[int, tuple[float, bool]] = field(default_factory=dict)
    knocked: Mapping[int, int] = field(default_factory=dict)  # series code -> TOUCHED, UNTOUCHED


@dataclass(frozen=True)
class Health:
    equity: float
    initial: float
    maintenance: float
    fresh: bool


def plain(position: Position) -> Position:
    """The position without its barrier."""
    series = position.series
    return replace(position, series=replace(series, barrier=0, is_up=False, knocks_in=False))


def resolve(position: Position, state: int, expired: bool) -> Position | None:
    """What is left of a position once its barrier is decided; None for nothing.

    Undecided, the position as it is.
    """
    series = position.series
    if not series.barrier or state not in (TOUCHED, UNTOUCHED):
        return position
    if state == UNTOUCHED and not expired:
        return position
    return plain(position) if series.knocks_in == (state == TOUCHED) else None


def counted(
    positions: Iterable[Position], knocked: Mapping[int, int], expired: bool = False
) -> list[Position]:
    """The positions without barriers, as standard margin counts them."""
    found = []
    for position in positions:
        left = resolve(position, knocked.get(position.series.code, 0), expired)
        if left is not None and (left.quantity <= 0 or not left.series.barrier):
            found.append(plain(left))
    return found


def mark(position: Position, quote: Quote, seconds: int) -> float:
    """Value of a position without barrier at the market's forward and volatility."""
    volatility = quote.volatility_of(position.strike)
    prices = black76(quote.forward, position.strike, volatility, seconds)
    return position.quantity * float(prices.put if position.series.is_put else prices.call)


def isolated(position: Position, quote: Quote, rules: Rules, seconds: int) -> tuple[float, float]:
    """(initial, maintenance) of a position by itself, not positive; a long needs nothing."""
    quantity = position.quantity
    if quantity >= 0:
        return 0.0, 0.0
    spot, strike, value = quote.spot, position.strike, mark(position, quote, seconds)
    if position.series.is_put:
        otm = max(0.0, spot - strike) / spot
        least = min(rules.maintenance * spot * quantity, rules.put_maintenance * value)
        maintenance = value + least
    else:
        otm = max(0.0, strike - spot) / spot
        maintenance = value + rules.maintenance * spot * quantity
    initial = value + max(rules.initial_floor, rules.initial - otm) * spot * quantity
    if position.series.is_put:
        initial = min(initial, rules.put_initial * maintenance)
    return initial, maintenance


def worst_payoff(positions: Sequence[Position], forward: float, unpaired: float) -> float:
    """The most that the positions of one expiry can lose, not positive."""
    prices = [0.0, *(p.strike for p in positions)]
    worst = min(min(0.0, sum(p.payoff(s) for p in positions)) for s in prices)
    calls = sum(p.quantity for p in positions if not p.series.is_put)
    return worst + unpaired * forward * min(calls, 0.0)


def expiry_margin(
    positions: Sequence[Position], quote: Quote, rules: Rules, seconds: int
) -> tuple[float, float]:
    """(initial, maintenance) of the positions of one expiry, before charges; not positive.

    positions: without barriers, see `counted`.
    """
    alone = [isolated(p, quote, rules, seconds) for p in positions]
    forward = quote.forward
    return (
        max(sum(i for i, _ in alone), worst_payoff(positions, forward, rules.unpaired_initial)),
        max(sum(m for _, m in alone), worst_payoff(positions, forward, rules.unpaired_maintenance)),
    )


def charge(positions: Sequence[Position], quote: Quote, rules: Rules, view: View) -> float:
    """What the short options of an expiry pay for doubt in their initial margin, positive."""
    shorts = sum(max(-p.quantity, 0.0) for p in positions)
    share = 0.0
    if quote.confidence < rules.confidence_threshold:
        share += (1 - quote.confidence) * rules.confidence_charge
    if rules.stablecoin and shorts:
        peg, _ = view.spots[rules.stablecoin]
        share += max(rules.peg_threshold - peg, 0.0) * rules.peg_charge
    return share * quote.spot * shorts


def by_expiry(positions: Iterable[Position]) -> dict[Expiry, list[Position]]:
    """Positions by what nets: the same underlying and expiry."""
    expiries: dict[Expiry, list[Position]] = defaultdict(list)
    for position in positions:
        expiries[position.series.underlying, position.series.expiry].append(position)
    return dict(expiries)


def settled(held: Iterable[Position], expiry: Expiry, view: View) -> tuple[float, float, bool]:
    """(value, what of it counts for margin, fresh) of expired positions not settled yet.

    At the fixing; before there is one at spot, where a surplus backs nothing else.
    """
    final = expiry in view.fixings
    price, is_fresh = (view.fixings[expiry], True) if final else view.spots[expiry[0]]
    value = sum(p.payoff(price) for p in counted(held, view.knocked, expired=True))
    return value, value if final else min(value, 0.0), is_fresh


def assess(
    cash: float, holdings: Sequence[Holding], positions: Sequence[Position], view: View
) -> Health:
    """Judge an account. For markets that have been seen: spot, forward, volatility positive."""
    equity = cash + sum(h.amount * h.price for h in holdings)
    maintenance = cash + sum(h.amount * h.price * h.maintenance for h in holdings)
    initial = cash + sum(h.amount * h.price * h.maintenance * h.initial for h in holdings)
    fresh = all(h.fresh for h in holdings)
    for expiry, everything in by_expiry(positions).items():
        if expiry[1] <= view.now:
            value, counts, is_fresh = settled(everything, expiry, view)
            equity += value
            initial += counts
            maintenance += counts
            fresh &= is_fresh
            continue
        held = counted(everything, view.knocked)
        quote, rules = view.quotes[expiry], view.rules[expiry[0]]
        seconds = expiry[1] - view.now
        needs = expiry_margin(held, quote, rules, seconds)
        if rules.stablecoin and any(p.quantity < 0 for p in held):
            fresh &= view.spots[rules.stablecoin][1]
        equity += sum(mark(p, quote, seconds) for p in held)
        initial += needs[0] - charge(held, quote, rules, view)
        maintenance += needs[1]
        fresh &= quote.fresh
    return Health(equity, initial, maintenance, fresh)
