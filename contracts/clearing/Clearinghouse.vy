# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Clearinghouse
@license AGPL-3.0-only
@notice Novation: steps between buyer and seller and becomes the counterparty of both. Holds
        the collateral, keeps cash and positions of every account, lets trades in from venues
        and settles expired series.
@dev Every change of an account ends in at most one check by its margin engine. Accounts,
     cash, escrow, book, ledger and expiry are modules of their own in this folder and in
     settlement/; this unit decides who may act, in which order, and when margin is checked.
     What happens rarely (liquidation, losses, listing) is code of the back office, which runs
     in this contract's storage: callers see one contract.
@custom:trust Venues choose prices and fees; they cannot take an account below initial margin
              unless the trade only reduces its risk. For everything else see BackOffice.vy.
@custom:kill Unlisting a venue stops its trades; deposits, withdrawals of free collateral,
             settlement and auctions go on.
@custom:rounding Against accounts everywhere; the surplus shows in `certificate`.
"""

from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IInterestCurve
from ..interfaces import IListing
from ..interfaces import IMarginEngine
from ..interfaces import IOperators
from ..interfaces import IOracle
from ..settlement import expiry
from . import accounts
from . import book
from . import cash
from . import escrow
from . import ledger

# State in the order of BackOffice.vy: both work on the same slots.
initializes: ownable
initializes: accounts
initializes: cash
initializes: escrow
initializes: book[accounts := accounts]
initializes: ledger[accounts := accounts, book := book, cash := cash, escrow := escrow]
initializes: expiry[book := book]

exports: (
    accounts.may_act,
    accounts.in_auction,
    accounts.header_of,
    book.positions_of,
    book.open_interest,
    book.interest_in,
    escrow.token_of,
    ledger.ORACLE,
    ledger.FUND,
    ledger.auction_house,
)


interface IBackOffice:
    def stands_on() -> bytes32: view


MAX_TRADES: constant(uint256) = 16
# [bytes] The longest answer of the back office.
MAX_ANSWER: constant(uint256) = 512

BACK_OFFICE: public(immutable(address))


event Deposited:
    account: indexed(uint256)
    asset: indexed(uint256)
    amount: uint256  # [wad]
    payer: address


event Withdrawn:
    account: indexed(uint256)
    asset: indexed(uint256)
    amount: uint256  # [wad]
    receiver: address


event ShareLeft:
    account: indexed(uint256)
    amount: uint256  # [wad] to the security fund


event Transferred:
    sender: indexed(uint256)
    receiver: indexed(uint256)
    asset: uint256
    amount: uint256  # [wad]


event Novated:
    seller: indexed(uint256)
    buyer: indexed(uint256)
    series: indexed(uint256)
    quantity: uint256  # [wad]
    premium: uint256  # [wad]
    seller_fee: uint256  # [wad]
    buyer_fee: uint256  # [wad]


@deploy
def __init__(
    oracle: IOracle,
    listing: IListing,
    operators: IOperators,
    curve: IInterestCurve,
    cash_token: address,
    owner: address,
    back_office: address,
):
    """
    @param oracle Where fixings come from.
    @param listing Which series may be opened.
    @param operators Who may act for an owner.
    @param curve What negative cash pays.
    @param cash_token The settlement stablecoin, at most 18 decimals.
    @param back_office A BackOffice made with the same units.
    """
    ownable.__init__()
    accounts.__init__(operators)
    book.__init__(listing)
    cash.__init__(curve)
    escrow.__init__(cash_token)
    ledger.__init__(oracle)
    assert owner != empty(address), "clearinghouse: no owner"
    ownable._transfer_ownership(owner)
    units: bytes32 = keccak256(abi_encode(oracle, listing, operators, cash_token))
    assert staticcall IBackOffice(back_office).stands_on() == units, "clearinghouse: other units"
    BACK_OFFICE = back_office


# -- anyone --


@external
def deposit(account: uint256, asset: uint256, amount: uint256):
    """
    @notice Brings tokens of the caller into an account. Cash is taken from anyone, collateral
            only from those who may act: a stranger's dust could otherwise slow an account's
            margin check or tie it to one more price.
    @param amount In the token's own units; all of it must arrive.
    """
    if asset != 0:
        accounts._require_actor(account)
    wad: uint256 = escrow._pull(asset, amount)
    header: uint256 = accounts.headers[account]
    if asset == 0:
        indices: uint256 = ledger._accrue()
        ledger._pay(account, ledger._signed(wad), indices)
    else:
        escrow._enter(asset, wad)
        accounts.headers[account] = escrow._hold(account, header, asset, wad)
    log Deposited(account=account, asset=asset, amount=wad, payer=msg.sender)


@external
def settle(owners: DynArray[uint256, 32]):
    """
    @notice Pays all expired and fixed positions of these accounts. Never blocked.
    """
    indices: uint256 = ledger._accrue()
    net: int256 = 0
    for account: uint256 in owners:
        header: uint256 = 0
        paid: int256 = 0
        header, paid = expiry._settle(account, accounts.headers[account], ledger.ORACLE)
        accounts.headers[account] = header
        ledger._pay(account, paid, indices)
        net += paid
    if net != 0:
        ledger.unsettled += net


# -- the account's owner and operators --


@external
def withdraw(account: uint256, asset: uint256, amount: uint256, receiver: address):
    """
    @notice Takes out what initial margin leaves free. Cash may become negative as far as
            collateral covers it. While auctions are expected to leave losses beyond the fund,
            who leaves with positive cash pays the share of them that it would bear by staying.
    @param amount In the token's own units.
    """
    accounts._require_actor(account)
    wad: uint256 = escrow._wad(asset, amount)
    if asset == 0 and ledger.pending != 0:
        self._leave_share(account, wad)
    self._take(account, asset, wad)
    if asset != 0:
        escrow._leave(asset, wad)
    log Withdrawn(account=account, asset=asset, amount=wad, receiver=receiver)
    escrow._push(asset, amount, receiver)


@external
def transfer(sender: uint256, receiver: uint256, asset: uint256, amount: uint256):
    """
    @notice Moves cash or collateral between two accounts of one owner.
    @param amount [wad]
    """
    accounts._require_actor(sender)
    assert accounts._owner(sender) == accounts._owner(receiver), "transfer: other owner"
    assert sender != receiver, "transfer: same account"
    # Nothing of an asset that does not exist would otherwise set a foreign bit of the header.
    assert amount > 0, "transfer: zero amount"
    # The receiver first, so that the sender is judged after all has moved.
    if asset == 0:
        indices: uint256 = ledger._accrue()
        ledger._pay(receiver, ledger._signed(amount), indices)
    else:
        accounts.headers[receiver] = escrow._hold(receiver, accounts.headers[receiver], asset, amount)
    self._take(sender, asset, amount)
    log Transferred(sender=sender, receiver=receiver, asset=asset, amount=amount)


# -- venues --


@external
def novate(trades: DynArray[IClearinghouse.Trade, MAX_TRADES]):
    """
    @notice Moves positions, premiums and fees of a list of trades, then checks each touched
            account once. An account that would be below initial margin passes only if none
            of its positions grew and it stands no worse than before.
    """
    assert ledger.venues[msg.sender], "novate: not a venue"
    indices: uint256 = ledger._accrue()
    # Each touched account once; bit i of `grown` says that a position of account i grew.
    touched: DynArray[uint256, 2 * MAX_TRADES] = []
    grown: uint256 = 0
    fees: uint256 = 0
    for trade: IClearinghouse.Trade in trades:
        assert trade.seller != trade.buyer, "novate: same account"
        assert trade.quantity > 0, "novate: zero quantity"
        premium: int256 = ledger._signed(trade.premium)
        long_change: int256 = 0
        opening: bool = False
        for buys: bool in [False, True]:
            account: uint256 = trade.seller
            quantity: int256 = -ledger._signed(trade.quantity)
            paid: int256 = premium - ledger._signed(trade.seller_fee)
            if buys:
                account = trade.buyer
                quantity = -quantity
                paid = -premium - ledger._signed(trade.buyer_fee)
            longer: int256 = 0
            grew: bool = False
            longer, grew = self._trade(account, trade.series, quantity, paid, indices)
            long_change += longer
            opening = opening or grew
            index: uint256 = len(touched)
            for i: uint256 in range(len(touched), bound=2 * MAX_TRADES):
                if touched[i] == account:
                    index = i
                    break
            if index == len(touched):
                touched.append(account)
            grown |= convert(grew, uint256) << index
        self._admit(trade.series, trade.quantity, long_change, opening)
        fees += trade.seller_fee + trade.buyer_fee
        log Novated(
            seller=trade.seller,
            buyer=trade.buyer,
            series=trade.series,
            quantity=trade.quantity,
            premium=trade.premium,
            seller_fee=trade.seller_fee,
            buyer_fee=trade.buyer_fee,
        )
    if fees != 0:
        indices = ledger._earn(fees, indices)
    for i: uint256 in range(len(touched), bound=2 * MAX_TRADES):
        header: uint256 = accounts.headers[touched[i]]
        excess: int256 = 0
        fresh: bool = False
        excess, fresh = ledger._excess(
            touched[i], header, ledger._balance(header, indices)
        )
        grew: bool = (grown >> i) & 1 != 0
        if not fresh or excess < 0:
            self._require_sound(touched[i], grew, trades, indices)
        if grew and header & ledger.LIMITED != 0:
            assert staticcall ledger.exposure_limits.within(
                touched[i], book._positions(touched[i], accounts._count(header))
            )


# -- the back office --


@external
@reentrant
@raw_return
def __default__() -> Bytes[MAX_ANSWER]:
    """
    @notice Everything else is the back office's, in this contract's storage. It takes the lock
            itself: the same one, since both lay out their state alike.
    """
    return raw_call(BACK_OFFICE, msg.data, max_outsize=MAX_ANSWER, is_delegate_call=True)


# -- views --


@external
@view
def cash_of(account: uint256) -> int256:
    """
    @notice Signed cash [wad], with interest to this second.
    """
    return ledger._cash_now(account)


@external
@view
def holdings_of(account: uint256) -> DynArray[uint256, 8]:
    """
    @notice Collateral, a word each: asset index (8 bits, high) | amount [wad].
    """
    return escrow._holdings(account, accounts.headers[account])


@external
@view
def health(account: uint256) -> IMarginEngine.Health:
    """
    @notice The account judged by its own margin engine. Never reverts.
    """
    header: uint256 = accounts.headers[account]
    return ledger._judge(
        account, header, ledger._cash_now(account), book._positions(account, accounts._count(header))
    )


# -- internal --


@internal
def _trade(
    account: uint256, code: uint256, quantity: int256, paid: int256, indices: uint256
) -> (int256, bool):
    """
    @notice One side of a trade.
    @return The change of the long quantity [wad] and whether the position grew.
    """
    header: uint256 = accounts.headers[account]
    accounts._require_free(header)
    long_change: int256 = 0
    grew: bool = False
    header, long_change, grew = book._change(account, header, code, quantity, 128)
    principal: int256 = cash._add(accounts._principal(header), paid, indices)
    accounts.headers[account] = accounts._with_principal(header, principal)
    return long_change, grew


@internal
def _take(account: uint256, asset: uint256, amount: uint256):
    """
    @notice Takes cash or collateral [wad] out of an account, which must stay above initial margin.
    """
    accounts._require_free(accounts.headers[account])
    indices: uint256 = ledger._accrue()
    if asset == 0:
        ledger._pay(account, -ledger._signed(amount), indices)
    else:
        accounts.headers[account] = escrow._release(account, accounts.headers[account], asset, amount)
    ledger._require_initial(account, indices)


@internal
def _leave_share(account: uint256, amount: uint256):
    """
    @notice Takes the part of expected losses that falls on cash [wad] about to leave, for the fund.
    @dev With L expected beyond the fund and C all other positive cash, everybody is left with
         r = 1 - L / C. Who takes out a gives up a / r, of which a / r - a = a L / (C - L) stays;
         r is the same for the rest.
    """
    indices: uint256 = ledger._accrue()
    fund: uint256 = convert(max(ledger._balance(accounts.headers[ledger._fund()], indices), 0), uint256)
    pending: uint256 = ledger.pending
    if pending <= fund:
        return
    balance: int256 = ledger._balance(accounts.headers[account], indices)
    leaving: uint256 = min(amount, convert(max(balance, 0), uint256))
    credit: uint256 = (cash.totals >> 144) * (indices >> 128) // ledger.RAY
    others: uint256 = credit - min(fund, credit)
    loss: uint256 = pending - fund
    assert loss < others, "withdraw: losses exceed all cash"
    share: uint256 = (leaving * loss + others - loss - 1) // (others - loss)
    ledger._pay(account, -ledger._signed(share), indices)
    ledger._pay(ledger._fund(), ledger._signed(share), indices)
    log ShareLeft(account=account, amount=share)


@internal
def _admit(code: uint256, quantity: uint256, long_change: int256, opening: bool):
    """
    @notice Lets a trade of a series in and keeps its open interest.
    @param long_change [wad] of both sides together.
    """
    in_series: uint256 = 0
    in_underlying: uint256 = 0
    in_series, in_underlying = book._admit(code, quantity, opening)
    if series._has_barrier(code):
        over: bool = not series._knocks_in(code) and staticcall ledger.ORACLE.knocked(code) == 1
        assert not over, "series: knocked out"
    if long_change != 0:
        open_interest: uint256 = book._grow_interest(code, long_change)
        total: uint256 = book._grow_total(series._underlying(code), long_change)
        if long_change > 0:
            assert open_interest <= in_series, "limit: series open interest"
            assert total <= in_underlying, "limit: market open interest"


@internal
@view
def _require_sound(
    account: uint256, grew: bool, trades: DynArray[IClearinghouse.Trade, MAX_TRADES], indices: uint256
):
    """
    @notice A trade that leaves the account below initial margin, or at stale prices: allowed
            when no position grew and the account stands no worse than before.
    """
    header: uint256 = accounts.headers[account]
    balance: int256 = ledger._balance(header, indices)
    now: IMarginEngine.Health = ledger._judge(
        account, header, balance, book._positions(account, accounts._count(header))
    )
    assert now.fresh or not grew, "margin: stale price"
    assert not grew, "margin: below initial"

    # The account as it was, rebuilt from the trades.
    positions: DynArray[uint256, 128] = book._positions(account, accounts._count(header))
    for trade: IClearinghouse.Trade in trades:
        change: int256 = ledger._signed(trade.quantity)
        if trade.seller == account:
            balance -= ledger._signed(trade.premium) - ledger._signed(trade.seller_fee)
        elif trade.buyer == account:
            balance += ledger._signed(trade.premium) + ledger._signed(trade.buyer_fee)
            change = -change
        else:
            continue
        known: bool = False
        for i: uint256 in range(len(positions), bound=128):
            if series._code(positions[i]) == trade.series:
                positions[i] = series._pack(trade.series, series._quantity(positions[i]) + change)
                known = True
                break
        if not known:
            positions.append(series._pack(trade.series, change))
    was: IMarginEngine.Health = ledger._judge(account, header, balance, positions)
    assert now.initial >= was.initial and now.maintenance >= was.maintenance, "margin: worse than before"
    # Longs count little in margin: value given up must buy at least as much relief, else an
    # insolvent owner could hand its longs to another account of its own.
    assert now.equity + now.initial >= was.equity + was.initial, "margin: value given away"
