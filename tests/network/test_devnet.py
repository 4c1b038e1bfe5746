"""A chain of our own: whoever takes its port, and whatever the clock on the wall does."""

from __future__ import annotations

import socket

import pytest

import novate.devnet
from novate.devnet import devnet
from novate.errors import NetworkError
from tests.chain import NEEDS_CHAIN, Node

pytestmark = NEEDS_CHAIN


def ports(monkeypatch: pytest.MonkeyPatch, *first: int) -> None:
    """Let these be found free at first."""
    free, given = novate.devnet._free_port, list(first)
    monkeypatch.setattr(novate.devnet, "_free_port", lambda: given.pop(0) if given else free())


def test_a_port_that_somebody_took_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another chain, and a server that never answers."""
    with devnet() as one, socket.create_server(("127.0.0.1", 0)) as server:
        taken = int(one.url.rpartition(":")[2]), server.getsockname()[1]
        ports(monkeypatch, *taken)
        with devnet() as two:
            assert int(two.url.rpartition(":")[2]) not in taken
            assert int(Node(two.url).rpc("eth_chainId"), 16) == two.chain_id != one.chain_id
        # Who names a port means it.
        for port, message in zip(taken, ("another chain answers", "anvil does not"), strict=True):
            with pytest.raises(NetworkError, match=message), devnet(port=port):
                pass
        ports(monkeypatch, *(novate.devnet.TRIES * taken[:1]))
        with pytest.raises(NetworkError, match="no free port"), devnet():
            pass


def test_a_chain_that_does_not_look_at_the_clock() -> None:
    with devnet(step=1, timestamp=10**9) as net:
        node = Node(net.url)

        def now(block: str) -> int:
            return int(node.rpc("eth_getBlockByNumber", block, False)["timestamp"], 16)

        assert now("latest") == 10**9 and now("pending") == 10**9 + 1
        node.rpc("evm_mine")
        assert now("latest") == 10**9 + 1
        node.rpc("evm_setNextBlockTimestamp", 2 * 10**9)
        node.rpc("evm_mine")
        assert now("latest") == 2 * 10**9 and now("pending") == 2 * 10**9 + 1
