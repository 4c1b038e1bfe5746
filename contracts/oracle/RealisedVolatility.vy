# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title RealisedVolatility
@license AGPL-3.0-only
@notice How much each underlying has moved, from one close a day at CLOSE, taken from the oracle's own
        records: the average of the half hour before, or the last price of the day. Anyone records;
        what a close is does not depend on who does, nor (within the week for which the oracle
        keeps averages) on when.

        Served: the volatility over the last 1, 7 and 30 days, and an exponentially weighted one
        with DECAY a day (RiskMetrics), which starts as the plain mean. A day without a price adds
        nothing; the return after it counts for all the days since the last close.
@dev Sums of squared returns in a ring by day number: a horizon is the difference of two.
@custom:trust Nobody; the oracle's records decide.
@custom:kill None: it goes on from where it was left, at the next call.
@custom:rounding Down, as in realised_volatility.vy.
"""

from ..interfaces import IPriceHistory
from ..interfaces import IVolatilityForecast
from ..math import realised_volatility

implements: IVolatilityForecast


DAY: constant(uint256) = 86_400
# [s] of the day, UTC, as options expire.
CLOSE: public(constant(uint256)) = 28_800
# [wad]
DECAY: public(constant(uint256)) = 94 * 10**16
# Days kept, more than the longest horizon; days recorded in one call.
RING: constant(uint256) = 64
MAX_DAYS: constant(uint256) = 32
WAD: constant(uint256) = 10**18
MASK_32: constant(uint256) = 2**32 - 1
MASK_128: constant(uint256) = 2**128 - 1


struct Record:
    first: uint256  # day number of the first close, 0 for none
    day: uint256  # last day looked at
    close_day: uint256  # day of the last close
    close: uint256  # [wad]
    variance: uint256  # [wad] annualised, weighted


ORACLE: public(immutable(IPriceHistory))


# underlying -> first << 192 | day << 160 | close_day << 128 | close, and the variance
states: HashMap[uint256, uint256]
variances: HashMap[uint256, uint256]
# underlying -> day number % RING -> sum [wad] of squared returns up to and with that day
sums: HashMap[uint256, HashMap[uint256, uint256]]


event CloseRecorded:
    underlying: indexed(uint256)
    day: uint256
    close: uint256  # [wad]
    volatility: uint256  # [wad] annualised, weighted


@deploy
def __init__(oracle: address):
    ORACLE = IPriceHistory(oracle)


# -- anyone --


@external
def record(underlying: uint256) -> uint256:
    """
    @notice Records the closes since the last call, up to MAX_DAYS of them; the first call starts
            with the latest one.
    @return Last day looked at [days since 1970-01-01].
    """
    today: uint256 = (block.timestamp - CLOSE) // DAY
    r: Record = self._record(underlying)
    if r.first == 0:
        r.close = self._close(underlying, today)
        assert r.close != 0, "realised: no close"
        r.first = today
        r.day = today
        r.close_day = today
        self._store(underlying, r)
        log CloseRecorded(underlying=underlying, day=today, close=r.close, volatility=0)
        return today
    sum: uint256 = self.sums[underlying][r.day % RING]
    for _: uint256 in range(MAX_DAYS):
        if r.day >= today:
            break
        r.day += 1
        close: uint256 = self._close(underlying, r.day)
        if close != 0:
            sum += realised_volatility._square(r.close, close)
            gap: uint256 = r.day - r.close_day
            r.variance = realised_volatility._ewma(
                r.variance, r.close, close, gap * DAY, self._weight(gap, r.day - r.first)
            )
            r.close = close
            r.close_day = r.day
            log CloseRecorded(underlying=underlying, day=r.day, close=close, volatility=self._root(r.variance))
        self.sums[underlying][r.day % RING] = sum
    self._store(underlying, r)
    return r.day


# -- views: total, and readable in the midst of any call --


@external
@view
@reentrant
def forecast(underlying: uint256) -> (uint256, uint256):
    """
    @return Weighted volatility [wad, annualised]; time of the last close in it [s]; zeros before
            the second close.
    """
    r: Record = self._record(underlying)
    if r.close_day == r.first:
        return 0, 0
    return self._root(r.variance), r.close_day * DAY + CLOSE


@external
@view
@reentrant
def realised(underlying: uint256, horizon: uint256) -> (uint256, uint256):
    """
    @param horizon [days] 1 to 63; 1, 7 and 30 are in use.
    @return Volatility over the days up to the last one looked at [wad, annualised]; time of the
            last close in it [s]; zeros when there are not so many days yet.
    """
    state: uint256 = self.states[underlying]
    day: uint256 = (state >> 160) & MASK_32
    if horizon == 0 or horizon >= RING or day < (state >> 192) + horizon:
        return 0, 0
    squares: uint256 = self.sums[underlying][day % RING] - self.sums[underlying][(day - horizon) % RING]
    return realised_volatility._realised(squares, horizon, DAY), ((state >> 128) & MASK_32) * DAY + CLOSE


@external
@view
@reentrant
def records(underlying: uint256) -> Record:
    """
    @return Where the underlying stands, all zero before its first close.
    """
    return self._record(underlying)


# -- internals --


@internal
@view
def _record(underlying: uint256) -> Record:
    state: uint256 = self.states[underlying]
    return Record(
        first=state >> 192,
        day=(state >> 160) & MASK_32,
        close_day=(state >> 128) & MASK_32,
        close=state & MASK_128,
        variance=self.variances[underlying],
    )


@internal
def _store(underlying: uint256, r: Record):
    # Day numbers below 2**32; the oracle's prices are below 2**100.
    self.states[underlying] = (r.first << 192) | (r.day << 160) | (r.close_day << 128) | r.close
    self.variances[underlying] = r.variance


@internal
@view
def _close(underlying: uint256, day: uint256) -> uint256:
    """
    @return [wad] 0 when nothing was recorded.
    """
    average: uint256 = 0
    last: uint256 = 0
    average, last = staticcall ORACLE.recorded(underlying, day * DAY + CLOSE)
    return average if average != 0 else last


@internal
@pure
def _weight(gap: uint256, age: uint256) -> uint256:
    """
    @notice What the past weighs after `gap` days in an average that is `age` days old: DECAY**gap,
            less as long as the average is younger than its memory.
    """
    weight: uint256 = WAD
    for i: uint256 in range(MAX_DAYS):
        if i == gap:
            break
        weight = weight * DECAY // WAD
    return min(weight, WAD - WAD * gap // age)


@internal
@pure
def _root(variance: uint256) -> uint256:
    return isqrt(variance * WAD)
