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
@dev Numbers: "Qn" has n fractional bits. The grid has nine spot levels, lowest first; volatility is
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
from ..math import fixed_point
from ..math import normal

LEVELS: constant(uint256) = 9
VALUES: constant(uint256) = 27  # three volatilities for each level
LEVEL_BITS: constant(uint256) = 19  # basis points of spot (16), and which volatilities count (3)
BASIS: constant(uint256) = 10**4
YEAR: constant(uint256) = 31_536_000
ONE_40: constant(int256) = 2**40
MASK_56: constant(uint256) = 2**56 - 1
PUT: constant(uint256) = 1 << 152
STRIKE: constant(uint256) = 160  # bits below the strike
NEGATIVE: constant(uint256) = 2**255
# Longest quantity after scaling.
QUANTITY_BITS: constant(uint256) = 43
# Beyond four and a half deviations, in halves, time value is below 6e-7 s.
REACH: constant(int256) = 9
NARROW: constant(int256) = 494_780_232_499  # [Q40] 0.45, up to which the formula holds
NARROWEST: constant(int256) = 2**16  # [Q40]
WIDEST: constant(uint256) = 2**50  # [Q40] beyond, a call is worth the forward and a put the strike
# Segments of the table, 1/16 of a deviation each; positions have 26 fractional bits.
SEGMENTS: constant(uint256) = 74
# Added to a position y, it makes y**2 + 2**112 y + 2**222 of a square.
TILT: constant(uint256) = 2**111
# e and k in Q59 by u in Q40: 1/24, 0.001438, 0.000484.
E_1: constant(uint256) = 2**59 // 24
E_2: constant(uint256) = 828_942_651_014_310
K_2: constant(uint256) = 279_003_034_194_386
# sinhc(x/2) in Q40: 1/24 and 1/1920.
SINH_2: constant(uint256) = 45_812_984_490
SINH_4: constant(uint256) = 572_662_306
# ln and root of a quotient by the square of its gap [Q64], |gap| < 1/4: minimax at Chebyshev's points.
LOG_0: constant(int256) = 36_893_488_147_321_581_568
LOG_1: constant(int256) = 12_297_829_494_744_514_560
LOG_2: constant(int256) = 7_378_676_753_846_349_824
LOG_3: constant(int256) = 5_271_911_934_987_333_632
LOG_4: constant(int256) = 4_056_324_553_521_582_592
LOG_5: constant(int256) = 3_944_979_491_943_077_376
ROOT_0: constant(int256) = 18_446_744_073_564_813_312
ROOT_1: constant(int256) = 9_223_372_203_456_292_864
ROOT_2: constant(int256) = 6_917_498_058_341_795_840
ROOT_3: constant(int256) = 5_766_703_471_691_555_840
ROOT_4: constant(int256) = 4_980_417_011_235_905_536
ROOT_5: constant(int256) = 5_412_938_070_472_987_648
# Errors in Q60: of the table and its end, of e by u**2, of a wide volatility by the higher price at 0.45.
TABLE_ERROR: constant(int256) = 795_507_511_860  # 6.9e-7
FIT_ERROR: constant(int256) = 69_175_290_276_410  # 6e-5
# [Q40] u at 0.45.
WIDEST_NARROW: constant(uint256) = 222_651_104_625
WIDE_ERROR: constant(int256) = 288_230_376_152  # 2.5e-7

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


struct Wide:
    # Sums over options of one wide volatility.
    polynomial: int256[8]  # [wad * quantity] call values by powers of the shift of ln(forward)
    quantities: int256[10]  # [wad] what the common payoffs hold of them, by level
    amounts: int256[10]  # [wad * 1e-8 USD]
    weights: int256  # likewise of the weights, and those of shorts
    short_weights: int256
    cost: int256  # [wad * quantity / 2**20] of each the higher of strike and forward, by its error


