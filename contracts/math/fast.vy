# pragma version 0.4.3
# pragma optimize gas
"""
@title Fast tier: option values for margin scenarios
@license AGPL-3.0-only
@notice Black-76 by two table look-ups. A margin check values every position under some twenty
        scenarios, where 1e-6 of the price is more than enough:

          call = F cdf(d1) - K cdf(d2),  d1 = x/s + s/2,  d2 = d1 - s,  x = ln(F / K)

        What does not change is taken out of the loop: x and s once for a position, one division
        for each volatility row (`_row`), and for a scenario the sum of x and the logarithm of its
        spot multiple. The distribution function is a parabola on each of 198 segments of
        [-5.5, 5.5], one word each; beyond, it is 0 and 1.

        For an engine: per market `_shift` of each spot multiple; per expiry F times each multiple;
        per position `_moneyness` and the deviation; per volatility row `_row`; per scenario
        `_call`, or its body written out in the engine's own loop (DESIGN of the loop: see
        tests/harness/FastRow.vy), with the table in memory. A put is the call plus K - F, so
        that puts and calls of one strike need one evaluation, and what parity adds is linear
        in F for a whole expiry.
@dev Domain: prices below 2**128 wad, |x| < 2**72 and s < 2**78 in Q64 (1.0 = 2**64). Within it
     nothing reverts or wraps. No time or no volatility gives the payoff, a large deviation F.
     Error at most 1e-6 of the higher of F and K, for |x| <= 2 of F: 3.4e-7 for each of the two
     look-ups. May be below zero or below the payoff by as much.

     A word holds the three coefficients c0 + c1 f + c2 f**2, modulo 2**88 each, lowest last, for
     values with 80 fractional bits and f with 24. Because nothing is shifted before the end, the
     higher coefficients need not be masked off when a lower one is taken: what they leave
     stays above bit 88, and negative ones need no care.
@custom:rounding To nearest within the stated bound, not directed.
"""

from . import fixed_point
from . import normal

WAD: constant(int256) = 10**18
# Segments for a standard deviation, and 5.5 on both sides.
DENSITY: constant(int256) = 18
SEGMENTS: constant(uint256) = 198
# A segment has 24 bits; deviations are counted in them from -5.5 upwards.
STEP: constant(uint256) = 24
FRACTION: constant(uint256) = 2**24 - 1
MIDDLE: constant(int256) = 99 * 2**24
LIMIT: constant(int256) = 198 * 2**24
COEFFICIENT: constant(uint256) = 88
TWO_COEFFICIENTS: constant(uint256) = 176
MASK: constant(uint256) = 2**88 - 1
# Fractional bits of a value from the table.
VALUE: constant(uint256) = 80
ONE: constant(int256) = 2**80
# Below this deviation all is payoff: 1e-12.
LEAST_DEVIATION: constant(int256) = 2**24  # [Q64]
FAR: constant(int256) = 2**71  # [Q64] |ln| of a price of zero


TABLE: immutable(uint256[198])


