# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Matching: orders of a batch, which packages are in, and how all of it trades
@license AGPL-3.0-only
@notice Keeps the orders of all epochs. Judges packages one by one, the best paying first, and trades what
        the prices give to each order, in portions: a cursor on each side of a series says how far.
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
MASK_80: constant(uint256) = 2**80 - 1
MAX_LEGS: constant(uint256) = 4
MAX_LINKED: constant(uint256) = 16
MAX_TRADES: constant(uint256) = 16
MAX_CALLS: constant(uint256) = 16
# [UNIT] A limit of a package, which may be negative, is kept with this added.
BIAS: constant(int256) = 2**79
# Of the word of a series' result.
CLEARED: constant(uint256) = 1 << 255
SETTLED: constant(uint256) = 1 << 254
# Cursor of a list that has nothing left; 0 is one where nothing began.
ENDED: constant(uint256) = 1
NOVATE: constant(Bytes[4]) = method_id("novate((uint256,uint256,uint256,uint256,uint256,uint256,uint256)[])")
# [bytes] of a call with MAX_TRADES
CALL: constant(uint256) = 4 + 64 + 7 * 32 * 16

# Answers of `Standing`: passes, passes if it only closes positions, does not pass.
GOOD: constant(uint256) = 0
BAD: constant(uint256) = 2

CLEARINGHOUSE: immutable(address)
STANDING: immutable(address)


struct Record:
    account: uint256  # 0: no such order, or it is over
    terms: uint256  # series 160, 0 for a package | bond 64 [UNIT] | epoch 31 | sells 1


# By id.
orders: public(HashMap[uint256, Record])
# Legs of packages: series code | ratio, as position words.
legs: HashMap[uint256, DynArray[uint256, MAX_LEGS]]
# List of a series' buyers -> CLEARED, SETTLED | short side 2 | price 80 | last buy 80 | last sell 80
results: HashMap[uint256, uint256]
# -> shared 128 | among 128, see crossing.vy
sharing: HashMap[uint256, uint256]
# -> bought 128 | sold 128 by packages that are in [UNIT]
linked: HashMap[uint256, uint256]
# List -> order at which trading stands | [UNIT] of it that are done
cursors: HashMap[uint256, uint256]
# Epoch -> packages that are in
accepted: HashMap[uint256, DynArray[uint256, MAX_LINKED]]
# Epoch -> how many of them are through | [UNIT] of the next one that have traded
traded: HashMap[uint256, uint256]


event Dropped:
    account: indexed(uint256)
    id: indexed(uint256)
    bond: uint256  # [UNIT]


event Accepted:
    epoch: indexed(uint256)
    id: indexed(uint256)


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
def __init__(clearinghouse: address, standing: address):
    CLEARINGHOUSE = clearinghouse
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
@pure
def _bond(record: Record) -> uint256:
    return (record.terms >> 32) & (2**64 - 1)


@internal
def _release(id: uint256, record: Record):
    """
    @notice Ends an order; its bond is free again.
    """
    owner: address = convert(record.account >> 96, address)
    self.orders[id] = empty(Record)
    commitments.free[owner] += self._bond(record)
    log Released(id=id, owner=owner, bond=self._bond(record))


@internal
def _drop(id: uint256) -> uint256:
    """
    @notice Ends an order that its account cannot keep.
    @return Its bond [UNIT], to be given to somebody.
    """
    record: Record = self.orders[id]
    self.orders[id] = empty(Record)
    log Dropped(account=record.account, id=id, bond=self._bond(record))
    return self._bond(record)


# -- prices --


@internal
@view
def _crossing(list: uint256, sums: uint256) -> crossing.Crossing:
    return crossing._cross(
        order_book._words(list), order_book._words(list | 1), sums >> 128, sums & (2**128 - 1)
    )


@internal
def _store(list: uint256, c: crossing.Crossing, sums: uint256):
    self.results[list] = CLEARED | (c.short_side << 240) | (c.price << 160) | (c.last_buy << 80) | c.last_sell
    if c.short_side != 0:
        self.sharing[list] = (c.shared << 128) | c.among
    if sums != 0:
        self.linked[list] = sums
    log Cleared(
        epoch=list >> 161, series=(list >> 1) & (2**160 - 1), price=c.price * UNIT, volume=c.volume * UNIT
    )


