# pragma version 0.4.3
"""
@title Linear ledger: accounts of any health, for the auction house
@license AGPL-3.0-only
@notice A clearinghouse whose accounts have cash and one portfolio of a value at mark and a margin
        requirement, both settable, so that an auction is tested over its whole domain. Selling a
        fraction scales them; what the fund lacks is counted as socialised.
"""

from ...contracts.interfaces import IMarginEngine

WAD: constant(uint256) = 10**18


struct Book:
    cash: int256
    value: int256  # of the portfolio, at mark
    requirement: int256  # maintenance; initial is half as much again


books: public(HashMap[uint256, Book])
in_auction: public(HashMap[uint256, bool])
operators: HashMap[address, HashMap[address, bool]]
fresh: public(bool)
fund: public(int256)
socialised: public(int256)
# Losses that the house expects.
pending: public(int256)
# What an account that is not empty is said to hold.
positions: HashMap[uint256, DynArray[uint256, 128]]
holdings: HashMap[uint256, DynArray[uint256, 8]]
# What the house reported last: it takes this ledger for the listing too.
running: public(uint256)
# What `liquidate` does first: a call into whoever called.
data: Bytes[1024]


@deploy
def __init__():
    self.fresh = True


@external
def set_account(account: uint256, cash: int256, mark: int256, requirement: int256):
    self.books[account] = Book(cash=cash, value=mark, requirement=requirement)


@external
def set_positions(account: uint256, positions: DynArray[uint256, 128]):
    self.positions[account] = positions


@external
def set_holdings(account: uint256, holdings: DynArray[uint256, 8]):
    self.holdings[account] = holdings


@external
def deposit(account: uint256, cash: int256):
    self.books[account].cash += cash


@external
def set_fresh(fresh: bool):
    self.fresh = fresh


@external
def set_fund(fund: int256):
    self.fund = fund


@external
def set_operator(operator: address, approved: bool):
    self.operators[msg.sender][operator] = approved


@external
def set_frozen(account: uint256, frozen: bool):
    self.in_auction[account] = frozen


@external
def reenter(data: Bytes[1024]):
    self.data = data


@external
@view
def may_act(actor: address, account: uint256) -> bool:
    owner: address = convert(account >> 96, address)
    return actor == owner or self.operators[owner][actor]


@external
@view
def cash_of(account: uint256) -> int256:
    return self.books[account].cash


@external
@view
def holdings_of(account: uint256) -> DynArray[uint256, 8]:
    return self.holdings[account]


@external
@view
def positions_of(account: uint256) -> DynArray[uint256, 128]:
    book: Book = self.books[account]
    if book.value == 0 and book.requirement == 0:
        return []
    return self.positions[account] if len(self.positions[account]) != 0 else [1]


@external
@view
def LISTING() -> address:
    return self


@external
def provide(change: int256):
    self.pending += change


@external
@view
def FUND() -> uint256:
    return 0


@external
def report_auctions(running: uint256):
    self.running = running


@external
@view
def health(account: uint256) -> IMarginEngine.Health:
    return self._health(account)


@external
def freeze(account: uint256):
    assert not self.in_auction[account], "account: in auction"
    self.in_auction[account] = True


@external
def thaw(account: uint256):
    assert self.in_auction[account], "account: not in auction"
    self.in_auction[account] = False


@external
def charge(account: uint256, recipient: uint256, amount: uint256):
    assert self.in_auction[account], "account: not in auction"
    self.books[account].cash -= convert(amount, int256)
    if recipient == 0:
        self.fund += convert(amount, int256)
    else:
        self.books[recipient].cash += convert(amount, int256)


@external
def liquidate(account: uint256, bidder: uint256, fraction: uint256, cash: int256, payment: int256):
    if len(self.data) != 0:
        raw_call(msg.sender, self.data)
    assert self.in_auction[account], "account: not in auction"
    assert not self.in_auction[bidder], "account: in auction"
    assert fraction > 0 and fraction <= WAD, "auction: fraction out of range"
    share: int256 = convert(fraction, int256)
    book: Book = self.books[account]
    value: int256 = book.value * share // convert(WAD, int256)
    requirement: int256 = book.requirement * share // convert(WAD, int256)
    book.value -= value
    book.requirement -= requirement
    book.cash += max(payment, 0) - cash
    self.books[account] = book
    if payment < 0:
        from_fund: int256 = min(-payment, self.fund)
        self.fund -= from_fund
        self.socialised += -payment - from_fund
    taken: Book = self.books[bidder]
    taken.value += value
    taken.requirement += requirement
    taken.cash += cash - payment
    self.books[bidder] = taken
    assert self._health(bidder).initial >= 0, "margin: below initial"


@internal
@view
def _health(account: uint256) -> IMarginEngine.Health:
    book: Book = self.books[account]
    equity: int256 = book.cash + book.value
    return IMarginEngine.Health(
        equity=equity,
        initial=equity - book.requirement * 3 // 2,
        maintenance=equity - book.requirement,
        fresh=self.fresh,
    )
