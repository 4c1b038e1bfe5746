"""Sorting in memory, of every length and shape."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.engine.cache import load


@pytest.fixture(scope="module")
def sorting() -> Any:
    return load("tests/harness/SortingHarness.vy").deploy()


@pytest.mark.parametrize("size", range(0, 129))
def test_any_length(sorting: Any, size: int) -> None:
    rng = random.Random(size)
    words = [rng.randrange(2**255) for _ in range(size)]
    assert sorting.sort(words) == sorted(words)


@pytest.mark.parametrize("size", [1, 8, 9, 16, 17, 64, 65, 127, 128])
def test_shapes(sorting: Any, size: int) -> None:
    up = list(range(size))
    shapes = [
        up,
        up[::-1],
        up[::2] + up[1::2],
        [7] * size,
        [i % 3 for i in up],
        [2**256 - 1] * size,
    ]
    for words in shapes:
        assert sorting.sort(words) == sorted(words)


@given(st.lists(st.integers(0, 40), max_size=128))
def test_ties(sorting: Any, words: list[int]) -> None:
    assert sorting.sort(words) == sorted(words)


def test_order_matters_only_where_relevant_bits_differ(sorting: Any) -> None:
    words = [9, 1, 8, 3]
    assert sorting.sort(words, 16) == words
    assert sorting.sort([*words, 16], 16) == [1, 3, 8, 9, 16]
