# pragma version 0.4.3
# pragma optimize gas
"""
@title Realised volatility
@license AGPL-3.0-only
@notice Annualised volatility of prices observed, a year of 365 days: the root of the mean squared log
        return for a year (`_realised`), and its exponentially weighted form (`_ewma`), one
        step for a new price. The mean return is taken as zero, as is usual for short horizons.
        J.P. Morgan, "RiskMetrics technical document" (1996), for the weighted form.
@dev Prices positive and below 2**128 wad; a return is at most ln(2**128) = 89, its square below
     2**13. Whoever stores closes keeps `_square` of each return and sums.
@custom:rounding Down, by at most 1e-16 of a return.
"""

from . import fixed_point

WAD: constant(uint256) = 10**18
YEAR: constant(uint256) = 31_536_000


@internal
@pure
def _square(before: uint256, price: uint256) -> uint256:
    """
    @notice Squared log return.
    @param before [wad] positive, below 2**128.
    @param price [wad] positive, below 2**128.
    @return [wad] below 8e21.
    """
    assert before > 0 and price > 0, "realised_volatility: zero price"
    assert max(before, price) < 2**128, "realised_volatility: too large"
    # Below 2**71: the square fits 2**142, and after the shift 2**78.
    move: int256 = fixed_point._ln_ratio_q64(
        convert(max(before, price), int256), convert(min(before, price), int256)
    )
    return unsafe_mul(convert(unsafe_mul(move, move), uint256) >> 64, WAD) >> 64


@internal
@pure
def _ewma(variance: uint256, before: uint256, price: uint256, elapsed: uint256, decay: uint256) -> uint256:
    """
    @notice decay * variance + (1 - decay) * squared return for a year.
    @param variance [wad] annualised, so far, below 2**128.
    @param before [wad] the last price.
    @param price [wad] the new one.
    @param elapsed [s] between the two, positive, below 2**32.
    @param decay [wad] weight of what was known, 0 to 1.
    @return [wad] annualised
    """
    assert elapsed > 0, "realised_volatility: no time"
    assert decay <= WAD, "realised_volatility: decay > 1"
    assert variance < 2**128, "realised_volatility: too large"
    # Below 2**73 * 2**25 * 2**60.
    fresh: uint256 = unsafe_div(unsafe_mul(self._square(before, price), YEAR), elapsed)
    return unsafe_div(
        unsafe_add(unsafe_mul(variance, decay), unsafe_mul(fresh, unsafe_sub(WAD, decay))), WAD
    )


@internal
@pure
def _realised(squares: uint256, count: uint256, interval: uint256) -> uint256:
    """
    @notice Volatility from a sum of squared log returns.
    @param squares [wad] sum of `_square`, below 2**128.
    @param count Number of returns, positive, below 2**32.
    @param interval [s] between closes, positive, below 2**32.
    @return [wad] annualised
    """
    assert count > 0 and interval > 0, "realised_volatility: no time"
    assert squares < 2**128, "realised_volatility: too large"
    # Below 2**128 * 2**25 * 2**60.
    return isqrt(unsafe_div(unsafe_mul(squares, YEAR * WAD), unsafe_mul(count, interval)))


@internal
@pure
def _realised_of(closes: DynArray[uint256, 31], interval: uint256) -> uint256:
    """
    @notice Volatility of up to 30 returns between closes at equal intervals.
    @param closes [wad] from old to new, at least two.
    @param interval [s] between closes, below 2**32; a day is 86,400.
    @return [wad] annualised
    """
    assert len(closes) > 1, "realised_volatility: no time"
    sum: uint256 = 0
    for i: uint256 in range(1, len(closes), bound=30):
        sum = unsafe_add(sum, self._square(closes[unsafe_sub(i, 1)], closes[i]))
    return self._realised(sum, unsafe_sub(len(closes), 1), interval)
