# pragma version 0.4.3
# pragma optimize gas
"""
@title Black-76
@license AGPL-3.0-only
@notice Undiscounted value of a European call and put on a forward, both from one evaluation.
        With s the standard deviation of the log-price to expiry, x = |ln(F/K)|,
        z1 = x/s - s/2 and z2 = x/s + s/2, the option out of the money is worth

          min(F, K) * cdf(-z1) - max(F, K) * cdf(-z2)

        Up to z2 = 2.24 that is two odd rationals and no exponential. Beyond, with Mills' ratio M,

          min(F, K) * (cdf(-z1) - pdf(z1) * M(z2))

        since F pdf(d1) = K pdf(d2): one exponential, two rationals. The other option follows
        from parity, which therefore holds to the wei.
        F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976).
@dev Domain: forward and strike from 0 to 2**128 - 1, volatility from 0 to 2**70 - 1 wad
     (1,180, or 118,000 %), time from 0 to 2**32 - 1 s (136 years). Within it nothing reverts
     or wraps: no time, no volatility or a zero price give the payoff, a large deviation
     gives the forward (call) and the strike (put). Beyond it: a revert with a named reason.
     Error at most 2e-14 of the lower of forward and strike, plus 1 wei; typically 4e-15.
     Constants named in capitals with a number are coefficients of continued fractions,
     c + a0/(x + b0 + a1/(x + b1 + ...)), see benchmarks/coefficients.py.
@custom:rounding Values round down by at most 1 wei beyond the stated error.
"""

from . import fixed_point
from . import normal

# First guess of a root [Q64], relative error 3 %: of seconds in [256**j, 256**(j + 1)).
ROOT0_C: constant(int256) = 580_550_764_399_446_369_784
ROOT0_A0: constant(int256) = -161_981_413_113_565_784_026_644
ROOT0_B0: constant(int256) = 312
ROOT0_A1: constant(int256) = -204
ROOT0_B1: constant(int256) = 7
ROOT1_C: constant(int256) = 8_613_983_616_860_601_083_474
ROOT1_A0: constant(int256) = -525_082_528_310_037_151_585_131_415
ROOT1_B0: constant(int256) = 67_922
ROOT1_A1: constant(int256) = -7_553_825
ROOT1_B1: constant(int256) = 1_220
ROOT2_C: constant(int256) = 137_823_737_869_769_617_335_587
ROOT2_A0: constant(int256) = -2_150_738_035_957_912_172_892_698_277_350
ROOT2_B0: constant(int256) = 17_388_080
ROOT2_A1: constant(int256) = -495_047_452_599
ROOT2_B1: constant(int256) = 312_230
ROOT3_C: constant(int256) = 2_205_179_805_916_313_877_369_385
ROOT3_A0: constant(int256) = -8_809_422_995_283_608_260_168_492_144_025_653
ROOT3_B0: constant(int256) = 4_451_348_359
ROOT3_A1: constant(int256) = -32_443_429_853_503_584
ROOT3_B1: constant(int256) = 79_930_814
# 2**173 / (10**18 sqrt(365 days in seconds)): takes wad times half a root of seconds to Q64.
PER_ROOT_YEAR: constant(uint256) = 2_131_993_844_211_580_142_161_088_242_462
# (q - 1)/(q + 1) for quotients q of 2, of some 1.4, of the root of 12, and of that times 12.
THIRD: constant(int256) = 6_148_914_691_236_517_205
CLOSE: constant(int256) = 3_135_946_492_530_624_000
APART: constant(int256) = 10_182_261_916_244_004_563
WIDE_APART: constant(int256) = 17_580_073_538_441_999_591
# ln 12 with 128 fractional bits.
LN_12: constant(int256) = 845_569_916_367_440_255_879_382_470_188_779_792_916
# Nine standard deviations: what lies beyond is below 2e-19 of the price.
NINE: constant(int256) = 9 * 2**64
MASK_60: constant(uint256) = 2**60 - 1


