# pragma version 0.4.3
# pragma optimize gas
"""
@title PoolPricer
@license AGPL-3.0-only
@notice Value and sensitivities of a book of options, in one pass, and what a trade with a pool that
        holds it costs (`pool_charges.vy`).
        With s the standard deviation of the log-price to expiry, d1 = ln(F / K) / s + s / 2 and
        m the part of the forward F that still moves (all of it before the settlement average):

          call = F cdf(d1) - K cdf(d1 - s), put = call - F + K
          dollar delta = m cdf(d1), less m for a put;  dollar gamma = m**2 pdf(d1) / (F s)
          vega = F pdf(d1) root of time,  theta = -F pdf(d1) s / (2 time)

        all times the discount. Volatility is that of the strike on the oracle's smile.
@dev Stateless; several pools share it. Positions come in any order: one round over them for each
     expiry, so that each is asked of the oracle once.
@custom:trust The oracle, for prices.
@custom:kill None, it holds nothing.
@custom:rounding Errors below 3e-14 of the forward a contract; who quotes rounds against the taker.
"""

from ..interfaces import IOracle
from ..interfaces import IPoolPricer
from ..math import black76
from ..math import fixed_point
from ..math import normal
from ..math import svi
from . import pool_charges
from . import pool_rules

implements: IPoolPricer


WAD: constant(int256) = 10**18
YEAR: constant(int256) = 31_536_000
DAY: constant(int256) = 86_400
# What prices and volatilities are capped at, so that nothing below overflows: products of two
# prices stay below 2**250, of a price and a quantity below 2**220.
MAX_PRICE: constant(uint256) = 2**125 - 1  # [wad]
MAX_VOLATILITY: constant(uint256) = 2**70 - 1  # [wad]
MAX_TIME: constant(uint256) = 2**32 - 1  # [s]
# The most that a figure of one contract counts [wad].
MAX_FIGURE: constant(int256) = 2**150
# Far beyond any distribution.
FAR: constant(int256) = 60 * 2**64  # [Q64]
ONE: constant(int256) = 2**64
BUCKET: constant(uint256) = 216
PUT: constant(uint256) = 1 << 152
STRIKES: constant(uint256) = 160
NOWHERE: constant(uint256) = max_value(uint256)

ORACLE: public(immutable(IOracle))


struct Market:
    # One expiry.
    spot: int256  # [wad]
    forward: int256  # [wad]
    moving: int256  # [wad] part of the forward
    discount: int256  # [wad]
    left: int256  # [s] 0 once expired
    root: int256  # [Q64] of the time left in years
    flat: int256  # [Q64] standard deviation without a smile
    smile: uint256
    tenor: uint256  # [s]
    weight: int256  # [wad] of gamma
    volatility: int256  # [wad] at the money
    confidence: int256  # [wad]
    fresh: bool


struct Unit:
    # One contract, all [wad USD].
    price: int256
    delta: int256
    gamma: int256
    vega: int256
    theta: int256


@deploy
def __init__(oracle: IOracle):
    ORACLE = oracle


@external
@view
def assess(
    underlying: uint256, positions: DynArray[uint256, 128], code: uint256, horizon: uint256
) -> IPoolPricer.Risk:
    """
    @notice See IPoolPricer.
    """
    return self._assess(underlying, positions, code, horizon)


@external
@view
def offer(
    underlying: uint256, positions: DynArray[uint256, 128], order: IPoolPricer.Order
) -> (IPoolPricer.Risk, IPoolPricer.Deal):
    """
    @notice See IPoolPricer.
    """
    horizon: uint256 = convert(pool_rules._field(order.rules, pool_rules.HORIZON), uint256) * 3_600
    risk: IPoolPricer.Risk = self._assess(underlying, positions, order.code, horizon)
    return risk, pool_charges._deal(order, risk, convert(len(positions), int256))


# -- internals --


