"""Circuit breakers stop the opening of risk, end by themselves, and stop nothing else."""

from typing import Any

import boa
import pytest

from tests.world import DAY, WAD, World, wad

HOUR = 3_600
ALL = 0
EVER = 2**256 - 1


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.guardian = boa.env.generate_address("guardian")  # type: ignore[attr-defined]
    with boa.env.prank(world.owner):
        world.market.listing.set_reporters(world.ledger.address, world.house)
        world.market.listing.set_guardian(world.guardian)  # type: ignore[attr-defined]
    return world


def opens(world: World, people: list[Any], put: Any) -> bool:
    with boa.env.anchor():
        try:
            world.novate(world.trade(*people, put, 1, 30))
        except boa.BoaError:
            return False
        return True


def set_breakers(world: World, losses: int, outflow: int, auctions: int, duration: int) -> None:
    world.market.listing.set_breakers((losses, outflow, auctions, duration), sender=world.owner)


@pytest.mark.parametrize(
    ("underlying", "reason"), [(ALL, "halt: all markets"), (1, "halt: underlying")]
)
def test_a_halt_and_what_goes_on(
    world: World, listing: Any, people: list[Any], put: Any, underlying: int, reason: str
) -> None:
    writer, holder = people
    listing.halt(underlying, DAY, sender=world.guardian)  # type: ignore[attr-defined]
    log = listing.get_logs()[-1]
    assert (log.underlying, log.until, log.reason) == (
        underlying,
        boa.env.timestamp + DAY,
        "guardian",
    )
    with boa.reverts(reason):
        world.novate(world.trade(writer, holder, put, 1, 30))
    world.novate(world.trade(holder, writer, put, 1, 30))
    world.market.fund(writer, 10)
    world.market.withdraw(writer, 10)
    world.ledger.settle([writer.number])
    boa.env.time_travel(seconds=DAY)
    assert opens(world, people, put)


def test_a_halt_of_another_underlying_is_its_own(
    world: World, listing: Any, people: list[Any], put: Any
) -> None:
    listing.halt(2, DAY, sender=world.owner)
    assert opens(world, people, put)


def test_only_guardian_and_owner_halt_and_only_the_owner_lifts(
    world: World, listing: Any, people: list[Any], put: Any
) -> None:
    with boa.reverts("halt: not the guardian"):
        listing.halt(1, DAY, sender=world.intruder)
    with boa.reverts("halt: too long"):
        listing.halt(1, 3 * DAY + 1, sender=world.owner)
    listing.halt(1, 2 * DAY, sender=world.owner)
    until = listing.halted_until(1)
    # A shorter one changes nothing.
    listing.halt(1, DAY, sender=world.guardian)  # type: ignore[attr-defined]
    assert listing.halted_until(1) == until
    with boa.reverts("ownable: caller is not the owner"):
        listing.lift(1, sender=world.guardian)  # type: ignore[attr-defined]
    assert not opens(world, people, put)
    listing.lift(1, sender=world.owner)
    assert opens(world, people, put)


def test_losses_of_a_day_add_up(world: World, listing: Any, people: list[Any], put: Any) -> None:
    set_breakers(world, wad(100), WAD, EVER, 6 * HOUR)
    boa.env.timestamp = (boa.env.timestamp // DAY + 1) * DAY
    world.market.push_price(2_750)
    listing.report_loss(wad(60), sender=world.ledger.address)
    listing.report_loss(wad(40), sender=world.ledger.address)
    assert opens(world, people, put)
    with boa.env.anchor():
        listing.report_loss(1, sender=world.ledger.address)
        assert not opens(world, people, put)
        boa.env.time_travel(seconds=6 * HOUR)
        assert opens(world, people, put)
    boa.env.time_travel(seconds=DAY)
    listing.report_loss(1, sender=world.ledger.address)
    assert opens(world, people, put)
    listing.report_loss(2**256 - 1, sender=world.ledger.address)
    assert not opens(world, people, put)


def test_auctions_at_once(world: World, listing: Any, people: list[Any], put: Any) -> None:
    set_breakers(world, EVER, WAD, 3, DAY)
    listing.report_auctions(3, sender=world.house)
    assert opens(world, people, put)
    listing.report_auctions(4, sender=world.house)
    assert not opens(world, people, put)


def test_strangers_reports_are_ignored(
    world: World, listing: Any, people: list[Any], put: Any
) -> None:
    set_breakers(world, 0, WAD, 1, DAY)
    for sender in (world.intruder, world.owner, world.house):
        listing.report_loss(wad(1_000), sender=sender)
    for sender in (world.intruder, world.owner, world.ledger.address):
        listing.report_auctions(1_000, sender=sender)
    assert opens(world, people, put)


def test_outflow_within_the_hour(world: World, listing: Any, people: list[Any], put: Any) -> None:
    set_breakers(world, EVER, WAD // 4, EVER, DAY)
    saver = world.person("saver", cash=100_000)
    listing.watch_outflow(sender=world.intruder)
    # 200,000 in escrow: a quarter may leave.
    world.market.withdraw(saver, 50_000)
    boa.env.time_travel(seconds=HOUR)
    listing.watch_outflow(sender=world.intruder)
    assert opens(world, people, put)
    with boa.env.anchor():
        # A new hour begins at the present level.
        boa.env.time_travel(seconds=1)
        listing.watch_outflow(sender=world.intruder)
        world.market.withdraw(saver, 37_500)
        listing.watch_outflow(sender=world.intruder)
        assert opens(world, people, put)
    world.market.withdraw(saver, 0.000001)
    listing.watch_outflow(sender=world.intruder)
    assert not opens(world, people, put)


def test_who_reports_is_needed_to_watch(world: World, listing: Any) -> None:
    nobody = "0x" + 40 * "0"
    listing.set_reporters(nobody, nobody, sender=world.owner)
    with boa.reverts("halt: no ledger"):
        listing.watch_outflow()


@pytest.mark.parametrize(
    ("breakers", "reason"),
    [
        ((0, WAD // 100 - 1, 1, DAY), "halt: outflow out of range"),
        ((0, WAD + 1, 1, DAY), "halt: outflow out of range"),
        ((0, WAD, 0, DAY), "halt: auctions out of range"),
        ((0, WAD, 1, HOUR - 1), "halt: duration out of range"),
        ((0, WAD, 1, 3 * DAY + 1), "halt: duration out of range"),
    ],
)
def test_bounds(world: World, breakers: tuple[int, int, int, int], reason: str) -> None:
    with boa.reverts(reason):
        set_breakers(world, *breakers)
