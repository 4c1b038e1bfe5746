"""Black-76 in floats, as the agents compute it at home."""

from math import erf, log, sqrt

YEAR = 365 * 86_400


def black76(
    forward: float, strike: float, seconds: float, volatility: float, is_put: bool
) -> float:
    """Undiscounted value of a European option [same unit as forward]; `seconds` to expiry."""
    deviation = volatility * sqrt(max(seconds, 0.0) / YEAR)
    if deviation <= 0:
        return max(strike - forward, 0.0) if is_put else max(forward - strike, 0.0)
    d1 = log(forward / strike) / deviation + deviation / 2
    call = forward * _normal(d1) - strike * _normal(d1 - deviation)
    return call - forward + strike if is_put else call


def _normal(x: float) -> float:
    return 0.5 * (1 + erf(x / sqrt(2)))
