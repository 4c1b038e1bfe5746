"""A venue on the recording ledger, with keys for everybody who signs.

The recording ledger has no margin, so the whole domain of amounts and prices can be tried; the
venue on the real clearinghouse is in test_on_clearinghouse.py.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boa
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from novate import orders
from novate.orders import WAD, Domain, Leg, Order

ROOT = Path(__file__).parents[4]
VENUE = boa.load_partial(str(ROOT / "contracts/venues/SignedOrders.vy"))
LEDGER = boa.load_partial(str(ROOT / "tests/harness/RecordingLedger.vy"))
WALLET = boa.load_partial(str(ROOT / "tests/harness/SmartWallet.vy"))

ROLES = ["maker", "taker", "operator", "intruder"]
# Two calls and a put of underlying 1, a call of underlying 2: strictly ascending.
CODES = [
    (underlying << 144) | (500_000 << 120) | (strike * 10**8 << 64) | (put << 56)
    for underlying, strike, put in [(1, 3_000, 0), (1, 3_000, 1), (1, 3_500, 0), (2, 90_000, 0)]
]


@dataclass
class World:
    """The deployed pair, the keys, and short words for what every test does."""

    ledger: Any
    venue: Any
    owner: str
    keys: dict[str, LocalAccount]
    nonce: int = 0
    codes: list[int] = field(default_factory=lambda: list(CODES))

    @staticmethod
    def deployer() -> Any:
        return VENUE

    @property
    def domain(self) -> Domain:
        return Domain(boa.env.evm.patch.chain_id, self.venue.address)

    def address(self, role: str) -> str:
        return self.keys[role].address

    def account(self, role: str, index: int = 0) -> int:
        return int(self.address(role), 16) << 96 | index

    def order(
        self,
        *legs: tuple[int, int, int],
        role: str = "maker",
        size: int = 10 * WAD,
        **kwargs: Any,
    ) -> Order:
        """Legs are (index of a code, quantity, price); one bought call at 10 by default."""
        self.nonce += 1
        listed = [Leg(self.codes[i], quantity, price) for i, quantity, price in legs]
        return orders.quote(
            self.account(role),
            listed or [Leg(self.codes[0], WAD, 10 * WAD)],
            nonce=self.nonce,
            size=size,
            **kwargs,
        )

    def fill(
        self,
        order: Order,
        amount: int = WAD,
        *limit: int,
        signed_by: str = "maker",
        signer: str | None = None,
        signature: bytes | None = None,
        account: int | None = None,
        sender: str = "taker",
    ) -> int:
        """The taker fills the maker's order unless told otherwise; returns the cost."""
        if signature is None:
            signature = orders.sign(order, self.keys[signed_by], self.domain)
        result: int = self.venue.fill(
            order.as_tuple(),
            signer or self.address(signed_by),
            signature,
            self.account("taker") if account is None else account,
            amount,
            *limit,
            sender=self.address(sender),
        )
        return result

    def cross(
        self,
        order: Order,
        taker_order: Order,
        amount: int = WAD,
        *,
        signature: bytes | None = None,
        taker_signature: bytes | None = None,
    ) -> int:
        """The intruder, of all people, crosses the orders of maker and taker."""
        keys = self.keys
        result: int = self.venue.cross(
            order.as_tuple(),
            keys["maker"].address,
            signature or orders.sign(order, keys["maker"], self.domain),
            taker_order.as_tuple(),
            keys["taker"].address,
            taker_signature or orders.sign(taker_order, keys["taker"], self.domain),
            amount,
            sender=self.address("intruder"),
        )
        return result

    def counter(self, order: Order, **kwargs: Any) -> Order:
        """The taker's order that crosses."""
        self.nonce += 1
        return orders.mirror(order, self.account("taker"), nonce=self.nonce, **kwargs)

    def filled(self, order: Order) -> int:
        return int(self.venue.filled(orders.order_hash(order, self.domain)))

    def events(self, name: str) -> list[Any]:
        """Events of this name in the last call of the venue."""
        return [log for log in self.venue.get_logs() if type(log).__name__ == name]

    def flows(self) -> dict[int, int]:
        """Cash [wei] that each account received in the last call, fees taken off."""
        cash: dict[int, int] = {}
        for trade in self.events("Novated"):
            received = trade.premium - trade.seller_fee
            cash[trade.seller] = cash.get(trade.seller, 0) + received
            cash[trade.buyer] = cash.get(trade.buyer, 0) - trade.premium - trade.buyer_fee
        return cash


@pytest.fixture(scope="module")
def world() -> World:
    owner = boa.env.generate_address("owner")
    ledger = LEDGER.deploy()
    venue = VENUE.deploy(ledger.address, ledger.address, owner)
    keys = {role: Account.from_key(bytes([i + 1] * 32)) for i, role in enumerate(ROLES)}
    ledger.set_spot(1, 3_123 * WAD + 7)
    ledger.set_spot(2, 91_000 * WAD)
    return World(ledger, venue, owner, keys)


@pytest.fixture(scope="module")
def wallet(world: World) -> Any:
    return WALLET.deploy()


@pytest.fixture
def changed() -> Any:
    """`changed(order, field=value)`: forged orders that the builders would refuse."""
    return replace
