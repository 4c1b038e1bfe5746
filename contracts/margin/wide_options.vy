# pragma version 0.4.3
# pragma optimize gas
"""
@title Wide options: the values of an option at volatilities beyond the table of time values
@license AGPL-3.0-only
@notice Scenario by scenario, by contracts/math/fast.vy.
@custom:rounding By the bound of the error against the account.
"""

from ..math import fast
from . import scenario_values
from . import spot_levels
from . import time_value

# A value errs by less than 2**-30 of forward and strike together.
ERROR: constant(uint256) = 30

@internal
@pure
def _add(
    before: scenario_values.Wide,
    levels: spot_levels.Levels,
    valued: uint256[3],
    deviations: uint256[3],
    limit: uint256,
    strike: int256,
    x0: int256,
    scaled: int256,
    weight: int256,
    in_table: bool,
) -> scenario_values.Wide:
    """
    @notice Adds the values of one option at the volatilities that are too wide for the table.
    @param deviations [Q40] highest volatility, unmoved, lowest.
    @param limit [Q40] up to which the latter two are narrow.
    @param x0 [Q40] ln(strike / forward).
    @param scaled The quantity.
    @param in_table Whether payoffs and weight are counted with those of the others.
    """
    sums: scenario_values.Wide = before
    for row: uint256 in range(3):
        here: uint256 = deviations[row]
        if here <= limit or (row == 0 and here <= time_value.NARROW_BENT):
            continue
        if in_table:
            sums.weights[row] = unsafe_add(sums.weights[row], abs(weight))
            sums.short_weights[row] = unsafe_add(sums.short_weights[row], min(weight, 0))
        for j: uint256 in range(spot_levels.LEVELS):
            if (valued[row] >> j) & 1 == 0:
                continue
            at: int256 = levels.forwards[j]
            value: int256 = fast._direct(
                at,
                strike,
                unsafe_sub(levels.logs[j], x0) << 24,
                convert(convert(here, bytes32), int256) << 24,
            )
            if in_table:
                value = unsafe_sub(value, max(unsafe_sub(at, strike), 0))
            error: int256 = unsafe_mul(abs(scaled), unsafe_add(unsafe_add(at, strike) >> ERROR, 2))
            place: uint256 = unsafe_add(unsafe_mul(j, 3), row)
            sums.values[place] = unsafe_add(sums.values[place], unsafe_sub(unsafe_mul(scaled, value), error))
            if place == 13:
                sums.blur = unsafe_add(sums.blur, error << 1)
    return sums
