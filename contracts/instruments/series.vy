# pragma version 0.4.3
"""
@title Series: the name of an option
@license AGPL-3.0-only
@notice A series names an option completely and needs no registry. Its code is a
        160-bit integer; a position is the code beside a signed quantity in one
        256-bit word, so that one storage slot holds a whole position:

          255       240 239       216 215        160 159   152 151        96 95         0
         | underlying  |   expiry    |    strike    |  kind   |  barrier    | quantity   |
         |  16 bits    | 24, hours   | 56, 1e-8 USD | 8 bits  | 56, 1e-8 USD| 96, signed |

        Underlying and expiry are the high bits: sorted words group by risk bucket,
        and inside a bucket by strike.
@dev Kind: bit 0 put, bit 1 barrier, bit 2 up (else down), bit 3 in (else out).
     The remaining bits are zero. Without bit 1 the barrier fields are zero, so every
     option has exactly one code.
     Units: expiry in hours since the epoch inside the code and in seconds outside;
     strike and barrier in 1e-8 USD inside and in wad outside; quantity in wad.
@custom:rounding Payoffs round down for the holder: a long receives less, a short pays more.
"""

PUT: constant(uint256) = 1
BARRIER: constant(uint256) = 2
KNOCK_IN: constant(uint256) = 8

HOUR: constant(uint256) = 3_600
# One strike unit (1e-8 USD) in wad.
PRICE_UNIT: constant(uint256) = 10**10
WAD: constant(uint256) = 10**18

MASK_24: constant(uint256) = 2**24 - 1
MASK_56: constant(uint256) = 2**56 - 1
SIGNED_MASK_96: constant(int256) = 2**96 - 1
MAX_QUANTITY: constant(int256) = 2**95 - 1


@internal
@pure
def _encode(underlying: uint256, expiry: uint256, strike: uint256, kind: uint256, barrier: uint256) -> uint256:
    """
    @notice Code of a series.
    @param underlying Index of the underlying, 1 to 65,535.
    @param expiry [s] whole hours since the epoch.
    @param strike [wad] whole multiples of 1e-8 USD, positive.
    @param kind Bits as in the header.
    @param barrier [wad] whole multiples of 1e-8 USD; 0 exactly when the kind has no barrier.
    """
    assert expiry % HOUR == 0, "series: expiry not on the hour"
    assert strike % PRICE_UNIT == 0, "series: strike too fine"
    assert barrier % PRICE_UNIT == 0, "series: barrier too fine"
    assert underlying < 2**16, "series: underlying too large"
    assert expiry // HOUR <= MASK_24, "series: expiry too far"
    assert strike // PRICE_UNIT <= MASK_56, "series: strike too large"
    assert kind < 2**8, "series: unknown kind"
    assert barrier // PRICE_UNIT <= MASK_56, "series: barrier too large"
    code: uint256 = (
        (underlying << 144)
        | ((expiry // HOUR) << 120)
        | ((strike // PRICE_UNIT) << 64)
        | (kind << 56)
        | (barrier // PRICE_UNIT)
    )
    self._require_valid(code)
    return code


@internal
@pure
def _require_valid(code: uint256):
    """
    @notice Refuses integers that name no option.
    """
    assert code < 2**160, "series: not a code"
    assert code >> 144 != 0, "series: no underlying"
    assert (code >> 64) & MASK_56 != 0, "series: zero strike"
    kind: uint256 = (code >> 56) & 255
    assert kind < 16, "series: unknown kind"
    if kind & BARRIER == 0:
        assert kind < 2, "series: unknown kind"
        assert code & MASK_56 == 0, "series: barrier without kind"
    else:
        assert code & MASK_56 != 0, "series: zero barrier"


@internal
@pure
def _underlying(code: uint256) -> uint256:
    return code >> 144


@internal
@pure
def _expiry(code: uint256) -> uint256:
    """
    @return [s] since the epoch.
    """
    return ((code >> 120) & MASK_24) * HOUR


@internal
@pure
def _strike(code: uint256) -> uint256:
    """
    @return [wad]
    """
    return ((code >> 64) & MASK_56) * PRICE_UNIT


@internal
@pure
def _barrier(code: uint256) -> uint256:
    """
    @return [wad], 0 for an option without barrier.
    """
    return (code & MASK_56) * PRICE_UNIT


@internal
@pure
def _is_put(code: uint256) -> bool:
    return (code >> 56) & PUT != 0


@internal
@pure
def _has_barrier(code: uint256) -> bool:
    return (code >> 56) & BARRIER != 0


@internal
@pure
def _knocks_in(code: uint256) -> bool:
    """
    @notice Whether a touch brings the option to life; else it ends it. For codes with a barrier.
    """
    return (code >> 56) & KNOCK_IN != 0


@internal
@pure
def _pack(code: uint256, quantity: int256) -> uint256:
    """
    @notice A position in one word.
    @param quantity [wad] long positive, |quantity| < 2**95.
    """
    assert abs(quantity) <= MAX_QUANTITY, "series: quantity too large"
    # The mask drops the sign's upper bits, so the conversion never sees a negative number.
    return (code << 96) | convert(quantity & SIGNED_MASK_96, uint256)


@internal
@pure
def _code(word: uint256) -> uint256:
    return word >> 96


@internal
@pure
def _quantity(word: uint256) -> int256:
    """
    @return [wad] long positive.
    """
    # The shift left drops the code, the arithmetic shift right extends the sign. By bytes32,
    # because a conversion between integers refuses the upper half of the range.
    return convert(convert(word << 160, bytes32), int256) >> 160


@internal
@pure
def _payoff(code: uint256, price: uint256) -> uint256:
    """
    @notice What one contract pays at expiry (European call or put).
    @param price [wad] the fixing.
    @return [wad]
    """
    strike: uint256 = self._strike(code)
    if self._is_put(code):
        return strike - min(strike, price)
    return price - min(strike, price)


@internal
@pure
def _payout(code: uint256, quantity: int256, price: uint256) -> int256:
    """
    @notice What a position pays at expiry.
    @return [wad] negative for a short; rounded down in both cases.
    """
    payoff: uint256 = self._payoff(code, price)
    if quantity >= 0:
        return convert(convert(quantity, uint256) * payoff // WAD, int256)
    owed: uint256 = convert(-quantity, uint256) * payoff
    # Ceiling: what a short owes is rounded up.
    return -convert((owed + WAD - 1) // WAD, int256)
