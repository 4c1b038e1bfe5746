"""Keeper and liquidator at a desk, in-process: what they see, do, and do not do again."""

from typing import Any

import boa
import numpy as np
import pytest

from novate.agents.base import AccountView, AuctionView, Bid, View
from novate.agents.desk import Desk
from novate.agents.keepers import Keeper, Liquidator
from tests.world import World


def names(receipts: list[Any]) -> list[str]:
    return [event.name for receipt in receipts for event in receipt.events]


class Crashed(World):
    def __init__(self) -> None:
        super().__init__()
        self.put = self.market.put(2_500, 14)
        self.writer = self.person("writer", cash=12_400)
        self.buyer = self.person("buyer", cash=20_000)
        self.novate(self.trade(self.writer, self.buyer, self.put, 20, 400))
        self.person("liquidator", cash=60_000)
        self.market.push_price(1_930, 0.6)


@pytest.fixture(scope="module")
def crashed() -> Crashed:
    return Crashed()


def test_a_keeper_starts_once_whoever_restarts_it(crashed: Crashed) -> None:
    first = names(Desk(crashed.market, Keeper("keeper")).round())
    assert "AuctionStarted" in first
    for _ in range(2):
        again = Desk(crashed.market, Keeper("keeper"))
        assert again.round() == [] and again.refused == []


def test_a_liquidator_bids_when_it_pays(crashed: Crashed) -> None:
    market = crashed.market
    Desk(market, Keeper("keeper")).round()
    dear = Desk(market, Liquidator("liquidator", capital=60_000))
    assert dear.round() == []
    market.travel(12 * 3_600)
    market.push_price(1_930, 0.6)
    sold = dear.round()
    assert "BidTaken" in names(sold)
    # Bought below its mark: the bidder stands better than before by what it saved.
    assert dear.market.judge([dear.account])[dear.account.number].initial > 0
    again = Desk(market, Liquidator("liquidator", capital=60_000)).round()
    assert names(again).count("BidTaken") <= 1
    delta = [one.delta for one in dear.view().auctions]
    assert all(value > 0 for value in delta)


def test_what_nobody_takes_is_closed_against_the_other_side(crashed: Crashed) -> None:
    """The last resort, by a keeper that may be another one each time."""
    market, writer = crashed.market, crashed.writer.number
    market.push_price(1_500, 0.6)

    def round() -> list[str]:
        market.push_price(1_500, 0.6)
        return names(Desk(market, Keeper("keeper")).round())

    assert "AuctionStarted" in round()
    market.travel(1_800)
    assert round() == []
    market.travel(1_800)
    assert round() == ["DeleveragingAnnounced"]
    assert round() == []
    market.travel(1_800)
    done = round()
    assert done == ["Deleveraged", "ClosedOut", "Provided"]
    assert crashed.ledger.positions_of(writer) == []
    assert 0 <= crashed.ledger.cash_of(writer) < 10
    assert "AuctionFinished" in round()
    assert round() == []


def test_expired_options_are_fixed_and_settled_once(crashed: Crashed) -> None:
    market = crashed.market
    market.push_price(2_750, 0.15)
    for _ in range(16):
        market.travel(days=1)
        market.push_price(2_750, 0.15)
    keeper = Desk(market, Keeper("keeper"))
    assert "Settled" not in names(keeper.round())
    assert names(keeper.round()).count("Settled") == 2
    assert keeper.round() == []


def test_somebody_was_quicker(crashed: Crashed) -> None:
    market = crashed.market
    desk = Desk(market, Keeper("keeper"))
    view = desk.view()
    market.auctions.start(crashed.writer.number, 0)
    desk.view = lambda: view  # type: ignore[method-assign]
    with boa.env.anchor():
        assert desk.round() == []
    assert desk.refused == ["auction: already running"]


def view_of(auction: AuctionView, initial: float = 50_000.0) -> View:
    me = AccountView("me", 1, initial, 0, 0, initial, initial, initial, False, ())
    return View(0, 0, 2_000.0, 0.2, (), (), me, auctions=(auction,))


def lot(**changes: Any) -> AuctionView:
    known = dict(
        account=2,
        name="x",
        mark=10_000.0,
        price=9_000.0,
        largest=1.0,
        exposure=20_000.0,
        due=False,
        restored=False,
        delta=100.0,
    )
    return AuctionView(**{**known, **changes})


@pytest.mark.parametrize(
    ("changes", "capital", "share"),
    [
        ({}, 100_000, 1.0),
        ({}, 5_000, 0.25),  # within its capital
        ({"exposure": 100_000.0, "price": 7_000.0}, 100_000, 0.5),  # within its free margin
        ({"delta": 500.0}, 100_000, None),  # hedging costs 2,000
        ({"price": 9_900.0}, 100_000, None),
        ({"largest": 0.3}, 100_000, 0.3),
        ({"due": True}, 100_000, None),
        ({"restored": True}, 100_000, None),
        ({"mark": -5_000.0, "price": -7_000.0, "exposure": 10_000.0}, 100_000, 1.0),
    ],
)
def test_a_bid(changes: dict[str, Any], capital: float, share: float | None) -> None:
    agent = Liquidator("me", capital=capital)
    bids = agent.decide(view_of(lot(**changes)), np.random.default_rng(0))
    assert [b.share for b in bids if isinstance(b, Bid)] == ([] if share is None else [share])
