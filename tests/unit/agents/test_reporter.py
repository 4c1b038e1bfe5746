"""Reporters as processes, in-process: they meet at a board and agree, or do not."""

import json
from pathlib import Path
from typing import Any

import boa
import pytest
from eth_account import Account as Keys

from novate.agents.reporter import ReporterDesk, Watch, keys_of
from novate.deploy import deploy
from novate.errors import DataError, ParameterError
from novate.market import Market
from novate.oracle.board import Board, Journal, dump, parse
from novate.oracle.fit import YEAR
from novate.oracle.reporter import Feed
from novate.oracle.reports import PriceReport, feed_id
from novate.oracle.sources import ChainSource, FileSource, SeriesSource, named_source
from novate.parameters import Parameters, Prices, Reporters
from novate.series import WAD

COUNT, HOUR = 5, 3_600


class Screen:
    """A source that shows what it is told."""

    def __init__(self, value: float) -> None:
        self.value = value

    def read(self, now: int) -> Any:
        return SeriesSource((0,), (self.value,)).read(now)


@pytest.fixture(scope="module")
def market() -> Market:
    choices = Parameters(prices=Prices(hold=0, jump=0), reporters=Reporters(made_up=COUNT))
    return deploy(choices)


@pytest.fixture
def price() -> Screen:
    return Screen(2_750.0)


@pytest.fixture
def level() -> Screen:
    return Screen(0.2)


def sit(market: Market, folder: Path, price: Any, level: Any, *who: int) -> ReporterDesk:
    """A desk of these reporters, all of them by default."""
    keys = keys_of(market)
    chosen = [keys[i] for i in who] if who else keys
    watch = Watch([price], [level] if level else [], 2**40, 2**40)
    return ReporterDesk(market, chosen, watch, folder)


def names(receipts: list[Any]) -> list[str]:
    return [event.name for receipt in receipts for event in receipt.events]


