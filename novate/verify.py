"""Is what stands on a chain what the sources here compile to?

The deployment is done once more in-process, at the same addresses and with the same arguments, and
every byte of code is compared, immutables included. An address that follows from the creation code
(CREATE2) says besides that this code, and no other, wrote the contract's first storage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boa

from .deploy import arguments_of, compiled
from .engine import Engine
from .errors import NetworkError
from .graph import UNITS, units_for
from .manifest import Manifest
from .network import Network
from .site import create2_address, salt_of


@dataclass(frozen=True)
class Finding:
    """What was found of a unit; `problem` is empty when it is as compiled."""

    unit: str
    source: str
    address: str
    problem: str = ""


def verify(network: Network, file: Path) -> list[Finding]:
    """Compare every unit of a manifest with the sources."""
    manifest = Manifest.read(file)
    if manifest["chain_id"] != network.chain_id:
        raise NetworkError(
            f"wrong chain: {file} is of chain {manifest['chain_id']}, "
            f"{network.url} is chain {network.chain_id}"
        )
    known = manifest["contracts"]
    world = Engine()
    world.evm.patch.chain_id = network.chain_id
    replicas: dict[str, Any] = {}
    found = []
    with boa.swap_env(world):
        for unit in units_for(manifest.parameters, UNITS):
            if unit.name not in known:
                found.append(Finding(unit.name, unit.source, "", "not in the manifest"))
                break
            address = known[unit.name]["address"]
            arguments = arguments_of(unit, manifest.parameters, replicas, manifest["owner"])
            replica = compiled(unit.source).deploy(*arguments, override_address=address)
            replicas[unit.name] = replica
            initcode = replica.compiler_data.bytecode + replica.ctor_calldata
            problem = _difference(replica, network.code(address))
            if not problem and create2_address(salt_of(manifest["salt"]), initcode) != address:
                problem = "the code is right, the address is not: made by other creation code"
            found.append(Finding(unit.name, unit.source, address, problem))
    return found


def _difference(replica: Any, code: bytes) -> str:
    """What is wrong with `code`, in words."""
    expected, data = replica.bytecode, replica.compiler_data
    if code == expected:
        return ""
    if not code:
        return "nothing is there"
    size = len(data.bytecode_runtime)
    if len(code) != len(expected) or code[:size] != data.bytecode_runtime:
        return "other code"
    layout = data.storage_layout["code_layout"]
    names = [
        name
        for name, place in _immutables(layout)
        if code[size:][place["offset"] :][: place["length"]]
        != expected[size:][place["offset"] :][: place["length"]]
    ]
    return f"other immutables: {', '.join(names)}"


def _immutables(
    layout: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and place of every immutable, those of modules too."""
    for name, place in layout.items():
        if "offset" in place:
            yield prefix + name, place
        else:
            yield from _immutables(place, f"{prefix}{name}.")
