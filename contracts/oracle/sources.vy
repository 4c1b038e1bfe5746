# pragma version 0.4.3
# pragma optimize gas
"""
@title Sources: reading AggregatorV3 contracts that may be broken or hostile
@license AGPL-3.0-only
@notice A source is one word, so that reading it costs one slot:

          250     218 217     185 184      180 179      160 159          0
         | high      | low       | decimals   | max_age    | source      |
         | 33 bits   | 33 bits   | 5 bits     | 20 bits, s | 160 bits    |

        `low` and `high` [wad] are excluded: a feed that cannot go below its own minimum (Chainlink's
        minAnswer) says the minimum when the market is below it. Each is m * 10**e, with 28 bits
        of m below 5 bits of e.
@dev A source may revert, burn gas, return nothing or too much: calls are static, capped in gas and
     in returned bytes, and decoded as full words, since narrower ones make `abi_decode` revert.

     An observation is one word too: value [wad] (192 bits, high) | time of the round [s] (64 bits).
@custom:rounding None: at most 18 decimals, so an answer in wad is exact; bounds must fit exactly.
"""

# Gas that one call of a source may burn: a Chainlink proxy needs some 20,000.
CALL_GAS: constant(uint256) = 100_000
# [s] bounds of max_age. Daily data over a long weekend need four days.
MIN_AGE: constant(uint256) = 60
MAX_AGE: constant(uint256) = 604_800

# What is wrong with a source's latest answer.
UNAVAILABLE: constant(uint256) = 1
DECIMALS_CHANGED: constant(uint256) = 2
FROM_THE_FUTURE: constant(uint256) = 3
INCOMPLETE: constant(uint256) = 4
OUT_OF_RANGE: constant(uint256) = 5
STALE: constant(uint256) = 6

MASK_5: constant(uint256) = 2**5 - 1
MASK_20: constant(uint256) = 2**20 - 1
MASK_28: constant(uint256) = 2**28 - 1
MASK_64: constant(uint256) = 2**64 - 1
MASK_80: constant(uint256) = 2**80 - 1
MASK_160: constant(uint256) = 2**160 - 1


@internal
@view
def _pack(source: address, max_age: uint256, low: uint256, high: uint256) -> uint256:
    """
    @notice The word of a source, with the decimals that it has now.
    @param max_age [s] up to which its answers are fresh.
    @param low [wad] answers must lie above it, and below `high`, at most 1e30.
    """
    decimals: uint256 = self._decimals(convert(source, uint256))
    assert decimals != max_value(uint256), "oracle: source unavailable"
    assert decimals <= 18, "oracle: too many decimals"
    assert max_age >= MIN_AGE and max_age <= MAX_AGE, "oracle: max age out of range"
    assert low < high and high <= 10**30, "oracle: bounds out of range"
    return (
        (self._float(high) << 218)
        | (self._float(low) << 185)
        | (decimals << 180)
        | (max_age << 160)
        | convert(source, uint256)
    )


@internal
@pure
def _float(figure: uint256) -> uint256:
    """
    @return The figure, at most 1e30, as m * 10**e in 33 bits.
    """
    mantissa: uint256 = figure
    exponent: uint256 = 0
    for i: uint256 in range(30):
        if mantissa <= MASK_28:
            break
        assert mantissa % 10 == 0, "oracle: bound too fine"
        mantissa //= 10
        exponent += 1
    return (exponent << 28) | mantissa


@internal
@pure
def _unfloat(figure: uint256) -> uint256:
    # 2**28 * 10**31 fits; bits above 33 are other fields.
    return unsafe_mul(figure & MASK_28, 10 ** ((figure >> 28) & MASK_5))


@internal
@pure
def _max_age(word: uint256) -> uint256:
    return (word >> 160) & MASK_20


@internal
@pure
def _address(word: uint256) -> address:
    return convert(word & MASK_160, address)


@internal
@pure
def _scale(word: uint256) -> uint256:
    """
    @return [wad] worth of one unit of an answer.
    """
    # At most 18 decimals, checked by `_pack`.
    return 10 ** unsafe_sub(18, (word >> 180) & MASK_5)


