# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Clearinghouse
@license AGPL-3.0-only
@notice Novation: steps between buyer and seller and becomes the counterparty of both. Holds
        the collateral, keeps cash and positions of every account, lets trades in from venues,
        settles expired series and moves what the auction house sells.
@dev Every change of an account ends in at most one check by its margin engine. Accounts,
     cash, escrow, book and expiry are modules of their own in this folder and in settlement/;
     this unit decides who may act, in which order, and when margin is checked.
     The security fund is an account like any other, owned by this contract itself: anybody
     may deposit into it, nobody can act for it.
@custom:trust Venues choose prices and fees; they cannot take an account below initial margin
              unless the trade only reduces its risk. The auction house can sell what a frozen
              account holds. The owner lists markets, assets, engines, venues.
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

implements: IClearinghouse

initializes: ownable
initializes: accounts
initializes: cash
initializes: escrow
initializes: book[accounts := accounts]
initializes: expiry[book := book]

exports: (
    # views
    accounts.may_act,
    accounts.in_auction,
    accounts.header_of,
    cash.curve,
    cash.fund_share,
    escrow.token_of,
    escrow.caps,
    escrow.deposited,
    book.positions_of,
    book.open_interest,
    # owner
    ownable.owner,
    ownable.transfer_ownership,
)


WAD: constant(uint256) = 10**18
RAY: constant(uint256) = 10**27
MAX_TRADES: constant(uint256) = 16
MAX_AMOUNT: constant(uint256) = 2**112

ORACLE: public(immutable(IOracle))
# The security fund's account.
FUND: public(immutable(uint256))


struct Certificate:
    held: uint256  # [wad] settlement tokens in escrow
    credit: uint256  # [wad] all positive cash, the fund's included
    debt: uint256  # [wad] all negative cash, as a size
    fund: int256  # [wad] the security fund's cash
    unsettled: int256  # [wad] what positions not yet settled owe to settled ones, less rounding
    surplus: int256  # [wad] held + debt + unsettled - credit: never negative


venues: public(HashMap[address, bool])
auction_house: public(address)
engines: public(HashMap[uint256, IMarginEngine])
# [wad] paid to settled positions minus what settled positions paid; 0 when all are settled.
unsettled: int256


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


event EngineChosen:
    account: indexed(uint256)
    engine: uint256


event Frozen:
    account: indexed(uint256)
    frozen: bool


event Charged:
    account: indexed(uint256)
    recipient: indexed(uint256)
    amount: uint256  # [wad]


event Liquidated:
    account: indexed(uint256)
    bidder: indexed(uint256)
    fraction: uint256  # [wad]
    cash: int256  # [wad] account to bidder
    payment: int256  # [wad] bidder to account; negative: fund to bidder


event LossCovered:
    account: indexed(uint256)
    loss: uint256  # [wad]
    from_fund: uint256  # [wad]
    socialised: uint256  # [wad]


event EngineRegistered:
    engine: indexed(uint256)
    old: address
    new: address


event VenueSet:
    venue: indexed(address)
    allowed: bool


event AuctionHouseSet:
    old: address
    new: address


@deploy
def __init__(
    oracle: IOracle,
    listing: IListing,
    operators: IOperators,
    curve: IInterestCurve,
    cash_token: address,
    owner: address,
):
    """
    @param oracle Where fixings come from.
    @param listing Which series may be opened.
    @param operators Who may act for an owner.
    @param curve What negative cash pays.
    @param cash_token The settlement stablecoin, at most 18 decimals.
    """
    ownable.__init__()
    accounts.__init__(operators)
    book.__init__(listing)
    cash.__init__(curve)
    escrow.__init__(cash_token)
    assert owner != empty(address), "clearinghouse: no owner"
    ownable._transfer_ownership(owner)
    ORACLE = oracle
    FUND = convert(self, uint256) << 96


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
        indices: uint256 = self._accrue()
        self._pay(account, self._signed(wad), indices)
    else:
        escrow._enter(asset, wad)
        accounts.headers[account] = escrow._hold(account, header, asset, wad)
    log Deposited(account=account, asset=asset, amount=wad, payer=msg.sender)


@external
def settle(owners: DynArray[uint256, 32]):
    """
    @notice Pays all expired and fixed positions of these accounts. Never blocked.
    """
    indices: uint256 = self._accrue()
    net: int256 = 0
    for account: uint256 in owners:
        header: uint256 = 0
        paid: int256 = 0
        header, paid = expiry._settle(account, accounts.headers[account], ORACLE)
        accounts.headers[account] = header
        self._pay(account, paid, indices)
        net += paid
    if net != 0:
        self.unsettled += net


