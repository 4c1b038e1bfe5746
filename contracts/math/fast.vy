# pragma version 0.4.3
# pragma optimize gas
"""
@title Fast tier: option values for margin scenarios
@license AGPL-3.0-only
@notice Undiscounted Black-76 calls under many spot shifts and a few volatilities, for engines that
        value whole books. With y = ln(F / K) and s = volatility times root of time:

        Narrow, s < 3/8: one table look-up for a scenario. Black's call is Bachelier's,

          call = M t A(y / t),  A(z) = pdf(z) + z cdf(z),  M = (F - K) / y,  t = s / (1 + s**2 / 24)

        (the normal volatility of a lognormal model; P. Hagan et al., "Managing smile risk",
        Wilmott 2002, with the terms of fourth order left out). A is a parabola on each of 132
        segments of [-5.5, 5.5], one word each; beyond, the call is worth nothing or F - K.

        Wide: Taylor's polynomial of degree 7 in the shift L = ln(spot multiple), |L| <= 0.2232,
        around the unshifted price. With g(L) = K pdf(d2 + L / s) / s, call'' - call' = g.

        How an engine uses it: per market `_shift` of each spot multiple; per expiry F times each
        multiple; per position `_moneyness` and s; per volatility `_narrow` or `_wide`;
        per scenario `_call` or `_at`, or their bodies written out in the engine's loop with
        `_table` in memory, as in tests/harness/FastRow.vy. A put is the call plus K - F: puts and
        calls of one strike need one evaluation.
@dev Domain: prices below 2**128 wad, |y| < 2**72 and s < 2**78 in Q64 (1.0 = 2**64). Within it
     nothing reverts or wraps. No time or no volatility gives the payoff, a large deviation F.
     Error at most 1e-6 of the higher of F and K, either sign (tests/unit/math/fast/): the engine
     adds it to what it asks for. It is continuous in y and s but for that much.

     A word of the table holds c0, c1, c2, highest first, modulo 2**84 each, of
     A = (c0 + c1 d + c2 d**2) / 2**80 with d the distance from -5.5 in units of 2**-24 segments.
     Nothing is shifted before the end, so that a lower coefficient may be used with what
     stands above it: that stays above bit 84, and the signs need no care.
@custom:rounding To nearest within the stated bound, not directed.
"""

from . import fixed_point
from . import normal

WAD: constant(int256) = 10**18
ONE: constant(int256) = 2**64
# From here on deviations are wide: 3/8.
WIDE: constant(int256) = 3 * 2**61  # [Q64]
# Segments for a unit of z, and their number over [-5.5, 5.5].
DENSITY: constant(int256) = 12
SEGMENTS: constant(uint256) = 132
STEP: constant(uint256) = 24
MIDDLE: constant(int256) = 66 * 2**24
LIMIT: constant(int256) = 132 * 2**24
MASK: constant(uint256) = 2**84 - 1
# |y| below which M = (F - K) / y would lose digits: 6e-8.
NEAR: constant(int256) = 2**40  # [Q64]
# Below this deviation all is payoff: 1e-12.
LEAST: constant(int256) = 2**24  # [Q64]
# Mills' ratio on [0, infinity) times the density, error 3.1e-10; denominators stay above 0.79.
# From benchmarks/coefficients.py, as those of normal.vy.
SHORT_A0: constant(int256) = 339_124_448_519_131_398_593_606_606_137_931_848_669
SHORT_B0: constant(int256) = -1_695_657_629_340_185_162
SHORT_A1: constant(int256) = 765_560_296_933_489_951_472_888_050_511_310_470_672
SHORT_B1: constant(int256) = 94_221_188_474_439_557_497
SHORT_A2: constant(int256) = -2_871_636_013_034_739_426_244_727_295_641_031_735_466
SHORT_B2: constant(int256) = -45_716_528_524_081_075_123
SHORT_A3: constant(int256) = 11_978_258_913_618_333_738_364_964_982_297_604_285_586
SHORT_B3: constant(int256) = 112_735_228_568_244_999_191
FAR: constant(int256) = 2**71  # [Q64] |ln| of a price of zero


