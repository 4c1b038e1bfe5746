"""Trades with the pool: the price of risk, what is refused, and no way around it is cheaper."""

from dataclasses import astuple, fields, replace

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

from novate.pool import Conduct, Rules
from novate.series import Series
from tests.unit.venues.OptionPool.conftest import HOUR, UNLIMITED, PoolWorld, choose, near, option
from tests.world import DAY, WAD, wad

# Without its limits, so that large trades show how prices go.
WIDE = {"max_delta": 60_000, "max_gamma": 60_000, "max_vega": 60_000, "most": 2_000} | {
    "least_delta": 0
}
NEVER = -(2**255)


def test_a_trade_moves_the_position_and_the_money(world: PoolWorld) -> None:
    call = world.series(2_775)
    twin, cash = world.twin(), world.cash(world.taker)
    pools = int(world.ledger.cash_of(world.pool.ACCOUNT()))
    paid = world.deal(call, 4)
    traded = world.pool._get_logs(world.pool._computation, True)[-1]
    assert traded[1] == world.pool.address.canonical_address
    assert near(paid, twin.trade(option(call), mpf(4)))
    assert world.position(world.taker, call) == wad(4) and world.held() == [(call, wad(-4))]
    assert cash - world.cash(world.taker) == paid
    assert world.ledger.cash_of(world.pool.ACCOUNT()) - pools == paid
    # Portfolio margin, and room left.
    assert world.ledger.engine_of(world.pool.ACCOUNT()) == 1
    assert world.ledger.health(world.pool.ACCOUNT()).initial > 0


def test_limits_of_the_taker(world: PoolWorld) -> None:
    call = world.series(2_775)
    cost = world.pool.quote(call.code, WAD).cost
    with boa.reverts("pool: cost above limit"):
        world.deal(call, 1, cost - 1)
    assert world.deal(call, 1, cost) == cost
    world.pass_time()
    received = -world.pool.quote(call.code, -WAD).cost
    with boa.reverts("pool: cost above limit"):
        world.deal(call, -1, -received - 1)
    assert world.deal(call, -1, -received) == -received


def test_each_unit_of_risk_costs(world: PoolWorld) -> None:
    """One rule at a time, beside what the reference says of it."""
    none = Rules(*(0,) * 7, horizon=72, slope=0)
    call = world.series(2_775)
    names = ("premium_fee", "spot_fee", "level", "skew", "delta", "gamma", "vega")
    for name in names:
        rules = replace(none, **{name: getattr(world.rules, name)})
        conduct = replace(world.conduct, edge=0)
        world.pool.set_rules(astuple(rules), astuple(conduct), sender=world.owner)
        deal = world.pool.quote(call.code, wad(4))
        one = world.twin().unit(option(call))
        expected = {
            "premium_fee": 4 * one.value / 100,
            "spot_fee": mpf(4 * 2_750 * 5) / 10_000,
            "level": (4 * one.vega) ** 2 / 2 / 10**6 * 500 / 10_000,
            "skew": (4 * one.vega) ** 2 / 2 / 10**6 * 1_500 / 10_000,
            "delta": 4 * one.delta * 20 / 10_000,
            "gamma": 4 * one.gamma / 100 * 20 / 10_000,
            "vega": 4 * one.vega * 50 / 10_000,
        }[name]
        assert near(deal.fee + deal.charge, expected), name


def test_short_dated_gamma_is_dearer(world: PoolWorld) -> None:
    near_call, far_call = world.series(2_750), world.series(2_750, expiry=1)
    twin = world.twin()
    figures = [twin.unit(option(one)).gamma for one in (near_call, far_call)]
    choose(world, horizon=0)
    plain = [world.pool.state(one.code)[0].unit_gamma for one in (near_call, far_call)]
    weights = [mpf(f) * WAD / p for f, p in zip(figures, plain, strict=True)]
    left = [one.expiry - boa.env.timestamp for one in (near_call, far_call)]
    for weight, time in zip(weights, left, strict=True):
        assert abs(weight - (1 + mpf(72 * HOUR) / time)) < 1e-9
    assert weights[0] > weights[1]