@internal
@pure
def _price(forward: uint256, strike: uint256, volatility: uint256, time: uint256) -> (uint256, uint256):
    """
    @notice Undiscounted values of a call and of a put.
    @param forward [wad] below 2**128.
    @param strike [wad] below 2**128.
    @param volatility [wad] annualised, below 2**70.
    @param time [s] to expiry, below 2**32.
    @return call [wad], put [wad]
    """
    assert forward < 2**128, "black76: forward too large"
    assert strike < 2**128, "black76: strike too large"
    f: int256 = convert(convert(forward, bytes32), int256)
    k: int256 = convert(convert(strike, bytes32), int256)
    # Each value is between 0 and its price: both conversions hold.
    if f > k:
        put: int256 = self._out_of_the_money_q64(k, f, self._deviation_q64(volatility, time))
        return convert(convert(unsafe_add(put, unsafe_sub(f, k)), bytes32), uint256), convert(
            convert(put, bytes32), uint256
        )
    call: int256 = self._out_of_the_money_q64(f, k, self._deviation_q64(volatility, time))
    return convert(convert(call, bytes32), uint256), convert(
        convert(unsafe_add(call, unsafe_sub(k, f)), bytes32), uint256
    )


@internal
@pure
def _deviation_q64(volatility: uint256, time: uint256) -> int256:
    """
    @notice Standard deviation of the log-price to expiry, the same for all strikes.
    @dev A guess within 3 % for each of four ranges of time, then Newton's step three times:
         errors 5e-4, 1e-7, 5e-15. The last one is harmonic, 2/(1/g + g/t), to be 0 at 0.
    @param volatility [wad] annualised, below 2**70.
    @param time [s] to expiry, below 2**32.
    @return [Q64] below 2**78, less than the truth by at most 6e-15 of it and 2**-63.
    """
    assert volatility < 2**70, "black76: volatility too large"
    assert time < 2**32, "black76: time too long"
    # The time with 128 fractional bits, below 2**160; its root [Q64].
    t: int256 = convert(convert(time << 128, bytes32), int256)
    root: int256 = (
        (
            unsafe_add(ROOT0_C,
            unsafe_div(ROOT0_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), ROOT0_B0),
            unsafe_div(ROOT0_A1, unsafe_add(convert(convert(time, bytes32), int256), ROOT0_B1)))))
            if time < 2**8
            else unsafe_add(ROOT1_C,
            unsafe_div(ROOT1_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), ROOT1_B0),
            unsafe_div(ROOT1_A1, unsafe_add(convert(convert(time, bytes32), int256), ROOT1_B1)))))
        )
        if time < 2**16
        else (
            unsafe_add(ROOT2_C,
            unsafe_div(ROOT2_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), ROOT2_B0),
            unsafe_div(ROOT2_A1, unsafe_add(convert(convert(time, bytes32), int256), ROOT2_B1)))))
            if time < 2**24
            else unsafe_add(ROOT3_C,
            unsafe_div(ROOT3_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), ROOT3_B0),
            unsafe_div(ROOT3_A1, unsafe_add(convert(convert(time, bytes32), int256), ROOT3_B1)))))
        )
    )
    # Twice the root, then the root.
    root = unsafe_add(root, unsafe_div(t, root))
    root = unsafe_add(root >> 2, unsafe_div(t, root))
    # Half the root is below 2**79; 2**70 and 2**101 more make 2**250.
    return convert(
        convert(
            unsafe_mul(
                unsafe_mul(convert(convert(unsafe_div(t, unsafe_add(root, unsafe_div(t, root))), bytes32), uint256), volatility),
                PER_ROOT_YEAR,
            ) >> 172,
            bytes32,
        ),
        int256,
    )


