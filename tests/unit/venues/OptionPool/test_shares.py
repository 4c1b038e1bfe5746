"""Backers: who comes pays for what is there, who leaves early leaves what it has not earned."""

from dataclasses import astuple, replace
from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

from novate.fronts import hand_on
from tests.unit.venues.OptionPool.conftest import HOUR, UNIT, PoolWorld, choose, near
from tests.world import DAY, WAD, build, wad

MILLION = 10**6


def serve(world: PoolWorld, seconds: int = HOUR) -> bool:
    """Time passes, prices are recorded, a keeper processes."""
    world.pass_time(seconds)
    world.market.push_price(2_750, 0.15)
    return bool(world.shares.process(32, 32, sender=world.intruder))


def leave(world: PoolWorld, backer: str, shares: int | None = None) -> int:
    shares = world.shares.balanceOf(backer) if shares is None else shares
    return int(world.shares.request_exit(shares, sender=backer))


def test_who_comes_first_pays_a_dollar_a_share(world: PoolWorld) -> None:
    assert world.shares.balanceOf(world.backer) == MILLION * 10**24
    assert world.cash_of_pool() == MILLION * WAD
    assert world.token.balanceOf(world.shares.address) == 0
    assert world.shares.asset() == world.token.address
    assert world.shares.totalAssets() == MILLION * UNIT
    assert world.shares.decimals() == 24


def test_requests_wait_for_their_time(world: PoolWorld) -> None:
    late = world.rich("late")
    world.bring(late, 1_000)
    assert serve(world, HOUR - 60) and world.shares.balanceOf(late) == 0
    assert serve(world, 60) and world.shares.balanceOf(late) == 1_000 * 10**24
    assert world.shares.first_deposit() == 2 == world.shares.requests()[0]
    leave(world, late)
    assert serve(world, DAY - 60) and world.token.balanceOf(late) == (10**8 - 1_000) * UNIT
    assert serve(world, 60) and 10**8 * UNIT - world.token.balanceOf(late) <= 1
    assert world.shares.balanceOf(late) == 0 and world.shares.first_exit() == 1


def test_in_and_out_earns_nothing(world: PoolWorld) -> None:
    """With options on the books and charges in reserve: high on the way in, low on the way out."""
    world.deal(world.series(2_775), 40)
    late = world.rich("late")
    world.bring(late, 100_000)
    assert serve(world)
    bought = world.shares.balanceOf(late)
    assert bought < 100_000 * 10**24
    paid = world.shares.convertToAssets(bought)
    worth = world.pool.state(0)[1]
    assert worth.low < worth.income < worth.high and paid < 100_000 * UNIT
    leave(world, late)
    assert serve(world, DAY)
    assert world.token.balanceOf(late) < 10**8 * UNIT


def test_money_brought_for_one_trade_loses(world: PoolWorld) -> None:
    """Just-in-time liquidity: the charges of a trade belong to those who stay with its risk."""
    late = world.rich("late")
    world.bring(late, 1_000_000)
    assert serve(world)
    brought = 10**8 * UNIT - world.token.balanceOf(late)
    # A large trade that everybody saw coming, then out as fast as the pool lets.
    world.deal(world.series(2_775, expiry=1), 100)
    leave(world, late)
    assert serve(world, DAY)
    loss = brought - (world.token.balanceOf(late) - (10**8 * UNIT - brought))
    assert loss > 0
    # Whoever stays has what the other one left.
    assert world.pool.state(0)[1].reserve > 0


def test_staying_while_risk_is_carried_earns_the_reserve(world: PoolWorld) -> None:
    world.deal(world.series(2_775, expiry=1), 100)
    reserve = mpf(world.pool.state(0)[1].reserve)
    risk, worth = world.pool.state(0)
    world.shares.process(0, 0)
    rate = mpf(risk.theta) / worth.income
    assert rate > 0
    twin = world.twin()
    twin.next_block(world.conduct, DAY, rate)
    world.pass_time(DAY)
    world.market.push_price(2_750, 0.15)
    kept = world.pool.state(0)[1].reserve
    assert near(kept, twin.reserve) and kept < reserve
    # Without risk the reserve is earned more slowly.
    calm = world.twin()
    calm.reserve = reserve / WAD
    calm.next_block(world.conduct, DAY, mpf(0))
    assert calm.reserve > twin.reserve


