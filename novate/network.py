"""A live chain behind titanoboa, made fit for a long run.

Differences to titanoboa's `NetworkEnv`, each for a reason:

- the fork cache lives in memory and dies with the connection: on disk it is keyed by chain id
  and block only, so a second development chain would be served the first one's code;
- the receipt of the last transaction is kept: gas and events come from the chain, not from the
  local simulation;
- views are answered by the node alone; only what it refuses is simulated, to say where and why;
- what the node refuses and the simulation, a second ahead, accepts is asked for once more a second
  later;
- what is not reachable, not funded or not possible raises `NetworkError` with one line;
- time travel through the development methods of anvil and hardhat.
"""

from __future__ import annotations

import contextlib
import io
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import requests
from boa.contracts.event_decoder import RawLogEntry
from boa.network import NetworkEnv, _EstimateGasFailed
from boa.rpc import EthereumRPC, RPCError, to_hex
from boa.util.abi import Address
from boa.vm.fork import CachingRPC
from boa.vm.gas_meters import GasMeter
from eth_account import Account
from eth_account.signers.local import LocalAccount

from .errors import NetworkError

if TYPE_CHECKING:
    from .site import Site

# Holds the private key that pays for gas.
KEY_VARIABLE = "NOVATE_KEY"
# The first account of the development mnemonic that anvil and hardhat publish: worthless anywhere
# else, and used only when the node says that it is a development chain.
DEVELOPMENT_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
DEVELOPMENT_CLIENTS = ("anvil", "hardhat", "ethereumjs")
# Estimates are made one block early, and interest moves a little until the transaction is mined.
GAS_MARGIN_PERCENT = 125
# JSON-RPC code of `eth_estimateGas` for a call that reverts.
EXECUTION_REVERTED = 3
# What nodes say of a sender that cannot pay for its gas.
NO_FUNDS = ("insufficient funds", "exceeds allowance")
RECEIPT_TIMEOUT = 240.0
RECEIPT_POLL = 0.05
# [s] after which a chain's clock shows a later second.
NEXT_SECOND = 1.01
# Requests to a node at once.
BATCH = 50


