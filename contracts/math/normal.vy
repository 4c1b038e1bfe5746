# pragma version 0.4.3
# pragma optimize gas
"""
@title Normal distribution
@license AGPL-3.0-only
@notice Density, distribution function and its inverse for the standard normal, and Mills' ratio
        M(z) = (1 - cdf(z)) / pdf(z), from which both tails come without cancellation.
@dev Continued fractions as in fixed_point.vy, from benchmarks/coefficients.py.
@custom:rounding To nearest within the stated bounds, not directed.
"""

from . import fixed_point

WAD: constant(int256) = 10**18
INVERSE_SQRT_2PI: constant(int256) = 7_359_186_146_747_302_452
# 1/sqrt(2 pi) / sqrt(2) with 63 fractional bits.
PDF_C: constant(int256) = 2_601_865_214_189_558_307
# 1/(2 ln 2) / 10**36 with 248 fractional bits: squares of wad to base 2.
HALF_LOG2_E_WAD: constant(int256) = 326_274_751_790_719_508_287_081_301_877_436_585_913
MASK_60: constant(uint256) = 2**60 - 1
# Beyond 9.3 standard deviations pdf and tail are below a wei.
FAR: constant(int256) = 93 * 10**17
TWICE_FAR: constant(uint256) = 186 * 10**17

