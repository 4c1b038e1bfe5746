# pragma version 0.4.3
# pragma optimize gas
"""
@title Implied volatility
@license AGPL-3.0-only
@notice The volatility at which Black-Scholes gives a price. In units of the lower price, with x
        the absolute logarithm of the quotient of both, the option out of the money is worth c,
        a function of the deviation s alone, c' = pdf(z1), with z1 and z2 as in black76.vy.
        The first guess is Bachelier's formula inverted by a rational function, with
        s = b (1 + b**2 / (24 + 2.3 b**2)) for the difference of the models, or for c above 3/8
        the normal distribution inverted likewise: within 23 % everywhere, 1 % where markets are. Then two of Householder's steps of third order (errors to the fourth power)
        on ln c below z1 = 0 and on ln(1 - c) above: both are nearly quadratic in z1, and Mills'
        ratio gives them without an exponential.
        P. Jaeckel, "Let's be rational", Wilmott 2015; C. Grunspan, "A note on the equivalence
        between the normal and the lognormal implied volatility", 2011.
@dev Domain of black_scholes.vy, time above 0. A price that the option out of the money reaches
     without volatility gives 0. The result errs by at most 1e-9 where a price says so much: an
     ulp of the price, 1 wei, moves it by 1/vega wei.
@custom:rounding To nearest within the stated bounds, not directed.
"""

from . import black76
from . import black_scholes
from . import fixed_point
from . import normal

WAD: constant(int256) = 10**18
ONE: constant(int256) = 2**64
# 1/sqrt(2 pi), 24 and 2.3 in Q64.
PDF_0: constant(int256) = 7_359_186_146_747_302_452
MASK_60: constant(uint256) = 2**60 - 1
# Half the root of the seconds of a year, with 84 fractional bits.
HALF_ROOT_YEAR: constant(int256) = 54_311_643_324_719_154_399_174_047_072
SERIES: constant(int256) = 24 * 2**64
DAMPING: constant(int256) = 42_427_511_369_531_968_717
# First guesses, see benchmarks/coefficients.py.
BELOW_C: constant(int256) = 1_315_445_936_024_951_369
BELOW_A0: constant(int256) = 2_787_632_075_562_306_742_276_256_364_255_140_353_533
BELOW_B0: constant(int256) = 404_695_313_777_976_044_653
BELOW_A1: constant(int256) = -9_750_076_968_396_288_787_124_526_828_294_732_576_004
BELOW_B1: constant(int256) = 40_320_451_650_327_973_942

# Mills' ratio to 1.1e-5.
ROUGH_A0: constant(int256) = 340_699_509_973_172_199_657_279_040_285_550_379_988
ROUGH_B0: constant(int256) = 820_508_395_374_726_010
ROUGH_A1: constant(int256) = 134_747_795_186_966_941_763_189_626_218_458_865_864
ROUGH_B1: constant(int256) = -213_142_265_240_210_481_786
ROUGH_A2: constant(int256) = 66_388_582_277_895_810_047_850_314_524_299_052_539_447
ROUGH_B2: constant(int256) = 297_939_976_009_966_233_445


