# pragma version 0.4.3
# pragma optimize gas
"""
@title Black-76
@license AGPL-3.0-only
@notice Undiscounted value of a European call and put on a forward, both from one evaluation.
        With s the standard deviation of the log-price to expiry and x = |ln(F/K)|,
        z1 = x/s - s/2, z2 = x/s + s/2 and Mills' ratio M, the option out of the money is worth

          min(F, K) * pdf(z1) * (M(z1) - M(z2))                for z1 >= 0
          min(F, K) * (1 - pdf(z1) * (M(-z1) + M(z2)))         for z1 < 0

        since F pdf(d1) = K pdf(d2): one exponential, two rationals. The other option follows
        from parity, which therefore holds to the wei.
        F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976).
@dev Domain: forward and strike from 0 to 2**128 - 1, volatility from 0 to 2**70 - 1 wad
     (1,180, or 118,000 %), time from 0 to 2**32 - 1 s (136 years). Within it nothing reverts
     or wraps: no time, no volatility or a zero price give the payoff, a large deviation
     gives the forward (call) and the strike (put). Beyond it: a revert with a named reason.
     Error at most 4e-15 of the lower of forward and strike, plus 1 wei.
@custom:rounding Values round down by at most 1 wei beyond the stated error.
"""

from . import fixed_point
from . import normal

WAD: constant(uint256) = 10**18
YEAR: constant(uint256) = 31_536_000
# (q - 1)/(q + 1) for the quotient q = 1.4144 up to which the series for ln q was fitted.
NEAR_Q64: constant(int256) = 3_165_824_863_607_386_000
# The same for q = 2.8.
DOUBLE_Q64: constant(int256) = 8_737_931_403_336_103_387
LN_2: constant(int256) = 12_786_308_645_202_655_660
LOG2_E: constant(int256) = 26_613_026_195_688_644_983
INVERSE_SQRT_2PI: constant(int256) = 7_359_186_146_747_302_452
# Ten standard deviations: what lies beyond is below 1e-24 of the price.
TEN_Q64: constant(int256) = 10 * 2**64


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
    low: int256 = convert(min(forward, strike), int256)
    high: int256 = convert(max(forward, strike), int256)
    value: int256 = self._out_of_the_money_q64(low, high, self._deviation_q64(volatility, time))
    # 0 <= value <= low: both sums are positive and below 2**129.
    out: uint256 = convert(value, uint256)
    into: uint256 = convert(unsafe_add(value, unsafe_sub(high, low)), uint256)
    if forward > strike:
        return into, out
    return out, into


@internal
@pure
def _deviation_q64(volatility: uint256, time: uint256) -> int256:
    """
    @notice Standard deviation of the log-price to expiry, the same for all strikes.
    @param volatility [wad] annualised, below 2**70.
    @param time [s] to expiry, below 2**32.
    @return [Q64] below 2**78, rounded down.
    """
    assert volatility < 2**70, "black76: volatility too large"
    assert time < 2**32, "black76: time too long"
    # The root has 96 fractional bits: below 2**100; times 2**70 fits.
    return convert(
        unsafe_div(unsafe_mul(volatility, isqrt(unsafe_div(time << 192, YEAR))), WAD << 32), int256
    )


