# pragma version 0.4.3
"""
@title Opens the internals of contracts/margin/worst_payoff.vy, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.margin import worst_payoff


@external
@pure
def worst(
    words: DynArray[uint256, 128],
    start: uint256,
    end: uint256,
    puts: int256,
    puts_value: int256,
    lowest: uint256,
    highest: uint256,
) -> int256:
    return worst_payoff._worst(words, start, end, puts, puts_value, lowest, highest)
