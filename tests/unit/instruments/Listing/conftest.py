"""A listing with an open position: what several files begin with."""

from typing import Any

import pytest

from tests.world import World


@pytest.fixture(scope="module")
def listing(world: World) -> Any:
    return world.market.listing


@pytest.fixture(scope="module")
def people(world: World) -> list[Any]:
    return [world.person(role, cash=50_000) for role in ("writer", "holder")]


@pytest.fixture(scope="module")
def put(world: World, people: list[Any]) -> Any:
    put = world.market.put(2_700, 14)
    world.novate(world.trade(*people, put, 2, 60))
    return put
