from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.oracle.reports import PriceReport, sign
from tests.oracle_world import FeedWorld

MINIMUM = 1_000 * 10**6
UNIT = 10**6
PRICE = 60_000 * 10**8
WAD = 10**18
# fee, bonus, punctual, spacing, band, limit, window
TERMS = (30 * UNIT, 6 * UNIT, 5, 10, WAD // 100, WAD // 10, 60)
Evidence = tuple[int, int, int, bytes, bytes]


class BondWorld(FeedWorld):
    """A feed of five reporters, each with a full bond, and a pot."""

    def __init__(self, pot: int = 10_000 * UNIT) -> None:
        super().__init__()
        self.token: Any = compiled("tokens/TestToken.vy").deploy("Test Dollar", "TUSD", 6)
        self.bonds: Any = compiled("oracle/ReporterBonds.vy").deploy(
            self.token.address, MINIMUM, self.owner
        )
        self.feed.set_bonds(self.bonds.address, sender=self.owner)
        self.bonds.list_feed(self.feed.address, TERMS, sender=self.owner)
        self.prover = boa.env.generate_address("prover")
        self.funder = boa.env.generate_address("funder")
        for reporter in self.addresses:
            self.bond(reporter, MINIMUM)
        self.give(self.funder, pot)
        self.bonds.fund(self.feed.address, pot, sender=self.funder)

    def give(self, receiver: str, amount: int) -> None:
        self.token.mint(receiver, amount)
        self.token.approve(self.bonds.address, 2**256 - 1, sender=receiver)

    def bond(self, reporter: str, amount: int) -> None:
        self.give(reporter, amount)
        self.bonds.bond(amount, sender=reporter)

    def accrue(self, most: int = 256) -> int:
        return int(self.bonds.accrue(self.feed.address, most))

    def owed(self) -> list[int]:
        return [self.bonds.owed(reporter) for reporter in self.addresses]

    def pot(self) -> int:
        return int(self.bonds.pots(self.feed.address))

    def evidence(self, report: PriceReport, index: int) -> Evidence:
        """The report with one reporter's signature, as a proof takes it."""
        return (*report.arguments(), *sign(report, self.keys[index], self.domain))

    def contradict(self, index: int, timestamp: int) -> int:
        """Prove that a reporter signed two prices for one time."""
        proofs = [self.evidence(self.report(price, timestamp=timestamp), index) for price in (1, 2)]
        return int(self.bonds.prove_contradiction(self.feed.address, *proofs, sender=self.prover))

    def deviate(self, index: int, price: int, timestamp: int, first: int, count: int) -> int:
        """Prove that a reporter signed a price far from the rounds around it."""
        proof = self.evidence(self.report(price, timestamp=timestamp), index)
        return int(
            self.bonds.prove_deviation(self.feed.address, proof, first, count, sender=self.prover)
        )


@pytest.fixture(scope="module")
def world() -> BondWorld:
    return BondWorld()
