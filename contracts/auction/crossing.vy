# pragma version 0.4.3
# pragma optimize gas
"""
@title Crossing: one price at which most of a series changes hands
@license AGPL-3.0-only
@notice Buyers from the highest limit and sellers from the lowest are matched until they no longer
        meet: no price moves more. The price:

          - the limit of the side that is left over in part, whose orders at just this limit share what
            there is in proportion to their size;
          - where both sides come out even, half way between the last buyer and the last seller.

        So it is made by orders that trade, and others change nothing. Legs of linked orders take any
        price here and come first (their own limit is judged on all legs together); then the price is
        not better for them than for an order they displaced: no such order would still trade at it.
@dev Limits and quantities are whole numbers of UNIT = 1e-9 (USD, contracts) of at most 80 bits, so
     every premium of a fill is exact in wad. Sums and products of two stay below 2**256, and nothing
     is taken from what is smaller: arithmetic is not checked.
@custom:rounding Shares in proportion are rounded down: what is left, a few UNIT, does not trade.
"""

MOST: constant(uint256) = 64
MASK_80: constant(uint256) = 2**80 - 1
# A limit no order has: above all buyers, when none trades.
NOBODY: constant(uint256) = 2**80 - 1
BUYERS: constant(uint256) = 1
SELLERS: constant(uint256) = 2


struct Crossing:
    volume: uint256  # [UNIT] that changes hands, legs of linked orders included
    price: uint256  # [UNIT] 0 when nothing does
    last_buy: uint256  # [UNIT] lowest limit of a buyer that trades, NOBODY without one
    last_sell: uint256  # [UNIT] highest limit of a seller that trades, 0 without one
    short_side: uint256  # whose orders at the last limit share: BUYERS, SELLERS, or 0
    shared: uint256  # [UNIT] what they share
    among: uint256  # [UNIT] their size


@internal
@pure
def _cross(
    buys: DynArray[uint256, MOST], sells: DynArray[uint256, MOST], bought: uint256, sold: uint256
) -> Crossing:
    """
    @param buys limit << 80 | quantity, from the highest limit; `sells` from the lowest.
    @param bought [UNIT] legs of linked orders, which must be filled in full; `sold` likewise.
    @return Everything; without a price when the legs cannot be filled from orders of a single series.
    """
    c: Crossing = empty(Crossing)
    c.last_buy = NOBODY
    i: uint256 = 0
    j: uint256 = 0
    buy_limit: uint256 = NOBODY
    buy_rest: uint256 = bought
    sell_limit: uint256 = 0
    sell_rest: uint256 = sold
    for _: uint256 in range(2 * MOST + 2):
        if buy_rest == 0:
            if i == len(buys):
                break
            buy_limit = buys[i] >> 80
            buy_rest = buys[i] & MASK_80
            i = unsafe_add(i, 1)
        if sell_rest == 0:
            if j == len(sells):
                break
            sell_limit = sells[j] >> 80
            sell_rest = sells[j] & MASK_80
            j = unsafe_add(j, 1)
        if buy_limit < sell_limit:
            break
        met: uint256 = min(buy_rest, sell_rest)
        c.volume = unsafe_add(c.volume, met)
        buy_rest = unsafe_sub(buy_rest, met)
        sell_rest = unsafe_sub(sell_rest, met)
        c.last_buy = buy_limit
        c.last_sell = sell_limit
    # Linked orders trade with others only: their legs on both sides are covered by single orders.
    if c.volume == 0 or c.volume < bought + sold:
        return c

    # What stands before the last limit, at it, and the best limit that gets nothing.
    ahead: uint256 = 0
    level: uint256 = 0
    next_buy: uint256 = 0
    for word: uint256 in buys:
        limit: uint256 = word >> 80
        if limit < c.last_buy:
            next_buy = limit
            break
        if limit == c.last_buy:
            level = unsafe_add(level, word & MASK_80)
        else:
            ahead = unsafe_add(ahead, word & MASK_80)
    filled: uint256 = unsafe_sub(unsafe_sub(c.volume, bought), ahead)
    if filled < level:
        c.short_side = BUYERS
        c.shared = filled
        c.among = level
    ahead = 0
    level = 0
    next_sell: uint256 = NOBODY
    for word: uint256 in sells:
        limit: uint256 = word >> 80
        if limit > c.last_sell:
            next_sell = limit
            break
        if limit == c.last_sell:
            level = unsafe_add(level, word & MASK_80)
        else:
            ahead = unsafe_add(ahead, word & MASK_80)
    filled = unsafe_sub(unsafe_sub(c.volume, sold), ahead)
    if filled < level:
        c.short_side = SELLERS
        c.shared = filled
        c.among = level

    if c.short_side == BUYERS or c.last_sell == 0:
        c.price = c.last_buy
    elif c.short_side == SELLERS or c.last_buy == NOBODY:
        c.price = c.last_sell
    else:
        c.price = unsafe_add(c.last_buy, c.last_sell) >> 1
    if bought + sold != 0:
        # next_buy < next_sell, since the matching ended.
        c.price = min(max(c.price, next_buy), next_sell)
    return c


@internal
@pure
def _share(c: Crossing, is_sell: bool, limit: uint256, quantity: uint256) -> uint256:
    """
    @return [UNIT] what an order of a single series gets.
    """
    last: uint256 = c.last_buy
    side: uint256 = BUYERS
    if is_sell:
        last = c.last_sell
        side = SELLERS
    if c.price == 0 or (limit != last and (limit > last) == is_sell):
        return 0
    if limit == last and c.short_side == side:
        return unsafe_div(unsafe_mul(quantity, c.shared), c.among)
    return quantity
