"""Every circuit breaker, tripped by what it watches for: what it stops, and what it never stops.

A market in which one account is in auction, one may be cured, one holds expired options and the
others trade. Each breaker stops the opening of risk, and only that, and lifts by itself.
"""

from typing import Any

import boa
import pytest

from novate.market import Account
from novate.parameters import Parameters
from tests.world import WAD, World, wad

HOUR = 3_600
EVER = 2**255
SOLVENT, INSOLVENT = 1, 2
NO_LIMIT, LATER = 2**200, 2**40
ALL, SPX = 0, 1
# [wad] Losses of a day, share of the escrow in an hour, auctions at once.
LOSSES, OUTFLOW, AUCTIONS = wad(100), WAD // 4, 1


class Market(World):
    """Breakers are set narrow; the guardian is a plain address."""

    def __init__(self) -> None:
        super().__init__(Parameters(grace=0, fund=1_000))
        self.house_of: Any = self.market.auctions
        self.listing: Any = self.market.listing
        self.guardian = boa.env.generate_address("guardian")
        self.listing.set_guardian(self.guardian, sender=self.owner)
        self.put = self.market.put(2_600, 14)
        self.near = self.market.put(2_700, 1)
        self.writer = self.person("writer", cash=40_000)
        self.holder = self.person("holder", cash=100_000)
        self.saver = self.person("saver", cash=100_000)
        self.bidder = self.person("bidder", cash=100_000)
        self.weak = self.person("weak", cash=4_200)
        self.weaker = self.person("weaker", cash=4_200)
        self.novate(self.trade(self.writer, self.holder, self.near, 1, 30))
        for seller in (self.writer, self.weak, self.weaker):
            self.novate(self.trade(seller, self.holder, self.put, 10, 100))
        # The near option expires and is fixed; nobody has been paid yet.
        self.market.travel_to(self.near.expiry - HOUR)
        self.market.push_price(2_650, 0.3)
        self.market.travel_to(self.near.expiry)
        self.market.fix(self.near.expiry)
        # Two writers fall below maintenance margin; one is put up.
        self.market.push_price(2_250, 0.4)
        self.house_of.start(self.weak.number, 0)
        breakers = (LOSSES, OUTFLOW, AUCTIONS, 6 * HOUR)
        self.listing.set_breakers(breakers, sender=self.owner)

    # -- what trips them --

    def by_losses(self) -> None:
        """A bidder is paid for an insolvent account: 100 dollars and more in a day."""
        self.market.push_price(2_000, 0.4)
        self.house_of.restart(self.weak.number)
        self.market.travel(600)
        self.bid(self.weak, WAD // 2, INSOLVENT)

    def by_outflow(self) -> None:
        """A third of the escrow leaves within the hour, and anybody looks."""
        self.listing.watch_outflow()
        held = int(self.market.cash_token.balanceOf(self.ledger.address)) // 10**6
        for person in (self.saver, self.holder):
            self.market.withdraw(person, min(held // 6, 60_000))
        self.listing.watch_outflow()

    def by_auctions(self) -> None:
        """A second account is put up."""
        self.house_of.start(self.weaker.number, 0)

    def by_guardian(self) -> None:
        self.listing.halt(SPX, 6 * HOUR, sender=self.guardian)

    # -- what people do --

    def opens(self) -> None:
        self.novate(self.trade(self.holder, self.saver, self.market.call(3_000, 14), 1, 30))

    def bid(self, account: Account, units: int, kind: int) -> None:
        arguments = (account.number, self.bidder.number, units, NO_LIMIT, kind, LATER)
        self.house_of.bid(*arguments, sender=self.bidder.address)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market()


def goes_on(market: Market) -> None:
    """Depositing, closing, leaving, settling, starting, bidding, curing, ending, writing off."""
    m = market
    m.market.fund(m.writer, 100)
    m.novate(m.trade(m.holder, m.writer, m.put, 1, 360))
    m.market.withdraw(m.saver, 100)
    before = m.cash(m.writer)
    m.ledger.settle([m.writer.number, m.holder.number])
    assert before - m.cash(m.writer) == wad(50)
    if not m.ledger.in_auction(m.weaker.number):
        m.house_of.start(m.weaker.number, 0)
    kind = m.house_of.preview(m.weaker.number, WAD).terms.kind
    m.bid(m.weaker, WAD // 100, kind)
    m.market.fund(m.weak, 50_000)
    m.house_of.finish(m.weak.number)
    assert not m.ledger.in_auction(m.weak.number)


@pytest.mark.parametrize(
    ("trip", "underlying", "reason"),
    [
        ("by_losses", ALL, "halt: all markets"),
        ("by_outflow", ALL, "halt: all markets"),
        ("by_auctions", ALL, "halt: all markets"),
        ("by_guardian", SPX, "halt: underlying"),
    ],
)
def test_a_breaker_stops_the_opening_of_risk_and_nothing_else(
    market: Market, trip: str, underlying: int, reason: str
) -> None:
    with boa.env.anchor():
        market.opens()
    getattr(market, trip)()
    assert market.listing.halted_until(underlying) == boa.env.timestamp + 6 * HOUR
    with boa.reverts(reason):
        market.opens()
    with boa.env.anchor():
        goes_on(market)
    # It ends by itself, without anybody's call.
    market.market.travel(6 * HOUR)
    market.market.push_price(2_250, 0.4)
    market.opens()


def test_a_price_that_jumps_stops_its_underlying_until_it_lasts(market: Market) -> None:
    """The oracle's breaker: nobody opens, nobody is sold; who closes, pays in or settles may."""
    m = market
    # Half a percent a minute is believed, no more.
    m.market.oracle.set_limits(SPX, 0, 500, 50, sender=m.owner)
    m.market.oracle.poke(SPX)
    m.market.travel(60)
    m.market.spot_feed.push(1_000 * 10**8, sender=m.owner)
    m.market.oracle.poke(SPX)
    with boa.reverts("margin: stale price"):
        m.opens()
    with boa.reverts("auction: stale price"):
        m.house_of.start(m.weaker.number, 0)
    with boa.reverts("auction: stale price"):
        m.bid(m.weak, WAD, SOLVENT)
    m.market.fund(m.weak, 50_000)
    m.novate(m.trade(m.holder, m.writer, m.put, 1, 360))
    m.market.withdraw(m.saver, 100)
    m.ledger.settle([m.writer.number, m.holder.number])
    # A day later the price still says so: it is believed, without anybody's leave.
    for _ in range(24):
        m.market.travel(HOUR)
        m.market.spot_feed.push(1_000 * 10**8, sender=m.owner)
        m.market.oracle.poke(SPX)
    assert m.ledger.health(m.writer.number).fresh
    m.opens()


def test_it_takes_more_than_the_limit(market: Market) -> None:
    """Just below each limit nothing is halted."""
    with boa.env.anchor():
        market.listing.set_breakers((EVER, OUTFLOW, 2, 6 * HOUR), sender=market.owner)
        market.by_losses()
        market.by_auctions()
        market.listing.watch_outflow()
        market.market.withdraw(market.saver, 1_000)
        market.listing.watch_outflow()
        assert market.listing.halted_until(ALL) == 0
        market.opens()
