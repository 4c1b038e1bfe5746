# pragma version 0.4.3
# pragma optimize gas
"""
@title Spot levels: the forwards of an expiry under the spot moves of the scenarios
@license AGPL-3.0-only
@notice A grid has nine levels, lowest first; the middle one is spot unmoved. The unmoved and the lowest
        volatility count at the inner seven only.
@custom:rounding Forwards down, by a wei.
"""

from . import time_value

LEVELS: constant(uint256) = 9
LEVEL_BITS: constant(uint256) = 19  # basis points of spot (16), and which volatilities count (3)
BASIS: constant(uint256) = 10**4
# Sets of levels, a bit each.
ALL: constant(uint256) = 511
INNER: constant(uint256) = 254
OUTERMOST: constant(uint256) = 257
MIDDLE: constant(uint256) = 16


struct Levels:
    forwards: int256[LEVELS]  # [wad]
    logs: int256[LEVELS]  # [Q40] of the same over the forward now
    roots: int256[LEVELS]  # [Q40] likewise


@internal
@pure
def _valued(short_only: bool) -> uint256[3]:
    """
    @return The levels that are valued at the highest volatility, the unmoved and the lowest one.
    """
    if short_only:
        return [OUTERMOST, MIDDLE, 0]
    return [ALL, INNER, INNER]


@internal
@pure
def _levels(forward: uint256, fixed: uint256, grid: uint256, wanted: uint256) -> Levels:
    """
    @param forward [wad] positive, below 2**125.
    @param fixed [wad] the part of it that does not move with spot.
    @param grid The levels from the lowest bits up.
    @param wanted Which of them, a bit each; others stay 0.
    """
    levels: Levels = empty(Levels)
    moving: uint256 = unsafe_sub(forward, min(fixed, forward))
    unmoved: int256 = convert(forward, int256)
    left: uint256 = grid
    for j: uint256 in range(LEVELS):
        if (wanted >> j) & 1 != 0:
            # Below 2**125 * 2**16 / 10**4.
            at: uint256 = unsafe_add(
                unsafe_div(unsafe_mul(moving, left & 65_535), BASIS), unsafe_sub(forward, moving)
            )
            levels.forwards[j] = convert(max(at, 1), int256)
            levels.logs[j], levels.roots[j] = time_value._log_and_root(levels.forwards[j], unmoved)
        left = left >> LEVEL_BITS
    return levels
