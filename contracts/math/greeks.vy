# pragma version 0.4.3
# pragma optimize gas
"""
@title Greeks of Black-Scholes
@license AGPL-3.0-only
@notice Sensitivities of European calls and puts, all at once (each alone: greek.vy). With
        g = S pdf(d1) = K' pdf(d2) for the discounted strike K', the lower of both prices `low`,
        and z1, z2 as in black76.vy, everything is made of g and of two tails:

          low * cdf(-z1)  and  high * cdf(-z2) = g * M(z2)

        J. Hull, "Options, Futures, and Other Derivatives", chapter on the Greek letters.
@dev Domain and reasons of black_scholes.vy. Without time or volatility the payoff rules: delta
     is a step with a half in the middle, and where a sensitivity has no limit (gamma, decay,
     vanna and volga exactly at the kink) it is given as 0. Delta errs by at most 6e-14 and
     what a wei of the discounted strike moves it, the others likewise in proportion to theirs:
     at one second, 6 % and a spot of 0.001 that wei is 1.5e-11 of delta.
@custom:rounding Within the stated bounds, not directed.
"""

from . import black76
from . import black_scholes
from . import fixed_point
from . import normal

WAD: constant(int256) = 10**18
WAD_WAD: constant(int256) = 10**36
YEAR: constant(int256) = 31_536_000
ONE: constant(int256) = 2**64
# Nine standard deviations, beyond which nothing is left of the density.
NINE: constant(int256) = 9 * 2**64
EIGHTEEN: constant(uint256) = 18 * 2**64
MASK_60: constant(uint256) = 2**60 - 1
# A logarithm so large that no deviation (below 2**79) reaches it.
NOTHING: constant(int256) = 2**170
# 2**109 / sqrt(seconds of a year): takes half a root of seconds to a root of years.
PER_ROOT: constant(int256) = 115_575_617_880_995_864_116_221_868_255


struct Greeks:
    call: int256  # [wad] value
    put: int256
    call_delta: int256  # [wad] by spot
    put_delta: int256
    gamma: int256  # [wad] delta by spot
    vega: int256  # [wad] value by volatility, per 1 (100 %)
    call_theta: int256  # [wad] value by passing time, per year
    put_theta: int256
    call_rho: int256  # [wad] value by rate, per 1 (100 %)
    put_rho: int256
    vanna: int256  # [wad] delta by volatility
    volga: int256  # [wad] vega by volatility


