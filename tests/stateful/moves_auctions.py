"""Accounts below margin: put up, bid for, cured, closed."""

from __future__ import annotations

from typing import Any

from tests.stateful.moves_base import BIDDERS, Base, Move
from tests.stateful.village import DAY, HOUR, WAD, Step


class Auctions(Base):
    """What keepers and bidders do around accounts in auction."""

    def in_auction(self) -> list[int]:
        return [n for n in self.view.frozen if n in self.village.accounts]

    def house(self) -> str:
        return self.view.house or "auctions"

    def starts(self) -> Move:
        village, rng = self.village, self.rng
        short = [n for n, h in self.view.health.items() if h[2] < 0 and n not in self.view.frozen]
        number = (
            self.pick(short) if short and rng.random() < 0.9 else self.pick(list(village.accounts))
        )
        if number not in village.accounts or (not short and rng.random() < 0.8):
            return
        keeper = self.pick(("#keeper", "#keeper", "#fund", "#bidder", self.name(number)))
        yield self.asks("start", number, keeper)

    def bids(self) -> Move:
        frozen = self.in_auction()
        if not frozen:
            return
        rng, number, who = self.rng, self.pick(frozen), self.pick(BIDDERS)
        house = self.house()
        answer = self.village.units[house].preview(number, WAD)
        kind = int(answer.terms.kind) or 1
        if answer.terms.due:
            yield self.asks("restart", number)
            answer = self.village.units[house].preview(number, WAD)
            kind = int(answer.terms.kind) or 1
        asked = rng.choice([WAD, WAD, WAD // 2, WAD // 10, 10**11])
        limit = int(answer.lot_price) + rng.choice([0, 0, WAD, 2**200, -WAD])
        deadline = self.village.now + rng.choice([0, 60, -1 if rng.random() < 0.2 else 60])
        kind = kind ^ 3 if rng.random() < 0.03 else kind
        terms = (self.name(number), f"#{who}", asked, limit, kind, deadline)
        yield Step(who, f"{house}.bid", terms)

    def asks(self, function: str, number: int, *more: Any) -> Step:
        """A keeper calls a function of the house for an account."""
        return Step("keeper", f"{self.house()}.{function}", (self.name(number), *more))

    def of_one(self, function: str) -> Move:
        frozen = self.in_auction()
        if frozen:
            yield self.asks(function, self.pick(frozen))

    def restarts(self) -> Move:
        return self.of_one("restart")

    def finishes(self) -> Move:
        frozen = self.in_auction()
        if not frozen:
            return
        number = self.pick(frozen)
        if self.rng.random() < 0.4:
            lack = max(-self.view.health[number][2] // 10**12, 1)
            amount = int(lack * self.rng.choice([0.01, 1, 1.5]))
            args = (self.name(number), 0, max(amount, 1))
            yield Step(self.pick(("bidder", "maker")), "clearinghouse.deposit", args)
        yield self.asks("finish", number)

    def provides(self) -> Move:
        return self.of_one("provide")

    def pauses(self) -> Move:
        frozen = self.in_auction()
        if not frozen:
            return
        number = self.pick(frozen)
        if self.rng.random() < 0.3:
            yield Step("keeper", "~wait", (5 * DAY,))
        yield self.asks("pause", number)
        if self.rng.random() < 0.7:
            yield from self.push()
            yield Step("keeper", "oracle.poke", (1,))
            yield Step("keeper", "~wait", (360,))
            yield self.asks("resume", number)

    def announces(self) -> Move:
        bad = [n for n in self.in_auction() if self.view.health[n][0] < 0]
        if not bad:
            return
        number = self.pick(bad)
        yield self.asks("restart", number)
        yield Step("keeper", "~wait", (self.rng.choice([HOUR, HOUR + 60, 600]),))
        yield self.asks("announce", number)
        if self.rng.random() < 0.6:
            yield Step("keeper", "~wait", (self.rng.choice([1_800, 600]),))
            yield from self.closes(number)

    def deleverages(self) -> Move:
        bad = [n for n in self.in_auction() if self.view.health[n][0] < 0]
        if bad:
            yield from self.closes(self.pick(bad))

    def closes(self, number: int) -> Move:
        shorts = [c for c, q in self.view.positions[number].items() if q < 0]
        if not shorts:
            return
        code = self.pick(shorts)
        for other, held in self.view.positions.items():
            if held.get(code, 0) > 0 and other in self.village.accounts:
                yield self.asks("nominate", number, code, self.name(other))
        yield self.asks("deleverage", number, code)

    def writes_off(self) -> Move:
        debtors = [n for n, cash in self.view.cash.items() if cash < 0]
        number = self.pick(debtors) if debtors else self.pick(list(self.village.accounts))
        if number in self.village.accounts:
            yield Step("keeper", "clearinghouse.write_off", (self.name(number),))
