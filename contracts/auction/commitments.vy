# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Commitments: sealed orders and what stands behind them
@license AGPL-3.0-only
@notice Money is brought once and backs one commitment after another. A commitment binds a part of it,
        its bond, until its order was settled; a bond that is forfeited goes to the security fund.
        Commitments are kept by who made them, so nobody can occupy another's.
        Accounts have numbers here, which fit an order's word: the first account of who brings money
        from then on, any other from its first order on.
@dev Amounts in UNIT = 1e-9 USD inside, in the token's own units at the edge.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

MASK_96: constant(uint256) = 2**96 - 1
MAX_NUMBER: constant(uint256) = 2**40 - 1


interface Ledger:
    def token_of(asset: uint256) -> address: view
    def FUND() -> uint256: view
    def deposit(account: uint256, asset: uint256, amount: uint256): nonpayable


CLEARINGHOUSE: public(immutable(address))
TOKEN: immutable(IERC20)
# [wad] of the token's smallest unit
SCALE: immutable(uint256)
UNIT: constant(uint256) = 10**9

# Who -> number of its first account | 96 bits: [UNIT] that it may commit or take back
purses: HashMap[address, uint256]
# Account -> number, of all but first ones
numbers: HashMap[uint256, uint256]
# Number -> account; none has number 0
accounts: HashMap[uint256, uint256]
last_number: uint256
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
    assert wad // UNIT + (self.purses[msg.sender] & MASK_96) <= MASK_96, "batch: amount too large"
    self._credit(msg.sender, wad // UNIT)
    self._number(convert(msg.sender, uint256) << 96)
    before: uint256 = staticcall TOKEN.balanceOf(self)
    moved: bool = extcall TOKEN.transferFrom(msg.sender, self, amount, default_return_value=True)
    self._require_moved(moved and staticcall TOKEN.balanceOf(self) - before == amount)


@external
def take(amount: uint256):
    """
    @notice Takes money back that no commitment binds.
    @param amount In the token's own units, whole 1e-9 USD.
    """
    wad: uint256 = amount * SCALE
    assert wad % UNIT == 0, "batch: amount too fine"
    self._debit(msg.sender, wad // UNIT)
    moved: bool = extcall TOKEN.transfer(msg.sender, amount, default_return_value=True)
    self._require_moved(moved)


@external
def sweep():
    """
    @notice Brings what was forfeited into the security fund.
    """
    tokens: uint256 = self.forfeited * UNIT // SCALE
    self.forfeited -= tokens * SCALE // UNIT
    extcall Ledger(CLEARINGHOUSE).deposit(staticcall Ledger(CLEARINGHOUSE).FUND(), 0, tokens)


# -- views --


@external
@view
def free(owner: address) -> uint256:
    """
    @return [UNIT] that somebody may commit or take back.
    """
    return self.purses[owner] & MASK_96


# -- internals --


@internal
def _number(account: uint256) -> uint256:
    """
    @return What an account is called in an order's word; the next number for a new one.
    """
    owner: address = convert(account >> 96, address)
    first: bool = account & MASK_96 == 0
    number: uint256 = self.purses[owner] >> 96 if first else self.numbers[account]
    if number == 0:
        number = self.last_number + 1
        # Each takes a slot: there are never so many.
        assert number <= MAX_NUMBER
        self.last_number = number
        self.accounts[number] = account
        if first:
            self.purses[owner] |= number << 96
        else:
            self.numbers[account] = number
    return number


@internal
def _credit(owner: address, amount: uint256):
    # Money of a token: far below 2**96.
    self.purses[owner] += amount


@internal
def _debit(owner: address, amount: uint256):
    purse: uint256 = self.purses[owner]
    assert amount <= purse & MASK_96, "batch: not enough free"
    self.purses[owner] = unsafe_sub(purse, amount)


@internal
def _commit(epoch: uint256, sealed: bytes32, bond: uint256):
    assert self.commitment[msg.sender][sealed] == 0, "batch: committed already"
    self._bind(msg.sender, bond)
    # A bond is below 2**64.
    self.commitment[msg.sender][sealed] = (epoch << 96) | bond
    log Committed(owner=msg.sender, epoch=epoch, sealed=sealed, bond=bond)


@internal
def _bind(owner: address, bond: uint256):
    """
    @param bond [UNIT]
    """
    assert bond < 2**64, "batch: bond out of range"
    self._debit(owner, bond)


@internal
def _close(owner: address, sealed: bytes32, epoch: uint256) -> uint256:
    """
    @notice Ends a commitment, of this epoch if one is named.
    @return Its word.
    """
    word: uint256 = self.commitment[owner][sealed]
    assert word != 0 and (epoch == 0 or word >> 96 == epoch), "batch: no such commitment"
    self.commitment[owner][sealed] = 0
    return word


@internal
def _forfeit(owner: address, amount: uint256):
    self.forfeited += amount
    log Forfeited(owner=owner, amount=amount)


@internal
@pure
def _require_moved(moved: bool):
    assert moved, "batch: transfer failed"
