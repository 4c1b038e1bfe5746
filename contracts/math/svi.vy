# pragma version 0.4.3
# pragma optimize gas
"""
@title Raw SVI: the smile of one expiry in one word
@license AGPL-3.0-only
@notice Total implied variance to an expiry as a function of k = ln(strike / forward):

          w(k) = a + b (rho (k - m) + R),  R = sqrt((k - m)**2 + sigma**2)

        packed as binary fixed-point fields, highest bits first:

          255      199 198   147 146    104 103    52 51     0
         |     a      |    b    |    rho   |    m    |  sigma  |
         | signed Q48 |   Q50   |signed Q42|sgn. Q47 |   Q47   |
         |  57 bits   | 52 bits |  43 bits | 52 bits | 52 bits |

        Rounding to these fields moves w by at most 1e-9 of itself from one day at 10 % (2.7e-5)
        to ten years at 500 % (250), for |k| up to 4. No accepted word is zero.
        J. Gatheral, A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance
        14 (2014); R. Lee, "The moment formula", Mathematical Finance 14 (2004), for the bound of
        2 on the slope of the wings.
@dev Everything is total for the words that `_pack` returns and |k| < 2**71 (e**128 times the
     forward): w stays above 2**-41 and below 2**10 ("Q64": 64 fractional bits, 1.0 = 2**64).

     Both tests of arbitrage march along the smile in v, where with s = (1 - v**2)/(1 + v**2)
     and c = 2 v / (1 + v**2) the point is k - m = sigma s / c, R = sigma / c, w' = b (rho + s),
     w'' = b c**3 / sigma: no roots, and the end of the wing is v = 0. A step is accepted when a
     bound that holds on all of it says so, else it is halved. They are sufficient, never
     necessary: "false" may also mean that the steps ran out.
@custom:rounding To nearest within the stated bounds, not directed.
"""

WAD: constant(int256) = 10**18
ONE: constant(int256) = 2**64
# Wide enough that one over the cosine of the steepest angle fits (|rho| <= 1 - 1e-6).
MAX_RHO: constant(int256) = 999_999 * 10**12  # [wad]
MAX_LEVEL: constant(int256) = 255 * 10**18  # [wad]
MAX_CENTRE: constant(int256) = 15 * 10**18  # [wad]
MIN_SIGMA: constant(int256) = 10**12  # [wad]
MAX_SIGMA: constant(int256) = 30 * 10**18  # [wad]
MIRROR: constant(uint256) = max_value(uint256) - ((2**95 - 1) << 52)  # all but rho and m
MIN_VARIANCE: constant(int256) = 2**24  # [Q64] 9e-13
# A deviation at which a call is worth the forward and a put the strike.
MAX_DEVIATION: constant(uint256) = 2**77  # [Q64]
# Steps of a march along one wing, and the last one before its end.
STEPS: constant(uint256) = 48
NEAREST: constant(int256) = 2**52  # [Q64] 2**-12


struct Smile:
    # The fields of a word, all [Q64].
    a: int256
    b: int256
    rho: int256
    m: int256
    sigma: int256


@internal
@pure
def _pack(a: int256, b: int256, rho: int256, m: int256, sigma: int256) -> uint256:
    """
    @notice The word of a smile, each parameter rounded to nearest.
    @param a [wad] level of total variance, -255 to 255.
    @param b [wad] slope, 0 <= b (1 + |rho|) <= 2.
    @param rho [wad] -0.999999 to 0.999999.
    @param m [wad] -15 to 15.
    @param sigma [wad] 1e-6 to 30.
    """
    # The ends lie inside the fields, so that nothing rounds out of them.
    assert abs(max(a, -MAX_LEVEL - 1)) <= MAX_LEVEL, "svi: level out of range"
    assert b >= 0 and b <= 2 * WAD, "svi: slope out of range"
    assert abs(max(rho, -WAD)) <= MAX_RHO, "svi: correlation out of range"
    assert abs(max(m, -MAX_CENTRE - 1)) <= MAX_CENTRE, "svi: centre out of range"
    assert sigma >= MIN_SIGMA and sigma <= MAX_SIGMA, "svi: width out of range"
    level: int256 = self._rounded(a, 2**48)
    slope: int256 = self._rounded(b, 2**50)
    tilt: int256 = self._rounded(rho, 2**42)
    centre: int256 = self._rounded(m, 2**47)
    width: int256 = self._rounded(sigma, 2**47)
    assert unsafe_mul(slope, unsafe_add(2**42, abs(tilt))) <= 2**93, "svi: wings too steep"
    # a + b sigma sqrt(1 - rho**2), the lowest variance: Q50 Q47 Q42 >> 75.
    cosine: int256 = convert(isqrt(convert(2**84 - tilt * tilt, uint256)), int256)
    lowest: int256 = unsafe_mul(unsafe_mul(slope, width), cosine) >> 75
    assert unsafe_add(level << 16, lowest) >= MIN_VARIANCE, "svi: variance not positive"
    return (
        (convert(convert(level, bytes32), uint256) << 199)
        | (convert(slope, uint256) << 147)
        | (convert(tilt & (2**43 - 1), uint256) << 104)
        | (convert(centre & (2**52 - 1), uint256) << 52)
        | convert(width, uint256)
    )