# Mills' ratio on [0, infinity), error 1.8e-15 absolute.
MILLS_A0: constant(int256) = 340_282_366_921_754_291_623_590_858_845_421_735_182
MILLS_B0: constant(int256) = 19_333_960_277
MILLS_A1: constant(int256) = 340_282_311_109_568_736_152_226_078_626_713_229_832
MILLS_B1: constant(int256) = -248_100_300_606_973
MILLS_A2: constant(int256) = 680_798_833_393_358_445_168_011_800_514_549_403_660
MILLS_B2: constant(int256) = 224_258_778_691_241_973
MILLS_A3: constant(int256) = 912_558_262_543_072_636_766_744_157_511_178_323_531
MILLS_B3: constant(int256) = -44_563_367_204_248_582_485
MILLS_A4: constant(int256) = 16_887_427_232_105_823_916_626_323_300_225_474_233_002
MILLS_B4: constant(int256) = 279_365_976_062_998_588_705
MILLS_A5: constant(int256) = 1_932_837_142_492_280_695_252_453_085_630_108_892_022
MILLS_B5: constant(int256) = 546_437_954_680_347_381_498
MILLS_A6: constant(int256) = 250_848_647_966_806_742_995_684_226_589_144_410_207_809
MILLS_B6: constant(int256) = -430_401_593_133_693_022_791
MILLS_A7: constant(int256) = -383_091_829_751_034_598_875_470_002_926_594_584_614
MILLS_B7: constant(int256) = 20_374_741_645_273_874_692
MILLS_A8: constant(int256) = 10_292_056_041_858_578_037_696_098_118_673_723_830_785
MILLS_B8: constant(int256) = 48_176_811_883_670_572_955
# Mills' ratio on [0, infinity) times the density, error 5.8e-15; decreasing, exact at 0.
NEAR_A0: constant(int256) = 340_245_042_046_064_371_947_628_201_939_994_750_160
NEAR_B0: constant(int256) = -98_525_781_718_653_958
NEAR_A1: constant(int256) = 384_596_860_114_265_889_952_601_204_512_227_403_123
NEAR_B1: constant(int256) = 34_654_164_137_199_678_627
NEAR_A2: constant(int256) = -6_001_809_574_083_890_829_693_330_928_729_333_159_822
NEAR_B2: constant(int256) = 157_202_224_823_015_747_872
NEAR_A3: constant(int256) = 10_616_049_370_101_187_154_209_084_039_582_518_336_914
NEAR_B3: constant(int256) = 39_001_503_883_441_261_802
NEAR_A4: constant(int256) = -373_757_813_523_902_976_455_769_945_536_733_767_599
NEAR_B4: constant(int256) = -292_394_955_946_641_047_723
NEAR_A5: constant(int256) = 110_275_833_087_757_182_591_329_818_763_745_948_846_392
NEAR_B5: constant(int256) = 353_474_532_939_422_707_627
# Where the next two meet: 2.24 standard deviations.
EDGE: constant(int256) = 41_320_706_725_109_395_620
TWICE_EDGE: constant(uint256) = 82_641_413_450_218_791_240
EDGE_WAD: constant(int256) = 224 * 10**16
TWICE_EDGE_WAD: constant(uint256) = 448 * 10**16
# (cdf(z) - 1/2)/z in z**2 up to the edge, with 56 fractional bits (the inner quotients with 64);
# error of cdf 1.1e-14, times exp(-z**2/2).
MID_C: constant(int256) = 923_398_181_425_975
MID_A0: constant(int256) = 6_582_392_609_965_011_326_568_944_912_421_535_169
MID_B0: constant(int256) = 721_023_541_418_182_593_643
MID_A1: constant(int256) = 2_632_096_886_557_273_357_757_396_421_848_195_996_155
MID_B1: constant(int256) = 29_659_596_554_471_809_314_100
MID_A2: constant(int256) = 870_545_041_283_338_122_430_645_559_158_341_789_504_180_772
MID_B2: constant(int256) = -29_343_798_304_672_371_375_848
MID_A3: constant(int256) = 31_110_687_741_245_251_767_681_007_960_726_824_514
MID_B3: constant(int256) = 4_299_691_065_336_122_680_759
MID_A4: constant(int256) = 18_256_240_812_034_348_078_928_164_282_608_209_035_020_579
MID_B4: constant(int256) = -4_230_904_915_871_350_325_893
# Mills' ratio beyond the edge, error 4.2e-15 absolute.
TAIL_A0: constant(int256) = 340_282_366_922_618_423_001_186_234_767_427_342_679
TAIL_B0: constant(int256) = 34_444_917_421
TAIL_A1: constant(int256) = 340_282_281_736_477_063_530_722_850_848_889_838_890
TAIL_B1: constant(int256) = -319_205_480_677_895
TAIL_A2: constant(int256) = 680_813_077_996_443_430_475_641_707_878_375_077_033
TAIL_B2: constant(int256) = 190_829_249_715_202_919
TAIL_A3: constant(int256) = 949_254_180_102_654_361_207_071_176_794_802_771_697
TAIL_B3: constant(int256) = -21_228_690_353_821_887_330
TAIL_A4: constant(int256) = 6_471_125_085_872_821_807_760_801_712_975_527_275_996
TAIL_B4: constant(int256) = 158_456_278_834_002_352_626
TAIL_A5: constant(int256) = -1_304_193_451_404_492_346_134_024_372_653_172_325_303
TAIL_B5: constant(int256) = -240_734_186_286_602_264_793
TAIL_A6: constant(int256) = 84_734_803_875_354_067_774_338_685_500_645_497_323_970
TAIL_B6: constant(int256) = 307_961_099_276_992_404_056
# The same, error 3e-13 absolute.
WING_A0: constant(int256) = 340_282_366_834_689_164_629_632_770_096_352_238_505
WING_B0: constant(int256) = -1_272_286_931_469
WING_A1: constant(int256) = 340_284_627_452_228_987_079_056_408_056_920_046_846
WING_B1: constant(int256) = 6_070_781_671_698_979
WING_A2: constant(int256) = 677_191_080_787_639_435_399_202_282_980_255_158_120
WING_B2: constant(int256) = -1_853_579_703_415_136_437
WING_A3: constant(int256) = 1_517_309_634_030_899_244_061_203_596_955_131_510_587
WING_B3: constant(int256) = 65_827_658_665_082_655_875
WING_A4: constant(int256) = -4_756_096_994_986_588_198_647_459_811_028_173_170_246
WING_B4: constant(int256) = 56_137_641_403_394_877_885
WING_A5: constant(int256) = 8_719_182_105_015_728_168_756_608_726_074_169_303_024
WING_B5: constant(int256) = 39_367_180_647_309_615_959
# For `_cdf` in wad: (cdf(x) - 1/2)/x in x**2 / 2**56 up to the edge, with 64 fractional bits, error
# of cdf 4e-15, and Mills' ratio beyond, error times the density 4e-16; its first quotient is wad
# with 64 fractional bits.
ODD_C: constant(int256) = 223_622_173_049_109_358
ODD_A0: constant(int256) = 1_293_611_576_725_882_586_651_269_387_981_669_414_746
ODD_B0: constant(int256) = 552_074_780_467_210_096_069
ODD_A1: constant(int256) = 3_914_039_817_409_735_816_585_184_785_141_822_208_157
ODD_B1: constant(int256) = 8_848_012_470_395_793_895_606
ODD_A2: constant(int256) = 76_328_210_747_509_404_821_475_597_160_066_456_840_220_087
ODD_B2: constant(int256) = -8_612_424_530_389_694_733_234
ODD_A3: constant(int256) = 58_297_258_911_264_240_764_198_145_004_835_234_397
ODD_B3: constant(int256) = 2_491_684_152_146_552_558_923
ODD_A4: constant(int256) = 6_115_135_693_868_111_584_869_208_550_890_966_348_670_688
ODD_B4: constant(int256) = -2_439_543_938_032_870_661_121
CDF_A0: constant(int256) = 18_446_746_482_582_600_206_644_618_253_899_608_207_106_087_457_702_969_344
CDF_B0: constant(int256) = 18_112_985_354_822
CDF_A1: constant(int256) = 999_096_552_655_833_098_770_885_184_577_552_286
CDF_B1: constant(int256) = -23_755_679_782_595_889
CDF_A2: constant(int256) = 2_391_340_614_336_889_004_557_474_021_504_409_209
CDF_B2: constant(int256) = 1_865_095_376_888_118_486
CDF_A3: constant(int256) = -9_359_892_427_103_726_965_222_369_266_924_587_455
CDF_B3: constant(int256) = 5_626_202_164_194_035_482
CDF_A4: constant(int256) = 25_751_502_202_053_493_552_999_700_961_672_315_282
CDF_B4: constant(int256) = -23_301_578_621_206_013

