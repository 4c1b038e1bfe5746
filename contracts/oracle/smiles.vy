# pragma version 0.4.3
"""
@title Smiles: one volatility surface per underlying, kept free of arbitrage
@license AGPL-3.0-only
@notice Per (underlying, expiry) a raw SVI smile with the carry of its forward, two words:

          smile as in contracts/math/svi.vy, and

          255     232 231           192 191     128 127     64 63            0
         |    -      | posted        | forward   | rate     | volatility     |
         |  24 bits  | 40 bits, s    | over spot | signed   | at the money   |
         |           |               | 64 bits   | 64 bits  | 64 bits        |   all three [wad]

        The smile's time to expiry counts from `posted`; volatilities stay as they are when time
        passes, and the forward moves to the spot on a straight line. The expiries of an
        underlying, up to ten, are one more word: 24 bits each [hours], ascending from the lowest.

        A smile is accepted only when it has no butterfly arbitrage, no calendar arbitrage with
        the expiries next to it (both at their present time to expiry), and at the money and one
        deviation to either side has not moved by more than a share per hour since the last
        one; the forward and the rate likewise. A new expiry is held to what the surface
        says of it already.

        Between two expiries the variance at the money is linear in time, as is the logarithm of
        the discount; the shape is that of the later expiry, by way of its tenor: its variance for
        `tenor` seconds is the interpolated one at k = 0. Before the first and after the last
        expiry volatilities are theirs.
@dev `_reading` is total: it never reverts, whatever is stored.
@custom:rounding To nearest within a billionth or down; volatilities down by a wei.
"""

from ..math import svi

WAD: constant(uint256) = 10**18
HOUR: constant(uint256) = 3_600
YEAR: constant(uint256) = 31_536_000
MAX_EXPIRIES: constant(uint256) = 10
# [s] shortest and longest time to expiry of a smile; the shortest is longer than a report is valid.
MIN_TENOR: constant(uint256) = 1_200
MAX_TENOR: constant(uint256) = 10 * YEAR
# [wad] what the oracle accepts as a volatility: 1 % to 500 %.
MIN_VOLATILITY: constant(uint256) = 10**16
MAX_VOLATILITY: constant(uint256) = 5 * 10**18
# [wad] bounds of the forward over spot and of the annual rate.
MIN_FORWARD: constant(uint256) = 2 * 10**17
MAX_FORWARD: constant(uint256) = 5 * 10**18
MAX_RATE: constant(int256) = 10**18
# [s] after so long without a smile the limits do not widen further.
LONGEST_PAUSE: constant(uint256) = 86_400

MASK_24: constant(uint256) = 2**24 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_64: constant(uint256) = 2**64 - 1
MASK_147: constant(uint256) = 2**147 - 1


struct Limits:
    volatility: uint256  # [wad] share per hour by which a volatility may move
    carry: uint256  # [wad] per hour by which forward over spot and rate may move
    first: uint256  # [wad] share by which a new expiry may differ from what the surface says


struct Smile:
    a: int256  # [wad] total variance
    b: int256  # [wad]
    rho: int256  # [wad]
    m: int256  # [wad]
    sigma: int256  # [wad]


struct Reading:
    smile: uint256  # raw SVI; 0: none, and so is everything else
    tenor: uint256  # [s] that the smile's total variance is for
    forward: uint256  # [wad] over spot
    rate: int256  # [wad] annual
    volatility: uint256  # [wad] at the money
    posted: uint256  # [s] the older one of two


# underlying -> expiry -> words as in the header
smile_words: HashMap[uint256, HashMap[uint256, uint256]]
carry_words: HashMap[uint256, HashMap[uint256, uint256]]
# underlying -> expiries as in the header
expiry_words: HashMap[uint256, uint256]


event SmilePosted:
    underlying: indexed(uint256)
    expiry: indexed(uint256)
    smile: uint256
    forward: uint256  # [wad] over spot
    rate: int256  # [wad]
    volatility: uint256  # [wad] at the money
    posted: uint256  # [s]


