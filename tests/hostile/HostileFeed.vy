# pragma version 0.4.3
"""
@title HostileFeed
@license AGPL-3.0-only
@notice Price source with one honest round that can be told to misbehave: revert, burn all gas,
        return far too much, too little or nothing.
"""

# What it does when read.
HONEST: constant(uint256) = 0
REVERTING: constant(uint256) = 1
GAS_BURNING: constant(uint256) = 2
HUGE_RETURN: constant(uint256) = 3
SHORT_RETURN: constant(uint256) = 4
NO_RETURN: constant(uint256) = 5

DECIMALS: constant(uint256) = 8

mode: public(uint256)
# Whether `decimals` misbehaves as well.
thorough: public(bool)
answer: int256
updated: uint256


@deploy
def __init__(answer: int256):
    self.answer = answer
    self.updated = block.timestamp


@external
def misbehave(mode: uint256, thorough: bool):
    self.mode = mode
    self.thorough = thorough


@external
@view
@raw_return
def decimals() -> Bytes[16384]:
    return self._respond(abi_encode(DECIMALS), self.mode if self.thorough else HONEST)


@external
@view
@raw_return
def latestRoundData() -> Bytes[16384]:
    return self._respond(self._round(), self.mode)


@external
@view
@raw_return
def getRoundData(round_id: uint80) -> Bytes[16384]:
    assert round_id == 1, "No data present"
    return self._respond(self._round(), self.mode)


@internal
@view
def _round() -> Bytes[160]:
    return abi_encode(convert(1, uint256), self.answer, self.updated, self.updated, convert(1, uint256))


@internal
@view
def _respond(honest: Bytes[160], mode: uint256) -> Bytes[16384]:
    assert mode != REVERTING, "feed: out of order"
    if mode == GAS_BURNING:
        waste: uint256 = 0
        for i: uint256 in range(10**9):
            waste = unsafe_add(waste, i)
    if mode == HUGE_RETURN:
        return abi_encode(empty(uint256[512]))
    if mode == SHORT_RETURN:
        return slice(honest, 0, 31)
    if mode == NO_RETURN:
        return b""
    return honest
