"""Whose order it is, in forty bits; and who is asked for margin when an order comes in."""

from dataclasses import replace
from typing import Any

import boa

from novate.market import Account
from novate.series import WAD, pack
from tests.unit.auction.BatchAuction.conftest import MAX_AGE, TOKEN, UNIT, BatchWorld
from tests.world import build, wad


def second(world: BatchWorld, first: Account, index: int, cash: float) -> Account:
    """Another account of the same owner, with cash."""
    account = replace(first, index=index)
    world.market.give(first, cash)
    world.market.deposit(account, cash)
    return account


def test_all_accounts_of_an_owner_are_told_apart(world: BatchWorld) -> None:
    owner, call = world.maker, world.calls[0]
    others = [second(world, owner, index, 10_000) for index in (1, 2**40, 2**96 - 1)]
    orders = [world.place(who, [(call, 1)], 1 + i, 50) for i, who in enumerate([owner, *others])]
    # Again, now that all are known, and those of somebody else.
    orders += [world.place(who, [(call, 1)], 1, 49) for who in (*others[::-1], world.taker)]
    for one in orders:
        account, terms = world.batch.orders(one.id)
        assert account == one.account.number
        assert (terms >> 96, terms >> 1 & 2**31 - 1, terms & 1) == (call.code, one.epoch, 0)
    sold = world.sell(world.other, call, 20, 30)
    world.run(sold)
    held = [world.position(who, call) for who in (owner, *others, world.taker)]
    assert held == [wad(1), wad(3), wad(4), wad(5), wad(1)]
    free = world.batch.free(owner.address)
    bonds = sum(world.batch.orders(one.id).terms >> 32 & 2**64 - 1 for one in orders[:7])
    world.batch.release([one.id for one in orders])
    assert world.batch.free(owner.address) == free + bonds == 10_000 * UNIT


def test_an_owner_who_brought_nothing(world: BatchWorld) -> None:
    """Its broker seals for it: the bond goes to the owner, which can take it out like any other."""
    owner, broker = world.person("owner", 10_000), world.other.address
    world.market.operators.set_operator(broker, True, sender=owner.address)
    order = (owner.number, [(world.calls[0].code, 1)], wad(1), wad(50))
    world.batch.commit(world.batch.seal(broker, order, b""), 10 * UNIT, sender=broker)
    world.to_reveal()
    id = world.batch.reveal(order, b"", 0, sender=broker)
    assert world.batch.orders(id).account == owner.number
    epoch = world.epoch - 1
    world.to_clear(epoch)
    world.settle(epoch, *world.calls)
    world.batch.release([id])
    assert world.batch.free(owner.address) == 10 * UNIT
    with boa.reverts("batch: not enough free"):
        world.batch.take(10 * TOKEN + 1, sender=owner.address)
    world.batch.take(10 * TOKEN, sender=owner.address)
    assert world.token.balanceOf(owner.address) == 10 * TOKEN


def test_more_money_than_there_is(world: BatchWorld) -> None:
    """Beyond 96 bits it would reach the number of the account."""
    who, most = world.maker.address, (2**96 - 1) // 1_000
    world.token.mint(who, 2 * most)
    with boa.reverts("batch: amount too large"):
        world.batch.bring(most, sender=who)
    world.batch.bring(most - 10_000 * TOKEN, sender=who)
    assert world.batch.free(who) == most * 1_000
    with boa.reverts("batch: amount too large"):
        world.batch.bring(1, sender=who)
    one = world.place(world.maker, [(world.calls[0], 1)], 1, 50)
    assert world.batch.orders(one.id).account == world.maker.number


def test_options_that_are_paid_for_owe_nothing(world: BatchWorld) -> None:
    """Why standard margin is not asked when an order only buys."""
    ledger: Any = world.ledger
    for count in range(1, 4):
        for quantity in (10**9, WAD // 7, 40_000 * WAD):
            for cash in (0, 1, 10**24):
                words = [pack(call.code, quantity) for call in world.calls[:count]]
                for shock in (2_200, 2_750, 3_300):
                    with boa.env.anchor():
                        world.market.push_price(shock, 0.4)
                        found = ledger.appraise(0, cash, [], words)
                    assert found.fresh and found.initial >= 0


def test_who_only_buys_for_cash_needs_no_price(world: BatchWorld) -> None:
    """Others are asked for margin, and so is anyone from the first position on."""
    call, poor = world.calls[0], world.trader("poor", 1_000)
    world.place(world.maker, [(call, 1)], 1, 50)
    with boa.env.anchor():
        boa.env.evm.patch.timestamp = boa.env.timestamp + MAX_AGE + 1
        world.place(poor, [(call, 1)], 20, 50)
        for legs, limit in (([(call, -1)], -50.0), ([(call, 1), (world.calls[1], -1)], 5.0)):
            with boa.reverts("batch: below margin"):
                world.place(poor, legs, 1, limit)
    with boa.reverts("batch: below margin"):
        world.place(poor, [(call, 1)], 20, 50.000000001)
    world.novate(world.trade(world.maker, poor, world.calls[1], 1, 10))
    world.place(poor, [(call, 1)], 19.8, 50)
    with boa.env.anchor():
        boa.env.evm.patch.timestamp = boa.env.timestamp + MAX_AGE + 1
        with boa.reverts("batch: below margin"):
            world.place(poor, [(call, 1)], 1, 50)


def test_portfolio_margin_wants_more_than_the_price(world: BatchWorld) -> None:
    call, poor = world.calls[0], world.trader("poor", 1_000)
    world.ledger.set_engine(poor.number, 1, sender=poor.address)
    with boa.reverts("batch: below margin"):
        world.place(poor, [(call, 1)], 50, 20)
    world.place(poor, [(call, 1)], 10, 20)


def test_nor_who_is_in_auction_or_limited(world: BatchWorld) -> None:
    call, poor = world.calls[0], world.trader("poor", 1_000)
    world.use_own_house()
    world.freeze(poor)
    with boa.reverts("batch: below margin"):
        world.place(poor, [(call, 1)], 1, 50)
    world.ledger.thaw(poor.number, sender=world.house)
    world.place(poor, [(call, 1)], 1, 50)
    limits = build("margin/ExposureLimits.vy", world.market.oracle.address, world.owner)
    with boa.env.prank(world.owner):
        world.ledger.set_exposure_limits(limits.address)
        # A tenth of a contract's delta.
        limits.set_limits(1, 1, (WAD // 10, 0))
        limits.set_tier(poor.number, 1)
        world.ledger.mark_limited(poor.number, True)
    with boa.reverts("batch: below margin"):
        world.place(poor, [(call, 1)], 1, 50)
    world.place(poor, [(call, 1)], 0.1, 50)