@given(parts=st.lists(st.integers(1, 30 * HOUR), min_size=1, max_size=4))
@settings(max_examples=8, derandomize=True)
def test_the_reserve_fades_the_same_however_often_one_looks(
    world: PoolWorld, parts: list[int]
) -> None:
    choose(world, theta=0)
    world.deal(world.series(2_775, expiry=1), 100)
    reserve = world.pool.state(0)[1].reserve
    for part in parts:
        world.pass_time(part)
        world.market.push_price(2_750, 0.15)
        world.shares.process(0, 0)
    kept = world.pool.state(0)[1].reserve
    expected = mpf(reserve) / WAD * mpf("2.718281828459045235") ** (-mpf(sum(parts)) / (720 * HOUR))
    assert near(kept, expected, 1e-12)


def test_exits_leave_margin_and_a_buffer(world: PoolWorld) -> None:
    world.deal(world.series(2_775), 100)
    second = str(boa.env.generate_address("second"))
    world.shares.transfer(second, 8 * 10**29, sender=world.backer)
    # One is paid in full, the other as far as it goes.
    leave(world, world.backer)
    leave(world, second)
    assert serve(world, DAY)
    left = world.shares.exits(1).amount
    assert 0 < left < 8 * 10**29 and world.shares.first_exit() == 1
    assert world.token.balanceOf(second) > 0
    health = world.ledger.health(world.pool.ACCOUNT())
    worth = world.pool.state(0)[1]
    assert near(health.initial, mpf(worth.income) / WAD / 10, 0.01)
    assert world.shares.totalSupply() == left
    # What is left is still served once the options are over.
    world.market.travel_to(world.series(2_775).expiry - 2 * DAY)
    world.market.push_price(2_700, 0.15)
    world.market.travel_to(world.series(2_775).expiry)
    world.market._state.expiries |= {world.series(2_775).expiry}
    assert not world.shares.process(32, 32)  # expired and not fixed
    world.market.fix(world.series(2_775).expiry)
    world.ledger.settle([world.pool.ACCOUNT()])
    assert world.shares.process(32, 32)
    assert world.shares.totalSupply() == 0 and world.shares.exits(1).amount == 0


def test_requests_can_be_taken_back(world: PoolWorld) -> None:
    first = world.bring(world.backer, 500)
    with boa.reverts("pool: not your request"), boa.env.prank(world.intruder):
        world.shares.cancel(first, False)
    before = world.token.balanceOf(world.backer)
    world.shares.cancel(first, False, sender=world.backer)
    assert world.token.balanceOf(world.backer) - before == 500 * UNIT
    with boa.reverts("pool: request is over"), boa.env.prank(world.backer):
        world.shares.cancel(first, False)
    shares = world.shares.balanceOf(world.backer)
    one = leave(world, world.backer, 10**26)
    with boa.reverts("pool: not your request"), boa.env.prank(world.intruder):
        world.shares.cancel(one, True)
    world.shares.cancel(one, True, sender=world.backer)
    assert world.shares.balanceOf(world.backer) == shares
    # The queue steps over what was cancelled.
    late = world.rich("late")
    world.bring(late, 1_000)
    assert serve(world) and world.shares.balanceOf(late) == 1_000 * 10**24


def test_requests_have_a_least_size(world: PoolWorld) -> None:
    with boa.reverts("pool: request too small"):
        world.bring(world.backer, 9.99)
    with boa.reverts("pool: request too large"), boa.env.prank(world.backer):
        world.shares.request_deposit(2**100)
    with boa.reverts("pool: request too small"):
        leave(world, world.backer, 10**24)
    with boa.reverts("pool: request too small"):
        leave(world, world.intruder)
    world.shares.transfer(world.intruder, 10**24, sender=world.backer)
    leave(world, world.intruder)


