# pragma version 0.4.3
# pragma optimize codesize
"""
@title OracleLens
@license AGPL-3.0-only
@notice What keepers and people want to know of an oracle and no contract needs: its sources, what
        is wrong with each, and where a fixing may start. Reads only.
@custom:kill None needed: holds nothing and may do nothing.
@custom:rounding None.
"""

from . import markets
from . import sources


interface PriceOracle:
    def source_words(underlying: uint256, expiry: uint256) -> DynArray[uint256, 9]: view
    def rules_of(underlying: uint256) -> (uint256, uint256, uint256): view


struct Rules:
    quorum: uint256
    hold: uint256  # [s]
    spread: uint256  # [bp]
    jump: uint256  # [bp] per minute
    surface: address
    volatility_source: address
    volatility_age: uint256  # [s]
    calendar: address
    widening: uint256  # [bp] of confidence per hour outside the session
    served: bool  # whether the frozen price counts as fresh


# [s] the window of a fixing.
WINDOW: constant(uint256) = 1_800
# Invalid rounds in a row that a search passes over.
MAX_INVALID: constant(uint256) = 64
MASK_14: constant(uint256) = 2**14 - 1


ORACLE: public(immutable(address))


@deploy
def __init__(oracle: address):
    ORACLE = oracle


@external
@view
def sources_of(underlying: uint256) -> (DynArray[markets.Feed, 9], DynArray[uint256, 9]):
    """
    @return The sources that serve now; what is wrong with each (0 nothing, 1 unavailable,
            2 decimals changed, 3 from the future, 4 round incomplete, 5 out of range, 6 stale).
    """
    feeds: DynArray[markets.Feed, 9] = []
    faults: DynArray[uint256, 9] = []
    for word: uint256 in staticcall PriceOracle(ORACLE).source_words(underlying, max_value(uint256)):
        feeds.append(
            markets.Feed(
                source=sources._address(word),
                max_age=sources._max_age(word),
                low=sources._unfloat(word >> 185),
                high=sources._unfloat(word >> 218),
            )
        )
        faults.append(sources._state(word)[1])
    return feeds, faults


@external
@view
def fault_of(feed: markets.Feed) -> uint256:
    """
    @notice What is wrong with a source that might be listed, numbered as in `sources_of`. Reverts
            with the reason when the oracle would not take it at all.
    """
    return sources._state(sources._pack(feed.source, feed.max_age, feed.low, feed.high))[1]


@external
@view
def rules_of(underlying: uint256) -> Rules:
    """
    @notice Limits and companions of an underlying.
    """
    rules: uint256 = 0
    volatility: uint256 = 0
    calendar: uint256 = 0
    rules, volatility, calendar = staticcall PriceOracle(ORACLE).rules_of(underlying)
    return Rules(
        quorum=(rules >> 164) & 15,
        hold=(rules >> 168) & 63,
        spread=(rules >> 174) & MASK_14,
        jump=(rules >> 188) & MASK_14,
        surface=sources._address(rules),
        volatility_source=sources._address(volatility),
        volatility_age=sources._max_age(volatility),
        calendar=sources._address(calendar),
        widening=(calendar >> 160) & MASK_14,
        served=calendar >> 176 == 1,
    )


@external
@view
def rounds_at(underlying: uint256, timestamp: uint256) -> DynArray[uint256, 9]:
    """
    @notice The `rounds` that `fix` wants: of each source the last valid round dated at or before
            the time, or its first round when there is none; 0 for a dead one.
    @param timestamp [s] expiry - 1,800 for a fixing.
    """
    found: DynArray[uint256, 9] = []
    for word: uint256 in staticcall PriceOracle(ORACLE).source_words(underlying, timestamp + WINDOW):
        found.append(self._round_at(word, timestamp))
    return found


@internal
@view
def _round_at(word: uint256, timestamp: uint256) -> uint256:
    """
    @notice The last valid round dated at or before the time [s], or the source's first when there
            is none. May miss behind 64 invalid rounds in a row; `fix` judges for itself.
    """
    latest: uint256 = sources._latest_round(word)
    if latest == 0:
        return 0
    first: uint256 = ((latest >> 64) << 64) | 1
    low: uint256 = first
    price: uint256 = 0
    updated: uint256 = 0
    # What is sought is in [low, latest], or invalid rounds only lie between it and `low`.
    for i: uint256 in range(64):
        if low >= latest:
            break
        middle: uint256 = (low + latest + 1) // 2
        probe: uint256 = middle
        price, updated = sources._round(word, probe)
        # An invalid round tells no time, the next valid one below it does.
        for j: uint256 in range(MAX_INVALID):
            if price != 0 or probe == low:
                break
            probe -= 1
            price, updated = sources._round(word, probe)
        if price != 0 and updated > timestamp:
            latest = max(low, probe - 1)
        else:
            low = middle
    for i: uint256 in range(MAX_INVALID):
        price, updated = sources._round(word, low)
        if price != 0 or low == first:
            break
        low -= 1
    return low
