"""Gas of the volatility forecast and of the scan range, each as a fresh transaction."""

from pathlib import Path
from typing import Any

import boa

from novate.deploy import compiled
from novate.gas import transaction_gas
from novate.series import DAY, WAD

ORACLE = Path(__file__).resolve().parents[1] / "tests" / "harness" / "SettableOracle.vy"
START = 1_767_225_600
# Reference, stressed, stressed weight, floor, cap, rise and fall a day, in percent.
BOUNDS = tuple(x * WAD // 100 for x in (16, 30, 25, 60, 400, 20, 3))


def measure() -> dict[str, int]:
    """`forecast.record` asks an oracle that reads two slots; the real one reads more."""
    boa.env.evm.patch.timestamp = START
    owner = str(boa.env.eoa)
    oracle = boa.load(str(ORACLE))
    oracle.set_spot(1, 2_000 * WAD, True)
    forecaster = compiled("margin/LinearForecast.vy").deploy(oracle.address, owner)
    forecaster.start(1, WAD // 5)
    scan = compiled("margin/ScanRange.vy").deploy(owner)
    scan.set_bounds(1, forecaster.address, BOUNDS)
    boa.env.evm.patch.timestamp += DAY
    oracle.set_spot(1, 2_100 * WAD, True)
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
