# pragma version 0.4.3
"""
@title Lens
@license AGPL-3.0-only
@notice Reads many accounts in one call, for keepers, liquidators and notebooks.
@dev Holds nothing and may be replaced at any time.
"""

from ..interfaces import IClearinghouse
from ..interfaces import IMarginEngine

CLEARINGHOUSE: public(immutable(IClearinghouse))


@deploy
def __init__(clearinghouse: IClearinghouse):
    CLEARINGHOUSE = clearinghouse


@external
@view
def healths(accounts: DynArray[uint256, 256]) -> DynArray[IMarginEngine.Health, 256]:
    """
    @notice The health of each account, in the order asked for.
    """
    judged: DynArray[IMarginEngine.Health, 256] = []
    for account: uint256 in accounts:
        judged.append(staticcall CLEARINGHOUSE.health(account))
    return judged
