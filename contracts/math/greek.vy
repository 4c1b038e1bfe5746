# pragma version 0.4.3
# pragma optimize gas
"""
@title One Greek of Black-Scholes at a time
@license AGPL-3.0-only
@notice The figures of greeks.vy, each alone: delta, gamma and vega from d1 and its density
        (`_at_d1`), the others from the terms that all share, without the tails of the
        distribution where they need none.
@dev Domain, limits, errors and reasons of greeks.vy.
@custom:rounding Within the stated bounds, not directed.
"""

from . import black76
from . import black_scholes
from . import fixed_point
from . import greek_terms
from . import greeks
from . import normal

# Which one `_at_d1` gives.
DELTA: constant(uint256) = 0
GAMMA: constant(uint256) = 1
VEGA: constant(uint256) = 2
WAD: constant(int256) = 10**18
WAD_WAD: constant(int256) = 10**36
YEAR: constant(int256) = 31_536_000
TWICE_APART: constant(uint256) = 20_364_523_832_488_009_126
MASK_60: constant(uint256) = 2**60 - 1


@internal
@pure
def _at_d1(
    which: uint256, spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> int256:
    """
    @notice The sensitivities made of d1 alone.
    @dev One flat function, present value and root of time as in `black_scholes._price`: with the
         terms of greeks.vy each would cost 400 gas more. Here d1 has its own sign.
    @param which DELTA (of the call; that of the put is 1 less), GAMMA or VEGA (per 100 %).
    @return [wad] of the call; gamma and vega are those of the put as well
    """
    if (
        ((spot | strike) >> 128)
        | (volatility >> 70)
        | (time >> 29)
        | (convert(convert(unsafe_add(rate, black_scholes.MAX_RATE), bytes32), uint256) >> 62)
    ) != 0:
        black_scholes._refuse(spot, strike, volatility, time)
    v: int256 = (
        unsafe_mul(unsafe_mul(rate, convert(convert(time, bytes32), int256)), black_scholes.NEGATIVE_CARRY) >> 184
    )
    f: int256 = unsafe_sub(
        convert(convert(convert(convert(v, bytes32), uint256) & MASK_60, bytes32), int256), 2**59
    )
    u: int256 = unsafe_mul(f, f)
    k: int256 = unsafe_mul(
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
    # Half the root of seconds, below 2**79.
    root = unsafe_div(t, unsafe_add(root, unsafe_div(t, root)))
    s: int256 = convert(
        convert(
            unsafe_mul(unsafe_mul(convert(convert(root, bytes32), uint256), volatility), black76.PER_ROOT_YEAR) >> 172,
            bytes32,
        ),
        int256,
    )
    # ln(S / k) = 2 atanh(y) with 128 fractional bits, below 2**136. A conversion costs nothing, a
    # variable does.
    t = unsafe_div(
        unsafe_sub(convert(convert(spot, bytes32), int256), k) << 64,
        unsafe_add(convert(convert(spot, bytes32), int256), k),
    )
    u = unsafe_mul(t, t) >> 64
    if convert(convert(unsafe_add(t, black76.THIRD), bytes32), uint256) < fixed_point.TWO_THIRDS:
        t = unsafe_mul(t, unsafe_add(fixed_point.LN_C,
            unsafe_div(fixed_point.LN_A0, unsafe_add(unsafe_add(u, fixed_point.LN_B0),
            unsafe_div(fixed_point.LN_A1, unsafe_add(unsafe_add(u, fixed_point.LN_B1),
            unsafe_div(fixed_point.LN_A2, unsafe_add(u, fixed_point.LN_B2))))))))
    elif convert(convert(unsafe_add(t, black76.APART), bytes32), uint256) < TWICE_APART:
        t = unsafe_mul(t, unsafe_add(fixed_point.WIDE_C,
            unsafe_div(fixed_point.WIDE_A0, unsafe_add(unsafe_add(u, fixed_point.WIDE_B0),
            unsafe_div(fixed_point.WIDE_A1, unsafe_add(unsafe_add(u, fixed_point.WIDE_B1),
            unsafe_div(fixed_point.WIDE_A2, unsafe_add(unsafe_add(u, fixed_point.WIDE_B2),
            unsafe_div(fixed_point.WIDE_A3, unsafe_add(u, fixed_point.WIDE_B3))))))))))
    elif t > 0:
        t = greeks.NOTHING
        if k != 0:
            t = fixed_point._ln_ratio_q64(convert(convert(spot, bytes32), int256), k) << 64
    else:
        t = -greeks.NOTHING
        if spot != 0:
            t = unsafe_sub(0, fixed_point._ln_ratio_q64(k, convert(convert(spot, bytes32), int256)) << 64)
    # Without deviation a half at the kink, a certainty beside it.
    d: int256 = unsafe_add(unsafe_div(t, s), s >> 1)
    if s == 0:
        if t != 0:
            d = t << 64
    if convert(convert(unsafe_add(d, greeks.NINE), bytes32), uint256) > greeks.EIGHTEEN:
        if which == DELTA:
            if d > 0:
                return WAD
        return 0
    # pdf(d1) as in black76.vy, with 63 fractional bits before the shift by v.
    v = unsafe_mul(unsafe_mul(d, d), fixed_point.HALF_LOG2_E) >> 188
    f = unsafe_sub(
        convert(convert(convert(convert(v, bytes32), uint256) & MASK_60, bytes32), int256), 2**59
    )
    u = unsafe_mul(f, f)
    u = unsafe_sub(
        normal.PDF_C,
        unsafe_div(
            unsafe_mul(2 * normal.PDF_C, f),
            unsafe_add(
                unsafe_add(fixed_point.EXP_C,
                unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                f,
            ),
        ),
    )
    if which == VEGA:
        # 2**62 * 2**128, then with the root 2**206 and as below: S pdf(d1) sqrt(t).
        return unsafe_mul(
            unsafe_mul(unsafe_mul(u, convert(convert(spot, bytes32), int256)) >> 63, root) >> 64, greeks.PER_ROOT
        ) >> convert(convert(unsafe_add(v >> 60, 108), bytes32), uint256)
    if which == GAMMA:
        # pdf(d1) / (S s): 2**62 * 2**120 by at most 2**206.
        return unsafe_div(unsafe_mul(u, 2 * WAD_WAD), unsafe_mul(convert(convert(spot, bytes32), int256), s)) >> convert(
            convert(v >> 60, bytes32), uint256
        )
    if d > 0:
        # cdf(-d1) = pdf(d1) M(d1): 2**62 * 2**60 * 2**65.
        return unsafe_sub(
            WAD,
            unsafe_mul(
                unsafe_mul(u, WAD),
                unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(d, normal.NEAR_B0),
                unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(d, normal.NEAR_B1),
                unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(d, normal.NEAR_B2),
                unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(d, normal.NEAR_B3),
                unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(d, normal.NEAR_B4),
                unsafe_div(normal.NEAR_A5, unsafe_add(d, normal.NEAR_B5)))))))))))),
            ) >> convert(convert(unsafe_add(v >> 60, 127), bytes32), uint256),
        )
    d = unsafe_sub(0, d)
    return unsafe_mul(
        unsafe_mul(u, WAD),
        unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(d, normal.NEAR_B0),
        unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(d, normal.NEAR_B1),
        unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(d, normal.NEAR_B2),
        unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(d, normal.NEAR_B3),
        unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(d, normal.NEAR_B4),
        unsafe_div(normal.NEAR_A5, unsafe_add(d, normal.NEAR_B5)))))))))))),
    ) >> convert(convert(unsafe_add(v >> 60, 127), bytes32), uint256)



