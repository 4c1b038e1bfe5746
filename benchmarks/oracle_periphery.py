"""Gas of signed reports, volatility surfaces and what belongs to them.

Execution of a fresh transaction, as in benchmarks/gas.py. `oracle.signature` is what one more
signature adds to a report, its 131 bytes or so of calldata not counted.
"""

from datetime import date

import boa

from novate.deploy import compiled
from novate.gas import transaction_gas
from novate.oracle.hours import new_york
from tests.oracle_world import FeedWorld
from tests.unit.oracle.RealisedVolatility.test_record import Closes
from tests.unit.oracle.ReporterBonds.conftest import PRICE, BondWorld
from tests.unit.oracle.TradedVolatility.test_record import Desk, wad
from tests.unit.oracle.VolatilitySurface.conftest import BTC, SurfaceWorld

START = 1_767_225_600
HOUR, DAY = 3_600, 86_400


def report_gas(quorum: int, count: int) -> int:
    """A report on a feed that has two rounds already."""
    world = FeedWorld(quorum, count)
    world.push(60_000 * 10**8)
    world.push(60_001 * 10**8)
    boa.env.time_travel(seconds=12)
    report = world.report(60_002 * 10**8)
    proof = world.proof(report)
    with boa.env.anchor():
        gas = transaction_gas(world.feed.submit, *report.arguments(), *proof)
    return gas.execution


def surface_gas() -> dict[str, int]:
    """A signed smile with a neighbour on either side, and readings of a surface of three."""
    world = SurfaceWorld()
    days = (7, 30, 90)
    world.post(*(world.report(START + DAY * d, 0.6) for d in days))
    boa.env.time_travel(seconds=HOUR)
    # Reporters who have reported before.
    world.submit(world.report(START + 7 * DAY, 0.6))
    report = world.report(START + 30 * DAY, 0.61)
    proof = world.proof(report)
    figures = {}
    with boa.env.anchor():
        gas = transaction_gas(world.surface.submit, *report.arguments(), *proof)
        figures["surface.update"] = gas.execution
    with boa.env.anchor():
        gas = transaction_gas(world.surface.post, [report.as_tuple()], sender=world.fitter)
        figures["surface.post"] = gas.execution
    for name, expiry in (("surface.read", 30), ("surface.read_between", 60)):
        gas = transaction_gas(world.surface.smile, BTC, START + expiry * DAY)
        figures[name] = gas.execution
    return figures


def calendar_gas() -> int:
    """Whether a market is open, on a Sunday in winter: three days back."""
    owner = boa.env.generate_address("owner")
    calendar = compiled("oracle/Calendar.vy").deploy(owner)
    year = date(2026, 1, 1)
    market = new_york(year, year)
    with boa.env.prank(owner):
        calendar.set_week(1, 0, market.week(0, 2026))
        for block, word in market.days(year, year).items():
            calendar.set_days(1, block, word)
        calendar.assign(1, 1)
    with boa.env.anchor():
        boa.env.evm.patch.timestamp = START + 10 * DAY
        gas: int = transaction_gas(calendar.hours, 1).execution
    return gas


def bonds_gas() -> dict[str, int]:
    """Paying one of many rounds to three signers, and the two proofs, of a window of ten rounds."""
    world = BondWorld()
    for _ in range(10):
        world.push(PRICE, 12)
    boa.env.time_travel(seconds=HOUR)
    feed, time = world.feed.address, world.feed.round_at(5).timestamp
    figures = {}
    with boa.env.anchor():
        one = transaction_gas(world.bonds.accrue, feed, 1).execution
    with boa.env.anchor():
        figures["bonds.accrue_per_round"] = (
            transaction_gas(world.bonds.accrue, feed, 10).execution - one
        ) // 9
    proofs = [world.evidence(world.report(price, timestamp=time), 0) for price in (1, 2)]
    with boa.env.anchor():
        figures["bonds.prove_contradiction"] = transaction_gas(
            world.bonds.prove_contradiction, feed, *proofs
        ).execution
    with boa.env.anchor():
        figures["bonds.prove_deviation10"] = transaction_gas(
            world.bonds.prove_deviation, feed, proofs[0], 1, 10
        ).execution
    return figures


def volatility_gas() -> dict[str, int]:
    """A trade that counts, the average of a day of them, a daily close, a horizon."""
    figures = {}
    desk = Desk()
    for _ in range(20):
        desk.trade(0.5)
        boa.env.time_travel(seconds=HOUR)
    code, price = desk.code(), wad(3_000.0)
    with boa.env.anchor():
        figures["traded.record"] = transaction_gas(
            desk.unit.record, code, price, sender=desk.venue
        ).execution
    figures["traded.average"] = transaction_gas(
        desk.unit.average, 1, desk.expiry, 10 * HOUR
    ).execution
    closes = Closes()
    closes.close(100.0)
    closes.unit.record(1)
    for i in range(40):
        closes.next_day(100.0 + i % 3)
        if i < 39:
            closes.unit.record(1)
    with boa.env.anchor():
        figures["realised.record"] = transaction_gas(closes.unit.record, 1).execution
    figures["realised.read"] = transaction_gas(closes.unit.realised, 1, 30).execution
    return figures


def measure() -> dict[str, int]:
    """Name and gas of every operation of the oracle's periphery."""
    boa.env.evm.patch.timestamp = START
    figures: dict[str, int] = {}
    with boa.env.anchor():
        figures["oracle.report3of5"] = report_gas(3, 5)
        figures["oracle.report7of11"] = report_gas(7, 11)
        figures["oracle.signature"] = (
            figures["oracle.report7of11"] - figures["oracle.report3of5"]
        ) // 4
        figures |= surface_gas()
    with boa.env.anchor():
        figures["calendar.session"] = calendar_gas()
        figures |= bonds_gas()
    with boa.env.anchor():
        figures |= volatility_gas()
    return figures


if __name__ == "__main__":
    for name, gas in measure().items():
        print(f"{name:24} {gas:9,}")
