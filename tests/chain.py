"""A chain for tests: whether there is one, what it is asked, agents beside it, and its time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from novate.devnet import devnet, find_anvil
from novate.errors import NetworkError
from novate.network import KEY_VARIABLE, Network, connect

ROOT = Path(__file__).resolve().parents[1]
# [s] Longer than anything takes that does not hang, on a machine that does much else besides.
PATIENCE = 600.0


def anvil_is_missing() -> bool:
    try:
        find_anvil()
    except NetworkError:
        return True
    return False


# For a module whose tests send to a chain, where nothing is rolled back.
NEEDS_CHAIN = [
    pytest.mark.skipif(anvil_is_missing(), reason="ANVIL IS MISSING: run `make setup`"),
    pytest.mark.ignore_isolation,
]


@contextlib.contextmanager
def connected(**options: Any) -> Iterator[Network]:
    """A new chain, paid for by the key of development chains."""
    with pytest.MonkeyPatch.context() as patch, devnet(**options) as net:
        patch.delenv(KEY_VARIABLE, raising=False)
        yield connect(net.url)


class Node:
    """JSON-RPC with the node's own unlocked accounts, and nothing of ours in between."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.payer, self.receiver = self.rpc("eth_accounts")[:2]

    def rpc(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = requests.post(self.url, json=request, timeout=PATIENCE).json()
        assert "error" not in answer, answer
        return answer["result"]

    def send(self, data: bytes, gas: int, value: int = 0, to: str | None = None) -> Any:
        """The receipt of a transaction of the payer."""
        transaction = {
            "from": self.payer,
            "data": "0x" + data.hex(),
            "gas": hex(gas),
            "value": hex(value),
        }
        identifier = self.rpc("eth_sendTransaction", transaction | ({"to": to} if to else {}))
        return until(lambda: self.rpc("eth_getTransactionReceipt", identifier), every=0.01)


@contextlib.contextmanager
def launched(role: str, url: str, manifest: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """An agent as a process of its own, which ends with the block at the latest."""
    environment = {k: v for k, v in os.environ.items() if k != KEY_VARIABLE}
    command = [sys.executable, "-m", "novate", "agent", role, "--rpc", url]
    command += ["--manifest", str(manifest), "--every", "0.5", *more]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(role: str, url: str, manifest: Path, rounds: int, *more: str) -> str:
    """What an agent says in so many rounds."""
    with launched(role, url, manifest, "--rounds", str(rounds), *more) as process:
        text, _ = process.communicate(timeout=PATIENCE)
    return text


def until(condition: Callable[[], Any], every: float = 0.2) -> Any:
    """Wait until something is there, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(every)
    return found


def quiet(network: Network, seconds: int) -> None:
    """Let a chain that mines only what is sent be without a block for so long."""
    network._rpc.fetch("evm_increaseTime", [seconds])
