# pragma version 0.4.3
# pragma optimize gas
"""
@title Barrier options
@license AGPL-3.0-only
@notice Undiscounted value of the eight European calls and puts that a touch of a barrier, watched
        without pause, brings to life (in) or ends (out); no rebate.
        M. Reiner, E. Rubinstein, "Breaking down the barriers", Risk 4 (1991); E. Haug, "The
        complete guide to option pricing formulas" (2007), section 4.17. Knock-in values are
        sums of their terms A to D; a knock-out is the vanilla option less the knock-in, so
        that in-out parity holds to the wei.
@dev With s the deviation, h = ln(H / S), c = ln(F / S) and G = F pdf(d) the density of a term, both
     halves of every term come from G and Mills' ratio without cancellation or overflow,

       F e**p cdf(z) = G M(-z) for z < 0, and F e**p - G M(z) for z >= 0

     where p <= 0 whenever z >= 0 in a term that is used. B and D share one density, since
     (H / S)**(2 mu + 2) pdf(y2) = pdf(x2), and that of C is that of A times
     e**(-2 h ln(H / X) / s**2), whose power is never positive where C is used.
     Domain: prices below 2**128 wad, deviation below 2**78 in Q64 (1.0 = 2**64). Within it nothing
     reverts or wraps. A spot at or beyond the barrier counts as a touch. Without deviation the
     price runs straight from spot to forward.
     Error at most 1e-13 of the highest of forward, strike and barrier.
@custom:rounding Knock-ins to nearest within the stated error, between 0 and the vanilla value;
                 knock-outs take the rest.
"""

from . import black76
from . import fixed_point
from . import normal

PUT: constant(uint256) = 1
UP: constant(uint256) = 4
INTO: constant(uint256) = 8
# 40 standard deviations, where densities have vanished.
TAIL: constant(int256) = 40 * 2**64
# A power of e that leaves nothing.
GONE: constant(int256) = -(100 * 2**64)
# Below this deviation the path is straight: 1e-12.
LEAST: constant(int256) = 2**24  # [Q64]
FAR: constant(int256) = 2**71  # [Q64] |ln| of a price of zero


@internal
@pure
def _price(
    kind: uint256, spot: uint256, forward: uint256, strike: uint256, barrier: uint256, deviation: int256
) -> uint256:
    """
    @notice Undiscounted value of a barrier option that was not touched before.
    @param kind Bits as in instruments/series.vy: 1 put, 4 up (else down), 8 in (else out).
    @param spot [wad] below 2**128; what the barrier is compared with.
    @param forward [wad] of the spot for the expiry, below 2**128.
    @param strike [wad] below 2**128.
    @param barrier [wad] below 2**128.
    @param deviation [Q64] volatility times root of time, 0 <= deviation < 2**78.
    @return [wad]
    """
    assert spot | forward | strike | barrier < 2**128, "barriers: price too large"
    assert deviation >= 0 and deviation < 2**78, "barriers: deviation out of range"
    # By way of bytes32 the compiler adds no checks; prices are below 2**128, values not below 0.
    f: int256 = convert(convert(forward, bytes32), int256)
    x: int256 = convert(convert(strike, bytes32), int256)
    # The vanilla option: out of the money, and parity.
    vanilla: int256 = 0
    if f < x:
        vanilla = black76._out_of_the_money_q64(f, x, deviation)
        if kind & PUT != 0:
            vanilla = unsafe_add(vanilla, unsafe_sub(x, f))
    else:
        vanilla = black76._out_of_the_money_q64(x, f, deviation)
        if kind & PUT == 0:
            vanilla = unsafe_add(vanilla, unsafe_sub(f, x))
    inside: int256 = 0
    is_up: bool = kind & UP != 0
    if (spot >= barrier and is_up) or (spot <= barrier and not is_up):
        inside = vanilla
    elif deviation < LEAST or barrier == 0 or spot == 0 or forward == 0:
        # Between spot and forward nothing turns back.
        if (forward >= barrier and is_up) or (forward <= barrier and not is_up):
            inside = vanilla
    else:
        inside = max(
            min(
                self._knock_in(
                    kind,
                    convert(convert(spot, bytes32), int256),
                    f,
                    x,
                    convert(convert(barrier, bytes32), int256),
                    deviation,
                    vanilla,
                ),
                vanilla,
            ),
            0,
        )
    if kind & INTO != 0:
        return convert(convert(inside, bytes32), uint256)
    return convert(convert(unsafe_sub(vanilla, inside), bytes32), uint256)


