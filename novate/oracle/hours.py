"""Market hours as contracts/oracle/Calendar.vy keeps them: words of weeks and of days.

Hours are given in the market's own time zone; the calendar on chain knows UTC only, so each day
is marked with the season that it falls into.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.tseries.holiday import (
    AbstractHolidayCalendar,
    GoodFriday,
    Holiday,
    USLaborDay,
    USMartinLutherKingJr,
    USMemorialDay,
    USPresidentsDay,
    USThanksgivingDay,
    nearest_workday,
)

from ..errors import ParameterError
from ..parameters import Hours

EPOCH = date(1970, 1, 1)
BLOCK = 128
STANDARD, SUMMER, HOLIDAY, SPECIAL = range(4)
MINUTE, DAY_MINUTES = 60, 1_440


class _NewYorkHolidays(AbstractHolidayCalendar):
    """Full closures of the New York Stock Exchange by its rule 7.2; pandas' own calendar of
    federal holidays has others."""

    rules = [
        Holiday("New Year", month=1, day=1, observance=lambda d: _sunday_to_monday(d)),
        USMartinLutherKingJr,
        USPresidentsDay,
        GoodFriday,
        USMemorialDay,
        Holiday("Juneteenth", month=6, day=19, observance=nearest_workday),
        Holiday("Independence", month=7, day=4, observance=nearest_workday),
        USLaborDay,
        USThanksgivingDay,
        Holiday("Christmas", month=12, day=25, observance=nearest_workday),
    ]


def _sunday_to_monday(day: datetime) -> datetime:
    # A New Year on a Saturday is not observed on the last Friday of the year.
    return day + timedelta(days=1) if day.weekday() == 6 else day


@dataclass(frozen=True)
class Market:
    """The sessions of a market.

    zone: IANA name. opens, closes: of each weekday, local. holidays: no session.
    early: other closing times, local.
    """

    zone: str
    opens: time
    closes: time
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: frozenset[date] = frozenset()
    early: dict[date, time] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ParameterError("closes", self.closes, f"later than {self.opens}")

    def week(self, season: int, year: int) -> int:
        """The week word of standard (0) or summer time (1)."""
        # January and July: on either hemisphere one of them is in summer time, or none.
        for month in (1, 7):
            day = date(year, month, 15)
            if self._season(day) == season:
                opens, closes = self._minutes(day, self.closes)
                session = (closes << 12) | opens
                return sum(session << (24 * weekday) for weekday in self.weekdays)
        return 0

    def days(self, first: date, last: date) -> dict[int, int]:
        """Days words by block number, for the blocks that `first` to `last` touch, whole."""
        words: dict[int, int] = {}
        start = _number(first) // BLOCK * BLOCK
        end = (_number(last) // BLOCK + 1) * BLOCK
        for number in range(start, end):
            day = EPOCH + timedelta(days=number)
            block, place = divmod(number, BLOCK)
            words[block] = words.get(block, 0) | (self._kind(day) << (2 * place))
        return words

    def special_days(self) -> Iterator[tuple[int, int, int]]:
        """Day number, open and close [minutes, UTC] of each early close."""
        for day, closes in sorted(self.early.items()):
            yield (_number(day), *self._minutes(day, closes))

    def hours(self, first: date, last: date, **choices: Any) -> Hours:
        """What a deployment takes for the days from `first` to `last`, with policy and the like."""
        seasons = {season: self.week(season, first.year) for season in (STANDARD, SUMMER)}
        return Hours(
            weeks=tuple((season, word) for season, word in seasons.items() if word),
            days=tuple(self.days(first, last).items()),
            special_days=tuple(self.special_days()),
            **choices,
        )

    def _kind(self, day: date) -> int:
        if day in self.holidays:
            return HOLIDAY
        if day in self.early:
            return SPECIAL
        return self._season(day)

    def _season(self, day: date) -> int:
        noon = datetime.combine(day, time(12), ZoneInfo(self.zone))
        return SUMMER if noon.dst() else STANDARD

    def _minutes(self, day: date, closes: time) -> tuple[int, int]:
        """Open and close in minutes from 00:00 UTC of the day."""
        midnight = datetime.combine(day, time(0), UTC)
        found = []
        for local in (self.opens, closes):
            moment = datetime.combine(day, local, ZoneInfo(self.zone))
            found.append(int((moment - midnight).total_seconds()) // MINUTE)
        if not 0 <= found[0] < DAY_MINUTES:
            raise ParameterError("opens", self.opens, f"an open on the same day in UTC, not {day}")
        return found[0], found[1]


def new_york(first: date, last: date) -> Market:
    """The New York Stock Exchange: 09:30 to 16:00, its holidays, early closes at 13:00."""
    days = _NewYorkHolidays().holidays(pd.Timestamp(first), pd.Timestamp(last))
    closed = {moment.date() for moment in days}
    early = set()
    for year in range(first.year, last.year + 1):
        for day in (date(year, 7, 3), date(year, 12, 24), _after_thanksgiving(year)):
            if day.weekday() < 5 and day not in closed and first <= day <= last:
                early.add(day)
    return Market(
        "America/New_York",
        time(9, 30),
        time(16),
        holidays=frozenset(closed),
        early=dict.fromkeys(sorted(early), time(13)),
    )


def _after_thanksgiving(year: int) -> date:
    """The Friday after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21 + 1)


def _number(day: date) -> int:
    return (day - EPOCH).days
