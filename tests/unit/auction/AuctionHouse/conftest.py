"""An auction house on a ledger whose accounts have any health that a test asks for."""

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from novate.engine.cache import load
from novate.series import WAD

# Compiled once for all files.
HOUSE = load("contracts/auction/AuctionHouse.vy")
LEDGER = load("tests/harness/LinearLedger.vy")
SOLVENT, INSOLVENT = 1, 2
NO_LIMIT = 2**200
LATER = 2**40


@dataclass
class House:
    house: Any
    ledger: Any
    owner: Any
    keeper: int
    bidder: int
    rival: int
    account: int
    intruder: Any

    @property
    def now(self) -> int:
        return int(boa.env.evm.patch.timestamp)

    def set(self, equity: float, maintenance: float, cash: float = 0) -> None:
        """Gives the account these figures [USD]."""
        self.ledger.set_account(
            self.account, usd(cash), usd(equity - cash), usd(equity - maintenance)
        )

    def start(self) -> None:
        self.house.start(self.account, self.keeper)

    def travel(self, seconds: int) -> None:
        boa.env.time_travel(seconds=seconds)

    def bid(
        self,
        units: int = WAD,
        limit: int = NO_LIMIT,
        kind: int = SOLVENT,
        deadline: int = LATER,
        bidder: int | None = None,
        sender: str | None = None,
    ) -> tuple[int, int]:
        bidder = self.bidder if bidder is None else bidder
        return self.house.bid(  # type: ignore[no-any-return]
            self.account, bidder, units, limit, kind, deadline, sender=sender or owner_of(bidder)
        )

    def health(self, account: int | None = None) -> Any:
        return self.ledger.health(self.account if account is None else account)

    def cash(self, account: int | None = None) -> int:
        return int(self.ledger.cash_of(self.account if account is None else account))

    def buffered(self) -> int:
        health = self.health()
        return int(self.house.buffered_margin(health.maintenance, health.equity, 15 * WAD // 100))

    def event(self, name: str) -> Any:
        """The only event of this name in the last call."""
        found = [log for log in self.house.get_logs() if type(log).__name__ == name]
        assert len(found) == 1
        return found[0]


def usd(amount: float) -> int:
    return round(amount * 10**6) * 10**12


def owner_of(account: int) -> str:
    return "0x" + (account >> 96).to_bytes(20).hex()


@pytest.fixture(scope="module")
def auction() -> House:
    """Solvent: equity 1,000 USD, 2,000 short of maintenance, cash 10,000."""
    owner = boa.env.generate_address("owner")
    ledger = LEDGER.deploy()
    house = HOUSE.deploy(ledger, owner)
    roles = [
        int(boa.env.generate_address(role), 16) << 96
        for role in ("keeper", "bidder", "rival", "debtor")
    ]
    world = House(house, ledger, owner, *roles, boa.env.generate_address("intruder"))
    for bidder in (world.bidder, world.rival):
        ledger.set_account(bidder, usd(1_000_000), 0, 0)
    ledger.set_fund(usd(100_000))
    world.set(1_000, -2_000, cash=10_000)
    return world
