# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title LongTokens
@license AGPL-3.0-only
@notice Long options as tokens. Whoever wraps hands a long position over to an account of this
        contract and receives as many units of an ERC-6909 id, the series code; whoever holds
        units may unwrap them into an account, or take the payoff after settlement. A unit of a
        token is 1e-18 of a contract. A long is paid for and owes nothing, so a unit is a bearer
        claim that needs no margin.

        Each id has an account of its own, so that what it holds belongs to its units alone:

          backing of `amount` units = amount / supply x (position and cash of the account)

        While the account holds one contract per contract of units, the position is all that counts.
        It may be less: when nobody bids for an insolvent short, the clearinghouse closes it
        against longs for cash. From then on units stand for both, and no more are made. After
        expiry there is only cash.
@dev A venue of the clearinghouse, as only these move positions. It only ever buys what it wraps
     and sells what it holds, never for a price. Who wraps more than it holds has written the
     rest, with the margin for it.
@custom:trust Nobody: no owner. The clearinghouse's owner allows it as a venue.
@custom:kill None here; the clearinghouse stops wrapping and unwrapping by `set_venue`. Tokens can
             still be transferred, and be paid after expiry.
@custom:rounding Against who leaves, in favour of those who stay; cash in whole token units.
"""

from ethereum.ercs import IERC20Detailed

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IMarginEngine
from . import erc6909
from . import labels

initializes: erc6909

exports: (
    erc6909.transfer,
    erc6909.transferFrom,
    erc6909.approve,
    erc6909.setOperator,
    erc6909.create_token,
    erc6909.relay_transfer,
    erc6909.relay_transfer_from,
    erc6909.relay_approve,
    erc6909.balanceOf,
    erc6909.allowance,
    erc6909.isOperator,
    erc6909.token_of,
    erc6909.supportsInterface,
    erc6909.TEMPLATE,
)


interface Ledger:
    def settle(owners: DynArray[uint256, 32]): nonpayable
    def withdraw(account: uint256, asset: uint256, amount: uint256, receiver: address): nonpayable
    def token_of(asset: uint256) -> address: view


WAD: constant(uint256) = 10**18
MASK_128: constant(uint256) = 2**128 - 1
# [wad] that interest may round away from an account in one withdrawal.
DUST: constant(uint256) = 10**9
# The engine of standard margin: a long asks nothing there.
STANDARD: constant(uint256) = 0

CLEARINGHOUSE: public(immutable(address))
# [wad] of the smallest unit of cash
SCALE: immutable(uint256)

# id -> index of its account 128 | supply 128
_records: HashMap[uint256, uint256]
# Accounts in use, which count from 1.
accounts: public(uint256)


event Wrapped:
    id: indexed(uint256)
    account: indexed(uint256)  # that the position came from
    receiver: indexed(address)
    amount: uint256  # [wad]


event Unwrapped:
    id: indexed(uint256)
    owner: indexed(address)
    amount: uint256  # [wad] units burned
    quantity: uint256  # [wad] contracts handed over
    assets: uint256  # cash paid, in the token's own units


@deploy
def __init__(clearinghouse: address, template: address):
    """
    @param template A LongToken.
    """
    erc6909.__init__(template)
    CLEARINGHOUSE = clearinghouse
    token: address = staticcall Ledger(clearinghouse).token_of(0)
    SCALE = 10 ** (18 - convert(staticcall IERC20Detailed(token).decimals(), uint256))


# -- who may act for an account --


@external
def wrap(account: uint256, id: uint256, amount: uint256, receiver: address):
    """
    @notice Turns a long position into units.
    @param account That holds it; the caller must own it or be an operator of its owner.
    @param id Series code.
    @param amount [wad] contracts.
    """
    self._require_actor(account)
    assert receiver != empty(address), "token: empty address"
    record: uint256 = self._records[id]
    if record == 0:
        index: uint256 = self.accounts + 1
        self.accounts = index
        record = index << 128
    own: uint256 = self._account(record >> 128)
    # Below 2**95 each, or the ledger refuses.
    assert amount < 2**95, "token: amount too large"
    record += amount
    self._records[id] = record
    self._hand_over(account, own, id, amount)
    held: uint256 = 0
    cash: uint256 = 0
    held, cash = self._backing(own)
    assert held == record & MASK_128, "token: backing incomplete"
    erc6909._move(msg.sender, empty(address), receiver, id, amount)
    log Wrapped(id=id, account=account, receiver=receiver, amount=amount)


@external
def unwrap(id: uint256, amount: uint256, account: uint256, limit: uint256 = max_value(uint256)) -> uint256:
    """
    @notice Turns units of the caller back into a position, before expiry; and into cash what of it
            has been closed.
    @param amount [wad]
    @param account Receives the position; the caller must own it or be an operator of its owner.
    @param limit The most cash to be paid, in the token's own units, as in `redeem`.
    @return Cash paid to the caller, in the token's own units.
    """
    self._require_actor(account)
    own: uint256 = 0
    held: uint256 = 0
    cash: uint256 = 0
    supply: uint256 = 0
    own, held, cash, supply = self._burn(id, amount)
    assert held != 0, "token: nothing to unwrap"
    part: uint256 = amount * held // supply
    if part != 0:
        self._hand_over(own, account, id, part)
    paid: uint256 = 0
    # Cash beside a whole position is a stranger's gift, and stays.
    if held != supply:
        paid = self._pay(own, amount * cash // supply, limit)
    log Unwrapped(id=id, owner=msg.sender, amount=amount, quantity=part, assets=paid)
    return paid


# -- holders --


@external
def redeem(id: uint256, amount: uint256, limit: uint256 = max_value(uint256)) -> uint256:
    """
    @notice Pays the caller's units, once their series has been settled; settles it first if it can be.
    @param amount [wad]
    @param limit The most to be paid, in the token's own units; the rest is left to the other units.
                 While losses of the house are pending, who takes cash out leaves a share of them,
                 and nobody takes more out of the account than its part: then ask for less, or wait.
    @return Cash paid, in the token's own units.
    """
    own: uint256 = self._account(self._records[id] >> 128)
    extcall Ledger(CLEARINGHOUSE).settle([own])
    held: uint256 = 0
    cash: uint256 = 0
    supply: uint256 = 0
    own, held, cash, supply = self._burn(id, amount)
    assert held == 0, "token: not settled"
    paid: uint256 = self._pay(own, amount * cash // supply, limit)
    log Unwrapped(id=id, owner=msg.sender, amount=amount, quantity=0, assets=paid)
    return paid


# -- views --


@external
@view
def price(id: uint256) -> (uint256, bool):
    """
    @notice What a contract's worth of units (1e18) is worth: the clearinghouse's mark of the series,
            or the part of what backs the units where that is no whole position any more.
            Total for every id.
    @return [wad, USD], rounded down; whether all prices in it are fresh.
    """
    record: uint256 = self._records[id]
    supply: uint256 = record & MASK_128
    held: uint256 = 0
    cash: uint256 = 0
    if supply != 0:
        held, cash = self._backing(self._account(record >> 128))
    if id >= 2**160:
        return 0, False
    worth: uint256 = 0
    fresh: bool = True
    # What was never wrapped is worth what wrapping it would bring.
    if held != 0 or supply == 0:
        health: IMarginEngine.Health = staticcall IClearinghouse(CLEARINGHOUSE).appraise(
            STANDARD, 0, [], [series._pack(id, 10**18)]
        )
        worth = convert(max(health.equity, 0), uint256)
        fresh = health.fresh
    if held == supply:
        return worth, fresh
    return (worth * held + cash * WAD) // supply, fresh


@external
@view
def totalSupply(id: uint256) -> uint256:
    return self._records[id] & MASK_128


@external
@view
def account_of(id: uint256) -> uint256:
    """
    @return The clearinghouse account that backs an id, 0 as long as nothing was wrapped.
    """
    index: uint256 = self._records[id] >> 128
    return 0 if index == 0 else self._account(index)


@external
@view
def name(id: uint256) -> String[94]:
    """
    @notice Underlying, day of expiry, strike and kind, see labels.vy.
    """
    return labels._label(id)


@external
@view
def symbol(id: uint256) -> String[94]:
    return labels._label(id)


@external
@pure
def decimals(id: uint256) -> uint8:
    """
    @notice Contracts are counted in wad, whatever the series.
    """
    return 18 if id < 2**160 else 0


# -- internals --


@internal
@view
def _require_actor(account: uint256):
    assert staticcall IClearinghouse(CLEARINGHOUSE).may_act(msg.sender, account), "token: sender may not act"


@internal
@view
def _account(index: uint256) -> uint256:
    return (convert(self, uint256) << 96) | index


@internal
@view
def _backing(own: uint256) -> (uint256, uint256):
    """
    @return Contracts and cash [wad] in the account of an id.
    """
    held: uint256 = 0
    for word: uint256 in staticcall IClearinghouse(CLEARINGHOUSE).positions_of(own):
        # Only one series ever gets here, and only as a long.
        held = convert(series._quantity(word), uint256)
    return held, convert(max(staticcall IClearinghouse(CLEARINGHOUSE).cash_of(own), 0), uint256)


@internal
def _hand_over(giver: uint256, receiver: uint256, id: uint256, quantity: uint256):
    extcall IClearinghouse(CLEARINGHOUSE).novate(
        [
            IClearinghouse.Trade(
                seller=giver, buyer=receiver, series=id, quantity=quantity, premium=0, seller_fee=0, buyer_fee=0
            )
        ]
    )


@internal
def _burn(id: uint256, amount: uint256) -> (uint256, uint256, uint256, uint256):
    """
    @notice Burns units of the caller.
    @return The account behind them, what it holds in contracts and in cash [wad], and the supply
            before, not zero.
    """
    assert amount > 0, "token: zero amount"
    record: uint256 = self._records[id]
    erc6909._move(msg.sender, msg.sender, empty(address), id, amount)
    # The caller had them, so the supply is at least as large.
    self._records[id] = record - amount
    own: uint256 = self._account(record >> 128)
    held: uint256 = 0
    cash: uint256 = 0
    held, cash = self._backing(own)
    return own, held, cash, record & MASK_128


@internal
def _pay(own: uint256, share: uint256, limit: uint256) -> uint256:
    """
    @notice Pays cash out to the caller, at most its share [wad].
    @return In the token's own units.
    """
    units: uint256 = min(share // SCALE, limit)
    if units == 0:
        return 0
    before: int256 = staticcall IClearinghouse(CLEARINGHOUSE).cash_of(own)
    extcall Ledger(CLEARINGHOUSE).withdraw(own, 0, units, msg.sender)
    taken: int256 = before - staticcall IClearinghouse(CLEARINGHOUSE).cash_of(own)
    assert taken <= convert(share + DUST, int256), "token: losses pending"
    return units
