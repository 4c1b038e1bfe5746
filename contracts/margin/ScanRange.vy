# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title ScanRange
@license AGPL-3.0-only
@notice How wide margin scenarios are: a multiple of the engine's spot moves that follows a
        volatility forecast, within bounds and at limited speed, faster up than down.
@dev The multiple moves towards `forecast / reference`, never below the mix of that and
     `stressed / reference` in which the stressed period weighs a quarter at least, clamped to
     floor and cap. A stressed weight of 25 % is one of the three remedies against procyclical
     margin of EU regulation 153/2013, article 28. When the forecast is missing or old, the
     multiple moves towards the stressed period and does not fall.
     Anybody may move it, and moving it often is at most as fast as `exp` of the daily speed.
@custom:trust The owner names forecaster, bounds and speeds, within what stands in the code. It
        cannot set the multiple: new bounds too are approached at the speed limit. A hostile
        forecaster moves margin between floor and cap at that speed.
@custom:kill None; engines may be pointed elsewhere.
@custom:rounding Steps towards the target are rounded down, the target up.
"""

from snekmate.auth import ownable

from ..interfaces import IScanRange
from ..interfaces import IVolatilityForecast

implements: IScanRange

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


WAD: constant(uint256) = 10**18
BASIS: constant(uint256) = 10**4  # basis points in one
POINT: constant(uint256) = 10**14  # [wad] a basis point
DAY: constant(uint256) = 86_400
# A forecast counts for this long: a long weekend.
MAX_AGE: constant(uint256) = 5 * DAY
# Time since the last move counts up to this.
MAX_ELAPSED: constant(uint256) = 7 * DAY
# Above what any forecast says; keeps products small.
MAX_VOLATILITY: constant(uint256) = 100 * WAD
FORECAST_GAS: constant(uint256) = 100_000
MASK_16: constant(uint256) = 2**16 - 1
MASK_40: constant(uint256) = 2**40 - 1


struct Bounds:
    # All in wad and whole basis points, stored as 16 bits each in this order, low bits first.
    reference: uint256  # volatility for which the engine's moves are meant
    stressed: uint256  # volatility of the stressed period
    weight: uint256  # of the stressed period
    floor: uint256
    cap: uint256
    rise: uint256  # share of itself by which the multiple may rise in a day
    fall: uint256


forecasters: HashMap[uint256, IVolatilityForecast]
# underlying -> the bounds
markets: HashMap[uint256, uint256]
# underlying -> multiple [wad] << 40 | time of the last move [s]; 0 when never set
ranges: HashMap[uint256, uint256]


event BoundsSet:
    underlying: indexed(uint256)
    forecaster: address
    old: Bounds
    new: Bounds


event Moved:
    underlying: indexed(uint256)
    old: uint256  # [wad]
    new: uint256  # [wad]
    target: uint256  # [wad]


@deploy
def __init__(owner: address):
    ownable.__init__()
    ownable._transfer_ownership(owner)


# -- anyone --


@external
def move(underlying: uint256) -> uint256:
    """
    @notice Moves the multiple towards its target as far as the time since the last move allows.
    @return [wad] the new multiple.
    """
    word: uint256 = self.ranges[underlying]
    assert word != 0, "scan: no such underlying"
    bounds: uint256 = self.markets[underlying]
    old: uint256 = word >> 40
    target: uint256 = self._target(underlying, bounds, old)
    # Below 2**61 * 2**16 * 2**20.
    step: uint256 = old * min(block.timestamp - (word & MASK_40), MAX_ELAPSED)
    new: uint256 = min(target, old + step * self._points(bounds, 5) // (BASIS * DAY))
    new = max(new, old - step * self._points(bounds, 6) // (BASIS * DAY))
    self.ranges[underlying] = (new << 40) | block.timestamp
    log Moved(underlying=underlying, old=old, new=new, target=target)
    return new


# -- owner --


@external
def set_bounds(underlying: uint256, forecaster: IVolatilityForecast, bounds: Bounds):
    """
    @notice Sets forecaster and bounds of an underlying; a new one starts at 1.
    @param bounds [wad] whole basis points within what is asserted below.
    """
    ownable._check_owner()
    b: Bounds = bounds
    assert underlying != 0 and underlying < 2**16, "scan: underlying out of range"
    assert forecaster.address.is_contract, "scan: no forecaster"
    assert b.reference >= WAD // 100 and b.reference <= 5 * WAD, "scan: reference out of range"
    assert b.stressed >= b.reference and b.stressed <= 5 * WAD, "scan: stressed out of range"
    assert b.weight >= WAD // 4 and b.weight <= WAD, "scan: stressed weight too small"
    assert b.floor >= WAD // 2 and b.floor <= WAD, "scan: floor out of range"
    assert b.cap >= WAD and b.cap <= 4 * WAD, "scan: cap out of range"
    assert b.fall >= WAD // 100 and b.fall <= WAD // 10, "scan: fall out of range"
    assert b.rise >= 2 * b.fall and b.rise <= WAD, "scan: rise out of range"
    old: uint256 = self.markets[underlying]
    word: uint256 = 0
    figures: uint256[7] = [b.reference, b.stressed, b.weight, b.floor, b.cap, b.rise, b.fall]
    for i: uint256 in range(7):
        assert figures[i] % POINT == 0, "scan: finer than a point"
        word |= (figures[i] // POINT) << (16 * i)
    self.forecasters[underlying] = forecaster
    self.markets[underlying] = word
    if old == 0:
        self.ranges[underlying] = (WAD << 40) | block.timestamp
    log BoundsSet(underlying=underlying, forecaster=forecaster.address, old=self._bounds(old), new=b)


# -- views --


@external
@view
def scan_range(underlying: uint256) -> uint256:
    """
    @notice See IScanRange.
    """
    word: uint256 = self.ranges[underlying]
    if word == 0:
        return WAD
    return word >> 40


@external
@view
def target_of(underlying: uint256) -> uint256:
    """
    @notice Where the multiple moves to [wad], 0 for an underlying without one. Never reverts.
    """
    word: uint256 = self.ranges[underlying]
    if word == 0:
        return 0
    return self._target(underlying, self.markets[underlying], word >> 40)


@external
@view
def moved_at(underlying: uint256) -> uint256:
    """
    @return [s] time of the last move, 0 for an underlying without one.
    """
    return self.ranges[underlying] & MASK_40


@external
@view
def bounds_of(underlying: uint256) -> Bounds:
    return self._bounds(self.markets[underlying])


@external
@view
def forecaster_of(underlying: uint256) -> address:
    return self.forecasters[underlying].address


# -- internals --


@internal
@view
def _target(underlying: uint256, bounds: uint256, current: uint256) -> uint256:
    """
    @param current [wad] the multiple now.
    @return [wad] between floor and cap.
    """
    reference: uint256 = self._points(bounds, 0)
    stressed: uint256 = self._points(bounds, 1)
    volatility: uint256 = self._forecast(underlying)
    target: uint256 = 0
    if volatility == 0:
        target = max(current, stressed * WAD // reference)
    else:
        weight: uint256 = self._points(bounds, 2)
        mix: uint256 = (volatility * (BASIS - weight) + stressed * POINT * weight) // BASIS
        target = (max(volatility, mix) * BASIS + reference - 1) // reference
    return min(max(target, self._points(bounds, 3) * POINT), self._points(bounds, 4) * POINT)


@internal
@view
def _forecast(underlying: uint256) -> uint256:
    """
    @return [wad] volatility, 0 when the forecaster does not answer or its last price is old.
    """
    success: bool = False
    answer: Bytes[64] = b""
    success, answer = raw_call(
        self.forecasters[underlying].address,
        abi_encode(underlying, method_id=method_id("forecast(uint256)")),
        max_outsize=64,
        gas=FORECAST_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(answer) != 64:
        return 0
    time: uint256 = convert(slice(answer, 32, 32), uint256)
    if time > block.timestamp or block.timestamp - time > MAX_AGE:
        return 0
    return min(convert(slice(answer, 0, 32), uint256), MAX_VOLATILITY)


@internal
@pure
def _points(bounds: uint256, number: uint256) -> uint256:
    """
    @return [basis points] the figure `number` of `Bounds`.
    """
    return (bounds >> (16 * number)) & MASK_16


@internal
@pure
def _bounds(word: uint256) -> Bounds:
    return Bounds(
        reference=self._points(word, 0) * POINT,
        stressed=self._points(word, 1) * POINT,
        weight=self._points(word, 2) * POINT,
        floor=self._points(word, 3) * POINT,
        cap=self._points(word, 4) * POINT,
        rise=self._points(word, 5) * POINT,
        fall=self._points(word, 6) * POINT,
    )
