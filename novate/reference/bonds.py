"""What reporters' bonds must do: the rules of contracts/oracle/ReporterBonds.vy in plain Python.

Written from the rules: medians by the statistics module, rounds as a list, one dictionary for
each kind of money. Amounts in token units, prices in units of the feed, times in seconds.
"""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

DISPUTE_WINDOW, UNBONDING = 3 * 86_400, 7 * 86_400
MIN_ROUNDS, MAX_ROUNDS = 3, 48


@dataclass(frozen=True)
class Terms:
    """fee, bonus: of a round. punctual, spacing, window: [s]. band, limit: share of the median."""

    fee: int
    bonus: int
    punctual: int
    spacing: int
    band: Fraction
    limit: Fraction
    window: int


@dataclass(frozen=True)
class Round:
    price: int
    time: int
    delay: int
    signers: tuple[str, ...]


@dataclass
class Bonds:
    """One feed and its reporters."""

    terms: Terms
    minimum: int
    rounds: list[Round] = field(default_factory=list)
    stake: Counter[str] = field(default_factory=Counter)
    leaving: Counter[str] = field(default_factory=Counter)
    released: dict[str, int] = field(default_factory=dict)
    owed: Counter[str] = field(default_factory=Counter)
    pot: int = 0
    accrued: int = 0
    paid: int | None = None
    proved: set[tuple[str, int]] = field(default_factory=set)

    @property
    def held(self) -> int:
        """All that the contract must hold."""
        piles = (self.stake, self.leaving, self.owed)
        return self.pot + sum(sum(pile.values()) for pile in piles)

    def unbond(self, reporter: str, amount: int, now: int) -> None:
        self.stake[reporter] -= amount
        self.leaving[reporter] += amount
        self.released[reporter] = now + UNBONDING

    def near(self, time: int) -> list[Round]:
        """The rounds within the window of a time."""
        return [one for one in self.rounds if abs(one.time - time) <= self.terms.window]

    def is_accurate(self, place: int) -> bool:
        """Within the band of the median of itself and its neighbours in the window."""
        one = self.rounds[place]
        neighbours = [self.rounds[i] for i in (place - 1, place + 1) if 0 <= i < len(self.rounds)]
        close = [n.price for n in neighbours if abs(n.time - one.time) <= self.terms.window]
        # A neighbour that says nothing agrees.
        prices = [one.price, *close, *[one.price] * (2 - len(close))]
        return _within(one.price, sorted(prices)[1], self.terms.band)

    def accrue(self, most: int, now: int) -> None:
        """Pay the next rounds, as far as the pot reaches and neighbours are known."""
        terms = self.terms
        for _ in range(most):
            if self.accrued == len(self.rounds):
                return
            one = self.rounds[self.accrued]
            is_last = self.accrued + 1 == len(self.rounds)
            if is_last and now <= one.time + terms.window:
                return
            if self.paid is None or one.time >= self.paid + terms.spacing:
                good = one.delay <= terms.punctual and self.is_accurate(self.accrued)
                pay = terms.fee + (terms.bonus if good else 0)
                if pay > self.pot:
                    return
                for reporter in one.signers:
                    if self.stake[reporter] >= self.minimum:
                        self.owed[reporter] += pay // len(one.signers)
                        self.pot -= pay // len(one.signers)
                self.paid = one.time
            self.accrued += 1

    def deviates(self, price: int, time: int) -> bool:
        """Whether a report is further from the window's median than the limit."""
        prices = [one.price for one in self.near(time)]
        return not _within(price, statistics.median_low(prices), self.terms.limit)

    def refusal(self, reporter: str, time: int, now: int) -> str | None:
        """Why a good proof is refused; None when it is not."""
        if now > time + DISPUTE_WINDOW:
            return "bonds: too late"
        if (reporter, time) in self.proved:
            return "bonds: already proved"
        if self.taken(reporter, Fraction(1, 2)) == self.taken(reporter, Fraction(1)) == 0:
            return "bonds: nothing at stake"
        return None

    def taken(self, reporter: str, share: Fraction) -> int:
        return int(self.stake[reporter] * share) + int(self.leaving[reporter] * share)

    def slash(self, reporter: str, time: int, share: Fraction, prover: str) -> int:
        """Take a share of both parts of the stake; returns the prover's part."""
        self.proved.add((reporter, time))
        amount = self.taken(reporter, share)
        for pile in (self.stake, self.leaving):
            pile[reporter] -= int(pile[reporter] * share)
        self.owed[prover] += amount // 2
        self.pot += amount - amount // 2
        return amount // 2


def _within(price: int, median: int, share: Fraction) -> bool:
    return abs(price - median) <= share * median
