# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title UpgradeableFixingCourt
@license AGPL-3.0-only
@notice The fixing court as code behind a proxy. Bond, window and beneficiary belong to the code: a proposal
        keeps its deadline when another window comes, and its bonds are those of the code that settles it,
        so an upgrade keeps the bond.
@custom:trust See FixingCourt.vy and upgrades.vy.
@custom:kill None of its own.
@custom:rounding None of its own.
"""

from snekmate.auth import ownable

from ..oracle import FixingCourt
from . import upgrades

initializes: FixingCourt
initializes: upgrades[ownable := ownable]

exports: (
    FixingCourt.__interface__,
    upgrades.upgradeToAndCall,
    upgrades.proxiableUUID,
)


@deploy
def __init__(
    oracle: FixingCourt.PriceOracle, token: FixingCourt.Token, bond: uint256, window: uint256, beneficiary: address
):
    FixingCourt.__init__(oracle, token, bond, window, beneficiary, self)


@external
def initialize(owner: address):
    """
    @notice Gives the court behind a proxy its owner. Once.
    """
    upgrades._initialise(owner)