@internal
@pure
def _unpack(word: uint256) -> Smile:
    return Smile(
        a=(convert(convert(word, bytes32), int256) >> 199) << 16,
        b=convert(((word >> 147) & (2**52 - 1)) << 14, int256),
        rho=(convert(convert(word << 109, bytes32), int256) >> 213) << 22,
        m=(convert(convert(word << 152, bytes32), int256) >> 204) << 17,
        sigma=convert((word & (2**52 - 1)) << 17, int256),
    )


@internal
@pure
def _variance(word: uint256, k: int256) -> uint256:
    """
    @notice Total variance for the smile's own tenor.
    @param k [Q64] ln(strike / forward), |k| < 2**71.
    @return [Q64] above 2**23 and below 2**74.
    """
    # |k - m| < 2**72: the radicand is below 2**145, the products below 2**139.
    x: int256 = unsafe_sub(k, (convert(convert(word << 152, bytes32), int256) >> 204) << 17)
    root: int256 = self._root(x, convert((word & (2**52 - 1)) << 17, int256))
    x = unsafe_mul((convert(convert(word << 109, bytes32), int256) >> 213), x) >> 42
    x = unsafe_mul(convert((word >> 147) & (2**52 - 1), int256), unsafe_add(x, root)) >> 50
    # Positive: the lowest variance is at least 2**24 and rounding takes a few units.
    return convert(unsafe_add((convert(convert(word, bytes32), int256) >> 199) << 16, x), uint256)


@internal
@pure
def _deviation(word: uint256, k: int256, time: uint256, tenor: uint256) -> int256:
    """
    @notice Standard deviation of the log-price over `time`, the volatility of the strike held
            constant: sqrt(w time / tenor).
    @param k [Q64] ln(strike / forward), |k| < 2**71.
    @param time [s] to expiry, below 2**32.
    @param tenor [s] that the smile's variance is for, below 2**32; 0 counts as a second.
    @return [Q64] at most 2**77.
    """
    # Below 2**74 * 2**32 * 2**64.
    square: uint256 = unsafe_div(unsafe_mul(self._variance(word, k), time) << 64, max(tenor, 1))
    return convert(min(isqrt(square), MAX_DEVIATION), int256)


@internal
@pure
def _derivatives(word: uint256, k: int256) -> (int256, int256, int256):
    """
    @notice Total variance and its first two derivatives in k.
    @param k [Q64] ln(strike / forward), |k| < 2**71.
    @return w, w', w'', all [Q64].
    """
    smile: Smile = self._unpack(word)
    x: int256 = unsafe_sub(k, smile.m)
    root: int256 = self._root(x, smile.sigma)
    # sigma >= 2**44, so the root is not zero. c = sigma / R <= 1; b c**3 / sigma < 2**85.
    s: int256 = unsafe_div(x << 64, root)
    c: int256 = unsafe_div(smile.sigma << 64, root)
    return (
        unsafe_add(smile.a, unsafe_mul(smile.b, unsafe_add(unsafe_mul(smile.rho, x) >> 64, root)) >> 64),
        unsafe_mul(smile.b, unsafe_add(smile.rho, s)) >> 64,
        unsafe_div(unsafe_mul(smile.b, unsafe_mul(unsafe_mul(c, c) >> 64, c)) >> 64, smile.sigma),
    )


@internal
@pure
def _density_factor(word: uint256, k: int256) -> int256:
    """
    @notice Gatheral's g, the risk-neutral density in units of the lognormal one:
            (1 - k w' / 2w)**2 - w'**2 / 4 (1/w + 1/4) + w''/2. A butterfly spread around k
            has a negative price exactly where it is negative.
    @param k [Q64] ln(strike / forward), |k| < 2**71.
    @return [Q64]
    """
    w: int256 = 0
    first: int256 = 0
    second: int256 = 0
    w, first, second = self._derivatives(word, k)
    # w >= 2**23: k w' is below 2**137, the quotient below 2**113, its square below 2**227.
    tilt: int256 = unsafe_sub(ONE, unsafe_div(unsafe_mul(k, first), unsafe_add(w, w)))
    steep: int256 = unsafe_add(unsafe_div(unsafe_mul(first, first), w), unsafe_mul(first, first) >> 66) >> 2
    return unsafe_add(unsafe_sub(unsafe_mul(tilt, tilt) >> 64, steep), second >> 1)


