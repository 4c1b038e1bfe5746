# pragma version 0.4.3
# pragma optimize gas
"""
@title Scenarios: the options of one expiry, revalued under a grid of spots and volatilities
@license AGPL-3.0-only
@notice An option is worth its payoff at the forward and time value on top, which is the formula of
        time_value.vy: one look-up, and nothing else depends on the scenario but x = |ln(K/F)|, since

        - payoffs are linear in F between the strikes: two running sums over the spot levels;
        - a put is a call and a forward sold: a call and a put of one strike are one option;
        - sqrt(F), spot's part, and s, the shock's part, are factored out of the sum.

        Deviations too wide for the formula are valued one by one in wide_options.vy.
@dev "Qn" has n fractional bits. Sums become values in scenario_values.vy. The loop over levels is written
     out: fixed places save a third. The three volatilities of a level share a word, 85 bits each (highest,
     unmoved, lowest from the top), weighted and added by one product and one sum. Bounds: quantities
     scaled below 2**44, s e g in Q30 below 2**28, sqrt(K/F) exp(-x/2) below 2**3, 128 positions: a lane
     stays below 2**84.
@custom:rounding Time values of the table lie below the true ones, by 6.9e-7 s sqrt(F K) at most, so
        a long is never worth too much; what shorts owe is raised by as much, and everything
        by the bound of the formula.
"""

from . import scenario_values
from . import spot_levels
from . import strike_smile
from . import time_value
from . import wide_options

MASK_56: constant(uint256) = 2**56 - 1
PUT: constant(uint256) = 1 << 152
STRIKE: constant(uint256) = 160  # bits below the strike
SINH_A: constant(uint256) = time_value.SINH_A
SINH_B: constant(uint256) = time_value.SINH_B
SINH_C: constant(uint256) = time_value.SINH_C
NEGATIVE: constant(uint256) = 2**255
# Beyond four and a half deviations, in halves, time value is below 6e-7 s.
REACH: constant(uint256) = 9
NARROWEST: constant(uint256) = 2**16  # [Q40]
WIDEST: constant(uint256) = 2**50  # [Q40] beyond, a call is worth the forward and a put the strike
# Added to a position y, it makes y**2 + 2**112 y + 2**222 of a square.
TILT: constant(uint256) = 2**111

TABLE: immutable(uint256[time_value.SEGMENTS])


@deploy
def __init__():
    TABLE = time_value._filled()


