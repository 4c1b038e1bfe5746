# pragma version 0.4.3
"""
@title Trades of an option pool: which series, and a leg as the clearinghouse takes it
@license AGPL-3.0-only
@notice What is refused before any price is asked for: other underlyings, barriers, expiries too
        near or too far, quantities out of range.
"""

from ..instruments import series
from ..interfaces import IClearinghouse
from . import pool_rules

DAY: constant(uint256) = 86_400
MINUTE: constant(uint256) = 60
MAX_QUANTITY: constant(int256) = 2**95 - 1


@internal
@view
def _require_tradable(underlying: uint256, code: uint256, quantity: int256, rules: uint256, conduct: uint256):
    """
    @param underlying The pool's.
    @param quantity [wad] contracts.
    """
    assert series._underlying(code) == underlying, "pool: other underlying"
    assert not series._has_barrier(code), "pool: barrier"
    within: bool = quantity <= MAX_QUANTITY and quantity >= -MAX_QUANTITY
    assert quantity != 0 and within, "pool: quantity out of range"
    expiry: uint256 = series._expiry(code)
    last: uint256 = convert(pool_rules._field(rules, pool_rules.LAST), uint256) * MINUTE
    assert expiry > block.timestamp + last, "pool: too close to expiry"
    longest: uint256 = convert(pool_rules._field(conduct, pool_rules.LONGEST), uint256) * DAY
    assert expiry <= block.timestamp + longest, "pool: too far from expiry"


@internal
@pure
def _leg(pool: uint256, account: uint256, code: uint256, quantity: int256, cost: int256) -> IClearinghouse.Trade:
    """
    @param pool Its account.
    @param quantity [wad] that the account buys, negative when it sells.
    @param cost [wad USD] that it pays, of the same sign or zero.
    """
    trade: IClearinghouse.Trade = IClearinghouse.Trade(
        seller=pool,
        buyer=account,
        series=code,
        quantity=convert(abs(quantity), uint256),
        premium=convert(abs(cost), uint256),
        seller_fee=0,
        buyer_fee=0,
    )
    if quantity < 0:
        trade.seller = account
        trade.buyer = pool
    return trade
