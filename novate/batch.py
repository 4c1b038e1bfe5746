"""The batch auction of a market: sealed orders, one price a series.

market = deploy(Parameters(liquidity=Liquidity(on=True)))
batch = BatchAuction(market)
orders = [batch.buy(maker, call, 10, 60), batch.sell(hedger, call, 8, 30)]
batch.run(orders)  # reveal, clear, settle
batch.price(orders[0].epoch, call)
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .market import Account, Market, Number, Receipt, to_wad
from .series import Series

# What limits and quantities are whole numbers of [wad].
UNIT = 10**9
MOST = 16
MASK_80 = 2**80 - 1


def order_id(epoch: int, legs: Sequence[tuple[int, int]], sealed: bytes) -> int:
    """What the contract calls an order: epoch | series, 0 for a package | sells | end of its seal.

    epoch: in which it is sealed or placed; legs: code of a series, contracts a unit.
    """
    code, ratio = legs[0] if len(legs) == 1 else (0, 1)
    return epoch << 225 | code << 65 | (ratio < 0) << 64 | int.from_bytes(sealed[-8:], "big")


@dataclass(frozen=True)
class Sealed:
    """An order as its owner must remember it until the reveal."""

    account: Account
    order: tuple[int, tuple[tuple[int, int], ...], int, int]
    salt: bytes
    epoch: int
    id: int


class BatchAuction:
    """A batch auction of a market and what one does with it."""

    def __init__(self, market: Market) -> None:
        """That of a market with liquidity (novate/liquidity.py)."""
        self.market = market
        self.contract: Any = market.batch
        # [s] of a phase, and to challenge
        self.length = market.parameters.liquidity.batch.length
        self.window = market.parameters.liquidity.batch.window

    @property
    def epoch(self) -> int:
        return self.market.now // self.length

    def bring(self, account: Account, amount: Number) -> None:
        """Mint test tokens to somebody, who brings them for bonds [USD]."""
        units = to_wad(amount) // 10 ** (18 - self.market.parameters.cash_decimals)
        self.market.send("cash_token", "mint", account.address, units)
        self.market.send("cash_token", "approve", self.contract.address, units, sender=account)
        self.market.send(self.contract, "bring", units, sender=account)

    def commit(
        self,
        account: Account,
        legs: Iterable[tuple[Series, int]],
        units: Number,
        limit: Number,
        bond: Number | None = None,
    ) -> Sealed:
        """Seal an order. legs: contracts a unit, bought if positive; limit: [USD] most paid a
        unit, negative for the least to receive; bond: [USD] of what was brought, by default what
        the reveal will ask with room for a move of a tenth."""
        legs = list(legs)
        if bond is None:
            contracts = to_wad(units) * sum(abs(ratio) for _, ratio in legs)
            bond = self._bond(contracts * 11 // 10)
        named = tuple(sorted((series.code, ratio) for series, ratio in legs))
        order = (account.number, named, to_wad(units), to_wad(limit))
        salt = secrets.token_bytes(32)
        sealed = bytes(self.contract.seal(account.address, order, salt))
        epoch = self.epoch
        self.market.send(self.contract, "commit", sealed, to_wad(bond) // UNIT, sender=account)
        return Sealed(account, order, salt, epoch, order_id(epoch, named, sealed))

    def _bond(self, contracts: int) -> float:
        """[USD] the smallest for so many [wad]."""
        rules = self.market.parameters.liquidity.batch
        spot = int(self.market.oracle.spot(self.market.parameters.underlying)[0])
        least = contracts * spot // 10**18 * rules.rate // 10_000 // UNIT + 1
        return max(least, rules.bond) * UNIT / 10**18

    def buy(self, account: Account, series: Series, quantity: Number, limit: Number) -> Sealed:
        return self.commit(account, [(series, 1)], quantity, limit)

    def sell(self, account: Account, series: Series, quantity: Number, limit: Number) -> Sealed:
        return self.commit(account, [(series, -1)], quantity, -float(limit))

    def reveal(self, one: Sealed) -> Receipt:
        """Open an order, in the epoch after the one in which it was sealed."""
        arguments = (one.order, one.salt, 0)
        return self.market.send(self.contract, "reveal", *arguments, sender=one.account)

    def settle(self, epoch: int, series: Iterable[Series]) -> None:
        """A keeper's calls: packages, then every series, until nothing is left."""
        self.market.send(self.contract, "judge", epoch, MOST)
        if not self.contract.accepted_in(epoch)[0]:
            self.market.send(self.contract, "judge", epoch, MOST)
        inside = self.contract.accepted_in(epoch)[1]
        while inside and not self.contract.is_over(inside[-1]):
            self.market.send(self.contract, "settle_linked", epoch, MOST)
        for one in series:
            while not self.contract.result(epoch, one.code)[1]:
                self.market.send(self.contract, "settle", epoch, one.code, MOST)
            self.market._state.expiries |= {one.expiry}

    def run(self, orders: Sequence[Sealed], series: Iterable[Series]) -> None:
        """From the reveal to the end, for orders of one epoch."""
        epoch = orders[0].epoch
        self.market.travel_to((epoch + 1) * self.length)
        for one in orders:
            self.reveal(one)
        self.market.travel_to((epoch + 2) * self.length + self.window)
        self.settle(epoch, series)

    def price(self, epoch: int, series: Series) -> float | None:
        """[USD] for display; None when nothing traded."""
        price = int(self.contract.result(epoch, series.code)[2].price)
        return price * UNIT / 10**18 if price else None

    def curves(
        self, epoch: int, series: Series
    ) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Limits [USD] and quantities of buyers and sellers, the best first, for display."""
        sides = []
        for sells in (False, True):
            words = self.contract.list_of(epoch, series.code, sells)
            sides.append([((word >> 80) / UNIT, (word & MASK_80) / UNIT) for word in words])
        return sides[0], sides[1]
