# pragma version 0.4.3
"""
@title Opens the internals of contracts/oracle/gwav.vy, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.oracle import gwav

initializes: gwav


@external
def record(key: uint256, volatility: uint256) -> bool:
    return gwav._record(key, volatility)


@external
@view
def average(key: uint256, window: uint256) -> (uint256, uint256, uint256):
    return gwav._average(key, window)
