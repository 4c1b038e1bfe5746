# pragma version 0.4.3
# pragma optimize gas
"""
@title Scenarios: the options of one expiry, revalued under a grid of spots and volatilities
@license AGPL-3.0-only
@notice An option is worth its payoff at the forward and time value on top. With x = |ln(K/F)| and
        s the deviation of the log-price, time value is that of Bachelier's normal model,

          s e sqrt(F K) sinhc(x/2) g(k x / s),   g(y) = pdf(y) - y (1 - cdf(y))

        where e and k are nearly one: e = 1 - u/24 + a u**2, k = 1 + u/24 - b u**2, u = s**2 err by
        less than 5e-5 s**5 of sqrt(F K), that is 9e-7 at 0.45. So a scenario is one look-up of g in
        a table of parabolas, and nothing else depends on it but x, since

        - payoffs are linear in F between the strikes: two running sums over the spot levels;
        - a put is a call and a forward sold: a call and a put of one strike are one option;
        - sqrt(F), spot's part, and s, the shock's part, are factored out of the sum.

        From 0.45 on a volatility is valued at all spots at once, by the polynomial of
        contracts/math/fast.vy.
        L. Bachelier, "Théorie de la spéculation" (1900); P. Hagan et al., "Managing smile risk",
        Wilmott (2002), for the expansion of the normal volatility.
@dev Logarithms, roots and the table are those of time_value.vy. Numbers: "Qn" has n fractional bits. The grid has nine spot levels, lowest first; volatility is
     unmoved or lowest at the inner seven only. The middle level is spot unmoved. The loop over
     them is written out: levels and sums as locals save a third. The three volatilities of a
     level share a word, 85 bits each (highest, unmoved, lowest from the top), weighted and added
     by one product and one sum. Bounds: quantities scaled below 2**44, s e g in Q30 below 2**28,
     sqrt(K/F) exp(-x/2) below 2**3, 128 positions: a lane stays below 2**84.
@custom:rounding Time values of the table lie below the true ones, by 6.9e-7 s sqrt(F K) at most, so
        a long is never worth too much; what shorts owe is raised by as much, and everything
        by the bound of the formula.
"""

from ..math import fast
from . import time_value

LEVELS: constant(uint256) = 9
VALUES: constant(uint256) = 27  # three volatilities for each level
LEVEL_BITS: constant(uint256) = 19  # basis points of spot (16), and which volatilities count (3)
BASIS: constant(uint256) = 10**4
YEAR: constant(uint256) = 31_536_000
# All levels but the outermost and the middle one.
OUT: constant(uint256) = 238
OUTERMOST: constant(uint256) = 257
MIDDLE: constant(uint256) = 16
INNER: constant(uint256) = 254
ONE_40: constant(int256) = 2**40
MASK_56: constant(uint256) = 2**56 - 1
PUT: constant(uint256) = 1 << 152
STRIKE: constant(uint256) = 160  # bits below the strike
NEGATIVE: constant(uint256) = 2**255
# Longest quantity after scaling.
QUANTITY_BITS: constant(uint256) = 43
# Beyond four and a half deviations, in halves, time value is below 6e-7 s.
REACH: constant(uint256) = 9
NARROW: constant(uint256) = 494_780_232_499  # [Q40] 0.45, up to which the formula holds
NARROW_BENT: constant(uint256) = 714_682_558_054  # [Q40] 0.65, with the square of x
NARROWEST: constant(uint256) = 2**16  # [Q40]
WIDEST: constant(uint256) = 2**50  # [Q40] beyond, a call is worth the forward and a put the strike
# Segments of the table, 1/16 of a deviation each; positions have 26 fractional bits.
SEGMENTS: constant(uint256) = time_value.SEGMENTS
# Added to a position y, it makes y**2 + 2**112 y + 2**222 of a square.
TILT: constant(uint256) = 2**111
# e and k in Q59 by u in Q40: 1/24, 0.001438, 0.000484.
E_1: constant(uint256) = 2**59 // 24
E_2: constant(uint256) = 828_942_651_014_310
K_2: constant(uint256) = 279_003_034_194_386
# With the square of x in k, for the highest volatility and for books without longs: 0.00154825 and
# 0.0000735305 in Q59, 0.000402921 in Q40.
E_2_BENT: constant(uint256) = 892_505_359_753_775
K_2_BENT: constant(uint256) = 42_387_447_347_246
BEND: constant(uint256) = 443_016_324
# sinhc(x/2) is 800/3 / (80 - x**2) - 7/3 to 4e-6 x**6: numerator Q120, squares Q80, result Q40.
SINH_A: constant(uint256) = 800 * 2**120 // 3
SINH_B: constant(uint256) = 80 * 2**80
SINH_C: constant(uint256) = 7 * 2**40 // 3
# Errors in Q60: of the table and its end, of e by u**2, of a wide volatility by the higher price at 0.45.
TABLE_ERROR: constant(int256) = 795_507_511_860  # 6.9e-7
FIT_ERROR: constant(int256) = 57_646_075_230_342  # 5e-5
FIT_BENT_ERROR: constant(int256) = 6_456_360_425_798  # 5.6e-6
DIRECT_ERROR: constant(uint256) = 30  # a wide value errs by less than 2**-30 of forward and strike

