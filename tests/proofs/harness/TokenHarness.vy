# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title tokens/TestToken.vy, which anyone may burn of as well
@license AGPL-3.0-only
"""

from snekmate.auth import ownable
from snekmate.tokens import erc20

initializes: ownable
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
)


@deploy
def __init__(name: String[25], symbol: String[5], decimals: uint8):
    ownable.__init__()
    erc20.__init__(name, symbol, decimals, name, "1")


@external
def mint(recipient: address, amount: uint256):
    erc20._mint(recipient, amount)


@external
def burn(owner: address, amount: uint256):
    erc20._burn(owner, amount)
