# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Holdings of a vault: its asset here and in the clearinghouse, and what it is worth
@license AGPL-3.0-only
@notice Moves the asset between the vault and its account of the clearinghouse, values it at the
        oracle's price, and exchanges what a round left in cash. The asset is the stablecoin, units of
        the underlying, or an ERC-4626 over such units.
@dev Who may do so and when is the unit's to say.
@custom:rounding In favour of the vault.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ethereum.ercs import IERC4626

from ..interfaces import IClearinghouse
from ..interfaces import IOracle


interface Ledger:
    def token_of(asset: uint256) -> address: view
    def deposit(account: uint256, asset: uint256, amount: uint256): nonpayable
    def withdraw(account: uint256, asset: uint256, amount: uint256, receiver: address): nonpayable


WAD: constant(uint256) = 10**18
BPS: constant(uint256) = 10**4
EDGE: constant(uint256) = 50  # [bps] for who exchanges what a round left in cash

CLEARINGHOUSE: public(immutable(address))
ORACLE: public(immutable(address))
UNDERLYING: public(immutable(uint256))
ACCOUNT: public(immutable(uint256))
# Of the clearinghouse; 0 is the stablecoin. `WRAPPED`: an ERC-4626 over the underlying.
ASSET_INDEX: public(immutable(uint256))
WRAPPED: public(immutable(bool))
TOKEN: immutable(IERC20)
CASH: immutable(address)
# [wad] of the smallest unit of asset and of cash
SCALE: immutable(uint256)
CASH_SCALE: immutable(uint256)
# Units of the wrapped asset in one whole.
UNIT_BELOW: immutable(uint256)


event Exchanged:
    account: indexed(address)
    cash: int256  # [wad USD] that the vault got
    assets: int256  # that the vault got, own units


@deploy
def __init__(
    ledger: address, oracle: address, underlying: uint256, asset_index: uint256, asset: address, wrapped: bool
):
    """
    @param ledger The clearinghouse.
    @param asset_index Number of the asset there, and its token.
    @param wrapped Whether it is shares of an ERC-4626 whose asset is the underlying.
    """
    CLEARINGHOUSE = ledger
    ORACLE = oracle
    UNDERLYING = underlying
    ACCOUNT = convert(self, uint256) << 96
    ASSET_INDEX = asset_index
    WRAPPED = wrapped
    cash: address = staticcall Ledger(ledger).token_of(0)
    TOKEN = IERC20(asset)
    CASH = cash
    SCALE = 10 ** (18 - convert(staticcall IERC20Detailed(asset).decimals(), uint256))
    CASH_SCALE = 10 ** (18 - convert(staticcall IERC20Detailed(cash).decimals(), uint256))
    extcall IERC20(asset).approve(ledger, max_value(uint256), default_return_value=True)
    if asset != cash:
        extcall IERC20(cash).approve(ledger, max_value(uint256), default_return_value=True)
    unit: uint256 = WAD
    if wrapped:
        inner: address = staticcall IERC4626(asset).asset()
        unit = 10 ** convert(staticcall IERC20Detailed(inner).decimals(), uint256)
    UNIT_BELOW = unit


# -- internals --


@internal
def _bring(assets: uint256):
    """
    @notice Moves assets into the account.
    """
    extcall Ledger(CLEARINGHOUSE).deposit(ACCOUNT, ASSET_INDEX, assets)


@internal
def _fetch(assets: uint256, receiver: address):
    """
    @notice Moves assets, if any, out of the account.
    """
    if assets != 0:
        extcall Ledger(CLEARINGHOUSE).withdraw(ACCOUNT, ASSET_INDEX, assets, receiver)


