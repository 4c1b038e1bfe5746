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
def moneyness(forward: uint256, strike: uint256) -> int256:
    return fast._moneyness(forward, strike)


@external
@pure
def spot_shift(multiple: uint256) -> int256:
    return fast._shift(multiple)


@external
@pure
def narrow(deviation: int256) -> (int256, int256):
    return fast._narrow(deviation)


@external
@pure
def wide(forward: int256, strike: int256, moneyness: int256, deviation: int256) -> int256[8]:
    return fast._wide(forward, strike, moneyness, deviation)


@external
@pure
def direct(forward: int256, strike: int256, moneyness: int256, deviation: int256) -> int256:
    return fast._direct(forward, strike, moneyness, deviation)


@external
@view
def call(forward: int256, strike: int256, moneyness: int256, scale: int256, inverse: int256) -> int256:
    return fast._call(forward, strike, moneyness, scale, inverse)


@external
@view
def calls(
    forwards: DynArray[int256, 512],
    strikes: DynArray[int256, 512],
    moneynesses: DynArray[int256, 512],
    shifts: DynArray[int256, 512],
    deviations: DynArray[int256, 512],
    shifted: DynArray[int256, 512],
) -> DynArray[int256, 512]:
    """
    @notice Many points at once, for a dense error study.
    @param shifted The forwards of the scenarios.
    """
    values: DynArray[int256, 512] = []
    for i: uint256 in range(len(strikes), bound=512):
        if deviations[i] < 3 * 2**61:
            scale: int256 = 0
            inverse: int256 = 0
            scale, inverse = fast._narrow(deviations[i])
            values.append(fast._call(shifted[i], strikes[i], moneynesses[i] + shifts[i], scale, inverse))
        else:
            values.append(fast._at(fast._wide(forwards[i], strikes[i], moneynesses[i], deviations[i]), shifts[i]))
    return values