@internal
@pure
def _theta(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    """
    @return call [wad], put [wad], per year
    """
    t: greek_terms.Terms = greek_terms._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    put: int256 = unsafe_sub(
        unsafe_div(unsafe_mul(rate, unsafe_sub(t.strike, self._owed(asset, t))), WAD),
        unsafe_div(
            unsafe_div(unsafe_mul(t.g >> 32, convert(convert(volatility, bytes32), int256)), WAD) << 31,
            t.root,
        ),
    )
    return unsafe_sub(put, unsafe_div(unsafe_mul(rate, t.strike), WAD)), put


@internal
@pure
def _rho(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (int256, int256):
    """
    @return call [wad], put [wad], per 1 (100 %) of rate
    """
    t: greek_terms.Terms = greek_terms._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    years: int256 = convert(convert(time, bytes32), int256)
    call: int256 = unsafe_div(unsafe_mul(self._owed(asset, t), years), YEAR)
    return call, unsafe_sub(call, unsafe_div(unsafe_mul(t.strike, years), YEAR))


@internal
@pure
def _vanna(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> int256:
    """
    @return [wad] the same for calls and puts
    """
    t: greek_terms.Terms = greek_terms._terms(spot, strike, volatility, time, rate)
    asset: int256 = convert(convert(spot, bytes32), int256)
    d2: int256 = unsafe_sub(0, t.z2)
    if asset > t.strike:
        d2 = t.z1
    return unsafe_div(
        unsafe_mul(unsafe_mul(unsafe_div(t.g, asset), d2) >> 64, -WAD_WAD),
        convert(convert(volatility, bytes32), int256),
    ) >> 64


@internal
@pure
def _volga(spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256) -> int256:
    """
    @return [wad] the same for calls and puts
    """
    t: greek_terms.Terms = greek_terms._terms(spot, strike, volatility, time, rate)
    return unsafe_div(
        unsafe_mul(
            unsafe_mul(unsafe_mul(t.g >> 64, t.root) >> 64, unsafe_mul(t.z1, t.z2) >> 64) >> 64, WAD
        ),
        convert(convert(volatility, bytes32), int256),
    )


@internal
@pure
def _owed(asset: int256, t: greek_terms.Terms) -> int256:
    """
    @return [wad] K' cdf(d2)
    """
    if asset > t.strike:
        # Below 2**128 here, since it is the lower one.
        return unsafe_sub(t.strike, unsafe_mul(t.strike, greek_terms._first(t.density, t.z1)) >> 64)
    return greek_terms._second(t.g, t.z2)
