# pragma version 0.4.3
"""
@title Code for a proxy that gives everything away
@license AGPL-3.0-only
"""

from ethereum.ercs import IERC20

SLOT: constant(bytes32) = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc


@external
@view
def proxiableUUID() -> bytes32:
    return SLOT


@external
def loot(token: address):
    extcall IERC20(token).transfer(msg.sender, staticcall IERC20(token).balanceOf(self))
