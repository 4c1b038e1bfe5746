"""Proposals of the governor: built from calls, hashed and sent.

A proposal is known by a hash of everything in it, so who queues or executes must name all of it
again: keep the object, or its TOML file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_utils.crypto import keccak

MAX_CALLS = 16
MAX_PAYLOAD = 2_048


class State(IntEnum):
    """States of a proposal, as OpenZeppelin numbers them; 6 (expired) never happens here."""

    PENDING = 0
    ACTIVE = 1
    CANCELLED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXECUTED = 7


class Vote(IntEnum):
    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


@dataclass(frozen=True)
class Call:
    """One call that the timelock shall make; `text` is for readers only."""

    target: str
    payload: bytes
    text: str = ""


@dataclass(frozen=True)
class Proposal:
    """Calls in order, done all or none, and what voters read."""

    calls: tuple[Call, ...]
    description: str

    def arguments(self) -> tuple[list[str], list[int], list[bytes]]:
        """Targets, values and payloads."""
        return (
            [call.target for call in self.calls],
            [0] * len(self.calls),
            [call.payload for call in self.calls],
        )

    @property
    def named(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        """What `queue`, `execute` and `cancel` take."""
        return (*self.arguments(), keccak(self.description.encode()))


def call(function: Any, *arguments: Any) -> Call:
    """A call of an external function, as in `call(market.listing.lift, 0)`."""
    contract = function.contract
    name = function.fn_ast.name if hasattr(function, "fn_ast") else str(function)
    text = f"{contract.contract_name}.{name}({', '.join(map(str, arguments))})"
    return Call(str(contract.address), bytes(function.prepare_calldata(*arguments)), text)


def operation_of(governor: Any, timelock: Any, proposal: Proposal) -> bytes:
    """The identifier of a queued proposal in the timelock."""
    *batch, digest = proposal.named
    salt = (int(str(governor.address), 16) << 96) ^ int.from_bytes(digest, "big")
    return bytes(timelock.hash_operation_batch(*batch, bytes(32), salt.to_bytes(32, "big")))
