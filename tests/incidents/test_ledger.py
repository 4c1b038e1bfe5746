"""Failures of the field, tried on the ledger: each function tells its history in a line.

README.md beside this file lists all of them and the tests elsewhere.
"""

from typing import Any

import boa
import pytest

from novate.market import Account
from tests.world import WAD, World, build, wad

HOUR = 3_600


@pytest.fixture(scope="module")
def writer(world: World) -> Account:
    return world.person("writer", cash=100_000)


@pytest.fixture(scope="module")
def holder(world: World) -> Account:
    return world.person("holder", cash=100_000)


def expire(world: World, expiry: int, spot: float) -> None:
    """Expires at an average of `spot`; a stranger fixes."""
    world.market.travel_to(expiry - HOUR)
    world.market.push_price(spot, 0.3)
    world.market.travel_to(expiry)
    world.market.fix(expiry, sender=world.market.account("stranger"))


def takeable(world: World, people: list[Account]) -> int:
    """[wad] what people could take out now, each alone: by view, not by trial."""
    return sum(max(int(world.ledger.health(one.number).initial), 0) for one in people)


def test_one_call_pays_once(world: World, writer: Account, holder: Account) -> None:
    """Opyn, 2020 (371,000 USD): one payment exercised several vaults in one call."""
    put = world.market.put(2_700, 1)
    world.novate(world.trade(writer, holder, put, 10, 300))
    expire(world, put.expiry, 2_650)
    before = world.cash(holder), world.cash(writer)
    world.ledger.settle([holder.number] * 8 + [writer.number] * 8)
    assert world.cash(holder) - before[0] == wad(500)
    assert before[1] - world.cash(writer) == wad(500)


@pytest.mark.parametrize("spot", [2_600, 2_900])
def test_nothing_is_stuck_after_expiry(spot: float) -> None:
    """Hegic, 2020 (28,000 USD): a typing error left the collateral of expired options locked.

    In or out of the money, strangers fix and settle, and everybody takes out all it has.
    """
    world = World()
    people = [world.person(role, cash=50_000, units=1) for role in ("writer", "holder")]
    series = [world.market.put(2_700, 1), world.market.call(2_800, 1)]
    for one in series:
        world.novate(world.trade(*people, one, 3, 100))
    expire(world, series[0].expiry, spot)
    world.ledger.settle([one.number for one in people], sender=world.intruder)
    for one in people:
        assert world.ledger.positions_of(one.number) == []
        world.market.withdraw(one, 1, 1)
        world.market.withdraw(one, world.cash(one) / WAD)
    assert all(world.ledger.open_interest(one.code) == 0 for one in series)
    certificate = world.ledger.certificate()
    assert (certificate.held, certificate.credit, certificate.debt) == (0, 0, 0)


def test_pumped_gains_cannot_be_taken_out(world: World) -> None:
    """Mango, 2022 (114 million USD): two own accounts, a thin market pumped, the gain withdrawn.

    A long option that has gained counts nothing for what may leave; the other account owes more.
    """
    long = world.person("crook", cash=20_000)
    short = world.market.account("crook", 1)
    world.market.fund(short, 20_000)
    call = world.market.call(2_800, 14)
    world.novate(world.trade(short, long, call, 20, 400))
    brought = wad(40_000)
    for spot in (2_750, 3_200, 4_500, 9_000):
        world.market.push_price(spot, 0.8)
        assert takeable(world, [long, short]) <= brought
        gained = int(world.ledger.health(long.number).equity) - wad(19_600)
        assert spot == 2_750 or gained > wad(5_000)
        # It has what it brought, less what it paid.
        assert takeable(world, [long]) <= wad(19_600)


def test_nobody_takes_out_more_than_is_there() -> None:
    """Drift, 2022 (14.5 million USD): gains left before the other side's loss was realised.

    Up and down again, what may leave never exceeds the tokens held.
    """
    world = World()
    people = [world.person(role, cash=40_000) for role in ("bull", "bear", "third")]
    bull, bear, third = people
    for seller, buyer, series in (
        (bull, bear, world.market.put(2_600, 14)),
        (bear, third, world.market.call(2_900, 14)),
        (third, bull, world.market.put(2_300, 14)),
    ):
        world.novate(world.trade(seller, buyer, series, 40, 900))
    for spot in (2_750, 2_300, 1_700, 1_000, 2_000, 3_100, 4_500):
        world.market.push_price(spot, 0.9)
        assert takeable(world, people) <= world.ledger.certificate().held
    # At the worst price every account takes out what it may, one after the other.
    world.market.push_price(1_700, 0.9)
    for one in people:
        free = int(world.ledger.health(one.number).initial) // 10**12
        if free > 0:
            world.market.withdraw(one, free / 10**6)
    assert world.ledger.certificate().surplus >= 0


def test_specks_drain_nothing(world: World, writer: Account, holder: Account) -> None:
    """Balancer, 2025 (120 million USD): many tiny swaps, each rounded to the taker's favour.

    Trades of single wei, there and back, with an index that does not divide: nobody gains one.
    """
    world.use_own_house()
    broke = world.person("broke", cash=10)
    world.freeze(broke)
    world.ledger.liquidate(
        *(broke.number, world.person("lucky", cash=1).number, WAD, 0, -wad(12_345.678)),
        sender=world.house,
    )
    put = world.market.put(2_700, 14)
    surplus = world.ledger.certificate().surplus
    was = {one: world.cash(one) for one in (writer, holder)}
    for i in range(24):
        sides = (writer, holder) if i % 2 else (holder, writer)
        legs = [(sides[0].number, sides[1].number, put.code, 1 + i // 2, i // 2 % 3, 0, 0)]
        world.ledger.novate(legs, sender=world.venue)
        after = world.ledger.certificate().surplus
        assert after >= surplus
        surplus = after
    assert sum(world.cash(one) for one in was) <= sum(was.values())
    for one in was:
        assert world.cash(one) <= was[one] + 3


def test_a_blocked_address_blocks_nobody_else(world: World) -> None:
    """Blacklisted recipients (Derive's audit, DRV-16): a forced payment to one stopped everybody.

    A holder whose address the token refuses is settled, judged and sold like others; only what
    goes to the address itself waits, or goes elsewhere.
    """
    token: Any = build("tests/hostile/BlacklistToken.vy")
    world.ledger.list_asset(7, token.address, 10**6 * WAD, sender=world.owner)
    blocked, other = (world.person(role, cash=5_000) for role in ("blocked", "other"))
    for one in (blocked, other):
        token.mint(one.address, 10**9)
        token.approve(world.ledger.address, 10**9, sender=one.address)
        world.ledger.deposit(one.number, 7, 10**9, sender=one.address)
    token.block_address(blocked.address, True)
    world.use_own_house()
    world.ledger.settle([blocked.number, other.number])
    world.ledger.withdraw(other.number, 7, 10**9, other.address, sender=other.address)
    world.freeze(blocked)
    world.ledger.liquidate(
        *(blocked.number, other.number, WAD // 2, wad(100), wad(100)), sender=world.house
    )
    world.ledger.thaw(blocked.number, sender=world.house)
    with boa.reverts("token: address is blocked"):
        world.ledger.withdraw(blocked.number, 7, 1, blocked.address, sender=blocked.address)
    elsewhere = boa.env.generate_address("elsewhere")
    world.ledger.withdraw(blocked.number, 7, 10**8, elsewhere, sender=blocked.address)
    assert token.balanceOf(elsewhere) == 10**8