@deploy
def __init__():
    """
    @notice Fills the table from the exact tier: on each segment Taylor's parabola around the middle,
            with the cubic term economised (t**3 is nearest to 3/4 a**2 t on |t| <= a): error
            |pdf''| / 18**3 / 192 <= 3.6e-7.
    """
    table: uint256[198] = empty(uint256[198])
    for i: uint256 in range(SEGMENTS):
        # Middle of the segment in Q64, and its width h = 1/18.
        z: int256 = ((2 * convert(i, int256) - 197) << 64) // 36
        pdf: int256 = normal._pdf_q64(z)
        cdf: int256 = (pdf * normal._mills_q64(abs(z))) >> 64
        if z > 0:
            cdf = 2**64 - cdf
        # Taylor in t = h (f - 1/2): c h, c' h**2 / 2 with pdf' = -z pdf, pdf'' = (z**2 - 1) pdf.
        square: int256 = (z * z) >> 64
        first: int256 = (pdf + ((square - 2**64) * pdf >> 64) // (8 * DENSITY**2 * 4)) // DENSITY
        second: int256 = -(z * pdf >> 64) // (2 * DENSITY**2)
        table[i] = (
            (self._modulo((cdf - first // 2 + second // 4) << 16) << TWO_COEFFICIENTS)
            | (self._modulo((first - second) >> 8) << COEFFICIENT)
            | self._modulo(second >> 32)
        )
    TABLE = table


# -- once for a market, a position, a volatility row --


@internal
@pure
def _shift(multiple: uint256) -> int256:
    """
    @notice What a spot multiple adds to the moneyness.
    @param multiple [wad] positive, below 2**128.
    @return [Q64] its logarithm.
    """
    return (fixed_point._ln(multiple) << 64) // WAD


@internal
@pure
def _moneyness(forward: uint256, strike: uint256) -> int256:
    """
    @notice ln(forward / strike), far out for a price of zero.
    @param forward [wad] below 2**128.
    @param strike [wad] below 2**128.
    @return [Q64] at most 2**71 in absolute value.
    """
    if forward == 0:
        return -FAR
    if strike == 0:
        return FAR
    if forward >= strike:
        return fixed_point._ln_ratio_q64(convert(forward, int256), convert(strike, int256))
    return unsafe_sub(0, fixed_point._ln_ratio_q64(convert(strike, int256), convert(forward, int256)))


@internal
@pure
def _row(deviation: int256) -> (int256, int256, int256, int256):
    """
    @notice What the scenarios of one volatility share.
    @param deviation [Q64] volatility times root of time, 0 <= deviation < 2**78.
    @return inverse: turns moneyness into bits of segments, `x * inverse >> 128`.
            lower: to be added for d2; gap: to be added to d2 for d1;
            width: d2 in [0, width) has both look-ups inside the table.
    """
    half: int256 = unsafe_mul(deviation, DENSITY) >> 41
    return (
        unsafe_div(DENSITY << 152, max(deviation, LEAST_DEVIATION)),
        unsafe_sub(MIDDLE, half),
        unsafe_add(half, half),
        max(unsafe_sub(LIMIT, unsafe_add(half, half)), 0),
    )


# -- each scenario --


@internal
@view
def _call(
    forward: int256, strike: int256, moneyness: int256, inverse: int256, lower: int256, gap: int256, width: int256
) -> int256:
    """
    @notice Undiscounted value of a call in a scenario.
    @param forward [wad] the shifted one.
    @param strike [wad]
    @param moneyness [Q64] ln(forward / strike): that of the position plus the scenario's shift.
    @return [wad]
    """
    # |moneyness| < 2**73, inverse < 2**133: below 2**206.
    d: uint256 = self._bits(unsafe_add(unsafe_mul(moneyness, inverse) >> 128, lower))
    # Unsigned: what is below zero is huge.
    if d < self._bits(width):
        word: uint256 = TABLE[d >> STEP]
        f: uint256 = d & FRACTION
        below: uint256 = unsafe_add(
            word >> TWO_COEFFICIENTS,
            unsafe_mul(f, unsafe_add(word >> COEFFICIENT, unsafe_mul(f, word))),
        ) & MASK
        d = unsafe_add(d, self._bits(gap))
        word = TABLE[d >> STEP]
        f = d & FRACTION
        # Values are below 2**81, prices below 2**128.
        return unsafe_sub(
            unsafe_mul(
                forward,
                convert(
                    unsafe_add(
                        word >> TWO_COEFFICIENTS,
                        unsafe_mul(f, unsafe_add(word >> COEFFICIENT, unsafe_mul(f, word))),
                    )
                    & MASK,
                    int256,
                ),
            ),
            unsafe_mul(strike, convert(below, int256)),
        ) >> VALUE
    return self._edge(forward, strike, convert(convert(d, bytes32), int256), gap)


@internal
@view
def _edge(forward: int256, strike: int256, d2: int256, gap: int256) -> int256:
    """
    @notice The same with at least one look-up beyond the table: mostly payoff or nothing.
    """
    d1: int256 = unsafe_add(d2, gap)
    if d1 < 0:
        return 0
    if d2 >= LIMIT:
        return unsafe_sub(forward, strike)
    above: int256 = ONE
    below: int256 = 0
    if d1 < LIMIT:
        above = self._cdf(self._bits(d1))
    if d2 >= 0:
        below = self._cdf(self._bits(d2))
    return unsafe_sub(unsafe_mul(forward, above), unsafe_mul(strike, below)) >> VALUE


@internal
@view
def _cdf(d: uint256) -> int256:
    """
    @param d Bits of segments from -5.5 upwards, below 198 * 2**24.
    @return [80 fractional bits]
    """
    word: uint256 = TABLE[d >> STEP]
    f: uint256 = d & FRACTION
    return convert(
        unsafe_add(
            word >> TWO_COEFFICIENTS,
            unsafe_mul(f, unsafe_add(word >> COEFFICIENT, unsafe_mul(f, word))),
        )
        & MASK,
        int256,
    )


@internal
@pure
def _bits(number: int256) -> uint256:
    """
    @notice The same word; a conversion would refuse a negative number.
    """
    return convert(convert(number, bytes32), uint256)


@internal
@pure
def _modulo(coefficient: int256) -> uint256:
    return self._bits(coefficient) & MASK
