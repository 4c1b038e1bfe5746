"""Expired positions become cash at the fixing: once, in any order, by anyone."""

from dataclasses import astuple, replace
from itertools import permutations
from typing import Any

import boa
import pytest

from tests.world import DAY, WAD, World, build, wad


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def people(world: World) -> list[Any]:
    return [world.person(role, cash=100_000) for role in ("writer", "buyer", "third")]


@pytest.fixture
def traded(world: World, people: list[Any]) -> tuple[Any, Any]:
    """A put and a call of one expiry, held in circles."""
    writer, buyer, third = people
    put, call = world.market.put(2_700, 7), world.market.call(2_700, 7)
    world.novate(
        world.trade(writer, buyer, put, 3, 90),
        world.trade(buyer, third, put, 1, 30),
        world.trade(third, writer, call, 2, 160),
    )
    return put, call


def expire(world: World, put: Any, price: float) -> None:
    world.market.travel_to(put.expiry - DAY)
    world.market.push_price(price)
    world.market.travel_to(put.expiry)
    world.market.fix(put.expiry)


def test_every_side_is_paid_its_payoff(world: World, people: list[Any], traded: Any) -> None:
    put, call = traded
    before = [world.cash(one) for one in people]
    expire(world, put, 2_600)
    world.ledger.settle([one.number for one in people], sender=world.intruder)
    changes = [world.cash(one) - was for one, was in zip(people, before, strict=True)]
    assert changes == [wad(-300), wad(200), wad(100)]
    assert [world.ledger.positions_of(one.number) for one in people] == [[], [], []]
    assert world.ledger.open_interest(put.code) == 0
    assert world.ledger.open_interest(call.code) == 0
    assert world.ledger.certificate().surplus == 0


def test_a_second_time_pays_nothing(world: World, people: list[Any], traded: Any) -> None:
    expire(world, traded[0], 2_600)
    everyone = [one.number for one in people]
    world.ledger.settle(everyone + everyone)
    after = [world.cash(one) for one in people]
    world.ledger.settle(everyone)
    assert [world.cash(one) for one in people] == after
    assert sum(after) == 300_000 * WAD


def test_the_order_changes_nothing(world: World, people: list[Any], traded: Any) -> None:
    expire(world, traded[0], 2_600.5)
    results = set()
    for order in permutations(people):
        with boa.env.anchor():
            # Half way through, what the others owe is on the books.
            world.ledger.settle([order[0].number])
            assert world.ledger.certificate().surplus == 0
            assert world.ledger.certificate().unsettled != 0
            for one in order:
                world.ledger.settle([one.number])
            results.add(tuple(world.cash(one) for one in people))
    assert len(results) == 1


def test_what_is_not_fixed_stays(world: World, people: list[Any], traded: Any) -> None:
    put, _ = traded
    later = world.market.put(2_700, 14)
    world.novate(world.trade(people[0], people[1], later, 1, 50))
    everyone = [one.number for one in people]
    world.ledger.settle(everyone)
    assert world.position(people[0], put) == -3 * WAD
    world.market.travel_to(put.expiry - DAY)
    world.market.push_price(2_750)
    world.market.travel_to(put.expiry)
    world.ledger.settle(everyone)
    assert world.position(people[0], put) == -3 * WAD
    world.market.fix(put.expiry)
    world.ledger.settle(everyone)
    assert world.position(people[0], put) == 0
    assert world.position(people[0], later) == -WAD


def test_the_fixing_counts_not_the_price_when_somebody_calls(
    world: World, people: list[Any], traded: Any
) -> None:
    put, _ = traded
    expire(world, put, 2_600)
    before = world.cash(people[1])
    world.market.travel(days=3)
    world.market.push_price(2_500)
    world.ledger.settle([people[1].number])
    assert world.cash(people[1]) - before == wad(200)


def test_the_fixing_of_one_expiry_is_asked_for_once(
    world: World, people: list[Any], traded: Any
) -> None:
    put, call = traded
    expire(world, put, 2_600)
    world.ledger.settle([people[0].number])
    settled = [log for log in world.ledger.get_logs() if type(log).__name__ == "Settled"]
    assert {log.series for log in settled} == {put.code, call.code}
    fixing = world.market.oracle.fixing.prepare_calldata(put.underlying, put.expiry)
    assert asked(world.ledger._computation, fixing) == 1


