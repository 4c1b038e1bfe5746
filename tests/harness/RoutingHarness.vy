# pragma version 0.4.3
"""
@title Opens the internals of contracts/venues/routing.vy, adds nothing
@license AGPL-3.0-only
"""

from ...contracts.venues import routing


@external
@pure
def split(offers: DynArray[routing.Offer, routing.VENUES], quantity: uint256) -> DynArray[uint256, routing.VENUES]:
    return routing._split(offers, quantity)
