"""Gas of signed reports, volatility surfaces and what belongs to them.

Execution of a fresh transaction, as in benchmarks/gas.py. `oracle.signature` is what one more
signature adds to a report, its 131 bytes or so of calldata not counted.
"""

import boa

from novate.gas import transaction_gas
from tests.oracle_world import FeedWorld
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
    return figures


if __name__ == "__main__":
    for name, gas in measure().items():
        print(f"{name:24} {gas:9,}")
