# pragma version 0.4.3
# pragma optimize gas
"""
@title Medians of up to nine figures
@license AGPL-3.0-only
@notice The median stays between two honest figures as long as fewer than half are not.
@custom:rounding The mean of the two middle ones of an even number rounds down.
"""


@internal
@pure
def _sorted(figures: uint256[9], count: uint256) -> uint256[9]:
    """
    @notice The first `count` figures in ascending order; the rest stays.
    """
    sorted: uint256[9] = figures
    for i: uint256 in range(1, max(count, 1), bound=8):
        figure: uint256 = sorted[i]
        # The insertion: larger ones move up. j never falls below 0, as it is tested first.
        j: uint256 = i
        for k: uint256 in range(8):
            if j == 0 or sorted[unsafe_sub(j, 1)] <= figure:
                break
            sorted[j] = sorted[unsafe_sub(j, 1)]
            j = unsafe_sub(j, 1)
        sorted[j] = figure
    return sorted


@internal
@pure
def _median(sorted: uint256[9], count: uint256) -> uint256:
    """
    @param sorted Figures below 2**255, ascending.
    @param count 1 to 9.
    """
    middle: uint256 = count >> 1
    upper: uint256 = sorted[middle]
    if count & 1 == 1:
        return upper
    return unsafe_add(sorted[unsafe_sub(middle, 1)], upper) >> 1
