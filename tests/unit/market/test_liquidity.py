"""Liquidity as a part of the deployment: named by rows, kept in the manifest, ready to trade."""

import json
from dataclasses import astuple, replace
from pathlib import Path

import boa
import pytest

from novate.deploy import deploy
from novate.errors import ParameterError
from novate.liquidity import POOLS, VAULTS, YIELDING, Liquidity, Pool, PoolRules
from novate.manifest import parameters_from, plain
from novate.parameters import Parameters

CHOSEN = Liquidity(on=True, pools=POOLS[:2], vaults=VAULTS[2:])


@pytest.mark.parametrize("upgradeable", [False, True], ids=["plain", "behind proxies"])
def test_rows_become_units(tmp_path: Path, upgradeable: bool) -> None:
    file = tmp_path / "deployment.json"
    parameters = Parameters(liquidity=CHOSEN, upgradeable=upgradeable)
    market = deploy(parameters, manifest=file)
    written = json.loads(file.read_text())
    assert parameters_from(written["parameters"]) == parameters
    names = {name for name in market.contracts if name[-1].isdigit()}
    kinds = ("pool", "pool_shares", "vault", "vault_queue")
    assert names == {f"{kind}_{i}" for kind in kinds for i in (0, 1)} <= written["contracts"].keys()
    ledger = market.clearinghouse
    for venue in ("batch", "long_tokens", "pool_0", "pool_1"):
        assert ledger.venues(market.contracts[venue].address), venue
    for i, pool in enumerate(CHOSEN.pools):
        contract = market.contracts[f"pool_{i}"]
        fields = [contract.rules() >> 16 * place & 0xFFFF for place in range(16)]
        assert fields == list(astuple(pool.rules))
        assert market.contracts[f"pool_shares_{i}"].name() == pool.name
        assert ledger.engine_of(contract.ACCOUNT()) == 1
    for i, vault in enumerate(CHOSEN.vaults):
        assert market.contracts[f"vault_{i}"].asset() == ledger.token_of(vault.asset)
    assert market.quote_rewards.rules() == astuple(CHOSEN.quotes)


def test_without_it_there_is_nothing() -> None:
    assert not {"batch", "router", "pool_0", "vault_0"} & deploy().contracts.keys()


def test_rows_are_filled_up_from_a_file() -> None:
    """Who writes a parameter file names what differs from the usual pool."""
    given = {"liquidity": {"on": True, "pools": [{"rules": {"vega": 70}}, {}], "vaults": []}}
    found = parameters_from(given).liquidity
    assert found.pools == (Pool(rules=PoolRules(vega=70)), Pool()) and found.vaults == ()
    given["liquidity"]["pools"] = [{"rules": {"vage": 70}}]
    with pytest.raises(ParameterError, match=r"liquidity\.pools\.rules\.vage"):
        parameters_from(given)
    assert plain(parameters_from({}))["liquidity"]["pools"][2]["symbol"] == POOLS[2].symbol


def test_shares_that_yield_are_collateral() -> None:
    market = deploy(Parameters(liquidity=replace(CHOSEN, vaults=())))
    holder = market.account("holder")
    market.fund(holder, 10, YIELDING)
    assert market.wallet(holder, YIELDING) == 0
    spot, share = market.parameters.prices.spot, market.parameters.collateral.maintenance / 10**18
    worth = 10 * spot * share * 10**18
    assert abs(market.judge([holder])[holder.number].maintenance - worth) < 10**9
    # What is given to all shares is theirs.
    market.send("index_token", "mint", market.yield_token.address, 10**19)
    with boa.env.anchor():
        market.withdraw(holder, 10, YIELDING)
        market.send("yield_token", "redeem", 10**19, *2 * [holder.address], sender=holder)
        assert market.wallet(holder, 1) > 19 * 10**18