# First guess of z/t, t = -ln(2 cdf(-z)).
ABOVE_C: constant(int256) = 2_291_576_052_694_187_579
ABOVE_A0: constant(int256) = 1_501_944_942_201_831_826_666_939_109_717_116_858_364
ABOVE_B0: constant(int256) = 115_641_890_897_353_657_410
ABOVE_A1: constant(int256) = -1_640_385_944_664_026_918_055_189_660_351_642_018_994
ABOVE_B1: constant(int256) = 37_694_552_803_491_840_794
# ln(2 pi)/2.
LN_ROOT_2PI: constant(int256) = 16_951_423_941_496_644_917
ONE: constant(int256) = 2**64


@internal
@pure
def _mills_q64(z: int256) -> int256:
    """
    @notice Mills' ratio of the standard normal.
    @dev The sixth and seventh partial denominators are taken together, as t/((z + b5) t + a6):
         apart they would pass through zero near z = 23.3, together they stay above 43. The other
         denominators stay above 0.79.
    @param z [Q64] 0 <= z < 2**100, so that no product exceeds 2**230.
    @return [Q64] error at most 1.8e-15 absolute.
    """
    t: int256 = unsafe_add(
        unsafe_add(z, MILLS_B6),
        unsafe_div(MILLS_A7, unsafe_add(unsafe_add(z, MILLS_B7), unsafe_div(MILLS_A8, unsafe_add(z, MILLS_B8)))),
    )
    return (
        unsafe_div(MILLS_A0, unsafe_add(unsafe_add(z, MILLS_B0),
        unsafe_div(MILLS_A1, unsafe_add(unsafe_add(z, MILLS_B1),
        unsafe_div(MILLS_A2, unsafe_add(unsafe_add(z, MILLS_B2),
        unsafe_div(MILLS_A3, unsafe_add(unsafe_add(z, MILLS_B3),
        unsafe_div(MILLS_A4, unsafe_add(unsafe_add(z, MILLS_B4),
        unsafe_div(unsafe_mul(MILLS_A5, t), unsafe_add(unsafe_mul(unsafe_add(z, MILLS_B5), t), MILLS_A6))))))))))))
    )