TABLE: immutable(uint256[132])


@deploy
def __init__():
    """
    @notice Fills the table from the exact tier: on each segment Taylor's parabola around the middle,
            with the cubic term economised (t**3 is nearest to 3/4 a**2 t on |t| <= a): error
            |pdf'| / 12**3 / 192 <= 7.4e-7 times s.
    """
    table: uint256[132] = empty(uint256[132])
    for i: uint256 in range(SEGMENTS):
        # Middle of the segment [Q64].
        start: int256 = convert(i, int256)
        z: int256 = ((2 * start - 131) << 64) // (2 * DENSITY)
        pdf: int256 = normal._pdf_q64(z)
        cdf: int256 = (pdf * normal._mills_q64(abs(z))) >> 64
        if z > 0:
            cdf = ONE - cdf
        # A' = cdf, A'' = pdf, A''' = -z pdf, in units of segments, all with 80 fractional bits.
        first: int256 = ((cdf - ((z * pdf) >> 64) // (8 * 4 * DENSITY**2)) << 16) // DENSITY
        second: int256 = (pdf << 15) // DENSITY**2
        level: int256 = (pdf + ((z * cdf) >> 64)) << 16
        # From the middle m = i + 1/2 to -5.5: c0 = level - m first + m**2 second and so on, exactly
        # modulo 2**84 for the rounded coefficient of d**2.
        c2: int256 = second >> 48
        middle: int256 = (start << 24) + 2**23
        c1: int256 = (first >> 24) - 2 * middle * c2
        c0: int256 = level - middle * (first >> 24) + middle * middle * c2
        table[i] = (self._modulo(c0) << 168) | (self._modulo(c1) << 84) | self._modulo(c2)
    TABLE = table


# -- once for a market, a position, a volatility --


@internal
@pure
def _shift(multiple: uint256) -> int256:
    """
    @notice What a spot multiple adds to the moneyness.
    @param multiple [wad] positive, below 2**128.
    @return [Q64] its logarithm.
    """
    # |ln| < 48, so 2**66 wad: below 2**130.
    return unsafe_div(fixed_point._ln(multiple) << 64, WAD)


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
def _narrow(deviation: int256) -> (int256, int256):
    """
    @notice What the scenarios of a narrow volatility share.
    @param deviation [Q64] 0 <= deviation < WIDE.
    @return scale: t [Q64]; inverse: `y * inverse >> 128` is z in bits of segments.
    """
    # t = s / (1 + s**2 / 24); the inverse is below 2**(4 + 152 - 24).
    scale: int256 = unsafe_div(
        max(deviation, LEAST) << 64, unsafe_add(ONE, unsafe_div(unsafe_mul(deviation, deviation) >> 64, 24))
    )
    return scale, unsafe_div(DENSITY << 152, scale)


@internal
@pure
def _wide(forward: int256, strike: int256, moneyness: int256, deviation: int256) -> int256[8]:
    """
    @notice Taylor coefficients of a call in the shift of the logarithm of the forward.
    @dev Linear in forward and strike together: both times a quantity give what the position adds.
    @param forward [wad] unshifted; it and the strike below 2**172 either way, times the quantity.
    @param strike [wad]
    @param moneyness [Q64] ln(forward / strike).
    @param deviation [Q64] WIDE <= deviation < 2**78.
    @return [wad] of L**0 to L**7.
    """
    # |moneyness| < 2**72 and deviation > 2**62: the quotient is below 2**74.
    slant: int256 = unsafe_div(moneyness << 64, deviation)
    d1: int256 = unsafe_add(slant, deviation >> 1)
    d2: int256 = unsafe_sub(slant, deviation >> 1)
    # F pdf(d1) = K pdf(d2), from the nearer of the two, at most 2**79 away; then F cdf(d1) and K cdf(d2).
    density: int256 = 0
    if moneyness < 0:
        density = unsafe_mul(forward, normal._pdf_q64(d1)) >> 64
    else:
        density = unsafe_mul(strike, normal._pdf_q64(d2)) >> 64
    above: int256 = unsafe_mul(density, self._mills(abs(d1))) >> 64
    if d1 > 0:
        above = unsafe_sub(forward, above)
    below: int256 = unsafe_mul(density, self._mills(abs(d2))) >> 64
    if d2 > 0:
        below = unsafe_sub(strike, below)
    # g = sum of g[n] L**n: g[n + 1] (n + 1) = -(u g[n] + r g[n - 1]), u = d2 / s, r = 1 / s**2,
    # from the density's derivative; r < 8, and |u| < 2**5 unless the density has vanished and
    # with it all products, so that nothing leaves 2**244.
    inverse: int256 = unsafe_div(ONE << 64, deviation)
    u: int256 = unsafe_mul(d2, inverse) >> 64
    r: int256 = unsafe_mul(inverse, inverse) >> 64
    g0: int256 = unsafe_mul(density, inverse) >> 64
    g1: int256 = unsafe_sub(0, unsafe_mul(u, g0) >> 64)
    g2: int256 = unsafe_sub(0, unsafe_add(unsafe_mul(u, g1), unsafe_mul(r, g0)) >> 65)
    g3: int256 = unsafe_div(unsafe_add(unsafe_mul(u, g2), unsafe_mul(r, g1)) >> 64, -3)
    g4: int256 = unsafe_sub(0, unsafe_add(unsafe_mul(u, g3), unsafe_mul(r, g2)) >> 66)
    g5: int256 = unsafe_div(unsafe_add(unsafe_mul(u, g4), unsafe_mul(r, g3)) >> 64, -5)
    # c[n + 2] (n + 2)(n + 1) = (n + 1) c[n + 1] + g[n].
    c2: int256 = unsafe_add(above, g0) >> 1
    c3: int256 = unsafe_div(unsafe_add(unsafe_add(c2, c2), g1), 6)
    c4: int256 = unsafe_div(unsafe_add(unsafe_mul(c3, 3), g2), 12)
    c5: int256 = unsafe_div(unsafe_add(c4 << 2, g3), 20)
    c6: int256 = unsafe_div(unsafe_add(unsafe_mul(c5, 5), g4), 30)
    c7: int256 = unsafe_div(unsafe_add(unsafe_mul(c6, 6), g5), 42)
    return [unsafe_sub(above, below), above, c2, c3, c4, c5, c6, c7]


@internal
@pure
def _direct(forward: int256, strike: int256, moneyness: int256, deviation: int256) -> int256:
    """
    @notice A single call at a wide volatility.
    @dev Bounds as in `_wide`.
    @param forward [wad]
    @param strike [wad]
    @param moneyness [Q64] ln(forward / strike).
    @param deviation [Q64] WIDE <= deviation < 2**78.
    @return [wad] error at most 3.2e-10 of the sum of forward and strike.
    """
    slant: int256 = unsafe_div(moneyness << 64, deviation)
    d1: int256 = unsafe_add(slant, deviation >> 1)
    d2: int256 = unsafe_sub(slant, deviation >> 1)
    density: int256 = 0
    if moneyness < 0:
        density = unsafe_mul(forward, normal._pdf_q64(d1)) >> 64
    else:
        density = unsafe_mul(strike, normal._pdf_q64(d2)) >> 64
    above: int256 = unsafe_mul(density, self._mills(abs(d1))) >> 64
    if d1 > 0:
        above = unsafe_sub(forward, above)
    below: int256 = unsafe_mul(density, self._mills(abs(d2))) >> 64
    if d2 > 0:
        below = unsafe_sub(strike, below)
    return unsafe_sub(above, below)


@internal
@pure
def _mills(z: int256) -> int256:
    """
    @notice Mills' ratio of the standard normal where it will be multiplied by the density.
    @param z [Q64] 0 <= z < 2**100.
    @return [Q64] error times the density at most 3.1e-10.
    """
    return (
        unsafe_div(SHORT_A0, unsafe_add(unsafe_add(z, SHORT_B0),
        unsafe_div(SHORT_A1, unsafe_add(unsafe_add(z, SHORT_B1),
        unsafe_div(SHORT_A2, unsafe_add(unsafe_add(z, SHORT_B2),
        unsafe_div(SHORT_A3, unsafe_add(z, SHORT_B3))))))))
    )


@internal
@pure
def _add(sums: int256[8], coefficients: int256[8]) -> int256[8]:
    """
    @notice Polynomials are added, so that the wide options of an expiry cost one evaluation for a
            scenario, however many they are.
    """
    return [
        unsafe_add(sums[0], coefficients[0]),
        unsafe_add(sums[1], coefficients[1]),
        unsafe_add(sums[2], coefficients[2]),
        unsafe_add(sums[3], coefficients[3]),
        unsafe_add(sums[4], coefficients[4]),
        unsafe_add(sums[5], coefficients[5]),
        unsafe_add(sums[6], coefficients[6]),
        unsafe_add(sums[7], coefficients[7]),
    ]


@internal
@view
def _table() -> uint256[132]:
    """
    @notice The table, for an engine that keeps it in memory.
    """
    return TABLE


# -- each scenario --


@internal
@view
def _call(forward: int256, strike: int256, moneyness: int256, scale: int256, inverse: int256) -> int256:
    """
    @notice Value of a call in a scenario of a narrow volatility.
    @param forward [wad] the shifted one.
    @param strike [wad]
    @param moneyness [Q64] ln(forward / strike), shift included.
    @param scale as `_narrow` gave it.
    @param inverse as `_narrow` gave it.
    @return [wad]
    """
    # |moneyness| < 2**73, inverse < 2**133: below 2**206. Below zero is huge without a sign.
    d: uint256 = self._bits(unsafe_add(unsafe_mul(moneyness, inverse) >> 128, MIDDLE))
    if d < self._bits(LIMIT):
        word: uint256 = TABLE[d >> STEP]
        # The mean of F and K is M for nearby prices, to y**2 / 12. A below 2**84, M below 2**128.
        mean: int256 = unsafe_add(forward, strike) >> 1
        if abs(moneyness) > NEAR:
            mean = unsafe_div(unsafe_sub(forward, strike) << 64, moneyness)
        return unsafe_mul(
            unsafe_mul(mean, scale) >> 64,
            self._signed(
                unsafe_add(
                    word >> 168, unsafe_mul(d, unsafe_add(word >> 84, unsafe_mul(d, word)))
                )
                & MASK
            ),
        ) >> 80
    if moneyness < 0:
        return 0
    return unsafe_sub(forward, strike)


@internal
@pure
def _at(coefficients: int256[8], move: int256) -> int256:
    """
    @notice Value of a call in a scenario of a wide volatility.
    @param coefficients as `_wide` gave them.
    @param move [Q64] the shift L, |L| <= 0.2232 for the stated error.
    @return [wad]
    """
    return unsafe_add(
        coefficients[0],
        unsafe_mul(
            move,
            unsafe_add(
                coefficients[1],
                unsafe_mul(
                    move,
                    unsafe_add(
                        coefficients[2],
                        unsafe_mul(
                            move,
                            unsafe_add(
                                coefficients[3],
                                unsafe_mul(
                                    move,
                                    unsafe_add(
                                        coefficients[4],
                                        unsafe_mul(
                                            move,
                                            unsafe_add(
                                                coefficients[5],
                                                unsafe_mul(
                                                    move,
                                                    unsafe_add(
                                                        coefficients[6], unsafe_mul(move, coefficients[7]) >> 64
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
        ) >> 64,
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
def _signed(word: uint256) -> int256:
    return convert(convert(word, bytes32), int256)


@internal
@pure
def _modulo(coefficient: int256) -> uint256:
    return self._bits(coefficient) & MASK
