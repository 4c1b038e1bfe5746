# pragma version 0.4.3
# pragma optimize codesize
# pragma nonreentrancy on
"""
@title PriceOracle
@license AGPL-3.0-only
@notice Prices, volatilities, settlement fixings and barrier states of every underlying.

        Prices: the median of one to nine sources that speak Chainlink's AggregatorV3Interface, see
        prices.vy; terms of an expiry, see terms.vy. `quote`, `term`, `spot`, `status`, `fixing`
        and `knocked` never revert for a listed underlying, given the gas that sources may burn.

        Fixings: the time-weighted average of the last half hour before expiry. Anyone may fix, and
        nobody has a choice: at any moment every call that is not refused leads to one price, which
        is final.
          from expiry             what `poke` recorded, when each five minutes of the window and
                                  the five before it have an observation; else the median of the
                                  averages of each source's own rounds, when all sources have one,
                                  the first round of each at most its max_age older than the window
          from expiry + 1 day     the same with gaps, and with a quorum of the sources; else what
                                  was recorded last in the day up to expiry
          from expiry + 3 days    histories are no longer asked: what was recorded last in the day
                                  up to expiry, else the median of the sources' answers now, else
                                  the last aggregate
        so that every option is settled, whatever source or key is gone. All of this is computed
        from what is recorded, so there is nothing to dispute; FixingCourt.vy takes proposals, with
        bonds and disputes, for what is dear or impossible to compute.
@dev Fixing relies on round ids of one phase (Chainlink's high 16 bits) starting at 1, and on their
     times not decreasing. Words of sources, rules and aggregates are laid out in the modules.
@custom:trust A majority of sources chooses prices. The owner chooses sources: a new set must quote
              within a step of the last price, and neither past fixings nor expiries past depend
              on it. Court and watch are set once and may write fixings and barrier states.
@custom:kill None: without its sources this serves last values marked as not fresh, and fixings
             by the fallback above.
@custom:rounding Fixings round down by less than one wei.
"""

from snekmate.auth import ownable

from ..interfaces import IOracle

from . import fixings
from . import history
from . import markets
from . import observations
from . import prices
from . import steward
from . import terms

initializes: ownable
initializes: markets
initializes: observations
initializes: fixings[markets := markets]
initializes: prices[markets := markets, observations := observations]
initializes: terms[fixings := fixings, observations := observations, prices := prices]
initializes: history[observations := observations, prices := prices, terms := terms]
initializes: steward[ownable := ownable, markets := markets, prices := prices]
implements: IOracle

exports: (ownable.owner, ownable.transfer_ownership, fixings.WINDOW, fixings.MAX_STEPS)
exports: (
    history.twap,
    history.watermarks,
    history.day_watermarks,
    history.observation,
    history.last,
    history.recorded,
)
exports: (
    steward.list_underlying,
    steward.set_sources,
    steward.set_volatility_source,
    steward.set_limits,
    steward.set_surface,
    steward.set_calendar,
    steward.rules_of,
)


# [s] after expiry: history with a gap, or of a quorum only, is accepted.
FALLBACK_DELAY: public(constant(uint256)) = 86_400
# [s] after expiry: history is no longer asked.
CLOSING_DELAY: public(constant(uint256)) = markets.CLOSING_DELAY

HOUR: constant(uint256) = 3_600
MASK_100: constant(uint256) = 2**100 - 1


# Who writes fixings after a dispute window, and barrier states.
court: public(reentrant(address))
watch: public(reentrant(address))
# series code -> 1 touched, 2 never touched
states: HashMap[uint256, uint256]


event Linked:
    court: address
    watch: address


event Fixed:
    underlying: indexed(uint256)
    expiry: indexed(uint256)
    price: uint256  # [wad]
    origin: uint256  # 1 recorded, 2 histories, 3 fallback, 4 court


event Knocked:
    code: indexed(uint256)
    state: uint256  # 1 touched, 2 never touched


