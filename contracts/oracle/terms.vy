# pragma version 0.4.3
# pragma optimize gas
"""
@title Terms: what a quote says of one expiry
@license AGPL-3.0-only
@notice Volatility, smile, carry and discount come from the surface of the underlying when it has
        one that knows the expiry, else from the volatility source: flat, without carry.

        In the last half hour before expiry the forward is the settlement price in the making: what
        is settled of its average, plus spot for the rest. What is settled is known as long as
        every bucket of five minutes since half an hour before has an observation: the same
        condition under which the fixing is computed from them. From expiry on it is the fixing.
@custom:trust A surface is bounded here and otherwise believed: it checks arbitrage and speed itself.
@custom:rounding Forward, settled part and discount round down.
"""

from ..interfaces import IOracle
from ..math import fixed_point

from . import fixings
from . import markets
from . import observations
from . import prices
from . import sources

uses: fixings
uses: observations
uses: prices


# Gas that the surface may burn.
SURFACE_GAS: constant(uint256) = 150_000
WAD: constant(uint256) = 10**18
YEAR: constant(uint256) = 31_536_000
# [s] Discounts of expiries further away are those of this time.
MAX_TENOR: constant(uint256) = 100 * YEAR
# [wad] of what a surface may say: forward over spot, and annual rate.
MIN_RATIO: constant(uint256) = 10**17
MAX_RATIO: constant(uint256) = 10**19
MAX_RATE: constant(int256) = 10**18

MASK_20: constant(uint256) = 2**20 - 1
MASK_36: constant(uint256) = 2**36 - 1
MASK_160: constant(uint256) = 2**160 - 1


struct Surface:
    smile: uint256
    tenor: uint256  # [s]
    ratio: uint256  # [wad] forward over spot
    rate: int256  # [wad]
    volatility: uint256  # [wad] 0: the surface does not know this expiry
    time: uint256  # [s]


@internal
@view
def _term(underlying: uint256, expiry: uint256, spot: uint256, rules: uint256, stored: uint256) -> IOracle.Quote:
    """
    @notice What depends on the expiry; `confidence` and `fresh` are those of the volatility.
    @param stored The stored aggregate, as in prices.vy.
    """
    q: IOracle.Quote = empty(IOracle.Quote)
    q.spot = spot
    q.discount = WAD
    ratio: uint256 = WAD
    known: bool = False
    time: uint256 = 0
    limit: uint256 = (rules >> 224) & MASK_20
    if rules & MASK_160 != 0:
        surface: Surface = self._surface(rules, underlying, expiry)
        if surface.volatility != 0:
            known = True
            q.volatility = surface.volatility
            q.smile = surface.smile
            q.tenor = surface.tenor
            ratio = surface.ratio
            time = surface.time
            if surface.rate > 0 and expiry > block.timestamp:
                # At most 1e18 * 100 years: fits. Half a unit of discount is a hundredth of a wei.
                left: uint256 = min(unsafe_sub(expiry, block.timestamp), MAX_TENOR)
                power: int256 = unsafe_div(
                    unsafe_mul(surface.rate, convert(left, int256)), convert(YEAR, int256)
                )
                q.discount = min(fixed_point._exp(unsafe_sub(0, power)), WAD)
    if not known:
        known = prices._is_held(rules, stored)
        if known:
            q.volatility, time = prices._stored_volatility(stored)
        else:
            q.volatility, time, known = prices._volatility(underlying, stored)
    q.confidence = prices._aged(WAD, time, limit)
    q.fresh = known and q.confidence == WAD
    # A forward of at most 2**100 * 10 fits.
    q.forward = unsafe_div(unsafe_mul(spot, ratio), WAD) if spot < 2**128 else spot
    if block.timestamp >= unsafe_sub(max(expiry, fixings.WINDOW), fixings.WINDOW):
        q.fixed, q.forward = self._settled(underlying, expiry, (stored >> 120) & MASK_36, q.forward)
    return q


@internal
@view
def _settled(underlying: uint256, expiry: uint256, last: uint256, moving: uint256) -> (uint256, uint256):
    """
    @param last [s] time of the stored aggregate.
    @param moving [wad] the forward without regard to what is settled.
    @return Settled part and forward [wad], from half an hour before expiry on.
    """
    start: uint256 = unsafe_sub(max(expiry, fixings.WINDOW), fixings.WINDOW)
    if block.timestamp >= expiry:
        price: uint256 = fixings.prices[underlying][expiry]
        if price == 0:
            price = self._recorded(underlying, expiry, last)
        return price, moving if price == 0 else price
    # Whole buckets only: the one that runs may still get its observation.
    whole: uint256 = block.timestamp // observations.BUCKET * observations.BUCKET
    if (
        block.timestamp == start
        or start % observations.BUCKET != 0
        or not observations._is_covered(underlying, start, whole)
    ):
        return 0, moving
    passed: uint256 = unsafe_sub(block.timestamp, start)
    average: uint256 = observations._average(underlying, start, block.timestamp, last)
    # Averages are below 2**100, as prices are.
    settled: uint256 = unsafe_div(unsafe_mul(average, passed), fixings.WINDOW)
    return settled, unsafe_add(
        settled, unsafe_div(unsafe_mul(moving, unsafe_sub(fixings.WINDOW, passed)), fixings.WINDOW)
    )


@internal
@view
def _recorded(underlying: uint256, expiry: uint256, last: uint256) -> uint256:
    """
    @return The average [wad] of the window before an expiry that has passed, 0 unless every bucket
            of it has an observation.
    """
    start: uint256 = unsafe_sub(max(expiry, fixings.WINDOW), fixings.WINDOW)
    if expiry % observations.BUCKET != 0 or not observations._is_covered(underlying, start, expiry):
        return 0
    return observations._average(underlying, start, expiry, last)


@internal
@view
def _surface(rules: uint256, underlying: uint256, expiry: uint256) -> Surface:
    """
    @return What the surface says, or no volatility when that does not count.
    """
    # Nobody may starve it either to have the flat volatility served instead.
    data: Bytes[192] = sources._ask(
        rules, abi_encode(underlying, expiry, method_id=method_id("smile(uint256,uint256)")), SURFACE_GAS
    )
    if len(data) != 192:
        return empty(Surface)
    s: Surface = abi_decode(data, Surface)
    if (
        s.volatility <= markets.MIN_VOLATILITY
        or s.volatility >= markets.MAX_VOLATILITY
        or s.time > block.timestamp
        or s.ratio < MIN_RATIO
        or s.ratio > MAX_RATIO
        or s.rate > MAX_RATE
        or s.rate < -MAX_RATE
        or (s.smile != 0 and s.tenor == 0)
    ):
        return empty(Surface)
    return s