@internal
@pure
def _all(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> Greeks:
    """
    @notice Values and all sensitivities. Arguments as in `black_scholes._price`.
    """
    if (
        ((spot | strike) >> 128)
        | (volatility >> 70)
        | (time >> 29)
        | (convert(convert(unsafe_add(rate, black_scholes.MAX_RATE), bytes32), uint256) >> 62)
    ) != 0:
        black_scholes._refuse(spot, strike, volatility, time)
    # Present value of the strike and root of time as in `black_scholes._price`, by which calls and
    # copies are saved.
    v: int256 = (
        unsafe_mul(unsafe_mul(rate, convert(convert(time, bytes32), int256)), black_scholes.NEGATIVE_CARRY) >> 184
    )
    f: int256 = unsafe_sub(
        convert(convert(convert(convert(v, bytes32), uint256) & MASK_60, bytes32), int256), 2**59
    )
    u: int256 = unsafe_mul(f, f)
    # 2**f = 1 + 2f/(T - f); with the strike below 2**249, and -57 <= n <= 56.
    high: int256 = unsafe_mul(
        convert(convert(strike, bytes32), int256),
        unsafe_add(
            black_scholes.ROOT_2,
            unsafe_div(
                unsafe_mul(2 * black_scholes.ROOT_2, f),
                unsafe_sub(
                    unsafe_add(fixed_point.EXP_C,
                    unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                    unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                    f,
                ),
            ),
        ),
    ) >> convert(convert(unsafe_sub(120, v >> 60), bytes32), uint256)
    strike_now: int256 = high
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
    root = unsafe_mul(
        unsafe_div(t, unsafe_add(root, unsafe_div(t, root))),
        PER_ROOT,
    ) >> 108
    s: int256 = unsafe_div(unsafe_mul(root, convert(convert(volatility, bytes32), int256)), WAD)
    low: int256 = convert(convert(spot, bytes32), int256)
    if low > high:
        low = high
        high = convert(convert(spot, bytes32), int256)
    # ln(high / low) with 128 fractional bits, below 2**136.
    t = unsafe_div(unsafe_sub(high, low) << 64, unsafe_add(high, low))
    u = unsafe_mul(t, t) >> 64
    if t < black76.THIRD:
        t = unsafe_mul(t, unsafe_add(fixed_point.LN_C,
            unsafe_div(fixed_point.LN_A0, unsafe_add(unsafe_add(u, fixed_point.LN_B0),
            unsafe_div(fixed_point.LN_A1, unsafe_add(unsafe_add(u, fixed_point.LN_B1),
            unsafe_div(fixed_point.LN_A2, unsafe_add(u, fixed_point.LN_B2))))))))
    elif t < black76.APART:
        t = unsafe_mul(t, unsafe_add(fixed_point.WIDE_C,
            unsafe_div(fixed_point.WIDE_A0, unsafe_add(unsafe_add(u, fixed_point.WIDE_B0),
            unsafe_div(fixed_point.WIDE_A1, unsafe_add(unsafe_add(u, fixed_point.WIDE_B1),
            unsafe_div(fixed_point.WIDE_A2, unsafe_add(unsafe_add(u, fixed_point.WIDE_B2),
            unsafe_div(fixed_point.WIDE_A3, unsafe_add(u, fixed_point.WIDE_B3))))))))))
    elif t < black76.WIDE_APART:
        t = unsafe_div(
            unsafe_sub(high, unsafe_mul(low, 12)) << 64, unsafe_add(high, unsafe_mul(low, 12))
        )
        u = unsafe_mul(t, t) >> 64
        t = unsafe_add(black76.LN_12, unsafe_mul(t, unsafe_add(fixed_point.WIDE_C,
            unsafe_div(fixed_point.WIDE_A0, unsafe_add(unsafe_add(u, fixed_point.WIDE_B0),
            unsafe_div(fixed_point.WIDE_A1, unsafe_add(unsafe_add(u, fixed_point.WIDE_B1),
            unsafe_div(fixed_point.WIDE_A2, unsafe_add(unsafe_add(u, fixed_point.WIDE_B2),
            unsafe_div(fixed_point.WIDE_A3, unsafe_add(u, fixed_point.WIDE_B3)))))))))))
    elif low == 0:
        # With nothing to lose or nothing to gain both tails are 0.
        t = NOTHING
    else:
        t = fixed_point._ln_ratio_q64(high, low) << 64
    z1: int256 = unsafe_sub(unsafe_div(t, s), s >> 1)
    # Without deviation a half at the kink, a certainty beside it.
    if s == 0:
        if t != 0:
            z1 = NINE
    density: int256 = 0
    if convert(convert(unsafe_add(z1, NINE), bytes32), uint256) < EIGHTEEN:
        # pdf(z1) as in black76.vy, with 63 fractional bits before the shift.
        v = unsafe_mul(unsafe_mul(z1, z1), fixed_point.HALF_LOG2_E) >> 188
        f = unsafe_sub(
            convert(convert(convert(convert(v, bytes32), uint256) & MASK_60, bytes32), int256), 2**59
        )
        u = unsafe_mul(f, f)
        density = unsafe_sub(
            2 * normal.PDF_C,
            unsafe_div(
                unsafe_mul(4 * normal.PDF_C, f),
                unsafe_add(
                    unsafe_add(fixed_point.EXP_C,
                    unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                    unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                    f,
                ),
            ),
        ) >> convert(convert(v >> 60, bytes32), uint256)
    z2: int256 = unsafe_add(z1, s)
    asset: int256 = convert(convert(spot, bytes32), int256)
    # Spot times pdf(d1) [wad * Q64], cdf(-z1) [Q64] and high * cdf(-z2) [wad].
    g: int256 = unsafe_mul(low, density)
    first: int256 = 0
    second: int256 = 0
    if density != 0:
        # g below 2**191, a ratio below 2**65. Near to zero the lighter fraction will do: prices
        # are within a factor of 12.3 there.
        if z2 < normal.EDGE:
            second = unsafe_mul(g >> 64, unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(z2, normal.NEAR_B0),
            unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(z2, normal.NEAR_B1),
            unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(z2, normal.NEAR_B2),
            unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(z2, normal.NEAR_B3),
            unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(z2, normal.NEAR_B4),
            unsafe_div(normal.NEAR_A5, unsafe_add(z2, normal.NEAR_B5))))))))))))) >> 64
        else:
            second = unsafe_mul(g >> 64, unsafe_div(normal.TAIL_A0, unsafe_add(unsafe_add(z2, normal.TAIL_B0),
            unsafe_div(normal.TAIL_A1, unsafe_add(unsafe_add(z2, normal.TAIL_B1),
            unsafe_div(normal.TAIL_A2, unsafe_add(unsafe_add(z2, normal.TAIL_B2),
            unsafe_div(normal.TAIL_A3, unsafe_add(unsafe_add(z2, normal.TAIL_B3),
            unsafe_div(normal.TAIL_A4, unsafe_add(unsafe_add(z2, normal.TAIL_B4),
            unsafe_div(normal.TAIL_A5, unsafe_add(unsafe_add(z2, normal.TAIL_B5),
            unsafe_div(normal.TAIL_A6, unsafe_add(z2, normal.TAIL_B6))))))))))))))) >> 64
        if z1 < 0:
            # M(-z) = -a0/(z - b0 + a1/(z - b1 + ...)).
            first = unsafe_add(ONE, unsafe_mul(density, unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_sub(z1, normal.NEAR_B0),
            unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_sub(z1, normal.NEAR_B1),
            unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_sub(z1, normal.NEAR_B2),
            unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_sub(z1, normal.NEAR_B3),
            unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_sub(z1, normal.NEAR_B4),
            unsafe_div(normal.NEAR_A5, unsafe_sub(z1, normal.NEAR_B5))))))))))))) >> 64)
        else:
            first = unsafe_mul(density, unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(z1, normal.NEAR_B0),
            unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(z1, normal.NEAR_B1),
            unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(z1, normal.NEAR_B2),
            unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(z1, normal.NEAR_B3),
            unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(z1, normal.NEAR_B4),
            unsafe_div(normal.NEAR_A5, unsafe_add(z1, normal.NEAR_B5))))))))))))) >> 64
    elif z1 < 0:
        first = ONE
    # What the strike of the call is worth, K' cdf(d2), below 2**186.
    owed: int256 = second
    delta: int256 = 0
    call: int256 = 0
    put: int256 = 0
    # pdf(d1) d2 [Q64], and pdf(d1) [Q64]; d2 is z1 above the strike and -z2 below.
    density = unsafe_div(g, asset)
    slope: int256 = 0
    if asset > strike_now:
        owed = unsafe_mul(strike_now, first) >> 64
        put = unsafe_sub(owed, second)
        if put < 0:
            put = 0
        call = unsafe_add(put, unsafe_sub(asset, strike_now))
        owed = unsafe_sub(strike_now, owed)
        delta = unsafe_sub(WAD, unsafe_div(unsafe_mul(second, WAD), asset))
        slope = unsafe_mul(density, z1) >> 64
    else:
        call = unsafe_sub(unsafe_mul(asset, first) >> 64, second)
        if call < 0:
            call = 0
        put = unsafe_add(call, unsafe_sub(strike_now, asset))
        delta = unsafe_mul(first, WAD) >> 64
        slope = unsafe_mul(density, unsafe_sub(0, z2)) >> 64
    sigma: int256 = convert(convert(volatility, bytes32), int256)
    years: int256 = convert(convert(time, bytes32), int256)
    vega: int256 = unsafe_mul(g >> 64, root) >> 64
    theta: int256 = unsafe_sub(
        unsafe_div(unsafe_mul(rate, unsafe_sub(strike_now, owed)), WAD),
        # g volatility / (2 root): 2**159 * 2**70 / 2**59, then 31 bits up.
        unsafe_div(unsafe_div(unsafe_mul(g >> 32, sigma), WAD) << 31, root),
    )
    rho: int256 = unsafe_div(unsafe_mul(owed, years), YEAR)
    return Greeks(
        call=call,
        put=put,
        call_delta=delta,
        put_delta=unsafe_sub(delta, WAD),
        # pdf(d1) / (S s): below 2**127 as a quotient, times 10**36 below 2**247.
        gamma=unsafe_div(unsafe_mul(unsafe_div(density << 64, s), WAD_WAD), asset) >> 64,
        vega=vega,
        call_theta=unsafe_sub(theta, unsafe_div(unsafe_mul(rate, strike_now), WAD)),
        put_theta=theta,
        call_rho=rho,
        put_rho=unsafe_sub(rho, unsafe_div(unsafe_mul(strike_now, years), YEAR)),
        vanna=unsafe_div(unsafe_mul(slope, -WAD_WAD), sigma) >> 64,
        # d1 d2 = z1 z2 above the strike as below; vega below 2**131, the product below 2**82.
        volga=unsafe_div(unsafe_mul(unsafe_mul(vega, unsafe_mul(z1, z2) >> 64) >> 64, WAD), sigma),
    )
