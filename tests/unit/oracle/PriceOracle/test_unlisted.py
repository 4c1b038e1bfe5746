"""What is not listed has no quote, no price and a status that says so."""

from typing import Any

import boa

from tests.unit.oracle.PriceOracle.conftest import SPX, now

NOBODY = "0x" + 40 * "0"
NOT_LISTED = 1
WAD = 10**18


def test_every_view_answers_for_what_is_not_listed(desk: Any) -> None:
    unknown = 77
    assert desk.oracle.status(unknown) == (NOT_LISTED, 0, 0, 0)
    assert desk.oracle.spot(unknown) == (0, False)
    empty = tuple(desk.oracle.quote(unknown, now() + 3_600))
    assert not any(empty)
    assert tuple(desk.oracle.term(unknown, now() + 3_600, 2_700 * WAD)) == empty


def test_nothing_is_recorded_of_a_window_that_has_not_passed(desk: Any) -> None:
    expiry = (now() // 3_600 + 13) * 3_600
    assert desk.oracle.recorded(SPX, expiry)[0] == 0


def test_a_calendar_taken_away_leaves_the_market_open(desk: Any) -> None:
    """Assigned, the calendar closes the market; without it the price is served again."""
    calendar = boa.loads(
        """
# pragma version 0.4.3
struct Hours:
    is_open: bool
    since: uint256
    may_trade: bool
    may_liquidate: bool
    gap: uint256

@external
@view
def hours(underlying: uint256) -> Hours:
    return Hours(is_open=False, since=block.timestamp, may_trade=False, may_liquidate=False, gap=0)
"""
    )
    served = desk.oracle.status(SPX)[0]
    desk.oracle.set_calendar(SPX, calendar.address, 0, False, sender=desk.owner)
    assert desk.oracle.status(SPX)[0] == 7
    desk.oracle.set_calendar(SPX, NOBODY, 0, False, sender=desk.owner)
    assert desk.oracle.status(SPX)[0] == served == 0
