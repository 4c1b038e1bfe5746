"""Keeper and liquidator as processes of their own on a chain, killed and started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boa
import pytest

from novate.deploy import deploy
from novate.devnet import devnet, find_anvil
from novate.errors import NetworkError
from novate.market import Market
from novate.network import KEY_VARIABLE, connect

ROOT = Path(__file__).resolve().parents[2]


def anvil_is_missing() -> bool:
    try:
        find_anvil()
    except NetworkError:
        return True
    return False


pytestmark = [
    pytest.mark.skipif(anvil_is_missing(), reason="ANVIL IS MISSING: run `make setup`"),
    pytest.mark.ignore_isolation,
]


def launch(role: str, url: str, manifest: Path, *more: str) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if k != KEY_VARIABLE}
    command = [sys.executable, "-m", "novate", "agent", role, "--rpc", url]
    command += ["--manifest", str(manifest), "--every", "0.5", *more]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def logs(market: Market, event: str) -> int:
    """How many events of this name the chain has of the auction house."""
    house = market.auctions
    topic = next(t for t, abi in house.event_abi_for.items() if abi["name"] == event)
    wanted = {"fromBlock": "0x0", "address": str(house.address), "topics": [f"{topic:#066x}"]}
    return len(market.env._rpc.fetch("eth_getLogs", [wanted]))


def test_nothing_is_done_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    manifest = tmp_path / "deployment.json"
    with devnet() as chain, boa.swap_env(connect(chain.url)):
        market = deploy(manifest=manifest)
        writer, buyer = market.account("writer"), market.account("buyer")
        market.fund(writer, 12_400)
        market.fund(buyer, 20_000)
        market.fund(market.account("liquidator"), 60_000)
        market.trade(buyer, writer, market.put(2_500, 14), -20, 20)
        market.push_price(1_930, 0.6)

        keeper = launch("keeper", chain.url, manifest)
        deadline = time.monotonic() + 120
        while logs(market, "AuctionStarted") == 0 and time.monotonic() < deadline:
            time.sleep(0.2)
        # As hard as a process can end, in the middle of its rounds.
        keeper.send_signal(signal.SIGKILL)
        keeper.wait()
        assert logs(market, "AuctionStarted") == 1
        said, _ = launch("keeper", chain.url, manifest, "--rounds", "2").communicate(timeout=120)
        assert said == "" and logs(market, "AuctionStarted") == 1

        market.travel(12 * 3_600)
        market.push_price(1_930, 0.6)
        said, _ = launch("liquidator", chain.url, manifest, "--rounds", "1").communicate(
            timeout=120
        )
        assert "BidTaken" in said and logs(market, "BidTaken") == 1
        again, _ = launch("liquidator", chain.url, manifest, "--rounds", "1").communicate(
            timeout=120
        )
        # The bid took all that a solvent auction sells: it is over.
        assert "BidTaken" not in again and logs(market, "BidTaken") == 1