@internal
@pure
def _no_butterfly(word: uint256) -> bool:
    """
    @notice Sufficient test that g >= 0 for every strike, so that no butterfly spread of this
            expiry costs less than nothing.
    """
    return self._wing_is_convex(word) and self._wing_is_convex(self._mirrored(word))


@internal
@pure
def _no_calendar(near: uint256, far: uint256) -> bool:
    """
    @notice Sufficient test that the total variance of the earlier expiry is nowhere above that of
            the later one, at equal k, so that no calendar spread costs less than nothing.
    """
    if near == far:
        return True
    return self._wing_is_below(near, far) and self._wing_is_below(self._mirrored(near), self._mirrored(far))


# -- marches along the right wing --


@internal
@pure
def _wing_is_convex(word: uint256) -> bool:
    """
    @notice g >= 0 from the strike of the lowest variance upwards.
    @dev With I = w - k w' (where the tangent meets k = 0), g >= 0 is

           (w + I)**2 + 2 w**2 w'' >= w'**2 (w + w**2 / 4)

         On a piece of the wing w' is largest at its upper end, w lowest at its lower end, and I
         and w'' (each with a single maximum) are lowest at one of the two ends. Putting these
         in leaves a convex function q of w alone, which must not fall below zero between the
         two values of w: its tangent at the lower end shows it.
    """
    smile: Smile = self._unpack(word)
    # The lowest variance: s = -rho, so v**2 = (1 + rho)/(1 - rho), below 2**21.
    ratio: int256 = unsafe_div(unsafe_add(ONE, smile.rho) << 128, unsafe_sub(ONE, smile.rho))
    v: int256 = convert(isqrt(convert(ratio, uint256)), int256)
    w: int256 = 0
    k: int256 = 0
    slope: int256 = 0
    bend: int256 = 0
    w, k, slope, bend = self._node(smile, v)
    intercept: int256 = unsafe_sub(w, unsafe_mul(k, slope) >> 64)
    # w' and I at the end of the wing.
    steepest: int256 = unsafe_mul(smile.b, unsafe_add(ONE, smile.rho)) >> 64
    last: int256 = unsafe_sub(smile.a, unsafe_mul(steepest, smile.m) >> 64)
    step: int256 = v
    for _: uint256 in range(STEPS):
        end: int256 = unsafe_sub(v, step)
        end_w: int256 = 0
        end_bend: int256 = 0
        end_intercept: int256 = last
        slope = steepest
        if end != 0:
            end_w, k, slope, end_bend = self._node(smile, end)
            end_intercept = unsafe_sub(end_w, unsafe_mul(k, slope) >> 64)
        # Since v >= 2**52 here, w < 2**81 and k < 2**80: squares below 2**162, the last product
        # below 2**200. q in Q128, less what rounding may have added to w + I; q' in Q64.
        sum: int256 = max(unsafe_add(w, min(intercept, end_intercept)), 0)
        square: int256 = unsafe_add(unsafe_mul(slope, slope) >> 64, 1)
        q: int256 = unsafe_sub(
            unsafe_add(unsafe_mul(sum, sum), unsafe_mul(unsafe_mul(w, w) >> 63, min(bend, end_bend))),
            unsafe_add(unsafe_mul(square, unsafe_add(w, unsafe_mul(w, w) >> 66)), w << 12),
        )
        turn: int256 = unsafe_sub(unsafe_add(sum, sum), unsafe_add(square, unsafe_mul(square, w) >> 65))
        if turn < 0 and q >= 0:
            q = unsafe_add(q, unsafe_mul(turn, unsafe_sub(end_w, w))) if end != 0 else -1
        if q >= 0:
            if end == 0:
                return True
            v = end
            w = end_w
            bend = end_bend
            intercept = end_intercept
            step = unsafe_add(step, step)
            if unsafe_sub(v, step) < NEAREST:
                step = v
        else:
            step = step >> 1
            if unsafe_sub(v, step) < NEAREST:
                return False
    return False


