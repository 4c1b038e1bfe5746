"""Interest in integers: what views say before it is written, and what is written, to the wei."""

import random
from typing import Any

import pytest

from tests.world import WAD, World

RAY = 10**27


class Books(World):
    """Principals so large that a unit of an index is a wei; the twin keeps its own."""

    def __init__(self) -> None:
        super().__init__()
        self.use_own_house()
        self.lender = self.person("lender", cash=1_000_000)
        self.debtor = self.market.account("debtor")
        self.freeze(self.debtor)
        self.lent = 3 * 10**27 + 7
        self.ledger.charge(self.debtor.number, self.lender.number, self.lent, sender=self.house)
        self.supply, self.borrow = RAY, RAY
        self.supplied, self.borrowed = 10**24 + self.lent, self.lent
        self.fund, self.since = 0, int(self.market.now)

    def accrued(self) -> tuple[int, int, int, int]:
        """Interest, the fund's part of it, and both indices."""
        elapsed = int(self.market.now) - self.since
        debt, credit = self.borrowed * self.borrow // RAY, self.supplied * self.supply // RAY
        growth = self.market.curve.growth(debt, credit, elapsed)
        borrow = -(-self.borrow * growth // WAD)
        interest = self.borrowed * borrow // RAY - debt
        part = interest * self.market.parameters.rates.fund_share // WAD
        return interest, part, self.supply + (interest - part) * RAY // self.supplied, borrow

    def write(self) -> None:
        _, part, self.supply, self.borrow = self.accrued()
        balance = self.fund * self.supply // RAY + part
        self.supplied += balance * RAY // self.supply - self.fund
        self.fund = balance * RAY // self.supply
        self.since = int(self.market.now)


@pytest.fixture(scope="module")
def world() -> Books:
    return Books()


def told(world: World, name: str) -> list[Any]:
    return [log for log in world.ledger.get_logs() if type(log).__name__ == name]


def test_to_the_wei(world: Books) -> None:
    rng = random.Random(1)
    for _ in range(20):
        world.market.travel(rng.choice([1, 2, 59, rng.randrange(10**6), rng.randrange(10**7)]))
        interest, part, supply, borrow = world.accrued()
        own = world.supplied - world.fund
        claims = world.ledger.certificate()
        held = world.market.cash_token.balanceOf(world.ledger.address) * 10**12
        credit, debt = world.supplied * supply // RAY + part, world.borrowed * borrow // RAY
        assert (claims.held, claims.credit, claims.debt) == (held, credit, debt)
        assert claims.fund == world.ledger.cash_of(world.ledger.FUND())
        assert claims.fund == world.fund * supply // RAY + part
        assert claims.surplus == held + debt - credit
        assert (claims.unsettled, claims.outstanding) == (0, 0)
        assert world.cash(world.lender) == own * supply // RAY
        assert world.cash(world.debtor) == -world.borrowed * borrow // RAY
        if rng.random() < 0.7:
            world.ledger.settle([])
            (accrued,) = told(world, "Accrued")
            assert (accrued.interest, accrued.to_fund) == (interest, part)
            assert (accrued.supply_index, accrued.borrow_index) == (supply, borrow)
            assert world.ledger.indices() == supply << 128 | borrow
            world.write()
            assert world.ledger.cash_of(world.ledger.FUND()) == world.fund * world.supply // RAY
            # Nothing more in the same second.
            world.ledger.settle([])
            assert told(world, "Accrued") == []
