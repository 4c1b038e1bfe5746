# pragma version 0.4.3
"""
@title Routing: one order split over venues so that the next contract costs the same everywhere
@license AGPL-3.0-only
@notice A venue takes a part x of an order at marginal price a + 2 b x, up to a size. The cheapest split
        gives each venue what it offers below a common marginal price y,

          x(y) = min(max(y - a, 0) / 2 b, most),  all of it below y where b = 0,

        with y such that the parts add up (for convex costs these are the Kuhn-Tucker conditions).
        y is found by halving an interval STEPS times; what rounding leaves goes to the venues
        that have room, in order.
@dev Prices may be negative: for who sells, cost is what it receives, negated.
@custom:rounding None that matters: parts add up to the order exactly.
"""

WAD: constant(int256) = 10**18
VENUES: constant(uint256) = 9
STEPS: constant(uint256) = 96
# [wad USD] of the marginal price, below which it is one price.
SAME: constant(int256) = 10**6


struct Offer:
    first: int256  # a [wad USD] what the first contract costs
    bend: int256  # b [wad USD] by contract, not negative
    most: uint256  # [wad] contracts


@internal
@pure
def _split(offers: DynArray[Offer, VENUES], quantity: uint256) -> DynArray[uint256, VENUES]:
    """
    @param quantity [wad] below 2**95.
    @return A part [wad] for each offer; together the quantity, or less if all of them offer less.
    """
    low: int256 = max_value(int256)
    high: int256 = min_value(int256)
    for offer: Offer in offers:
        low = min(low, offer.first)
        last: int256 = offer.first + 2 * offer.bend * convert(min(offer.most, quantity), int256) // WAD
        high = max(high, last + 1)
    parts: DynArray[uint256, VENUES] = []
    for _: uint256 in range(STEPS):
        if high - low < SAME:
            break
        middle: int256 = (low + high) // 2
        total: uint256 = 0
        for offer: Offer in offers:
            total += self._below(offer, middle)
        if total > quantity:
            high = middle
        else:
            low = middle
    left: uint256 = quantity
    for offer: Offer in offers:
        part: uint256 = min(self._below(offer, low), left)
        left -= part
        parts.append(part)
    # What is offered exactly at the price at which the order fills up. Below `high` there is more than
    # the order wants, or all that is offered, so nothing is left but what nobody offers.
    for i: uint256 in range(len(offers), bound=VENUES):
        if offers[i].first <= high:
            more: uint256 = min(offers[i].most - parts[i], left)
            if offers[i].bend != 0:
                more = min(more, self._below(offers[i], high) - min(parts[i], self._below(offers[i], high)))
            parts[i] += more
            left -= more
    return parts


@internal
@pure
def _below(offer: Offer, price: int256) -> uint256:
    """
    @return [wad] contracts that cost less than a price [wad USD] at the margin.
    """
    if price <= offer.first:
        return 0
    if offer.bend == 0:
        return offer.most
    return min(convert((price - offer.first) * WAD // (2 * offer.bend), uint256), offer.most)