@external
def write_off(account: uint256):
    """
    @notice Recognises the loss of an account that has nothing but debt: the fund pays, and
            what it lacks is taken from all positive cash at once.
    """
    indices: uint256 = self._accrue()
    header: uint256 = accounts.headers[account]
    balance: int256 = self._balance(header, indices)
    assert balance < 0, "write off: no debt"
    assert accounts._count(header) == 0 and accounts._assets(header) == 0, "write off: assets left"
    indices = self._cover(account, convert(-balance, uint256), indices)
    self._pay(account, -balance, indices)


# -- the account's owner and operators --


@external
def withdraw(account: uint256, asset: uint256, amount: uint256, receiver: address):
    """
    @notice Takes out what initial margin leaves free. Cash may become negative as far as
            collateral covers it.
    @param amount In the token's own units.
    """
    accounts._require_actor(account)
    wad: uint256 = escrow._wad(asset, amount)
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
        indices: uint256 = self._accrue()
        self._pay(receiver, self._signed(amount), indices)
    else:
        accounts.headers[receiver] = escrow._hold(receiver, accounts.headers[receiver], asset, amount)
    self._take(sender, asset, amount)
    log Transferred(sender=sender, receiver=receiver, asset=asset, amount=amount)


@external
def set_engine(account: uint256, engine: uint256):
    """
    @notice Chooses another margin engine; the account must pass it.
    """
    accounts._require_actor(account)
    assert self.engines[engine].address != empty(address), "engine: unknown"
    header: uint256 = accounts._with_engine(accounts.headers[account], engine)
    accounts._require_free(header)
    indices: uint256 = self._accrue()
    accounts.headers[account] = header
    self._require_initial(account, indices)
    log EngineChosen(account=account, engine=engine)


# -- venues --


@external
def novate(trades: DynArray[IClearinghouse.Trade, MAX_TRADES]):
    """
    @notice Moves positions, premiums and fees of a list of trades, then checks each touched
            account once. An account that would be below initial margin passes only if none
            of its positions grew and it stands no worse than before.
    """
    assert self.venues[msg.sender], "novate: not a venue"
    indices: uint256 = self._accrue()
    # Each touched account once; bit i of `grown` says that a position of account i grew.
    touched: DynArray[uint256, 2 * MAX_TRADES] = []
    grown: uint256 = 0
    fees: uint256 = 0
    for trade: IClearinghouse.Trade in trades:
        assert trade.seller != trade.buyer, "novate: same account"
        assert trade.quantity > 0, "novate: zero quantity"
        premium: int256 = self._signed(trade.premium)
        long_change: int256 = 0
        opening: bool = False
        for buys: bool in [False, True]:
            account: uint256 = trade.seller
            quantity: int256 = -self._signed(trade.quantity)
            paid: int256 = premium - self._signed(trade.seller_fee)
            if buys:
                account = trade.buyer
                quantity = -quantity
                paid = -premium - self._signed(trade.buyer_fee)
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
        book._require_tradable(trade.series, opening)
        book._grow_interest(trade.series, long_change)
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
        self._pay(FUND, self._signed(fees), indices)
    for i: uint256 in range(len(touched), bound=2 * MAX_TRADES):
        header: uint256 = accounts.headers[touched[i]]
        excess: int256 = 0
        fresh: bool = False
        excess, fresh = self._excess(
            touched[i], header, self._balance(header, indices)
        )
        if not fresh or excess < 0:
            self._require_sound(touched[i], (grown >> i) & 1 != 0, trades, indices)


# -- the auction house --


@external
def freeze(account: uint256):
    """
    @notice From now on only deposits, bids and settlement touch the account.
    """
    self._require_house()
    header: uint256 = accounts.headers[account]
    accounts._require_free(header)
    assert account != FUND, "auction: the fund"
    accounts.headers[account] = header | accounts.FROZEN
    log Frozen(account=account, frozen=True)


@external
def thaw(account: uint256):
    header: uint256 = self._frozen(account)
    accounts.headers[account] = header & ~accounts.FROZEN
    log Frozen(account=account, frozen=False)


