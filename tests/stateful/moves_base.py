"""What moves know and share: the last snapshot, prices, the series in use."""

from __future__ import annotations

import random
from collections.abc import Generator
from functools import cache
from typing import Any

from novate.series import Series
from novate.series import next_expiries as every_expiry
from tests.stateful.raw import Raw
from tests.stateful.snapshot import Snapshot
from tests.stateful.village import DAY, HOUR, STRANGER, WAD, Receipt, Step, Village

Move = Generator[Step, Receipt, None]
TRADERS = ("maker", "market maker", "writer", "reckless writer", "second writer", "holder")
BIDDERS = ("bidder", "rival", "holder", "maker")
BACKERS = ("backer", "rival", "keeper")
UNIT = 10**9


@cache
def _expiries(hour: int, rules: Any) -> list[int]:
    return every_expiry(hour * HOUR, rules)[:4]


class Base:
    """What every move may look at, and what several of them do."""

    def __init__(self, village: Village, rng: random.Random, governed: bool) -> None:
        self.village, self.rng, self.governed = village, rng, governed
        self.spot, self.volatility = 2_750.0, 0.2
        self.codes: list[int] = []
        self.expiries: set[int] = set()
        # Proposals on their way: target, arguments, text, stage.
        self.agenda: list[list[Any]] = []
        self.count = 0
        self.view: Snapshot
        self.raw = Raw(village, self)
        self.nobody_bids = rng.random() < 0.3

    def pick(self, items: Any) -> Any:
        return items[self.rng.randrange(len(items))]

    def some_code(self) -> int:
        if self.codes and self.rng.random() < 0.9:
            return self.pick(self.codes)
        return self.series(0.2).code

    def some_expiry(self) -> int:
        if self.expiries and self.rng.random() < 0.8:
            return self.pick(sorted(self.expiries))
        return self.village.now // HOUR * HOUR

    def next_expiries(self) -> list[int]:
        """The next ones on the grid [s], reckoned once an hour."""
        now = self.village.now
        rules = self.village.market.parameters.grid
        return [time for time in _expiries(now // HOUR, rules) if time > now]

    def name(self, number: int) -> str:
        return self.village.accounts[number]

    def series(self, barrier: float = 0.15) -> Series:
        rng = self.rng
        expiry = self.pick(self.next_expiries()[:3])
        strike = 25 * rng.randint(int(self.spot / 25 * 0.85), int(self.spot / 25 * 1.15))
        is_put = rng.random() < 0.6
        if rng.random() >= barrier:
            return Series(1, expiry, strike * WAD, is_put)
        is_up = rng.random() < 0.5
        at = 25 * round(self.spot / 25 * (1.08 if is_up else 0.92))
        return Series(1, expiry, strike * WAD, is_put, at * WAD, is_up, rng.random() < 0.5)

    def owner_calls(self, target: str, args: tuple[Any, ...]) -> Move:
        """The owner itself, or a proposal that goes all the way."""
        if not self.governed:
            yield Step("owner", target, args)
            return
        self.count += 1
        text = f"change {self.count}"
        receipt = yield Step("backer", "~propose", (target, args, text))
        if receipt.ok:
            self.agenda.append([target, args, text, 0])

    def push(self) -> Move:
        """Two honest sources near each other, and one that says what it likes."""
        rng, scale = self.rng, 10**8
        spot = round(self.spot * scale)
        other = round(spot * (1 + rng.uniform(-0.004, 0.004)))
        yield Step("owner", "spot_feed.push", (spot,))
        yield Step("owner", "second_feed.push", (other,))
        yield Step("owner", "volatility_feed.push", (round(self.volatility * scale),))
        yield from self.lie()
        if rng.random() < 0.85:
            yield Step("keeper", "oracle.poke", (1,))

    def lie(self) -> Move:
        rng = self.rng
        spot = round(self.spot * 10**8)
        said = rng.choice([0, 1, -spot, spot // 2, spot * 2, spot * 10**6, 2**200])
        if rng.random() < 0.5:
            said = round(spot * rng.uniform(0.9, 1.1))
        when = self.village.now + rng.choice([0, 0, 0, -DAY, HOUR])
        yield Step(STRANGER, "liar.say", (said, max(when, 0)))
