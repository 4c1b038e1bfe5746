"""What an option is worth to an agent: the reference model's Black-76, one option at a time."""

from scipy.optimize import brentq

from ..reference import pricing


def black76(
    forward: float, strike: float, seconds: float, volatility: float, is_put: bool
) -> float:
    """Undiscounted value of a European option [same unit as forward]; `seconds` to expiry."""
    prices = pricing.black76(forward, strike, volatility, max(seconds, 0.0))
    return float(prices.put if is_put else prices.call)


def implied_volatility(
    price: float, forward: float, strike: float, seconds: float, is_put: bool
) -> float:
    """The volatility at which Black-76 gives this price; 0 for a price at or below the payoff."""

    def above(volatility: float) -> float:
        return black76(forward, strike, seconds, volatility, is_put) - price

    return float(brentq(above, 1e-4, 10.0)) if above(1e-4) < 0 else 0.0
