# pragma version 0.4.3
"""
@title AggregatorAdapter
@license AGPL-3.0-only
@notice Serves one underlying of the oracle as Chainlink's AggregatorV3Interface, so that others can
        use our aggregate as they use any feed. A round is a recorded observation, and its id the
        time at which it was recorded: ids grow, and a round never changes. Of five minutes only the
        last observation stays readable, for a week. A price that is not served leaves the last
        round as it is, with its old time, as readers of such feeds expect.
@custom:trust Believes the oracle.
@custom:kill None: without pokes the last round grows stale, and its readers judge the age.
@custom:rounding Answers round down to 1e-8 USD.
"""

from ..interfaces import AggregatorV3Interface

implements: AggregatorV3Interface


interface PriceOracle:
    def last(underlying: uint256) -> (uint256, uint256): view
    def observation(underlying: uint256, time: uint256) -> (uint256, uint256): view


decimals: public(constant(uint8)) = 8
version: public(constant(uint256)) = 1
# [wad] one unit of an answer.
UNIT: constant(uint256) = 10**10


ORACLE: public(immutable(PriceOracle))
UNDERLYING: public(immutable(uint256))
description: public(immutable(String[64]))


@deploy
def __init__(oracle: PriceOracle, underlying: uint256, _description: String[64]):
    """
    @param _description For example `SPX / USD`.
    """
    ORACLE = oracle
    UNDERLYING = underlying
    description = _description


@external
@view
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    """
    @return roundId, answer, startedAt, updatedAt, answeredInRound
    """
    price: uint256 = 0
    time: uint256 = 0
    price, time = staticcall ORACLE.last(UNDERLYING)
    return self._round(price, time)


@external
@view
def getRoundData(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    """
    @return roundId, answer, startedAt, updatedAt, answeredInRound
    """
    price: uint256 = 0
    time: uint256 = 0
    price, time = staticcall ORACLE.observation(UNDERLYING, convert(round_id, uint256))
    if time != convert(round_id, uint256):
        time = 0
    return self._round(price, time)


@internal
@pure
def _round(price: uint256, time: uint256) -> (uint80, int256, uint256, uint256, uint80):
    assert time != 0, "adapter: no data present"
    # Prices are below 2**100, times below 2**36.
    round: uint80 = convert(time, uint80)
    return round, convert(price // UNIT, int256), time, time, round
