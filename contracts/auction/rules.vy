# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Auction rules: parameters, their bounds and their versions
@license AGPL-3.0-only
@notice Each auction keeps the version of the rules with which it (re)started, so that a change
        never reprices a running one. A version is one word, low to high:

          | start 16 | cutoff 16 | fast 24 | slow 24 | tail 24 | insolvent 24 | fee 16
          | buffer 16 | tip share 16 | tip 72 | family 8

        shares in basis points, times in seconds, the tip in wad.
        An account goes by the version chosen for its underlying, when it has one underlying and a
        version was chosen for it, and by the latest otherwise.
@custom:trust The owner chooses within the bounds below, for future auctions only.
"""

from snekmate.auth import ownable

from . import curves

uses: ownable

BPS: constant(uint256) = 10_000
# One basis point in wad.
POINT: constant(uint256) = 10**14
MASK_16: constant(uint256) = 2**16 - 1
MASK_24: constant(uint256) = 2**24 - 1
MASK_72: constant(uint256) = 2**72 - 1
MASK_128: constant(uint256) = 2**128 - 1

# [wad] Bids end before the price factor falls below it: nothing is ever sold near zero.
MIN_FACTOR: constant(uint256) = 5 * 10**16


struct Rules:
    start: uint256  # [bps] of mark, asked at the start of a solvent auction
    cutoff: uint256  # [bps] of mark, at the end of the fast phase
    fast: uint256  # [s]
    slow: uint256  # [s] from cutoff to zero; of a stepped curve, how long a step lasts
    tail: uint256  # [s] after which a solvent auction must be restarted
    insolvent: uint256  # [s] in which the price of an insolvent one falls
    fee: uint256  # [bps] of the mark value to be sold, to the security fund
    buffer: uint256  # [bps] of the requirement, above which an account is restored
    tip_share: uint256  # [bps] of equity, the most that the keeper gets
    tip: uint256  # [wad] what the keeper gets when the account has enough
    family: uint256  # of the solvent curve, see curves.vy


# version -> packed rules; versions count from 1.
packed: HashMap[uint256, uint256]
# The latest version, which is the default 128 | whether any underlying has its own 1
latest: uint256
# underlying -> the version of its own, 0 when it has none
version_of: public(HashMap[uint256, uint256])


event RulesSet:
    version: indexed(uint256)
    old: Rules
    new: Rules


event RulesChosen:
    underlying: indexed(uint256)
    old_version: uint256
    new_version: uint256


@deploy
def __init__():
    """
    @notice Curve and fee as Derive v2 has them in production. The tail ends a solvent auction
            after ten hours of its slow phase, at 11.7 % of mark.
    """
    self._set_rules(
        Rules(
            start=9_500,
            cutoff=7_000,
            fast=900,
            slow=43_200,
            tail=36_900,
            insolvent=3_600,
            fee=1_000,
            buffer=1_500,
            tip_share=100,
            tip=20 * 10**18,
            family=curves.TWO_PHASE,
        )
    )


@external
def set_rules(rules: Rules):
    """
    @notice Changes the rules for auctions that start or restart from now on.
    """
    ownable._check_owner()
    self._set_rules(rules)


@external
def choose_rules(underlying: uint256, version: uint256):
    """
    @notice Lets auctions of accounts in one underlying start by a version of its own.
    @param version One that exists; 0 for the latest again.
    """
    ownable._check_owner()
    assert version <= self._latest(), "auction: unknown version"
    log RulesChosen(underlying=underlying, old_version=self.version_of[underlying], new_version=version)
    self.version_of[underlying] = version
    self.latest |= 1 << 128


@external
@view
def rules_version() -> uint256:
    """
    @notice The version with which auctions start now, unless their underlying has its own.
    """
    return self._latest()


@external
@view
def rules_of(version: uint256) -> Rules:
    """
    @notice The rules of a version; zeros for one that does not exist.
    """
    return self._unpack(self.packed[version])


@external
@view
def price_factor(elapsed: uint256) -> uint256:
    """
    @notice Price factor [wad] of a solvent auction under the current rules.
    @param elapsed [s] since its start.
    """
    return self._price_factor(self.packed[self._latest()], elapsed)


@internal
def _set_rules(rules: Rules):
    assert rules.start >= BPS // 2 and rules.start <= BPS, "auction: start out of range"
    assert rules.cutoff >= BPS // 10 and rules.cutoff <= rules.start, "auction: cutoff out of range"
    assert rules.fast >= 60 and rules.fast <= 86_400, "auction: fast out of range"
    assert rules.slow >= 600 and rules.slow <= 7 * 86_400, "auction: slow out of range"
    assert rules.insolvent >= 60 and rules.insolvent <= 86_400, "auction: insolvent out of range"
    assert rules.fee <= BPS // 5, "auction: fee out of range"
    assert rules.buffer >= 100 and rules.buffer <= BPS // 2, "auction: buffer out of range"
    assert rules.family <= curves.STEPPED, "auction: unknown curve"
    # Fee and tip together stay below a third of equity: neither can make an account insolvent.
    assert rules.tip_share <= BPS // 10 and rules.tip <= 1_000 * 10**18, "auction: tip out of range"
    word: uint256 = (
        rules.start
        | (rules.cutoff << 16)
        | (rules.fast << 32)
        | (rules.slow << 56)
        | (rules.insolvent << 104)
        | (rules.fee << 128)
        | (rules.buffer << 144)
        | (rules.tip_share << 160)
        | (rules.tip << 176)
        | (rules.family << 248)
    )
    # The factor depends on everything but the tail.
    assert self._price_factor(word, rules.tail) >= MIN_FACTOR, "auction: tail out of range"
    assert rules.tail >= rules.fast, "auction: tail out of range"
    version: uint256 = self._latest() + 1
    log RulesSet(version=version, old=self._unpack(self.packed[version - 1]), new=rules)
    self.packed[version] = word | (rules.tail << 80)
    self.latest += 1


@internal
@view
def _latest() -> uint256:
    return self.latest & MASK_128


@internal
@view
def _version_for(words: DynArray[uint256, 128]) -> uint256:
    """
    @notice The version for an account with these positions.
    """
    latest: uint256 = self.latest
    if latest >> 128 != 0 and len(words) != 0:
        underlying: uint256 = words[0] >> 240
        own: uint256 = self.version_of[underlying]
        for word: uint256 in words:
            if word >> 240 != underlying:
                own = 0
                break
        if own != 0:
            return own
    return latest & MASK_128


@internal
@pure
def _flat_tip(word: uint256) -> uint256:
    return (word >> 176) & MASK_72


@internal
@pure
def _unpack(word: uint256) -> Rules:
    return Rules(
        start=word & MASK_16,
        cutoff=(word >> 16) & MASK_16,
        fast=(word >> 32) & MASK_24,
        slow=(word >> 56) & MASK_24,
        tail=self._tail(word),
        insolvent=self._insolvent(word),
        fee=(word >> 128) & MASK_16,
        buffer=(word >> 144) & MASK_16,
        tip_share=(word >> 160) & MASK_16,
        tip=self._flat_tip(word),
        family=word >> 248,
    )


@internal
@pure
def _price_factor(word: uint256, elapsed: uint256) -> uint256:
    return curves._factor(
        word >> 248,
        elapsed,
        (word & MASK_16) * POINT,
        ((word >> 16) & MASK_16) * POINT,
        (word >> 32) & MASK_24,
        (word >> 56) & MASK_24,
    )


@internal
@pure
def _tail(word: uint256) -> uint256:
    return (word >> 80) & MASK_24


@internal
@pure
def _insolvent(word: uint256) -> uint256:
    return (word >> 104) & MASK_24


@internal
@pure
def _buffer(word: uint256) -> uint256:
    """
    @return [wad]
    """
    return ((word >> 144) & MASK_16) * POINT


@internal
@pure
def _fee(word: uint256, margin: int256, equity: int256) -> uint256:
    """
    @notice Liquidation fee [wad] of a solvent account: a share of the mark value that would be
            sold at mark, rounded down.
    @param margin [wad] buffered
    """
    fraction: uint256 = curves._largest_fraction(margin, equity, 0, 10**18)
    value: uint256 = convert(equity, uint256)
    return value * fraction // 10**18 * ((word >> 128) & MASK_16) // BPS


@internal
@pure
def _tip(word: uint256, equity: int256) -> uint256:
    """
    @notice Keeper's tip [wad]: flat, but never more than a share of the equity.
    """
    return min(self._flat_tip(word), convert(equity, uint256) * ((word >> 160) & MASK_16) // BPS)
