"""Reporters of a volatility surface: one volatility, a shape, and a smile for each expiry.

Where there are quotes of options, `novate.oracle.fit` makes better smiles; these serve where only
an index of volatility is known. All reporters use the same shape, so they agree when what they see
is near.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import boa
from eth_account.signers.local import LocalAccount

from ..series import WAD
from .board import Journal, key_of
from .fit import YEAR
from .reports import Domain, Signature, SurfaceReport, sign
from .sources import Source

HOUR = 3_600
# Share of the surface's speed limit that a report uses: its clock is a little ahead of theirs.
ROOM = 0.9
# Expiries nearer than this are not posted: the surface wants twenty minutes.
NEAREST = 1_800


@dataclass(frozen=True)
class Shape:
    """Raw SVI for a total variance of one; by default a skew as equities and coins have it."""

    a: float = 0.2
    b: float = 0.6
    rho: float = -0.3
    m: float = 0.1
    sigma: float = 1.2

    @property
    def level(self) -> float:
        """At k = 0."""
        return self.a + self.b * (-self.rho * self.m + math.hypot(self.m, self.sigma))

    def report(
        self, underlying: int, expiry: int, volatility: float, now: int, *, rate: float = 0.0
    ) -> SurfaceReport:
        """The smile with this volatility at the money, scaled in k with the deviation."""
        variance = volatility**2 * (expiry - now) / YEAR
        root = math.sqrt(variance)
        return SurfaceReport(
            underlying,
            expiry,
            a=round(variance * self.a / self.level * WAD),
            b=round(root * self.b / self.level * WAD),
            rho=round(self.rho * WAD),
            m=round(self.m * root * WAD),
            sigma=round(self.sigma * root * WAD),
            forward=WAD,
            rate=round(rate * WAD),
            timestamp=now,
        )


@dataclass(frozen=True)
class SurfaceFeed:
    """A deployed VolatilitySurface, with what reporters need to know of it."""

    contract: Any
    domain: Domain
    quorum: int

    @classmethod
    def at(cls, contract: Any) -> SurfaceFeed:
        """Read it from the chain that titanoboa is connected to."""
        domain = Domain(boa.env.evm.patch.chain_id, str(contract.address))
        return cls(contract, domain, contract.committee_now()[1])

    def latest(self, underlying: int, expiry: int) -> tuple[float, int]:
        """Volatility at the money and time [s] of what it says; zeros when it says nothing."""
        *_, volatility, posted = self.contract.smile(underlying, expiry)
        return volatility / WAD, posted

    def reachable(self, underlying: int, expiry: int, volatility: float, now: int) -> float:
        """The nearest volatility to this one that the surface's speed limit lets through."""
        last, posted = self.latest(underlying, expiry)
        if last == 0:
            return volatility
        limits = self.contract.limits(underlying)
        known = expiry in self.contract.expiries(underlying)
        share = limits[0] * max(now - posted, 0) / HOUR if known else limits[2]
        step = ROOM * last * share / WAD
        return min(max(volatility, last - step), last + step)


@dataclass
class SmileReporter:
    """One who signs smiles. tolerance: share of its own volatility by which one may differ."""

    index: int
    signer: LocalAccount
    sources: Sequence[Source]
    tolerance: float = 0.05
    max_age: int = 3_600
    shape: Shape = field(default_factory=Shape)
    signed: dict[Any, SurfaceReport] = field(default_factory=Journal)

    def observe(self, now: int) -> float | None:
        """Median volatility of its sources that are fresh, None without any."""
        seen = [source.read(now) for source in self.sources]
        levels = [one.price for one in seen if one and now - one.time <= self.max_age]
        return statistics.median(levels) if levels else None

    def propose(
        self, feed: SurfaceFeed, underlying: int, expiry: int, now: int
    ) -> SurfaceReport | None:
        """What it would sign, as far as the surface may move."""
        own = self.observe(now)
        if own is None or expiry < now + NEAREST:
            return None
        level = feed.reachable(underlying, expiry, own, now)
        return self.shape.report(underlying, expiry, level, now)

    def sign(self, report: SurfaceReport, feed: SurfaceFeed, now: int) -> Signature | None:
        """The signature, or None when the report is not what it sees, or contradicts it."""
        own = self.propose(feed, report.underlying, report.expiry, report.timestamp)
        if own is None or not 0 <= now - report.timestamp <= HOUR:
            return None
        mine, theirs = _figures(own), _figures(report)
        if any(abs(x - y) > self.tolerance * abs(x) for x, y in zip(mine, theirs, strict=True)):
            return None
        if self.signed.setdefault(key_of(report), report) != report:
            return None
        return sign(report, self.signer, feed.domain)


def _figures(report: SurfaceReport) -> list[float]:
    """What two reports are compared by: variances at the money and at two deviations from it, the
    forward, and what money grows by in a year."""
    a, b, rho, m, sigma = (
        x / WAD for x in (report.a, report.b, report.rho, report.m, report.sigma)
    )

    def variance(k: float) -> float:
        return a + b * (rho * (k - m) + math.hypot(k - m, sigma))

    level = max(variance(0.0), 0.0)
    points = [variance(side * math.sqrt(level)) for side in (-2, -1, 0, 1, 2)]
    return [*points, report.forward / WAD, 1 + report.rate / WAD]
