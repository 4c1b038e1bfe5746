# pragma version 0.4.3
# pragma optimize gas
"""
@title Scenario values: from the sums over options to what an expiry is worth in each scenario
@license AGPL-3.0-only
@notice Payoffs by two running sums over the levels, time values by the packed sums of scenarios.vy and
        those of wide_options.vy, less what either may err by.
@custom:rounding Down.
"""

from . import spot_levels
from . import time_value

VALUES: constant(uint256) = 27  # three volatilities for each level
# Longest quantity after scaling.
QUANTITY_BITS: constant(uint256) = 43
# Errors in Q60: of the table and its end, of e by u**2.
TABLE_ERROR: constant(int256) = 795_507_511_860  # 6.9e-7
FIT_ERROR: constant(int256) = 57_646_075_230_342  # 5e-5
FIT_BENT_ERROR: constant(int256) = 6_802_236_877_180  # 5.9e-6


struct Wide:
    values: int256[VALUES]  # [wad * quantity] of wide volatilities by place
    weights: int256[3]  # what the weights hold of them by volatility
    short_weights: int256[3]
    blur: int256  # [wad * quantity] by how much they may be too low at unmoved spot and volatility


struct Sums:
    # Over the options of an expiry. Weighted time values by level, three lanes each.
    total_0: int256
    total_1: int256
    total_2: int256
    total_3: int256
    total_4: int256
    total_5: int256
    total_6: int256
    total_7: int256
    total_8: int256
    quantities: int256[10]  # [wad] of strikes below a level and not below the one before
    amounts: int256[10]  # [wad * 1e-8 USD] the same times the strike
    puts: int256  # [wad]
    puts_amount: int256  # [wad * 1e-8 USD]
    weights: int256  # without sign
    short_weights: int256  # of shorts, negative
    widest: uint256  # [Q40] largest deviation, unmoved
    wide: Wide
    naked: int256  # [wad]
    size: int256  # [wad]


struct Revaluation:
    values: int256[VALUES]  # [wad] by level, three volatilities each: highest, unmoved, lowest
    doubt: int256  # [wad] by how much the value at unmoved spot and volatility may be too low
    naked: int256  # [wad] short options: by type, or of the net of a strike
    size: int256  # [wad] contracts, of either sign


@internal
@pure
def _drop(largest: uint256) -> uint256:
    """
    @return By how many bits quantities are shortened: all below 2**44, also a call and a put together.
    """
    drop: uint256 = 0
    for _: uint256 in range(14):
        if largest >> drop < 2**QUANTITY_BITS:
            break
        drop = unsafe_add(drop, 4)
    return drop


