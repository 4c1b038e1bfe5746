"""The end of a world: pots hold what they owe, and everybody leaves with everything."""

from __future__ import annotations

from typing import Any

from novate.series import Series
from tests.stateful.checks_base import UNIT, Base
from tests.stateful.village import DAY, STRANGER, Receipt, Step


class Leaving(Base):
    """Nothing is stuck."""

    def pots(self) -> None:
        village, units = self.village, self.village.units
        token, people = units["cash_token"], list(village.addresses.values())
        owed = {
            "court": sum(units["court"].credit(place) for place in people),
            "bonds": sum(
                units["bonds"].stake(p) + units["bonds"].leaving(p) + units["bonds"].owed(p)
                for p in people
            )
            + units["bonds"].pots(village.addresses["signed_feed"]),
            "surface_fees": units["surface_fees"].pot()
            + sum(units["surface_fees"].owed(place) for place in people),
            "watch": sum(units["watch"].pot(code) for code in self.codes()),
        }
        for name, amount in owed.items():
            there = token.balanceOf(village.addresses[name])
            self.hold("2 pots are covered", there >= amount, (name, there, amount))

    def everybody_leaves(self) -> None:
        """Prices end; weeks later strangers fix and settle everything; then all money leaves."""
        village, ledger = self.village, self.village.ledger
        oracle, env = village.market.oracle, village.env

        def do(target: str, *args: Any, sender: str = STRANGER) -> Receipt:
            return village.do(Step(sender, target, args))

        codes = {code for number in self.numbers for code in self.book[number]}
        expiries = {Series.from_code(code).expiry for code in codes}
        last = max([village.now, *expiries])
        env.time_travel(seconds=last - village.now + 4 * DAY)
        for expiry in sorted(expiries):
            if not oracle.fixing(1, expiry):
                receipt = do("oracle.fix", 1, expiry, ())
                self.hold("11 nothing is stuck", oracle.fixing(1, expiry) > 0, receipt.reason)
        for code in codes:
            if Series.from_code(code).barrier and not oracle.knocked(code):
                do("watch.resolve", code, 1_024)
                self.hold("11 nothing is stuck", oracle.knocked(code) > 0, ("barrier", code))
        for number in self.numbers:
            ledger.settle([number], sender=village.addresses[STRANGER])
            left = ledger.positions_of(number)
            self.hold("11 nothing is stuck", not left, ("positions", number, left))
        # Sources answer again: they are no part of the house.
        do("false_token.jam", False)
        for name in village.people:
            do("blacklist_token.block_address", f"@{name}", False)
            do("cash_token.approve", "@clearinghouse", 2**256 - 1, sender=name)
            do("cash_token.mint", f"@{name}", 10**15, sender="owner")
        do("blacklist_token.block_address", "@clearinghouse", False)
        self.sources_answer(do)
        house = village.names[str(ledger.auction_house())]
        for number, name in village.accounts.items():
            if ledger.in_auction(number):
                self.ends(do, house, number, name)
        self.hold("6 pending is what auctions lack", ledger.pending() == 0, ledger.pending())
        for number, name in village.accounts.items():
            person = name[1:].partition("/")[0]
            if person in village.people:
                self.leaves(do, number, name, person)

    def sources_answer(self, do: Any) -> None:
        village = self.village
        for _ in range(3):
            price = int(village.market.oracle.last(1)[0]) // 10**10
            for feed in ("spot_feed", "second_feed"):
                do(f"{feed}.push", price, sender="owner")
            do("liar.say", price, village.now)
            do("volatility_feed.push", 2 * 10**7, sender="owner")
            do("oracle.poke", 1)
            village.env.time_travel(seconds=1_200)

    def ends(self, do: Any, house: str, number: int, name: str) -> None:
        """An auction ends: by a cure that anybody can bring, and a call of anybody's."""
        ledger = self.village.ledger
        if do(f"{house}.finish", name).ok:
            return
        # Its debt, with a little for the interest of the next days, and the buffer of what its
        # collateral is worth and does not count.
        debt = max(-int(ledger.cash_of(number)), 0) // UNIT
        lack = debt + debt // 50 + max(int(ledger.health(number).equity), 0) // UNIT // 4 + 10**6
        if lack > 0:
            do("clearinghouse.deposit", name, 0, lack, sender="maker")
        for _ in range(24):
            # A market with hours must open first.
            self.sources_answer(do)
            receipt = do(f"{house}.finish", name)
            if receipt.ok:
                break
            self.village.env.time_travel(seconds=DAY // 6)
        self.hold("11 nothing is stuck", receipt.ok, ("auction", name, receipt.reason))

    def leaves(self, do: Any, number: int, name: str, person: str) -> None:
        ledger, village = self.village.ledger, self.village
        cash = int(ledger.cash_of(number))
        if cash < 0:
            do("clearinghouse.deposit", name, 0, -cash // UNIT + 1, sender=person)
        for word in ledger.holdings_of(number):
            asset, amount = word >> 248, word & (2**248 - 1)
            units = amount // (UNIT if asset == 5 else 1)
            if not units:
                continue
            receipt = do("clearinghouse.withdraw", name, asset, units, f"@{person}", sender=person)
            self.hold("11 nothing is stuck", receipt.ok, (name, asset, amount, receipt.reason))
        cash = int(ledger.cash_of(number)) // UNIT
        there = village.balance("cash_token", "clearinghouse")
        if min(cash, there) > 0:
            units = min(cash, there)
            receipt = do("clearinghouse.withdraw", name, 0, units, f"@{person}", sender=person)
            self.hold("11 nothing is stuck", receipt.ok, (name, units, receipt.reason))
