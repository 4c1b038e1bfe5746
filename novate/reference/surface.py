"""What a volatility surface must say and refuse: contracts/oracle/smiles.vy in plain Python.

Written from the rules, with floats and dense grids where the contract has packed words and
sufficient tests: what the grids show to be an arbitrage, the contract has to refuse. Times in
seconds, volatilities and rates annual, k = ln(strike / forward).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

YEAR = 365 * 86_400
HOUR = 3_600
LONGEST_PAUSE = 86_400
FORWARDS = (0.2, 5.0)


@dataclass(frozen=True)
class Svi:
    """Raw SVI: total variance w(k) = a + b (rho (k - m) + sqrt((k - m)**2 + sigma**2))."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def variance(self, k: float) -> float:
        root = math.hypot(k - self.m, self.sigma)
        return self.a + self.b * (self.rho * (k - self.m) + root)

    def density(self, k: float) -> float:
        """Gatheral's g: below zero a butterfly around k has a negative price."""
        x = k - self.m
        root = math.hypot(x, self.sigma)
        w = self.variance(k)
        first = self.b * (self.rho + x / root)
        second = self.b * self.sigma**2 / root**3
        return (1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2


@dataclass(frozen=True)
class Post:
    """One expiry's smile. forward: over spot. posted: the time that its variance counts from."""

    expiry: int
    svi: Svi
    forward: float
    rate: float
    posted: int

    @property
    def tenor(self) -> int:
        return self.expiry - self.posted

    def volatility(self, k: float = 0.0) -> float:
        return math.sqrt(self.svi.variance(k) * YEAR / self.tenor)

    def forward_at(self, now: int) -> float:
        return 1 + (self.forward - 1) * (self.expiry - now) / self.tenor

    def variance_at(self, k: float, now: int) -> float:
        """Total variance for the time that is left, volatilities unchanged."""
        return self.svi.variance(k) * (self.expiry - now) / self.tenor


@dataclass(frozen=True)
class Reading:
    """What the surface says of an expiry."""

    volatility_of: Callable[[float], float]
    forward: float
    rate: float
    posted: int


@dataclass
class Surface:
    """The surface of one underlying. speed, carry: per hour; first: share."""

    speed: float
    carry: float
    first: float
    posts: dict[int, Post] = field(default_factory=dict)

    def read(self, expiry: int, now: int) -> Reading | None:
        live = sorted(e for e in self.posts if e > now)
        if not live or expiry <= now:
            return None
        if expiry in live:
            own = self.posts[expiry]
            return Reading(own.volatility, own.forward_at(now), own.rate, own.posted)
        before = [self.posts[e] for e in live if e < expiry]
        after = [self.posts[e] for e in live if e > expiry]
        if not (before and after):
            only = before[-1] if before else after[0]
            carry = (only.forward - 1) * (expiry - now) / only.tenor
            forward = min(max(1 + carry, FORWARDS[0]), FORWARDS[1])
            return Reading(only.volatility, forward, only.rate, only.posted)
        early, late = before[-1], after[0]
        near, far, time = early.expiry - now, late.expiry - now, expiry - now
        weight = (time - near) / (far - near)
        w = (1 - weight) * early.volatility() ** 2 * near + weight * late.volatility() ** 2 * far
        scale = math.sqrt(w / time) / late.volatility()
        rate = ((1 - weight) * early.rate * near + weight * late.rate * far) / time
        return Reading(
            lambda k: late.volatility(k) * scale,
            (1 - weight) * early.forward_at(now) + weight * late.forward_at(now),
            rate,
            min(early.posted, late.posted),
        )

    def moves_too_fast(self, new: Post, now: int) -> bool:
        """At the money, or one old deviation to either side."""
        old = self.read(new.expiry, now)
        if old is None:
            return False
        share = self.first
        if new.expiry in self.posts:
            share = self.speed * min(new.posted - old.posted, LONGEST_PAUSE) / HOUR
        deviation = old.volatility_of(0.0) * math.sqrt(new.tenor / YEAR)
        return any(
            abs(new.volatility(k) / old.volatility_of(k) - 1) > share
            for k in (-deviation, 0.0, deviation)
        )

    def carry_moves_too_fast(self, new: Post, now: int) -> bool:
        old = self.posts.get(new.expiry)
        if old is None:
            return False
        step = self.carry * min(new.posted - old.posted, LONGEST_PAUSE) / HOUR
        moves = (abs(new.forward - old.forward_at(now)), abs(new.rate - old.rate))
        return max(moves) > step


def grid(width: float = 3.0, points: int = 2_001) -> np.ndarray:
    """Values of k, dense at the money and far enough for every wing."""
    side = np.linspace(0.0, 1.0, points) ** 2 * width
    return np.concatenate((-side[::-1], side[1:]))


def has_butterfly(svi: Svi) -> bool:
    """Whether some butterfly has a negative price."""
    return any(svi.density(float(k)) < -1e-9 for k in grid())


def has_calendar(near: Post, far: Post, now: int) -> bool:
    """Whether some calendar spread has a negative price."""
    return any(
        near.variance_at(float(k), now) > far.variance_at(float(k), now) + 1e-12 for k in grid()
    )
