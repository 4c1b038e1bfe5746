# pragma version 0.4.3
# pragma optimize gas
"""
@title The smile of an expiry, unpacked for the volatility of strike after strike
@license AGPL-3.0-only
@notice The squared deviation of a strike at x = ln(K/F) is `share` times the total variance
        level + slope (tilt (x - centre) + sqrt((x - centre)**2 + width)), see contracts/math/svi.vy.
@custom:rounding To nearest within 2**-33 of a deviation.
"""

from . import time_value

YEAR: constant(uint256) = 31_536_000


struct Term:
    # What one expiry is valued by.
    forward: uint256  # [wad] positive, below 2**125
    fixed: uint256  # [wad] the part of it that does not move with spot
    volatility: uint256  # [wad] below 2**70; for all strikes when there is no smile
    smile: uint256  # see contracts/math/svi.vy, 0 for none
    tenor: uint256  # [s] that the smile's variance is for
    time: uint256  # [s] to expiry, positive, below 2**32
    up: int256  # [Q40] what volatility is multiplied by, at least 1
    down: int256  # [Q40] likewise, 0 to 1


struct Curve:
    level: int256  # [Q48]
    slope: int256  # [Q50]
    tilt: int256  # [Q42]
    centre: int256  # [Q40]
    width: uint256  # [Q80] squared
    share: uint256  # [Q40] of the variance that is left; 0 for a flat smile
    root: uint256  # [Q40] a guess of the next
    deviation: uint256  # [Q40] likewise; of all strikes when the smile is flat


@internal
@pure
def _curve(term: Term) -> Curve:
    curve: Curve = empty(Curve)
    curve.root = 2**36
    curve.deviation = 2**37
    if term.smile != 0:
        curve.level = convert(convert(term.smile, bytes32), int256) >> 199
        curve.slope = convert((term.smile >> 147) & (2**52 - 1), int256)
        curve.tilt = convert(convert(term.smile << 109, bytes32), int256) >> 213
        curve.centre = convert(convert(term.smile << 152, bytes32), int256) >> 211
        curve.width = term.smile & (2**52 - 1)
        curve.width = unsafe_mul(curve.width, curve.width) >> 14
        curve.share = unsafe_div(term.time << 40, max(term.tenor, 1))
    if curve.share == 0:
        # Below 2**140 * 2**80 / 10**36: of a time of 2**32 s, 2**108.
        variance: uint256 = unsafe_div(unsafe_mul(term.volatility, term.volatility), 10**18)
        curve.deviation = time_value._root(
            max(unsafe_div(unsafe_mul(variance, term.time << 80), YEAR * 10**18), 1), 2**37
        )
    return curve
