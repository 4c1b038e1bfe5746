"""The pool where there is nothing to see, to pay or to convert; a token that stops paying."""

from typing import Any

import boa
import pytest

from tests.unit.venues.OptionPool.conftest import PoolWorld, choose
from tests.unit.venues.OptionPool.test_shares import leave, over, serve
from tests.world import WAD, build, wad

DAY = 86_400


@pytest.fixture(scope="module")
def world() -> PoolWorld:
    return PoolWorld()


def test_nothing_is_seen_of_an_expiry_that_has_passed(world: PoolWorld) -> None:
    past = int(boa.env.timestamp) // 3_600 * 3_600 - 3_600
    world.pool.look([past])
    assert not world.pool._computation.get_raw_log_entries()
    assert world.shares.totalAssets() > 0


def test_conversions_are_inverse_but_for_rounding(world: PoolWorld) -> None:
    world.deal(world.series(2_775), 40)
    for assets in (1, 10**6, 123_456_789_012):
        shares = world.shares.convertToShares(assets)
        back = world.shares.convertToAssets(shares)
        # Two values lie between: the one on the way in is higher.
        assert assets * 98 // 100 - 1 <= back <= assets


def test_a_request_of_nothing(world: PoolWorld) -> None:
    with boa.reverts("pool: request too small"):
        world.shares.request_deposit(0, sender=world.backer)


def test_expired_options_count_what_they_pay(world: PoolWorld) -> None:
    """Held over its expiry: at the fixing, puts and calls."""
    put, call = world.series(2_900, True), world.series(2_600)
    codes = [put.code, call.code]
    words = [code << 96 | wad(2) for code in codes]
    expiry = world.expiries[0]
    boa.env.evm.patch.timestamp = expiry - 3_600
    world.market.push_price(2_800, 0.15)
    boa.env.evm.patch.timestamp = expiry
    world.market.fix(expiry)
    world.market.push_price(2_800, 0.15)
    fixing = world.market.oracle.fixing(1, expiry)
    assert fixing > 0
    risk = world.pricer.assess(1, sorted(words), 0, DAY)
    worth = 2 * (wad(2_900) - fixing) + 2 * (fixing - wad(2_600))
    assert risk.value == pytest.approx(worth, rel=1e-9)
    assert risk.fresh


def test_one_stale_expiry_makes_the_whole_stale(world: PoolWorld) -> None:
    words: list[Any] = [
        world.market.series(2_700, expiry, False).code << 96 | wad(1) for expiry in world.expiries
    ]
    assert world.pricer.assess(1, words, 0, DAY).fresh
    boa.env.evm.patch.timestamp += 10 * DAY
    assert not world.pricer.assess(1, words, 0, DAY).fresh


def test_a_token_that_answers_nothing_has_paid(world: PoolWorld) -> None:
    """As USDT; and one that stops paying is asked again by whoever it owes."""
    token = build("tests/hostile/NoReturnToken.vy")
    shares = over(world, token)[1]
    token.mint(world.backer, 10**9)
    token.approve(shares.address, 10**9, sender=world.backer)
    id = shares.request_deposit(10**9, sender=world.backer)
    shares.cancel(id, False, sender=world.backer)
    assert token.balanceOf(world.backer) == 10**9 and shares.owed(world.backer) == 0


def test_what_is_owed_stays_owed_until_it_moves(world: PoolWorld) -> None:
    token, me = build("tests/hostile/FalseToken.vy"), world.backer
    shares = over(world, token)[1]
    token.mint(me, 10**20)
    token.approve(shares.address, 10**20, sender=me)
    id = shares.request_deposit(10**20, sender=me)
    token.jam(True)
    shares.cancel(id, False, sender=me)
    assert shares.owed(me) == 10**20
    with boa.reverts("pool: transfer failed"):
        shares.collect(me, sender=me)
    token.jam(False)
    shares.collect(me, sender=me)
    assert (shares.owed(me), token.balanceOf(me)) == (0, 10**20)


def test_the_queue_steps_over_exits_that_were_taken_back(world: PoolWorld) -> None:
    """Nothing is burnt or paid for them, and who comes behind is served."""
    shares = world.shares.balanceOf(world.backer)
    back = leave(world, world.backer, shares // 4)
    leave(world, world.backer, shares // 2)
    world.shares.cancel(back, True, sender=world.backer)
    before = world.token.balanceOf(world.backer)
    assert serve(world, DAY)
    served = [type(log).__name__ for log in world.shares.get_logs()]
    assert served.count("Withdraw") == 1 and world.shares.first_exit() == 2
    assert (
        world.shares.balanceOf(world.backer) == world.shares.totalSupply() == shares - shares // 2
    )
    assert world.token.balanceOf(world.backer) - before == pytest.approx(500_000 * 10**6, rel=1e-9)


def test_an_option_without_vega_pays_the_whole_fee(world: PoolWorld) -> None:
    """An hour before the end and far from the money no number of contracts brings a volatility
    back, however far the pool is off."""
    choose(world, last=0)
    far, near = world.series(2_800), world.series(2_750)
    for call, quantity in ((far, 10), (near, 5)):
        world.deal(call, -quantity, 0)
    world.market.travel_to(far.expiry - 3_600)
    world.market.push_price(2_750, 0.15)
    words: list[Any] = world.ledger.positions_of(world.pool.ACCOUNT())
    risk = world.pricer.assess(1, words, far.code, 0)
    assert risk.held == wad(10) and risk.unit_vega == 0 < risk.level
    rules, spot = world.rules, risk.spot
    fee = wad(4) * (rules.premium_fee * risk.price + rules.spot_fee * spot) // (WAD * 10_000) + 1
    assert world.pool.quote(far.code, wad(4)).fee == fee
