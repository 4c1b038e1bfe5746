# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Upgrades: the half of an ERC-1967 proxy that is code of the implementation (UUPS, ERC-1822)
@license AGPL-3.0-only
@notice The owner replaces the implementation behind the proxy; another one must say that it is made for
        a proxy, so that none becomes stuck with code that cannot be upgraded again.
@dev The file X.layout.json of each unit puts `implementation` on the slot of ERC-1967 and keeps every
     other variable on its slot in all versions. In an implementation's own storage it is empty, by
     which it is known that nothing there is behind a proxy. The owner there is the implementation
     itself, so nobody can initialise or own it.
     The call that migrates storage runs under the lock: its function must be @reentrant, and ask for
     the owner.
@custom:trust The owner: the timelock, after its delay and unless the guardian vetoes.
@custom:invariant U1 a unit is initialised once.
"""

from snekmate.auth import ownable

uses: ownable


interface Upgradeable:
    def proxiableUUID() -> bytes32: view


# keccak256("eip1967.proxy.implementation") - 1
SLOT: constant(bytes32) = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc
MAX_DATA: constant(uint256) = 1_024


implementation: address


event Upgraded:
    implementation: indexed(address)


# -- owner --


@external
def upgradeToAndCall(newImplementation: address, data: Bytes[MAX_DATA]):
    """
    @notice Runs other code from now on, in the same storage.
    @param data A call of the new code that brings the storage up to date; empty for none.
    """
    ownable._check_owner()
    assert self.implementation != empty(address), "upgrade: not a proxy"
    assert staticcall Upgradeable(newImplementation).proxiableUUID() == SLOT, "upgrade: not upgradeable"
    self.implementation = newImplementation
    log Upgraded(implementation=newImplementation)
    if len(data) != 0:
        raw_call(newImplementation, data, is_delegate_call=True)


# -- views --


@external
@view
@reentrant
def proxiableUUID() -> bytes32:
    """
    @notice Where the implementation's address is; refused through a proxy, so that a proxy cannot become
            its own implementation (ERC-1822).
    """
    assert self.implementation == empty(address), "upgrade: through a proxy"
    return SLOT


# -- internals --


@internal
def _initialise(owner: address):
    """
    @notice Gives the storage behind a proxy its owner; the unit sets the rest.
    """
    assert ownable.owner == empty(address), "upgrade: already initialised"
    assert owner != empty(address), "upgrade: no owner"
    ownable._transfer_ownership(owner)
