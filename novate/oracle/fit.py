"""Raw SVI smiles fitted to an option chain, expiry by expiry, free of arbitrage on a grid.

Least squares in volatility, weighted with the width of the quotes. What the volatility surface
refuses enters as penalties: a negative density anywhere, and total variance below that of the
expiry before. J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative
Finance 14 (2014).

Units: strikes and forwards in USD, tenors in years of 365 days, volatilities annual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ..errors import ParameterError
from ..series import WAD
from .reports import SurfaceReport

YEAR = 365 * 86_400
HOUR = 3_600
# The arithmetic of the contract, and its steps between grid points, want some room.
DENSITY_MARGIN, VARIANCE_MARGIN, SLOPE_MARGIN = 0.01, 1e-3, 1e-3
# Weights of the penalties: while searching, and for the last refinement.
PENALTY, STRICT = 100.0, 10_000.0
# Bounds of contracts/math/svi.vy, a little inside.
LARGEST = (250.0, 1.99, 0.999, 6.9, 14.9)
SMALLEST = (-250.0, 1e-6, -0.999, -6.9, 1e-4)
# k in units of the deviation at the money: all strikes, and far beyond them.
WIDTH = 12.0

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Slice:
    """The quotes of one expiry: volatilities of bid and ask by strike."""

    name: str
    tenor: float
    forward: float
    discount: float
    strikes: tuple[float, ...]
    bids: tuple[float, ...]
    asks: tuple[float, ...]

    @property
    def k(self) -> Vector:
        """ln(strike / forward)"""
        return np.log(np.array(self.strikes) / self.forward)

    @property
    def mids(self) -> Vector:
        return (np.array(self.bids) + np.array(self.asks)) / 2

    @property
    def widths(self) -> Vector:
        """Between bid and ask, at least a tenth of a percent."""
        return np.maximum(np.array(self.asks) - np.array(self.bids), 1e-3)


@dataclass(frozen=True)
class Fit:
    """A smile: total variance w(k) = a + b (rho (k - m) + sqrt((k - m)**2 + sigma**2))."""

    slice: Slice
    a: float
    b: float
    rho: float
    m: float
    sigma: float

    @property
    def parameters(self) -> Vector:
        return np.array((self.a, self.b, self.rho, self.m, self.sigma))

    def variance(self, k: Vector) -> Vector:
        return _variance(self.parameters, k)

    def volatility(self, k: Vector) -> Vector:
        return np.sqrt(self.variance(k) / self.slice.tenor)

    @property
    def errors(self) -> Vector:
        """Of the volatility at each strike, against the middle of the quotes."""
        return self.volatility(self.slice.k) - self.slice.mids

    @property
    def inside(self) -> float:
        """Share of strikes whose volatility lies between bid and ask."""
        level = self.volatility(self.slice.k)
        fits = (level >= np.array(self.slice.bids)) & (level <= np.array(self.slice.asks))
        return float(np.mean(fits))

    def report(self, underlying: int, now: int, spot: float) -> SurfaceReport:
        """The smile as the volatility surface takes it, its expiry on the nearest hour.

        The variance is scaled to the time that is left to that hour, volatilities unchanged.
        """
        expiry = round((now + self.slice.tenor * YEAR) / HOUR) * HOUR
        scale = (expiry - now) / (self.slice.tenor * YEAR)
        rate = -np.log(self.slice.discount) / self.slice.tenor
        return SurfaceReport(
            underlying,
            expiry,
            a=_wad(self.a * scale),
            b=_wad(self.b * scale),
            rho=_wad(self.rho),
            m=_wad(self.m),
            sigma=_wad(self.sigma),
            forward=_wad(self.slice.forward / spot),
            rate=_wad(rate),
            timestamp=now,
        )


def fit_surface(slices: Sequence[Slice]) -> list[Fit]:
    """One smile for each expiry, from the nearest on, each above the one before."""
    fits: list[Fit] = []
    for one in sorted(slices, key=lambda one: one.tenor):
        fits.append(fit_slice(one, fits[-1] if fits else None))
    return fits


def fit_slice(quotes: Slice, before: Fit | None = None) -> Fit:
    """The smile of one expiry. before: that of the expiry before, which it must not undercut."""
    if len(quotes.strikes) < 5:
        raise ParameterError("strikes", len(quotes.strikes), "five or more, for five parameters")
    k, mids, widths = quotes.k, quotes.mids, quotes.widths
    level = float(np.interp(0.0, k, mids)) ** 2 * quotes.tenor
    unit = np.sqrt(level)
    grid = unit * np.concatenate([np.linspace(-WIDTH, WIDTH, 121), np.linspace(-3, 3, 61)])
    floor = None if before is None else before.variance(grid) * (1 + VARIANCE_MARGIN)

    def residuals(x: Vector, penalty: float) -> Vector:
        parts = [(np.sqrt(np.maximum(_variance(x, k), 1e-12) / quotes.tenor) - mids) / widths]
        w = _variance(x, grid)
        parts.append(penalty * np.maximum(DENSITY_MARGIN - _density(x, grid), 0.0))
        parts.append(penalty * np.maximum(0.01 - w / level, 0.0))
        slopes = x[1] * np.array([1 - x[2], 1 + x[2]])
        parts.append(penalty * np.maximum(slopes - LARGEST[1], 0.0))
        if before is not None and floor is not None:
            parts.append(penalty * np.maximum(floor - w, 0.0) / level)
            least = before.b * np.array([1 - before.rho, 1 + before.rho]) * (1 + SLOPE_MARGIN)
            parts.append(penalty * np.maximum(least - slopes, 0.0) / unit)
        return np.concatenate(parts)

    def search(start: Vector, penalty: float) -> Any:
        return least_squares(
            residuals,
            np.clip(start, SMALLEST, LARGEST),
            bounds=(SMALLEST, LARGEST),
            x_scale=np.array([level, unit, 1.0, unit, unit]),
            max_nfev=300,
            args=(penalty,),
        )

    starts = [np.array([level / 2, unit / 2, rho, 0.0, unit]) for rho in (-0.5, 0.0, 0.4)]
    best = min((search(start, PENALTY) for start in starts), key=lambda found: found.cost)
    return Fit(quotes, *(float(x) for x in search(best.x, STRICT).x))


def _variance(x: Vector, k: Vector) -> Vector:
    a, b, rho, m, sigma = x
    return a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))


def _density(x: Vector, k: Vector) -> Vector:
    """Gatheral's g: below zero a butterfly around k has a negative price."""
    _, b, rho, m, sigma = x
    root = np.sqrt((k - m) ** 2 + sigma**2)
    w = np.maximum(_variance(x, k), 1e-12)
    first = b * (rho + (k - m) / root)
    second = b * sigma**2 / root**3
    return (1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2


def _wad(value: float) -> int:
    return round(value * WAD)