@deploy
def __init__(owner: address):
    assert owner != empty(address), "oracle: no owner"
    ownable.__init__()
    ownable._transfer_ownership(owner)


# -- anyone --


@external
def poke(underlying: uint256) -> uint256:
    """
    @notice Stores what the sources say, as the observation of now; or trips the breaker. Keepers
            call it every five minutes from 35 minutes before an expiry on (then the fixing is one
            cheap call), when the price moves, and at the close of a session.
    @return Why nothing is served, as in `status`; 0 when it is.
    """
    return prices._poke(underlying, markets._listed(underlying))


@external
def fix(underlying: uint256, expiry: uint256, rounds: DynArray[uint256, 9]) -> uint256:
    """
    @notice Fixes the settlement price of (underlying, expiry), once and for all.
    @param expiry [s] on the hour.
    @param rounds Of each source, in order, the round in force at the window start, see `rounds_at` of
           OracleLens.vy;
           its first round when it has none that old. Ignored where an earlier call came further,
           and when the window is recorded.
    @return Price [wad]; 0 when the window has more rounds than one call can walk: call again.
    """
    rules: uint256 = markets._listed(underlying)
    age: uint256 = self._require_open(underlying, expiry)
    stored: uint256 = prices.aggregates[underlying]
    price: uint256 = terms._recorded(underlying, expiry, (stored >> 120) & prices.MASK_36)
    origin: uint256 = 1
    if price == 0 and age < CLOSING_DELAY:
        done: bool = False
        origin = 2
        price, done = fixings._median(underlying, expiry, rounds, age >= FALLBACK_DELAY)
        if not done:
            return 0
    if price == 0:
        self._require_fallback(age, FALLBACK_DELAY)
        origin = 3
        price = observations._close(underlying, expiry)
    if price == 0:
        self._require_fallback(age, CLOSING_DELAY)
        price = prices._aggregate(underlying, rules, True).price
    if price == 0:
        price = stored & MASK_100
    self._finish(underlying, expiry, price, origin)
    return price


# -- court and watch --


@external
def record_fixing(underlying: uint256, expiry: uint256, price: uint256):
    """
    @notice Writes a fixing [wad] that nobody disputed in time, or that was decided.
    """
    assert msg.sender == self.court, "oracle: caller is not the court"
    self._require_open(underlying, expiry)
    self._finish(underlying, expiry, price, 4)


@external
def record_knock(code: uint256, state: uint256):
    """
    @notice Writes the final state of a barrier series: 1 touched, 2 never touched.
    """
    assert msg.sender == self.watch, "oracle: caller is not the watch"
    assert self.states[code] == 0, "oracle: already knocked"
    self.states[code] = state
    log Knocked(code=code, state=state)


# -- owner; more in steward.vy --


@external
def link(court: address, watch: address):
    """
    @notice Names the units that may write fixings and barrier states, once and for all.
    """
    ownable._check_owner()
    assert self.court == empty(address) and self.watch == empty(address), "oracle: already linked"
    self.court = court
    self.watch = watch
    log Linked(court=court, watch=watch)


# -- views: readable in the midst of any call; more in history.vy and steward.vy --


@external
@view
@reentrant
def quote(underlying: uint256, expiry: uint256) -> IOracle.Quote:
    """
    @notice All that margin needs to know of one (underlying, expiry). Never reverts, given the
            gas that sources may burn. All zero when the underlying is not listed.
    @param expiry [s]
    """
    rules: uint256 = markets.rules[underlying]
    if rules == 0:
        return empty(IOracle.Quote)
    stored: uint256 = prices.aggregates[underlying]
    reading: prices.Reading = prices._spot(underlying, rules, stored)
    q: IOracle.Quote = terms._term(underlying, expiry, reading.price, rules, stored)
    q.confidence = min(q.confidence, reading.confidence)
    q.fresh = q.fresh and reading.fault == 0
    return q


