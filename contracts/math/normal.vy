# pragma version 0.4.3
# pragma optimize gas
"""
@title Normal distribution
@license AGPL-3.0-only
@notice Density and distribution function of the standard normal, and Mills' ratio
        M(z) = (1 - cdf(z)) / pdf(z), from which both tails come without cancellation.
@custom:rounding To nearest within the stated bounds, not directed.
"""

from . import fixed_point

WAD: constant(int256) = 10**18
# 1/sqrt(2 pi) in Q64.
INVERSE_SQRT_2PI: constant(int256) = 7_359_186_146_747_302_452
# Beyond 40 standard deviations the tail is below 1e-300.
FAR: constant(int256) = 40 * 10**18


@internal
@pure
def _mills_q64(z: int256) -> int256:
    """
    @notice Mills' ratio of the standard normal.
    @dev Minimax rational of type (8, 9) on [0, infinity), written as a continued fraction
         (a division costs as much as a product, so this is half of two Horner forms):
         M(z) = a0/(z + b0 + a1/(z + b1 + ...)). The sixth and seventh partial denominators
         are taken together, as t / ((z + b5) t + a6): apart they would pass through zero near
         z = 23.4, together they stay above 43. The other denominators stay above 0.79.
         Source of the rational: own Remez exchange in 60 digits.
    @param z [Q64] 0 <= z < 2**100, so that no product exceeds 2**202.
    @return [Q64] error at most 1.8e-15 absolute.
    """
    t: int256 = unsafe_add(
        unsafe_add(z, -430_413_026_480_846_863_186),
        unsafe_div(
            -20_767_030_144_762_735_023 << 64,
            unsafe_add(
                unsafe_add(z, 20_375_258_595_912_472_906),
                unsafe_div(557_932_728_463_720_753_148 << 64, unsafe_add(z, 48_176_291_653_870_161_016)),
            ),
        ),
    )
    return unsafe_div(
        18_446_744_073_753_774_209 << 64,
        unsafe_add(
            unsafe_add(z, 19_332_950_102),
            unsafe_div(
                18_446_741_048_278_611_989 << 64,
                unsafe_add(
                    unsafe_add(z, -248_093_646_760_630),
                    unsafe_div(
                        36_906_178_443_914_012_108 << 64,
                        unsafe_add(
                            unsafe_add(z, 224_254_974_513_194_626),
                            unsafe_div(
                                49_469_965_657_511_232_563 << 64,
                                unsafe_add(
                                    unsafe_add(z, -44_562_753_167_952_526_981),
                                    unsafe_div(
                                        915_457_319_734_883_815_159 << 64,
                                        unsafe_add(
                                            unsafe_add(z, 279_365_309_219_605_699_454),
                                            unsafe_div(
                                                unsafe_mul(104_777_833_385_877_196_249, t) << 64,
                                                unsafe_add(
                                                    unsafe_mul(unsafe_add(z, 546_449_301_562_315_293_575), t),
                                                    13_599_137_006_720_955_850_427 << 64,
                                                ),
                                            ),
                                        ),
                                    ),
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
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
    if abs(max(x, -FAR - 1)) > FAR:
        return 0
    return convert(unsafe_mul(self._pdf_q64(unsafe_div(x << 64, WAD)), WAD) >> 64, uint256)


@internal
@pure
def _cdf(x: int256) -> uint256:
    """
    @notice Distribution function of the standard normal.
    @param x [wad] any.
    @return [wad] error at most 1e-15 (1,000 wei).
    """
    if x > FAR:
        return 10**18
    if x < -FAR:
        return 0
    z: int256 = unsafe_div(abs(x) << 64, WAD)
    tail: uint256 = convert(
        unsafe_mul(unsafe_mul(self._pdf_q64(z), self._mills_q64(z)) >> 64, WAD) >> 64, uint256
    )
    if x > 0:
        return unsafe_sub(10**18, tail)
    return tail
