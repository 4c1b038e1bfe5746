"""An oracle with court, watch and adapter linked to it, priced by our own feeds."""

from typing import Any, NamedTuple

import boa
import pytest

from tests.world import build

SPOT = 2_700 * 10**8
MAX_AGE = 3_600
SPX = 1
BOND, DISPUTE = 500 * 10**6, 7_200


class Bench(NamedTuple):
    """The oracle, the units around it, and who may do what."""

    oracle: Any
    court: Any
    watch: Any
    token: Any
    feed: Any
    volatility: Any
    people: dict[str, str]

    def __getitem__(self, role: Any) -> Any:
        return self.people[role]

    def push(self, price: float) -> None:
        """A round of the spot source [USD], and one of the volatility."""
        self.feed.push(round(price * 10**8), sender=self.people["reporter"])
        self.volatility.push(20 * 10**6, sender=self.people["reporter"])

    def record(self, price: float) -> None:
        self.push(price)
        assert self.oracle.poke(SPX) == 0

    def travel_to(self, timestamp: int) -> None:
        boa.env.time_travel(seconds=timestamp - self.now)

    @property
    def now(self) -> int:
        return int(boa.env.evm.patch.timestamp)

    @property
    def expiry(self) -> int:
        """The first hour that is more than half a day away."""
        return self.now // 3_600 * 3_600 + 13 * 3_600

    def balance(self, role: str) -> int:
        return int(self.token.balanceOf(self.people[role]))


@pytest.fixture(scope="module")
def bench() -> Bench:
    roles = (
        *("owner", "reporter", "proposer", "disputer", "keeper", "intruder"),
        *("beneficiary", "judge"),
    )
    people = {role: boa.env.generate_address(role) for role in roles}
    feed = build("oracle/PriceFeed.vy", "SPX / USD", 8, people["reporter"])
    volatility = build("oracle/PriceFeed.vy", "SPX volatility", 8, people["reporter"])
    token = build("tokens/TestToken.vy", "Test Dollar", "TUSD", 6)
    oracle = build("oracle/PriceOracle.vy", people["owner"])
    court = build(
        "oracle/FixingCourt.vy",
        *(oracle.address, token.address, BOND, DISPUTE, people["beneficiary"], people["judge"]),
    )
    watch = build("oracle/BarrierWatch.vy", oracle.address, token.address)
    oracle.link(court.address, watch.address, sender=people["owner"])
    made = Bench(oracle, court, watch, token, feed, volatility, people)
    made.push(2_700)
    oracle.list_underlying(SPX, feed.address, volatility.address, MAX_AGE, sender=people["owner"])
    for role in ("proposer", "disputer", "keeper", "intruder"):
        token.mint(people[role], 10 * BOND)
        for unit in (court, watch):
            token.approve(unit.address, 2**256 - 1, sender=people[role])
    return made
