# pragma version 0.4.3
"""
@title Opens the internals of contracts/math/svi.vy, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.math import fixed_point
from ...contracts.math import svi


@external
@pure
def pack(a: int256, b: int256, rho: int256, m: int256, sigma: int256) -> uint256:
    return svi._pack(a, b, rho, m, sigma)


@external
@pure
def unpack(word: uint256) -> svi.Smile:
    return svi._unpack(word)


@external
@pure
def nothing(word: uint256, k: int256) -> uint256:
    """
    @notice The cost of a call with two words in and one out, to be subtracted.
    """
    return word


@external
@pure
def variance(word: uint256, k: int256) -> uint256:
    return svi._variance(word, k)


@external
@pure
def deviation(word: uint256, k: int256, time: uint256, tenor: uint256) -> int256:
    return svi._deviation(word, k, time, tenor)


@external
@pure
def deviation_of(word: uint256, strike: int256, forward: int256, time: uint256, tenor: uint256) -> int256:
    """
    @notice The same of a strike.
    """
    k: int256 = 0
    if strike >= forward:
        k = fixed_point._ln_ratio_q64(strike, forward)
    else:
        k = -fixed_point._ln_ratio_q64(forward, strike)
    return svi._deviation(word, k, time, tenor)


@external
@pure
def derivatives(word: uint256, k: int256) -> (int256, int256, int256):
    return svi._derivatives(word, k)


@external
@pure
def density_factor(word: uint256, k: int256) -> int256:
    return svi._density_factor(word, k)


@external
@pure
def no_butterfly(word: uint256) -> bool:
    return svi._no_butterfly(word)


@external
@pure
def no_calendar(near: uint256, far: uint256) -> bool:
    return svi._no_calendar(near, far)
