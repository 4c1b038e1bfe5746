# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Listing
@license AGPL-3.0-only
@notice The underlyings and their grids: says which series may be opened. Anyone may trade any
        series that passes, nobody lists single series.
@dev A unit of its own, because only opening trades ask it: closing, settling and liquidating
     go on whatever happens here.
@custom:trust The owner lists underlyings and changes grids; open positions are not touched.
@custom:kill `close_market` stops opening in an underlying.
"""

from snekmate.auth import ownable

from ..interfaces import IListing
from . import grid
from . import series

implements: IListing

initializes: ownable

exports: (
    ownable.owner,
    ownable.transfer_ownership,
)


# underlying -> rules word, see grid.vy
markets: public(HashMap[uint256, uint256])


event MarketSet:
    underlying: indexed(uint256)
    old_rules: uint256
    new_rules: uint256


@deploy
def __init__(owner: address):
    ownable.__init__()
    assert owner != empty(address), "listing: no owner"
    ownable._transfer_ownership(owner)


@external
def list_market(
    underlying: uint256,
    tick: uint256,
    hour: uint256,
    daily: uint256,
    weekly: uint256,
    monthly: uint256,
    quarterly: uint256,
):
    """
    @notice Lists an underlying or changes its grid.
    @param underlying 1 to 65,535.
    @param tick [1e-8 USD] strikes are multiples of it.
    @param hour Hour of the day (UTC) of the expiries.
    @param daily [days] and so on: how far ahead expiries of this frequency may lie.
    """
    ownable._check_owner()
    self._set(underlying, grid._pack_rules(tick, hour, daily, weekly, monthly, quarterly))


@external
def close_market(underlying: uint256):
    """
    @notice Stops opening positions in an underlying.
    """
    ownable._check_owner()
    self._set(underlying, 0)


@external
@view
def tradable(code: uint256) -> bool:
    """
    @notice True when positions may be opened in the series now; reverts with the reason when not.
    """
    series._require_valid(code)
    # Knocked states need the watermarks of the oracle, which do not exist yet.
    assert not series._has_barrier(code), "series: barrier unsupported"
    grid._require_tradable(code, self.markets[series._underlying(code)], block.timestamp)
    return True


@external
@pure
def encode(underlying: uint256, expiry: uint256, strike: uint256, kind: uint256, barrier: uint256) -> uint256:
    """
    @notice Code of a series, see series.vy.
    @param expiry [s]
    @param strike [wad]
    @param kind 0 call, 1 put; barrier kinds in series.vy.
    @param barrier [wad] 0 for none.
    """
    code: uint256 = series._encode(underlying, expiry, strike, kind, barrier)
    return code


@internal
def _set(underlying: uint256, rules: uint256):
    assert underlying > 0 and underlying < 2**16, "listing: underlying too large"
    log MarketSet(underlying=underlying, old_rules=self.markets[underlying], new_rules=rules)
    self.markets[underlying] = rules
