"""What people do in a village, with sense: moves that mostly work, each a row of steps.

A move is a generator: it yields a step and is sent the receipt. Moves look at the last snapshot and
remember no more than prices and the series in use, so any sub-sequence of steps can be replayed.
Each file is about one part of the system; which moves there are, and how often, stands here.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.stateful.moves_auctions import Auctions
from tests.stateful.moves_base import Move
from tests.stateful.moves_governance import Governance
from tests.stateful.moves_hostile import Hostile
from tests.stateful.moves_ledger import Money
from tests.stateful.moves_market import Market
from tests.stateful.moves_settlement import Settlement
from tests.stateful.moves_trades import Trades
from tests.stateful.moves_venues import Venues
from tests.stateful.village import Village


class Moves(Money, Trades, Auctions, Settlement, Market, Venues, Hostile, Governance):
    """Chooses and makes moves."""

    def __init__(self, village: Village, rng: random.Random, governed: bool) -> None:
        super().__init__(village, rng, governed)
        self.weights: dict[Callable[[], Move], int] = {
            self.any_call: 60,
            self.opens: 26,
            self.reduces: 8,
            self.deposits: 5,
            self.leaves: 8,
            self.borrows: 3,
            self.transfers: 4,
            self.engines: 3,
            self.operators: 2,
            self.cancels: 2,
            self.starts: 18,
            self.bids: 2 if self.nobody_bids else 22,
            self.restarts: 4,
            self.finishes: 4,
            self.provides: 3,
            self.pauses: 3,
            self.announces: 6,
            self.deleverages: 10,
            self.writes_off: 3,
            self.settles: 8,
            self.courts: 3,
            self.barriers: 5,
            self.backs: 8,
            self.reports: 5,
            self.bonds: 4,
            self.smiles: 3,
            self.forecasts: 3,
            self.hostilities: 6,
            self.owner_acts: 12 if governed else 6,
            self.guardian_acts: 2,
            self.governs: 40 if governed else 1,
            self.pool_moves: 4,
            self.longs: 3,
            self.permits: 2,
            self.watches: 2,
            self.views: 2,
        }

    def any_move(self) -> Move:
        moves = list(self.weights)
        return self.rng.choices(moves, list(self.weights.values()))[0]()
