# pragma version 0.4.3
"""
@title An oracle whose answers the test writes
@license AGPL-3.0-only
"""

from ...contracts.interfaces import IOracle

implements: IOracle


struct Spot:
    price: uint256
    fresh: bool


spots: HashMap[uint256, Spot]
quotes: HashMap[uint256, HashMap[uint256, IOracle.Quote]]
fixings: HashMap[uint256, HashMap[uint256, uint256]]


@external
def set_spot(underlying: uint256, price: uint256, fresh: bool):
    self.spots[underlying] = Spot(price=price, fresh=fresh)


@external
def set_quote(
    underlying: uint256,
    expiry: uint256,
    spot: uint256,
    forward: uint256,
    volatility: uint256,
    confidence: uint256,
    fresh: bool,
):
    self.spots[underlying] = Spot(price=spot, fresh=fresh)
    self.quotes[underlying][expiry] = IOracle.Quote(
        spot=spot, forward=forward, volatility=volatility, confidence=confidence, fresh=fresh
    )


@external
def set_fixing(underlying: uint256, expiry: uint256, price: uint256):
    self.fixings[underlying][expiry] = price


@external
@view
def quote(underlying: uint256, expiry: uint256) -> IOracle.Quote:
    return self.quotes[underlying][expiry]


@external
@view
def spot(underlying: uint256) -> (uint256, bool):
    return self.spots[underlying].price, self.spots[underlying].fresh


@external
@view
def price(underlying: uint256) -> (uint256, uint256, uint256):
    assert self.spots[underlying].fresh, "oracle: stale price"
    return self.spots[underlying].price, 10**18, block.timestamp


@external
@view
def fixing(underlying: uint256, expiry: uint256) -> uint256:
    return self.fixings[underlying][expiry]
