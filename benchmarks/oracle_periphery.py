"""Gas of signed reports, volatility surfaces and what belongs to them.

Execution of a fresh transaction, as in benchmarks/gas.py. `oracle.signature` is what one more
signature adds to a report, its 131 bytes or so of calldata not counted.
"""

import boa

from novate.gas import transaction_gas
from tests.oracle_world import FeedWorld

START = 1_767_225_600


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
    return figures


if __name__ == "__main__":
    for name, gas in measure().items():
        print(f"{name:24} {gas:9,}")
