# pragma version 0.4.3
"""
@title Many implied volatilities in one call
@license AGPL-3.0-only
"""

from ...contracts.math import implied_volatility

MOST: constant(uint256) = 256


struct Point:
    spot: uint256
    strike: uint256
    volatility: uint256
    time: uint256
    rate: int256


@external
@pure
def implied(
    prices: DynArray[uint256, MOST], are_calls: DynArray[bool, MOST], points: DynArray[Point, MOST]
) -> DynArray[uint256, MOST]:
    values: DynArray[uint256, MOST] = []
    for i: uint256 in range(len(prices), bound=MOST):
        p: Point = points[i]
        values.append(
            implied_volatility._implied(prices[i], are_calls[i], p.spot, p.strike, p.time, p.rate)
        )
    return values
