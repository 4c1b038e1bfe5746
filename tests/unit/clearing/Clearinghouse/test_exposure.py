"""Accounts that are marked keep within their limits of delta and vega; others pay nothing."""

from typing import Any

import boa
import pytest

from tests.unit.clearing.Clearinghouse.test_barriers import Books
from tests.world import WAD, World, build

TIER = 1


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.limits = build(  # type: ignore[attr-defined]
        "margin/ExposureLimits.vy", world.market.oracle.address, world.owner
    )
    return world


@pytest.fixture(scope="module")
def people(world: World) -> list[Any]:
    return [world.person(role, cash=100_000) for role in ("limited", "other")]


@pytest.fixture
def marked(world: World, people: list[Any]) -> Any:
    """One unit of delta at most, no limit of vega."""
    limits = world.limits  # type: ignore[attr-defined]
    with boa.env.prank(world.owner):
        world.ledger.set_exposure_limits(limits.address)
        limits.set_limits(TIER, 1, (WAD, 0))
        limits.set_tier(people[0].number, TIER)
        world.ledger.mark_limited(people[0].number, True)
    return people[0]


def test_beyond_the_limit(world: World, people: list[Any], marked: Any) -> None:
    other = people[1]
    deep = world.market.call(2_000, 7)
    world.novate(world.trade(other, marked, deep, 0.9, 700))
    with boa.reverts("exposure: delta too large"):
        world.novate(world.trade(other, marked, deep, 0.2, 150))
    # A hedge makes room; closing never asks.
    world.novate(world.trade(marked, other, world.market.call(2_025, 7), 0.9, 650))
    world.novate(world.trade(other, marked, deep, 0.2, 150))
    # The other side is not marked, and is not asked.
    assert world.ledger.header_of(other.number) >> 154 & 1 == 0
    assert world.ledger.header_of(marked.number) >> 154 & 1 == 1


def test_what_the_market_did_stops_no_closing(world: World, people: list[Any], marked: Any) -> None:
    other = people[1]
    far = world.market.call(3_000, 7)
    world.novate(world.trade(other, marked, far, 5, 1))
    world.market.push_price(3_400, 0.15)
    with boa.reverts("exposure: delta too large"):
        world.novate(world.trade(other, marked, far, 1, 500))
    world.novate(world.trade(marked, other, far, 1, 500))


def test_unmarked_again(world: World, people: list[Any], marked: Any) -> None:
    world.ledger.mark_limited(marked.number, False, sender=world.owner)
    world.novate(world.trade(people[1], marked, world.market.call(2_000, 7), 5, 3_000))


def test_nobody_is_marked_where_nobody_limits(world: World, people: list[Any]) -> None:
    bare = Books()
    with boa.reverts("limit: no code"):
        bare.ledger.mark_limited(people[0].number, True, sender=bare.owner)


def test_reverts(world: World, people: list[Any]) -> None:
    with boa.reverts("limit: no code"):
        world.ledger.set_exposure_limits(world.intruder, sender=world.owner)