def test_what_takes_risk_off_is_paid_for_out_of_the_reserve(world: PoolWorld) -> None:
    call = world.series(2_775)
    world.deal(call, 20)
    world.forget()
    reserve = world.pool.state(0)[1].reserve
    deal = world.pool.quote(call.code, wad(-20))
    assert deal.charge < 0 and near(deal.charge, world.twin().cost(option(call), mpf(-20))[2])
    assert -deal.charge <= reserve
    world.deal(call, -20)
    # All fees are left, and no more than wei of the charges.
    left = world.pool.state(0)[1].reserve
    assert 0 < left < reserve


def test_rebates_end_where_the_reserve_ends(world: PoolWorld) -> None:
    # The reserve becomes income within hours, and the risk stays.
    choose(world, release=1, theta=0)
    call = world.series(2_775)
    world.deal(call, 20)
    world.pass_time(10 * HOUR)
    reserve = world.pool.state(0)[1].reserve
    deal = world.pool.quote(call.code, wad(-20))
    assert deal.charge == -reserve - deal.fee
    whole = world.pool.quote(call.code, wad(-20)).cost
    with boa.env.anchor():
        parts = world.deal(call, -12) + world.deal(call, -8)
    assert parts >= whole


@given(
    quantity=st.sampled_from([-30, -7, 3, 12.5, 40]),
    parts=st.lists(st.integers(1, 100), min_size=2, max_size=4),
    strike=st.sampled_from([2_650, 2_750, 2_800]),
    is_put=st.booleans(),
    before=st.sampled_from([0, -11, 25]),
)
@settings(max_examples=12, derandomize=True)
def test_a_trade_in_parts_costs_the_same(
    world: PoolWorld, quantity: float, parts: list[int], strike: float, is_put: bool, before: float
) -> None:
    choose(world, **WIDE)
    series = world.series(strike, is_put, 1)
    if before:
        world.deal(world.series(2_725, not is_put), before)
        world.forget()
    if quantity < 0 and sum(world.twin().cost(option(series), mpf(quantity))) > 0:
        with boa.reverts("pool: worth less than charge"):
            world.deal(series, quantity)
        return
    offer = world.pool.quote(series.code, wad(quantity))
    sizes = [wad(quantity) * part // sum(parts) for part in parts[:-1]]
    sizes.append(wad(quantity) - sum(sizes))
    arguments = [(world.taker.number, series.code, size, UNLIMITED) for size in sizes]
    paid = sum(world.pool.trade(*one, sender=world.taker.address) for one in arguments)
    # A few wei a part for the value and the fee, a rate times that for the rest.
    assert 0 <= paid - offer.cost <= 100 * len(parts)


@given(
    first=st.sampled_from([-20, 5, 60]),
    others=st.sampled_from([0, -30, 10, 50]),
    strike=st.sampled_from([2_700, 2_750, 2_825]),
    is_put=st.booleans(),
    again=st.integers(1, 3),
    before=st.sampled_from([0, -40, 40]),
)
@settings(max_examples=12, derandomize=True)
def test_trading_around_others_loses(
    world: PoolWorld,
    first: float,
    others: float,
    strike: float,
    is_put: bool,
    again: int,
    before: float,
) -> None:
    """In one block: before somebody, the other way after, in one piece or several."""
    choose(world, **WIDE)
    series = world.series(strike, is_put, 1)
    if before:
        world.deal(world.series(2_725, not is_put), before)
        world.pass_time()
    paid = world.deal(series, first)
    if others:
        world.deal(world.series(2_750, not is_put), others, taker=world.other)
        world.deal(series, others / 2, taker=world.other)
    for part in range(again):
        rest = wad(first) - wad(first) // again * (again - 1)
        size = rest if part == again - 1 else wad(first) // again
        arguments = (world.taker.number, series.code, -size, UNLIMITED)
        paid += world.pool.trade(*arguments, sender=world.taker.address)
    fees = 2 * abs(first) * 2_750 * 5 / 10_000
    assert world.position(world.taker, series) == 0
    assert paid > wad(fees) - WAD // 1_000


def test_longs_of_the_pool_are_nothing_to_trade_around(world: PoolWorld) -> None:
    """Beyond `free` paying back what the pool owes is paid for: not in place of somebody who came
    after and had to leave the pool short, since the first one took its own contracts."""
    choose(world, **(WIDE | {"free": 0, "slope": 100}))
    call = world.series(2_775, expiry=1)
    world.deal(world.series(2_800, expiry=1), 300, taker=world.other)
    world.deal(call, -100, taker=world.other)
    world.forget()
    paid = world.deal(call, 100)
    world.deal(call, 100, taker=world.other)
    paid += world.deal(call, -100)
    assert paid > wad(2 * 100 * 2_750 * 5 / 10_000)
    # Once it is forgotten, who sells takes off what is owed by then, and is paid for that.
    remembered = world.pool.quote(call.code, wad(-50)).charge
    world.forget()
    assert world.pool.quote(call.code, wad(-50)).charge < remembered - 30 * WAD


turns = st.lists(
    st.tuples(
        st.sampled_from([-1, 0, 0, 1]),  # who: the author with a minus or a plus, others
        st.sampled_from([-250, -40, 15, 120, 300]),
        st.integers(0, 2),
        st.integers(0, 45),
    ),
    min_size=2,
    max_size=6,
)


@given(turns=turns, before=st.sampled_from([-150, 0, 150]), late=st.integers(0, 299))
@settings(max_examples=20, derandomize=True)
def test_nobody_earns_by_trading_around_others_while_it_is_remembered(
    world: PoolWorld, turns: list[tuple[int, int, int, int]], before: int, late: int
) -> None:
    """Any trades of an author among those of others, in several series and blocks, that leave it
    with nothing: at whatever second of the clock they begin, they pay more than they bring."""
    choose(world, **WIDE)
    books = [world.series(2_725, True, 1), world.series(2_775, False, 1), world.series(2_775, True)]
    if before:
        world.deal(world.series(2_750, False, 1), before, taker=world.other)
    period = 60 * world.conduct.memory
    world.forget()
    world.pass_time(period - int(boa.env.timestamp) % period + late)
    held, paid, charged = [0] * len(books), 0, 0

    def author(place: int, size: int) -> int:
        deal = world.pool.quote(books[place].code, wad(size))
        if size < 0 and deal.cost > 0:
            return 0
        held[place] += size
        world.deal(books[place], size)
        return int(deal.charge)

    cash = world.cash(world.taker)
    for sign, size, place, wait in turns:
        if sign:
            charged += author(place, sign * size)
        else:
            world.deal(books[place], size, taker=world.other)
        world.pass_time(wait)
    for place, size in enumerate(held):
        if size:
            charged += author(place, -size)
    assert not any(held) and all(world.position(world.taker, one) == 0 for one in books)
    paid = cash - world.cash(world.taker)
    traded = any(sign for sign, *_ in turns)
    # Vegas shrink as time passes, by one part in thousands.
    assert charged >= -abs(paid) // 500
    assert paid > 0 or not traded


def test_it_is_remembered_by_the_clock(world: PoolWorld) -> None:
    """Crumbs in every block make the pool forget no sooner and remember no longer; two periods
    after it, trades the other way cost what they would had they been the first for long."""
    call, crumb = world.series(2_775, expiry=1), wad(0.000001)
    world.deal(call, 100)
    moved = int(boa.env.timestamp)
    period = 60 * world.conduct.memory

    def charges(crumbs: bool) -> list[float]:
        """[USD] of a trade the other way, block by block."""
        found = []
        with boa.env.anchor():
            while boa.env.timestamp < moved + 2 * period:
                if crumbs:
                    arguments = (world.other.number, call.code, crumb, UNLIMITED)
                    world.pool.trade(*arguments, sender=world.other.address)
                found.append(world.pool.quote(call.code, wad(-100)).charge / WAD)
                world.pass_time()
            found.append(world.pool.quote(call.code, wad(-100)).charge / WAD)
            expected = world.twin().cost(option(call), mpf(-100))[2]
            assert abs(found[-1] - expected) < (0.01 if crumbs else 1e-6)
        return found

    alone, among = charges(False), charges(True)
    assert among == pytest.approx(alone, abs=0.01)
    # No rebate as long as it is remembered, all of it afterwards, and nothing in between.
    kept = -(-period // 12)
    assert min(alone[:kept]) > 0 > max(alone[-1:])
    assert {one < 0 for one in alone[:kept]} == {False}
    assert sum(0 > a for a in alone) >= 1


def test_parts_of_what_is_remembered_cost_as_much(world: PoolWorld) -> None:
    """Back to where the pool stood, at once or in five: but for a 64th of what it moves prices."""
    choose(world, **WIDE)
    call = world.series(2_775, expiry=1)
    world.deal(world.series(2_800, expiry=1), 60)
    world.forget()
    world.deal(call, 200, taker=world.other)
    world.pass_time()
    whole = world.pool.quote(call.code, wad(-100))
    with boa.env.anchor():
        paid = sum(world.deal(call, -20) for _ in range(5))
    moves = whole.bend * 100**2
    assert -moves // 64 <= paid - whole.cost <= WAD // 100
    # Where prices move along the trade as well it is by more that parts are dearer.
    beyond = world.pool.quote(call.code, wad(-400))
    paid = sum(world.deal(call, -100) for _ in range(4))
    assert paid >= beyond.cost - beyond.bend * 400**2 // 64


def test_a_pool_may_forget_with_the_block(world: PoolWorld) -> None:
    choose(world, memory=0)
    call = world.series(2_775)
    world.deal(call, 20)
    assert world.pool.quote(call.code, wad(-20)).charge > 0
    world.pass_time(2)
    back = world.pool.quote(call.code, wad(-20))
    assert near(back.charge, world.twin().cost(option(call), mpf(-20))[2]) and back.charge < 0


def test_there_and_back_loses_in_later_blocks_too(world: PoolWorld) -> None:
    call = world.series(2_775)
    paid = world.deal(call, 10)
    world.pass_time()
    paid += world.deal(call, -10)
    assert paid > wad(2 * 10 * 2_750 * 5 / 10_000)


def test_what_is_not_traded(world: PoolWorld) -> None:
    call = world.series(2_775)
    barrier = Series(1, call.expiry, call.strike, False, barrier=3_000 * WAD, is_up=True)
    foreign = replace(call, underlying=2)
    for series, quantity, reason in (
        (barrier, 1, "pool: barrier"),
        (foreign, 1, "pool: other underlying"),
        (call, 0, "pool: quantity out of range"),
        (call, 2.0**96 / WAD, "pool: quantity out of range"),
        (call, -(2.0**96) / WAD, "pool: quantity out of range"),
        (replace(call, expiry=call.expiry + 200 * DAY), 1, "pool: too far from expiry"),
        (world.series(3_400), 1, "pool: extreme delta"),
        (world.series(2_000), 1, "pool: extreme delta"),
        (world.series(2_000, True), -1, "pool: extreme delta"),
        (
            world.market.series(2_750, world.market.expiries(4)[3], False),
            1,
            "pool: surface not watched yet",
        ),
    ):
        with boa.reverts(reason):
            world.deal(series, quantity)
    with boa.reverts("pool: quantity out of range"):
        world.pool.quote(call.code, NEVER)
    with boa.reverts("pool: sender may not act"), boa.env.prank(world.intruder):
        world.pool.trade(world.taker.number, call.code, WAD, UNLIMITED)
    with boa.reverts("pool: own account"), boa.env.prank(world.intruder):
        world.pool.trade(world.pool.ACCOUNT(), call.code, WAD, UNLIMITED)
    world.market.travel_to(call.expiry - 12 * HOUR)
    with boa.reverts("pool: too close to expiry"):
        world.deal(call, 1)


def test_positions_of_extreme_delta_can_be_given_back(world: PoolWorld) -> None:
    call = world.series(2_850)
    world.deal(call, 5)
    world.pass_time(HOUR)
    world.market.push_price(2_550, 0.15)
    with boa.reverts("pool: extreme delta"):
        world.deal(call, 1)
    # Worth next to nothing, so that the fee on spot alone exceeds it.
    choose(world, spot_fee=0)
    world.deal(call, -5)
    assert world.held() == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"max_delta": 20}, "pool: delta limit"),
        ({"max_gamma": 1}, "pool: gamma limit"),
        ({"max_vega": 0}, "pool: vega limit"),
        ({"most": 1, "free": 1}, "pool: use limit"),
    ],
)
def test_beyond_a_limit_risk_only_shrinks(
    world: PoolWorld, change: dict[str, int], reason: str
) -> None:
    call = world.series(2_775)
    world.deal(call, 20)
    choose(world, **change)
    world.pass_time()
    with boa.reverts(reason):
        world.deal(call, 1)
    world.deal(call, -5)
    assert world.position(world.taker, call) == wad(15)