def test_a_gift_to_an_empty_pool_robs_nobody(world: PoolWorld) -> None:
    pool, shares = world.empty_pool
    thief, victim = world.rich("thief"), world.rich("victim")
    for one in (thief, victim):
        world.token.approve(shares.address, 2**256 - 1, sender=one)
    shares.request_deposit(20 * UNIT, sender=thief)
    world.pass_time(HOUR)
    assert shares.process(1, 1)
    shares.request_exit(shares.balanceOf(thief) - 1, sender=thief)
    world.pass_time(DAY)
    shares.process(1, 1)
    world.token.approve(world.ledger.address, 2**256 - 1, sender=thief)
    world.ledger.deposit(pool.ACCOUNT(), 0, MILLION * UNIT, sender=thief)
    # A share's value swung, so nobody is served before a pause is over.
    shares.request_deposit(1_000 * UNIT, sender=victim)
    world.pass_time(HOUR)
    assert not shares.process(1, 1)
    world.pass_time(HOUR)
    assert shares.process(1, 1)
    assert shares.convertToAssets(shares.balanceOf(victim)) > 998 * UNIT


def test_the_breaker_stops_trades_and_requests_for_a_while(world: PoolWorld) -> None:
    choose(world, swing=10)
    call = world.series(2_775)
    world.deal(call, 40)
    world.pass_time()
    assert world.shares.process(0, 0)
    world.pass_time(2 * DAY)
    world.shares.process(0, 0)
    world.market.push_price(2_850, 0.15)
    with boa.reverts("pool: value swings"):
        world.deal(call, -5)
    late = world.rich("late")
    world.bring(late, 1_000)
    world.pass_time(HOUR)
    assert not world.shares.process(1, 1)
    with boa.reverts("pool: paused"):
        world.deal(call, -5)
    assert world.shares.balanceOf(late) == 0
    world.pass_time(HOUR)
    assert world.shares.process(1, 1)
    assert world.shares.balanceOf(late) > 0
    world.deal(call, -5)


def test_nobody_is_served_at_stale_prices(world: PoolWorld) -> None:
    late = world.rich("late")
    world.bring(late, 1_000)
    world.deal(world.series(2_775), 4)
    world.market.travel(days=5)
    assert not world.shares.process(1, 1) and world.shares.balanceOf(late) == 0


def test_nobody_fills_a_hole(world: PoolWorld) -> None:
    choose(world, swing=65_535)
    world.use_own_house()
    account = world.pool.ACCOUNT()
    late = world.rich("late")
    world.ledger.freeze(account, sender=world.house)
    for taken, served in ((999_000, 1), (2_001, 0)):
        # All but 1,000 USD; then, with 1,000 more brought, one more than there is.
        world.ledger.charge(account, world.other.number, wad(taken), sender=world.house)
        world.bring(late, 1_000)
        before = world.shares.first_deposit()
        world.pass_time(HOUR)
        assert world.shares.process(32, 0) is bool(served)
        assert world.shares.first_deposit() == before + served


def test_pending_losses_are_not_left_to_those_who_stay(world: PoolWorld) -> None:
    world.use_own_house()
    leave(world, world.backer, 10**29)
    world.pass_time(DAY)
    world.market.push_price(2_750, 0.15)
    world.ledger.provide(wad(10**5), sender=world.house)
    with boa.reverts("pool: losses pending"):
        world.shares.process(1, 1)
    world.ledger.provide(-wad(10**5), sender=world.house)
    assert world.shares.process(1, 1)


def over(world: PoolWorld, token: Any) -> tuple[Any, Any]:
    """A ledger over another token, and the shares of a pool there."""
    m = world.market
    units = [x.address for x in (m.oracle, m.listing, m.operators, m.curve, token)]
    back = build("clearing/BackOffice.vy", *units)
    ledger = build("clearing/Clearinghouse.vy", *units, world.owner, back.address)
    hand_on(ledger, back)
    for engine in (0, 1):
        ledger.register_engine(engine, m.margin.address, sender=world.owner)
    pool = build(
        "venues/OptionPool.vy",
        *(ledger.address, m.oracle.address, world.pricer.address, 1, world.owner),
    )
    shares = build("venues/PoolShares.vy", pool.address, "Other pool", "nPOOL")
    pool.link(shares.address, m.operators.address, sender=world.owner)
    pool.set_rules(astuple(world.rules), astuple(world.conduct), sender=world.owner)
    return ledger, shares