@internal
@pure
def _knock_in(
    kind: uint256, spot: int256, forward: int256, strike: int256, barrier: int256, s: int256, vanilla: int256
) -> int256:
    """
    @notice Haug's sums for a knock-in that was not touched: with X the strike and H the barrier
            down call X >= H: C, else A - B + D;   up call X >= H: A, else B - C + D;
            down put X >= H: B - C + D, else A;    up put X >= H: A - B + D, else C.
    """
    is_put: bool = kind & PUT != 0
    is_up: bool = kind & UP != 0
    is_above: bool = strike >= barrier
    # The payoff lies wholly beyond the barrier.
    if is_up != is_put and is_above != is_put:
        return vanilla
    h: int256 = self._ln(barrier, spot)
    carry: int256 = 0
    if forward != spot:
        carry = self._ln(forward, spot)
    # Signs of the arguments: phi for A and B, eta for C and D.
    phi: int256 = -1 if is_put else 1
    eta: int256 = -1 if is_up else 1
    # Powers of e of the reflected terms: 2 h c / s**2 with h and without. Quotients below 2**113,
    # products below 2**231 before the shift.
    twice: int256 = unsafe_div(h << 65, s)
    power: int256 = 0
    if carry != 0:
        power = unsafe_mul(twice, unsafe_div(carry << 64, s)) >> 64
    half: int256 = s >> 1
    # d2 + s / 2 of a strike at the barrier, and reflected.
    plain: int256 = unsafe_div(unsafe_sub(carry, h) << 64, s)
    reflected: int256 = unsafe_add(plain, twice)
    above: int256 = unsafe_mul(eta, unsafe_add(reflected, half))
    below: int256 = unsafe_mul(eta, unsafe_sub(reflected, half))
    # What certainty is worth in reflected terms. Where C needs it, D does: its argument is higher.
    # A power is not positive here, but for rounding.
    whole: int256 = 0
    paid: int256 = 0
    if above >= 0:
        whole = unsafe_mul(forward, fixed_point._exp_q64(max(min(unsafe_add(power, h), 0), GONE))) >> 64
    if below >= 0:
        paid = unsafe_mul(strike, fixed_point._exp_q64(max(min(unsafe_sub(power, h), 0), GONE))) >> 64
    total: int256 = 0
    # C, where the strike is on the side of the spot.
    if is_above != is_up:
        moneyness: int256 = FAR
        if strike != 0:
            moneyness = self._ln(forward, strike)
        d: int256 = unsafe_div(moneyness << 64, s)
        # ln(H / X) has the sign of h here.
        drop: int256 = unsafe_mul(twice, unsafe_div(unsafe_add(unsafe_sub(moneyness, carry), h) << 64, s)) >> 64
        density: int256 = self._density(forward, strike, unsafe_add(d, half), unsafe_sub(d, half))
        density = unsafe_mul(density, fixed_point._exp_q64(max(min(unsafe_sub(0, drop), 0), GONE))) >> 64
        d = unsafe_add(d, twice)
        total = unsafe_sub(
            self._half(whole, density, unsafe_mul(eta, unsafe_add(d, half))),
            self._half(paid, density, unsafe_mul(eta, unsafe_sub(d, half))),
        )
        if is_up == is_put:
            return unsafe_mul(phi, total)
        total = unsafe_sub(0, total)
    # B and D: F pdf(x2) = H pdf(x2 - s), and X / H of it for the half that pays the strike.
    first: int256 = self._density(forward, barrier, unsafe_add(plain, half), unsafe_sub(plain, half))
    # At most 0.4 H, with 32 bits: the quotient is below 2**95.
    second: int256 = unsafe_mul(unsafe_div(first << 64, barrier), strike) >> 64
    cut: int256 = unsafe_sub(
        self._half(forward, first, unsafe_mul(phi, unsafe_add(plain, half))),
        self._half(strike, second, unsafe_mul(phi, unsafe_sub(plain, half))),
    )
    mirror: int256 = unsafe_sub(self._half(whole, first, above), self._half(paid, second, below))
    if is_above != is_up:
        return unsafe_mul(phi, unsafe_add(unsafe_add(total, cut), mirror))
    return unsafe_add(vanilla, unsafe_mul(phi, unsafe_sub(mirror, cut)))


