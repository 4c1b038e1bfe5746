# pragma version 0.4.3
# pragma optimize gas
"""
@title Prices: one figure from several sources, and when there is none
@license AGPL-3.0-only
@notice The aggregate is the median of the fresh sources. It is served when at least a quorum of
        them lies within `spread` of it, and when it is no further from the last stored aggregate
        than `jump` times the minutes since then, 30 of them at most. Sources that disagree with
        the median count no more than absent ones, so none of a minority can stop a price.
        Confidence falls with the distance of the furthest source that agrees, to one half at the
        limit, and with the share of fresh sources that do not agree.

        The breaker trips when `poke` finds no aggregate that may be served. For 15 minutes, or
        until a `poke` finds one, nothing is served as fresh. From the trip on the allowance for a
        jump grows without end: what lasts is accepted at last, a push through thin markets
        in one block never.

        Not served, the last known price is told: the median of stale answers when it is newer
        than the stored one, else the stored one. Outside the session it is the stored one, whose
        confidence falls by the calendar's gap at the close and by `widening` each hour after it.
@dev The stored aggregate is one word:

          255      229 228    209 208      176 175   156 155     120 119      100 99        0
         | tripped    | age     | volatility | age     | stored at | confidence | price     |
         | 27 bits, s | 20, s   | 33, 1e-9   | 20, s   | 36, s     | 20, 1e-6   | 100, wad  |

     The ages are those of the data when it was stored; `tripped` is the time since then plus 1.
@custom:trust A majority of the sources chooses the price, within `jump`.
@custom:rounding Median, confidence and the stored volatility round down.
"""

from . import markets
from . import medians
from . import observations
from . import sources

uses: markets
uses: observations


# Why a price is not served.
NOT_LISTED: constant(uint256) = 1
BELOW_QUORUM: constant(uint256) = 2
STALE: constant(uint256) = 3
DISAGREEMENT: constant(uint256) = 4
JUMP: constant(uint256) = 5
TRIPPED: constant(uint256) = 6
CLOSED: constant(uint256) = 7

# [s] how long the breaker stays tripped when nobody pokes.
HALT: constant(uint256) = 900
# [minutes] for which an untripped breaker lets jumps add up.
MAX_MINUTES: constant(uint256) = 30
# Gas that the calendar may burn.
CALENDAR_GAS: constant(uint256) = 100_000

WAD: constant(uint256) = 10**18
BP: constant(uint256) = 10_000
CONFIDENCE_UNIT: constant(uint256) = 10**12
VOLATILITY_UNIT: constant(uint256) = 10**9
HOUR: constant(uint256) = 3_600
MASK_14: constant(uint256) = 2**14 - 1
MASK_20: constant(uint256) = 2**20 - 1
MASK_27: constant(uint256) = 2**27 - 1
MASK_33: constant(uint256) = 2**33 - 1
MASK_36: constant(uint256) = 2**36 - 1
MASK_64: constant(uint256) = 2**64 - 1
MASK_100: constant(uint256) = 2**100 - 1


struct Reading:
    price: uint256  # [wad] last known when there is a fault
    confidence: uint256  # [wad]
    time: uint256  # [s] of the oldest answer in it
    fault: uint256  # 0 served, else why not


struct Hours:
    closed: bool  # the home market
    since: uint256  # [s] when it closed or opened
    gap: uint256  # [wad] share of confidence lost at the close
    liquidate: bool  # accounts may be sold


# underlying -> stored aggregate as in the header
aggregates: HashMap[uint256, uint256]
# underlying -> since when [s] prices are served again after the last interruption
recoveries: HashMap[uint256, uint256]


event Observed:
    underlying: indexed(uint256)
    spot: uint256  # [wad]
    spot_time: uint256  # [s]
    confidence: uint256  # [wad]
    volatility: uint256  # [wad]
    volatility_time: uint256  # [s]


event BreakerTripped:
    underlying: indexed(uint256)
    fault: uint256