@internal
@view
def _result(list: uint256) -> crossing.Crossing:
    """
    @return What was stored, without the volume.
    """
    word: uint256 = self.results[list]
    sharing: uint256 = self.sharing[list]
    return crossing.Crossing(
        volume=0,
        price=(word >> 160) & MASK_80,
        last_buy=(word >> 80) & MASK_80,
        last_sell=word & MASK_80,
        short_side=(word >> 240) & 3,
        shared=sharing >> 128,
        among=sharing & (2**128 - 1),
    )


@internal
def _judge(epoch: uint256, list: uint256, id: uint256):
    """
    @notice Lets a package in if its legs can be filled and no package in so far, nor this one, pays
            more than its limit at the prices that result.
    """
    units: uint256 = order_book.nodes[list][id] & MASK_80
    codes: DynArray[uint256, MAX_LEGS] = []
    sums: DynArray[uint256, MAX_LEGS] = []
    found: DynArray[crossing.Crossing, MAX_LEGS] = []
    for leg: uint256 in self.legs[id]:
        ratio: int256 = series._quantity(leg)
        base: uint256 = self._list(epoch, leg >> 96, False)
        sum: uint256 = units * convert(abs(ratio), uint256)
        if ratio > 0:
            sum = sum << 128
        sum += self.linked[base]
        c: crossing.Crossing = self._crossing(base, sum)
        if c.price == 0:
            return
        codes.append(leg >> 96)
        sums.append(sum)
        found.append(c)
    if not self._within(epoch, list, id, codes, found):
        return
    for other: uint256 in self.accepted[epoch]:
        if not self._within(epoch, list, other, codes, found):
            return
    for i: uint256 in range(len(codes), bound=MAX_LEGS):
        self._store(self._list(epoch, codes[i], False), found[i], sums[i])
    self.accepted[epoch].append(id)
    log Accepted(epoch=epoch, id=id)


@internal
@view
def _within(
    epoch: uint256,
    list: uint256,
    id: uint256,
    codes: DynArray[uint256, MAX_LEGS],
    found: DynArray[crossing.Crossing, MAX_LEGS],
) -> bool:
    """
    @return Whether a package keeps its limit at the prices found for some series and stored for others.
    """
    cost: int256 = 0
    for leg: uint256 in self.legs[id]:
        price: uint256 = 0
        for i: uint256 in range(len(codes), bound=MAX_LEGS):
            if codes[i] == leg >> 96:
                price = found[i].price
        if price == 0:
            price = (self.results[self._list(epoch, leg >> 96, False)] >> 160) & MASK_80
        cost += series._quantity(leg) * convert(price, int256)
    return cost <= convert((order_book.nodes[list][id] >> 80) & MASK_80, int256) - BIAS


# -- trades --


@internal
@view
def _next(list: uint256, cursor: uint256, c: crossing.Crossing, sells: bool) -> (uint256, uint256, uint256):
    """
    @notice From a cursor on, the first order of a side that has something to trade.
    @return Cursor there, what is left of the order [UNIT] and its account; ENDED, 0, 0 without one.
    """
    at: uint256 = cursor
    if at == 0:
        at = (order_book.nodes[list][0] >> 160) << 80
    for _: uint256 in range(order_book.MOST):
        if at >> 80 == 0:
            break
        node: uint256 = order_book.nodes[list][at >> 80]
        account: uint256 = self.orders[at >> 80].account
        share: uint256 = crossing._share(c, sells, (node >> 80) & MASK_80, node & MASK_80)
        if account != 0 and share > at & MASK_80:
            return at, share - (at & MASK_80), account
        at = (node >> 160) << 80
    return ENDED, 0, 0


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
        quantity=quantity * UNIT,
        premium=quantity * price,
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
    success: bool = raw_call(CLEARINGHOUSE, call, revert_on_failure=False)
    # A call that ran out of gas leaves a 64th of it (EIP-150): that is no refusal.
    assert success or msg.gas * 32 > before, "batch: more gas needed"
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
        account: uint256 = self.orders[id].account
        changes: DynArray[uint256, MAX_LEGS] = []
        cost: int256 = 0
        for trade: IClearinghouse.Trade in trades:
            quantity: int256 = convert(trade.quantity, int256)
            if trade.buyer == account:
                changes.append(series._pack(trade.series, quantity))
                cost += convert(trade.premium, int256)
            elif trade.seller == account:
                changes.append(series._pack(trade.series, -quantity))
                cost -= convert(trade.premium, int256)
        health: uint256 = self._standing(account, changes, cost)
        if health > worst:
            worst = health
            culprit = account
    for id: uint256 in ids:
        record: Record = self.orders[id]
        if worst != GOOD and record.account == culprit:
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
        buy: uint256 = self.cursors[list]
        sell: uint256 = self.cursors[list | 1]
        ended: bool = False
        trades: DynArray[IClearinghouse.Trade, MAX_TRADES] = []
        ids: DynArray[uint256, 5] = []
        for _turn: uint256 in range(2 * order_book.MOST):
            wanted: uint256 = 0
            buyer: uint256 = 0
            offered: uint256 = 0
            seller: uint256 = 0
            buy, wanted, buyer = self._next(list, buy, c, False)
            sell, offered, seller = self._next(list | 1, sell, c, True)
            ended = wanted == 0 or offered == 0
            if ended:
                break
            met: uint256 = min(wanted, offered)
            # Who meets itself has bought from itself: nothing moves.
            if buyer != seller:
                trades.append(self._leg(seller, buyer, code, met, c.price))
                ids = [buy >> 80, sell >> 80]
            buy += met
            sell += met
            if len(trades) == size:
                break
        if len(trades) == 0 or self._try(trades) or (len(trades) == 1 and not self._blame([trades[0]], ids)):
            # Refused and nobody's fault, such as by a full series: these two do not meet.
            self.cursors[list] = buy
            self.cursors[list | 1] = sell
            if ended:
                return True
        elif len(trades) > 1:
            # One by one for the rest of this call.
            size = 1
    return False


