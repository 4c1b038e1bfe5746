"""Auctions: who is put up, what bids pay, who cannot be blocked."""

from __future__ import annotations

from typing import Any

from tests.stateful.checks_base import UNIT, Base
from tests.stateful.village import STRANGER, WAD, Receipt, Step


class Auctions(Base):
    """Accounts in auction and their bidders."""

    def prepare_auction(self, step: Step) -> None:
        """What an account was before it was put up or bid for."""
        village = self.village
        unit, _, function = step.target.partition(".")
        if function in ("start", "bid") and step.args and step.args[0] in village.numbers:
            number = village.numbers[step.args[0]]
            self.before["health"] = village.ledger.health(number)
            self.before["frozen"] = village.ledger.in_auction(number)
            if function == "bid":
                self.before["terms"] = village.units[unit].preview(number, WAD).terms

    def on_Liquidated(self, receipt: Receipt, given: dict[str, Any]) -> None:
        # The bidder may get again what it was paid for.
        self.settled -= {one for one in self.settled if one[0] == given["bidder"]}

    def on_start(self, receipt: Receipt, given: dict[str, Any]) -> None:
        health = self.before.get("health")
        if health is not None:
            low = health.maintenance < 0 or self.before["frozen"]
            self.hold("4 sound accounts are not auctioned", low, (given, health))

    def on_bid(self, receipt: Receipt, given: dict[str, Any]) -> None:
        if "terms" not in self.before:
            return
        terms, units, payment = self.before["terms"], given["units"], given["payment"]
        limit = self.village.resolve(receipt.step.args[3])
        most = limit * units // WAD + 1 + abs(int(terms.price)) // WAD
        self.hold("4 bids keep their limit", payment <= most, (limit, units, payment))
        health, after = self.before["health"], self.village.ledger.health(given["account"])
        from_reserve, fraction = given["from_reserve"], given["fraction"]
        lot = (int(health.equity) - int(terms.reserved)) * fraction // WAD
        # What the fund lacks is shared by all positive cash, what is left of the account's too.
        least = int(health.equity) - lot + max(payment, 0) - from_reserve
        # Marks are rounded; together by less than a token's unit.
        least -= self.before.get("socialised", 0) + UNIT
        self.hold("4 sold at its price", int(after.equity) >= least, (given, after, least))
        self.sound("4 bidders have initial margin", given["bidder"])

    def dust_blocks_nobody(self, step: Step) -> None:
        """The bid as it is, and the same after dust for account and bidder."""
        village = self.village
        # A limit without any slack notices the dust, as the auction house says.
        terms = (*step.args[:3], min(step.args[3] + 10 * UNIT, 2**254), *step.args[4:])
        step = Step(step.sender, step.target, terms)
        with village.env.anchor():
            plain = village.do(step)
        with village.env.anchor():
            for account in step.args[:2]:
                village.do(Step(STRANGER, "clearinghouse.deposit", (account, 0, 1)))
            dusted = village.do(step)
        if plain.ok:
            self.hold("12 dust blocks nobody", dusted.ok, (step, dusted.reason))
