"""What an account holds in a market that is given: its margin taken apart, and what if.

    margin_sheet([Term(...)], spot=1_500)   any published margin table, from plain numbers
    book.table()                            per expiry, per scenario, per contingency
    book.moved(0.8, 1.5), book.traded(...)  what if
    liquidation(book), surface(book)        where it ends, and the way there

Computed by the reference model (novate/reference/), taken apart by novate/margin_table.py;
novate/risk.py makes books of accounts. Floats, in USD and contracts: for reading, not for booking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .errors import ParameterError
from .margin_table import Engine, MarginTable, portfolio_table, standard_table
from .reference import margin, portfolio
from .reference.margin import Health, Holding, Position, Quote, View
from .reference.pricing import YEAR, Floats
from .series import DAY, HOUR, Series

Trade = tuple[Series, float, float]  # series, signed quantity, price in USD a contract
# How far spot is followed in search of the end, and in which steps of its logarithm.
FARTHEST, STEP = 3.0, 0.02
SPOTS = tuple(float(x) for x in np.linspace(0.7, 1.3, 37))
VOLATILITIES = tuple(float(x) for x in np.linspace(0.5, 2.5, 21))


@dataclass(frozen=True)
class Book:
    """What an account holds and the market that it is judged in.

    figures: of portfolio margin, by underlying; those of standard margin are in the view.
    stable: price of the stablecoin. scans: multiple of the spot moves, by underlying.
    """

    cash: float
    positions: tuple[Position, ...]
    view: View
    engine: Engine = "standard"
    holdings: tuple[Holding, ...] = ()
    figures: Mapping[int, portfolio.Rules] = field(default_factory=dict)
    stable: float = 1.0
    scans: Mapping[int, float] = field(default_factory=dict)

    @property
    def underlyings(self) -> list[int]:
        found = {p.series.underlying for p in self.positions}
        return sorted(found | {h.underlying for h in self.holdings})

    def spot(self, underlying: int) -> float:
        for (one, _), quote in self.view.quotes.items():
            if one == underlying:
                return quote.spot
        return self.view.spots[underlying][0]

    def health(self) -> Health:
        """Equity and excess, as the engine of the account sees them."""
        if self.engine == "standard":
            return margin.assess(self.cash, self.holdings, self.positions, self.view)
        return self._portfolio().health

    def table(self) -> MarginTable:
        """Every figure that leads to `health`."""
        if self.engine == "standard":
            return standard_table(self)
        return portfolio_table(self, self._portfolio())

    def using(self, engine: Engine) -> Book:
        """The same under another engine."""
        return replace(self, engine=engine)

    def traded(self, trades: Iterable[Trade]) -> Book:
        """After trades, fees left out."""
        cash, positions = self.cash, list(self.positions)
        for series, quantity, price in trades:
            cash -= quantity * price
            positions.append(Position(series, quantity))
            if (series.underlying, series.expiry) not in self.view.quotes:
                raise ParameterError("series", str(series), "one that the view has a quote for")
        return replace(
            self, cash=cash, positions=tuple(p for p in portfolio.merge(positions) if p.quantity)
        )

    def moved(
        self,
        spot: float = 1.0,
        volatility: float = 1.0,
        *,
        days: float = 0.0,
        underlying: int | None = None,
    ) -> Book:
        """After spot and volatilities are multiplied and time has passed.

        underlying: the only one whose prices move; all of them by default. A stablecoin stays.
        """
        stablecoins = {rules.stablecoin for rules in self.view.rules.values()}

        def moves(one: int) -> bool:
            return one not in stablecoins and underlying in (None, one)

        quotes = {
            key: _moved(quote, spot, volatility) if moves(key[0]) else quote
            for key, quote in self.view.quotes.items()
        }
        spots = {
            one: (price * spot if moves(one) else price, fresh)
            for one, (price, fresh) in self.view.spots.items()
        }
        holdings = tuple(
            replace(h, price=h.price * spot) if moves(h.underlying) else h for h in self.holdings
        )
        now = self.view.now + round(days * DAY)
        view = replace(self.view, now=now, quotes=quotes, spots=spots)
        return replace(self, view=view, holdings=holdings)

    def _portfolio(self) -> portfolio.Account:
        return portfolio.assess(
            self.cash,
            self.holdings,
            self.positions,
            self.view,
            self.figures,
            stable=self.stable,
            scans=self.scans,
        )


@dataclass(frozen=True)
class Liquidation:
    """Spots [USD] at which maintenance margin is used up; None where that never happens."""

    spot: float
    below: float | None
    above: float | None


def liquidation(book: Book, underlying: int | None = None) -> Liquidation:
    """The nearest spots at which the maintenance excess changes its sign, all else as it is.

    underlying: the one that moves; needed only when there are several.
    """
    # Imported late: it takes a quarter of a second.
    from scipy.optimize import brentq

    found = book.underlyings
    if underlying is None:
        if len(found) > 1:
            raise ParameterError("underlying", None, f"one of {found}")
        underlying = found[0] if found else 0
    if underlying not in found:
        return Liquidation(math.nan, None, None)

    def excess(x: float) -> float:
        return book.moved(math.exp(x), underlying=underlying).health().maintenance

    spot = book.spot(underlying)
    start = excess(0.0)
    ends: list[float | None] = []
    for sign in (-1, 1):
        ends.append(None)
        before = 0.0
        for x in np.arange(STEP, FARTHEST + STEP, STEP) * sign:
            if excess(x) * start <= 0 and start:
                ends[-1] = spot * math.exp(brentq(excess, before, x, xtol=1e-12))
                break
            before = x
    return Liquidation(spot, *ends)


@dataclass(frozen=True)
class Surface:
    """An account over multiples of spot and of volatility; arrays are spot by volatility [USD]."""

    spots: Floats
    volatilities: Floats
    equity: Floats
    initial: Floats
    maintenance: Floats

    @property
    def requirement(self) -> Floats:
        """Initial margin itself: equity less excess."""
        return np.asarray(self.equity - self.initial)


def surface(
    book: Book,
    spots: Sequence[float] | Floats = SPOTS,
    volatilities: Sequence[float] | Floats = VOLATILITIES,
) -> Surface:
    """Equity and excess with spot and volatilities multiplied, all else as it is."""
    judged = [[book.moved(x, m).health() for m in volatilities] for x in spots]

    def grid(get: Callable[[Health], float]) -> Floats:
        return np.array([[get(health) for health in row] for row in judged])

    return Surface(
        np.asarray(spots),
        np.asarray(volatilities),
        grid(lambda h: h.equity),
        grid(lambda h: h.initial),
        grid(lambda h: h.maintenance),
    )


# -- plain numbers --


@dataclass(frozen=True)
class Option:
    """quantity: long positive. volatility: that of its expiry by default."""

    strike: float
    quantity: float
    is_put: bool = False
    volatility: float | None = None
    barrier: float = 0.0
    is_up: bool = False
    knocks_in: bool = False


@dataclass(frozen=True)
class Term:
    """One expiry. forward: the whole of it, spot by default; fixed: what of it moves no more.

    rate: annual, continuous.
    """

    seconds: int
    options: Sequence[Option]
    volatility: float = 0.0
    forward: float | None = None
    fixed: float = 0.0
    rate: float = 0.0
    confidence: float = 1.0


def margin_sheet(
    terms: Sequence[Term],
    *,
    spot: float,
    cash: float = 0.0,
    base: float = 0.0,
    stable: float = 1.0,
    rules: margin.Rules | portfolio.Rules = portfolio.TEST,
) -> MarginTable:
    """Margin from plain numbers, by the engine that the rules belong to.

    base: units of the underlying as collateral, of which standard margin counts a tenth.
    """
    return sheet_book(terms, spot=spot, cash=cash, base=base, stable=stable, rules=rules).table()


def sheet_book(
    terms: Sequence[Term],
    *,
    spot: float,
    cash: float = 0.0,
    base: float = 0.0,
    stable: float = 1.0,
    rules: margin.Rules | portfolio.Rules = portfolio.TEST,
) -> Book:
    """The book that `margin_sheet` judges, for surfaces and what-ifs."""
    # Series expire on the hour, so now is the first moment that lets every expiry do so.
    now = 0
    hours = {-term.seconds % HOUR for term in terms}
    if len(hours) > 1:
        raise ParameterError("seconds", [t.seconds for t in terms], "whole hours apart")
    now = hours.pop() if hours else 0
    quotes: dict[margin.Expiry, Quote] = {}
    positions = []
    for term in terms:
        expiry = now + term.seconds
        own = {o.strike: o.volatility for o in term.options if o.volatility is not None}
        quotes[1, expiry] = Quote(
            spot,
            spot if term.forward is None else term.forward,
            term.volatility,
            term.confidence,
            fixed=term.fixed,
            discount=math.exp(-term.rate * term.seconds / YEAR),
            volatilities=own,
        )
        positions += [
            Position(
                Series(
                    1,
                    expiry,
                    _wad(o.strike),
                    o.is_put,
                    _wad(o.barrier),
                    o.is_up,
                    o.knocks_in,
                ),
                o.quantity,
            )
            for o in term.options
        ]
    standard = isinstance(rules, margin.Rules)
    share = 0.1 if standard else 1.0
    holdings = (Holding(base, spot / stable, share, 1.0, underlying=1),) if base else ()
    figures = replace(rules, stablecoin=2) if isinstance(rules, margin.Rules) else margin.Rules()
    return Book(
        cash,
        tuple(positions),
        View(now, {1: figures}, quotes, spots={1: (spot, True), 2: (stable, True)}),
        "standard" if standard else "portfolio",
        holdings,
        {1: rules} if isinstance(rules, portfolio.Rules) else {},
        stable,
    )


# -- internals --


def _wad(amount: float) -> int:
    """To the 1e-8 USD of strikes and barriers."""
    return round(amount * 10**8) * 10**10


def _moved(quote: Quote, spot: float, volatility: float) -> Quote:
    smile = quote.smile
    if smile is not None:
        # Total variance is that much larger.
        square = volatility**2
        smile = replace(smile, a=smile.a * square, b=smile.b * square)
    return replace(
        quote,
        spot=quote.spot * spot,
        forward=(quote.forward - quote.fixed) * spot + quote.fixed,
        volatility=quote.volatility * volatility,
        smile=smile,
        volatilities={k: v * volatility for k, v in quote.volatilities.items()},
    )
