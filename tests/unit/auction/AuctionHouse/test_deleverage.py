"""Nobody took it: an insolvent account is closed against the largest holders, at zero equity."""

from fractions import Fraction
from typing import Any

import boa
import pytest

from novate.reference import auction as reference
from novate.reference.pricing import black76
from novate.series import unpack
from tests.world import WAD, World, wad

NOTICE = 1_800
VOLATILITY = 0.4
CRASHED = 2_000


class Ruin(World):
    """A writer of puts whom a crash has left insolvent, and holders of different sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.house_of = self.market.auctions
        self.near, self.far = self.market.put(2_700, 14), self.market.put(2_500, 14)
        self.writer = self.person("writer", cash=5_500)
        self.holders = [self.person(f"holder {i}", cash=50_000) for i in range(6)]
        # 0.5, 1, ... 3 contracts of the near put; two of the far one.
        sizes = [0.5 * (i + 1) for i in range(6)]
        self.sizes = sizes
        for holder, size in zip(self.holders, sizes, strict=True):
            self.novate(self.trade(self.writer, holder, self.near, size, 10 * size))
        self.novate(self.trade(self.writer, self.holders[0], self.far, 2, 10))
        self.market.push_price(CRASHED, VOLATILITY)
        self.house_of.start(self.writer.number, 0)

    def wait(self, seconds: int) -> None:
        self.market.travel(seconds)
        self.market.push_price(CRASHED, VOLATILITY)

    def nominate(self, *holders: int, series: Any = None) -> None:
        for i in holders:
            self.house_of.nominate(
                self.writer.number, (series or self.near).code, self.holders[i].number
            )

    def close(self, series: Any = None) -> None:
        self.house_of.deleverage(self.writer.number, (series or self.near).code)

    def equity(self) -> int:
        return int(self.ledger.health(self.writer.number).equity)

    def due(self, size: int) -> tuple[int, int]:
        """[wad] Mark of so many near puts and what is paid for them, of the engine's marks."""
        number = self.writer.number
        words = self.ledger.positions_of(number)
        (one,) = [word for word in words if word >> 96 == self.near.code]
        engine = self.ledger.engine_of(number)
        owed, mark = (-self.ledger.appraise(engine, 0, [], some).equity for some in (words, [one]))
        short = -unpack(one)[1]
        worth = mark * size // short
        return worth, worth * (owed + self.equity()) // owed

    def mark(self, series: Any) -> float:
        """[USD] of one contract, by the reference."""
        left = series.expiry - self.market.now
        return float(black76(CRASHED, series.strike / WAD, VOLATILITY, left).put)


@pytest.fixture(scope="module")
def ruin() -> Ruin:
    return Ruin()


@pytest.fixture
def over(ruin: Ruin) -> Ruin:
    """The auction has come to its end and the closing is announced."""
    ruin.wait(3_600)
    ruin.house_of.announce(ruin.writer.number)
    return ruin


def test_the_account_is_left_with_nothing(over: Ruin) -> None:
    ruin = over
    assert ruin.equity() < 0
    fund = ruin.ledger.cash_of(ruin.ledger.FUND())
    ruin.nominate(*range(6))
    ruin.nominate(0, series=ruin.far)
    ruin.wait(NOTICE)
    shorts = Fraction(ruin.mark(ruin.near)) * Fraction(21, 2) + Fraction(ruin.mark(ruin.far)) * 2
    equity = Fraction(ruin.equity(), WAD)
    before = {i: ruin.cash(one) for i, one in enumerate(ruin.holders)}
    ruin.close()
    # The four largest held nine contracts.
    assert ruin.position(ruin.writer, ruin.near) == wad(-1.5)
    for i, holder in enumerate(ruin.holders):
        paid = Fraction(ruin.cash(holder) - before[i], WAD)
        if i < 2:
            assert ruin.position(holder, ruin.near) == wad(ruin.sizes[i])
            assert paid == 0
            continue
        due = reference.deleveraged(
            Fraction(ruin.mark(ruin.near)) * Fraction(ruin.sizes[i]), equity, shorts
        )
        assert float(paid) == pytest.approx(float(due), abs=1e-9)
        assert ruin.position(holder, ruin.near) == 0
    # What it lacks is told to the ledger anew: a part of the loss is borne.
    left = -ruin.equity()
    assert ruin.ledger.pending() == ruin.house_of.provisions(ruin.writer.number) == left > 0
    assert ruin.house_of.ranked(ruin.writer.number, ruin.near.code) == []
    ruin.nominate(0, 1)
    ruin.close()
    ruin.close(ruin.far)
    assert ruin.ledger.pending() == max(-ruin.equity(), 0)
    assert ruin.ledger.positions_of(ruin.writer.number) == []
    # A few wei of rounding at most, and never a debt.
    assert 0 <= ruin.cash(ruin.writer) <= 100
    assert ruin.ledger.cash_of(ruin.ledger.FUND()) == fund
    assert ruin.ledger.outstanding() == 0
    ruin.house_of.finish(ruin.writer.number)
    assert not ruin.ledger.in_auction(ruin.writer.number)
    assert ruin.house_of.announced(ruin.writer.number) == 0


