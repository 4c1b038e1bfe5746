# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title PriceOracle
@license AGPL-3.0-only
@notice Prices, volatilities and settlement fixings of every underlying, each from one spot and one
        volatility source that speak Chainlink's AggregatorV3Interface (a volatility of 20 % a year
        is the answer 0.20).

        Quotes: an answer counts when the source is as it was listed (same decimals), the round is
        complete and not from the future, and the value lies in its bounds. It is fresh up to the
        source's `max_age`; confidence is 1 until then and max_age / age later. When the source
        gives no such answer, the last one that `poke` stored is served, never as fresh.
        The forward is the spot for now (no carry), and the fixing once there is one.

        Fixings: the time-weighted average of the source's own rounds over the 30 minutes before
        expiry; a round is in force until the next valid one. Only valid rounds count (answer
        positive, in bounds, complete, not older than the one before); others are skipped. The
        source is the one that served at expiry, whatever was replaced since. Anyone may fix, and
        nobody has a choice: at any moment every call that is not refused leads to one price.
          from expiry             history covers the window, the first round at most max_age older
          from expiry + 1 day     history with a gap: the last valid round stays in force; time
                                  before the source's first round is left out; with no valid
                                  round before expiry, or a dead source: what `poke` stored last
                                  in the day before expiry, else stored last at all
          from expiry + 3 days    only what `poke` stored
        so that every option is settled, whatever source or key is gone.
