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
        - the oracle freezes the price at the last aggregate. Its confidence falls by `gap` at once,
          for the jump to the next open, and then with the time since the close; margin adds
          its charge for low confidence to what opening and withdrawing need;
        - the listing admits no opening trade unless the policy says `trade`;
        - auctions wait unless the policy says `liquidate`, and after the open `grace` seconds
          longer, so that owners can answer a new price before anybody sells on it.
        Closing trades, deposits, cures, withdrawals of what is free, and settlement by a fixing go
        on at all times.
@dev Words. A week: 24 bits a day, Monday lowest: open and close [minutes from 00:00 UTC], 12 bits
     each; close 0 is no session. Days: 2 bits a day, 128 days from a day number that is a
     multiple of 128: 0 standard time, 1 summer time, 2 holiday, 3 hours of its own. An underlying:

          206         205     204     188 187       128 127        0
         | liquidate | trade | grace     | gap         | calendar   |
         | 1 bit     | 1 bit | 17 bits,s | 60 bits,wad | 128 bits   |
@custom:trust The owner can open and close markets at will, at once; it belongs to a timelock.
@custom:kill None: an oracle that fails to read this treats the market as open.
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
# [wad]; [s]
MAX_GAP: constant(uint256) = 10**18
MAX_GRACE: constant(uint256) = 86_400
DAY_MINUTES: constant(uint256) = 1_440

MASK_17: constant(uint256) = 2**17 - 1
MASK_60: constant(uint256) = 2**60 - 1
MASK_128: constant(uint256) = 2**128 - 1

SUMMER: constant(uint256) = 1
SPECIAL: constant(uint256) = 3


struct Policy:
    trade: bool  # risk may grow outside the session
    liquidate: bool  # auctions run outside the session
    grace: uint256  # [s] after the open for which auctions still wait
    gap: uint256  # [wad] share of confidence that the price loses at the close


# underlying -> word as in the header, calendar 0 is always open
words: HashMap[uint256, uint256]
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
    old_word: uint256  # as stored
    policy: Policy


event WeekSet:
    calendar: indexed(uint256)
    season: uint256
    old_word: uint256
    word: uint256


event DaysSet:
    calendar: indexed(uint256)
    block: uint256
    old_word: uint256
    word: uint256


event SpecialDaySet:
    calendar: indexed(uint256)
    day: uint256
    old_word: uint256  # closes << 12 | opens
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
    assert calendar <= MASK_128, "calendar: number too large"
    word: uint256 = self.words[underlying]
    log CalendarAssigned(underlying=underlying, old_calendar=word & MASK_128, new_calendar=calendar)
    self.words[underlying] = (word & ~MASK_128) | calendar


@external
def set_policy(underlying: uint256, policy: Policy):
    """
    @notice What is done outside the underlying's sessions; nothing but waiting unless said here.
    """
    self._check(underlying)
    assert policy.gap <= MAX_GAP, "calendar: gap too large"
    assert policy.grace <= MAX_GRACE, "calendar: grace too long"
    log PolicySet(underlying=underlying, old_word=self.words[underlying], policy=policy)
    self.words[underlying] = (
        (convert(policy.liquidate, uint256) << 206)
        | (convert(policy.trade, uint256) << 205)
        | (policy.grace << 188)
        | (policy.gap << 128)
        | (self.words[underlying] & MASK_128)
    )


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
    log WeekSet(calendar=calendar, season=season, old_word=self.weeks[calendar][season], word=word)
    self.weeks[calendar][season] = word


@external
def set_days(calendar: uint256, block_number: uint256, word: uint256):
    """
    @notice Seasons and holidays of 128 days.
    @param block_number Day number (since 1970-01-01) of the first of them, divided by 128.
    @param word As in the header.
    """
    ownable._check_owner()
    log DaysSet(
        calendar=calendar, block=block_number, old_word=self.days[calendar][block_number], word=word
    )
    self.days[calendar][block_number] = word


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
    log SpecialDaySet(
        calendar=calendar, day=day, old_word=self.special_days[calendar][day], opens=opens, closes=closes
    )
    self.special_days[calendar][day] = (closes << 12) | opens


# -- views: total, and readable in the midst of any call --


@external
@view
@reentrant
def hours(underlying: uint256) -> ICalendar.Hours:
    """
    @notice Whether the underlying's home market is open now, since when, and what may be done.
    """
    word: uint256 = self.words[underlying]
    opened: bool = False
    since: uint256 = 0
    opened, since = self._session(word & MASK_128, block.timestamp)
    liquidate: bool = word >> 206 == 1
    if opened:
        # Without a calendar it has been open since the beginning of time.
        waited: bool = block.timestamp - since >= (word >> 188) & MASK_17
        return ICalendar.Hours(
            is_open=True, since=since, may_trade=True, may_liquidate=liquidate or waited, gap=0
        )
    return ICalendar.Hours(
        is_open=False,
        since=since,
        may_trade=(word >> 205) & 1 == 1,
        may_liquidate=liquidate,
        gap=(word >> 128) & MASK_60,
    )


@external
@view
@reentrant
def session_at(underlying: uint256, time: uint256) -> (bool, uint256):
    """
    @notice Whether the underlying's home market is open at some moment, as the calendar stands now.
    @param time [s] below 2**40.
    @return Open or not; since when [s]: the open, or the close; at most LOOKBACK days before.
    """
    assert time < 2**40, "calendar: time out of range"
    return self._session(self.words[underlying] & MASK_128, time)


@external
@view
@reentrant
def calendar_of(underlying: uint256) -> uint256:
    """
    @return Number of its calendar, 0 when it is always open.
    """
    return self.words[underlying] & MASK_128


@external
@view
@reentrant
def policy_of(underlying: uint256) -> Policy:
    """
    @return What is done outside its sessions.
    """
    word: uint256 = self.words[underlying]
    return Policy(
        trade=(word >> 205) & 1 == 1,
        liquidate=word >> 206 == 1,
        grace=(word >> 188) & MASK_17,
        gap=(word >> 128) & MASK_60,
    )


# -- internals --


@internal
@view
def _session(calendar: uint256, time: uint256) -> (bool, uint256):
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
