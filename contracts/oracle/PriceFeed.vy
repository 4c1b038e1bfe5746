# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title PriceFeed
@license AGPL-3.0-only
@notice A push source that speaks Chainlink's AggregatorV3Interface: one reporter pushes answers,
        each a round of its own, and every round stays readable. Serves a price or any other
        figure (a volatility as a fraction); what it means is said by `description`.
@dev Rounds count from 1 without a gap, and their times never decrease. A round is one word:

          255    176 175     128 127            0
         |  round   | updated   | answer, signed |
         |  80 bits | 48 bits   | 128 bits       |
@custom:trust The reporter may push anything at any time, and cannot change what it pushed.
@custom:kill None: a silent feed grows stale, and its readers judge the age.
@custom:rounding None: answers are kept as pushed.
"""

from ..interfaces import AggregatorV3Interface

implements: AggregatorV3Interface


version: public(constant(uint256)) = 1

MASK_48: constant(uint256) = 2**48 - 1
MASK_128: constant(uint256) = 2**128 - 1


decimals: public(immutable(uint8))
description: public(immutable(String[64]))


# The latest round again, so that reading it costs one slot and not two.
latest: uint256
# round id -> word as in the header
rounds: HashMap[uint256, uint256]
# The only one who may push.
reporter: public(address)


# Chainlink's event.
event AnswerUpdated:
    current: indexed(int256)
    roundId: indexed(uint256)
    updatedAt: uint256


event ReporterReplaced:
    old_reporter: indexed(address)
    new_reporter: indexed(address)


@deploy
def __init__(_description: String[64], _decimals: uint8, _reporter: address):
    """
    @param _description For example `SPX / USD`.
    @param _decimals Of the answers; 8 is usual for prices in USD.
    @param _reporter Who may push.
    """
    description = _description
    decimals = _decimals
    self._set_reporter(_reporter)


# -- reporter --


@external
def push(answer: int256):
    """
    @notice Makes a new round, dated now.
    @param answer In units of 10**-decimals, signed.
    """
    self._require_reporter()
    assert answer >= -(2**127) and answer < 2**127, "feed: answer too large"
    # 2**80 rounds cannot be reached, and 2**48 seconds are nine million years.
    round: uint256 = unsafe_add(self.latest >> 176, 1)
    self.latest = (round << 176) | (block.timestamp << 128) | (convert(convert(answer, bytes32), uint256) & MASK_128)
    self.rounds[round] = self.latest
    log AnswerUpdated(current=answer, roundId=round, updatedAt=block.timestamp)


@external
def set_reporter(reporter: address):
    """
    @notice Hands the feed over; only the reporter itself may.
    """
    self._require_reporter()
    self._set_reporter(reporter)


# -- views: readable in the midst of any call, as this contract calls nobody --


@external
@view
@reentrant
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    """
    @return roundId, answer, startedAt, updatedAt, answeredInRound
    """
    return self._unpack(self.latest)


@external
@view
@reentrant
def getRoundData(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    """
    @return roundId, answer, startedAt, updatedAt, answeredInRound
    """
    return self._unpack(self.rounds[convert(round_id, uint256)])


@internal
@pure
def _unpack(word: uint256) -> (uint80, int256, uint256, uint256, uint80):
    assert word != 0, "feed: no data present"
    round: uint80 = convert(word >> 176, uint80)
    updated: uint256 = (word >> 128) & MASK_48
    # Through bytes32, as other conversions refuse the sign bit. The shift left drops the rest, the
    # arithmetic shift right extends the sign.
    return round, convert(convert(word << 128, bytes32), int256) >> 128, updated, updated, round


@internal
@view
def _require_reporter():
    assert msg.sender == self.reporter, "feed: caller is not the reporter"


@internal
def _set_reporter(reporter: address):
    assert reporter != empty(address), "feed: no reporter"
    log ReporterReplaced(old_reporter=self.reporter, new_reporter=reporter)
    self.reporter = reporter
