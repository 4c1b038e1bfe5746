# pragma version 0.4.3
"""
@title Observations: what the sources say now, and what they said last
@license AGPL-3.0-only
@notice Serves the sources' answers with their freshness and confidence, and the stored ones when a
        source gives none that counts.
@dev Source words and observation words as in sources.vy.
@custom:rounding Confidence rounds down.
"""

from . import sources

# [wad] bounds of what is accepted: spot up to 1e12 USD (< 2**100), volatility 1 % to 500 %.
MIN_SPOT: constant(uint256) = 1
MAX_SPOT: constant(uint256) = 10**30
MIN_VOLATILITY: constant(uint256) = 10**16
MAX_VOLATILITY: constant(uint256) = 5 * 10**18

WAD: constant(uint256) = 10**18
HOUR: constant(uint256) = 3_600
MASK_24: constant(uint256) = 2**24 - 1
MASK_64: constant(uint256) = 2**64 - 1


# underlying -> last observation
last_spots: HashMap[uint256, uint256]
last_volatilities: HashMap[uint256, uint256]
# underlying -> hour since the epoch -> last spot observation dated in the hour up to then
closes: HashMap[uint256, HashMap[uint256, uint256]]


event Observed:
    underlying: indexed(uint256)
    spot: uint256  # [wad]
    spot_time: uint256  # [s]
    volatility: uint256  # [wad]
    volatility_time: uint256  # [s]


@internal
@view
def _spot(underlying: uint256, word: uint256) -> (uint256, bool):
    """
    @param word The source, as in sources.vy.
    @return Observation; whether the source gives it now.
    """
    observation: uint256 = sources._read(word, MIN_SPOT, MAX_SPOT)
    if observation == 0:
        return self.last_spots[underlying], False
    return observation, True


@internal
@view
def _volatility(underlying: uint256, word: uint256) -> (uint256, bool):
    """
    @return As `_spot`.
    """
    observation: uint256 = sources._read(word, MIN_VOLATILITY, MAX_VOLATILITY)
    if observation == 0:
        return self.last_volatilities[underlying], False
    return observation, True


@internal
@view
def _confidence(observation: uint256, word: uint256) -> uint256:
    """
    @return [wad] 1 up to the source's max_age and below 1 after it: max_age / age.
    """
    # Never in the future: checked when read and when stored.
    age: uint256 = unsafe_sub(block.timestamp, observation & MASK_64)
    max_age: uint256 = (word >> 224) & MASK_24
    if age <= max_age:
        return WAD
    # age > max_age >= 60, and WAD * 2**24 fits.
    return unsafe_div(unsafe_mul(WAD, max_age), age)


@internal
def _store(underlying: uint256, spot_word: uint256, volatility_word: uint256):
    """
    @notice Stores what the sources say when it counts and is newer than what is stored.
    """
    spot: uint256 = self.last_spots[underlying]
    volatility: uint256 = self.last_volatilities[underlying]
    changed: bool = False
    seen: uint256 = sources._read(spot_word, MIN_SPOT, MAX_SPOT)
    if seen & MASK_64 > spot & MASK_64:
        changed = True
        spot = seen
        self.last_spots[underlying] = spot
        self.closes[underlying][((spot & MASK_64) + HOUR - 1) // HOUR] = spot
    seen = sources._read(volatility_word, MIN_VOLATILITY, MAX_VOLATILITY)
    if seen & MASK_64 > volatility & MASK_64:
        changed = True
        volatility = seen
        self.last_volatilities[underlying] = volatility
    if changed:
        log Observed(
            underlying=underlying,
            spot=spot >> 64,
            spot_time=spot & MASK_64,
            volatility=volatility >> 64,
            volatility_time=volatility & MASK_64,
        )


@internal
@view
def _close(underlying: uint256, expiry: uint256) -> uint256:
    """
    @return The price [wad] stored last in the day up to expiry, else stored last at all.
    """
    hour: uint256 = expiry // HOUR
    for i: uint256 in range(24):
        # Hours before the epoch wrap to hours that hold nothing.
        word: uint256 = self.closes[underlying][unsafe_sub(hour, i)]
        if word != 0:
            return word >> 64
    return self.last_spots[underlying] >> 64
