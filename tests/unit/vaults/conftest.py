"""Vaults of every strategy, with somebody who takes the other side of their orders."""

from math import log
from typing import Any

import boa
import pytest
from scipy.stats import norm

from novate.market import Series
from tests.unit.auction.BatchAuction.conftest import BatchWorld
from tests.world import DAY, WAD, build, wad

HOUR = 3_600
# sells, is a put, delta [bps]
CALL, PUT = (True, False, 2_500), (True, True, 2_500)
FLOOR = (False, True, 2_000)
# legs; covered by strikes; share [bps], step [wad], shortest, longest [s], slack [bps]
TAIL = (9_000, wad(25), 3 * DAY, 40 * DAY, 500)
STRATEGIES = {
    "covered call": ([CALL], False, *TAIL),
    "secured put": ([PUT], True, *TAIL),
    "protective put": ([FLOOR], False, *TAIL),
    "collar": ([FLOOR, CALL], False, *TAIL),
}
ASSETS = {"covered call": 1, "secured put": 0, "protective put": 2, "collar": 1}
LENT = 2_000 * 10**6


class VaultWorld(BatchWorld):
    """The batch market, a yield-bearing asset, and one vault of each strategy."""

    def __init__(self) -> None:
        super().__init__()
        market = self.market
        self.index: Any = market.index_token
        self.pricer: Any = build("venues/PoolPricer.vy", market.oracle.address)
        self.strategist: Any = build("vaults/Strategist.vy", self.pricer.address)
        arguments = ("Yield on units", "yUNIT", self.index.address)
        self.yielding: Any = build("tokens/YieldVault.vy", *arguments)
        self.ledger.list_asset(2, self.yielding.address, wad(10**9), sender=self.owner)
        figures = (1, wad(0.9), wad(0.9), self.yielding.address)
        market.margin.set_collateral(2, *figures, sender=self.owner)
        self.expiry = market.expiries(4)[2]
        self.depositor, self.friend, self.lender = (
            str(boa.env.generate_address(role)) for role in ("depositor", "friend", "lender")
        )
        self.tokens: dict[int, Any] = {0: self.token, 1: self.index, 2: self.yielding}
        self.vaults = {name: self.vault(name) for name in STRATEGIES}
        self.token.mint(self.lender, 10**6 * 10**6)

    def vault(self, name: str) -> Any:
        vault = build(
            "vaults/StrategyVault.vy",
            *(name, "nVLT", self.batch.address, self.strategist.address, ASSETS[name]),
            *(ASSETS[name] == 2, 1, self.owner, STRATEGIES[name]),
        )
        self.token.approve(vault.address, 2**256 - 1, sender=self.lender)
        return vault

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
