# pragma version 0.4.3
# pragma optimize gas
"""
@title Observations: prices x time, watermarks and closes
@license AGPL-3.0-only
@notice Every aggregate that is stored is an observation and in force until the next. Kept are
          - in a ring, the last observation of each bucket of five minutes with the integral of
            the price up to it, for a week: the average over any window inside, at one cost
            however many observations it has;
          - for ever, the highest, lowest and last price of each hour, and the highest and lowest
            of each day: a barrier once touched can be proved at any later time.
        A bucket, hour or day holds what is dated after its start, up to and including its end,
        and has the number of its end: ceil(time / length).
@dev An observation of the ring is one word; integrals are modulo 2**120 [wad s], which is more than
     any price (< 2**100) over 2**20 seconds, so differences over shorter windows are exact:

          255         220 219                100 99              0
         | time [s]      | integral [wad s]     | price [wad]     |
         | 36 bits       | 120 bits             | 100 bits        |

     A word of watermarks, in 1e-8 USD, the unit of barriers; `high` rounds down and `low` up, so
     that comparing with a barrier is exact:

          255   201 200      134 133       67 66         0
         |   0     | close      | high       | low        |

     What is recorded when is seen in bit maps, a bit a bucket; so no search depends on how many
     observations there are.
@custom:rounding Averages round down. A window that begins or ends inside a bucket is interpolated
                 there; at multiples of five minutes, and from the last observation on, it is exact.
"""

# [s] a bucket, and how many of them the ring has: seven days.
BUCKET: constant(uint256) = 300
RING: constant(uint256) = 2_048
# [s] longest window of an average.
MAX_WINDOW: constant(uint256) = 604_800
# Words of the bit map that a search goes back, at 256 buckets each.
LOOK_BACK: constant(uint256) = 8

HOUR: constant(uint256) = 3_600
DAY: constant(uint256) = 86_400
# [wad] 1e-8 USD.
UNIT: constant(uint256) = 10**10
# Typed, as a literal cannot be shifted by a variable.
ONE: constant(uint256) = 1
TWO: constant(uint256) = 2
MASK_67: constant(uint256) = 2**67 - 1
MASK_100: constant(uint256) = 2**100 - 1
MASK_120: constant(uint256) = 2**120 - 1


# underlying -> bucket % RING -> observation
ring: HashMap[uint256, HashMap[uint256, uint256]]
# underlying -> bucket / 256 -> which of the 256 buckets have an observation
maps: HashMap[uint256, HashMap[uint256, uint256]]
# underlying -> hour or day since the epoch -> watermarks
hours: HashMap[uint256, HashMap[uint256, uint256]]
days: HashMap[uint256, HashMap[uint256, uint256]]


@internal
def _record(underlying: uint256, price: uint256, last: uint256):
    """
    @notice Records a price [wad] as of now.
    @param price Positive, below 2**100.
    @param last [s] time of the last aggregate recorded so, 0 for none: in force until now.
    """
    integral: uint256 = 0
    if last != 0:
        integral = self._integral(self.ring[underlying][self._bucket(last) % RING], block.timestamp)
    self._put(underlying, integral, price)
    # Below 2**67, as prices are at most 1e30 wad.
    low: uint256 = unsafe_add(price, UNIT - 1) // UNIT
    high: uint256 = price // UNIT
    hour: uint256 = self._bucket_of(HOUR)
    marks: uint256 = self.hours[underlying][hour]
    self.hours[underlying][hour] = (high << 134) | self._stretched(marks, high, low)
    day: uint256 = self._bucket_of(DAY)
    marks = self.days[underlying][day]
    stretched: uint256 = self._stretched(marks, high, low)
    if stretched != marks:
        self.days[underlying][day] = stretched


@internal
def _extend(underlying: uint256, last: uint256):
    """
    @notice Records that the last aggregate is still in force. The average does not change by it;
            it is what says that somebody looked.
    """
    slot: uint256 = self._bucket(block.timestamp) % RING
    word: uint256 = self.ring[underlying][self._bucket(last) % RING]
    # The next integral starts from the last aggregate, which must not be overwritten.
    if self._bucket(last) % RING != slot:
        self._put(underlying, self._integral(word, block.timestamp), word & MASK_100)


@internal
def _put(underlying: uint256, integral: uint256, price: uint256):
    bucket: uint256 = self._bucket(block.timestamp)
    self.ring[underlying][bucket % RING] = (block.timestamp << 220) | (integral << 100) | price
    bit: uint256 = ONE << (bucket & 255)
    seen: uint256 = self.maps[underlying][bucket >> 8]
    if seen & bit == 0:
        self.maps[underlying][bucket >> 8] = seen | bit


@internal
@view
def _average(underlying: uint256, start: uint256, end: uint256, last: uint256) -> uint256:
    """
    @notice Time-weighted average over [start, end], start < end <= now.
    @param last [s] time of the last aggregate recorded.
    @return [wad]; 0 when the window is not inside what is recorded.
    """
    if last == 0 or unsafe_sub(end, start) > MAX_WINDOW:
        return 0
    integral_start: uint256 = 0
    integral_end: uint256 = 0
    found: bool = False
    integral_end, found = self._at(underlying, end, last)
    if not found:
        return 0
    integral_start, found = self._at(underlying, start, last)
    if not found:
        return 0
    return unsafe_div(unsafe_sub(integral_end, integral_start) & MASK_120, unsafe_sub(end, start))