@internal
def _exchange(cash: uint256, limit: uint256) -> uint256:
    """
    @notice The caller brings cash that the vault owes for assets, or assets for cash that it has.
    @param cash In units of the stablecoin.
    @param limit In units of the asset: the least to get, or the most to bring.
    @return The assets moved.
    """
    ledger: Ledger = Ledger(CLEARINGHOUSE)
    amount: uint256 = cash * CASH_SCALE
    balance: int256 = self._cash()
    unit: uint256 = self._served_price() * SCALE
    assets: uint256 = 0
    if balance < 0:
        # The last unit may be more than is owed.
        assert amount < convert(-balance, uint256) + CASH_SCALE, "vault: more than is owed"
        assets = amount * WAD * (BPS + EDGE) // (unit * BPS)
        assert assets >= limit, "vault: beyond limit"
        moved: bool = extcall IERC20(CASH).transferFrom(msg.sender, self, cash, default_return_value=True)
        assert moved, "vault: transfer failed"
        extcall ledger.deposit(ACCOUNT, 0, cash)
        extcall ledger.withdraw(ACCOUNT, ASSET_INDEX, assets, msg.sender)
        log Exchanged(account=msg.sender, cash=convert(amount, int256), assets=-convert(assets, int256))
    else:
        assert amount <= convert(balance, uint256), "vault: more than there is"
        divisor: uint256 = unit * BPS
        assets = (amount * WAD * (BPS - EDGE) + divisor - 1) // divisor
        assert assets <= limit, "vault: beyond limit"
        moved: bool = extcall TOKEN.transferFrom(msg.sender, self, assets, default_return_value=True)
        assert moved, "vault: transfer failed"
        extcall ledger.deposit(ACCOUNT, ASSET_INDEX, assets)
        extcall ledger.withdraw(ACCOUNT, 0, cash, msg.sender)
        log Exchanged(account=msg.sender, cash=-convert(amount, int256), assets=convert(assets, int256))
    return assets


@internal
@view
def _here() -> uint256:
    """
    @return Assets that lie in the vault itself.
    """
    return staticcall TOKEN.balanceOf(self)


@internal
@view
def _cash() -> int256:
    """
    @return [wad USD] cash of the account, negative when it owes.
    """
    return staticcall IClearinghouse(CLEARINGHOUSE).cash_of(ACCOUNT)


@internal
@view
def _held() -> uint256:
    """
    @return [wad] of the asset in the account.
    """
    if ASSET_INDEX == 0:
        return convert(max(self._cash(), 0), uint256)
    for word: uint256 in staticcall IClearinghouse(CLEARINGHOUSE).holdings_of(ACCOUNT):
        if word >> 248 == ASSET_INDEX:
            return word & (2**248 - 1)
    return 0


@internal
@view
def _held_units() -> uint256:
    """
    @return The same in the asset's own units.
    """
    return self._held() // SCALE


@internal
@view
def _served_price() -> uint256:
    """
    @return [wad USD] of one whole asset; reverts when the oracle serves no price.
    """
    if ASSET_INDEX == 0:
        return WAD
    return self._with_wrapping((staticcall IOracle(ORACLE).price(UNDERLYING))[0])


@internal
@view
def _served_value(assets: uint256) -> uint256:
    """
    @return [wad USD] of assets; reverts when the oracle serves no price.
    """
    return assets * SCALE * self._served_price() // WAD


@internal
@view
def _assets_for(worth: uint256, most: uint256) -> uint256:
    """
    @param worth [wad USD]
    @param most [wad] of the asset.
    @return Assets that are worth so much, at most so many; reverts when the oracle serves no price.
    """
    return min(worth * WAD // self._served_price(), most) // SCALE


@internal
@view
def _with_wrapping(price: uint256) -> uint256:
    if not WRAPPED:
        return price
    return price * staticcall IERC4626(TOKEN.address).convertToAssets(WAD // SCALE) // UNIT_BELOW


@internal
@view
def _worth() -> uint256:
    """
    @return What the account is worth at its marks, in units of the asset.
    """
    worth: int256 = (staticcall IClearinghouse(CLEARINGHOUSE).health(ACCOUNT)).equity
    price: uint256 = WAD
    if ASSET_INDEX != 0:
        price = self._with_wrapping((staticcall IOracle(ORACLE).spot(UNDERLYING))[0])
    return convert(max(worth, 0), uint256) * WAD // max(price * SCALE, 1)
