"""Markets that serve no price: not listed, not over yet, tripped, closed, without a past."""

from typing import Any

import boa

from tests.unit.oracle.PriceOracle.conftest import MAX_AGE, SPX, now

NOBODY = "0x" + 40 * "0"
NOT_LISTED, TRIPPED, CLOSED_NOW = 1, 6, 7
WAD = 10**18
CLOSED = """
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


def test_a_tripped_breaker_is_told_of_a_closed_market_too(desk: Any) -> None:
    boa.env.time_travel(seconds=MAX_AGE + 1)
    desk.oracle.poke(SPX)
    assert [type(event).__name__ for event in desk.oracle.get_logs()] == ["BreakerTripped"]
    for served in (False, True):
        desk.oracle.set_calendar(SPX, boa.loads(CLOSED).address, 0, served, sender=desk.owner)
        assert desk.oracle.status(SPX)[0] == TRIPPED


def test_history_that_begins_after_expiry_is_none(desk: Any) -> None:
    """Its only source was replaced by one without a past: what was recorded counts, a day later."""
    expiry = (now() // 3_600 + 12) * 3_600
    source = desk.lying()
    underlying = desk.list_with(source)
    boa.env.time_travel(seconds=expiry - 600 - now())
    source.say(2_600 * 10**8, now())
    desk.oracle.poke(underlying)
    boa.env.time_travel(seconds=601)
    source.tell(1, [(2_800 * 10**8, expiry + 1, 1)], [True])
    with boa.reverts("oracle: no price in window"):
        desk.oracle.fix(underlying, expiry, [1])
    boa.env.time_travel(seconds=86_400)
    assert desk.oracle.fix(underlying, expiry, [1]) == 2_600 * WAD


def test_a_calendar_taken_away_leaves_the_market_open(desk: Any) -> None:
    """Assigned, the calendar closes the market; without it the price is served again."""
    served = desk.oracle.status(SPX)[0]
    desk.oracle.set_calendar(SPX, boa.loads(CLOSED).address, 0, False, sender=desk.owner)
    assert desk.oracle.status(SPX)[0] == CLOSED_NOW
    desk.oracle.set_calendar(SPX, NOBODY, 0, False, sender=desk.owner)
    assert desk.oracle.status(SPX)[0] == served == 0
