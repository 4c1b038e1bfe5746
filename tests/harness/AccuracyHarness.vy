# pragma version 0.4.3
"""
@title Many points of contracts/math in one call: a dense error study in few calls
@license AGPL-3.0-only
"""

from ...contracts.math import black_scholes
from ...contracts.math import fixed_point
from ...contracts.math import greeks
from ...contracts.math import normal

MOST: constant(uint256) = 256


@external
@pure
def exp(xs: DynArray[int256, MOST]) -> DynArray[uint256, MOST]:
    values: DynArray[uint256, MOST] = []
    for x: int256 in xs:
        values.append(fixed_point._exp(x))
    return values


@external
@pure
def ln(xs: DynArray[uint256, MOST]) -> DynArray[int256, MOST]:
    values: DynArray[int256, MOST] = []
    for x: uint256 in xs:
        values.append(fixed_point._ln(x))
    return values


@external
@pure
def pdf(xs: DynArray[int256, MOST]) -> DynArray[uint256, MOST]:
    values: DynArray[uint256, MOST] = []
    for x: int256 in xs:
        values.append(normal._pdf(x))
    return values


@external
@pure
def cdf(xs: DynArray[int256, MOST]) -> DynArray[uint256, MOST]:
    values: DynArray[uint256, MOST] = []
    for x: int256 in xs:
        values.append(normal._cdf(x))
    return values


@external
@pure
def quantile(ps: DynArray[uint256, MOST]) -> DynArray[int256, MOST]:
    values: DynArray[int256, MOST] = []
    for p: uint256 in ps:
        values.append(normal._quantile(p))
    return values


struct Point:
    spot: uint256
    strike: uint256
    volatility: uint256
    time: uint256
    rate: int256


@external
@pure
def values(points: DynArray[Point, MOST]) -> DynArray[uint256[2], MOST]:
    values: DynArray[uint256[2], MOST] = []
    for p: Point in points:
        call: uint256 = 0
        put: uint256 = 0
        call, put = black_scholes._price(p.spot, p.strike, p.volatility, p.time, p.rate)
        values.append([call, put])
    return values


@external
@pure
def all_greeks(points: DynArray[Point, MOST]) -> DynArray[greeks.Greeks, MOST]:
    values: DynArray[greeks.Greeks, MOST] = []
    for p: Point in points:
        values.append(greeks._all(p.spot, p.strike, p.volatility, p.time, p.rate))
    return values
