# pragma version 0.4.3
"""
@title GWAV: a geometric, time-weighted average of volatilities seen in trades
@license AGPL-3.0-only
@notice Hard to move with money, by four guards in a row:
        - a volatility counts once in SPACING seconds, whatever the number of trades;
        - it counts at most STEP away (in logarithm) from the value in force;
        - the value in force is the median of the last three, so that one alone moves nothing;
        - what is read is the average over a window of exp of the mean of the logarithm in force,
          weighted with the time for which it was; of the block that sets it, that is nothing.
        A first volatility is in force as it is.
@dev By key. State: the last three logarithms [wad, signed, 64 bits each], the time of the last
     [s, 40 bits] and the number of observations [24 bits], from the lowest bit. The ring has for
     each observation the sum of logarithm x seconds up to it [wad s, signed, 128 bits, high] and
     its time [s, 40 bits]. A window is found by bisection.
@custom:rounding Logarithms to nearest (fixed_point.vy); sums and means towards zero by a wei.
"""

from ..math import fixed_point

# Observations kept: with SPACING at least 34 hours.
SIZE: constant(uint256) = 1_024
# [s]
SPACING: constant(uint256) = 120
# [wad] 10 %
STEP: constant(int256) = 10**17

MASK_40: constant(uint256) = 2**40 - 1
MASK_64: constant(uint256) = 2**64 - 1
MAX_COUNT: constant(uint256) = 2**24 - 1


# key -> state as in the header
states: HashMap[uint256, uint256]
# key -> place -> observation as in the header
ring: HashMap[uint256, HashMap[uint256, uint256]]


@internal
def _record(key: uint256, volatility: uint256) -> bool:
    """
    @notice Takes a volatility into account.
    @param volatility [wad] positive, below 2**63.
    @return False when the last one is too recent.
    """
    seen: int256 = fixed_point._ln(volatility)
    state: uint256 = self.states[key]
    count: uint256 = state >> 232
    if count == 0:
        self.ring[key][0] = block.timestamp
        self.states[key] = self._state(seen, seen, seen, 1)
        return True
    last: uint256 = (state >> 192) & MASK_40
    if block.timestamp < last + SPACING:
        return False
    value: int256 = self._median(state)
    seen = max(min(seen, value + STEP), value - STEP)
    sum: int256 = self._sum(self.ring[key][(count - 1) % SIZE]) + value * convert(block.timestamp - last, int256)
    self.ring[key][count % SIZE] = (convert(convert(sum, bytes32), uint256) << 128) | block.timestamp
    # The places follow the count: once it is full it goes back by whole rounds of the ring.
    if count == MAX_COUNT:
        count -= 2 * SIZE
    self.states[key] = self._state(self._logarithm(state, 1), self._logarithm(state, 2), seen, count + 1)
    return True


@internal
@view
def _average(key: uint256, window: uint256) -> (uint256, uint256, uint256):
    """
    @notice The average over a window up to now.
    @param window [s] positive; shorter when the ring does not reach so far.
    @return Volatility [wad]; seconds that it is made from; time [s] of the last observation. The
            value in force over 0 seconds in the block of the first; zeros without any.
    """
    state: uint256 = self.states[key]
    count: uint256 = state >> 232
    if count == 0:
        return 0, 0, 0
    last: uint256 = (state >> 192) & MASK_40
    value: int256 = self._median(state)
    newest: int256 = self._sum(self.ring[key][(count - 1) % SIZE])
    now: int256 = newest + value * convert(block.timestamp - last, int256)
    start: uint256 = block.timestamp - min(window, block.timestamp)
    if start >= last:
        # One value has been in force throughout.
        return fixed_point._exp(value), min(window, block.timestamp - last), last
    # The latest observation at or before the start, by place from the oldest kept one.
    low: uint256 = count - min(count, SIZE)
    word: uint256 = self.ring[key][low % SIZE]
    if word & MASK_40 >= start:
        start = word & MASK_40
        now -= self._sum(word)
    else:
        high: uint256 = count - 1
        for _: uint256 in range(10):
            if high - low <= 1:
                break
            middle: uint256 = (low + high) // 2
            if self.ring[key][middle % SIZE] & MASK_40 <= start:
                low = middle
            else:
                high = middle
        word = self.ring[key][low % SIZE]
        after: uint256 = self.ring[key][high % SIZE]
        # Observations differ in time by SPACING at least.
        span: int256 = convert((after & MASK_40) - (word & MASK_40), int256)
        part: int256 = convert(start - (word & MASK_40), int256)
        now -= self._sum(word) + (self._sum(after) - self._sum(word)) * part // span
    covered: uint256 = block.timestamp - start
    if covered == 0:
        return fixed_point._exp(value), 0, last
    return fixed_point._exp(now // convert(covered, int256)), covered, last


@internal
@pure
def _median(state: uint256) -> int256:
    """
    @return Median of the last three logarithms [wad].
    """
    one: int256 = self._logarithm(state, 0)
    two: int256 = self._logarithm(state, 1)
    three: int256 = self._logarithm(state, 2)
    return max(min(one, two), min(max(one, two), three))


@internal
@pure
def _logarithm(state: uint256, place: uint256) -> int256:
    # Up to the sign bit and back, which extends it.
    return convert(convert(state << (192 - 64 * place), bytes32), int256) >> 192


@internal
@view
def _state(one: int256, two: int256, three: int256, count: uint256) -> uint256:
    state: uint256 = (count << 232) | (block.timestamp << 192)
    state |= convert(convert(one, bytes32), uint256) & MASK_64
    state |= (convert(convert(two, bytes32), uint256) & MASK_64) << 64
    return state | ((convert(convert(three, bytes32), uint256) & MASK_64) << 128)


@internal
@pure
def _sum(word: uint256) -> int256:
    return convert(convert(word, bytes32), int256) >> 128