@internal
@pure
def _out_of_the_money_q64(low: int256, high: int256, deviation: int256) -> int256:
    """
    @notice Value of the option out of the money: the call when the strike is the higher of the
            two prices, else the put. The other one is worth `high - low` more.
            The caller has checked the domain.
    @dev Up to z2 = 2.24 both distribution functions are odd rationals about a half, without an
         exponential; beyond, the density at z1 and Mills' ratio. |z1| <= z2 in all cases.
    @param low [wad] lower of forward and strike, 0 <= low <= high.
    @param high [wad] higher of forward and strike, below 2**188; `low` is below 2**128.
    @param deviation [Q64] volatility times root of time, 0 <= deviation < 2**78.
    @return [wad] between 0 and low.
    """
    # ln(high / low) = 2 atanh(y) with 128 fractional bits, below 2**136; 0 if both are 0.
    y: int256 = unsafe_div(unsafe_sub(high, low) << 64, unsafe_add(high, low))
    u: int256 = unsafe_mul(y, y) >> 64
    if y < CLOSE:
        y = unsafe_mul(y, unsafe_add(fixed_point.CLOSE_C,
            unsafe_div(fixed_point.CLOSE_A0, unsafe_add(unsafe_add(u, fixed_point.CLOSE_B0),
            unsafe_div(fixed_point.CLOSE_A1, unsafe_add(u, fixed_point.CLOSE_B1))))))
    elif y < APART:
        y = unsafe_mul(y, unsafe_add(fixed_point.WIDE_C,
            unsafe_div(fixed_point.WIDE_A0, unsafe_add(unsafe_add(u, fixed_point.WIDE_B0),
            unsafe_div(fixed_point.WIDE_A1, unsafe_add(unsafe_add(u, fixed_point.WIDE_B1),
            unsafe_div(fixed_point.WIDE_A2, unsafe_add(unsafe_add(u, fixed_point.WIDE_B2),
            unsafe_div(fixed_point.WIDE_A3, unsafe_add(u, fixed_point.WIDE_B3))))))))))
    elif y < WIDE_APART:
        y = unsafe_div(
            unsafe_sub(high, unsafe_mul(low, 12)) << 64, unsafe_add(high, unsafe_mul(low, 12))
        )
        u = unsafe_mul(y, y) >> 64
        y = unsafe_add(LN_12, unsafe_mul(y, unsafe_add(fixed_point.WIDE_C,
            unsafe_div(fixed_point.WIDE_A0, unsafe_add(unsafe_add(u, fixed_point.WIDE_B0),
            unsafe_div(fixed_point.WIDE_A1, unsafe_add(unsafe_add(u, fixed_point.WIDE_B1),
            unsafe_div(fixed_point.WIDE_A2, unsafe_add(unsafe_add(u, fixed_point.WIDE_B2),
            unsafe_div(fixed_point.WIDE_A3, unsafe_add(u, fixed_point.WIDE_B3)))))))))))
    elif low == 0:
        return 0
    else:
        y = fixed_point._ln_ratio_q64(high, low) << 64
    # No deviation: z1 is beyond all bounds, or 0 as z2 is and the value 0.
    z1: int256 = unsafe_sub(unsafe_div(y, deviation | 1), deviation >> 1)
    z2: int256 = unsafe_add(z1, deviation)
    if z2 > normal.EDGE:
        # pdf(z1) = 2**-v / sqrt(2 pi), below 81 * 2**128 * 2**120 < 2**255; v = n + 1/2 + f. What
        # this gives beyond nine deviations is not used.
        v: uint256 = convert(
            convert(unsafe_mul(unsafe_mul(z1, z1), fixed_point.HALF_LOG2_E), bytes32), uint256
        ) >> 188
        y = unsafe_sub(convert(convert(v & MASK_60, bytes32), int256), 2**59)
        u = unsafe_mul(y, y)
        # 2**-f = 1 - 2f/(T + f); PDF_C has 63 fractional bits, so that with a ratio it is 127.
        u = unsafe_sub(
            normal.PDF_C,
            unsafe_div(
                unsafe_mul(2 * normal.PDF_C, y),
                unsafe_add(
                    unsafe_add(fixed_point.EXP_C,
                    unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                    unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                    y,
                ),
            ),
        )
        if convert(convert(unsafe_add(z1, normal.EDGE), bytes32), uint256) < normal.TWICE_EDGE:
            # cdf(-z1) - pdf(z1) M(z2).
            y = unsafe_mul(z1, z1) >> 64
            u = unsafe_sub(
                unsafe_sub(2**126, unsafe_mul(z1, unsafe_add(normal.MID_C,
                unsafe_div(normal.MID_A0, unsafe_add(unsafe_add(y, normal.MID_B0),
                unsafe_div(normal.MID_A1, unsafe_add(unsafe_add(y, normal.MID_B1),
                unsafe_div(normal.MID_A2, unsafe_add(unsafe_add(y, normal.MID_B2),
                unsafe_div(normal.MID_A3, unsafe_add(unsafe_add(y, normal.MID_B3),
                unsafe_div(normal.MID_A4, unsafe_add(y, normal.MID_B4)))))))))))) << 7),
                unsafe_mul(u, unsafe_div(normal.TAIL_A0, unsafe_add(unsafe_add(z2, normal.TAIL_B0),
                unsafe_div(normal.TAIL_A1, unsafe_add(unsafe_add(z2, normal.TAIL_B1),
                unsafe_div(normal.TAIL_A2, unsafe_add(unsafe_add(z2, normal.TAIL_B2),
                unsafe_div(normal.TAIL_A3, unsafe_add(unsafe_add(z2, normal.TAIL_B3),
                unsafe_div(normal.TAIL_A4, unsafe_add(unsafe_add(z2, normal.TAIL_B4),
                unsafe_div(normal.TAIL_A5, unsafe_add(unsafe_add(z2, normal.TAIL_B5),
                unsafe_div(normal.TAIL_A6, unsafe_add(z2, normal.TAIL_B6))))))))))))))) >> (v >> 60),
            )
        else:
            # The density is below 0.033 here.
            y = unsafe_div(normal.WING_A0, unsafe_add(unsafe_add(z2, normal.WING_B0),
            unsafe_div(normal.WING_A1, unsafe_add(unsafe_add(z2, normal.WING_B1),
            unsafe_div(normal.WING_A2, unsafe_add(unsafe_add(z2, normal.WING_B2),
            unsafe_div(normal.WING_A3, unsafe_add(unsafe_add(z2, normal.WING_B3),
            unsafe_div(normal.WING_A4, unsafe_add(unsafe_add(z2, normal.WING_B4),
            unsafe_div(normal.WING_A5, unsafe_add(z2, normal.WING_B5))))))))))))
            if z1 < 0:
                if z1 < -NINE:
                    return low
                # M(-z) = -a0/(z - b0 + a1/(z - b1 + ...)).
                u = unsafe_sub(
                    2**127,
                    unsafe_mul(u, unsafe_sub(y, unsafe_div(normal.WING_A0, unsafe_add(unsafe_sub(z1, normal.WING_B0),
                    unsafe_div(normal.WING_A1, unsafe_add(unsafe_sub(z1, normal.WING_B1),
                    unsafe_div(normal.WING_A2, unsafe_add(unsafe_sub(z1, normal.WING_B2),
                    unsafe_div(normal.WING_A3, unsafe_add(unsafe_sub(z1, normal.WING_B3),
                    unsafe_div(normal.WING_A4, unsafe_add(unsafe_sub(z1, normal.WING_B4),
                    unsafe_div(normal.WING_A5, unsafe_sub(z1, normal.WING_B5)))))))))))))) >> (v >> 60),
                )
            else:
                if z1 > NINE:
                    return 0
                u = unsafe_mul(u, unsafe_sub(unsafe_div(normal.WING_A0, unsafe_add(unsafe_add(z1, normal.WING_B0),
                unsafe_div(normal.WING_A1, unsafe_add(unsafe_add(z1, normal.WING_B1),
                unsafe_div(normal.WING_A2, unsafe_add(unsafe_add(z1, normal.WING_B2),
                unsafe_div(normal.WING_A3, unsafe_add(unsafe_add(z1, normal.WING_B3),
                unsafe_div(normal.WING_A4, unsafe_add(unsafe_add(z1, normal.WING_B4),
                unsafe_div(normal.WING_A5, unsafe_add(z1, normal.WING_B5)))))))))))), y)) >> (v >> 60)
        # Rounding may leave a few units below zero where the value vanishes. Below 2**128 * 2**127.
        return max(unsafe_mul(low, u) >> 127, 0)
    # high cdf(z2) - low cdf(z1) - (high - low), the halves taken together. Unless there is no
    # deviation, z2 bounds high by 12.3 times low: below 2**132 * 2**119.
    u = unsafe_mul(z1, z1) >> 64
    y = unsafe_mul(z2, z2) >> 64
    return max(
        unsafe_sub(
            unsafe_sub(
                unsafe_mul(high, unsafe_mul(z2, unsafe_add(normal.MID_C,
                unsafe_div(normal.MID_A0, unsafe_add(unsafe_add(y, normal.MID_B0),
                unsafe_div(normal.MID_A1, unsafe_add(unsafe_add(y, normal.MID_B1),
                unsafe_div(normal.MID_A2, unsafe_add(unsafe_add(y, normal.MID_B2),
                unsafe_div(normal.MID_A3, unsafe_add(unsafe_add(y, normal.MID_B3),
                unsafe_div(normal.MID_A4, unsafe_add(y, normal.MID_B4))))))))))))),
                unsafe_mul(low, unsafe_mul(z1, unsafe_add(normal.MID_C,
                unsafe_div(normal.MID_A0, unsafe_add(unsafe_add(u, normal.MID_B0),
                unsafe_div(normal.MID_A1, unsafe_add(unsafe_add(u, normal.MID_B1),
                unsafe_div(normal.MID_A2, unsafe_add(unsafe_add(u, normal.MID_B2),
                unsafe_div(normal.MID_A3, unsafe_add(unsafe_add(u, normal.MID_B3),
                unsafe_div(normal.MID_A4, unsafe_add(u, normal.MID_B4))))))))))))),
            ),
            unsafe_sub(high, low) << 119,
        ) >> 120,
        0,
    )
