"""Keeper and liquidator as processes of their own on a chain, killed and started again."""

import signal
from pathlib import Path

import boa

from novate.deploy import deploy
from novate.market import Market
from tests.chain import NEEDS_CHAIN, connected, launched, said, until

pytestmark = NEEDS_CHAIN


def logs(market: Market, event: str) -> int:
    """How many events of this name the chain has of the auction house."""
    house = market.auctions
    topic = next(t for t, abi in house.event_abi_for.items() if abi["name"] == event)
    wanted = {"fromBlock": "0x0", "address": str(house.address), "topics": [f"{topic:#066x}"]}
    return len(market.env._rpc.fetch("eth_getLogs", [wanted]))


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    manifest = tmp_path / "deployment.json"
    with connected(step=1) as chain, boa.swap_env(chain):
        market = deploy(manifest=manifest)
        writer, buyer = market.account("writer"), market.account("buyer")
        market.fund(writer, 12_400)
        market.fund(buyer, 20_000)
        market.fund(market.account("liquidator"), 60_000)
        market.trade(buyer, writer, market.put(2_500, 14), -20, 20)
        market.push_price(1_930, 0.6)

        with launched("keeper", chain.url, manifest) as keeper:
            until(lambda: logs(market, "AuctionStarted"))
            # As hard as a process can end, in the middle of its rounds.
            keeper.send_signal(signal.SIGKILL)
        assert logs(market, "AuctionStarted") == 1
        assert said("keeper", chain.url, manifest, 2) == ""
        assert logs(market, "AuctionStarted") == 1

        market.travel(12 * 3_600)
        market.push_price(1_930, 0.6)
        assert "BidTaken" in said("liquidator", chain.url, manifest, 1)
        assert logs(market, "BidTaken") == 1
        # The bid took all that a solvent auction sells: it is over.
        assert "BidTaken" not in said("liquidator", chain.url, manifest, 1)
        assert logs(market, "BidTaken") == 1
