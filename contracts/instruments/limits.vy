# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Limits: how small an order, how much open interest
@license AGPL-3.0-only
@notice One word per underlying, for trades that open risk:

         | smallest order 64 | of one series 96 | of all series 96 |   [1e-9 contracts]
          192                 96                 0

        0 stands for no limit. What is open beyond a limit stays open and may be closed.
"""

from snekmate.auth import ownable

uses: ownable

# [wad] The unit of the word.
UNIT: constant(uint256) = 10**9
MASK_96: constant(uint256) = 2**96 - 1


# underlying -> the word above
limits_of: public(HashMap[uint256, uint256])


event LimitsSet:
    underlying: indexed(uint256)
    old_limits: uint256
    new_limits: uint256


@external
def set_limits(underlying: uint256, smallest: uint256, of_series: uint256, of_underlying: uint256):
    """
    @notice Limits trades that open positions in an underlying; each [wad] contracts, a multiple of
            1e9, 0 for none.
    @param smallest The least that one trade may bring.
    @param of_series The most that may be outstanding in one series.
    @param of_underlying The most in all its series together.
    """
    ownable._check_owner()
    # Orders above a million contracts at the least would close the market under another name.
    assert smallest <= 10**6 * 10**18, "limit: order too large"
    assert max(of_series, of_underlying) < 2**95, "limit: out of range"
    assert smallest % UNIT + of_series % UNIT + of_underlying % UNIT == 0, "limit: too fine"
    word: uint256 = ((smallest // UNIT) << 192) | ((of_series // UNIT) << 96) | (of_underlying // UNIT)
    log LimitsSet(underlying=underlying, old_limits=self.limits_of[underlying], new_limits=word)
    self.limits_of[underlying] = word


@internal
@view
def _admit(underlying: uint256, quantity: uint256) -> (uint256, uint256):
    """
    @notice Refuses an order [wad] that is too small.
    @return The most contracts [wad] outstanding in a series and in all series.
    """
    word: uint256 = self.limits_of[underlying]
    if word == 0:
        return max_value(uint256), max_value(uint256)
    assert quantity >= (word >> 192) * UNIT, "limit: order too small"
    return self._most((word >> 96) & MASK_96), self._most(word & MASK_96)


@internal
@pure
def _most(field: uint256) -> uint256:
    return field * UNIT if field != 0 else max_value(uint256)
