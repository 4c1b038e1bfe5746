"""The one function that runs the deployment graph (`novate/graph.py`).

`deploy` runs it where titanoboa's environment points to: in-process, or on a chain
(`novate.network.connect`).
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import boa
from eth_utils import is_address, to_checksum_address

from .engine.cache import load
from .errors import NetworkError, ParameterError
from .fronts import join
from .graph import (
    FUND_STEPS,
    NOBODY,
    STEPS,
    TOKENS,
    UNITS,
    Answer,
    At,
    Cash,
    First,
    Fund,
    Owner,
    Set,
    Step,
    Text,
    Token,
    Unit,
    Wad,
    steps_for,
    units_for,
    value_at,
)
from .manifest import write_manifest
from .market import Market, key_for, reporter_name
from .network import Network
from .parameters import Parameters
from .series import WAD
from .site import Here, Site, bring_proxy

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


def deploy(
    parameters: Parameters | None = None,
    *,
    manifest: Path | None = None,
    handover: str | None = None,
    salt: str = "",
) -> Market:
    """Deploy a market in titanoboa's current environment, owned by its `boa.env.eoa`.

    parameters: by default those of the manifest, or a market in an index.
    manifest: a file that describes the market as JSON. On a chain it is written step by step, and
    a deployment that it describes is gone on with: what is done is not done again.
    handover: who owns every unit in the end, a timelock for example.
    salt: on a chain, tells markets of one owner apart; addresses follow from it.
    """
    if handover is not None:
        if not is_address(handover) or not boa.env.get_code(handover):
            raise ParameterError("handover", handover, "the address of a contract")
        handover = to_checksum_address(handover)
    if parameters is not None:
        parameters = _with_members(parameters)
    if isinstance(boa.env, Network):
        bring_proxy(boa.env)
        site = Site.open(boa.env, parameters, manifest, salt)
        market = _deploy(site, site.manifest.parameters, handover)
        site.finish()
        return market
    market = _deploy(Here(), parameters or Parameters(), handover)
    if manifest is not None:
        write_manifest(market, manifest)
    return market


def _deploy(here: Here, parameters: Parameters, handover: str | None) -> Market:
    owner = str(boa.env.eoa)
    contracts: dict[str, Any] = {}
    for unit in units_for(parameters, UNITS):
        arguments = arguments_of(unit, parameters, contracts, owner)
        contract = here.create(unit, compiled(unit.source), arguments)
        contracts[unit.name] = face(unit.face, contract.address) if unit.face else contract
    here.created()
    market = Market(join(contracts), parameters, owner)
    for step in steps_for(parameters, STEPS):
        arguments = arguments_of(step, parameters, contracts, owner)
        here.send(market, step.unit, step.function, *arguments, operation="set up")
    for step in FUND_STEPS if parameters.fund else ():
        operation = "deposit" if step.function == "deposit" else "set up"
        arguments = arguments_of(step, parameters, contracts, owner)
        here.send(market, step.unit, step.function, *arguments, operation=operation)
    if handover is not None:
        for name, holder in owners(market).items():
            if holder in (owner, handover):
                here.send(market, name, "transfer_ownership", handover, operation="hand over")
        left = {name: one for name, one in owners(market).items() if one != handover}
        if left:
            raise NetworkError(f"not handed over to {handover}: {left}")
    return market


def face(source: str, address: str) -> Any:
    """A contract at an address, with the functions of the code that it runs behind a proxy."""
    with warnings.catch_warnings():
        # That the proxy's own code is another one.
        warnings.simplefilter("ignore", UserWarning)
        return compiled(source).at(address)


def _with_members(parameters: Parameters) -> Parameters:
    """The same with the addresses of the reporters that are to be made up."""
    usual = parameters.reporters
    if usual.members or not usual.made_up:
        return parameters
    names = (reporter_name(i) for i in range(usual.made_up))
    members = tuple(str(key_for(name, boa.env).address) for name in names)
    return replace(parameters, reporters=replace(usual, members=members))


def owners(market: Market) -> dict[str, str]:
    """Who owns each unit that has an owner and can be given to another, as code cannot."""
    found = {
        name: str(contract.owner())
        for name, contract in market.contracts.items()
        if hasattr(contract, "transfer_ownership")
    }
    return {
        name: owner
        for name, owner in found.items()
        if owner not in (NOBODY, str(market.contracts[name].address))
    }


def arguments_of(
    one: Unit | Step, parameters: Parameters, contracts: Mapping[str, Any], owner: str
) -> list[Any]:
    """What a unit or a step is given, as values."""
    return [_resolve(value, parameters, contracts, owner) for value in one.arguments]


def _resolve(value: Any, parameters: Parameters, contracts: Mapping[str, Any], owner: str) -> Any:
    match value:
        case At(unit):
            return contracts[unit].address
        case Set(path):
            return _as_argument(value_at(parameters, path))
        case Answer(path):
            scale = 10**parameters.prices.decimals
            return int(Decimal(str(value_at(parameters, path))) * scale)
        case Cash(path):
            return int(value_at(parameters, path)) * 10**parameters.cash_decimals
        case Wad(path):
            return int(Decimal(str(value_at(parameters, path))) * WAD)
        case Text(pattern):
            return pattern.format(symbol=parameters.symbol)
        case Token(path):
            return contracts[TOKENS[value_at(parameters, path)]].address
        case Owner():
            return owner
        case First(unit, function, given):
            values = [_resolve(one, parameters, contracts, owner) for one in given]
            return bytes(getattr(contracts[unit], function).prepare_calldata(*values))
        case Fund():
            return contracts["clearinghouse"].FUND()
        case _:
            return value


def _as_argument(found: Any) -> Any:
    """A group of parameters becomes the struct that the contract takes."""
    if is_dataclass(found):
        return tuple(_as_argument(getattr(found, one.name)) for one in fields(found))
    if isinstance(found, tuple):
        return tuple(_as_argument(one) for one in found)
    return found
