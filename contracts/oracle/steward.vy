# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title Steward: the owner's part of the oracle
@license AGPL-3.0-only
@notice Sources, limits, surface and calendar of each underlying, within hard bounds.
@custom:trust The owner, within the bounds here and in markets.vy.
@custom:rounding None.
"""

from snekmate.auth import ownable

from . import markets
from . import prices

uses: ownable
uses: markets
uses: prices


# [wad] new sources may differ by this much from an aggregate younger than a day, and by this much
# from an older one or from any volatility: less than a mistake of one decimal.
MAX_STEP: constant(uint256) = 5 * 10**16
MAX_LEAP: constant(uint256) = 5 * 10**17

WAD: constant(uint256) = 10**18
DAY: constant(uint256) = 86_400
MASK_100: constant(uint256) = 2**100 - 1


event UnderlyingListed:
    underlying: indexed(uint256)
    spot_source: address
    volatility_source: address
    max_age: uint256


event SourcesReplaced:
    underlying: indexed(uint256)
    sources: DynArray[markets.Feed, 9]
    quorum: uint256
    old_rules: uint256  # as packed in markets.vy; the former sources stay readable


event VolatilitySourceReplaced:
    underlying: indexed(uint256)
    old_source: uint256  # as packed in sources.vy
    source: address
    max_age: uint256


event LimitsSet:
    underlying: indexed(uint256)
    old_rules: uint256  # as packed in markets.vy
    hold: uint256  # [s]
    spread: uint256  # [bp]
    jump: uint256  # [bp] per minute


event SurfaceSet:
    underlying: indexed(uint256)
    old_rules: uint256  # as packed in markets.vy
    surface: address


event CalendarSet:
    underlying: indexed(uint256)
    old_calendar: uint256  # as packed in markets.vy
    calendar: address
    widening: uint256  # [bp] of confidence per hour
    served: bool


@external
def list_underlying(underlying: uint256, spot_source: address, volatility_source: address, max_age: uint256):
    """
    @notice Starts serving an underlying, from one spot source, live, with the widest limit of jumps;
            `set_sources` and `set_limits` do more. Both sources must have a fresh answer.
    @param underlying 1 to 65,535, as in the series code.
    @param spot_source AggregatorV3, USD per unit, with its round history.
    @param volatility_source AggregatorV3, annualised fraction.
    @param max_age [s] of both.
    """
    ownable._check_owner()
    markets._list(underlying, spot_source, volatility_source, max_age)
    prices._poke(underlying, markets.rules[underlying])
    log UnderlyingListed(
        underlying=underlying, spot_source=spot_source, volatility_source=volatility_source, max_age=max_age
    )


@external
def set_sources(underlying: uint256, feeds: DynArray[markets.Feed, 9], quorum: uint256):
    """
    @notice Serves the spot from these sources, all fresh. Their aggregate must be within 5 % of
            the last one, 50 % when that is older than a day. Expiries up to now are still fixed
            from the former set.
    @param quorum More than half of them.
    """
    ownable._check_owner()
    old_rules: uint256 = markets._listed(underlying)
    prices._poke(underlying, old_rules)
    stored: uint256 = prices.aggregates[underlying]
    markets._replace(underlying, feeds, quorum)
    reading: prices.Reading = prices._aggregate(underlying, markets.rules[underlying], False)
    prices._require_served(reading.fault)
    recent: bool = block.timestamp - ((stored >> 120) & prices.MASK_36) <= DAY
    self._require_near(reading.price, stored & MASK_100, MAX_STEP if recent else MAX_LEAP)
    log SourcesReplaced(underlying=underlying, sources=feeds, quorum=quorum, old_rules=old_rules)


@external
def set_volatility_source(underlying: uint256, source: address, max_age: uint256):
    """
    @notice Serves the flat volatility from another source, fresh and within 50 % of the last.
    """
    ownable._check_owner()
    markets._listed(underlying)
    old_source: uint256 = markets.volatility_sources[underlying]
    last: uint256 = prices._volatility(underlying, prices.aggregates[underlying])[0]
    self._require_near(markets._set_volatility_source(underlying, source, max_age), last, MAX_LEAP)
    log VolatilitySourceReplaced(underlying=underlying, old_source=old_source, source=source, max_age=max_age)


@external
def set_limits(underlying: uint256, hold: uint256, spread: uint256, jump: uint256):
    """
    @param hold [s] that a stored aggregate is served as it is, at most 60; 0: always live.
    @param spread [bp] that a source may be from the median, 1 to 2,000.
    @param jump [bp] that the aggregate may move per minute, at most 5,000; 0: any.
    """
    ownable._check_owner()
    log LimitsSet(
        underlying=underlying, old_rules=markets.rules[underlying], hold=hold, spread=spread, jump=jump
    )
    markets._set_limits(underlying, hold, spread, jump)


@external
def set_surface(underlying: uint256, surface: address):
    """
    @notice Takes volatility and carry from this IVolatilitySurface; none: from the flat volatility.
    """
    ownable._check_owner()
    log SurfaceSet(underlying=underlying, old_rules=markets.rules[underlying], surface=surface)
    markets._set_surface(underlying, surface)


@external
def set_calendar(underlying: uint256, calendar: address, widening: uint256, served: bool):
    """
    @notice Freezes the price outside the sessions of this ICalendar; none: always open.
    @param widening [bp] of confidence lost per hour outside, at most 10,000.
    @param served Whether the frozen price counts as fresh.
    """
    ownable._check_owner()
    log CalendarSet(
        underlying=underlying,
        old_calendar=markets.calendars[underlying],
        calendar=calendar,
        widening=widening,
        served=served,
    )
    markets._set_calendar(underlying, calendar, widening, served)


# -- views --


@external
@view
@reentrant
def rules_of(underlying: uint256) -> (uint256, uint256, uint256):
    """
    @return Rules, volatility source and calendar as packed in markets.vy; OracleLens.vy reads them.
    """
    return markets.rules[underlying], markets.volatility_sources[underlying], markets.calendars[underlying]


# -- internals --


@internal
@pure
def _require_near(figure: uint256, last: uint256, step: uint256):
    difference: uint256 = max(figure, last) - min(figure, last)
    assert difference * WAD <= last * step, "oracle: leap from last price"
