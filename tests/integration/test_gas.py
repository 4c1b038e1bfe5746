"""benchmarks/gas.json is what the contracts cost today, and inside what was promised."""

import json
from typing import Any

import pytest

from benchmarks.gas import FILE, TOPICS, of_topic, peers

# A block must hold the dearest call several times over.
BLOCK = 30_000_000


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(FILE.read_text())
    return figures


@pytest.mark.parametrize("topic", TOPICS)
def test_the_committed_figures_are_true(topic: str, committed: dict[str, int]) -> None:
    """A change that moves gas shows it in its diff: run `make bench` and commit the file."""
    measured = of_topic(topic)
    assert measured.keys() <= committed.keys()
    moved = {
        name: (committed[name], gas)
        for name, gas in measured.items()
        if abs(gas - committed[name]) > committed[name] // 100
    }
    assert not moved


def test_margin_stays_within_its_bounds(committed: dict[str, int]) -> None:
    """With room and at the limit, of one expiry and of four, shorts alone and mixed."""
    for suffix in ("", "_shorts", "_spreads", "_tight", "_tight_shorts", "_4_expiries"):
        assert committed[f"margin.standard.16{suffix}"] <= 100_000
        assert committed[f"margin.standard.64{suffix}"] <= 400_000
        assert committed[f"margin.standard.128{suffix}"] <= 700_000
    for suffix in ("", "_shorts"):
        # No worse than n log n: twice the positions, a little more than twice the gas.
        twice = committed[f"margin.standard.128{suffix}"] / committed[f"margin.standard.64{suffix}"]
        assert twice <= 2 * 7 / 6


def test_every_peer_is_beaten(committed: dict[str, int]) -> None:
    for name, gas, what in peers():
        assert committed[name] < gas, what


def test_the_dearest_operations_fit_a_block(committed: dict[str, int]) -> None:
    """P-29: a full account can be liquidated and settled with room to spare."""
    for name in (
        "auction.start.128",
        "auction.bid.128",
        "auction.start.128_portfolio",
        "auction.bid.128_portfolio",
        "settle.128",
        "margin.standard.128",
    ):
        assert committed[name] <= BLOCK // 4


def test_a_shared_loss_does_not_depend_on_how_many_share_it(committed: dict[str, int]) -> None:
    assert committed["loss.socialised.many"] == committed["loss.socialised.few"]
