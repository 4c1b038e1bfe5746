# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title UpgradeableBackOffice
@license AGPL-3.0-only
@notice The back office of a clearinghouse behind a proxy: the same, and what upgrades it. The
        clearinghouse itself is the code that everybody uses, so what runs in every block pays for the
        proxy and for nothing else.
@dev A call to the proxy runs the clearinghouse, which hands on what it does not know, initialising and
     upgrading too; all three work on the proxy's storage, the first two by the same slots.
@custom:trust See BackOffice.vy and upgrades.vy.
@custom:kill None of its own.
@custom:rounding None of its own.
"""

from snekmate.auth import ownable

from ..clearing import BackOffice
from ..clearing import cash
from ..interfaces import IInterestCurve
from ..interfaces import IListing
from ..interfaces import IOperators
from ..interfaces import IOracle
from . import upgrades

initializes: BackOffice
uses: ownable
uses: cash
initializes: upgrades[ownable := ownable]

exports: (
    BackOffice.__interface__,
    upgrades.upgradeToAndCall,
    upgrades.proxiableUUID,
)


@deploy
def __init__(
    oracle: IOracle, listing: IListing, operators: IOperators, curve: IInterestCurve, cash_token: address
):
    BackOffice.__init__(oracle, listing, operators, curve, cash_token)
    ownable._transfer_ownership(self)


@external
def initialize(owner: address, curve: IInterestCurve):
    """
    @notice What the constructor of a clearinghouse does to storage, behind a proxy. Once.
    """
    upgrades._initialise(owner)
    cash.indices = (cash.RAY << 128) | cash.RAY
    cash._set_curve(curve, 0)
