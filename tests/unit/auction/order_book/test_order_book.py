"""The order book of a batch beside a plain list: fields in their places, the best ones kept."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import build

GONE = 1
LIMIT, QUANTITY, LEGS, NUMBER, BOND = (2**bits - 1 for bits in (80, 65, 7, 40, 64))
TAIL = 2**64 - 1


@pytest.fixture(scope="module")
def book() -> Any:
    return build("tests/harness/OrderBookHarness.vy")


def test_every_field_has_its_own_bits(book: Any) -> None:
    """Each one full beside empty ones, and empty beside full ones, at its first and last bit."""
    widest = (LIMIT, QUANTITY, LEGS, NUMBER, BOND)
    for i, full in enumerate(widest):
        for value in (full, 1, full - full // 2):
            for others in ((0,) * 5, widest):
                fields = tuple(value if i == j else other for j, other in enumerate(others))
                id = 7 << 64 | 1_000 + i
                book.insert(7, id & TAIL, book.node(*fields), 0, True, 64)
                assert book.fields(id) == fields
                book.remove(id)
                assert book.fields(id) == (0,) * 5
    assert book.node(*widest) == 2**256 - 1


Entry = tuple[int, int, int]  # limit, tail, quantity


def best(entries: list[Entry], descending: bool) -> list[Entry]:
    return sorted(entries, key=lambda one: (-one[0] if descending else one[0], one[1]))


@given(
    seed=st.integers(0, 10**9),
    descending=st.booleans(),
    most=st.sampled_from([4, 16, 64]),
    few=st.booleans(),
)
@settings(max_examples=60, derandomize=True)
def test_a_list_is_that_of_a_plain_model(
    book: Any, seed: int, descending: bool, most: int, few: bool
) -> None:
    """Orders come with any hint, some are removed, and the best ones stay, whatever came first."""
    draw, list_ = Random(seed), seed % 2**20 + 1
    limits = [draw.randint(0, LIMIT) for _ in range(3)] if few else None
    model: list[Entry] = []
    for _ in range(draw.randint(1, most + 12)):
        limit = (
            draw.choice(limits) if limits else draw.choice((0, 1, LIMIT, draw.randint(0, LIMIT)))
        )
        tail = draw.choice((draw.randint(GONE + 1, 99), TAIL - draw.randint(0, 99)))
        if tail in {one[1] for one in model}:
            continue
        entry = (limit, tail, draw.randint(1, QUANTITY))
        node = book.node(limit, entry[2], 0, draw.randint(1, NUMBER), draw.randint(0, BOND))
        hint = draw.choice((0, len(model), draw.randint(0, 2**70)))
        model.append(entry)
        kept = best(model, descending)[:most]
        out = 0
        if len(model) > most:
            out = list_ << 64 | best(model, descending)[most][1]
        assert book.insert(list_, tail, node, hint, descending, most) == out
        model = kept
        if draw.random() < 0.15:
            gone = draw.choice(model)
            book.remove(list_ << 64 | gone[1])
            model.remove(gone)
    words = [limit << 80 | quantity for limit, _, quantity in best(model, descending)]
    assert book.words(list_, descending) == words
    assert book.sort(list_, descending) == words == book.words(list_, descending)
    assert book.tails(list_) == [tail for _, tail, _ in best(model, descending)]
    # Sorted again nothing changes.
    assert book.sort(list_, descending) == words


def test_the_other_list_is_another(book: Any) -> None:
    for list_ in (2, 3):
        book.insert(list_, 5, book.node(list_, 1, 0, 1, 1), 0, True, 64)
    assert book.words(2, True) == [2 << 80 | 1] and book.words(3, True) == [3 << 80 | 1]
    book.remove(3 << 64 | 5)
    assert book.words(2, True) == [2 << 80 | 1] and book.words(3, True) == []
