# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Watches of an option pool: a surface that moves, a value that swings
@license AGPL-3.0-only
@notice For each expiry an average of the volatility at the money, in which the past fades with
        e**(-time / window). Who trades, or `look`s, adds what it sees: it counts from then on, so
        that a surface which has just been moved is off its average, and nobody trades on it.
        For the pool the value of a share: when it has moved further than the limit since the last
        record, nobody trades until somebody called `process` and a pause is over.
@dev Surface: average [wad] 64 | last seen 64 | time 64 | watched since 64.
     Value: of a share [wad] 128 | time 64 | paused until 64.
"""

from ..math import fixed_point
from . import pool_rules

WAD: constant(uint256) = 10**18
MINUTE: constant(uint256) = 60
BPS: constant(uint256) = 10_000
MASK_64: constant(uint256) = 2**64 - 1
# The most that a share may be said to be worth [wad USD].
LARGEST: constant(uint256) = 2**128 - 1

# expiry's bucket (underlying and hours) -> word
surfaces: public(HashMap[uint256, uint256])
value_record: public(uint256)


event BreakerTripped:
    old_value: uint256  # [wad USD] of a share
    new_value: uint256
    until: uint256  # [s]


# -- internals --


@internal
@view
def _averaged(word: uint256, conduct: uint256) -> uint256:
    """
    @return [wad] the average at this second.
    """
    average: uint256 = word >> 192
    last: uint256 = (word >> 128) & MASK_64
    window: uint256 = convert(pool_rules._field(conduct, pool_rules.WINDOW), uint256) * MINUTE
    passed: uint256 = block.timestamp - ((word >> 64) & MASK_64)
    kept: uint256 = fixed_point._exp(-convert(min(passed * WAD // window, 10**20), int256))
    return (average * kept + last * (WAD - kept)) // WAD


@internal
@view
def _require_calm(bucket: uint256, volatility: int256, conduct: uint256):
    """
    @notice Refuses an expiry that was not watched for a window, or whose volatility moves.
    """
    word: uint256 = self.surfaces[bucket]
    window: uint256 = convert(pool_rules._field(conduct, pool_rules.WINDOW), uint256) * MINUTE
    assert word != 0 and block.timestamp >= (word & MASK_64) + window, "pool: surface not watched yet"
    average: int256 = convert(self._averaged(word, conduct), int256)
    jump: int256 = pool_rules._field(conduct, pool_rules.JUMP) * average // convert(BPS, int256)
    assert abs(volatility - average) <= jump, "pool: surface moves"


@internal
def _see(bucket: uint256, volatility: uint256, conduct: uint256):
    """
    @notice Adds what the oracle says now.
    """
    word: uint256 = self.surfaces[bucket]
    seen: uint256 = min(volatility, MASK_64)
    if word == 0:
        self.surfaces[bucket] = (seen << 192) | (seen << 128) | (block.timestamp << 64) | block.timestamp
    else:
        self.surfaces[bucket] = (
            (self._averaged(word, conduct) << 192) | (seen << 128) | (block.timestamp << 64) | (word & MASK_64)
        )


@internal
@view
def _swings(word: uint256, worth: uint256, conduct: uint256) -> bool:
    """
    @param worth [wad USD] of a share, below 2**128.
    """
    was: uint256 = word >> 128
    moved: uint256 = max(worth, was) - min(worth, was)
    return moved * BPS > convert(pool_rules._field(conduct, pool_rules.SWING), uint256) * was


@internal
def _record(worth: uint256, conduct: uint256) -> bool:
    """
    @notice Looks at the value of a share [wad USD, below 2**128], and pauses the pool when it moved too far.
    @return Whether the pool is open.
    """
    word: uint256 = self.value_record
    until: uint256 = word & MASK_64
    if word == 0 or not self._swings(word, worth, conduct):
        self._roll(word, worth, conduct)
        return block.timestamp >= until
    until = block.timestamp + convert(pool_rules._field(conduct, pool_rules.PAUSE), uint256) * MINUTE
    log BreakerTripped(old_value=word >> 128, new_value=worth, until=until)
    self.value_record = (worth << 128) | (block.timestamp << 64) | until
    return False


@internal
def _roll(word: uint256, worth: uint256, conduct: uint256):
    """
    @notice Begins the next period if the last one is over.
    """
    period: uint256 = convert(pool_rules._field(conduct, pool_rules.PERIOD), uint256) * MINUTE
    if block.timestamp >= ((word >> 64) & MASK_64) + period:
        self.value_record = (worth << 128) | (block.timestamp << 64) | (word & MASK_64)