@internal
def _post(
    underlying: uint256, expiry: uint256, smile: Smile, forward: uint256, rate: int256, time: uint256, limits: Limits
):
    """
    @notice Stores a smile, or says what is wrong with it.
    @param time [s] at most now; the smile's variance is for expiry - time.
    """
    assert expiry % HOUR == 0 and expiry // HOUR <= MASK_24, "surface: expiry not on the hour"
    assert expiry >= time + MIN_TENOR and expiry <= time + MAX_TENOR, "surface: tenor out of range"
    assert forward >= MIN_FORWARD and forward <= MAX_FORWARD, "surface: forward out of range"
    assert rate >= -MAX_RATE and rate <= MAX_RATE, "surface: rate out of range"
    word: uint256 = svi._pack(smile.a, smile.b, smile.rho, smile.m, smile.sigma)
    tenor: uint256 = expiry - time
    volatility: uint256 = self._volatility(word, 0, tenor)
    assert volatility >= MIN_VOLATILITY and volatility <= MAX_VOLATILITY, "surface: volatility out of range"

    old: Reading = self._reading(underlying, expiry)
    carry: uint256 = self.carry_words[underlying][expiry]
    if carry != 0:
        assert time > (carry >> 192) & MASK_40, "surface: not newer"
        elapsed: uint256 = min(time - ((carry >> 192) & MASK_40), LONGEST_PAUSE)
        self._check_move(old, word, tenor, limits.volatility * elapsed // HOUR)
        step: uint256 = limits.carry * elapsed // HOUR
        # The forward is compared with where the old one has come to on its way to the spot.
        assert self._distance(forward, old.forward) <= step, "surface: carry moves too fast"
        moved: int256 = abs(rate - old.rate)
        assert convert(moved, uint256) <= step, "surface: carry moves too fast"
    elif old.smile != 0:
        self._check_move(old, word, tenor, limits.first)

    before: uint256 = 0
    after: uint256 = 0
    list: uint256 = self._live(underlying)
    before, after = self._neighbours(list, expiry)
    present: uint256 = self._present(word, tenor, expiry)
    assert svi._no_butterfly(word), "surface: butterfly arbitrage"
    if before != 0:
        assert svi._no_calendar(self._stored(underlying, before), present), "surface: calendar arbitrage"
    if after != 0:
        assert svi._no_calendar(present, self._stored(underlying, after)), "surface: calendar arbitrage"

    self._insert(underlying, list, expiry)
    self.smile_words[underlying][expiry] = word
    self.carry_words[underlying][expiry] = (
        (time << 192) | (forward << 128) | (convert(convert(rate, bytes32), uint256) & MASK_64) << 64 | volatility
    )
    log SmilePosted(
        underlying=underlying,
        expiry=expiry,
        smile=word,
        forward=forward,
        rate=rate,
        volatility=volatility,
        posted=time,
    )


# -- reading --


@internal
@view
def _reading(underlying: uint256, expiry: uint256) -> Reading:
    """
    @notice The surface at an expiry; empty when there is nothing to say it from.
    """
    if block.timestamp >= expiry or expiry - block.timestamp > MAX_TENOR:
        return empty(Reading)
    own: Reading = self._node(underlying, expiry)
    if own.smile != 0:
        return own
    before: uint256 = 0
    after: uint256 = 0
    before, after = self._neighbours(self.expiry_words[underlying], expiry)
    late: Reading = self._node(underlying, after)
    early: Reading = self._node(underlying, before)
    if late.smile == 0:
        # Beyond the last one: its volatilities and its rate; carry grows with time.
        if early.smile != 0:
            early.forward = self._straight(early.forward, expiry - block.timestamp, before - block.timestamp)
        return early
    t: uint256 = expiry - block.timestamp
    t2: uint256 = after - block.timestamp
    if early.smile == 0:
        late.forward = self._straight(late.forward, t, t2)
        return late
    # before < expiry < after, all in the future. Volatilities are below 2**64, times below 2**40.
    t1: uint256 = before - block.timestamp
    w1: uint256 = early.volatility * early.volatility * t1
    w2: uint256 = late.volatility * late.volatility * t2
    span: uint256 = after - before
    variance: uint256 = (w1 * (after - expiry) + w2 * (expiry - before)) // (span * t)
    mixed: Reading = late
    mixed.volatility = isqrt(variance)
    # The tenor for which the later smile's variance at k = 0 is that of the interpolated volatility.
    mixed.tenor = max(late.tenor * late.volatility * late.volatility // max(variance, 1), 1)
    mixed.forward = (early.forward * (after - expiry) + late.forward * (expiry - before)) // span
    left: int256 = convert(t1 * (after - expiry), int256)
    right: int256 = convert(t2 * (expiry - before), int256)
    mixed.rate = (early.rate * left + late.rate * right) // convert(span * t, int256)
    mixed.posted = min(early.posted, late.posted)
    return mixed


@internal
@view
def _node(underlying: uint256, expiry: uint256) -> Reading:
    """
    @notice What is stored for an expiry, as of now; empty when it has passed or there is none.
    """
    word: uint256 = 0
    if block.timestamp < expiry:
        word = self.smile_words[underlying][expiry]
    if word == 0:
        return empty(Reading)
    carry: uint256 = self.carry_words[underlying][expiry]
    posted: uint256 = carry >> 192
    # Posted before the expiry and not after now.
    tenor: uint256 = unsafe_sub(expiry, posted)
    return Reading(
        smile=word,
        tenor=tenor,
        forward=self._straight((carry >> 128) & MASK_64, unsafe_sub(expiry, block.timestamp), tenor),
        # Up to the sign bit and back, which extends it.
        rate=convert(convert(carry << 128, bytes32), int256) >> 192,
        volatility=carry & MASK_64,
        posted=posted,
    )


@internal
@pure
def _straight(forward: uint256, time: uint256, tenor: uint256) -> uint256:
    """
    @notice 1 + (forward - 1) time / tenor [wad], within the bounds of a forward.
    @dev Forwards are below 2**64 and times below 2**40; a tenor is not zero.
    """
    if forward >= WAD:
        return min(WAD + (forward - WAD) * time // tenor, MAX_FORWARD)
    return WAD - min((WAD - forward) * time // tenor, WAD - MIN_FORWARD)


# -- what is checked --


@internal
@view
def _check_move(old: Reading, word: uint256, tenor: uint256, share: uint256):
    """
    @notice Refuses when a volatility at the money, or one deviation from it, has moved by more than
            the share of the old one.
    """
    # One deviation at the old volatility [Q64].
    deviation: int256 = svi._deviation(old.smile, 0, tenor, old.tenor)
    for k: int256 in [-deviation, 0, deviation]:
        before: uint256 = self._volatility(old.smile, k, old.tenor)
        now: uint256 = self._volatility(word, k, tenor)
        assert self._distance(before, now) * WAD <= before * share, "surface: moves too fast"


@internal
@pure
def _volatility(word: uint256, k: int256, tenor: uint256) -> uint256:
    """
    @return [wad] annualised.
    """
    # Below 2**74 * 2**25 * 2**120, as 1e36 < 2**120.
    return isqrt(((svi._variance(word, k) * YEAR * 10**36) >> 64) // tenor)


@internal
@view
def _stored(underlying: uint256, expiry: uint256) -> uint256:
    """
    @return The smile of an expiry for the time that is left.
    """
    posted: uint256 = self.carry_words[underlying][expiry] >> 192
    return self._present(self.smile_words[underlying][expiry], expiry - posted, expiry)


@internal
@view
def _present(word: uint256, tenor: uint256, expiry: uint256) -> uint256:
    """
    @notice A smile whose total variance is for the time that is left: level and slope shrink.
    """
    numerator: int256 = convert(expiry - block.timestamp, int256)
    denominator: int256 = convert(tenor, int256)
    # Level and slope of at most 57 bits times 40 bits.
    level: int256 = (convert(convert(word, bytes32), int256) >> 199) * numerator // denominator
    slope: int256 = convert((word >> 147) & (2**52 - 1), int256) * numerator // denominator
    return (convert(convert(level, bytes32), uint256) << 199) | (convert(slope, uint256) << 147) | (word & MASK_147)


@internal
@pure
def _distance(one: uint256, other: uint256) -> uint256:
    return max(one, other) - min(one, other)


# -- the list of expiries --


@internal
@view
def _live(underlying: uint256) -> uint256:
    """
    @return The list without what has expired.
    """
    list: uint256 = self.expiry_words[underlying]
    for _: uint256 in range(MAX_EXPIRIES):
        if list == 0 or (list & MASK_24) * HOUR > block.timestamp:
            break
        list = list >> 24
    return list


@internal
@pure
def _neighbours(list: uint256, expiry: uint256) -> (uint256, uint256):
    """
    @return The last expiry before and the first one after, 0 where there is none.
    """
    before: uint256 = 0
    rest: uint256 = list
    for _: uint256 in range(MAX_EXPIRIES):
        one: uint256 = (rest & MASK_24) * HOUR
        if one == 0 or one > expiry:
            return before, one
        if one < expiry:
            before = one
        rest = rest >> 24
    return before, 0


@internal
def _insert(underlying: uint256, list: uint256, expiry: uint256):
    """
    @notice Adds an expiry to the list at its place, unless it is there.
    """
    hour: uint256 = expiry // HOUR
    new: uint256 = list
    for i: uint256 in range(MAX_EXPIRIES):
        one: uint256 = (list >> (24 * i)) & MASK_24
        if one == hour:
            break
        if one == 0 or one > hour:
            assert list >> (24 * (MAX_EXPIRIES - 1)) == 0, "surface: too many expiries"
            lower: uint256 = (1 << (24 * i)) - 1
            new = (list & lower) | (hour << (24 * i)) | ((list & ~lower) << 24)
            break
        assert i < MAX_EXPIRIES - 1, "surface: too many expiries"
    if new != self.expiry_words[underlying]:
        self.expiry_words[underlying] = new