@internal
@pure
def _implied(
    price: uint256, is_call: bool, spot: uint256, strike: uint256, time: uint256, rate: int256
) -> uint256:
    """
    @notice Volatility that prices an option so.
    @param price [wad] of the option, discounted, from its payoff on the forward to its bound.
    @param is_call Whether it is a call.
    @param spot [wad] below 2**128.
    @param strike [wad] below 2**128.
    @param time [s] to expiry, 1 to 2**29 - 1.
    @param rate [wad] within 2**61.
    @return [wad] annualised
    """
    if (
        ((spot | strike | price) >> 128)
        | (time >> 29)
        | (convert(convert(unsafe_add(rate, black_scholes.MAX_RATE), bytes32), uint256) >> 62)
    ) != 0:
        assert price < 2**128, "implied_volatility: too dear"
        black_scholes._refuse(spot, strike, 0, time)
    assert time != 0, "implied_volatility: no time"
    low: int256 = convert(convert(spot, bytes32), int256)
    high: int256 = black_scholes._discounted(strike, time, rate)
    worth: int256 = convert(convert(price, bytes32), int256)
    if low > high:
        if is_call:
            worth = unsafe_sub(worth, unsafe_sub(low, high))
        low = high
        high = convert(convert(spot, bytes32), int256)
    elif not is_call:
        worth = unsafe_sub(worth, unsafe_sub(high, low))
    assert worth >= 0, "implied_volatility: too cheap"
    if worth == 0:
        return 0
    assert worth < low, "implied_volatility: too dear"
    # Half the root of time as in `black_scholes._price`, by which a call and its checks are saved.
    t: int256 = convert(convert(time << 128, bytes32), int256)
    root: int256 = (
        (
            unsafe_add(black76.ROOT0_C,
            unsafe_div(black76.ROOT0_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT0_B0),
            unsafe_div(black76.ROOT0_A1, unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT0_B1)))))
            if time < 2**8
            else unsafe_add(black76.ROOT1_C,
            unsafe_div(black76.ROOT1_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT1_B0),
            unsafe_div(black76.ROOT1_A1, unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT1_B1)))))
        )
        if time < 2**16
        else (
            unsafe_add(black76.ROOT2_C,
            unsafe_div(black76.ROOT2_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT2_B0),
            unsafe_div(black76.ROOT2_A1, unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT2_B1)))))
            if time < 2**24
            else unsafe_add(black76.ROOT3_C,
            unsafe_div(black76.ROOT3_A0, unsafe_add(unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT3_B0),
            unsafe_div(black76.ROOT3_A1, unsafe_add(convert(convert(time, bytes32), int256), black76.ROOT3_B1)))))
        )
    )
    # Twice the root, then the root.
    root = unsafe_add(root, unsafe_div(t, root))
    root = unsafe_add(root >> 2, unsafe_div(t, root))
    root = unsafe_div(t, unsafe_add(root, unsafe_div(t, root)))
    # The deviation below 2**90, 2**60 and 2**98 more.
    return convert(
        convert(
            unsafe_div(unsafe_mul(unsafe_mul(self._deviation_q64(worth, low, high), WAD), HALF_ROOT_YEAR), root),
            bytes32,
        ),
        uint256,
    ) >> 84


