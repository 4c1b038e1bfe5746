"""A market with an option pool: who backs it, who trades with it, and its twin in plain numbers."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, fields, replace
from typing import Any

import boa
import pytest
from mpmath import mpf

from novate.liquidity import Pool as Appetite
from novate.liquidity import PoolConduct as Conduct
from novate.liquidity import PoolRules as Rules
from novate.market import Account, Series
from novate.reference.amm import Market, Option, Pool
from tests.world import WAD, World, liquid, wad

UNIT = 10**6
UNDERLYING = 1
UNLIMITED = 2**255 - 1
HOUR = 3_600


class PoolWorld(World):
    """A market with a pool that a backer has brought money, an empty one like it, and takers."""

    def __init__(self, rules: Rules | None = None, conduct: Conduct | None = None) -> None:
        self.rules, self.conduct = rules or Rules(), conduct or Conduct()
        super().__init__(liquid(2 * (Appetite(rules=self.rules, conduct=self.conduct),)))
        market = self.market
        self.token: Any = market.cash_token
        self.pricer: Any = market.pool_pricer
        self.pool, self.shares = market.pool_0, market.pool_shares_0
        self.empty_pool: tuple[Any, Any] = market.pool_1, market.pool_shares_1
        self.taker = self.person("taker", cash=1_000_000)
        self.other = self.person("other taker", cash=1_000_000)
        self.expiries = self.market.expiries(4)[1:3]
        self.backer = self.rich("backer")
        self.pool.look(self.expiries)
        self.bring(self.backer, 1_000_000)
        boa.env.time_travel(seconds=HOUR)
        self.market.push_price(2_750, 0.15)
        self.shares.process(32, 32)

    def rich(self, role: str) -> str:
        """Somebody outside the clearinghouse, with tokens that the pool may take."""
        address = str(boa.env.generate_address(role))
        self.token.mint(address, 10**8 * UNIT)
        self.token.approve(self.shares.address, 2**256 - 1, sender=address)
        return address

    def bring(self, backer: str, dollars: float) -> int:
        return int(self.shares.request_deposit(int(dollars * UNIT), sender=backer))

    def series(self, strike: float, is_put: bool = False, expiry: int = 0) -> Series:
        return self.market.series(strike, self.expiries[expiry], is_put)

    def deal(
        self, series: Series, quantity: float, limit: int = UNLIMITED, taker: Account | None = None
    ) -> int:
        """The taker buys from the pool, or sells to it; what it paid [wad]."""
        taker = taker or self.taker
        arguments = (taker.number, series.code, wad(quantity), limit)
        return int(self.pool.trade(*arguments, sender=taker.address))

    def held(self) -> Sequence[tuple[Series, int]]:
        return self.market._positions(self.pool.ACCOUNT())

    def twin(self, before: Pool | None = None) -> Pool:
        """The pool in plain numbers, as it stands, at the beginning of a block.

        before: the twin of an earlier one; without it, trades in the past are forgotten.
        """
        oracle, now = self.market.oracle, int(boa.env.timestamp)
        quotes = {e: oracle.quote(UNDERLYING, e) for e in self.market.expiries(5)}
        markets = {
            expiry: Market(
                mpf(q.spot) / WAD,
                mpf(q.forward) / WAD,
                expiry - now,
                flat(q.volatility),
                mpf(q.fixed) / WAD,
                mpf(q.discount) / WAD,
            )
            for expiry, q in quotes.items()
        }
        book = {option(series): mpf(quantity) / WAD for series, quantity in self.held()}
        cash = mpf(self.ledger.cash_of(self.pool.ACCOUNT())) / WAD
        reserve = mpf(self.pool.state(0)[1].reserve) / WAD
        memory = max(60 * self.conduct.memory, 1)
        starts = before.starts if before else {}
        return Pool(self.rules, markets, cash, reserve, book, now, memory, starts=starts)

    def cash_of_pool(self) -> int:
        """[wad]"""
        return int(self.ledger.cash_of(self.pool.ACCOUNT()))

    def pass_time(self, seconds: int = 12) -> None:
        boa.env.time_travel(seconds=seconds)

    def forget(self) -> None:
        """So much later that no trade is compared with those before."""
        self.pass_time(2 * 60 * self.conduct.memory)


def flat(volatility: int) -> Callable[[Any], Any]:
    """The same [wad] for every strike."""
    return lambda strike: mpf(volatility) / WAD


def choose(world: PoolWorld, **changes: Any) -> None:
    """Other rules or conduct, by name."""
    names = {one.name for one in fields(Rules)}
    rules = replace(world.rules, **{k: v for k, v in changes.items() if k in names})
    conduct = replace(world.conduct, **{k: v for k, v in changes.items() if k not in names})
    world.pool.set_rules(astuple(rules), astuple(conduct), sender=world.owner)


def option(series: Series) -> Option:
    return Option(series.expiry, mpf(series.strike) / WAD, series.is_put)


def near(figure: int, expected: Any, tolerance: float = 1e-9) -> bool:
    """A contract's figure [wad] beside plain dollars; tolerance in dollars, and relative."""
    return bool(abs(mpf(figure) / WAD - expected) <= tolerance * (1 + abs(expected)))


@pytest.fixture(scope="module")
def world() -> PoolWorld:
    return PoolWorld()
