"""What an option is worth to an agent: the reference model's Black-76, one option at a time."""

from ..reference import pricing


def black76(
    forward: float, strike: float, seconds: float, volatility: float, is_put: bool
) -> float:
    """Undiscounted value of a European option [same unit as forward]; `seconds` to expiry."""
    prices = pricing.black76(forward, strike, volatility, max(seconds, 0.0))
    return float(prices.put if is_put else prices.call)
