# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Rules: the figures of standard margin, by underlying
@license AGPL-3.0-only
@notice All figures of an underlying are shares and factors in whole basis points and live in
        one word, 16 bits each in the order of `Parameters`, low bits first: one storage read
        per expiry.
@custom:trust The owner sets them within bounds that keep maintenance margin above zero, initial
        margin above maintenance margin, and uncovered calls charged at the forward at least.
"""

from snekmate.auth import ownable

uses: ownable


WAD: constant(uint256) = 10**18
BASIS: constant(uint256) = 10**4  # basis points in one
POINT: constant(uint256) = 10**14  # [wad] a basis point
# For an underlying that was never set: every figure at its upper bound.
STRICTEST: constant(uint256) = (
    10_000
    | (10_000 << 16)
    | (10_000 << 32)
    | (10_000 << 48)
    | (20_000 << 64)
    | (50_000 << 80)
    | (50_000 << 96)
    | (10_000 << 112)
    | (20_000 << 128)
)


struct Parameters:
    # All in wad and whole basis points, stored as 16 bits each in this order, low bits first.
    initial: uint256  # share of spot, at the money
    initial_floor: uint256  # share of spot, far out of the money
    maintenance: uint256  # share of spot
    put_maintenance: uint256  # share of the mark that a put needs if that is more
    put_initial: uint256  # initial margin of a put at least this times its maintenance margin
    unpaired_initial: uint256  # times the forward, per call beyond the calls held
    unpaired_maintenance: uint256
    confidence_threshold: uint256  # initial margin grows when confidence is below
    confidence_charge: uint256  # share of spot per short option, times what confidence lacks
    peg_threshold: uint256  # initial margin grows when the stablecoin is below
    peg_charge: uint256  # share of spot per short option, times what the stablecoin lacks
    stablecoin: uint256  # its index as an underlying, 0 for no charge


# Words of figures by underlying, 0 when never set.
markets: HashMap[uint256, uint256]


event MarketSet:
    underlying: indexed(uint256)
    old: Parameters
    new: Parameters


# -- owner --


@external
def set_market(underlying: uint256, parameters: Parameters):
    """
    @notice Sets the margin figures of an underlying.
    @param parameters [wad] whole basis points within the bounds below.
    """
    ownable._check_owner()
    p: Parameters = parameters
    assert underlying != 0 and max(underlying, p.stablecoin) < 2**16, "margin: no such underlying"
    assert p.initial <= WAD, "margin: initial too large"
    assert p.initial_floor <= p.initial, "margin: floor above initial"
    assert p.maintenance <= p.initial_floor, "margin: maintenance above floor"
    assert p.maintenance >= WAD // 100, "margin: maintenance too small"
    assert p.put_maintenance <= WAD, "margin: put share too large"
    assert p.put_initial >= WAD and p.put_initial <= 2 * WAD, "margin: put factor out of range"
    assert p.unpaired_maintenance >= WAD, "margin: unpaired below one"
    assert p.unpaired_initial >= p.unpaired_maintenance, "margin: unpaired out of order"
    assert p.unpaired_initial <= 5 * WAD, "margin: unpaired too large"
    assert p.confidence_threshold <= WAD, "margin: confidence above one"
    assert p.confidence_charge <= 2 * WAD, "margin: confidence charge large"
    assert p.peg_threshold <= WAD, "margin: peg above one"
    assert p.peg_charge <= 5 * WAD, "margin: peg charge too large"
    old: uint256 = self.markets[underlying]
    word: uint256 = self._packed(p)
    self.markets[underlying] = word
    log MarketSet(underlying=underlying, old=self._parameters(old), new=p)


# -- views --


@external
@view
def parameters_of(underlying: uint256) -> Parameters:
    return self._parameters(self.markets[underlying])


# -- internals --


@internal
@view
def _word(underlying: uint256) -> uint256:
    """
    @notice The figures of an underlying in one word, 0 when never set.
    """
    return self.markets[underlying]


@internal
@pure
def _share(spot: uint256, points: uint256) -> int256:
    """
    @notice spot * points / 10,000, rounded up.
    """
    return convert(unsafe_div(unsafe_add(unsafe_mul(spot, points), BASIS - 1), BASIS), int256)


@internal
@pure
def _points(amount: uint256) -> uint256:
    assert amount % POINT == 0, "margin: finer than a point"
    return amount // POINT


@internal
@pure
def _packed(p: Parameters) -> uint256:
    """
    @notice The word of an underlying's figures.
    """
    return (
        self._points(p.initial)
        | (self._points(p.initial_floor) << 16)
        | (self._points(p.maintenance) << 32)
        | (self._points(p.put_maintenance) << 48)
        | (self._points(p.put_initial) << 64)
        | (self._points(p.unpaired_initial) << 80)
        | (self._points(p.unpaired_maintenance) << 96)
        | (self._points(p.confidence_threshold) << 112)
        | (self._points(p.confidence_charge) << 128)
        | (self._points(p.peg_threshold) << 144)
        | (self._points(p.peg_charge) << 160)
        | (p.stablecoin << 176)
    )


@internal
@pure
def _parameters(word: uint256) -> Parameters:
    return Parameters(
        initial=self._field(word, 0),
        initial_floor=self._field(word, 16),
        maintenance=self._field(word, 32),
        put_maintenance=self._field(word, 48),
        put_initial=self._field(word, 64),
        unpaired_initial=self._field(word, 80),
        unpaired_maintenance=self._field(word, 96),
        confidence_threshold=self._field(word, 112),
        confidence_charge=self._field(word, 128),
        peg_threshold=self._field(word, 144),
        peg_charge=self._field(word, 160),
        stablecoin=(word >> 176) & (2**16 - 1),
    )


@internal
@pure
def _field(word: uint256, bit: uint256) -> uint256:
    """
    @return [wad] the 16 bits of basis points at `bit`.
    """
    return ((word >> bit) & (2**16 - 1)) * POINT


@internal
@pure
def _charge(shorts: int256, spot: int256, lack: uint256, share: uint256) -> int256:
    """
    @notice shorts * spot * share * lack, rounded up [wad].
    @param lack [wad] at most 1.
    @param share [basis points]
    @dev 2**102 * 2**128 / 1e18 * 2**16 * 2**60 stays below 2**247.
    """
    notional: int256 = self._ceil(unsafe_mul(shorts, spot), 10**18)
    return self._ceil(unsafe_mul(unsafe_mul(notional, convert(share, int256)), convert(lack, int256)), 10**22)


@internal
@pure
def _ceil(amount: int256, unit: int256) -> int256:
    """
    @notice amount / unit, rounded up, for either sign and amounts below 2**250.
    """
    if amount > 0:
        return unsafe_div(unsafe_add(amount, unsafe_sub(unit, 1)), unit)
    return unsafe_div(amount, unit)
