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
open: bool
since: uint256
broken: bool


@external
def say(answer: Answer):
    self.answer = answer


@external
def set_session(open: bool, since: uint256):
    self.open = open
    self.since = since


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
def session(underlying: uint256) -> (bool, uint256):
    assert not self.broken, "surface: out of order"
    return self.open, self.since
