# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title YieldVault
@license AGPL-3.0-only
@notice ERC-4626 vault for trials and simulations of yield-bearing collateral. Its yield is whatever
        is transferred to it: each share is then worth more of the asset.
@dev snekmate's vault as it is; one virtual share and one virtual unit of the asset against the
     first depositor's inflation.
@custom:trust Nobody: there is no owner and no way out but by shares.
@custom:kill None.
@custom:rounding In favour of those who stay (EIP-4626).
"""

from ethereum.ercs import IERC20
from snekmate.extensions import erc4626

initializes: erc4626

exports: erc4626.__interface__


@deploy
def __init__(name: String[25], symbol: String[5], asset: IERC20):
    """
    @param asset Token that is deposited; the shares have as many decimals.
    """
    erc4626.__init__(name, symbol, asset, 0, name, "1")
