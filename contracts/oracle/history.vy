# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title History: what the oracle recorded, to be read
@license AGPL-3.0-only
@notice The recorded part of the oracle's face: averages, watermarks, observations. Readable in the
        midst of any call.
@custom:rounding As in observations.vy.
"""

from . import observations
from . import prices
from . import terms

uses: observations
uses: prices
uses: terms


MASK_67: constant(uint256) = 2**67 - 1
MASK_100: constant(uint256) = 2**100 - 1


@external
@view
@reentrant
def twap(underlying: uint256, start: uint256, end: uint256) -> uint256:
    """
    @notice Time-weighted average [wad] of the recorded aggregates over [start, end], at most seven
            days long and within the last seven. Exact at multiples of five minutes and from the
            last observation on, interpolated within five minutes elsewhere.
    """
    assert start < end and end <= block.timestamp, "oracle: window out of order"
    average: uint256 = observations._average(
        underlying, start, end, (prices.aggregates[underlying] >> 120) & prices.MASK_36
    )
    assert average != 0, "oracle: window not recorded"
    return average


@external
@view
@reentrant
def watermarks(underlying: uint256, hour: uint256) -> (uint256, uint256, uint256):
    """
    @notice Highest (rounded down), lowest (up) and last price recorded in an hour [1e-8 USD]; zeros
            when there is none.
    @param hour Of its end, since the epoch: ceil(time / 3,600).
    """
    word: uint256 = observations.hours[underlying][hour]
    return (word >> 67) & MASK_67, word & MASK_67, word >> 134


@external
@view
@reentrant
def day_watermarks(underlying: uint256, day: uint256) -> (uint256, uint256):
    """
    @notice The same of a day, ceil(time / 86,400): highest and lowest.
    """
    word: uint256 = observations.days[underlying][day]
    return word >> 67, word & MASK_67


@external
@view
@reentrant
def observation(underlying: uint256, time: uint256) -> (uint256, uint256):
    """
    @notice The last recorded observation of the five minutes that hold a time: price [wad] and
            time [s]; zeros when there is none any more.
    """
    word: uint256 = observations.ring[underlying][observations._bucket(time) % observations.RING]
    at: uint256 = word >> 220
    if observations._bucket(at) != observations._bucket(time):
        return 0, 0
    return word & MASK_100, at


@external
@view
@reentrant
def last(underlying: uint256) -> (uint256, uint256):
    """
    @notice The stored aggregate [wad] and when it was stored [s].
    """
    stored: uint256 = prices.aggregates[underlying]
    return stored & MASK_100, (stored >> 120) & prices.MASK_36


@external
@view
@reentrant
def recorded(underlying: uint256, expiry: uint256) -> (uint256, uint256):
    """
    @notice What is recorded of a window that has passed: its average [wad], 0 unless each five
            minutes have an observation; and the last price in the day up to expiry [wad].
    """
    average: uint256 = 0
    if block.timestamp >= expiry:
        average = terms._recorded(underlying, expiry, (prices.aggregates[underlying] >> 120) & prices.MASK_36)
    return average, observations._close(underlying, expiry)
