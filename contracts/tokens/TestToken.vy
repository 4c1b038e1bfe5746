# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title TestToken
@license AGPL-3.0-only
@notice ERC-20 with EIP-2612 permits for trials and simulations: anyone mints as much as it likes.
        The decimals are the deployer's choice, as stablecoins have 6, wrapped bitcoin 8 and most 18.
@dev snekmate's token with its restricted mint left out and an open one in its place.
@custom:trust Worth nothing: the supply is unlimited.
@custom:kill None.
@custom:rounding None: whole token units only.
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
    erc20.eip712Domain,
)


@deploy
def __init__(name: String[25], symbol: String[5], decimals: uint8):
    """
    @param decimals Digits after the point; 6, 8 and 18 are in use.
    """
    # The module wants an owner; nothing that asks for one is exported.
    ownable.__init__()
    erc20.__init__(name, symbol, decimals, name, "1")


@external
def mint(recipient: address, amount: uint256):
    """
    @notice Creates tokens out of nothing, for anyone.
    @param amount [token units]
    """
    erc20._mint(recipient, amount)
