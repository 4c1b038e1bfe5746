"""What all checks share: how one fails, and what they remember of a world."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import boa

from tests.stateful.snapshot import Snapshot, take
from tests.stateful.village import Village

ROOT = Path(__file__).resolve().parents[2]
# [wad] rounding of an action; see test of the twin.
DUST = 10**6
UNIT = 10**12


class BrokenError(AssertionError):
    """A check that does not hold."""

    def __init__(self, check: str, detail: Any) -> None:
        super().__init__(f"{check}: {detail}")
        self.check = check


class Base:
    """What the checks of one world know."""

    def __init__(self, village: Village, known: set[str], roles: dict[str, list[str]]) -> None:
        self.village, self.known, self.roles = village, known, roles
        self.done: Counter[str] = Counter()
        self.inside: Counter[str] = Counter()
        self.numbers = list(village.accounts)
        self.book: dict[int, dict[int, int]] = {number: {} for number in self.numbers}
        self.settled: set[tuple[int, int]] = set()
        self.paid = self.shared = self.restored = 0
        # Tokens [wad] that came to the ledger otherwise than by a deposit.
        self.gifts = 0
        self.lost = False
        self.fund_lost = False
        self.steps = 0
        self.fixings: dict[int, int] = {}
        self.knocks: dict[int, int] = {}
        self.armed = False
        # Of the source that lies, when it was listed last.
        self.decimals = 8
        self.houses = {"auctions"}
        self.owner = village.addresses["timelock" if village.governed else "owner"]
        self.view = self.look(check=False)
        self.surplus = self.view.certificate.surplus
        self.shares = self.share_price()
        self.before: dict[str, Any] = {}

    def hold(self, check: str, holds: bool, detail: Any = "") -> None:
        self.done[check] += 1
        if not holds:
            raise BrokenError(check, detail)

    def look(self, check: bool = True) -> Snapshot:
        """A snapshot, checked."""
        try:
            view = take(self.village, self.numbers, sorted(self.codes()))
        except boa.BoaError as error:
            raise BrokenError("13 views are total", str(error)[:300]) from None
        self.done["13 views are total"] += 1
        if check:
            self.whole(view)
        self.view = view
        return view

    def whole(self, view: Snapshot) -> None:
        """Everything that a snapshot can show."""
        raise NotImplementedError

    def sound(self, check: str, number: int) -> None:
        """Initial margin, or neither positions nor debt."""
        ledger = self.village.ledger
        health = ledger.health(number)
        idle = not ledger.positions_of(number) and ledger.cash_of(number) >= 0
        self.hold(check, idle or (health.initial >= 0 and health.fresh), (number, health))

    def codes(self) -> set[int]:
        return {code for held in self.book.values() for code in held}

    def share_price(self) -> tuple[int, int]:
        fund = self.village.units["security_fund"]
        return int(fund.totalAssets()) + 1, int(fund.totalSupply()) + 10**18