@internal
@pure
def _values(
    sums: Sums,
    levels: spot_levels.Levels,
    valued: uint256[3],
    up: int256,
    down: int256,
    forward: int256,
    drop: uint256,
    short_only: bool,
) -> Revaluation:
    """
    @param up [Q40] by what volatilities are multiplied at most, down: at least.
    @param forward [wad] unmoved.
    """
    result: Revaluation = empty(Revaluation)
    result.naked = sums.naked
    result.size = sums.size
    # By weight, what the table and e may lack, in the units of a lane (Q30), for each volatility.
    fit_up: int256 = self._fit(unsafe_mul(sums.widest, convert(up, uint256)) >> 40, time_value.NARROW_BENT, FIT_BENT_ERROR)
    fit: int256 = 0
    if short_only:
        fit = self._fit(sums.widest, time_value.NARROW_BENT, FIT_BENT_ERROR)
    else:
        fit = self._fit(sums.widest, time_value.NARROW, FIT_ERROR)
    slack: int256[3] = empty(int256[3])
    for row: uint256 in range(3):
        slack[row] = unsafe_sub(
            unsafe_mul(unsafe_sub(sums.short_weights, sums.wide.short_weights[row]), TABLE_ERROR) >> 30,
            unsafe_add(unsafe_mul(unsafe_sub(sums.weights, sums.wide.weights[row]), fit_up) >> 30, 1),
        )
        fit_up = fit
    totals: int256[spot_levels.LEVELS] = [
        sums.total_0,
        sums.total_1,
        sums.total_2,
        sums.total_3,
        sums.total_4,
        sums.total_5,
        sums.total_6,
        sums.total_7,
        sums.total_8,
    ]
    # Forwards times what volatilities are multiplied by.
    scale_up: int256 = unsafe_mul(up, forward) >> 40
    scale_down: int256 = unsafe_mul(down, forward) >> 40
    slack_up: int256 = slack[0]
    slack_same: int256 = slack[1]
    slack_down: int256 = slack[2]
    held: int256 = unsafe_sub(0, sums.puts)
    cost: int256 = unsafe_sub(0, sums.puts_amount)
    for j: uint256 in range(spot_levels.LEVELS):
        if ((valued[0] | valued[1]) >> j) & 1 == 0:
            continue
        held = unsafe_add(held, sums.quantities[j])
        cost = unsafe_add(cost, sums.amounts[j])
        linear: int256 = unsafe_sub(unsafe_mul(held, levels.forwards[j]), unsafe_mul(cost, 10**10))
        root: int256 = levels.roots[j]
        packed: int256 = totals[j]
        # A lane borrows from the one above when it is negative.
        lowest: int256 = (packed << 171) >> 171
        packed = unsafe_sub(packed, lowest) >> 85
        middle: int256 = (packed << 171) >> 171
        packed = unsafe_sub(packed, middle) >> 85
        place: uint256 = unsafe_mul(j, 3)
        if short_only and j == 4:
            # One value, in the first lane.
            middle = packed
        else:
            result.values[place] = self._value(
                unsafe_add(packed, slack_up), root, scale_up, drop, linear, sums.wide.values[place]
            )
        place = unsafe_add(place, 1)
        if (valued[1] >> j) & 1 != 0:
            result.values[place] = self._value(
                unsafe_add(middle, slack_same), root, forward, drop, linear, sums.wide.values[place]
            )
            if not short_only:
                place = unsafe_add(place, 1)
                result.values[place] = self._value(
                    unsafe_add(lowest, slack_down), root, scale_down, drop, linear, sums.wide.values[place]
                )
    result.doubt = unsafe_add(
        unsafe_div(
            unsafe_add(
                unsafe_mul(
                    unsafe_mul(unsafe_sub(sums.weights, sums.wide.weights[1]), unsafe_add(TABLE_ERROR, fit << 1)) >> 30,
                    forward,
                ) >> 30,
                sums.wide.blur,
            ) << drop,
            10**18,
        ),
        2,
    )
    return result


@internal
@pure
def _fit(widest: uint256, narrow: uint256, error: int256) -> int256:
    """
    @param widest [Q40] deviation, of which those up to `narrow` are in the table.
    @return [Q60] what e may err by: `error` times the fourth power.
    """
    u: uint256 = min(widest, narrow)
    u = unsafe_mul(u, u) >> 40
    return unsafe_mul(error, convert(unsafe_mul(u, u) >> 40, int256)) >> 40


@internal
@pure
def _value(weighted: int256, root: int256, scale: int256, drop: uint256, linear: int256, wide: int256) -> int256:
    """
    @param weighted Sum of a lane, its errors counted in.
    @param root [Q40] of the forward over the unmoved one.
    @param scale [wad] the unmoved forward times what volatilities are multiplied by.
    @return [wad] rounded down, which a signed division does not do.
    """
    total: int256 = unsafe_add(
        unsafe_add(unsafe_mul(unsafe_mul(weighted, root) >> 40, scale) >> 30, wide) << drop, linear
    )
    return unsafe_div(unsafe_sub(total, (total >> 255) & (10**18 - 1)), 10**18)
