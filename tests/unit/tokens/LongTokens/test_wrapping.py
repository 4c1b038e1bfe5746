"""Longs become units and come back: fully backed, paid exactly, and no round trip earns."""

from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.series import Series
from tests.unit.tokens.LongTokens.conftest import UNIT
from tests.world import DAY, WAD, wad


def test_a_long_moves_behind_the_units(world: Any) -> None:
    world.wrap(4)
    assert world.units(world.holder.address) == world.hub.totalSupply(world.put.code) == wad(4)
    assert world.position(world.holder, world.put) == wad(6)
    assert world.backing() == (wad(4), 0)
    # Each series has an account of its own.
    call = world.market.call(2_800, 7)
    world.novate(world.trade(world.writer, world.holder, call, 1))
    holder = world.holder
    world.hub.wrap(holder.number, call.code, WAD, holder.address, sender=holder.address)
    own = world.hub.account_of(call.code)
    assert own == int(world.hub.address, 16) << 96 | 2 and world.hub.accounts() == 2
    assert own != world.hub.account_of(world.put.code)
    assert world.hub.account_of(world.market.call(2_900, 7).code) == 0
    health = world.ledger.health(own)
    assert health.maintenance == health.initial == 0


def test_there_and_back_earns_nothing(world: Any) -> None:
    cash = world.cash(world.holder)
    world.wrap(4)
    paid = world.hub.unwrap(
        world.put.code, wad(4), world.holder.number, sender=world.holder.address
    )
    assert paid == 0 and world.cash(world.holder) == cash
    assert world.position(world.holder, world.put) == wad(10)
    assert world.backing() == (0, 0) and world.hub.totalSupply(world.put.code) == 0


def test_a_gift_stays_with_those_who_stay(world: Any) -> None:
    world.wrap(4)
    world.market.give(world.writer, 50)
    world.ledger.deposit(
        world.hub.account_of(world.put.code), 0, 50 * UNIT, sender=world.writer.address
    )
    assert world.hub.price(world.put.code)[0] < 100 * WAD
    # Wrapping and unwrapping in between takes none of it.
    world.wrap(6)
    paid = world.hub.unwrap(
        world.put.code, wad(6), world.holder.number, sender=world.holder.address
    )
    assert paid == 0 and world.backing() == (wad(4), wad(50))
    world.expire(2_800)
    assert world.hub.redeem(world.put.code, wad(4), sender=world.holder.address) == 50 * UNIT


def test_who_holds_no_long_writes_one_with_margin(world: Any) -> None:
    world.wrap(1, world.writer)
    assert world.position(world.writer, world.put) == wad(-11)
    poor = world.person("poor", cash=1)
    with boa.reverts("margin: below initial"):
        world.wrap(1, poor)


def test_who_may_wrap_and_unwrap(world: Any) -> None:
    with boa.reverts("token: sender may not act"), boa.env.prank(world.intruder):
        world.hub.wrap(world.holder.number, world.put.code, WAD, world.intruder)
    world.wrap(1, receiver=world.friend)
    with boa.reverts("token: sender may not act"), boa.env.prank(world.friend):
        world.hub.unwrap(world.put.code, WAD, world.holder.number)
    with boa.reverts("token: empty address"), boa.env.prank(world.holder.address):
        world.hub.wrap(world.holder.number, world.put.code, WAD, "0x" + 40 * "0")
    with boa.reverts("token: amount too large"), boa.env.prank(world.holder.address):
        world.hub.wrap(world.holder.number, world.put.code, 2**95, world.friend)
    with boa.reverts("novate: zero quantity"):
        world.wrap(0)
    with boa.reverts("token: zero amount"), boa.env.prank(world.friend):
        world.hub.redeem(world.put.code, 0)
    with boa.reverts("token: not settled"), boa.env.prank(world.friend):
        world.hub.redeem(world.put.code, WAD)
    with boa.reverts("token: balance too small"), boa.env.prank(world.intruder):
        world.hub.unwrap(world.put.code, 1, int(world.intruder, 16) << 96)