@external
def charge(account: uint256, recipient: uint256, amount: uint256):
    """
    @notice Moves cash of a frozen account to another one; recipient 0 is the fund.
    """
    self._frozen(account)
    receiver: uint256 = recipient if recipient != 0 else FUND
    assert receiver != account, "auction: charge to itself"
    indices: uint256 = self._accrue()
    self._pay(account, -self._signed(amount), indices)
    self._pay(receiver, self._signed(amount), indices)
    log Charged(account=account, recipient=receiver, amount=amount)


@external
def liquidate(account: uint256, bidder: uint256, fraction: uint256, sold_cash: int256, payment: int256):
    """
    @notice Sells a fraction of a frozen account, see the interface. Positions and holdings
            round towards the account; the bidder is judged by initial margin at the end.
    """
    header: uint256 = self._frozen(account)
    assert fraction > 0 and fraction <= WAD, "auction: fraction out of range"
    assert account != bidder, "auction: bidder is the account"
    bidder_header: uint256 = accounts.headers[bidder]
    accounts._require_free(bidder_header)
    indices: uint256 = self._accrue()

    # What the fund lacks is taken from everybody before the bidder is credited, so that the
    # bidder receives what was quoted.
    from_account: int256 = sold_cash - max(payment, 0)
    if payment < 0:
        indices = self._cover(account, convert(-payment, uint256), indices)

    held: uint256 = accounts._assets(header)
    for asset: uint256 in range(1, 9):
        if (held >> (asset - 1)) & 1 != 0:
            part: uint256 = escrow.holdings[account][asset] * fraction // WAD
            if part != 0:
                header = escrow._release(account, header, asset, part)
                bidder_header = escrow._hold(bidder, bidder_header, asset, part)

    count: uint256 = accounts._count(header)
    # A series stands once in the account, so only the bidder's former slots can hold it.
    known: uint256 = accounts._count(bidder_header)
    for i: uint256 in range(count, bound=128):
        slot: uint256 = count - 1 - i
        word: uint256 = book.positions[account][slot]
        code: uint256 = series._code(word)
        quantity: int256 = series._quantity(word)
        # Truncated towards zero. |quantity| < 2**95 and fraction <= 1e18: no overflow.
        part: int256 = unsafe_div(unsafe_mul(quantity, self._signed(fraction)), 10**18)
        if part == 0:
            continue
        long_change: int256 = 0
        grew: bool = False
        bidder_header, long_change, grew = book._change(bidder, bidder_header, code, part, known)
        if part == quantity:
            header = book._remove(account, header, slot)
        else:
            book.positions[account][slot] = series._pack(code, quantity - part)
            header = accounts._with_count(header, accounts._count(header))
        book._grow_interest(code, long_change - max(part, 0))

    accounts.headers[account] = header
    accounts.headers[bidder] = bidder_header
    self._pay(account, -from_account, indices)
    self._pay(bidder, sold_cash - payment, indices)
    self._require_initial(bidder, indices)
    log Liquidated(account=account, bidder=bidder, fraction=fraction, cash=sold_cash, payment=payment)


# -- owner --


@external
def list_asset(asset: uint256, token: address, cap: uint256):
    """
    @notice Lists a collateral token, or changes its cap.
    @param asset 1 to 8.
    @param cap [wad] how much all accounts together may hold.
    """
    ownable._check_owner()
    escrow._list(asset, token, cap)


@external
def register_engine(engine: uint256, implementation: IMarginEngine):
    """
    @notice Registers or replaces a margin engine. Engine 0 is the default of every account.
    """
    ownable._check_owner()
    assert engine < 256, "engine: out of range"
    assert implementation.address.is_contract, "engine: no code"
    log EngineRegistered(engine=engine, old=self.engines[engine].address, new=implementation.address)
    self.engines[engine] = implementation


@external
def set_venue(venue: address, allowed: bool):
    ownable._check_owner()
    self.venues[venue] = allowed
    log VenueSet(venue=venue, allowed=allowed)


@external
def set_auction_house(house: address):
    ownable._check_owner()
    log AuctionHouseSet(old=self.auction_house, new=house)
    self.auction_house = house


@external
def set_curve(curve: IInterestCurve, fund_share: uint256):
    """
    @notice Changes the interest curve, from this second on.
    @param fund_share [wad] of the interest for the security fund, at most a half.
    """
    ownable._check_owner()
    self._accrue()
    cash._set_curve(curve, fund_share)


# -- views --


@external
@view
def cash_of(account: uint256) -> int256:
    """
    @notice Signed cash [wad], with interest to this second.
    """
    return self._cash_now(account)


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
    return self._judge(
        account, header, self._cash_now(account), book._positions(account, accounts._count(header))
    )


