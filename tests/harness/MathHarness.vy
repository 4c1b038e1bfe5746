# pragma version 0.4.3
"""
@title Opens the internals of contracts/math, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.math import black76
from ...contracts.math import black_scholes
from ...contracts.math import fixed_point
from ...contracts.math import greeks
from ...contracts.math import normal


@external
@pure
def exp(power: int256) -> uint256:
    return fixed_point._exp(power)


@external
@pure
def ln(x: uint256) -> int256:
    return fixed_point._ln(x)


@external
@pure
def sqrt(x: uint256) -> uint256:
    return fixed_point._sqrt(x)


@external
@pure
def mills_q64(z: int256) -> int256:
    return normal._mills_q64(z)


@external
@pure
def pdf(x: int256) -> uint256:
    return normal._pdf(x)


@external
@pure
def cdf(x: int256) -> uint256:
    return normal._cdf(x)


@external
@pure
def quantile(p: uint256) -> int256:
    return normal._quantile(p)


@external
@pure
def deviation_q64(volatility: uint256, time: uint256) -> int256:
    return black76._deviation_q64(volatility, time)


@external
@pure
def out_of_the_money_q64(low: int256, high: int256, deviation: int256) -> int256:
    return black76._out_of_the_money_q64(low, high, deviation)


@external
@pure
def price(forward: uint256, strike: uint256, volatility: uint256, time: uint256) -> (uint256, uint256):
    return black76._price(forward, strike, volatility, time)


@external
@pure
def prices(
    forwards: DynArray[uint256, 256],
    strikes: DynArray[uint256, 256],
    volatilities: DynArray[uint256, 256],
    times: DynArray[uint256, 256],
) -> DynArray[uint256, 512]:
    """
    @notice Calls and puts in turn for many points at once: a dense error study in few calls.
    """
    values: DynArray[uint256, 512] = []
    for i: uint256 in range(len(forwards), bound=256):
        call: uint256 = 0
        put: uint256 = 0
        call, put = black76._price(forwards[i], strikes[i], volatilities[i], times[i])
        values.append(call)
        values.append(put)
    return values


@external
@pure
def values(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (uint256, uint256):
    return black_scholes._price(spot, strike, volatility, time, rate)


@external
@pure
def all_greeks(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> greeks.Greeks:
    return greeks._all(spot, strike, volatility, time, rate)