event BreakerRecovered:
    underlying: indexed(uint256)
    price: uint256  # [wad]


@internal
def _poke(underlying: uint256, rules: uint256) -> uint256:
    """
    @notice Stores what the sources say, or trips the breaker.
    @return Why nothing is served, 0 when it is.
    """
    stored: uint256 = self.aggregates[underlying]
    written: uint256 = (stored >> 120) & MASK_36
    closed: bool = self._hours(underlying, rules).closed
    if closed and written != 0:
        observations._extend(underlying, written)
        return CLOSED
    reading: Reading = self._aggregate(underlying, rules, False)
    if reading.fault == 0 and self._is_jump(rules, stored, reading.price):
        reading.fault = JUMP
    if reading.fault != 0:
        if stored >> 229 == 0:
            # Since the time it was stored, saturated.
            passed: uint256 = min(unsafe_sub(block.timestamp, written), MASK_27 - 1)
            self.aggregates[underlying] = stored | (unsafe_add(passed, 1) << 229)
            log BreakerTripped(underlying=underlying, fault=reading.fault)
        return reading.fault
    # Nobody could know whether it was served in a gap longer than the oldest answer may be.
    gap: bool = unsafe_sub(block.timestamp, written) > (rules >> 204) & MASK_20
    if stored >> 229 != 0 or (written != 0 and gap):
        self.recoveries[underlying] = block.timestamp
        log BreakerRecovered(underlying=underlying, price=reading.price)
    volatility: uint256 = 0
    time: uint256 = 0
    live: bool = False
    volatility, time, live = self._volatility(underlying, stored)
    observations._record(underlying, reading.price, written)
    # Ages: `time` of good data is at most now.
    self.aggregates[underlying] = (
        (min(unsafe_sub(block.timestamp, time), MASK_20) << 209)
        | (unsafe_div(volatility, VOLATILITY_UNIT) << 176)
        | (unsafe_sub(block.timestamp, reading.time) << 156)
        | (block.timestamp << 120)
        | (unsafe_div(reading.confidence, CONFIDENCE_UNIT) << 100)
        | reading.price
    )
    log Observed(
        underlying=underlying,
        spot=reading.price,
        spot_time=reading.time,
        confidence=reading.confidence,
        volatility=volatility,
        volatility_time=time,
    )
    return 0


@internal
@view
def _is_held(rules: uint256, stored: uint256) -> bool:
    """
    @return Whether the stored aggregate is served as it is.
    """
    return (
        unsafe_sub(block.timestamp, (stored >> 120) & MASK_36) < (rules >> 168) & 63
        and stored >> 229 == 0
    )


@internal
@view
def _spot(underlying: uint256, rules: uint256, stored: uint256) -> Reading:
    """
    @notice The price as it is served now. Never reverts, given the gas that sources may burn.
    """
    written: uint256 = (stored >> 120) & MASK_36
    # The data was not younger than its age.
    r: Reading = Reading(
        price=stored & MASK_100,
        confidence=((stored >> 100) & MASK_20) * CONFIDENCE_UNIT,
        time=unsafe_sub(written, (stored >> 156) & MASK_20),
        fault=0,
    )
    if self._is_held(rules, stored):
        return r
    tripped: bool = self._is_tripped(stored)
    hours: Hours = self._hours(underlying, rules)
    if hours.closed:
        word: uint256 = markets.calendars[underlying]
        # Basis points, of any gap and of at most 2**14 an hour: far below 2**256.
        lost: uint256 = unsafe_add(
            unsafe_div(hours.gap, 10**14),
            unsafe_div(unsafe_mul((word >> 160) & MASK_14, unsafe_sub(block.timestamp, hours.since)), HOUR),
        )
        r.confidence = unsafe_div(unsafe_mul(r.confidence, unsafe_sub(BP, min(lost, BP))), BP)
        r.fault = TRIPPED if tripped else (0 if word >> 176 == 1 else CLOSED)
        return r
    live: Reading = self._aggregate(underlying, rules, False)
    if live.fault == 0:
        if not self._is_jump(rules, stored, live.price):
            if tripped:
                live.fault = TRIPPED
            return live
        live.fault = JUMP
    limit: uint256 = (rules >> 204) & MASK_20
    r.fault = live.fault
    if live.fault == BELOW_QUORUM:
        live = self._aggregate(underlying, rules, True)
        if live.fault == 0:
            r.fault = STALE
            if live.time > r.time and not self._is_jump(rules, stored, live.price):
                live.fault = STALE
                live.confidence = self._aged(live.confidence, live.time, limit)
                return live
        r.confidence = self._aged(r.confidence, r.time, limit)
    else:
        # The sources know better than what is stored, and do not say what.
        r.confidence = 0
    return r


