"""Options with a barrier on the spot, watched without pause: Reiner and Rubinstein (1991).

Undiscounted, no rebate, on a lognormal spot whose carry is what leads from spot to forward; one
volatility. Written from the reflection principle: the eight kinds are sums of four integrals over
the end point, reflected at the barrier or not, above strike or barrier. Floats, arrays welcome.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from .pricing import YEAR, Floats, black76


def barrier(
    spot: ArrayLike,
    forward: ArrayLike,
    strike: float,
    level: float,
    volatility: ArrayLike,
    seconds: float,
    *,
    is_put: bool,
    is_up: bool,
    knocks_in: bool,
) -> Floats:
    """Value of one option that has not been touched before.

    At or beyond the barrier a knock-in is the option without barrier and a knock-out is nothing.
    """
    s, f, v = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (spot, forward, volatility))
    )
    prices = black76(f, strike, v, seconds)
    plain: Floats = np.asarray(prices.put if is_put else prices.call)
    beyond = s >= level if is_up else s <= level
    deviation = v * np.sqrt(seconds / YEAR)
    # Below this nothing moves but along the forward.
    moving = deviation > 1e-9
    d = np.where(moving, deviation, 1.0)
    sign = -1.0 if is_put else 1.0
    side = -1.0 if is_up else 1.0
    # Twice the drift of the log over its variance, so that paths reflected at the barrier weigh
    # (level / spot) ** drift.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        drift = 2 * np.log(f / s) / d**2 - 1
        weight = np.exp(drift * np.log(level / s))
        square = weight * (level / s) ** 2

        def value(above: Floats, phi: float, power: Floats | float, unit: Floats | float) -> Floats:
            """phi * E[(price - strike) beyond a bound], `above` the deviations to the bound."""
            inside = np.where(power == 0, 0.0, power * f * ndtr(phi * above))
            return sign * (inside - unit * strike * ndtr(phi * (above - d)))

        def bound(target: float, reflected: bool) -> Floats:
            start = level**2 / s if reflected else s
            return np.asarray(np.log(start * (f / s) / target) / d + d / 2)

        full = value(bound(strike, False), sign, 1.0, 1.0)
        cut = value(bound(level, False), sign, 1.0, 1.0)
        mirror = value(bound(strike, True), side, square, weight)
        mirror_cut = value(bound(level, True), side, square, weight)
    # A call struck above the barrier or a put below: no payoff lies on the other side.
    far = (strike > level) != is_put
    if is_put == is_up:  # a down call or an up put: out of the money at the barrier
        knocked = mirror if far else full - cut + mirror_cut
    else:
        knocked = full if far else cut - mirror + mirror_cut
    # Without deviation, or where it is lost in overflows, the spot glides to the forward.
    glide = np.maximum(f, s) >= level if is_up else np.minimum(f, s) <= level
    sound = moving & np.isfinite(knocked)
    inside = np.where(sound, np.clip(knocked, 0.0, plain), np.where(glide, plain, 0.0))
    inside = np.where(beyond, plain, inside)
    return np.asarray(inside if knocks_in else plain - inside, dtype=np.float64)
