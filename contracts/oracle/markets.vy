# pragma version 0.4.3
# pragma optimize gas
"""
@title Markets: the sources and rules of each underlying
@license AGPL-3.0-only
@notice The rules of an underlying are one word, which every quote reads:

          243    224 223    204 203 202 201  188 187   174 173  168 167   164 163  160 159      0
         | term age | spot age | s | c | jump   | spread  | hold   | quorum  | count  | surface |
         | 20 bits, s, each    | 1 bit | 14 bits, bp each | 6 bits, s | 4 bits each  | 160     |

        `surface` is the volatility surface or zero, `count` the sources, `quorum` how many of them
        must be fresh and agree, `hold` how long a stored aggregate is served, `spread` how far
        from the median a source may be, `jump` how far the aggregate may move per minute (0: not
        limited), `c` whether there is a calendar, `s` which of the two sets of sources is in use,
        the ages after which spot and volatility are stale.

        Sources come in whole sets. The set before the last replacement is kept for the expiries
        up to then, so two replacements are three days apart, or in one hour: no expiry, which are
        on the hour, lies between.
@custom:rounding None.
"""

from . import sources

# [bp] hard bounds of the rules, and those of a new listing: its jump keeps out a mistake of one
# decimal, no more.
MAX_SPREAD: constant(uint256) = 2_000
MAX_JUMP: constant(uint256) = 5_000
NEW_SPREAD: constant(uint256) = 500
NEW_JUMP: constant(uint256) = MAX_JUMP
# [s] A price held for this long is worth little to whoever may choose between it and the live
# one: at 100 % volatility 0.4 * sqrt(60 s / 1 year) is 6 bp, at the recommended 12 s it is 2.5 bp,
# less than the taker's fee.
MAX_HOLD: constant(uint256) = 60
# [bp] per hour that confidence may lose outside the session.
MAX_WIDENING: constant(uint256) = 10_000

# [s] between two replacements of sources; as long after expiry their history may be asked.
CLOSING_DELAY: constant(uint256) = 259_200
# [wad] volatilities lie strictly between 1 % and 500 %, and prices below 1e12 USD.
MIN_VOLATILITY: constant(uint256) = 10**16
MAX_VOLATILITY: constant(uint256) = 5 * 10**18
MAX_PRICE: constant(uint256) = 10**30

HOUR: constant(uint256) = 3_600
CALENDAR: constant(uint256) = 1 << 202
SET: constant(uint256) = 1 << 203
MASK_14: constant(uint256) = 2**14 - 1
MASK_20: constant(uint256) = 2**20 - 1
MASK_160: constant(uint256) = 2**160 - 1


struct Feed:
    source: address  # AggregatorV3, USD per unit, with its round history
    max_age: uint256  # [s] 60 to 604,800
    low: uint256  # [wad] answers at or below it do not count: the feed's own minimum, or 0
    high: uint256  # [wad] answers at or above it do not count: its maximum, or 1e30


# underlying -> rules as in the header, 0 when not listed
rules: HashMap[uint256, uint256]
# underlying -> set * 16 + index -> source word
words: HashMap[uint256, HashMap[uint256, uint256]]
volatility_sources: HashMap[uint256, uint256]
# underlying -> time [s] of the last replacement << 8 | quorum << 4 | count of the set before it
former: HashMap[uint256, uint256]
# underlying -> served when closed << 176 | confidence lost an hour [bp] << 160 | calendar
calendars: HashMap[uint256, uint256]


@internal
@view
def _listed(underlying: uint256) -> uint256:
    """
    @return Its rules.
    """
    rules: uint256 = self.rules[underlying]
    assert rules != 0, "oracle: underlying not listed"
    return rules


@internal
@view
def _set_at(underlying: uint256, expiry: uint256) -> (uint256, uint256, uint256):
    """
    @return The set of sources that served at expiry: its base index, count and quorum.
    """
    rules: uint256 = self._listed(underlying)
    base: uint256 = (rules >> 199) & 16
    former: uint256 = self.former[underlying]
    if expiry <= former >> 8:
        return base ^ 16, former & 15, (former >> 4) & 15
    return base, (rules >> 160) & 15, (rules >> 164) & 15


