# pragma version 0.4.3
"""
@title Charges of an option pool: what risk costs
@license AGPL-3.0-only
@notice The pool's risk has a price that depends on where it stands and on nothing else, a potential

          P = level V_e**2 / 2 N + skew v_k**2 / 2 N            (each expiry, each strike)
            + delta |D| + gamma |G| / 100 + vega |V| + slope max(M - free N, 0)**2 / 2 N

        V_e and v_k the vega of an expiry and of a strike, D, G, V dollar delta, weighted gamma and
        vega of the whole book, M what it owes at spot, N its capital. A trade pays
        contracts x value, a fee in proportion to the contracts, and P after less P before: the
        integral of the marginal price along the trade. The derivative of the first two terms is
        vega times a shift of volatility: -level V_e / N for all strikes of an expiry, and
        -skew v_k / N for one strike. Differences of one function add up, so a trade in parts pays
        what it pays at once; N stands still within a block.

        P is convex. A trade pays at least what 64 parts of it would if each found the pool where it
        stood when a period of `memory` minutes began, this one or the one before (`pool_flows.vy`):
        g x change, g one slope of P there, and more where P has a kink. Trades less than a period
        apart have such a moment in common. Whoever ends where it began within that time has paid at
        least g x 0, and fees, whatever others did in between; prices that move and capital that comes
        or goes meanwhile count as they do for everybody.

        A rebate (P falls) never exceeds the reserve of what was charged, this trade's fee included.

        Contracts that restore the absence of arbitrage among the pool's own prices pay no fee. With s
        the volatility, T the time to expiry and h the relative distance of neighbouring strikes, a
        volatility raised at one strike by more than h**2 / 2 s T makes a butterfly around it worth
        less than nothing (lowered by twice as much, the one beside it); an expiry shifted by more
        than s w / 2 T, w one week, crosses its neighbour's total variance. (Where the surface is flat,
        to first order.) What is beyond, was so when those periods began, and comes back is free, and
        nothing else: somebody paid the fee for moving it there, so trades of accounts that belong
        together pay at least that.

        Who opens a series pays for one of the 128 positions that the pool may have, the more the
        fewer are left, so that filling them with dust is dear; who takes the dust away pays nothing
        but its value.
@custom:rounding Against the taker, by some wei a trade.
"""

from ..instruments import series
from ..interfaces import IPoolPricer
from . import pool_rules

WAD: constant(int256) = 10**18
BPS: constant(int256) = 10**4
# [wad] square of the relative distance between neighbouring strikes: 1 %.
NEAR: constant(int256) = 10**14
YEAR: constant(int256) = 31_536_000
WEEK: constant(int256) = 604_800
# Of a trade, at a moment that is past: as small as makes kinks of P narrow, and no smaller.
PARTS: constant(int256) = 64
# The most that the last position costs [wad USD], and [bps] of capital. 128**4 is 2**28.
DEAREST: constant(int256) = 100 * 10**18


