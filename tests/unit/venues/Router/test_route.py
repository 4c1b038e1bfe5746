"""Orders split over pools and makers: nothing is cheaper; a venue that fails, fails alone."""

from dataclasses import astuple, replace
from typing import Any

import boa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate import orders as signed_orders
from novate.orders import ANYONE, Leg, Order
from novate.series import Series
from tests.unit.venues.OptionPool.conftest import HOUR, UNLIMITED, PoolWorld, wad
from tests.world import WAD, build

NEVER = -(2**254)


class Routes(PoolWorld):
    """Two pools of other appetite, a maker, and a router that acts for the taker."""

    def __init__(self) -> None:
        super().__init__()
        self.timid, shares = self.empty_pool
        rules = replace(self.rules, level=3_000, skew=6_000, vega=20, delta=10)
        self.timid.set_rules(astuple(rules), astuple(self.conduct), sender=self.owner)
        self.timid.look(self.expiries)
        self.token.approve(shares.address, 2**256 - 1, sender=self.backer)
        shares.request_deposit(5 * 10**11, sender=self.backer)
        self.pass_time(HOUR)
        assert shares.process(1, 1)
        self.router: Any = self.market.router
        self.market.operators.set_operator(self.router.address, True, sender=self.taker.address)
        self.maker = self.person("maker", cash=1_000_000)
        self.pools = [self.pool.address, self.timid.address]

    def order(self, series: Series, quantity: float, price: float, nonce: int = 1) -> Any:
        """What the maker signs: it buys a positive quantity."""
        leg = Leg(series.code, WAD if quantity > 0 else -WAD, wad(price))
        order: Order = signed_orders.quote(
            self.maker.number,
            [leg],
            nonce=nonce,
            size=wad(abs(quantity)),
            taker=ANYONE,
            epoch=0,
            deadline=2**40,
        )
        signature = signed_orders.sign(order, self.maker.signer, self.market.domain)
        return (order.as_tuple(), self.maker.address, signature)

    def route(
        self,
        legs: list[Any],
        orders: list[Any] | None = None,
        pools: list[str] | None = None,
        limit: int = UNLIMITED,
        partial: bool = False,
    ) -> int:
        wanted = [(series.code, wad(quantity)) for series, quantity in legs]
        venues = self.pools if pools is None else pools
        arguments = (self.taker.number, wanted, venues, orders or [], limit, partial)
        return int(self.router.route(*arguments, sender=self.taker.address))

    def alone(self, pool: Any, series: Series, quantity: int) -> int:
        """[wad] cost of a part at one pool; 0 for none."""
        return int(pool.quote(series.code, quantity).cost) if quantity else 0


@pytest.fixture(scope="module")
def world() -> Routes:
    return Routes()


