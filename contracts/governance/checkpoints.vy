# pragma version 0.4.3
"""
@title Checkpoints: figures and what they were at any time before
@license AGPL-3.0-only
@notice One history for each key. Reading the past is a binary search, so it costs 2,100 gas for each
        doubling of the number of changes.
@dev A change in the second of the one before replaces it: what is borrowed and given back within a
     transaction was never there.
     One word a change: figure 208 | time [s] 48.
"""

MASK_48: constant(uint256) = 2**48 - 1
# Figures fit the word.
MAX_FIGURE: constant(uint256) = 2**208 - 1


# key -> how many changes
lengths: HashMap[address, uint256]
# key -> from 0 -> change
changes: HashMap[address, HashMap[uint256, uint256]]


@internal
def _push(key: address, figure: uint256):
    assert figure <= MAX_FIGURE, "checkpoint: figure too large"
    length: uint256 = self.lengths[key]
    if length != 0 and self.changes[key][length - 1] & MASK_48 == block.timestamp:
        length -= 1
    else:
        self.lengths[key] = length + 1
    self.changes[key][length] = (figure << 48) | block.timestamp


@internal
@view
def _latest(key: address) -> uint256:
    length: uint256 = self.lengths[key]
    if length == 0:
        return 0
    return self.changes[key][length - 1] >> 48


@internal
@view
def _at(key: address, time: uint256) -> uint256:
    """
    @return The figure at the end of a second that is over; 0 before the first change.
    """
    assert time < block.timestamp, "checkpoint: not over yet"
    low: uint256 = 0
    high: uint256 = self.lengths[key]
    # Changes before `low` are not after `time`, those from `high` on are. A length is far below 2**64.
    for _: uint256 in range(64):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self.changes[key][middle] & MASK_48 > time:
            high = middle
        else:
            low = middle + 1
    if low == 0:
        return 0
    return self.changes[key][low - 1] >> 48
