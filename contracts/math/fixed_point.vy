# pragma version 0.4.3
# pragma optimize gas
"""
@title Fixed point: exponential, logarithm and root
@license AGPL-3.0-only
@notice Wad functions for everybody (`_exp`, `_ln`, `_sqrt`), and the binary cores with
        64 fractional bits ("Q64", 1.0 = 2**64) from which prices are made (`_exp_q64`,
        `_ln_ratio_q64`). Binary, because a shift costs 6 gas and a division by 1e18 costs 11;
        64 bits, because products of two then fit a word with room to spare.
@dev A quotient costs what a product costs, so rational functions are written as continued
     fractions c + a0/(x + b0 + a1/(x + b1 + ...)), one nested expression each, so that partial
     results stay on the stack. `b` and `c` are Q64, `a` is Q128. Where they come from:
     benchmarks/coefficients.py. Denominators keep their sign on the whole domain.
@custom:rounding To nearest within the stated bounds, not directed.
"""

WAD: constant(int256) = 10**18
LN_2: constant(int256) = 12_786_308_645_202_655_660
LOG2_E: constant(int256) = 26_613_026_195_688_644_983
# 1/(2 ln 2) with 120 fractional bits.
HALF_LOG2_E: constant(int256) = 958_835_318_864_837_042_473_377_629_465_025_855
# 2**184 / (10**18 ln 2): takes a wad exponent to base 2, with 184 fractional bits.
LOG2_E_WAD: constant(int256) = 35_374_779_471_866_681_902_670_096_911_376_803_154
# sqrt(2) wad with 130 fractional bits; 1/sqrt(2).
ROOT_2_WAD: constant(int256) = 1_924_927_753_344_036_092_360_270_179_821_000_455_416_919_845_928_505_187_016
INVERSE_ROOT_2: constant(int256) = 13_043_817_825_332_782_212
MASK_60: constant(uint256) = 2**60 - 1
# (q - 1)/(q + 1) for a quotient of 2.
THIRD: constant(int256) = 6_148_914_691_236_517_205
TWO_THIRDS: constant(uint256) = 12_297_829_382_473_034_410
# Wads from a half to two.
HALF_WAD: constant(uint256) = 5 * 10**17
NEAR_WAD: constant(uint256) = 15 * 10**17 + 1
# ln 2 and ln(2**127 / 10**18) with 128 fractional bits.
LN_2_Q128: constant(int256) = 235_865_763_225_513_294_137_944_142_764_154_484_399
LN_TOP: constant(int256) = 15_851_428_030_984_293_153_022_813_442_385_566_860_658

# e**x is below half a wei at -41.5, and below 2**196 wad at 135, which is as far up as the span goes.
EXP_MIN: constant(int256) = -(415 * 10**17)
EXP_SPAN: constant(uint256) = 1_765 * 10**17

# ln((1 + y)/(1 - y))/y in y**2, |y| <= 1/3: error of the logarithm 1.3e-15.
LN_C: constant(int256) = 7_938_660_252_251_012_557
LN_A0: constant(int256) = -1_947_952_676_679_306_924_714_420_740_818_205_317_289
LN_B0: constant(int256) = -90_011_611_263_807_170_605
LN_A1: constant(int256) = -1_005_527_122_979_068_403_755_464_642_049_393_654_332
LN_B1: constant(int256) = -45_845_433_753_127_628_091
LN_A2: constant(int256) = -38_633_582_437_484_704_310_998_125_871_529_019_533
LN_B2: constant(int256) = -23_858_272_815_551_265_214
# The same with an error of 7e-20.
LOG_C: constant(int256) = 6_272_524_088_254_708_802
LOG_A0: constant(int256) = -2_633_180_818_529_913_784_465_269_579_304_397_141_991
LOG_B0: constant(int256) = -133_979_602_275_137_966_863
LOG_A1: constant(int256) = -3_097_833_826_989_643_423_500_329_116_785_865_559_195
LOG_B1: constant(int256) = -69_999_593_816_001_886_675
LOG_A2: constant(int256) = -176_377_111_608_532_822_293_443_503_338_902_359_425
LOG_B2: constant(int256) = -33_107_467_900_509_160_334
LOG_A3: constant(int256) = -15_747_841_635_464_769_320_254_775_159_260_814_321
LOG_B3: constant(int256) = -22_264_612_648_374_804_259
# The same with an error of 1.1e-14 for |y| <= 0.17 (quotients up to 1.4), and of 3e-15 for
# |y| <= 0.552 (up to 3.46).
CLOSE_C: constant(int256) = 10_571_224_600_822_117_437
CLOSE_A0: constant(int256) = -1_306_617_943_459_266_342_203_009_656_985_966_557_933
CLOSE_B0: constant(int256) = -56_949_388_322_425_034_770
CLOSE_A1: constant(int256) = -207_752_374_637_079_902_700_872_617_931_281_193_970
CLOSE_B1: constant(int256) = -28_419_836_921_041_731_047
WIDE_C: constant(int256) = 6_657_394_109_222_989_549
WIDE_A0: constant(int256) = -2_448_125_110_400_766_286_925_688_616_588_395_266_760
WIDE_B0: constant(int256) = -121_503_435_679_026_474_446
WIDE_A1: constant(int256) = -2_402_608_239_103_158_475_200_293_220_842_991_044_520
WIDE_B1: constant(int256) = -63_710_580_356_781_124_841
WIDE_A2: constant(int256) = -136_520_704_007_212_656_621_228_977_360_670_181_250
WIDE_B2: constant(int256) = -31_301_903_766_452_241_209
WIDE_A3: constant(int256) = -12_111_182_826_887_026_348_542_444_330_630_519_595
WIDE_B3: constant(int256) = -21_785_986_915_434_749_003
# T in f**2, |f| <= 1/2, of 2**f = (T + f)/(T - f): error of the power 1e-18. f and T have 60
# fractional bits and f**2 has 120, so that the square needs no shift.
EXP_C: constant(int256) = 49_924_387_718_387_803_350
EXP_A0: constant(int256) = -42_578_195_257_199_261_202_598_854_044_017_335_494_922_171_823_033_803_603_968
EXP_B0: constant(int256) = 1_036_046_643_757_412_664_145_106_054_144_728_276_430
EXP_A1: constant(int256) = -15_503_938_433_939_346_131_956_371_644_507_765_527_540_602_612_294_464_992_746_188_271_919_896_199_168
EXP_B1: constant(int256) = 126_761_925_436_700_906_885_195_995_306_432_524_079


