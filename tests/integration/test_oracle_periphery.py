"""The oracle on signed feeds, with a surface and market hours: all real, as they are deployed."""

import json
from datetime import UTC, date, datetime
from typing import Any

import boa
import pytest

from novate.deploy import compiled, deploy
from novate.engine.cache import load
from novate.manifest import parameters_from, plain
from novate.oracle.hours import new_york
from novate.oracle.reports import assemble
from novate.parameters import Parameters, Reporters
from tests.oracle_world import WAD, FeedWorld, now
from tests.unit.oracle.VolatilitySurface.conftest import DAY, HOUR, SurfaceWorld

BTC, PRICE = 1, 60_000 * 10**8


class Desk:
    """An oracle whose one source is signed, with surface and calendar."""

    def __init__(self) -> None:
        self.feed = FeedWorld()
        self.surface = SurfaceWorld()
        self.owner = boa.env.generate_address("owner")
        self.calendar: Any = compiled("oracle/Calendar.vy").deploy(self.owner)
        self.oracle: Any = compiled("oracle/PriceOracle.vy").deploy(self.owner)
        volatility = compiled("oracle/PriceFeed.vy").deploy("BTC volatility", 8, self.owner)
        volatility.push(50 * 10**6, sender=self.owner)
        self.feed.push(PRICE)
        with boa.env.prank(self.owner):
            self.oracle.list_underlying(BTC, self.feed.feed.address, volatility.address, 3_600)
            self.oracle.set_surface(BTC, self.surface.surface.address)
        self.expiry = now() // HOUR * HOUR + 7 * DAY

    def quote(self) -> Any:
        return self.oracle.quote(BTC, self.expiry)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def test_a_report_is_the_price_in_the_same_block(desk: Desk) -> None:
    desk.feed.push(61_000 * 10**8, 12)
    spot, fresh = desk.oracle.spot(BTC)
    assert (spot, fresh) == (61_000 * WAD, True)
    price, confidence, timestamp = desk.oracle.price(BTC)
    assert (price, confidence, timestamp) == (61_000 * WAD, WAD, now())


def test_a_report_is_the_price_in_the_same_transaction(desk: Desk) -> None:
    wallet: Any = load("tests/harness/ReportAndRead.vy").deploy()
    boa.env.time_travel(seconds=12)
    report = desk.feed.report(61_500 * 10**8, timestamp=now() - 1)
    call = (desk.feed.feed.address, desk.oracle.address, BTC, *report.arguments())
    proof = desk.feed.proof(report)
    answer = (61_500 * WAD, WAD, now() - 1)
    assert wallet.report_and_read(*call, *proof) == answer
    # Somebody who took the report from the pending transactions and was first stops nobody.
    assert wallet.report_and_read(*call, *proof) == answer
    assert desk.feed.feed.rounds() == 2


def test_a_report_ahead_of_its_block_is_served(desk: Desk) -> None:
    boa.env.time_travel(seconds=12)
    desk.feed.submit(desk.feed.report(61_000 * 10**8, timestamp=now() + 3))
    assert desk.oracle.spot(BTC) == (61_000 * WAD, True)


def test_an_old_report_is_stale(desk: Desk) -> None:
    boa.env.time_travel(seconds=3_601)
    assert desk.oracle.spot(BTC)[1] is False
    with boa.reverts("oracle: stale price"):
        desk.oracle.price(BTC)


def test_smile_and_carry_reach_the_quote(desk: Desk) -> None:
    assert desk.quote().smile == 0 and desk.quote().volatility == WAD // 2
    report = desk.surface.report(desk.expiry, 0.7, forward=1.002, rate=0.05)
    desk.surface.submit(report)
    quote = desk.quote()
    word, tenor, forward, rate, volatility, _ = desk.surface.surface.smile(BTC, desk.expiry)
    assert (quote.smile, quote.tenor, quote.volatility) == (word, tenor, volatility)
    assert quote.forward == quote.spot * forward // WAD and rate == 5 * WAD // 100
    assert quote.discount == pytest.approx(WAD * 2.718281828459045 ** (-0.05 * 7 / 365), rel=1e-4)
    # An expiry in between, where the surface has to look in both directions, and one beyond.
    desk.surface.post(desk.surface.report(desk.expiry + 21 * DAY, 0.65))
    for days in (-3, 10, 40):
        between = desk.oracle.quote(BTC, desk.expiry + days * DAY)
        expected = desk.surface.surface.smile(BTC, desk.expiry + days * DAY)
        assert (between.smile, between.tenor) == expected[:2] and between.smile


