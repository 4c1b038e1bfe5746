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
# Of an expiry, the spot's left out, as `term` says it; 0 for what `quote` says.
confidences: HashMap[uint256, HashMap[uint256, uint256]]
states: HashMap[uint256, uint256]
watched: public(HashMap[uint256, bool])
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
        spot=spot,
        forward=forward,
        fixed=0,
        volatility=volatility,
        smile=0,
        tenor=0,
        discount=10**18,
        confidence=confidence,
        fresh=fresh,
    )


@external
def set_smile(underlying: uint256, expiry: uint256, smile: uint256, tenor: uint256):
    self.quotes[underlying][expiry].smile = smile
    self.quotes[underlying][expiry].tenor = tenor


@external
def set_term(underlying: uint256, expiry: uint256, fixed: uint256, discount: uint256):
    self.quotes[underlying][expiry].fixed = fixed
    self.quotes[underlying][expiry].discount = discount


@external
def set_own_confidence(underlying: uint256, expiry: uint256, confidence: uint256):
    self.confidences[underlying][expiry] = confidence


@external
def set_knocked(code: uint256, state: uint256):
    self.states[code] = state


@external
def set_fixing(underlying: uint256, expiry: uint256, price: uint256):
    self.fixings[underlying][expiry] = price


@external
def watch(code: uint256):
    self.watched[code] = True


@external
@view
def quote(underlying: uint256, expiry: uint256) -> IOracle.Quote:
    return self.quotes[underlying][expiry]


@external
@view
def term(underlying: uint256, expiry: uint256, spot: uint256) -> IOracle.Quote:
    quote: IOracle.Quote = self.quotes[underlying][expiry]
    quote.spot = spot
    if self.confidences[underlying][expiry] != 0:
        quote.confidence = self.confidences[underlying][expiry]
    return quote


@external
@view
def knocked(code: uint256) -> uint256:
    return self.states[code]


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


@external
@view
def settled_since(underlying: uint256) -> uint256:
    return 0 if self.spots[underlying].fresh else max_value(uint256)
