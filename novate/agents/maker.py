"""The market maker: Black-76 on the implied volatility, plus or minus a spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from .base import Action, Agent, Quote, Request, View
from .pricing import black76


@dataclass(frozen=True)
class MarketMaker(Agent):
    """Answers every request it can carry.

    `spread` and `lean` are in volatility points (0.01 is one point): it sells `spread` above and
    buys `spread` below its own volatility, which leans up by `lean` for every 1,000 options it is
    short, and down for those it is long. `skew` raises the volatility of strikes below the spot:
    0.5 adds 5 % of the volatility at a strike 10 % below.
    """

    spread: float = 0.01
    lean: float = 0.002
    skew: float = 0.5
    idle: float = 0.2  # share of equity that stays free of initial margin

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        if view.me.in_auction:
            return []
        net = sum(held.quantity for held in view.me.positions)
        base = view.volatility - self.lean * max(-10.0, min(10.0, net / 1_000))
        busy = view.me.initial < self.idle * view.me.equity
        return [
            Quote(request, self.price(view, base, request))
            for request in view.requests
            # When its margin is used up it only buys: a long option asks for no margin.
            if not (busy and request.quantity > 0)
        ]

    def price(self, view: View, base: float, request: Request) -> float:
        own = base * (1 + self.skew * max(0.0, log(view.spot / request.strike)))
        own += self.spread if request.quantity > 0 else -self.spread
        value = black76(
            view.spot, request.strike, request.expiry - view.now, max(own, 0.03), request.is_put
        )
        return round(max(value, 0.05), 2)
