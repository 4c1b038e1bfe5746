"""Ends of orders: one by one and all at once."""

from typing import Any

import boa

from novate import orders
from novate.orders import WAD


def test_cancelled_for_good(world: Any) -> None:
    order = world.order()
    world.fill(order)
    world.venue.cancel(order.as_tuple(), sender=world.address("maker"))
    (event,) = world.events("OrderCancelled")
    assert event.order == orders.order_hash(order, world.domain)
    assert event.account == order.account
    assert world.filled(order) == 2**256 - 1
    with boa.reverts("order: cancelled"):
        world.fill(order)


def test_only_that_order(world: Any) -> None:
    order, other = world.order(), world.order()
    world.venue.cancel(order.as_tuple(), sender=world.address("maker"))
    world.fill(other)


def test_before_the_first_fill_and_twice(world: Any) -> None:
    order = world.order()
    for _ in range(2):
        world.venue.cancel(order.as_tuple(), sender=world.address("maker"))
    with boa.reverts("order: cancelled"):
        world.fill(order)


def test_cancel_reverts_sender_may_not_act(world: Any) -> None:
    order = world.order()
    for role in ("intruder", "taker"):
        with boa.reverts("order: sender may not act"):
            world.venue.cancel(order.as_tuple(), sender=world.address(role))
    world.fill(order)


def test_operator_cancels(world: Any) -> None:
    world.operators.set_operator(world.address("operator"), True, sender=world.address("maker"))
    order = world.order()
    world.venue.cancel(order.as_tuple(), sender=world.address("operator"))
    with boa.reverts("order: cancelled"):
        world.fill(order)


def test_cancel_all_ends_the_epoch_of_every_account(world: Any) -> None:
    maker = world.address("maker")
    first, second = world.order(), world.order()
    second = orders.quote(world.account("maker", 9), second.legs, nonce=1)
    world.fill(first)
    world.venue.cancel_all(world.account("maker"), sender=maker)
    (event,) = world.events("EpochStarted")
    assert (event.owner, event.epoch) == (maker, 1)
    assert world.venue.epoch(maker) == 1
    for order in (first, second):
        with boa.reverts("order: epoch over"):
            world.fill(order)
    world.fill(world.order(epoch=1))


def test_epochs_of_others_go_on(world: Any) -> None:
    world.venue.cancel_all(world.account("taker"), sender=world.address("taker"))
    world.fill(world.order())


def test_future_epochs_do_not_count_yet(world: Any) -> None:
    order = world.order(epoch=1)
    with boa.reverts("order: epoch over"):
        world.fill(order)
    world.venue.cancel_all(world.account("maker"), sender=world.address("maker"))
    world.fill(order)


def test_cancel_all_reverts_sender_may_not_act(world: Any) -> None:
    with boa.reverts("order: sender may not act"):
        world.venue.cancel_all(world.account("maker"), sender=world.address("intruder"))
    world.operators.set_operator(world.address("operator"), True, sender=world.address("maker"))
    world.venue.cancel_all(world.account("maker"), sender=world.address("operator"))
    with boa.reverts("order: epoch over"):
        world.fill(world.order(), WAD)