def test_no_other_split_is_cheaper(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    for quantity in (40, -30):
        size = wad(quantity)
        with boa.env.anchor():
            paid = world.route([(call, quantity)])
            assert world.position(world.taker, call) == size
        grid = [
            world.alone(world.pool, call, part) + world.alone(world.timid, call, size - part)
            for part in (size * i // 40 for i in range(41))
        ]
        assert paid <= min(grid) + WAD // 10**6
        # A split it is: neither pool alone does as well.
        assert paid < min(grid[0], grid[-1]) - WAD // 100


def test_makers_take_what_they_offer_below_the_pools(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    fair = world.pool.quote(call.code, WAD).value / WAD
    cheap, dear = world.order(call, -10, round(fair, 3)), world.order(call, -10, fair * 2, 2)
    parts, cost = world.router.quote([(call.code, wad(40))], world.pools, [cheap, dear])
    found = {part.venue: part.quantity for part in parts}
    assert found[2] == wad(10) and 3 not in found and sum(found.values()) == wad(40)
    paid = world.route([(call, 40)], [cheap, dear])
    assert abs(paid - cost) < WAD // 10**6
    assert world.position(world.maker, call) == wad(-10)
    assert world.position(world.taker, call) == wad(40)
    # What is used up is offered no more.
    parts, _ = world.router.quote([(call.code, wad(4))], [], [cheap, dear])
    assert [(part.venue, part.quantity) for part in parts] == [(1, wad(4))]


def test_a_venue_that_fails_fails_alone(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    best = world.order(call, -10, 1)
    # Signed by nobody who may: the quote cannot see that.
    bad = (best[0], world.intruder, best[2])
    paid = world.route([(call, 20)], [bad])
    assert world.position(world.taker, call) == wad(20) and paid > 0
    assert world.position(world.maker, call) == 0


def test_a_pool_at_its_limit_takes_a_half_or_a_quarter(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    rules = replace(world.rules, max_delta=400)
    world.pool.set_rules(astuple(rules), astuple(world.conduct), sender=world.owner)
    size = 60
    with boa.reverts("pool: delta limit"):
        world.pool.quote(call.code, wad(size))
    parts, _ = world.router.quote([(call.code, wad(size))], world.pools, [])
    found = {part.venue: part.quantity for part in parts}
    assert 0 < found[0] <= wad(size // 2) and sum(found.values()) == wad(size)
    world.route([(call, size)])
    with boa.reverts("router: not filled"):
        world.route([(call, size)], pools=[world.pool.address])
    before = world.position(world.taker, call)
    world.route([(call, size)], pools=[world.pool.address], partial=True)
    assert before <= world.position(world.taker, call) < before + wad(size)


def test_several_legs_under_one_limit(world: Routes) -> None:
    buy, sell = world.series(2_775, expiry=1), world.series(2_850, expiry=1)
    legs = [(buy, 10), (sell, -10)]
    with boa.env.anchor():
        cost = world.route(legs)
    with boa.reverts("router: cost above limit"):
        world.route(legs, limit=cost - 1)
    assert world.position(world.taker, buy) == 0
    assert world.route(legs, limit=cost) == cost
    assert world.position(world.taker, sell) == wad(-10)


def test_who_may_route_and_what(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    with boa.reverts("router: sender may not act"), boa.env.prank(world.intruder):
        world.router.route(world.taker.number, [], [], [], 0, False)
    with boa.reverts("router: not a venue"):
        world.route([(call, 1)], pools=[world.router.address])
    for quantity in (0, 2**95, NEVER):
        with boa.reverts("router: quantity out of range"):
            world.router.quote([(call.code, quantity)], world.pools, [])
    # Other series, other sides, other units: nothing for this leg.
    other = [world.order(world.series(2_800, expiry=1), -5, 1), world.order(call, 5, 1, 2)]
    parts, _ = world.router.quote([(call.code, WAD)], [], other)
    assert parts == []
    # It acts for its caller only, and only when told to.
    world.market.operators.set_operator(world.router.address, False, sender=world.taker.address)
    with boa.reverts("router: not filled"):
        world.route([(call, 1)])


offers = st.lists(
    st.tuples(
        st.integers(-(10**20), 10**20),
        st.sampled_from([0, 0, 10**12, 10**16, 10**18]),
        st.integers(0, 10**21),
    ),
    min_size=1,
    max_size=6,
)


@given(offers=offers, quantity=st.integers(1, 10**21))
@settings(max_examples=60, derandomize=True)
def test_parts_are_the_cheapest(offers: list[Any], quantity: int) -> None:
    """Beside filling contract by contract at the lowest marginal price."""
    harness = build("tests/harness/RoutingHarness.vy")
    parts = harness.split(offers, quantity)
    room = sum(most for _, _, most in offers)
    assert sum(parts) == min(quantity, room)
    assert all(part <= most for part, (_, _, most) in zip(parts, offers, strict=True))
    a, b, most = (np.array(column, dtype=float) / WAD for column in zip(*offers, strict=True))
    taken, step = np.zeros(len(offers)), sum(parts) / WAD / 2_000
    for _ in range(2_000):
        marginal = np.where(taken + step <= most + 1e-9, a + 2 * b * taken, np.inf)
        if np.isinf(marginal).all():
            break
        taken[int(np.argmin(marginal))] += step

    def cost(x: Any) -> float:
        return float(np.sum(a * x + b * x * x))

    mine = cost(np.array(parts, dtype=float) / WAD)
    slack = step * float(np.max(np.abs(a) + 2 * b * np.maximum(most, step))) * len(offers)
    assert mine <= cost(taken) + 2 * slack + 1e-6
