"""A drill: every breaker tripped, the market emptied in order while it lasts, then open again.

What must always go on: depositing, closing, curing, settling, liquidating, and withdrawing what is
free. What must stop is the opening of risk, and nothing else.
"""

from collections.abc import Callable, Iterator
from typing import Any

import boa
import pytest

from novate.data import load_scenario
from novate.deploy import deploy
from novate.governance import call, deploy_watchdog
from novate.market import Account
from novate.scenario.cast import cast
from novate.scenario.record import Record
from novate.scenario.run import _local, parameters_for
from novate.scenario.runner import Runner
from tests.governed_world import GovernedWorld
from tests.world import WAD, World

HOUR, DAY = 3_600, 86_400
ALL = "halt: all markets"


# -- in the scenario runner --


@pytest.fixture(scope="module")
def crash() -> Iterator[Runner]:
    """September and October 2008 with breakers that trip at two auctions or any loss."""
    path = load_scenario("lehman").between("2008-09-22", "2008-10-24")
    with boa.swap_env(_local()):
        boa.env.evm.patch.timestamp = path.bars[0].timestamp - DAY
        market = deploy(parameters_for(path, 0))
        market.listing.set_breakers((0, WAD, 1, 3 * DAY))
        players = cast(path.bars[0].close, path.bars[0].implied_volatility, whale=True)
        runner = Runner(market, players, Record("drill", "SPX"))
        runner.endow()
        runner.play(path.bars, lambda _: None)
        yield runner


def test_breakers_of_a_crash_stop_opening_and_nothing_else(crash: Runner) -> None:
    events = crash.market.events
    halts = [one for one in events if one.name == "Halted"]
    assert {one.arguments["reason"] for one in halts} == {"auctions", "losses"}
    first, last = halts[0].time, halts[-1].arguments["until"]
    assert crash.refused == {ALL: crash.refused[ALL]} and crash.refused[ALL] > 0

    def names(start: int, end: int) -> set[str]:
        return {one.name for one in events if start < one.time < end}

    # Whoever wanted to trade was refused; bids, cures and expiries went on.
    assert "Novated" not in names(first, last)
    assert {"AuctionStarted", "BidTaken", "AuctionFinished", "LossCovered"} <= names(first, last)
    # It ended by itself.
    assert "Novated" in names(last, events[-1].time)


def test_nothing_was_lost_in_the_crash(crash: Runner) -> None:
    certificate = crash.market.clearinghouse.certificate()
    assert 0 <= certificate.surplus < 10**12


# -- each breaker --


class Drill:
    """A market in the hands of governance, with positions on both sides and a watchdog."""

    def __init__(self) -> None:
        self.world = World()
        market, owner = self.world.market, self.world.owner
        self.maker = self.world.person("maker", 300_000)
        self.writer = self.world.person("writer", 20_000)
        self.leaver = self.world.person("leaver", 200_000)
        market.push_price(2_750, 0.15)
        self.put = market.put(2_500, 30)
        self.world.novate(self.trade(2))
        market.listing.set_breakers((1_000 * WAD, WAD // 10, 3, 6 * HOUR), sender=owner)
        market.oracle.set_limits(1, 0, 200, 100, sender=owner)
        self.dog = deploy_watchdog(market, 0)
        self.governed = GovernedWorld(self.world)
        market.push_price(2_750, 0.15)
        market.oracle.poke(1)

    def trade(self, quantity: float, closes: bool = False) -> Any:
        sides = (self.maker, self.writer) if closes else (self.writer, self.maker)
        return self.world.trade(*sides, self.put, quantity, 30 * quantity)

    @property
    def people(self) -> list[Account]:
        return [self.maker, self.writer, self.leaver]


@pytest.fixture(scope="module")
def drill() -> Drill:
    return Drill()


def by_guardian(drill: Drill) -> str:
    drill.governed.guard(call(drill.world.market.listing.halt, 0, 6 * HOUR))
    return ALL


def by_guardian_in_one_market(drill: Drill) -> str:
    drill.governed.guard(call(drill.world.market.listing.halt, 1, 6 * HOUR))
    return "halt: underlying"


def by_losses(drill: Drill) -> str:
    listing, ledger = drill.world.market.listing, drill.world.ledger
    listing.report_loss(1_001 * WAD, sender=ledger.address)
    return ALL


def by_auctions(drill: Drill) -> str:
    market = drill.world.market
    market.listing.report_auctions(4, sender=market.auctions.address)
    return ALL


def by_outflow(drill: Drill) -> str:
    market = drill.world.market
    market.listing.watch_outflow()
    market.withdraw(drill.leaver, 150_000)
    market.listing.watch_outflow()
    return ALL


def by_price(drill: Drill) -> str:
    # A leap of 8 % where 1 % a minute is allowed: not served.
    drill.world.market.push_price(2_970, 0.15)
    return "margin: stale price"


BREAKERS = [
    by_guardian,
    by_guardian_in_one_market,
    by_losses,
    by_auctions,
    by_outflow,
    by_price,
]


@pytest.mark.parametrize("trip", BREAKERS, ids=lambda one: one.__name__)
def test_tripped_emptied_and_open_again(drill: Drill, trip: Callable[[Drill], str]) -> None:
    market, world = drill.world.market, drill.world
    reason = trip(drill)
    with boa.reverts(reason):
        world.novate(drill.trade(1))
    # Everything else goes on: in, out, closing.
    market.fund(drill.writer, 100)
    market.withdraw(drill.leaver, 1_000)
    world.novate(drill.trade(1, closes=True))
    assert world.position(drill.writer, drill.put) == -WAD

    with boa.env.anchor():
        # Emptied in order: expired, fixed, settled, and everybody's money withdrawn to the cent.
        market.travel_to(drill.put.expiry - 2_000)
        market.push_price(2_450, 0.2)
        market.travel_to(drill.put.expiry)
        market.push_price(2_450, 0.2)
        market.fix(drill.put.expiry)
        world.ledger.settle([person.number for person in drill.people])
        for person in drill.people:
            assert len(world.ledger.positions_of(person.number)) == 0
            units, wallet = world.cash(person) // 10**12, person.address
            world.ledger.withdraw(person.number, 0, units, wallet, sender=wallet)
        certificate = world.ledger.certificate()
        assert certificate.held - certificate.surplus < 10**13
        assert certificate.surplus >= 0

    # A halt ends by itself, and a price that stays is believed in the end.
    market.travel(6 * HOUR + 1)
    market.push_price(2_750 if reason != "margin: stale price" else 2_970, 0.15)
    world.novate(drill.trade(1))
    assert world.position(drill.writer, drill.put) == -2 * WAD


def test_the_timelock_reopens_before_the_end(drill: Drill) -> None:
    market = drill.world.market
    by_guardian(drill)
    drill.world.market.listing.lift(0, sender=drill.governed.governance.timelock.address)
    drill.world.novate(drill.trade(1))
    assert market.listing.halted_until(0) == 0
