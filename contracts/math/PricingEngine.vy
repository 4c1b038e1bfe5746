# pragma version 0.4.3
# pragma optimize gas
"""
@title PricingEngine
@license AGPL-3.0-only
@notice The exact tier of contracts/math as a unit of its own, for other contracts and for whoever
        wants a price on chain. Stateless; see IPricingEngine.
@custom:trust None: no owner, no storage, no calls.
@custom:kill None.
@custom:rounding As the modules say: values down, within 6e-14 of spot.
"""

from ..interfaces import IPricingEngine
from . import barriers
from . import black76
from . import black_scholes
from . import digitals
from . import greeks as sensitivities
from . import implied_volatility as inverse

implements: IPricingEngine


@external
@view
def price(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (uint256, uint256):
    """
    @notice Values of a European call and put, see IPricingEngine.
    """
    return black_scholes._price(spot, strike, volatility, time, rate)


@external
@view
def price_on_forward(
    forward: uint256, strike: uint256, volatility: uint256, time: uint256
) -> (uint256, uint256):
    """
    @notice Undiscounted values of a call and put on a forward, see IPricingEngine.
    """
    return black76._price(forward, strike, volatility, time)


@external
@view
def greeks(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> IPricingEngine.Greeks:
    """
    @notice Values and all sensitivities, see IPricingEngine.
    """
    found: sensitivities.Greeks = sensitivities._all(spot, strike, volatility, time, rate)
    return IPricingEngine.Greeks(
        call=found.call,
        put=found.put,
        call_delta=found.call_delta,
        put_delta=found.put_delta,
        gamma=found.gamma,
        vega=found.vega,
        call_theta=found.call_theta,
        put_theta=found.put_theta,
        call_rho=found.call_rho,
        put_rho=found.put_rho,
        vanna=found.vanna,
        volga=found.volga,
    )


@external
@view
def implied_volatility(
    worth: uint256, is_call: bool, spot: uint256, strike: uint256, time: uint256, rate: int256
) -> uint256:
    """
    @notice The volatility that a price implies, see IPricingEngine.
    """
    return inverse._implied(worth, is_call, spot, strike, time, rate)


@external
@view
def digital(
    is_asset: bool, forward: uint256, strike: uint256, volatility: uint256, time: uint256
) -> (uint256, uint256):
    """
    @notice Undiscounted call and put that pay 1 or a unit, see IPricingEngine.
    """
    if is_asset:
        return digitals._asset(forward, strike, black76._deviation_q64(volatility, time))
    return digitals._cash(forward, strike, black76._deviation_q64(volatility, time))


@external
@view
def barrier(
    kind: uint256,
    spot: uint256,
    forward: uint256,
    strike: uint256,
    level: uint256,
    volatility: uint256,
    time: uint256,
) -> uint256:
    """
    @notice Undiscounted value of a barrier option, see IPricingEngine.
    """
    return barriers._price(
        kind, spot, forward, strike, level, black76._deviation_q64(volatility, time)
    )
