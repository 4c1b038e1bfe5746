# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Lots: what is for sale of an account in auction, and on which terms
@license AGPL-3.0-only
@notice Keeps an auction in two words, the signed cash for sale and its state:

          | kind 8 | rules version 32 | started 40 | paused 40 | remaining 64 |
           176      144               104          64            0

        and derives from them, from the account's health and its cash what a bid gets.
@custom:rounding Against the bidder: prices and payments up, cash sold down.
"""

from ..interfaces import IMarginEngine
from . import curves
from . import rules

uses: rules

WAD: constant(uint256) = 10**18
SIGNED_WAD: constant(int256) = 10**18
SOLVENT: constant(uint256) = 1
INSOLVENT: constant(uint256) = 2
# [units] A bid that would leave fewer takes all: a millionth of the lot.
DUST: constant(uint256) = 10**12


struct Terms:
    kind: uint256  # SOLVENT, INSOLVENT, or 0 when no auction runs
    fresh: bool  # bids are paused at stale prices
    due: bool  # too old, or the mark has turned its kind: bids wait for a restart
    elapsed: uint256  # [s] without pauses
    factor: uint256  # [wad] share of mark that a solvent auction asks
    equity: int256  # [wad]
    margin: int256  # [wad] buffered; restored when not negative
    cash: int256  # [wad] for sale
    reserved: int256  # [wad] cash that is not for sale, never negative
    remaining: uint256  # [units]
    price: int256  # [wad] of the remaining units
    largest: uint256  # [wad] of the remaining units, the most that a bid takes


struct Deal:
    units: uint256  # sold
    fraction: uint256  # [wad] of what is for sale
    cash: int256  # [wad] account to bidder
    payment: int256  # [wad] bidder to account; negative: to the bidder


# account -> packed state, 0 when no auction of this house runs
states: HashMap[uint256, uint256]
# account -> [wad] signed cash of the account that is for sale
cash_for_sale: HashMap[uint256, int256]


@internal
@view
def _terms(account: uint256, health: IMarginEngine.Health, balance: int256) -> Terms:
    """
    @notice Everything about a running auction at this second.
    @param balance [wad] the account's cash.
    """
    state: uint256 = self.states[account]
    word: uint256 = rules.packed[self._version(state)]
    now: uint256 = self._paused(state)
    if now == 0:
        now = block.timestamp
    terms: Terms = empty(Terms)
    terms.kind = state >> 176
    terms.fresh = health.fresh
    terms.elapsed = now - self._started(state)
    terms.remaining = self._remaining(state)
    terms.equity = health.equity
    terms.margin = curves._buffered_margin(health.maintenance, health.equity, rules._buffer(word))
    # What comes in is reserved; what goes out (interest, settled shorts) lowers what is for sale,
    # so that no debt is left behind when all is sold.
    terms.cash = min(self.cash_for_sale[account], balance)
    terms.reserved = balance - terms.cash
    if terms.kind == SOLVENT:
        terms.factor = rules._price_factor(word, terms.elapsed)
        terms.price = curves._solvent_price(health.equity, terms.reserved, terms.factor)
        terms.largest = curves._largest_fraction(terms.margin, health.equity, terms.reserved, terms.factor)
        # A lot without value, though the account has some in reserve, begins anew with the reserve.
        terms.due = terms.elapsed > rules._tail(word) or health.equity <= terms.reserved
    else:
        terms.price = curves._insolvent_price(
            health.maintenance, health.equity, terms.reserved, terms.elapsed, rules._insolvent(word)
        )
        terms.largest = WAD
        terms.due = health.equity > 0
    return terms


@internal
@pure
def _deal(terms: Terms, units: uint256) -> Deal:
    """
    @notice What a bid for so many units gets.
    """
    sold: uint256 = min(units, terms.remaining)
    if terms.remaining - sold < DUST:
        sold = terms.remaining
    fraction: uint256 = sold * WAD // terms.remaining
    if fraction >= terms.largest:
        fraction = terms.largest
        sold = (terms.remaining * fraction + WAD - 1) // WAD
    return Deal(
        units=sold,
        fraction=fraction,
        cash=curves._times_down(terms.cash, fraction),
        payment=curves._times_up(terms.price, fraction),
    )


@internal
@pure
def _lot_price(terms: Terms) -> int256:
    """
    @notice Price [wad] of 1e18 units, rounded up.
    """
    product: int256 = terms.price * SIGNED_WAD
    remaining: int256 = convert(terms.remaining, int256)
    # Division truncates towards zero, which is up for negative prices.
    if product > 0:
        return (product - 1) // remaining + 1
    return product // remaining


@internal
def _begin(account: uint256, kind: uint256, version: uint256, remaining: uint256, balance: int256):
    """
    @notice Starts the clock under a version of the rules, with all cash for sale.
    """
    self.states[account] = (kind << 176) | (version << 144) | (block.timestamp << 104) | remaining
    self.cash_for_sale[account] = balance


@internal
def _sell(account: uint256, terms: Terms, deal: Deal, remaining: uint256):
    """
    @notice The state after a bid that left something.
    """
    state: uint256 = self._going(self.states[account], terms.elapsed)
    self.states[account] = state - self._remaining(state) + remaining
    self.cash_for_sale[account] = terms.cash - deal.cash


@internal
def _clear(account: uint256):
    self.states[account] = 0
    self.cash_for_sale[account] = 0


@internal
@view
def _going(state: uint256, elapsed: uint256) -> uint256:
    """
    @notice A state whose clock goes on from `elapsed`; unchanged when it was not paused.
    """
    kept: uint256 = state & ~convert((2**80 - 1) << 64, uint256)
    return kept | ((block.timestamp - elapsed) << 104)


@internal
@pure
def _version(state: uint256) -> uint256:
    return (state >> 144) & (2**32 - 1)


@internal
@pure
def _started(state: uint256) -> uint256:
    return (state >> 104) & (2**40 - 1)


@internal
@pure
def _paused(state: uint256) -> uint256:
    return (state >> 64) & (2**40 - 1)


@internal
@pure
def _remaining(state: uint256) -> uint256:
    return state & (2**64 - 1)
