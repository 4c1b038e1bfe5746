# pragma version 0.4.3
# pragma optimize gas
"""
@title One Greek of Black-Scholes at a time
@license AGPL-3.0-only
@notice The figures of greeks.vy, each alone from the terms that all share: without the tails of
        the distribution where it needs none.
@dev Domain, limits, errors and reasons of greeks.vy.
@custom:rounding Within the stated bounds, not directed.
"""

from . import greeks

WAD: constant(int256) = 10**18
WAD_WAD: constant(int256) = 10**36
YEAR: constant(int256) = 31_536_000


@internal
@pure
def _delta(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    """
    @return call [wad], put [wad]
    """
    t: greeks.Terms = greeks._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    delta: int256 = 0
    if asset > t.strike:
        delta = unsafe_sub(
            WAD, unsafe_div(unsafe_mul(greeks._second(t.g, t.z2, t.near), WAD), asset)
        )
    else:
        delta = unsafe_mul(greeks._first(t.density, t.z1), WAD) >> 64
    return delta, unsafe_sub(delta, WAD)


@internal
@pure
def _gamma(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> int256:
    """
    @return [wad] the same for calls and puts
    """
    t: greeks.Terms = greeks._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    return unsafe_div(
        unsafe_mul(unsafe_div(unsafe_div(t.g, asset) << 64, t.deviation), WAD_WAD), asset
    ) >> 64


@internal
@pure
def _vega(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> int256:
    """
    @return [wad] per 1 (100 %) of volatility, the same for calls and puts
    """
    t: greeks.Terms = greeks._terms(spot, strike, volatility, time, rate)
    return unsafe_mul(t.g >> 64, t.root) >> 64


@internal
@pure
def _theta(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    """
    @return call [wad], put [wad], per year
    """
    t: greeks.Terms = greeks._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    put: int256 = unsafe_sub(
        unsafe_div(unsafe_mul(rate, unsafe_sub(t.strike, self._owed(asset, t))), WAD),
        unsafe_div(
            unsafe_div(unsafe_mul(t.g >> 32, convert(convert(volatility, bytes32), int256)), WAD) << 31,
            t.root,
        ),
    )
    return unsafe_sub(put, unsafe_div(unsafe_mul(rate, t.strike), WAD)), put


@internal
@pure
def _rho(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    """
    @return call [wad], put [wad], per 1 (100 %) of rate
    """
    t: greeks.Terms = greeks._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    years: int256 = convert(convert(time, bytes32), int256)
    call: int256 = unsafe_div(unsafe_mul(self._owed(asset, t), years), YEAR)
    return call, unsafe_sub(call, unsafe_div(unsafe_mul(t.strike, years), YEAR))


@internal
@pure
def _vanna(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> int256:
    """
    @return [wad] the same for calls and puts
    """
    t: greeks.Terms = greeks._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    d2: int256 = unsafe_sub(0, t.z2)
    if asset > t.strike:
        d2 = t.z1
    return unsafe_div(
        unsafe_mul(unsafe_mul(unsafe_div(t.g, asset), d2) >> 64, -WAD_WAD),
        convert(convert(volatility, bytes32), int256),
    ) >> 64


@internal
@pure
def _volga(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> int256:
    """
    @return [wad] the same for calls and puts
    """
    t: greeks.Terms = greeks._terms(spot, strike, volatility, time, rate)
    return unsafe_div(
        unsafe_mul(
            unsafe_mul(unsafe_mul(t.g >> 64, t.root) >> 64, unsafe_mul(t.z1, t.z2) >> 64) >> 64, WAD
        ),
        convert(convert(volatility, bytes32), int256),
    )


@internal
@pure
def _owed(asset: int256, t: greeks.Terms) -> int256:
    """
    @return [wad] K' cdf(d2)
    """
    if asset > t.strike:
        # Below 2**128 here, since it is the lower one.
        return unsafe_sub(t.strike, unsafe_mul(t.strike, greeks._first(t.density, t.z1)) >> 64)
    return greeks._second(t.g, t.z2, t.near)