@internal
@pure
def _out_of_the_money_q64(low: int256, high: int256, deviation: int256) -> int256:
    """
    @notice Value of the option out of the money: the call when the strike is the higher of the
            two prices, else the put. The other one is worth `high - low` more.
            The caller has checked the domain.
    @param low [wad] lower of forward and strike, 0 <= low <= high.
    @param high [wad] higher of forward and strike, below 2**128.
    @param deviation [Q64] volatility times root of time, 0 <= deviation < 2**78.
    @return [wad] between 0 and low.
    """
    # Below 2**206: zero exactly when one of the two is.
    if unsafe_mul(low, deviation) == 0:
        return 0
    # ln(high / low) = 2 atanh(y), minimax of degree 6 in y**2, error 6e-17, as in fixed_point:
    # written out for quotients up to 1.4144, and with one doubling up to 2.8.
    offset: int256 = 0
    gap: int256 = unsafe_div(unsafe_sub(high, low) << 64, unsafe_add(high, low))
    if gap > NEAR_Q64:
        if gap > DOUBLE_Q64:
            offset = fixed_point._ln_ratio_q64(high, low)
            gap = 0
        else:
            offset = LN_2
            gap = unsafe_div(
                unsafe_sub(high, unsafe_add(low, low)) << 64, unsafe_add(high, unsafe_add(low, low))
            )
    if gap != 0:
        u: int256 = unsafe_mul(gap, gap) >> 64
        gap = unsafe_mul(
            gap,
            unsafe_add(
                36_893_488_147_419_109_648,
                unsafe_mul(
                    u,
                    unsafe_add(
                        12_297_829_382_451_766_180,
                        unsafe_mul(
                            u,
                            unsafe_add(
                                7_378_697_640_990_715_949,
                                unsafe_mul(
                                    u,
                                    unsafe_add(
                                        5_270_495_973_956_764_113,
                                        unsafe_mul(
                                            u,
                                            unsafe_add(
                                                4_099_501_296_940_275_595,
                                                unsafe_mul(
                                                    u,
                                                    unsafe_add(
                                                        3_342_869_302_085_354_223,
                                                        unsafe_mul(u, 3_106_439_875_922_534_515) >> 64,
                                                    ),
                                                ) >> 64,
                                            ),
                                        ) >> 64,
                                    ),
                                ) >> 64,
                            ),
                        ) >> 64,
                    ),
                ) >> 64,
            ),
        ) >> 64
    half: int256 = deviation >> 1
    # ln < 89 in Q64 is below 2**71: the quotient is below 2**135, nothing wraps.
    gap = unsafe_div(unsafe_add(offset, gap) << 64, deviation)
    z1: int256 = unsafe_sub(gap, half)
    if z1 < 0:
        if z1 <= -TEN_Q64:
            return low
    elif z1 >= TEN_Q64:
        return 0
    # pdf(z1) by e**r = (T + r)/(T - r), z1**2 / 2 = n ln 2 - r, as in fixed_point; degree 4 errs
    # by 4e-16. The square is below 100, so 0 <= n <= 73 (by way of bytes32, as a conversion would check again), and all products are below 2**210.
    # Mills' ratios are at most 1.26: products with the density below 2**131.
    ratio: int256 = normal._mills_q64(unsafe_add(gap, half))
    r: int256 = unsafe_mul(z1, z1) >> 65
    n: int256 = unsafe_add(unsafe_mul(r, LOG2_E), 2**127) >> 128
    r = unsafe_sub(unsafe_mul(n, LN_2), r)
    t: int256 = unsafe_mul(r, r) >> 64
    t = unsafe_add(
        36_893_488_147_419_140_502,
        unsafe_mul(
            t,
            unsafe_sub(
                3_074_457_345_602_734_677,
                unsafe_mul(
                    t,
                    unsafe_sub(
                        51_240_954_725_655_019,
                        unsafe_mul(t, unsafe_sub(1_219_998_614_079_473, unsafe_mul(t, 30_270_456_373_529) >> 64)) >> 64,
                    ),
                ) >> 64,
            ),
        ) >> 64,
    )
    t = unsafe_div(unsafe_mul(unsafe_add(t, r), INVERSE_SQRT_2PI), unsafe_sub(t, r)) >> convert(
        convert(n, bytes32), uint256
    )
    if z1 < 0:
        ratio = unsafe_add(ratio, normal._mills_q64(unsafe_sub(0, z1)))
        t = unsafe_sub(2**64, unsafe_mul(t, ratio) >> 64)
    else:
        t = unsafe_mul(t, unsafe_sub(normal._mills_q64(z1), ratio)) >> 64
    # Rounding may leave a few units below zero where the value vanishes.
    if t < 0:
        return 0
    return unsafe_mul(low, t) >> 64
