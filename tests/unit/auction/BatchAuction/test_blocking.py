"""Nobody can stop a batch: who cannot keep its order loses it and its bond, the rest goes on."""

import contextlib

import boa

from novate.market import Account
from tests.unit.auction.BatchAuction.conftest import RICH, UNIT, BatchWorld
from tests.world import wad


def strip(world: BatchWorld, account: Account) -> None:
    """Takes all out that is free, after the reveal."""
    free = world.ledger.health(account.number).initial * 10**6 // 10**18
    arguments = (account.number, 0, free, account.address)
    world.ledger.withdraw(*arguments, sender=account.address)


def test_who_took_its_money_away_is_dropped(world: BatchWorld) -> None:
    call = world.calls[0]
    a, b, c, d, _, _ = world.people
    orders = [
        world.buy(a, call, 6, 50),
        world.buy(b, call, 4, 49),
        world.sell(c, call, 6, 30),
        world.sell(d, call, 8, 31),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    world.batch.judge(epoch, 1)
    strip(world, c)
    world.settle(epoch, call)
    # The price stands, the next seller in line has its share, and the last buyer goes without.
    assert world.price(epoch, call) == 31
    assert [world.position(one, call) for one in (a, b, c, d)] == [wad(4), 0, 0, -wad(4)]
    assert world.batch.forfeited() == RICH
    assert world.batch.orders(orders[2].id).account == 0
    world.batch.release([orders[i].id for i in (0, 1, 3)])
    for one in (a, b, d):
        assert world.batch.free(one.address) == 10_000 * UNIT
    assert world.batch.free(c.address) == 10_000 * UNIT - RICH


def test_a_price_stands_that_an_order_made_before_it_failed(world: BatchWorld) -> None:
    """It moves within limits only; leaving costs a bond in proportion, and moved it no further than
    a small trade would have."""
    call = world.calls[0]
    a, b, c, d, _, _ = world.people

    def price(size: float, leaves: bool) -> float:
        with boa.env.anchor():
            orders = [
                world.buy(a, call, 10, 50),
                world.sell(b, call, 5, 40),
                world.sell(c, call, 5, 42),
                world.sell(c, call, 0.05, 42),
            ]
            if size:
                orders.append(world.buy(d, call, size, 49.9))
            epoch = orders[0].epoch
            world.open(*orders)
            world.to_clear(epoch)
            if leaves:
                strip(world, d)
                d_cash = world.cash(d)
            paid = world.cash(a)
            world.settle(epoch, call)
            held = world.position(a, call)
            assert (paid - world.cash(a)) <= held * 50, "nobody trades beyond its limit"
            if leaves:
                assert world.position(d, call) == 0 and world.cash(d) == d_cash
                assert world.batch.forfeited() == RICH
            return world.price(epoch, call)

    assert price(0, False) == 42
    assert price(0.1, False) == price(2, True) == 49.9


def test_all_sellers_gone_leaves_nothing_stuck(world: BatchWorld) -> None:
    call = world.calls[0]
    orders = [world.buy(world.maker, call, 6, 50), world.sell(world.taker, call, 6, 30)]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    strip(world, world.taker)
    world.settle(epoch, call)
    assert world.batch.result(epoch, call.code)[1]
    world.batch.release([orders[0].id])
    with boa.reverts("batch: no such order"):
        world.batch.release([orders[1].id])


def test_a_challenge_drops_an_order_before_prices_are_made(world: BatchWorld) -> None:
    call = world.calls[0]
    a, b, c, _, _, _ = world.people
    orders = [world.buy(a, call, 6, 50), world.sell(b, call, 6, 30), world.sell(c, call, 6, 48)]
    package = world.commit(b, [(call, -1), (world.calls[1], 1)], 5, 0)
    epoch = orders[0].epoch
    world.open(*orders, package)
    for one in (*orders, package):
        with boa.reverts("batch: order is sound"):
            world.batch.challenge(one.id, sender=world.keeper)
    strip(world, b)
    for one in (orders[1], package):
        world.batch.challenge(one.id, sender=world.keeper)
        with boa.reverts("batch: no such order"):
            world.batch.challenge(one.id, sender=world.keeper)
    assert world.batch.free(world.keeper) == RICH == world.batch.forfeited()
    assert len(world.batch.list_of(epoch, call.code, True)) == 1
    assert len(world.batch.list_of(epoch, 0, False)) == 0
    world.to_clear(epoch)
    with boa.reverts("batch: too late"):
        world.batch.challenge(orders[0].id)
    world.settle(epoch, call)
    # As if it had never been there.
    assert world.price(epoch, call) == 49


def test_a_package_that_fails_leaves_the_others_in_peace(world: BatchWorld) -> None:
    near, far, _ = world.calls
    a, b, c, d, _, _ = world.people
    orders = [
        world.sell(a, near, 10, 40),
        world.buy(b, near, 10, 40),
        world.buy(b, far, 10, 20),
        world.sell(d, far, 10, 20),
        world.commit(c, [(near, 1), (far, -1)], 4, 25),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    strip(world, c)
    world.settle(epoch, near, far)
    assert world.batch.forfeited() == RICH and world.position(c, near) == 0
    assert world.batch.accepted_in(epoch)[1] == [orders[4].id]
    assert world.position(a, near) == -wad(6) and world.position(d, far) == -wad(6)


def test_a_counterparty_of_a_package_fails_and_the_next_one_takes_its_place(
    world: BatchWorld,
) -> None:
    near, far, _ = world.calls
    a, b, c, d, _, _ = world.people
    orders = [
        world.sell(a, near, 5, 39),
        world.sell(d, near, 5, 40),
        world.buy(d, near, 5, 41),
        world.buy(b, far, 10, 20),
        world.commit(c, [(near, 1), (far, -1)], 5, 25),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    strip(world, a)
    world.settle(epoch, near, far)
    assert world.batch.forfeited() == RICH
    assert world.position(c, near) == wad(5) == -world.position(c, far)
    assert world.position(a, near) == 0 and world.position(d, near) == -wad(5)


def test_little_gas_harms_nobody(world: BatchWorld) -> None:
    """A caller cannot make a trade fail by running out of gas inside of it."""
    call = world.calls[0]
    orders = [world.buy(world.maker, call, 6, 50), world.sell(world.taker, call, 6, 30)]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    world.batch.judge(epoch, 1)
    refused = []
    for gas in range(60_000, 420_000, 9_000):
        with boa.env.anchor():
            try:
                world.batch.settle(epoch, call.code, 16, gas=gas)
            except Exception:
                refused.append(gas)
                continue
            assert world.position(world.maker, call) == wad(6)
            assert world.batch.forfeited() == 0
    assert 5 < len(refused) < 35
    told = 0
    for gas in refused:
        with contextlib.suppress(Exception), boa.env.anchor():
            with boa.reverts("batch: more gas needed"):
                world.batch.settle(epoch, call.code, 16, gas=gas)
            told += 1
    assert told


def test_crumbs_that_are_too_small_to_trade_stop_nobody(world: BatchWorld) -> None:
    """The market takes no trade below a contract: only the small one goes without."""
    call = world.calls[0]
    a, b, c, d, _, _ = world.people
    orders = [
        world.buy(a, call, 10, 50),
        world.sell(b, call, 1, 30),
        world.sell(c, call, 0.5, 31),
        world.sell(d, call, 9, 32),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    world.market.listing.set_limits(1, wad(1), 0, 0, sender=world.owner)
    world.to_clear(epoch)
    world.settle(epoch, call)
    assert [world.position(one, call) for one in (a, b, c, d)] == [
        *(wad(9.5), -wad(1), 0, -wad(8.5)),
    ]
    assert world.batch.forfeited() == 0


def test_a_series_that_is_full_costs_nobody_a_bond(world: BatchWorld) -> None:
    call = world.calls[0]
    orders = [world.buy(world.maker, call, 6, 50), world.sell(world.taker, call, 6, 30)]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    world.market.listing.set_limits(1, wad(5), wad(5), wad(5), sender=world.owner)
    world.settle(epoch, call)
    assert world.batch.forfeited() == 0 and world.position(world.maker, call) == 0
    world.batch.release([one.id for one in orders])


def test_stale_prices_wait(world: BatchWorld) -> None:
    near, far, _ = world.calls
    a, b, c, _, _, _ = world.people
    orders = [
        world.sell(a, near, 10, 40),
        world.buy(b, far, 10, 20),
        world.commit(c, [(near, 1), (far, -1)], 4, 25),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    world.batch.judge(epoch, 16)
    boa.env.evm.patch.timestamp = boa.env.timestamp + 3_000
    with boa.reverts("batch: stale price"):
        world.batch.settle_linked(epoch, 1)
    with boa.reverts("batch: packages not traded"):
        world.batch.settle(epoch, near.code, 1)
    # Packages do not hold up the others for ever.
    boa.env.evm.patch.timestamp = boa.env.timestamp + 1_000
    world.batch.settle_linked(epoch, 4)
    assert world.batch.is_over(orders[2].id) and world.position(c, near) == 0
    with boa.reverts("batch: stale price"):
        world.batch.settle(epoch, near.code, 1)


def test_bonds_come_back_whatever_happens(world: BatchWorld) -> None:
    near, far, _ = world.calls
    orders = [
        world.sell(world.maker, near, 10, 40),
        world.commit(world.taker, [(near, 1), (far, -1)], 4, 25),
    ]
    epoch = orders[0].epoch
    world.open(*orders)
    with boa.reverts("batch: not yet"):
        world.batch.judge(epoch, 1)
    world.to_clear(epoch)
    with boa.reverts("batch: packages not judged"):
        world.batch.settle_linked(epoch, 1)
    with boa.reverts("batch: packages not judged"):
        world.batch.settle(epoch, near.code, 1)
    for one in orders:
        assert not world.batch.is_over(one.id)
        with boa.reverts("batch: not yet"):
            world.batch.release([one.id])
    boa.env.evm.patch.timestamp = boa.env.timestamp + 86_400
    with boa.reverts("batch: too late"):
        world.batch.judge(epoch, 1)
    world.batch.release([one.id for one in orders], sender=world.intruder)
    assert world.batch.free(world.maker.address) == 10_000 * UNIT


def test_after_expiry_nothing_trades_and_bonds_are_free(world: BatchWorld) -> None:
    expiry = world.market.expiries(4)[0]
    world._to(expiry - 1_150)
    call = world.market.series(2_750, expiry, False)
    orders = [world.buy(world.maker, call, 6, 50), world.sell(world.taker, call, 6, 30)]
    epoch = orders[0].epoch
    world.open(*orders)
    world.to_clear(epoch)
    assert boa.env.timestamp >= expiry
    world.settle(epoch, call)
    world.batch.release([one.id for one in orders])
    assert world.position(world.maker, call) == 0
