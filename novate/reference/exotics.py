"""Digitals, smiles and realised volatility in floating point, vectorised; barriers likewise.

The twins of contracts/math/{digitals,svi,realised_volatility,barriers}.vy, written from the
formulas. Undiscounted values on a forward; deviation is volatility times root of time; k is
ln(strike / forward); time in seconds, a year of 365 days.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from .barriers import barrier
from .pricing import YEAR, Floats, Prices

__all__ = ["RawSvi", "asset_or_nothing", "barrier", "cash_or_nothing", "ewma", "realised"]


def _arguments(forward: ArrayLike, strike: ArrayLike, deviation: ArrayLike) -> tuple[Floats, ...]:
    f, k, s = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (forward, strike, deviation))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log(f / k) / s
    # Without deviation the payoff: a call pays above the strike.
    centre = np.where((s > 0) & (f > 0) & (k > 0), centre, np.where(f > k, np.inf, -np.inf))
    return f, centre, s


def cash_or_nothing(forward: ArrayLike, strike: ArrayLike, deviation: ArrayLike) -> Prices:
    """Call and put that pay 1."""
    _, centre, s = _arguments(forward, strike, deviation)
    return Prices(ndtr(centre - s / 2), ndtr(s / 2 - centre))


def asset_or_nothing(forward: ArrayLike, strike: ArrayLike, deviation: ArrayLike) -> Prices:
    """Call and put that pay a unit of the underlying."""
    f, centre, s = _arguments(forward, strike, deviation)
    return Prices(f * ndtr(centre + s / 2), f * ndtr(-centre - s / 2))


class RawSvi(NamedTuple):
    """w(k) = a + b (rho (k - m) + sqrt((k - m)**2 + sigma**2)), the total variance of a tenor."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def variance(self, k: ArrayLike) -> Floats:
        return self.derivatives(k)[0]

    def deviation(self, k: ArrayLike, time: float, tenor: float) -> Floats:
        """Of the log-price over `time` [s], the volatility of the strike held constant."""
        return np.sqrt(self.variance(k) * time / tenor)

    def derivatives(self, k: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """w, w', w''."""
        x = np.asarray(k, dtype=np.float64) - self.m
        root = np.hypot(x, self.sigma)
        return (
            self.a + self.b * (self.rho * x + root),
            self.b * (self.rho + x / root),
            self.b * self.sigma**2 / root**3,
        )

    def density_factor(self, k: ArrayLike) -> Floats:
        """Gatheral's g: negative where a butterfly spread has a negative price."""
        w, first, second = self.derivatives(k)
        tilt = 1 - np.asarray(k) * first / (2 * w)
        return tilt**2 - first**2 / 4 * (1 / w + 0.25) + second / 2

    def reach(self) -> Floats:
        """Points k that see every feature of the smile: its bend, the money, both far wings."""
        return np.concatenate(
            [
                np.linspace(-4, 4, 1_601),
                self.m + self.sigma * np.sinh(np.linspace(-14, 14, 1_401)),
            ]
        )


def realised(closes: ArrayLike, interval: float) -> float:
    """Annualised volatility of closes `interval` [s] apart; the mean return counts as zero."""
    moves = np.diff(np.log(np.asarray(closes, dtype=np.float64)))
    return float(np.sqrt(np.mean(moves**2) * YEAR / interval))


def ewma(variance: float, before: float, price: float, elapsed: float, decay: float) -> Any:
    """One step of the exponentially weighted annualised variance."""
    return decay * variance + (1 - decay) * np.log(price / before) ** 2 * YEAR / elapsed