@pytest.mark.parametrize(
    ("change", "most", "reason"),
    [
        ({"max_delta": 60}, 10, "pool: delta limit"),
        ({"max_gamma": 50}, 10, "pool: gamma limit"),
        ({"max_vega": 1}, 82, "pool: vega limit"),
        ({"most": 3, "free": 0}, 10, "pool: use limit"),
    ],
)
def test_limits_are_shares_of_capital(
    world: PoolWorld, change: dict[str, int], most: int, reason: str
) -> None:
    """60 basis points of delta of a million and so on, in contracts by the reference."""
    call = world.series(2_800)
    one = world.twin().unit(option(call))
    room = {
        "max_delta": 6_000 / one.delta,
        "max_gamma": 5_000 * 100 / one.gamma,
        "max_vega": 100 * 100 / one.vega,
        "most": mpf(30_000) / 2_750,
    }[next(iter(change))]
    assert int(room) == most
    choose(world, **(WIDE | change))
    world.pool.quote(call.code, wad(most))
    with boa.reverts(reason):
        world.pool.quote(call.code, wad(most + 1))


def test_use_beyond_what_is_free_has_a_mark_up(world: PoolWorld) -> None:
    choose(world, free=0, slope=100, level=0, skew=0, delta=0, gamma=0, vega=0, edge=0)
    call = world.series(2_775)
    deal = world.pool.quote(call.code, wad(10))
    assert near(deal.charge, mpf(27_500) ** 2 / 2 / 10**6 * 100 / 10_000)
    # Bought from the pool's own longs it is none.
    world.deal(call, -10)
    world.forget()
    assert abs(world.pool.quote(call.code, wad(10)).charge) < 10