@internal
@view
def _aggregate(underlying: uint256, rules: uint256, any_age: bool) -> Reading:
    """
    @notice Median of what the sources say now, without regard to what was stored.
    @param any_age Whether stale answers count.
    """
    r: Reading = Reading(price=0, confidence=0, time=max_value(uint256), fault=BELOW_QUORUM)
    base: uint256 = (rules >> 199) & 16
    figures: uint256[9] = empty(uint256[9])
    count: uint256 = 0
    for i: uint256 in range((rules >> 160) & 15, bound=9):
        word: uint256 = markets.words[underlying][base | i]
        observation: uint256 = sources._read(word)[0]
        time: uint256 = observation & MASK_64
        if observation == 0 or (not any_age and unsafe_sub(block.timestamp, time) > sources._max_age(word)):
            continue
        figures[count] = observation >> 64
        count = unsafe_add(count, 1)
        r.time = min(r.time, time)
    quorum: uint256 = (rules >> 164) & 15
    if count < quorum:
        return r
    if count == 1:
        # The usual case of a simple listing: nothing to agree with.
        r.price = figures[0]
        r.confidence = WAD
        r.fault = 0
        return r
    figures = medians._sorted(figures, count)
    r.price = medians._median(figures, count)
    # Prices are below 2**100: products of a wad and two of them fit.
    limit: uint256 = unsafe_div(unsafe_mul(r.price, (rules >> 174) & MASK_14), BP)
    near: uint256 = 0
    furthest: uint256 = 0
    for i: uint256 in range(count, bound=9):
        distance: uint256 = unsafe_sub(max(figures[i], r.price), min(figures[i], r.price))
        if distance <= limit:
            near = unsafe_add(near, 1)
            furthest = max(furthest, distance)
    if near < quorum:
        r.fault = DISAGREEMENT
        return r
    # limit is 0 for prices of a few wei only; then the distance is 0 as well, and x / 0 = 0.
    doubt: uint256 = unsafe_div(unsafe_mul(WAD, furthest), unsafe_mul(2, limit))
    r.confidence = unsafe_div(unsafe_mul(unsafe_sub(WAD, doubt), near), count)
    r.fault = 0
    return r


@internal
@view
def _is_jump(rules: uint256, stored: uint256, price: uint256) -> bool:
    """
    @return Whether a price is too far from the stored aggregate for the time since.
    """
    jump: uint256 = (rules >> 188) & MASK_14
    last: uint256 = stored & MASK_100
    if jump == 0 or last == 0:
        return False
    passed: uint256 = unsafe_sub(block.timestamp, (stored >> 120) & MASK_36)
    before: uint256 = passed
    if stored >> 229 != 0:
        before = min(passed, unsafe_sub(stored >> 229, 1))
    minutes: uint256 = unsafe_add(
        min(unsafe_div(before, 60), MAX_MINUTES), unsafe_div(unsafe_sub(passed, before), 60)
    )
    # One minute more, so that a price may move at all within a minute. 2**100 * 2**14 * 2**31 fits.
    allowed: uint256 = unsafe_mul(unsafe_mul(last, jump), unsafe_add(minutes, 1))
    return unsafe_mul(unsafe_sub(max(price, last), min(price, last)), BP) > allowed


