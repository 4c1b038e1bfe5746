"""A market with a batch auction, and people who seal, open and settle orders."""

from dataclasses import dataclass, replace
from typing import Any

import boa
import pytest

from novate.batch import order_id
from novate.liquidity import Batch, Vault
from novate.market import Account, Series
from novate.parameters import Prices
from tests.world import World, liquid, wad

LENGTH, WINDOW = 600, 120
# [s] after which prices are stale.
MAX_AGE = 1_800
UNIT = 10**9
TOKEN = 10**6
# [1e-9 USD] a USD, and [bps] of notional.
BOND, RATE = UNIT, 10
RICH = 100 * UNIT
Legs = list[tuple[int, int]]


@dataclass(frozen=True)
class Sealed:
    """An order as its owner remembers it."""

    account: Account
    order: tuple[int, Legs, int, int]
    salt: bytes
    epoch: int
    id: int
    hash: bytes
    is_open: bool = False  # placed without a seal


class BatchWorld(World):
    """The market of `tests.world` and a batch auction; people bring bonds when they come."""

    def __init__(self, vaults: tuple[Vault, ...] = (), hold: int = 0) -> None:
        """hold: [s] for which a recorded price is served as it is."""
        parameters = liquid(vaults=vaults, batch=Batch(LENGTH, WINDOW, BOND, RATE))
        super().__init__(replace(parameters, prices=Prices(hold=hold, jump=0, max_age=MAX_AGE)))
        self.standing: Any = self.market.standing
        self.batch: Any = self.market.batch
        self.token: Any = self.market.cash_token
        self.people = [self.trader(f"trader {i}", 1_000_000) for i in range(6)]
        self.maker, self.taker, self.other = self.people[:3]
        self.keeper = str(boa.env.generate_address("keeper"))
        expiry = self.market.expiries(4)[2]
        self.calls = [self.market.series(strike, expiry, False) for strike in (2_750, 2_800, 2_850)]
        self.salts = 0

    def trader(self, role: str, cash: float) -> Account:
        account = self.person(role, cash)
        self.token.mint(account.address, 10_000 * TOKEN)
        self.token.approve(self.batch.address, 2**256 - 1, sender=account.address)
        self.batch.bring(10_000 * TOKEN, sender=account.address)
        return account

    @property
    def epoch(self) -> int:
        return int(boa.env.timestamp) // LENGTH

    def commit(
        self,
        account: Account,
        legs: list[tuple[Series, int]],
        units: float,
        limit: float,
        bond: int = RICH,
    ) -> Sealed:
        """Seals an order; limit [USD] is what one unit costs at most, negative when it pays."""
        self.salts += 1
        salt = self.salts.to_bytes(32, "big")
        named = sorted((series.code, ratio) for series, ratio in legs)
        order = (account.number, named, wad(units), wad(limit))
        sealed = self.batch.seal(account.address, order, salt)
        self.batch.commit(sealed, bond, sender=account.address)
        id = order_id(self.epoch, named, sealed)
        return Sealed(account, order, salt, self.epoch, id, sealed)

    def place(
        self, account: Account, legs: list[tuple[Series, int]], units: float, limit: float
    ) -> Sealed:
        """Enters an order openly, in the epoch in which others are sealed."""
        self.salts += 1
        salt = self.salts.to_bytes(32, "big")
        order = (
            account.number,
            sorted((series.code, ratio) for series, ratio in legs),
            wad(units),
            wad(limit),
        )
        id = int(self.batch.place(order, salt, 0, sender=account.address))
        return Sealed(account, order, salt, self.epoch, id, b"", True)

    def buy(self, account: Account, series: Series, quantity: float, limit: float) -> Sealed:
        return self.commit(account, [(series, 1)], quantity, limit)

    def sell(self, account: Account, series: Series, quantity: float, limit: float) -> Sealed:
        return self.commit(account, [(series, -1)], quantity, -limit)

    def to_reveal(self, epoch: int | None = None) -> None:
        self._to(((self.epoch if epoch is None else epoch) + 1) * LENGTH)

    def to_clear(self, epoch: int) -> None:
        self._to((epoch + 2) * LENGTH + WINDOW)

    def _to(self, time: int) -> None:
        boa.env.evm.patch.timestamp = max(time, boa.env.timestamp)
        self.market.push_price(2_750, 0.15)

    def reveal(self, one: Sealed, hint: int = 0) -> int:
        id = int(self.batch.reveal(one.order, one.salt, hint, sender=one.account.address))
        assert id == one.id
        return id

    def open(self, *orders: Sealed) -> None:
        """All are revealed, in this order."""
        self.to_reveal(orders[0].epoch)
        for one in orders:
            if not one.is_open:
                self.reveal(one)

    def settle(self, epoch: int, *series: Series, most: int = 16) -> None:
        """Packages and then each series, as a keeper does it."""
        for _ in range(2):
            self.batch.judge(epoch, 16, sender=self.keeper)
        for _ in range(8):
            self.batch.settle_linked(epoch, most, sender=self.keeper)
        for one in series:
            for _ in range(20):
                if self.batch.result(epoch, one.code)[1]:
                    break
                self.batch.settle(epoch, one.code, most, sender=self.keeper)

    def run(self, *orders: Sealed) -> int:
        """From the reveal to the end; the epoch."""
        epoch = orders[0].epoch
        self.open(*orders)
        self.to_clear(epoch)
        self.settle(epoch, *self.calls)
        return epoch

    def price(self, epoch: int, series: Series) -> float:
        return float(self.batch.result(epoch, series.code)[2].price / UNIT)


@pytest.fixture(scope="module")
def world() -> BatchWorld:
    return BatchWorld()
