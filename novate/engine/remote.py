"""The state of a live chain at one block, read over RPC as it is needed."""

from __future__ import annotations

from typing import Any

import requests
from boa.rpc import EthereumRPC, RPCError

from ..errors import NetworkError
from .environment import Engine
from .state import Account, State

PREDEFINED = ("latest", "safe", "finalized", "earliest")


class RemoteState(State):
    """What is not written here is asked of the chain, once."""

    def __init__(self, rpc: EthereumRPC, block: str) -> None:
        super().__init__()
        self._chain, self._block = rpc, block

    def _missing_account(self, address: bytes) -> Account:
        where = ["0x" + address.hex(), self._block]
        methods = ("eth_getTransactionCount", "eth_getBalance", "eth_getCode")
        nonce, balance, code = self._fetch([(method, where) for method in methods])
        account = Account(int(nonce, 16), int(balance, 16), bytes.fromhex(code[2:]))
        self.accounts[address] = account
        return account

    def _missing_slot(self, address: bytes, slot: int) -> int:
        where = ["0x" + address.hex(), hex(slot), self._block]
        (word,) = self._fetch([("eth_getStorageAt", where)])
        value = self.slots(address)[slot] = int(word, 16)
        return value

    def _fetch(self, requested: list[tuple[str, Any]]) -> list[Any]:
        try:
            return list(self._chain.fetch_multi(requested))
        except (requests.RequestException, RPCError) as error:
            raise NetworkError(f"{self._chain.name} does not answer: {error}") from error

    def _blank(self) -> State:
        return RemoteState(self._chain, self._block)


def fork_chain(url: str, block: int | str = "latest", engine: str | None = None) -> Engine:
    """A world that starts as the chain behind `url` is at a block; nothing is ever sent there."""
    rpc = EthereumRPC(url)
    name = block if block in PREDEFINED else hex(int(block))
    try:
        chain_id = int(rpc.fetch_uncached("eth_chainId", []), 16)
        head = rpc.fetch_uncached("eth_getBlockByNumber", [name, False])
    except (requests.RequestException, RPCError, ValueError) as error:
        reason = "connection refused or host unknown"
        if not isinstance(error, requests.ConnectionError):
            reason = str(error)
        raise NetworkError(f"no chain answers at {rpc.name}: {reason}") from error
    if head is None:
        raise NetworkError(f"{rpc.name} (chain {chain_id}) has no block {block}")
    number = int(head["number"], 16)
    world = Engine(engine, state=RemoteState(rpc, hex(number)), rpc=(url, str(number)))
    patch = world.evm.patch
    patch.chain_id = chain_id
    patch.block_number, patch.timestamp = number, int(head["timestamp"], 16)
    patch.gas_limit = int(head["gasLimit"], 16)
    patch.coinbase = bytes.fromhex(head["miner"][2:])
    patch.prevrandao = bytes.fromhex(head["mixHash"][2:])
    return world
