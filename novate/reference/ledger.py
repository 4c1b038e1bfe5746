"""The clearing ledger, written from the design: what contracts/clearing/ must do with money.

Cash in exact fractions of a wad, positions in integers of a wad; only the growth of debt comes
from an exponential. The contracts round every conversion against the account, so that their
figures may lie a few wei below these, and never above.
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
                self.cash[account] = balance * factor
            elif credit:
                self.cash[account] = balance * (1 + (interest - to_fund) / credit)
        self.cash[FUND] += to_fund

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
            self.cash[account] -= amount
            self.tokens -= amount

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
            self.cash[FUND] += fee

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

    def cover(self, loss: Fraction | int) -> None:
        """The fund pays a loss, then all positive cash in proportion."""
        from_fund = min(Fraction(loss), max(self.cash[FUND], Fraction(0)))
        self.cash[FUND] -= from_fund
        rest = loss - from_fund
        credit = sum((c for c in self.cash.values() if c > 0), Fraction(0))
        if rest:
            for account, balance in self.cash.items():
                if balance > 0:
                    self.cash[account] = balance * (1 - rest / credit)

    def write_off(self, account: Account) -> None:
        """Recognises the debt of an account that has nothing else."""
        debt = -self.cash[account]
        self.cover(debt)
        self.cash[account] = Fraction(0)

    def total(self, accounts: Iterable[Account] | None = None) -> Fraction:
        """[wad] cash of the accounts, all by default."""
        chosen = self.cash if accounts is None else accounts
        return sum((self.cash[account] for account in chosen), Fraction(0))

    def _move(self, account: Account, code: Code, change: int) -> None:
        held = self.positions[account]
        held[code] += change
        if not held[code]:
            del held[code]
