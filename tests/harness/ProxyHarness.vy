# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The smallest code for a proxy, and what calls through it can do
@license AGPL-3.0-only
"""

from snekmate.auth import ownable

from ...contracts.proxy import upgrades

initializes: ownable
initializes: upgrades[ownable := ownable]

exports: (
    ownable.owner,
    ownable.transfer_ownership,
    upgrades.upgradeToAndCall,
    upgrades.proxiableUUID,
)

number: public(uint256)


@deploy
def __init__():
    ownable.__init__()
    ownable._transfer_ownership(self)


@external
def initialize(owner: address):
    upgrades._initialise(owner)


@external
@view
def words(count: uint256) -> DynArray[uint256, 200]:
    found: DynArray[uint256, 200] = []
    for i: uint256 in range(count, bound=200):
        found.append(i)
    return found


@external
def fail(reason: String[100]):
    raise reason


@external
@payable
def pay() -> uint256:
    self.number += msg.value
    return self.number


@external
def store(number: uint256):
    self.number = number


@external
@reentrant
def migrate(number: uint256):
    ownable._check_owner()
    self.number = number
