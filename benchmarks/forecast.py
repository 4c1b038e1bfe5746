"""Gas of the volatility forecast and of the scan range, each as a fresh transaction."""

from typing import Any

import boa

from novate.deploy import compiled
from novate.gas import transaction_gas
from novate.series import DAY, WAD

START = 1_767_225_600
VOLATILITY = WAD // 5
# Reference, stressed, stressed weight, floor, cap, rise and fall a day, in percent.
BOUNDS = tuple(x * WAD // 100 for x in (16, 30, 25, 60, 300, 20, 3))


def measure() -> dict[str, int]:
    """`forecast.record` includes one oracle with one feed; the reads are calls of another unit."""
    boa.env.evm.patch.timestamp = START
    owner = str(boa.env.eoa)
    feeds = [compiled("oracle/PriceFeed.vy").deploy(name, 8, owner) for name in ("spot", "implied")]
    oracle = compiled("oracle/PriceOracle.vy").deploy(owner)
    feeds[0].push(2_000 * 10**8)
    feeds[1].push(2 * 10**7)
    oracle.list_underlying(1, feeds[0].address, feeds[1].address, 4 * DAY)
    forecaster = compiled("margin/LinearForecast.vy").deploy(oracle.address, owner)
    forecaster.start(1, VOLATILITY)
    scan = compiled("margin/ScanRange.vy").deploy(owner)
    scan.set_bounds(1, forecaster.address, BOUNDS)
    boa.env.evm.patch.timestamp += DAY
    feeds[0].push(2_100 * 10**8)
    figures: dict[str, int] = {}

    def record(name: str, function: Any, *arguments: Any) -> None:
        figures[name] = transaction_gas(function, *arguments, sender=owner).execution

    record("forecast.record", forecaster.record, 1)
    record("forecast.read", forecaster.forecast, 1)
    record("scan.move", scan.move, 1)
    record("scan.read", scan.scan_range, 1)
    return figures


if __name__ == "__main__":
    for name, gas in measure().items():
        print(f"{name:20}{gas:>10,}")
