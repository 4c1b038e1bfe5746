# pragma version 0.4.3
"""
@title Opens the internals of contracts/math: barriers, digitals, realised volatility; adds nothing
@license AGPL-3.0-only
"""

from ...contracts.math import barriers
from ...contracts.math import digitals
from ...contracts.math import realised_volatility


@external
@pure
def nothing(
    kind: uint256, spot: uint256, forward: uint256, strike: uint256, level: uint256, deviation: int256
) -> uint256:
    """
    @notice The cost of a call with six words in and one out, to be subtracted.
    """
    return kind


@external
@pure
def barrier(
    kind: uint256, spot: uint256, forward: uint256, strike: uint256, level: uint256, deviation: int256
) -> uint256:
    return barriers._price(kind, spot, forward, strike, level, deviation)


@external
@pure
def cash(forward: uint256, strike: uint256, deviation: int256) -> (uint256, uint256):
    return digitals._cash(forward, strike, deviation)


@external
@pure
def asset(forward: uint256, strike: uint256, deviation: int256) -> (uint256, uint256):
    return digitals._asset(forward, strike, deviation)


@external
@pure
def square(before: uint256, price: uint256) -> uint256:
    return realised_volatility._square(before, price)


@external
@pure
def ewma(variance: uint256, before: uint256, price: uint256, elapsed: uint256, decay: uint256) -> uint256:
    return realised_volatility._ewma(variance, before, price, elapsed, decay)


@external
@pure
def realised(squares: uint256, count: uint256, interval: uint256) -> uint256:
    return realised_volatility._realised(squares, count, interval)


@external
@pure
def realised_of(closes: DynArray[uint256, 31], interval: uint256) -> uint256:
    return realised_volatility._realised_of(closes, interval)
