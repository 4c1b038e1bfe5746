"""The same run on a chain: anvil stands for any node that can travel in time."""

import json
from pathlib import Path

import pytest

from novate.__main__ import main
from novate.devnet import devnet, find_anvil
from novate.errors import NetworkError
from novate.network import KEY_VARIABLE, Network, connect


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

# A Monday to the Monday after next: one expiry in between.
PRICES = """date,close,implied volatility
2018-01-30,2825,0.15
2018-02-02,2762,0.17
2018-02-05,2590,0.45
"""


def test_a_short_path_on_a_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    prices, out = tmp_path / "prices.csv", tmp_path / "out"
    prices.write_text(PRICES)
    with devnet() as chain:
        arguments = ["run", "--prices", str(prices), "--out", str(out), "--rpc", chain.url]
        assert main(arguments) == 0
    summary = json.loads((out / "summary.json").read_text())
    assert summary["trades"] > 0
    assert summary["conservation"]["holds"]
    assert summary["conservation"]["positions_sum_to_zero"]
    assert int(summary["fees"]["trading_wei"]) > 0
    deployment = json.loads((out / "deployment.json").read_text())
    assert deployment["chain_id"] == chain.chain_id


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
