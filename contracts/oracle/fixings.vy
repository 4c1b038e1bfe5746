# pragma version 0.4.3
# pragma optimize gas
"""
@title Fixings: the time-weighted average over the last half hour before expiry
@license AGPL-3.0-only
@notice Computed from the sources' own round histories, in as many calls as it takes: the average
        of each source, and of those averages the median.
@dev The walk goes forward from a valid round at or before the window start, round by round. Rounds
     up to the window start only replace the round in force, so every such start leads to the same
     price, provided that the times of rounds do not decrease (a round older than the one in force
     is skipped).
@custom:invariant The price depends on the history alone: not on who calls, from where, when, or
                  in how many calls.
@custom:rounding The average rounds down.
"""

from . import markets
from . import medians
from . import sources

uses: markets

# [s] length of the averaging window before expiry.
WINDOW: public(constant(uint256)) = 1_800
# Rounds of each source that one call walks.
MAX_STEPS: public(constant(uint256)) = 64


struct Walk:
    round: uint256  # id of the last round read
    price: uint256  # [wad] in force after it; 0 while there is none
    since: uint256  # [s] time of the round in force
    area: uint256  # [wad s] integral of the price over the window up to `since`
    start: uint256  # [s] from where the integral runs: window start, or first valid round


# underlying -> expiry [s] -> final price [wad], 0 while there is none
prices: HashMap[uint256, HashMap[uint256, uint256]]
# underlying -> expiry [s] -> index of the source -> a walk that needs more than one call
walks: HashMap[uint256, HashMap[uint256, HashMap[uint256, Walk]]]
# underlying -> expiry [s] -> index of the source -> its average [wad], 0 while there is none
averages: HashMap[uint256, HashMap[uint256, HashMap[uint256, uint256]]]


@internal
def _median(
    underlying: uint256, expiry: uint256, rounds: DynArray[uint256, 9], gaps: bool
) -> (uint256, bool):
    """
    @notice Walks the rounds of all sources that served at expiry, as far as one call may.
    @param rounds Where to start in each, see `_average`; in order of the sources.
    @param gaps Whether sources without a recent round at the window start are accepted, and as
                few as a quorum.
    @return Price [wad], 0 when fewer than a quorum have one; whether all walks are complete.
    """
    base: uint256 = 0
    count: uint256 = 0
    quorum: uint256 = 0
    base, count, quorum = markets._set_at(underlying, expiry)
    figures: uint256[9] = empty(uint256[9])
    found: uint256 = 0
    complete: bool = True
    for i: uint256 in range(count, bound=9):
        average: uint256 = self.averages[underlying][expiry][i]
        if average == 0:
            done: bool = False
            start: uint256 = rounds[i] if i < len(rounds) else 0
            average, done = self._average(
                markets.words[underlying][base | i], underlying, expiry, i, start, gaps
            )
            complete = complete and done
            if average == 0:
                continue
            self.averages[underlying][expiry][i] = average
        figures[found] = average
        found = unsafe_add(found, 1)
    if not complete:
        return 0, False
    if found == 0 or found < (quorum if gaps else count):
        return 0, True
    return medians._median(medians._sorted(figures, found), found), True


@internal
def _average(
    word: uint256, underlying: uint256, expiry: uint256, index: uint256, round_id: uint256, gaps: bool
) -> (uint256, bool):
    """
    @notice Walks the rounds of the window as far as one call may.
    @param word The source, as in sources.vy.
    @param expiry [s] at least WINDOW.
    @param index Number of the source.
    @param round_id Where to start when no earlier call came further.
    @param gaps Whether the window may begin without a recent round.
    @return Price [wad], 0 when there is no valid round before expiry or no source; whether the
            walk is complete (it is kept when not).
    """
    latest: uint256 = sources._latest_round(word)
    if latest == 0:
        return 0, True
    window: uint256 = unsafe_sub(expiry, WINDOW)
    w: Walk = Walk(round=self.walks[underlying][expiry][index].round, price=0, since=0, area=0, start=window)
    if w.round != 0:
        w = self.walks[underlying][expiry][index]
    # Start, or start again: in another phase of the source, or nearer to the window.
    if w.round == 0 or w.round >> 64 != latest >> 64 or (w.round < round_id and w.since <= window):
        first: uint256 = self._first(latest)
        assert round_id >= first and round_id <= latest, "oracle: no such round"
        # The first round may be invalid or lie in the window: the walk itself takes it.
        w = Walk(round=unsafe_sub(first, 1), price=0, since=0, area=0, start=window)
        if round_id != first:
            w.round = round_id
            w.price, w.since = sources._round(word, round_id)
            assert w.price != 0, "oracle: round not valid"
            assert w.since <= window, "oracle: round after window start"
    done: bool = False
    for i: uint256 in range(MAX_STEPS):
        if w.round >= latest:
            break
        w.round = unsafe_add(w.round, 1)
        price: uint256 = 0
        updated: uint256 = 0
        price, updated = sources._round(word, w.round)
        if price == 0 or updated < w.since:
            continue
        if updated >= expiry:
            done = True
            break
        if updated > window:
            self._require_recent(gaps, w.since, window, word)
            if w.price == 0:
                w.start = updated
            w.area += w.price * (updated - max(w.since, window))
        w.price = price
        w.since = updated
    if not done and w.round < latest:
        self.walks[underlying][expiry][index] = w
        return 0, False
    if w.price == 0:
        return 0, True
    self._require_recent(gaps, w.since, window, word)
    return (w.area + w.price * (expiry - max(w.since, window))) // (expiry - w.start), True


@internal
@pure
def _first(latest: uint256) -> uint256:
    """
    @return Id of the first round in the phase of this one.
    """
    return ((latest >> 64) << 64) | 1


@internal
@pure
def _require_recent(gaps: bool, since: uint256, window: uint256, word: uint256):
    """
    @notice Unless gaps are accepted, the round in force at the window start is at most max_age old.
    """
    assert gaps or since + sources._max_age(word) >= window, "oracle: gap in history"
