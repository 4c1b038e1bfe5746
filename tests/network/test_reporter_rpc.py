"""Reporters on a chain: the code that plays in-process signs, submits and reads over RPC."""

import signal
from pathlib import Path

import boa

from novate.deploy import compiled, deploy
from novate.oracle.reporter import Feed, Heartbeat, Reporter, publish
from novate.oracle.sources import ChainSource, SeriesSource
from novate.parameters import Parameters, Reporters
from tests.chain import NEEDS_CHAIN, connected, launched, said, until
from tests.oracle_world import keys

pytestmark = NEEDS_CHAIN


def test_reporters_publish_on_a_chain_and_others_read_it() -> None:
    people = [
        Reporter(i, key, [SeriesSource((0,), (100.0 + i,))], tolerance=0.05, max_age=2**40)
        for i, key in enumerate(keys(5))
    ]
    with connected(step=1) as chain, boa.swap_env(chain):
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
        assert seen is not None and (seen.price, seen.time) == (102.0, now)


def test_a_process_that_is_killed_goes_on(tmp_path: Path) -> None:
    """Prices and smiles from a file, by a process killed as hard as one can be."""
    manifest, file = tmp_path / "deployment.json", tmp_path / "prices.csv"
    with connected(step=1) as chain, boa.swap_env(chain):
        market = deploy(Parameters(reporters=Reporters(made_up=5)), manifest=manifest)

        def show(price: float) -> None:
            rows = "".join(f"{market.now - 600 + 60 * i},{price},0.2\n" for i in range(2))
            draft = tmp_path / "draft"
            draft.write_text("time,close,iv\n" + rows)
            draft.replace(file)

        def rounds() -> int:
            market.env._reset_fork()
            return int(market.signed_feed.rounds())

        show(2_750.0)
        usual = ("--price", str(file), "--volatility", str(file), "--max-age", "3600")
        with launched("reporter", chain.url, manifest, *usual) as process:
            until(rounds)
            process.send_signal(signal.SIGKILL)
        assert rounds() == 1 and market.signed_feed.latest_report()[0] == 2_750 * 10**8
        market.travel(60)
        show(2_800.0)
        told = said("reporter", chain.url, manifest, 1, *usual)
        # It goes on, with the smiles too that the killed one did not come to.
        assert "offer: AnswerUpdated" in told and "refused" not in told and rounds() == 2
        assert len(market.surface.expiries(1)) == 4
        market.use_signed_feed()
        assert market.oracle.spot(1)[0] == 2_800 * 10**18
