"""Two signed orders against each other."""

from typing import Any

import boa
import pytest

from novate import orders
from novate.orders import WAD, Leg


def two_legs(world: Any, **kwargs: Any) -> Any:
    return world.order((0, WAD, 10 * WAD), (1, -2 * WAD, 7 * WAD), **kwargs)


def test_trades_at_the_prices_of_the_first(world: Any) -> None:
    order = two_legs(world)
    counter = world.counter(order, slippage=WAD)
    cost = world.cross(order, counter, 3 * WAD)
    bought, sold = world.events("Novated")
    maker, taker = world.account("maker"), world.account("taker")
    assert (bought.seller, bought.buyer, bought.premium) == (taker, maker, 30 * WAD)
    assert (sold.seller, sold.buyer, sold.premium) == (maker, taker, 42 * WAD)
    assert cost == 12 * WAD == -world.flows()[taker]
    assert world.filled(order) == world.filled(counter) == 3 * WAD


def test_emits_a_fill_of_each_order(world: Any) -> None:
    order = two_legs(world)
    counter = world.counter(order)
    world.cross(order, counter)
    maker, taker = world.account("maker"), world.account("taker")
    first, second = world.events("OrderFilled")
    assert first.order == orders.order_hash(order, world.domain)
    assert (first.account, first.counterparty) == (maker, taker)
    assert second.order == orders.order_hash(counter, world.domain)
    assert (second.account, second.counterparty) == (taker, maker)


@pytest.mark.parametrize("leg", [0, 1])
@pytest.mark.parametrize("better", [-1, 0, 1])
def test_limits_of_the_second(world: Any, changed: Any, leg: int, better: int) -> None:
    """By one wei, for the leg that the taker sells and the one it buys."""
    order = two_legs(world)
    counter = world.counter(order)
    sign = 1 if counter.legs[leg].quantity > 0 else -1
    legs = list(counter.legs)
    legs[leg] = changed(legs[leg], price=legs[leg].price + sign * better)
    counter = changed(counter, legs=tuple(legs))
    if better < 0:
        with boa.reverts("order: price beyond limit"):
            world.cross(order, counter)
    else:
        assert world.cross(order, counter) == 4 * WAD


def test_reverts_legs_do_not_mirror(world: Any, changed: Any) -> None:
    order = two_legs(world)
    counter = world.counter(order)
    first, second = counter.legs
    for legs in (
        (first,),
        (first, second, Leg(world.codes[2], WAD, WAD)),
        (first, changed(second, series=world.codes[2])),
        (first, changed(second, quantity=second.quantity + 1)),
        (first, changed(second, quantity=-second.quantity)),
    ):
        with boa.reverts("order: legs do not mirror"):
            world.cross(order, changed(counter, legs=legs))


def test_least_integers_do_not_pass_as_mirrors(world: Any, changed: Any) -> None:
    order = world.order()
    leg = object.__new__(Leg)
    for name, value in (("series", world.codes[0]), ("quantity", -(2**255)), ("price", WAD)):
        object.__setattr__(leg, name, value)
    counter = changed(world.counter(order), legs=(leg,))
    with boa.reverts("order: quantity out of range"):
        world.cross(changed(order, legs=(leg,)), counter)


def test_both_are_used_up(world: Any, changed: Any) -> None:
    order = two_legs(world)
    counter = changed(world.counter(order), size=2 * WAD)
    world.cross(order, counter, WAD)
    with boa.reverts("order: overfilled"):
        world.cross(order, counter, WAD + 1)
    world.cross(order, counter, WAD)
    with boa.reverts("order: overfilled"):
        world.cross(order, counter, 1)
    assert world.filled(order) == 2 * WAD


def test_both_must_be_signed(world: Any) -> None:
    order = two_legs(world)
    counter = world.counter(order)
    forged = orders.sign(counter, world.keys["intruder"], world.domain)
    with boa.reverts("order: bad signature"):
        world.cross(order, counter, taker_signature=forged)
    forged = orders.sign(order, world.keys["intruder"], world.domain)
    with boa.reverts("order: bad signature"):
        world.cross(order, counter, signature=forged)


def test_both_must_stand(world: Any, changed: Any) -> None:
    order = two_legs(world)
    counter = world.counter(order)
    with boa.reverts("order: expired"):
        world.cross(order, changed(counter, deadline=0))
    with boa.reverts("order: epoch over"):
        world.cross(order, changed(counter, epoch=1))
    with boa.reverts("order: zero amount"):
        world.cross(order, counter, 0)
    with boa.env.anchor():
        world.venue.cancel(counter.as_tuple(), sender=world.address("taker"))
        with boa.reverts("order: cancelled"):
            world.cross(order, counter)


def test_both_may_name_the_other(world: Any, changed: Any) -> None:
    named = two_legs(world, taker=world.address("taker"))
    counter = world.counter(named)
    assert counter.taker == world.address("maker")
    world.cross(named, counter)
    with boa.reverts("order: wrong taker"):
        world.cross(named, changed(counter, taker=world.address("intruder")))
    with boa.reverts("order: wrong taker"):
        world.cross(changed(named, taker=world.address("intruder")), counter)


def test_reverts_own_account_when_an_order_meets_itself(world: Any) -> None:
    order = world.order()
    signature = orders.sign(order, world.keys["maker"], world.domain)
    signed = (order.as_tuple(), world.address("maker"), signature)
    with boa.reverts("order: own account"):
        world.venue.cross(*signed, *signed, WAD)
