# pragma version 0.4.3
"""
@title Sources: reading AggregatorV3 contracts that may be broken or hostile
@license AGPL-3.0-only
@notice A source is one word:

          255       248 247      224 223          160 159          0
         | decimals    | max_age    | wad per unit   | source      |
         | 8 bits      | 24 bits, s | 64 bits        | 160 bits    |

@dev A source may revert, burn gas, return nothing or too much: calls are static, capped in gas and
     in returned bytes, and decoded as full words, since narrower ones make `abi_decode` revert.

     An observation is one word too: value [wad] (192 bits, high) | time of the round [s] (64 bits).
@custom:rounding None: at most 18 decimals, so an answer in wad is exact.
"""

# Gas that one call of a source may burn: a Chainlink proxy needs some 20,000.
CALL_GAS: constant(uint256) = 100_000
# [s] bounds of max_age. Daily data over a long weekend need four days.
MIN_AGE: constant(uint256) = 60
MAX_AGE: constant(uint256) = 604_800

MASK_24: constant(uint256) = 2**24 - 1
MASK_64: constant(uint256) = 2**64 - 1
MASK_80: constant(uint256) = 2**80 - 1
MASK_160: constant(uint256) = 2**160 - 1


@internal
@view
def _pack(source: address, max_age: uint256) -> uint256:
    """
    @notice The word of a source, with the decimals that it has now.
    @param max_age [s] up to which its answers are fresh.
    """
    decimals: uint256 = self._decimals(convert(source, uint256))
    assert decimals != max_value(uint256), "oracle: source unavailable"
    assert decimals <= 18, "oracle: too many decimals"
    scale: uint256 = 10 ** (18 - decimals)
    return self._with_age((decimals << 248) | (scale << 160) | convert(source, uint256), max_age)


@internal
@pure
def _with_age(word: uint256, max_age: uint256) -> uint256:
    assert max_age >= MIN_AGE and max_age <= MAX_AGE, "oracle: max age out of range"
    return (word & ~(MASK_24 << 224)) | (max_age << 224)


@internal
@pure
def _max_age(word: uint256) -> uint256:
    return (word >> 224) & MASK_24


@internal
@pure
def _address(word: uint256) -> address:
    return convert(word & MASK_160, address)


@internal
@view
def _read(word: uint256, low: uint256, high: uint256) -> uint256:
    """
    @notice The source's latest answer. Never reverts for want of a good source.
    @param low [wad] and high: bounds of what is accepted, high < 2**128.
    @return Observation; 0 when the answer does not count, and `_require_good` says why.
    """
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
        self._require_gas()
        return 0
    round: uint256 = 0
    answer: uint256 = 0
    started: uint256 = 0
    updated: uint256 = 0
    answered: uint256 = 0
    round, answer, started, updated, answered = abi_decode(data, (uint256, uint256, uint256, uint256, uint256))
    # A negative answer is a huge one here. No overflow: when the answer is at most high < 2**128,
    # as the scale is at most 1e18 < 2**60.
    figure: uint256 = unsafe_mul(answer, (word >> 160) & MASK_64)
    # The answer was carried over from an earlier round when `answered` is behind.
    if (
        answer > high
        or figure < low
        or figure > high
        or updated == 0
        or updated > block.timestamp
        or answered < round
        or self._decimals(word) != word >> 248
    ):
        return 0
    return (figure << 64) | updated


@internal
@view
def _require_good(word: uint256, low: uint256, high: uint256) -> uint256:
    """
    @return Observation, fresh, or a refusal with the reason.
    """
    observation: uint256 = self._read(word, low, high)
    if observation == 0:
        self._refuse(word)
    # The time of a good answer is not in the future.
    age: uint256 = unsafe_sub(block.timestamp, observation & MASK_64)
    assert age <= self._max_age(word), "oracle: stale price"
    return observation


@internal
@view
def _refuse(word: uint256):
    """
    @notice Reverts with what is wrong with the source's latest answer, which does not count.
    """
    success: bool = False
    data: Bytes[160] = b""
    success, data = raw_call(
        self._address(word),
        method_id("latestRoundData()"),
        max_outsize=160,
        gas=CALL_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    assert success and len(data) == 160, "oracle: source unavailable"
    assert self._decimals(word) == word >> 248, "oracle: decimals changed"
    updated: uint256 = extract32(data, 96, output_type=uint256)
    assert updated <= block.timestamp, "oracle: round from the future"
    answered: uint256 = extract32(data, 128, output_type=uint256)
    assert updated != 0 and answered >= extract32(data, 0, output_type=uint256), "oracle: round incomplete"
    raise "oracle: answer out of range"


@internal
@view
def _latest_round(word: uint256) -> uint256:
    """
    @notice Id of the source's latest round; 0 when the source is dead or not what was listed.
    """
    success: bool = False
    data: Bytes[32] = b""
    success, data = raw_call(
        self._address(word),
        method_id("latestRoundData()"),
        max_outsize=32,
        gas=CALL_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(data) != 32:
        self._require_gas()
        return 0
    round: uint256 = extract32(data, 0, output_type=uint256)
    if round > MASK_80 or self._decimals(word) != word >> 248:
        return 0
    return round


@internal
@view
def _round(word: uint256, round: uint256, high: uint256) -> (uint256, uint256):
    """
    @notice One round of the source's history.
    @param high [wad] largest value that is accepted, < 2**128.
    @return Value [wad] and time [s]; zeros for a round that does not count: unknown, incomplete,
            carried over, not positive or out of bounds.
    """
    success: bool = False
    data: Bytes[160] = b""
    success, data = raw_call(
        self._address(word),
        abi_encode(round, method_id=method_id("getRoundData(uint80)")),
        max_outsize=160,
        gas=CALL_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(data) != 160:
        self._require_gas()
        return 0, 0
    answer: uint256 = extract32(data, 32, output_type=uint256)
    updated: uint256 = extract32(data, 96, output_type=uint256)
    # No overflow, as in `_latest`.
    value: uint256 = unsafe_mul(answer, (word >> 160) & MASK_64)
    if answer > high or value > high or updated == 0 or extract32(data, 128, output_type=uint256) < round:
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
        self._require_gas()
        return max_value(uint256)
    return convert(data, uint256)


@internal
@view
def _require_gas():
    """
    @dev A caller must not pass a good source off as a failing one by sending too little gas for
         it (EIP-150 forwards 63/64 at most). A call that fails for want of gas has used nearly
         all there was below CALL_GAS, so what is left then is far less than CALL_GAS.
    """
    assert msg.gas >= CALL_GAS, "oracle: too little gas"
