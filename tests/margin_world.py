"""The standard engine beside an oracle that says what the test writes."""

from dataclasses import astuple, replace
from fractions import Fraction
from typing import Any

import boa

from novate.engine.cache import load
from novate.reference.margin import (
    Health,
    Holding,
    Position,
    Quote,
    Rules,
    Smile,
    View,
    assess,
)
from novate.series import HOUR, WAD, Series, pack

ENGINE = load("contracts/margin/StandardMargin.vy")
ORACLE = load("tests/harness/SettableOracle.vy")
NOBODY = "0x" + "00" * 20


def wad(amount: float | str) -> int:
    """The nearest wad to what is written: 0.1 is a tenth."""
    return round(Fraction(str(amount)) * WAD)


def pack_smile(smile: Smile) -> int:
    """The word of contracts/math/svi.vy: a Q48 | b Q50 | rho Q42 | m Q47 | sigma Q47."""
    word = 0
    for value, bits, fraction in (
        (smile.a, 57, 48),
        (smile.b, 52, 50),
        (smile.rho, 43, 42),
        (smile.m, 52, 47),
        (smile.sigma, 52, 47),
    ):
        word = word << bits | round(value * 2**fraction) & (1 << bits) - 1
    return word


def figures(rules: Rules) -> tuple[int, ...]:
    """The contract's Parameters."""
    *shares, stablecoin = astuple(rules)
    return (*map(wad, shares), stablecoin)


class Quoted:
    """Writes the same market to the oracle of an engine and to the view of the reference."""

    def __init__(self) -> None:
        self.owner = boa.env.generate_address("owner")
        self.intruder = boa.env.generate_address("intruder")
        self.oracle: Any = ORACLE.deploy()
        self.now = int(boa.env.timestamp)
        self.hour = self.now // HOUR * HOUR
        self.view = View(self.now, {}, {}, {}, {})

    def expiry(self, hours: int) -> int:
        return self.hour + hours * HOUR

    def set_quote(self, underlying: int, expiry: int, quote: Quote) -> None:
        """All but the smile and the discount, which the engines read each in its way."""
        self.oracle.set_quote(
            underlying,
            expiry,
            wad(quote.spot),
            wad(quote.forward),
            wad(quote.volatility),
            wad(quote.confidence),
            quote.fresh,
        )
        self.view = replace(self.view, quotes={**self.view.quotes, (underlying, expiry): quote})
        self._saw(underlying, quote.spot, quote.fresh)

    def set_spot(self, underlying: int, price: float, fresh: bool = True) -> None:
        self.oracle.set_spot(underlying, wad(price), fresh)
        self._saw(underlying, price, fresh)

    def set_fixing(self, underlying: int, expiry: int, price: float) -> None:
        self.oracle.set_fixing(underlying, expiry, wad(price))
        self.view = replace(self.view, fixings={**self.view.fixings, (underlying, expiry): price})

    def _saw(self, underlying: int, price: float, fresh: bool) -> None:
        self.view = replace(self.view, spots={**self.view.spots, underlying: (price, fresh)})


class MarginWorld(Quoted):
    """The standard engine."""

    def __init__(self) -> None:
        super().__init__()
        self.engine: Any = ENGINE.deploy(self.oracle.address, self.owner)

    def set_rules(self, underlying: int, rules: Rules | None = None) -> None:
        rules = rules or Rules()
        self.engine.set_market(underlying, figures(rules), sender=self.owner)
        self.view = replace(self.view, rules={**self.view.rules, underlying: rules})

    def set_quote(self, underlying: int, expiry: int, quote: Quote) -> None:
        super().set_quote(underlying, expiry, quote)
        self.oracle.set_term(underlying, expiry, wad(quote.fixed), WAD)
        smile = pack_smile(quote.smile) if quote.smile else 0
        self.oracle.set_smile(underlying, expiry, smile, quote.tenor)

    def set_knocked(self, series: Series, state: int) -> None:
        self.oracle.set_knocked(series.code, state)
        self.view = replace(self.view, knocked={**self.view.knocked, series.code: state})

    def travel(self, seconds: int) -> None:
        boa.env.timestamp += seconds
        self.now += seconds
        self.view = replace(self.view, now=self.now)

    def assess(self, *words: int, cash: int = 0, holdings: list[int] | None = None) -> Any:
        """The engine's Health [wad], with the two entry points held together."""
        health = self.engine.assess(cash, holdings or [], list(words))
        bound, fresh = self.engine.excess(cash, holdings or [], list(words))
        assert fresh == health.fresh
        assert 0 <= bound <= health.initial or bound == health.initial
        return health

    def expected(
        self, positions: list[Position], cash: float = 0, holdings: tuple[Holding, ...] = ()
    ) -> Health:
        return assess(cash, holdings, positions, self.view)


def word(series: Series, quantity: float) -> int:
    return pack(series.code, wad(quantity))


def holding(asset: int, amount: float) -> int:
    return asset << 248 | wad(amount)


def call(expiry: int, strike: float, underlying: int = 1) -> Series:
    return Series(underlying, expiry, wad(strike), False)


def put(expiry: int, strike: float, underlying: int = 1) -> Series:
    return Series(underlying, expiry, wad(strike), True)
