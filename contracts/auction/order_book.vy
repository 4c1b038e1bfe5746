# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Order book: sorted lists of limits, one word an order
@license AGPL-3.0-only
@notice Lists of at most `most` orders, the best limit first: the highest where `descending`, else the
        lowest. Of equal limits the lower id comes first, so that a list depends on what is in it and
        not on the order of arrival. A full list keeps the best ones.

          | next id 96 | limit 80 | quantity 80 |   node of an order
          | first id 96 |   0     | count 80    |   node 0: the list itself

@dev Who inserts names a place to begin at; a wrong one only costs the walk from the beginning.
"""

MOST: constant(uint256) = 64
MASK_80: constant(uint256) = 2**80 - 1
MASK_160: constant(uint256) = 2**160 - 1

# list -> id -> node
nodes: HashMap[uint256, HashMap[uint256, uint256]]


@internal
@pure
def _precedes(limit: uint256, id: uint256, other: uint256, other_id: uint256, descending: bool) -> bool:
    if limit == other:
        return id < other_id
    return (limit > other) == descending


@internal
@view
def _words(list: uint256) -> DynArray[uint256, MOST]:
    """
    @return limit << 80 | quantity of every order, the best first.
    """
    words: DynArray[uint256, MOST] = []
    id: uint256 = self.nodes[list][0] >> 160
    for _: uint256 in range(MOST):
        if id == 0:
            break
        node: uint256 = self.nodes[list][id]
        words.append(node & MASK_160)
        id = node >> 160
    return words


@internal
def _insert(
    list: uint256, id: uint256, limit: uint256, quantity: uint256, hint: uint256, descending: bool, most: uint256
) -> uint256:
    """
    @param id Not zero, 96 bits, not in the list.
    @param hint An order to stand behind, at best the one right before; 0 for none.
    @param most The list's length, at most MOST.
    @return What the list no longer holds: 0, the last order, or this one if it is the last.
    """
    before: uint256 = 0
    node: uint256 = 0
    if hint != 0:
        node = self.nodes[list][hint]
        if node != 0 and self._precedes((node >> 80) & MASK_80, hint, limit, id, descending):
            before = hint
    head: uint256 = self.nodes[list][0]
    if before == 0:
        node = head
    for _: uint256 in range(MOST):
        following: uint256 = node >> 160
        if following == 0:
            break
        other: uint256 = self.nodes[list][following]
        if not self._precedes((other >> 80) & MASK_80, following, limit, id, descending):
            break
        before = following
        node = other
    count: uint256 = head & MASK_80
    if count == most and node >> 160 == 0:
        return id
    self.nodes[list][id] = ((node >> 160) << 160) | (limit << 80) | quantity
    self.nodes[list][before] = (id << 160) | (node & MASK_160)
    if count < most:
        # Node 0 may have just changed.
        self.nodes[list][0] = unsafe_add(self.nodes[list][0], 1)
        return 0
    # Full: the last one goes, which is behind the new one.
    at: uint256 = id
    for _: uint256 in range(MOST):
        last: uint256 = self.nodes[list][at] >> 160
        if self.nodes[list][last] >> 160 == 0:
            self._unlink(list, at, last)
            return last
        at = last
    raise  # unreachable: a list has at most MOST orders


@internal
def _remove(list: uint256, id: uint256):
    """
    @notice Takes an order out of its list.
    """
    at: uint256 = 0
    for _: uint256 in range(MOST):
        following: uint256 = self.nodes[list][at] >> 160
        if following == id:
            self._unlink(list, at, id)
            self.nodes[list][0] = unsafe_sub(self.nodes[list][0], 1)
            return
        at = following


@internal
def _unlink(list: uint256, before: uint256, id: uint256):
    self.nodes[list][before] = ((self.nodes[list][id] >> 160) << 160) | (self.nodes[list][before] & MASK_160)
    self.nodes[list][id] = 0
