# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title The back office of a next version: one more variable, one more function
@license AGPL-3.0-only
"""

from snekmate.auth import ownable

from ...contracts.clearing import BackOffice
from ...contracts.interfaces import IInterestCurve
from ...contracts.interfaces import IListing
from ...contracts.interfaces import IOperators
from ...contracts.interfaces import IOracle
from ...contracts.proxy import upgrades

# Declared first, and yet behind all others: the layout file says so.
generation: public(uint256)

initializes: BackOffice
uses: ownable
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
@reentrant
def migrate(generation: uint256):
    ownable._check_owner()
    self.generation = generation