@external
@view
@reentrant
def term(underlying: uint256, expiry: uint256, spot: uint256) -> IOracle.Quote:
    """
    @notice The same of a further expiry, for a spot [wad] that is known already. Never reverts.
    """
    rules: uint256 = markets.rules[underlying]
    if rules == 0:
        return empty(IOracle.Quote)
    return terms._term(underlying, expiry, spot, rules, prices.aggregates[underlying])


@external
@view
@reentrant
def spot(underlying: uint256) -> (uint256, bool):
    """
    @notice Last price [wad] and whether it is fresh. Never reverts, as `quote`.
    """
    rules: uint256 = markets.rules[underlying]
    if rules == 0:
        return 0, False
    reading: prices.Reading = prices._spot(underlying, rules, prices.aggregates[underlying])
    return reading.price, reading.fault == 0


@external
@view
@reentrant
def price(underlying: uint256) -> (uint256, uint256, uint256):
    """
    @notice (price [wad], confidence [wad], time of its oldest answer [s]), or a refusal.
    """
    reading: prices.Reading = prices._spot(underlying, markets._listed(underlying), prices.aggregates[underlying])
    prices._require_served(reading.fault)
    return reading.price, reading.confidence, reading.time


@external
@view
@reentrant
def status(underlying: uint256) -> (uint256, uint256, uint256, uint256):
    """
    @notice What `price` would say, without a refusal.
    @return Why it is not served: 0 it is, 1 not listed, 2 below quorum, 3 stale, 4 sources
            disagree, 5 price jump, 6 breaker tripped, 7 market closed; last known price [wad],
            confidence [wad], time of its oldest answer [s].
    """
    rules: uint256 = markets.rules[underlying]
    if rules == 0:
        return prices.NOT_LISTED, 0, 0, 0
    reading: prices.Reading = prices._spot(underlying, rules, prices.aggregates[underlying])
    return reading.fault, reading.price, reading.confidence, reading.time


@external
@view
@reentrant
def settled_since(underlying: uint256) -> uint256:
    """
    @notice Since when [s] prices are served without interruption, as far as `poke` recorded: the
            last recovery, or the opening of the session. Whoever liquidates waits some minutes
            from here, so that nobody is sold before it could react (P-22).
    @return 2**256 - 1 while prices are not served, when no `poke` was recent enough to say, or when
            the calendar's policy lets nobody be sold now.
    """
    return prices._settled_since(underlying, markets._listed(underlying))


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
def knocked(code: uint256) -> uint256:
    """
    @notice Whether the barrier of a series was touched: 0 not known, 1 touched, 2 never touched.
    """
    return self.states[code]


@external
@view
@reentrant
def source_words(underlying: uint256, expiry: uint256) -> DynArray[uint256, 9]:
    """
    @notice The sources that fix an expiry, packed as in sources.vy. OracleLens.vy reads them.
    """
    base: uint256 = 0
    count: uint256 = 0
    quorum: uint256 = 0
    base, count, quorum = markets._set_at(underlying, expiry)
    words: DynArray[uint256, 9] = []
    for i: uint256 in range(count, bound=9):
        words.append(markets.words[underlying][base | i])
    return words


# -- internals --


@internal
@view
def _require_open(underlying: uint256, expiry: uint256) -> uint256:
    """
    @notice Refuses what is fixed, not expired or no expiry.
    @return Time since expiry [s].
    """
    assert fixings.prices[underlying][expiry] == 0, "oracle: already fixed"
    assert block.timestamp >= expiry, "oracle: not expired"
    assert expiry % HOUR == 0 and expiry != 0, "oracle: expiry not on the hour"
    return block.timestamp - expiry


@internal
@pure
def _require_fallback(age: uint256, delay: uint256):
    assert age >= delay, "oracle: no price in window"


@internal
def _finish(underlying: uint256, expiry: uint256, price: uint256, origin: uint256):
    fixings.prices[underlying][expiry] = price
    log Fixed(underlying=underlying, expiry=expiry, price=price, origin=origin)
