# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title LinearForecast
@license AGPL-3.0-only
@notice Volatility of the next day as the root of a linear mix of exponentially weighted
        variances over 1, 5, 25 and 365 days, within 0.8 to 2 times the slowest. Fed with one
        price a day of the oracle by whoever comes first.
@dev A price at least half a day and one midnight (UTC) after the last one counts with its squared
     log return by the year, `r**2 * year / elapsed`; a variance over n days keeps
     `exp(-elapsed / n)` of itself. So gaps and weekends weigh as the time that they are, and
     nobody gains from choosing the hour: whoever wants another price has been free to come
     first. Linear mixes: F. Corsi, "A simple approximate long-memory model of realized
     volatility" (HAR), J. Financial Econometrics 7 (2009).
     Variances are kept with 14 decimals in 64 bits, which is exact enough for 1e-7 of volatility
     and holds the return of a factor of 100 in half a day.
@custom:trust The owner starts an underlying once, with a volatility for all horizons, and sets
        weights within bounds; it cannot set a variance or a forecast afterwards. The oracle is
        trusted for prices.
@custom:kill None; ScanRange may be pointed to another forecaster.
@custom:rounding Variances up, the root down: a forecast is short of the mix by less than 1e-7.
"""

from snekmate.auth import ownable

from ..interfaces import IOracle
from ..interfaces import IVolatilityForecast
from ..math import fixed_point

implements: IVolatilityForecast

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


ORACLE: public(immutable(IOracle))

WAD: constant(uint256) = 10**18
BASIS: constant(uint256) = 10**4  # basis points in one
DAY: constant(uint256) = 86_400
YEAR: constant(uint256) = 365 * DAY
# Days that each variance remembers.
HORIZONS: constant(uint256[4]) = [1, 5, 25, 365]
LONGEST: constant(uint256) = 3
MIN_GAP: constant(uint256) = DAY // 2
MIN_CONFIDENCE: constant(uint256) = 9 * WAD // 10
# The factor of a return that is counted in full.
MAX_RATIO: constant(uint256) = 100
# Of the volatility over the longest horizon [basis points].
LOWEST: constant(uint256) = 8_000
HIGHEST: constant(uint256) = 20_000
# Bounds of a weight, and the least for the longest horizon [basis points].
MAX_WEIGHT: constant(uint256) = 6_000
MIN_LONGEST: constant(uint256) = 1_000
# 25, 35, 15 and 25 %: the mix that did best on hourly ETH and BTC from 2017 to 2024.
WEIGHTS: constant(uint256) = 2_500 | (3_500 << 16) | (1_500 << 32) | (2_500 << 48)
MASK_16: constant(uint256) = 2**16 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_64: constant(uint256) = 2**64 - 1
MASK_104: constant(uint256) = 2**104 - 1


# underlying -> forecast [wad] << 144 | last price [wad] << 40 | its time [s]; 0 when not started
latest: HashMap[uint256, uint256]
# underlying -> four variances a year [1e-14], 64 bits each, the shortest horizon low
variances: HashMap[uint256, uint256]
# Four weights [basis points], 16 bits each, the shortest horizon low.
weights: uint256


event Started:
    underlying: indexed(uint256)
    volatility: uint256  # [wad]
    price: uint256  # [wad]


event Recorded:
    underlying: indexed(uint256)
    price: uint256  # [wad]
    time: uint256  # [s]
    volatility: uint256  # [wad] the new forecast


event WeightsSet:
    old: uint256[4]  # [basis points]
    new: uint256[4]


@deploy
def __init__(oracle: IOracle, owner: address):
    ownable.__init__()
    ownable._transfer_ownership(owner)
    ORACLE = oracle
    self.weights = WEIGHTS


# -- anyone --


@external
def record(underlying: uint256) -> uint256:
    """
    @notice Counts the oracle's price, the first of a new day (UTC).
    @return [wad] the new forecast.
    """
    word: uint256 = self.latest[underlying]
    assert word != 0, "forecast: not started"
    price: uint256 = 0
    confidence: uint256 = 0
    time: uint256 = 0
    price, confidence, time = staticcall ORACLE.price(underlying)
    assert confidence >= MIN_CONFIDENCE, "forecast: price in doubt"
    assert price != 0 and price <= MASK_104, "forecast: price out of range"
    last: uint256 = word & MASK_40
    assert time // DAY > last // DAY and time >= last + MIN_GAP, "forecast: day already recorded"
    elapsed: uint256 = time - last
    before: uint256 = (word >> 40) & MASK_104
    ratio: uint256 = min(max(price * WAD // before, WAD // MAX_RATIO), WAD * MAX_RATIO)
    r: int256 = fixed_point._ln(ratio)
    # r**2 < 22e36, by the year at most 730 times that.
    fresh: uint256 = convert(r * r, uint256) * YEAR // (elapsed * 10**22)
    old: uint256 = self.variances[underlying]
    new: uint256 = 0
    mix: uint256 = 0
    slowest: uint256 = 0
    weights: uint256 = self.weights
    for i: uint256 in range(4):
        kept: uint256 = fixed_point._exp(-convert(elapsed * WAD // (HORIZONS[i] * DAY), int256))
        variance: uint256 = (old >> (64 * i)) & MASK_64
        variance = (variance * kept + fresh * (WAD - kept) + WAD - 1) // WAD
        new |= variance << (64 * i)
        mix += variance * ((weights >> (16 * i)) & MASK_16)
        slowest = variance
    volatility: uint256 = self._bounded(mix, slowest)
    self.variances[underlying] = new
    self.latest[underlying] = (volatility << 144) | (price << 40) | time
    log Recorded(underlying=underlying, price=price, time=time, volatility=volatility)
    return volatility


# -- owner --


@external
def start(underlying: uint256, volatility: uint256):
    """
    @notice Begins with the oracle's price and one volatility for all horizons. Once.
    @param volatility [wad] annualised, 1 % to 500 %.
    """
    ownable._check_owner()
    assert self.latest[underlying] == 0, "forecast: already started"
    assert volatility >= WAD // 100 and volatility <= 5 * WAD, "forecast: volatility too extreme"
    price: uint256 = 0
    confidence: uint256 = 0
    time: uint256 = 0
    price, confidence, time = staticcall ORACLE.price(underlying)
    assert price != 0 and price <= MASK_104, "forecast: price out of range"
    variance: uint256 = volatility * volatility // 10**22
    self.variances[underlying] = variance | (variance << 64) | (variance << 128) | (variance << 192)
    self.latest[underlying] = (volatility << 144) | (price << 40) | time
    log Started(underlying=underlying, volatility=volatility, price=price)


@external
def set_weights(weights: uint256[4]):
    """
    @notice Sets the mix, from the next price on.
    @param weights [basis points] shortest horizon first; 10,000 together, 6,000 at most each, and
           1,000 at least for the longest.
    """
    ownable._check_owner()
    total: uint256 = 0
    word: uint256 = 0
    for i: uint256 in range(4):
        assert weights[i] <= MAX_WEIGHT, "forecast: weight too large"
        total += weights[i]
        word |= weights[i] << (16 * i)
    assert total == BASIS, "forecast: weights not one"
    assert weights[LONGEST] >= MIN_LONGEST, "forecast: long run too light"
    log WeightsSet(old=self._weights(self.weights), new=weights)
    self.weights = word


# -- views --


@external
@view
def forecast(underlying: uint256) -> (uint256, uint256):
    """
    @notice See IVolatilityForecast. One storage read.
    """
    word: uint256 = self.latest[underlying]
    return word >> 144, word & MASK_40


@external
@view
def variances_of(underlying: uint256) -> uint256[4]:
    """
    @return [wad] variances a year over 1, 5, 25 and 365 days.
    """
    word: uint256 = self.variances[underlying]
    found: uint256[4] = [0, 0, 0, 0]
    for i: uint256 in range(4):
        found[i] = ((word >> (64 * i)) & MASK_64) * 10**4
    return found


@external
@view
def current_weights() -> uint256[4]:
    """
    @return [basis points] for 1, 5, 25 and 365 days.
    """
    return self._weights(self.weights)


# -- internals --


@internal
@pure
def _bounded(mix: uint256, slowest: uint256) -> uint256:
    """
    @param mix [1e-14 * basis points] variance.
    @param slowest [1e-14] variance over the longest horizon.
    @return [wad] volatility.
    """
    base: uint256 = fixed_point._sqrt(slowest * 10**4)
    volatility: uint256 = fixed_point._sqrt(mix)
    return min(max(volatility, base * LOWEST // BASIS), base * HIGHEST // BASIS)


@internal
@pure
def _weights(word: uint256) -> uint256[4]:
    found: uint256[4] = [0, 0, 0, 0]
    for i: uint256 in range(4):
        found[i] = (word >> (16 * i)) & MASK_16
    return found
