"""Governance from the command line, end to end on a chain: listed, voted, executed; and vetoed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import boa
import pytest

from novate.__main__ import main
from novate.agents.desk import attach
from novate.deploy import compiled
from novate.errors import NetworkError
from novate.governance.chain import KEYS_VARIABLE, read_governance
from novate.governance.deployment import Governance, deploy_governance, faster
from novate.governance.multisig import key_of
from novate.governance.proposals import Proposal, call
from novate.network import Network
from tests.chain import NEEDS_CHAIN, connected, quiet

pytestmark = NEEDS_CHAIN

HOUR, DAY = 3_600, 86_400
NEW = """
underlying = 2
symbol = "BTC"
[oracle]
sources = ["{spot}"]
volatility = "{volatility}"
max_age = 604_800
[grid]
tick = 500
weekly = 40
[margin]
initial = 0.20
"""
LOOSE = """
underlying = 1
symbol = "SPX"
[margin]
initial = 0.02
initial_floor = 0.02
maintenance = 0.02
"""


def later(network: Network, seconds: int) -> None:
    head = network._rpc.fetch_uncached("eth_getBlockByNumber", ["latest", False])
    network.travel_to(int(head["timestamp"], 16) + seconds)


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    keys = [key_of(f"owner {i}") for i in range(3)]
    with connected() as network:

        def novate(*words: str) -> str:
            assert main([*words, "--rpc", network.url]) == 0, capsys.readouterr().err
            return capsys.readouterr().out

        novate("deploy", "--manifest", "market.json")
        market = ("--manifest", "market.json")
        owners = ",".join(key.address for key in keys)
        said = novate("govern", "deploy", *market, "--owners", owners, "--short")
        assert "now belong to the timelock" in said and "clearinghouse" in said

        with boa.swap_env(network):
            feeds = {}
            for name, answer in (("spot", 60_000 * 10**8), ("volatility", 60 * 10**6)):
                feed = compiled("oracle/PriceFeed.vy").deploy(f"BTC {name}", 8, network.eoa)
                feed.push(answer)
                feeds[name] = str(feed.address)
        Path("new.toml").write_text(NEW.format(**feeds))
        listing = (*market, "--listing", "new.toml")
        said = novate("propose", *listing, "--send")
        assert "List BTC as underlying 2" in said and "0 below maintenance margin" in said
        assert novate("govern", "status").startswith("pending: List BTC")
        later(network, HOUR + 1)
        assert "votes for 100,000,000" in novate("govern", "vote")
        later(network, DAY + 1)
        assert novate("govern", "queue").startswith("queued")
        # Not before it is due.
        with pytest.raises(boa.BoaError):
            main(["govern", "execute", "--rpc", network.url])
        later(network, 2 * DAY)
        assert novate("govern", "execute").startswith("executed")
        assert spot(network, 2) == 60_000 * 10**18

        # What loosens margin beyond reason was accepted, and is vetoed by two of three.
        Path("loose.toml").write_text(LOOSE)
        other = ("--proposal", "loose.json")
        novate("propose", *market, "--listing", "loose.toml", "--send", *other)
        later(network, HOUR + 1)
        novate("govern", "vote", *other)
        later(network, DAY + 1)
        novate("govern", "queue", *other)
        monkeypatch.setenv(KEYS_VARIABLE, keys[0].key.hex())
        assert main(["govern", "veto", "--rpc", network.url, *other]) == 2
        assert "2 of them" in capsys.readouterr().err
        # However long the chain has been without a block.
        quiet(network, 2 * HOUR)
        monkeypatch.setenv(KEYS_VARIABLE, ",".join(key.key.hex() for key in (keys[0], keys[2])))
        assert novate("govern", "veto", *other).startswith("cancelled")
        later(network, 2 * DAY)
        with pytest.raises(boa.BoaError):
            main(["govern", "execute", "--rpc", network.url, *other])
        with boa.swap_env(network):
            network.refresh()
            assert attach(Path("market.json")).margin.parameters_of(1).maintenance > 2 * 10**16
            governance: Any = read_governance(Path("governance.json"))
            assert governance.guardian.nonce() == 1


def slower(owner: str) -> tuple[Governance, Proposal]:
    """Governance whose votes are all the owner's, and something to propose."""
    guardians = [key_of(f"owner {i}").address for i in range(3)]
    governance = deploy_governance(guardians, 2, owner, faster())
    return governance, Proposal((call(governance.timelock.update_delay, 3 * DAY),), "slower")


def test_what_is_due_a_second_later_is_sent_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proposer's votes count from the second after delegation, and blocks may share a second."""
    with connected(step=0) as chain, boa.swap_env(chain):
        owner = str(boa.env.eoa)
        governance, proposal = slower(owner)
        governance.token.delegate(owner)

        def pass_a_second(seconds: float) -> None:
            chain._rpc.fetch("anvil_setBlockTimestampInterval", [1])

        monkeypatch.setattr(time, "sleep", pass_a_second)
        identifier = governance.propose(proposal, owner)
        assert governance.governor.proposalProposer(identifier) == owner


def test_what_a_node_refuses_for_good_is_told_in_its_words() -> None:
    """The node's second stands still, so the votes never count there."""
    with connected(step=0) as chain, boa.swap_env(chain):
        owner = str(boa.env.eoa)
        governance, proposal = slower(owner)
        governance.token.delegate(owner)
        with pytest.raises(NetworkError, match="passes locally: .*below threshold"):
            governance.propose(proposal, owner)


def spot(network: Network, underlying: int) -> int:
    with boa.swap_env(network):
        network.refresh()
        return int(attach(Path("market.json")).oracle.spot(underlying)[0])
