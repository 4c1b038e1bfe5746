# pragma version 0.4.3
# pragma optimize gas
"""
@title Time value: the formula by which scenarios.vy values options, and its table
@license AGPL-3.0-only
@notice With x = |ln(K/F)| and s the deviation of the log-price, time value is that of Bachelier's
        normal model,

          s e sqrt(F K) sinhc(x/2) g(k x / s),   g(y) = pdf(y) - y (1 - cdf(y))

        where e and k are nearly one, with u = s**2: e = 1 - u/24 + a u**2, k = 1 + u/24 - b u**2 err by
        less than 5e-5 s**5 of sqrt(F K), that is 9e-7 at 0.45; with the square of x in k, which costs
        a product, k = 1 + u/24 + b u**2 - c u x**2 / (1 - x**2 / 80), by less than 5.9e-6 s**5, that is
        6.9e-7 at 0.65.
        L. Bachelier, "Théorie de la spéculation" (1900); P. Hagan et al., "Managing smile risk",
        Wilmott (2002), for the expansion of the normal volatility.
@dev "Qn" has n fractional bits. Continued fractions as in contracts/math/fixed_point.vy: `a` is
     Q128, `b` and `c` are Q64; through the function at Chebyshev's seven points of 0 to 1/4.
@custom:rounding The table is rounded down, see `_filled`; the rest within stated bounds.
"""

from ..math import normal

# Segments of the table, 1/16 of a deviation each; positions have 26 fractional bits.
SEGMENTS: constant(uint256) = 74
# Up to which deviations the formula holds [Q40]: 0.45 and, with the square of x, 0.65.
NARROW: constant(uint256) = 494_780_232_499
NARROW_BENT: constant(uint256) = 714_682_558_054
# e and k in Q59 by u in Q40: 1/24, 0.001438, 0.000484.
E_1: constant(uint256) = 2**59 // 24
E_2: constant(uint256) = 828_942_651_014_310
K_2: constant(uint256) = 279_003_034_194_386
# With the square of x, as 24 t - 80 of what stands in sinhc: 0.001547453, 1/24 + 80 c and 0.0000665804 in
# Q59, 24 c in Q40.
E_2_BENT: constant(uint256) = 892_045_966_651_050
K_1_BENT: constant(uint256) = 42_164_095_153_828_752
K_2_BENT: constant(uint256) = 38_381_013_413_397
BEND: constant(uint256) = 10_382_593_426
# sinhc(x/2) is 800/3 / (80 - x**2) - 7/3 to 4e-6 x**6: numerator Q120, squares Q80, result Q40.
SINH_A: constant(uint256) = 800 * 2**120 // 3
SINH_B: constant(uint256) = 80 * 2**80
SINH_C: constant(uint256) = 7 * 2**40 // 3
# ln((1 + y)/(1 - y))/y and 1/sqrt(1 - y**2) in y**2: errors 6.5e-12 and 4.6e-12.
LOG_C: constant(int256) = 8_214_387_683_479_494_933
LOG_A0: constant(int256) = -1_864_424_622_426_438_235_177_283_795_555_886_364_629
LOG_B0: constant(int256) = -85_453_025_316_116_903_596
LOG_A1: constant(int256) = -866_893_853_465_576_551_983_601_484_564_462_470_182
LOG_B1: constant(int256) = -43_821_102_594_748_406_195
LOG_A2: constant(int256) = -33_206_235_836_799_036_193_807_285_745_746_523_913
LOG_B2: constant(int256) = -23_450_568_377_680_650_901
ROOT_C: constant(int256) = 2_820_815_189_641_672_879
ROOT_A0: constant(int256) = -726_505_262_069_153_644_870_861_592_065_873_224_946
ROOT_B0: constant(int256) = -66_714_403_991_155_655_753
ROOT_A1: constant(int256) = -886_817_257_102_427_266_941_974_353_853_631_256_619
ROOT_B1: constant(int256) = -45_231_081_446_415_480_271
ROOT_A2: constant(int256) = -32_697_284_319_550_838_865_128_573_855_781_047_309
ROOT_B2: constant(int256) = -23_789_115_633_313_561_799
LN_4: constant(int256) = 25_572_617_216_405_311_320  # [Q64]


@internal
@pure
def _root(square: uint256, guess: uint256) -> uint256:
    """
    @notice Square root, to 2**-33 of itself or one unit, by Newton's steps.
    @dev Never below the true one by more than a unit. An error of d becomes d**2 / 2: with three
         steps before a look, a neighbour's root within 20 % is guess enough.
    @param square Positive, below 2**220.
    @param guess Positive, below 2**110; the nearer, the cheaper.
    """
    root: uint256 = guess
    for _: uint256 in range(120):
        root = unsafe_add(root, unsafe_div(square, root)) >> 1
        root = unsafe_add(root, unsafe_div(square, root)) >> 1
        after: uint256 = unsafe_add(root, unsafe_div(square, root)) >> 1
        # From above: the first step leads there.
        if unsafe_sub(root, after) <= unsafe_add(after >> 16, 1):
            return after
        root = after
    return root


@internal
@pure
def _log_and_root(a: int256, b: int256) -> (int256, int256):
    """
    @param a Positive, below 2**131, as is b.
    @return ln(a / b) [Q40], error 5e-12, and sqrt(a / b) [Q40], error 1e-11 of itself.
    """
    large: int256 = a
    small: int256 = b
    fours: int256 = 0
    gap: int256 = unsafe_div(unsafe_sub(a, b) << 64, unsafe_add(a, b))
    u: int256 = unsafe_mul(gap, gap) >> 64
    if u >= 2**62:
        # Powers of four bring the quotient between 1/3 and 3.
        for _: uint256 in range(70):
            if gap > 0:
                small = small << 2
                fours = unsafe_add(fours, 1)
            else:
                large = large << 2
                fours = unsafe_sub(fours, 1)
            gap = unsafe_div(unsafe_sub(large, small) << 64, unsafe_add(large, small))
            u = unsafe_mul(gap, gap) >> 64
            if u < 2**62:
                break
    # ln = 2 atanh(gap), and sqrt = (1 + gap) / sqrt(1 - gap**2); |gap| < 1/2.
    return (
        unsafe_add(
            unsafe_mul(
                gap,
                unsafe_add(LOG_C,
                unsafe_div(LOG_A0, unsafe_add(unsafe_add(u, LOG_B0),
                unsafe_div(LOG_A1, unsafe_add(unsafe_add(u, LOG_B1),
                unsafe_div(LOG_A2, unsafe_add(u, LOG_B2))))))),
            ) >> 64,
            unsafe_mul(fours, LN_4),
        ) >> 24,
        unsafe_mul(
            unsafe_add(2**64, gap),
            unsafe_add(ROOT_C,
            unsafe_div(ROOT_A0, unsafe_add(unsafe_add(u, ROOT_B0),
            unsafe_div(ROOT_A1, unsafe_add(unsafe_add(u, ROOT_B1),
            unsafe_div(ROOT_A2, unsafe_add(u, ROOT_B2))))))),
        ) >> convert(convert(unsafe_sub(88, fours), bytes32), uint256),
    )


@internal
@pure
def _filled() -> uint256[SEGMENTS]:
    """
    @notice The table: on each segment the parabola through g at Chebyshev's three points, which
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
    return table


@internal
@pure
def _bachelier(y: int256) -> int256:
    """
    @notice g(y) = pdf(y) - y (1 - cdf(y)).
    @param y [Q64] not negative.
    @return [Q64]
    """
    return normal._pdf_q64(y) * (2**64 - (y * normal._mills_q64(y) >> 64)) >> 64
