# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Calendar
@license AGPL-3.0-only
@notice Market hours of underlyings that do not trade around the clock, and what the protocol does
        outside them. Underlyings share calendars; one without a calendar is always open.

        A calendar has a session for each day of the week, in UTC, once for standard time and once
        for summer time, and says of each day which of the two it follows, whether it is a holiday
        or has hours of its own (an early close). A session belongs to the day on which it opens
        and may end on the next; sessions that meet are one. Days that nobody has described yet
        follow standard time, so that a calendar which is not kept up never closes a market.

        Outside the session:
        - the oracle freezes the price at the last aggregate, and confidence falls with the time
          since the close; margin adds its charge for low confidence;
        - margin adds `gap` of spot per unit of exposure, for the jump to the next open;
        - positions may only be reduced unless the policy says `trade`;
        - auctions wait unless the policy says `liquidate`, and then `grace` seconds longer, so
          that owners can answer a new price before anybody sells on it. Deposits, withdrawals
          of what is free, and settlement by a fixing go on at all times.
@dev Words. A week: 24 bits a day, Monday lowest: open and close [minutes from 00:00 UTC], 12 bits
     each; close 0 is no session. Days: 2 bits a day, 128 days from a day number that is a
     multiple of 128: 0 standard time, 1 summer time, 2 holiday, 3 hours of its own.
