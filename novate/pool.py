"""An option pool in a market: its rules, and how it is opened.

Rules and conduct are in the units and the order of contracts/venues/pool_rules.vy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Any

import boa

from .deploy import compiled
from .market import Account, Market, Number, Receipt, from_wad, to_wad
from .series import Series

NO_LIMIT = 2**255 - 1


@dataclass(frozen=True)
class Rules:
    """What the pool's owner chooses, in the units and order of contracts/venues/pool_rules.vy."""

    premium_fee: int = 100  # [bps] of value
    spot_fee: int = 5  # [bps] of spot, per contract
    level: int = 500  # [bps of volatility] at vega of 1 % of capital per point
    skew: int = 1_500
    delta: int = 20  # [bps] of dollar delta
    gamma: int = 20  # [bps] of dollar delta's change for 1 % of spot
    vega: int = 50  # [bps of volatility] of vega
    horizon: int = 72  # [hours]
    free: int = 300  # [%] of capital owed at spot
    most: int = 1_000  # [%]
    slope: int = 20  # [bps] per 100 % of capital
    max_delta: int = 10_000  # [bps] of capital
    max_gamma: int = 2_000  # [bps] of capital, per 1 % of spot
    max_vega: int = 100  # [bps] of capital, per point
    least_delta: int = 500  # [bps]
    last: int = 720  # [minutes] before expiry


@dataclass(frozen=True)
class Conduct:
    """How the pool behaves, likewise."""

    longest: int = 90  # [days]
    jump: int = 500  # [bps]
    window: int = 10  # [minutes]
    swing: int = 1_000  # [bps]
    period: int = 1_440  # [minutes]
    pause: int = 60  # [minutes]
    spot_doubt: int = 50  # [bps]
    vol_doubt: int = 100  # [bps of volatility]
    release: int = 720  # [hours]
    theta: int = 1_000  # [%]
    band: int = 2_500  # [bps] of capital
    edge: int = 10  # [bps]
    buffer: int = 1_000  # [bps] of capital
    entry: int = 60  # [minutes]
    exit: int = 1_440  # [minutes]
    least: int = 10  # [USD]


@dataclass(frozen=True)
class Standing:
    """A pool at one moment, for display: USD, and the sensitivities as shares of capital.

    delta: per 100 % of spot; gamma: change of delta for 1 %; vega: per point of volatility.
    """

    capital: float
    reserve: float
    low: float
    high: float
    delta: float
    gamma: float
    vega: float
    theta: float  # [USD a year]
    owed: float  # contracts owed, at spot, as a share of capital
    initial: float  # [USD] excess over initial margin
    maintenance: float  # [USD]


class OptionPool:
    """A pool of a market, its shares and what one does with them."""

    def __init__(
        self, market: Market, rules: Rules, conduct: Conduct, *, name: str = "Novate pool"
    ) -> None:
        """Deploy pool and shares, and have the clearinghouse's owner allow the pool."""
        self.market, self.rules, self.conduct = market, rules, conduct
        if "pool_pricer" not in market.contracts:
            pricer = compiled("venues/PoolPricer.vy").deploy(market.oracle.address)
            market.contracts["pool_pricer"] = pricer
        house, oracle = market.clearinghouse.address, market.oracle.address
        pricer, underlying = market.pool_pricer.address, market.parameters.underlying
        self.contract: Any = compiled("venues/OptionPool.vy").deploy(
            house, oracle, pricer, underlying, market.owner
        )
        self.shares: Any = compiled("venues/PoolShares.vy").deploy(
            self.contract.address, name, "nPOOL"
        )
        self.account = int(self.contract.ACCOUNT())
        market.send("clearinghouse", "set_venue", self.contract.address, True)
        market.send(self.contract, "link", self.shares.address, market.operators.address)
        self.choose(rules, conduct)

    def choose(self, rules: Rules, conduct: Conduct) -> None:
        """The owner sets other rules."""
        self.rules, self.conduct = rules, conduct
        self.market.send(self.contract, "set_rules", astuple(rules), astuple(conduct))

    def bring(self, backer: Account, amount: Number) -> None:
        """Mint test tokens to a backer, who asks for shares for them."""
        market = self.market
        units = int(Decimal(str(amount)) * 10**market.parameters.cash_decimals)
        market.send("cash_token", "mint", backer.address, units)
        market.send("cash_token", "approve", self.shares.address, units, sender=backer)
        market.send(self.shares, "request_deposit", units, sender=backer)

    def look(self, expiries: Sequence[int]) -> None:
        """Have the pool watch the surface of these expiries."""
        self.market.send(self.contract, "look", list(expiries))

    def process(self) -> bool:
        """A keeper's call; whether the pool is open."""
        self.market.send(self.shares, "process", 32, 32)
        record = int(self.contract.value_record())
        return self.market.now >= record & (2**64 - 1)

    def quote(self, series: Series, quantity: Number) -> float | None:
        """[USD] what buying so many contracts costs, negative for selling; None when refused."""
        try:
            return from_wad(self.contract.quote(series.code, to_wad(quantity)).cost)
        except boa.BoaError:
            return None

    def trade(
        self, taker: Account, series: Series, quantity: Number, limit: Number | None = None
    ) -> Receipt:
        """The taker buys a positive quantity, sells a negative one. limit: [USD] at most paid."""
        most = NO_LIMIT if limit is None else to_wad(limit)
        arguments = (taker.number, series.code, to_wad(quantity), most)
        receipt = self.market.send(self.contract, "trade", *arguments, sender=taker)
        self.market._state.expiries |= {series.expiry}
        return receipt

    def hedge(self, taker: Account, expiry: int, strike: Number, quantity: Number) -> Receipt:
        """The taker sells the pool so many forwards, or buys them when negative."""
        arguments = (taker.number, expiry, to_wad(strike), to_wad(quantity))
        receipt = self.market.send(self.contract, "hedge", *arguments, sender=taker)
        self.market._state.expiries |= {expiry}
        return receipt

    def settle(self) -> None:
        """Fix what has passed and pay everybody, the pool included."""
        self.market.settle()
        self.market.send("clearinghouse", "settle", [self.account])

    def figures(self) -> dict[str, float]:
        """[USD] the options at mid, and what moves them: see IPoolPricer, gamma unweighted."""
        positions = self.market.clearinghouse.positions_of(self.account)
        underlying = self.market.parameters.underlying
        risk = self.market.pool_pricer.assess(underlying, positions, 0, 0)
        names = ("value", "delta", "gamma", "vega", "theta")
        return {name: from_wad(getattr(risk, name)) for name in names}

    def standing(self) -> Standing:
        """Everything worth looking at."""
        risk, worth = self.contract.state(0)
        health = self.market.clearinghouse.health(self.account)
        capital = from_wad(worth.income)
        share = 1 / max(capital, 1.0)
        return Standing(
            capital=capital,
            reserve=from_wad(worth.reserve),
            low=from_wad(worth.low),
            high=from_wad(worth.high),
            delta=from_wad(risk.delta) * share,
            gamma=from_wad(risk.gamma) / 100 * share,
            vega=from_wad(risk.vega) / 100 * share,
            theta=from_wad(risk.theta),
            owed=from_wad(risk.short) * share,
            initial=from_wad(health.initial),
            maintenance=from_wad(health.maintenance),
        )
