# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Expiry: positions become cash at the fixing
@license AGPL-3.0-only
@notice A position whose series has expired and is fixed pays `quantity x payoff` and leaves
        the book; what stays in the book can be paid later, in any order, by anyone. A paid
        position is gone, so nothing is paid twice.
        With a barrier: one that a touch has ended leaves at once and pays nothing; the others
        wait until the oracle knows for ever whether there was a touch, and pay only when alive.
@custom:rounding Against the account: the payouts of a series sum to zero or to a few wei less.
"""

from ..clearing import accounts
from ..clearing import book
from ..instruments import series
from ..interfaces import IOracle

uses: book

# Answers of IOracle.knocked.
UNKNOWN: constant(uint256) = 0
TOUCHED: constant(uint256) = 1


event Settled:
    account: indexed(uint256)
    series: indexed(uint256)
    quantity: int256  # [wad]
    payout: int256  # [wad]


@internal
def _settle(account: uint256, header: uint256, oracle: IOracle) -> (uint256, int256):
    """
    @notice Removes every expired and fixed position of an account.
    @return The header after and the cash [wad, signed] to add.
    """
    cash: int256 = 0
    after: uint256 = header
    # The last fixing asked for: neighbours mostly share underlying and expiry.
    bucket: uint256 = 0
    fixing: uint256 = 0
    # Longs that ended in the underlying at hand, so that its total is written once.
    underlying: uint256 = 0
    ended: int256 = 0
    count: uint256 = accounts._count(header)
    for i: uint256 in range(count, bound=128):
        # From the last slot down, so that a removal only moves what has been looked at.
        slot: uint256 = count - 1 - i
        word: uint256 = book.positions[account][slot]
        code: uint256 = series._code(word)
        expiry: uint256 = series._expiry(code)
        alive: bool = True
        if series._has_barrier(code):
            state: uint256 = staticcall oracle.knocked(code)
            alive = series._knocks_in(code) == (state == TOUCHED)
            # A touch before expiry ends an option at once; all else is told at expiry.
            if state == UNKNOWN or (alive and expiry > block.timestamp):
                continue
        elif expiry > block.timestamp:
            continue
        quantity: int256 = series._quantity(word)
        payout: int256 = 0
        if alive:
            if code >> 120 != bucket:
                bucket = code >> 120
                fixing = staticcall oracle.fixing(series._underlying(code), expiry)
            if fixing == 0:
                continue
            payout = series._payout(code, quantity, fixing)
        cash += payout
        after = book._remove(account, after, slot)
        if quantity > 0:
            book._grow_interest(code, -quantity)
            if series._underlying(code) != underlying:
                if ended != 0:
                    book._grow_total(underlying, -ended)
                underlying = series._underlying(code)
                ended = 0
            ended += quantity
        log Settled(account=account, series=code, quantity=quantity, payout=payout)
    if ended != 0:
        book._grow_total(underlying, -ended)
    return after, cash
