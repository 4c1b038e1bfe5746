"""An oracle with one underlying, priced by our own feeds."""

from typing import Any, NamedTuple

import boa
import pytest

from novate.engine.cache import load

FEED = load("contracts/oracle/PriceFeed.vy")
ORACLE = load("contracts/oracle/PriceOracle.vy")
LYING = load("tests/hostile/LyingFeed.vy")
HOSTILE = load("tests/hostile/HostileFeed.vy")
LENS = load("contracts/oracle/OracleLens.vy")

# 1e-8 USD, and a fraction of 1e-8.
SPOT, VOLATILITY = 2_700 * 10**8, 20 * 10**6
MAX_AGE = 3_600
SPX = 1


class Desk(NamedTuple):
    """The oracle, its honest sources, and who may do what."""

    oracle: Any
    lens: Any
    spot: Any
    volatility: Any
    owner: str
    reporter: str
    intruder: str

    def push(self, spot: int = SPOT, volatility: int = VOLATILITY) -> None:
        self.spot.push(spot, sender=self.reporter)
        self.volatility.push(volatility, sender=self.reporter)

    def list_with(self, source: Any, underlying: int = 2) -> int:
        """Another underlying with this spot source, which may make any jump."""
        self.oracle.list_underlying(
            underlying, source.address, self.volatility.address, MAX_AGE, sender=self.owner
        )
        self.oracle.set_limits(underlying, 0, 500, 0, sender=self.owner)
        return underlying

    def fix(self, underlying: int, expiry: int, *starts: int, **options: Any) -> int:
        """Fixes from these rounds, one of each source."""
        return int(self.oracle.fix(underlying, expiry, list(starts), **options))

    def round_at(self, underlying: int, timestamp: int) -> int:
        """Of the first source."""
        return int(self.lens.rounds_at(underlying, timestamp)[0])

    def set_sources(self, underlying: int, sources: list[Any], quorum: int) -> None:
        """Replaces the sources, with the usual age and no bounds."""
        feeds = [(one.address, MAX_AGE, 0, 10**30) for one in sources]
        self.oracle.set_sources(underlying, feeds, quorum, sender=self.owner)

    def lying(self, answer: int = SPOT, decimals: int = 8) -> Any:
        """A source that has said one true thing so far."""
        source = LYING.deploy(decimals)
        source.say(answer, now())
        return source

    def hostile(self, answer: int = SPOT) -> Any:
        """A source that behaves until it is told otherwise."""
        return HOSTILE.deploy(answer)


def now() -> int:
    return int(boa.env.evm.patch.timestamp)


@pytest.fixture(scope="module")
def desk() -> Desk:
    owner, reporter, intruder = (
        boa.env.generate_address(role) for role in ("owner", "reporter", "intruder")
    )
    spot = FEED.deploy("SPX / USD", 8, reporter)
    volatility = FEED.deploy("SPX volatility", 8, reporter)
    oracle = ORACLE.deploy(owner)
    lens = LENS.deploy(oracle.address)
    made = Desk(oracle, lens, spot, volatility, owner, reporter, intruder)
    made.push()
    made.oracle.list_underlying(SPX, spot.address, volatility.address, MAX_AGE, sender=owner)
    # Any jump: tests of the limit set it.
    made.oracle.set_limits(SPX, 0, 500, 0, sender=owner)
    return made
