# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Ledger: what the two halves of the clearinghouse share
@license AGPL-3.0-only
@notice `Clearinghouse.vy` holds what happens in every block (deposits, trades, settlement),
        `BackOffice.vy` what happens rarely (liquidation, losses, listing); both work on this
        state. Here are the roles, the way cash moves, and the margin gate.
@dev The security fund is an account like any other, owned by the ledger itself: anybody may
     deposit into it, nobody can act for it. Its number is computed, not stored, so that it is
     the same in both halves.
"""

from ..interfaces import IExposureLimits
from ..interfaces import IMarginEngine
from ..interfaces import IOracle
from . import accounts
from . import book
from . import cash
from . import escrow

uses: accounts
uses: book
uses: cash
uses: escrow

RAY: constant(uint256) = 10**27
MAX_AMOUNT: constant(uint256) = 2**112
# In the header of the fund's account: losses are outstanding. There, since every fee reads it.
OWING: constant(uint256) = 1 << 153
# In the header of an account whose delta and vega are limited.
LIMITED: constant(uint256) = 1 << 154

ORACLE: public(immutable(IOracle))

venues: public(HashMap[address, bool])
auction_house: public(address)
engines: public(HashMap[uint256, IMarginEngine])
# [wad] paid to settled positions minus what settled positions paid; 0 when all are settled.
unsettled: int256
# Limits of delta and vega, for accounts that are marked as limited.
exposure_limits: public(IExposureLimits)
# Who may take the security fund's cash out, for those who back it.
security_fund: public(address)
# [wad] losses shared by all positive cash that income has not made good yet
outstanding: public(uint256)
# [wad] losses that auctions now running will leave, as far as is known; see Clearinghouse.withdraw
pending: public(uint256)


event LossRestored:
    amount: uint256  # [wad] back to all positive cash
    outstanding: uint256  # [wad] still to be made good


@deploy
def __init__(oracle: IOracle):
    """
    @param oracle Where fixings come from.
    """
    ORACLE = oracle


@external
@view
def FUND() -> uint256:
    """
    @notice The security fund's account.
    """
    return self._fund()


@internal
@view
def _fund() -> uint256:
    return convert(self, uint256) << 96


@internal
@pure
def _signed(amount: uint256) -> int256:
    """
    @notice An amount [wad] as a signed one; no sum of such amounts overflows.
    """
    assert amount < MAX_AMOUNT, "amount: too large"
    return convert(amount, int256)


@internal
@view
def _balance(header: uint256, indices: uint256) -> int256:
    """
    @notice Cash [wad] of the account with this header.
    """
    return cash._balance(accounts._principal(header), indices)


@internal
def _accrue() -> uint256:
    """
    @notice Brings interest to now and pays the fund its part.
    @return The indices.
    """
    indices: uint256 = 0
    to_fund: uint256 = 0
    indices, to_fund = cash._accrue()
    if to_fund != 0:
        indices = self._earn(to_fund, indices)
    return indices


@internal
def _earn(amount: uint256, indices: uint256) -> uint256:
    """
    @notice Income [wad] of the fund: fees, its share of interest. What everybody bore comes back
            to everybody first.
    @return The indices after.
    """
    kept: uint256 = amount
    after: uint256 = indices
    if accounts.headers[self._fund()] & OWING != 0:
        outstanding: uint256 = self.outstanding
        back: uint256 = min(amount, outstanding)
        after = cash._restore(back, indices)
        if after != indices:
            kept -= back
            self.outstanding = outstanding - back
            if outstanding == back:
                accounts.headers[self._fund()] &= ~OWING
            log LossRestored(amount=back, outstanding=outstanding - back)
    if kept != 0:
        self._pay(self._fund(), self._signed(kept), after)
    return after


@internal
def _pay(account: uint256, amount: int256, indices: uint256):
    """
    @notice Adds signed cash [wad] to an account.
    """
    if amount != 0:
        header: uint256 = accounts.headers[account]
        principal: int256 = cash._add(accounts._principal(header), amount, indices)
        accounts.headers[account] = accounts._with_principal(header, principal)


@internal
@view
def _require_initial(account: uint256, indices: uint256):
    """
    @notice Initial margin at fresh prices. An account without positions and debt needs neither.
    """
    header: uint256 = accounts.headers[account]
    balance: int256 = self._balance(header, indices)
    if accounts._count(header) == 0 and balance >= 0:
        return
    excess: int256 = 0
    fresh: bool = False
    excess, fresh = self._excess(account, header, balance)
    assert fresh, "margin: stale price"
    assert excess >= 0, "margin: below initial"


@internal
@view
def _excess(account: uint256, header: uint256, balance: int256) -> (int256, bool):
    """
    @notice The hot path of margin: excess over initial margin [wad], and whether prices are fresh.
    """
    # Read here, as book._positions does: an array handed on is memory paid twice.
    words: DynArray[uint256, 128] = []
    count: uint256 = accounts._count(header)
    if count != 0:
        for word: uint256 in book.positions[account]:
            words.append(word)
            if len(words) == count:
                break
    return staticcall self.engines[accounts._engine(header)].excess(
        balance, escrow._holdings(account, header), words
    )


@internal
@view
def _judge(
    account: uint256, header: uint256, balance: int256, positions: DynArray[uint256, 128]
) -> IMarginEngine.Health:
    return staticcall self.engines[accounts._engine(header)].assess(
        balance, escrow._holdings(account, header), positions
    )


@internal
@view
def _now() -> (uint256, uint256):
    """
    @notice What `_accrue` would do at this second.
    @return The indices, and what the fund would get [wad].
    """
    indices: uint256 = 0
    interest: uint256 = 0
    to_fund: uint256 = 0
    indices, interest, to_fund = cash._accrued()
    if to_fund != 0 and accounts.headers[self._fund()] & OWING != 0:
        back: uint256 = min(to_fund, self.outstanding)
        after: uint256 = cash._raised(back, indices)
        if after != indices:
            return after, to_fund - back
    return indices, to_fund


@internal
@view
def _cash_now(account: uint256) -> int256:
    indices: uint256 = 0
    to_fund: uint256 = 0
    indices, to_fund = self._now()
    balance: int256 = self._balance(accounts.headers[account], indices)
    return balance + self._signed(to_fund) if account == self._fund() else balance