@internal
@pure
def _wing_is_below(near: uint256, far: uint256) -> bool:
    """
    @notice Variance of `near` at most that of `far` from the centre of `near` upwards.
    @dev Both are convex: on a piece the one is below its chord and the other above its tangents.
         Beyond the last node the one grows at most at its final slope.
    """
    smile: Smile = self._unpack(near)
    steepest: int256 = unsafe_mul(smile.b, unsafe_add(ONE, smile.rho)) >> 64
    v: int256 = ONE
    w: int256 = 0
    k: int256 = 0
    unused: int256 = 0
    other: int256 = 0
    slope: int256 = 0
    w, k, unused, unused = self._node(smile, v)
    other, slope, unused = self._derivatives(far, k)
    step: int256 = v
    for _: uint256 in range(STEPS):
        # Rounding: a few units in the variances, a unit in the slopes.
        if other <= unsafe_add(w, 64):
            return False
        end: int256 = unsafe_sub(v, step)
        if end == 0:
            if slope > steepest:
                return True
            step = step >> 1
        else:
            end_w: int256 = 0
            end_k: int256 = 0
            end_other: int256 = 0
            end_slope: int256 = 0
            end_w, end_k, unused, unused = self._node(smile, end)
            end_other, end_slope, unused = self._derivatives(far, end_k)
            width: int256 = unsafe_sub(end_k, k)  # below 2**81: products below 2**147
            slack: int256 = unsafe_add(64, width >> 62)
            # The tangent at the lower end, or that at the upper end.
            good: bool = unsafe_add(other, unsafe_mul(slope, width) >> 64) > unsafe_add(end_w, slack)
            if not good and end_other > unsafe_add(end_w, slack):
                good = unsafe_sub(end_other, unsafe_mul(end_slope, width) >> 64) > unsafe_add(w, slack)
            if good:
                v = end
                w = end_w
                k = end_k
                other = end_other
                slope = end_slope
                step = unsafe_add(step, step)
                if unsafe_sub(v, step) < NEAREST:
                    step = v
            else:
                step = step >> 1
        if step != v and unsafe_sub(v, step) < NEAREST:
            return False
    return False


@internal
@pure
def _node(smile: Smile, v: int256) -> (int256, int256, int256, int256):
    """
    @notice A point of the smile by v, see the header.
    @param v [Q64] 2**52 <= v < 2**75.
    @return w, k, w', w'', all [Q64].
    """
    # v**2 < 2**86 in Q64, sigma < 2**69: products below 2**156, x and R below 2**80.
    square: int256 = unsafe_mul(v, v) >> 64
    more: int256 = unsafe_add(ONE, square)
    less: int256 = unsafe_sub(ONE, square)
    x: int256 = unsafe_div(unsafe_mul(smile.sigma, less), v) >> 1
    root: int256 = unsafe_div(unsafe_mul(smile.sigma, more), v) >> 1
    c: int256 = unsafe_div(v << 65, more)
    return (
        unsafe_add(smile.a, unsafe_mul(smile.b, unsafe_add(unsafe_mul(smile.rho, x) >> 64, root)) >> 64),
        unsafe_add(smile.m, x),
        unsafe_mul(smile.b, unsafe_add(smile.rho, unsafe_div(less << 64, more))) >> 64,
        unsafe_div(unsafe_mul(smile.b, unsafe_mul(unsafe_mul(c, c) >> 64, c)) >> 64, smile.sigma),
    )


@internal
@pure
def _root(x: int256, sigma: int256) -> int256:
    """
    @notice sqrt(x**2 + sigma**2).
    @dev With t the smaller over the larger, 1 + t**2 / (2 + 0.4142 t) is within 0.5 % of the root;
         Newton's step squares the error: 1e-5, 5e-11, 1e-21.
    @param x [Q64] |x| < 2**80.
    @param sigma [Q64] 2**44 <= sigma < 2**69.
    @return [Q64] rounded down, by at most two units.
    """
    large: int256 = x
    if x < 0:
        large = unsafe_sub(0, x)
    small: int256 = sigma
    if large < sigma:
        small = large
        large = sigma
    # Squares below 2**160.
    square: int256 = unsafe_add(unsafe_mul(x, x), unsafe_mul(sigma, sigma))
    root: int256 = unsafe_add(unsafe_add(large, large), unsafe_mul(small, 53) >> 7)
    root = unsafe_add(large, unsafe_div(unsafe_mul(small, small), root))
    root = unsafe_add(root, unsafe_div(square, root)) >> 1
    root = unsafe_add(root, unsafe_div(square, root)) >> 1
    return unsafe_add(root, unsafe_div(square, root)) >> 1


# -- words --


@internal
@pure
def _mirrored(word: uint256) -> uint256:
    """
    @notice The smile of -k: rho and m change sign.
    """
    # No field holds its most negative value, so each has its negative.
    rho: uint256 = unsafe_sub(0, word >> 104) & (2**43 - 1)
    return (word & MIRROR) | (rho << 104) | ((unsafe_sub(0, word >> 52) & (2**52 - 1)) << 52)


@internal
@pure
def _rounded(number: int256, unit: int256) -> int256:
    """
    @notice number * unit / 1e18 to nearest; |number| < 2**70, unit < 2**51.
    """
    # A signed division truncates towards zero: half is added to the absolute value.
    half: int256 = 5 * 10**17
    return unsafe_div(unsafe_add(unsafe_mul(number, unit), half if number >= 0 else -half), WAD)