@internal
@view
def _at(underlying: uint256, time: uint256, last: uint256) -> (uint256, bool):
    """
    @return Integral at a time not in the future; False when it is not recorded.
    """
    if time >= last:
        # In force until now.
        return self._integral(self.ring[underlying][self._bucket(last) % RING], time), True
    bucket: uint256 = self._bucket(time)
    word: uint256 = self._before(underlying, bucket)
    if word != 0 and word >> 220 <= time:
        return self._integral(word, time), True
    # The bucket itself has an observation, later than `time` (or there is none at all): what was
    # in force when the bucket began, and a straight line from there.
    earlier: uint256 = self._before(underlying, unsafe_sub(bucket, 1))
    if word == 0 or earlier == 0:
        return 0, False
    begin: uint256 = unsafe_mul(unsafe_sub(bucket, 1), BUCKET)
    base: uint256 = self._integral(earlier, begin)
    # begin < time < word's time, so the divisor is positive; 2**120 * 300 fits.
    rise: uint256 = unsafe_sub((word >> 100) & MASK_120, base) & MASK_120
    return (
        unsafe_add(base, unsafe_div(unsafe_mul(rise, unsafe_sub(time, begin)), unsafe_sub(word >> 220, begin)))
        & MASK_120
    ), True


@internal
@view
def _before(underlying: uint256, bucket: uint256) -> uint256:
    """
    @return The last observation of this bucket or an earlier one, 0 when none is kept.
    """
    index: uint256 = bucket >> 8
    # Bits up to the bucket's own: for the highest the shift gives 0, and all bits count.
    bits: uint256 = self.maps[underlying][index] & unsafe_sub(TWO << (bucket & 255), 1)
    for i: uint256 in range(LOOK_BACK):
        if bits != 0 or index == 0:
            break
        index = unsafe_sub(index, 1)
        bits = self.maps[underlying][index]
    if bits == 0:
        return 0
    found: uint256 = (index << 8) | self._highest(bits)
    word: uint256 = self.ring[underlying][found % RING]
    # A week later another observation lies there.
    return word if self._bucket(word >> 220) == found else 0


@internal
@view
def _is_covered(underlying: uint256, start: uint256, end: uint256) -> bool:
    """
    @notice Whether each bucket of the window, and the one before it, has an observation.
    @param start [s] multiple of BUCKET, as is `end`; at most 250 buckets apart.
    """
    first: uint256 = start // BUCKET
    last: uint256 = end // BUCKET
    wanted: uint256 = unsafe_sub(TWO << unsafe_sub(last, first), 1)
    seen: uint256 = self.maps[underlying][first >> 8] >> (first & 255)
    if first >> 8 != last >> 8:
        seen |= self.maps[underlying][last >> 8] << unsafe_sub(256, first & 255)
    return seen & wanted == wanted


@internal
@view
def _close(underlying: uint256, expiry: uint256) -> uint256:
    """
    @return The price [wad, whole 1e-8 USD] recorded last in the day up to expiry, 0 for none.
    """
    hour: uint256 = expiry // HOUR
    for i: uint256 in range(24):
        # Hours before the epoch wrap to hours that hold nothing.
        word: uint256 = self.hours[underlying][unsafe_sub(hour, i)]
        if word != 0:
            # A price below 1e-8 USD must not read as none.
            return max((word >> 134) * UNIT, 1)
    return 0


@internal
@pure
def _integral(word: uint256, time: uint256) -> uint256:
    """
    @return Integral at a time not before the observation's.
    """
    return unsafe_add((word >> 100) & MASK_120, unsafe_mul(word & MASK_100, unsafe_sub(time, word >> 220))) & MASK_120


@internal
@pure
def _stretched(marks: uint256, high: uint256, low: uint256) -> uint256:
    """
    @return High and low with one more price; `marks` 0 for none so far.
    """
    if marks == 0:
        return (high << 67) | low
    return (max((marks >> 67) & MASK_67, high) << 67) | min(marks & MASK_67, low)


@internal
@pure
def _bucket(time: uint256) -> uint256:
    # No time is near 2**256.
    return unsafe_div(unsafe_add(time, BUCKET - 1), BUCKET)


@internal
@view
def _bucket_of(length: uint256) -> uint256:
    """
    @return Number of the hour or day, `length` [s], that holds now.
    """
    return unsafe_div(unsafe_add(block.timestamp, unsafe_sub(length, 1)), length)


@internal
@pure
def _highest(bits: uint256) -> uint256:
    """
    @return Number of the highest bit that is set, of a word that is not zero.
    """
    rest: uint256 = bits
    found: uint256 = 0
    step: uint256 = 128
    for i: uint256 in range(8):
        if rest >> step != 0:
            rest = rest >> step
            found = unsafe_add(found, step)
        step = step >> 1
    return found
