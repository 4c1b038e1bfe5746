"""Black-76 in floating point, vectorised, and in as many digits as wanted.

Undiscounted values on a forward. Time in seconds, a year of 365 days; volatility annualised.
At no time, no volatility or a price of zero the value is the payoff, the mathematical limit.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

YEAR = 31_536_000
Floats = NDArray[np.float64]


class Prices(NamedTuple):
    """Values of a call and a put on the same terms."""

    call: Any
    put: Any


def black76(
    forward: ArrayLike, strike: ArrayLike, volatility: ArrayLike, seconds: ArrayLike
) -> Prices:
    """Call and put in the currency of forward and strike; arguments broadcast.

    The option out of the money is priced and the other one follows from parity, so that deep
    options lose no digits to cancellation.
    """
    f, k, v, t = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (forward, strike, volatility, seconds))
    )
    low, high = np.minimum(f, k), np.maximum(f, k)
    deviation = v * np.sqrt(t / YEAR)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        centre = np.log(high / low) / deviation
        value = low * ndtr(deviation / 2 - centre) - high * ndtr(-deviation / 2 - centre)
    out: Floats = np.where((low > 0) & (deviation > 0), np.maximum(value, 0.0), 0.0)
    gap = high - low
    return Prices(np.where(f > k, out + gap, out), np.where(f > k, out, out + gap))


def black76_exact(
    forward: Any, strike: Any, volatility: Any, seconds: Any, digits: int = 50
) -> Prices:
    """The same as mpmath numbers, correct to about `digits` digits of the forward."""
    from mpmath import erfc, log, mp, mpf, sqrt

    with mp.workdps(digits + 10):
        f, k, t = mpf(forward), mpf(strike), mpf(seconds)
        deviation = mpf(volatility) * sqrt(t / YEAR)
        if not (f and k and deviation):
            return Prices(max(f - k, mpf(0)), max(k - f, mpf(0)))
        d1 = log(f / k) / deviation + deviation / 2
        d2 = d1 - deviation
        root = sqrt(mpf(2))

        def cdf(x: Any) -> Any:
            return erfc(-x / root) / 2

        return Prices(f * cdf(d1) - k * cdf(d2), k * cdf(-d2) - f * cdf(-d1))
