"""Those who trade with the market maker: hedgers, covered writers and sellers of naked puts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .base import Action, Agent, Deposit, Request, View
from .pricing import black76

# Nobody trades less than this share of what it aims at: a trade costs gas.
SMALLEST_LOT = 0.03


@dataclass(frozen=True)
class Hedger(Agent):
    """Holds shares elsewhere and keeps them insured with puts, rolled day by day."""

    contracts: float = 1_000.0  # puts to hold
    moneyness: float = 0.95  # strike as a share of the spot
    days: float = 14.0  # time to expiry
    tolerance: float = 0.04  # volatility points above the market that it still pays
    pieces: float = 5.0  # buys its need in so many parts

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        need = self.contracts - view.me.bought_puts()
        size = round(min(need, self.contracts / self.pieces) * rng.uniform(0.6, 1.0))
        if size < max(1, SMALLEST_LOT * self.contracts):
            return []
        expiry = view.expiry_near(self.days)
        strike = view.strike_near(view.spot * self.moneyness)
        limit = black76(
            view.spot, strike, expiry - view.now, view.volatility + self.tolerance, True
        )
        limit = max(limit * 1.1, 0.5)
        actions: list[Action] = []
        if view.me.initial < 1.2 * limit * size and view.me.wallet > 0:
            actions.append(Deposit(round(min(view.me.wallet, 4 * limit * size), 2)))
        actions.append(Request(expiry, strike, True, size, limit))
        return actions


@dataclass(frozen=True)
class CoveredWriter(Agent):
    """Sells calls against tokenised index units that lie in the clearinghouse."""

    share: float = 0.8  # calls sold per index unit held
    moneyness: float = 1.02
    days: float = 10.0
    tolerance: float = 0.03
    pieces: float = 3.0

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        target = self.share * view.me.collateral
        room = min(target - view.me.short_calls(), target / self.pieces)
        size = int(room * rng.uniform(0.6, 1.0))
        if size < max(1, SMALLEST_LOT * target) or view.me.in_auction or view.me.initial <= 0:
            return []
        expiry = view.expiry_near(self.days)
        strike = view.strike_near(view.spot * self.moneyness)
        floor = black76(
            view.spot, strike, expiry - view.now, max(view.volatility - self.tolerance, 0.04), False
        )
        return [Request(expiry, strike, False, -size, max(0.8 * floor, 0.05))]


@dataclass(frozen=True)
class PutSeller(Agent):
    """Collects premium on naked puts, up to `use` of what its initial margin allows.

    The reckless one uses nearly all of it and has nothing to answer a margin call with; a
    careful one keeps distance and a reserve. One that waits for dear premiums sells nothing below
    a volatility.
    """

    use: float = 0.5
    moneyness: float = 0.98
    days: float = 14.0
    dear: float = 0.0  # implied volatility from which on it sells
    tolerance: float = 0.03
    pieces: float = 2.0

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        me = view.me
        actions: list[Action] = []
        if me.in_auction:
            # A margin call by auction is cured with what is left in the pocket, if anything.
            cure = min(me.wallet, -1.5 * me.initial)
            return [Deposit(round(cure, 2))] if cure > 1 else []
        if me.initial < 0:
            call = min(me.wallet, -1.2 * me.initial)
            return [Deposit(round(call, 2))] if call > 1 else []
        if view.volatility < self.dear:
            return []
        strike = view.strike_near(view.spot * self.moneyness)
        expiry = view.expiry_near(self.days)
        floor = black76(
            view.spot, strike, expiry - view.now, max(view.volatility - self.tolerance, 0.04), True
        )
        free = me.initial - (1 - self.use) * me.equity
        # What a put takes: 15 % of the spot less what it is out of the money, at least 10 %.
        margin = view.spot * max(0.15 - max(0.0, 1 - strike / view.spot), 0.10)
        size = int(free / margin / self.pieces * rng.uniform(0.6, 1.0))
        if size >= max(1, SMALLEST_LOT * me.equity / margin):
            actions.append(Request(expiry, strike, True, -float(size), max(0.8 * floor, 0.05)))
        return actions