def test_one_process_with_all_keys(
    market: Market, tmp_path: Path, price: Screen, level: Screen
) -> None:
    desk = sit(market, tmp_path, price, level)
    done = names(desk.round())
    assert done.count("AnswerUpdated") == 1 and done.count("SmilePosted") == 4
    assert "Observed" in done and desk.refused == []
    assert market.signed_feed.latest_report() == (2_750 * 10**8, WAD, market.now)
    quote = market.oracle.quote(1, market.expiries(2)[1])
    assert quote.volatility == pytest.approx(WAD // 5, rel=1e-6) and quote.smile
    # Nothing is due, and then the price has moved by more than half a percent.
    market.travel(60)
    assert desk.round() == []
    price.value = 2_760.0
    assert desk.round() == []
    price.value = 2_764.0
    assert names(desk.round()) == ["AnswerUpdated", "Observed"]
    # Then an hour has passed, and for smiles ten minutes.
    market.travel(600)
    assert names(desk.round()) == ["SmilePosted"] * 4
    market.travel(HOUR)
    assert "AnswerUpdated" in names(desk.round())
    market.use_signed_feed()
    assert market.oracle.spot(1) == (2_764 * WAD, True)


def test_five_processes_meet_at_the_board(market: Market, tmp_path: Path, price: Screen) -> None:
    desks = [sit(market, tmp_path, price, None, i) for i in (1, 0, 4, 2)]
    # The first proposes, the third makes the quorum, the fourth has nothing left to do.
    assert [names(desk.round()) for desk in desks] == [[], [], ["AnswerUpdated", "Observed"], []]
    assert market.signed_feed.round_at(1).signers == 0b10011


def test_a_liar_stops_nobody(market: Market, tmp_path: Path, price: Screen) -> None:
    liar = sit(market, tmp_path, Screen(5_000.0), None, 0)
    honest = sit(market, tmp_path, price, None, 1, 2, 3)
    assert liar.round() == []
    assert "AnswerUpdated" in names(honest.round())
    assert market.signed_feed.latest_report()[0] == 2_750 * 10**8
    # Its signature is on the board, under its own report only.
    assert market.signed_feed.round_at(1).signers == 0b01110


def test_killed_and_started_again_it_contradicts_nothing(
    market: Market, tmp_path: Path, price: Screen
) -> None:
    first = sit(market, tmp_path, price, None, 0)
    first.round()
    board = first.board
    (report,) = board.reports(market.now)
    mine = board.signatures(report)
    first.close()
    # The same moment, another price, and nothing left on the board.
    for file in [*board.folder.glob("*.report"), *board.folder.glob("*.0")]:
        file.unlink()
    price.value = 2_751.0
    again = sit(market, tmp_path, price, None, 0)
    again.round()
    (other,) = board.reports(market.now)
    assert other != report and board.signatures(other) == {}
    # What it has signed before it signs again, and goes on when time has.
    board.propose(report)
    again.round()
    assert board.signatures(report) == mine
    others = sit(market, tmp_path, price, None, 1, 2)
    assert names(others.round()) == ["AnswerUpdated", "Observed"]
    assert market.signed_feed.latest_report()[0] == report.price  # type: ignore[union-attr]
    market.travel(HOUR)
    again.round()
    assert names(others.round()) == ["AnswerUpdated", "Observed"]


def test_what_is_dated_ahead_is_signed_when_its_time_has_come(
    market: Market, tmp_path: Path, price: Screen
) -> None:
    """Signed now it would pass later, when the price is another; and nobody waits for it."""
    desk = sit(market, tmp_path, price, None)
    ahead = PriceReport(feed_id(desk.feed.name), 2_750 * 10**8, WAD, market.now + 30)
    desk.board.propose(ahead)
    assert names(desk.round()) == ["AnswerUpdated", "Observed"] and desk.refused == []
    assert market.signed_feed.latest_report()[2] == market.now
    assert desk.board.signatures(ahead) == {}
    market.travel(30)
    assert desk.people[0].sign(ahead, desk.feed, market.now) is not None


def test_a_journal_survives_a_torn_line_and_belongs_to_one_process(tmp_path: Path) -> None:
    file = tmp_path / "signed.jsonl"
    one, old = (PriceReport(feed_id("x"), 5, WAD, time) for time in (10**9, 10**8))
    journal = Journal(file)
    assert journal.setdefault(old.timestamp, old) == old
    assert journal.setdefault(one.timestamp, one) == one
    with pytest.raises(ParameterError, match="one process"):
        Journal(file)
    journal.close()
    with file.open("a") as torn:
        torn.write(json.dumps(dump(one))[:40])
    again = Journal(file)
    other = PriceReport(feed_id("x"), 6, WAD, one.timestamp)
    assert again.setdefault(one.timestamp, other) == one
    # What nobody can dispute any more is forgotten.
    assert old.timestamp not in again and len(file.read_text().splitlines()) == 1


def test_rubbish_on_the_board_is_passed_over(market: Market, tmp_path: Path, price: Screen) -> None:
    first = sit(market, tmp_path, price, None, 0, 1)
    first.round()
    board = first.board
    (report,) = board.reports(market.now)
    (board.folder / "0.report").write_text("{")
    (board.folder / "1.report").write_text(json.dumps(dump(report) | {"price": "1"}))
    (board.folder / "2.report").write_text(json.dumps({"kind": "surface", "a": 1}))
    # Signatures of others, of nobody, and none at all, as if they were of members 2, 3, 4 and 20.
    mine = board.signatures(report)[0]
    for index, signature in ((2, mine), (3, (bytes(32), bytes(32))), (20, mine)):
        board.sign(report, index, signature)
    stem = board._name(report)
    (board.folder / f"{stem}.4").write_text('["a"]')
    assert sit(market, tmp_path, price, None, 4).round() != []
    assert market.signed_feed.round_at(1).signers == 0b10011
    # An hour later the board is clear.
    market.travel(HOUR + 1)
    assert list(board.reports(market.now)) == [] and not list(board.folder.glob(f"{stem}.*"))


def test_a_smile_follows_as_fast_as_the_surface_lets_it(
    market: Market, tmp_path: Path, price: Screen, level: Screen
) -> None:
    desk = sit(market, tmp_path, price, level)
    desk.round()
    expiries = market.expiries(4)
    for value, order in ((0.4, expiries[::-1]), (0.1, expiries)):
        level.value = value
        market.travel(HOUR)
        before = market.surface.smile(1, expiries[0])[4]
        done = [one for one in desk.round() if one.operation == "submit"]
        assert [one.events[0].arguments["expiry"] for one in done] == order
        assert desk.refused == []
        moved = market.surface.smile(1, expiries[0])[4] / before - 1
        # Nine tenths of a quarter an hour.
        assert abs(moved) == pytest.approx(0.225, abs=1e-3)


def test_a_false_smile_is_not_signed(market: Market, tmp_path: Path, level: Screen) -> None:
    desk = sit(market, tmp_path, Screen(1.0), level)
    painter, surface = desk.painters[0], desk.surface
    expiry, now = market.expiries(2)[1], market.now
    honest = painter.propose(surface, 1, expiry, now)
    assert honest is not None
    # At the money, a + b (-rho m + root of m squared and sigma squared): 20 % for the time left.
    figures = (honest.a, honest.b, honest.rho, honest.m, honest.sigma)
    a, b, rho, m, sigma = (figure / WAD for figure in figures)
    variance = a + b * (-rho * m + (m**2 + sigma**2) ** 0.5)
    assert variance == pytest.approx(0.04 * (expiry - now) / YEAR, rel=1e-9)
    for field, factor in (("a", 2), ("b", 1.2), ("rho", -1), ("forward", 1.06), ("m", 30)):
        false = parse(dump(honest) | {field: round(getattr(honest, field) * factor)})
        assert painter.sign(false, surface, now) is None, field  # type: ignore[arg-type]
    assert painter.sign(honest, surface, now + HOUR + 1) is None
    assert painter.sign(honest, surface, now - 1) is None
    near = parse(dump(honest) | {"rate": WAD // 100})
    assert painter.sign(near, surface, now) is not None  # type: ignore[arg-type]
    # Then the other one of the same time is one too many.
    assert painter.sign(honest, surface, now) is None
    assert painter.propose(surface, 1, now + 1_000, now) is None


def test_what_the_chain_refuses_is_said_and_outlived(
    market: Market, tmp_path: Path, price: Screen
) -> None:
    desk = sit(market, tmp_path, price, None)
    said: list[str] = []
    contract = market.signed_feed
    with boa.env.anchor():
        members = [str(one) for one in contract.members(1)]
        contract.set_committee([*members[:3], *[str(k.address) for k in _strangers(2)]], 4)
        # The desk has read the committee when three were enough.
        desk.run(every=0, rounds=1, say=said.append)
    assert said == ["refused: report: not the quorum"]
    said.clear()
    desk.run(every=0, rounds=2, say=said.append)
    assert said == ["offer: AnswerUpdated", "poke: Observed"]


def test_strangers_and_empty_sources(market: Market, tmp_path: Path, price: Screen) -> None:
    with pytest.raises(ParameterError, match="in the committee"):
        ReporterDesk(market, _strangers(1), Watch([price]), tmp_path)
    with pytest.raises(ParameterError, match="in the committee"):
        ReporterDesk(market, keys_of(market), Watch([]), tmp_path)
    blind = sit(market, tmp_path, SeriesSource((), ()), SeriesSource((), ()))
    assert blind.round() == []


def test_the_key_in_the_environment(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVATE_REPORTER_KEY", "0x" + 64 * "1")
    assert [one.address for one in keys_of(market)] == [Keys.from_key("0x" + 64 * "1").address]
    monkeypatch.setenv("NOVATE_REPORTER_KEY", "no key")
    with pytest.raises(Exception, match="no private key"):
        keys_of(market)


def test_sources_by_name(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    start = 10**9
    rows = [f"{start + 100 * i},{10 + i},{0.2 + 0.1 * i:.1f}\n" for i in range(3)]
    heading = "time,close,iv\n"
    file.write_text(heading + "".join(rows[:2]))
    price, level = named_source(str(file)), named_source(str(file), volatility=True)
    assert isinstance(price, FileSource) and isinstance(level, FileSource)
    assert price.read(start + 50) == SeriesSource((start,), (10.0,)).read(start + 50)
    assert price.read(start - 1) is None
    assert level.read(start + 150).price == 0.3  # type: ignore[union-attr]
    # It grows, is half written for a moment, and goes.
    file.write_text(heading + "".join(rows))
    assert price.read(start + 200).price == 12  # type: ignore[union-attr]
    file.write_text(heading + rows[0] + rows[1][:13])
    assert price.read(start + 200).price == 12  # type: ignore[union-attr]
    file.unlink()
    assert price.read(start + 200).price == 12  # type: ignore[union-attr]
    chain = named_source("http://127.0.0.1:8545@0x" + 40 * "1")
    assert isinstance(chain, ChainSource) and chain.url == "http://127.0.0.1:8545"
    with pytest.raises(ParameterError):
        named_source("http://127.0.0.1:8545@0x12")
    with pytest.raises(DataError):
        named_source(str(file))


def test_made_up_reporters_report_a_price(market: Market) -> None:
    market.report_price(2_800)
    assert Feed.at(market.signed_feed).latest() == (2_800.0, market.now)
    market.use_signed_feed()
    market.travel(60)
    market.report_price(2_810.5)
    assert market.oracle.spot(1) == (28_105 * WAD // 10, True)


def test_board_of_another_feed_is_another_one(market: Market, tmp_path: Path) -> None:
    feed, surface = Feed.at(market.signed_feed), market.surface
    report = PriceReport(feed_id(feed.name), 1, WAD, market.now)
    board = Board(tmp_path, feed.domain)
    board.propose(report)
    assert list(board.reports(market.now)) == [report]
    other = type(feed.domain)(feed.domain.chain_id, str(surface.address))
    assert list(Board(tmp_path, other).reports(market.now)) == []


def _strangers(count: int) -> list[Any]:
    return [Keys.from_key((10**6 + i).to_bytes(32, "big")) for i in range(count)]
