# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title LongToken
@license AGPL-3.0-only
@notice ERC-20 face of one id of a hub (`LongTokens.vy`): a wrapped option for wallets and pools that
        know nothing else. Balances and allowances are the hub's; here is only which hub and id.
@dev Made by the hub as a minimal proxy (ERC-1167), so it has no constructor of its own; the contract
     whose code the proxies run is closed at deployment.
@custom:trust The hub alone; nobody owns this.
@custom:kill None.
@custom:rounding None: whole units only.
"""

from ethereum.ercs import IERC20
from ..interfaces import ILongToken

implements: IERC20
implements: ILongToken


interface Hub:
    def relay_transfer(sender: address, receiver: address, id: uint256, amount: uint256): nonpayable
    def relay_transfer_from(caller: address, sender: address, receiver: address, id: uint256, amount: uint256): nonpayable
    def relay_approve(caller: address, spender: address, id: uint256, amount: uint256): nonpayable
    def balanceOf(owner: address, id: uint256) -> uint256: view
    def allowance(owner: address, spender: address, id: uint256) -> uint256: view
    def totalSupply(id: uint256) -> uint256: view
    def name(id: uint256) -> String[94]: view
    def symbol(id: uint256) -> String[94]: view


hub: public(address)
id: public(uint256)


@deploy
def __init__():
    self.hub = self


# -- the hub --


@external
def initialize(id: uint256):
    """
    @notice See ILongToken.
    """
    assert self.hub == empty(address), "token: already initialised"
    self.hub = msg.sender
    self.id = id


@external
@reentrant
def announce(sender: address, receiver: address, amount: uint256):
    """
    @notice See ILongToken. In the midst of a transfer of this contract, or of any call of the hub.
    """
    assert msg.sender == self.hub, "token: not the hub"
    log IERC20.Transfer(sender=sender, receiver=receiver, value=amount)


# -- holders --


@external
def transfer(receiver: address, amount: uint256) -> bool:
    extcall Hub(self.hub).relay_transfer(msg.sender, receiver, self.id, amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    extcall Hub(self.hub).relay_transfer_from(msg.sender, owner, receiver, self.id, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    extcall Hub(self.hub).relay_approve(msg.sender, spender, self.id, amount)
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True


# -- views --


@external
@view
def balanceOf(owner: address) -> uint256:
    return staticcall Hub(self.hub).balanceOf(owner, self.id)


@external
@view
def allowance(owner: address, spender: address) -> uint256:
    return staticcall Hub(self.hub).allowance(owner, spender, self.id)


@external
@view
def totalSupply() -> uint256:
    return staticcall Hub(self.hub).totalSupply(self.id)


@external
@view
def name() -> String[94]:
    return staticcall Hub(self.hub).name(self.id)


@external
@view
def symbol() -> String[94]:
    return staticcall Hub(self.hub).symbol(self.id)


@external
@pure
def decimals() -> uint8:
    """
    @notice Contracts are counted in wad.
    """
    return 18