@internal
@pure
def _mills_near_q64(z: int256) -> int256:
    """
    @notice Mills' ratio where it will be multiplied by the density at z, or twice that at most.
    @param z [Q64] 0 <= z < 2**100.
    @return [Q64] error times the density at most 5.8e-15.
    """
    return (
        unsafe_div(NEAR_A0, unsafe_add(unsafe_add(z, NEAR_B0),
        unsafe_div(NEAR_A1, unsafe_add(unsafe_add(z, NEAR_B1),
        unsafe_div(NEAR_A2, unsafe_add(unsafe_add(z, NEAR_B2),
        unsafe_div(NEAR_A3, unsafe_add(unsafe_add(z, NEAR_B3),
        unsafe_div(NEAR_A4, unsafe_add(unsafe_add(z, NEAR_B4),
        unsafe_div(NEAR_A5, unsafe_add(z, NEAR_B5))))))))))))
    )


@internal
@pure
def _pdf_q64(z: int256) -> int256:
    """
    @notice Density of the standard normal.
    @param z [Q64] |z| < 2**95.
    @return [Q64] error at most 2e-18.
    """
    # z**2 / 2 is below 2**127 after the shift.
    return unsafe_mul(fixed_point._exp_q64(unsafe_sub(0, unsafe_mul(z, z) >> 65)), INVERSE_SQRT_2PI) >> 64


