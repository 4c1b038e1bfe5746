"""Vaults: strategies as data, and a round from its order to its end."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .batch import BatchAuction
from .deploy import compiled
from .market import Account, Number, Receipt, to_wad
from .series import DAY

CASH = 0
# [s] that a vault stays open between rounds.
PAUSE = 3_600
BPS = 10_000


@dataclass(frozen=True)
class Option:
    """One leg: sold or bought, call or put, and the most delta [bps] it may have."""

    sells: bool
    is_put: bool
    delta: int


@dataclass(frozen=True)
class Strategy:
    """What a vault does, as contracts/interfaces/IStrategist.vyi has it."""

    legs: tuple[Option, ...]
    by_strike: bool = False
    share: int = 9_000  # [bps] of what would cover
    step: Number = 25  # [USD] between strikes
    shortest: int = 3  # [days]
    longest: int = 40  # [days]
    slack: int = 500  # [bps] of value

    def as_tuple(self) -> tuple[Any, ...]:
        legs = [(one.sells, one.is_put, one.delta) for one in self.legs]
        days = (self.shortest * DAY, self.longest * DAY)
        return legs, self.by_strike, self.share, to_wad(self.step), *days, self.slack


COVERED_CALL = Strategy((Option(True, False, 2_500),))
SECURED_PUT = Strategy((Option(True, True, 2_500),), by_strike=True)
PROTECTIVE_PUT = Strategy((Option(False, True, 2_000),))
COLLAR = Strategy((Option(False, True, 2_000), Option(True, False, 2_500)))


class Vault:
    """A vault of a market, its queue, and what one does with them."""

    def __init__(
        self,
        batch: BatchAuction,
        strategy: Strategy,
        *,
        asset: int = CASH,
        wrapped: bool = False,
        name: str = "Novate vault",
    ) -> None:
        """asset: of the clearinghouse; wrapped: it is an ERC-4626 over the underlying."""
        self.batch, self.market, self.strategy = batch, batch.market, strategy
        market = self.market
        for unit, source, below in (
            ("pool_pricer", "venues/PoolPricer.vy", "oracle"),
            ("strategist", "vaults/Strategist.vy", "pool_pricer"),
        ):
            if unit not in market.contracts:
                address = market.contracts[below].address
                market.contracts[unit] = compiled(source).deploy(address)
        places = (batch.contract.address, market.contracts["strategist"].address)
        self.contract: Any = compiled("vaults/StrategyVault.vy").deploy(
            *(name, "nVLT", *places, asset, wrapped, market.parameters.underlying),
            *(market.owner, strategy.as_tuple()),
        )
        self.queue: Any = compiled("vaults/VaultQueue.vy").deploy(self.contract.address)
        self.account = int(self.contract.ACCOUNT())

    def bring(self, owner: Account, amount: Number) -> Receipt:
        """Mint test tokens to somebody, who deposits them between rounds."""
        token = "cash_token" if self.contract.ASSET_INDEX() == CASH else "index_token"
        decimals = self.market.contracts[token].decimals()
        units = int(Decimal(str(amount)) * 10**decimals)
        self.market.send(token, "mint", owner.address, units)
        self.market.send(token, "approve", self.contract.address, units, sender=owner)
        return self.market.send(self.contract, "deposit", units, owner.address, sender=owner)

    def strikes(self, expiry: int) -> list[int]:
        """[wad] the strikes that the surface gives, which are the only ones a round may have."""
        return [self._strike(expiry, leg) for leg in self.strategy.legs]

    def _strike(self, expiry: int, leg: Option) -> int:
        """Walks away from the money until the delta is small enough."""
        step = to_wad(self.strategy.step)
        spot = int(self.market.oracle.spot(self.market.parameters.underlying)[0])
        # A delta above a half lies in the money: begin well inside.
        strike = (spot * (3 if leg.is_put else 1) // 2) // step * step
        while self._delta(expiry, strike, leg.is_put) > leg.delta:
            strike += -step if leg.is_put else step
        return strike

    def _delta(self, expiry: int, strike: int, is_put: bool) -> int:
        """[bps] rounded up, as the strategist has it."""
        underlying = self.market.parameters.underlying
        series = self.market.series(Decimal(strike) / 10**18, expiry, is_put)
        risk = self.market.contracts["pool_pricer"].assess(underlying, [], series.code, DAY)
        return int(-(-abs(risk.unit_delta) * BPS // risk.spot))

    def begin(self, lender: Account, expiry: int, bond: Number) -> Receipt:
        """Seal the order of a round; the lender's bond [USD] comes out of new test tokens."""
        decimals = self.market.parameters.cash_decimals
        units = int(Decimal(str(bond)) * 10**decimals)
        self.market.send("cash_token", "mint", lender.address, units)
        self.market.send("cash_token", "approve", self.contract.address, units, sender=lender)
        arguments = (expiry, self.strikes(expiry), units)
        return self.market.send(self.contract, "begin", *arguments, sender=lender)

    def reveal(self) -> Receipt:
        return self.market.send(self.contract, "reveal", 0)

    def finish(self) -> Receipt:
        return self.market.send(self.contract, "finish")