@internal
@view
def _is_tripped(stored: uint256) -> bool:
    tripped: uint256 = stored >> 229
    # Stored at, plus the time to the trip plus 1.
    return tripped != 0 and block.timestamp < unsafe_add(
        unsafe_add((stored >> 120) & MASK_36, tripped), HALT - 1
    )


@internal
@view
def _hours(underlying: uint256, rules: uint256) -> Hours:
    """
    @return What the calendar says; open, where there is none or none that answers.
    """
    h: Hours = Hours(closed=False, since=0, gap=0, liquidate=True)
    if (rules >> 202) & 1 == 0:
        return h
    # The gas that is needed keeps anyone from starving it to open a closed market.
    data: Bytes[192] = sources._ask(
        markets.calendars[underlying],
        abi_encode(underlying, method_id=method_id("hours(uint256)")),
        CALENDAR_GAS,
    )
    # An ICalendar.Hours; flags that are no booleans count as true.
    if len(data) != 160:
        return h
    h.closed = extract32(data, 0, output_type=uint256) == 0
    h.since = min(extract32(data, 32, output_type=uint256), block.timestamp)
    h.liquidate = extract32(data, 96, output_type=uint256) != 0
    h.gap = extract32(data, 128, output_type=uint256)
    return h


@internal
@view
def _volatility(underlying: uint256, stored: uint256) -> (uint256, uint256, bool):
    """
    @return Volatility [wad] of the volatility source and its time [s]; whether the source gives
            it now, else what is stored.
    """
    observation: uint256 = sources._read(markets.volatility_sources[underlying])[0]
    if observation != 0:
        return observation >> 64, observation & MASK_64, True
    volatility: uint256 = 0
    time: uint256 = 0
    volatility, time = self._stored_volatility(stored)
    return volatility, time, False


@internal
@pure
def _stored_volatility(stored: uint256) -> (uint256, uint256):
    """
    @return Volatility [wad] and its time [s].
    """
    return (
        unsafe_mul((stored >> 176) & MASK_33, VOLATILITY_UNIT),
        unsafe_sub((stored >> 120) & MASK_36, (stored >> 209) & MASK_20),
    )


@internal
@view
def _aged(confidence: uint256, time: uint256, limit: uint256) -> uint256:
    """
    @return Confidence [wad] falls as limit / age once the age is above the limit [s].
    """
    age: uint256 = unsafe_sub(block.timestamp, time)
    if age <= limit:
        return confidence
    # age > limit >= 60, and WAD * 2**20 fits.
    return unsafe_div(unsafe_mul(confidence, limit), age)


@internal
@pure
def _require_served(fault: uint256):
    assert fault != BELOW_QUORUM, "oracle: below quorum"
    assert fault != STALE, "oracle: stale price"
    assert fault != DISAGREEMENT, "oracle: sources disagree"
    assert fault != JUMP, "oracle: price jump"
    assert fault != TRIPPED, "oracle: breaker tripped"
    assert fault == 0, "oracle: market closed"


@internal
@view
def _settled_since(underlying: uint256, rules: uint256) -> uint256:
    """
    @return Since when [s] prices are served without interruption; 2**256 - 1 when they are not, or
            when market hours let nobody be sold.
    """
    stored: uint256 = self.aggregates[underlying]
    passed: uint256 = unsafe_sub(block.timestamp, (stored >> 120) & MASK_36)
    hours: Hours = self._hours(underlying, rules)
    if not hours.liquidate or (hours.closed and markets.calendars[underlying] >> 176 == 0):
        return max_value(uint256)
    if stored >> 229 != 0 or (not hours.closed and passed > (rules >> 204) & MASK_20):
        return max_value(uint256)
    return self.recoveries[underlying] if hours.closed else max(self.recoveries[underlying], hours.since)
