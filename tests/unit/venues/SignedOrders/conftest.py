"""The venue on two ledgers, with keys for everybody who signs.

`world` is the real deployment, its accounts rich enough for any trade of these tests.
`recorder` is a ledger without margin, for what the real one would refuse: the whole domain of
amounts and prices, and calls back into the venue.
"""

from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import boa
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from novate import orders
from novate.deploy import deploy
from novate.engine.cache import load
from novate.market import Market
from novate.orders import Domain, Leg, Order
from novate.parameters import Fees, Parameters
from novate.series import DAY, WAD, Series

ROOT = Path(__file__).parents[4]
VENUE = load(str(ROOT / "contracts/venues/SignedOrders.vy"))
FEED = load(str(ROOT / "contracts/oracle/PriceFeed.vy"))
LEDGER = load(str(ROOT / "tests/harness/RecordingLedger.vy"))
WALLET = load(str(ROOT / "tests/harness/SmartWallet.vy"))

ROLES = ["maker", "taker", "operator", "intruder"]
# [s] Friday 2026-01-30 08:00 UTC, on the grid.
EXPIRY = 1_769_760_000
# Two calls and a put of underlying 1, a call of underlying 2: strictly ascending.
CODES = [
    Series(underlying, EXPIRY, strike * WAD, is_put).code
    for underlying, strike, is_put in [
        (1, 3_000, False),
        (1, 3_000, True),
        (1, 3_500, False),
        (2, 90_000, False),
    ]
]
# Indices of the accounts that trade in these tests, and what each of them holds [USD].
INDICES = {"maker": (0, 1, 9), "taker": (0, 5), "intruder": (0,)}
RICHES = 10**9


@dataclass
class World:
    """The deployed pair, the keys, and short words for what every test does."""

    ledger: Any
    operators: Any
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


def keys() -> dict[str, LocalAccount]:
    return {role: Account.from_key(bytes([i + 1] * 32)) for i, role in enumerate(ROLES)}


@pytest.fixture(scope="package")
def recorder() -> World:
    owner = boa.env.generate_address("owner")
    ledger = LEDGER.deploy()
    venue = VENUE.deploy(ledger.address, ledger.address, owner)
    ledger.set_spot(1, 3_123 * WAD + 7)
    ledger.set_spot(2, 91_000 * WAD)
    return World(ledger, ledger, venue, owner, keys())


@pytest.fixture(scope="package")
def market() -> Market:
    """The market that everybody deploys, without fees, and with a second underlying."""
    market = deploy(Parameters(fees=Fees(0, 0)))
    parameters = market.parameters
    feeds = [FEED.deploy(name, 8, market.owner) for name in ("BTC / USD", "BTC volatility")]
    for feed, answer in zip(feeds, (91_000 * 10**8, 10**8 // 2), strict=True):
        feed.push(answer, sender=market.owner)
    market.oracle.list_underlying(2, *feeds, 4 * DAY, sender=market.owner)
    market.margin.set_market(2, astuple(parameters.margin), sender=market.owner)
    market.listing.list_market(2, *astuple(parameters.grid), sender=market.owner)
    return market


@pytest.fixture(scope="package")
def world(market: Market) -> World:
    ledger = market.clearinghouse
    world = World(ledger, market.operators, market.orders, market.owner, keys())
    for role, indices in INDICES.items():
        for index in indices:
            endow(market, world.account(role, index))
    return world


@pytest.fixture(scope="package")
def wallet(market: Market) -> Any:
    wallet = WALLET.deploy()
    endow(market, int(wallet.address, 16) << 96)
    return wallet


def endow(market: Market, account: int) -> None:
    """Brings cash into an account that is not in the market's own list."""
    units = RICHES * 10**market.parameters.cash_decimals
    market.cash_token.mint(market.owner, units)
    market.cash_token.approve(market.clearinghouse, units, sender=market.owner)
    market.clearinghouse.deposit(account, 0, units, sender=market.owner)


@pytest.fixture
def changed() -> Any:
    """`changed(order, field=value)`: forged orders that the builders would refuse."""
    return replace
