"""Vaults of a market: a round from its order to its end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .batch import BatchAuction
from .graph import TOKENS
from .liquidity import CASH, Option
from .market import Account, Number, Receipt
from .series import DAY

BPS = 10_000


class Vault:
    """A vault of a market, its queue, and what one does with them."""

    def __init__(self, batch: BatchAuction, number: int = 0) -> None:
        """One of the vaults of a market with liquidity, by its place among the parameters."""
        self.batch, self.market = batch, batch.market
        contracts, vaults = self.market.contracts, self.market.parameters.liquidity.vaults
        self.strategy = vaults[number].strategy
        self.contract: Any = contracts[f"vault_{number}"]
        self.queue: Any = contracts[f"vault_queue_{number}"]
        self.account = int(self.contract.ACCOUNT())
        self.asset = int(self.contract.ASSET_INDEX())

    def bring(self, owner: Account, amount: Number) -> Receipt:
        """Mint test tokens to somebody, who deposits them between rounds."""
        units = int(Decimal(str(amount)) * 10 ** self.token.decimals())
        self._give(owner, units, self.asset)
        return self.market.send(self.contract, "deposit", units, owner.address, sender=owner)

    @property
    def token(self) -> Any:
        """The asset's."""
        return self.market.contracts[TOKENS[self.asset]]

    def _give(self, owner: Account, units: int, asset: int) -> None:
        """Test tokens, which the vault may take."""
        self.market.mint(owner, units, asset)
        self.market.send(TOKENS[asset], "approve", self.contract.address, units, sender=owner)

    def strikes(self, expiry: int) -> list[int]:
        """[wad] the strikes that the surface gives, which are the only ones a round may have."""
        return [self._strike(expiry, leg) for leg in self.strategy.legs]

    def _strike(self, expiry: int, leg: Option) -> int:
        """Walks away from the money until the delta is small enough."""
        step = self.strategy.step
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
        units = int(Decimal(str(bond)) * 10**self.market.parameters.cash_decimals)
        self._give(lender, units, CASH)
        arguments = (expiry, self.strikes(expiry), units)
        return self.market.send(self.contract, "begin", *arguments, sender=lender)

    def reveal(self) -> Receipt:
        return self.market.send(self.contract, "reveal", 0)

    def exchange(self, changer: Account) -> None:
        """Somebody brings all the cash that a round left owing, or takes what it left, for assets;
        in new test tokens."""
        house, scale = self.market.clearinghouse, 10 ** (18 - self.market.parameters.cash_decimals)
        self.market.send(house, "settle", [self.account])
        cash = int(house.cash_of(self.account))
        units = -(cash // scale) if cash < 0 else cash // scale
        if self.asset == CASH or units == 0:
            return
        if cash < 0:
            self._give(changer, units, CASH)
            self.market.send(self.contract, "exchange", units, 0, sender=changer)
            return
        # More than enough at any price; what is too much stays with its owner.
        price = int(self.market.oracle.spot(self.market.parameters.underlying)[0])
        most = 2 * cash * 10 ** self.token.decimals() // price
        self._give(changer, most, self.asset)
        self.market.send(self.contract, "exchange", units, most, sender=changer)

    def finish(self) -> Receipt:
        return self.market.send(self.contract, "finish")
