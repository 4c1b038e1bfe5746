# pragma version 0.4.3
"""
@title Opens the internals of contracts/math/fast.vy, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.math import fast

initializes: fast


@deploy
def __init__():
    fast.__init__()


@external
@pure
def nothing(a: int256, b: int256, c: int256, d: int256, e: int256, f: int256, g: int256) -> int256:
    return a


@external
@view
def call(
    forward: int256, strike: int256, moneyness: int256, inverse: int256, lower: int256, gap: int256, width: int256
) -> int256:
    return fast._call(forward, strike, moneyness, inverse, lower, gap, width)


@external
@pure
def row(deviation: int256) -> (int256, int256, int256, int256):
    return fast._row(deviation)


@external
@pure
def moneyness(forward: uint256, strike: uint256) -> int256:
    return fast._moneyness(forward, strike)


@external
@pure
def shift(multiple: uint256) -> int256:
    return fast._shift(multiple)


@external
@view
def calls(
    forward: int256,
    strikes: DynArray[int256, 512],
    moneynesses: DynArray[int256, 512],
    deviations: DynArray[int256, 512],
) -> DynArray[int256, 512]:
    """
    @notice Many points at once, for a dense error study.
    """
    values: DynArray[int256, 512] = []
    for i: uint256 in range(len(strikes), bound=512):
        inverse: int256 = 0
        lower: int256 = 0
        gap: int256 = 0
        width: int256 = 0
        inverse, lower, gap, width = fast._row(deviations[i])
        values.append(fast._call(forward, strikes[i], moneynesses[i], inverse, lower, gap, width))
    return values