TABLE: immutable(uint256[SEGMENTS])


struct Term:
    # What one expiry is valued by.
    forward: uint256  # [wad] positive, below 2**125
    fixed: uint256  # [wad] the part of it that does not move with spot
    volatility: uint256  # [wad] below 2**70; for all strikes when there is no smile
    smile: uint256  # see contracts/math/svi.vy, 0 for none
    tenor: uint256  # [s] that the smile's variance is for
    time: uint256  # [s] to expiry, positive, below 2**32
    up: int256  # [Q40] what volatility is multiplied by, at least 1
    down: int256  # [Q40] likewise, 0 to 1


struct Revaluation:
    values: int256[VALUES]  # [wad] by level, three volatilities each: highest, unmoved, lowest
    doubt: int256  # [wad] by how much the value at unmoved spot and volatility may be too low
    naked: int256  # [wad] short options: by type, or of the net of a strike
    size: int256  # [wad] contracts, of either sign


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
    term: Term,
    grid: uint256,
    by_strike: bool,
    short_only: bool,
) -> Revaluation:
    """
    @notice Values the positions words[start] to words[end - 1], all of one expiry, without barriers.
    @param grid Spot levels from the lowest bits up, see `LEVEL_BITS`.
    @param by_strike Count naked shorts of calls and puts of a strike together.
    @param largest The absolute quantities, or-ed, to one unit.
    @param short_only Nothing is long, at this expiry or another, and the highest volatility counts at
           the outermost spots: then the book is concave in spot and falls with volatility, so that
           the worst is one of those two. Besides them, the middle three levels are valued at
           the unmoved volatility, for mark and basis; the other values stay 0.
    """
    result: Revaluation = empty(Revaluation)
    table: uint256[SEGMENTS] = TABLE
    forward: int256 = convert(term.forward, int256)
    moving: uint256 = unsafe_sub(term.forward, min(term.fixed, term.forward))
    forwards: int256[LEVELS] = empty(int256[LEVELS])  # [wad]
    logs: int256[LEVELS] = empty(int256[LEVELS])  # [Q40] of the same over the forward now
    roots: int256[LEVELS] = empty(int256[LEVELS])  # [Q40] likewise
    # Levels that are left out, a bit each.
    skipped: uint256 = 0
    # Levels that are valued at each volatility.
    valued: uint256[3] = [511, INNER, INNER]
    if short_only:
        skipped = OUT
        valued = [OUTERMOST, MIDDLE, 0]
    left: uint256 = grid
    for j: uint256 in range(LEVELS):
        if (skipped >> j) & 1 != 0:
            left = left >> LEVEL_BITS
            continue
        # Below 2**125 * 2**16 / 10**4.
        at: uint256 = unsafe_add(
            unsafe_div(unsafe_mul(moving, left & 65_535), BASIS), unsafe_sub(term.forward, moving)
        )
        forwards[j] = convert(max(at, 1), int256)
        logs[j], roots[j] = time_value._log_and_root(forwards[j], forward)
        left = left >> LEVEL_BITS
    level_0: int256 = logs[0]
    level_1: int256 = logs[1]
    level_2: int256 = logs[2]
    level_3: int256 = logs[3]
    level_4: int256 = logs[4]
    level_5: int256 = logs[5]
    level_6: int256 = logs[6]
    level_7: int256 = logs[7]
    level_8: int256 = logs[8]
    total_0: int256 = 0
    total_1: int256 = 0
    total_2: int256 = 0
    total_3: int256 = 0
    total_4: int256 = 0
    total_5: int256 = 0
    total_6: int256 = 0
    total_7: int256 = 0
    total_8: int256 = 0

    # Scale of quantities: all below 2**44 after the shift, also a call and a put together.
    drop: uint256 = 0
    for _step: uint256 in range(14):
        if largest >> drop < 2**QUANTITY_BITS:
            break
        drop = unsafe_add(drop, 4)

    # The smile of contracts/math/svi.vy, without a word for it a flat one: level Q48, slope Q50, tilt
    # Q42, centre Q40, square of the width Q80. Squared deviation is total variance times `share` Q40.
    level: int256 = 0
    slope: int256 = 0
    tilt: int256 = 0
    centre: int256 = 0
    width: uint256 = 0
    share: uint256 = 0
    root_of_width: uint256 = 2**36
    deviation: uint256 = 2**37
    if term.smile != 0:
        level = convert(convert(term.smile, bytes32), int256) >> 199
        slope = convert((term.smile >> 147) & (2**52 - 1), int256)
        tilt = convert(convert(term.smile << 109, bytes32), int256) >> 213
        centre = convert(convert(term.smile << 152, bytes32), int256) >> 211
        width = term.smile & (2**52 - 1)
        width = unsafe_mul(width, width) >> 14
        share = unsafe_div(term.time << 40, max(term.tenor, 1))
    else:
        # Below 2**140 * 2**80 / 10**36: of a time of 2**32 s, 2**108.
        deviation = time_value._root(
            max(unsafe_div(unsafe_mul(unsafe_div(unsafe_mul(term.volatility, term.volatility), 10**18), term.time << 80), YEAR * 10**18), 1),
            2**37,
        )
    # Quantity and quantity times strike by the lowest level above the strike.
    stride: uint256 = 1
    # Up to which unmoved and lowest volatility are narrow.
    limit: uint256 = NARROW
    fit: int256 = FIT_ERROR
    if short_only:
        stride = 4
        limit = NARROW_BENT
        fit = FIT_BENT_ERROR
    up: uint256 = convert(term.up, uint256)
    down: uint256 = convert(term.down, uint256)
    quantities: int256[10] = empty(int256[10])  # [wad]
    amounts: int256[10] = empty(int256[10])  # [wad * 1e-8 USD]
    puts: int256 = 0  # [wad]
    puts_amount: int256 = 0  # [wad * 1e-8 USD]
    weights: int256 = 0  # sum of weights, without sign
    short_weights: int256 = 0  # of shorts, negative
    # [Q40] largest u of the narrow, of the highest volatility and of others.
    widest_up: uint256 = 0
    widest: uint256 = 0
    # Time values of wide volatilities [wad * quantity] by place, and what the weights hold of them.
    wide: int256[VALUES] = empty(int256[VALUES])
    wide_weights: int256[3] = empty(int256[3])
    wide_short_weights: int256[3] = empty(int256[3])
    blur: int256 = 0  # by how much the wide may be too low at unmoved spot and volatility
    weight: int256 = 0
    x: uint256 = 0
    y: uint256 = 0
    squared: uint256 = 0
    lanes: uint256 = 0
    # Of the three volatilities: what is wide leaves its lane empty. The unmoved and the lowest are
    # without reach for a book of shorts.
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
            quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
            if word & PUT != 0:
                puts_here = unsafe_add(puts_here, quantity)
            else:
                calls_here = unsafe_add(calls_here, quantity)
            i = unsafe_add(i, 1)
            if i == end:
                break
            word = words[i]
            if word >> STRIKE != key:
                break
        units: int256 = convert(key & MASK_56, int256)
        quantity: int256 = unsafe_add(calls_here, puts_here)
        short: int256 = 0
        if calls_here < 0:
            short = calls_here
        if puts_here < 0:
            short = unsafe_add(short, puts_here)
        result.size = unsafe_add(result.size, unsafe_sub(unsafe_sub(quantity, short), short))
        if by_strike:
            short = min(quantity, 0)
        result.naked = unsafe_sub(result.naked, short)
        if puts_here != 0:
            puts = unsafe_add(puts, puts_here)
            puts_amount = unsafe_add(puts_amount, unsafe_mul(puts_here, units))
        if quantity == 0:
            continue

        strike: int256 = unsafe_mul(units, 10**10)
        x0: int256 = 0  # [Q40] ln(strike / forward)
        root: int256 = 0  # [Q40]
        x0, root = time_value._log_and_root(strike, forward)
        if term.smile != 0:
            # |x0 - centre| < 2**47.
            away: int256 = unsafe_sub(x0, centre)
            root_of_width = time_value._root(
                unsafe_add(convert(convert(unsafe_mul(away, away), bytes32), uint256), width), root_of_width
            )
            away = unsafe_add(
                level,
                unsafe_mul(
                    slope,
                    unsafe_add(unsafe_mul(tilt, away) >> 42, convert(convert(root_of_width, bytes32), int256)),
                ) >> 42,
            )
            if away < 1:
                away = 1
            # Below 2**58 * 2**72.
            deviation = time_value._root(
                unsafe_mul(convert(convert(away, bytes32), uint256), share) >> 8, deviation
            )
        s: uint256 = deviation
        if s < NARROWEST:
            s = NARROWEST
        if s > WIDEST:
            s = WIDEST
        first: uint256 = LEVELS  # lowest level above the strike
        s_up: uint256 = unsafe_mul(s, up) >> 40
        s_down: uint256 = s
        if not short_only:
            s_down = unsafe_mul(s, down) >> 40
            if s_down < NARROWEST:
                s_down = NARROWEST
        in_table: bool = s_up <= NARROW_BENT or s_down <= limit
        if in_table:
            # Below 2**44 * 2**3: a strike within reach is at most e**3 times the forward,
            # and others are not reached.
            weight = unsafe_mul(
                quantity >> drop, unsafe_mul(root, convert(convert(s, bytes32), int256)) >> 40
            ) >> 40
            if weight < 0:
                weights = unsafe_sub(weights, weight)
                short_weights = unsafe_add(short_weights, weight)
            else:
                weights = unsafe_add(weights, weight)
            u: uint256 = 0
            curve: uint256 = 0
            square: uint256 = 0
            if s_up <= NARROW_BENT:
                u = unsafe_mul(s_up, s_up) >> 40
                if u > widest_up:
                    widest_up = u
                curve = unsafe_mul(u, E_1) >> 40
                square = unsafe_mul(u, u) >> 40
                e_up = unsafe_add(unsafe_sub(2**59, curve), unsafe_mul(square, E_2_BENT) >> 40)
                inverse_up = unsafe_div(
                    unsafe_add(unsafe_add(2**59, curve), unsafe_mul(square, K_2_BENT) >> 40) << 21, s_up
                )
                bend = unsafe_mul(s_up, BEND) >> 40
                reach_up = unsafe_mul(s_up, REACH) >> 1
            if not short_only:
                e_down = 0
                reach_down = 0
                if s_down <= NARROW:
                    u = unsafe_mul(s_down, s_down) >> 40
                    if u > widest:
                        widest = u
                    curve = unsafe_mul(u, E_1) >> 40
                    square = unsafe_mul(u, u) >> 40
                    e_down = unsafe_add(unsafe_sub(2**59, curve), unsafe_mul(square, E_2) >> 40)
                    inverse_down = unsafe_div(
                        unsafe_sub(unsafe_add(2**59, curve), unsafe_mul(square, K_2) >> 40) << 21, s_down
                    )
                    reach_down = unsafe_mul(s_down, REACH) >> 1
                if s <= NARROW:
                    u = unsafe_mul(s, s) >> 40
                    if u > widest:
                        widest = u
                    curve = unsafe_mul(u, E_1) >> 40
                    square = unsafe_mul(u, u) >> 40
                    e = unsafe_add(unsafe_sub(2**59, curve), unsafe_mul(square, E_2) >> 40)
                    inverse = unsafe_div(
                        unsafe_sub(unsafe_add(2**59, curve), unsafe_mul(square, K_2) >> 40) << 21, s
                    )
                    reach = unsafe_mul(s, REACH) >> 1
                else:
                    e = 0
                    inverse = inverse_down
                    reach = reach_down
            if s_up > NARROW_BENT:
                e_up = 0
                bend = 0
                inverse_up = inverse
                reach_up = reach
            x = convert(convert(unsafe_sub(x0, level_0), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, stride)
            if x < reach_up:
                squared = unsafe_mul(x, x)
                y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                total_0 = unsafe_add(
                    total_0,
                    unsafe_mul(
                        unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                        convert(convert(lanes, bytes32), int256),
                    ),
                )
            x = convert(convert(unsafe_sub(x0, level_8), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, 1)
            if x < reach_up:
                squared = unsafe_mul(x, x)
                y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                total_8 = unsafe_add(
                    total_8,
                    unsafe_mul(
                        unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                        convert(convert(lanes, bytes32), int256),
                    ),
                )
            if short_only:
                # The middle level at the unmoved volatility.
                e_up = 0
                reach_up = 0
                if s <= NARROW_BENT:
                    u = unsafe_mul(s, s) >> 40
                    if u > widest:
                        widest = u
                    curve = unsafe_mul(u, E_1) >> 40
                    square = unsafe_mul(u, u) >> 40
                    e_up = unsafe_add(unsafe_sub(2**59, curve), unsafe_mul(square, E_2_BENT) >> 40)
                    inverse_up = unsafe_div(
                        unsafe_add(unsafe_add(2**59, curve), unsafe_mul(square, K_2_BENT) >> 40) << 21, s
                    )
                    bend = unsafe_mul(s, BEND) >> 40
                    reach_up = unsafe_mul(s, REACH) >> 1
            else:
                x = convert(convert(unsafe_sub(x0, level_1), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    squared = unsafe_mul(x, x)
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                    lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        lanes = unsafe_add(
                            lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85
                        )
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            lanes = unsafe_add(
                                lanes,
                                unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59,
                            )
                    x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                    total_1 = unsafe_add(
                        total_1,
                        unsafe_mul(
                            unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                            convert(convert(lanes, bytes32), int256),
                        ),
                    )
                x = convert(convert(unsafe_sub(x0, level_2), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    squared = unsafe_mul(x, x)
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                    lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        lanes = unsafe_add(
                            lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85
                        )
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            lanes = unsafe_add(
                                lanes,
                                unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59,
                            )
                    x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                    total_2 = unsafe_add(
                        total_2,
                        unsafe_mul(
                            unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                            convert(convert(lanes, bytes32), int256),
                        ),
                    )
                x = convert(convert(unsafe_sub(x0, level_3), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    squared = unsafe_mul(x, x)
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                    lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        lanes = unsafe_add(
                            lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85
                        )
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            lanes = unsafe_add(
                                lanes,
                                unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59,
                            )
                    x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                    total_3 = unsafe_add(
                        total_3,
                        unsafe_mul(
                            unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                            convert(convert(lanes, bytes32), int256),
                        ),
                    )
                x = convert(convert(unsafe_sub(x0, level_5), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    squared = unsafe_mul(x, x)
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                    lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        lanes = unsafe_add(
                            lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85
                        )
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            lanes = unsafe_add(
                                lanes,
                                unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59,
                            )
                    x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                    total_5 = unsafe_add(
                        total_5,
                        unsafe_mul(
                            unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                            convert(convert(lanes, bytes32), int256),
                        ),
                    )
                x = convert(convert(unsafe_sub(x0, level_6), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    squared = unsafe_mul(x, x)
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                    lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        lanes = unsafe_add(
                            lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85
                        )
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            lanes = unsafe_add(
                                lanes,
                                unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59,
                            )
                    x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                    total_6 = unsafe_add(
                        total_6,
                        unsafe_mul(
                            unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                            convert(convert(lanes, bytes32), int256),
                        ),
                    )
                x = convert(convert(unsafe_sub(x0, level_7), bytes32), uint256)
                if x >= NEGATIVE:
                    x = unsafe_sub(0, x)
                    first = unsafe_sub(first, 1)
                if x < reach_up:
                    squared = unsafe_mul(x, x)
                    y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                    lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                    if x < reach:
                        y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                        lanes = unsafe_add(
                            lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85
                        )
                        if x < reach_down:
                            y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                            lanes = unsafe_add(
                                lanes,
                                unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59,
                            )
                    x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                    total_7 = unsafe_add(
                        total_7,
                        unsafe_mul(
                            unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                            convert(convert(lanes, bytes32), int256),
                        ),
                    )
            x = convert(convert(unsafe_sub(x0, level_4), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, stride)
            if x < reach_up:
                squared = unsafe_mul(x, x)
                y = unsafe_add(unsafe_mul(x, unsafe_sub(inverse_up, unsafe_mul(squared, bend) >> 80)) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(
                        lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85
                    )
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(
                            lanes,
                            unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59,
                        )
                x = unsafe_sub(unsafe_div(SINH_A, unsafe_sub(SINH_B, squared)), SINH_C)
                total_4 = unsafe_add(
                    total_4,
                    unsafe_mul(
                        unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                        convert(convert(lanes, bytes32), int256),
                    ),
                )
            if first < LEVELS:
                quantities[first] = unsafe_add(quantities[first], quantity)
                amounts[first] = unsafe_add(amounts[first], unsafe_mul(quantity, units))
        if s_up > NARROW_BENT or s > limit:
            scaled: int256 = quantity >> drop
            for row: uint256 in range(3):
                here: uint256 = s_up
                if row == 0:
                    if here <= NARROW_BENT:
                        continue
                else:
                    here = s
                    if row == 2:
                        here = s_down
                    if here <= limit:
                        continue
                if in_table:
                    wide_weights[row] = unsafe_add(wide_weights[row], abs(weight))
                    wide_short_weights[row] = unsafe_add(wide_short_weights[row], min(weight, 0))
                for j: uint256 in range(LEVELS):
                    if (valued[row] >> j) & 1 == 0:
                        continue
                    value: int256 = fast._direct(
                        forwards[j],
                        strike,
                        unsafe_sub(logs[j], x0) << 24,
                        convert(convert(here, bytes32), int256) << 24,
                    )
                    if in_table:
                        # The payoff is counted with those of the others.
                        value = unsafe_sub(value, max(unsafe_sub(forwards[j], strike), 0))
                    error: int256 = unsafe_mul(abs(scaled), unsafe_add(unsafe_add(forwards[j], strike) >> DIRECT_ERROR, 2))
                    place: uint256 = unsafe_add(unsafe_mul(j, 3), row)
                    wide[place] = unsafe_add(wide[place], unsafe_sub(unsafe_mul(scaled, value), error))
                    if place == 13:
                        blur = unsafe_add(blur, error << 1)

    # By weight, what the table and e may lack, in the units of a lane (Q30), for each volatility.
    fits: int256[3] = [unsafe_mul(FIT_BENT_ERROR, convert(unsafe_mul(widest_up, widest_up) >> 40, int256)) >> 40, 0, 0]
    fits[1] = unsafe_mul(fit, convert(unsafe_mul(widest, widest) >> 40, int256)) >> 40
    fits[2] = fits[1]
    slack: int256[3] = empty(int256[3])
    for row: uint256 in range(3):
        slack[row] = unsafe_sub(
            unsafe_mul(unsafe_sub(short_weights, wide_short_weights[row]), TABLE_ERROR) >> 30,
            unsafe_add(unsafe_mul(unsafe_sub(weights, wide_weights[row]), fits[row]) >> 30, 1),
        )
    totals: int256[LEVELS] = [total_0, total_1, total_2, total_3, total_4, total_5, total_6, total_7, total_8]
    factors: int256[3] = [term.up, ONE_40, term.down]
    held: int256 = unsafe_sub(0, puts)
    cost: int256 = unsafe_sub(0, puts_amount)
    for j: uint256 in range(LEVELS):
        if (skipped >> j) & 1 != 0:
            continue
        held = unsafe_add(held, quantities[j])
        cost = unsafe_add(cost, amounts[j])
        linear: int256 = unsafe_sub(unsafe_mul(held, forwards[j]), unsafe_mul(cost, 10**10))
        packed: int256 = totals[j]
        # A lane borrows from the one above when it is negative.
        lowest: int256 = (packed << 171) >> 171
        packed = unsafe_sub(packed, lowest) >> 85
        middle: int256 = (packed << 171) >> 171
        packed = unsafe_sub(packed, middle) >> 85
        lane: int256[3] = [packed, middle, lowest]
        if short_only:
            # One value, in the first lane: what is left out stays 0, no worse than others.
            lane[1] = packed
        for row: uint256 in range(3):
            if (valued[row] >> j) & 1 == 0:
                continue
            place: uint256 = unsafe_add(unsafe_mul(j, 3), row)
            total: int256 = unsafe_add(
                (unsafe_mul(unsafe_mul(unsafe_mul(unsafe_add(lane[row], slack[row]), roots[j]) >> 40, factors[row]) >> 40, forward) >> 30)
                << drop,
                unsafe_add(linear, wide[place] << drop),
            )
            # Down, which a signed division does not do.
            if total < 0:
                total = unsafe_sub(total, 10**18 - 1)
            result.values[place] = unsafe_div(total, 10**18)
    result.doubt = unsafe_add(
        unsafe_div(
            unsafe_add(
                (unsafe_mul(unsafe_mul(unsafe_sub(weights, wide_weights[1]), unsafe_add(TABLE_ERROR, unsafe_mul(fits[1], 2))) >> 30, forward) >> 30) << drop,
                blur << drop,
            ),
            10**18,
        ),
        2,
    )
    return result
