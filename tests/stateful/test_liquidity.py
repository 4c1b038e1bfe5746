"""Pool, its shares, wrapped longs and the router over one clearinghouse, in any order.

What is refused must be refused for a reason that the rules name; what is done leaves every claim
covered.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import boa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from novate.deploy import compiled
from novate.pool import Conduct
from novate.series import DAY, WAD, Series
from tests.unit.venues.OptionPool.conftest import HOUR, UNLIMITED, PoolWorld, wad
from tests.world import build

STRIKES = (2_600, 2_700, 2_750, 2_800, 2_900)
REASONS = (
    *("pool: extreme delta", "pool: delta limit", "pool: gamma limit", "pool: vega limit"),
    *("pool: use limit", "pool: too close to expiry", "pool: surface not watched yet"),
    *("pool: surface moves", "pool: worth less than charge", "pool: paused", "pool: no hedge"),
    *("pool: value swings", "pool: no capital", "pool: delta within its band"),
    *("pool: request too small", "pool: request is over", "pool: not your request"),
    *("token: balance too small", "margin: below initial", "router: not filled"),
    *("pool: stale price", "margin: stale price", "series: expired", "token: not settled"),
)


class Venues(PoolWorld):
    """Everything that trades, and people who use it."""

    def __init__(self) -> None:
        super().__init__(conduct=Conduct(band=100, exit=60))
        template = compiled("tokens/LongToken.vy").deploy()
        self.hub: Any = build("tokens/LongTokens.vy", self.ledger.address, template.address)
        self.ledger.set_venue(self.hub.address, True, sender=self.owner)
        self.router: Any = build(
            "venues/Router.vy",
            *(self.ledger.address, self.market.oracle.address, self.market.orders.address),
        )
        self.people = [self.taker, self.other]
        for one in self.people:
            operators = self.market.operators
            operators.set_operator(self.router.address, True, sender=one.address)
        self.backers = [self.backer, self.rich("second backer")]


class Liquidity(RuleBasedStateMachine):
    """Takers, backers, holders, keepers; time and prices that go their way."""

    world: Venues

    @initialize()
    def begin(self) -> None:
        self.anchor = boa.env.anchor()
        self.anchor.__enter__()
        self.spot, self.volatility = 2_750.0, 0.15
        self.traded: set[Series] = set()
        for strike, is_put, quantity in ((2_750, False, 20), (2_700, True, 30)):
            self.trade(0, [(strike, is_put, 0, quantity)], False)

    def teardown(self) -> None:
        if hasattr(self, "anchor"):
            self.anchor.__exit__(None, None, None)

    def attempt(self, call: Callable[[], Any]) -> bool:
        try:
            call()
        except boa.BoaError as error:
            assert any(reason in str(error) for reason in REASONS), str(error)
            return False
        return True

    @rule(
        who=st.integers(0, 1),
        orders=st.lists(
            st.tuples(
                st.sampled_from(STRIKES),
                st.booleans(),
                st.integers(0, 1),
                st.sampled_from([-40, -5, 1, 8, 60]),
            ),
            min_size=1,
            max_size=4,
        ),
        routed=st.booleans(),
    )
    def trade(self, who: int, orders: list[tuple[int, bool, int, int]], routed: bool) -> None:
        world, taker = self.world, self.world.people[who]
        for strike, is_put, expiry, quantity in orders:
            series = world.series(strike, is_put, expiry)
            if routed:
                legs = [(series.code, wad(quantity))]
                figures = (taker.number, legs, [world.pool.address], [], UNLIMITED, False)
                done = self.attempt(partial(world.router.route, *figures, sender=taker.address))
            else:
                done = self.attempt(partial(world.deal, series, quantity, taker=taker))
            if done:
                self.traded.add(series)

    @rule(who=st.integers(0, 1), expiry=st.integers(0, 1), share=st.sampled_from([-0.9, 0.5, 0.9]))
    def hedge(self, who: int, expiry: int, share: float) -> None:
        world, taker = self.world, self.world.people[who]
        delta = world.pool.state(0)[0].delta / WAD
        quantity = int(-share * delta / self.spot)
        if quantity:
            date, strike = world.expiries[expiry], 2_750 * WAD
            arguments = (taker.number, date, strike, wad(quantity))
            if self.attempt(lambda: world.pool.hedge(*arguments, sender=taker.address)):
                self.traded |= {Series(1, date, strike, is_put) for is_put in (False, True)}

    @rule(who=st.integers(0, 1), amount=st.sampled_from([1, 20]), data=st.data())
    def wrap(self, who: int, amount: int, data: st.DataObject) -> None:
        if not self.traded:
            return
        world, taker = self.world, self.world.people[who]
        series = data.draw(st.sampled_from(sorted(self.traded)))
        arguments = (taker.number, series.code, wad(amount), taker.address)
        self.attempt(lambda: world.hub.wrap(*arguments, sender=taker.address))

    @rule(who=st.integers(0, 1), part=st.sampled_from([1, 2]), data=st.data())
    def give_units_back(self, who: int, part: int, data: st.DataObject) -> None:
        if not self.traded:
            return
        world, taker = self.world, self.world.people[who]
        code = data.draw(st.sampled_from(sorted(self.traded))).code
        amount = world.hub.balanceOf(taker.address, code) // part
        if amount == 0:
            return
        held = world.ledger.positions_of(world.hub.account_of(code))
        if held and (code >> 120 & 2**24 - 1) * HOUR > boa.env.timestamp:
            arguments = (code, amount, taker.number)
            self.attempt(lambda: world.hub.unwrap(*arguments, sender=taker.address))
        else:
            self.attempt(lambda: world.hub.redeem(code, amount, sender=taker.address))

    @rule(who=st.integers(0, 1), dollars=st.sampled_from([50, 400_000]))
    def bring(self, who: int, dollars: int) -> None:
        self.world.bring(self.world.backers[who], dollars)

    @rule(who=st.integers(0, 1), part=st.sampled_from([1, 3]))
    def leave(self, who: int, part: int) -> None:
        shares, backer = self.world.shares, self.world.backers[who]
        amount = shares.balanceOf(backer) // part
        self.attempt(lambda: shares.request_exit(amount, sender=backer))

    @rule(who=st.integers(0, 1), is_exit=st.booleans())
    def cancel(self, who: int, is_exit: bool) -> None:
        shares, backer = self.world.shares, self.world.backers[who]
        last = shares.requests()[is_exit] - 1
        if last >= 0:
            self.attempt(lambda: shares.cancel(last, is_exit, sender=backer))

    @rule(seconds=st.sampled_from([12, HOUR, DAY, 4 * DAY]), move=st.sampled_from([-0.03, 0, 0.02]))
    def wait(self, seconds: int, move: float) -> None:
        boa.env.time_travel(seconds=seconds)
        self.spot *= 1 + move
        self.world.market.push_price(round(self.spot, 2), self.volatility)
        self.world.pool.look(self.world.expiries)

    @rule(count=st.sampled_from([0, 32]))
    def process(self, count: int) -> None:
        before = {b: self.world.token.balanceOf(b) for b in self.world.backers}
        self.world.shares.process(count, count)
        assert all(self.world.token.balanceOf(b) >= was for b, was in before.items())

    @rule()
    def settle(self) -> None:
        world = self.world
        world.market._state.expiries |= {s.expiry for s in self.traded}
        for expiry in world.market.unfixed():
            try:
                world.market.fix(expiry)
            except boa.BoaError:
                return
        codes = {s.code for s in self.traded if s.expiry <= boa.env.timestamp}
        behind = [world.hub.account_of(code) for code in codes]
        everyone = [one.number for one in world.people] + [world.pool.ACCOUNT()]
        world.ledger.settle(everyone + [one for one in behind if one][:29])

    @invariant()
    def claims_are_covered(self) -> None:
        assert self.world.ledger.certificate().surplus >= 0

    @invariant()
    def the_pool_keeps_its_margin(self) -> None:
        assert self.world.ledger.health(self.world.pool.ACCOUNT()).maintenance >= 0

    @invariant()
    def values_lie_in_order(self) -> None:
        risk, worth = self.world.pool.state(0)
        assert worth.low <= max(worth.income, 0) and max(worth.income, 0) <= worth.high
        assert worth.reserve <= max(self.world.cash_of_pool(), 0)

    @invariant()
    def units_are_backed(self) -> None:
        hub, ledger = self.world.hub, self.world.ledger
        for series in self.traded:
            own = hub.account_of(series.code)
            if own:
                held = [word & 2**96 - 1 for word in ledger.positions_of(own)]
                supply = hub.totalSupply(series.code)
                owners = [*self.world.people]
                assert supply == sum(hub.balanceOf(o.address, series.code) for o in owners)
                assert held == [supply] or (not held and ledger.cash_of(own) >= 0)
                assert ledger.health(own).maintenance >= 0

    @invariant()
    def shares_are_where_they_should_be(self) -> None:
        shares = self.world.shares
        held = sum(shares.balanceOf(b) for b in self.world.backers)
        assert shares.totalSupply() == held + shares.balanceOf(shares.address)
        first, (_, count) = shares.first_exit(), shares.requests()
        waiting = sum(shares.exits(i).amount for i in range(first, count))
        assert shares.balanceOf(shares.address) == waiting


@pytest.mark.ignore_isolation
def test_liquidity() -> None:
    with boa.env.anchor():
        Liquidity.world = Venues()
        run_state_machine_as_test(
            Liquidity,
            settings=settings(
                max_examples=6, stateful_step_count=20, derandomize=True, deadline=None
            ),
        )
