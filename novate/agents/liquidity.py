"""Those who trade with an option pool: flow that knows nothing, flow that knows too much, and
those who take the pool's risk off for what it pays.

As all agents they are pure: they read a view and random numbers and return what they want. The
view lets them ask the pool for its price, as anybody can on chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..series import DAY, Series
from .pricing import black76

HOUR = 3_600


@dataclass(frozen=True)
class PoolView:
    """The market as somebody in front of the pool sees it."""

    now: int  # [s]
    spot: float  # [USD]
    volatility: float
    next_spot: float  # [USD] tomorrow's: for those who know too much
    next_volatility: float
    series: tuple[Series, ...]  # on offer
    delta: float  # [USD] of the pool, per 100 % of spot
    vega: float  # [USD] of the pool, per 100 % of volatility
    band: float  # [USD] of delta beyond which it pays for hedges
    quote: Callable[[Series, float], float | None]  # cost [USD] of buying, None when refused

    def worth(self, series: Series, ahead: bool = False) -> float:
        """[USD] fair value of a contract, now or at tomorrow's close."""
        spot, volatility = self.spot, self.volatility
        left = series.expiry - self.now
        if ahead:
            spot, volatility, left = self.next_spot, self.next_volatility, left - DAY
        return black76(spot, series.strike / 1e18, max(left, HOUR), volatility, series.is_put)


@dataclass(frozen=True)
class Order:
    series: Series
    quantity: float  # [contracts] positive buys from the pool
    limit: float  # [USD] the most to be paid; negative: the least to be received


@dataclass(frozen=True)
class Forward:
    """Forwards sold to the pool, positive, or bought from it, at the strike nearest to spot."""

    quantity: float


@dataclass(frozen=True)
class Flow:
    """People with reasons of their own: most buy, most of them puts. Dear quotes turn them away.

    patience: mean of what each accepts above the fair value, as a share of it and of spot.
    """

    name: str
    trades: float = 12.0  # a day
    size: float = 12.0  # contracts, median
    buyers: float = 0.75
    puts: float = 0.65
    patience: float = 0.15
    floor: float = 0.002

    def decide(self, view: PoolView, rng: np.random.Generator) -> Sequence[Order]:
        orders = []
        for _ in range(rng.poisson(self.trades)):
            is_put = bool(rng.random() < self.puts)
            offered = [one for one in view.series if one.is_put == is_put]
            series = offered[int(rng.integers(len(offered)))]
            quantity = max(1.0, float(round(self.size * np.exp(rng.normal(0.0, 0.7)))))
            extra = rng.exponential(1.0) * max(
                self.patience * view.worth(series), self.floor * view.spot
            )
            side = 1.0 if rng.random() < self.buyers else -1.0
            limit = side * quantity * (view.worth(series) + side * extra)
            # Who wants to sell takes nothing for it rather than pay.
            orders.append(Order(series, side * quantity, min(limit, 0.0) if side < 0 else limit))
        return orders


@dataclass(frozen=True)
class Informed:
    """Knows tomorrow's prices on some days, and buys or sells the most that pays."""

    name: str
    days: float = 0.2
    sizes: tuple[float, ...] = (10.0, 30.0, 90.0, 270.0)

    def decide(self, view: PoolView, rng: np.random.Generator) -> Sequence[Order]:
        if rng.random() > self.days:
            return []
        best: tuple[float, Order | None] = (0.0, None)
        for series in view.series:
            for size in self.sizes:
                for quantity in (size, -size):
                    cost = view.quote(series, quantity)
                    if cost is None:
                        continue
                    profit = quantity * view.worth(series, ahead=True) - cost
                    if profit > best[0]:
                        best = (profit, Order(series, quantity, cost + 1e-6 * abs(cost)))
        return [best[1]] if best[1] else []


@dataclass(frozen=True)
class RiskTaker:
    """Takes the other side of the pool's vega, hedged elsewhere, for `edge` of the spot's value."""

    name: str
    edge: float = 0.0005  # [share of spot] a contract
    sizes: tuple[float, ...] = (5.0, 15.0, 45.0, 135.0)

    def decide(self, view: PoolView, rng: np.random.Generator) -> Sequence[Order]:
        side = -1.0 if view.vega < 0 else 1.0
        best: tuple[float, Order | None] = (0.0, None)
        for series in view.series:
            for size in self.sizes:
                cost = view.quote(series, side * size)
                if cost is None:
                    continue
                gain = side * size * view.worth(series) - cost - size * self.edge * view.spot
                if gain > best[0]:
                    best = (gain, Order(series, side * size, cost + 1e-6 * abs(cost)))
        return [best[1]] if best[1] else []


@dataclass(frozen=True)
class ForwardTrader:
    """Hedges the pool when it pays for that, and itself elsewhere."""

    name: str

    def decide(self, view: PoolView, rng: np.random.Generator) -> Sequence[Forward]:
        if abs(view.delta) <= view.band:
            return []
        # Whole contracts, to nearly nothing.
        quantity = float(int(0.98 * abs(view.delta) / view.spot))
        return [Forward(quantity if view.delta < 0 else -quantity)] if quantity else []
