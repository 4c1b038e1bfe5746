# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Book: positions and open interest
@license AGPL-3.0-only
@notice Up to 128 positions an account, one storage word each, in no order: the first
        `count` slots (see the header in `accounts.vy`) are in use and no series stands twice.
@dev A look-up reads the slots one by one. The margin check after it reads the same slots,
     so the look-up only warms them, and an index beside them would cost a further slot
     per position.
@custom:invariant For every series the quantities of all accounts sum to zero; the open
                  interest is the sum of the long ones.
"""

from ..instruments import series
from ..interfaces import IListing
from . import accounts

uses: accounts

MAX_POSITIONS: constant(uint256) = 128

LISTING: immutable(IListing)

positions: HashMap[uint256, uint256[MAX_POSITIONS]]
# [wad] contracts outstanding per series, and in all series of an underlying
open_interest: public(HashMap[uint256, uint256])
interest_in: public(HashMap[uint256, uint256])


@deploy
def __init__(listing: IListing):
    LISTING = listing


@external
@view
def positions_of(account: uint256) -> DynArray[uint256, MAX_POSITIONS]:
    """
    @notice The account's positions as words: series code | quantity, see instruments/series.vy.
    """
    return self._positions(account, accounts._count(accounts.headers[account]))


@internal
@view
def _positions(account: uint256, count: uint256) -> DynArray[uint256, MAX_POSITIONS]:
    words: DynArray[uint256, MAX_POSITIONS] = []
    if count != 0:
        # Over the storage itself, not by index: a third cheaper a slot. Stops before it reads a
        # slot too many.
        for word: uint256 in self.positions[account]:
            words.append(word)
            if len(words) == count:
                break
    return words


@internal
@view
def _admit(code: uint256, quantity: uint256, opening: bool) -> (uint256, uint256):
    """
    @notice Risk is opened in listed series only, and closed in any that has not expired.
    @return The most contracts [wad] that may be outstanding in the series and in its underlying.
    """
    if opening:
        return staticcall LISTING.admit(code, quantity)
    assert series._expiry(code) > block.timestamp, "series: expired"
    return max_value(uint256), max_value(uint256)


@internal
def _change(account: uint256, header: uint256, code: uint256, change: int256, known: uint256) -> (uint256, int256, bool):
    """
    @notice Adds to a position.
    @param change [wad] signed, not zero.
    @param known How many slots from the start may hold the series; slots beyond it do not.
    @return The header after, the change of the account's long quantity [wad], and whether the
            position grew in size or changed its side.
    """
    count: uint256 = accounts._count(header)
    for i: uint256 in range(min(known, count), bound=MAX_POSITIONS):
        word: uint256 = self.positions[account][i]
        if series._code(word) != code:
            continue
        before: int256 = series._quantity(word)
        after: int256 = before + change
        if after == 0:
            return self._remove(account, header, i), min(-before, 0), False
        self.positions[account][i] = series._pack(code, after)
        grew: bool = (before > 0) != (after > 0) or abs(after) > abs(before)
        return accounts._with_count(header, count), max(after, 0) - max(before, 0), grew
    assert count < MAX_POSITIONS, "book: too many positions"
    self.positions[account][count] = series._pack(code, change)
    return accounts._with_count(header, count + 1), max(change, 0), True


@internal
def _remove(account: uint256, header: uint256, slot: uint256) -> uint256:
    """
    @notice Frees a slot: the last position moves into it.
    @return The header after.
    """
    last: uint256 = accounts._count(header) - 1
    if slot != last:
        self.positions[account][slot] = self.positions[account][last]
    self.positions[account][last] = 0
    return accounts._with_count(header, last)


@internal
def _grow_interest(code: uint256, change: int256) -> uint256:
    """
    @notice Moves the open interest of a series by a change [wad] of long quantity, not zero.
    @return What is outstanding after.
    """
    after: uint256 = convert(convert(self.open_interest[code], int256) + change, uint256)
    self.open_interest[code] = after
    return after


@internal
def _grow_total(underlying: uint256, change: int256) -> uint256:
    """
    @notice The same for all series of an underlying.
    """
    after: uint256 = convert(convert(self.interest_in[underlying], int256) + change, uint256)
    self.interest_in[underlying] = after
    return after
