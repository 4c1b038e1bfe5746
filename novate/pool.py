"""An option pool in a market: how it is opened, traded with and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import boa

from .agents.pricing import implied_volatility
from .liquidity import PoolConduct as Conduct
from .liquidity import PoolRules as Rules
from .market import Account, Market, Number, Receipt, from_wad, to_wad
from .series import Series

NO_LIMIT = 2**255 - 1


@dataclass(frozen=True)
class Standing:
    """A pool at one moment, for display: USD, and the sensitivities as shares of capital.

    delta: per 100 % of spot; gamma: change of delta for 1 %, as it is: `pool_charges.vy` weights
    what is close to expiry; vega: per point of volatility.
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

    @property
    def total(self) -> float:
        """[USD] cash and options at mid: what all backers together have."""
        return self.capital + self.reserve


@dataclass(frozen=True)
class Smile:
    """What a pool quotes for one expiry, as implied volatilities by strike, for display."""

    expiry: int  # [s]
    strikes: tuple[float, ...]  # [USD]
    bids: tuple[float, ...]
    mids: tuple[float, ...]  # the oracle's
    asks: tuple[float, ...]


class OptionPool:
    """A pool of a market, its shares and what one does with them."""

    def __init__(self, market: Market, number: int = 0) -> None:
        """One of the pools of a market with liquidity, by its place among the parameters."""
        self.market = market
        terms = market.parameters.liquidity.pools[number]
        self.name: str = terms.name
        self.rules: Rules = terms.rules
        self.conduct: Conduct = terms.conduct
        self.contract: Any = market.contracts[f"pool_{number}"]
        self.shares: Any = market.contracts[f"pool_shares_{number}"]
        self.account = int(self.contract.ACCOUNT())

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

    def smile(self, expiry: int, strikes: Sequence[Number]) -> Smile:
        """What a call and a put of each strike together are bought and sold for: each alone also
        shows what the pool's delta is worth to it. Strikes that it refuses, or bids less than the
        payoff for, are left out."""
        quote = self.market.oracle.quote(self.market.parameters.underlying, expiry)
        forward, discount = from_wad(quote.forward), from_wad(quote.discount)
        left = expiry - self.market.now
        found = []
        for strike in strikes:
            pair = [self.market.series(strike, expiry, is_put) for is_put in (False, True)]
            sold, bought = ([self.quote(one, side) for one in pair] for side in (-1, 1))
            mid = sum(from_wad(self.contract.state(one.code)[0].price) for one in pair)
            if None in sold or None in bought:
                continue
            prices = (-sum(cost or 0 for cost in sold), mid, sum(cost or 0 for cost in bought))
            # Of both together less the payoff that the spot has now is twice the one without.
            payoff = abs(forward - float(strike))
            is_put = float(strike) < forward
            halves = [(price / discount - payoff) / 2 for price in prices]
            if min(halves) > 0:
                terms = (forward, float(strike), left, is_put)
                found.append((float(strike), *(implied_volatility(x, *terms) for x in halves)))
        return Smile(expiry, *zip(*found, strict=True))

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

    @property
    def cash(self) -> float:
        """[USD] with interest to this second."""
        return from_wad(self.market.clearinghouse.cash_of(self.account))

    def nav(self) -> float:
        """[USD] cash and options at mid."""
        risk, _ = self.contract.state(0)
        return self.cash + from_wad(risk.value)

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
            gamma=self.figures()["gamma"] / 100 * share,
            vega=from_wad(risk.vega) / 100 * share,
            theta=from_wad(risk.theta),
            owed=from_wad(risk.short) * share,
            initial=from_wad(health.initial),
            maintenance=from_wad(health.maintenance),
        )
