# pragma version 0.4.3
"""
@title Opens the single Greeks and implied volatility of contracts/math, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.math import greek
from ...contracts.math import implied_volatility


@external
@pure
def delta(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    found: int256 = greek._at_d1(greek.DELTA, spot, strike, volatility, time, rate)
    return found, found - 10**18


@external
@pure
def gamma(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> int256:
    return greek._at_d1(greek.GAMMA, spot, strike, volatility, time, rate)


@external
@pure
def vega(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> int256:
    return greek._at_d1(greek.VEGA, spot, strike, volatility, time, rate)


@external
@pure
def theta(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    return greek._theta(spot, strike, volatility, time, rate)


@external
@pure
def rho(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    return greek._rho(spot, strike, volatility, time, rate)


@external
@pure
def vanna(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> int256:
    return greek._vanna(spot, strike, volatility, time, rate)


@external
@pure
def volga(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> int256:
    return greek._volga(spot, strike, volatility, time, rate)


@external
@pure
def implied(
    price: uint256, is_call: bool, spot: uint256, strike: uint256, time: uint256, rate: int256
) -> uint256:
    return implied_volatility._implied(price, is_call, spot, strike, time, rate)