@dev Fixing relies on round ids of one phase (Chainlink's high 16 bits) starting at 1, and on their
     times not decreasing. Words of sources and observations as in sources.vy.
@custom:trust Sources choose prices. The owner chooses sources: a replacement must quote within a
              step of the last price, and neither past fixings nor expiries past depend on it.
@custom:kill None: without its sources this serves last values marked as not fresh, and fixings
             by the fallback above.
@custom:rounding Fixings round down by less than one wei.
"""

from snekmate.auth import ownable

from ..interfaces import IOracle

from . import fixings
from . import observations
from . import sources

initializes: ownable
initializes: fixings
initializes: observations
implements: IOracle

exports: (ownable.owner, ownable.transfer_ownership, fixings.WINDOW, fixings.MAX_STEPS)


WAD: constant(uint256) = 10**18
# [s] after expiry: history with a gap, or none, is accepted.
FALLBACK_DELAY: public(constant(uint256)) = 86_400
# [s] after expiry: history is no longer asked. Also between two replacements of a source, so that
# the one that served at expiry is known for as long as it may be asked.
CLOSING_DELAY: public(constant(uint256)) = 259_200

# [wad] a replacement may differ by this much from a spot younger than a day, and by this much
# from an older one or from any volatility: less than a mistake of one decimal.
MAX_STEP: constant(uint256) = 5 * 10**16
MAX_LEAP: constant(uint256) = 5 * 10**17

MIN_SPOT: constant(uint256) = observations.MIN_SPOT
MAX_SPOT: constant(uint256) = observations.MAX_SPOT
HOUR: constant(uint256) = 3_600
MASK_64: constant(uint256) = 2**64 - 1


# underlying -> source word as in sources.vy, 0 when not listed
spot_sources: HashMap[uint256, uint256]
volatility_sources: HashMap[uint256, uint256]
# underlying -> the spot source before the last replacement, and the time [s] of that replacement
former_sources: HashMap[uint256, uint256]
replaced_at: HashMap[uint256, uint256]


event UnderlyingListed:
    underlying: indexed(uint256)
    spot_source: address
    volatility_source: address
    max_age: uint256


event SpotSourceReplaced:
    underlying: indexed(uint256)
    old_source: address
    new_source: address


event VolatilitySourceReplaced:
    underlying: indexed(uint256)
    old_source: address
    new_source: address


event MaxAgesSet:
    underlying: indexed(uint256)
    old_spot_age: uint256
    old_volatility_age: uint256
    new_spot_age: uint256
    new_volatility_age: uint256


event Fixed:
    underlying: indexed(uint256)
    expiry: indexed(uint256)
    price: uint256  # [wad]
    from_history: bool  # else from what `poke` stored


@deploy
def __init__(owner: address):
    assert owner != empty(address), "oracle: no owner"
    ownable.__init__()
    ownable._transfer_ownership(owner)


# -- anyone --


@external
def poke(underlying: uint256):
    """
    @notice Stores the sources' latest answers as the value of last resort. Keepers call it after
            each round or once an hour, and shortly before an expiry; an answer that does not
            count, or is not newer than the one stored, changes nothing.
    """
    self._listed(underlying)
    self._observe(underlying)


@external
def fix(underlying: uint256, expiry: uint256, round_id: uint256) -> uint256:
    """
    @notice Fixes the settlement price of (underlying, expiry), once and for all.
    @param expiry [s] on the hour.
    @param round_id The round in force at the window start, see `round_at`; the first round of the
           source when it has none that old; ignored when an earlier call came further.
    @return Price [wad]; 0 when the window has more rounds than one call can walk: call again.
    """
    self._listed(underlying)
    assert fixings.prices[underlying][expiry] == 0, "oracle: already fixed"
    assert block.timestamp >= expiry, "oracle: not expired"
    assert expiry % HOUR == 0 and expiry != 0, "oracle: expiry not on the hour"
    age: uint256 = block.timestamp - expiry
    price: uint256 = 0
    if age < CLOSING_DELAY:
        done: bool = False
        price, done = fixings._average(
            self._source_at(underlying, expiry), underlying, expiry, round_id, MAX_SPOT, age >= FALLBACK_DELAY
        )
        if not done:
            return 0
    from_history: bool = price != 0
    if not from_history:
        assert age >= FALLBACK_DELAY, "oracle: no price in window"
        price = observations._close(underlying, expiry)
    fixings.prices[underlying][expiry] = price
    log Fixed(underlying=underlying, expiry=expiry, price=price, from_history=from_history)
    return price


# -- owner --


@external
def list_underlying(underlying: uint256, spot_source: address, volatility_source: address, max_age: uint256):
    """
    @notice Starts serving an underlying. Both sources must have a fresh answer.
    @param underlying 1 to 65,535, as in the series code.
    @param spot_source AggregatorV3, USD per unit, with its round history.
    @param volatility_source AggregatorV3, annualised fraction.
    @param max_age [s] of both; `set_max_ages` tells them apart.
    """
    ownable._check_owner()
    assert underlying != 0 and underlying < 2**16, "oracle: no such underlying"
    assert self.spot_sources[underlying] == 0, "oracle: already listed"
    self.spot_sources[underlying] = self._new_spot_source(spot_source, max_age)[0]
    self.volatility_sources[underlying] = self._new_volatility_source(volatility_source, max_age)[0]
    self._observe(underlying)
    log UnderlyingListed(
        underlying=underlying, spot_source=spot_source, volatility_source=volatility_source, max_age=max_age
    )


@external
def replace_spot_source(underlying: uint256, source: address):
    """
    @notice Serves the spot from another source, of any decimals. Its price must be fresh and
            within 5 % of the last one, 50 % when that is older than a day. Expiries up to now are
            still fixed from the former source.
    """
    ownable._check_owner()
    old: uint256 = self._listed(underlying)
    assert block.timestamp >= self.replaced_at[underlying] + CLOSING_DELAY, "oracle: replaced too recently"
    self._observe(underlying)
    last: uint256 = observations.last_spots[underlying]
    new: uint256 = 0
    value: uint256 = 0
    new, value = self._new_spot_source(source, sources._max_age(old))
    self._require_near(
        value, last >> 64, MAX_STEP if block.timestamp - (last & MASK_64) <= FALLBACK_DELAY else MAX_LEAP
    )
    self.former_sources[underlying] = old
    self.replaced_at[underlying] = block.timestamp
    self.spot_sources[underlying] = new
    log SpotSourceReplaced(underlying=underlying, old_source=sources._address(old), new_source=source)


@external
def replace_volatility_source(underlying: uint256, source: address):
    """
    @notice Serves the volatility from another source. It must be fresh and within 50 % of the last.
    """
    ownable._check_owner()
    self._listed(underlying)
    self._observe(underlying)
    old: uint256 = self.volatility_sources[underlying]
    new: uint256 = 0
    value: uint256 = 0
    new, value = self._new_volatility_source(source, sources._max_age(old))
    self._require_near(value, observations.last_volatilities[underlying] >> 64, MAX_LEAP)
    self.volatility_sources[underlying] = new
    log VolatilitySourceReplaced(underlying=underlying, old_source=sources._address(old), new_source=source)


@external
def set_max_ages(underlying: uint256, spot_age: uint256, volatility_age: uint256):
    """
    @notice How old [s] an answer may be and still count as fresh, 60 s to 7 days.
    """
    ownable._check_owner()
    old_spot: uint256 = self._listed(underlying)
    old_volatility: uint256 = self.volatility_sources[underlying]
    self.spot_sources[underlying] = sources._with_age(old_spot, spot_age)
    self.volatility_sources[underlying] = sources._with_age(old_volatility, volatility_age)
    log MaxAgesSet(
        underlying=underlying,
        old_spot_age=sources._max_age(old_spot),
        old_volatility_age=sources._max_age(old_volatility),
        new_spot_age=spot_age,
        new_volatility_age=volatility_age,
    )


# -- views: readable in the midst of any call --


@external
@view
@reentrant
def quote(underlying: uint256, expiry: uint256) -> IOracle.Quote:
    """
    @notice All that margin needs to know of one (underlying, expiry). Never reverts, given the
            gas that the two sources may burn. All zero when the underlying is not listed.
    @param expiry [s]
    """
    word: uint256 = self.spot_sources[underlying]
    if word == 0:
        return empty(IOracle.Quote)
    spot: uint256 = 0
    live: bool = False
    spot, live = observations._spot(underlying, word)
    q: IOracle.Quote = self._term(underlying, expiry, spot >> 64)
    q.confidence = min(q.confidence, observations._confidence(spot, word))
    q.fresh = q.fresh and live and q.confidence == WAD
    return q


@external
@view
@reentrant
def term(underlying: uint256, expiry: uint256, spot: uint256) -> IOracle.Quote:
    """
    @notice The same of a further expiry, for a spot [wad] that is known already. Never reverts.
    """
    if self.spot_sources[underlying] == 0:
        return empty(IOracle.Quote)
    return self._term(underlying, expiry, spot)


@external
@view
@reentrant
def knocked(code: uint256) -> uint256:
    """
    @notice No barrier is watched: neither touched nor ruled out.
    """
    return 0


@external
@view
@reentrant
def spot(underlying: uint256) -> (uint256, bool):
    """
    @notice Last price [wad] and whether it is fresh. Never reverts, as `quote`.
    """
    word: uint256 = self.spot_sources[underlying]
    if word == 0:
        return 0, False
    spot: uint256 = 0
    live: bool = False
    spot, live = observations._spot(underlying, word)
    return spot >> 64, live and observations._confidence(spot, word) == WAD


@external
@view
@reentrant
def price(underlying: uint256) -> (uint256, uint256, uint256):
    """
    @notice (price [wad], confidence [wad], time of the round [s]), fresh or refused with the reason.
    """
    spot: uint256 = sources._require_good(self._listed(underlying), MIN_SPOT, MAX_SPOT)
    return spot >> 64, WAD, spot & MASK_64


@external
@view
@reentrant
def fixing(underlying: uint256, expiry: uint256) -> uint256:
    """
    @notice The final settlement price [wad] of (underlying, expiry), 0 while there is none.
    """
    return fixings.prices[underlying][expiry]


@external
@view
@reentrant
def source_of(underlying: uint256) -> (address, uint256, address, uint256):
    """
    @return Spot source and its max_age [s], volatility source and its max_age [s].
    """
    spot: uint256 = self._listed(underlying)
    volatility: uint256 = self.volatility_sources[underlying]
    return sources._address(spot), sources._max_age(spot), sources._address(volatility), sources._max_age(volatility)


@external
@view
@reentrant
def round_at(underlying: uint256, timestamp: uint256) -> uint256:
    """
    @notice The `round_id` that `fix` wants: the last valid round dated at or before the time, or
            the first round of the source when there is none. For use off chain.
    @param timestamp [s] expiry - 1,800 for a fixing.
    """
    return fixings._round_at(self._source_at(underlying, timestamp + fixings.WINDOW), timestamp, MAX_SPOT)


# -- internals --


@internal
@view
def _listed(underlying: uint256) -> uint256:
    """
    @return The word of its spot source.
    """
    word: uint256 = self.spot_sources[underlying]
    assert word != 0, "oracle: underlying not listed"
    return word


@internal
@view
def _term(underlying: uint256, expiry: uint256, spot: uint256) -> IOracle.Quote:
    """
    @notice What depends on the expiry; `confidence` and `fresh` are those of the volatility.
    """
    word: uint256 = self.volatility_sources[underlying]
    volatility: uint256 = 0
    live: bool = False
    volatility, live = observations._volatility(underlying, word)
    q: IOracle.Quote = empty(IOracle.Quote)
    q.spot = spot
    q.forward = spot
    q.volatility = volatility >> 64
    q.discount = WAD
    q.confidence = observations._confidence(volatility, word)
    q.fresh = live and q.confidence == WAD
    if block.timestamp >= expiry:
        price: uint256 = fixings.prices[underlying][expiry]
        if price != 0:
            q.forward = price
            q.fixed = price
    return q


@internal
@view
def _source_at(underlying: uint256, expiry: uint256) -> uint256:
    """
    @return The word of the spot source that served at expiry.
    """
    if expiry <= self.replaced_at[underlying]:
        return self.former_sources[underlying]
    return self._listed(underlying)


@internal
@view
def _new_spot_source(source: address, max_age: uint256) -> (uint256, uint256):
    """
    @return Its word and its price [wad], fresh.
    """
    word: uint256 = sources._pack(source, max_age)
    spot: uint256 = sources._require_good(word, MIN_SPOT, MAX_SPOT)
    first: uint256 = ((sources._latest_round(word) >> 64) << 64) | 1
    assert sources._round(word, first, MAX_SPOT)[1] != 0, "oracle: no round history"
    return word, spot >> 64


@internal
@view
def _new_volatility_source(source: address, max_age: uint256) -> (uint256, uint256):
    word: uint256 = sources._pack(source, max_age)
    return word, sources._require_good(word, observations.MIN_VOLATILITY, observations.MAX_VOLATILITY) >> 64


@internal
@pure
def _require_near(figure: uint256, last: uint256, step: uint256):
    difference: uint256 = max(figure, last) - min(figure, last)
    assert difference * WAD <= last * step, "oracle: price jump"


@internal
def _observe(underlying: uint256):
    observations._store(underlying, self.spot_sources[underlying], self.volatility_sources[underlying])