@internal
@pure
def _deviation_q64(worth: int256, low: int256, high: int256) -> int256:
    """
    @notice Deviation at which the option out of the money is worth so much.
    @param worth [wad] 0 < worth < low.
    @param low [wad] lower of spot and discounted strike, below 2**128.
    @param high [wad] higher of both, below 2**188.
    @return [Q64] positive
    """
    x: int256 = unsafe_div(unsafe_sub(high, low) << 64, unsafe_add(high, low))
    if x < black76.APART:
        square: int256 = unsafe_mul(x, x) >> 64
        x = unsafe_mul(x, unsafe_add(fixed_point.WIDE_C,
            unsafe_div(fixed_point.WIDE_A0, unsafe_add(unsafe_add(square, fixed_point.WIDE_B0),
            unsafe_div(fixed_point.WIDE_A1, unsafe_add(unsafe_add(square, fixed_point.WIDE_B1),
            unsafe_div(fixed_point.WIDE_A2, unsafe_add(unsafe_add(square, fixed_point.WIDE_B2),
            unsafe_div(fixed_point.WIDE_A3, unsafe_add(square, fixed_point.WIDE_B3)))))))))) >> 64
    else:
        x = self._log_q64(low, high)
    if unsafe_mul(worth, 8) > unsafe_mul(low, 3):
        # z from (1 - c)/(1 - c at z = 0) as if it were 2 cdf(-z), which holds for no x and for a
        # large one; then s = z + sqrt(z**2 + 2 x). Two quotients as one, below 2**188.
        z: int256 = self._root_q64(x << 65, unsafe_add(ONE >> 1, x))
        z = unsafe_mul(low, unsafe_add(ONE >> 5, unsafe_mul(PDF_0, normal._mills_near_q64(z)) >> 68))
        z = self._log_q64(unsafe_sub(low, worth) << 60, z)
        z = unsafe_mul(
            z,
            unsafe_add(normal.ABOVE_C,
                unsafe_div(normal.ABOVE_A0, unsafe_add(unsafe_add(z, normal.ABOVE_B0),
                unsafe_div(normal.ABOVE_A1, unsafe_add(z, normal.ABOVE_B1))))),
        ) >> 64
        s: int256 = unsafe_add(
            z, self._root_q64(unsafe_add(unsafe_mul(z, z), x << 65), unsafe_add(unsafe_add(ONE >> 1, x >> 1), z))
        )
        return self._step_q64(self._step_q64(s, x, worth, low, False), x, worth, low, True)
    # c e**(-x/2) with 128 fractional bits: on the geometric mean of both prices as unit. For a guess
    # ((8 - x)/(8 + x))**2 is near enough up to x = 3.
    t: int256 = unsafe_div(worth << 126, low)
    s: int256 = 0
    if x < 3 * ONE:
        s = unsafe_div(unsafe_sub(2**67, x) << 64, unsafe_add(2**67, x))
        t = unsafe_add(unsafe_mul(t, unsafe_mul(s, s) >> 64) >> 62, 1)
    else:
        t = unsafe_add(unsafe_mul(t, fixed_point._exp_q64(unsafe_sub(0, x >> 1))) >> 62, 1)
    s = unsafe_div(t, PDF_0)
    t = self._log_q64(t, unsafe_add(t, unsafe_mul(x, PDF_0)))
    if t != 0:
        # x/k, where k/t is the fraction.
        s = unsafe_div(
            unsafe_div(x << 128, t),
            unsafe_add(BELOW_C,
                unsafe_div(BELOW_A0, unsafe_add(unsafe_add(t, BELOW_B0),
                unsafe_div(BELOW_A1, unsafe_add(t, BELOW_B1))))),
        )
    t = unsafe_mul(s, s) >> 64
    s = unsafe_add(s, unsafe_div(unsafe_mul(s, t), unsafe_add(SERIES, unsafe_mul(DAMPING, t) >> 64)))
    return self._step_q64(self._step_q64(s, x, worth, low, False), x, worth, low, True)


@internal
@pure
def _log_q64(small: int256, large: int256) -> int256:
    """
    @notice ln(large / small), 0 if that is negative.
    @param small Any unit, positive, below 2**188 as `large` is.
    @return [Q64] error 3e-15
    """
    y: int256 = unsafe_div(unsafe_sub(large, small) << 64, unsafe_add(large, small))
    if y < 0:
        return 0
    offset: int256 = 0
    if y > black76.APART:
        if y > black76.WIDE_APART:
            return fixed_point._ln_ratio_q64(large, small)
        offset = black76.LN_12
        y = unsafe_div(
            unsafe_sub(large, unsafe_mul(small, 12)) << 64, unsafe_add(large, unsafe_mul(small, 12))
        )
    u: int256 = unsafe_mul(y, y) >> 64
    return unsafe_add(offset, unsafe_mul(y, unsafe_add(fixed_point.WIDE_C,
        unsafe_div(fixed_point.WIDE_A0, unsafe_add(unsafe_add(u, fixed_point.WIDE_B0),
        unsafe_div(fixed_point.WIDE_A1, unsafe_add(unsafe_add(u, fixed_point.WIDE_B1),
        unsafe_div(fixed_point.WIDE_A2, unsafe_add(unsafe_add(u, fixed_point.WIDE_B2),
        unsafe_div(fixed_point.WIDE_A3, unsafe_add(u, fixed_point.WIDE_B3))))))))))) >> 64


@internal
@pure
def _root_q64(square: int256, guess: int256) -> int256:
    """
    @notice A square root for first guesses: Newton's step four times.
    @param square With 128 fractional bits, not negative.
    @param guess [Q64] positive.
    @return [Q64] positive, not less than the root by rounding
    """
    root: int256 = unsafe_add(guess, unsafe_div(square, guess)) >> 1
    root = unsafe_add(root, unsafe_div(square, root)) >> 1
    root = unsafe_add(root, unsafe_div(square, root)) >> 1
    return unsafe_add(root, unsafe_div(square, root)) >> 1


