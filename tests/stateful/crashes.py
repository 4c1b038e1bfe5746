"""Crashes, bidders, keepers, backers and leavers at random, contracts and reference side by side.

A world is one market with a handful of people, driven by a seeded generator without hypothesis: a
step is one action, after which everything is compared, money to the wei. Actions are in
`accounts.py`, `auctions.py` and `last_resort.py`, the comparison in `twin.py`.
`python -m tests.stateful.invariants` plays many worlds, `test_crashes.py` a few.
"""

from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np

from novate.reference.ledger import FUND
from tests.stateful.auctions import DUST, UNIT
from tests.stateful.last_resort import LastResort
from tests.world import WAD

PEOPLE = {  # [USD] each starts with
    "writer": 3_000,
    "reckless writer": 1_500,
    "second writer": 3_000,
    "holder": 6_000,
    "second holder": 3_000,
    "bidder": 9_000,
    "rival": 5_000,
}


class Crashes(LastResort):
    """One world; `step` acts once and checks everything."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.operations = 0
        self.moved = False
        self.open(None, tuple(PEOPLE))
        self.open_auctions()
        for role, cash in PEOPLE.items():
            self.bring(role, 0, cash)
        if self.rng.random() < 0.7:
            self.invest("holder", int(self.rng.choice([50, 400, 3_000])))
        self.actions = {
            self.deposits: 6,
            self.leaves: 8,
            self.borrows: 4,
            self.opens: 16,
            self.reduces: 6,
            self.market_moves: 6,
            self.crash: 16,
            self.time_passes: 8,
            self.settles: 4,
            self.starts: 14,
            self.bids: 24,
            self.restarts: 4,
            self.finishes: 4,
            self.provides: 4,
            self.pauses: 2,
            self.announces: 4,
            self.deleverages: 10,
            self.writes_off: 6,
            self.backs: 3,
            self.unbacks: 4,
            self.cures: 3,
            self.watches: 1,
        }
        if seed % 3 == 0:
            # A world in which nobody bids: the last resort is all there is.
            self.actions |= {
                self.bids: 0,
                self.finishes: 1,
                self.cures: 1,
                self.crash: 20,
                self.time_passes: 14,
                self.announces: 16,
                self.deleverages: 24,
            }

    def step(self) -> str:
        """One random action, then every invariant; returns the action's name."""
        self.act()
        return self.last

    def act(self, action: Any = None) -> None:
        if action is None:
            weights = np.array(list(self.actions.values()), dtype=float)
            action = list(self.actions)[self.rng.choice(len(weights), p=weights / weights.sum())]
        self.last = action.__name__
        self.covered: list[Any] = []
        self.losses.clear()
        self.before = self.wealth()
        self.named, self.given = defaultdict(Fraction), set()
        self.owing, self.moved = self.model.outstanding, False
        action()
        self.operations += 1
        self.seen[self.last] += 1
        self.positions_agree()
        self.cash_agrees()
        self.losses_add_up()
        self.oracle_agrees()
        self.health_agrees()
        self.nobody_gains()
        if self.operations % 5 == 0:
            self.free_cash_leaves()

    def attempt(self, expected: str | None, call: Any, *arguments: Any, **options: Any) -> Any:
        answer = super().attempt(expected, call, *arguments, **options)
        if expected is None:
            logs = call.contract.get_logs()
            self.covered += [log for log in logs if type(log).__name__ == "LossCovered"]
        return answer

    # -- what must always hold, besides what twin.py compares --

    def losses_add_up(self) -> None:
        """Invariant 6: each loss is the fund's and everybody's, as the reference has it."""
        told = [(log.loss, log.from_fund, log.socialised) for log in self.covered]
        assert told == self.losses, "invariant 6, to the wei"
        for loss, from_fund, socialised in told:
            assert loss == from_fund + socialised, "invariant 6, to the wei"
            assert not socialised or self.model.cash(FUND) == 0, "fund first"
            if socialised:
                self.note("fund exhausted")

    def wealth(self) -> dict[int, int]:
        """[wad] of each: equity at mark and tokens; with the fund's own cash under FUND."""
        found = {FUND: int(self.ledger.cash_of(self.fund))}
        judged = self.market.lens.healths(self.numbers)
        for number, health in zip(self.numbers, judged, strict=True):
            tokens = self.market.cash_token.balanceOf(self.people[self.roles[number]].address)
            found[number] = int(health.equity) + int(tokens) * UNIT
        return found

    def nobody_gains(self) -> None:
        """Invariant 8: at unchanged prices nothing is created, and no more goes to anybody than the
        rules name."""
        if self.moved:
            return
        after = self.wealth()
        created = sum(after.values()) - sum(self.before.values())
        # Collateral brought in is wealth that was outside.
        outside = self.last in ("deposits", "borrows")
        assert created <= DUST or outside, ("invariant 8: created", created / WAD)
        restored = max(self.owing - self.model.outstanding, 0)
        for number in self.numbers:
            gain = after[number] - self.before[number]
            allowed = self.named.get(number, 0) + restored + DUST
            assert gain <= allowed or number in self.given, ("invariant 8", self.roles[number])


__all__ = ["Crashes"]
