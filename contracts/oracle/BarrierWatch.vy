# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title BarrierWatch
@license AGPL-3.0-only
@notice Whether the barrier of a series was touched, from the hourly and daily watermarks that the
        oracle keeps for ever. Anyone opens the watch of a series, and from then on every recorded
        price up to and including expiry counts. Anyone proves a touch, at any later time; after
        expiry anyone lets the watermarks be searched to the end, so that "never touched" becomes
        final as well. Watermarks of the past do not change, so the state of a series depends on
        what was recorded and not on who claims what first.

        Anyone may put tokens into the pot of a series. Whoever makes its state final, by a proof or
        by finishing the search, receives the whole pot, and nothing when it is empty.
@dev A watch is one word: next hour to search (high 128 bits) | first hour (low 128 bits), of those
     that `watermarks` counts: ceil(time / 3,600). Hours are searched one by one up to a multiple
     of 24, and from there whole days at once.
@custom:trust The oracle, for watermarks. Whoever wants a touch to be seen calls `poke` there while the
              price is beyond the barrier: what nobody recorded did not happen.
@custom:kill None: every step is open to everybody.
@custom:rounding None: watermarks and barriers are whole 1e-8 USD, watermarks rounded away from touch.
"""

from ..instruments import series


interface PriceOracle:
    def poke(underlying: uint256) -> uint256: nonpayable
    def knocked(code: uint256) -> uint256: view
    def watermarks(underlying: uint256, hour: uint256) -> (uint256, uint256, uint256): view
    def day_watermarks(underlying: uint256, day: uint256) -> (uint256, uint256): view
    def record_knock(code: uint256, state: uint256): nonpayable


interface Token:
    def balanceOf(owner: address) -> uint256: view
    def transferFrom(owner: address, receiver: address, amount: uint256) -> bool: nonpayable


TOUCHED: constant(uint256) = 1
NEVER_TOUCHED: constant(uint256) = 2

HOUR: constant(uint256) = 3_600
# Bit 2 of the kind: the barrier lies above.
UP: constant(uint256) = 4
MASK_56: constant(uint256) = 2**56 - 1
MASK_128: constant(uint256) = 2**128 - 1
# Steps that one `resolve` may take.
MAX_STEPS: constant(uint256) = 1_024


ORACLE: public(immutable(PriceOracle))
TOKEN: public(immutable(Token))


# series code -> watch as in the header, 0 when not watched
watches: HashMap[uint256, uint256]
# series code -> [units of TOKEN] for whoever makes its state final
pot: public(HashMap[uint256, uint256])


event Watched:
    code: indexed(uint256)
    first_hour: uint256


event Funded:
    code: indexed(uint256)
    amount: uint256
    pot: uint256


event Resolved:
    code: indexed(uint256)
    state: uint256  # 1 touched, 2 never touched
    finder: indexed(address)
    reward: uint256


@deploy
def __init__(oracle: PriceOracle, token: Token):
    """
    @param token In which pots are kept, for example the settlement stablecoin.
    """
    ORACLE = oracle
    TOKEN = token


# -- anyone --


@external
def watch(code: uint256):
    """
    @notice Opens the watch of a barrier series. Refused in an hour whose recorded prices touch the
            barrier, as what was recorded before the watch must not count: try the next hour.
    """
    series._require_valid(code)
    assert series._has_barrier(code), "watch: no barrier"
    assert self.watches[code] == 0, "watch: already watched"
    assert block.timestamp < series._expiry(code), "watch: expired"
    assert extcall ORACLE.poke(series._underlying(code)) == 0, "watch: price not served"
    hour: uint256 = self._hour()
    # It counts the price of this second, too.
    assert not self._touched_in_hour(code, hour), "watch: beyond the barrier"
    self.watches[code] = (hour << 128) | hour
    log Watched(code=code, first_hour=hour)


@external
def touch(code: uint256, hour: uint256):
    """
    @notice Proves that the barrier was touched in an hour of the watch, and takes the pot.
    @param hour ceil(time / 3,600).
    """
    word: uint256 = self._open(code)
    assert hour >= word & MASK_128, "watch: hour before the watch"
    assert hour <= series._expiry(code) // HOUR, "watch: hour after expiry"
    assert self._touched_in_hour(code, hour), "watch: not touched"
    self._finish(code, TOUCHED)


@external
def resolve(code: uint256, steps: uint256) -> uint256:
    """
    @notice After expiry, searches on through the watermarks. Whoever finds a touch or reaches the
            end takes the pot.
    @param steps Hours or days to read at most, up to 1,024.
    @return 1 touched, 2 never touched, 0 when the search goes on.
    """
    word: uint256 = self._open(code)
    expiry: uint256 = series._expiry(code)
    assert block.timestamp > expiry, "watch: not expired"
    last: uint256 = expiry // HOUR
    hour: uint256 = word >> 128
    for i: uint256 in range(min(steps, MAX_STEPS), bound=MAX_STEPS):
        if hour > last:
            break
        # Hours 24 d - 23 to 24 d are day d.
        if hour % 24 == 1 and hour + 23 <= last:
            if not self._touched_in_day(code, hour // 24 + 1):
                hour += 24
                continue
        if self._touched_in_hour(code, hour):
            self._finish(code, TOUCHED)
            return TOUCHED
        hour += 1
    if hour <= last:
        self.watches[code] = (hour << 128) | (word & MASK_128)
        return 0
    self._finish(code, NEVER_TOUCHED)
    return NEVER_TOUCHED


@external
def fund(code: uint256, amount: uint256):
    """
    @notice Adds to the pot of a watched series whose state is open. It cannot be taken back.
    """
    self._open(code)
    before: uint256 = staticcall TOKEN.balanceOf(self)
    moved: bool = extcall TOKEN.transferFrom(msg.sender, self, amount, default_return_value=True)
    assert moved, "watch: transfer failed"
    received: uint256 = staticcall TOKEN.balanceOf(self) - before
    self.pot[code] += received
    log Funded(code=code, amount=received, pot=self.pot[code])


# -- views --


@external
@view
@reentrant
def watched(code: uint256) -> bool:
    """
    @notice Whether the series is or was watched. Never reverts. It may be traded while this is true
            and `knocked` of the oracle is 0.
    """
    return self.watches[code] != 0


@external
@view
@reentrant
def watch_of(code: uint256) -> (uint256, uint256):
    """
    @return First hour that counts, and next hour that `resolve` reads: ceil(time / 3,600).
    """
    word: uint256 = self.watches[code]
    return word & MASK_128, word >> 128


# -- internals --


@internal
@view
def _open(code: uint256) -> uint256:
    """
    @return The watch of a series whose state is not final yet.
    """
    word: uint256 = self.watches[code]
    assert word != 0, "watch: not watched"
    assert staticcall ORACLE.knocked(code) == 0, "watch: already final"
    return word


@internal
def _finish(code: uint256, state: uint256):
    reward: uint256 = self.pot[code]
    self.pot[code] = 0
    extcall ORACLE.record_knock(code, state)
    if reward != 0:
        # The state must become final even if the token refuses to pay.
        success: bool = raw_call(
            TOKEN.address,
            abi_encode(msg.sender, reward, method_id=method_id("transfer(address,uint256)")),
            revert_on_failure=False,
        )
        if not success:
            reward = 0
    log Resolved(code=code, state=state, finder=msg.sender, reward=reward)


@internal
@view
def _touched_in_hour(code: uint256, hour: uint256) -> bool:
    high: uint256 = 0
    low: uint256 = 0
    close: uint256 = 0
    high, low, close = staticcall ORACLE.watermarks(series._underlying(code), hour)
    # The close lies between, and is 0 as the others are when nothing was recorded.
    return self._is_touch(code, max(high, close), low)


@internal
@view
def _touched_in_day(code: uint256, day: uint256) -> bool:
    high: uint256 = 0
    low: uint256 = 0
    high, low = staticcall ORACLE.day_watermarks(series._underlying(code), day)
    return self._is_touch(code, high, low)


@internal
@pure
def _is_touch(code: uint256, high: uint256, low: uint256) -> bool:
    """
    @param high [1e-8 USD], as is `low`; `low` is 0 when nothing was recorded.
    """
    barrier: uint256 = code & MASK_56
    if (code >> 56) & UP != 0:
        return high >= barrier
    return low != 0 and low <= barrier


@internal
@view
def _hour() -> uint256:
    return (block.timestamp + HOUR - 1) // HOUR
