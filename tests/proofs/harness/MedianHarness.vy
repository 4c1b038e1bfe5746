# pragma version 0.4.3
"""
@title Opens the internals of oracle/medians.vy, adds nothing
@license AGPL-3.0-only
"""

from ....contracts.oracle import medians


@external
@pure
def median(figures: uint256[9], count: uint256) -> uint256:
    return medians._median(medians._sorted(figures, count), count)