@internal
def _list(underlying: uint256, spot_source: address, volatility_source: address, max_age: uint256):
    assert underlying != 0 and underlying < 2**16, "oracle: no such underlying"
    assert self.rules[underlying] == 0, "oracle: already listed"
    feed: Feed = Feed(source=spot_source, max_age=max_age, low=0, high=MAX_PRICE)
    self.rules[underlying] = self._store(underlying, (NEW_JUMP << 188) | (NEW_SPREAD << 174), [feed], 1)
    self._set_volatility_source(underlying, volatility_source, max_age)


@internal
def _replace(underlying: uint256, feeds: DynArray[Feed, 9], quorum: uint256):
    """
    @notice Another set of sources; the one that served until now still fixes what has expired.
    """
    rules: uint256 = self._listed(underlying)
    former: uint256 = self.former[underlying]
    if block.timestamp // HOUR != (former >> 8) // HOUR:
        assert block.timestamp >= (former >> 8) + CLOSING_DELAY, "oracle: replaced too recently"
        self.former[underlying] = (block.timestamp << 8) | ((rules >> 160) & 255)
        rules ^= SET
    self.rules[underlying] = self._store(underlying, rules, feeds, quorum)


@internal
def _store(underlying: uint256, rules: uint256, feeds: DynArray[Feed, 9], quorum: uint256) -> uint256:
    """
    @return The rules with these sources.
    """
    count: uint256 = len(feeds)
    # A majority: no minority of sources can be the price, and no two quorums are disjoint.
    assert quorum <= count and 2 * quorum > count, "oracle: no majority"
    base: uint256 = (rules >> 199) & 16
    oldest: uint256 = 0
    for i: uint256 in range(count, bound=9):
        feed: Feed = feeds[i]
        for j: uint256 in range(i, bound=8):
            assert feeds[j].source != feed.source, "oracle: source twice"
        word: uint256 = sources._pack(feed.source, feed.max_age, feed.low, feed.high)
        first: uint256 = ((sources._latest_round(word) >> 64) << 64) | 1
        # Before the latest answer, which is also what makes a new source fresh.
        sources._require_good(word)
        assert sources._round(word, first)[1] != 0, "oracle: no round history"
        self.words[underlying][base | i] = word
        oldest = max(oldest, feed.max_age)
    kept: uint256 = rules & ~((255 << 160) | (MASK_20 << 204))
    return kept | (oldest << 204) | (quorum << 164) | (count << 160)


@internal
def _set_volatility_source(underlying: uint256, source: address, max_age: uint256) -> uint256:
    """
    @return Its answer [wad], which must be fresh.
    """
    word: uint256 = sources._pack(source, max_age, MIN_VOLATILITY, MAX_VOLATILITY)
    volatility: uint256 = sources._require_good(word) >> 64
    self.volatility_sources[underlying] = word
    self.rules[underlying] = (self.rules[underlying] & ~(MASK_20 << 224)) | (max_age << 224)
    return volatility


@internal
def _set_limits(underlying: uint256, hold: uint256, spread: uint256, jump: uint256):
    rules: uint256 = self._listed(underlying)
    self._require_bounds(hold <= MAX_HOLD and spread != 0 and spread <= MAX_SPREAD and jump <= MAX_JUMP)
    kept: uint256 = rules & ~((MASK_14 << 188) | (MASK_14 << 174) | (63 << 168))
    self.rules[underlying] = kept | (jump << 188) | (spread << 174) | (hold << 168)


@internal
def _set_surface(underlying: uint256, surface: address):
    self.rules[underlying] = (self._listed(underlying) & ~MASK_160) | convert(surface, uint256)


@internal
def _set_calendar(underlying: uint256, calendar: address, widening: uint256, served: bool):
    rules: uint256 = self._listed(underlying)
    self._require_bounds(widening <= MAX_WIDENING)
    self.rules[underlying] = rules & ~CALENDAR
    if calendar != empty(address):
        self.rules[underlying] = rules | CALENDAR
    self.calendars[underlying] = (convert(served, uint256) << 176) | (widening << 160) | convert(calendar, uint256)


@internal
@pure
def _require_bounds(inside: bool):
    assert inside, "oracle: limit out of bounds"
