"""Worlds of their own, so that these tests hold whatever engine the suite runs on."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import boa
import pytest

from novate.engine import ENGINES, Engine
from novate.engine.cache import load

START = 1_767_225_600


@cache
def source(name: str) -> Any:
    return load(name)


@pytest.fixture(params=ENGINES)
def world(request: Any) -> Iterator[Engine]:
    opened = Engine(request.param)
    assert opened.engine == request.param
    opened.evm.patch.timestamp = START
    with boa.swap_env(opened):
        yield opened


@pytest.fixture
def revm() -> Iterator[Engine]:
    opened = Engine("revm")
    opened.evm.patch.timestamp = START
    with boa.swap_env(opened):
        yield opened
