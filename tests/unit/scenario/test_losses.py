"""Who bore a loss, against the balances before and after in the same second."""

import pytest

from novate.market import Account
from novate.scenario.losses import Cash, shares
from novate.series import WAD
from tests.world import World

CASH = {"first": 1_000, "second": 70_001, "third": 3}


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    for name, cash in CASH.items():
        world.person(name, cash=cash)
    return world


def fail(world: World, loss: int) -> tuple[list, dict[int, int], dict[int, int]]:
    """An account in auction pays a bidder `loss` [wad] that it does not have."""
    broken, bidder = world.person("broken", cash=500), world.person("bidder", cash=40)
    house = world.person("house", cash=0)
    market = world.market
    world.ledger.set_auction_house(house.address, sender=world.owner)
    market.send("clearinghouse", "freeze", broken.number, sender=house)
    before, was = Cash.of(market), balances(world)
    arguments = (broken.number, bidder.number, WAD, 0, -loss)
    receipt = market.send("clearinghouse", "liquidate", *arguments, sender=house)
    gained = {bidder.number: loss}
    after = {n: cash - gained.get(n, 0) for n, cash in balances(world).items()}
    return shares(market, receipt, before), was, after


def balances(world: World) -> dict[int, int]:
    accounts: list[Account] = world.market.accounts
    return {one.number: int(world.ledger.cash_of(one.number)) for one in accounts}


@pytest.mark.parametrize("loss", [1, 12_345 * WAD + 7, 60_000 * WAD])
def test_shares_are_what_balances_lost(world: World, loss: int) -> None:
    (found,), was, after = fail(world, loss)
    assert (found.loss, found.from_fund, found.socialised) == (loss, 0, loss)
    names = {number: world.market.name_of(number) for number in was}
    for number, cash in was.items():
        # Who was paid in the same transaction may lose a wei more by being rounded twice.
        slack = 1 if names[number] == "bidder" else 0
        assert 0 <= cash - after[number] - found.borne.get(names[number], 0) <= slack
    assert abs(found.rounding) <= len(found.borne) + 1
    assert sum(found.borne.values()) - found.rounding == loss
    assert found.rate == pytest.approx(loss / WAD / sum([*CASH.values(), 500, 40]))


def test_the_fund_bears_first(world: World) -> None:
    world.market.endow_fund(100)
    (found,), _, _ = fail(world, 150 * WAD)
    assert (found.from_fund, found.socialised) == (100 * WAD, 50 * WAD)
    assert "fund" not in found.borne


def test_a_loss_that_the_fund_bears_is_nobodys(world: World) -> None:
    world.market.endow_fund(1_000)
    (found,), was, after = fail(world, 150 * WAD)
    assert found.from_fund == 150 * WAD and not found.borne and found.rate == 0
    assert all(after[number] == cash for number, cash in was.items())
