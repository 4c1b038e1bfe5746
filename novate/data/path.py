"""A path of prices with implied volatility, and the rule for where the latter is missing."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from ..errors import ParameterError

DAY = 86_400
YEAR = 365 * DAY
# A date without time is the close of that day; New York closes at 21:00 UTC in winter.
CLOSE = time(21, tzinfo=UTC)

# Decay of the variance per day, RiskMetrics (1996).
DECAY = 0.94
# Implied over EWMA volatility. With it the rule says 80 % on 20 November 2008, when VIX closed at
# 80.9; from 2014 to 2018 VIX stood at a median of 1.3 times the EWMA.
PREMIUM = 1.10
# Squared returns whose mean starts the EWMA.
SEED = 20
# A path that does not move still has a price of risk.
MINIMUM_VOLATILITY = 0.02


@dataclass(frozen=True)
class Bar:
    """What was seen of one interval, at its end.

    timestamp: [s] UTC, the close.
    implied_volatility: annualised, 0.2 is 20 %.
    """

    timestamp: int
    close: float
    high: float
    low: float
    implied_volatility: float


@dataclass(frozen=True)
class MarketPath:
    """Bars in the order of time, with where they come from.

    underlying: label for people.
    volatility_source: where the implied volatility comes from, for people.
    """

    name: str
    underlying: str
    bars: tuple[Bar, ...]
    volatility_source: str

    def between(
        self, start: str | date | None = None, end: str | date | None = None
    ) -> "MarketPath":
        """The part from `start` to `end`, both included; a date is the whole day (UTC).

        Raises ParameterError when fewer than two bars are left.
        """
        first = -math.inf if start is None else _instant("from", start, time.min)
        last = math.inf if end is None else _instant("to", end, time.max)
        bars = tuple(bar for bar in self.bars if first <= bar.timestamp <= last)
        if len(bars) < 2:
            have = " to ".join(_text(self.bars[i].timestamp) for i in (0, -1))
            raise ParameterError("from, to", (start, end), f"two bars or more of {have}")
        return replace(self, bars=bars)


def estimate_volatility(timestamps: Sequence[int], closes: Sequence[float]) -> list[float]:
    """Implied volatility at each close, from the returns up to it: EWMA times PREMIUM.

    The variance decays by DECAY a day, also where bars are closer than a day, and is annualised by
    the mean spacing, so that nights and weekends count as the time that they are. It starts from
    the mean square of the first SEED returns, the only use of what comes later.
    """
    returns = [math.log(after / before) for before, after in zip(closes, closes[1:], strict=False)]
    spacings = [after - before for before, after in zip(timestamps, timestamps[1:], strict=False)]
    decay = DECAY ** min(statistics.median(spacings) / DAY, 1.0)
    scale = PREMIUM * math.sqrt(YEAR / statistics.fmean(spacings))
    variance = statistics.fmean(r * r for r in returns[:SEED])
    variances = [variance]
    for r in returns:
        variance = decay * variance + (1 - decay) * r * r
        variances.append(variance)
    return [max(scale * math.sqrt(variance), MINIMUM_VOLATILITY) for variance in variances]


def estimate_source() -> str:
    """The rule of `estimate_volatility`, for people."""
    return f"EWMA({DECAY}) of returns x {PREMIUM:.2f}"


def close_of(day: date) -> int:
    """[s] the close of a day."""
    return int(datetime.combine(day, CLOSE).timestamp())


def parse_instant(text: str, default: time) -> datetime:
    """ISO date or date and time, UTC unless it says otherwise; raises ValueError.

    default: time of day of a date without one.
    """
    instant = datetime.fromisoformat(text)
    try:
        instant = datetime.combine(date.fromisoformat(text), default)
    except ValueError:
        pass
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _instant(name: str, value: str | date, default: time) -> float:
    text = value if isinstance(value, str) else value.isoformat()
    try:
        return parse_instant(text, default).timestamp()
    except ValueError:
        raise ParameterError(name, value, "an ISO date such as 2018-02-05") from None


def _text(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