def test_no_trade_on_stale_or_moving_prices(world: PoolWorld) -> None:
    call = world.series(2_775)
    world.market.push_price(2_750, 0.17)
    with boa.reverts("pool: surface moves"):
        world.deal(call, 1)
    # Looked at, it is on the way; after some windows it is the average.
    world.pool.look(world.expiries)
    with boa.reverts("pool: surface moves"):
        world.deal(call, 1)
    world.pass_time(5 * 600)
    world.deal(call, 1)
    world.market.travel(days=5)
    with boa.reverts("pool: stale price"):
        world.deal(call, 1)
    # Nor does a stale surface enter the average.
    before = world.pool.surfaces(call.code >> 120)
    world.pool.look(world.expiries)
    assert world.pool.surfaces(call.code >> 120) == before


def test_nobody_moves_the_average_at_once(world: PoolWorld) -> None:
    call = world.series(2_775)
    world.market.push_price(2_750, 0.30)
    for _ in range(5):
        world.pool.look(world.expiries)
    average = world.pool.surfaces(call.code >> 120) >> 192
    assert average == 15 * WAD // 100
    world.pass_time(600)
    world.pool.look(world.expiries)
    average = world.pool.surfaces(call.code >> 120) >> 192
    assert near(average, mpf("0.3") - mpf("0.15") * mpf("0.36787944117144233"), 1e-12)


