"""Vaults round after round through a crash: each strategy sold by batch auction, nothing else.

`study` plays all vaults of the market's parameters side by side, a round from each Friday to the
next: whoever begins it lends the bond, a dealer takes the other side in the batch for an edge over
the fair value, the options expire, somebody exchanges what is left in cash, the vault opens again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import boa

from .agents.pricing import black76
from .batch import BatchAuction, Sealed
from .data.path import Bar
from .data.scenarios import load_scenario
from .deploy import deploy
from .engine import Engine
from .liquidity import CASH, Liquidity
from .liquidity import Vault as Terms
from .market import Market, from_wad
from .parameters import Parameters, Prices
from .series import Series
from .vaults import Vault

HOUR = 3_600
# [USD] what each vault begins with, about; of cash or of units.
BROUGHT = 100_000.0
# What the dealer keeps of the fair value, for how many contracts it seals orders, with which bond.
EDGE, CONTRACTS, BOND = 0.01, 100, 1_000


@dataclass
class Rounds:
    """A vault from its beginning on; values in USD, as multiples of the first."""

    times: list[int] = field(default_factory=list)  # [s] of the beginning and of each round's end
    values: list[float] = field(default_factory=list)  # of a share
    alone: list[float] = field(default_factory=list)  # of the asset that was brought
    premiums: list[float] = field(default_factory=list)  # of assets, positive: received
    payoffs: list[float] = field(default_factory=list)  # of assets, positive: received
    strikes: list[tuple[float, ...]] = field(default_factory=list)  # [USD]


class VaultStudy:
    """All vaults on one path, in titanoboa's current environment, which must be fresh."""

    def __init__(self, bars: tuple[Bar, ...], vaults: tuple[Terms, ...] | None = None) -> None:
        boa.env.evm.patch.timestamp = bars[0].timestamp - 2 * HOUR
        prices = Prices(spot=bars[0].close, volatility=bars[0].implied_volatility, jump=0, hold=0)
        liquidity = Liquidity(on=True, pools=())
        if vaults is not None:
            liquidity = Liquidity(on=True, pools=(), vaults=vaults)
        self.market: Market = deploy(Parameters(prices=prices, liquidity=liquidity))
        self.batch = BatchAuction(self.market)
        self.bars = bars
        count = len(self.market.parameters.liquidity.vaults)
        self.vaults = [Vault(self.batch, number) for number in range(count)]
        self.dealer, self.lender, self.saver, self.changer = (
            self.market.account(role) for role in ("dealer", "lender", "saver", "changer")
        )
        self.market.fund(self.dealer, 10_000_000)
        self.batch.bring(self.dealer, 100_000)
        for vault in self.vaults:
            cash = vault.asset == CASH
            vault.bring(self.saver, BROUGHT if cash else round(BROUGHT / bars[0].close, 6))
        self.runs = [Rounds() for _ in self.vaults]
        self.first: list[tuple[float, float]] = []

    def run(self, most: int | None = None) -> dict[str, Rounds]:
        """Rounds until the path ends, at most so many."""
        self.market.travel_to(self.bars[0].timestamp)
        place = self.show(self.bars[0])
        self.note()
        for _ in range(len(self.bars) if most is None else most):
            expiry = next(
                one for one in self.market.expiries(4) if one > self.market.now + 4 * 86_400
            )
            after = [i for i, bar in enumerate(self.bars) if bar.timestamp >= expiry]
            if not after:
                break
            self.round(expiry, place, after[0])
            place = after[0]
        names = [terms.name for terms in self.market.parameters.liquidity.vaults]
        return dict(zip(names, self.runs, strict=True))

    def show(self, bar: Bar) -> int:
        self.market.push_price(bar.close, bar.implied_volatility)
        return self.bars.index(bar)

    def round(self, expiry: int, first: int, last: int) -> None:
        """All vaults, from the close at one place of the path to the first after their expiry."""
        market, batch, bar = self.market, self.batch, self.bars[first]
        market.travel_to(max(market.now + HOUR, (batch.epoch + 1) * batch.length))
        self.show(bar)
        # What the dealer asks and bids is sealed before anybody sees an order.
        orders: list[Sealed] = []
        traded: set[Series] = set()
        for vault, run in zip(self.vaults, self.runs, strict=True):
            strikes = vault.strikes(expiry)
            run.strikes.append(tuple(from_wad(strike) for strike in strikes))
            for strike, leg in zip(strikes, vault.strategy.legs, strict=True):
                series = Series(market.parameters.underlying, expiry, strike, leg.is_put)
                traded.add(series)
                fair = black76(
                    bar.close,
                    from_wad(strike),
                    expiry - market.now,
                    bar.implied_volatility,
                    leg.is_put,
                )
                side, price = (1, 1 - EDGE) if leg.sells else (-1, 1 + EDGE)
                limit = round(side * price * fair, 4)
                legs = [(series, side)]
                orders.append(batch.commit(self.dealer, legs, CONTRACTS, limit, bond=BOND))
            vault.begin(self.lender, expiry, BOND)
        before = [self.account(vault) for vault in self.vaults]
        market.travel_to((orders[0].epoch + 1) * batch.length)
        self.show(bar)
        for vault in self.vaults:
            vault.reveal()
        for order in orders:
            batch.reveal(order)
        market.travel_to((orders[0].epoch + 2) * batch.length + batch.window)
        self.show(bar)
        batch.settle(orders[0].epoch, sorted(traded))
        for vault, run, worth in zip(self.vaults, self.runs, before, strict=True):
            run.premiums.append((self.cash(vault) - worth[0]) / worth[1])
        cash = [self.cash(vault) for vault in self.vaults]
        for later in self.bars[first + 1 : last + 1]:
            if later.timestamp > expiry and market.now < expiry:
                market.travel_to(expiry)
                market.settle()
                self.pay()
                for number, vault in enumerate(self.vaults):
                    paid = self.cash(vault) - cash[number]
                    self.runs[number].payoffs.append(paid / before[number][1])
            market.travel_to(later.timestamp)
            self.show(later)
        for vault in self.vaults:
            vault.exchange(self.changer)
            vault.finish()
        self.note()

    def pay(self) -> None:
        """What the vaults' options came to."""
        self.market.send("clearinghouse", "settle", [vault.account for vault in self.vaults])

    def cash(self, vault: Vault) -> float:
        return from_wad(self.market.clearinghouse.cash_of(vault.account))

    def account(self, vault: Vault) -> tuple[float, float]:
        """[USD] cash and equity in the clearinghouse."""
        health = self.market.clearinghouse.health(vault.account)
        return self.cash(vault), from_wad(health.equity)

    def note(self) -> None:
        """What shares and assets are worth, between rounds."""
        market = self.market
        spot = from_wad(market.oracle.spot(market.parameters.underlying)[0])
        for number, (vault, run) in enumerate(zip(self.vaults, self.runs, strict=True)):
            contract = vault.contract
            cash = vault.asset == CASH
            price = 1.0 if cash else spot
            if contract.WRAPPED():
                price *= vault.token.convertToAssets(10**18) / 1e18
            share = (
                contract.convertToAssets(10 ** contract.decimals()) / 10 ** vault.token.decimals()
            )
            if not run.times:
                self.first.append((share * price, price))
            run.times.append(market.now)
            run.values.append(share * price / self.first[number][0])
            run.alone.append(price / self.first[number][1])


def study(scenario: str = "volmageddon", rounds: int | None = None) -> dict[str, Rounds]:
    """All vaults of the default parameters through a crash, by name."""
    with boa.swap_env(Engine()):
        return VaultStudy(load_scenario(scenario).bars).run(rounds)
