# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Commitments: sealed orders and what stands behind them
@license AGPL-3.0-only
@notice Money is brought once and backs one commitment after another. A commitment binds a part of it,
        its bond, until its order was settled; a bond that is forfeited goes to the security fund.
        Commitments are kept by who made them, so nobody can occupy another's.
@dev Amounts in UNIT = 1e-9 USD inside, in the token's own units at the edge.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

MASK_96: constant(uint256) = 2**96 - 1


interface Ledger:
    def token_of(asset: uint256) -> address: view
    def FUND() -> uint256: view
    def deposit(account: uint256, asset: uint256, amount: uint256): nonpayable


CLEARINGHOUSE: immutable(address)
TOKEN: immutable(IERC20)
# [wad] of the token's smallest unit
SCALE: immutable(uint256)
UNIT: constant(uint256) = 10**9

# [UNIT] that somebody may commit or take back.
free: public(HashMap[address, uint256])
# [UNIT] forfeited, not yet in the fund.
forfeited: public(uint256)
# who -> hash -> epoch << 96 | bond [UNIT]
commitment: public(HashMap[address, HashMap[bytes32, uint256]])


event Committed:
    owner: indexed(address)
    epoch: indexed(uint256)
    sealed: bytes32
    bond: uint256  # [UNIT]


event Forfeited:
    owner: indexed(address)
    amount: uint256  # [UNIT]


@deploy
def __init__(clearinghouse: address):
    CLEARINGHOUSE = clearinghouse
    token: address = staticcall Ledger(clearinghouse).token_of(0)
    TOKEN = IERC20(token)
    SCALE = 10 ** (18 - convert(staticcall IERC20Detailed(token).decimals(), uint256))
    extcall IERC20(token).approve(clearinghouse, max_value(uint256), default_return_value=True)


@external
def bring(amount: uint256):
    """
    @notice Brings money for bonds.
    @param amount In the token's own units, whole 1e-9 USD.
    """
    wad: uint256 = amount * SCALE
    assert wad != 0 and wad % UNIT == 0, "batch: amount too fine"
    self.free[msg.sender] += wad // UNIT
    before: uint256 = staticcall TOKEN.balanceOf(self)
    moved: bool = extcall TOKEN.transferFrom(msg.sender, self, amount, default_return_value=True)
    assert moved and staticcall TOKEN.balanceOf(self) - before == amount, "batch: transfer failed"


@external
def take(amount: uint256):
    """
    @notice Takes money back that no commitment binds.
    @param amount In the token's own units, whole 1e-9 USD.
    """
    wad: uint256 = amount * SCALE
    assert wad % UNIT == 0, "batch: amount too fine"
    assert wad // UNIT <= self.free[msg.sender], "batch: not enough free"
    self.free[msg.sender] -= wad // UNIT
    moved: bool = extcall TOKEN.transfer(msg.sender, amount, default_return_value=True)
    assert moved, "batch: transfer failed"


@external
def sweep():
    """
    @notice Brings what was forfeited into the security fund.
    """
    tokens: uint256 = self.forfeited * UNIT // SCALE
    self.forfeited -= tokens * SCALE // UNIT
    extcall Ledger(CLEARINGHOUSE).deposit(staticcall Ledger(CLEARINGHOUSE).FUND(), 0, tokens)


@internal
def _commit(epoch: uint256, sealed: bytes32, bond: uint256):
    assert self.commitment[msg.sender][sealed] == 0, "batch: committed already"
    self._bind(msg.sender, bond)
    # `free` is money of a token: below 2**96.
    self.commitment[msg.sender][sealed] = (epoch << 96) | bond
    log Committed(owner=msg.sender, epoch=epoch, sealed=sealed, bond=bond)


@internal
def _bind(owner: address, bond: uint256):
    """
    @param bond [UNIT]
    """
    assert bond < 2**64, "batch: bond out of range"
    assert bond <= self.free[owner], "batch: not enough free"
    self.free[owner] -= bond


@internal
def _open(epoch: uint256, sealed: bytes32) -> uint256:
    """
    @notice Ends the caller's commitment of an epoch.
    @return Its bond [UNIT].
    """
    word: uint256 = self.commitment[msg.sender][sealed]
    assert word != 0 and word >> 96 == epoch, "batch: no such commitment"
    self.commitment[msg.sender][sealed] = 0
    return word & MASK_96


@internal
def _forfeit(owner: address, amount: uint256):
    self.forfeited += amount
    log Forfeited(owner=owner, amount=amount)
