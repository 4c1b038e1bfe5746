# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Cash: signed balances with interest in O(1)
@license AGPL-3.0-only
@notice Positive cash earns, negative cash pays. An account stores a principal; its cash is
        principal x index, with one index for positive and one for negative cash, so that
        interest touches no account. A loss that nobody else bears lowers the index of
        positive cash: everybody loses the same share in the same instant, and nobody can
        outrun it.
@dev A share of the interest goes to the security fund.
     indices: supply 128 | borrow 128, ray (1e27); they travel as one word.
     totals: supply principal 112 | borrow principal 112 | time of last accrual 32.
@custom:rounding Credit rounds down and debt up, at every conversion: the sum of what is owed
                 never exceeds what is held.
"""

from ..interfaces import IInterestCurve

RAY: constant(uint256) = 10**27
WAD: constant(uint256) = 10**18
MASK_128: constant(uint256) = 2**128 - 1
MASK_112: constant(uint256) = 2**112 - 1
MASK_32: constant(uint256) = 2**32 - 1
# An index that reached this stops growing: safety valve, e**25 away from the start.
MAX_INDEX: constant(uint256) = 10**38


# For who watches that they only grow (governance/Watchdog.vy).
indices: public(uint256)
totals: uint256
curve: public(IInterestCurve)
# [wad] of the interest
fund_share: public(uint256)


event CurveSet:
    old_curve: address
    new_curve: address
    old_fund_share: uint256  # [wad]
    new_fund_share: uint256  # [wad]


event Accrued:
    interest: uint256  # [wad] paid by negative cash
    to_fund: uint256  # [wad]
    supply_index: uint256  # [ray]
    borrow_index: uint256  # [ray]


event LossSocialised:
    loss: uint256  # [wad] taken from all positive cash
    supply_index: uint256  # [ray] after


@deploy
def __init__(curve: IInterestCurve):
    self.indices = (RAY << 128) | RAY
    self._set_curve(curve, 0)


@internal
def _set_curve(curve: IInterestCurve, fund_share: uint256):
    assert curve.address.is_contract, "cash: curve has no code"
    assert fund_share <= WAD // 2, "cash: fund share too large"
    log CurveSet(
        old_curve=self.curve.address,
        new_curve=curve.address,
        old_fund_share=self.fund_share,
        new_fund_share=fund_share,
    )
    self.curve = curve
    self.fund_share = fund_share


@internal
@view
def _accrued() -> (uint256, uint256, uint256):
    """
    @notice The indices now.
    @return indices, interest since the last accrual [wad] and the fund's part of it [wad].
    """
    indices: uint256 = self.indices
    totals: uint256 = self.totals
    elapsed: uint256 = block.timestamp - (totals & MASK_32)
    borrowed: uint256 = (totals >> 32) & MASK_112
    # Without debt there is no interest, however long ago the last accrual was.
    if elapsed == 0 or borrowed == 0:
        return indices, 0, 0

    supply_index: uint256 = indices >> 128
    borrow_index: uint256 = indices & MASK_128
    supplied: uint256 = totals >> 144
    debt: uint256 = borrowed * borrow_index // RAY
    credit: uint256 = supplied * supply_index // RAY
    # Bounded, so that no curve can make the product below overflow.
    growth: uint256 = min(staticcall self.curve.growth(debt, credit, elapsed), MAX_INDEX)
    grown: uint256 = max(borrow_index, min((borrow_index * growth + WAD - 1) // WAD, MAX_INDEX))

    interest: uint256 = borrowed * grown // RAY - debt
    to_fund: uint256 = interest
    if supplied != 0:
        to_fund = interest * self.fund_share // WAD
        supply_index = min(supply_index + (interest - to_fund) * RAY // supplied, MASK_128)
    return (supply_index << 128) | grown, interest, to_fund


@internal
def _accrue() -> (uint256, uint256):
    """
    @notice Brings the indices to now.
    @return indices, what the caller must credit to the fund [wad].
    """
    indices: uint256 = 0
    interest: uint256 = 0
    to_fund: uint256 = 0
    indices, interest, to_fund = self._accrued()
    if indices != self.indices:
        self.indices = indices
        self._store_totals(self.totals >> 144, (self.totals >> 32) & MASK_112)
        log Accrued(
            interest=interest, to_fund=to_fund, supply_index=indices >> 128, borrow_index=indices & MASK_128
        )
    return indices, to_fund


@internal
@pure
def _balance(principal: int256, indices: uint256) -> int256:
    """
    @notice Cash [wad] of a principal: credit rounded down, debt rounded up.
    """
    if principal >= 0:
        return convert(convert(principal, uint256) * (indices >> 128) // RAY, int256)
    return -convert((convert(-principal, uint256) * (indices & MASK_128) + RAY - 1) // RAY, int256)


@internal
def _add(principal: int256, amount: int256, indices: uint256) -> int256:
    """
    @notice The principal after `amount` [wad, signed] of cash was added; keeps the totals.
    """
    balance: int256 = self._balance(principal, indices) + amount
    after: int256 = 0
    if balance >= 0:
        after = convert(convert(balance, uint256) * RAY // (indices >> 128), int256)
    else:
        borrow_index: uint256 = indices & MASK_128
        after = -convert((convert(-balance, uint256) * RAY + borrow_index - 1) // borrow_index, int256)
    totals: uint256 = self.totals
    # A total below zero, which cannot be, would wrap and be refused as too large.
    supplied: uint256 = unsafe_sub(totals >> 144, convert(max(principal, 0), uint256))
    borrowed: uint256 = unsafe_sub((totals >> 32) & MASK_112, convert(-min(principal, 0), uint256))
    self._store_totals(
        unsafe_add(supplied, convert(max(after, 0), uint256)),
        unsafe_add(borrowed, convert(-min(after, 0), uint256)),
    )
    return after


@internal
def _store_totals(supplied: uint256, borrowed: uint256):
    assert supplied <= MASK_112 and borrowed <= MASK_112, "cash: total too large"
    # The indices are current whenever the totals change, so the time may move along.
    self.totals = (supplied << 144) | (borrowed << 32) | block.timestamp


@internal
def _socialise(loss: uint256, indices: uint256) -> uint256:
    """
    @notice Takes a loss [wad] from all positive cash at once.
    @return The indices after, the supply index rounded down.
    """
    supplied: uint256 = self.totals >> 144
    supply_index: uint256 = indices >> 128
    cut: uint256 = (loss * RAY + supplied - 1) // max(supplied, 1)
    assert cut < supply_index, "cash: loss exceeds all cash"
    supply_index -= cut
    after: uint256 = (supply_index << 128) | (indices & MASK_128)
    self.indices = after
    log LossSocialised(loss=loss, supply_index=supply_index)
    return after


@internal
@view
def _raised(amount: uint256, indices: uint256) -> uint256:
    """
    @return The indices once an amount [wad] is given to all positive cash, rounded down; as they
            are when there is none.
    """
    supplied: uint256 = self.totals >> 144
    if supplied == 0:
        return indices
    supply_index: uint256 = min((indices >> 128) + amount * RAY // supplied, MASK_128)
    return (supply_index << 128) | (indices & MASK_128)


@internal
def _restore(amount: uint256, indices: uint256) -> uint256:
    """
    @notice Gives an amount [wad] to all positive cash at once.
    @return The indices after.
    """
    after: uint256 = self._raised(amount, indices)
    self.indices = after
    return after
