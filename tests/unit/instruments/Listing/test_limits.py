"""How small an order may be and how much may be outstanding; what is open stays open."""

from typing import Any

import boa
import pytest

from tests.world import WAD, World, wad

ANY = 2**256 - 1


@pytest.fixture(scope="module")
def people(world: World) -> list[Any]:
    return [world.person(role, cash=500_000) for role in ("writer", "holder", "third")]


@pytest.fixture(scope="module")
def puts(world: World) -> list[Any]:
    return [world.market.put(strike, 7) for strike in (2_700, 2_600)]


def limit(world: World, smallest: float, series: float, underlying: float) -> None:
    figures = [wad(x) for x in (smallest, series, underlying)]
    world.market.listing.set_limits(1, *figures, sender=world.owner)


def test_without_limits_everything_passes(world: World, puts: list[Any]) -> None:
    assert world.market.listing.admit(puts[0].code, 1) == (ANY, ANY)


def test_the_word_and_what_it_answers(world: World, puts: list[Any]) -> None:
    limit(world, 0.5, 3, 4)
    log = world.market.listing.get_logs()[-1]
    assert world.market.listing.admit(puts[0].code, wad(0.5)) == (3 * WAD, 4 * WAD)
    word = world.market.listing.limits_of(1)
    assert (word >> 192, word >> 96 & 2**96 - 1, word & 2**96 - 1) == tuple(
        wad(x) // 10**9 for x in (0.5, 3, 4)
    )
    assert (log.underlying, log.old_limits, log.new_limits) == (1, 0, word)
    limit(world, 0, 0, 4)
    assert world.market.listing.admit(puts[0].code, 1) == (ANY, 4 * WAD)


def test_small_orders(world: World, people: list[Any], puts: list[Any]) -> None:
    limit(world, 0.5, 0, 0)
    writer, holder, _ = people
    with boa.reverts("limit: order too small"):
        world.novate(world.trade(writer, holder, puts[0], 0.499))
    world.novate(world.trade(writer, holder, puts[0], 0.5))
    # Closing may be in crumbs.
    world.novate(world.trade(holder, writer, puts[0], 0.001))


def test_open_interest(world: World, people: list[Any], puts: list[Any]) -> None:
    limit(world, 0, 3, 4)
    writer, holder, third = people
    world.novate(world.trade(writer, holder, puts[0], 3))
    with boa.reverts("limit: series open interest"):
        world.novate(world.trade(writer, holder, puts[0], 0.001))
    # A change of hands adds nothing.
    world.novate(world.trade(holder, third, puts[0], 1))
    world.novate(world.trade(writer, holder, puts[1], 1))
    assert world.ledger.interest_in(1) == 4 * WAD
    with boa.reverts("limit: market open interest"):
        world.novate(world.trade(writer, holder, puts[1], 0.001))
    world.novate(world.trade(holder, writer, puts[0], 1))
    assert world.ledger.interest_in(1) == 3 * WAD
    world.novate(world.trade(writer, holder, puts[1], 1))


def test_a_lower_limit_closes_nothing(world: World, people: list[Any], puts: list[Any]) -> None:
    writer, holder, third = people
    world.novate(world.trade(writer, holder, puts[0], 3))
    limit(world, 0, 1, 1)
    world.novate(world.trade(holder, third, puts[0], 1))
    world.novate(world.trade(holder, writer, puts[0], 0.5))
    with boa.reverts("limit: series open interest"):
        world.novate(world.trade(writer, holder, puts[0], 0.1))


def test_the_total_is_the_sum_over_series(world: World, people: list[Any], puts: list[Any]) -> None:
    writer, holder, third = people
    far = world.market.call(2_800, 14)
    world.novate(
        world.trade(writer, holder, puts[0], 3),
        world.trade(holder, third, puts[1], 2),
        world.trade(third, writer, far, 1),
    )
    assert world.ledger.interest_in(1) == 6 * WAD
    world.market.travel_to(puts[0].expiry - 3_600)
    world.market.push_price(2_650)
    world.market.travel_to(puts[0].expiry)
    world.market.fix(puts[0].expiry)
    world.ledger.settle([one.number for one in people])
    assert world.ledger.interest_in(1) == world.ledger.open_interest(far.code) == WAD


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ((10**24 + 10**9, 0, 0), "limit: order too large"),
        ((0, 2**95, 0), "limit: out of range"),
        ((0, 0, 2**95), "limit: out of range"),
        ((1, 0, 0), "limit: too fine"),
        ((0, 1, 0), "limit: too fine"),
        ((0, 0, 10**9 - 1), "limit: too fine"),
    ],
)
def test_reverts(world: World, figures: tuple[int, int, int], reason: str) -> None:
    with boa.reverts(reason):
        world.market.listing.set_limits(1, *figures, sender=world.owner)