def test_each_step_is_told(ruin: Ruin) -> None:
    house, writer, near = ruin.house_of, ruin.writer.number, ruin.near.code

    def told(name: str) -> list[dict[str, Any]]:
        logs = [log._asdict() for log in house.get_logs() if type(log).__name__ == name]
        return [{key: log[key] for key in log if key != "address"} for log in logs]

    ruin.wait(3_600)
    house.announce(writer)
    assert told("DeleveragingAnnounced") == [{"account": writer, "start": house.announced(writer)}]
    ruin.nominate(4)
    who = {"account": writer, "series": near, "opposite": ruin.holders[4].number}
    assert told("Nominated") == [who | {"quantity": wad(2.5)}]
    ruin.wait(NOTICE)
    before = ruin.cash(ruin.holders[4])
    mark = ruin.mark(ruin.near) * 2.5
    worth, payment = ruin.due(wad(2.5))
    ruin.close()
    (closed,) = told("ClosedOut")
    # To the wei: what a mark lacks, rounded against the holder.
    assert (closed["mark"], closed["payment"]) == (worth, payment)
    # Through the ledger's indices, which round down.
    assert 0 <= closed["payment"] - (ruin.cash(ruin.holders[4]) - before) <= 2
    assert closed.pop("mark") / WAD == pytest.approx(mark, rel=1e-9)
    assert 0 < closed.pop("payment") / WAD < mark
    assert closed == who | {"quantity": wad(2.5)}


def test_the_order_does_not_matter(over: Ruin) -> None:
    ruin = over
    ruin.nominate(*range(2, 6))
    ruin.nominate(0, series=ruin.far)
    ruin.wait(NOTICE)
    results = []
    for order in ((ruin.near, ruin.far), (ruin.far, ruin.near)):
        with boa.env.anchor():
            for series in order:
                ruin.close(series)
            results.append([ruin.cash(one) for one in ruin.holders])
    for one, other in zip(*results, strict=True):
        assert abs(one - other) <= 100


def test_the_largest_lead_whoever_is_shown_first(over: Ruin) -> None:
    ruin = over
    ruin.nominate(1, 0, 3)
    assert ruin.house_of.ranked(ruin.writer.number, ruin.near.code) == [
        ruin.holders[i].number for i in (3, 1, 0)
    ]
    ruin.nominate(5, 2)
    assert ruin.house_of.ranked(ruin.writer.number, ruin.near.code) == [
        ruin.holders[i].number for i in (5, 3, 2, 1)
    ]
    with boa.reverts("deleverage: outranked"):
        ruin.nominate(0)
    # Again changes nothing; smaller than it was, it loses its place.
    ruin.nominate(5)
    ruin.novate(ruin.trade(ruin.holders[5], ruin.holders[0], ruin.near, 2.75, 0))
    ruin.nominate(5, 0)
    assert ruin.house_of.ranked(ruin.writer.number, ruin.near.code)[0] == ruin.holders[0].number


def test_among_equals_who_came_first_leads(over: Ruin) -> None:
    ruin = over
    ruin.novate(ruin.trade(ruin.holders[3], ruin.holders[0], ruin.near, 0.5, 0))
    ruin.nominate(2, 3)
    assert ruin.house_of.ranked(ruin.writer.number, ruin.near.code) == [
        ruin.holders[i].number for i in (2, 3)
    ]
    ruin.nominate(4, 5)
    # Holders 0 and 1 have one each: too few to displace anybody, as one more of 1.5 is.
    ruin.novate(ruin.trade(ruin.holders[1], ruin.holders[0], ruin.near, 0.5, 0))
    with boa.reverts("deleverage: outranked"):
        ruin.nominate(0)


def test_who_is_short_or_in_auction_itself_is_no_other_side(ruin: Ruin) -> None:
    """However long who is in auction is; nor is he closed when that begins after he was shown."""
    ruin.market.push_price(2_750, 0.15)
    short, long = ruin.person("another writer", cash=9_000), ruin.person("long", cash=2_000)
    ruin.novate(ruin.trade(short, long, ruin.near, 1, 10))
    ruin.novate(ruin.trade(long, ruin.holders[5], ruin.market.put(2_600, 14), 5, 10))
    ruin.wait(3_600)
    ruin.house_of.announce(ruin.writer.number)
    number = ruin.writer.number
    with boa.reverts("deleverage: holds no long"):
        ruin.house_of.nominate(number, ruin.near.code, short.number)
    ruin.house_of.nominate(number, ruin.near.code, long.number)
    ruin.nominate(0)
    ruin.house_of.start(long.number, 0)
    with boa.reverts("deleverage: holds no long"):
        ruin.house_of.nominate(number, ruin.near.code, long.number)
    ruin.wait(NOTICE)
    ruin.close()
    assert ruin.position(long, ruin.near) == WAD
    assert ruin.position(ruin.holders[0], ruin.near) == 0
    assert ruin.position(ruin.writer, ruin.near) == wad(-10)


