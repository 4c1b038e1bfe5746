# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Bonds and orders of a vault in the batch auction
@license AGPL-3.0-only
@notice Keeps the order of a round from its seal to its end. A vault has no secrets: its order is public,
        and its salt is the number of the round. Whoever begins a round lends the bond; what comes
        back of it waits in the batch auction until the lender has it paid out, so that no lender can
        hold a round up by refusing tokens.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed


struct Leg:
    series: uint256
    ratio: int256


struct Order:
    # As BatchAuction.vy has it.
    account: uint256
    legs: DynArray[Leg, 4]
    units: uint256
    limit: int256


interface Batch:
    def CLEARINGHOUSE() -> address: view
    def LENGTH() -> uint256: view
    def RATE() -> uint256: view
    def is_over(id: uint256) -> bool: view
    def free(owner: address) -> uint256: view
    def orders(id: uint256) -> (uint256, uint256): view
    def seal(owner: address, order: Order, salt: bytes32) -> bytes32: view
    def bring(amount: uint256): nonpayable
    def take(amount: uint256): nonpayable
    def commit(sealed: bytes32, bond: uint256): nonpayable
    def reveal(order: Order, salt: bytes32, hint: uint256) -> uint256: nonpayable
    def release(ids: DynArray[uint256, 32]): nonpayable


interface Ledger:
    def token_of(asset: uint256) -> address: view


WAD: constant(uint256) = 10**18
BPS: constant(uint256) = 10**4
# [wad] what the batch auction counts bonds in.
UNIT: constant(uint256) = 10**9

BATCH: public(immutable(address))
CASH: immutable(address)
# [wad] of the stablecoin's smallest unit
CASH_SCALE: immutable(uint256)

order: public(Order)
order_id: public(uint256)
epoch: public(uint256)
revealed: public(bool)
# Who lent the bond of this round's order.
lender: public(address)
# [1e-9 USD] of bonds that came back, by lender and in all
owed: public(HashMap[address, uint256])
owed_to_all: uint256


@deploy
def __init__(batch: address):
    BATCH = batch
    CASH = staticcall Ledger(staticcall Batch(batch).CLEARINGHOUSE()).token_of(0)
    CASH_SCALE = 10 ** (18 - convert(staticcall IERC20Detailed(CASH).decimals(), uint256))
    extcall IERC20(CASH).approve(batch, max_value(uint256), default_return_value=True)


@external
def pay_back(lender: address):
    """
    @notice Pays a lender what came back of its bonds.
    """
    amount: uint256 = self.owed[lender]
    self.owed[lender] = 0
    self.owed_to_all -= amount
    # Whole tokens, as they were lent.
    tokens: uint256 = amount * UNIT // CASH_SCALE
    extcall Batch(BATCH).take(tokens)
    moved: bool = extcall IERC20(CASH).transfer(lender, tokens, default_return_value=True)
    assert moved, "vault: transfer failed"


@internal
def _seal(order: Order, price: uint256, bond: uint256, round: uint256):
    """
    @notice Seals an order with a bond that the caller lends.
    @param price [wad USD] of the underlying.
    @param bond In units of the stablecoin.
    """
    # What the batch will ask at the reveal, with room for a move of a tenth: so nobody begins rounds
    # that cannot trade for less than a bond.
    least: uint256 = order.units * len(order.legs) * price // WAD * staticcall Batch(BATCH).RATE() // BPS
    assert bond * CASH_SCALE >= least * 11 // 10, "vault: bond too small"
    self.order = order
    self.revealed = False
    self.lender = msg.sender
    self.epoch = block.timestamp // staticcall Batch(BATCH).LENGTH()
    moved: bool = extcall IERC20(CASH).transferFrom(msg.sender, self, bond, default_return_value=True)
    assert moved, "vault: transfer failed"
    extcall Batch(BATCH).bring(bond)
    sealed: bytes32 = staticcall Batch(BATCH).seal(self, order, convert(round, bytes32))
    extcall Batch(BATCH).commit(sealed, bond * CASH_SCALE // UNIT)
    # As BatchAuction.orders has it.
    id: uint256 = (self.epoch << 225) | (convert(sealed, uint256) & (2**64 - 1))
    if len(order.legs) == 1:
        id |= (order.legs[0].series << 65) | (convert(order.legs[0].ratio < 0, uint256) << 64)
    self.order_id = id


@internal
def _reveal(round: uint256, hint: uint256):
    assert not self.revealed, "vault: nothing to reveal"
    self.revealed = True
    extcall Batch(BATCH).reveal(self.order, convert(round, bytes32), hint)


@internal
@view
def _is_over() -> bool:
    """
    @return Whether the order trades no more, or was never opened and no longer can be.
    """
    if self.revealed:
        return staticcall Batch(BATCH).is_over(self.order_id)
    return block.timestamp >= (self.epoch + 2) * staticcall Batch(BATCH).LENGTH()


@internal
def _return():
    """
    @notice Frees the bond and counts what came back of it; of earlier lenders' it lies there too.
    """
    if (staticcall Batch(BATCH).orders(self.order_id))[0] != 0:
        extcall Batch(BATCH).release([self.order_id])
    back: uint256 = staticcall Batch(BATCH).free(self) - self.owed_to_all
    self.owed[self.lender] += back
    self.owed_to_all += back
