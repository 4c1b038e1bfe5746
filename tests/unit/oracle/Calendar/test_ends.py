"""The last session that anybody looks back to, and a policy that waits for nothing."""

from collections.abc import Iterator
from typing import Any

import boa
import pytest

from novate.deploy import compiled

DAY = 86_400
NEVER, ONCE = 1, 2
# Tuesday 2026-06-16.
TODAY = 20_620


@pytest.fixture
def calendar() -> Iterator[Any]:
    owner = boa.env.generate_address("owner")
    with boa.env.prank(owner):
        yield compiled("oracle/Calendar.vy").deploy(owner)


def session_on(calendar: Any, day: int) -> None:
    """10:00 to 20:00, on a day of its own kind."""
    calendar.set_days(ONCE, day // 128, 3 << (2 * (day % 128)))
    calendar.set_special_day(ONCE, day, 600, 1_200)


def test_a_close_as_long_ago_as_one_looks(calendar: Any) -> None:
    """One session in all, fourteen days ago: told; fifteen days ago: only that it was before."""
    calendar.assign(NEVER, ONCE)
    session_on(calendar, TODAY - 14)
    noon = TODAY * DAY + DAY // 2
    assert calendar.session_at(NEVER, noon) == (False, (TODAY - 14) * DAY + 72_000)
    assert calendar.session_at(NEVER, noon + DAY) == (False, noon + DAY - 14 * DAY)


def test_who_may_always_be_sold_may_be_right_after_the_open(calendar: Any) -> None:
    calendar.assign(NEVER, ONCE)
    session_on(calendar, TODAY)
    calendar.set_policy(NEVER, (False, True, 300, 0))
    opening = TODAY * DAY + 36_000
    boa.env.evm.patch.timestamp = opening + 1
    assert calendar.hours(NEVER) == (True, opening, True, True, 0)
