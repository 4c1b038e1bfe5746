"""Deploying to a chain: the same addresses everywhere, interrupted anywhere, nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boa
import pytest
from eth_account import Account

import novate.deploy
import novate.fronts
from novate.__main__ import main
from novate.deploy import compiled, deploy, owners
from novate.devnet import devnet
from novate.errors import DataError, NetworkError, ParameterError
from novate.liquidity import POOLS, VAULTS, Liquidity
from novate.market import Market
from novate.network import DEVELOPMENT_KEY, KEY_VARIABLE, Network, connect
from novate.parameters import Parameters
from novate.series import DAY
from novate.site import PROXY, PROXY_CODE, Site, create2_address, salt_of
from novate.verify import verify
from tests.chain import NEEDS_CHAIN, connected

pytestmark = NEEDS_CHAIN


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.fixture
def chain() -> Iterator[Network]:
    with connected() as network, boa.swap_env(network):
        yield network


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """The tokens, the feeds and the oracle only; returns how many transactions that takes."""
    monkeypatch.setattr(novate.deploy, "UNITS", novate.deploy.UNITS[:5])
    monkeypatch.setattr(novate.deploy, "STEPS", novate.deploy.STEPS[:3])
    monkeypatch.setattr(novate.fronts, "FRONTS", ())
    return 8


def addresses(market: Market) -> dict[str, str]:
    return {name: str(unit.address) for name, unit in market.contracts.items()}


def sent(network: Network) -> int:
    return network.nonce(network.eoa)


@contextmanager
def interrupted(chain: Network, after: int, *, broadcast: bool) -> Iterator[None]:
    """Die at a transaction: before it is sent, or after it and before its receipt is read."""
    fetch, left = chain._rpc.fetch, [after]

    def dying(method: str, params: Any) -> Any:
        if method == "eth_sendRawTransaction":
            left[0] -= 1
            if left[0] < 0:
                if broadcast:
                    fetch(method, params)
                raise KeyboardInterrupt
        return fetch(method, params)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(chain._rpc, "fetch", dying)
        yield


def test_the_whole_market_again_and_again(tmp_path: Path, capsys: Any) -> None:
    """One market from the first to the last command of a team that deploys it."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    with devnet() as one, devnet() as two:
        networks = [connect(one.url), connect(two.url)]
        # Another number of transactions before: addresses do not follow from it.
        networks[1]._send_txn(networks[1].eoa, to=networks[1].eoa)
        with boa.swap_env(networks[0]):
            market = deploy(Parameters(fund=1_000), manifest=first)
        with boa.swap_env(networks[1]):
            twin = deploy(Parameters(fund=1_000), manifest=second)
            timelock = compiled("governance/Timelock.vy").deploy(9 * DAY, networks[1].eoa)
        assert addresses(market) == addresses(twin)
        assert market.clearinghouse.certificate().held == 1_000 * 10**18

        # Again: nothing is sent, nothing is written, the same is returned.
        before = sent(networks[0]), first.read_bytes(), first.stat().st_mtime_ns
        with boa.swap_env(networks[0]):
            again = deploy(manifest=first)
        assert (sent(networks[0]), first.read_bytes(), first.stat().st_mtime_ns) == before
        assert addresses(again) == addresses(market) and again.parameters == market.parameters
        assert [replace(one, value=None) for one in market.receipts] == again.receipts
        # Without its manifest nobody knows how far it got.
        with boa.swap_env(networks[0]), pytest.raises(NetworkError, match="no manifest says"):
            deploy(Parameters(fund=1_000))
        assert sent(networks[0]) == before[0]

        # Handed over later, by the command; who owns what.
        command = ["deploy", "--rpc", two.url, "--manifest", str(second)]
        assert main([*command, "--handover", str(timelock.address)]) == 0
        with boa.swap_env(networks[1]):
            held = owners(deploy(manifest=second))
            assert set(held.values()) == {str(timelock.address)}
            assert {"clearinghouse", "oracle", "margin", "listing", "auctions"} <= set(held)
            with boa.reverts("ownable: caller is not the owner"):
                twin.oracle.transfer_ownership(twin.owner)
        capsys.readouterr()
        assert main([*command, "--handover", str(timelock.address)]) == 0
        assert " 0 transactions sent" in capsys.readouterr().out

        # What is there is what the sources compile to, until somebody changes a byte.
        check = ["verify", "--rpc", one.url, "--manifest", str(first)]
        assert main(check) == 0
        spoil(networks[0], market)
        capsys.readouterr()
        assert main(check) == 1
        said = {
            line.split()[0]: line.split(None, 2)[2]
            for line in capsys.readouterr().out.splitlines()
            if line and line.split()[0] in market.contracts
        }
        assert said["court"] == "other immutables: BENEFICIARY"
        assert said["margin"] == "other code"
        assert said["curve"] == "nothing is there"
        assert said["oracle"] == "as compiled"
        with pytest.raises(NetworkError, match="wrong chain"):
            verify(networks[1], first)


