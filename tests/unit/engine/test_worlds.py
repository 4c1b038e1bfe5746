"""Forks, branches and saved worlds of a deployed market, with what Python knows of it."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boa
import numpy
import pytest

from novate.deploy import deploy
from novate.devnet import devnet
from novate.engine import ENGINES, Engine
from novate.engine.batch import array, call_many, grid, to_floats, what_ifs
from novate.engine.profile import gas_report, profile_call
from novate.engine.remote import fork_chain
from novate.engine.snapshot import restore, save
from novate.errors import DataError, NetworkError
from novate.gas import transaction_gas
from novate.market import Market, fork
from novate.network import connect
from novate.parameters import Parameters
from tests.unit.engine.conftest import START, source

WAD = 10**18


@pytest.fixture(scope="module", params=ENGINES)
def market(request: Any) -> Iterator[Market]:
    world = Engine(request.param)
    world.evm.patch.timestamp = START
    with boa.swap_env(world):
        opened = deploy(Parameters(fund=1_000))
        maker, taker = opened.account("maker"), opened.account("taker")
        opened.fund(maker, 100_000)
        opened.fund(taker, 10_000)
        opened.trade(maker, taker, opened.put(2_700), 2, 20)
        yield opened


@pytest.fixture(autouse=True)
def isolated(market: Market) -> Iterator[None]:
    with boa.swap_env(market.env), fork():
        yield


def test_a_fork_takes_back_what_python_remembers(market: Market) -> None:
    before = (market.events, market.accounts, market.now, market.open_expiries)
    with market.fork() as same:
        assert same is market
        market.fund(market.account("late"), 5)
        with fork():
            market.travel(days=3)
            market.push_price(2_500)
        assert market.now == START
        assert len(market.accounts) == 3
    assert before == (market.events, market.accounts, market.now, market.open_expiries)


def test_branches_do_not_know_each_other(market: Market) -> None:
    twin = market.branch()
    twin.push_price(2_000, 0.8)
    twin.travel(60)
    twin.fund(twin.account("late"), 5)
    assert market.now == START and len(market.accounts) == 2
    assert market.spot_feed.latestRoundData()[1] == 2_750 * 10**8
    assert twin.spot_feed.latestRoundData()[1] == 2_000 * 10**8
    maker = market.account("maker")
    assert twin.judge([maker])[maker.number].equity < market.judge([maker])[maker.number].equity
    assert twin.branch().health().equals(twin.health())


def test_fronts_know_what_is_behind_them_in_every_world(market: Market, tmp_path: Path) -> None:
    twin = market.branch()
    file = tmp_path / "noon.world"
    save(market, file)
    back = boa.env
    try:
        saved = restore(file)
    finally:
        boa.set_env(back)
    for one in (market, twin, saved):
        assert callable(one.clearinghouse.write_off) and callable(one.portfolio_margin.set_market)
        assert one.clearinghouse.certificate().held == market.clearinghouse.certificate().held


def test_a_saved_world_goes_on(market: Market, tmp_path: Path) -> None:
    file = tmp_path / "noon.world"
    save(market, file)
    found = restore(file, market.env.engine)
    assert found.env is boa.env is not market.env
    assert found.health().equals(market.health())
    assert found.receipts == market.receipts
    assert (found.now, found.open_expiries) == (market.now, market.open_expiries)
    figures = []
    for one in (market, found):
        maker, taker = one.account("maker"), one.account("taker")
        receipt = one.trade(maker, taker, one.call(2_900), 1, 5)
        figures.append((receipt.gas, receipt.events, one.health().to_dict()))
    assert figures[0] == figures[1]


def test_what_is_no_saved_world_is_refused(market: Market, tmp_path: Path) -> None:
    file = tmp_path / "some.world"
    with pytest.raises(DataError, match="no saved world"):
        restore(file)
    file.write_bytes(b"nonsense")
    with pytest.raises(DataError, match="no saved world"):
        restore(file)
    save(market, file)
    content = json.loads(gzip.decompress(file.read_bytes()))
    file.write_bytes(gzip.compress(json.dumps(content | {"format": 0}).encode()))
    with pytest.raises(DataError, match="another version"):
        restore(file)
    content["codes"] = [code[:-8] for code in content["codes"]]
    content["codes"] = ["fe" + code[2:] if code else "" for code in content["codes"]]
    file.write_bytes(gzip.compress(json.dumps(content).encode()))
    with pytest.raises(DataError, match="has changed since"):
        restore(file)


# -- batches --


def test_batches_answer_as_single_calls(market: Market) -> None:
    expiry = market.expiry_in(7)
    times = [expiry + 7 * 86_400 * k for k in range(3)]
    quotes = call_many(market.oracle.quote, [(1, one) for one in times])
    assert quotes == [market.oracle.quote(1, one) for one in times]
    numbers = [one.number for one in market.accounts]
    health = array(market.clearinghouse.health, [(n,) for n in numbers], scale=WAD)
    for row, number in zip(health, numbers, strict=True):
        single = market.clearinghouse.health(number)
        assert numpy.allclose(row[:3], [x / WAD for x in single[:3]], rtol=1e-15)
    assert call_many(market.oracle.quote, []) == []


def test_what_ifs_start_alike_and_leave_nothing(market: Market) -> None:
    taker = market.account("taker")
    ledger, feed = market.clearinghouse, market.spot_feed
    scale = 10**market.parameters.prices.decimals
    spots, volatilities = [2_000, 2_700, 3_000], [0.1, 0.5]

    def scenario(spot: float, volatility: float) -> list[Any]:
        return [
            (feed.push, (int(spot * scale),)),
            (market.volatility_feed.push, (int(volatility * scale),)),
            (market.oracle.poke, (1,)),
            (ledger.health, (taker.number,)),
        ]

    found = grid(spots, volatilities, scenario, sender=market.owner, scale=WAD)
    assert found.shape[:2] == (3, 2)
    for i, spot in enumerate(spots):
        for k, volatility in enumerate(volatilities):
            with fork():
                market.push_price(spot, volatility)
                single = ledger.health(taker.number)
            assert found[i, k, 0] == pytest.approx(single.equity / WAD, rel=1e-15)
    assert len(numpy.unique(found[:, :, 0])) > 1
    assert feed.latestRoundData()[1] == 2_750 * scale


def test_a_refusal_in_a_batch_is_raised(market: Market) -> None:
    taker = market.account("taker")
    withdraw = market.clearinghouse.withdraw
    calls = [(taker.number, 0, amount, taker.address) for amount in (10**6, 10**11)]
    with pytest.raises(boa.BoaError), fork():
        call_many(withdraw, calls, sender=taker.address)
    # One sender of a row whose second call is refused.
    with boa.reverts("feed: caller is not the reporter"):
        what_ifs([[(market.spot_feed.push, (1,))]], sender=taker.address)


def test_words_become_floats() -> None:
    values = [0, 1, -1, WAD, -WAD, 2**255 - 1, -(2**255), 2**64, -(2**64), 3**100]
    data = b"".join(value.to_bytes(32, "big", signed=True) for value in values)
    assert to_floats(data).ravel().tolist() == [float(value) for value in values]


# -- profiles --


def test_a_report_counts_every_call(market: Market) -> None:
    maker, taker = market.account("maker"), market.account("taker")
    with gas_report() as report:
        receipts = [
            market.trade(maker, taker, market.put(strike), 1, 5) for strike in (2_700, 2_600)
        ]
        with pytest.raises(boa.BoaError):
            market.withdraw(taker, 10**6)
    counted = report.calls["SignedOrders.fill"]
    assert len(counted) == 2 and all(
        gas < receipt.gas for gas, receipt in zip(counted, receipts, strict=True)
    )
    table = report.table
    assert table["share"].sum() == pytest.approx(1)
    assert table.loc["SignedOrders.fill", "max"] == max(counted)
    assert "Clearinghouse.withdraw" not in table.index
    assert "SignedOrders.fill" in str(report) and "<table" in report._repr_html_()
    with gas_report() as other:
        market.trade(maker, taker, market.put(2_700), 1, 5)
    change = report.diff(other)
    row = change.loc["SignedOrders.fill"]
    assert row["after"] - row["before"] == row["change"] != 0


def test_a_profile_accounts_for_all_gas(market: Market, tmp_path: Path) -> None:
    taker = market.account("taker")
    arguments = (taker.number, 0, 10**6, taker.address)
    profile = profile_call(market.clearinghouse.withdraw, *arguments, sender=taker.address)
    with fork():
        gas = transaction_gas(market.clearinghouse.withdraw, *arguments, sender=taker.address)
    assert profile.tree.gas == gas.execution == profile.lines["gas"].sum()
    for frame in profile.tree.walk():
        assert frame.gas == sum(frame.own.values()) + sum(child.gas for child in frame.children)
    names = {frame.name for frame in profile.tree.walk()}
    assert {"Clearinghouse.withdraw", "TestToken.transfer"} <= names
    dearest = profile.lines.iloc[0]
    assert dearest["gas"] > 20_000 and "balanceOf[to]" in dearest["source"]
    assert "balanceOf[to]" in profile._repr_html_() and "withdraw" in str(profile)
    profile.flame(tmp_path / "flame.png")
    assert (tmp_path / "flame.png").stat().st_size > 10_000


# -- live chains --


def test_a_live_chain_is_forked() -> None:
    token = source("contracts/tokens/TestToken.vy")
    with devnet() as net:
        chain = connect(net.url)
        with boa.swap_env(chain):
            there = token.deploy("Dollar", "USD", 18)
            there.mint(chain.eoa, 100)
            owner, address, number = chain.eoa, there.address, chain.evm.patch.block_number
        for engine in ENGINES:
            world = fork_chain(net.url, engine=engine)
            assert (world.engine, world.evm.patch.chain_id) == (engine, net.chain_id)
            with boa.swap_env(world):
                here, friend = token.at(address), world.generate_address()
                for _ in range(2):
                    with world.fork():
                        here.transfer(friend, 40, sender=owner)
                        # Cold accounts and slots, as on the chain itself.
                        gas = here._computation.get_gas_used()
                        assert (here.balanceOf(owner), here.balanceOf(friend)) == (60, 40)
                    assert (here.balanceOf(owner), here.balanceOf(friend)) == (100, 0)
                twin = world.branch()
                twin.lookup_contract(address).transfer(friend, 1, sender=owner)
                assert here.balanceOf(friend) == 0
                assert 28_000 < gas < 33_000
        before = fork_chain(net.url, number - 1)
        assert before.get_code(address) == b"" or before.evm.patch.block_number == number - 1
        with pytest.raises(NetworkError, match="has no block"):
            fork_chain(net.url, 10**6)
    with pytest.raises(NetworkError, match="no chain answers"):
        fork_chain(net.url)


def test_no_unit_needs_the_microscope(market: Market) -> None:
    """Jump tables and immutables at the end of a code are not taken for instructions."""
    if market.env.engine == "revm":
        assert not market.env._revm.wary


def test_worlds_do_not_trace_for_each_other() -> None:
    """Titanoboa's tracers nest: after some hundred worlds a call was too deep for Python."""

    def depth(world: Engine) -> int:
        operation = world.evm.vm.state.computation_class.opcodes[0x20]
        layers = 0
        while hasattr(operation, "sha3"):
            operation, layers = operation.sha3, layers + 1
        return layers

    first = depth(Engine("py-evm"))
    assert first >= 1
    assert [depth(Engine("py-evm")) for _ in range(3)] == 3 * [first]