def test_a_token_that_fails_brings_nothing(world: PoolWorld) -> None:
    token = build("tests/hostile/FalseToken.vy")
    shares = over(world, token)[1]
    token.mint(world.backer, 10**24)
    with boa.reverts("pool: transfer failed"), boa.env.prank(world.backer):
        shares.request_deposit(10**20)


def test_a_refused_receiver_stops_nobody(world: PoolWorld) -> None:
    """Two leave; the token refuses to pay the first, who collects elsewhere."""
    token = build("tests/hostile/BlacklistToken.vy")
    shares = over(world, token)[1]
    backers = [str(boa.env.generate_address(role)) for role in ("listed", "free")]
    with boa.reverts("pool: nothing owed"), boa.env.prank(backers[0]):
        shares.collect(backers[1])
    amount = 100 * 10 ** token.decimals()
    for one in backers:
        token.mint(one, amount)
        token.approve(shares.address, amount, sender=one)
        shares.request_deposit(amount, sender=one)
    world.pass_time(HOUR)
    assert shares.process(32, 32)
    for one in backers:
        shares.request_exit(shares.balanceOf(one), sender=one)
    token.block_address(backers[0], True)
    world.pass_time(DAY)
    assert shares.process(32, 32)
    assert token.balanceOf(backers[1]) >= amount - 1 and token.balanceOf(backers[0]) == 0
    elsewhere = str(boa.env.generate_address("elsewhere"))
    shares.collect(elsewhere, sender=backers[0])
    assert token.balanceOf(elsewhere) >= amount - 1 and shares.owed(backers[0]) == 0


def test_a_token_that_calls_back_gets_nowhere(world: PoolWorld) -> None:
    """In the midst of a payment every function of the shares is closed."""
    token = build("tests/hostile/ReentrantToken.vy")
    shares = over(world, token)[1]
    backer = str(boa.env.generate_address("backer"))
    token.mint(backer, 100 * WAD)
    token.approve(shares.address, 100 * WAD, sender=backer)
    shares.request_deposit(100 * WAD, sender=backer)
    world.pass_time(HOUR)
    shares.process(32, 32)
    shares.request_exit(shares.balanceOf(backer), sender=backer)
    world.pass_time(DAY)
    for name, arguments in (
        ("process", (32, 32)),
        ("request_deposit", (100 * WAD,)),
        ("request_exit", (1,)),
        ("cancel", (0, True)),
        ("collect", (backer,)),
    ):
        with boa.env.anchor():
            calls = token.calls()
            token.arm(shares.address, getattr(shares, name).prepare_calldata(*arguments))
            assert shares.process(32, 32)
            assert token.calls() == calls + 1 and not token.succeeded()
            # The lock gives no reason; every other refusal does.
            assert token.response() == b""
            assert token.balanceOf(backer) >= 100 * WAD - 10


def test_the_owner_links_shares_once(world: PoolWorld) -> None:
    operators = world.market.operators.address
    with boa.reverts("ownable: caller is not the owner"), boa.env.prank(world.intruder):
        world.pool.link(world.intruder, operators)
    with boa.reverts("pool: already linked"), boa.env.prank(world.owner):
        world.pool.link(world.intruder, operators)
    with boa.reverts("pool: no owner"):
        build(
            "venues/OptionPool.vy",
            *(world.ledger.address, world.market.oracle.address, world.pricer.address, 1),
            "0x" + 40 * "0",
        )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"premium_fee": 1_001}, "pool: fee too high"),
        ({"spot_fee": 101}, "pool: fee too high"),
        ({"level": 50_001}, "pool: impact too high"),
        ({"skew": 50_001}, "pool: impact too high"),
        ({"delta": 2_001}, "pool: charge too high"),
        ({"gamma": 2_001}, "pool: charge too high"),
        ({"vega": 2_001}, "pool: charge too high"),
        ({"least_delta": 5_000}, "pool: no delta left"),
        ({"free": 11, "most": 10}, "pool: use out of range"),
        ({"most": 2_001}, "pool: use out of range"),
        ({"edge": 21}, "pool: edge above charge"),
        ({"delta": 100, "edge": 51}, "pool: edge above charge"),
        ({"buffer": 5_001}, "pool: buffer too large"),
        ({"swing": 0}, "pool: no breaker"),
        ({"period": 0}, "pool: no breaker"),
        ({"window": 0}, "pool: no time"),
        ({"release": 0}, "pool: no time"),
        ({"slope": 2**16}, "pool: rule out of range"),
        ({"memory": 256}, "pool: rule out of range"),
    ],
)
def test_rules_have_bounds(world: PoolWorld, change: dict[str, int], reason: str) -> None:
    with boa.reverts(reason):
        choose(world, **change)


