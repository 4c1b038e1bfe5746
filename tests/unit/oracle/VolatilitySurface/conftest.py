from dataclasses import replace
from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.oracle.reports import Domain, Proof, SurfaceReport, assemble, sign
from novate.reference.surface import Post, Surface, Svi
from tests.oracle_world import keys, now

WAD, HOUR, DAY = 10**18, 3_600, 86_400
YEAR = 365 * DAY
BTC = 1
# Per hour: a quarter of a volatility, 2 % of carry; a new expiry within a half.
LIMITS = (WAD // 4, WAD // 50, WAD // 2)
# Shape of a smile for a variance of one at the money, about.
SHAPE = Svi(0.2, 0.6, -0.3, 0.1, 1.2)


def wad(value: float) -> int:
    return round(value * 10**15) * 10**3


def smile(volatility: float, tenor: float, shape: Svi = SHAPE) -> Svi:
    """A smile of that volatility at the money; natural scaling with the root of the variance."""
    variance = volatility**2 * tenor / YEAR
    root = variance**0.5
    unit = shape.variance(0.0)
    return Svi(
        variance * shape.a / unit,
        root * shape.b / unit,
        shape.rho,
        shape.m * root,
        shape.sigma * root,
    )


class SurfaceWorld:
    """A surface with a fitter, five reporters and its reference model."""

    def __init__(self) -> None:
        self.owner = boa.env.generate_address("owner")
        self.fitter = boa.env.generate_address("fitter")
        self.intruder = boa.env.generate_address("intruder")
        self.keys = keys(5)
        self.surface: Any = compiled("oracle/VolatilitySurface.vy").deploy(
            [key.address for key in self.keys], 3, self.owner
        )
        self.surface.set_limits(BTC, LIMITS, sender=self.owner)
        self.surface.set_fitter(self.fitter, True, sender=self.owner)
        self.domain = Domain(boa.env.evm.patch.chain_id, str(self.surface.address))
        speed, carry, first = (limit / WAD for limit in LIMITS)
        self.model = Surface(speed, carry, first)

    def report(
        self,
        expiry: int,
        volatility: float = 0.6,
        *,
        svi: Svi | None = None,
        forward: float = 1.0,
        rate: float = 0.0,
        timestamp: int | None = None,
        underlying: int = BTC,
    ) -> SurfaceReport:
        time = now() if timestamp is None else timestamp
        shape = svi or smile(volatility, expiry - time)
        a, b, rho, m, sigma = (wad(x) for x in (shape.a, shape.b, shape.rho, shape.m, shape.sigma))
        return SurfaceReport(underlying, expiry, a, b, rho, m, sigma, wad(forward), wad(rate), time)

    def post(self, *reports: SurfaceReport) -> None:
        self.surface.post([one.as_tuple() for one in reports], sender=self.fitter)
        for one in reports:
            self.model.posts[one.expiry] = as_post(one)

    def proof(self, report: SurfaceReport, indices: tuple[int, ...] = (0, 1, 2)) -> Proof:
        signed = {i: sign(report, self.keys[i], self.domain) for i in indices}
        return assemble(signed, len(indices))

    def submit(self, report: SurfaceReport, indices: tuple[int, ...] = (0, 1, 2)) -> None:
        self.surface.submit(*report.arguments(), *self.proof(report, indices))


def as_post(report: SurfaceReport) -> Post:
    svi = Svi(*(x / WAD for x in (report.a, report.b, report.rho, report.m, report.sigma)))
    return Post(report.expiry, svi, report.forward / WAD, report.rate / WAD, report.timestamp)


def later(report: SurfaceReport, **changes: int) -> SurfaceReport:
    return replace(report, **changes)


@pytest.fixture(scope="module")
def world() -> SurfaceWorld:
    return SurfaceWorld()