@internal
@view
def _revalue(
    words: DynArray[uint256, 128],
    start: uint256,
    end: uint256,
    largest: uint256,
    term: strike_smile.Term,
    grid: uint256,
    by_strike: bool,
    short_only: bool,
) -> scenario_values.Revaluation:
    """
    @notice Values the positions words[start] to words[end - 1], all of one expiry, without barriers.
    @param grid Spot levels from the lowest bits up, see spot_levels.vy.
    @param by_strike Count naked shorts of calls and puts of a strike together.
    @param largest The absolute quantities, or-ed, to one unit.
    @param short_only Nothing is long, at this expiry or another, and the highest volatility counts at
           the outermost spots: then the book is concave in spot and falls with volatility, so that
           the worst is one of those two. Besides them, the middle level is valued at the unmoved
           volatility, for the mark; the other values stay 0.
    """
    g: uint256[time_value.SEGMENTS] = TABLE
    valued: uint256[3] = spot_levels._valued(short_only)
    levels: spot_levels.Levels = spot_levels._levels(term.forward, term.fixed, grid, valued[0] | valued[1])
    sums: scenario_values.Sums = empty(scenario_values.Sums)
    drop: uint256 = scenario_values._drop(largest)
    smile: strike_smile.Curve = strike_smile._curve(term)
    # From level to level that is valued; up to which unmoved and lowest volatility are narrow.
    stride: uint256 = 1
    limit: uint256 = time_value.NARROW
    if short_only:
        stride = 4
        limit = time_value.NARROW_BENT
    forward: int256 = convert(term.forward, int256)
    up: uint256 = convert(term.up, uint256)
    down: uint256 = convert(term.down, uint256)
    weight: int256 = 0
    x: uint256 = 0
    y: uint256 = 0
    t: uint256 = 0
    w: uint256 = 0
    # Of the three volatilities: what is wide leaves its lane empty. The unmoved and the lowest are
    # without reach for a book of shorts.
    u: uint256 = 0
    e_up: uint256 = 0
    inverse_up: uint256 = 0
    reach_up: uint256 = 0
    bend: uint256 = 0
    e: uint256 = 0
    inverse: uint256 = 0
    reach: uint256 = 0
    e_down: uint256 = 0
    inverse_down: uint256 = 0
    reach_down: uint256 = 0
    i: uint256 = start
    word: uint256 = 0
    if start != end:
        word = words[start]
    for _strike: uint256 in range(128):
        if i == end:
            break
        key: uint256 = word >> STRIKE
        calls_here: int256 = 0
        puts_here: int256 = 0
        for _part: uint256 in range(128):
            if word & PUT != 0:
                puts_here = unsafe_add(puts_here, convert(convert(word << 160, bytes32), int256) >> 160)
            else:
                calls_here = unsafe_add(calls_here, convert(convert(word << 160, bytes32), int256) >> 160)
            i = unsafe_add(i, 1)
            if i == end:
                break
            word = words[i]
            if word >> STRIKE != key:
                break
        units: int256 = convert(key & MASK_56, int256)
        quantity: int256 = unsafe_add(calls_here, puts_here)
        short: int256 = unsafe_add(calls_here & (calls_here >> 255), puts_here & (puts_here >> 255))
        sums.size = unsafe_add(sums.size, unsafe_sub(unsafe_sub(quantity, short), short))
        if by_strike:
            short = min(quantity, 0)
        sums.naked = unsafe_sub(sums.naked, short)
        if puts_here != 0:
            sums.puts = unsafe_add(sums.puts, puts_here)
            sums.puts_amount = unsafe_add(sums.puts_amount, unsafe_mul(puts_here, units))
        if quantity == 0:
            continue

        strike: int256 = unsafe_mul(units, 10**10)
        x0: int256 = 0  # [Q40] ln(strike / forward)
        root: int256 = 0  # [Q40]
        x0, root = time_value._log_and_root(strike, forward)
        if smile.share != 0:
            # |x0 - centre| < 2**47. What was found last is a guess for the next.
            away: int256 = unsafe_sub(x0, smile.centre)
            smile.root = time_value._root(
                unsafe_add(convert(convert(unsafe_mul(away, away), bytes32), uint256), smile.width), smile.root
            )
            away = unsafe_add(unsafe_mul(smile.tilt, away) >> 42, convert(convert(smile.root, bytes32), int256))
            away = unsafe_add(smile.level, unsafe_mul(smile.slope, away) >> 42)
            if away < 1:
                away = 1
            # Below 2**58 * 2**72.
            smile.deviation = time_value._root(
                unsafe_mul(convert(convert(away, bytes32), uint256), smile.share) >> 8, smile.deviation
            )
        s: uint256 = smile.deviation
        if unsafe_sub(s, NARROWEST) > WIDEST - NARROWEST:
            s = min(max(s, NARROWEST), WIDEST)
        first: uint256 = spot_levels.LEVELS  # lowest level above the strike
        if s > sums.widest:
            sums.widest = s
        s_up: uint256 = unsafe_mul(s, up) >> 40
        s_down: uint256 = s
        if not short_only:
            s_down = unsafe_mul(s, down) >> 40
            if s_down < NARROWEST:
                s_down = NARROWEST
        is_wide: bool = False
        in_table: bool = s_up <= time_value.NARROW_BENT or s_down <= limit
        if in_table:
            # Below 2**44 * 2**3: strikes within reach are at most e**3 times the forward.
            weight = unsafe_mul(root, convert(convert(s, bytes32), int256)) >> 40
            weight = unsafe_mul(quantity >> drop, weight) >> 40
            if weight < 0:
                sums.weights = unsafe_sub(sums.weights, weight)
                sums.short_weights = unsafe_add(sums.short_weights, weight)
            else:
                sums.weights = unsafe_add(sums.weights, weight)
            if s_up <= time_value.NARROW_BENT:
                u = unsafe_mul(s_up, s_up) >> 40
                e_up = unsafe_sub(2**59, unsafe_mul(u, unsafe_sub(time_value.E_1, unsafe_mul(u, time_value.E_2_BENT) >> 40)) >> 40)
                u = unsafe_add(2**59, unsafe_mul(u, unsafe_add(time_value.K_1_BENT, unsafe_mul(u, time_value.K_2_BENT) >> 40)) >> 40)
                inverse_up = unsafe_div(u << 21, s_up)
                bend = unsafe_mul(s_up, time_value.BEND) >> 40
                reach_up = unsafe_mul(s_up, REACH) >> 1
            if not short_only:
                e_down = 0
                reach_down = 0
                if s_down <= time_value.NARROW:
                    u = unsafe_mul(s_down, s_down) >> 40
                    e_down = unsafe_sub(2**59, unsafe_mul(u, unsafe_sub(time_value.E_1, unsafe_mul(u, time_value.E_2) >> 40)) >> 40)
                    u = unsafe_add(2**59, unsafe_mul(u, unsafe_sub(time_value.E_1, unsafe_mul(u, time_value.K_2) >> 40)) >> 40)
                    inverse_down = unsafe_div(u << 21, s_down)
                    reach_down = unsafe_mul(s_down, REACH) >> 1
                if s <= time_value.NARROW:
                    u = unsafe_mul(s, s) >> 40
                    e = unsafe_sub(2**59, unsafe_mul(u, unsafe_sub(time_value.E_1, unsafe_mul(u, time_value.E_2) >> 40)) >> 40)
                    u = unsafe_add(2**59, unsafe_mul(u, unsafe_sub(time_value.E_1, unsafe_mul(u, time_value.K_2) >> 40)) >> 40)
                    inverse = unsafe_div(u << 21, s)
                    reach = unsafe_mul(s, REACH) >> 1
                else:
                    is_wide = True
                    e = 0
                    inverse = inverse_down
                    reach = reach_down
            if s_up > time_value.NARROW_BENT:
                is_wide = True
                e_up = 0
                bend = 0
                inverse_up = inverse
                reach_up = reach
            x = convert(convert(unsafe_sub(x0, levels.logs[0]), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, stride)
            if x < reach_up:
                t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                sums.total_0 = unsafe_add(sums.total_0, unsafe_mul(
                    unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                    convert(convert(w, bytes32), int256)
                ))
            x = convert(convert(unsafe_sub(x0, levels.logs[8]), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, 1)
            if x < reach_up:
                t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                sums.total_8 = unsafe_add(sums.total_8, unsafe_mul(
                    unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                    convert(convert(w, bytes32), int256)
                ))
            if short_only:
                # The middle level at the unmoved volatility: narrow, as the highest is no lower.
                u = unsafe_mul(s, s) >> 40
                e_up = unsafe_sub(2**59, unsafe_mul(u, unsafe_sub(time_value.E_1, unsafe_mul(u, time_value.E_2_BENT) >> 40)) >> 40)
                u = unsafe_add(2**59, unsafe_mul(u, unsafe_add(time_value.K_1_BENT, unsafe_mul(u, time_value.K_2_BENT) >> 40)) >> 40)
                inverse_up = unsafe_div(u << 21, s)
                bend = unsafe_mul(s, time_value.BEND) >> 40
                reach_up = unsafe_mul(s, REACH) >> 1
            else:
                x = convert(convert(unsafe_sub(x0, levels.logs[1]), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                    w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                    sums.total_1 = unsafe_add(sums.total_1, unsafe_mul(
                        unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                        convert(convert(w, bytes32), int256)
                    ))
                x = convert(convert(unsafe_sub(x0, levels.logs[2]), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                    w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                    sums.total_2 = unsafe_add(sums.total_2, unsafe_mul(
                        unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                        convert(convert(w, bytes32), int256)
                    ))
                x = convert(convert(unsafe_sub(x0, levels.logs[3]), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                    w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                    sums.total_3 = unsafe_add(sums.total_3, unsafe_mul(
                        unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                        convert(convert(w, bytes32), int256)
                    ))
                x = convert(convert(unsafe_sub(x0, levels.logs[5]), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                    w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                    sums.total_5 = unsafe_add(sums.total_5, unsafe_mul(
                        unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                        convert(convert(w, bytes32), int256)
                    ))
                x = convert(convert(unsafe_sub(x0, levels.logs[6]), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                    w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                    sums.total_6 = unsafe_add(sums.total_6, unsafe_mul(
                        unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                        convert(convert(w, bytes32), int256)
                    ))
                x = convert(convert(unsafe_sub(x0, levels.logs[7]), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                    w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                    sums.total_7 = unsafe_add(sums.total_7, unsafe_mul(
                        unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                        convert(convert(w, bytes32), int256)
                    ))
            x = convert(convert(unsafe_sub(x0, levels.logs[4]), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, stride)
            if x < reach_up:
                t = unsafe_div(SINH_A, unsafe_sub(SINH_B, unsafe_mul(x, x)))
                y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(t, bend) >> 40)) >> 54, TILT)
                w = unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        w = unsafe_add(w, unsafe_mul(unsafe_mul(g[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                sums.total_4 = unsafe_add(sums.total_4, unsafe_mul(
                    unsafe_mul(weight, convert(convert(unsafe_sub(t, SINH_C), bytes32), int256)) >> 40,
                    convert(convert(w, bytes32), int256)
                ))
            sums.quantities[first] = unsafe_add(sums.quantities[first], quantity)
            sums.amounts[first] = unsafe_add(sums.amounts[first], unsafe_mul(quantity, units))
        else:
            is_wide = True
        if is_wide:
            deviations: uint256[3] = [s_up, s, s_down]
            sums.wide = wide_options._add(
                sums.wide, levels, valued, deviations, limit, strike, x0, quantity >> drop, weight, in_table
            )
    return scenario_values._values(sums, levels, valued, term.up, term.down, forward, drop, short_only)
