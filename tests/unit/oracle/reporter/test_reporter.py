"""Reporters: what they see, what they sign, and what they refuse."""

from pathlib import Path
from typing import Any

import boa
import pytest
import requests
from eth_abi.abi import encode

from novate.errors import DataError, ParameterError
from novate.oracle import sources
from novate.oracle.reporter import Feed, Heartbeat, Reporter, agree, collect, propose, publish
from novate.oracle.reports import CURVE_ORDER, PriceReport, assemble, compact, feed_id
from novate.oracle.sources import ChainSource, Observation, SeriesSource, csv_source
from tests.oracle_world import WAD, FeedWorld, now

URL = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def world() -> FeedWorld:
    return FeedWorld()


def flat(price: float) -> SeriesSource:
    return SeriesSource((0,), (price,))


def crew(world: FeedWorld, *prices: float) -> list[Reporter]:
    """The reporters, each with a source of its own."""
    return [
        Reporter(i, key, [flat(price)], max_age=2**40)
        for i, (key, price) in enumerate(zip(world.keys, prices, strict=True))
    ]


def test_publishes_the_median(world: FeedWorld) -> None:
    feed = Feed.at(world.feed)
    assert (feed.name, feed.scale, feed.quorum) == ("BTC / USD", 10**8, 3)
    assert feed.latest() == (0, 0)
    report = publish(crew(world, 100, 101, 100.5, 100.25, 99.9), feed, now())
    assert report is not None and report.price == 100.25 * 10**8
    assert feed.latest() == (100.25, now())
    # Quartiles 100 and 100.5.
    assert report.confidence == pytest.approx((1 - 0.5 / 100.25) * WAD, abs=10**9)


def test_a_liar_is_not_signed_for(world: FeedWorld) -> None:
    feed = Feed.at(world.feed)
    honest = crew(world, 100, 100, 100, 100, 100)
    lie = PriceReport(feed_id(feed.name), 150 * 10**8, WAD, now())
    assert collect(honest, lie, feed, now()) == {}
    # Within the tolerance of one percent it is.
    near = PriceReport(feed_id(feed.name), 101 * 10**8, WAD, now())
    assert len(collect(honest, near, feed, now())) == 5


def test_two_liars_of_five_move_nothing(world: FeedWorld) -> None:
    feed = Feed.at(world.feed)
    report = publish(crew(world, 150, 150, 100, 100, 100), feed, now())
    assert report is not None and report.price == 100 * 10**8
    assert world.feed.round_at(1).signers == 0b11100


def test_no_agreement_no_report(world: FeedWorld) -> None:
    feed = Feed.at(world.feed)
    assert publish(crew(world, 100, 110, 120, 130, 140), feed, now()) is None
    assert world.feed.rounds() == 0


def test_never_signs_two_reports_of_one_time(world: FeedWorld) -> None:
    feed = Feed.at(world.feed)
    reporter = crew(world, 100, 100, 100, 100, 100)[0]
    first = PriceReport(feed_id(feed.name), 100 * 10**8, WAD, now())
    second = PriceReport(feed_id(feed.name), 100 * 10**8 + 1, WAD, now())
    assert reporter.sign(first, feed, now()) == reporter.sign(first, feed, now()) is not None
    assert reporter.sign(second, feed, now()) is None


def test_too_few_who_see_anything(world: FeedWorld) -> None:
    feed = Feed.at(world.feed)
    people = crew(world, 100, 100, 100, 100, 100)
    for one in people[:3]:
        one.max_age = 60
    assert propose(people, feed, now()) is None and agree(people, feed, now()) is None
    assert people[0].observe(now()) is None and people[0].observe(60) == 100
    reports = PriceReport(feed_id(feed.name), 100 * 10**8, WAD, now())
    assert people[0].sign(reports, feed, now()) is None


def test_a_reporter_takes_the_median_of_its_sources(world: FeedWorld) -> None:
    reporter = Reporter(0, world.keys[0], [flat(1), flat(100), flat(101)], max_age=2**40)
    assert reporter.observe(now()) == 100


def test_heartbeat(world: FeedWorld) -> None:
    feed, beat = Feed.at(world.feed), Heartbeat(0.01, 600)
    people = crew(world, 100, 100, 100, 100, 100)
    assert publish(people, feed, now(), heartbeat=beat)
    boa.env.time_travel(seconds=599)
    assert publish(people, feed, now(), heartbeat=beat) is None
    boa.env.time_travel(seconds=1)
    assert publish(people, feed, now(), heartbeat=beat)
    boa.env.time_travel(seconds=1)
    assert publish(crew(world, *[101.5] * 5), feed, now(), heartbeat=beat, sender=world.intruder)


# -- sources --


def test_prices_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("time,close\n2026-01-01T00:00,100\n2026-01-01T01:00,102\n")
    source = csv_source(file)
    start = 1_767_225_600
    assert source.read(start - 1) is None
    assert source.read(start + 3_599) == Observation(100, start)
    assert source.read(start + 9_999) == Observation(102, start + 3_600)
    with pytest.raises(DataError):
        csv_source(tmp_path / "nothing.csv")


class Node:
    """Answers of a node of another chain, by selector."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def post(self, url: str, json: dict[str, Any], timeout: float) -> "Node":
        assert url == URL and json["method"] == "eth_call" and timeout > 0
        self.answer = self.answers[json["params"][0]["data"]]
        if isinstance(self.answer, Exception):
            raise self.answer
        return self

    def json(self) -> Any:
        return self.answer


def latest(answer: int, updated: int) -> dict[str, str]:
    types = ["uint80", "int256", "uint256", "uint256", "uint80"]
    return {"result": "0x" + encode(types, [5, answer, updated, updated, 5]).hex()}


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (latest(123 * 10**8, 900), Observation(123.0, 900)),
        (latest(0, 900), None),
        (latest(-1, 900), None),
        (latest(1, 1_001), None),
        (latest(1, 0), None),
        ({"result": "0x"}, None),
        ({"error": {"code": 3}}, None),
        ([], None),
        (requests.ConnectionError(), None),
    ],
)
def test_prices_from_another_chain(
    monkeypatch: pytest.MonkeyPatch, answer: Any, seen: Observation | None
) -> None:
    decimals = {"result": "0x" + (8).to_bytes(32, "big").hex()}
    # The selectors of decimals() and latestRoundData().
    node = Node({"0x313ce567": decimals, "0xfeaf968c": answer})
    monkeypatch.setattr(sources.requests, "post", node.post)
    assert ChainSource(URL, "0x" + 40 * "1").read(1_000) == seen


# -- signatures --


def test_compact_refuses_malleable_signatures() -> None:
    with pytest.raises(ParameterError, match="s = "):
        compact(27, 1, CURVE_ORDER // 2 + 1)
    for v in (0, 1, 26, 29):
        with pytest.raises(ParameterError, match="v = "):
            compact(v, 1, 1)


def test_assemble_refuses_too_few_and_bad_indices() -> None:
    one = (bytes(32), bytes(32))
    with pytest.raises(ParameterError, match="3 or more"):
        assemble({0: one, 1: one}, 3)
    with pytest.raises(ParameterError, match="indices"):
        assemble({16: one}, 1)
    assert assemble({4: one, 0: one, 2: one}, 2) == (0x0200, [one, one])