@internal
@view
def _deal(order: IPoolPricer.Order, risk: IPoolPricer.Risk, count: int256) -> IPoolPricer.Deal:
    """
    @notice What a trade costs, or why it is refused.
    @param count Positions of the pool, at most 128.
    """
    assert risk.fresh, "pool: stale price"
    rules: uint256 = order.rules
    quantity: int256 = order.quantity
    size: int256 = abs(quantity)
    after: int256 = risk.held - quantity
    # The pool's position in the series.
    grows: bool = abs(after) > abs(risk.held) or (after > 0) != (risk.held > 0)
    if grows:
        least: int256 = pool_rules._field(rules, pool_rules.LEAST_DELTA) * risk.spot // BPS
        delta: int256 = abs(risk.unit_delta)
        assert delta >= least and delta <= risk.spot - least, "pool: extreme delta"

    deal: IPoolPricer.Deal = empty(IPoolPricer.Deal)
    deal.capital = order.capital
    if deal.capital == 0:
        deal.capital = order.cash + risk.value
    assert deal.capital > 0, "pool: no capital"
    vega: int256 = -quantity * risk.unit_vega // WAD
    deal.change = IPoolPricer.Position(
        level=vega,
        skew=vega,
        delta=-quantity * risk.unit_delta // WAD,
        gamma=-quantity * risk.unit_gamma // WAD,
        vega=vega,
        short=(max(-after, 0) - max(-risk.held, 0)) * risk.spot // WAD,
    )
    now: IPoolPricer.Position = IPoolPricer.Position(
        level=risk.level, skew=risk.skew, delta=risk.delta, gamma=risk.gamma, vega=risk.vega, short=risk.short
    )
    self._require_within(rules, deal.capital, now, deal.change)

    # Division goes towards zero: so much for the taker who sells.
    deal.value = quantity * risk.price // WAD
    if quantity > 0:
        deal.value += 1
    rate: int256 = pool_rules._field(rules, pool_rules.PREMIUM_FEE) * risk.price
    rate += pool_rules._field(rules, pool_rules.SPOT_FEE) * risk.spot
    free: int256 = self._free(order, risk, deal.capital, now)
    deal.charge = self._difference(rules, deal.capital, now, deal.change)
    deal.bend = self._bend(rules, deal.capital, risk, now.short, deal.change.short)
    for moved: IPoolPricer.Moved in order.moved:
        begun: IPoolPricer.Position = IPoolPricer.Position(
            level=now.level - moved.level,
            skew=now.skew - moved.strike * risk.unit_vega // WAD,
            delta=now.delta - moved.delta,
            gamma=now.gamma - moved.gamma,
            vega=now.vega - moved.vega,
            short=now.short - moved.short,
        )
        # What the pool owes changes by what it held then: nobody is paid for paying back what
        # others owe only because somebody took the pool's own contracts before them.
        held: int256 = risk.held - moved.held
        part: IPoolPricer.Position = IPoolPricer.Position(
            level=deal.change.level // PARTS,
            skew=deal.change.skew // PARTS,
            delta=deal.change.delta // PARTS,
            gamma=deal.change.gamma // PARTS,
            vega=deal.change.vega // PARTS,
            short=(max(quantity // PARTS - held, 0) - max(-held, 0)) * risk.spot // WAD,
        )
        deal.charge = max(deal.charge, PARTS * self._difference(rules, deal.capital, begun, part))
        free = min(free, self._free(order, risk, deal.capital, begun))
    deal.fee = (size - free) * rate // (WAD * BPS) + 1
    if risk.held == 0:
        deal.fee += self._place(deal.capital, count)
    # The fee is in the reserve when the rebate comes out: else a trade in parts would get more.
    deal.charge = max(deal.charge, -convert(order.reserve, int256) - deal.fee)
    deal.cost = deal.value + deal.fee + deal.charge
    if quantity > 0:
        # Nobody is paid for taking an option.
        deal.cost = max(deal.cost, 0)
    # Nor may who sells one owe for it.
    assert quantity > 0 or deal.cost <= 0, "pool: worth less than charge"
    return deal


@internal
@pure
def _place(capital: int256, count: int256) -> int256:
    """
    @return [wad USD] what a further position costs beside so many, at most 128.
    """
    return min(max(capital, 0) // BPS, DEAREST) * count**4 >> 28


@internal
@view
def _free(
    order: IPoolPricer.Order, risk: IPoolPricer.Risk, capital: int256, at: IPoolPricer.Position
) -> int256:
    """
    @return [wad] contracts of the trade that bring a strike, or its expiry, back to where no arbitrage is.
    """
    unit: int256 = risk.unit_vega
    volatility: int256 = risk.volatility
    level: int256 = pool_rules._field(order.rules, pool_rules.LEVEL)
    skew: int256 = pool_rules._field(order.rules, pool_rules.SKEW)
    # What the taker buys lowers the pool's vega: seen from there, what it holds too much of.
    side: int256 = 1 if order.quantity > 0 else -1
    of_expiry: int256 = side * at.level
    of_strike: int256 = side * at.skew
    both: int256 = level * of_expiry + skew * of_strike
    if both <= 0 or unit <= 0 or volatility <= 0:
        return 0
    left: int256 = convert(series._expiry(order.code) - block.timestamp, int256)
    # Vega [wad USD] by which each may be off: N x bound x 10,000 / rate.
    most: int256 = 0
    if of_strike > 0 and skew != 0:
        bound: int256 = NEAR * YEAR * WAD // (2 * volatility * left)
        # Where the pool holds too much vega its volatility is lowered.
        if side > 0:
            bound *= 2
        most = of_strike - capital * bound // WAD * BPS // skew
    if of_expiry > 0 and level != 0:
        bound: int256 = volatility * WEEK // (2 * left)
        most = max(most, of_expiry - capital * bound // WAD * BPS // level)
    # Not beyond the point from which on both together grow.
    most = min(most, both // (level + skew))
    return max(min(most * WAD // unit, abs(order.quantity)), 0)


@internal
@pure
def _difference(
    rules: uint256, capital: int256, at: IPoolPricer.Position, change: IPoolPricer.Position
) -> int256:
    """
    @return [wad USD] P after a change less P before, rounded up.
    """
    # The terms with N, 2 N x 10,000 times.
    squares: int256 = pool_rules._field(rules, pool_rules.LEVEL) * change.level * (2 * at.level + change.level)
    squares += pool_rules._field(rules, pool_rules.SKEW) * change.skew * (2 * at.skew + change.skew)
    free: int256 = pool_rules._field(rules, pool_rules.FREE) * capital // 100
    before: int256 = max(at.short - free, 0)
    after: int256 = max(at.short + change.short - free, 0)
    squares += pool_rules._field(rules, pool_rules.SLOPE) * (after - before) * (after + before)
    lines: int256 = pool_rules._field(rules, pool_rules.DELTA) * (abs(at.delta + change.delta) - abs(at.delta))
    lines += pool_rules._field(rules, pool_rules.GAMMA) * (abs(at.gamma + change.gamma) - abs(at.gamma)) // 100
    lines += pool_rules._field(rules, pool_rules.VEGA) * (abs(at.vega + change.vega) - abs(at.vega))
    return squares // (2 * BPS * capital) + lines // BPS + 2


@internal
@pure
def _bend(rules: uint256, capital: int256, risk: IPoolPricer.Risk, short: int256, more: int256) -> int256:
    """
    @return [wad USD] half of what a contract makes the next one dearer: for who splits orders.
    """
    rate: int256 = pool_rules._field(rules, pool_rules.LEVEL) + pool_rules._field(rules, pool_rules.SKEW)
    bend: int256 = rate * risk.unit_vega * risk.unit_vega // (2 * BPS * capital)
    if more > 0 and (short + more) * 100 > pool_rules._field(rules, pool_rules.FREE) * capital:
        bend += pool_rules._field(rules, pool_rules.SLOPE) * risk.spot * risk.spot // (2 * BPS * capital)
    return bend


@internal
@pure
def _require_within(
    rules: uint256, capital: int256, now: IPoolPricer.Position, change: IPoolPricer.Position
):
    """
    @notice Risk beyond its limit may only shrink.
    """
    delta: int256 = abs(now.delta + change.delta)
    most: int256 = pool_rules._field(rules, pool_rules.MAX_DELTA) * capital // BPS
    assert delta <= most or delta < abs(now.delta), "pool: delta limit"
    # Gamma for 1 % of spot and vega for a point of volatility, in basis points of capital.
    gamma: int256 = abs(now.gamma + change.gamma)
    most = pool_rules._field(rules, pool_rules.MAX_GAMMA) * capital // 100
    assert gamma <= most or gamma < abs(now.gamma), "pool: gamma limit"
    vega: int256 = abs(now.vega + change.vega)
    most = pool_rules._field(rules, pool_rules.MAX_VEGA) * capital // 100
    assert vega <= most or vega < abs(now.vega), "pool: vega limit"
    most = pool_rules._field(rules, pool_rules.MOST) * capital // 100
    assert change.short <= 0 or now.short + change.short <= most, "pool: use limit"
