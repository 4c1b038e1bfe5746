"""Names of options and the calendar they live on: the twin of contracts/instruments/.

Written from the layout in `series.vy` and `grid.vy`, with Python's own calendar, and held to the
contracts by tests/fuzz/test_series.py. Money and quantities are integers in wad, time in seconds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import ParameterError

WAD = 10**18
HOUR = 3_600
DAY = 86_400
# One unit of strike and barrier (1e-8 USD) in wad.
PRICE_UNIT = 10**10
MAX_UNDERLYING = 2**16 - 1
MAX_EXPIRY = (2**24 - 1) * HOUR
MAX_PRICE = (2**56 - 1) * PRICE_UNIT
MAX_QUANTITY = 2**95 - 1
MAX_TENOR = 3_650
PUT, BARRIER, UP, IN = 1, 2, 4, 8
FRIDAY = 4


@dataclass(frozen=True)
class Series:
    """An option, completely. Raises ParameterError for what names none; sorts as its code does.

    underlying: index of the underlying, 1 to 65,535.
    expiry: [s] on the hour.
    strike: [wad] a multiple of 1e-8 USD.
    barrier: [wad] likewise; 0 for an option without one.
    is_up, knocks_in: kind of the barrier (else down, out).
    """

    underlying: int
    expiry: int
    strike: int
    is_put: bool
    barrier: int = 0
    is_up: bool = False
    knocks_in: bool = False

    def __post_init__(self) -> None:
        _require("underlying", self.underlying, 1, MAX_UNDERLYING)
        _require("expiry", self.expiry, 0, MAX_EXPIRY, HOUR)
        _require("strike", self.strike, PRICE_UNIT, MAX_PRICE, PRICE_UNIT)
        _require("barrier", self.barrier, 0, MAX_PRICE, PRICE_UNIT)
        if not self.barrier and (self.is_up or self.knocks_in):
            raise ParameterError("barrier", self.barrier, "positive when the kind has a barrier")

    @property
    def kind(self) -> int:
        """Bits: 0 put, 1 barrier, 2 up, 3 in."""
        bits = PUT * self.is_put | BARRIER * (self.barrier > 0)
        return bits | UP * self.is_up | IN * self.knocks_in

    @property
    def code(self) -> int:
        """The 160-bit integer that the contracts use."""
        return (
            self.underlying << 144
            | self.expiry // HOUR << 120
            | self.strike // PRICE_UNIT << 64
            | self.kind << 56
            | self.barrier // PRICE_UNIT
        )

    @classmethod
    def from_code(cls, code: int) -> "Series":
        """Series of a code; raises ParameterError for integers that name no option."""
        _require("code", code, 0, 2**160 - 1)
        kind = code >> 56 & 255
        barrier = (code & 2**56 - 1) * PRICE_UNIT
        if kind > 15 or (kind & BARRIER != 0) != (barrier > 0):
            raise ParameterError("kind", kind, "0, 1, or with a barrier 2, 3, 6, 7, 10, 11, 14, 15")
        return cls(
            code >> 144,
            (code >> 120 & 2**24 - 1) * HOUR,
            (code >> 64 & 2**56 - 1) * PRICE_UNIT,
            kind & PUT != 0,
            barrier,
            kind & UP != 0,
            kind & IN != 0,
        )

    def payoff(self, price: int) -> int:
        """What one contract pays at expiry [wad] when the fixing is `price` [wad]."""
        _require("price", price, 0, 2**256 - 1)
        return max(self.strike - price if self.is_put else price - self.strike, 0)

    def payout(self, quantity: int, price: int) -> int:
        """What a position pays at expiry [wad], negative for a short.

        Rounded down in both cases, as Python's `//` does: a long receives less, a short pays more.
        """
        _require("quantity", quantity, -MAX_QUANTITY, MAX_QUANTITY)
        payoff = self.payoff(price)
        # The contract reverts where the product or its rounding leaves 256 bits.
        if abs(quantity) * payoff + (WAD - 1) * (quantity < 0) >= 2**256:
            raise ParameterError("price", price, "small enough for a product of 256 bits")
        return quantity * payoff // WAD

    def __lt__(self, other: "Series") -> bool:
        return self.code < other.code

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.expiry, UTC).strftime("%Y-%m-%d")
        text = f"{self.underlying} {when} {self.strike / WAD:g} {'put' if self.is_put else 'call'}"
        if self.barrier:
            text += f" {'up' if self.is_up else 'down'}-and-{'in' if self.knocks_in else 'out'}"
            text += f" {self.barrier / WAD:g}"
        return text


def pack(code: int, quantity: int) -> int:
    """A position in one word: the code beside a quantity [wad], long positive."""
    _require("code", code, 0, 2**160 - 1)
    _require("quantity", quantity, -MAX_QUANTITY, MAX_QUANTITY)
    return code << 96 | quantity % 2**96


def unpack(word: int) -> tuple[int, int]:
    """(code, quantity [wad]) of a position."""
    quantity = word % 2**96
    return word >> 96, quantity - 2**96 if quantity >= 2**95 else quantity


@dataclass(frozen=True)
class Rules:
    """The grid of a market: which strikes and expiries may be opened.

    tick: [1e-8 USD] strikes are multiples of it.
    hour: hour of the day (UTC) of the expiries.
    daily, weekly, monthly, quarterly: [days] how far ahead expiries of each frequency may lie.
    """

    tick: int
    hour: int
    daily: int
    weekly: int
    monthly: int
    quarterly: int

    def __post_init__(self) -> None:
        _require("tick", self.tick, 1, 2**64 - 1)
        _require("hour", self.hour, 0, 23)
        for name in ("daily", "weekly", "monthly", "quarterly"):
            _require(name, getattr(self, name), 0, MAX_TENOR)

    @property
    def word(self) -> int:
        """The rules as the contract keeps them."""
        return (
            1 << 255
            | self.tick << 104
            | self.hour << 96
            | self.daily << 72
            | self.weekly << 48
            | self.monthly << 24
            | self.quarterly
        )


def is_last_friday(day: datetime) -> bool:
    """True on the last Friday of a month."""
    return day.weekday() == FRIDAY and (day + timedelta(days=7)).month != day.month


def refusal(series: Series, rules: Rules | None, now: int) -> str:
    """The reason for which the grid refuses to open a series at `now` [s]; empty if it may."""
    if rules is None:
        return "series: underlying not listed"
    if series.strike % (rules.tick * PRICE_UNIT):
        return "series: strike off tick"
    if series.expiry <= now:
        return "series: expired"
    return "" if _on_calendar(series.expiry, rules, now) else "series: expiry off grid"


def next_expiries(now: int, rules: Rules) -> list[int]:
    """Every expiry [s] that may be opened at `now` [s], the next one first."""
    horizon = max(rules.daily, rules.weekly, rules.monthly, rules.quarterly)
    first = now // DAY * DAY + rules.hour * HOUR
    candidates = (first + days * DAY for days in range(horizon + 1))
    return [time for time in candidates if time > now and _on_calendar(time, rules, now)]


def _on_calendar(expiry: int, rules: Rules, now: int) -> bool:
    """Whether an expiry in the future is on the grid. Days ahead are rounded up."""
    day = datetime.fromtimestamp(expiry, UTC)
    if day.hour != rules.hour:
        return False
    ahead = -((now - expiry) // DAY)
    quarter = day.month % 3 == 0
    return (
        ahead <= rules.daily
        or (day.weekday() == FRIDAY and ahead <= rules.weekly)
        or (is_last_friday(day) and ahead <= max(rules.monthly, rules.quarterly * quarter))
    )


def _require(name: str, value: int, low: int, high: int, multiple: int = 1) -> None:
    if not low <= value <= high or value % multiple:
        accepted = f"{low} to {high}" + (f" in steps of {multiple}" if multiple > 1 else "")
        raise ParameterError(name, value, accepted)