@internal
@view
def _read(word: uint256) -> (uint256, uint256):
    """
    @notice The source's latest answer. Never reverts for want of a good source.
    @return Observation and 0; or 0 and what is wrong with the answer.
    """
    # Not through `_ask`, which costs 1,000 gas more: this is the hot path.
    success: bool = False
    data: Bytes[160] = b""
    success, data = raw_call(
        convert(word & MASK_160, address),
        method_id("latestRoundData()"),
        max_outsize=160,
        gas=CALL_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(data) != 160:
        self._require_gas(CALL_GAS)
        return 0, UNAVAILABLE
    if self._decimals(word) != (word >> 180) & MASK_5:
        return 0, DECIMALS_CHANGED
    round: uint256 = 0
    answer: uint256 = 0
    started: uint256 = 0
    updated: uint256 = 0
    answered: uint256 = 0
    round, answer, started, updated, answered = abi_decode(data, (uint256, uint256, uint256, uint256, uint256))
    if updated > block.timestamp:
        return 0, FROM_THE_FUTURE
    # The answer was carried over from an earlier round when `answered` is behind.
    if updated == 0 or answered < round:
        return 0, INCOMPLETE
    value: uint256 = self._value(word, answer)
    if value == 0:
        return 0, OUT_OF_RANGE
    return (value << 64) | updated, 0


@internal
@pure
def _value(word: uint256, answer: uint256) -> uint256:
    """
    @return The answer in wad, 0 when it is not positive or not in the source's bounds.
    """
    # A negative answer is a huge one here. No overflow where it matters: when the answer is below
    # high <= 1e30, as the scale is at most 1e18.
    value: uint256 = unsafe_mul(answer, self._scale(word))
    high: uint256 = self._unfloat(word >> 218)
    if answer >= high or value >= high or value <= self._unfloat(word >> 185):
        return 0
    return value


@internal
@view
def _state(word: uint256) -> (uint256, uint256):
    """
    @return Observation, 0 if there is none, and what is wrong with it, 0 when it counts.
    """
    observation: uint256 = 0
    fault: uint256 = 0
    observation, fault = self._read(word)
    # The time of a good answer is not in the future.
    if fault == 0 and unsafe_sub(block.timestamp, observation & MASK_64) > self._max_age(word):
        fault = STALE
    return observation, fault


@internal
@view
def _require_good(word: uint256) -> uint256:
    """
    @return Observation, fresh, or a refusal; `fault_of` in OracleLens.vy says what is wrong.
    """
    observation: uint256 = 0
    fault: uint256 = 0
    observation, fault = self._state(word)
    assert fault == 0, "oracle: no fresh answer"
    return observation


@internal
@view
def _latest_round(word: uint256) -> uint256:
    """
    @notice Id of the source's latest round; 0 when the source is dead or not what was listed.
    """
    data: Bytes[192] = self._ask(word, method_id("latestRoundData()", output_type=Bytes[4]), CALL_GAS)
    if len(data) != 160 or self._decimals(word) != (word >> 180) & MASK_5:
        return 0
    round: uint256 = extract32(data, 0, output_type=uint256)
    return round if round <= MASK_80 else 0


@internal
@view
def _round(word: uint256, round: uint256) -> (uint256, uint256):
    """
    @notice One round of the source's history.
    @return Value [wad] and time [s]; zeros for a round that does not count: unknown, incomplete,
            carried over, not positive or out of bounds.
    """
    data: Bytes[192] = self._ask(word, abi_encode(round, method_id=method_id("getRoundData(uint80)")), CALL_GAS)
    if len(data) != 160:
        return 0, 0
    value: uint256 = self._value(word, extract32(data, 32, output_type=uint256))
    updated: uint256 = extract32(data, 96, output_type=uint256)
    if value == 0 or updated == 0 or extract32(data, 128, output_type=uint256) < round:
        return 0, 0
    return value, updated


@internal
@view
def _decimals(word: uint256) -> uint256:
    """
    @return The source's decimals now, 2**256 - 1 when it does not say.
    """
    success: bool = False
    data: Bytes[32] = b""
    success, data = raw_call(
        convert(word & MASK_160, address),
        method_id("decimals()"),
        max_outsize=32,
        gas=CALL_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(data) != 32:
        self._require_gas(CALL_GAS)
        return max_value(uint256)
    return convert(data, uint256)


@internal
@view
def _ask(target: uint256, question: Bytes[68], most: uint256) -> Bytes[192]:
    """
    @notice A static call to a contract that may be broken or hostile.
    @param target Its address; bits above 160 are ignored.
    @param most Gas that the call may burn.
    @return What it answered, cut at 192 bytes; nothing when it failed.
    """
    success: bool = False
    data: Bytes[192] = b""
    success, data = raw_call(
        convert(target & MASK_160, address),
        question,
        max_outsize=192,
        gas=most,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success:
        self._require_gas(most)
        return b""
    return data


@internal
@view
def _require_gas(most: uint256):
    """
    @dev A caller must not pass a good contract off as a failing one by sending too little gas for
         it (EIP-150 forwards 63/64 at most). A call that fails for want of gas has used nearly
         all there was below `most`, so what is left then is far less than `most`.
    """
    assert msg.gas >= most, "oracle: too little gas"
