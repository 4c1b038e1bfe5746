"""The guarded average of traded volatilities: contracts/oracle/gwav.vy in plain Python.

Written from the rule: a list of all observations, a step function of the logarithm, integrated
over the window as a whole.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

SIZE, SPACING, STEP = 1_024, 120, 0.1


@dataclass
class Gwav:
    """times [s], logs: of what counted, clamped; in_force: from each of them on."""

    times: list[int] = field(default_factory=list)
    logs: list[float] = field(default_factory=list)
    in_force: list[float] = field(default_factory=list)

    def record(self, volatility: float, now: int) -> bool:
        seen = math.log(volatility)
        if not self.times:
            self.logs += [seen] * 3
            self.times.append(now)
            self.in_force.append(seen)
            return True
        if now < self.times[-1] + SPACING:
            return False
        value = self.in_force[-1]
        self.logs.append(min(max(seen, value - STEP), value + STEP))
        self.times.append(now)
        self.in_force.append(statistics.median(self.logs[-3:]))
        return True

    def average(self, window: int, now: int) -> tuple[float, int, int]:
        """Volatility, seconds it is made from, time of the last observation."""
        if not self.times:
            return 0.0, 0, 0
        kept = self.times[-SIZE:]
        start = max(now - window, kept[0])
        if now == start:
            return math.exp(self.in_force[-1]), 0, self.times[-1]
        ends = [*self.times[1:], now]
        area = sum(
            value * max(0, end - max(begin, start))
            for begin, end, value in zip(self.times, ends, self.in_force, strict=True)
        )
        return math.exp(area / (now - start)), now - start, self.times[-1]
