"""What an auction leaves: a debt alone is recognised at once, a part of nothing does not move."""

from typing import Any

import pytest

from tests.world import WAD, World, wad


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.use_own_house()
    world.market.endow_fund(1_000)
    return world


@pytest.fixture
def debtor(world: World) -> Any:
    """Owes 600 and holds half a unit."""
    account = world.person("debtor", units=0.5)
    world.person("lender", cash=10_000)
    world.market.withdraw(account, 600)
    world.freeze(account)
    return account


def liquidate(world: World, debtor: Any, bidder: Any, fraction: int) -> None:
    world.ledger.liquidate(debtor.number, bidder.number, fraction, 0, 0, sender=world.house)


def test_a_debt_with_nothing_beside_it_is_the_funds(world: World, debtor: Any) -> None:
    bidder = world.person("bidder", cash=1)
    liquidate(world, debtor, bidder, WAD)
    fund = world.ledger.cash_of(world.ledger.FUND())
    assert world.cash(debtor) == -wad(600)
    world.ledger.thaw(debtor.number, sender=world.house)
    assert world.cash(debtor) == 0
    assert world.ledger.cash_of(world.ledger.FUND()) == fund - wad(600)


def test_a_debt_beside_collateral_stays(world: World, debtor: Any) -> None:
    world.ledger.thaw(debtor.number, sender=world.house)
    assert world.cash(debtor) == -wad(600)


def test_a_part_that_rounds_to_nothing_stays(world: World, debtor: Any) -> None:
    bidder = world.person("bidder", cash=1)
    liquidate(world, debtor, bidder, 1)
    assert world.ledger.holdings_of(bidder.number) == []
    assert world.ledger.holdings_of(debtor.number) == [1 << 248 | WAD // 2]