def spoil(network: Network, market: Market) -> None:
    code = bytearray(network.code(market.court.address))
    code[-1] ^= 1
    for unit, found in ((market.court, bytes(code)), (market.margin, b"\0"), (market.curve, b"")):
        network._rpc.fetch("anvil_setCode", [str(unit.address), "0x" + found.hex()])


def test_addresses_follow_from_eip_1014(chain: Network, small: int) -> None:
    market = deploy(salt="another")
    token = compiled("tokens/TestToken.vy")
    initcode = token.compiler_data.bytecode + market.cash_token.ctor_calldata
    assert create2_address(salt_of("another"), initcode) == str(market.cash_token.address)
    # The salt tells markets of one owner apart.
    assert not set(addresses(market).values()) & set(addresses(deploy()).values())


@pytest.mark.parametrize("broadcast", [False, True], ids=["before sending", "after sending"])
@pytest.mark.parametrize("after", [0, 2, 4, 5, 7])
def test_an_interrupted_deployment_is_completed(
    chain: Network, small: int, tmp_path: Path, after: int, broadcast: bool
) -> None:
    manifest = tmp_path / "deployment.json"
    with interrupted(chain, after, broadcast=broadcast):
        deploy(manifest=manifest)
    assert sent(chain) == after + broadcast
    assert not json.loads(manifest.read_text())["complete"]
    market = deploy(manifest=manifest)
    assert sent(chain) == small and len(market.receipts) == 3
    assert json.loads(manifest.read_text())["complete"]
    assert market.spot_feed.latestRoundData()[0] == 1, "the price was pushed once"


def test_a_transaction_on_its_way_is_waited_for(chain: Network, small: int, tmp_path: Path) -> None:
    manifest = tmp_path / "deployment.json"
    with interrupted(chain, 7, broadcast=False):
        deploy(manifest=manifest)
    chain._rpc.fetch("evm_setAutomine", [False])
    with interrupted(chain, 0, broadcast=True):
        deploy(manifest=manifest)
    assert sent(chain) == small and chain._rpc.fetch("eth_blockNumber", []) == hex(small - 1)
    chain._rpc.fetch("evm_setIntervalMining", [1])
    deploy(manifest=manifest)
    assert sent(chain) == small