@deploy
def __init__():
    """
    @notice Fills the table: on each segment the parabola through g at Chebyshev's three points, which
            errs by h**3 / 192 max|y pdf(y)|, moved down by as much and by 2e-8 of rounding.
    @dev A word is c0 + c1 / 2 B + c2 B**2 with B = 2**85 and coefficients in Q34 of the powers of y
         itself. Times (2**26 B + y)**2 with y in Q26, the part above B**2 is the parabola.
    """
    table: uint256[SEGMENTS] = empty(uint256[SEGMENTS])
    # sqrt(3) / 64: the outer points lie this far from the middle [Q64].
    reach: int256 = 499_224_004_604_281_137
    for i: uint256 in range(SEGMENTS):
        middle: int256 = (2 * convert(i, int256) + 1) << 59
        left: int256 = self._bachelier(middle - reach)
        right: int256 = self._bachelier(middle + reach)
        second: int256 = ((left + right - 2 * self._bachelier(middle)) << 63) // (reach * reach >> 64)
        first: int256 = ((right - left) << 63) // reach
        # y pdf(y) rises up to 1 and falls from there.
        peak: int256 = middle + 2**59
        if i > 15:
            peak = middle - 2**59
        low: int256 = self._bachelier(middle) - (peak * normal._pdf_q64(peak) >> 64) // (192 * 4_096)
        # Rounding: 2e-8 where g is large, less where it vanishes.
        low -= min(low // 20, 368_934_881_474)
        c2: int256 = second >> 30
        c1: int256 = (first - (2 * second * middle >> 64)) >> 30
        c0: int256 = (low - (first * middle >> 64) + ((second * middle >> 64) * middle >> 64)) >> 30
        table[i] = convert(convert(c0 + c1 * 2**84 + c2 * 2**170, bytes32), uint256)
    TABLE = table


@internal
@view
def _revalue(
    words: DynArray[uint256, 128], start: uint256, end: uint256, term: Term, grid: uint256, by_strike: bool, short_only: bool
) -> Revaluation:
    """
    @notice Values the positions words[start] to words[end - 1], all of one expiry, without barriers.
    @param grid Spot levels from the lowest bits up, see `LEVEL_BITS`.
    @param by_strike Count naked shorts of calls and puts of a strike together.
    @param short_only Nothing is long: the lowest volatility and most unmoved ones are left out, where
           the highest is worse (all of them keep the payoff alone, which is no worse).
    """
    result: Revaluation = empty(Revaluation)
    table: uint256[SEGMENTS] = TABLE
    forward: int256 = convert(term.forward, int256)
    moving: uint256 = unsafe_sub(term.forward, min(term.fixed, term.forward))
    forwards: int256[LEVELS] = empty(int256[LEVELS])  # [wad]
    logs: int256[LEVELS] = empty(int256[LEVELS])  # [Q40] of the same over the forward now
    roots: int256[LEVELS] = empty(int256[LEVELS])  # [Q40] likewise
    left: uint256 = grid
    for j: uint256 in range(LEVELS):
        # Below 2**125 * 2**16 / 10**4.
        at: uint256 = unsafe_add(
            unsafe_div(unsafe_mul(moving, left & 65_535), BASIS), unsafe_sub(term.forward, moving)
        )
        forwards[j] = convert(max(at, 1), int256)
        logs[j], roots[j] = self._log_and_root(forwards[j], forward)
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
    largest: uint256 = 0
    for i: uint256 in range(start, end, bound=128):
        quantity: int256 = convert(convert(words[i] << 160, bytes32), int256) >> 160
        largest |= convert(convert(quantity ^ (quantity >> 255), bytes32), uint256)
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
        deviation = self._root(
            max(unsafe_div(unsafe_mul(unsafe_div(unsafe_mul(term.volatility, term.volatility), 10**18), term.time << 80), YEAR * 10**18), 1),
            2**37,
        )
    # Quantity and quantity times strike by the lowest level above the strike.
    quantities: int256[10] = empty(int256[10])  # [wad]
    amounts: int256[10] = empty(int256[10])  # [wad * 1e-8 USD]
    puts: int256 = 0  # [wad]
    puts_amount: int256 = 0  # [wad * 1e-8 USD]
    weights: int256 = 0  # sum of weights, without sign
    short_weights: int256 = 0  # of shorts, negative
    widest: uint256 = 0  # [Q40] largest u of the narrow
    wide: Wide[3] = empty(Wide[3])
    x: uint256 = 0
    y: uint256 = 0
    lanes: uint256 = 0
    i: uint256 = start
    for _strike: uint256 in range(128):
        if i == end:
            break
        word: uint256 = words[i]
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
        x0, root = self._log_and_root(strike, forward)
        if term.smile != 0:
            # |x0 - centre| < 2**47.
            away: int256 = unsafe_sub(x0, centre)
            root_of_width = self._root(
                unsafe_add(convert(convert(unsafe_mul(away, away), bytes32), uint256), width), root_of_width
            )
            away = unsafe_add(unsafe_mul(tilt, away) >> 42, convert(root_of_width, int256))
            away = unsafe_add(level, unsafe_mul(slope, away) >> 42)
            if away < 1:
                away = 1
            # Below 2**58 * 2**72.
            deviation = self._root(unsafe_mul(convert(away, uint256), share) >> 8, deviation)
        s: int256 = convert(min(deviation, WIDEST), int256)
        if s < NARROWEST:
            s = NARROWEST
        first: uint256 = LEVELS  # lowest level above the strike
        s_up: int256 = unsafe_mul(s, term.up) >> 40
        s_down: int256 = unsafe_mul(s, term.down) >> 40
        if s_down < NARROWEST:
            s_down = NARROWEST
        if s_down <= NARROW:
            # Below 2**44 * 2**3: a strike within reach is at most e**2 times the forward,
            # and others are not reached.
            weight: int256 = unsafe_mul(quantity >> drop, unsafe_mul(root, s) >> 40) >> 40
            if weight < 0:
                weights = unsafe_sub(weights, weight)
                short_weights = unsafe_add(short_weights, weight)
            else:
                weights = unsafe_add(weights, weight)
            u: uint256 = convert(unsafe_mul(s, s) >> 40, uint256)
            curve: uint256 = unsafe_mul(u, E_1) >> 40
            square: uint256 = unsafe_mul(u, u) >> 40
            e: uint256 = unsafe_add(unsafe_sub(2**59, curve), unsafe_mul(square, E_2) >> 40)
            inverse: uint256 = unsafe_div(
                unsafe_sub(unsafe_add(2**59, curve), unsafe_mul(square, K_2) >> 40) << 21, convert(s, uint256)
            )
            reach: uint256 = convert(unsafe_mul(s, REACH) >> 1, uint256)
            reach_outer: uint256 = 0
            e_down: uint256 = 0
            inverse_down: uint256 = 0
            reach_down: uint256 = 0
            if not short_only:
                reach_outer = reach
                u = convert(unsafe_mul(s_down, s_down) >> 40, uint256)
                curve = unsafe_mul(u, E_1) >> 40
                square = unsafe_mul(u, u) >> 40
                e_down = unsafe_add(unsafe_sub(2**59, curve), unsafe_mul(square, E_2) >> 40)
                inverse_down = unsafe_div(
                    unsafe_sub(unsafe_add(2**59, curve), unsafe_mul(square, K_2) >> 40) << 21, convert(s_down, uint256)
                )
                reach_down = convert(unsafe_mul(s_down, REACH) >> 1, uint256)
            e_up: uint256 = 0
            inverse_up: uint256 = inverse
            reach_up: uint256 = reach
            if s_up <= NARROW:
                u = convert(unsafe_mul(s_up, s_up) >> 40, uint256)
                if u > widest:
                    widest = u
                curve = unsafe_mul(u, E_1) >> 40
                square = unsafe_mul(u, u) >> 40
                e_up = unsafe_add(unsafe_sub(2**59, curve), unsafe_mul(square, E_2) >> 40)
                inverse_up = unsafe_div(
                    unsafe_sub(unsafe_add(2**59, curve), unsafe_mul(square, K_2) >> 40) << 21, convert(s_up, uint256)
                )
                reach_up = convert(unsafe_mul(s_up, REACH) >> 1, uint256)
            else:
                # Its lane stays empty; likewise that of the unmoved volatility.
                widest = WIDEST_NARROW
                if s > NARROW:
                    e = 0
                    inverse = inverse_down
                    reach = reach_down
                    reach_outer = reach_down
                    inverse_up = inverse_down
                    reach_up = reach_down
            x = convert(convert(unsafe_sub(x0, level_0), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, 1)
            if x < reach_up:
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
                total_0 = unsafe_add(
                    total_0,
                    unsafe_mul(
                        unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                        convert(convert(lanes, bytes32), int256),
                    ),
                )
            x = convert(convert(unsafe_sub(x0, level_1), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, 1)
            if x < reach_up:
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach_outer:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
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
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach_outer:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
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
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
                total_3 = unsafe_add(
                    total_3,
                    unsafe_mul(
                        unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                        convert(convert(lanes, bytes32), int256),
                    ),
                )
            x = convert(convert(unsafe_sub(x0, level_4), bytes32), uint256)
            if x >= NEGATIVE:
                x = unsafe_sub(0, x)
                first = unsafe_sub(first, 1)
            if x < reach_up:
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
                total_4 = unsafe_add(
                    total_4,
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
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
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
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach_outer:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
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
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                if x < reach_outer:
                    y = unsafe_add(unsafe_mul(x, inverse) >> 54, TILT)
                    lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e) >> 59 << 85)
                    if x < reach_down:
                        y = unsafe_add(unsafe_mul(x, inverse_down) >> 54, TILT)
                        lanes = unsafe_add(lanes, unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_down) >> 59)
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
                total_7 = unsafe_add(
                    total_7,
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
                y = unsafe_add(unsafe_mul(x, inverse_up) >> 54, TILT)
                lanes = unsafe_mul(unsafe_mul(table[(y >> 22) & 127], unsafe_mul(y, y)) >> 226, e_up) >> 59 << 170
                x = unsafe_mul(x, x) >> 40
                x = unsafe_add(2**40, unsafe_mul(x, unsafe_add(SINH_2, unsafe_mul(x, SINH_4) >> 40)) >> 40)
                total_8 = unsafe_add(
                    total_8,
                    unsafe_mul(
                        unsafe_mul(weight, convert(convert(x, bytes32), int256)) >> 40,
                        convert(convert(lanes, bytes32), int256),
                    ),
                )
            quantities[first] = unsafe_add(quantities[first], quantity)
            amounts[first] = unsafe_add(amounts[first], unsafe_mul(quantity, units))
        if s_up > NARROW:
            scaled: int256 = quantity >> drop
            minus_x0: int256 = unsafe_sub(0, x0 << 24)
            # The error falls as the deviation's sixth power.
            cost: int256 = unsafe_mul(abs(quantity), max(strike, forward)) >> 40
            for row: uint256 in range(3):
                here: int256 = s_up
                if row == 1:
                    here = s
                elif row == 2:
                    here = s_down
                if here <= NARROW:
                    break
                c: int256[8] = fast._wide(forward, strike, minus_x0, here << 24)
                one: Wide = wide[row]
                one.polynomial[0] = unsafe_add(one.polynomial[0], unsafe_mul(c[0], scaled))
                one.polynomial[1] = unsafe_add(one.polynomial[1], unsafe_mul(c[1], scaled))
                one.polynomial[2] = unsafe_add(one.polynomial[2], unsafe_mul(c[2], scaled))
                one.polynomial[3] = unsafe_add(one.polynomial[3], unsafe_mul(c[3], scaled))
                one.polynomial[4] = unsafe_add(one.polynomial[4], unsafe_mul(c[4], scaled))
                one.polynomial[5] = unsafe_add(one.polynomial[5], unsafe_mul(c[5], scaled))
                one.polynomial[6] = unsafe_add(one.polynomial[6], unsafe_mul(c[6], scaled))
                one.polynomial[7] = unsafe_add(one.polynomial[7], unsafe_mul(c[7], scaled))
                ratio: int256 = unsafe_div(NARROW << 40, here)
                ratio = unsafe_mul(unsafe_mul(ratio, ratio) >> 40, ratio) >> 40
                one.cost = unsafe_add(one.cost, unsafe_mul(cost, unsafe_mul(ratio, ratio) >> 40) >> 20)
                if s_down <= NARROW:
                    weight: int256 = unsafe_mul(scaled, unsafe_mul(root, s) >> 40) >> 40
                    if weight < 0:
                        one.short_weights = unsafe_add(one.short_weights, weight)
                        weight = unsafe_sub(0, weight)
                    one.weights = unsafe_add(one.weights, weight)
                    one.quantities[first] = unsafe_sub(one.quantities[first], quantity)
                    one.amounts[first] = unsafe_sub(one.amounts[first], unsafe_mul(quantity, units))
                wide[row] = one

    # By weight, what the table and e may lack, in the units of a lane (Q30), for each volatility.
    fit: int256 = unsafe_mul(FIT_ERROR, convert(unsafe_mul(widest, widest) >> 40, int256)) >> 40
    slack: int256[3] = empty(int256[3])
    for row: uint256 in range(3):
        slack[row] = unsafe_sub(
            unsafe_mul(unsafe_sub(short_weights, wide[row].short_weights), TABLE_ERROR) >> 30,
            unsafe_add(unsafe_mul(unsafe_sub(weights, wide[row].weights), fit) >> 30, 1),
        )
    totals: int256[LEVELS] = [total_0, total_1, total_2, total_3, total_4, total_5, total_6, total_7, total_8]
    bought: int256[3] = empty(int256[3])
    paid: int256[3] = empty(int256[3])
    held: int256 = unsafe_sub(0, puts)
    cost: int256 = unsafe_sub(0, puts_amount)
    for j: uint256 in range(LEVELS):
        held = unsafe_add(held, quantities[j])
        cost = unsafe_add(cost, amounts[j])
        linear: int256 = unsafe_sub(unsafe_mul(held, forwards[j]), unsafe_mul(cost, 10**10))
        packed: int256 = totals[j]
        # A lane borrows from the one above when it is negative.
        down: int256 = (packed << 171) >> 171
        packed = unsafe_sub(packed, down) >> 85
        middle: int256 = (packed << 171) >> 171
        lane: int256[3] = [unsafe_sub(packed, middle) >> 85, middle, down]
        factors: int256[3] = [term.up, ONE_40, term.down]
        # Without longs what is left out stays 0, no worse than the highest volatility's.
        rows: uint256 = 3
        if short_only and (j < 3 or j > 5):
            rows = 1
        for row: uint256 in range(rows, bound=3):
            rest: int256 = linear
            if wide[row].cost != 0:
                one: Wide = wide[row]
                bought[row] = unsafe_add(bought[row], one.quantities[j])
                paid[row] = unsafe_add(paid[row], one.amounts[j])
                rest = unsafe_add(rest, unsafe_sub(unsafe_mul(bought[row], forwards[j]), unsafe_mul(paid[row], 10**10)))
                move: int256 = logs[j] << 24
                value: int256 = unsafe_add(one.polynomial[6], unsafe_mul(one.polynomial[7], move) >> 64)
                value = unsafe_add(one.polynomial[5], unsafe_mul(value, move) >> 64)
                value = unsafe_add(one.polynomial[4], unsafe_mul(value, move) >> 64)
                value = unsafe_add(one.polynomial[3], unsafe_mul(value, move) >> 64)
                value = unsafe_add(one.polynomial[2], unsafe_mul(value, move) >> 64)
                value = unsafe_add(one.polynomial[1], unsafe_mul(value, move) >> 64)
                value = unsafe_add(one.polynomial[0], unsafe_mul(value, move) >> 64)
                rest = unsafe_add(rest, unsafe_sub(value << drop, unsafe_mul(one.cost, WIDE_ERROR) >> 40))
            total: int256 = unsafe_add(
                (unsafe_mul(unsafe_mul(unsafe_mul(unsafe_add(lane[row], slack[row]), roots[j]) >> 40, factors[row]) >> 40, forward) >> 30)
                << drop,
                rest,
            )
            # Down, which a signed division does not do.
            if total < 0:
                total = unsafe_sub(total, 10**18 - 1)
            result.values[unsafe_add(unsafe_mul(j, 3), row)] = unsafe_div(total, 10**18)
    result.doubt = unsafe_add(
        unsafe_div(
            unsafe_add(
                (unsafe_mul(unsafe_mul(unsafe_sub(weights, wide[1].weights), unsafe_add(TABLE_ERROR, unsafe_mul(fit, 2))) >> 30, forward) >> 30) << drop,
                unsafe_mul(wide[1].cost, WIDE_ERROR) >> 39,
            ),
            10**18,
        ),
        2,
    )
    return result


@internal
@pure
def _root(square: uint256, guess: uint256) -> uint256:
    """
    @notice Square root, to 2**-40 of itself or one unit, by Newton's steps.
    @param square Below 2**220.
    @param guess Below 2**110; the nearer, the cheaper.
    """
    root: uint256 = max(guess, 1)
    for _: uint256 in range(220):
        # Two steps before a look: an error of d becomes d**2 / 2, a step that halves it again is
        # far from the end.
        root = unsafe_add(root, unsafe_div(square, root)) >> 1
        after: uint256 = unsafe_add(root, unsafe_div(square, root)) >> 1
        if unsafe_add(unsafe_sub(after, root), after >> 20) <= after >> 19:
            return after
        root = after
    return root


@internal
@pure
def _log_and_root(a: int256, b: int256) -> (int256, int256):
    """
    @param a Positive, below 2**131, as is b.
    @return ln(a / b) [Q40], error 3e-12, and sqrt(a / b) [Q40], error 1e-11.
    """
    gap: int256 = unsafe_div(unsafe_sub(a, b) << 64, unsafe_add(a, b))
    u: int256 = unsafe_mul(gap, gap) >> 64
    if u < 2**60:
        # ln = 2 atanh(gap), and sqrt = (1 + gap) / sqrt(1 - gap**2); |gap| < 1/4.
        return (
            unsafe_mul(
                gap,
                unsafe_add(
                    LOG_0,
                    unsafe_mul(
                        u,
                        unsafe_add(
                            LOG_1,
                            unsafe_mul(
                                u,
                                unsafe_add(
                                    LOG_2,
                                    unsafe_mul(u, unsafe_add(LOG_3, unsafe_mul(u, unsafe_add(LOG_4, unsafe_mul(u, LOG_5) >> 64)) >> 64))
                                    >> 64,
                                ),
                            )
                            >> 64,
                        ),
                    )
                    >> 64,
                ),
            )
            >> 88,
            unsafe_mul(
                unsafe_add(2**64, gap),
                unsafe_add(
                    ROOT_0,
                    unsafe_mul(
                        u,
                        unsafe_add(
                            ROOT_1,
                            unsafe_mul(
                                u,
                                unsafe_add(
                                    ROOT_2,
                                    unsafe_mul(u, unsafe_add(ROOT_3, unsafe_mul(u, unsafe_add(ROOT_4, unsafe_mul(u, ROOT_5) >> 64)) >> 64))
                                    >> 64,
                                ),
                            )
                            >> 64,
                        ),
                    )
                    >> 64,
                ),
            )
            >> 88,
        )
    root: int256 = convert(self._root(unsafe_div(convert(a, uint256) << 80, convert(b, uint256)), 2**40), int256)
    if a > b:
        return fixed_point._ln_ratio_q64(a, b) >> 24, root
    return unsafe_sub(0, fixed_point._ln_ratio_q64(b, a) >> 24), root


@internal
@pure
def _bachelier(y: int256) -> int256:
    """
    @notice g(y) = pdf(y) - y (1 - cdf(y)).
    @param y [Q64] not negative.
    @return [Q64]
    """
    return normal._pdf_q64(y) * (2**64 - (y * normal._mills_q64(y) >> 64)) >> 64
