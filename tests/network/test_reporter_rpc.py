"""Reporters on a chain: the code that plays in-process signs, submits and reads over RPC."""

import boa
import pytest

from novate.deploy import compiled
from novate.devnet import devnet
from novate.network import KEY_VARIABLE, connect
from novate.oracle.reporter import Feed, Heartbeat, Reporter, publish
from novate.oracle.sources import ChainSource, SeriesSource
from tests.network.test_run_rpc import anvil_is_missing
from tests.oracle_world import keys

pytestmark = [
    pytest.mark.skipif(anvil_is_missing(), reason="ANVIL IS MISSING: run `make setup`"),
    pytest.mark.ignore_isolation,
]


def test_reporters_publish_on_a_chain_and_others_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    people = [
        Reporter(i, key, [SeriesSource((0,), (100.0 + i,))], tolerance=0.05, max_age=2**40)
        for i, key in enumerate(keys(5))
    ]
    with devnet() as chain, boa.swap_env(connect(chain.url)):
        contract = compiled("oracle/SignedFeed.vy").deploy(
            "BTC / USD", 8, 60, [one.signer.address for one in people], 3, boa.env.eoa
        )
        feed = Feed.at(contract)
        assert feed.domain.chain_id == chain.chain_id
        now = boa.env.evm.patch.timestamp
        report = publish(people, feed, now, heartbeat=Heartbeat())
        assert report is not None and feed.latest() == (102.0, now)
        # A reporter of yet another chain takes this feed as its source.
        seen = ChainSource(chain.url, str(contract.address)).read(now)
        assert seen is not None and seen.price == 102.0
        # A node may be a second behind the simulation.
        assert abs(seen.time - now) <= 3