@external
@view
def certificate() -> Certificate:
    """
    @notice What is needed to check that nothing is lost: tokens held against all claims.
    """
    indices: uint256 = 0
    interest: uint256 = 0
    to_fund: uint256 = 0
    indices, interest, to_fund = cash._accrued()
    totals: uint256 = cash.totals
    held: uint256 = staticcall escrow.CASH_TOKEN.balanceOf(self) * escrow.CASH_SCALE
    credit: uint256 = (totals >> 144) * (indices >> 128) // RAY + to_fund
    debt: uint256 = ((totals >> 32) & (2**112 - 1)) * (indices & (2**128 - 1)) // RAY
    return Certificate(
        held=held,
        credit=credit,
        debt=debt,
        fund=self._cash_now(FUND),
        unsettled=self.unsettled,
        surplus=convert(held + debt, int256) + self.unsettled - convert(credit, int256),
    )


# -- internal --

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
@view
def _require_house():
    assert msg.sender == self.auction_house, "auction: not the house"



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
        self._pay(FUND, self._signed(to_fund), indices)
    return indices


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
    indices: uint256 = self._accrue()
    if asset == 0:
        self._pay(account, -self._signed(amount), indices)
    else:
        accounts.headers[account] = escrow._release(account, accounts.headers[account], asset, amount)
    self._require_initial(account, indices)


@internal
def _cover(account: uint256, loss: uint256, indices: uint256) -> uint256:
    """
    @notice Finds the money [wad] for a loss: the fund first, then all positive cash.
    @return The indices after.
    """
    fund_cash: int256 = self._balance(accounts.headers[FUND], indices)
    from_fund: uint256 = min(loss, convert(max(fund_cash, 0), uint256))
    self._pay(FUND, -self._signed(from_fund), indices)
    after: uint256 = indices
    if loss > from_fund:
        after = cash._socialise(loss - from_fund, indices)
    log LossCovered(account=account, loss=loss, from_fund=from_fund, socialised=loss - from_fund)
    return after


@internal
@view
def _frozen(account: uint256) -> uint256:
    """
    @return The header of an account in auction; only the auction house may ask.
    """
    self._require_house()
    header: uint256 = accounts.headers[account]
    assert header & accounts.FROZEN != 0, "account: not in auction"
    return header


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
def _require_sound(
    account: uint256, grew: bool, trades: DynArray[IClearinghouse.Trade, MAX_TRADES], indices: uint256
):
    """
    @notice A trade that leaves the account below initial margin, or at stale prices: allowed
            when no position grew and the account stands no worse than before.
    """
    header: uint256 = accounts.headers[account]
    balance: int256 = self._balance(header, indices)
    now: IMarginEngine.Health = self._judge(
        account, header, balance, book._positions(account, accounts._count(header))
    )
    assert now.fresh or not grew, "margin: stale price"
    assert not grew, "margin: below initial"

    # The account as it was, rebuilt from the trades.
    positions: DynArray[uint256, 128] = book._positions(account, accounts._count(header))
    for trade: IClearinghouse.Trade in trades:
        change: int256 = self._signed(trade.quantity)
        if trade.seller == account:
            balance -= self._signed(trade.premium) - self._signed(trade.seller_fee)
        elif trade.buyer == account:
            balance += self._signed(trade.premium) + self._signed(trade.buyer_fee)
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
    was: IMarginEngine.Health = self._judge(account, header, balance, positions)
    assert now.initial >= was.initial and now.maintenance >= was.maintenance, "margin: worse than before"
    # Longs count little in margin: value given up must buy at least as much relief, else an
    # insolvent owner could hand its longs to another account of its own.
    assert now.equity + now.initial >= was.equity + was.initial, "margin: value given away"


@internal
@view
def _excess(account: uint256, header: uint256, balance: int256) -> (int256, bool):
    """
    @notice The hot path of margin: excess over initial margin [wad], and whether prices are fresh.
    """
    return staticcall self.engines[accounts._engine(header)].excess(
        balance, escrow._holdings(account, header), book._positions(account, accounts._count(header))
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
def _cash_now(account: uint256) -> int256:
    indices: uint256 = 0
    interest: uint256 = 0
    to_fund: uint256 = 0
    indices, interest, to_fund = cash._accrued()
    balance: int256 = self._balance(accounts.headers[account], indices)
    return balance + self._signed(to_fund) if account == FUND else balance
