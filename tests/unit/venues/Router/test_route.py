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
        self.batch: Any = self.market.batch
        for account in (self.taker, self.maker, self.other):
            self.token.mint(account.address, 10**9)
            self.token.approve(self.batch.address, 2**256 - 1, sender=account.address)
            self.batch.bring(10**9, sender=account.address)

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
        waits: list[float] | None = None,
        crumb: int = 0,
    ) -> int:
        wanted = [(series.code, wad(quantity)) for series, quantity in legs]
        venues = self.pools if pools is None else pools
        arguments: tuple[Any, ...] = (self.taker.number, wanted, venues, orders or [])
        arguments += (limit, partial)
        if waits:
            arguments += (self.batch.address, [wad(one) + crumb for one in waits])
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


def test_makers_who_bid_more_than_the_pools_are_sold_to(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    best = max(-pool.quote(call.code, -WAD).cost for pool in (world.pool, world.timid)) / WAD
    high, low = world.order(call, 10, round(best + 2, 3)), world.order(call, 10, 1, 2)
    cash = world.cash(world.taker)
    paid = world.route([(call, -30)], [low, high])
    assert world.position(world.maker, call) == wad(10)
    assert paid == cash - world.cash(world.taker) < -wad(30 * (best - 3))
    # Alone, it pays its price less the fee.
    parts, cost = world.router.quote([(call.code, -WAD)], [], [low])
    assert [part.quantity for part in parts] == [WAD]
    rate = world.market.parameters.fees.taker_rate
    assert cost == -WAD + min(2_750 * rate, WAD // 8)


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
    # Nor figures that the venue refuses.
    good = world.order(call, -5, 1)
    for size, price in ((2**95, WAD), (wad(5), 2**96)):
        account, taker, _, legs, *terms = good[0]
        leg = (legs[0][0], legs[0][1], price)
        other = [*other[:2], ((account, taker, size, [leg], *terms), *good[1:])]
        assert world.router.quote([(call.code, WAD)], [], other) == ([], 0)
    assert world.router.quote([(call.code, 2**95 - 1)], [], []) == ([], 0)
    # It acts for its caller only, and only when told to.
    world.market.operators.set_operator(world.router.address, False, sender=world.taker.address)
    with boa.reverts("router: not filled"):
        world.route([(call, 1)])


def waiting(world: Routes, series: Series, sells: bool = False) -> list[tuple[int, int]]:
    """Limits and quantities [1e-9] that wait in the open batch."""
    epoch = boa.env.timestamp // world.batch.LENGTH()
    words = world.batch.list_of(epoch, series.code, sells)
    return [(word >> 80, word & (2**80 - 1)) for word in words]


@pytest.mark.parametrize("quantity", [60, -60])
def test_what_others_take_too_dearly_waits_in_the_batch(world: Routes, quantity: int) -> None:
    """Pools fill up to the marginal price at which the taker is ready to wait."""
    call, sign = world.series(2_775, expiry=1), 1 if quantity > 0 else -1
    offers = [world.pool.quote(call.code, sign * WAD), world.timid.quote(call.code, sign * WAD)]
    # A little more than the first contract costs at the dearer pool, the last one costs more.
    wait = round(abs(max(one.cost for one in offers) / WAD + 0.1), 9)
    legs = [(call.code, wad(quantity))]
    parts, cost = world.router.quote(legs, world.pools, [], world.batch.address, [wad(wait)])
    found = {part.venue: part.quantity for part in parts}
    assert sum(found.values()) == wad(60) and found[2] % 10**9 == 0 and min(found.values()) > 0
    for venue, pool in enumerate((world.pool, world.timid)):
        more = 10**15
        at = [world.alone(pool, call, sign * part) for part in (found[venue], found[venue] + more)]
        marginal = (at[1] - at[0]) * 1_000
        assert abs(marginal - sign * wad(wait)) < WAD // 500, "the next contract costs the same"
    cash = world.cash(world.taker)
    paid = world.route([(call, quantity)], waits=[wait])
    limit = sign * round(wait * 10**9) * found[2] // 10**9
    assert cash - world.cash(world.taker) + limit == paid
    assert abs(paid - cost) < WAD // 10**6
    assert world.position(world.taker, call) == sign * (wad(60) - found[2])
    assert waiting(world, call, sign < 0) == [(round(wait * 10**9), found[2] // 10**9)]


def test_what_waits_trades_at_the_price_of_the_batch(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    fair = world.pool.quote(call.code, WAD).value / WAD
    wait = round(fair - 1, 6)
    assert world.route([(call, 10)], waits=[wait]) == wad(wait) * 10
    assert world.position(world.taker, call) == 0
    order = (world.other.number, [(call.code, -1)], wad(25), -wad(wait - 2))
    world.batch.place(order, b"", 0, sender=world.other.address)
    length, window = world.batch.LENGTH(), world.batch.WINDOW()
    epoch = boa.env.timestamp // length
    world.market.travel_to((epoch + 2) * length + window)
    world.market.push_price(2_750, 0.15)
    cash = world.cash(world.taker)
    world.batch.judge(epoch, 16)
    world.batch.settle(epoch, call.code, 16)
    # More is offered than wanted: the seller's limit is the price, better than the taker's.
    assert world.position(world.taker, call) == wad(10)
    assert cash - world.cash(world.taker) == wad(wait - 2) * 10


def test_all_venues_together_under_one_limit(world: Routes) -> None:
    call, put = world.series(2_775, expiry=1), world.series(2_700, True, 1)
    fair = world.pool.quote(call.code, WAD).value / WAD
    offer = world.order(call, -10, round(fair, 3))
    legs, waits = [(call, 80), (put, -5)], [round(fair + 5.8, 6), 0]
    with boa.env.anchor():
        cost = world.route(legs, [offer], waits=waits)
        assert world.position(world.maker, call) == wad(-10)
        assert len(waiting(world, call)) == 1 and world.position(world.taker, put) == wad(-5)
    with boa.reverts("router: cost above limit"):
        world.route(legs, [offer], limit=cost - 1, waits=waits)
    assert world.route(legs, [offer], limit=cost, waits=waits) == cost


def test_a_batch_that_refuses_fails_alone(world: Routes) -> None:
    """Without a bond nothing can wait: the pools take over, or it stays open."""
    call = world.series(2_775, expiry=1)
    fair = world.pool.quote(call.code, WAD).value / WAD
    free = world.batch.free(world.taker.address) // 1_000
    world.batch.take(free, sender=world.taker.address)
    world.route([(call, 40)], waits=[round(fair + 5.8, 6)])
    assert world.position(world.taker, call) == wad(40) and not waiting(world, call)
    with boa.reverts("router: not filled"):
        world.route([(call, 40)], pools=[], waits=[fair])
    # Nor does a price that no order of a batch can have.
    world.batch.bring(10**8, sender=world.taker.address)
    with boa.reverts("router: not filled"):
        world.route([(call, 40)], pools=[], waits=[fair], crumb=1)
    with boa.reverts("router: wait out of range"):
        world.route([(call, 40)], waits=[2**97 / WAD])
    legs = [(call.code, WAD)]
    with boa.reverts("router: not a venue"):
        world.router.quote(legs, [], [], world.router.address, [WAD])


def test_crumbs_of_the_batch_go_to_others(world: Routes) -> None:
    call = world.series(2_775, expiry=1)
    fair = world.pool.quote(call.code, WAD).value / WAD
    legs = [(call.code, wad(40) + 7)]
    waits = [wad(round(fair + 5.8, 6))]
    parts, _ = world.router.quote(legs, world.pools, [], world.batch.address, waits)
    found = {part.venue: part.quantity for part in parts}
    assert sum(found.values()) == wad(40) + 7 and found[2] % 10**9 == 0
    # Without a price nothing waits.
    for none in ([0], []):
        parts, _ = world.router.quote(legs, world.pools, [], world.batch.address, none)
        assert {part.venue for part in parts} <= {0, 1}
        assert sum(part.quantity for part in parts) == wad(40) + 7
    # Alone, the batch leaves them open.
    parts, _ = world.router.quote(legs, [], [], world.batch.address, waits)
    assert [part.quantity for part in parts] == [wad(40)]


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
