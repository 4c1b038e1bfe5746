"""A closed short leaves the longs beside it, and their worth is not that of a short."""

import boa
import pytest

from tests.world import WAD, World

NOTICE = 1_800
CRASHED, VOLATILITY = 2_000, 0.4


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_only_shorts_count_and_only_they_are_closed(world: World) -> None:
    put, call = world.market.put(2_700, 14), world.market.call(3_200, 14)
    writer, holder = world.person("writer", cash=5_500), world.person("holder", cash=100_000)
    world.novate(world.trade(writer, holder, put, 10, 100), world.trade(holder, writer, call, 2, 1))
    world.market.push_price(CRASHED, VOLATILITY)
    world.market.auctions.start(writer.number, 0)
    for seconds in (3_600, NOTICE):
        world.market.travel(seconds)
        world.market.push_price(CRASHED, VOLATILITY)
        if seconds == 3_600:
            world.market.auctions.announce(writer.number)
            world.market.auctions.nominate(writer.number, put.code, holder.number)
    world.market.auctions.deleverage(writer.number, put.code)
    assert world.position(writer, put) == world.position(holder, put) == 0
    assert world.position(writer, call) == 2 * WAD
    # What is left is the worth of the calls, next to nothing: the short took the rest.
    assert 0 <= world.ledger.health(writer.number).equity < WAD


def test_marks_and_payments_to_the_wei(world: World) -> None:
    """One short, all of it with one holder, and a loss of most of its mark: a wei of either shows
    at some of these prices."""
    house, put = world.market.auctions, world.market.put(2_700, 14)
    writer, holder = world.person("writer", cash=5_500), world.person("holder", cash=100_000)
    world.novate(world.trade(writer, holder, put, 10, 100))
    world.market.push_price(500, VOLATILITY)
    house.start(writer.number, 0)
    for seconds in (3_600, NOTICE):
        world.market.travel(seconds)
        world.market.push_price(500, VOLATILITY)
        if seconds == 3_600:
            house.announce(writer.number)
            house.nominate(writer.number, put.code, holder.number)
    for price in range(500, 508):
        with boa.env.anchor():
            world.market.push_price(price, VOLATILITY)
            words = world.ledger.positions_of(writer.number)
            engine = world.ledger.engine_of(writer.number)
            owed = -world.ledger.appraise(engine, 0, [], words).equity
            equity = world.ledger.health(writer.number).equity
            house.deleverage(writer.number, put.code)
            (told,) = [log for log in house.get_logs() if type(log).__name__ == "ClosedOut"]
            assert (told.mark, told.payment) == (owed, owed + equity)
