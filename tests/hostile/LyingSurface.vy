# pragma version 0.4.3
"""
@title A surface, and a calendar, that say whatever they are told
@license AGPL-3.0-only
"""

from ...contracts.interfaces import ICalendar
from ...contracts.interfaces import IVolatilitySurface

implements: ICalendar
implements: IVolatilitySurface


struct Answer:
    smile: uint256
    tenor: uint256
    ratio: uint256
    rate: int256
    volatility: uint256
    time: uint256


answer: Answer
hours_now: ICalendar.Hours
broken: bool


@external
def say(answer: Answer):
    self.answer = answer


@external
def set_session(open: bool, since: uint256):
    self.hours_now = ICalendar.Hours(is_open=open, since=since, may_trade=open, may_liquidate=True, gap=0)


@external
def set_policy(may_liquidate: bool, gap: uint256):
    self.hours_now.may_liquidate = may_liquidate
    self.hours_now.gap = gap


@external
def set_broken(broken: bool):
    self.broken = broken


@external
@view
def smile(underlying: uint256, expiry: uint256) -> (uint256, uint256, uint256, int256, uint256, uint256):
    assert not self.broken, "surface: out of order"
    a: Answer = self.answer
    return a.smile, a.tenor, a.ratio, a.rate, a.volatility, a.time


@external
@view
def hours(underlying: uint256) -> ICalendar.Hours:
    assert not self.broken, "surface: out of order"
    return self.hours_now