@internal
@pure
def _half(amount: int256, density: int256, z: int256) -> int256:
    """
    @notice amount * cdf(z), given density = amount * pdf(z); for z < 0 the amount may be left out.
    @dev For z < 0 the amount may be beyond all prices, so that Mills' ratio must be exact; else
         an error of 6e-15 of the amount will do.
    @param density [wad * 2**32] below 2**159, times a ratio below 2**65.
    @param z [Q64] |z| < 2**115.
    """
    if z < -normal.EDGE:
        if z < -TAIL:
            return 0
        # M(-z) = -a0/(z - b0 + a1/(z - b1 + ...)).
        return unsafe_mul(unsafe_sub(0, density), unsafe_div(normal.TAIL_A0, unsafe_add(unsafe_sub(z, normal.TAIL_B0),
            unsafe_div(normal.TAIL_A1, unsafe_add(unsafe_sub(z, normal.TAIL_B1),
            unsafe_div(normal.TAIL_A2, unsafe_add(unsafe_sub(z, normal.TAIL_B2),
            unsafe_div(normal.TAIL_A3, unsafe_add(unsafe_sub(z, normal.TAIL_B3),
            unsafe_div(normal.TAIL_A4, unsafe_add(unsafe_sub(z, normal.TAIL_B4),
            unsafe_div(normal.TAIL_A5, unsafe_add(unsafe_sub(z, normal.TAIL_B5),
            unsafe_div(normal.TAIL_A6, unsafe_sub(z, normal.TAIL_B6))))))))))))))) >> 96
    if z < 0:
        return unsafe_mul(density, normal._mills_q64(unsafe_sub(0, z))) >> 96
    if z > TAIL:
        return amount
    return unsafe_sub(
        amount,
        unsafe_mul(
            density,
            unsafe_div(normal.NEAR_A0, unsafe_add(unsafe_add(z, normal.NEAR_B0),
            unsafe_div(normal.NEAR_A1, unsafe_add(unsafe_add(z, normal.NEAR_B1),
            unsafe_div(normal.NEAR_A2, unsafe_add(unsafe_add(z, normal.NEAR_B2),
            unsafe_div(normal.NEAR_A3, unsafe_add(unsafe_add(z, normal.NEAR_B3),
            unsafe_div(normal.NEAR_A4, unsafe_add(unsafe_add(z, normal.NEAR_B4),
            unsafe_div(normal.NEAR_A5, unsafe_add(z, normal.NEAR_B5)))))))))))),
        ) >> 96,
    )


@internal
@pure
def _density(forward: int256, other: int256, above: int256, below: int256) -> int256:
    """
    @notice forward * pdf(above) = other * pdf(below), from the one nearer to zero; above >= below.
    @return [wad * 2**32] below 2**159; 32 bits more, for strikes far above a low barrier.
    """
    if unsafe_add(above, below) < 0:
        return unsafe_mul(forward, normal._pdf_q64(max(above, -TAIL))) >> 32
    return unsafe_mul(other, normal._pdf_q64(min(below, TAIL))) >> 32


@internal
@pure
def _ln(numerator: int256, denominator: int256) -> int256:
    """
    @return [Q64] ln(numerator / denominator) of positive numbers.
    """
    if numerator >= denominator:
        return fixed_point._ln_ratio_q64(numerator, denominator)
    return unsafe_sub(0, fixed_point._ln_ratio_q64(denominator, numerator))