def test_outside_the_session_the_price_is_frozen(desk: Desk) -> None:
    market = new_york(date(2026, 1, 1), date(2026, 12, 31))
    with boa.env.prank(desk.owner):
        for season in (0, 1):
            desk.calendar.set_week(1, season, market.week(season, 2026))
        for block, word in market.days(date(2026, 1, 1), date(2026, 12, 31)).items():
            desk.calendar.set_days(1, block, word)
        desk.calendar.assign(BTC, 1)
        desk.oracle.set_calendar(BTC, desk.calendar.address, 100, False)

    def at(text: str) -> None:
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        boa.env.evm.patch.timestamp = int(moment.timestamp())

    # Friday, an hour before the close, and Saturday.
    at("2026-01-09T20:00")
    desk.feed.push(62_000 * 10**8)
    desk.oracle.poke(BTC)
    assert desk.oracle.spot(BTC) == (62_000 * WAD, True)
    at("2026-01-10T20:00")
    desk.feed.push(50_000 * 10**8)
    spot, fresh = desk.oracle.spot(BTC)
    assert spot == 62_000 * WAD and not fresh
    # 23 hours after the close, one percent lost in each.
    assert desk.quote().confidence <= WAD * 77 // 100
    assert not desk.calendar.hours(BTC).may_trade
    at("2026-01-12T14:30")
    desk.feed.push(61_500 * 10**8)
    desk.oracle.poke(BTC)
    assert desk.oracle.spot(BTC) == (61_500 * WAD, True)


def test_a_report_of_too_few_reaches_nobody(desk: Desk) -> None:
    boa.env.time_travel(seconds=12)
    report = desk.feed.report(1)
    _, signed = desk.feed.proof(report)
    with boa.reverts("report: not the quorum"):
        desk.feed.feed.submit(*report.arguments(), *assemble(dict(enumerate(signed[:2])), 2))
    assert desk.oracle.spot(BTC)[0] == 60_000 * WAD


def test_optional_parts_go_through_a_manifest() -> None:
    year = date(2026, 1, 1), date(2026, 12, 31)
    chosen = Parameters(
        reporters=Reporters(members=("0x" + 40 * "1", "0x" + 40 * "2"), quorum=2),
        hours=new_york(*year).hours(*year, widening=50),
        tape=True,
    )
    assert parameters_from(json.loads(json.dumps(plain(chosen)))) == chosen


def test_a_deployment_opens_all_of_it() -> None:
    """Signed prices traded on, reporters paid, closes and rounds for others, by `deploy` alone."""
    market = deploy(Parameters(reporters=Reporters(made_up=5)))
    reporters = market.made_up_reporters()
    assert [str(one.address) for one in reporters] == list(market.parameters.reporters.members)
    with boa.reverts("oracle: no fresh answer"):
        market.use_signed_feed()
    market.travel(60)
    market.report_price(2_760)
    market.use_signed_feed()
    # What the former source says is nobody's business any more.
    market.push_price(5_000)
    assert market.oracle.spot(1) == (2_760 * WAD, True)
    maker, taker = market.account("maker"), market.account("taker")
    for account in (maker, taker):
        market.fund(account, 50_000)
    put = market.put(2_700)
    market.trade(maker, taker, put, 1, 20)

    # Bonds, a pot, and rounds that are paid once their neighbours are there.
    bonds, token = market.bonds, market.cash_token
    for payer, amount in [(str(one.address), bonds.MINIMUM()) for one in reporters]:
        token.mint(payer, amount)
        token.approve(bonds.address, amount, sender=payer)
        bonds.bond(amount, sender=payer)
    token.mint(market.owner, 10**6)
    token.approve(bonds.address, 10**6)
    bonds.fund(market.signed_feed.address, 10**6)
    for price in (2_761, 2_762):
        market.travel(60)
        market.report_price(price)
    assert bonds.accrue(market.signed_feed.address, 10) == 2
    pay = market.parameters.reporters.pay
    # Three of five sign each round, and all of theirs were punctual and accurate.
    share = 2 * ((pay.fee + pay.bonus) // 3)
    assert [bonds.owed(one.address) for one in reporters] == [share, share, share, 0, 0]

    # The surface serves the quote as soon as it knows something, and is open for reports.
    assert market.oracle_lens.rules_of(1).surface == market.surface.address
    assert market.surface.limits(1) == (WAD // 4, WAD // 50, WAD // 2)
    assert market.surface_fees.BONDS() == bonds.address and market.surface_fees.fee() == 10**6
    # Others read our aggregate as they read any feed; the first close starts the record.
    assert market.served_feed.latestRoundData()[1] == 2_762 * 10**8
    market.travel_to(market.expiry_in(0) - 24 * HOUR)
    market.report_price(2_770)
    market.travel(600)
    assert market.realised.record(1) * DAY <= market.now
    # The fixing comes from the signed feed's own rounds.
    market.travel_to(put.expiry - 1_900)
    market.report_price(2_650)
    market.travel_to(put.expiry + 60)
    assert market.settle() != []
    assert market.oracle.fixing(1, put.expiry) == 2_650 * WAD
    assert market.positions(taker) == []
