# pragma version 0.4.3
# pragma optimize gas
"""
@title Fixed point: exponential, logarithm and root
@license AGPL-3.0-only
@notice Wad functions for everybody (`_exp`, `_ln`, `_sqrt`), and the binary cores with
        64 fractional bits ("Q64", 1.0 = 2**64) from which prices are made (`_exp_q64`,
        `_ln_ratio_q64`). Binary, because a shift costs 6 gas and a division by 1e18 costs 11;
        64 bits, because products of two then fit a word with room to spare.
@dev Polynomials are minimax (Remez, 50 digits) and written as one nested expression, so that
     partial results stay on the stack. All of them were measured against mpmath:
     tests/unit/math/.
@custom:rounding To nearest within the stated bounds, not directed.
"""

WAD: constant(int256) = 10**18
# ln 2 in Q64, and 1/ln 2 in Q64.
LN_2: constant(int256) = 12_786_308_645_202_655_660
LOG2_E: constant(int256) = 26_613_026_195_688_644_983

# e**x is below 2**196 wad at 135, and below half a wei at -41.5.
EXP_MAX: constant(int256) = 135 * 10**18
EXP_MIN: constant(int256) = -(415 * 10**17)


@internal
@pure
def _exp_q64(power: int256) -> int256:
    """
    @notice e**power, for powers of at most 0.
    @dev power = k ln 2 + r with |r| <= ln 2 / 2, and e**r = (T + r)/(T - r) with
         T = r coth(r/2), an even function of r: degree 5 in r**2 errs by 3e-19.
         Nothing overflows: |power| < 2**127 keeps every product below 2**255.
    @param power [Q64] -2**127 < power <= 0.
    @return [Q64] error at most 2**-62 absolute and 3e-18 relative to 1.
    """
    # Nearest integer to power / ln 2; an arithmetic shift floors.
    k: int256 = unsafe_add(unsafe_mul(power, LOG2_E), 2**127) >> 128
    r: int256 = unsafe_sub(power, unsafe_mul(k, LN_2))
    u: int256 = unsafe_mul(r, r) >> 64
    t: int256 = (
        unsafe_add(
            unsafe_mul(
                unsafe_add(
                    unsafe_mul(
                        unsafe_add(
                            unsafe_mul(
                                unsafe_add(
                                    unsafe_mul(
                                        unsafe_add(unsafe_mul(u, 763_232_177_624) >> 64, -30_499_627_022_199), u
                                    )
                                    >> 64,
                                    1_220_022_697_597_798,
                                ),
                                u,
                            )
                            >> 64,
                            -51_240_955_758_655_772,
                        ),
                        u,
                    )
                    >> 64,
                    3_074_457_345_618_241_639,
                ),
                u,
            )
            >> 64,
            36_893_488_147_419_103_260,
        )
    )
    # 0 < t - r since t > 2 and |r| < 0.35; k <= 0. Shifts of 256 and more give 0.
    return unsafe_div(unsafe_add(t, r) << 64, unsafe_sub(t, r)) >> convert(unsafe_sub(0, k), uint256)


