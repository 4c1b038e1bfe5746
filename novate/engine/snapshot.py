"""A world with its market in a file, to go on with a long scenario a second later.

The file is gzipped JSON: accounts and storage by address, the block, and what Python knows of the
market. It holds no code to run; contracts are compiled from the sources here, and a file whose
contracts were compiled from others is refused.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path
from typing import Any

import boa
from boa.util.abi import Address

from ..deploy import compiled
from ..errors import DataError
from ..fronts import join
from ..graph import UNITS, units_for
from ..manifest import parameters_from
from ..market import Event, Market, Receipt
from ..parameters import Parameters
from .environment import Engine
from .state import Account, State

FORMAT = 1


def save(market: Market, file: str | Path) -> None:
    """Write the market and the world it is in, at once or not at all."""
    world = market.env
    if not isinstance(world, Engine):
        raise DataError(file, 0, "only an in-process market can be saved")
    state, kept = world.state, market._state
    codes = {account.code.hex(): 0 for account in state.accounts.values()}
    numbers = {code: number for number, code in enumerate(codes)}
    content = {
        "format": FORMAT,
        "block": {name: _plain(v) for name, v in world.evm.patch.values.items() if _is_plain(v)},
        "eoa": str(world.eoa),
        "codes": list(codes),
        "accounts": {
            address.hex(): [account.nonce, account.balance, numbers[account.code.hex()]]
            for address, account in state.accounts.items()
        },
        "storage": {
            address.hex(): {hex(slot): hex(value) for slot, value in slots.items() if value}
            for address, slots in state.storage.items()
            if slots
        },
        "parameters": dataclasses.asdict(market.parameters),
        "owner": market.owner,
        "contracts": {name: str(unit.address) for name, unit in market.contracts.items()},
        "people": [[one.name, one.index] for one in kept.accounts.values()],
        "receipts": [_plain(dataclasses.asdict(receipt)) for receipt in kept.receipts],
        "expiries": sorted(kept.expiries),
        "nonce": kept.nonce,
    }
    file = Path(file)
    draft = file.with_suffix(file.suffix + ".part")
    with gzip.open(draft, "wt", compresslevel=1) as out:
        json.dump(content, out)
    draft.replace(file)


def restore(file: str | Path, engine: str | None = None) -> Market:
    """Open a saved market in a new world, which becomes `boa.env`."""
    try:
        with gzip.open(file, "rt") as source:
            content = json.load(source)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(file, 0, f"no saved world: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DataError(file, 0, "saved by another version: play the scenario again")
    state = State()
    codes = [bytes.fromhex(code) for code in content["codes"]]
    for address, (nonce, balance, code) in content["accounts"].items():
        state.accounts[bytes.fromhex(address)] = Account(nonce, balance, codes[code])
    for address, slots in content["storage"].items():
        state.storage[bytes.fromhex(address)] = {
            int(slot, 16): int(value, 16) for slot, value in slots.items()
        }
    world = Engine(engine, state=state)
    for name, value in content["block"].items():
        setattr(world.evm.patch, name, _alive(value))
    world.eoa = Address(content["eoa"])
    boa.set_env(world)
    parameters = parameters_from(content["parameters"])
    market = Market(_contracts(file, content, parameters), parameters, content["owner"])
    for name, index in content["people"]:
        market.account(name, index)
    for receipt in content["receipts"]:
        market._state.add_receipt(_receipt(receipt))
    market._state.expiries = frozenset(content["expiries"])
    market._state.nonce = content["nonce"]
    return market


def _contracts(file: str | Path, content: dict[str, Any], parameters: Parameters) -> dict[str, Any]:
    sources = {unit.name: unit.source for unit in units_for(parameters, UNITS)}
    found = {}
    for name, address in content["contracts"].items():
        if name not in sources:
            raise DataError(file, 0, f"holds a contract {name!r} that is not deployed any more")
        deployer = compiled(sources[name])
        code = boa.env.get_code(address)
        if not code.startswith(deployer.compiler_data.bytecode_runtime):
            raise DataError(file, 0, f"{sources[name]} has changed since: play the scenario again")
        found[name] = deployer.at(address)
    return join(found)


def _receipt(content: dict[str, Any]) -> Receipt:
    fields = _alive(content)
    events = tuple(Event(**event) for event in fields.pop("events"))
    return Receipt(**fields, events=events)


def _is_plain(value: Any) -> bool:
    return isinstance(value, (int, str, bytes))


def _plain(value: Any) -> Any:
    """What JSON can hold; bytes as {"bytes": hex}, tuples as {"tuple": list}."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return {"tuple": [_plain(one) for one in value]}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _alive(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"bytes"}:
            return bytes.fromhex(value["bytes"])
        if value.keys() == {"tuple"}:
            return tuple([_alive(one) for one in value["tuple"]])
        return {key: _alive(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_alive(one) for one in value]
    return value
