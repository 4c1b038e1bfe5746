"""Vaults of every strategy, with somebody who takes the other side of their orders."""

from dataclasses import astuple
from math import log
from typing import Any

import boa
import pytest
from scipy.stats import norm

from novate.liquidity import VAULTS
from novate.market import Series
from tests.unit.auction.BatchAuction.conftest import BatchWorld
from tests.world import DAY, WAD

HOUR = 3_600
NAMES = ("covered call", "secured put", "protective put", "collar")
# legs (sells, is a put, delta [bps]); covered by strikes; share, step, shortest, longest, slack
STRATEGIES = {name: astuple(vault.strategy) for name, vault in zip(NAMES, VAULTS, strict=True)}
ASSETS = {name: vault.asset for name, vault in zip(NAMES, VAULTS, strict=True)}
LENT = 2_000 * 10**6


class VaultWorld(BatchWorld):
    """The batch market, a yield-bearing asset, and one vault of each strategy."""

    def __init__(self) -> None:
        super().__init__(VAULTS)
        market = self.market
        self.index: Any = market.index_token
        self.pricer: Any = market.pool_pricer
        self.strategist: Any = market.strategist
        self.yielding: Any = market.yield_token
        self.expiry = market.expiries(4)[2]
        self.depositor, self.friend, self.lender = (
            str(boa.env.generate_address(role)) for role in ("depositor", "friend", "lender")
        )
        self.tokens: dict[int, Any] = {0: self.token, 1: self.index, 2: self.yielding}
        self.token.mint(self.lender, 10**6 * 10**6)
        self.vaults = {name: market.contracts[f"vault_{i}"] for i, name in enumerate(NAMES)}
        for vault in self.vaults.values():
            self.token.approve(vault.address, 2**256 - 1, sender=self.lender)

    def give(self, vault: Any, owner: str, assets: int) -> None:
        """Tokens of the vault's asset, which it may take."""
        token = self.tokens[vault.ASSET_INDEX()]
        if vault.ASSET_INDEX() == 2:
            self.index.mint(owner, assets)
            self.index.approve(token.address, 2**256 - 1, sender=owner)
            token.deposit(assets, owner, sender=owner)
        else:
            token.mint(owner, assets)
        token.approve(vault.address, 2**256 - 1, sender=owner)

    def unit(self, vault: Any) -> int:
        """One whole asset."""
        return 10**6 if vault.ASSET_INDEX() == 0 else WAD

    def bring(self, vault: Any, owner: str, whole: float) -> int:
        assets = int(whole * self.unit(vault))
        self.give(vault, owner, assets)
        return int(vault.deposit(assets, owner, sender=owner))

    def strike(self, is_put: bool, delta: float, step: int = 25) -> int:
        """The strike nearest to the money whose delta [bps] is not more: by scipy, flat smile."""
        quote = self.market.oracle.quote(1, self.expiry)
        forward, volatility = quote.forward / WAD, quote.volatility / WAD
        deviation = volatility * ((self.expiry - boa.env.timestamp) / (365 * DAY)) ** 0.5
        found = []
        for strike in range(step, 10_000, step):
            d1 = (log(forward / strike) + deviation**2 / 2) / deviation
            size = norm.cdf(-d1) if is_put else norm.cdf(d1)
            size *= forward / (quote.spot / WAD) * quote.discount / WAD
            if size * 10_000 <= delta:
                found.append(strike)
        return (max(found) if is_put else min(found)) * WAD

    def strikes(self, name: str) -> list[int]:
        return [self.strike(is_put, delta) for _, is_put, delta in STRATEGIES[name][0]]

    def series_of(self, name: str) -> list[Series]:
        return [
            self.market.series(strike // WAD, self.expiry, leg[1])
            for strike, leg in zip(self.strikes(name), STRATEGIES[name][0], strict=True)
        ]

    def later(self, seconds: int) -> None:
        self._to(boa.env.timestamp + seconds)

    def begin(self, name: str, lent: int = LENT) -> int:
        """The vault seals its order; the epoch."""
        vault = self.vaults[name]
        self.later(HOUR)
        vault.begin(self.expiry, self.strikes(name), lent, sender=self.lender)
        return int(vault.epoch())

    def play(self, name: str) -> list[Series]:
        """A round up to its trades; the other side asks and bids what a vault is content with."""
        vault = self.vaults[name]
        series = self.series_of(name)
        epoch = self.begin(name)
        sealed = []
        for one, (sells, _, _) in zip(series, STRATEGIES[name][0], strict=True):
            fair = self.pricer.assess(1, [], one.code, DAY).price / WAD
            act = self.buy if sells else self.sell
            sealed.append(act(self.maker, one, 30, round(fair, 4)))
        self.to_reveal(epoch)
        vault.reveal(0, sender=self.keeper)
        for order in sealed:
            self.reveal(order)
        self.to_clear(epoch)
        self.settle(epoch, *series)
        return series

    def expire(self, spot: float) -> None:
        """Moves to the expiry, which fixes at about this price."""
        self._to(self.expiry - HOUR)
        self.market.push_price(spot, 0.15)
        boa.env.evm.patch.timestamp = self.expiry
        self.market.fix(self.expiry)
        self.market.push_price(spot, 0.15)


@pytest.fixture(scope="module")
def world() -> VaultWorld:
    return VaultWorld()