@internal
def _trade_package(epoch: uint256, at: uint256):
    """
    @notice Trades as many units of a package as the next order on the other side of each leg has.
    @param at The word `traded` of the epoch.
    """
    id: uint256 = self.accepted[epoch][at >> 80]
    own: uint256 = self.orders[id].account
    units: uint256 = order_book.nodes[self._list(epoch, 0, False)][id] & MASK_80
    piece: uint256 = units - (at & MASK_80)
    if own == 0:
        piece = 0
    legs: DynArray[uint256, MAX_LEGS] = self.legs[id]
    others: DynArray[uint256, MAX_LEGS] = []
    cursors: DynArray[uint256, MAX_LEGS] = []
    for leg: uint256 in legs:
        if piece == 0:
            break
        buys: bool = series._quantity(leg) > 0
        ratio: uint256 = convert(abs(series._quantity(leg)), uint256)
        c: crossing.Crossing = self._result(self._list(epoch, leg >> 96, False))
        list: uint256 = self._list(epoch, leg >> 96, buys)
        cursor: uint256 = self.cursors[list]
        rest: uint256 = 0
        other: uint256 = 0
        for _: uint256 in range(order_book.MOST + 1):
            cursor, rest, other = self._next(list, cursor, c, buys)
            # Crumbs of less than a unit are passed over.
            if rest == 0 or rest >= ratio:
                break
            cursor |= MASK_80
        piece = min(piece, rest // ratio)
        others.append(other)
        cursors.append(cursor)

    trades: DynArray[IClearinghouse.Trade, MAX_LEGS] = []
    ids: DynArray[uint256, 5] = [id]
    if piece != 0:
        for i: uint256 in range(len(legs), bound=MAX_LEGS):
            quantity: uint256 = piece * convert(abs(series._quantity(legs[i])), uint256)
            price: uint256 = (self.results[self._list(epoch, legs[i] >> 96, False)] >> 160) & MASK_80
            buys: bool = series._quantity(legs[i]) > 0
            seller: uint256 = others[i] if buys else own
            buyer: uint256 = own if buys else others[i]
            # Of a leg that meets an order of the same account nothing moves.
            if others[i] != own:
                trades.append(self._leg(seller, buyer, legs[i] >> 96, quantity, price))
            ids.append(cursors[i] >> 80)
            cursors[i] += quantity
    taken: bool = piece != 0 and (len(trades) == 0 or self._try(trades))
    if taken:
        for i: uint256 in range(len(legs), bound=MAX_LEGS):
            self.cursors[self._list(epoch, legs[i] >> 96, series._quantity(legs[i]) > 0)] = cursors[i]
    if taken and (at & MASK_80) + piece != units:
        self.traded[epoch] = at + piece
    elif taken or piece == 0 or not self._blame(trades, ids):
        self.traded[epoch] = ((at >> 80) + 1) << 80
