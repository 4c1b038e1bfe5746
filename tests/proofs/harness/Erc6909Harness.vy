# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title tokens/erc6909.vy with open minting and burning
@license AGPL-3.0-only
"""

from ....contracts.tokens import erc6909

initializes: erc6909

exports: (
    erc6909.transfer,
    erc6909.transferFrom,
    erc6909.approve,
    erc6909.setOperator,
    erc6909.balanceOf,
    erc6909.allowance,
    erc6909.isOperator,
    erc6909.supportsInterface,
)


@deploy
def __init__():
    erc6909.__init__(empty(address))


@external
def mint(receiver: address, id: uint256, amount: uint256):
    erc6909._move(msg.sender, empty(address), receiver, id, amount)


@external
def burn(sender: address, id: uint256, amount: uint256):
    erc6909._move(msg.sender, sender, empty(address), id, amount)
