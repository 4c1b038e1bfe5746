"""The one function that runs the deployment graph (`novate/graph.py`).

`deploy` runs it where titanoboa's environment points to: in-process, or on a chain
(`novate.network.connect`).
"""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boa
from boa.contracts.vyper.vyper_contract import VyperFunction

from .engine.cache import load
from .graph import STEPS, UNITS, Answer, At, Cash, Owner, Set, Text, Wad
from .parameters import Parameters
from .series import WAD

if TYPE_CHECKING:
    from .market import Market

CONTRACTS = Path(__file__).resolve().parent.parent / "contracts"


@cache
def compiled(source: str) -> Any:
    """The deployer of a contract below contracts/, read once a process, compiled once a machine.

    A compiled contract is a million small objects that stay: looking for garbage among them takes
    two thirds of the time to load them, and of every later collection. So not while they are
    loaded, and never again afterwards.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return load(CONTRACTS / source)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def deploy(parameters: Parameters | None = None, *, manifest: Path | None = None) -> Market:
    """Deploy a market in titanoboa's current environment, owned by its `boa.env.eoa`.

    parameters: the defaults describe a market in an index.
    manifest: a file that receives name, source and address of every contract as JSON.
    """
    from .market import Market

    parameters = parameters or Parameters()
    owner = str(boa.env.eoa)
    contracts: dict[str, Any] = {}
    for unit in UNITS:
        arguments = [_resolve(value, parameters, contracts, owner) for value in unit.arguments]
        contracts[unit.name] = compiled(unit.source).deploy(*arguments)
    hand_on(contracts["clearinghouse"], contracts["back_office"])
    hand_on(contracts["portfolio_margin"], contracts["portfolio_settings"])
    market = Market(contracts, parameters, owner)
    for step in STEPS:
        arguments = [_resolve(value, parameters, contracts, owner) for value in step.arguments]
        market.send(step.unit, step.function, *arguments, operation="set up")
    if parameters.fund:
        market.endow_fund(parameters.fund)
    if manifest is not None:
        write_manifest(market, manifest)
    return market


def hand_on(front: Any, back: Any) -> None:
    """Let the object of a contract know the functions and events of the code it hands calls to."""
    for function in back.compiler_data.global_ctx.exposed_functions:
        if not hasattr(front, function.name):
            setattr(front, function.name, VyperFunction(function.decl_node, front))
    front.abi = [*front.abi, *(entry for entry in back.abi if entry not in front.abi)]
    front.event_for = {**back.event_for, **front.event_for}
    front.event_abi_for = {**back.event_abi_for, **front.event_abi_for}


def addresses(market: Market) -> dict[str, Any]:
    """Chain, owner and address of every contract: what others need to find the market."""
    return {
        "chain_id": boa.env.evm.patch.chain_id,
        "owner": market.owner,
        "contracts": {
            unit.name: {
                "source": unit.source,
                "address": str(market.contracts[unit.name].address),
            }
            for unit in UNITS
        },
    }


def write_manifest(market: Market, file: Path) -> None:
    """Write `addresses` as JSON, at once or not at all."""
    draft = file.with_suffix(file.suffix + ".part")
    draft.write_text(json.dumps(addresses(market), indent=2) + "\n")
    draft.replace(file)


def _resolve(value: Any, parameters: Parameters, contracts: Mapping[str, Any], owner: str) -> Any:
    match value:
        case At(unit):
            return contracts[unit].address
        case Set(path):
            return _as_argument(_parameter(parameters, path))
        case Answer(path):
            scale = 10**parameters.prices.decimals
            return int(Decimal(str(_parameter(parameters, path))) * scale)
        case Cash(path):
            return int(_parameter(parameters, path)) * 10**parameters.cash_decimals
        case Wad(path):
            return int(Decimal(str(_parameter(parameters, path))) * WAD)
        case Text(pattern):
            return pattern.format(symbol=parameters.symbol)
        case Owner():
            return owner
        case _:
            return value


def _parameter(parameters: Parameters, path: str) -> Any:
    found: Any = parameters
    for name in path.split("."):
        found = getattr(found, name)
    return found


def _as_argument(found: Any) -> Any:
    """A group of parameters becomes the struct that the contract takes."""
    if is_dataclass(found):
        return tuple(getattr(found, one.name) for one in fields(found))
    return found