def test_no_more_is_closed_than_it_is_short(ruin: Ruin) -> None:
    """Holders who have more from others: the last gives what is left, the next one nothing."""
    ruin.market.push_price(2_750, 0.15)
    other = ruin.person("other writer", cash=40_000)
    for i, more in ((5, 5), (4, 2), (3, 1)):
        ruin.novate(ruin.trade(other, ruin.holders[i], ruin.near, more, 10))
    ruin.wait(3_600)
    ruin.house_of.announce(ruin.writer.number)
    ruin.nominate(3, 4, 5)
    ruin.wait(NOTICE)
    ruin.close()
    assert ruin.position(ruin.writer, ruin.near) == 0
    assert [ruin.position(ruin.holders[i], ruin.near) for i in (5, 4, 3)] == [0, wad(2), wad(3)]


def test_who_has_sold_meanwhile_is_passed_over(over: Ruin) -> None:
    ruin = over
    ruin.nominate(5, 4)
    ruin.wait(NOTICE)
    ruin.novate(ruin.trade(ruin.holders[5], ruin.holders[4], ruin.near, 3, 0))
    ruin.close()
    assert ruin.position(ruin.holders[4], ruin.near) == 0
    assert ruin.position(ruin.writer, ruin.near) == wad(-10.5 + 5.5)


def test_nothing_before_its_time(ruin: Ruin) -> None:
    number = ruin.writer.number
    with boa.reverts("deleverage: auction not over"):
        ruin.house_of.announce(number)
    with boa.reverts("deleverage: not announced"):
        ruin.nominate(5)
    with boa.reverts("deleverage: notice not over"):
        ruin.close()
    ruin.wait(3_600)
    ruin.house_of.announce(number)
    with boa.reverts("deleverage: announced already"):
        ruin.house_of.announce(number)
    ruin.nominate(5)
    ruin.wait(NOTICE - 2)
    with boa.reverts("deleverage: notice not over"):
        ruin.close()


def test_who_holds_no_long_is_not_nominated(over: Ruin) -> None:
    ruin = over
    for account in (ruin.writer.number, ruin.market.account("stranger").number):
        with boa.reverts("deleverage: holds no long"):
            ruin.house_of.nominate(ruin.writer.number, ruin.near.code, account)
    with boa.reverts("deleverage: holds no long"):
        ruin.nominate(1, series=ruin.far)
    ruin.wait(NOTICE)
    with boa.reverts("deleverage: nobody ranked"):
        ruin.close()
    with boa.reverts("deleverage: not short"):
        ruin.close(ruin.market.put(2_600, 14))


def test_a_recovery_ends_it(over: Ruin) -> None:
    ruin = over
    ruin.nominate(5)
    ruin.wait(NOTICE)
    ruin.market.push_price(2_650, 0.15)
    with boa.reverts("deleverage: not insolvent"):
        ruin.close()
    ruin.market.travel(days=5)
    with boa.reverts("auction: stale price"):
        ruin.close()


def test_a_restart_forgets_the_announcement(over: Ruin) -> None:
    ruin = over
    ruin.nominate(5)
    ruin.market.push_price(2_350, 0.3)
    assert ruin.equity() > 0
    ruin.house_of.restart(ruin.writer.number)
    assert ruin.house_of.announced(ruin.writer.number) == 0
    ruin.wait(NOTICE)
    with boa.reverts("deleverage: not insolvent"):
        ruin.close()


def test_a_solvent_account_is_sold_not_closed() -> None:
    world = World()
    put = world.market.put(2_700, 14)
    writer, holder = world.person("writer", cash=1_500), world.person("holder", cash=10_000)
    world.novate(world.trade(writer, holder, put, 3, 30))
    world.market.push_price(2_330, 0.3)
    world.market.auctions.start(writer.number, 0)
    with boa.reverts("deleverage: not insolvent"):
        world.market.auctions.announce(writer.number)


def test_the_number_of_auctions_is_reported(ruin: Ruin) -> None:
    listing = ruin.market.listing
    assert ruin.house_of.running() == 1
    with boa.env.prank(ruin.owner):
        listing.set_breakers((2**256 - 1, WAD, 1, 86_400))
    other = ruin.person("other writer", cash=12_000)
    ruin.market.push_price(2_750, 0.15)
    ruin.novate(ruin.trade(other, ruin.holders[0], ruin.near, 20, 300))
    ruin.market.push_price(CRASHED, VOLATILITY)
    ruin.house_of.start(other.number, 0)
    assert ruin.house_of.running() == 2
    assert listing.halted_until(0) > ruin.market.now