@internal
@pure
def _ln_ratio_q64(large: int256, small: int256) -> int256:
    """
    @notice ln(large / small).
    @dev With the quotient brought into (1/sqrt 2, sqrt 2) by a power of two,
         ln q = 2 atanh(y), y = (large - small)/(large + small), |y| < 0.1717:
         degree 6 in y**2 errs by 6e-17. Near the money there is nothing to bring.
    @param large Any unit, small <= large < 2**128.
    @param small Same unit, positive.
    @return [Q64] error at most 7e-17.
    """
    divisor: int256 = small
    k: int256 = 0
    # 256/181 = 1.4144. All factors are below 2**128 * 2**9: no overflow.
    if unsafe_mul(large, 181) > unsafe_mul(divisor, 256):
        if (large >> 4) >= divisor:
            for step: uint256 in [64, 32, 16, 8, 4]:
                if (large >> step) >= divisor:
                    divisor = divisor << step
                    k = unsafe_add(k, convert(step, int256))
        # What is left is below 2**4: four doublings at most, and the last may pass `large`.
        for i: uint256 in range(4):
            if unsafe_mul(large, 181) <= unsafe_mul(divisor, 256):
                break
            divisor = divisor << 1
            k = unsafe_add(k, 1)
    # Numerator below 2**192, denominator positive and below 2**130.
    y: int256 = unsafe_div(unsafe_sub(large, divisor) << 64, unsafe_add(large, divisor))
    u: int256 = unsafe_mul(y, y) >> 64
    series: int256 = (
        unsafe_mul(
            unsafe_add(
                unsafe_mul(
                    unsafe_add(
                        unsafe_mul(
                            unsafe_add(
                                unsafe_mul(
                                    unsafe_add(
                                        unsafe_mul(
                                            unsafe_add(
                                                unsafe_mul(
                                                    unsafe_add(
                                                        unsafe_mul(u, 3_106_439_875_922_534_515) >> 64,
                                                        3_342_869_302_085_354_223,
                                                    ),
                                                    u,
                                                )
                                                >> 64,
                                                4_099_501_296_940_275_595,
                                            ),
                                            u,
                                        )
                                        >> 64,
                                        5_270_495_973_956_764_113,
                                    ),
                                    u,
                                )
                                >> 64,
                                7_378_697_640_990_715_949,
                            ),
                            u,
                        )
                        >> 64,
                        12_297_829_382_451_766_180,
                    ),
                    u,
                )
                >> 64,
                36_893_488_147_419_109_648,
            ),
            y,
        )
        >> 64
    )
    # The quotient is at least 1, so the sum is not negative beyond its rounding.
    return max(unsafe_add(unsafe_mul(k, LN_2), series), 0)


@internal
@pure
def _exp(power: int256) -> uint256:
    """
    @notice e**power.
    @param power [wad] at most 135.
    @return [wad] error at most 1 wei plus 1e-17 of the value.
    """
    if power < EXP_MIN:
        return 0
    assert power <= EXP_MAX, "fixed_point: exponent too large"
    # e**x = 2**n e**(x - n ln 2), with n so large that the second power is not positive.
    # |power| < 2**67: the shift by 96 stays below 2**163.
    n: int256 = 0
    if power > 0:
        n = unsafe_add(unsafe_div(unsafe_mul(power, LOG2_E) >> 64, 10**18), 1)
    # Q64, rounded down; ln 2 with 128 fractional bits keeps n ln 2 exact to 2**-64.
    reduced: int256 = unsafe_sub(
        unsafe_div(power << 128, 10**18), unsafe_mul(n, 235_865_763_225_513_294_137_944_142_764_154_484_399)
    ) >> 64
    # Rounding of LOG2_E could leave a few units above 0.
    value: uint256 = convert(self._exp_q64(min(reduced, 0)), uint256)
    # value <= 2**64 (plus rounding) and n <= 195: below 2**(64 + 60 + 195) is too much, so shift
    # what is left of n once the 64 fractional bits are spent.
    scaled: uint256 = unsafe_mul(value, 10**18)
    if n >= 64:
        return scaled << convert(unsafe_sub(n, 64), uint256)
    return scaled >> convert(unsafe_sub(64, n), uint256)


@internal
@pure
def _ln(x: uint256) -> int256:
    """
    @notice Natural logarithm.
    @param x [wad] positive, below 2**128.
    @return [wad] error at most 70 wei (7e-17).
    """
    assert x > 0, "fixed_point: logarithm of zero"
    assert x < 2**128, "fixed_point: value too large"
    value: int256 = convert(x, int256)
    if value >= WAD:
        return unsafe_mul(self._ln_ratio_q64(value, WAD), WAD) >> 64
    return unsafe_sub(0, unsafe_mul(self._ln_ratio_q64(WAD, value), WAD) >> 64)


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
