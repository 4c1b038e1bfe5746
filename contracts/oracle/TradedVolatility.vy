# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title TradedVolatility
@license AGPL-3.0-only
@notice The implied volatility at which each expiry has traded of late, as a figure that trading
        cannot push: venues tell prices, the solver makes volatilities of them, the surface brings
        them to the money, and gwav.vy averages what passes its guards.

        A trade counts when the option has no barrier, its strike is within REACH deviations of
        the forward (beyond, a price says little of volatility), its expiry is at least MIN_TIME
        away, the quote is fresh, and the price lies between what arbitrage allows.
        Whatever does not count is passed over: a venue's trade never fails for it.
@custom:trust The owner names venues. A venue can tell prices that nobody paid; what that moves, and
              how slowly, is in gwav.vy.
@custom:kill None: without trades it grows old, and says since when.
@custom:rounding Of the solver and of gwav.vy.
"""

from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IOracle
from ..math import black76
from ..math import fixed_point
from ..math import implied_volatility
from ..math import svi
from . import gwav

initializes: ownable
initializes: gwav

exports: (ownable.owner, ownable.transfer_ownership)


WAD: constant(uint256) = 10**18
# [s]
MIN_TIME: public(constant(uint256)) = 3_600
# [s] ten years.
MAX_TIME: constant(uint256) = 315_360_000
# Deviations from the forward.
REACH: public(constant(int256)) = 1
# [wad] what the oracle accepts as a volatility.
MIN_VOLATILITY: constant(uint256) = 10**16
MAX_VOLATILITY: constant(uint256) = 5 * 10**18
MAX_PRICE: constant(uint256) = 10**30


ORACLE: public(immutable(IOracle))


# Who tells trades.
venues: public(HashMap[address, bool])


event VenueSet:
    venue: indexed(address)
    allowed: bool


event TradeSeen:
    code: indexed(uint256)
    volatility: uint256  # [wad] of the option itself
    at_the_money: uint256  # [wad]


@deploy
def __init__(oracle: address, owner: address):
    assert owner != empty(address), "traded: no owner"
    ownable.__init__()
    ownable._transfer_ownership(owner)
    ORACLE = IOracle(oracle)


# -- venues --


@external
def record(code: uint256, price: uint256) -> bool:
    """
    @notice Tells the price of a trade.
    @param code Series code.
    @param price [wad] premium of one contract.
    @return Whether it counts.
    """
    assert self.venues[msg.sender], "traded: caller is no venue"
    if code >> 160 != 0 or series._has_barrier(code):
        return False
    seen: uint256 = 0
    level: uint256 = 0
    seen, level = self._volatility(code, price)
    if level == 0 or not gwav._record(code >> 120, level):
        return False
    log TradeSeen(code=code, volatility=seen, at_the_money=level)
    return True


# -- owner --


@external
def set_venue(venue: address, allowed: bool):
    """
    @notice Lets a venue tell trades, or stops it.
    """
    ownable._check_owner()
    self.venues[venue] = allowed
    log VenueSet(venue=venue, allowed=allowed)


# -- views --


@external
@view
@reentrant
def average(underlying: uint256, expiry: uint256, window: uint256) -> (uint256, uint256, uint256):
    """
    @notice The guarded average of one expiry.
    @param window [s] up to now; shorter when less is known.
    @return Volatility at the money [wad, annualised]; seconds that it is made from; time of the
            last trade that counted [s]; zeros without any.
    """
    if underlying >= 2**16 or expiry % 3_600 != 0 or expiry // 3_600 >= 2**24:
        return 0, 0, 0
    return gwav._average((underlying << 24) | (expiry // 3_600), window)


# -- internals --


@internal
@view
def _volatility(code: uint256, price: uint256) -> (uint256, uint256):
    """
    @return Volatility of the option and at the money [wad]; zeros when the trade does not count.
    """
    expiry: uint256 = series._expiry(code)
    strike: uint256 = series._strike(code)
    if expiry < block.timestamp + MIN_TIME or expiry > block.timestamp + MAX_TIME:
        return 0, 0
    if strike == 0 or price > MAX_PRICE:
        return 0, 0
    q: IOracle.Quote = staticcall ORACLE.quote(series._underlying(code), expiry)
    if not q.fresh or q.forward == 0 or q.forward > MAX_PRICE or q.discount == 0 or q.volatility == 0:
        return 0, 0
    time: uint256 = expiry - block.timestamp
    low: int256 = convert(min(strike, q.forward), int256)
    k: int256 = fixed_point._ln_ratio_q64(convert(max(strike, q.forward), int256), low)
    if strike < q.forward:
        k = -k
    # Deviations of the log-price, at the money and at the strike, if there is a smile.
    middle: int256 = black76._deviation_q64(q.volatility, time)
    if abs(k) > REACH * middle:
        return 0, 0
    here: int256 = middle
    if q.smile != 0:
        middle = svi._deviation(q.smile, 0, time, q.tenor)
        here = svi._deviation(q.smile, k, time, q.tenor)
    # Value at expiry, and the bounds of arbitrage.
    value: uint256 = price * WAD // q.discount
    is_put: bool = series._is_put(code)
    least: uint256 = max(strike, q.forward) - q.forward if is_put else q.forward - min(strike, q.forward)
    # A billionth inside of them: closer, the price says nothing, and the solver's rounding may see
    # it outside.
    dust: uint256 = convert(low, uint256) // 10**9 + 1
    if value < least + dust or value + dust > (strike if is_put else q.forward):
        return 0, 0
    seen: uint256 = implied_volatility._implied(value, not is_put, q.forward, strike, time, 0)
    level: uint256 = seen * convert(middle, uint256) // max(convert(here, uint256), 1)
    if min(seen, level) < MIN_VOLATILITY or max(seen, level) > MAX_VOLATILITY:
        return 0, 0
    return seen, level