def test_payoff_after_settlement_to_whoever_holds(world: Any) -> None:
    world.wrap(4)
    world.hub.transfer(world.friend, world.put.code, wad(1), sender=world.holder.address)
    world.expire(2_600)
    # Nobody settled the account: redeeming does.
    before = world.wallet(world.friend)
    assert world.hub.redeem(world.put.code, wad(1), sender=world.friend) == 100 * UNIT
    assert world.wallet(world.friend) - before == 100 * UNIT
    with boa.reverts("token: nothing to unwrap"), boa.env.prank(world.holder.address):
        world.hub.unwrap(world.put.code, wad(3), world.holder.number)
    assert world.hub.price(world.put.code) == (100 * WAD, True)
    assert world.hub.redeem(world.put.code, wad(3), sender=world.holder.address) == 300 * UNIT
    assert world.backing() == (0, 0)


def test_before_the_fixing_units_wait(world: Any) -> None:
    world.wrap(4)
    world.market.travel_to(world.put.expiry - DAY)
    world.market.push_price(2_600)
    world.market.travel_to(world.put.expiry)
    with boa.reverts("token: not settled"), boa.env.prank(world.holder.address):
        world.hub.redeem(world.put.code, wad(4))
    with boa.reverts("series: expired"):
        world.hub.unwrap(world.put.code, wad(4), world.holder.number, sender=world.holder.address)
    world.market.fix(world.put.expiry)
    assert world.hub.redeem(world.put.code, wad(4), sender=world.holder.address) == 400 * UNIT