@internal
@pure
def _exp_q64(power: int256) -> int256:
    """
    @notice e**power, for powers of at most 0.
    @dev power = -(n + 1/2 + f) ln 2 with |f| <= 1/2, and 2**-f = 1 - 2f/(T + f).
    @param power [Q64] -2**127 < power <= 0.
    @return [Q64] error at most 2**-62 absolute and 3e-18 relative to 1.
    """
    # Below 2**127 * 2**65.
    v: uint256 = convert(convert(unsafe_mul(power, -LOG2_E), bytes32), uint256) >> 68
    f: int256 = unsafe_sub(convert(convert(v & MASK_60, bytes32), int256), 2**59)
    u: int256 = unsafe_mul(f, f)
    # T > 2.8, |f| <= 1/2. Shifts of 256 and more give 0.
    return unsafe_sub(
        INVERSE_ROOT_2,
        unsafe_div(
            unsafe_mul(2 * INVERSE_ROOT_2, f),
            unsafe_add(
                unsafe_add(EXP_C,
                unsafe_div(EXP_A0, unsafe_add(unsafe_add(u, EXP_B0),
                unsafe_div(EXP_A1, unsafe_add(u, EXP_B1))))),
                f,
            ),
        ),
    ) >> (v >> 60)


@internal
@pure
def _ln_ratio_q64(large: int256, small: int256) -> int256:
    """
    @notice ln(large / small).
    @dev ln q = 2 atanh(y), y = (large - small)/(large + small), for q up to 2. A larger quotient
         is brought into (1/2, 2) by an odd power of two: that needs half the comparisons.
    @param large Any unit, small <= large < 2**190.
    @param small Same unit, positive.
    @return [Q64] error at most 7e-20 and some 2**-60.
    """
    # Numerator below 2**254, denominator positive.
    y: int256 = unsafe_div(unsafe_sub(large, small) << 64, unsafe_add(large, small))
    offset: int256 = 0
    if y > THIRD:
        # Whole part of the quotient, at least 1; k as an odd number.
        q: int256 = unsafe_div(large, small)
        k: int256 = 1
        if q >= 2**8:
            if q >= 2**64:
                if q >= 2**128:
                    q = q >> 128
                    k = 129
                if q >= 2**64:
                    q = q >> 64
                    k = unsafe_add(k, 64)
            if q >= 2**32:
                q = q >> 32
                k = unsafe_add(k, 32)
            if q >= 2**16:
                q = q >> 16
                k = unsafe_add(k, 16)
            if q >= 2**8:
                q = q >> 8
                k = unsafe_add(k, 8)
        if q >= 2**4:
            q = q >> 4
            k = unsafe_add(k, 4)
        if q >= 2**2:
            k = unsafe_add(k, 2)
        offset = unsafe_mul(k, LN_2)
        # At most twice `large`: below 2**191.
        q = small << convert(convert(k, bytes32), uint256)
        y = unsafe_div(unsafe_sub(large, q) << 64, unsafe_add(large, q))
    u: int256 = unsafe_mul(y, y) >> 64
    return unsafe_add(
        offset,
        unsafe_mul(
            y,
            unsafe_add(LOG_C,
            unsafe_div(LOG_A0, unsafe_add(unsafe_add(u, LOG_B0),
            unsafe_div(LOG_A1, unsafe_add(unsafe_add(u, LOG_B1),
            unsafe_div(LOG_A2, unsafe_add(unsafe_add(u, LOG_B2),
            unsafe_div(LOG_A3, unsafe_add(u, LOG_B3))))))))),
        ) >> 64,
    )


