# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title OptionPool
@license AGPL-3.0-only
@notice Backers' money makes a market in the options of one underlying. The pool is an account of the
        clearinghouse with portfolio margin and one of its venues: whoever may act for an account
        buys from it and sells to it at the mid of the oracle's surface, a fee, and the price of
        the risk that the trade adds (`pool_charges.vy`); who takes risk off is paid for it.
        Trades stop near expiry, at extreme deltas, when prices are stale, when the surface has
        just moved or the value of a share swings (`pool_watch.vy`), and where limits of delta,
        gamma, vega and of what is owed are reached (`pool_rules.vy`).
        When its delta leaves a band, anybody may `hedge` it with forwards (a call and a put of one
        strike) and is paid a fixed edge for that, less the places that they take. Backers come and go through the
        queues of its shares (`PoolShares.vy`). Any number of pools with different rules stand side by side.
@dev One pass over the book per trade (`PoolPricer.vy`): no figure is kept that could be out of date.
@custom:trust The owner chooses rules within bounds; it cannot touch money. The oracle is trusted.
@custom:kill The clearinghouse stops trades by `set_venue`; `longest` of the rules set to zero does so
             here. Exits are served from free margin all the same.
@custom:rounding Against takers and in favour of those who stay, each by some wei.
"""

from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IOracle
from ..interfaces import IMarginEngine
from ..interfaces import IPoolPricer
from ..interfaces import IPoolShares
from . import pool_charges
from . import pool_flows
from . import pool_rules
from . import pool_trades
from . import pool_watch

initializes: ownable
initializes: pool_rules[ownable := ownable]
initializes: pool_flows
initializes: pool_watch

exports: (
    # owner
    pool_rules.set_rules,
    ownable.transfer_ownership,
    # views
    pool_rules.rules,
    pool_rules.conduct,
    pool_watch.surfaces,
    pool_watch.value_record,
    ownable.owner,
)


interface Ledger:
    def set_engine(account: uint256, engine: uint256): nonpayable

interface Operators:
    def set_operator(operator: address, approved: bool): nonpayable


WAD: constant(int256) = 10**18
BPS: constant(int256) = 10**4
HOUR: constant(uint256) = 3_600
PORTFOLIO: constant(uint256) = 1
# A share has 24 decimals and begins at one USD.
SHARE: constant(uint256) = 10**24

CLEARINGHOUSE: public(immutable(address))
ORACLE: public(immutable(address))
PRICER: public(immutable(address))
UNDERLYING: public(immutable(uint256))
ACCOUNT: public(immutable(uint256))


struct Worth:
    # All [wad USD].
    reserve: uint256  # charges that are not income yet
    income: int256  # cash and options at mid, less the reserve
    low: uint256  # what shares are paid by
    high: uint256  # what shares are made by


event Traded:
    account: indexed(uint256)
    series: indexed(uint256)
    quantity: int256  # [wad] the taker bought
    cost: int256  # [wad USD] that it paid
    fee: int256  # [wad USD] of that
    charge: int256  # [wad USD] of that


event Hedged:
    account: indexed(uint256)
    expiry: uint256  # [s]
    strike: uint256  # [wad]
    quantity: int256  # [wad] forwards that the pool bought
    edge: int256  # [wad USD] that it paid on top of their value


event Recorded:
    reserve: uint256  # [wad USD]
    low: uint256  # [wad USD]
    high: uint256  # [wad USD]
    open: bool


event Linked:
    shares: indexed(address)


# Who backs the pool; named once.
shares: public(address)


@deploy
def __init__(clearinghouse: address, oracle: address, pricer: address, underlying: uint256, owner: address):
    """
    @param pricer A PoolPricer over the same oracle.
    """
    ownable.__init__()
    assert owner != empty(address), "pool: no owner"
    ownable._transfer_ownership(owner)
    CLEARINGHOUSE = clearinghouse
    ORACLE = oracle
    PRICER = pricer
    UNDERLYING = underlying
    ACCOUNT = convert(self, uint256) << 96


# -- takers --


@external
def trade(account: uint256, code: uint256, quantity: int256, limit: int256) -> int256:
    """
    @notice Buys from the pool, or sells to it.
    @param account Of the taker; the sender must own it or be an operator of its owner.
    @param code The series.
    @param quantity [wad] contracts, positive: the taker buys.
    @param limit [wad USD] the most that the taker pays; negative asks to receive at least so much.
    @return [wad USD] what it paid, negative when it received.
    """
    self._require_actor(account)
    risk: IPoolPricer.Risk = empty(IPoolPricer.Risk)
    deal: IPoolPricer.Deal = empty(IPoolPricer.Deal)
    worth: Worth = empty(Worth)
    risk, deal, worth = self._offer(code, quantity)
    assert deal.cost <= limit, "pool: cost above limit"
    conduct: uint256 = pool_rules.conduct
    pool_watch._see(code >> 120, convert(risk.volatility, uint256), conduct)
    pool_watch._roll(pool_watch.value_record, self._share_value(worth.income), conduct)
    pool_flows._flow(code, quantity, deal.change, conduct)
    pool_flows._keep_capital(deal.capital)
    # Not below zero, since no rebate exceeds the reserve.
    kept: uint256 = convert(convert(worth.reserve, int256) + deal.cost - deal.value, uint256)
    pool_flows._keep(kept, risk.theta, deal.capital)
    extcall IClearinghouse(CLEARINGHOUSE).novate([pool_trades._leg(ACCOUNT, account, code, quantity, deal.cost)])
    log Traded(
        account=account, series=code, quantity=quantity, cost=deal.cost, fee=deal.fee, charge=deal.charge
    )
    return deal.cost


@external
def hedge(account: uint256, expiry: uint256, strike: uint256, quantity: int256) -> int256:
    """
    @notice Takes the other side of forwards that bring the pool's delta towards its band: a call and a
            put of one strike, at the surface's value and `edge` on top.
    @param account Of the taker; the sender must own it or be an operator of its owner.
    @param expiry [s]
    @param strike [wad]
    @param quantity [wad] forwards, positive: the pool buys, the taker sells.
    @return [wad USD] what the pool paid, negative when it received.
    """
    self._require_actor(account)
    rules: uint256 = pool_rules.rules
    conduct: uint256 = pool_rules.conduct
    call: uint256 = series._encode(UNDERLYING, expiry, strike, 0, 0)
    put: uint256 = series._encode(UNDERLYING, expiry, strike, 1, 0)
    pool_trades._require_tradable(UNDERLYING, call, quantity, rules, conduct)
    positions: DynArray[uint256, 128] = staticcall IClearinghouse(CLEARINGHOUSE).positions_of(ACCOUNT)
    risk: IPoolPricer.Risk = staticcall IPoolPricer(PRICER).assess(UNDERLYING, positions, call, 0)
    other: IPoolPricer.Risk = staticcall IPoolPricer(PRICER).assess(UNDERLYING, [], put, 0)
    assert risk.fresh, "pool: stale price"
    worth: Worth = self._worth_now(risk, conduct)
    delta: int256 = quantity * (risk.unit_delta - other.unit_delta) // WAD
    band: int256 = pool_rules._field(conduct, pool_rules.BAND) * max(worth.income, 0) // BPS
    assert abs(risk.delta) > band, "pool: delta within its band"
    # Towards zero, and not beyond.
    assert (delta > 0) != (risk.delta > 0) and abs(delta) <= abs(risk.delta), "pool: no hedge"
    edge: int256 = pool_rules._edge(conduct) * abs(delta) // BPS
    # Places for what is not held yet, as in pool_charges.vy.
    places: int256 = 0
    count: int256 = convert(len(positions), int256)
    is_new: bool = True
    for word: uint256 in positions:
        is_new = is_new and word >> 96 != put
    if is_new:
        places = pool_charges._place(worth.income, count)
        count += 1
    if risk.held == 0:
        places += pool_charges._place(worth.income, count)
    # Both options at their value, the edge on the side that the pool pays for, places on the other.
    for_call: int256 = -quantity * risk.price // WAD
    for_put: int256 = quantity * other.price // WAD
    if quantity > 0:
        for_call -= edge
        for_put += places
    else:
        for_put -= edge
        for_call += places
    extcall IClearinghouse(CLEARINGHOUSE).novate(
        [
            pool_trades._leg(ACCOUNT, account, call, -quantity, for_call),
            pool_trades._leg(ACCOUNT, account, put, quantity, for_put),
        ]
    )
    log Hedged(account=account, expiry=expiry, strike=strike, quantity=quantity, edge=edge)
    return -(for_call + for_put)


# -- keepers --


@external
def look(expiries: DynArray[uint256, 16]):
    """
    @notice Adds what the surface says now to the averages of these expiries [s].
    """
    conduct: uint256 = pool_rules.conduct
    for expiry: uint256 in expiries:
        quote: IOracle.Quote = staticcall IOracle(ORACLE).quote(UNDERLYING, expiry)
        if quote.fresh and quote.volatility != 0 and expiry > block.timestamp:
            pool_watch._see((UNDERLYING << 24) | (expiry // HOUR), quote.volatility, conduct)


@external
def record() -> (uint256, uint256, uint256, bool):
    """
    @notice Looks at what the pool is worth: trips the breaker, and moves what was earned out of the
            reserve. `process` of the shares begins with it.
    @return Low and high value and what is free to be paid out [wad USD]; whether the pool is open.
    """
    risk: IPoolPricer.Risk = self._risk(0, pool_rules.rules)
    if not risk.fresh:
        return 0, 0, 0, False
    conduct: uint256 = pool_rules.conduct
    worth: Worth = self._worth_now(risk, conduct)
    open: bool = pool_watch._record(self._share_value(worth.income), conduct)
    # And no hole that newcomers' money would fill.
    open = open and worth.income + convert(worth.reserve, int256) >= 0
    pool_flows._keep(worth.reserve, risk.theta, worth.income)
    log Recorded(reserve=worth.reserve, low=worth.low, high=worth.high, open=open)
    return worth.low, worth.high, self._free(risk, worth, conduct), open


# -- owner --


@external
def link(shares: address, operators: address):
    """
    @notice Names the shares, once, which may then act for the pool, and chooses portfolio margin. The pool
            does not trade before.
    @param operators The clearinghouse's.
    """
    ownable._check_owner()
    assert self.shares == empty(address), "pool: already linked"
    self.shares = shares
    extcall Ledger(CLEARINGHOUSE).set_engine(ACCOUNT, PORTFOLIO)
    extcall Operators(operators).set_operator(shares, True)
    log Linked(shares=shares)


# -- views --


@external
@view
def quote(code: uint256, quantity: int256) -> IPoolPricer.Deal:
    """
    @notice What `trade` would cost now, or its refusal; margin is not looked at.
    """
    risk: IPoolPricer.Risk = empty(IPoolPricer.Risk)
    deal: IPoolPricer.Deal = empty(IPoolPricer.Deal)
    worth: Worth = empty(Worth)
    risk, deal, worth = self._offer(code, quantity)
    return deal


@external
@view
def state(code: uint256) -> (IPoolPricer.Risk, Worth):
    """
    @notice The book, one contract of a series (0 for none), and what the pool is worth.
    """
    risk: IPoolPricer.Risk = self._risk(code, pool_rules.rules)
    return risk, self._worth_now(risk, pool_rules.conduct)


@external
@view
def worth() -> (uint256, uint256, uint256):
    """
    @return Low and high value, and what is free to be paid out [wad USD].
    """
    risk: IPoolPricer.Risk = self._risk(0, pool_rules.rules)
    conduct: uint256 = pool_rules.conduct
    worth: Worth = self._worth_now(risk, conduct)
    return worth.low, worth.high, self._free(risk, worth, conduct)


# -- internals --


@internal
@view
def _require_actor(account: uint256):
    assert account != ACCOUNT, "pool: own account"
    assert staticcall IClearinghouse(CLEARINGHOUSE).may_act(msg.sender, account), "pool: sender may not act"


@internal
@view
def _risk(code: uint256, rules: uint256) -> IPoolPricer.Risk:
    return staticcall IPoolPricer(PRICER).assess(
        UNDERLYING,
        staticcall IClearinghouse(CLEARINGHOUSE).positions_of(ACCOUNT),
        code,
        convert(pool_rules._field(rules, pool_rules.HORIZON), uint256) * HOUR,
    )


@internal
@view
def _worth_now(risk: IPoolPricer.Risk, conduct: uint256) -> Worth:
    cash: int256 = staticcall IClearinghouse(CLEARINGHOUSE).cash_of(ACCOUNT)
    return self._worth(risk, conduct, cash, pool_flows._released(conduct))


@internal
@view
def _worth(risk: IPoolPricer.Risk, conduct: uint256, cash: int256, reserve: uint256) -> Worth:
    mid: int256 = cash + risk.value
    doubt: int256 = pool_rules._field(conduct, pool_rules.SPOT_DOUBT) * abs(risk.delta) // BPS
    # What the oracle is less than sure of counts in full.
    doubt += (WAD - risk.confidence) * abs(risk.delta) // WAD
    doubt += pool_rules._field(conduct, pool_rules.VOL_DOUBT) * risk.gross // BPS
    income: int256 = mid - convert(reserve, int256)
    return Worth(
        reserve=reserve,
        income=income,
        low=convert(max(income - doubt, 0), uint256),
        high=convert(max(mid + doubt, 0), uint256),
    )


@internal
@view
def _offer(code: uint256, quantity: int256) -> (IPoolPricer.Risk, IPoolPricer.Deal, Worth):
    """
    @notice What a trade costs and all that it moves, or why it is refused.
    """
    conduct: uint256 = pool_rules.conduct
    order: IPoolPricer.Order = empty(IPoolPricer.Order)
    order.rules = pool_rules.rules
    pool_trades._require_tradable(UNDERLYING, code, quantity, order.rules, conduct)
    order.code = code
    order.quantity = quantity
    order.reserve = pool_flows._released(conduct)
    cash: int256 = staticcall IClearinghouse(CLEARINGHOUSE).cash_of(ACCOUNT)
    order.cash = cash - convert(order.reserve, int256)
    order.capital = pool_flows._capital_now()
    order.moved = pool_flows._moved(code, conduct)
    risk: IPoolPricer.Risk = empty(IPoolPricer.Risk)
    deal: IPoolPricer.Deal = empty(IPoolPricer.Deal)
    risk, deal = staticcall IPoolPricer(PRICER).offer(
        UNDERLYING, staticcall IClearinghouse(CLEARINGHOUSE).positions_of(ACCOUNT), order
    )
    pool_watch._require_calm(code >> 120, risk.volatility, conduct)
    worth: Worth = self._worth(risk, conduct, cash, order.reserve)
    record: uint256 = pool_watch.value_record
    assert block.timestamp >= record & pool_watch.MASK_64, "pool: paused"
    share: uint256 = self._share_value(worth.income)
    assert not pool_watch._swings(record, share, conduct), "pool: value swings"
    return risk, deal, worth


@internal
@view
def _share_value(worth: int256) -> uint256:
    """
    @param worth [wad USD] of the pool.
    @return [wad USD] of a share.
    """
    figure: uint256 = (convert(max(worth, 0), uint256) + 1) * SHARE // staticcall IPoolShares(self.shares).supply()
    # So large when nearly all shares are gone: then it is no measure, and stops nobody.
    return min(figure, pool_watch.LARGEST)


@internal
@view
def _free(risk: IPoolPricer.Risk, worth: Worth, conduct: uint256) -> uint256:
    """
    @return [wad USD] what initial margin leaves, and the buffer of what is left then.
    """
    health: IMarginEngine.Health = staticcall IClearinghouse(CLEARINGHOUSE).health(ACCOUNT)
    free: int256 = health.initial
    if risk.gross != 0:
        # initial - x = buffer (income - x)
        buffer: int256 = pool_rules._field(conduct, pool_rules.BUFFER)
        free = (free * BPS - buffer * max(worth.income, 0)) // (BPS - buffer)
    return convert(max(free, 0), uint256)
