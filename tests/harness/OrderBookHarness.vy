# pragma version 0.4.3
"""
@title OrderBookHarness
@license AGPL-3.0-only
@notice The order book of a batch, opened for tests.
"""

from ...contracts.auction import order_book

initializes: order_book


@external
@pure
def node(limit: uint256, quantity: uint256, legs: uint256, number: uint256, bond: uint256) -> uint256:
    return order_book._node(limit, quantity, legs, number, bond)


@external
@view
def fields(id: uint256) -> (uint256, uint256, uint256, uint256, uint256):
    """
    @return limit, quantity, legs, number of the account, bond
    """
    node: uint256 = order_book.nodes[id]
    return (
        node >> 176,
        order_book._quantity(node),
        (node >> 104) & 127,
        order_book._number(node),
        node & order_book.MASK_64,
    )


@external
def insert(
    list: uint256, tail: uint256, node: uint256, hint: uint256, descending: bool, most: uint256
) -> uint256:
    out: uint256 = order_book._insert(list, tail, node, hint, descending, most)
    if out != 0:
        # As matching.vy does it.
        order_book.nodes[out] = 0
    return out


@external
def remove(id: uint256):
    # As matching.vy does it.
    order_book.nodes[id] = 0
    order_book._remove(id)


@external
def sort(list: uint256, descending: bool) -> DynArray[uint256, order_book.MOST]:
    return order_book._sort(list, descending)


@external
@view
def words(list: uint256, descending: bool) -> DynArray[uint256, order_book.MOST]:
    return order_book._words(order_book._keys(list, descending), descending)


@external
@view
def tails(list: uint256) -> DynArray[uint256, order_book.MOST]:
    """
    @return As they stand in their places.
    """
    found: DynArray[uint256, order_book.MOST] = []
    for place: uint256 in range(order_book.MOST):
        tail: uint256 = order_book._tail(list, place)
        if tail == 0:
            break
        found.append(tail)
    return found
