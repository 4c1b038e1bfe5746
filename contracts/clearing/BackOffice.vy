# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title BackOffice
@license AGPL-3.0-only
@notice The rare half of the clearinghouse: liquidation, losses, the choice of an engine, and
        what the owner lists. Its code runs in the storage of the clearinghouse, which hands on
        every call that it does not know; used at its own address it owns nothing.
@dev A contract may have 24,576 bytes (EIP-170): with everything in one, the ledger had to be
     compiled for size. Split, what runs in every block is compiled for gas and pays nothing for
     the rest; a call handed on costs some 2,800 gas.
@custom:trust The auction house can sell what a frozen account holds. The owner lists assets,
              engines and venues.
@custom:kill None of its own; see Clearinghouse.vy.
@custom:rounding Against accounts everywhere; the surplus shows in `certificate`.
"""

from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IExposureLimits
from ..interfaces import IInterestCurve
from ..interfaces import IListing
from ..interfaces import IMarginEngine
from ..interfaces import IOperators
from ..interfaces import IOracle
from . import accounts
from . import book
from . import cash
from . import escrow
from . import ledger

# State in the order of Clearinghouse.vy: both work on the same slots.
initializes: ownable
initializes: accounts
initializes: cash
initializes: escrow
initializes: book[accounts := accounts]
initializes: ledger[accounts := accounts, book := book, cash := cash, escrow := escrow]

exports: (
    ownable.owner,
    ownable.transfer_ownership,
    cash.curve,
    cash.fund_share,
    cash.indices,
    escrow.caps,
    escrow.deposited,
    ledger.venues,
    ledger.engines,
    ledger.exposure_limits,
    ledger.security_fund,
    ledger.outstanding,
    ledger.pending,
)


WAD: constant(uint256) = 10**18
RAY: constant(uint256) = 10**27

UNITS: immutable(bytes32)


struct Certificate:
    held: uint256  # [wad] settlement tokens in escrow
    credit: uint256  # [wad] all positive cash, the fund's included
    debt: uint256  # [wad] all negative cash, as a size
    fund: int256  # [wad] the security fund's cash
    unsettled: int256  # [wad] what positions not yet settled owe to settled ones, less rounding
    surplus: int256  # [wad] held + debt + unsettled - credit: never negative
    outstanding: uint256  # [wad] losses shared by all positive cash, not made good yet


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


event Deleveraged:
    account: indexed(uint256)
    opposite: indexed(uint256)
    series: indexed(uint256)
    quantity: int256  # [wad] of the account in auction
    payment: int256  # [wad] account to opposite


event Provided:
    change: int256  # [wad]
    pending: int256  # [wad] after


event Released:
    amount: uint256  # [wad]
    receiver: address


event ExposureLimitsSet:
    old: address
    new: address


event MarkedLimited:
    account: indexed(uint256)
    limited: bool


event SecurityFundSet:
    old: address
    new: address


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
    oracle: IOracle, listing: IListing, operators: IOperators, curve: IInterestCurve, cash_token: address
):
    """
    @notice The units of the clearinghouse that will hand its calls on. At its own address it
            stays without an owner, engines and venues.
    """
    ownable.__init__()
    accounts.__init__(operators)
    book.__init__(listing)
    cash.__init__(curve)
    escrow.__init__(cash_token)
    ledger.__init__(oracle)
    ownable._transfer_ownership(empty(address))
    UNITS = keccak256(abi_encode(oracle, listing, operators, cash_token))


# -- anyone --


@external
def write_off(account: uint256):
    """
    @notice Recognises the loss of an account that has nothing but debt: the fund pays, and
            what it lacks is taken from all positive cash at once.
    """
    indices: uint256 = ledger._accrue()
    header: uint256 = accounts.headers[account]
    assert ledger._balance(header, indices) < 0, "write off: no debt"
    assert accounts._count(header) == 0 and accounts._assets(header) == 0, "write off: assets left"
    self._write_off(account, header, indices)


# -- the account's owner and operators --


@external
def set_engine(account: uint256, engine: uint256):
    """
    @notice Chooses another margin engine; the account must pass it.
    """
    accounts._require_actor(account)
    assert ledger.engines[engine].address != empty(address), "engine: unknown"
    header: uint256 = accounts._with_engine(accounts.headers[account], engine)
    accounts._require_free(header)
    indices: uint256 = ledger._accrue()
    accounts.headers[account] = header
    ledger._require_initial(account, indices)
    log EngineChosen(account=account, engine=engine)


# -- the auction house --


@external
def freeze(account: uint256):
    """
    @notice From now on only deposits, bids and settlement touch the account.
    """
    self._require_house()
    header: uint256 = accounts.headers[account]
    accounts._require_free(header)
    assert account != ledger._fund(), "auction: the fund"
    accounts.headers[account] = header | accounts.FROZEN
    log Frozen(account=account, frozen=True)


@external
def thaw(account: uint256):
    """
    @notice Ends what `freeze` began. A debt with nothing beside it is recognised at once: it is no
            longer expected, so whoever left in between would not bear it.
    """
    header: uint256 = self._frozen(account) & ~accounts.FROZEN
    accounts.headers[account] = header
    log Frozen(account=account, frozen=False)
    if accounts._count(header) == 0 and accounts._assets(header) == 0 and accounts._principal(header) < 0:
        self._write_off(account, header, ledger._accrue())


@external
def charge(account: uint256, recipient: uint256, amount: uint256):
    """
    @notice Moves cash of a frozen account to another one; recipient 0 is income of the fund.
    """
    self._frozen(account)
    assert recipient != account, "auction: charge to itself"
    indices: uint256 = ledger._accrue()
    ledger._pay(account, -ledger._signed(amount), indices)
    if recipient == 0:
        ledger._earn(amount, indices)
    else:
        ledger._pay(recipient, ledger._signed(amount), indices)
    log Charged(account=account, recipient=recipient, amount=amount)


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
    indices: uint256 = ledger._accrue()

    # What the fund lacks is taken from everybody after the cash that is sold has left the account
    # and before the bidder is credited: the bidder receives what was quoted, and what is sold
    # bears no part of the loss, which would only make it larger.
    ledger._pay(account, max(payment, 0) - sold_cash, indices)
    if payment < 0:
        indices = self._cover(account, convert(-payment, uint256), indices)
    header = accounts.headers[account]

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
        part: int256 = unsafe_div(unsafe_mul(quantity, ledger._signed(fraction)), 10**18)
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
        long_change -= max(part, 0)
        if long_change != 0:
            book._grow_interest(code, long_change)
            book._grow_total(series._underlying(code), long_change)

    accounts.headers[account] = header
    accounts.headers[bidder] = bidder_header
    ledger._pay(bidder, sold_cash - payment, indices)
    ledger._require_initial(bidder, indices)
    log Liquidated(account=account, bidder=bidder, fraction=fraction, cash=sold_cash, payment=payment)


@external
def provide(change: int256):
    """
    @notice Moves the sum of losses to be expected from auctions by `change` [wad]. What a house that
            comes back no longer expects, the ledger has forgotten: so never below nothing.
    """
    self._require_house()
    after: int256 = max(convert(ledger.pending, int256) + change, 0)
    log Provided(change=change, pending=after)
    ledger.pending = convert(after, uint256)


@external
def deleverage(account: uint256, opposite: uint256, code: uint256, quantity: int256, payment: int256):
    """
    @notice Closes a position of a frozen account against one on the other side, where no bidder was
            found. Both shrink, so nobody's margin is asked; the auction house names the price.
    @param quantity [wad] signed as the frozen account holds it, what is closed.
    @param payment [wad] frozen account to the other, signed.
    """
    header: uint256 = self._frozen(account)
    other: uint256 = accounts.headers[opposite]
    accounts._require_free(other)
    assert quantity != 0, "deleverage: nothing to close"
    assert series._expiry(code) > block.timestamp, "series: expired"
    indices: uint256 = ledger._accrue()
    long_change: int256 = 0
    longer: int256 = 0
    grew: bool = False
    grew_too: bool = False
    header, long_change, grew = book._change(account, header, code, -quantity, 128)
    other, longer, grew_too = book._change(opposite, other, code, quantity, 128)
    assert not grew and not grew_too, "deleverage: position grew"
    accounts.headers[account] = header
    accounts.headers[opposite] = other
    long_change += longer
    book._grow_interest(code, long_change)
    book._grow_total(series._underlying(code), long_change)
    ledger._pay(account, -payment, indices)
    ledger._pay(opposite, payment, indices)
    log Deleveraged(account=account, opposite=opposite, series=code, quantity=quantity, payment=payment)


# -- the security fund --


@external
def release(amount: uint256, receiver: address):
    """
    @notice Pays cash of the security fund out to one of its backers. Not while losses that
            everybody bore are outstanding.
    @param amount In the token's own units.
    """
    assert msg.sender == ledger.security_fund, "fund: not the security fund"
    assert ledger.outstanding == 0, "fund: losses outstanding"
    wad: uint256 = escrow._wad(0, amount)
    fund: uint256 = ledger._fund()
    indices: uint256 = ledger._accrue()
    assert ledger._balance(accounts.headers[fund], indices) >= ledger._signed(wad), "fund: not enough"
    ledger._pay(fund, -ledger._signed(wad), indices)
    log Released(amount=wad, receiver=receiver)
    escrow._push(0, amount, receiver)


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
    log EngineRegistered(engine=engine, old=ledger.engines[engine].address, new=implementation.address)
    ledger.engines[engine] = implementation


@external
def set_venue(venue: address, allowed: bool):
    ownable._check_owner()
    ledger.venues[venue] = allowed
    log VenueSet(venue=venue, allowed=allowed)


@external
def set_auction_house(house: address):
    """
    @notice Changes the house. Another one adopts what is frozen, and expects losses anew.
    """
    ownable._check_owner()
    if house != ledger.auction_house:
        ledger.pending = 0
    log AuctionHouseSet(old=ledger.auction_house, new=house)
    ledger.auction_house = house


@external
def set_exposure_limits(limits: IExposureLimits):
    """
    @notice Who limits delta and vega of the accounts that are marked.
    """
    ownable._check_owner()
    assert limits.address.is_contract, "limit: no code"
    log ExposureLimitsSet(old=ledger.exposure_limits.address, new=limits.address)
    ledger.exposure_limits = limits


@external
def mark_limited(account: uint256, limited: bool):
    """
    @notice Marks an account whose trades that open risk ask for its limits, or unmarks it.
    """
    ownable._check_owner()
    assert ledger.exposure_limits.address != empty(address), "limit: no code"
    header: uint256 = accounts.headers[account] & ~ledger.LIMITED
    accounts.headers[account] = header | ledger.LIMITED if limited else header
    log MarkedLimited(account=account, limited=limited)


@external
def set_security_fund(fund: address):
    ownable._check_owner()
    log SecurityFundSet(old=ledger.security_fund, new=fund)
    ledger.security_fund = fund


@external
def set_curve(curve: IInterestCurve, fund_share: uint256):
    """
    @notice Changes the interest curve, from this second on.
    @param fund_share [wad] of the interest for the security fund, at most a half.
    """
    ownable._check_owner()
    ledger._accrue()
    cash._set_curve(curve, fund_share)


# -- views --


@external
@view
def certificate() -> Certificate:
    """
    @notice What is needed to check that nothing is lost: tokens held against all claims.
    """
    indices: uint256 = 0
    to_fund: uint256 = 0
    indices, to_fund = ledger._now()
    totals: uint256 = cash.totals
    held: uint256 = staticcall escrow.CASH_TOKEN.balanceOf(self) * escrow.CASH_SCALE
    credit: uint256 = (totals >> 144) * (indices >> 128) // RAY + to_fund
    debt: uint256 = ((totals >> 32) & (2**112 - 1)) * (indices & (2**128 - 1)) // RAY
    return Certificate(
        held=held,
        credit=credit,
        debt=debt,
        fund=ledger._cash_now(ledger._fund()),
        unsettled=ledger.unsettled,
        surplus=convert(held + debt, int256) + ledger.unsettled - convert(credit, int256),
        outstanding=ledger.outstanding,
    )


@external
@view
def engine_of(account: uint256) -> uint256:
    return accounts._engine(accounts.headers[account])


@external
@view
def appraise(
    engine: uint256, balance: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128]
) -> IMarginEngine.Health:
    """
    @notice What an engine thinks of any contents: the ground of what-ifs and of deleveraging.
    @param balance [wad] cash
    @param holdings Words as in `holdings_of`.
    @param positions Words as in `positions_of`.
    """
    return staticcall ledger.engines[engine].assess(balance, holdings, positions)


@external
@view
def LISTING() -> address:
    return book.LISTING.address


@external
@view
def stands_on() -> bytes32:
    """
    @notice Hash of the oracle, listing, operators and cash token it was made with.
    """
    return UNITS


# -- internal --


@internal
@view
def _require_house():
    assert msg.sender == ledger.auction_house, "auction: not the house"


@internal
def _write_off(account: uint256, header: uint256, indices: uint256):
    """
    @notice Covers the debt of an account that has nothing else.
    """
    balance: int256 = ledger._balance(header, indices)
    after: uint256 = self._cover(account, convert(-balance, uint256), indices)
    ledger._pay(account, -balance, after)


@internal
def _cover(account: uint256, loss: uint256, indices: uint256) -> uint256:
    """
    @notice Finds the money [wad] for a loss: the fund first, then all positive cash.
    @return The indices after.
    """
    fund_cash: int256 = ledger._balance(accounts.headers[ledger._fund()], indices)
    from_fund: uint256 = min(loss, convert(max(fund_cash, 0), uint256))
    ledger._pay(ledger._fund(), -ledger._signed(from_fund), indices)
    after: uint256 = indices
    if loss > from_fund:
        after = cash._socialise(loss - from_fund, indices)
        ledger.outstanding += loss - from_fund
        accounts.headers[ledger._fund()] |= ledger.OWING
    extcall book.LISTING.report_loss(loss)
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
