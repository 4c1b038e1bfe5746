# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title VaultQueue
@license AGPL-3.0-only
@notice Who wants into or out of a vault in the midst of a round waits here. Once the vault opens, anyone
        has the whole batch of waiting requests served, in one deposit and one redemption: so each
        gets what it would have had at that moment, to the wei below, however many there are and
        whoever calls. What was served is claimed whenever one likes.
        The way of ERC-7540 (asynchronous ERC-4626), over any ERC-4626.
@dev Redeemed first, then deposited: between the two no share's value moves but by rounding in favour of
     those who stay.
@custom:trust The vault.
@custom:kill None: what waits can be cancelled, what was served can be claimed.
@custom:rounding Down for who claims.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC4626

VAULT: public(immutable(IERC4626))
ASSET: immutable(IERC20)


struct Batch:
    assets: uint256  # brought
    shares: uint256  # brought
    shares_made: uint256
    assets_paid: uint256


# The batch that is being filled; those before it were served.
current: public(uint256)
batches: public(HashMap[uint256, Batch])
# batch -> owner -> what it brought and did not claim
assets_of: public(HashMap[uint256, HashMap[address, uint256]])
shares_of: public(HashMap[uint256, HashMap[address, uint256]])


event Requested:
    owner: indexed(address)
    batch: indexed(uint256)
    assets: uint256
    shares: uint256


event Cancelled:
    owner: indexed(address)
    batch: indexed(uint256)
    assets: uint256
    shares: uint256


event Served:
    batch: indexed(uint256)
    assets: uint256
    shares_made: uint256
    shares: uint256
    assets_paid: uint256


event Claimed:
    owner: indexed(address)
    batch: indexed(uint256)
    assets: uint256
    shares: uint256


@deploy
def __init__(vault: IERC4626):
    VAULT = vault
    ASSET = IERC20(staticcall vault.asset())
    extcall ASSET.approve(vault.address, max_value(uint256), default_return_value=True)


@external
def request(assets: uint256, shares: uint256) -> uint256:
    """
    @notice Brings assets to become shares, shares to become assets, or both.
    @return The batch.
    """
    assert assets | shares != 0, "queue: nothing brought"
    id: uint256 = self.current
    self.batches[id].assets += assets
    self.batches[id].shares += shares
    self.assets_of[id][msg.sender] += assets
    self.shares_of[id][msg.sender] += shares
    log Requested(owner=msg.sender, batch=id, assets=assets, shares=shares)
    if assets != 0:
        self._pull(ASSET, assets)
    if shares != 0:
        self._pull(IERC20(VAULT.address), shares)
    return id


@external
def cancel():
    """
    @notice Takes back all that waits of the caller.
    """
    id: uint256 = self.current
    assets: uint256 = self.assets_of[id][msg.sender]
    shares: uint256 = self.shares_of[id][msg.sender]
    assert assets | shares != 0, "queue: nothing waits"
    self.assets_of[id][msg.sender] = 0
    self.shares_of[id][msg.sender] = 0
    self.batches[id].assets -= assets
    self.batches[id].shares -= shares
    log Cancelled(owner=msg.sender, batch=id, assets=assets, shares=shares)
    self._push(assets, shares, msg.sender)


@external
def serve():
    """
    @notice Serves the batch, for anyone who calls while the vault is open.
    """
    id: uint256 = self.current
    batch: Batch = self.batches[id]
    assert batch.assets | batch.shares != 0, "queue: nothing waits"
    self.current = id + 1
    if batch.shares != 0:
        batch.assets_paid = extcall VAULT.redeem(batch.shares, self, self)
    if batch.assets != 0:
        batch.shares_made = extcall VAULT.deposit(batch.assets, self)
    self.batches[id] = batch
    log Served(
        batch=id,
        assets=batch.assets,
        shares_made=batch.shares_made,
        shares=batch.shares,
        assets_paid=batch.assets_paid,
    )


@external
def claim(id: uint256, owner: address):
    """
    @notice Pays an owner what its requests in a batch that was served came to.
    """
    assert id < self.current, "queue: not served yet"
    assets: uint256 = 0
    shares: uint256 = 0
    assets, shares = self._due(id, owner)
    assert self.assets_of[id][owner] | self.shares_of[id][owner] != 0, "queue: nothing to claim"
    self.assets_of[id][owner] = 0
    self.shares_of[id][owner] = 0
    log Claimed(owner=owner, batch=id, assets=assets, shares=shares)
    self._push(assets, shares, owner)


@external
@view
def due(id: uint256, owner: address) -> (uint256, uint256):
    """
    @return Assets and shares that an owner may claim of a batch that was served.
    """
    return self._due(id, owner)


@internal
@view
def _due(id: uint256, owner: address) -> (uint256, uint256):
    batch: Batch = self.batches[id]
    return (
        self.shares_of[id][owner] * batch.assets_paid // max(batch.shares, 1),
        self.assets_of[id][owner] * batch.shares_made // max(batch.assets, 1),
    )


@internal
def _pull(token: IERC20, amount: uint256):
    moved: bool = extcall token.transferFrom(msg.sender, self, amount, default_return_value=True)
    assert moved, "queue: transfer failed"


@internal
def _push(assets: uint256, shares: uint256, receiver: address):
    moved: bool = True
    if assets != 0:
        moved = extcall ASSET.transfer(receiver, assets, default_return_value=True)
    if shares != 0:
        moved = moved and extcall IERC20(VAULT.address).transfer(receiver, shares, default_return_value=True)
    assert moved, "queue: transfer failed"
