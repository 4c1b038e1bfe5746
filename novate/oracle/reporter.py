"""Reporters of a signed feed: they observe, agree on a report, sign it and submit it.

A reporter never signs two reports of one time, nor one that is further than its tolerance from
what it sees itself; so a wrong report takes as many careless reporters as the quorum. The feed is
a titanoboa contract, in-process or over RPC, and nothing here knows which.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boa
from eth_account.signers.local import LocalAccount

from ..series import WAD
from .reports import Domain, PriceReport, Proof, Signature, assemble, feed_id, sign
from .sources import Source

BILLION = 10**9


@dataclass
class Reporter:
    """One who signs. index: its place in the committee.

    tolerance: share of its own price by which a report may differ. max_age: [s] of a source.
    """

    index: int
    signer: LocalAccount
    sources: Sequence[Source]
    tolerance: float = 0.01
    max_age: int = 120
    signed: dict[int, PriceReport] = field(default_factory=dict)

    def observe(self, now: int) -> float | None:
        """Median price [USD] of its sources that are fresh, None without any."""
        seen = [source.read(now) for source in self.sources]
        prices = [one.price for one in seen if one and now - one.time <= self.max_age]
        return statistics.median(prices) if prices else None

    def sign(self, report: PriceReport, feed: Feed, now: int) -> Signature | None:
        """The signature, or None when the report is not what it sees, or contradicts it.

        What is dated ahead would be good for a later time, whatever the price is then.
        """
        own = self.observe(now)
        if own is None or report.timestamp > now:
            return None
        if abs(report.price / feed.scale - own) > self.tolerance * own:
            return None
        if self.signed.setdefault(report.timestamp, report) != report:
            return None
        return sign(report, self.signer, feed.domain)


@dataclass(frozen=True)
class Feed:
    """A deployed SignedFeed, with what reporters need to know of it."""

    contract: Any
    name: str
    scale: int
    domain: Domain
    quorum: int

    @classmethod
    def at(cls, contract: Any) -> Feed:
        """Read it from the chain that titanoboa is connected to."""
        return cls(
            contract,
            contract.description(),
            10 ** contract.decimals(),
            Domain(boa.env.evm.patch.chain_id, str(contract.address)),
            contract.committee_now()[1],
        )

    def latest(self) -> tuple[float, int]:
        """Price [USD] and time [s] of the latest round; zeros before the first."""
        price, _, time = self.contract.latest_report()
        return price / self.scale, time

    def submit(self, report: PriceReport, proof: Proof, *, sender: str | None = None) -> int:
        """Make it a round, unless one as new is there; returns the latest round's id."""
        options = {} if sender is None else {"sender": sender}
        return int(self.contract.offer(*report.arguments(), *proof, **options))


@dataclass(frozen=True)
class Heartbeat:
    """When a report is due without anybody asking: after a move, or after a time [s]."""

    deviation: float = 0.005
    interval: int = 3_600

    def due(self, feed: Feed, price: float, now: int) -> bool:
        last, time = feed.latest()
        return time == 0 or now - time >= self.interval or abs(price - last) > self.deviation * last


def propose(
    reporters: Sequence[Reporter], feed: Feed, now: int, *, least: int | None = None
) -> PriceReport | None:
    """The median of what reporters see, None when too few see anything.

    least: how many are enough, the quorum by default. Confidence is one less the spread between the
    quartiles, as a share of the price.
    """
    prices = sorted(price for one in reporters if (price := one.observe(now)) is not None)
    if len(prices) < (feed.quorum if least is None else least):
        return None
    middle = statistics.median(prices)
    low, high = prices[len(prices) // 4], prices[-1 - len(prices) // 4]
    confidence = max(0.0, 1 - (high - low) / middle)
    # Whole billionths, as the feed keeps them.
    return PriceReport(
        feed_id(feed.name),
        round(middle * feed.scale),
        round(confidence * BILLION) * (WAD // BILLION),
        now,
    )


def agree(reporters: Sequence[Reporter], feed: Feed, now: int) -> tuple[PriceReport, Proof] | None:
    """A report with enough signatures, None when the reporters do not agree."""
    report = propose(reporters, feed, now)
    if report is None:
        return None
    signatures = collect(reporters, report, feed, now)
    if len(signatures) < feed.quorum:
        return None
    return report, assemble(signatures, feed.quorum)


def collect(
    reporters: Sequence[Reporter], report: PriceReport, feed: Feed, now: int
) -> Mapping[int, Signature]:
    """The signatures of those who are willing, by index."""
    found = {one.index: one.sign(report, feed, now) for one in reporters}
    return {index: signature for index, signature in found.items() if signature is not None}


def publish(
    reporters: Sequence[Reporter],
    feed: Feed,
    now: int,
    *,
    heartbeat: Heartbeat | None = None,
    sender: str | None = None,
) -> PriceReport | None:
    """Agree and submit; None when there is no agreement, or nothing is due."""
    agreed = agree(reporters, feed, now)
    if agreed is None:
        return None
    report, proof = agreed
    if heartbeat is not None and not heartbeat.due(feed, report.price / feed.scale, now):
        return None
    feed.submit(report, proof, sender=sender)
    return report
