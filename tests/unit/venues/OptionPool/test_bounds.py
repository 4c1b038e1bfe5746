"""Bounds themselves: of rules, of expiries, of quantities."""

from dataclasses import astuple, replace
from typing import Any

import boa
import pytest

from novate.liquidity import PoolConduct, PoolRules
from tests.unit.venues.OptionPool.conftest import PoolWorld, choose
from tests.world import DAY, WAD


def refusal(world: PoolWorld, code: int, quantity: int) -> str:
    """Why the pool does not quote; empty when it does."""
    try:
        world.pool.quote(code, quantity)
    except boa.BoaError as refused:
        # The call tree, printed with the whole error, cannot decode every refused call.
        return str(refused.stack_trace)
    return ""


@pytest.mark.parametrize(
    "change",
    [
        {"premium_fee": 1_000, "spot_fee": 100, "level": 50_000, "skew": 50_000},
        {"premium_fee": 0, "spot_fee": 0, "level": 0, "skew": 0},
        {"delta": 2_000, "gamma": 2_000, "vega": 2_000, "edge": 50},
        {"delta": 7, "edge": 7},
        {"least_delta": 4_999},
        {"free": 2_000, "most": 2_000},
        {"buffer": 5_000, "swing": 1, "period": 1, "window": 1, "release": 1},
        {"slope": 2**16 - 1, "horizon": 2**16 - 1, "memory": 255},
        {"memory": 0, "longest": 0},
    ],
)
def test_rules_at_their_bounds(world: PoolWorld, change: dict[str, int]) -> None:
    choose(world, **change)
    rules = replace(PoolRules(), **{k: v for k, v in change.items() if hasattr(PoolRules(), k)})
    conduct = replace(PoolConduct(), **{k: v for k, v in change.items() if k not in vars(rules)})
    *fields, memory = astuple(conduct)
    fields[list(vars(conduct)).index("edge")] += memory << 8
    for word, figures in ((world.pool.rules(), astuple(rules)), (world.pool.conduct(), fields)):
        assert word == sum(figure << 16 * i for i, figure in enumerate(figures))


@pytest.mark.parametrize("early, refused", [(1, True), (0, False)])
def test_the_longest_expiry(world: PoolWorld, early: int, refused: bool) -> None:
    call = world.series(2_775, expiry=1)
    days = (call.expiry - int(boa.env.timestamp)) // DAY
    choose(world, longest=days)
    world.market.travel_to(call.expiry - days * DAY - early)
    world.market.push_price(2_750, 0.15)
    assert ("too far from expiry" in refusal(world, call.code, WAD)) == refused


@pytest.mark.parametrize("early, refused", [(0, True), (1, False)])
def test_the_last_second_of_trading(world: PoolWorld, early: int, refused: bool) -> None:
    call = world.series(2_775)
    world.market.travel_to(call.expiry - 60 * world.rules.last - early)
    world.market.push_price(2_750, 0.15)
    assert ("too close to expiry" in refusal(world, call.code, WAD)) == refused


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_quantity(world: PoolWorld, sign: int) -> None:
    call: Any = world.series(2_775)
    assert "quantity out of range" not in refusal(world, call.code, sign * (2**95 - 1))
    assert "quantity out of range" in refusal(world, call.code, sign * 2**95)


@pytest.mark.parametrize(
    "limit, figure, parts, reason",
    [
        ("max_delta", "delta", 10_000, "pool: delta limit"),
        ("max_gamma", "gamma", 100, "pool: gamma limit"),
        ("max_vega", "vega", 100, "pool: vega limit"),
        ("most", "short", 100, "pool: use limit"),
    ],
)
def test_a_limit_is_a_share_of_capital(
    world: PoolWorld, limit: str, figure: str, parts: int, reason: str
) -> None:
    """The least figure of a rule that admits a trade, and one less."""
    call = world.series(2_775, expiry=1)
    unlimited = {"max_delta": 2**16 - 1, "max_gamma": 2**16 - 1, "max_vega": 2**16 - 1}
    choose(world, **(unlimited | {"free": 0, "most": 2_000}))
    deal = world.pool.quote(call.code, 6_000 * WAD)
    moved = abs(getattr(deal.change, figure))
    least = -(-moved * parts // deal.capital)
    assert least > 100, "a hundredth of it shows"
    choose(world, **(unlimited | {"free": 0, "most": 2_000, limit: least}))
    assert world.pool.quote(call.code, 6_000 * WAD).cost >= deal.cost
    choose(world, **(unlimited | {"free": 0, "most": 2_000, limit: least - 1}))
    with boa.reverts(reason):
        world.pool.quote(call.code, 6_000 * WAD)