def test_a_transaction_that_is_mined_meanwhile_is_not_sent_again(
    chain: Network, small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On its way when the receipts are asked for, and mined when its step comes."""
    manifest, receipts = tmp_path / "deployment.json", Site._receipts
    with interrupted(chain, 5, broadcast=False):
        deploy(manifest=manifest)
    chain._rpc.fetch("evm_setAutomine", [False])
    with interrupted(chain, 0, broadcast=True):
        deploy(manifest=manifest)

    def slow(self: Site) -> Any:
        found = receipts(self)
        chain._rpc.fetch("evm_mine", [])
        chain._rpc.fetch("evm_setAutomine", [True])
        return found

    monkeypatch.setattr(Site, "_receipts", slow)
    market = deploy(manifest=manifest)
    assert market.spot_feed.latestRoundData()[0] == 1, "the price was pushed once"
    assert sent(chain) == small and len(market.receipts) == 3


def test_a_reverted_chain_gets_back_what_it_lost(
    chain: Network, small: int, tmp_path: Path
) -> None:
    manifest = tmp_path / "deployment.json"
    with interrupted(chain, 4, broadcast=False):
        deploy(manifest=manifest)
    snapshot = chain._rpc.fetch("evm_snapshot", [])
    market = deploy(manifest=manifest)
    chain._rpc.fetch("evm_revert", [snapshot])
    assert not chain.code(market.oracle.address)
    # As after any interruption: what is gone is sent again, what stands is left alone.
    twin = deploy(manifest=manifest)
    assert addresses(twin) == addresses(market) and sent(chain) == small
    assert twin.spot_feed.latestRoundData()[0] == 1


def test_a_chain_that_goes_back_meanwhile_is_noticed(
    chain: Network, small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "deployment.json"
    snapshot, finish = chain._rpc.fetch("evm_snapshot", []), Site.finish

    def late(self: Site) -> None:
        chain._rpc.fetch("evm_revert", [snapshot])
        finish(self)

    with monkeypatch.context() as patch:
        patch.setattr(Site, "finish", late)
        with pytest.raises(NetworkError, match="went back: 8 transactions are gone, the first is"):
            deploy(manifest=manifest)
    assert not json.loads(manifest.read_text())["complete"]
    deploy(manifest=manifest)
    assert sent(chain) == small


def test_a_refusal_after_the_chain_went_back_names_the_cause(
    chain: Network, small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, created = chain._rpc.fetch("evm_snapshot", []), Site.created

    def late(self: Site) -> None:
        created(self)
        chain._rpc.fetch("evm_revert", [snapshot])

    monkeypatch.setattr(Site, "created", late)
    with pytest.raises(NetworkError, match="went back: 5 transactions are gone"):
        deploy(manifest=tmp_path / "deployment.json")


def test_out_of_funds_and_on_again(chain: Network, small: int, tmp_path: Path) -> None:
    manifest = tmp_path / "deployment.json"
    with interrupted(chain, 3, broadcast=False):
        deploy(manifest=manifest)
    chain._rpc.fetch("anvil_setBalance", [chain.eoa, hex(10**12)])
    with pytest.raises(NetworkError, match="out of funds: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb9"):
        deploy(manifest=manifest)
    chain._rpc.fetch("anvil_setBalance", [chain.eoa, hex(10**18)])
    deploy(manifest=manifest)
    assert sent(chain) == small


def test_a_nonce_gap_is_named(chain: Network, small: int, tmp_path: Path) -> None:
    manifest = tmp_path / "deployment.json"
    with interrupted(chain, 3, broadcast=False):
        deploy(manifest=manifest)
    # Its next transaction went out two numbers too high, as after others were dropped.
    waiting = transfer(chain, nonce=5)
    content = json.loads(manifest.read_text())
    content["transactions"]["create volatility_feed"] = {"nonce": 5, "hashes": [waiting]}
    manifest.write_text(json.dumps(content))
    with pytest.raises(NetworkError, match="nonce gap: `create volatility_feed` waits with nonce"):
        deploy(manifest=manifest)
    # Once the gap is filled it is mined: no contract came of it, so the step is done anew.
    for nonce in (3, 4):
        transfer(chain, nonce=nonce)
    deploy(manifest=manifest)
    assert sent(chain) == 6 + small - 3


def transfer(chain: Network, nonce: int) -> str:
    """Something else of the same key."""
    fields = {"to": chain.eoa, "value": 0, "gas": 21_000, "nonce": nonce}
    fields |= {"gasPrice": 10**11, "chainId": chain.chain_id}
    signed = Account.sign_transaction(fields, DEVELOPMENT_KEY)
    return chain._rpc.fetch("eth_sendRawTransaction", ["0x" + signed.raw_transaction.hex()])


def test_a_number_used_otherwise_meanwhile(chain: Network, small: int, tmp_path: Path) -> None:
    manifest = tmp_path / "deployment.json"
    with interrupted(chain, 6, broadcast=False):
        deploy(manifest=manifest)
    transfer(chain, nonce=6)
    market = deploy(manifest=manifest)
    assert sent(chain) == small + 1 and market.spot_feed.latestRoundData()[0] == 1


def test_somebody_else_deploying_our_code_gains_nothing(
    chain: Network, small: int, tmp_path: Path
) -> None:
    """The owner is in the code, so a stranger's deployment is ours, and found."""
    stranger = Account.create()
    chain._rpc.fetch("anvil_setBalance", [stranger.address, hex(10**18)])
    chain.add_account(stranger)
    market = deploy(manifest=tmp_path / "elsewhere.json", salt="x")
    oracle = compiled("oracle/PriceOracle.vy")
    initcode = oracle.compiler_data.bytecode + market.oracle.ctor_calldata
    data = "0x" + (salt_of("") + initcode).hex()
    chain._send_txn(stranger.address, to=PROXY, data=data)
    before = sent(chain)
    ours = deploy(manifest=tmp_path / "deployment.json")
    assert sent(chain) == before + small - 1
    assert str(ours.oracle.owner()) == str(chain.eoa)


def test_a_manifest_is_held_against_the_chain_the_key_and_the_parameters(
    chain: Network, small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "deployment.json"
    deploy(manifest=manifest)
    with pytest.raises(ParameterError, match="accepted is those in"):
        deploy(Parameters(symbol="OTHER"), manifest=manifest)
    with pytest.raises(ParameterError, match="salt = 'y'"):
        deploy(manifest=manifest, salt="y")
    content = json.loads(manifest.read_text())
    for name, value, message in (
        ("chain_id", 1, "wrong chain: .* is of chain 1, http://127.0.0.1:"),
        ("owner", PROXY, "is a deployment by 0x4e59b44847b379578588920cA78FbF26c0B4956C, the key"),
    ):
        manifest.write_text(json.dumps(content | {name: value}))
        with pytest.raises(NetworkError, match=message):
            deploy(manifest=manifest)
    changed = json.loads(json.dumps(content))
    changed["contracts"]["oracle"]["address"] = PROXY
    manifest.write_text(json.dumps(changed))
    with pytest.raises(NetworkError, match="oracle/PriceOracle.vy compiles to other code than in"):
        deploy(manifest=manifest)
    manifest.write_text("{}")
    with pytest.raises(DataError, match="no manifest of this version"):
        deploy(manifest=manifest)
    assert sent(chain) == small


def test_what_a_contract_refuses_is_said(
    chain: Network, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NetworkError, match="create index_token: refused: reverted without"):
        deploy(Parameters(symbol="X" * 60))
    with pytest.raises(NetworkError, match="oracle.list_underlying 1: refused: oracle: "):
        deploy(Parameters(underlying=0), salt="z")


def test_a_hand_over_needs_a_contract(chain: Network) -> None:
    for nobody in ("0x12", PROXY[:-1] + "D"):
        with pytest.raises(ParameterError, match="accepted is the address of a contract"):
            deploy(handover=nobody)
    assert sent(chain) == 0


def test_a_chain_without_the_proxy_gets_it(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    with devnet() as net:
        network = connect(net.url)
        network._rpc.fetch("anvil_setCode", [PROXY, "0x"])
        with boa.swap_env(network):
            deploy()
        assert network.code(PROXY) == PROXY_CODE
        network._rpc.fetch("anvil_setCode", [PROXY, "0x6001"])
        with boa.swap_env(network), pytest.raises(NetworkError, match="is not the deployment prox"):
            deploy(salt="y")


def test_a_chain_that_is_down(tmp_path: Path, capsys: Any) -> None:
    with devnet() as net:
        url = net.url
    assert main(["deploy", "--rpc", url, "--manifest", str(tmp_path / "m.json")]) == 2
    assert "no chain answers at" in capsys.readouterr().err


def test_a_market_with_liquidity_on_a_chain(chain: Network, tmp_path: Path) -> None:
    """Pools, vaults, batch and router by the same graph, as compiled, and a pool that quotes."""
    manifest = tmp_path / "deployment.json"
    liquidity = Liquidity(on=True, pools=POOLS[:1], vaults=VAULTS[2:3])
    market = deploy(Parameters(liquidity=liquidity), manifest=manifest)
    assert {one.problem for one in verify(chain, manifest)} == {""}
    known = json.loads(manifest.read_text())["contracts"]
    assert {"batch", "router", "pool_0", "vault_queue_0"} <= known.keys()
    backer, shares = market.account("backer"), market.pool_shares_0
    market.mint(backer, 10**11)
    market.send("cash_token", "approve", shares.address, 10**11, sender=backer)
    market.send(shares, "request_deposit", 10**11, sender=backer)
    series = market.call(2_800, 7)
    market.send("pool_0", "look", [series.expiry])
    market.travel(3_600)
    market.push_price(2_750, 0.15)
    market.send(shares, "process", 32, 32)
    assert market.pool_0.quote(series.code, 10**18).cost > 0