@internal
@view
def _assess(
    underlying: uint256, positions: DynArray[uint256, 128], code: uint256, horizon: uint256
) -> IPoolPricer.Risk:
    risk: IPoolPricer.Risk = empty(IPoolPricer.Risk)
    risk.confidence = WAD
    risk.fresh = True
    # The series' expiry first, then all others from the earliest on.
    own: uint256 = code >> (BUCKET - 96)
    strike: uint256 = (code << 96) >> STRIKES
    bucket: uint256 = own
    done: uint256 = 0
    unit: Unit = empty(Unit)
    if code == 0:
        bucket = self._next(positions, 0, 0)
        if bucket == NOWHERE:
            spot: uint256 = 0
            spot, risk.fresh = staticcall ORACLE.spot(underlying)
            risk.spot = convert(min(spot, MAX_PRICE), int256)
    for _: uint256 in range(129):
        if bucket == NOWHERE:
            break
        market: Market = self._market(underlying, bucket, horizon, risk.spot)
        risk.spot = market.spot
        risk.fresh = risk.fresh and market.fresh
        risk.confidence = min(risk.confidence, market.confidence)
        if bucket == own:
            risk.volatility = market.volatility
            unit = self._unit(market, code << 96)
            risk.price = unit.price
            risk.unit_delta = unit.delta
            risk.unit_gamma = unit.gamma
            risk.unit_vega = unit.vega
        following: uint256 = NOWHERE
        level: int256 = 0
        at_strike: int256 = 0
        for word: uint256 in positions:
            place: uint256 = word >> BUCKET
            if place != bucket:
                if place > done and place < following and place != own:
                    following = place
                continue
            # By bytes32, since a conversion from uint256 refuses negative ones.
            quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
            one: Unit = self._unit(market, word)
            # |quantity| < 2**95 and each figure at most 2**150: sums of 128 stay below 2**193.
            vega: int256 = unsafe_div(unsafe_mul(quantity, one.vega), WAD)
            risk.value = unsafe_add(risk.value, unsafe_div(unsafe_mul(quantity, one.price), WAD))
            risk.delta = unsafe_add(risk.delta, unsafe_div(unsafe_mul(quantity, one.delta), WAD))
            risk.gamma = unsafe_add(risk.gamma, unsafe_div(unsafe_mul(quantity, one.gamma), WAD))
            risk.theta = unsafe_add(risk.theta, unsafe_div(unsafe_mul(quantity, one.theta), WAD))
            level = unsafe_add(level, vega)
            if quantity < 0:
                risk.gross = unsafe_sub(risk.gross, vega)
                risk.short = unsafe_sub(risk.short, unsafe_div(unsafe_mul(quantity, risk.spot), WAD))
            else:
                risk.gross = unsafe_add(risk.gross, vega)
            if word >> STRIKES == strike:
                at_strike = unsafe_add(at_strike, quantity)
                if word >> 96 == code:
                    risk.held = quantity
        risk.vega = unsafe_add(risk.vega, level)
        if bucket == own:
            risk.level = level
            risk.skew = unsafe_div(unsafe_mul(at_strike, unit.vega), WAD)
            bucket = self._next(positions, 0, own)
        else:
            done = bucket
            bucket = following
    return risk


@internal
@pure
def _next(positions: DynArray[uint256, 128], after: uint256, but: uint256) -> uint256:
    """
    @return The earliest place beyond `after` of any position, except `but`.
    """
    found: uint256 = NOWHERE
    for word: uint256 in positions:
        place: uint256 = word >> BUCKET
        if place > after and place < found and place != but:
            found = place
    return found


@internal
@view
def _market(underlying: uint256, bucket: uint256, horizon: uint256, spot: int256) -> Market:
    """
    @param bucket Underlying and expiry, as the high bits of a position.
    @param spot [wad] 0 while it is not known.
    """
    expiry: uint256 = (bucket & (2**24 - 1)) * 3_600
    quote: IOracle.Quote = empty(IOracle.Quote)
    if spot == 0:
        quote = staticcall ORACLE.quote(underlying, expiry)
    else:
        quote = staticcall ORACLE.term(underlying, expiry, convert(spot, uint256))
    market: Market = empty(Market)
    market.spot = convert(min(quote.spot, MAX_PRICE), int256)
    market.forward = convert(min(quote.forward, MAX_PRICE), int256)
    market.moving = convert(min(quote.forward - min(quote.fixed, quote.forward), MAX_PRICE), int256)
    market.discount = convert(min(quote.discount, 10**18), int256)
    market.smile = quote.smile
    market.tenor = min(quote.tenor, MAX_TIME)
    market.confidence = convert(min(quote.confidence, 10**18), int256)
    market.volatility = convert(min(quote.volatility, MAX_VOLATILITY), int256)
    market.fresh = quote.fresh and quote.forward != 0
    if expiry > block.timestamp:
        left: uint256 = min(expiry - block.timestamp, MAX_TIME)
        market.left = convert(left, int256)
        market.root = black76._deviation_q64(10**18, left)
        if quote.smile == 0:
            market.flat = black76._deviation_q64(min(quote.volatility, MAX_VOLATILITY), left)
        market.weight = WAD + convert(min(horizon, MAX_TIME), int256) * WAD // max(market.left, DAY)
    else:
        market.fresh = staticcall ORACLE.fixing(underlying, expiry) != 0
        market.discount = WAD
    return market


