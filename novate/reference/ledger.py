"""The clearing ledger, written from the design: what contracts/clearing/ must do with money.

Exact integers, rounded where and as the design says, so that cash agrees to the wei:

- cash of an account is its principal times an index [ray], one index for positive and one for
  negative cash; credit rounds down and debt up, at every conversion;
- interest raises the index of debt, rounded up; what the fund does not get of it raises the index
  of credit, rounded down;
- a loss beyond the fund lowers the index of credit, rounded up; income gives it back, rounded
  down;
- what is paid at expiry rounds down for who gets it and up for who owes it.

Growth of debt is the exponential of rate times time, rounded down to a wad: from mpmath, never from
the contract. Totals are summed over the accounts anew each time; the contract keeps its own.
"""

from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from mpmath import exp, floor, mp, mpf

from ..series import WAD, Series

RAY = 10**27
YEAR = 31_536_000
FUND = 0

Account = int
Code = int


def div_up(amount: int, by: int) -> int:
    """Rounded towards plus infinity."""
    return -(-amount // by)


@dataclass(frozen=True)
class Curve:
    """Kinked interest curve: rates a year in wad."""

    base: int
    slope_low: int
    slope_high: int
    optimum: int
    fund_share: int

    def rate(self, debt: int, credit: int) -> int:
        """[wad] a year, rounded down."""
        used = debt * WAD // credit if debt < credit else WAD
        if used <= self.optimum:
            return self.base + self.slope_low * used // WAD
        steep = self.slope_low * self.optimum + self.slope_high * (used - self.optimum)
        return self.base + steep // WAD

    def growth(self, debt: int, credit: int, elapsed: int) -> int:
        """Factor [wad] by which debt grows in a time [s]."""
        with mp.workdps(50):
            exponent = self.rate(debt, credit) * elapsed // YEAR
            return int(floor(exp(mpf(exponent) / WAD) * WAD))


@dataclass
class Ledger:
    """Accounts by number; account 0 is the security fund. All money in wad."""

    curve: Curve
    now: int  # [s] of the last accrual
    # Signed cash without interest.
    principals: dict[Account, int] = field(default_factory=lambda: defaultdict(int))
    holdings: dict[Account, dict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    positions: dict[Account, dict[Code, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    supply_index: int = RAY
    borrow_index: int = RAY
    tokens: int = 0  # settlement tokens in escrow
    # Losses shared by all positive cash that income has not made good yet.
    outstanding: int = 0
    # account in auction -> loss that it is expected to leave
    provisions: dict[Account, int] = field(default_factory=dict)
    # Paid to settled positions less what settled positions paid.
    unsettled: int = 0

    # -- cash --

    def cash(self, account: Account) -> int:
        return self._balance(self.principals[account])

    def fund(self) -> int:
        """Cash of the security fund, when it has some."""
        return max(self.cash(FUND), 0)

    def credit(self) -> int:
        """All positive cash, the fund's included."""
        return self._supplied() * self.supply_index // RAY

    def pay(self, account: Account, amount: int) -> None:
        """Adds signed cash: the balance is taken out of its index, changed and put back in."""
        balance = self._balance(self.principals[account]) + amount
        if balance >= 0:
            self.principals[account] = balance * RAY // self.supply_index
        else:
            self.principals[account] = -div_up(-balance * RAY, self.borrow_index)

    def copy(self) -> "Ledger":
        return deepcopy(self)

    # -- time --

    def advance(self, now: int) -> None:
        """Negative cash pays for the time that passed, positive cash and the fund get it."""
        elapsed, self.now = now - self.now, now
        borrowed = sum(-p for p in self.principals.values() if p < 0)
        supplied = self._supplied()
        if not borrowed or not elapsed:
            return
        debt = borrowed * self.borrow_index // RAY
        growth = self.curve.growth(debt, supplied * self.supply_index // RAY, elapsed)
        self.borrow_index = div_up(self.borrow_index * growth, WAD)
        interest = borrowed * self.borrow_index // RAY - debt
        to_fund = interest
        if supplied:
            to_fund = interest * self.curve.fund_share // WAD
            self.supply_index += (interest - to_fund) * RAY // supplied
        self.earn(to_fund)

    # -- escrow --

    def deposit(self, account: Account, asset: int, amount: int) -> None:
        if asset:
            self.holdings[account][asset] += amount
        else:
            self.pay(account, amount)
            self.tokens += amount

    def withdraw(self, account: Account, asset: int, amount: int) -> None:
        """Margin is the caller's business."""
        if asset:
            self.holdings[account][asset] -= amount
        else:
            share = self.leaving_share(account, amount)
            if share:
                self.pay(account, -share)
                self.pay(FUND, share)
            self.pay(account, -amount)
            self.tokens -= amount

    def expected(self) -> int:
        """Losses that running auctions are expected to leave beyond the fund."""
        return max(sum(self.provisions.values()) - self.fund(), 0)

    def leaving_share(self, account: Account, amount: int) -> int:
        """What positive cash that leaves pays towards expected losses, rounded up.

        All other positive cash C would be left with 1 - L / C; who takes out an amount gives up
        so much more that the others are left with the same. Infinite losses are not payable.
        """
        loss = self.expected()
        if not loss:
            return 0
        others = self.credit() - self.fund()
        leaving = min(amount, max(self.cash(account), 0))
        return div_up(leaving * loss, others - loss)

    # -- trades --

    def trade(
        self,
        seller: Account,
        buyer: Account,
        code: Code,
        quantity: int,
        premium: int,
        seller_fee: int = 0,
        buyer_fee: int = 0,
    ) -> None:
        """The premium goes from buyer to seller, the fees to the fund."""
        for account, sign, fee in ((seller, -1, seller_fee), (buyer, 1, buyer_fee)):
            self._move(account, code, sign * quantity)
            self.pay(account, -sign * premium - fee)
        self.earn(seller_fee + buyer_fee)

    def open_interest(self, code: Code) -> int:
        """Sum of the long quantities."""
        return sum(max(held[code], 0) for held in self.positions.values() if code in held)

    def settle(self, account: Account, fixings: Mapping[tuple[int, int], int]) -> None:
        """Pays what has expired and is fixed; fixings by (underlying, expiry)."""
        paid = 0
        for code, quantity in list(self.positions[account].items()):
            series = Series.from_code(code)
            fixing = fixings.get((series.underlying, series.expiry))
            if fixing is None or series.expiry > self.now:
                continue
            gain = series.strike - fixing if series.is_put else fixing - series.strike
            # Down, also for what is owed: a larger debt.
            paid += quantity * max(gain, 0) // WAD
            del self.positions[account][code]
        if paid:
            self.pay(account, paid)
        self.unsettled += paid

    # -- liquidation --

    def sell(
        self, account: Account, bidder: Account, fraction: int, cash: int, payment: int
    ) -> None:
        """A fraction [wad] of everything, rounded towards the account, with `cash` of its cash.

        What a bidder is paid is found after the cash that is sold has left, which bears no part of
        that loss, and before the bidder is credited, which gets what was quoted.
        """
        if cash != max(payment, 0):
            self.pay(account, max(payment, 0) - cash)
        if payment < 0:
            self.cover(-payment)
        for code, quantity in list(self.positions[account].items()):
            part = abs(quantity) * fraction // WAD * (1 if quantity > 0 else -1)
            self._move(account, code, -part)
            self._move(bidder, code, part)
        for asset, amount in self.holdings[account].items():
            part = amount * fraction // WAD
            self.holdings[account][asset] -= part
            self.holdings[bidder][asset] += part
        if cash != payment:
            self.pay(bidder, cash - payment)

    def charge(self, account: Account, recipient: Account | None, amount: int) -> None:
        """Moves cash of an account in auction; no recipient: income of the fund."""
        if not amount:
            return
        self.pay(account, -amount)
        if recipient is None:
            self.earn(amount)
        else:
            self.pay(recipient, amount)

    def earn(self, amount: int) -> None:
        """Income: makes good what everybody bore, in proportion; the rest is the fund's."""
        supplied = self._supplied()
        back = min(amount, self.outstanding)
        raised = back * RAY // supplied if supplied else 0
        if raised:
            self.supply_index += raised
            self.outstanding -= back
            amount -= back
        if amount:
            self.pay(FUND, amount)

    def cover(self, loss: int) -> tuple[int, int]:
        """The fund pays a loss, then all positive cash in proportion; says who paid what."""
        from_fund = min(loss, self.fund())
        if from_fund:
            self.pay(FUND, -from_fund)
        rest = loss - from_fund
        if rest:
            self.supply_index -= div_up(rest * RAY, self._supplied())
            self.outstanding += rest
        return from_fund, rest

    def deleverage(
        self, account: Account, opposite: Account, code: Code, quantity: int, payment: int
    ) -> None:
        """Closes a quantity, as the account holds it, against the other side, for money."""
        self._move(account, code, -quantity)
        self._move(opposite, code, quantity)
        if payment:
            self.pay(account, -payment)
            self.pay(opposite, payment)

    def write_off(self, account: Account) -> tuple[int, int]:
        """Recognises the debt of an account that has nothing else; says who paid what."""
        debt = -self.cash(account)
        parts = self.cover(debt)
        self.pay(account, debt)
        return parts

    def _balance(self, principal: int) -> int:
        if principal >= 0:
            return principal * self.supply_index // RAY
        return -div_up(-principal * self.borrow_index, RAY)

    def _supplied(self) -> int:
        return sum(p for p in self.principals.values() if p > 0)

    def _move(self, account: Account, code: Code, change: int) -> None:
        held = self.positions[account]
        held[code] += change
        if not held[code]:
            del held[code]


@dataclass
class FundShares:
    """Shares in the security fund; one virtual holder owns the first unit and VIRTUAL shares.

    Assets are whole token units, shares integers; both round against who asks.
    """

    VIRTUAL = 10**18

    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def supply(self) -> int:
        return sum(self.held.values())

    def shares(self, assets: int, fund: int) -> int:
        """For assets brought, when the fund owns `fund` units before."""
        return assets * (self.supply + self.VIRTUAL) // (fund + 1)

    def assets(self, shares: int, fund: int) -> int:
        """For shares given back."""
        return shares * (fund + 1) // (self.supply + self.VIRTUAL)
