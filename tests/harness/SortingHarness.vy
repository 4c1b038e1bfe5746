# pragma version 0.4.3
"""
@title Opens the internals of contracts/math/sorting.vy, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.math import sorting


@external
@pure
def sort(words: DynArray[uint256, 128], relevant: uint256 = max_value(uint256)) -> DynArray[uint256, 128]:
    return sorting._sorted(words, relevant)