def test_a_seller_never_owes(world: PoolWorld) -> None:
    call = world.series(2_850)
    with boa.reverts("pool: worth less than charge"):
        world.deal(call, -300)


def test_a_pool_without_money_trades_nothing(world: PoolWorld) -> None:
    pool, shares = world.empty_pool
    pool.look(world.expiries)
    world.pass_time(HOUR)
    with boa.reverts("pool: no capital"):
        pool.quote(world.series(2_775).code, WAD)
    with boa.reverts("pool: no capital"):
        pool.quote(world.series(2_775).code, -WAD)
    assert shares.process(1, 1) is True


def test_pools_of_other_appetite_quote_otherwise(world: PoolWorld) -> None:
    """Two pools, two accounts: what one holds is no matter of the other's prices."""
    pool, shares = world.empty_pool
    timid = replace(world.rules, delta=60, vega=200)
    pool.set_rules(astuple(timid), astuple(world.conduct), sender=world.owner)
    pool.look(world.expiries)
    world.token.approve(shares.address, 2**256 - 1, sender=world.backer)
    shares.request_deposit(10**12, sender=world.backer)
    world.pass_time(HOUR)
    assert shares.process(1, 1)
    call = world.series(2_775)
    dear = pool.quote(call.code, WAD).cost
    assert dear > world.pool.quote(call.code, WAD).cost
    world.deal(call, 50)
    assert pool.quote(call.code, WAD).cost == dear


