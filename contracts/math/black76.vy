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
    if low == 0 or deviation == 0:
        return 0
    half: int256 = deviation >> 1
    # ln < 89 in Q64 is below 2**71: the quotient is below 2**135, nothing wraps.
    centre: int256 = unsafe_div(fixed_point._ln_ratio_q64(high, low) << 64, deviation)
    z1: int256 = unsafe_sub(centre, half)
    if z1 >= TEN_Q64:
        return 0
    if z1 <= -TEN_Q64:
        return low
    # pdf <= 0.4 and the ratios <= 1.26, all in Q64: products below 2**131.
    part: int256 = normal._mills_q64(unsafe_add(centre, half))
    if z1 < 0:
        part = unsafe_add(part, normal._mills_q64(unsafe_sub(0, z1)))
        part = unsafe_sub(2**64, unsafe_mul(normal._pdf_q64(z1), part) >> 64)
    else:
        part = unsafe_mul(normal._pdf_q64(z1), unsafe_sub(normal._mills_q64(z1), part)) >> 64
    # Rounding may leave a few units below zero where the value vanishes.
    return unsafe_mul(low, max(part, 0)) >> 64