def test_what_was_closed_out_is_shared_by_all_units(world: Any) -> None:
    world.wrap(3)
    world.hub.transfer(world.friend, world.put.code, wad(1), sender=world.holder.address)
    world.close_out(1.5, 30)
    assert world.backing() == (wad(1.5), wad(30))
    with boa.reverts("token: backing incomplete"):
        world.wrap(1)
    mark = world.market.margin.assess(0, [], [world.put.code << 96 | WAD]).equity
    worth, fresh = world.hub.price(world.put.code)
    assert fresh and abs(worth - (mark // 2 + 10 * WAD)) <= 2
    before = world.wallet(world.holder.address)
    paid = world.hub.unwrap(
        world.put.code, wad(1), world.holder.number, sender=world.holder.address
    )
    assert paid == 10 * UNIT == world.wallet(world.holder.address) - before
    assert world.position(world.holder, world.put) == wad(7.5)
    # All of it closed: cash alone, at once.
    world.close_out(1, 40)
    assert world.backing() == (0, wad(60))
    assert world.hub.redeem(world.put.code, wad(1), sender=world.friend) == 30 * UNIT
    assert world.hub.redeem(world.put.code, wad(1), sender=world.holder.address) == 30 * UNIT


def test_pending_losses_are_not_left_to_the_others(world: Any) -> None:
    world.wrap(4)
    world.hub.transfer(world.friend, world.put.code, wad(2), sender=world.holder.address)
    world.expire(2_600)
    world.ledger.settle([world.hub.account_of(world.put.code)])
    # A tenth of all cash is expected to be lost.
    total = sum(world.cash(one) for one in (world.writer, world.holder)) + wad(400)
    world.ledger.provide(total // 10, sender=world.house)
    with boa.reverts("token: losses pending"), boa.env.prank(world.friend):
        world.hub.redeem(world.put.code, wad(2))
    paid = world.hub.redeem(world.put.code, wad(2), 179 * UNIT, sender=world.friend)
    assert paid == 179 * UNIT
    assert world.backing()[1] >= wad(200)


def test_price_of_any_id(world: Any) -> None:
    mark = world.market.margin.assess(0, [], [world.put.code << 96 | WAD]).equity
    assert world.hub.price(world.put.code) == (mark, True)
    world.wrap(4)
    assert world.hub.price(world.put.code) == (mark, True)
    assert world.hub.price(2**160) == (0, False)
    world.market.travel(days=5)
    assert world.hub.price(world.put.code)[1] is False


@given(
    held=st.integers(1, 10 * WAD),
    closed=st.integers(0, 10 * WAD),
    cash=st.integers(0, 10**4 * WAD),
    parts=st.lists(st.integers(1, WAD), min_size=1, max_size=4),
)
@settings(max_examples=15, derandomize=True)
def test_shares_add_up(world: Any, held: int, closed: int, cash: int, parts: list[int]) -> None:
    """However units are split, all of them get all that is there but for less than a unit each."""
    closed = min(closed, held)
    world.hub.wrap(
        *(world.holder.number, world.put.code, held, world.holder.address),
        sender=world.holder.address,
    )
    if closed:
        world.freeze(world.writer)
        own = world.hub.account_of(world.put.code)
        figures = (world.writer.number, own, world.put.code, -closed, cash)
        world.ledger.deleverage(*figures, sender=world.house)
        world.ledger.thaw(world.writer.number, sender=world.house)
    else:
        cash = 0
    whole, left, paid, moved = sum(parts), held, 0, 0
    for i, part in enumerate(parts):
        amount = left if i == len(parts) - 1 else min(max(held * part // whole, 1), left)
        if amount == 0:
            continue
        before = world.position(world.holder, world.put)
        function = world.hub.unwrap if world.backing()[0] else world.hub.redeem
        arguments = (world.holder.number,) if world.backing()[0] else ()
        got = function(world.put.code, amount, *arguments, sender=world.holder.address)
        gained = world.position(world.holder, world.put) - before
        # Never more than its part of what was there at first.
        assert got * 10**12 <= cash * amount // held + 10**12 * i
        assert gained <= -(-(held - closed) * amount // held) + i
        left, paid, moved = left - amount, paid + got, moved + gained
    assert moved == held - closed and 0 <= cash - paid * 10**12 < 10**12 * len(parts)


def test_names(world: Any) -> None:
    expiry = world.put.expiry
    assert world.hub.name(world.put.code) == world.hub.symbol(world.put.code) == "1-20260109-2700-P"
    barrier = Series(7, expiry, 2_700 * WAD + 5 * 10**17, False, barrier=3_000 * WAD, is_up=True)
    assert world.hub.name(barrier.code) == "7-20260109-270050000000e-8-C-UO-3000"
    down = Series(7, expiry, 2_700 * WAD, True, barrier=2_000 * WAD, knocks_in=True)
    assert world.hub.name(down.code) == "7-20260109-2700-P-DI-2000"
    assert (world.hub.decimals(world.put.code), world.hub.decimals(2**160)) == (18, 0)


@given(days=st.integers(0, 2**24 // 24 - 1))
@settings(max_examples=15, derandomize=True)
def test_dates(world: Any, days: int) -> None:
    import numpy as np

    code = Series(1, days * DAY, WAD, True).code
    date = str(np.datetime64(0, "D") + days).replace("-", "")
    assert world.hub.name(code) == f"1-{date}-1-P"


def test_the_hub_is_a_venue_and_nothing_else(world: Any) -> None:
    world.ledger.set_venue(world.hub.address, False, sender=world.owner)
    with boa.reverts("novate: not a venue"):
        world.wrap(1)


@pytest.mark.parametrize("paid", [0, 1])
def test_limits_below_the_share_leave_the_rest(world: Any, paid: int) -> None:
    world.wrap(4)
    world.expire(2_600)
    assert world.hub.redeem(world.put.code, wad(2), paid, sender=world.holder.address) == paid
    got = world.hub.redeem(world.put.code, wad(2), sender=world.holder.address)
    assert got == 400 * UNIT - paid
