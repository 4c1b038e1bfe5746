# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title ExposureLimits
@license AGPL-3.0-only
@notice Limits the net delta and the net vega of an account in each underlying. Limits belong to a
        tier, accounts are put into tiers; tier 0 has no limits. The ledger asks after a trade
        in which a position of the account grew, so what markets did to an account never stops it
        from closing.
        Delta is that of the forward, in units of the underlying. Vega is the change in USD when all
        volatilities rise by one hundredth. Both are summed over all expiries, so a hedge in
        another one counts. Net of all accounts they are zero for every underlying: what can be
        limited is who holds how much of it.
@dev Options count as without their barrier, a known touch or not. What has expired counts for
     nothing, and an option without a price as one unit of delta and no vega.
@custom:trust The owner sets limits and tiers; it can stop an account from opening, never from
        closing. The oracle is trusted for prices.
@custom:kill The ledger may cease to ask.
@custom:rounding Errors below 1e-12 of the forward; limits are no place for exactness.
"""

from snekmate.auth import ownable

from ..interfaces import IExposureLimits
from ..interfaces import IOracle
from ..math import black76
from ..math import fixed_point
from ..math import normal
from ..math import sorting
from ..math import svi

implements: IExposureLimits

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


struct Limits:
    delta: uint256  # [wad] units of the underlying, long or short; 0 for no limit
    vega: uint256  # [wad] USD per hundredth of volatility, long or short; 0 for no limit


ORACLE: public(immutable(IOracle))

WAD: constant(int256) = 10**18
MAX_PRICE: constant(uint256) = 2**128 - 1  # [wad]
MAX_LIMIT: constant(uint256) = 10**30  # [wad]
MAX_VOLATILITY: constant(uint256) = 2**70 - 1  # [wad]
# Far beyond any distribution: a probability of 0 or 1.
FAR_Q64: constant(int256) = 60 * 2**64
# Places in a position's word, see instruments/series.vy.
UNDERLYING: constant(uint256) = 240
BUCKET: constant(uint256) = 216
BUCKETS: constant(uint256) = max_value(uint256) - (2**216 - 1)
PUT: constant(uint256) = 1 << 152

# tier -> underlying -> limits
limits_of: public(HashMap[uint256, HashMap[uint256, Limits]])
# account -> tier
tier_of: public(HashMap[uint256, uint256])


event LimitsSet:
    tier: indexed(uint256)
    underlying: indexed(uint256)
    old: Limits
    new: Limits


event TierSet:
    account: indexed(uint256)
    old: uint256
    new: uint256


@deploy
def __init__(oracle: IOracle, owner: address):
    ownable.__init__()
    ownable._transfer_ownership(owner)
    ORACLE = oracle


# -- owner --


@external
def set_limits(tier: uint256, underlying: uint256, limits: Limits):
    """
    @notice Sets the limits of a tier in an underlying.
    @param tier Any but 0.
    @param limits At most 1e12 units and 1e12 USD.
    """
    ownable._check_owner()
    assert tier != 0, "exposure: tier 0 has no limits"
    assert max(limits.delta, limits.vega) <= MAX_LIMIT, "exposure: limit too large"
    log LimitsSet(tier=tier, underlying=underlying, old=self.limits_of[tier][underlying], new=limits)
    self.limits_of[tier][underlying] = limits


@external
def set_tier(account: uint256, tier: uint256):
    """
    @notice Puts an account into a tier, 0 to free it.
    """
    ownable._check_owner()
    log TierSet(account=account, old=self.tier_of[account], new=tier)
    self.tier_of[account] = tier


# -- views --


@external
@view
def within(account: uint256, positions: DynArray[uint256, 128]) -> bool:
    """
    @notice See IExposureLimits.
    """
    tier: uint256 = self.tier_of[account]
    if tier == 0:
        return True
    words: DynArray[uint256, 128] = sorting._sorted(positions, BUCKETS)
    size: uint256 = len(words)
    start: uint256 = 0
    for _: uint256 in range(128):
        if start == size:
            break
        underlying: uint256 = words[start] >> UNDERLYING
        limits: Limits = self.limits_of[tier][underlying]
        end: uint256 = start
        for i: uint256 in range(start, size, bound=128):
            if words[i] >> UNDERLYING != underlying:
                break
            end = i + 1
        if limits.delta != 0 or limits.vega != 0:
            delta: int256 = 0
            vega: int256 = 0
            delta, vega = self._exposure(words, start, end)
            assert limits.delta == 0 or convert(abs(delta), uint256) <= limits.delta, "exposure: delta too large"
            assert limits.vega == 0 or convert(abs(vega), uint256) <= limits.vega, "exposure: vega too large"
        start = end
    return True


@external
@view
def exposure(underlying: uint256, positions: DynArray[uint256, 128]) -> (int256, int256):
    """
    @notice Net delta [wad units] and net vega [wad USD per hundredth of volatility] of the
            positions in an underlying.
    """
    words: DynArray[uint256, 128] = []
    for word: uint256 in positions:
        if word >> UNDERLYING == underlying:
            words.append(word)
    words = sorting._sorted(words, BUCKETS)
    return self._exposure(words, 0, len(words))


# -- internals --


@internal
@view
def _exposure(words: DynArray[uint256, 128], start: uint256, end: uint256) -> (int256, int256):
    """
    @param words Positions; those from `start` until before `end` are of one underlying, by expiry.
    @return delta [wad], vega [wad]
    """
    delta: int256 = 0
    vega: int256 = 0  # [wad] for one whole of volatility
    bucket: uint256 = 0
    quote: IOracle.Quote = empty(IOracle.Quote)
    left: uint256 = 0
    root: int256 = 0  # [Q64] of the time to expiry in years
    for i: uint256 in range(start, end, bound=128):
        word: uint256 = words[i]
        if word >> BUCKET != bucket:
            bucket = word >> BUCKET
            expiry: uint256 = (bucket & (2**24 - 1)) * 3_600
            left = 0
            if expiry > block.timestamp:
                left = min(expiry - block.timestamp, 2**32 - 1)
                quote = staticcall ORACLE.quote(bucket >> 24, expiry)
                quote.forward = min(quote.forward, MAX_PRICE)
                root = black76._deviation_q64(10**18, left)
        if left == 0:
            continue
        # By bytes32, since a conversion from uint256 refuses negative ones.
        quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
        unit: int256 = 10**18
        if quote.forward != 0 and quote.volatility != 0:
            forward: int256 = convert(quote.forward, int256)
            point: int256 = self._d1(quote, left, convert(((word >> 160) & (2**56 - 1)) * 10**10, int256))
            unit = convert(normal._cdf(point), int256)
            # quantity * forward * density: 2**95 * 2**128 / 2**59, * 2**60 / 2**59, * 2**80 / 2**64.
            more: int256 = quantity * forward // WAD
            more = more * convert(normal._pdf(point), int256) // WAD
            vega += more * root // 2**64
            if word & PUT != 0:
                unit -= WAD
        elif word & PUT != 0:
            unit = -WAD
        delta += quantity * unit // WAD
    return delta, vega // 100


@internal
@pure
def _d1(quote: IOracle.Quote, left: uint256, strike: int256) -> int256:
    """
    @return [wad] (ln(F / K) + s**2 / 2) / s, s the deviation of the strike; capped at 60 either way.
    """
    forward: int256 = convert(quote.forward, int256)
    k: int256 = 0
    if strike >= forward:
        k = fixed_point._ln_ratio_q64(strike, forward)
    else:
        k = -fixed_point._ln_ratio_q64(forward, strike)
    s: int256 = 0
    if quote.smile != 0:
        s = svi._deviation(quote.smile, k, left, min(quote.tenor, 2**32 - 1))
    else:
        s = black76._deviation_q64(min(quote.volatility, MAX_VOLATILITY), left)
    # |k| < 2**71 and s < 2**78.
    point: int256 = (s >> 1) - (k << 64) // max(s, 1)
    return max(min(point, FAR_Q64), -FAR_Q64) * WAD // 2**64
