"""The deliberate breaks of `breaks.py` still fit the contracts, and name checks that there are."""

from pathlib import Path

import pytest

from tests.stateful.breaks import BREAKS, CONTRACTS, Break
from tests.stateful.checks import CHECKS

VENUES = "".join(file.read_text() for file in Path(__file__).parent.glob("venues*.py"))


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: f"{one.file} {one.checks[0]}")
def test_a_break_fits(one: Break) -> None:
    assert (CONTRACTS / one.file).read_text().count(one.old) == 1 and one.new != one.old
    for check in one.checks:
        assert f'"{check}"' in VENUES if one.venues else check in CHECKS