@internal
@pure
def _unit(market: Market, word: uint256) -> Unit:
    """
    @param word A position's, its quantity is not looked at.
    """
    unit: Unit = empty(Unit)
    # Below 2**56 * 10**10.
    strike: int256 = convert(unsafe_mul((word >> 160) & (2**56 - 1), 10**10), int256)
    forward: int256 = market.forward
    is_put: bool = word & PUT != 0
    if market.left == 0 or forward == 0:
        # The payoff; without a forward it is that of a price of zero.
        unit.price = max(strike - forward, 0) if is_put else max(forward - strike, 0)
        unit.price = unsafe_div(unsafe_mul(unit.price, market.discount), WAD)
        return unit
    k: int256 = 0
    if strike >= forward:
        k = fixed_point._ln_ratio_q64(strike, forward)
    else:
        k = -fixed_point._ln_ratio_q64(forward, strike)
    s: int256 = market.flat
    if market.smile != 0:
        s = svi._deviation(market.smile, k, convert(market.left, uint256), market.tenor)
    # |k| < 2**71, s < 2**78.
    d1: int256 = max(min(unsafe_sub(s >> 1, unsafe_div(k << 64, max(s, 1))), FAR), -FAR)
    d2: int256 = max(unsafe_sub(d1, s), -FAR)
    # One exponential: F pdf(d1) = K pdf(d2). Tails are the density times Mills' ratio; all [Q64].
    density: int256 = normal._pdf_q64(d1)
    above: int256 = unsafe_mul(density, normal._mills_near_q64(abs(d1))) >> 64
    if d1 > 0:
        above = unsafe_sub(ONE, above)
    # pdf(d2) lies below one half; the limit is for strikes so small that rounding says otherwise.
    paid: int256 = unsafe_mul(
        min(unsafe_div(unsafe_mul(forward, density), strike), ONE), normal._mills_near_q64(abs(d2))
    ) >> 64
    if d2 > 0:
        paid = unsafe_sub(ONE, paid)
    price: int256 = unsafe_sub(unsafe_mul(forward, above), unsafe_mul(strike, paid)) >> 64
    delta: int256 = unsafe_mul(market.moving, above)
    if is_put:
        price = unsafe_add(price, unsafe_sub(strike, forward))
        delta = unsafe_sub(delta, market.moving << 64)
    unit.price = unsafe_div(unsafe_mul(max(price, 0), market.discount), WAD)
    unit.delta = unsafe_div(unsafe_mul(delta >> 64, market.discount), WAD)
    # F pdf(d1), discounted [wad].
    wide: int256 = unsafe_div(unsafe_mul(unsafe_mul(forward, density) >> 64, market.discount), WAD)
    # Below 2**125 * 2**70.
    unit.vega = unsafe_mul(wide, market.root) >> 64
    if wide != 0 and s > 2**32:
        # Below 2**125 * 2**64 / 2**32, weighted by less than 2**93 wad.
        share: int256 = unsafe_div(unsafe_mul(market.moving, WAD), forward)
        share = unsafe_div(unsafe_mul(share, share), WAD)
        gamma: int256 = unsafe_div(unsafe_div(unsafe_mul(wide, share), WAD) << 64, s)
        unit.gamma = min(unsafe_div(unsafe_mul(gamma, market.weight), WAD), MAX_FIGURE)
        unit.theta = -min(unsafe_div(unsafe_mul(unsafe_mul(wide, s) >> 64, YEAR), unsafe_mul(2, market.left)), MAX_FIGURE)
    return unit