def asked(computation: Any, data: bytes) -> int:
    """How often a call, or one inside it, had this calldata."""
    inside = sum(asked(child, data) for child in computation.children)
    return inside + (bytes(computation.msg.data) == data)


def test_settlement_reaches_accounts_in_auction(
    world: World, people: list[Any], traded: Any
) -> None:
    world.use_own_house()
    world.freeze(people[0])
    expire(world, traded[0], 2_600)
    world.ledger.settle([people[0].number])
    assert world.ledger.positions_of(people[0].number) == []
    assert world.ledger.in_auction(people[0].number)


def test_a_loss_may_exceed_the_cash(world: World, people: list[Any]) -> None:
    naked = world.person("naked", cash=450)
    put = world.market.put(2_700, 7)
    world.novate(world.trade(naked, people[1], put, 1, 30))
    expire(world, put, 1_000)
    world.ledger.settle([naked.number, people[1].number])
    assert world.cash(naked) == wad(480 - 1_700)
    assert world.ledger.certificate().unsettled == 0
    assert world.ledger.certificate().surplus == 0


def test_fractions_round_against_the_account(world: World, people: list[Any]) -> None:
    put = world.market.put(2_700, 7)
    trade = list(world.trade(people[0], people[1], put, 1, 0))
    trade[3] = 3
    world.novate(tuple(trade))  # type: ignore[arg-type]
    before = [world.cash(one) for one in people[:2]]
    expire(world, put, 2_699.5)
    world.ledger.settle([one.number for one in people[:2]])
    # 3 wei of a contract at 0.5 USD are 1.5 wei: the short pays two, the long gets one.
    assert [world.cash(one) - was for one, was in zip(people, before, strict=False)] == [-2, 1]
    assert world.ledger.certificate().unsettled == -1
    assert world.ledger.certificate().surplus == 0


def test_each_position_that_ends_is_an_event(
    world: World, people: list[Any], traded: tuple[Any, Any]
) -> None:
    put, call = traded
    expire(world, put, 2_600)
    writer = people[0]
    world.ledger.settle([writer.number])
    settled = {
        (log.account, log.series, log.quantity, log.payout)
        for log in world.ledger.get_logs()
        if type(log).__name__ == "Settled"
    }
    assert settled == {
        (writer.number, put.code, -3 * WAD, -300 * WAD),
        (writer.number, call.code, 2 * WAD, 0),
    }


@pytest.mark.parametrize(("first", "size"), [(1, WAD), (2, WAD), (1, 1), (2, 1)])
def test_the_open_interest_of_each_underlying_ends(
    world: World, people: list[Any], first: int, size: int
) -> None:
    """A book over two underlyings, whichever was traded first, and of one wei of each."""
    writer, buyer, _ = people
    market = world.market
    feeds = [build("oracle/PriceFeed.vy", name, 8, world.owner) for name in ("spot", "volatility")]

    def push() -> None:
        for feed, answer in zip(feeds, (91_000 * 10**8, 10**8 // 2), strict=True):
            feed.push(answer, sender=world.owner)

    push()
    market.oracle.list_underlying(2, *feeds, 4 * DAY, sender=world.owner)
    market.margin.set_market(2, astuple(market.parameters.margin), sender=world.owner)
    market.listing.list_market(2, *astuple(market.parameters.grid), sender=world.owner)
    put = market.put(2_700, 7)
    other = replace(put, underlying=2, strike=90_000 * WAD)
    for one in (put, other) if first == 1 else (other, put):
        trade = world.trade(writer, buyer, one, 1, 30)
        world.novate((*trade[:3], size, *trade[4:]))
    market.travel_to(put.expiry - DAY)
    push()
    expire(world, put, 2_600)
    market.oracle.fix(2, put.expiry, [2])
    world.ledger.settle([writer.number, buyer.number])
    push()
    market.push_price(2_600, 0.15)
    later = market.put(2_700, 14)
    for underlying in (1, 2):
        # What is left to open is all that is allowed: nothing of the settled books counts.
        market.listing.set_limits(underlying, 0, 0, WAD, sender=world.owner)
        code = replace(later, underlying=underlying)
        if underlying == 2:
            code = replace(code, strike=90_000 * WAD)
        with boa.reverts("limit: market open interest"):
            world.novate(world.trade(writer, buyer, code, 1.001, 30))
        world.novate(world.trade(writer, buyer, code, 1, 30))
