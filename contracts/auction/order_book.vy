# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Order book: lists of orders, one word an order
@license AGPL-3.0-only
@notice Lists of at most `most` orders, in no order until they are sorted: the best limit first, the
        highest where `descending`, else the lowest. Of equal limits the lower id comes first, so that
        a sorted list depends on what is in it and not on the order of arrival. A full list keeps
        the best ones.

          | list 192 | tail 64 |                                     id of an order
          | limit 80 | quantity 65 | legs 7 | account 40 | bond 64 |  node of an order
          | tail 64 | tail 64 | tail 64 | tail 64 |                   four places of a list, from the lowest

        So a new order writes its node, and one place of four; only the first of four needs a slot
        of its own for that.
@dev Who inserts says how long the list is; a wrong number only costs the walk from the beginning.
     A removed order leaves GONE in its place, which no order has as its tail.
"""

MOST: constant(uint256) = 64
GONE: constant(uint256) = 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_64: constant(uint256) = 2**64 - 1
MASK_65: constant(uint256) = 2**65 - 1
MASK_80: constant(uint256) = 2**80 - 1

# id -> node
nodes: HashMap[uint256, uint256]
# list | place // 4, 8 bits -> tails
places: HashMap[uint256, uint256]


@internal
@pure
def _node(limit: uint256, quantity: uint256, legs: uint256, number: uint256, bond: uint256) -> uint256:
    """
    @param number Of the account, see commitments.vy, below 2**40.
    @param bond Below 2**64.
    """
    return (limit << 176) | (quantity << 111) | (legs << 104) | (number << 64) | bond


@internal
@pure
def _quantity(node: uint256) -> uint256:
    return (node >> 111) & MASK_65


@internal
@pure
def _number(node: uint256) -> uint256:
    return (node >> 64) & MASK_40


@internal
@pure
def _flip(descending: bool) -> uint256:
    """
    @return The bits of a key that are the other way round: those of the tail, and of the limit where the
            lowest is best.
    """
    return (MASK_64 << 112) if descending else (MASK_80 << 176) | (MASK_64 << 112)


@internal
@pure
def _key(tail: uint256, node: uint256, flip: uint256) -> uint256:
    """
    @return limit 80 | tail 64 | quantity 112, flipped so that the larger is the better.
    """
    return (((node >> 176) << 176) | (tail << 112) | ((node >> 111) & MASK_65)) ^ flip


@internal
@view
def _tail(list: uint256, place: uint256) -> uint256:
    """
    @return 0 behind the end.
    """
    return (self.places[(list << 8) | (place >> 2)] >> ((place & 3) << 6)) & MASK_64


@internal
@view
def _keys(list: uint256, descending: bool) -> DynArray[uint256, MOST]:
    """
    @return A key for each order, the best first.
    """
    keys: DynArray[uint256, MOST] = []
    tails: uint256 = 0
    flip: uint256 = self._flip(descending)
    last: uint256 = max_value(uint256)
    is_sorted: bool = True
    for place: uint256 in range(MOST):
        if place & 3 == 0:
            tails = self.places[(list << 8) | (place >> 2)]
        tail: uint256 = tails & MASK_64
        if tail == 0:
            break
        tails = tails >> 64
        node: uint256 = self.nodes[(list << 64) | tail]
        if node == 0:
            continue
        key: uint256 = self._key(tail, node, flip)
        keys.append(key)
        is_sorted = is_sorted and key < last
        last = key
    if is_sorted:
        return keys
    # Shell's sort, with Ciura's gaps: a fifth of the steps of an insertion sort, at worst.
    size: uint256 = len(keys)
    for gap: uint256 in [23, 10, 4, 1]:
        for i: uint256 in range(gap, max(size, gap), bound=MOST):
            key: uint256 = keys[i]
            at: uint256 = i
            for _: uint256 in range(MOST):
                if at < gap:
                    break
                other: uint256 = keys[unsafe_sub(at, gap)]
                if other > key:
                    break
                keys[at] = other
                at = unsafe_sub(at, gap)
            if at != i:
                keys[at] = key
    return keys


@internal
@pure
def _words(keys: DynArray[uint256, MOST], descending: bool) -> DynArray[uint256, MOST]:
    """
    @return limit << 80 | quantity of every order.
    """
    flip: uint256 = self._flip(descending)
    words: DynArray[uint256, MOST] = []
    for key: uint256 in keys:
        words.append((((key ^ flip) >> 176) << 80) | (key & MASK_65))
    return words


@internal
def _sort(list: uint256, descending: bool) -> DynArray[uint256, MOST]:
    """
    @notice Brings the orders into their places, for good: nothing is inserted any more.
    @return limit << 80 | quantity of every order, the best first.
    """
    keys: DynArray[uint256, MOST] = self._keys(list, descending)
    tails: uint256 = 0
    at: uint256 = 0
    for key: uint256 in keys:
        tails |= (~(key >> 112) & MASK_64) << ((at & 3) << 6)
        at = unsafe_add(at, 1)
        if at & 3 == 0 or at == len(keys):
            four: uint256 = unsafe_sub(at, 1) >> 2
            if self.places[(list << 8) | four] != tails:
                self.places[(list << 8) | four] = tails
            tails = 0
    # Those that were removed have left places behind the end.
    at = unsafe_add(at, 3) >> 2
    for _: uint256 in range(MOST // 4):
        if at == MOST // 4 or self.places[(list << 8) | at] == 0:
            break
        self.places[(list << 8) | at] = 0
        at = unsafe_add(at, 1)
    return self._words(keys, descending)


@internal
def _insert(list: uint256, tail: uint256, node: uint256, hint: uint256, descending: bool, most: uint256) -> uint256:
    """
    @param tail Above GONE, not in the list.
    @param hint Orders that are in the list, as far as is known; 0 if not.
    @param most The list's length, a multiple of 4, at most MOST.
    @return What the list no longer holds: 0, the id of the worst order, or of this one if it is the worst.
    """
    four: uint256 = min(hint, unsafe_sub(most, 1)) >> 2
    tails: uint256 = self.places[(list << 8) | four]
    # Places fill up one after the other: where there is something, all before it are taken.
    if four != 0 and tails == 0 and self.places[(list << 8) | unsafe_sub(four, 1)] >> 192 == 0:
        four = 0
    for _: uint256 in range(MOST // 4):
        if four == most >> 2:
            break
        tails = self.places[(list << 8) | four]
        if tails >> 192 == 0:
            bits: uint256 = 0
            for _i: uint256 in range(3):
                if (tails >> bits) & MASK_64 == 0:
                    break
                bits = unsafe_add(bits, 64)
            self.places[(list << 8) | four] = tails | (tail << bits)
            self.nodes[(list << 64) | tail] = node
            return 0
        four = unsafe_add(four, 1)
    # Full: what was removed makes room, or the worst one.
    flip: uint256 = self._flip(descending)
    least: uint256 = self._key(tail, node, flip)
    worst: uint256 = tail
    at: uint256 = 0
    for place: uint256 in range(most, bound=MOST):
        if place & 3 == 0:
            tails = self.places[(list << 8) | (place >> 2)]
        other: uint256 = tails & MASK_64
        tails = tails >> 64
        key: uint256 = 0
        if other != GONE:
            key = self._key(other, self.nodes[(list << 64) | other], flip)
        if key < least:
            least = key
            worst = other
            at = place
    if worst != tail:
        self._replace(list, at, worst, tail)
        self.nodes[(list << 64) | tail] = node
    return 0 if worst == GONE else (list << 64) | worst


@internal
def _remove(id: uint256):
    """
    @notice Takes an order out of its list, whose node is gone.
    """
    for place: uint256 in range(MOST):
        if self._tail(id >> 64, place) == id & MASK_64:
            self._replace(id >> 64, place, id & MASK_64, GONE)
            break


@internal
def _replace(list: uint256, place: uint256, old: uint256, new: uint256):
    self.places[(list << 8) | (place >> 2)] ^= (old ^ new) << ((place & 3) << 6)
