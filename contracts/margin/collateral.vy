# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Collateral: what assets other than cash count for
@license AGPL-3.0-only
@notice An asset is priced by the spot of an underlying and counts in part. Shares of an
        ERC-4626 vault are worth `convertToAssets` of a share, guarded against donations:
        the rate counts only up to a reference that grows by 0.1 % a day at most (seven days'
        worth can be saved up), moved by anyone with `poke`. A fall counts at once. A vault
        that does not answer is worth nothing, and the view stays total.
        Concentration: of one asset an account's value beyond a limit counts for equity alone,
        since a block that large is not sold at the price quoted. The limit is an amount and no
        share of the account, which would move with what it is a share of; what all accounts
        together may hold is capped by the ledger.
@custom:trust The owner picks vaults; a vault can say at most what its reference allows.
@custom:rounding Down.
"""

from ethereum.ercs import IERC20Detailed
from ethereum.ercs import IERC4626
from snekmate.auth import ownable

from . import rules

uses: ownable


WAD: constant(uint256) = 10**18
BASIS: constant(uint256) = 10**4  # basis points in one
MAX_AMOUNT: constant(uint256) = 2**112  # [wad] of an asset: more is not counted
MAX_RATE: constant(uint256) = 2**96  # [wad] vault assets per share: more is not counted
COLLATERALS: constant(uint256) = 8
# The rate of a vault may grow by 10 basis points a day, saved up for seven days at most.
RATE_GROWTH: constant(uint256) = 10
RATE_MEMORY: constant(uint256) = 7 * 86_400
DAY: constant(uint256) = 86_400
VAULT_GAS: constant(uint256) = 250_000
MASK_16: constant(uint256) = 2**16 - 1
LIMIT: constant(uint256) = 224  # its place in the word
MASK_160: constant(uint256) = 2**160 - 1


struct Collateral:
    underlying: uint256  # index of the underlying whose spot prices it
    maintenance: uint256  # [wad] share of the value that counts
    initial: uint256  # [wad] of that, the share that counts for initial margin
    vault: address  # ERC-4626 whose shares are held, or empty
    limit: uint256  # [USD, not wad] of it that count for one account; 0 for no limit


struct Worth:
    market: int256  # [wad] without haircut
    initial: int256  # [wad] counts for initial margin
    maintenance: int256  # [wad] counts for maintenance margin


# By asset, 0 when never set:
#  | limit 32 | token decimals 8 | share decimals 8 | initial 16 | maintenance 16 | underlying 16 | vault 160 |
assets: HashMap[uint256, uint256]
# Reference rate of a vault: [wad] underlying tokens per share << 64 | time [s].
rates: HashMap[uint256, uint256]


event CollateralSet:
    asset: indexed(uint256)
    old: Collateral
    new: Collateral


event LimitSet:
    asset: indexed(uint256)
    old: uint256  # [USD]
    new: uint256  # [USD]


event RateSet:
    asset: indexed(uint256)
    old: uint256  # [wad]
    new: uint256  # [wad]


# -- anyone --


@external
def poke(asset: uint256) -> uint256:
    """
    @notice Moves the reference rate of a vault to its current rate, up by the allowance at most.
            Growth that is real arrives by pokes; a donation of the moment does not count.
    @return [wad] the new reference rate.
    """
    word: uint256 = self.assets[asset]
    vault: address = convert(word & MASK_160, address)
    assert vault != empty(address), "margin: not a vault"
    rate: uint256 = self._rate(asset, word)
    log RateSet(asset=asset, old=self.rates[asset] >> 64, new=rate)
    self.rates[asset] = (rate << 64) | block.timestamp
    return rate


# -- owner --


@external
def set_collateral(asset: uint256, underlying: uint256, maintenance: uint256, initial: uint256, vault: address):
    """
    @notice Sets what a collateral asset counts for; a factor of 0 ends its use.
    @param asset 1 to 8.
    @param underlying Index of the underlying whose spot prices one unit.
    @param maintenance [wad] share of the value that counts, at most 1.
    @param initial [wad] scale for initial margin, at most 1.
    @param vault ERC-4626 when the asset is its shares: one unit is then a share, and the
           underlying prices the vault's asset. Empty otherwise.
    """
    ownable._check_owner()
    assert asset != 0 and asset <= COLLATERALS, "margin: no such asset"
    assert underlying != 0 and underlying < 2**16, "margin: no such underlying"
    assert maintenance <= WAD, "margin: factor above one"
    assert initial <= WAD, "margin: scale above one"
    old: uint256 = self.assets[asset]
    word: uint256 = (
        ((old >> LIMIT) << LIMIT)
        | convert(vault, uint256)
        | (underlying << 160)
        | (rules._points(maintenance) << 176)
        | (rules._points(initial) << 192)
    )
    rate: uint256 = 0
    if vault != empty(address):
        share: uint256 = convert(staticcall IERC20Detailed(vault).decimals(), uint256)
        token: uint256 = convert(
            staticcall IERC20Detailed(staticcall IERC4626(vault).asset()).decimals(), uint256
        )
        assert share <= 36 and token <= 36, "margin: too many decimals"
        word |= (share << 208) | (token << 216)
        rate = self._current_rate(word)
        assert rate > 0 and rate <= MAX_RATE, "margin: vault has no rate"
    log RateSet(asset=asset, old=self.rates[asset] >> 64, new=rate)
    self.assets[asset] = word
    self.rates[asset] = (rate << 64) | block.timestamp
    log CollateralSet(asset=asset, old=self._collateral(old), new=self._collateral(word))


@external
def set_limit(asset: uint256, limit: uint256):
    """
    @notice Sets how much of an asset counts for one account.
    @param asset 1 to 8, set before.
    @param limit [USD, not wad] at market value, below 2**32; 0 for no limit.
    """
    ownable._check_owner()
    old: uint256 = self.assets[asset]
    assert old != 0 and limit < 2**32, "margin: limit out of range"
    log LimitSet(asset=asset, old=old >> LIMIT, new=limit)
    self.assets[asset] = (old & (2**LIMIT - 1)) | (limit << LIMIT)


# -- views --


@external
@view
def collateral_of(asset: uint256) -> Collateral:
    return self._collateral(self.assets[asset])


@external
@view
def rate_of(asset: uint256) -> uint256:
    """
    @notice [wad] vault assets that a share counts for now; 0 when the vault does not answer.
    """
    return self._rate(asset, self.assets[asset])


# -- internals --


@internal
@view
def _word(holding: uint256) -> uint256:
    """
    @notice The settings of the asset of a holding in one word, 0 when never set.
    @param holding Asset index (8 bits, high) and amount [wad] (248 bits).
    """
    return self.assets[holding >> 248]


@internal
@pure
def _underlying(word: uint256) -> uint256:
    return (word >> 160) & MASK_16


@internal
@view
def _worth(holding: uint256, word: uint256, price: uint256) -> Worth:
    """
    @param holding Asset index (8 bits, high) and amount [wad] (248 bits).
    @param word Settings of the asset.
    @param price [wad] of the underlying, below 2**128.
    """
    # 2**112 units at 2**128 each fit a word.
    units: uint256 = min(holding & (2**248 - 1), MAX_AMOUNT)
    if word & MASK_160 != 0:
        units = min(units * self._rate(holding >> 248, word) // WAD, MAX_AMOUNT)
    market: uint256 = units * price // WAD
    counted: uint256 = market
    if word >> LIMIT != 0:
        counted = min(market, (word >> LIMIT) * WAD)
    maintenance: uint256 = counted * ((word >> 176) & MASK_16) // BASIS
    initial: uint256 = maintenance * ((word >> 192) & MASK_16) // BASIS
    return Worth(
        market=convert(market, int256), initial=convert(initial, int256), maintenance=convert(maintenance, int256)
    )


@internal
@view
def _rate(asset: uint256, word: uint256) -> uint256:
    """
    @notice [wad] vault assets that a share counts for: the current rate, but no more than the
            reference rate and its allowance. 0 when the vault does not answer.
    """
    if word & MASK_160 == 0:
        return 0
    stored: uint256 = self.rates[asset]
    elapsed: uint256 = min(unsafe_sub(block.timestamp, stored & (2**64 - 1)), RATE_MEMORY)
    # A reference is below 2**96 always: its allowance cannot overflow.
    reference: uint256 = stored >> 64
    allowed: uint256 = reference + reference * RATE_GROWTH * elapsed // (DAY * BASIS)
    return min(min(self._current_rate(word), allowed), MAX_RATE)


@internal
@view
def _current_rate(word: uint256) -> uint256:
    """
    @notice [wad] vault assets per share as the vault says now; 0 when it does not say.
    """
    success: bool = False
    answer: Bytes[32] = b""
    one: uint256 = 10 ** ((word >> 208) & 255)
    success, answer = raw_call(
        convert(word & MASK_160, address),
        abi_encode(one, method_id=method_id("convertToAssets(uint256)")),
        max_outsize=32,
        gas=VAULT_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(answer) != 32:
        return 0
    # Capped so that scaling cannot overflow.
    amount: uint256 = min(convert(answer, uint256), MAX_RATE)
    return amount * WAD // 10 ** ((word >> 216) & 255)


@internal
@pure
def _collateral(word: uint256) -> Collateral:
    return Collateral(
        underlying=(word >> 160) & MASK_16,
        maintenance=rules._field(word, 176),
        initial=rules._field(word, 192),
        vault=convert(word & MASK_160, address),
        limit=word >> LIMIT,
    )
