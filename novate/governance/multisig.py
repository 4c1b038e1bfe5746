"""Signatures for contracts/governance/Multisig.vy: what its owners sign, put together for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..oracle.reports import assemble, compact
from .proposals import Call

NOTHING = (bytes(32), bytes(32))
FIELDS = (
    {"name": "target", "type": "address"},
    {"name": "data", "type": "bytes"},
    {"name": "nonce", "type": "uint256"},
    {"name": "deadline", "type": "uint256"},
)


@dataclass(frozen=True)
class Order:
    """A call as owners sign it. deadline: [s] the last second in which it may be sent."""

    call: Call
    nonce: int
    deadline: int
    multisig: str
    chain_id: int

    def digest(self) -> bytes:
        """What is signed."""
        message = self._signable()
        return keccak(b"\x19" + message.version + message.header + message.body)

    def sign(self, key: LocalAccount | str | bytes) -> tuple[bytes, bytes]:
        """A compact signature."""
        signer = key if isinstance(key, LocalAccount) else Account.from_key(key)
        signed = signer.sign_message(self._signable())
        return compact(signed.v, signed.r, signed.s)

    def _signable(self) -> SignableMessage:
        domain = {
            "name": "Novate Multisig",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": self.multisig,
        }
        message = {
            "target": self.call.target,
            "data": self.call.payload,
            "nonce": self.nonce,
            "deadline": self.deadline,
        }
        return encode_typed_data(domain, {"Call": list(FIELDS)}, message)


def order(multisig: Any, call: Call, deadline: int | None = None) -> Order:
    """The next call of a multisig, good for a day unless said otherwise."""
    now = int(multisig.env.evm.patch.timestamp)
    return Order(
        call,
        int(multisig.nonce()),
        now + 86_400 if deadline is None else deadline,
        str(multisig.address),
        int(multisig.env.evm.patch.chain_id),
    )


def arguments(
    order: Order,
    signatures: Mapping[int, tuple[bytes, bytes]],
    wallets: Mapping[int, bytes] | None = None,
) -> tuple[Any, ...]:
    """What `execute` takes.

    signatures: of keys, by place of the owner. wallets: of contracts, likewise.
    """
    wallets = wallets or {}
    everybody = {**signatures, **dict.fromkeys(wallets, NOTHING)}
    signers, pairs = assemble(everybody, len(everybody))
    call = order.call
    return (
        call.target,
        call.payload,
        order.deadline,
        signers,
        pairs,
        [wallets[place] for place in sorted(wallets)],
    )


def execute(multisig: Any, call: Call, keys: Mapping[int, LocalAccount]) -> None:
    """Have the owners with these keys, by place, sign a call and send it as `boa.env.eoa`."""
    signed = order(multisig, call)
    multisig.execute(*arguments(signed, {place: signed.sign(key) for place, key in keys.items()}))


def batch(multisig: Any, calls: Sequence[Call]) -> Call:
    """Several calls as one."""
    listed = [(call.target, call.payload) for call in calls]
    data = bytes(multisig.batch.prepare_calldata(listed))
    return Call(str(multisig.address), data, "; ".join(call.text for call in calls))


def key_of(name: str) -> LocalAccount:
    """A key made from a name, for tests and drills only."""
    signer: LocalAccount = Account.from_key(keccak(f"novate governance {name}".encode()))
    return signer