def test_conduct_defaults_are_those_of_the_reference(world: PoolWorld) -> None:
    word = world.pool.conduct()
    *expected, memory = astuple(Conduct())
    edge = [one.name for one in fields(Conduct)].index("edge")
    expected[edge] += memory << 8
    assert [word >> 16 * i & 0xFFFF for i in range(16)] == expected
    word = world.pool.rules()
    assert tuple(word >> 16 * i & 0xFFFF for i in range(16)) == astuple(Rules())


# No charge of any kind but the fee, and strikes and expiries that go far off the surface.
FAR_OFF = WIDE | {"delta": 0, "gamma": 0, "vega": 0, "slope": 0, "skew": 6_000, "level": 0}


@pytest.mark.parametrize("away", [-400, 400])
@pytest.mark.parametrize("rates", [(6_000, 0), (0, 20_000), (3_000, 12_000)])
def test_what_takes_an_arbitrage_out_is_free(
    world: PoolWorld, away: int, rates: tuple[int, int]
) -> None:
    """A strike, or an expiry, far off the surface comes back without a fee up to its bound."""
    skew, level = rates
    choose(world, **(FAR_OFF | {"skew": skew, "level": level, "edge": 0}))
    call = world.series(2_750)
    world.deal(call, away)
    world.forget()
    twin = world.twin()
    twin.rules = replace(twin.rules, **(FAR_OFF | {"skew": skew, "level": level}))
    free = twin.free(option(call), mpf(-away), twin.book)
    assert 0 < free < 400, "some of the way back, not all of it"
    part = float(free) * 0.999
    sign = -1 if away > 0 else 1
    assert world.pool.quote(call.code, wad(round(sign * part, 6))).fee <= 2
    whole = world.pool.quote(call.code, wad(-away))
    assert near(whole.fee, twin.cost(option(call), mpf(-away))[1])
    # In parts it is the same, and what moves it further away pays in full.
    with boa.env.anchor():
        fees = 0
        for share in (0.3, 0.5, 0.2):
            fees += world.pool.quote(call.code, wad(round(-away * share, 6))).fee
            world.deal(call, round(-away * share, 6))
            # Another block, in which nothing else has changed.
            boa.env.evm.patch.timestamp += 1
        assert abs(fees - whole.fee) < whole.fee // 1_000
    further = world.pool.quote(call.code, wad(away / 100))
    full = (100 * abs(further.value) + 4 * 5 * 2_750 * WAD) // 10_000
    assert abs(further.fee - full) < WAD // 10**6


def test_nothing_is_free_while_what_moved_it_is_remembered(world: PoolWorld) -> None:
    """Whoever takes back what somebody else has just moved found the surface in order."""
    choose(world, **(FAR_OFF | {"edge": 0}))
    call = world.series(2_750)
    world.deal(call, 400)
    paid = world.pool.quote(call.code, wad(-100)).fee
    assert paid > WAD
    world.pass_time(60 * world.conduct.memory - 1)
    assert world.pool.quote(call.code, wad(-100)).fee > paid * 99 // 100
    world.forget()
    assert world.pool.quote(call.code, wad(-100)).fee < paid // 2


@pytest.mark.parametrize("away", [-400, 400])
def test_accounts_that_belong_together_earn_nothing_by_it(world: PoolWorld, away: int) -> None:
    """One moves a strike off the surface, the other takes it back free of fees, again and again."""
    choose(world, **(FAR_OFF | {"edge": 0}))
    call = world.series(2_750)
    before = world.cash(world.taker) + world.cash(world.other)
    lost = 0
    for _ in range(3):
        world.deal(call, away)
        world.forget()
        world.deal(call, -away, taker=world.other)
        world.pass_time()
        now = world.cash(world.taker) + world.cash(world.other)
        # At least one fee a round: what moves it away is never free.
        least = abs(away) * 5 * 2_750 * WAD // 10_000
        assert before - now - lost > least
        lost = before - now


