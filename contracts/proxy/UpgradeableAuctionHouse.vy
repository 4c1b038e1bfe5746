# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title UpgradeableAuctionHouse
@license AGPL-3.0-only
@notice The auction house as code behind a proxy: the same but for the arithmetic of curves, which needs no
        storage and has no room here (curves.vy).
@custom:trust See AuctionHouse.vy and upgrades.vy.
@custom:kill None of its own.
@custom:rounding None of its own.
"""

from snekmate.auth import ownable

from ..auction import AuctionHouse
from ..auction import rules
from ..interfaces import IClearinghouse
from . import upgrades

initializes: AuctionHouse
uses: rules
initializes: upgrades[ownable := ownable]

exports: (
    AuctionHouse.start,
    AuctionHouse.restart,
    AuctionHouse.pause,
    AuctionHouse.resume,
    AuctionHouse.finish,
    AuctionHouse.provide,
    AuctionHouse.announce,
    AuctionHouse.nominate,
    AuctionHouse.deleverage,
    AuctionHouse.bid,
    AuctionHouse.set_rules,
    AuctionHouse.choose_rules,
    AuctionHouse.set_grace,
    AuctionHouse.transfer_ownership,
    AuctionHouse.owner,
    AuctionHouse.preview,
    AuctionHouse.rules_of,
    AuctionHouse.rules_version,
    AuctionHouse.version_of,
    AuctionHouse.announced,
    AuctionHouse.ranked,
    AuctionHouse.LEDGER,
    AuctionHouse.oracle,
    AuctionHouse.grace,
    AuctionHouse.running,
    AuctionHouse.provisions,
    upgrades.upgradeToAndCall,
    upgrades.proxiableUUID,
)


@deploy
def __init__(clearinghouse: IClearinghouse):
    AuctionHouse.__init__(clearinghouse, self)


@external
def initialize(owner: address, first: rules.Rules):
    """
    @notice What the constructor does to storage, behind a proxy. Once.
    @param first The rules with which auctions start.
    """
    upgrades._initialise(owner)
    rules._set_rules(first)
