"""The clearing ledger, written from the design: what contracts/clearing/ must do with money.

Cash in fractions of a wad, positions in integers of a wad; the growth of debt comes from an
exponential, and what is scaled for everybody at once is rounded to 1e-30 wei: exact fractions
would double their digits each time. The contracts round every conversion against the account, so
that their figures may lie a few wei below these, and never above.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from mpmath import exp, mp, mpf

from ..series import WAD, Series

YEAR = 31_536_000
FUND = 0

Account = int
Code = int


def rounded(amount: Fraction) -> Fraction:
    """To 1e-30 wei."""
    return Fraction(round(amount * 10**30), 10**30)


@dataclass(frozen=True)
class Curve:
    """Kinked interest curve: rates a year as fractions."""

    base: Fraction
    slope_low: Fraction
    slope_high: Fraction
    optimum: Fraction
    fund_share: Fraction

    def rate(self, utilisation: Fraction) -> Fraction:
        over = max(utilisation - self.optimum, Fraction(0))
        return self.base + self.slope_low * min(utilisation, self.optimum) + self.slope_high * over


@dataclass
class Ledger:
    """Accounts by number; account 0 is the security fund."""

    curve: Curve
    now: int
    cash: dict[Account, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    holdings: dict[Account, dict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    positions: dict[Account, dict[Code, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    tokens: int = 0  # [wad] settlement tokens in escrow
    # [wad] losses shared by all positive cash that income has not made good yet
    outstanding: Fraction = Fraction(0)
    # account in auction -> [wad] loss that it is expected to leave
    provisions: dict[Account, int] = field(default_factory=dict)

    # -- time --

    def advance(self, now: int) -> None:
        """Negative cash pays for the time that passed, positive cash and the fund get it."""
        elapsed, self.now = now - self.now, now
        debt = -sum((c for c in self.cash.values() if c < 0), Fraction(0))
        credit = sum((c for c in self.cash.values() if c > 0), Fraction(0))
        if not debt or not elapsed:
            return
        utilisation = min(debt / credit, Fraction(1)) if credit else Fraction(1)
        with mp.workdps(50):
            years = mpf(elapsed) / YEAR
            rate = self.curve.rate(utilisation)
            growth = exp(mpf(rate.numerator) / rate.denominator * years)
            factor = Fraction(int(growth * 10**40), 10**40)
        interest = debt * (factor - 1)
        to_fund = interest * self.curve.fund_share if credit else interest
        for account, balance in self.cash.items():
            if balance < 0:
                self.cash[account] = rounded(balance * factor)
            elif credit:
                self.cash[account] = rounded(balance * (1 + (interest - to_fund) / credit))
        self.earn(to_fund)

    # -- escrow --

    def deposit(self, account: Account, asset: int, amount: int) -> None:
        """amount: [wad]"""
        if asset:
            self.holdings[account][asset] += amount
        else:
            self.cash[account] += amount
            self.tokens += amount

    def withdraw(self, account: Account, asset: int, amount: int) -> None:
        """amount: [wad]; margin is the caller's business."""
        if asset:
            self.holdings[account][asset] -= amount
        else:
            share = self.leaving_share(account, amount)
            self.cash[account] -= amount + share
            self.cash[FUND] += share
            self.tokens -= amount

    def expected(self) -> Fraction:
        """[wad] losses that running auctions are expected to leave beyond the fund."""
        fund = max(self.cash[FUND], Fraction(0))
        return max(sum(self.provisions.values()) - fund, Fraction(0))

    def leaving_share(self, account: Account, amount: Fraction | int) -> Fraction:
        """What positive cash [wad] that leaves pays towards expected losses.

        All other positive cash C would be left with 1 - L / C; who takes out an amount gives up
        so much more that the others are left with the same. Infinite losses are not payable.
        """
        loss = self.expected()
        if not loss:
            return Fraction(0)
        others = self.credit() - max(self.cash[FUND], Fraction(0))
        leaving = min(Fraction(amount), max(self.cash[account], Fraction(0)))
        return leaving / (1 - loss / others) - leaving

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
        """All [wad]; the premium goes from buyer to seller, the fees to the fund."""
        for account, sign, fee in ((seller, -1, seller_fee), (buyer, 1, buyer_fee)):
            self._move(account, code, sign * quantity)
            self.cash[account] -= sign * premium + fee
        self.earn(seller_fee + buyer_fee)

    def open_interest(self, code: Code) -> int:
        """[wad] sum of the long quantities."""
        return sum(max(held[code], 0) for held in self.positions.values() if code in held)

    def settle(self, account: Account, fixings: Mapping[tuple[int, int], int]) -> None:
        """Pays what has expired and is fixed; fixings [wad] by (underlying, expiry)."""
        for code, quantity in list(self.positions[account].items()):
            series = Series.from_code(code)
            fixing = fixings.get((series.underlying, series.expiry))
            if fixing is None or series.expiry > self.now:
                continue
            gain = series.strike - fixing if series.is_put else fixing - series.strike
            self.cash[account] += Fraction(quantity * max(gain, 0), WAD)
            del self.positions[account][code]

    # -- liquidation --

    def sell(
        self, account: Account, bidder: Account, fraction: int, cash: int, payment: int
    ) -> None:
        """A fraction [wad] of everything, rounded towards the account, with `cash` of its cash."""
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
        self.cash[account] += max(payment, 0) - cash
        self.cash[bidder] += cash - payment

    def charge(self, account: Account, recipient: Account | None, amount: int) -> None:
        """Moves cash of an account in auction; no recipient: income of the fund."""
        self.cash[account] -= amount
        if recipient is None:
            self.earn(amount)
        else:
            self.cash[recipient] += amount

    def earn(self, amount: Fraction | int) -> None:
        """Income: makes good what everybody bore, in proportion; the rest is the fund's."""
        back, credit = min(Fraction(amount), self.outstanding), self.credit()
        if back and credit:
            self._scale(1 + back / credit)
            self.outstanding -= back
            amount -= back
        self.cash[FUND] += amount

    def cover(self, loss: Fraction | int) -> tuple[Fraction, Fraction]:
        """The fund pays a loss, then all positive cash in proportion; says who paid what."""
        from_fund = min(Fraction(loss), max(self.cash[FUND], Fraction(0)))
        self.cash[FUND] -= from_fund
        rest = loss - from_fund
        if rest:
            self._scale(1 - rest / self.credit())
            self.outstanding += rest
        return from_fund, rest

    def deleverage(
        self, account: Account, opposite: Account, code: Code, quantity: int, payment: int
    ) -> None:
        """Closes a quantity [wad, as the account holds it] against the other side, for money."""
        self._move(account, code, -quantity)
        self._move(opposite, code, quantity)
        self.cash[account] -= payment
        self.cash[opposite] += payment

    def write_off(self, account: Account) -> None:
        """Recognises the debt of an account that has nothing else."""
        debt = -self.cash[account]
        self.cover(debt)
        self.cash[account] = Fraction(0)

    def total(self, accounts: Iterable[Account] | None = None) -> Fraction:
        """[wad] cash of the accounts, all by default."""
        chosen = self.cash if accounts is None else accounts
        return sum((self.cash[account] for account in chosen), Fraction(0))

    def credit(self) -> Fraction:
        """[wad] all positive cash, the fund's included."""
        return sum((c for c in self.cash.values() if c > 0), Fraction(0))

    def _scale(self, factor: Fraction) -> None:
        """All positive cash times a factor."""
        for account, balance in self.cash.items():
            if balance > 0:
                self.cash[account] = rounded(balance * factor)

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
