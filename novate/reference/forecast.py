"""Volatility forecast and scan range in floating point, and plain EWMA to compare with.

The twins of LinearForecast and ScanRange in contracts/margin/. Volatilities annualised, times in
seconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..series import DAY
from .pricing import YEAR

HORIZONS = (1, 5, 25, 365)  # [days]
WEIGHTS = (0.25, 0.35, 0.15, 0.25)
LOWEST, HIGHEST = 0.8, 2.0  # times the volatility over the longest horizon
MAX_RATIO = 100.0
MAX_AGE, MAX_ELAPSED = 5 * DAY, 7 * DAY


@dataclass
class LinearForecast:
    """A linear mix of exponentially weighted variances, within bounds of the slowest.

    volatility: what all variances start from.
    """

    price: float
    time: int
    volatility: float
    horizons: Sequence[float] = HORIZONS
    weights: Sequence[float] = WEIGHTS
    variances: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.variances = self.variances or [self.volatility**2] * len(self.horizons)

    def record(self, price: float, time: int) -> float:
        """Counts a price; the new forecast."""
        elapsed = time - self.time
        ratio = min(max(price / self.price, 1 / MAX_RATIO), MAX_RATIO)
        annual = math.log(ratio) ** 2 * YEAR / elapsed
        for i, days in enumerate(self.horizons):
            kept = math.exp(-elapsed / (days * DAY))
            self.variances[i] = self.variances[i] * kept + annual * (1 - kept)
        mix = sum(w * v for w, v in zip(self.weights, self.variances, strict=True))
        base = math.sqrt(self.variances[-1])
        self.price, self.time = price, time
        self.volatility = min(max(math.sqrt(mix), LOWEST * base), HIGHEST * base)
        return self.volatility


@dataclass
class Ewma:
    """RiskMetrics' volatility: one variance that keeps `decay` of itself a price, unbounded."""

    price: float
    volatility: float
    decay: float = 0.94
    year: float = 252.0  # prices

    def record(self, price: float) -> float:
        r = math.log(price / self.price)
        variance = self.decay * self.volatility**2 + (1 - self.decay) * r * r * self.year
        self.price, self.volatility = price, math.sqrt(variance)
        return self.volatility


@dataclass(frozen=True)
class Bounds:
    """Figures of ScanRange."""

    reference: float = 0.16
    stressed: float = 0.30
    weight: float = 0.25
    floor: float = 0.6
    cap: float = 4.0
    rise: float = 0.20  # a day
    fall: float = 0.03


def target(forecast: float, bounds: Bounds) -> float:
    """Where the multiple goes to for a forecast."""
    mix = (1 - bounds.weight) * forecast + bounds.weight * bounds.stressed
    return min(max(max(forecast, mix) / bounds.reference, bounds.floor), bounds.cap)


def stale_target(current: float, bounds: Bounds) -> float:
    """The same without a forecast."""
    return min(max(current, bounds.stressed / bounds.reference, bounds.floor), bounds.cap)


def step(current: float, goal: float, elapsed: float, bounds: Bounds) -> float:
    """The multiple after a move towards its goal, `elapsed` after the last one."""
    days = min(elapsed, MAX_ELAPSED) / DAY
    return max(min(goal, current * (1 + bounds.rise * days)), current * (1 - bounds.fall * days))