def test_hedging_by_rule(world: PoolWorld) -> None:
    """Forwards against the pool's delta, for a fixed edge; no further than nothing."""
    call = world.series(2_775)
    expiry, strike = call.expiry, 2_750 * WAD
    hedger = world.other
    with boa.reverts("pool: delta within its band"), boa.env.prank(hedger.address):
        world.pool.hedge(hedger.number, expiry, strike, WAD)
    choose(world, band=100)
    world.deal(call, 60)
    delta = mpf(world.pool.state(0)[0].delta) / WAD
    assert delta < -10_000
    forwards = int(-delta / 2_750)
    for quantity in (-1, forwards + 1):
        with boa.reverts("pool: no hedge"), boa.env.prank(hedger.address):
            world.pool.hedge(hedger.number, expiry, strike, wad(quantity))
    with boa.reverts("pool: sender may not act"), boa.env.prank(world.intruder):
        world.pool.hedge(hedger.number, expiry, strike, WAD)
    cash = world.cash(hedger)
    paid = world.pool.hedge(hedger.number, expiry, strike, wad(forwards), sender=hedger.address)
    one = world.twin().markets[expiry]
    fair = forwards * one.discount * (one.forward - 2_750)
    assert near(paid, fair + forwards * mpf(2_750) * 10 / 10_000, 1e-6)
    assert world.cash(hedger) - cash == paid
    after = mpf(world.pool.state(0)[0].delta) / WAD
    assert -2_750 < after < 0
    # Vega and gamma stay where they were: a call and a put of one strike cancel.
    world.pass_time()
    assert near(world.pool.state(0)[0].vega, world.twin().risk().vega, 1e-6)


def test_moving_the_delta_to_be_paid_for_moving_it_back_loses(world: PoolWorld) -> None:
    choose(world, band=0, edge=20)
    call, attacker = world.series(2_775), world.other
    paid = world.deal(call, 60, taker=attacker)
    delta = mpf(world.pool.state(0)[0].delta) / WAD
    forwards = int(-delta / 2_750)
    arguments = (attacker.number, call.expiry, 2_750 * WAD)
    paid -= world.pool.hedge(*arguments, wad(forwards), sender=attacker.address)
    paid += world.deal(call, -60, taker=attacker)
    delta = mpf(world.pool.state(0)[0].delta) / WAD
    forwards = int(delta / 2_750)
    paid -= world.pool.hedge(*arguments, -wad(forwards), sender=attacker.address)
    left = world.market._positions(attacker.number)
    assert all(abs(quantity) <= WAD for _, quantity in left)
    assert paid > 0


def test_hedging_the_other_way(world: PoolWorld) -> None:
    choose(world, band=100)
    put = replace(world.series(2_725), is_put=True)
    world.deal(put, 60)
    assert world.pool.state(0)[0].delta > 0
    arguments: tuple[Any, ...] = (world.other.number, put.expiry, 2_750 * WAD, wad(-5))
    paid = world.pool.hedge(*arguments, sender=world.other.address)
    one = world.twin().markets[put.expiry]
    fair = -5 * one.discount * (one.forward - 2_750)
    assert near(paid, fair + 5 * mpf(2_750) * 10 / 10_000, 1e-6)
    world.market.travel(days=5)
    with boa.reverts("pool: stale price"):
        world.pool.hedge(*arguments, sender=world.other.address)
