# pragma version 0.4.3
"""
@title Records of prices that the test writes
@license AGPL-3.0-only
"""

from ...contracts.interfaces import IPriceHistory

implements: IPriceHistory


averages: HashMap[uint256, HashMap[uint256, uint256]]
lasts: HashMap[uint256, HashMap[uint256, uint256]]


@external
def set_recorded(underlying: uint256, time: uint256, average: uint256, last: uint256):
    self.averages[underlying][time] = average
    self.lasts[underlying][time] = last


@external
@view
def recorded(underlying: uint256, expiry: uint256) -> (uint256, uint256):
    return self.averages[underlying][expiry], self.lasts[underlying][expiry]
