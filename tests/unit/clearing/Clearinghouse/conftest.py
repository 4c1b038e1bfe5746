"""A ledger whose auction house is a person: what several files begin with."""

from typing import Any

import pytest

from tests.world import World


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.use_own_house()
    return world


@pytest.fixture(scope="module")
def saver(world: World) -> Any:
    return world.person("saver", cash=1_000, units=2)
