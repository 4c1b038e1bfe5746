"""The same run on a chain: anvil stands for any node that can travel in time."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from eth_utils import keccak

from novate.__main__ import main
from novate.agents.process import ProcessHand
from novate.devnet import devnet
from novate.errors import NetworkError
from novate.manifest import Manifest
from novate.network import KEY_VARIABLE, Network, connect
from tests.chain import NEEDS_CHAIN

pytestmark = NEEDS_CHAIN

NOVATED = (
    "0x" + keccak(text="Novated(uint256,uint256,uint256,uint256,uint256,uint256,uint256)").hex()
)
# Prices are good for four days; from this Friday to the Tuesday of the first bar it is longer.
FRIDAY = 1_795_766_370  # [s] 2026-11-27 07:59:30 UTC
# A Tuesday to the Monday after: one expiry in between.
PRICES = """date,close,implied volatility
2018-01-30,2825,0.15
2018-02-02,2762,0.17
2018-02-05,2590,0.45
"""


def test_agents_as_processes_play_on_a_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One dies before it decides, one after its trade was sent and before anybody heard of it."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    prices, out = tmp_path / "prices.csv", tmp_path / "out"
    prices.write_text(PRICES)
    asked: Counter[str] = Counter()
    processes: set[int | None] = set()
    send = ProcessHand._try

    def dying(self: ProcessHand, method: str, *arguments: Any) -> Any:
        asked[method] += 1
        processes.add(self.pid)
        if (method, asked[method]) == ("decide", 3):
            self._process.kill()
            self._process.join()
        answer = send(self, method, *arguments)
        if (method, asked[method]) == ("fill", 1):
            self._process.kill()
            raise EOFError
        return answer

    monkeypatch.setattr(ProcessHand, "_try", dying)
    with devnet(timestamp=FRIDAY) as chain:
        arguments = ["run", "--prices", str(prices), "--out", str(out), "--rpc", chain.url]
        assert main(arguments) == 0
        deployment = Manifest.read(out / "deployment.json")
        house = deployment["contracts"]["clearinghouse"]["address"]
        wanted = {"fromBlock": "0x0", "address": house, "topics": [NOVATED]}
        novated = Network(chain.url)._rpc.fetch("eth_getLogs", [wanted])
    summary = json.loads((out / "summary.json").read_text())
    # Twelve players and the two that were started again; none here.
    assert len(processes) == 14 and os.getpid() not in processes
    assert asked["fill"] > 1 and asked["do"] > 0
    assert summary["trades"] == len(novated) > 0
    assert summary["conservation"]["holds"]
    assert summary["conservation"]["positions_sum_to_zero"]
    assert int(summary["fees"]["trading_wei"]) > 0
    assert deployment["chain_id"] == chain.chain_id and deployment["complete"]


def test_an_unfunded_key_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "0x" + "11" * 32)
    with devnet() as chain, pytest.raises(NetworkError, match="unfunded key: 0x19E7E376E7C213B7E"):
        connect(chain.url)


def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    with devnet() as chain, pytest.raises(NetworkError, match="is not a private key"):
        connect(chain.url)


def test_a_chain_that_cannot_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with devnet() as chain:
        network = connect(chain.url)
        # No node without time travel at hand: one that is asked for the past refuses as well.
        with pytest.raises(NetworkError, match="cannot travel in time"):
            network.travel_to(1)


def test_a_chain_that_is_no_development_chain_needs_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.setattr(Network, "development", False)
    with devnet() as chain, pytest.raises(NetworkError, match="set NOVATE_KEY to a funded key"):
        connect(chain.url)
