# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Packages: linked orders of a batch, which of them are in, and how they trade
@license AGPL-3.0-only
@notice Packages are judged one by one, the best paying first. One that is in trades with the next orders on
        the other side of each leg, as many units at a time as these have, with all its legs in one call.
@dev All that is known of an epoch's packages is one word:

       | judged 1 | places judged 15 | in 8 | through 8 | 16 x place 4 | 80 free | done 80 |
        255        240                232    224         160             80        0

     `in` places, from the lowest, of those that are in; `through` of these are through, and of the next
     one `done` units [UNIT].
"""

from ..instruments import series
from ..interfaces import IClearinghouse
from . import crossing
from . import matching
from . import order_book

uses: matching
uses: order_book


MASK_80: constant(uint256) = 2**80 - 1
MAX_LEGS: constant(uint256) = 4
MAX_LINKED: constant(uint256) = 16
# [UNIT] A limit of a package, which may be negative, is kept with this added.
BIAS: constant(int256) = 2**79
JUDGED: constant(uint256) = 1 << 255


# Epoch -> word
epochs: HashMap[uint256, uint256]
# Package -> series code | ratio of each leg, as position words
legs: HashMap[uint256, uint256[MAX_LEGS]]


event Accepted:
    epoch: indexed(uint256)
    id: indexed(uint256)


@internal
@view
def _legs(id: uint256) -> DynArray[uint256, MAX_LEGS]:
    words: DynArray[uint256, MAX_LEGS] = []
    for i: uint256 in range((order_book.nodes[id] >> 104) & 127, bound=MAX_LEGS):
        words.append(self.legs[id][i])
    return words


@internal
@pure
def _in(word: uint256) -> uint256:
    return (word >> 232) & 255


@internal
@pure
def _through(word: uint256) -> uint256:
    return (word >> 224) & 255


@internal
@pure
def _all_through(word: uint256) -> bool:
    return ((word >> 232) ^ (word >> 224)) & 255 == 0


@internal
@view
def _id(epoch: uint256, word: uint256, i: uint256) -> uint256:
    """
    @return The package that was let in as number i.
    """
    list: uint256 = matching._list(epoch, 0, False)
    return (list << 64) | order_book._tail(list, (word >> unsafe_add(160, i << 2)) & 15)


# -- which are in --


@internal
def _judge(epoch: uint256, most: uint256):
    """
    @param most Packages to look at now.
    """
    list: uint256 = matching._list(epoch, 0, False)
    word: uint256 = self.epochs[epoch]
    place: uint256 = (word >> 240) & 31
    if place == 0:
        order_book._sort(list, True)
    for _: uint256 in range(most, bound=MAX_LINKED):
        tail: uint256 = order_book._tail(list, place)
        if tail == 0:
            break
        if self._fits(epoch, word, (list << 64) | tail):
            word = unsafe_add(word | (place << unsafe_add(160, self._in(word) << 2)), 1 << 232)
            log Accepted(epoch=epoch, id=(list << 64) | tail)
        word = unsafe_add(word, 1 << 240)
        place = unsafe_add(place, 1)
    if order_book._tail(list, place) == 0:
        word |= JUDGED
    self.epochs[epoch] = word


@internal
def _fits(epoch: uint256, word: uint256, id: uint256) -> bool:
    """
    @notice Lets a package in if its legs can be filled and no package in so far, nor this one, pays
            more than its limit at the prices that result.
    """
    units: uint256 = order_book._quantity(order_book.nodes[id])
    codes: DynArray[uint256, MAX_LEGS] = []
    sums: DynArray[uint256, MAX_LEGS] = []
    found: DynArray[crossing.Crossing, MAX_LEGS] = []
    legs: DynArray[uint256, MAX_LEGS] = self._legs(id)
    for leg: uint256 in legs:
        ratio: int256 = series._quantity(leg)
        base: uint256 = matching._list(epoch, leg >> 96, False)
        sum: uint256 = unsafe_mul(units, convert(abs(ratio), uint256))
        if ratio > 0:
            sum = sum << 128
        sum = unsafe_add(sum, matching.linked[base])
        c: crossing.Crossing = matching._crossing(base, sum)
        if c.price == 0:
            return False
        codes.append(leg >> 96)
        sums.append(sum)
        found.append(c)
    if not self._within(epoch, id, codes, found):
        return False
    for i: uint256 in range(self._in(word), bound=MAX_LINKED):
        if not self._within(epoch, self._id(epoch, word, i), codes, found):
            return False
    for i: uint256 in range(len(codes), bound=MAX_LEGS):
        matching._store(matching._list(epoch, codes[i], False), found[i], sums[i])
    return True


@internal
@view
def _within(
    epoch: uint256, id: uint256, codes: DynArray[uint256, MAX_LEGS], found: DynArray[crossing.Crossing, MAX_LEGS]
) -> bool:
    """
    @notice Whether a package keeps its limit at the prices found for some series and stored for others.
    """
    cost: int256 = 0
    legs: DynArray[uint256, MAX_LEGS] = self._legs(id)
    for leg: uint256 in legs:
        price: uint256 = 0
        for i: uint256 in range(len(codes), bound=MAX_LEGS):
            if codes[i] == leg >> 96:
                price = found[i].price
        if price == 0:
            price = matching._price(matching._list(epoch, leg >> 96, False))
        cost = unsafe_add(cost, unsafe_mul(series._quantity(leg), convert(price, int256)))
    return cost <= convert(order_book.nodes[id] >> 176, int256) - BIAS


# -- trades --


@internal
def _trade(epoch: uint256, word: uint256):
    """
    @notice Trades as many units of a package as the next order on the other side of each leg has.
    @param word Of the epoch, with a package that is not through.
    """
    id: uint256 = self._id(epoch, word, self._through(word))
    node: uint256 = order_book.nodes[id]
    own: uint256 = matching._account(node)
    done: uint256 = word & MASK_80
    units: uint256 = order_book._quantity(node)
    piece: uint256 = unsafe_sub(units, done)
    if own == 0:
        piece = 0
    legs: DynArray[uint256, MAX_LEGS] = self._legs(id)
    others: DynArray[uint256, MAX_LEGS] = []
    cursors: DynArray[uint256, MAX_LEGS] = []
    ids: DynArray[uint256, 5] = [id]
    for leg: uint256 in legs:
        if piece == 0:
            break
        buys: bool = series._quantity(leg) > 0
        ratio: uint256 = convert(abs(series._quantity(leg)), uint256)
        list: uint256 = matching._list(epoch, leg >> 96, buys)
        c: crossing.Crossing = matching._result(matching._list(epoch, leg >> 96, False))
        cursor: uint256 = matching._cursor(list)
        rest: uint256 = 0
        order: uint256 = 0
        other: uint256 = 0
        for _: uint256 in range(order_book.MOST + 1):
            cursor, rest, order, other = matching._next(list, cursor, c, buys)
            # Crumbs of less than a unit are passed over.
            if rest == 0 or rest >= ratio:
                break
            cursor |= MASK_80
        piece = min(piece, unsafe_div(rest, ratio))
        ids.append(order)
        others.append(other)
        cursors.append(cursor)

    trades: DynArray[IClearinghouse.Trade, MAX_LEGS] = []
    if piece != 0:
        for i: uint256 in range(len(legs), bound=MAX_LEGS):
            quantity: uint256 = unsafe_mul(piece, convert(abs(series._quantity(legs[i])), uint256))
            price: uint256 = matching._price(matching._list(epoch, legs[i] >> 96, False))
            buys: bool = series._quantity(legs[i]) > 0
            seller: uint256 = others[i] if buys else own
            buyer: uint256 = own if buys else others[i]
            # Of a leg that meets an order of the same account nothing moves.
            if others[i] != own:
                trades.append(matching._leg(seller, buyer, legs[i] >> 96, quantity, price))
            cursors[i] = unsafe_add(cursors[i], quantity)
    taken: bool = piece != 0 and (len(trades) == 0 or matching._try(trades))
    if taken:
        for i: uint256 in range(len(legs), bound=MAX_LEGS):
            matching._move(matching._list(epoch, legs[i] >> 96, series._quantity(legs[i]) > 0), cursors[i])
    if taken and unsafe_add(done, piece) != units:
        self.epochs[epoch] = unsafe_add(word, piece)
    elif taken or piece == 0 or not matching._blame(trades, ids):
        self.epochs[epoch] = unsafe_add((word >> 80) << 80, 1 << 224)
