"""Engines, sources and curves replaced by governance, each under open positions.

Proposed, voted, queued, executed: what changes is what was decided, and no position or cash moves.
"""

from dataclasses import astuple, replace
from typing import Any

import boa
import pytest

from novate.governance import Proposal, call
from novate.market import Account
from novate.parameters import Margin
from tests.governed_world import GovernedWorld
from tests.world import WAD, World, build

DAY = 86_400
STEPPED = 2


class Swap:
    """A market in the hands of governance, with positions on both sides of several series."""

    def __init__(self) -> None:
        self.world = World()
        market = self.world.market
        self.writer = self.world.person("writer", 14_000)
        self.maker = self.world.person("maker", 900_000)
        self.hedger = self.world.person("hedger", 40_000)
        market.push_price(2_750, 0.15)
        self.put, self.call_ = market.put(2_500, 60), market.call(2_900, 60)
        world, maker = self.world, self.maker
        world.novate(
            world.trade(self.writer, maker, self.put, 20, 60),
            world.trade(maker, self.hedger, self.call_, 7, 50),
        )
        self.governed = GovernedWorld(world)

    @property
    def people(self) -> list[Account]:
        return [self.writer, self.maker, self.hedger]

    def books(self) -> list[Any]:
        """What accounts hold: nothing that governance replaces may change it."""
        ledger = self.world.ledger
        return [
            (
                ledger.cash_of(who.number),
                tuple(ledger.positions_of(who.number)),
                ledger.header_of(who.number),
            )
            for who in self.people
        ]

    def healths(self) -> list[Any]:
        return [tuple(self.world.ledger.health(who.number)) for who in self.people]

    def carry(self, *calls: Any) -> None:
        """Decided and done; then prices as they were."""
        books = self.books()
        self.governed.carry(Proposal(tuple(calls), "a swap"))
        self.world.market.push_price(2_750, 0.15)
        assert self.books() == books


@pytest.fixture(scope="module")
def swap() -> Swap:
    return Swap()


def later(swap: Swap) -> list[Any]:
    """Healths on the day on which the decision is carried out, if it were another one."""
    with boa.env.anchor():
        swap.carry(call(swap.world.market.listing.lift, 0))
        return swap.healths()


def engine(swap: Swap, source: str, margin: Margin) -> Any:
    """An engine with these figures, in the timelock's hands."""
    market, timelock = swap.world.market, swap.governed.governance.timelock
    new = build(source, market.oracle.address, market.owner)
    new.set_market(1, astuple(margin), sender=market.owner)
    new.transfer_ownership(timelock.address, sender=market.owner)
    return new


def test_margin_engine(swap: Swap) -> None:
    """Maintenance of 10 % of spot instead of 7.5: the writer of 20 puts needs 50 % of spot more."""
    before, market = later(swap), swap.world.market
    stricter = replace(market.parameters.margin, maintenance=10 * WAD // 100)
    new = engine(swap, "margin/StandardMargin.vy", stricter)
    swap.carry(call(swap.world.ledger.register_engine, 0, new.address))
    after = swap.healths()
    assert swap.world.ledger.engines(0) == new.address
    (equity, _, maintenance, fresh), (was_equity, _, was_maintenance, _) = after[0], before[0]
    assert (equity, fresh) == (was_equity, True)
    assert maintenance == was_maintenance - 20 * 2_750 * WAD * 25 // 1_000
    # Who only bought needs nothing under either.
    assert after[2] == before[2]
    # The new rules hold at once: what passed before is refused.
    free = before[0][1]
    with boa.env.anchor():
        assert after[0][1] <= free
        with boa.reverts("margin: below initial"):
            market.withdraw(swap.writer, round(free / WAD) + 1)


def test_pricing_engine(swap: Swap) -> None:
    """Exact prices replaced by fast ones, scenarios for shares of spot: marks agree to 1e-6."""
    before, market = later(swap), swap.world.market
    swap.carry(
        call(swap.world.ledger.register_engine, 0, market.contracts["portfolio_margin"].address)
    )
    after = swap.healths()
    for (equity, *_, fresh), (was, *_) in zip(after, before, strict=True):
        assert fresh and abs(equity - was) <= 20 * 2_750 * WAD // 10**6
    assert after[0][2] != before[0][2]


def test_oracle_source(swap: Swap) -> None:
    market, oracle = swap.world.market, swap.world.market.oracle
    reporter = str(boa.env.generate_address("new reporter"))
    feed = build("oracle/PriceFeed.vy", "SPX / USD", 8, reporter)
    feed.push(2_750 * 10**8, sender=reporter)
    before = later(swap)
    new = (str(feed.address), 4 * DAY, 0, 10**30)
    swap.carry(call(oracle.set_sources, 1, [new], 1))
    assert swap.healths() == before
    # Only the new source counts now.
    market.push_price(2_000, 0.15)
    assert oracle.spot(1)[0] == 2_750 * WAD
    feed.push(2_700 * 10**8, sender=reporter)
    assert oracle.spot(1)[0] == 2_700 * WAD


def test_an_oracle_source_that_leaps_is_refused_when_due(swap: Swap) -> None:
    governance, oracle = swap.governed.governance, swap.world.market.oracle
    reporter = str(boa.env.generate_address("new reporter"))
    feed = build("oracle/PriceFeed.vy", "SPX / USD", 8, reporter)
    proposal = Proposal(
        (call(oracle.set_sources, 1, [(str(feed.address), 4 * DAY, 0, 10**30)], 1),), "a leap"
    )
    feed.push(2_750 * 10**8, sender=reporter)
    swap.governed.accept(proposal)
    governance.queue(proposal)
    governance.pass_time(2 * DAY)
    # Recorded less than a day ago, so within 5 %.
    swap.world.market.push_price(2_750, 0.15)
    oracle.poke(1)
    feed.push(2_500 * 10**8, sender=reporter)
    with boa.reverts("oracle: leap from last price"):
        governance.execute(proposal)
    feed.push(2_749 * 10**8, sender=reporter)
    governance.execute(proposal)


def test_auction_curve(swap: Swap) -> None:
    """A running auction keeps its curve to the wei; the next one has the new one."""
    market, governance = swap.world.market, swap.governed.governance
    house = market.auctions
    curve = replace(
        market.parameters.auction, family=STEPPED, cutoff=9_000, fast=600, slow=600, tail=3_600
    )
    proposal = Proposal((call(house.set_rules, astuple(curve)),), "another curve")
    swap.governed.accept(proposal)
    governance.queue(proposal)
    governance.pass_time(2 * DAY)
    market.push_price(1_900, 0.35)
    house.start(swap.writer.number, 0)
    version = house.rules_version()
    told = []
    for executes in (False, True):
        with boa.env.anchor():
            if executes:
                governance.execute(proposal)
                assert house.rules_version() == version + 1
            market.travel(1_800)
            market.push_price(1_900, 0.35)
            told.append(tuple(house.preview(swap.writer.number, WAD)))
    assert told[0] == told[1]
    governance.execute(proposal)
    market.travel(18 * 3_600 + 1)
    market.push_price(1_900, 0.35)
    house.restart(swap.writer.number)
    first = house.preview(swap.writer.number, WAD).lot_price
    market.travel(600)
    market.push_price(1_900, 0.35)
    second = house.preview(swap.writer.number, WAD).lot_price
    # One step down, from 98 % of mark to 90 %; the mark moves a little with time.
    assert first > 0 and second / first == pytest.approx(90 / 98, abs=0.01)
    assert house.rules_of(version + 1).family == STEPPED
