"""The option pool in plain numbers: what its risk is, what a trade costs, what a share is worth.

Written from the design and from what the pool promises, not from the contracts: potentials and
sensitivities in mpmath, of which tests show that they are integrals and derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mpmath import erfc, exp, log, mpf, pi, sqrt

from ..pool import Conduct, Rules

YEAR = 31_536_000
# Of a trade, where the pool stood before.
PARTS = 64
HOUR, DAY = 3_600, 86_400


@dataclass(frozen=True)
class Market:
    """One expiry. volatility: of a strike, annualised."""

    spot: Any
    forward: Any
    left: int  # [s] to expiry
    volatility: Callable[[Any], Any]
    fixed: Any = 0  # part of the forward that no longer moves
    discount: Any = 1


@dataclass(frozen=True)
class Figures:
    """Of one contract, or of a book, in USD: see contracts/interfaces/IPoolPricer.vyi."""

    value: Any
    delta: Any
    gamma: Any
    vega: Any
    theta: Any


def cdf(x: Any) -> Any:
    return erfc(-x / sqrt(mpf(2))) / 2


def unit(market: Market, strike: Any, is_put: bool, horizon: int = 0) -> Figures:
    """One contract, by differentiating Black-76 by hand."""
    f, k = mpf(market.forward), mpf(strike)
    if market.left <= 0:
        return Figures(market.discount * max((k - f) if is_put else (f - k), 0), 0, 0, 0, 0)
    t = mpf(market.left) / YEAR
    volatility = mpf(market.volatility(strike))
    s = volatility * sqrt(t)
    d1 = log(f / k) / s + s / 2
    call = f * cdf(d1) - k * cdf(d1 - s)
    density = exp(-d1 * d1 / 2) / sqrt(2 * pi)
    moving = f - mpf(market.fixed)
    weight = 1 + mpf(horizon) / max(market.left, DAY)
    discount = mpf(market.discount)
    return Figures(
        value=discount * (call - f + k if is_put else call),
        delta=discount * moving * (cdf(d1) - is_put),
        gamma=discount * moving**2 * density / (f * s) * weight,
        vega=discount * f * density * sqrt(t),
        theta=-discount * f * density * volatility / (2 * sqrt(t)),
    )


@dataclass(frozen=True)
class Option:
    """expiry in seconds, strike in USD."""

    expiry: int
    strike: Any
    is_put: bool


@dataclass
class Pool:
    """A pool at one moment. book: contracts that it holds, long positive."""

    rules: Rules
    markets: Mapping[int, Market]
    cash: Any
    reserve: Any = mpf(0)
    book: dict[Option, Any] = field(default_factory=dict)
    time: int = 0  # [s]
    memory: int = 1  # [s] of a period
    # What the first trade of the block found.
    began: Any | None = None
    # What the first trade of each period found, by the number of the period.
    starts: dict[int, dict[Option, Any]] = field(default_factory=dict)

    def unit(self, option: Option) -> Figures:
        market = self.markets[option.expiry]
        return unit(market, option.strike, option.is_put, self.rules.horizon * HOUR)

    @property
    def spot(self) -> Any:
        return next(iter(self.markets.values())).spot

    def risk(self, book: Mapping[Option, Any] | None = None) -> Figures:
        """All positions together."""
        held = self.book if book is None else book
        figures = [(q, self.unit(option)) for option, q in held.items()]
        names = ("value", "delta", "gamma", "vega", "theta")
        return Figures(*(sum((q * getattr(u, n) for q, u in figures), mpf(0)) for n in names))

    def owed(self, book: Mapping[Option, Any] | None = None) -> Any:
        """Contracts that are short, at spot."""
        held = self.book if book is None else book
        return sum((-q for q in held.values() if q < 0), mpf(0)) * self.spot

    @property
    def gross_vega(self) -> Any:
        return sum((abs(q) * self.unit(o).vega for o, q in self.book.items()), mpf(0))

    @property
    def income(self) -> Any:
        """Cash and options at mid, less what is not earned yet."""
        return self.cash + self.risk().value - self.reserve

    def worth(self, conduct: Conduct, confidence: Any = 1) -> tuple[Any, Any]:
        """Low and high value: what shares are paid by, what they are made by."""
        doubt = (mpf(conduct.spot_doubt) / 10_000 + 1 - confidence) * abs(self.risk().delta)
        doubt += mpf(conduct.vol_doubt) / 10_000 * self.gross_vega
        return max(self.income - doubt, 0), self.income + self.reserve + doubt

    def potential(self, book: Mapping[Option, Any], capital: Any) -> Any:
        """The price of all risk of a book."""
        rules, risk = self.rules, self.risk(book)
        by_expiry: dict[Any, Any] = {}
        by_strike: dict[Any, Any] = {}
        for option, quantity in book.items():
            vega = quantity * self.unit(option).vega
            by_expiry[option.expiry] = by_expiry.get(option.expiry, 0) + vega
            strike = (option.expiry, option.strike)
            by_strike[strike] = by_strike.get(strike, 0) + vega
        shifts = rules.level * sum(v * v for v in by_expiry.values())
        shifts += rules.skew * sum(v * v for v in by_strike.values())
        beyond = max(self.owed(book) - mpf(rules.free) / 100 * capital, 0)
        shifts += rules.slope * beyond * beyond
        lines = rules.delta * abs(risk.delta) + rules.gamma * abs(risk.gamma) / 100
        lines += rules.vega * abs(risk.vega)
        return (shifts / (2 * capital) + lines) / 10_000

    def after(self, option: Option, quantity: Any, book: Mapping[Option, Any]) -> dict[Option, Any]:
        """A book from which a taker bought so many contracts."""
        changed = dict(book)
        changed[option] = changed.get(option, mpf(0)) - quantity
        return changed

    def shifts(self, option: Option, book: Mapping[Option, Any], capital: Any) -> tuple[Any, Any]:
        """By how much the volatility of an expiry, and of a strike, is off the surface."""
        vegas = {one: quantity * self.unit(one).vega for one, quantity in book.items()}
        level = sum((v for one, v in vegas.items() if one.expiry == option.expiry), mpf(0))
        strike = (option.expiry, option.strike)
        skew = sum((v for o, v in vegas.items() if (o.expiry, o.strike) == strike), mpf(0))
        share = -1 / (mpf(10_000) * capital)
        return self.rules.level * level * share, self.rules.skew * skew * share

    def free(self, option: Option, quantity: Any, book: Mapping[Option, Any]) -> Any:
        """Contracts of a trade, from its first on, that take an arbitrage out of the prices."""
        market = self.markets[option.expiry]
        volatility, years = mpf(market.volatility(option.strike)), mpf(market.left) / YEAR
        butterfly = mpf("0.01") ** 2 / (2 * volatility * years)
        calendar = volatility * 7 * DAY / (2 * mpf(market.left))
        side = 1 if quantity > 0 else -1
        capital = self.income if self.began is None else self.began

        def restores(done: Any) -> bool:
            # Buying raises a volatility: it helps where it is too low.
            level, skew = self.shifts(option, self.after(option, side * done, book), capital)
            helps = (level + skew) * side < 0
            strike = -skew * side > butterfly * (1 if skew > 0 else 2)
            return helps and (strike or -level * side > calendar)

        if not restores(mpf(0)):
            return mpf(0)
        low, high = mpf(0), abs(mpf(quantity))
        if restores(high):
            return high
        for _ in range(120):
            middle = (low + high) / 2
            low, high = (middle, high) if restores(middle) else (low, middle)
        return low

    def place(self, option: Option, capital: Any) -> Any:
        """For one more of 128 positions: nothing for the first, the most for the last."""
        if self.book.get(option, 0) != 0:
            return mpf(0)
        count = sum(1 for quantity in self.book.values() if quantity != 0)
        return min(capital / 10_000, 100) * (mpf(count) / 128) ** 4

    @property
    def remembered(self) -> list[dict[Option, Any]]:
        """Where the pool stood when this period began, and the one before, if they saw trades."""
        number = self.time // self.memory
        return [self.starts[n] for n in (number, number - 1) if n in self.starts]

    def cost(self, option: Option, quantity: Any) -> tuple[Any, Any, Any]:
        """Value, fee and charge of a trade; positive quantity: the taker buys, and pays the sum."""
        one = self.unit(option)
        capital = self.income if self.began is None else self.began
        past = self.remembered
        paying = abs(quantity) - min(
            self.free(option, quantity, book) for book in (self.book, *past)
        )
        fee = paying * (self.rules.premium_fee * one.value + self.rules.spot_fee * self.spot)
        fee += 10_000 * self.place(option, capital)

        def more(size: Any, book: Mapping[Option, Any]) -> Any:
            after = self.after(option, size, book)
            return self.potential(after, capital) - self.potential(book, capital)

        charges = [more(quantity, self.book)]
        charges += [PARTS * more(mpf(quantity) / PARTS, book) for book in past]
        value, fee = quantity * one.value, fee / 10_000
        charge = max(max(charges), -self.reserve - fee)
        if quantity > 0:
            return value, fee, charge if value + fee + charge > 0 else -value - fee
        return value, fee, charge

    def trade(self, option: Option, quantity: Any) -> Any:
        """Do it; what the taker paid."""
        value, fee, charge = self.cost(option, quantity)
        if self.began is None:
            self.began = self.income
        self.starts.setdefault(self.time // self.memory, dict(self.book))
        self.cash += value + fee + charge
        self.reserve += fee + charge
        self.book = self.after(option, quantity, self.book)
        return value + fee + charge

    def next_block(self, conduct: Conduct, seconds: int, theta_rate: Any) -> None:
        """Time passes: the reserve becomes income. theta_rate: per capital and year, >= 0."""
        power = mpf(seconds) / (conduct.release * HOUR)
        power += mpf(conduct.theta) / 100 * theta_rate * seconds / YEAR
        self.reserve *= exp(-power)
        self.markets = {e: replace(m, left=m.left - seconds) for e, m in self.markets.items()}
        self.time += seconds
        self.began = None
