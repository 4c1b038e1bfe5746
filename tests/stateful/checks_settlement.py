"""Fixings, prices and payoffs."""

from __future__ import annotations

import random
from typing import Any

import boa
from eth_utils.crypto import keccak

from novate.reference import oracle as prices
from novate.series import Series
from tests.stateful.checks_base import Base
from tests.stateful.snapshot import Snapshot
from tests.stateful.village import DAY, STRANGER, Receipt


class Settlement(Base):
    """What a series ends with, and the prices behind it."""

    def on_Settled(self, receipt: Receipt, given: dict[str, Any]) -> None:
        number, code = given["account"], given["series"]
        self.hold("5 settled once", (number, code) not in self.settled, (number, code))
        self.settled.add((number, code))
        series = Series.from_code(code)
        oracle = self.village.market.oracle
        alive = True
        if series.barrier:
            state = oracle.knocked(code)
            alive = series.knocks_in == (state == 1)
        expected = 0
        if alive:
            expected = series.payout(given["quantity"], oracle.fixing(1, series.expiry))
        self.hold("5 payoffs are right", given["payout"] == expected, (given, expected))
        self.paid += given["payout"]

    def oracle_holds(self) -> None:
        """What was fixed stays; what is served lies between the honest sources."""
        village = self.village
        oracle = village.market.oracle
        for expiry, price in self.fixings.items():
            self.hold("5 fixings are final", oracle.fixing(1, expiry) == price, expiry)
        for code, state in self.knocks.items():
            self.hold("5 fixings are final", oracle.knocked(code) == state, code)
        for held in self.book.values():
            for code in held:
                series = Series.from_code(code)
                if series.expiry <= village.now and series.expiry not in self.fixings:
                    price = oracle.fixing(1, series.expiry)
                    if price:
                        self.fixings[series.expiry] = price
                if series.barrier and code not in self.knocks and oracle.knocked(code):
                    self.knocks[code] = oracle.knocked(code)

    def prices_agree(self) -> None:
        """What is served now, by the reference model from what sources say and what is stored."""
        village, now = self.village, self.village.now
        oracle = village.market.oracle
        rules = oracle.rules_of(1)[0]
        memory = self.stored_price()
        if (rules >> 202) & 1 or now - memory.written <= (rules >> 168) & 63:
            # Market hours, and a price that is held, have tests of their own.
            return
        answers = []
        for name in ("spot_feed", "second_feed", "liar"):
            feed = village.units[name]
            round_id, answer, _, updated, answered = feed.latestRoundData()
            price = answer * 10 ** (18 - (self.decimals if name == "liar" else 8))
            if name == "liar" and feed.decimals() != self.decimals:
                continue
            if 0 < updated <= now and answered >= round_id and 0 < price < 10**30:
                answers.append((price, updated, 4 * DAY))
        limits = prices.Limits(
            (rules >> 164) & 15,
            (rules >> 174) % 2**14,
            (rules >> 188) % 2**14,
            (rules >> 204) % 2**20,
        )
        expected = prices.serve(answers, limits, memory, now)
        found = prices.Served(*oracle.status(1))
        self.hold("u prices are the reference's", found == expected, (found, expected))

    def stored_price(self) -> prices.Memory:
        """The word that the oracle keeps of its last aggregate, see prices.vy."""
        oracle = self.village.market.oracle
        layout = oracle.compiler_data.storage_layout["storage_layout"]
        slot = layout["prices"]["aggregates"]["slot"]
        place = keccak(slot.to_bytes(32, "big") + (1).to_bytes(32, "big"))
        word = boa.env.get_storage(oracle.address, int.from_bytes(place, "big"))
        written = (word >> 120) % 2**36
        tripped = written + (word >> 229) - 1 if word >> 229 else None
        confidence = (word >> 100) % 2**20 * 10**12
        age = (word >> 156) % 2**20
        return prices.Memory(word % 2**100, confidence, written - age, written, tripped)

    def settlement_commutes(self, view: Snapshot, rng: random.Random) -> None:
        village = self.village
        due = [
            number
            for number, held in view.positions.items()
            if any(Series.from_code(code).expiry in self.fixings for code in held)
        ]
        if len(due) < 2:
            return
        found = []
        for _ in range(2):
            rng.shuffle(due)
            with village.env.anchor():
                for number in due:
                    village.ledger.settle(
                        [number], sender=village.addresses[rng.choice(("keeper", STRANGER))]
                    )
                found.append({number: village.ledger.cash_of(number) for number in due})
        apart = max(abs(found[0][number] - found[1][number]) for number in due)
        self.hold("9 order of settlement", apart <= 4 * len(due), apart)
