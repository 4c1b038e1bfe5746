"""A market with wrapped longs: who holds them, and what stands behind them."""

from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.market import Account
from tests.world import DAY, World, liquid, wad

UNIT = 10**6
FACE = compiled("tokens/LongToken.vy")


class Wrapping(World):
    """The market of `tests.world` and the hub of all wrapped longs as one of its venues."""

    def __init__(self) -> None:
        super().__init__(liquid())
        self.use_own_house()
        self.template: Any = self.market.long_token
        self.hub: Any = self.market.long_tokens
        self.writer = self.person("writer", cash=1_000_000)
        self.holder = self.person("holder", cash=10_000)
        self.friend = boa.env.generate_address("friend")
        self.put = self.market.put(2_700, 7)
        self.novate(self.trade(self.writer, self.holder, self.put, 10, 300))

    def wrap(self, amount: float, account: Account | None = None, receiver: str = "") -> None:
        account = account or self.holder
        self.hub.wrap(
            *(account.number, self.put.code, wad(amount), receiver or account.address),
            sender=account.address,
        )

    def units(self, owner: str) -> int:
        return int(self.hub.balanceOf(owner, self.put.code))

    def backing(self) -> tuple[int, int]:
        """Contracts and cash [wad] behind the put's units."""
        account = self.hub.account_of(self.put.code)
        held = [word & (2**96 - 1) for word in self.ledger.positions_of(account)]
        return sum(held), int(self.ledger.cash_of(account))

    def close_out(self, quantity: float, paid: float) -> None:
        """The writer's auction failed: part of its shorts is closed against the units."""
        self.freeze(self.writer)
        self.ledger.deleverage(
            self.writer.number,
            self.hub.account_of(self.put.code),
            *(self.put.code, -wad(quantity), wad(paid)),
            sender=self.house,
        )
        self.ledger.thaw(self.writer.number, sender=self.house)

    def expire(self, price: float) -> None:
        self.market.travel_to(self.put.expiry - DAY)
        self.market.push_price(price)
        self.market.travel_to(self.put.expiry)
        self.market.fix(self.put.expiry)

    def wallet(self, owner: str) -> int:
        """Settlement tokens, in their own units."""
        return int(self.market.cash_token.balanceOf(owner))


@pytest.fixture(scope="module")
def world() -> Wrapping:
    return Wrapping()
