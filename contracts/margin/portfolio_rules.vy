# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Rules of portfolio margin: the figures and scenarios of an underlying
@license AGPL-3.0-only
@notice All figures are in whole basis points and live in two words of storage, the scenarios with
        them: nine spot multiples and which of the three volatilities count at each. The middle
        one is spot unmoved, its neighbours are the moves of the basis contingency as well, so
        that marks and contingency are by-products of the scenarios; the outermost count at the
        highest volatility alone. Where an underlying follows a scan range, all moves are multiplied by
        it, those of the basis too.
@custom:trust The owner sets them within bounds that keep every stress a stress: gains are never
        valued above themselves, initial margin is never below maintenance margin, spot moves
        both ways and the highest volatility is tried on both sides. A scan range, whoever it is,
        makes moves half as wide at least and four times as wide at most.
@custom:rounding Moves that are multiplied to the next basis point, away from spot.
"""

from snekmate.auth import ownable

from ..interfaces import IScanRange

uses: ownable


WAD: constant(uint256) = 10**18
POINT: constant(uint256) = 10**14  # [wad] a basis point
MASK_16: constant(uint256) = 2**16 - 1
LEVELS: constant(uint256) = 9
LEVEL_BITS: constant(uint256) = 19
# Places in a field of the grid: a bit each for the highest volatility, unmoved and lowest.
UP: constant(uint256) = 1 << 18
FLAT: constant(uint256) = 1 << 17
DOWN: constant(uint256) = 1 << 16
GRID: constant(uint256) = 2**171 - 1
# Above the grid, in the second word.
STABLECOIN: constant(uint256) = 192
BY_STRIKE: constant(uint256) = 208
# Set where the highest volatility counts at the first and the last spot that count at all: a book
# without longs is worth least there, see scenarios.vy.
CONCAVE: constant(uint256) = 209
# Set where the underlying follows a scan range.
FOLLOWS: constant(uint256) = 210
# Farther moves, four times as wide, would leave a fifth and the double of spot.
LOWEST: constant(uint256) = 8_000
HIGHEST: constant(uint256) = 12_500
# [wad] of a scan range that counts.
LEAST: constant(uint256) = WAD // 2
MOST: constant(uint256) = 4 * WAD


struct Parameters:
    # All in wad and whole basis points but the last two.
    volatility_up: uint256  # share added to volatilities, for 30 days
    volatility_down: uint256  # share taken off
    power_short: uint256  # both grow with (30 days / time) ** power, up to 30 days
    power_long: uint256  # the same beyond
    basis_add: uint256  # share of the loss in it that counts
    basis_slope: uint256  # and for each year to expiry
    static_discount: uint256  # gains count this much
    rate_multiple: uint256  # times exp(-time * (rate * multiple + add))
    rate_add: uint256
    collateral_static: uint256  # share of the price per unit of collateral
    naked_static: uint256  # share of spot per naked short option
    initial_factor: uint256  # initial margin over maintenance margin
    peg_threshold: uint256  # the factor grows when the stablecoin is below
    peg_charge: uint256  # by this much times what it lacks
    confidence_threshold: uint256  # initial margin grows when confidence is below
    confidence_charge: uint256  # share of spot per option, times what confidence lacks
    stablecoin: uint256  # its index as an underlying, 0 for one
    by_strike: bool  # count naked shorts by the net of calls and puts of a strike, as the peer


struct Level:
    spot: uint256  # [wad] multiple
    up: bool  # the highest volatility counts
    flat: bool  # the unmoved one counts
    down: bool  # the lowest counts


# By underlying, the first never 0 once set.
figures: HashMap[uint256, uint256[2]]
ranges: HashMap[uint256, IScanRange]


event MarketSet:
    underlying: indexed(uint256)
    old: Parameters
    new: Parameters
    old_grid: uint256
    new_grid: uint256


event ScanRangeSet:
    underlying: indexed(uint256)
    old: address
    new: address


# -- owner --


@external
def set_market(underlying: uint256, parameters: Parameters, levels: Level[LEVELS]):
    """
    @notice Sets figures and scenarios of an underlying.
    @param levels Lowest spot first, whole basis points; the fifth is 1, its neighbours are equally far.
           A level at which nothing counts may repeat another.
    """
    ownable._check_owner()
    assert underlying != 0 and underlying < 2**16, "margin: no such underlying"
    new: uint256[2] = self._pack(parameters, levels)
    old: uint256[2] = self.figures[underlying]
    new[1] |= old[1] & (1 << FOLLOWS)
    self.figures[underlying] = new
    log MarketSet(
        underlying=underlying, old=self._parameters(old), new=parameters, old_grid=old[1] & GRID, new_grid=new[1] & GRID
    )


@external
def set_scan_range(underlying: uint256, followed: IScanRange):
    """
    @notice Lets the moves of an underlying follow a scan range, or not, if it is the zero address.
    """
    ownable._check_owner()
    second: uint256 = self.figures[underlying][1]
    assert second != 0, "margin: no such market"
    second &= ~(1 << FOLLOWS)
    if followed.address != empty(address):
        multiple: uint256 = staticcall followed.scan_range(underlying)
        assert multiple >= LEAST and multiple <= MOST, "margin: scan out of range"
        second |= 1 << FOLLOWS
    log ScanRangeSet(underlying=underlying, old=self.ranges[underlying].address, new=followed.address)
    self.figures[underlying][1] = second
    self.ranges[underlying] = followed


# -- views --


@external
@view
def parameters_of(underlying: uint256) -> Parameters:
    return self._parameters(self.figures[underlying])


@external
@view
def levels_of(underlying: uint256) -> Level[LEVELS]:
    levels: Level[LEVELS] = empty(Level[LEVELS])
    left: uint256 = self.figures[underlying][1]
    for j: uint256 in range(LEVELS):
        levels[j] = Level(
            spot=(left & MASK_16) * POINT, up=left & UP != 0, flat=left & FLAT != 0, down=left & DOWN != 0
        )
        left = left >> LEVEL_BITS
    return levels


@external
@view
def scan_range_of(underlying: uint256) -> address:
    """
    @return What the moves follow, the zero address for nothing.
    """
    return self.ranges[underlying].address


@external
@view
def scan_of(underlying: uint256) -> uint256:
    """
    @return [wad] by what the moves are multiplied now.
    """
    if self.figures[underlying][1] & (1 << FOLLOWS) == 0:
        return WAD
    return min(max(staticcall self.ranges[underlying].scan_range(underlying), LEAST), MOST)


# -- internals --


@internal
@view
def _figures(underlying: uint256) -> uint256[2]:
    """
    @notice Both words, 0 when never set; moves as wide as the scan range says.
    """
    words: uint256[2] = self.figures[underlying]
    if words[1] & (1 << FOLLOWS) != 0:
        words[1] = self._widened(words[1], staticcall self.ranges[underlying].scan_range(underlying))
    return words


@internal
@pure
def _move(word: uint256, level: uint256) -> int256:
    """
    @return [basis points] by which a level of the second word is above spot.
    """
    return unsafe_sub(convert((word >> unsafe_mul(level, LEVEL_BITS)) & MASK_16, int256), 10**4)


@internal
@pure
def _widened(word: uint256, multiple: uint256) -> uint256:
    """
    @notice The second word with all moves multiplied.
    @param multiple [wad] counts from `LEAST` to `MOST`.
    """
    wider: uint256 = word
    counted: uint256 = min(max(multiple, LEAST), MOST)
    for j: uint256 in range(LEVELS):
        place: uint256 = unsafe_mul(j, LEVEL_BITS)
        spot: uint256 = (word >> place) & MASK_16
        # At most 2,500 * 4 either way.
        moved: uint256 = 0
        if spot < 10**4:
            moved = unsafe_sub(10**4, unsafe_div(unsafe_add(unsafe_mul(unsafe_sub(10**4, spot), counted), WAD - 1), WAD))
        else:
            moved = unsafe_add(10**4, unsafe_div(unsafe_add(unsafe_mul(unsafe_sub(spot, 10**4), counted), WAD - 1), WAD))
        wider ^= (spot ^ moved) << place
    return wider


@internal
@pure
def _require_sane(p: Parameters):
    """
    @notice The hard bounds.
    """
    assert p.volatility_up <= 3 * WAD, "margin: volatility up too large"
    assert p.volatility_down <= WAD, "margin: volatility down large"
    assert p.power_short <= WAD and p.power_long <= WAD, "margin: power above one"
    assert p.basis_add <= 3 * WAD and p.basis_slope <= 3 * WAD, "margin: basis share too large"
    assert p.static_discount <= WAD, "margin: gains above themselves"
    assert p.rate_multiple <= 6 * WAD, "margin: rate multiple too large"
    assert p.rate_add <= WAD, "margin: rate too large"
    assert p.collateral_static <= WAD and p.naked_static <= WAD, "margin: static share too large"
    assert p.initial_factor >= WAD, "margin: factor below one"
    assert p.initial_factor <= 5 * WAD, "margin: factor too large"
    assert p.peg_threshold <= WAD, "margin: peg above one"
    assert p.peg_charge <= 6 * WAD, "margin: peg charge too large"
    assert p.confidence_threshold <= WAD, "margin: confidence above one"
    assert p.confidence_charge <= 2 * WAD, "margin: confidence charge large"
    assert p.stablecoin < 2**16, "margin: no such underlying"


@internal
@pure
def _pack(p: Parameters, levels: Level[LEVELS]) -> uint256[2]:
    """
    @notice Figures, 16 bits each in the order of `Parameters`, the last three above the grid.
    """
    self._require_sane(p)
    first: uint256 = 0
    place: uint256 = 0
    for figure: uint256 in [
        p.volatility_up,
        p.volatility_down,
        p.power_short,
        p.power_long,
        p.basis_add,
        p.basis_slope,
        p.static_discount,
        p.rate_multiple,
        p.rate_add,
        p.collateral_static,
        p.naked_static,
        p.initial_factor,
        p.peg_threshold,
        p.peg_charge,
        p.confidence_threshold,
        p.confidence_charge,
    ]:
        first |= self._points(figure) << place
        place += 16
    return [
        first,
        self._grid(levels)
        | (p.stablecoin << STABLECOIN)
        | (convert(p.by_strike, uint256) << BY_STRIKE)
        | (convert(self._is_concave(levels), uint256) << CONCAVE),
    ]


@internal
@pure
def _grid(levels: Level[LEVELS]) -> uint256:
    """
    @notice Spot multiples and volatilities as scenarios.vy takes them.
    """
    grid: uint256 = 0
    before: uint256 = LOWEST
    for j: uint256 in range(LEVELS):
        level: Level = levels[j]
        spot: uint256 = self._points(level.spot)
        assert spot >= before, "margin: multiples out of order"
        if j == 0 or j == 8:
            assert not level.flat and not level.down, "margin: outermost not alone"
        before = spot
        grid |= (
            spot
            | (convert(level.up, uint256) * UP)
            | (convert(level.flat, uint256) * FLAT)
            | (convert(level.down, uint256) * DOWN)
        ) << (j * LEVEL_BITS)
    assert before <= HIGHEST, "margin: multiple too large"
    assert levels[4].spot == WAD and levels[3].spot + levels[5].spot == 2 * WAD, "margin: grid not centred"
    # Both ways, at the highest volatility and at least as far as the basis.
    assert levels[3].up and levels[5].up and levels[5].spot > WAD, "margin: one-sided scenarios"
    return grid


@internal
@pure
def _is_concave(levels: Level[LEVELS]) -> bool:
    """
    @notice Whether the worst of a book without longs is at the first or the last level, see `CONCAVE`. A
            level that does not count may repeat its neighbour's spot.
    """
    low: bool = levels[0].up or (levels[1].up and levels[1].spot == levels[0].spot)
    high: bool = levels[8].up or (levels[7].up and levels[7].spot == levels[8].spot)
    return low and high


@internal
@pure
def _points(amount: uint256) -> uint256:
    assert amount % POINT == 0, "margin: finer than a point"
    return amount // POINT


@internal
@pure
def _parameters(words: uint256[2]) -> Parameters:
    return Parameters(
        volatility_up=self._field(words[0], 0),
        volatility_down=self._field(words[0], 16),
        power_short=self._field(words[0], 32),
        power_long=self._field(words[0], 48),
        basis_add=self._field(words[0], 64),
        basis_slope=self._field(words[0], 80),
        static_discount=self._field(words[0], 96),
        rate_multiple=self._field(words[0], 112),
        rate_add=self._field(words[0], 128),
        collateral_static=self._field(words[0], 144),
        naked_static=self._field(words[0], 160),
        initial_factor=self._field(words[0], 176),
        peg_threshold=self._field(words[0], 192),
        peg_charge=self._field(words[0], 208),
        confidence_threshold=self._field(words[0], 224),
        confidence_charge=self._field(words[0], 240),
        stablecoin=(words[1] >> STABLECOIN) & MASK_16,
        by_strike=(words[1] >> BY_STRIKE) & 1 != 0,
    )


@internal
@pure
def _field(word: uint256, bit: uint256) -> uint256:
    """
    @return [wad] the 16 bits of basis points at `bit`.
    """
    return ((word >> bit) & MASK_16) * POINT