@internal
@pure
def _step_q64(s: int256, x: int256, worth: int256, low: int256, exact: bool) -> int256:
    """
    @notice One of Householder's steps of third order.
    @dev With c2/c1 = h = z1 z2 / s and c3/c1 = h**2 - 3 x**2/s**4 - 1/4 for the derivatives of c,
         s f2/f1 and s**2 f3/f1 are polynomials of z1 z2, x/s, s and q = s/tail.
    @param s [Q64] positive.
    @param x [Q64] ln(high / low).
    @param worth [wad] 0 < worth < low.
    @param low [wad] below 2**128.
    @param exact Whether Mills' ratio must be exact: a first step needs five digits.
    @return [Q64] positive
    """
    z1: int256 = unsafe_sub(unsafe_div(x << 64, s), s >> 1)
    z2: int256 = unsafe_add(z1, s)
    z: int256 = z1
    if z < 0:
        z = unsafe_sub(0, z)
    tail: int256 = 0
    other: int256 = 0
    if not exact:
        tail = unsafe_div(ROUGH_A0, unsafe_add(unsafe_add(z2, ROUGH_B0),
            unsafe_div(ROUGH_A1, unsafe_add(unsafe_add(z2, ROUGH_B1),
            unsafe_div(ROUGH_A2, unsafe_add(z2, ROUGH_B2))))))
        other = unsafe_div(ROUGH_A0, unsafe_add(unsafe_add(z, ROUGH_B0),
            unsafe_div(ROUGH_A1, unsafe_add(unsafe_add(z, ROUGH_B1),
            unsafe_div(ROUGH_A2, unsafe_add(z, ROUGH_B2))))))
    elif z2 < normal.EDGE:
        tail = unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(z2, normal.NEAR_B0),
            unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(z2, normal.NEAR_B1),
            unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(z2, normal.NEAR_B2),
            unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(z2, normal.NEAR_B3),
            unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(z2, normal.NEAR_B4),
            unsafe_div(normal.NEAR_A5, unsafe_add(z2, normal.NEAR_B5))))))))))))
        other = unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(z, normal.NEAR_B0),
            unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(z, normal.NEAR_B1),
            unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(z, normal.NEAR_B2),
            unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(z, normal.NEAR_B3),
            unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(z, normal.NEAR_B4),
            unsafe_div(normal.NEAR_A5, unsafe_add(z, normal.NEAR_B5))))))))))))
    else:
        tail = unsafe_div(normal.TAIL_A0, unsafe_add(unsafe_add(z2, normal.TAIL_B0),
            unsafe_div(normal.TAIL_A1, unsafe_add(unsafe_add(z2, normal.TAIL_B1),
            unsafe_div(normal.TAIL_A2, unsafe_add(unsafe_add(z2, normal.TAIL_B2),
            unsafe_div(normal.TAIL_A3, unsafe_add(unsafe_add(z2, normal.TAIL_B3),
            unsafe_div(normal.TAIL_A4, unsafe_add(unsafe_add(z2, normal.TAIL_B4),
            unsafe_div(normal.TAIL_A5, unsafe_add(unsafe_add(z2, normal.TAIL_B5),
            unsafe_div(normal.TAIL_A6, unsafe_add(z2, normal.TAIL_B6))))))))))))))
        if z < normal.EDGE:
            other = unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(z, normal.NEAR_B0),
            unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(z, normal.NEAR_B1),
            unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(z, normal.NEAR_B2),
            unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(z, normal.NEAR_B3),
            unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(z, normal.NEAR_B4),
            unsafe_div(normal.NEAR_A5, unsafe_add(z, normal.NEAR_B5))))))))))))
        else:
            other = unsafe_div(normal.TAIL_A0, unsafe_add(unsafe_add(z, normal.TAIL_B0),
            unsafe_div(normal.TAIL_A1, unsafe_add(unsafe_add(z, normal.TAIL_B1),
            unsafe_div(normal.TAIL_A2, unsafe_add(unsafe_add(z, normal.TAIL_B2),
            unsafe_div(normal.TAIL_A3, unsafe_add(unsafe_add(z, normal.TAIL_B3),
            unsafe_div(normal.TAIL_A4, unsafe_add(unsafe_add(z, normal.TAIL_B4),
            unsafe_div(normal.TAIL_A5, unsafe_add(unsafe_add(z, normal.TAIL_B5),
            unsafe_div(normal.TAIL_A6, unsafe_add(z, normal.TAIL_B6))))))))))))))
    n: int256 = 0
    q: int256 = 0
    f: int256 = worth
    if z1 < 0:
        tail = unsafe_add(other, tail)
        n = tail
        q = unsafe_sub(0, unsafe_div(s << 64, tail))
        f = unsafe_sub(low, worth)
    else:
        tail = unsafe_sub(other, tail)
        if tail <= 0:
            tail = 1
        n = unsafe_sub(0, tail)
        q = unsafe_div(s << 64, tail)
    # pdf(z1) = 2**-v / sqrt(2 pi), v = m + 1/2 + r as in black76.vy, with room for |z1| < 100.
    v: uint256 = convert(
        convert(unsafe_mul(unsafe_mul(z1, z1) >> 8, fixed_point.HALF_LOG2_E), bytes32), uint256
    ) >> 180
    r: int256 = unsafe_sub(convert(convert(v & MASK_60, bytes32), int256), 2**59)
    u: int256 = unsafe_mul(r, r)
    # The model over the price, near 1: the tail is below 2**66, times a quotient below 2**128.
    f = unsafe_mul(
        unsafe_sub(
            normal.PDF_C,
            unsafe_div(
                unsafe_mul(2 * normal.PDF_C, r),
                unsafe_add(
                    unsafe_add(fixed_point.EXP_C,
                    unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                    unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                    r,
                ),
            ),
        ),
        unsafe_div(unsafe_mul(tail, low), f),
    ) >> unsafe_add(v >> 60, 63)
    # Its logarithm: good to 1e-15 within a factor of 2, and a first step needs less.
    f = unsafe_div(unsafe_sub(f, ONE) << 64, unsafe_add(f, ONE))
    u = unsafe_mul(f, f) >> 64
    f = unsafe_mul(
        f,
        unsafe_add(fixed_point.LN_C,
            unsafe_div(fixed_point.LN_A0, unsafe_add(unsafe_add(u, fixed_point.LN_B0),
            unsafe_div(fixed_point.LN_A1, unsafe_add(unsafe_add(u, fixed_point.LN_B1),
            unsafe_div(fixed_point.LN_A2, unsafe_add(u, fixed_point.LN_B2))))))),
    ) >> 64
    # Newton's step in units of s.
    n = unsafe_div(unsafe_mul(f, n), s)
    w: int256 = unsafe_mul(z1, z2) >> 64
    second: int256 = unsafe_sub(w, q)
    mean: int256 = unsafe_add(z1, s >> 1)
    third: int256 = unsafe_sub(
        unsafe_add(unsafe_mul(w, unsafe_sub(w, unsafe_mul(3, q))), unsafe_mul(q, unsafe_mul(2, q))),
        unsafe_add(unsafe_mul(3, unsafe_mul(mean, mean)), unsafe_mul(s, s) >> 2),
    ) >> 64
    # n (1 + n second/2) / (1 + n (second + n third/6)).
    f = unsafe_add(
        ONE, unsafe_mul(n, unsafe_add(second, unsafe_div(unsafe_mul(n, third) >> 64, 6))) >> 64
    )
    n = unsafe_div(unsafe_mul(n, unsafe_add(ONE, unsafe_mul(n, second) >> 65)), f)
    return max(unsafe_add(s, unsafe_mul(s, n) >> 64), 1)