@internal
@pure
def _exp(power: int256) -> uint256:
    """
    @notice e**power.
    @param power [wad] at most 135.
    @return [wad] error at most 1 wei plus 1e-17 of the value.
    """
    if convert(convert(unsafe_sub(power, EXP_MIN), bytes32), uint256) > EXP_SPAN:
        assert power < 0, "fixed_point: exponent too large"
        return 0
    # power = (n + 1/2 + f) ln 2; the product is below 2**68 * 2**125.
    v: int256 = unsafe_mul(power, LOG2_E_WAD) >> 124
    f: int256 = unsafe_sub(
        convert(convert(convert(convert(v, bytes32), uint256) & MASK_60, bytes32), int256), 2**59
    )
    u: int256 = unsafe_mul(f, f)
    # 2**f = 1 + 2f/(T - f), times sqrt(2): below 2**191, so 2**255 after the shift; -60 <= n <= 194.
    return (
        convert(
            convert(
                unsafe_add(
                    ROOT_2_WAD,
                    unsafe_div(
                        unsafe_mul(2 * ROOT_2_WAD, f),
                        unsafe_sub(
                            unsafe_add(EXP_C,
                            unsafe_div(EXP_A0, unsafe_add(unsafe_add(u, EXP_B0),
                            unsafe_div(EXP_A1, unsafe_add(u, EXP_B1))))),
                            f,
                        ),
                    ),
                ),
                bytes32,
            ),
            uint256,
        )
        << 64
    ) >> convert(convert(unsafe_sub(194, v >> 60), bytes32), uint256)


@internal
@pure
def _ln(x: uint256) -> int256:
    """
    @notice Natural logarithm.
    @param x [wad] positive, below 2**128.
    @return [wad] error at most 2 wei (2e-18).
    """
    value: int256 = convert(convert(x, bytes32), int256)
    y: int256 = 0
    u: int256 = 0
    if unsafe_sub(x, HALF_WAD) < NEAR_WAD:
        y = unsafe_div(unsafe_sub(value, WAD) << 64, unsafe_add(value, WAD))
        u = unsafe_mul(y, y) >> 64
        # Q64 twice times a wad: below 2**188.
        return unsafe_mul(
            unsafe_mul(y, WAD),
            unsafe_add(LOG_C,
            unsafe_div(LOG_A0, unsafe_add(unsafe_add(u, LOG_B0),
            unsafe_div(LOG_A1, unsafe_add(unsafe_add(u, LOG_B1),
            unsafe_div(LOG_A2, unsafe_add(unsafe_add(u, LOG_B2),
            unsafe_div(LOG_A3, unsafe_add(u, LOG_B3))))))))),
        ) >> 128
    if unsafe_sub(x, 1) > 2**128 - 2:
        assert x == 0, "fixed_point: value too large"
        raise "fixed_point: logarithm of zero"
    # Up by an even power of two, to between 2**126 and 2**128: k in four, three times.
    k: int256 = 0
    if value < 2**64:
        if value < 2**32:
            value = value << 96
            k = 96
        else:
            value = value << 64
            k = 64
    elif value < 2**96:
        value = value << 32
        k = 32
    if value < 2**112:
        if value < 2**104:
            value = value << 24
            k = unsafe_add(k, 24)
        else:
            value = value << 16
            k = unsafe_add(k, 16)
    elif value < 2**120:
        value = value << 8
        k = unsafe_add(k, 8)
    if value < 2**124:
        if value < 2**122:
            value = value << 6
            k = unsafe_add(k, 6)
        else:
            value = value << 4
            k = unsafe_add(k, 4)
    elif value < 2**126:
        value = value << 2
        k = unsafe_add(k, 2)
    y = unsafe_div(unsafe_sub(value, 2**127) << 64, unsafe_add(value, 2**127))
    u = unsafe_mul(y, y) >> 64
    # With 128 fractional bits below 2**135, times a wad.
    return unsafe_mul(
        unsafe_add(
            unsafe_sub(LN_TOP, unsafe_mul(k, LN_2_Q128)),
            unsafe_mul(
                y,
                unsafe_add(LOG_C,
                unsafe_div(LOG_A0, unsafe_add(unsafe_add(u, LOG_B0),
                unsafe_div(LOG_A1, unsafe_add(unsafe_add(u, LOG_B1),
                unsafe_div(LOG_A2, unsafe_add(unsafe_add(u, LOG_B2),
                unsafe_div(LOG_A3, unsafe_add(u, LOG_B3))))))))),
            ),
        ),
        WAD,
    ) >> 128


@internal
@pure
def _sqrt(x: uint256) -> uint256:
    """
    @notice Square root.
    @param x [wad] below 2**196.
    @return [wad] rounded down.
    """
    assert x < 2**196, "fixed_point: value too large"
    return isqrt(unsafe_mul(x, 10**18))