class Network(NetworkEnv):
    """A titanoboa environment that sends transactions to the chain behind `url`."""

    def __init__(self, url: str) -> None:
        rpc = EthereumRPC(url)
        self.url = rpc.name
        self.last_receipt: dict[str, Any] = {}
        # The deployment that is under way.
        self._site: Site | None = None
        _forget(rpc)
        try:
            self.client: str = rpc.fetch("web3_clientVersion", [])
            self.chain_id = int(rpc.fetch("eth_chainId", []), 16)
            super().__init__(rpc)
        except (requests.RequestException, RPCError, ValueError) as error:
            raise NetworkError(f"no chain answers at {self.url}: {_reason(error)}") from error

    @property
    def development(self) -> bool:
        """Whether the node is a development chain, whose time and balances we may set."""
        return self.client.lower().startswith(DEVELOPMENT_CLIENTS)

    def travel_to(self, timestamp: int) -> None:
        """Mine a block at `timestamp` [s]; raises NetworkError on a chain that cannot."""
        try:
            self._rpc.fetch("evm_setNextBlockTimestamp", [timestamp])
            self._rpc.fetch("evm_mine", [])
        except (requests.RequestException, RPCError) as error:
            raise NetworkError(
                f"{self.url} (chain {self.chain_id}) cannot travel in time: {_reason(error)}"
            ) from error
        self._reset_fork()

    def refresh(self) -> None:
        """Look at the chain anew: block numbers may have been used again with other content."""
        _forget(self._rpc)
        self._reset_fork()

    def logs_of(self, receipt: Mapping[str, Any]) -> list[RawLogEntry]:
        """Events of a transaction."""
        return [
            RawLogEntry(
                int(entry["logIndex"], 16),
                Address(entry["address"]).canonical_address,
                [int(topic, 16) for topic in entry["topics"]],
                bytes.fromhex(entry["data"].removeprefix("0x")),
            )
            for entry in receipt["logs"]
        ]

    def time_of(self, receipt: Mapping[str, Any]) -> int:
        """[s] of the block of a transaction."""
        block = self._rpc.fetch("eth_getBlockByNumber", [receipt["blockNumber"], False])
        return int(block["timestamp"], 16)

    def balance(self, address: str) -> int:
        """Native balance [wei] at the latest block."""
        return int(self._rpc.fetch("eth_getBalance", [str(address), "latest"]), 16)

    def nonce(self, address: str) -> int:
        """Number of the next transaction of an address, those on their way counted."""
        return int(self._rpc.fetch("eth_getTransactionCount", [str(address), "pending"]), 16)

    def code(self, address: str) -> bytes:
        """What is deployed at an address."""
        return bytes.fromhex(self._rpc.fetch("eth_getCode", [str(address), "latest"])[2:])

    def receipts(self, hashes: Sequence[str]) -> list[dict[str, Any] | None]:
        """Receipts of transactions, None for what is not mined."""
        found: list[dict[str, Any] | None] = []
        for first in range(0, len(hashes), BATCH):
            part = hashes[first : first + BATCH]
            found += self._rpc.fetch_multi([("eth_getTransactionReceipt", [h]) for h in part])
        return found

    def is_waiting(self, identifier: str) -> bool:
        """Whether the node knows a transaction that is not mined yet."""
        found = self._rpc.fetch("eth_getTransactionByHash", [identifier])
        return found is not None and found["blockNumber"] is None

    def find(self, sender: str, nonce: int, blocks: int) -> dict[str, Any]:
        """The receipt of a transaction by its sender and number, in the latest blocks."""
        deadline = time.monotonic() + RECEIPT_TIMEOUT
        while self._mined_nonce(sender) <= nonce and time.monotonic() < deadline:
            time.sleep(RECEIPT_POLL)
        latest = int(self._rpc.fetch("eth_blockNumber", []), 16)
        for number in range(latest, max(latest - blocks, -1), -1):
            block = self._rpc.fetch("eth_getBlockByNumber", [hex(number), True])
            for one in block["transactions"]:
                if Address(one["from"]) == sender and int(one["nonce"], 16) == nonce:
                    return self._wait(one["hash"])
        raise NetworkError(f"{self.url}: transaction {nonce} of {sender} is not to be found")

    def _mined_nonce(self, address: str) -> int:
        return int(self._rpc.fetch("eth_getTransactionCount", [str(address), "latest"]), 16)

    def send_raw(self, signed: str) -> dict[str, Any]:
        """Send what somebody signed, and wait for it."""
        try:
            return self._wait(self._rpc.fetch("eth_sendRawTransaction", [signed]))
        except RPCError as error:
            raise NetworkError(f"{self.url} refuses a transaction: {_reason(error)}") from error

    @contextlib.contextmanager
    def at(self, site: Site) -> Iterator[None]:
        """Inside, contracts are made by the site, which notes what is sent."""
        self._site = site
        try:
            yield
        finally:
            self._site = None

    # -- what titanoboa calls --

    @contextlib.contextmanager
    def anchor(self) -> Iterator[None]:
        try:
            snapshot = self._rpc.fetch("evm_snapshot", [])
        except (requests.RequestException, RPCError) as error:
            raise NetworkError(
                f"{self.url} (chain {self.chain_id}) cannot be forked: {_reason(error)}"
            ) from error
        try:
            yield
        finally:
            self._rpc.fetch("evm_revert", [snapshot])
            self.refresh()

    def _reset_fork(self, block_identifier: str = "latest") -> None:
        self.fork_rpc(
            self._rpc, reset_traces=False, block_identifier=block_identifier, cache_dir=None
        )
        # The transaction simulated here will be mined in a later block: long after the latest one
        # where blocks come only with transactions. A node may know of no pending one.
        patch = self.evm.patch
        block = self._rpc.fetch("eth_getBlockByNumber", ["pending", False])
        patch.timestamp = max(patch.timestamp + 1, int(block["timestamp"], 16) if block else 0)

    def execute_code(self, *args: Any, **kwargs: Any) -> Any:
        plain = not args and self.get_gas_meter_class() is GasMeter
        if plain and not kwargs.get("is_modifying", True):
            answer = self._look_up(kwargs)
            if answer is not None:
                return answer
        try:
            return self._simulate_and_send(*args, **kwargs)
        except AssertionError:
            # Titanoboa asserts that a call which the node refuses fails locally as well. Nothing
            # was sent. The simulation is a second ahead of the node, whose next block may bear the
            # time of the latest: what is due from the next second on is asked for again then.
            time.sleep(NEXT_SECOND)
        try:
            return self._simulate_and_send(*args, **kwargs)
        except AssertionError as error:
            raise NetworkError(
                f"{self.url} refuses a call that passes locally: {_refusal(error)}"
            ) from error

    def _simulate_and_send(self, *args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            # The simulation runs a second ahead of the latest block, where interest differs
            # by a few wei; the node's answer is the one that counts.
            warnings.filterwarnings("ignore", message="local fork did not match node")
            return super().execute_code(*args, **kwargs)

    def deploy(self, *args: Any, **kwargs: Any) -> Any:
        if self._site is not None:
            return self._site.make(kwargs["bytecode"], kwargs["contract"])
        with contextlib.redirect_stdout(io.StringIO()):
            return super().deploy(*args, **kwargs)

    def _look_up(self, call: Mapping[str, Any]) -> SimpleNamespace | None:
        """The node's answer to a view; None when it refuses, which the local machine explains."""
        asked = {
            "from": str(self._get_sender(call.get("sender"))),
            "to": str(call["to_address"]),
            "data": to_hex(call["data"]),
        }
        try:
            output = self._rpc.fetch("eth_call", [asked, "latest"])
        except RPCError:
            return None
        output = bytes.fromhex(output[2:])
        return SimpleNamespace(is_error=False, output=output, beneficiaries=())

    def _debug_tt(self, tx_hash: str) -> None:
        return None

    def _send_txn(
        self,
        from_: str,
        to: str | None = None,
        gas: int | None = None,
        value: int | None = None,
        data: str | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any], None]:
        """Sign, send and wait; keeps the receipt."""
        if from_ not in self._accounts:
            raise NetworkError(f"no key for {from_} on {self.url}")
        _, priority, maximum, chain = self.get_eip1559_fee()
        transaction: dict[str, Any] = {
            "from": str(from_),
            "value": to_hex(value or 0),
            "data": data or "0x",
            "maxPriorityFeePerGas": priority,
            "maxFeePerGas": maximum,
            "chainId": chain,
            "nonce": to_hex(self.nonce(from_)),
        }
        if to:
            transaction["to"] = str(to)
        try:
            estimate = gas or int(self._rpc.fetch("eth_estimateGas", [transaction, "pending"]), 16)
            transaction["gas"] = to_hex(estimate * GAS_MARGIN_PERCENT // 100)
            signed = self._accounts[from_].sign_transaction(transaction)
            if self._site is not None:
                self._site.sending(int(transaction["nonce"], 16), to_hex(bytes(signed.hash)))
            identifier = self._rpc.fetch(
                "eth_sendRawTransaction", [to_hex(bytes(signed.raw_transaction))]
            )
        except RPCError as error:
            if error.code == EXECUTION_REVERTED:
                raise _EstimateGasFailed from error
            if any(words in str(error).lower() for words in NO_FUNDS):
                raise NetworkError(
                    f"out of funds: {from_} holds {self.balance(from_) / 1e18:.6f} on {self.url} "
                    f"(chain {self.chain_id})"
                ) from error
            raise NetworkError(f"{self.url} refuses a transaction: {_reason(error)}") from error
        receipt = self._wait(identifier)
        if receipt.get("status") != "0x1":
            raise NetworkError(f"{self.url}: transaction {identifier} reverted")
        self.last_receipt = receipt
        self._reset_fork(receipt["blockNumber"])
        return transaction, receipt, None

    def _wait(self, identifier: str) -> dict[str, Any]:
        deadline = time.monotonic() + RECEIPT_TIMEOUT
        while time.monotonic() < deadline:
            receipt = self._rpc.fetch("eth_getTransactionReceipt", [identifier])
            if receipt is not None:
                return receipt
            time.sleep(RECEIPT_POLL)
        raise NetworkError(
            f"{self.url}: {identifier} not mined in {RECEIPT_TIMEOUT:.0f} s: run again when it is"
        )


def connect(url: str) -> Network:
    """Connect, choose the key that pays for gas and check that it can.

    The key is read from the environment variable NOVATE_KEY; a development chain needs none.
    """
    network = Network(url)
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        if not network.development:
            raise NetworkError(
                f"{network.url} is chain {network.chain_id}: set {KEY_VARIABLE} to a funded key"
            )
        key = DEVELOPMENT_KEY
    try:
        payer: LocalAccount = Account.from_key(key)
    except Exception as error:
        raise NetworkError(f"{KEY_VARIABLE} is not a private key") from error
    if network.balance(payer.address) == 0:
        raise NetworkError(
            f"unfunded key: {payer.address} holds nothing on {network.url} "
            f"(chain {network.chain_id})"
        )
    network.add_account(payer, force_eoa=True)
    return network


def send_native(network: Network, receiver: str, amount: int) -> None:
    """Send `amount` [wei] of the chain's own coin from the paying key."""
    sender = network.eoa
    held = network.balance(sender)
    if held <= amount:
        raise NetworkError(
            f"unfunded key: {sender} holds {held / 1e18:.6f} on {network.url} "
            f"(chain {network.chain_id}), {amount / 1e18:.6f} needed for {receiver}"
        )
    network._send_txn(Address(sender), to=receiver, value=amount)


def _forget(rpc: EthereumRPC) -> None:
    """Drop what titanoboa keeps of a chain's blocks."""
    for key in [key for key in CachingRPC._loaded if key[0] == rpc.identifier]:
        del CachingRPC._loaded[key]


def _refusal(error: AssertionError) -> str:
    """Why the node refused, from the chain of what was raised."""
    estimate = error.__context__
    answer = estimate.__cause__ if estimate is not None else None
    return _reason(answer) if isinstance(answer, RPCError) else "it does not say why"


def _reason(error: Exception) -> str:
    """The first line of an error, without the stack of the HTTP library."""
    if isinstance(error, requests.ConnectionError):
        return "connection refused or host unknown"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
