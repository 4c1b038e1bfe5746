# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Matching: what becomes of the orders of a batch
@license AGPL-3.0-only
@notice Keeps the price of each series of an epoch and trades what it gives to each order, in portions: a
        cursor on each side of a series says how far. Orders that are linked are in packages.vy.
@dev A trade that the ledger refuses is blamed on the account that would not pass margin for its part,
     asked of the ledger afterwards; without one at fault its orders stay as they are and nobody pays.
"""

from ..instruments import series
from ..interfaces import IClearinghouse
from . import commitments
from . import crossing
from . import order_book

uses: commitments
uses: order_book


interface Standing:
    def standing(account: uint256, changes: DynArray[uint256, 4], cost: int256) -> uint256: view


UNIT: constant(uint256) = 10**9
MASK_64: constant(uint256) = 2**64 - 1
MASK_80: constant(uint256) = 2**80 - 1
MASK_128: constant(uint256) = 2**128 - 1
MAX_LEGS: constant(uint256) = 4
MAX_TRADES: constant(uint256) = 16
MAX_CALLS: constant(uint256) = 16
# Of the word of a series' result.
CLEARED: constant(uint256) = 1 << 255
SETTLED: constant(uint256) = 1 << 254
NOVATE: constant(Bytes[4]) = method_id("novate((uint256,uint256,uint256,uint256,uint256,uint256,uint256)[])")
# [bytes] of a call with MAX_TRADES
CALL: constant(uint256) = 4 + 64 + 7 * 32 * 16

# Answers of `Standing`: passes, passes if it only closes positions, does not pass.
GOOD: constant(uint256) = 0
BAD: constant(uint256) = 2

STANDING: immutable(address)


# By a list of buyers:
# CLEARED, SETTLED | short side 2 | price 80 | last buy 80 | last sell 80
results: HashMap[uint256, uint256]
# shared 128 | among 128, see crossing.vy
sharing: HashMap[uint256, uint256]
# bought 128 | sold 128 by packages that are in [UNIT]
linked: HashMap[uint256, uint256]
# where trading stands, of sellers 128 | of buyers 128: place in the list 48 | [UNIT] of that order that are done 80
cursors: HashMap[uint256, uint256]


event Dropped:
    account: indexed(uint256)
    id: indexed(uint256)
    bond: uint256  # [UNIT]


event Cleared:
    epoch: indexed(uint256)
    series: indexed(uint256)
    price: uint256  # [wad] the last one counts
    volume: uint256  # [wad]


event Released:
    id: indexed(uint256)
    owner: indexed(address)
    bond: uint256  # [UNIT]


@deploy
def __init__(standing: address):
    STANDING = standing


@internal
@pure
def _list(epoch: uint256, code: uint256, sells: bool) -> uint256:
    return (epoch << 161) | (code << 1) | convert(sells, uint256)


@internal
@view
def _standing(account: uint256, changes: DynArray[uint256, MAX_LEGS], cost: int256) -> uint256:
    """
    @param changes Words as positions: series code | signed quantity [wad].
    @param cost [wad] what the account pays.
    """
    return staticcall Standing(STANDING).standing(account, changes, cost)


@internal
@view
def _account(node: uint256) -> uint256:
    """
    @return Whose order it is; 0 without one.
    """
    return commitments.accounts[order_book._number(node)]


@internal
def _release(id: uint256, node: uint256):
    """
    @notice Ends an order; its bond is free again.
    """
    owner: address = convert(self._account(node) >> 96, address)
    bond: uint256 = node & MASK_64
    order_book.nodes[id] = 0
    commitments._credit(owner, bond)
    log Released(id=id, owner=owner, bond=bond)


@internal
def _drop(id: uint256) -> uint256:
    """
    @notice Ends an order that its account cannot keep. In a list that is sorted its place stays empty.
    @return Its bond [UNIT], to be given to somebody.
    """
    node: uint256 = order_book.nodes[id]
    order_book.nodes[id] = 0
    log Dropped(account=self._account(node), id=id, bond=node & MASK_64)
    return node & MASK_64


# -- prices --


@internal
def _crossing(list: uint256, sums: uint256) -> crossing.Crossing:
    """
    @notice Sorts both sides of a series, for good, and says at which price they meet.
    @param sums bought 128 | sold 128 by packages
    """
    return crossing._cross(
        order_book._sort(list, True), order_book._sort(list | 1, False), sums >> 128, sums & MASK_128
    )


@internal
def _store(list: uint256, c: crossing.Crossing, sums: uint256):
    self.results[list] = CLEARED | (c.short_side << 240) | (c.price << 160) | (c.last_buy << 80) | c.last_sell
    if c.short_side != 0:
        self.sharing[list] = (c.shared << 128) | c.among
    if sums != 0:
        self.linked[list] = sums
    log Cleared(
        epoch=list >> 161, series=(list >> 1) & (2**160 - 1), price=unsafe_mul(c.price, UNIT), volume=unsafe_mul(c.volume, UNIT)
    )


@internal
@view
def _price(list: uint256) -> uint256:
    return (self.results[list] >> 160) & MASK_80


@internal
@view
def _result(list: uint256) -> crossing.Crossing:
    """
    @return What was stored, without the volume.
    """
    word: uint256 = self.results[list]
    short_side: uint256 = (word >> 240) & 3
    sharing: uint256 = 0
    if short_side != 0:
        sharing = self.sharing[list]
    return crossing.Crossing(
        volume=0,
        price=self._price(list),
        last_buy=(word >> 80) & MASK_80,
        last_sell=word & MASK_80,
        short_side=short_side,
        shared=sharing >> 128,
        among=sharing & MASK_128,
    )


# -- trades --


@internal
@view
def _cursor(list: uint256) -> uint256:
    return (self.cursors[(list >> 1) << 1] >> ((list & 1) << 7)) & MASK_128


@internal
def _move(list: uint256, cursor: uint256):
    side: uint256 = (list & 1) << 7
    base: uint256 = (list >> 1) << 1
    self.cursors[base] = (self.cursors[base] & ~(MASK_128 << side)) | (cursor << side)


@internal
@view
def _next(
    list: uint256, cursor: uint256, c: crossing.Crossing, sells: bool
) -> (uint256, uint256, uint256, uint256):
    """
    @notice From a cursor on, the first order of a side that has something to trade.
    @return Cursor there, what is left of the order [UNIT], its id and its account; 0, 0, 0 without one.
    """
    at: uint256 = cursor
    for _: uint256 in range(order_book.MOST):
        tail: uint256 = order_book._tail(list, at >> 80)
        if tail == 0:
            break
        node: uint256 = order_book.nodes[(list << 64) | tail]
        number: uint256 = (node >> 64) & order_book.MASK_40
        share: uint256 = 0
        if number != 0:
            share = crossing._share(c, sells, node >> 176, (node >> 111) & order_book.MASK_65)
        if share > at & MASK_80:
            return at, unsafe_sub(share, at & MASK_80), (list << 64) | tail, commitments.accounts[number]
        at = unsafe_add(at >> 80, 1) << 80
    return at, 0, 0, 0


@internal
@pure
def _leg(seller: uint256, buyer: uint256, code: uint256, quantity: uint256, price: uint256) -> IClearinghouse.Trade:
    """
    @param quantity [UNIT]; `price` likewise.
    """
    return IClearinghouse.Trade(
        seller=seller,
        buyer=buyer,
        series=code,
        quantity=unsafe_mul(quantity, UNIT),
        premium=unsafe_mul(quantity, price),
        seller_fee=0,
        buyer_fee=0,
    )


@internal
def _try(trades: DynArray[IClearinghouse.Trade, MAX_TRADES]) -> bool:
    """
    @notice Hands trades to the ledger.
    @return Whether it took them.
    """
    before: uint256 = msg.gas
    call: Bytes[CALL] = abi_encode(trades, method_id=NOVATE)
    success: bool = raw_call(commitments.CLEARINGHOUSE, call, revert_on_failure=False)
    # A call that ran out of gas leaves a 64th of it (EIP-150): that is no refusal.
    assert success or unsafe_mul(msg.gas, 32) > before, "batch: more gas needed"
    return success


@internal
def _blame(trades: DynArray[IClearinghouse.Trade, MAX_LEGS], ids: DynArray[uint256, 5]) -> bool:
    """
    @notice Drops the orders of the account that stands worst after its part of refused trades.
    @param ids Orders that these trades are of.
    @return False when nobody is at fault.
    """
    worst: uint256 = GOOD
    culprit: uint256 = 0
    for id: uint256 in ids:
        account: uint256 = self._account(order_book.nodes[id])
        changes: DynArray[uint256, MAX_LEGS] = []
        cost: int256 = 0
        for trade: IClearinghouse.Trade in trades:
            quantity: int256 = convert(trade.quantity, int256)
            if trade.buyer == account:
                changes.append(series._pack(trade.series, quantity))
                cost = unsafe_add(cost, convert(trade.premium, int256))
            elif trade.seller == account:
                changes.append(series._pack(trade.series, unsafe_sub(0, quantity)))
                cost = unsafe_sub(cost, convert(trade.premium, int256))
        health: uint256 = self._standing(account, changes, cost)
        if health > worst:
            worst = health
            culprit = account
    for id: uint256 in ids:
        if worst != GOOD and self._account(order_book.nodes[id]) == culprit:
            commitments._forfeit(convert(culprit >> 96, address), self._drop(id))
    return worst != GOOD


@internal
def _trade(list: uint256, code: uint256, most: uint256) -> bool:
    """
    @notice Joins buyers and sellers of a series, in the order of their lists.
    @param list Of the buyers.
    @param most Calls of the ledger.
    @return Whether nothing is left.
    """
    c: crossing.Crossing = self._result(list)
    size: uint256 = MAX_TRADES
    for _: uint256 in range(most, bound=MAX_CALLS):
        buy: uint256 = self.cursors[list] & MASK_128
        sell: uint256 = self.cursors[list] >> 128
        ended: bool = False
        trades: DynArray[IClearinghouse.Trade, MAX_TRADES] = []
        ids: DynArray[uint256, 5] = []
        wanted: uint256 = 0
        bought: uint256 = 0
        buyer: uint256 = 0
        offered: uint256 = 0
        sold: uint256 = 0
        seller: uint256 = 0
        for _turn: uint256 in range(2 * order_book.MOST):
            if wanted == 0:
                buy, wanted, bought, buyer = self._next(list, buy, c, False)
            if offered == 0:
                sell, offered, sold, seller = self._next(list | 1, sell, c, True)
            ended = wanted == 0 or offered == 0
            if ended:
                break
            met: uint256 = min(wanted, offered)
            # Who meets itself has bought from itself: nothing moves.
            if buyer != seller:
                trades.append(self._leg(seller, buyer, code, met, c.price))
                ids = [bought, sold]
            # Of 80 bits each: an order is no larger.
            buy = unsafe_add(buy, met)
            sell = unsafe_add(sell, met)
            wanted = unsafe_sub(wanted, met)
            offered = unsafe_sub(offered, met)
            if len(trades) == size:
                break
        if len(trades) == 0 or self._try(trades) or (len(trades) == 1 and not self._blame([trades[0]], ids)):
            # Refused and nobody's fault, such as by a full series: these two do not meet.
            if ended:
                return True
            self.cursors[list] = (sell << 128) | buy
        elif len(trades) > 1:
            # One by one for the rest of this call.
            size = 1
    return False
