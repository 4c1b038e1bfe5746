# pragma version 0.4.3
# pragma optimize gas
"""
@title What several Greeks of Black-Scholes share
@license AGPL-3.0-only
@notice The terms of greeks.vy for greek.vy: present strike, deviation, density and both tails.
@dev Domain, limits, errors and reasons of greeks.vy.
@custom:rounding Within the stated bounds, not directed.
"""

from . import black76
from . import black_scholes
from . import fixed_point
from . import greeks
from . import normal

WAD: constant(int256) = 10**18


struct Terms:
    # What all sensitivities share.
    strike: int256  # [wad] discounted
    root: int256  # [Q64] of time in years
    deviation: int256  # [Q64] volatility times root
    z1: int256  # [Q64]
    z2: int256  # [Q64]
    density: int256  # [Q64] pdf(z1)
    g: int256  # [wad * Q64] spot times pdf(d1)


@internal
@pure
def _terms(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> Terms:
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
        convert(convert(convert(convert(v, bytes32), uint256) & greeks.MASK_60, bytes32), int256), 2**59
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
        greeks.PER_ROOT,
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
        t = greeks.NOTHING
    else:
        t = fixed_point._ln_ratio_q64(high, low) << 64
    z1: int256 = unsafe_sub(unsafe_div(t, s), s >> 1)
    # Without deviation a half at the kink, a certainty beside it.
    if s == 0:
        if t != 0:
            z1 = greeks.NINE
    density: int256 = 0
    if convert(convert(unsafe_add(z1, greeks.NINE), bytes32), uint256) < greeks.EIGHTEEN:
        # pdf(z1) as in black76.vy, with 63 fractional bits before the shift.
        v = unsafe_mul(unsafe_mul(z1, z1), fixed_point.HALF_LOG2_E) >> 188
        f = unsafe_sub(
            convert(convert(convert(convert(v, bytes32), uint256) & greeks.MASK_60, bytes32), int256), 2**59
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
    return Terms(
        strike=strike_now,
        root=root,
        deviation=s,
        z1=z1,
        z2=unsafe_add(z1, s),
        density=density,
        g=unsafe_mul(low, density),
    )


@internal
@pure
def _first(density: int256, z1: int256) -> int256:
    """
    @return [Q64] cdf(-z1), between 0 and 1
    """
    if z1 < 0:
        if density == 0:
            return greeks.ONE
        return unsafe_sub(greeks.ONE, unsafe_mul(density, normal._mills_near_q64(unsafe_sub(0, z1))) >> 64)
    return unsafe_mul(density, normal._mills_near_q64(z1)) >> 64


@internal
@pure
def _second(g: int256, z2: int256) -> int256:
    """
    @return [wad] high * cdf(-z2), between 0 and low
    """
    # g below 2**191, the ratio below 2**65.
    if z2 < normal.EDGE:
        return unsafe_mul(g >> 64, normal._mills_near_q64(z2)) >> 64
    return unsafe_mul(g >> 64, unsafe_div(normal.TAIL_A0, unsafe_add(unsafe_add(z2, normal.TAIL_B0),
            unsafe_div(normal.TAIL_A1, unsafe_add(unsafe_add(z2, normal.TAIL_B1),
            unsafe_div(normal.TAIL_A2, unsafe_add(unsafe_add(z2, normal.TAIL_B2),
            unsafe_div(normal.TAIL_A3, unsafe_add(unsafe_add(z2, normal.TAIL_B3),
            unsafe_div(normal.TAIL_A4, unsafe_add(unsafe_add(z2, normal.TAIL_B4),
            unsafe_div(normal.TAIL_A5, unsafe_add(unsafe_add(z2, normal.TAIL_B5),
            unsafe_div(normal.TAIL_A6, unsafe_add(z2, normal.TAIL_B6))))))))))))))) >> 64
