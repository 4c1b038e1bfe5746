# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Shares of a vault
@license AGPL-3.0-only
@notice ERC-20 shares (snekmate's), how many a deposit makes, what they pay, and the fee of new gains.
        A virtual holder of VIRTUAL shares and one unit of the asset makes gifts useless to whoever
        came first (OpenZeppelin's defence against inflation): shares have six decimals more than the
        asset, so a depositor loses at most a millionth of what somebody gives away.
@dev What all assets are is the unit's to say. snekmate's erc4626 is not used, since it counts the
     tokens at hand only.
@custom:rounding In favour of those who stay (EIP-4626).
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC4626
from snekmate.auth import ownable
from snekmate.tokens import erc20
from snekmate.utils import math

uses: ownable
initializes: erc20[ownable := ownable]

exports: (
    erc20.totalSupply,
    erc20.balanceOf,
    erc20.transfer,
    erc20.transferFrom,
    erc20.approve,
    erc20.allowance,
    erc20.name,
    erc20.symbol,
    erc20.decimals,
    erc20.permit,
    erc20.nonces,
    erc20.DOMAIN_SEPARATOR,
    erc20.eip712Domain,
)

WAD: constant(uint256) = 10**18
BPS: constant(uint256) = 10**4
VIRTUAL: constant(uint256) = 10**6
MAX_FEE: constant(uint256) = 2_000

asset: public(immutable(address))

fee: public(uint256)  # [bps] of new gains
# [1e-36 assets a share] the highest that a share was worth at the end of a round.
mark: public(uint256)


event FeeSet:
    old: uint256  # [bps]
    new: uint256  # [bps]


@deploy
def __init__(name: String[25], symbol: String[5], token: address, decimals: uint8):
    """
    @param decimals Of the token.
    """
    erc20.__init__(name, symbol, decimals + 6, name, "1")
    asset = token
    self.mark = WAD * WAD // VIRTUAL


@external
def set_fee(fee: uint256):
    """
    @param fee [bps] of what a share is worth more than ever before, charged at the end of rounds; at
           most a fifth.
    """
    ownable._check_owner()
    assert fee <= MAX_FEE, "vault: fee too high"
    log FeeSet(old=self.fee, new=fee)
    self.fee = fee


@internal
@view
def _to_shares(assets: uint256, total: uint256, up: bool) -> uint256:
    """
    @param total All assets.
    """
    return math._mul_div(assets, erc20.totalSupply + VIRTUAL, total + 1, up)


@internal
@view
def _to_assets(shares: uint256, total: uint256, up: bool) -> uint256:
    return math._mul_div(shares, total + 1, erc20.totalSupply + VIRTUAL, up)


@internal
def _enter(assets: uint256, shares: uint256, receiver: address):
    moved: bool = extcall IERC20(asset).transferFrom(msg.sender, self, assets, default_return_value=True)
    assert moved, "vault: transfer failed"
    erc20._mint(receiver, shares)
    log IERC4626.Deposit(sender=msg.sender, owner=receiver, assets=assets, shares=shares)


@internal
def _exit(assets: uint256, shares: uint256, receiver: address, owner: address):
    if msg.sender != owner:
        erc20._spend_allowance(owner, msg.sender, shares)
    erc20._burn(owner, shares)
    moved: bool = extcall IERC20(asset).transfer(receiver, assets, default_return_value=True)
    assert moved, "vault: transfer failed"
    log IERC4626.Withdraw(sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=shares)


@internal
def _charge(assets: uint256) -> uint256:
    """
    @notice Makes shares for the owner, of what a share is worth more than ever before.
    @param assets All of them.
    @return How many.
    """
    total: uint256 = assets + 1
    supply: uint256 = erc20.totalSupply + VIRTUAL
    value: uint256 = total * WAD * WAD // supply
    if value <= self.mark:
        return 0
    gain: uint256 = math._mul_div(value - self.mark, supply, WAD * WAD, False)
    taken: uint256 = gain * self.fee // BPS
    shares: uint256 = taken * supply // (total - taken)
    if shares != 0:
        erc20._mint(ownable.owner, shares)
    self.mark = max(self.mark, total * WAD * WAD // (supply + shares))
    return shares