@internal
@pure
def _pdf(x: int256) -> uint256:
    """
    @notice Density of the standard normal.
    @param x [wad] any.
    @return [wad] error at most 3 wei.
    """
    if convert(convert(unsafe_add(x, FAR), bytes32), uint256) > TWICE_FAR:
        return 0
    # pdf = 2**-v / sqrt(2 pi), v = n + 1/2 + f, as in `_cdf`.
    v: uint256 = convert(
        convert(unsafe_mul(unsafe_mul(x, x), HALF_LOG2_E_WAD), bytes32), uint256
    ) >> 188
    z: int256 = unsafe_sub(convert(convert(v & MASK_60, bytes32), int256), 2**59)
    u: int256 = unsafe_mul(z, z)
    return convert(
        convert(
            unsafe_mul(
                unsafe_sub(
                    PDF_C,
                    unsafe_div(
                        unsafe_mul(2 * PDF_C, z),
                        unsafe_add(
                            unsafe_add(fixed_point.EXP_C,
                            unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                            unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                            z,
                        ),
                    ),
                ),
                WAD,
            ),
            bytes32,
        ),
        uint256,
    ) >> unsafe_add(v >> 60, 63)


@internal
@pure
def _cdf(x: int256) -> uint256:
    """
    @notice Distribution function of the standard normal.
    @param x [wad] any.
    @return [wad] error at most 6e-15 (6,000 wei); cdf(x) + cdf(-x) is 1 to 3 wei.
    """
    if convert(convert(unsafe_add(x, EDGE_WAD), bytes32), uint256) < TWICE_EDGE_WAD:
        w: int256 = unsafe_mul(x, x) >> 56
        return convert(
            convert(unsafe_add(5 * 10**17, unsafe_mul(x, unsafe_add(ODD_C,
                unsafe_div(ODD_A0, unsafe_add(unsafe_add(w, ODD_B0),
                unsafe_div(ODD_A1, unsafe_add(unsafe_add(w, ODD_B1),
                unsafe_div(ODD_A2, unsafe_add(unsafe_add(w, ODD_B2),
                unsafe_div(ODD_A3, unsafe_add(unsafe_add(w, ODD_B3),
                unsafe_div(ODD_A4, unsafe_add(w, ODD_B4)))))))))))) >> 64), bytes32),
            uint256,
        )
    if convert(convert(unsafe_add(x, FAR), bytes32), uint256) > TWICE_FAR:
        if x < 0:
            return 0
        return 10**18
    # x**2 log2(e)/2 = n + 1/2 + f; 2**126.1 * 2**127.9 is below 2**255.
    v: uint256 = convert(
        convert(unsafe_mul(unsafe_mul(x, x), HALF_LOG2_E_WAD), bytes32), uint256
    ) >> 188
    f: int256 = unsafe_sub(convert(convert(v & MASK_60, bytes32), int256), 2**59)
    u: int256 = unsafe_mul(f, f)
    # 2**-f = 1 - 2f/(T + f); density below 2**62, times the ratio in wad and 64 bits 2**187.
    u = unsafe_sub(
        PDF_C,
        unsafe_div(
            unsafe_mul(2 * PDF_C, f),
            unsafe_add(
                unsafe_add(fixed_point.EXP_C,
                unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                f,
            ),
        ),
    )
    if x < 0:
        # M(-z) = -a0/(z - b0 + a1/(z - b1 + ...)).
        return convert(
            convert(
                unsafe_mul(unsafe_sub(0, u), unsafe_div(CDF_A0, unsafe_add(unsafe_sub(x, CDF_B0),
                    unsafe_div(CDF_A1, unsafe_add(unsafe_sub(x, CDF_B1),
                    unsafe_div(CDF_A2, unsafe_add(unsafe_sub(x, CDF_B2),
                    unsafe_div(CDF_A3, unsafe_add(unsafe_sub(x, CDF_B3),
                    unsafe_div(CDF_A4, unsafe_sub(x, CDF_B4))))))))))) >> 127,
                bytes32,
            ),
            uint256,
        ) >> (v >> 60)
    return unsafe_sub(
        10**18,
        convert(
            convert(
                unsafe_mul(u, unsafe_div(CDF_A0, unsafe_add(unsafe_add(x, CDF_B0),
                    unsafe_div(CDF_A1, unsafe_add(unsafe_add(x, CDF_B1),
                    unsafe_div(CDF_A2, unsafe_add(unsafe_add(x, CDF_B2),
                    unsafe_div(CDF_A3, unsafe_add(unsafe_add(x, CDF_B3),
                    unsafe_div(CDF_A4, unsafe_add(x, CDF_B4))))))))))) >> 127,
                bytes32,
            ),
            uint256,
        ) >> (v >> 60),
    )


@internal
@pure
def _quantile(p: uint256) -> int256:
    """
    @notice Inverse of the distribution function.
    @dev A guess within 3 %, then two of Householder's steps of third order on the logarithm of the
         tail q: with f = ln(cdf(-z)/q), its derivatives are -1/M, and so on. The guess is that of
         implied_volatility.vy.
    @param p [wad] above 0, below 1.
    @return [wad] error at most 2e-14 of the distance from 0, plus 2e-15
    """
    assert p != 0, "normal: probability zero"
    assert p < 10**18, "normal: probability not below 1"
    q: int256 = convert(p, int256)
    upper: bool = q > 5 * 10**17
    if upper:
        q = unsafe_sub(WAD, q)
    t: int256 = fixed_point._ln_ratio_q64(5 * 10**17, q)
    z: int256 = unsafe_mul(
        t,
        unsafe_add(ABOVE_C,
            unsafe_div(ABOVE_A0, unsafe_add(unsafe_add(t, ABOVE_B0),
            unsafe_div(ABOVE_A1, unsafe_add(t, ABOVE_B1))))),
    ) >> 64
    for _: uint256 in range(2):
        m: int256 = self._mills_q64(z)
        # Mills' ratio over the tail is above 1.
        f: int256 = unsafe_sub(
            unsafe_sub(fixed_point._ln_ratio_q64(unsafe_div(m << 60, q), 2**124 // 10**18), LN_ROOT_2PI),
            unsafe_mul(z, z) >> 65,
        )
        step: int256 = unsafe_mul(f, m) >> 64
        inverse: int256 = unsafe_div(2**128, m)
        second: int256 = unsafe_sub(inverse, z)
        third: int256 = unsafe_sub(
            unsafe_mul(unsafe_sub(unsafe_add(inverse, inverse), z), unsafe_sub(inverse, z)) >> 64, ONE
        )
        third = unsafe_add(
            ONE, unsafe_mul(step, unsafe_add(second, unsafe_div(unsafe_mul(step, third) >> 64, 6))) >> 64
        )
        z = max(
            unsafe_add(
                z, unsafe_div(unsafe_mul(step, unsafe_add(ONE, unsafe_mul(step, second) >> 65)), third)
            ),
            0,
        )
    z = unsafe_mul(z, WAD) >> 64
    if upper:
        return z
    return unsafe_sub(0, z)
