"""Black-76 and Black-Scholes, their Greeks and implied volatility in floating point, vectorised,
and the prices in as many digits as wanted.

Time in seconds, a year of 365 days; volatility annualised.
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


def black_scholes(
    spot: ArrayLike, strike: ArrayLike, volatility: ArrayLike, seconds: ArrayLike, rate: ArrayLike
) -> Prices:
    """Call and put on an asset with a constant rate: Black-76 on spot and discounted strike."""
    carry = np.asarray(rate, dtype=np.float64) * np.asarray(seconds, dtype=np.float64) / YEAR
    return black76(spot, np.asarray(strike, dtype=np.float64) * np.exp(-carry), volatility, seconds)


class Greeks(NamedTuple):
    """Values and sensitivities, in the order of contracts/interfaces/IPricingEngine.vyi."""

    call: Any
    put: Any
    call_delta: Any
    put_delta: Any
    gamma: Any
    vega: Any
    call_theta: Any
    put_theta: Any
    call_rho: Any
    put_rho: Any
    vanna: Any
    volga: Any


def greeks(
    spot: ArrayLike, strike: ArrayLike, volatility: ArrayLike, seconds: ArrayLike, rate: ArrayLike
) -> Greeks:
    """Per unit of spot, 1 (100 %) of volatility, year and 1 (100 %) of rate; arguments broadcast.

    Without time or volatility delta is a step with a half at the kink, and what has no limit
    there is 0.
    """
    s, k, v, t, r = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (spot, strike, volatility, seconds, rate))
    )
    years = t / YEAR
    now = k * np.exp(-r * years)
    root = np.sqrt(years)
    deviation = v * root
    value = black76(s, now, v, t)

    def quotient(a: Any, b: Any) -> Floats:
        return np.asarray(np.divide(a, b, out=np.zeros_like(s + b), where=np.asarray(b) != 0))

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log = np.log(s) - np.log(now)
        centre = np.where(
            deviation > 0, log / deviation, np.where(s == now, 0.0, np.copysign(np.inf, s - now))
        )
        d1, d2 = centre + deviation / 2, centre - deviation / 2
        density = np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi)
        finite = np.isfinite(d1)
        d1_, d2_ = np.where(finite, d1, 0.0), np.where(finite, d2, 0.0)
        g = np.where(finite, s * density, 0.0)
    owed = now * ndtr(d2)
    vega = g * root
    decay = quotient(g * v, 2 * root)
    delta = ndtr(d1)
    return Greeks(
        value.call,
        value.put,
        delta,
        delta - 1,
        quotient(quotient(g, s), s * deviation),
        vega,
        -decay - r * owed,
        -decay + r * (now - owed),
        years * owed,
        years * (owed - now),
        quotient(-quotient(g, s) * d2_, v),
        quotient(vega * d1_ * d2_, v),
    )


def implied_volatility(
    price: ArrayLike,
    is_call: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    seconds: ArrayLike,
    rate: ArrayLike,
) -> Floats:
    """Volatility at which Black-Scholes gives the price; NaN where there is none.

    Bisection: slow, and independent of the contract's guess and steps.
    """
    p, call, s, k, t, r = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (price, is_call, spot, strike, seconds, rate))
    )
    now = k * np.exp(-r * t / YEAR)
    low, high = np.minimum(s, now), np.maximum(s, now)
    gap = high - low
    inside = np.where(call > 0, s > now, s < now)
    worth = p - np.where(inside, gap, 0.0)
    below, above = np.zeros_like(low), np.full_like(low, 64.0)
    for _ in range(80):
        middle = (below + above) / 2
        # A year of Black-76 has the deviation for its volatility.
        value = black76(low, high, middle, np.full_like(low, YEAR)).call
        below = np.where(value < worth, middle, below)
        above = np.where(value < worth, above, middle)
    deviation = (below + above) / 2
    possible = (worth >= 0) & (worth < low) & (t > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(worth == 0, 0.0, deviation) / np.sqrt(t / YEAR)
    return np.asarray(np.where(possible, found, np.nan), dtype=np.float64)
