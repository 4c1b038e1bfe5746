# pragma version 0.4.3
# pragma optimize gas
"""
@title Black-Scholes
@license AGPL-3.0-only
@notice Value of a European call and put on an asset with a constant interest rate, both from one
        evaluation: Black-76 on the spot and the discounted strike, so that a single exponential
        is added. Income of the asset is left out by passing the spot without it.
        F. Black, M. Scholes, "The pricing of options and corporate liabilities", Journal of
        Political Economy 81 (1973).
@dev Domain: spot and strike from 0 to 2**128 - 1, volatility from 0 to 2**70 - 1 wad, time from
     0 to 2**29 - 1 s (17 years), rate from -2**61 to 2**61 - 1 wad (230 %). Within it nothing
     reverts or wraps, with the limits of black76.vy; beyond it: a revert with a named reason.
     Error at most 6e-14 of spot plus 2 wei.
     One test covers the domain: only a call that fails it asks which argument it was. The root
     of time stands here once more, since a call of `_deviation_q64` would cost 50 gas.
@custom:rounding Values round down by at most 2 wei beyond the stated error.
"""

from . import black76
from . import fixed_point

MAX_RATE: constant(int256) = 2**61
# -2**244 / (ln 2 * 10**18 * seconds of a year): rate times time to base 2.
NEGATIVE_CARRY: constant(int256) = -1_293_263_063_604_767_203_700_062_237_908_408_588_250_926_602_802
# sqrt(2) with 120 fractional bits, to the digit at which no carry leaves a strike as it is.
ROOT_2: constant(int256) = 1_879_812_259_125_035_247_937_795_381_022_881_552
MASK_60: constant(uint256) = 2**60 - 1


@internal
@pure
def _price(
    spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256
) -> (uint256, uint256):
    """
    @notice Values of a call and of a put.
    @param spot [wad] below 2**128.
    @param strike [wad] below 2**128.
    @param volatility [wad] annualised, below 2**70.
    @param time [s] to expiry, below 2**29.
    @param rate [wad] continuously compounded, within 2**61.
    @return call [wad], put [wad]
    """
    if (
        ((spot | strike) >> 128)
        | (volatility >> 70)
        | (time >> 29)
        | (convert(convert(unsafe_add(rate, MAX_RATE), bytes32), uint256) >> 62)
    ) != 0:
        self._refuse(spot, strike, volatility, time)
    # -rate * time = (n + 1/2 + f) ln 2; the product is below 2**61 * 2**29 * 2**160. The present
    # value of the strike is below 2**186.
    v: int256 = (
        unsafe_mul(unsafe_mul(rate, convert(convert(time, bytes32), int256)), NEGATIVE_CARRY) >> 184
    )
    f: int256 = unsafe_sub(
        convert(convert(convert(convert(v, bytes32), uint256) & MASK_60, bytes32), int256), 2**59
    )
    u: int256 = unsafe_mul(f, f)
    # 2**f = 1 + 2f/(T - f); with the strike below 2**249, and -57 <= n <= 56.
    k: int256 = unsafe_mul(
        convert(convert(strike, bytes32), int256),
        unsafe_add(
            ROOT_2,
            unsafe_div(
                unsafe_mul(2 * ROOT_2, f),
                unsafe_sub(
                    unsafe_add(fixed_point.EXP_C,
                    unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                    unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                    f,
                ),
            ),
        ),
    ) >> convert(convert(unsafe_sub(120, v >> 60), bytes32), uint256)
    # Root of time as in `black76._deviation_q64`.
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
    u = convert(
        convert(
            unsafe_mul(
                unsafe_mul(
                    convert(convert(unsafe_div(t, unsafe_add(root, unsafe_div(t, root))), bytes32), uint256),
                    volatility,
                ),
                black76.PER_ROOT_YEAR,
            ) >> 172,
            bytes32,
        ),
        int256,
    )
    # Values lie between 0 and the prices: the conversions hold.
    if convert(convert(spot, bytes32), int256) > k:
        u = black76._out_of_the_money_q64(k, convert(convert(spot, bytes32), int256), u)
        return convert(convert(unsafe_add(u, unsafe_sub(convert(convert(spot, bytes32), int256), k)), bytes32), uint256), convert(
            convert(u, bytes32), uint256
        )
    u = black76._out_of_the_money_q64(convert(convert(spot, bytes32), int256), k, u)
    return convert(convert(u, bytes32), uint256), convert(
        convert(unsafe_add(u, unsafe_sub(k, convert(convert(spot, bytes32), int256))), bytes32), uint256
    )


@internal
@pure
def _discounted(strike: uint256, time: uint256, rate: int256) -> int256:
    """
    @notice Present value of the strike, strike * e**(-rate * time), as in `_price`.
            The caller has checked the domain.
    @return [wad] below 2**186, rounded down, error 2e-18 of it.
    """
    v: int256 = (
        unsafe_mul(unsafe_mul(rate, convert(convert(time, bytes32), int256)), NEGATIVE_CARRY) >> 184
    )
    f: int256 = unsafe_sub(
        convert(convert(convert(convert(v, bytes32), uint256) & MASK_60, bytes32), int256), 2**59
    )
    u: int256 = unsafe_mul(f, f)
    # 2**f = 1 + 2f/(T - f); with the strike below 2**249, and -57 <= n <= 56.
    k: int256 = unsafe_mul(
        convert(convert(strike, bytes32), int256),
        unsafe_add(
            ROOT_2,
            unsafe_div(
                unsafe_mul(2 * ROOT_2, f),
                unsafe_sub(
                    unsafe_add(fixed_point.EXP_C,
                    unsafe_div(fixed_point.EXP_A0, unsafe_add(unsafe_add(u, fixed_point.EXP_B0),
                    unsafe_div(fixed_point.EXP_A1, unsafe_add(u, fixed_point.EXP_B1))))),
                    f,
                ),
            ),
        ),
    ) >> convert(convert(unsafe_sub(120, v >> 60), bytes32), uint256)
    return k


@internal
@pure
def _refuse(spot: uint256, strike: uint256, volatility: uint256, time: uint256):
    """
    @notice Says which argument is outside the domain.
    """
    assert spot < 2**128, "black_scholes: spot too large"
    assert strike < 2**128, "black_scholes: strike too large"
    assert volatility < 2**70, "black_scholes: vol too large"
    assert time < 2**29, "black_scholes: time too long"
    raise "black_scholes: rate too large"
