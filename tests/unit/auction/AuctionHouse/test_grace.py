"""PROPERTIES P-22: nobody is liquidated in the first minutes after a price came back."""

from typing import Any

import boa
import pytest

from novate.parameters import Parameters
from tests.world import DAY, WAD, World

GRACE = 300
NO_LIMIT, LATER = 2**200, 2**40
SOLVENT = 1


@pytest.fixture(scope="module")
def world() -> World:
    world = World(Parameters(grace=GRACE))
    world.put = world.market.put(2_500, 28)  # type: ignore[attr-defined]
    return world


@pytest.fixture(scope="module")
def writer(world: World) -> Any:
    writer, holder = world.person("writer", cash=12_400), world.person("holder", cash=50_000)
    world.novate(world.trade(writer, holder, world.put, 20, 400))  # type: ignore[attr-defined]
    world.market.travel(GRACE)
    return writer


def crash(world: World) -> None:
    world.market.push_price(1_930, 0.6)


def start(world: World, writer: Any) -> None:
    world.market.auctions.start(writer.number, 0)


def test_a_price_that_was_there_is_enough(world: World, writer: Any) -> None:
    crash(world)
    start(world, writer)


def test_a_price_that_came_back_waits(world: World, writer: Any) -> None:
    world.market.travel(days=5)
    with boa.reverts("auction: stale price"):
        start(world, writer)
    crash(world)
    with boa.reverts("auction: price not settled"):
        start(world, writer)
    world.market.travel(GRACE - 2)
    with boa.reverts("auction: price not settled"):
        start(world, writer)
    world.market.travel(2)
    start(world, writer)


def test_restarts_wait_too(world: World, writer: Any) -> None:
    crash(world)
    start(world, writer)
    world.market.travel(days=5)
    crash(world)
    with boa.reverts("auction: price not settled"):
        world.market.auctions.restart(writer.number)
    world.market.travel(GRACE)
    world.market.auctions.restart(writer.number)


def test_bids_wait_too_and_the_clock_may_stand(world: World, writer: Any) -> None:
    house = world.market.auctions
    bidder = world.person("bidder", cash=100_000)
    crash(world)
    world.market.travel(4 * DAY - 100)
    start(world, writer)
    with boa.reverts("auction: price is fresh"):
        house.pause(writer.number)
    world.market.travel(200)
    crash(world)
    bid = (writer.number, bidder.number, WAD // 10, NO_LIMIT, SOLVENT, LATER)
    with boa.reverts("auction: price not settled"):
        house.bid(*bid, sender=bidder.address)
    # Nobody can bid, so the price must not fall.
    house.pause(writer.number)
    with boa.reverts("auction: price not settled"):
        house.resume(writer.number)
    world.market.travel(GRACE)
    assert house.preview(writer.number, WAD).terms.elapsed == 200
    house.resume(writer.number)
    house.bid(*bid, sender=bidder.address)


def test_deleveraging_waits_too(world: World, writer: Any) -> None:
    house = world.market.auctions
    world.market.push_price(1_700, 0.6)
    start(world, writer)
    world.market.travel(5 * DAY)
    world.market.push_price(1_700, 0.6)
    with boa.reverts("auction: price not settled"):
        house.announce(writer.number)
    world.market.travel(GRACE)
    house.announce(writer.number)
    world.market.travel(5 * DAY)
    world.market.push_price(1_700, 0.6)
    with boa.reverts("auction: price not settled"):
        house.deleverage(writer.number, world.put.code)  # type: ignore[attr-defined]


def test_a_cure_does_not_wait(world: World, writer: Any) -> None:
    crash(world)
    start(world, writer)
    world.market.travel(days=5)
    crash(world)
    world.market.fund(writer, 20_000)
    world.market.auctions.finish(writer.number)


def test_the_owner_sets_it_within_an_hour(world: World) -> None:
    house, oracle = world.market.auctions, world.market.oracle.address
    with boa.reverts("ownable: caller is not the owner"):
        house.set_grace(oracle, 0, sender=world.intruder)
    with boa.reverts("auction: grace too long"):
        house.set_grace(oracle, 3_601, sender=world.owner)
    house.set_grace(oracle, 3_600, sender=world.owner)
    told = house.get_logs()[-1]
    assert (told.oracle, told.old, told.new) == (oracle, GRACE, 3_600)
    assert house.grace() == 3_600
    house.set_grace(oracle, 0, sender=world.owner)
    world.market.travel(days=5)
    crash(world)
