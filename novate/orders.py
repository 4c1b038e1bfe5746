"""Orders of the request-for-quote venue (contracts/venues/SignedOrders.vy): build, hash, sign.

Integers as on chain: quantities, prices, sizes and money in wad, time in seconds, accounts
`owner << 96 | index`. Quantities are signed from the view of who signs: positive buys.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from .errors import ParameterError
from .series import WAD

MAX_LEGS = 8
# Largest amount, quantity per unit and price that the venue accepts.
MAX_NUMBER = 2**96 - 1
# Fees are at most an eighth of the premium.
PREMIUM_SHARE = 8
ANYONE = "0x" + 40 * "0"
# [s] as good as no deadline
FOREVER = 2**64

TYPES = {
    "Order": [
        {"name": "account", "type": "uint256"},
        {"name": "taker", "type": "address"},
        {"name": "size", "type": "uint256"},
        {"name": "legs", "type": "Leg[]"},
        {"name": "nonce", "type": "uint256"},
        {"name": "epoch", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Leg": [
        {"name": "series", "type": "uint256"},
        {"name": "quantity", "type": "int256"},
        {"name": "price", "type": "uint256"},
    ],
}


@dataclass(frozen=True)
class Leg:
    """One option of a package.

    series: code. quantity: contracts [wad] per unit of the order, positive buys.
    price: premium [wad] per contract.
    """

    series: int
    quantity: int
    price: int

    def __post_init__(self) -> None:
        if not 0 < abs(self.quantity) <= MAX_NUMBER:
            raise ParameterError("quantity", self.quantity, "1 to 2**96 - 1 wei, of either sign")
        if not 0 <= self.price <= MAX_NUMBER:
            raise ParameterError("price", self.price, "0 to 2**96 - 1 wei")


@dataclass(frozen=True)
class Order:
    """An order as the contract's struct, fields in the same sequence.

    taker: owner of the account that may take the other side, or ANYONE.
    size: units [wad] in total. epoch: of the account's owner. deadline: last second [s].
    """

    account: int
    taker: str
    size: int
    legs: tuple[Leg, ...]
    nonce: int
    epoch: int
    deadline: int

    def as_tuple(self) -> tuple[Any, ...]:
        """The value that calls of the contract take."""
        return astuple(self)


@dataclass(frozen=True)
class Domain:
    """Where orders count: the chain and the venue."""

    chain_id: int
    venue: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": "Novate Signed Orders",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": to_checksum_address(self.venue),
        }


# -- building --


def owner_of(account: int) -> str:
    """Address that owns an account."""
    return to_checksum_address((account >> 96).to_bytes(20, "big"))


def quote(
    account: int,
    legs: Iterable[Leg],
    *,
    nonce: int,
    size: int = WAD,
    taker: str = ANYONE,
    epoch: int = 0,
    deadline: int = FOREVER,
) -> Order:
    """An order in the form that the venue accepts: legs sorted, no series twice.

    nonce: any number that the account has not used for an equal order.
    """
    ordered = tuple(sorted(legs, key=lambda leg: leg.series))
    if not 0 < len(ordered) <= MAX_LEGS:
        raise ParameterError("legs", len(ordered), f"1 to {MAX_LEGS} of them")
    if len({leg.series for leg in ordered}) < len(ordered):
        raise ParameterError("legs", [leg.series for leg in ordered], "each series once")
    if not 0 < size <= MAX_NUMBER:
        raise ParameterError("size", size, "1 to 2**96 - 1 wei")
    return Order(account, to_checksum_address(taker), size, ordered, nonce, epoch, deadline)


def mirror(order: Order, account: int, *, nonce: int, slippage: int = 0, epoch: int = 0) -> Order:
    """The taker's order that crosses with `order`, only with its owner and by its deadline.

    slippage: how much worse [wad per contract] each price may get.
    """
    legs = [
        Leg(
            leg.series,
            -leg.quantity,
            leg.price + slippage if leg.quantity < 0 else max(leg.price - slippage, 0),
        )
        for leg in order.legs
    ]
    return replace(
        quote(account, legs, nonce=nonce, size=order.size, epoch=epoch),
        taker=owner_of(order.account),
        deadline=order.deadline,
    )


# -- signing --


def _signable(order: Order, domain: Domain) -> SignableMessage:
    # eth_account takes lists for arrays, no tuples.
    message = asdict(order) | {"legs": [asdict(leg) for leg in order.legs]}
    return encode_typed_data(domain.as_dict(), TYPES, message)


def order_hash(order: Order, domain: Domain) -> bytes:
    """The order's EIP-712 digest, equal to the contract's `hash_of`."""
    message = _signable(order, domain)
    return keccak(b"\x19" + message.version + message.header + message.body)


def sign(order: Order, key: LocalAccount | str | bytes, domain: Domain) -> bytes:
    """65 bytes r, s, v with low s. key: an `eth_account` signer or a private key."""
    signer = key if isinstance(key, LocalAccount) else Account.from_key(key)
    return bytes(signer.sign_message(_signable(order, domain)).signature)


# -- what a fill costs --


def fee(quantity: int, price: int, spot: int, rate: int) -> int:
    """Fee [wei] of one side of a leg: a share of notional up to an eighth of the premium.

    quantity: contracts [wad]. price, spot: [wad]. rate: [wad of notional]. Rounded up.
    """
    per_contract = min(_ceil_div(spot * rate, WAD), price // PREMIUM_SHARE)
    return _ceil_div(quantity * per_contract, WAD)


def cost(order: Order, amount: int, *, spot: Callable[[int], int], taker_rate: int) -> int:
    """What filling `amount` units [wad] costs the taker [wei], fees included; negative: receives.

    spot: last price [wad] by underlying, as the oracle's `spot`.
    """
    total = 0
    for leg in order.legs:
        quantity, rest = divmod(abs(leg.quantity) * amount, WAD)
        if rest:
            raise ParameterError("amount", amount, "one that gives whole wei of every leg")
        # The taker buys where the maker sells; what does not divide is the taker's loss.
        premium = quantity * leg.price
        total += _ceil_div(premium, WAD) if leg.quantity < 0 else -(premium // WAD)
        total += fee(quantity, leg.price, spot(leg.series >> 144), taker_rate)
    return total


def _ceil_div(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
