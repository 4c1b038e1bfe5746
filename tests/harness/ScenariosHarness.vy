# pragma version 0.4.3
# pragma optimize gas
"""
@title Opens the internals of contracts/margin/scenarios.vy
@license AGPL-3.0-only
"""

from ...contracts.margin import scenarios

initializes: scenarios


@deploy
def __init__():
    scenarios.__init__()


@external
@view
def revalue(
    words: DynArray[uint256, 128], term: scenarios.Term, grid: uint256, by_strike: bool, short_only: bool
) -> (scenarios.Revaluation, uint256):
    gas: uint256 = msg.gas
    result: scenarios.Revaluation = scenarios._revalue(words, 0, len(words), term, grid, by_strike, short_only)
    gas -= msg.gas
    return result, gas