def fill_with_dust(world: PoolWorld, most: int) -> int:
    """Opens as many series as it may with a billionth of a contract; how many."""
    opened = 0
    strikes = [2_750 + 25 * i for i in range(-16, 17)]
    for expiry in world.market.expiries(6)[1:]:
        for strike in strikes:
            for is_put in (False, True):
                if opened == most:
                    return opened
                series = world.market.series(strike, expiry, is_put)
                try:
                    arguments = (world.taker.number, series.code, 10**9, UNLIMITED)
                    world.pool.trade(*arguments, sender=world.taker.address)
                    opened += 1
                except boa.BoaError:
                    continue
                boa.env.evm.patch.timestamp += 1
    return opened


def test_dust_does_not_fill_the_pools_positions_for_nothing(world: PoolWorld) -> None:
    """128 positions are all it may have: places are the dearer the fewer are left."""
    choose(world, least_delta=0, last=0, edge=0)
    world.pool.look(world.market.expiries(6)[1:])
    world.pass_time(HOUR)
    world.market.push_price(2_750, 0.15)
    cash = world.cash(world.taker)
    assert fill_with_dust(world, 128) == 128
    paid = (cash - world.cash(world.taker)) / WAD
    # A million of capital: the last place 100 USD, all of them 128 / 5 times that.
    assert 2_300 < paid < 2_600
    assert len(world.held()) == 128
    fresh = world.market.series(3_200, world.expiries[0], False)
    with boa.reverts():
        world.deal(fresh, 1)
    # Whoever takes dust away pays next to nothing, and there is a place again.
    dust, held = world.held()[0]
    cash = world.cash(world.other)
    arguments = (world.other.number, dust.code, held, UNLIMITED)
    world.pool.trade(*arguments, sender=world.other.address)
    assert abs(cash - world.cash(world.other)) < WAD // 10**6 and len(world.held()) == 127
    # The first places are free of it, and existing series always.
    twin = world.twin()
    twin.book = dict(list(twin.book.items())[:8])
    assert 0 < twin.place(option(fresh), twin.income) < mpf("0.01")
    assert twin.place(option(world.held()[0][0]), twin.income) >= 0


def test_nor_do_crumbs_of_hedges(world: PoolWorld) -> None:
    """Each opens a call and a put: they pay for both places, as trades do."""
    choose(world, band=1)
    world.deal(world.series(2_750), 20)
    world.pool.look(world.market.expiries(6)[1:])
    world.pass_time(HOUR)
    world.market.push_price(2_750, 0.15)
    other, opened = world.other, 0
    cash = world.cash(other)
    for expiry in world.market.expiries(6)[2:]:
        for strike in range(2_300, 3_200, 25):
            if len(world.held()) <= 126:
                arguments = (other.number, expiry, wad(strike), 10**9)
                world.pool.hedge(*arguments, sender=other.address)
                opened += 1
    assert len(world.held()) == 127 and opened == 63
    # From the second place to the last but one.
    worth = sum(100 * (mpf(count) / 128) ** 4 for count in range(1, 127))
    assert near(cash - world.cash(other), worth, 1e-3)
    # A strike that is there already opens nothing.
    cash = world.cash(other)
    world.pool.hedge(*arguments, sender=other.address)
    assert abs(cash - world.cash(other)) < WAD // 10**6


def test_the_bend_is_half_the_second_derivative_of_the_cost(world: PoolWorld) -> None:
    """What routers split orders by, with a mark-up on what is owed beyond half of capital."""
    marked = {"slope": 40, "free": 50, "edge": 0}
    choose(world, **(WIDE | marked))
    call = world.series(2_775, expiry=1)
    world.deal(call, 300)
    world.pass_time()
    once, twice = (world.pool.quote(call.code, wad(n)) for n in (40, 80))
    bend = mpf(twice.cost - 2 * once.cost) / WAD / (2 * 40**2)
    assert abs(mpf(once.bend) / WAD / bend - 1) < 1e-3
    twin = world.twin()
    twin.rules = replace(twin.rules, **(WIDE | {"slope": 40, "free": 50}))
    assert near(once.charge, twin.cost(option(call), mpf(40))[2], 1e-8)
