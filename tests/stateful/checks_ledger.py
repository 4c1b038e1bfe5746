"""The ledger: positions, cash, collateral, losses, margin of who trades."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from novate.series import Series, unpack
from tests.stateful.checks_base import DUST, UNIT, Base
from tests.stateful.snapshot import FROZEN, Snapshot
from tests.stateful.village import TOKENS, WAD, Receipt, Step


class Ledger(Base):
    """Positions, cash, collateral, losses."""

    def meet(self, number: int) -> None:
        if number not in self.book:
            self.book[number] = {}
            self.numbers.append(number)

    def reread(self, receipt: Receipt, touched: dict[int, bool]) -> None:
        """The book of those whom events name; who grew must have initial margin."""
        ledger = self.village.ledger
        change: Counter[int] = Counter()
        opened = False
        for number in touched:
            old = self.book[number]
            new = dict(map(unpack, ledger.positions_of(number)))
            if new == old:
                continue
            self.book[number] = new
            for code in {*old, *new}:
                change[code] += max(new.get(code, 0), 0) - max(old.get(code, 0), 0)
            if any(
                abs(quantity) > abs(old.get(code, 0)) or quantity * old.get(code, 0) < 0
                for code, quantity in new.items()
            ):
                self.sound("3 who grows has initial margin", number)
                opened = True
        if opened and receipt.function not in ("bid", "finish"):
            listing, now = self.village.units["listing"], self.village.now
            until = max(listing.halted_until(0), listing.halted_until(1))
            self.hold("3 halted markets open nothing", until <= now, until)
            self.within_limits([code for code, more in change.items() if more > 0])

    def within_limits(self, grown: list[int]) -> None:
        """What grew stays within; what was beyond a lowered limit before may stay."""
        word = self.village.units["listing"].limits_of(1)
        of_series, of_all = (word >> 96) % 2**96 * 10**9, word % 2**96 * 10**9
        ledger = self.village.ledger
        most = max((ledger.open_interest(code) for code in grown), default=0)
        total = ledger.interest_in(1) if grown else 0
        fits = (not of_series or most <= of_series) and (not of_all or total <= of_all)
        self.hold("3 limits of the listing", fits, (word, most, total))

    def on_order(self, receipt: Receipt, given: dict[str, Any]) -> None:
        if receipt.step.target != "~fill":
            return
        terms = receipt.step.args[1]
        self.hold("4 orders are filled once", given["filled"] <= terms[2], (given, terms))
        sides = {self.village.resolve(terms[0]), self.village.resolve(receipt.step.args[2])}
        moved = {
            args[side]
            for _, event, args in self.village.events(receipt)
            if event == "Novated"
            for side in ("seller", "buyer")
        }
        self.hold("4 orders move their sides only", moved <= sides, (moved, sides))

    def on_LossCovered(self, receipt: Receipt, given: dict[str, Any]) -> None:
        parts = given["from_fund"] + given["socialised"]
        self.hold("6 losses add up", given["loss"] == parts, given)
        self.fund_lost = True
        if given["socialised"]:
            self.lost = True
            self.shared += given["socialised"]
            self.before["socialised"] = self.before.get("socialised", 0) + given["socialised"]
            left = self.village.ledger.cash_of(self.village.fund)
            self.hold("6 the fund pays first", left <= DUST, left)

    def on_LossRestored(self, receipt: Receipt, given: dict[str, Any]) -> None:
        self.restored += given["amount"]

    def book_holds(self, view: Snapshot) -> None:
        self.hold("1 no series twice", not view.twice, view.twice)
        totals: Counter[int] = Counter()
        longs: Counter[int] = Counter()
        for number, held in view.positions.items():
            self.hold("1 events tell every position", held == self.book[number], number)
            count = (view.header[number] >> 128) & 255
            self.hold("1 no series twice", len(held) == count and 0 not in held.values(), number)
            for code, quantity in held.items():
                totals[code] += quantity
                longs[code] += max(quantity, 0)
        oracle = self.village.market.oracle
        for code, total in totals.items():
            series = Series.from_code(code)
            if series.expiry <= view.time or (series.barrier and oracle.knocked(code)):
                continue
            self.hold("1 quantities sum to zero", total == 0, (str(series), total))
            there = view.interest[code]
            self.hold("1 open interest is what is long", there == longs[code], (there, longs[code]))
        self.hold("1 the total is what is long", view.total == sum(longs.values()), view.total)

    def cash_holds(self, view: Snapshot) -> None:
        found = view.certificate
        self.hold("2 the certificate counts tokens", found.held == view.tokens * UNIT, found)
        left = found.surplus - self.surplus - self.gifts
        self.hold("2 claims are covered", found.surplus >= 0 and left >= 0, (found, self.gifts))
        self.hold("2 rounding stays small", left <= 10**4 * (self.steps + 100), (left, self.steps))
        credit = sum(max(cash, 0) for cash in view.cash.values())
        debt = -sum(min(cash, 0) for cash in view.cash.values())
        count = len(self.numbers) + 2
        adds_up = 0 <= found.credit - credit <= count and 0 <= debt - found.debt <= count
        self.hold("2 cash adds up", adds_up, (found.credit - credit, debt - found.debt))
        self.hold("5 unsettled is what was paid", found.unsettled == self.paid, found.unsettled)

    def losses_hold(self, view: Snapshot) -> None:
        rest = self.shared - self.restored
        check = "6 outstanding is what was shared"
        self.hold(check, view.outstanding == rest, (view.outstanding, rest))
        supply, borrow = view.indices
        old_supply, old_borrow = self.view.indices
        fell = supply < old_supply and not self.lost
        self.hold("u indices", borrow >= old_borrow and not fell, (view.indices, self.view.indices))
        self.lost = False
        self.houses.add(view.house)
        house = self.village.units[view.house]
        frozen = view.frozen
        if len(self.houses) == 1:
            self.hold("4 what runs is frozen", view.running == len(frozen), (view.running, frozen))
            provided = sum(house.provisions(number) for number in frozen) if frozen else 0
            check = "6 pending is what auctions lack"
            self.hold(check, view.pending == provided, (view.pending, provided))

    def escrow_holds(self, view: Snapshot) -> None:
        for asset, token in TOKENS.items():
            held = sum(one.get(asset, 0) for one in view.holdings.values())
            if not held and asset == 6:
                continue
            scale = UNIT if asset == 5 else 1
            there = view.escrow[asset] * scale
            deposited = view.deposited[asset]
            self.hold("2 collateral adds up", held == deposited <= there, (token, held, there))

    def free_cash_leaves(self, view: Snapshot, rng: random.Random) -> None:
        village = self.village
        idle = [
            name
            for name in village.people
            if view.cash[n := village.numbers[f"#{name}"]] > WAD
            and not view.positions[n]
            and not view.header[n] & FROZEN
        ]
        if not idle or view.pending:
            return
        name = rng.choice(idle)
        number = village.numbers[f"#{name}"]
        units = min(view.cash[number] // UNIT, view.tokens)
        if units <= 0:
            return
        step = Step(name, "clearinghouse.withdraw", (f"#{name}", 0, units, f"@{name}"))
        receipt = village.do(step)
        # Collateral without a price is no reason to keep cash that is not needed.
        self.hold("7 free cash leaves", receipt.ok, (step, receipt.reason))
