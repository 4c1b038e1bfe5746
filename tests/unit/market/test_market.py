"""The comfortable object: names, trades, forks and time."""

import json
from pathlib import Path

import boa
import pytest

from boa_env import Market, ParameterError, deploy, fork, to_wad
from novate.graph import STEPS, UNITS, units_for


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    market = deploy(manifest=tmp_path_factory.mktemp("market") / "deployment.json")
    for name in ("maker", "taker"):
        market.fund(market.account(name), 100_000)
    return market


def test_every_unit_is_an_attribute_and_unknown_names_are_listed(market: Market) -> None:
    for unit in units_for(market.parameters, UNITS):
        assert getattr(market, unit.name) is market.contracts[unit.name]
    with pytest.raises(AttributeError, match="clearinghouse"):
        _ = market.clearing_house


def test_steps_refer_to_units() -> None:
    assert {step.unit for step in STEPS} <= {unit.name for unit in UNITS}


def test_manifest_names_every_address(tmp_path: Path) -> None:
    file = tmp_path / "deployment.json"
    market = deploy(manifest=file)
    found = json.loads(file.read_text())["contracts"]
    assert {name: entry["address"] for name, entry in found.items()} == {
        name: str(unit.address) for name, unit in market.contracts.items()
    }
    assert [path.name for path in tmp_path.iterdir()] == ["deployment.json"]


@pytest.mark.parametrize("quantity", [10, -10])
def test_the_taker_buys_a_positive_quantity(market: Market, quantity: int) -> None:
    maker, taker = market.account("maker"), market.account("taker")
    market.trade(maker, taker, market.put(2_700), quantity, 12.5)
    assert [held for _, held in market.positions(taker)] == [to_wad(quantity)]
    assert [held for _, held in market.positions(maker)] == [-to_wad(quantity)]


def test_a_refused_trade_leaves_its_reason(market: Market) -> None:
    maker, stranger = market.account("maker"), market.account("stranger")
    with boa.reverts("margin: below initial"):
        market.trade(maker, stranger, market.call(2_800), 1, 40)
    assert market.refusal == "margin: below initial"


def test_nested_forks_undo_contracts_clock_and_python(market: Market) -> None:
    maker, taker = market.account("maker"), market.account("taker")
    call = market.call(2_800, days=14)
    before = (market.now, len(market.receipts), market.open_expiries.copy(), len(market.accounts))
    with fork():
        market.trade(maker, taker, call, 1, 40)
        inside = (market.now, len(market.receipts), market.positions(taker))
        with market.fork():
            market.account("newcomer")
            market.travel_to(call.expiry - 3_600)
            market.push_price(2_900)
            market.travel_to(call.expiry)
            market.settle()
            assert market.positions(taker) == []
            assert market.clearinghouse.cash_of(taker.number) > to_wad(100_000)
        assert inside == (market.now, len(market.receipts), market.positions(taker))
    after = (market.now, len(market.receipts), market.open_expiries, len(market.accounts))
    assert after == before
    assert market.positions(taker) == []


def test_amounts_are_exact(market: Market) -> None:
    assert to_wad("0.1") == 10**17
    with pytest.raises(ParameterError, match="at most 18 decimals"):
        to_wad("0.1234567890123456789")
    with pytest.raises(ParameterError, match="multiple of 1e-06"):
        market.fund(market.account("maker"), "0.0000001")


def test_health_table_has_a_row_for_everybody(market: Market) -> None:
    table = market.health()
    assert list(table.index) == [market.name_of(one.number) for one in market.accounts]
    assert (table["equity"] >= 0).all()
