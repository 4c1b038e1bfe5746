"""Gas of the margin tier, smiles, barriers, digitals and realised volatility.

Execution of an internal function: the call of a harness less that of one that does nothing.
A position under 23 scenarios is what it adds to a book in tests/harness/FastRow.vy, with all that
is done once for it; `scenario_one` is a 23rd of that. `_wide` and `_mixed`: all three volatilities,
or one of them, long-dated. `barrier_max` is the worst of the eight with strike and barrier within
three deviations, `_far` at the ends of the domain.
"""

import math
import random
from typing import Any

import boa

from novate.gas import transaction_gas
from novate.series import WAD

Q64 = 2**64
SPOTS = (1.15, 1.10, 1.05, 1.0, 0.95, 0.90, 0.85, 1.20, 0.80)
VOLATILITIES = (1.6, 1.0, 0.7)
SCENARIOS = 23
LINES = 16
SPOT = 2_750
# A slice fitted to options on gold (63 days), and the one of the next expiry.
SMILE = (-0.00767676002, 0.0688845275, -0.162581516, -0.0304163492, 0.185825113)
LATER = (-0.00346573358, 0.0887536965, -0.109334513, -0.0453810605, 0.193547252)


def gas(function: Any, *arguments: Any) -> int:
    return transaction_gas(function, *arguments).execution


def book(engine: Any, deviation: float, lines: int) -> int:
    strikes = [SPOT * (1 + 0.02 * (i - LINES // 2)) for i in range(lines)]
    return gas(
        engine.book,
        SPOT * WAD,
        [int(m * Q64) for m in SPOTS],
        [int(math.log(m) * Q64) for m in SPOTS],
        [int(v * Q64) for v in VOLATILITIES],
        [int(k * WAD) for k in strikes],
        [int(math.log(SPOT / k) * Q64) for k in strikes],
        [int(deviation * Q64)] * lines,
        [WAD] * lines,
    )


def scenarios() -> dict[str, int]:
    engine = boa.load("tests/harness/FastRow.vy")
    # A week at 70 %, a year at 120 %, and two months at 70 %.
    cases = {"": 0.097, "_wide": 1.2, "_mixed": 0.28}
    rows = {
        name: (book(engine, s, LINES) - book(engine, s, 0)) // LINES for name, s in cases.items()
    }
    return {"math.scenario_one": rows[""] // SCENARIOS} | {
        f"math.scenario_row23{name}": row for name, row in rows.items()
    }


def worst_barrier(exotics: Any, span: float, deviations: tuple[float, float]) -> int:
    rng = random.Random(1)
    worst = 0
    for _ in range(200):
        s = rng.uniform(*deviations)
        prices = [math.exp(x) for x in (0, rng.uniform(-0.1, 0.1))]
        prices += [math.exp(rng.uniform(-span, span) * s) for _ in range(2)]
        kind = 2 | rng.randrange(2) | 4 * rng.randrange(2) | 8 * rng.randrange(2)
        arguments = (kind, *(int(100 * p * WAD) for p in prices), int(s * Q64))
        worst = max(worst, gas(exotics.barrier, *arguments) - gas(exotics.nothing, *arguments))
    return worst


def measure() -> dict[str, int]:
    """By dotted name, for benchmarks/gas.json."""
    figures = scenarios()
    exotics = boa.load("tests/harness/ExoticsHarness.vy")
    empty = gas(exotics.nothing, 2, WAD, WAD, WAD, WAD, Q64)
    figures["math.barrier_max"] = worst_barrier(exotics, 3.0, (0.02, 1.0))
    figures["math.barrier_max_far"] = worst_barrier(exotics, 2.5, (1.0, 10.0))
    figures["math.digital"] = gas(exotics.cash, SPOT * WAD, 2_700 * WAD, Q64 // 10) - empty
    figures["math.ewma"] = (
        gas(exotics.ewma, WAD // 4, SPOT * WAD, 2_800 * WAD, 86_400, 94 * WAD // 100) - empty
    )
    svi = boa.load("tests/harness/SviHarness.vy")
    near, far = (svi.pack(*(round(x * WAD) for x in smile)) for smile in (SMILE, LATER))
    empty = gas(svi.nothing, near, Q64 // 10)
    figures["math.svi"] = gas(svi.deviation, near, Q64 // 10, 5_000_000, 5_443_200) - empty
    figures["math.svi_check"] = gas(svi.no_butterfly, far) - empty
    figures["math.svi_check_calendar"] = gas(svi.no_calendar, near, far) - empty
    return figures


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<30}{figure:>8,}")
