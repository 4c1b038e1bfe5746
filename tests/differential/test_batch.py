"""The batch auction beside the reference: prices, fills and cash equal to the wei."""

from collections import defaultdict
from random import Random
from typing import Any

import boa
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from novate.market import Account, Series
from novate.reference.batch import Outcome, Package, Single, changes, clear
from tests.unit.auction.BatchAuction.conftest import BatchWorld, Sealed
from tests.world import WAD

# Drawn from a seed: batches so dense that most of them trade.
seeds = st.integers(0, 10**6)
UNIT = 10**9


@pytest.fixture(scope="module")
def world() -> BatchWorld:
    return BatchWorld()


def sealed(world: BatchWorld, seed: int, linked: bool = True) -> list[Sealed]:
    """Seals and places singles and packages, of quantities that do not divide evenly."""
    draw = Random(seed)

    def enter(
        account: Account, legs: list[tuple[Series, int]], units: float, limit: float
    ) -> Sealed:
        way = draw.choice((world.commit, world.place)) if linked else world.commit
        return way(account, legs, units, limit)

    orders = []
    for _ in range(draw.randint(8, 20)):
        sells = draw.random() < 0.5
        legs = [(draw.choice(world.calls[: draw.randint(1, 3)]), -1 if sells else 1)]
        # Few limits, so that orders meet at the same one.
        limit = 5 * draw.randint(4, 8) * (-1 if sells else 1)
        orders.append(enter(draw.choice(world.people), legs, draw.randint(1, 60) / 7, limit))
    for _ in range(draw.randint(1, 5) if linked else 0):
        ratios = [draw.choice((-2, -1, 1, 2)) for _ in range(draw.randint(2, 3))]
        legs = list(zip(draw.sample(world.calls, len(ratios)), ratios, strict=True))
        limit = 30 * sum(ratios) + draw.randint(-8, 20)
        orders.append(enter(draw.choice(world.people), legs, draw.randint(1, 12) / 7, limit))
    return orders


def twin(orders: list[Sealed]) -> tuple[list[Single], list[Package]]:
    """The same orders as the reference wants them."""
    ones, links = [], []
    for one in orders:
        account, legs, units, limit = one.order
        if len(legs) == 1:
            code, side = legs[0]
            figures = (units // UNIT, abs(limit) // UNIT, side < 0)
            ones.append(Single(one.id, account, code, *figures))
        else:
            links.append(Package(one.id, account, tuple(legs), units // UNIT, limit // UNIT))
    return ones, links


def state(world: BatchWorld) -> dict[Account, tuple[Any, ...]]:
    """Positions and cash of everybody."""
    return {
        one: (world.cash(one), *(world.position(one, series) for series in world.calls))
        for one in world.people
    }


def expected(orders: list[Sealed]) -> tuple[Outcome, dict[tuple[int, int], int], dict[int, int]]:
    outcome = clear(*twin(orders))
    return outcome, *changes(*twin(orders), outcome)


# [UNIT] contracts that rounding may leave untraded on the larger side, a few per order.
CRUMBS = 120


@given(seed=seeds)
@settings(max_examples=60, derandomize=True)
def test_prices_and_fills_are_those_of_the_reference(world: BatchWorld, seed: int) -> None:
    orders = sealed(world, seed)
    before = state(world)
    epoch = world.run(*orders)
    outcome, held, cash = expected(orders)
    event(f"packages that are in: {len(outcome.packages)}")
    event(f"series with a price: {len(outcome.prices)}")
    assert world.batch.accepted_in(epoch)[1] == outcome.packages
    for series in world.calls:
        cleared, settled, result = world.batch.result(epoch, series.code)
        assert cleared and settled
        assert result.price == outcome.prices.get(series.code, 0)
    for account, (money, *positions) in state(world).items():
        paid = 0
        for i, series in enumerate(world.calls):
            change = positions[i] - before[account][i + 1]
            assert abs(change - held[account.number, series.code] * UNIT) <= CRUMBS * UNIT
            paid += change * outcome.prices.get(series.code, 0) * UNIT // WAD
        # The premium of what changed hands is exact, whatever the crumbs.
        assert money == before[account][0] - paid
        assert abs(paid + cash[account.number]) <= 3 * CRUMBS * UNIT * 50


@given(seed=seeds)
@settings(max_examples=25, derandomize=True)
def test_the_order_of_arrival_changes_nothing(world: BatchWorld, seed: int) -> None:
    orders = sealed(world, seed)
    ends = []
    for shuffle in (False, True):
        with boa.env.anchor():
            arrived = list(orders)
            if shuffle:
                Random(seed).shuffle(arrived)
            world.open(*arrived)
            world.to_clear(orders[0].epoch)
            world.settle(orders[0].epoch, *world.calls)
            ends.append(state(world))
    assert ends[0] == ends[1]


@given(seed=seeds)
@settings(max_examples=25, derandomize=True)
def test_losing_orders_change_nothing(world: BatchWorld, seed: int) -> None:
    """Single orders that get nothing, wherever their limits lie, leave no trace."""
    orders = sealed(world, seed, linked=False)
    fills = clear(*twin(orders)).fills
    winners = [one for one in orders if fills.get(one.id, 0)]
    ends = []
    for arrived in (orders, winners or orders):
        with boa.env.anchor():
            world.open(*arrived)
            world.to_clear(orders[0].epoch)
            world.settle(orders[0].epoch, *world.calls)
            ends.append(state(world))
    assert ends[0] == ends[1]


@given(seed=seeds)
@settings(max_examples=25, derandomize=True)
def test_losing_packages_change_nothing(world: BatchWorld, seed: int) -> None:
    orders = sealed(world, seed)
    inside = clear(*twin(orders)).packages
    kept = [one for one in orders if len(one.order[1]) == 1 or one.id in inside]
    ends = []
    for arrived in (orders, kept):
        with boa.env.anchor():
            world.open(*arrived)
            world.to_clear(orders[0].epoch)
            world.settle(orders[0].epoch, *world.calls)
            ends.append(state(world))
    assert ends[0] == ends[1]


@given(seed=seeds)
@settings(max_examples=25, derandomize=True)
def test_nobody_does_worse_than_its_limit(world: BatchWorld, seed: int) -> None:
    orders = sealed(world, seed)
    epoch = world.run(*orders)
    inside = world.batch.accepted_in(epoch)[1]
    totals: dict[int, int] = defaultdict(int)
    for one in orders:
        account, legs, units, limit = one.order
        prices = {c: int(world.batch.result(epoch, c)[2].price) * UNIT for c, _ in legs}
        cost = sum(side * prices[code] for code, side in legs)
        if one.id in inside:
            assert cost <= limit
            for code, side in legs:
                totals[code] += side * units
    # Nothing comes from nowhere: all positions of a series sum to zero.
    for i in range(len(world.calls)):
        assert sum(figures[i + 1] for figures in state(world).values()) == 0