@custom:trust The owner can open and close markets at will, at once; it belongs to a timelock.
@custom:kill None: a reader that fails to read this treats the market as open.
@custom:rounding None: whole minutes.
"""

from snekmate.auth import ownable

from ..interfaces import ICalendar

initializes: ownable
implements: ICalendar

exports: (ownable.owner, ownable.transfer_ownership)


DAY: constant(uint256) = 86_400
# Longer than any closure: further back no close is looked for.
LOOKBACK: public(constant(uint256)) = 15
MAX_UNDERLYING: constant(uint256) = 2**16 - 1
# [wad] of spot; [s]
MAX_GAP: constant(uint256) = 10**18
MAX_GRACE: constant(uint256) = 86_400
DAY_MINUTES: constant(uint256) = 1_440

SUMMER: constant(uint256) = 1
SPECIAL: constant(uint256) = 3


struct Policy:
    trade: bool  # risk may grow outside the session
    liquidate: bool  # auctions run outside the session
    grace: uint256  # [s] after the open for which auctions still wait
    gap: uint256  # [wad] of spot, margin for the jump to the next open, outside the session


struct Hours:
    is_open: bool
    since: uint256  # [s]
    may_trade: bool
    may_liquidate: bool
    gap: uint256  # [wad] of spot, 0 while open


# underlying -> calendar, 0 is always open
calendar_of: public(HashMap[uint256, uint256])
policy_of: public(HashMap[uint256, Policy])
# calendar -> 0 standard, 1 summer time -> week word
weeks: public(HashMap[uint256, HashMap[uint256, uint256]])
# calendar -> day number // 128 -> days word
days: public(HashMap[uint256, HashMap[uint256, uint256]])
# calendar -> day number -> close << 12 | open, as a day of a week word
special_days: public(HashMap[uint256, HashMap[uint256, uint256]])


event CalendarAssigned:
    underlying: indexed(uint256)
    old_calendar: uint256
    new_calendar: uint256


event PolicySet:
    underlying: indexed(uint256)
    policy: Policy


event WeekSet:
    calendar: indexed(uint256)
    season: uint256
    word: uint256


event DaysSet:
    calendar: indexed(uint256)
    block: uint256
    word: uint256


event SpecialDaySet:
    calendar: indexed(uint256)
    day: uint256
    opens: uint256
    closes: uint256


@deploy
def __init__(owner: address):
    assert owner != empty(address), "calendar: no owner"
    ownable.__init__()
    ownable._transfer_ownership(owner)


# -- owner --


@external
def assign(underlying: uint256, calendar: uint256):
    """
    @notice Gives an underlying a calendar; 0: always open.
    """
    self._check(underlying)
    log CalendarAssigned(underlying=underlying, old_calendar=self.calendar_of[underlying], new_calendar=calendar)
    self.calendar_of[underlying] = calendar


@external
def set_policy(underlying: uint256, policy: Policy):
    """
    @notice What is done outside the underlying's sessions; nothing but waiting unless said here.
    """
    self._check(underlying)
    assert policy.gap <= MAX_GAP, "calendar: gap too large"
    assert policy.grace <= MAX_GRACE, "calendar: grace too long"
    self.policy_of[underlying] = policy
    log PolicySet(underlying=underlying, policy=policy)


@external
def set_week(calendar: uint256, season: uint256, word: uint256):
    """
    @notice The sessions of a week.
    @param season 0 standard time, 1 summer time.
    @param word As in the header.
    """
    ownable._check_owner()
    assert season <= SUMMER, "calendar: no such season"
    assert word >> 168 == 0, "calendar: more than seven days"
    for weekday: uint256 in range(7):
        self._check_session(word >> (24 * weekday))
    self.weeks[calendar][season] = word
    log WeekSet(calendar=calendar, season=season, word=word)


@external
def set_days(calendar: uint256, block_number: uint256, word: uint256):
    """
    @notice Seasons and holidays of 128 days.
    @param block_number Day number (since 1970-01-01) of the first of them, divided by 128.
    @param word As in the header.
    """
    ownable._check_owner()
    self.days[calendar][block_number] = word
    log DaysSet(calendar=calendar, block=block_number, word=word)


@external
def set_special_day(calendar: uint256, day: uint256, opens: uint256, closes: uint256):
    """
    @notice Hours of a day of its own, such as an early close; `set_days` marks it with 3.
    @param day Number since 1970-01-01.
    @param opens [minutes from 00:00 UTC]
    @param closes [minutes from 00:00 UTC] up to 1,440 after the open; 0: no session.
    """
    ownable._check_owner()
    assert opens < DAY_MINUTES and closes < 2**12, "calendar: no such minute"
    self._check_session((closes << 12) | opens)
    self.special_days[calendar][day] = (closes << 12) | opens
    log SpecialDaySet(calendar=calendar, day=day, opens=opens, closes=closes)


# -- views: total, and readable in the midst of any call --


@external
@view
@reentrant
def session(underlying: uint256) -> (bool, uint256):
    """
    @notice Whether the underlying's home market is open now.
    @return Open or not; since when [s]: the open, or the close; at most LOOKBACK days ago.
    """
    return self._session(underlying, block.timestamp)


@external
@view
@reentrant
def session_at(underlying: uint256, time: uint256) -> (bool, uint256):
    """
    @notice The same for another moment, as the calendar stands now.
    @param time [s] below 2**40.
    """
    assert time < 2**40, "calendar: time out of range"
    return self._session(underlying, time)


@external
@view
@reentrant
def hours(underlying: uint256) -> Hours:
    """
    @notice Whether it is open, and what may be done now.
    """
    opened: bool = False
    since: uint256 = 0
    opened, since = self._session(underlying, block.timestamp)
    policy: Policy = self.policy_of[underlying]
    waiting: bool = opened and self.calendar_of[underlying] != 0 and block.timestamp - since < policy.grace
    return Hours(
        is_open=opened,
        since=since,
        may_trade=opened or policy.trade,
        may_liquidate=policy.liquidate or (opened and not waiting),
        gap=0 if opened else policy.gap,
    )


# -- internals --


@internal
@view
def _session(underlying: uint256, time: uint256) -> (bool, uint256):
    calendar: uint256 = self.calendar_of[underlying]
    if calendar == 0:
        return True, 0
    today: uint256 = time // DAY
    # The start of the session that is running, and the end of the latest one that is over.
    opened: uint256 = 0
    closed: uint256 = 0
    for back: uint256 in range(LOOKBACK):
        if back > today:
            break
        day: uint256 = unsafe_sub(today, back)
        hours: uint256 = self._hours(calendar, day)
        start: uint256 = day * DAY + (hours & 4_095) * 60
        end: uint256 = day * DAY + (hours >> 12) * 60
        if opened != 0:
            if hours == 0 or end < opened:
                return True, opened
            opened = min(opened, start)
        elif hours != 0 and start <= time and time < end:
            opened = start
        elif closed != 0:
            # The session of the day before a closed one may have lasted longer, no other's.
            return False, max(closed, min(end, time)) if hours != 0 else closed
        elif hours != 0 and end <= time:
            closed = end
    if opened != 0:
        return True, opened
    if closed != 0:
        return False, closed
    return False, time - min(time, (LOOKBACK - 1) * DAY)


@internal
@view
def _hours(calendar: uint256, day: uint256) -> uint256:
    """
    @return close << 12 | open of the session that opens on a day, 0 when there is none.
    """
    kind: uint256 = (self.days[calendar][day >> 7] >> ((day & 127) << 1)) & 3
    hours: uint256 = 0
    if kind <= SUMMER:
        # Day 0 was a Thursday.
        hours = (self.weeks[calendar][kind] >> (24 * ((day + 3) % 7))) & (2**24 - 1)
    elif kind == SPECIAL:
        hours = self.special_days[calendar][day]
    if hours >> 12 == 0:
        return 0
    return hours


@internal
@pure
def _check_session(word: uint256):
    opens: uint256 = word & 4_095
    closes: uint256 = (word >> 12) & 4_095
    if closes == 0:
        return
    assert opens < DAY_MINUTES and closes > opens, "calendar: closes before it opens"
    assert closes - opens <= DAY_MINUTES, "calendar: longer than a day"


@internal
def _check(underlying: uint256):
    ownable._check_owner()
    assert underlying != 0 and underlying <= MAX_UNDERLYING, "calendar: no such underlying"
