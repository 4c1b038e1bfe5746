"""A weekend of an index that trades in New York: what its options may do until Monday morning.

Friday 9 January 2026 to Monday 12 January; the session is 14:30 to 21:00 UTC.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import boa
import pytest

from novate.deploy import deploy
from novate.market import Account, Market
from novate.oracle.hours import new_york
from novate.parameters import Hours, Parameters, Policy
from novate.series import WAD

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
HOURS: Hours = new_york(FIRST, LAST).hours(FIRST, LAST)
NO_LIMIT, LATER, SOLVENT = 2**200, 2**40, 1
# [wad] of spot for each sold option while the market is closed: 61 % of 40 %, and a quarter of a
# percent of 40 % for each whole hour.
GAP, HOURLY = 244, 1


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


class Weekend:
    """A market from Friday morning on: a writer with room, a reckless one, who bought, who bids."""

    def __init__(self, hours: Hours = HOURS) -> None:
        boa.env.evm.patch.timestamp = at("2026-01-09T15:00")
        self.market: Market = deploy(Parameters(hours=hours))
        self.writer, self.reckless, self.holder, self.bidder = (
            self.person(name, cash)
            for name, cash in (
                ("writer", 40_000),
                ("reckless", 9_000),
                ("holder", 60_000),
                ("bidder", 100_000),
            )
        )
        self.put = self.market.put(2_600, 7)
        for writer in (self.writer, self.reckless):
            self.trade(writer, self.holder, 20)

    def person(self, name: str, cash: int) -> Account:
        account = self.market.account(name)
        self.market.fund(account, cash)
        return account

    def trade(self, seller: Account, buyer: Account, quantity: float) -> None:
        self.market.trade(buyer, seller, self.put, -quantity, 15)

    def go(self, text: str, price: float | None = None, volatility: float = 0.3) -> None:
        self.market.travel_to(at(text))
        if price is not None:
            self.market.push_price(price, volatility)

    def initial(self, who: Account) -> int:
        return self.market.judge([who])[who.number].initial

    def maintenance(self, who: Account) -> int:
        return self.market.judge([who])[who.number].maintenance

    def start(self, who: Account) -> None:
        self.market.auctions.start(who.number, 0)

    def bid(self, who: Account) -> None:
        house, bidder = self.market.auctions, self.bidder
        bid = (who.number, bidder.number, WAD // 10, NO_LIMIT, SOLVENT, LATER)
        house.bid(*bid, sender=bidder.address)


@pytest.fixture(scope="module")
def weekend() -> Weekend:
    return Weekend()


def closed_on_a_fall(weekend: Weekend) -> None:
    """Two minutes before the close the market falls, and somebody is put up."""
    weekend.go("2026-01-09T20:58", 2_300)
    assert weekend.maintenance(weekend.reckless) < 0 < weekend.maintenance(weekend.writer)
    weekend.start(weekend.reckless)
    weekend.go("2026-01-09T21:00")


def test_opening_waits_for_monday_and_nothing_else_does(weekend: Weekend) -> None:
    market, writer, holder = weekend.market, weekend.writer, weekend.holder
    weekend.go("2026-01-09T20:59", 2_750)
    weekend.trade(writer, holder, 1)
    weekend.go("2026-01-10T12:00")
    with boa.reverts("series: market closed"):
        weekend.trade(writer, holder, 1)
    # Closing, depositing, taking out what is free, and what has expired.
    weekend.trade(holder, writer, 1)
    market.fund(writer, 100)
    market.withdraw(writer, 100)
    assert market.settle([writer]) != []
    weekend.go("2026-01-12T14:29")
    with boa.reverts("series: market closed"):
        weekend.trade(writer, holder, 1)
    weekend.go("2026-01-12T14:30", 2_740)
    weekend.trade(writer, holder, 1)


def test_margin_counts_the_gap(weekend: Weekend) -> None:
    market, writer = weekend.market, weekend.writer
    weekend.go("2026-01-09T20:59", 2_750)
    open_, room = weekend.initial(writer), weekend.maintenance(writer)
    spot, confidence, _ = market.oracle.price(1)
    assert confidence == WAD
    for text, hours in (("2026-01-09T21:00", 0), ("2026-01-10T21:00", 24)):
        weekend.go(text)
        spot, confidence, _ = market.oracle.price(1)
        assert (spot, confidence) == (2_750 * WAD, (3_900 - 25 * hours) * WAD // 10_000)
        # Of 20 sold options. Their marks are a few hours nearer to expiry.
        charge = 20 * 2_750 * (GAP + HOURLY * hours) * WAD // 1_000
        assert open_ - weekend.initial(writer) == pytest.approx(charge, rel=5e-3)
        # Maintenance does not ask: nobody is put up for what Monday might bring.
        assert weekend.maintenance(writer) >= room
    # What was free on Friday is not, over the weekend.
    free = open_ // WAD - 100
    with boa.reverts("margin: below initial"):
        market.withdraw(writer, free)
    weekend.go("2026-01-12T14:31", 2_750)
    market.withdraw(writer, free)


def test_liquidation_waits(weekend: Weekend) -> None:
    market, house, reckless = weekend.market, weekend.market.auctions, weekend.reckless
    closed_on_a_fall(weekend)
    elapsed = house.preview(reckless.number, WAD).terms.elapsed
    assert elapsed == 120
    with boa.reverts("auction: price not settled"):
        weekend.bid(reckless)
    house.pause(reckless.number)
    # Whatever thin markets say on Sunday, nobody is judged by it.
    weekend.go("2026-01-11T20:00", 1_500)
    assert market.oracle.spot(1) == (2_300 * WAD, True)
    assert weekend.maintenance(weekend.writer) > 0
    with boa.reverts("auction: restart not due"):
        house.restart(reckless.number)
    with boa.reverts("auction: price not settled"):
        house.resume(reckless.number)
    # It opens lower. The owner has a quarter of an hour before anybody may buy.
    weekend.go("2026-01-12T14:30", 2_290)
    for text in ("2026-01-12T14:30", "2026-01-12T14:44"):
        weekend.go(text, 2_290)
        with boa.reverts("auction: price not settled"):
            weekend.bid(reckless)
    weekend.go("2026-01-12T14:50", 2_290)
    assert house.preview(reckless.number, WAD).terms.elapsed == elapsed
    weekend.bid(reckless)


def test_a_start_waits_too_and_a_cure_does_not(weekend: Weekend) -> None:
    market, house, reckless = weekend.market, weekend.market.auctions, weekend.reckless
    weekend.go("2026-01-09T20:59", 2_300)
    weekend.go("2026-01-09T21:00")
    with boa.reverts("auction: price not settled"):
        weekend.start(reckless)
    with boa.env.anchor():
        # The owner answers on Saturday, and Monday finds nothing to do.
        market.fund(reckless, 30_000)
        weekend.go("2026-01-12T15:00", 2_290)
        with boa.reverts("auction: above maintenance"):
            weekend.start(reckless)
    weekend.go("2026-01-12T14:30", 2_300)
    with boa.reverts("auction: price not settled"):
        weekend.start(reckless)
    weekend.go("2026-01-12T14:50", 2_300)
    weekend.start(reckless)
    market.fund(reckless, 30_000)
    weekend.go("2026-01-12T21:00")
    house.finish(reckless.number)


def test_a_policy_may_let_both_go_on() -> None:
    policy = Policy(trade=True, liquidate=True, grace=0, gap=WAD // 2)
    weekend = Weekend(replace(HOURS, policy=policy))
    closed_on_a_fall(weekend)
    weekend.go("2026-01-10T12:00")
    weekend.bid(weekend.reckless)
    # Within a wider margin: a confidence of 50 % is above the threshold of 40 %, until it fades.
    weekend.trade(weekend.bidder, weekend.holder, 1)
    before = weekend.initial(weekend.bidder)
    weekend.go("2026-01-12T14:00")
    assert weekend.initial(weekend.bidder) < before
    with boa.reverts("margin: below initial"):
        weekend.trade(weekend.writer, weekend.holder, 40)


def test_what_the_deployment_says_of_its_hours(weekend: Weekend) -> None:
    market = weekend.market
    rules: Any = market.oracle_lens.rules_of(1)
    assert (rules.calendar, rules.widening, rules.served) == (market.calendar.address, 25, True)
    assert market.listing.calendars(1) == market.calendar.address
    policy = market.parameters.hours.policy
    assert market.calendar.policy_of(1) == (False, False, 900, policy.gap)
    # Thanksgiving, and the early close of the day after.
    for text, is_open in (
        ("2026-11-26T16:00", False),
        ("2026-11-27T17:59", True),
        ("2026-11-27T18:00", False),
    ):
        assert market.calendar.session_at(1, at(text))[0] is is_open
