# pragma version 0.4.3
"""
@title Opens the internals of contracts/venues/no_arbitrage.vy, over one's own forwards
@license AGPL-3.0-only
"""

from ...contracts.interfaces import IOracle
from ...contracts.venues import no_arbitrage

# expiry -> figures
quotes: HashMap[uint256, IOracle.Quote]


@external
def set_quote(expiry: uint256, forward: uint256, discount: uint256, fresh: bool, fixed: uint256):
    self.quotes[expiry] = IOracle.Quote(
        spot=forward,
        forward=forward,
        fixed=fixed,
        volatility=0,
        smile=0,
        tenor=0,
        discount=discount,
        confidence=10**18,
        fresh=fresh,
    )


@external
@view
def quote(underlying: uint256, expiry: uint256) -> IOracle.Quote:
    return self.quotes[expiry]


@external
@view
def term(underlying: uint256, expiry: uint256, spot: uint256) -> IOracle.Quote:
    return self.quotes[expiry]


@external
@view
def least(codes: DynArray[uint256, 8], quantities: DynArray[int256, 8]) -> (bool, int256):
    return no_arbitrage._least(IOracle(self), codes, quantities)
