"""Orders that are entered openly: like sealed ones from there on, for the smallest bond."""

from typing import Any

import boa
import pytest

from novate.market import Account
from tests.unit.auction.BatchAuction.conftest import BOND, BatchWorld, Sealed
from tests.world import wad

# [1e-9 USD] ten basis points of one contract at 2,750.
LEAST = 2_750_000_000


def book(world: BatchWorld, openly: set[int]) -> list[Sealed]:
    """Buyers, sellers and a spread, those of these places entered openly."""
    near, far, _ = world.calls
    a, b, c, d, _, _ = world.people
    orders = [
        (a, [(near, 1)], 10, 60),
        (b, [(near, 1)], 5, 50),
        (c, [(near, -1)], 8, -30),
        (d, [(far, 1)], 4, 25),
        (c, [(near, 1), (far, -1)], 3, 40),
    ]
    return [
        (world.place if i in openly else world.commit)(*order) for i, order in enumerate(orders)
    ]


def outcome(world: BatchWorld, orders: list[Sealed]) -> list[Any]:
    epoch = world.run(*orders)
    return [
        [world.price(epoch, call) for call in world.calls],
        [[world.position(who, call) for call in world.calls] for who in world.people],
        [world.cash(who) for who in world.people],
    ]


def test_they_trade_as_if_they_had_been_sealed(world: BatchWorld) -> None:
    found = []
    for openly in (set(), {0, 2, 4}, set(range(5))):
        with boa.env.anchor():
            found.append(outcome(world, book(world, openly)))
    assert found[0] == found[1] == found[2]
    assert found[0][0][0] > 0 and found[0][1][2][1] < 0


def test_the_smallest_bond_is_bound_and_comes_back(world: BatchWorld) -> None:
    maker, call = world.maker, world.calls[0]
    free = world.batch.free(maker.address)
    one = world.place(maker, [(call, 1)], 10, 50)
    assert world.batch.free(maker.address) == free - 10 * LEAST
    # Rounded up, and never below the least of all.
    tiny = world.place(maker, [(call, 1)], 1e-9, 50)
    assert world.batch.free(maker.address) == free - 10 * LEAST - BOND
    odd = world.place(maker, [(call, 1)], 1.000000001, 50)
    assert world.batch.free(maker.address) == free - 11 * LEAST - BOND - 3
    world.to_clear(one.epoch)
    world.settle(one.epoch, call)
    world.batch.release([one.id, tiny.id, odd.id])
    assert world.batch.free(maker.address) == free


def test_who_acts_for_an_owner_binds_the_owners_bond(world: BatchWorld) -> None:
    maker, broker = world.maker, world.intruder
    order = (maker.number, [(world.calls[0].code, 1)], wad(1), wad(50))
    with boa.reverts("batch: sender may not act"):
        world.batch.place(order, b"", 0, sender=broker)
    world.market.operators.set_operator(broker, True, sender=maker.address)
    free = world.batch.free(maker.address)
    world.batch.place(order, b"", 0, sender=broker)
    assert world.batch.free(maker.address) == free - LEAST and world.batch.free(broker) == 0


def test_what_is_refused(world: BatchWorld) -> None:
    maker, call = world.maker, world.calls[0]

    def refused(
        reason: str, units: int = wad(1), limit: int = wad(50), who: Account = maker
    ) -> None:
        with boa.reverts(reason):
            order = (who.number, [(call.code, 1)], units, limit)
            world.batch.place(order, b"", 0, sender=who.address)

    refused("batch: quantity out of range", units=0)
    refused("batch: quantity out of range", units=wad(1) + 1)
    refused("batch: limit out of range", limit=-wad(50))
    refused("batch: below margin", who=world.trader("poor", 1))
    refused("batch: not enough free", who=world.person("no bond", 1_000_000))
    world.batch.place(
        (maker.number, [(call.code, 1)], wad(1), wad(50)), b"", 0, sender=maker.address
    )
    refused("batch: id taken")


def test_it_can_be_challenged_at_once_and_until_prices_are_made(world: BatchWorld) -> None:
    poor = world.trader("poor", 1_000)
    one = world.place(poor, [(world.calls[0], 1)], 10, 50)
    with boa.reverts("batch: order is sound"):
        world.batch.challenge(one.id, sender=world.keeper)
    world.market.withdraw(poor, 900)
    world.batch.challenge(one.id, sender=world.keeper)
    assert world.batch.free(world.keeper) == 10 * LEAST // 2
    assert world.batch.orders(one.id).account == 0


@pytest.mark.parametrize("later", [0, 1])
def test_it_is_of_the_epoch_in_which_it_came(world: BatchWorld, later: int) -> None:
    world.to_reveal(world.epoch + later - 1)
    one = world.place(world.maker, [(world.calls[0], 1)], 1, 50)
    assert len(world.batch.list_of(world.epoch, world.calls[0].code, False)) == 1
    world.to_reveal(one.epoch)
    assert len(world.batch.list_of(world.epoch, world.calls[0].code, False)) == 0


def test_a_seller_is_challenged_as_a_seller(world: BatchWorld) -> None:
    """What is left would do to buy as much."""
    call, seller = world.calls[0], world.trader("seller", 2_500)
    one = world.place(seller, [(call, -1)], 3, -40)
    with boa.reverts("batch: order is sound"):
        world.batch.challenge(one.id, sender=world.keeper)
    world.market.withdraw(seller, 2_200)
    world.batch.challenge(one.id, sender=world.keeper)
    assert world.batch.orders(one.id).account == 0
