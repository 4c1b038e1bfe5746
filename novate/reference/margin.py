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
  stablecoin below its peg.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..series import WAD, Series
from .pricing import black76

Expiry = tuple[int, int]  # underlying, time of expiry [s]


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
class Quote:
    """What the oracle says of one underlying and expiry; a zero was never seen."""

    spot: float
    forward: float
    volatility: float
    confidence: float = 1.0
    fresh: bool = True


@dataclass(frozen=True)
class Position:
    series: Series
    quantity: float  # contracts, long positive

    @property
    def strike(self) -> float:
        return self.series.strike / WAD

    @property
    def is_void(self) -> bool:
        """A long option with a barrier counts for nothing."""
        return self.quantity > 0 and self.series.barrier > 0

    def payoff(self, price: float) -> float:
        gain = self.strike - price if self.series.is_put else price - self.strike
        return self.quantity * max(gain, 0.0)


@dataclass(frozen=True)
class Holding:
    """An amount of a collateral asset and what counts of its value."""

    amount: float
    price: float
    maintenance: float
    initial: float
    fresh: bool = True


@dataclass(frozen=True)
class View:
    """The market at a moment."""

    now: int
    rules: Mapping[int, Rules]
    quotes: Mapping[Expiry, Quote]
    fixings: Mapping[Expiry, float] = field(default_factory=dict)
    spots: Mapping[int, tuple[float, bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    equity: float
    initial: float
    maintenance: float
    fresh: bool


def mark(position: Position, quote: Quote, seconds: int) -> float:
    """Value of a position at the market's forward and volatility."""
    prices = black76(quote.forward, position.strike, quote.volatility, seconds)
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
    positions: Iterable[Position], quote: Quote, rules: Rules, seconds: int
) -> tuple[float, float]:
    """(initial, maintenance) of the positions of one expiry, before charges; not positive."""
    counted = [p for p in positions if not p.is_void]
    alone = [isolated(p, quote, rules, seconds) for p in counted]
    return (
        max(sum(i for i, _ in alone), worst_payoff(counted, quote.forward, rules.unpaired_initial)),
        max(
            sum(m for _, m in alone),
            worst_payoff(counted, quote.forward, rules.unpaired_maintenance),
        ),
    )


def assess(
    cash: float, holdings: Sequence[Holding], positions: Sequence[Position], view: View
) -> Health:
    """Judge an account. For markets that have been seen: spot, forward and volatility positive."""
    equity = cash + sum(h.amount * h.price for h in holdings)
    maintenance = cash + sum(h.amount * h.price * h.maintenance for h in holdings)
    initial = cash + sum(h.amount * h.price * h.maintenance * h.initial for h in holdings)
    fresh = all(h.fresh for h in holdings)
    expiries: dict[Expiry, list[Position]] = defaultdict(list)
    for position in positions:
        expiries[position.series.underlying, position.series.expiry].append(position)
    for expiry, held in expiries.items():
        if expiry[1] <= view.now:
            final = expiry in view.fixings
            price, is_fresh = (view.fixings[expiry], True) if final else view.spots[expiry[0]]
            value = sum(p.payoff(price) for p in held if not p.is_void)
            counts = value if final else min(value, 0.0)
            equity += value
            initial += counts
            maintenance += counts
            fresh &= is_fresh
            continue
        quote, rules = view.quotes[expiry], view.rules[expiry[0]]
        seconds = expiry[1] - view.now
        needs = expiry_margin(held, quote, rules, seconds)
        shorts = sum(max(-p.quantity, 0.0) for p in held)
        charge = 0.0
        if quote.confidence < rules.confidence_threshold:
            charge += (1 - quote.confidence) * rules.confidence_charge
        if rules.stablecoin and shorts:
            peg, is_fresh = view.spots[rules.stablecoin]
            charge += max(rules.peg_threshold - peg, 0.0) * rules.peg_charge
            fresh &= is_fresh
        equity += sum(mark(p, quote, seconds) for p in held if not p.is_void)
        initial += needs[0] - charge * quote.spot * shorts
        maintenance += needs[1]
        fresh &= quote.fresh
    return Health(equity, initial, maintenance, fresh)
