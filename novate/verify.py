"""Is what stands on a chain what the sources here compile to?

The deployment is done once more in-process, at the same addresses and with the same arguments, and
every byte of code is compared, immutables included. An address that follows from the creation code
(CREATE2) says besides that this code, and no other, wrote the contract's first storage: what a
proxy was initialised with, for one. Which code runs behind a proxy is in its storage (ERC-1967): it
must be a version that the manifest describes, and the one that the last `Upgraded` told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boa
from eth_utils import keccak, to_checksum_address

from .deploy import arguments_of, compiled
from .engine import Engine
from .errors import NetworkError
from .governance.layouts import IMPLEMENTATION
from .graph import UNITS, Unit, units_for
from .manifest import Manifest
from .network import Network
from .site import create2_address, salt_of

_UPGRADED = "0x" + keccak(text="Upgraded(address)").hex()


@dataclass(frozen=True)
class Finding:
    """What was found of a unit; `problem` is empty when it is as compiled.

    runs: behind a proxy, name and address of the code.
    """

    unit: str
    source: str
    address: str
    problem: str = ""
    runs: str = ""


def verify(network: Network, file: Path) -> list[Finding]:
    """Compare every unit of a manifest with the sources."""
    manifest = Manifest.read(file)
    if manifest["chain_id"] != network.chain_id:
        raise NetworkError(
            f"wrong chain: {file} is of chain {manifest['chain_id']}, "
            f"{network.url} is chain {network.chain_id}"
        )
    known = manifest["contracts"]
    units = {unit.name: unit for unit in units_for(manifest.parameters, UNITS)}
    world = Engine()
    world.evm.patch.chain_id = network.chain_id
    replicas: dict[str, Any] = {}
    found: dict[str, Finding] = {}
    with boa.swap_env(world):
        for name, unit in units.items():
            if name not in known:
                found[name] = Finding(name, unit.source, "", "not in the manifest")
                return list(found.values())
            found[name] = _compare(network, manifest, unit, known[name], replicas)
        for upgrade in manifest.upgrades:
            # Its parts refer to one another, and to all else as it was.
            parts = dict(replicas)
            for name, described in upgrade["contracts"].items():
                unit = replace(units[name], source=described["source"])
                one = _compare(network, manifest, unit, described, parts)
                label = f"{name}_{upgrade['number']}"
                found[label] = replace(one, unit=label)
    for unit in units.values():
        if unit.face:
            versions = [f"{unit.name}_code"]
            versions += [
                f"{unit.name}_code_{one['number']}"
                for one in manifest.upgrades
                if one["unit"] == unit.name
            ]
            found[unit.name] = _behind(network, found[unit.name], [found[one] for one in versions])
    return list(found.values())


def _compare(
    network: Network,
    manifest: Manifest,
    unit: Unit,
    described: Mapping[str, Any],
    replicas: dict[str, Any],
) -> Finding:
    """What is at the address of a unit, beside a replica, which is added to the others."""
    address = described["address"]
    arguments = arguments_of(unit, manifest.parameters, replicas, manifest["owner"])
    replica = compiled(unit.source).deploy(*arguments, override_address=address)
    replicas[unit.name] = replica
    initcode = replica.compiler_data.bytecode + replica.ctor_calldata
    problem = _difference(replica, network.code(address))
    if not problem and create2_address(salt_of(manifest["salt"]), initcode) != address:
        problem = "the code is right, the address is not: made by other creation code"
    if not problem and described.get("arguments") != "0x" + replica.ctor_calldata.hex():
        problem = "other constructor arguments in the manifest than it was made with"
    return Finding(unit.name, unit.source, address, problem)


def _behind(network: Network, proxy: Finding, versions: Sequence[Finding]) -> Finding:
    """The finding of a proxy with what runs behind it, which must be one of the versions."""
    word = implementation(network, proxy.address)
    wanted = {"fromBlock": "0x0", "address": proxy.address, "topics": [_UPGRADED]}
    told = [entry["topics"][1] for entry in network._rpc.fetch("eth_getLogs", [wanted])]
    code = to_checksum_address("0x" + word[-40:])
    known = next((one for one in versions if one.address == code), None)
    runs = f"{known.unit if known else 'unknown code'} {code}"
    problem = proxy.problem
    if not problem and (not told or int(told[-1], 16) != int(word, 16)):
        problem = f"runs {runs}, which no upgrade put there"
    if not problem and known is None:
        problem = f"runs {code}, which the manifest does not describe"
    if not problem and known is not None and known.problem:
        problem = f"runs {runs}: {known.problem}"
    return replace(proxy, problem=problem, runs=runs)


def implementation(network: Network, proxy: str) -> str:
    """The word of a proxy's storage that names its code, as hex."""
    word: str = network._rpc.fetch("eth_getStorageAt", [proxy, hex(IMPLEMENTATION), "latest"])
    return word


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
