# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Expiry: positions become cash at the fixing
@license AGPL-3.0-only
@notice A position whose series has expired and is fixed pays `quantity x payoff` and leaves
        the book; what stays in the book can be paid later, in any order, by anyone. A paid
        position is gone, so nothing is paid twice.
@custom:rounding Against the account: the payouts of a series sum to zero or to a few wei less.
"""

from ..clearing import accounts
from ..clearing import book
from ..instruments import series
from ..interfaces import IOracle

uses: book


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
    count: uint256 = accounts._count(header)
    for i: uint256 in range(count, bound=128):
        # From the last slot down, so that a removal only moves what has been looked at.
        slot: uint256 = count - 1 - i
        word: uint256 = book.positions[account][slot]
        code: uint256 = series._code(word)
        expiry: uint256 = series._expiry(code)
        if expiry > block.timestamp:
            continue
        if code >> 120 != bucket:
            bucket = code >> 120
            fixing = staticcall oracle.fixing(series._underlying(code), expiry)
        if fixing == 0:
            continue
        quantity: int256 = series._quantity(word)
        payout: int256 = series._payout(code, quantity, fixing)
        cash += payout
        after = book._remove(account, after, slot)
        book._grow_interest(code, min(-quantity, 0))
        log Settled(account=account, series=code, quantity=quantity, payout=payout)
    return after, cash
