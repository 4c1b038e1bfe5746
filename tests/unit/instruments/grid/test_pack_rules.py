"""A market's rules in one word."""

import boa
import pytest

from novate.errors import ParameterError
from novate.series import Rules

RULES = (10**8, 8, 3, 35, 190, 400)


def test_layout(instruments):
    word = instruments.pack_rules(*RULES)
    assert word == Rules(*RULES).word
    assert word >> 255 == 1
    assert (word >> 104) % 2**64 == 10**8
    assert (word >> 96) % 2**8 == 8
    assert [(word >> shift) % 2**24 for shift in (72, 48, 24, 0)] == [3, 35, 190, 400]


def test_extremes(instruments):
    for rules in [(1, 0, 0, 0, 0, 0), (2**64 - 1, 23, 3_650, 3_650, 3_650, 3_650)]:
        assert instruments.pack_rules(*rules) == Rules(*rules).word


@pytest.mark.parametrize(
    ("reason", "position", "value"),
    [
        ("grid: tick out of range", 0, 0),
        ("grid: tick out of range", 0, 2**64),
        ("grid: hour out of range", 1, 24),
        ("grid: tenor out of range", 2, 3_651),
        ("grid: tenor out of range", 3, 3_651),
        ("grid: tenor out of range", 4, 3_651),
        ("grid: tenor out of range", 5, 2**256 - 1),
    ],
)
def test_reverts(instruments, reason, position, value):
    rules = [*RULES[:position], value, *RULES[position + 1 :]]
    with boa.reverts(reason):
        instruments.pack_rules(*rules)
    with pytest.raises(ParameterError):
        Rules(*rules)
