"""Several trades at once: each account is judged by its own, whoever else trades beside it."""

import boa
import pytest

from tests.world import WAD, World

NEVER = """
# pragma version 0.4.3
@external
@view
def within(account: uint256, positions: DynArray[uint256, 128]) -> bool:
    return False
"""


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_trades_of_others_do_not_count_for_the_distressed(world: World) -> None:
    buyer, other = (world.person(role, cash=50_000) for role in ("buyer", "other"))
    poor = world.person("poor", cash=1_500)
    put = world.market.put(2_700, 7)
    world.novate(world.trade(poor, buyer, put, 4, 130))
    world.market.push_price(2_550, 0.4)
    assert world.ledger.health(poor.number).initial < 0
    # As a seller, as a buyer, and not at all.
    beside = world.trade(other, buyer, put, 2, 5_000)
    world.novate(beside, world.trade(buyer, poor, put, 1, 160), beside)
    assert world.position(poor, put) == -3 * WAD
    with boa.reverts("margin: worse than before"):
        world.novate(beside, world.trade(buyer, poor, put, 1, 1_000), beside)


def test_a_limit_that_says_no_without_a_reason(world: World) -> None:
    marked, other = (world.person(role, cash=50_000) for role in ("marked", "counterparty"))
    with boa.env.prank(world.owner):
        world.ledger.set_exposure_limits(boa.loads(NEVER).address)
        world.ledger.mark_limited(marked.number, True)
    call = world.market.call(2_700, 7)
    with boa.reverts():
        world.novate(world.trade(other, marked, call, 1, 40))
    world.ledger.mark_limited(marked.number, False, sender=world.owner)
    world.novate(world.trade(other, marked, call, 1, 40))
