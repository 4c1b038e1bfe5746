"""Closing a frozen account against the other side: the last resort of the auction house."""

from typing import Any

import boa
import pytest

from tests.world import WAD, World, wad


@pytest.fixture(scope="module")
def people(world: World) -> list[Any]:
    return [world.person(role, cash=50_000) for role in ("writer", "holder", "rival")]


@pytest.fixture(scope="module")
def put(world: World, people: list[Any]) -> Any:
    """The writer is short three puts, the holder long two, the rival one."""
    writer, holder, rival = people
    put = world.market.put(2_700, 7)
    world.novate(world.trade(writer, holder, put, 2, 60), world.trade(writer, rival, put, 1, 30))
    world.freeze(writer)
    return put


def close(world: World, account: Any, other: Any, put: Any, quantity: float, paid: float) -> None:
    world.ledger.deleverage(
        *(account.number, other.number, put.code, wad(quantity), wad(paid)), sender=world.house
    )


def test_both_sides_shrink_and_cash_moves(world: World, people: list[Any], put: Any) -> None:
    writer, holder, rival = people
    before = [world.cash(one) for one in people]
    version = world.ledger.header_of(holder.number) >> 192
    close(world, writer, holder, put, -1.5, 33)
    assert [world.position(one, put) for one in people] == [wad(-1.5), wad(0.5), wad(1)]
    assert [world.cash(one) - was for one, was in zip(people, before, strict=True)] == [
        wad(-33),
        wad(33),
        0,
    ]
    assert world.ledger.open_interest(put.code) == wad(1.5)
    assert world.ledger.interest_in(1) == wad(1.5)
    assert world.ledger.header_of(holder.number) >> 192 == version + 1
    close(world, writer, holder, put, -0.5, 0)
    close(world, writer, rival, put, -1, 0)
    log = world.ledger.get_logs()[-1]
    assert world.ledger.positions_of(writer.number) == []
    assert world.ledger.open_interest(put.code) == 0
    assert (type(log).__name__, log.account, log.opposite) == (
        "Deleveraged",
        writer.number,
        rival.number,
    )


def test_the_other_may_be_short_too(world: World, people: list[Any]) -> None:
    """A frozen long is closed against a short, and pays or is paid."""
    writer, holder, rival = people
    call = world.market.call(2_800, 7)
    world.novate(world.trade(holder, rival, call, 1, 20))
    world.freeze(rival)
    before = world.cash(rival)
    close(world, rival, holder, call, 1, -5)
    assert world.position(rival, call) == world.position(holder, call) == 0
    assert world.cash(rival) - before == wad(5)


def test_reverts(world: World, people: list[Any], put: Any) -> None:
    writer, holder, rival = people
    with boa.reverts("deleverage: position grew"):
        close(world, writer, holder, put, -2.5, 0)
    with boa.reverts("deleverage: position grew"):
        close(world, writer, holder, put, 1, 0)
    with boa.reverts("deleverage: position grew"):
        close(world, writer, holder, world.market.put(2_600, 7), -1, 0)
    with boa.reverts("deleverage: nothing to close"):
        close(world, writer, holder, put, 0, 0)
    # Nor against itself, since it is in auction.
    with boa.reverts("account: in auction"):
        close(world, writer, writer, put, -1, 0)
    with boa.reverts("account: not in auction"):
        close(world, holder, writer, put, 1, 0)
    world.freeze(rival)
    with boa.reverts("account: in auction"):
        close(world, writer, rival, put, -1, 0)
    with boa.reverts("auction: not the house"), boa.env.prank(world.intruder):
        world.ledger.deleverage(writer.number, holder.number, put.code, -WAD, 0)
