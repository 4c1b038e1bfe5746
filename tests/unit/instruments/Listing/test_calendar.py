"""Market hours: outside them nothing is opened unless the calendar's policy says so."""

from typing import Any

import boa
import pytest

from novate.engine.cache import load
from tests.world import DAY, World

SPX = 1
NOBODY = "0x" + 40 * "0"


@pytest.fixture
def calendar(world: World, listing: Any) -> Any:
    """Closed now."""
    made = load("tests/hostile/LyingSurface.vy").deploy()
    made.set_session(False, boa.env.timestamp)
    listing.set_calendar(SPX, made.address, sender=world.owner)
    return made


def test_reverts_market_closed_for_what_opens_and_nothing_else(
    world: World, listing: Any, calendar: Any, people: list[Any], put: Any
) -> None:
    writer, holder = people
    with boa.reverts("series: market closed"):
        world.novate(world.trade(writer, holder, put, 1, 30))
    # Closing one side and opening another is opening.
    newcomer = world.person("newcomer", cash=50_000)
    with boa.reverts("series: market closed"):
        world.novate(world.trade(holder, newcomer, put, 1, 30))
    world.novate(world.trade(holder, writer, put, 1, 30))
    world.market.fund(writer, 10)
    world.market.withdraw(writer, 10)
    world.ledger.settle([writer.number])
    calendar.set_session(True, boa.env.timestamp)
    world.novate(world.trade(writer, holder, put, 1, 30))


def test_a_calendar_of_another_underlying_is_its_own(
    world: World, listing: Any, calendar: Any, people: list[Any], put: Any
) -> None:
    listing.set_calendar(SPX, NOBODY, sender=world.owner)
    assert listing.calendars(SPX) == NOBODY
    listing.set_calendar(2, calendar.address, sender=world.owner)
    world.novate(world.trade(*people, put, 1, 30))


def test_a_calendar_outlives_its_market_and_changes_no_grid(
    world: World, listing: Any, people: list[Any], put: Any
) -> None:
    before = listing.markets(SPX)
    made = load("tests/hostile/LyingSurface.vy").deploy()
    made.set_session(False, boa.env.timestamp)
    with boa.env.prank(world.owner):
        listing.set_calendar(SPX, made.address)
        log = listing.get_logs()[0]
        assert (log.underlying, log.old, log.new) == (SPX, NOBODY, made.address)
        assert listing.markets(SPX) == before | 1 << 254
        grid = world.market.parameters.grid
        figures = (grid.tick, grid.hour, grid.daily, grid.weekly, grid.monthly, grid.quarterly)
        listing.close_market(SPX)
        with boa.reverts("series: underlying not listed"):
            listing.admit(put.code, 10**18)
        listing.list_market(SPX, *figures)
        assert listing.markets(SPX) == before | 1 << 254
        with boa.reverts("series: market closed"):
            listing.admit(put.code, 10**18)
        listing.set_calendar(SPX, NOBODY)
        assert listing.markets(SPX) == before
        listing.admit(put.code, 10**18)


def test_a_broken_calendar_opens_nothing(
    world: World, calendar: Any, people: list[Any], put: Any
) -> None:
    writer, holder = people
    calendar.set_session(True, boa.env.timestamp)
    calendar.set_broken(True)
    with boa.reverts():
        world.novate(world.trade(writer, holder, put, 1, 30))
    world.novate(world.trade(holder, writer, put, 1, 30))


def test_reverts_no_calendar(world: World, listing: Any) -> None:
    made = load("tests/hostile/LyingSurface.vy").deploy()
    made.set_session(True, boa.env.timestamp + DAY)
    with boa.env.prank(world.owner):
        with boa.reverts("listing: no calendar"):
            listing.set_calendar(SPX, made.address)
        with boa.reverts():
            listing.set_calendar(SPX, world.market.oracle.address)
        with boa.reverts("listing: underlying too large"):
            listing.set_calendar(0, NOBODY)
    with boa.reverts("ownable: caller is not the owner"):
        listing.set_calendar(SPX, NOBODY, sender=world.intruder)
