"""Reporters with keys and the contracts that they report to, for tests and measurements."""

from collections.abc import Iterable, Sequence
from typing import Any

import boa
from eth_account import Account
from eth_account.signers.local import LocalAccount

from novate.deploy import compiled
from novate.oracle.reports import (
    Domain,
    PriceReport,
    Proof,
    Report,
    Signature,
    assemble,
    feed_id,
    sign,
)

WAD = 10**18
MAX_AGE = 60
NAME = "BTC / USD"


def keys(count: int) -> list[LocalAccount]:
    """Reporters 0, 1, ...; the same ones every time."""
    return [Account.from_key((i + 1).to_bytes(32, "big")) for i in range(count)]


def now() -> int:
    return int(boa.env.evm.patch.timestamp)


def signatures(
    report: Report, signers: Iterable[LocalAccount], domain: Domain, first: int = 0
) -> dict[int, Signature]:
    """By index, of consecutive reporters."""
    return {i: sign(report, key, domain) for i, key in enumerate(signers, first)}


class FeedWorld:
    """A feed with its reporters."""

    def __init__(self, quorum: int = 3, count: int = 5, name: str = NAME, decimals: int = 8):
        self.owner = boa.env.generate_address("owner")
        self.intruder = boa.env.generate_address("intruder")
        self.quorum = quorum
        self.name = name
        self.keys = keys(count)
        self.addresses = [key.address for key in self.keys]
        self.feed: Any = compiled("oracle/SignedFeed.vy").deploy(
            name, decimals, MAX_AGE, self.addresses, quorum, self.owner
        )
        self.domain = Domain(boa.env.evm.patch.chain_id, str(self.feed.address))

    def report(
        self, price: int = 60_000 * 10**8, *, confidence: int = WAD, timestamp: int | None = None
    ) -> PriceReport:
        """A report of this feed, dated now."""
        return PriceReport(
            feed_id(self.name), price, confidence, now() if timestamp is None else timestamp
        )

    def proof(self, report: PriceReport, indices: Sequence[int] | None = None) -> Proof:
        """Signed by those reporters, the first ones unless named."""
        chosen = range(self.quorum) if indices is None else indices
        return assemble({i: sign(report, self.keys[i], self.domain) for i in chosen}, len(chosen))

    def submit(self, report: PriceReport, indices: Sequence[int] | None = None) -> int:
        return int(self.feed.submit(*report.arguments(), *self.proof(report, indices)))

    def push(self, price: int, after: int = 1, indices: Sequence[int] | None = None) -> int:
        """A round of a later block."""
        boa.env.time_travel(seconds=after)
        return self.submit(self.report(price), indices)
