# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Listing
@license AGPL-3.0-only
@notice The underlyings, their grids, limits and halts: says which series may be opened, and how
        much. Anyone may trade any series that passes, nobody lists single series. Those with
        a barrier must be watched by the oracle, so that a touch counts for all holders alike.
        An underlying with market hours is opened when its calendar says so.
@dev A unit of its own, because only opening trades ask it: closing, settling and liquidating
     go on whatever happens here.
@custom:trust The owner lists underlyings and changes grids and limits; open positions are not
              touched. The guardian can halt.
@custom:kill `close_market` and halts stop opening in an underlying, or in all.
"""

from snekmate.auth import ownable

from ..interfaces import ICalendar
from ..interfaces import IListing
from . import grid
from . import halts
from . import limits
from . import series

implements: IListing

initializes: ownable
initializes: limits[ownable := ownable]
initializes: halts[ownable := ownable]

exports: (
    # anyone
    halts.watch_outflow,
    # the ledger and the auction house
    halts.report_loss,
    halts.report_auctions,
    # guardian
    halts.halt,
    # owner
    halts.lift,
    halts.set_guardian,
    halts.set_watchdog,
    halts.set_breakers,
    halts.set_reporters,
    limits.set_limits,
    ownable.transfer_ownership,
    # views
    halts.halted_until,
    halts.guardian,
    halts.watchdog,
    halts.losses,
    halts.breakers,
    halts.ledger,
    halts.auction_house,
    limits.limits_of,
    ownable.owner,
)


interface Watch:
    def watched(code: uint256) -> bool: view


# Bit of the rules word, free in grid.vy: the underlying has market hours.
HOURS: constant(uint256) = 1 << 254


# underlying -> rules word, see grid.vy
markets: public(HashMap[uint256, uint256])
# underlying -> its calendar, empty where it is always open
calendars: public(HashMap[uint256, ICalendar])
# Who watches barriers; empty as long as nobody does.
watch: public(Watch)


event MarketSet:
    underlying: indexed(uint256)
    old_rules: uint256
    new_rules: uint256


event CalendarSet:
    underlying: indexed(uint256)
    old: address
    new: address


event WatchSet:
    old: address
    new: address


@deploy
def __init__(owner: address):
    ownable.__init__()
    assert owner != empty(address), "listing: no owner"
    ownable._transfer_ownership(owner)
    halts.__init__()


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
    self._set(underlying, grid._pack_rules(tick, hour, daily, weekly, monthly, quarterly) | self._kept(underlying))


@external
def close_market(underlying: uint256):
    """
    @notice Stops opening positions in an underlying.
    """
    ownable._check_owner()
    self._set(underlying, self._kept(underlying))


@external
def set_calendar(underlying: uint256, calendar: ICalendar):
    """
    @notice Opens positions in an underlying only when this calendar lets them; none: at any time.
    """
    ownable._check_owner()
    rules: uint256 = self.markets[underlying] & ~HOURS
    if calendar.address != empty(address):
        # Refuses what is no calendar.
        hours: ICalendar.Hours = staticcall calendar.hours(underlying)
        assert hours.since <= block.timestamp, "listing: no calendar"
        rules |= HOURS
    log CalendarSet(underlying=underlying, old=self.calendars[underlying].address, new=calendar.address)
    self.calendars[underlying] = calendar
    self._set(underlying, rules)


@external
def set_watch(watch: Watch):
    """
    @notice Chooses who watches the barriers of series opened from now on.
    """
    ownable._check_owner()
    log WatchSet(old=self.watch.address, new=watch.address)
    self.watch = watch


@external
@view
def admit(code: uint256, quantity: uint256) -> (uint256, uint256):
    """
    @notice Refuses, with the reason, what may not be opened by a trade of `quantity` [wad] now.
    @return The most contracts [wad] outstanding in the series and in all of its underlying.
    """
    series._require_valid(code)
    underlying: uint256 = series._underlying(code)
    halts._require_open(underlying)
    rules: uint256 = self.markets[underlying]
    grid._require_tradable(code, rules, block.timestamp)
    if rules & HOURS != 0:
        hours: ICalendar.Hours = staticcall self.calendars[underlying].hours(underlying)
        assert hours.may_trade, "series: market closed"
    if series._has_barrier(code):
        assert self.watch.address != empty(address), "series: barrier unsupported"
        assert staticcall self.watch.watched(code), "series: barrier not watched"
    return limits._admit(underlying, quantity)


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
@view
def _kept(underlying: uint256) -> uint256:
    """
    @return What stays when the grid changes.
    """
    return self.markets[underlying] & HOURS


@internal
def _set(underlying: uint256, rules: uint256):
    assert underlying > 0 and underlying < 2**16, "listing: underlying too large"
    log MarketSet(underlying=underlying, old_rules=self.markets[underlying], new_rules=rules)
    self.markets[underlying] = rules
