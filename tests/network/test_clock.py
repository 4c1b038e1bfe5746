"""Races with the clock: chains that are quiet, go on meanwhile, or are asked twice in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boa
import pytest

from novate.agents.desk import Desk
from novate.agents.keepers import Keeper
from novate.agents.reporter import ReporterDesk, Watch
from novate.deploy import deploy
from novate.network import connect
from novate.oracle.sources import SeriesSource
from novate.parameters import Parameters, Reporters
from tests.chain import NEEDS_CHAIN, Node, connected, quiet

pytestmark = NEEDS_CHAIN


def test_a_reporter_wakes_a_quiet_chain(tmp_path: Path) -> None:
    """A report may be a minute old at most, and the latest block is five."""
    with connected() as chain, boa.swap_env(chain):
        market = deploy(Parameters(reporters=Reporters(made_up=3)))
        watch = Watch([SeriesSource((0,), (2_750.0,))], max_age=2**40)
        desk = ReporterDesk(market, market.made_up_reporters(), watch, tmp_path)
        quiet(chain, 300)
        done = [event.name for receipt in desk.round() for event in receipt.events]
        assert desk.refused == [] and done == ["AnswerUpdated", "Observed"]


def test_a_keeper_that_is_slower_goes_on() -> None:
    """Somebody is quicker before its call is estimated, and within the block of its call."""
    with connected() as chain, boa.swap_env(chain):
        market = deploy()
        writer, buyer = market.account("writer"), market.account("buyer")
        market.fund(writer, 12_400)
        market.fund(buyer, 20_000)
        market.trade(buyer, writer, market.put(2_500, 14), -20, 20)
        market.push_price(1_930, 0.6)
        desk, node, fetch = Desk(market, Keeper("slow")), Node(chain.url), chain._rpc.fetch
        start = market.auctions.start.prepare_calldata(writer.number, 0)
        quicker = {
            "from": node.receiver,
            "to": str(market.auctions.address),
            "data": "0x" + start.hex(),
            "maxPriorityFeePerGas": hex(10**11),
            "maxFeePerGas": hex(10**12),
        }
        for moment, expected in (
            ("eth_estimateGas", "refused: auction: already running"),
            ("eth_sendRawTransaction", " reverted"),
        ):
            waits = [True]

            def late(
                method: str, params: Any, moment: str = moment, waits: list[bool] = waits
            ) -> Any:
                if method != moment or not waits:
                    return fetch(method, params)
                waits.clear()
                node.rpc("evm_setAutomine", False)
                node.rpc("eth_sendTransaction", quicker)
                sent = fetch(method, params) if method == "eth_sendRawTransaction" else None
                node.rpc("evm_mine")
                node.rpc("evm_setAutomine", True)
                return sent or fetch(method, params)

            said: list[str] = []
            with chain.anchor(), pytest.MonkeyPatch.context() as patch:
                patch.setattr(chain._rpc, "fetch", late)
                desk.run(every=0, rounds=2, say=said.append)
            assert len(said) == 1 and said[0].startswith("refused: ")
            assert said[0].endswith(expected), said


def test_time_that_has_passed_already_is_not_travelled() -> None:
    with connected() as chain, boa.swap_env(chain):
        market = deploy()
        now = market.now
        connect(chain.url).travel_to(now + 100)
        market.travel_to(now + 50)
        assert now + 100 < market.now <= now + 130
        market.travel_to(now + 5_000)
        assert market.now >= now + 5_000
