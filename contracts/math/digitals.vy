# pragma version 0.4.3
# pragma optimize gas
"""
@title Digital options
@license AGPL-3.0-only
@notice Undiscounted values of cash-or-nothing options, F > K with probability cdf(d2), and of
        asset-or-nothing options, F cdf(d1); call and put of one evaluation. An asset-or-nothing
        call less K cash-or-nothing calls is a vanilla call.
        M. Rubinstein, E. Reiner, "Unscrambling the binary code", Risk 4 (1991).
@dev Domain: prices below 2**128 wad, deviation below 2**78 in Q64 (1.0 = 2**64). Within it nothing
     reverts or wraps. Without deviation: the payoff; a call pays above the strike, a put at or
     below it. Error at most 1e-14 of what is paid.
@custom:rounding The smaller of the two to nearest within the stated error; the other is the rest, so
                 that the two add up exactly.
"""

from . import fixed_point
from . import normal

# 40 standard deviations, where tails have vanished.
TAIL: constant(int256) = 40 * 2**64
# Below this deviation there is only the payoff: 1e-12.
LEAST: constant(int256) = 2**24  # [Q64]


@internal
@pure
def _cash(forward: uint256, strike: uint256, deviation: int256) -> (uint256, uint256):
    """
    @notice Cash-or-nothing call and put that pay 1.
    @param forward [wad] below 2**128.
    @param strike [wad] below 2**128.
    @param deviation [Q64] volatility times root of time, 0 <= deviation < 2**78.
    @return call [wad], put [wad], together 1e18.
    """
    return self._split(10**18, forward, strike, deviation, unsafe_sub(0, deviation >> 1))


@internal
@pure
def _asset(forward: uint256, strike: uint256, deviation: int256) -> (uint256, uint256):
    """
    @notice Asset-or-nothing call and put that pay a unit of the underlying.
    @param forward [wad] below 2**128.
    @param strike [wad] below 2**128.
    @param deviation [Q64] volatility times root of time, 0 <= deviation < 2**78.
    @return call [wad], put [wad], together `forward`.
    """
    return self._split(forward, forward, strike, deviation, deviation >> 1)


@internal
@pure
def _split(
    amount: uint256, forward: uint256, strike: uint256, deviation: int256, offset: int256
) -> (uint256, uint256):
    """
    @notice amount * cdf(z) and the rest, z = ln(forward / strike) / deviation + offset.
    """
    assert forward < 2**128, "digitals: forward too large"
    assert strike < 2**128, "digitals: strike too large"
    assert deviation >= 0 and deviation < 2**78, "digitals: deviation out of range"
    if deviation < LEAST or forward == 0 or strike == 0:
        if forward > strike:
            return amount, 0
        return 0, amount
    # |ln| < 2**71: the quotient is below 2**111.
    z: int256 = 0
    if forward >= strike:
        z = fixed_point._ln_ratio_q64(convert(forward, int256), convert(strike, int256))
    else:
        z = unsafe_sub(0, fixed_point._ln_ratio_q64(convert(strike, int256), convert(forward, int256)))
    z = unsafe_add(unsafe_div(z << 64, deviation), offset)
    size: int256 = min(abs(z), TAIL)
    # Density and Mills' ratio are below 2**64, the amount below 2**128; the tail is at most a half
    # but for rounding.
    tail: uint256 = min(
        unsafe_mul(
            amount, convert(unsafe_mul(normal._pdf_q64(size), normal._mills_q64(size)) >> 64, uint256)
        ) >> 64,
        amount,
    )
    if z > 0:
        return unsafe_sub(amount, tail), tail
    return tail, unsafe_sub(amount, tail)
