"""The next version of a unit behind a proxy: made on the chain, noted in the manifest, proposed.

Code is made as `novate.site` makes every contract, with the arguments of the deployment graph, so
`novate.verify` can hold it against the sources like any other. It belongs to nobody and does
nothing until the unit's owner, the timelock, names it to the proxy.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import boa

from ..deploy import CONTRACTS, arguments_of, compiled
from ..errors import ParameterError
from ..graph import FRONTS, UNITS, Unit, units_for
from ..manifest import Manifest
from ..market import Market
from ..site import Site
from ..verify import implementation
from .layouts import require_compatible
from .proposals import Proposal, call

# What `upgradeToAndCall` takes.
MAX_DATA = 1_024


def propose_upgrade(
    market: Market, manifest: Manifest, unit: str, *sources: str, data: str = "0x"
) -> Proposal:
    """Make new code for a unit in `boa.env`, a chain, note it and propose that it run.

    unit: one behind a proxy. sources: NAME=FILE for a contract that is not compiled from the source
    of its latest version. data: hex, the call of the new code that brings storage up to date.
    """
    units = {one.name: one for one in units_for(market.parameters, UNITS)}
    proxies = [one.name for one in units.values() if one.face]
    if unit not in proxies:
        raise ParameterError("upgrade", unit, f"one behind a proxy: {', '.join(proxies) or 'none'}")
    parts = [back for front, back in FRONTS if front == unit] + [f"{unit}_code"]
    latest = _latest(manifest, unit, units)
    chosen = {name: latest[name]["source"] for name in parts} | _sources(sources, parts)
    payload = _bytes(data)
    for name in parts:
        require_compatible(_layout(latest[name]["source"]), _layout(chosen[name]))
    made = _make(market, manifest, [replace(units[name], source=chosen[name]) for name in parts])
    code = made[f"{unit}_code"]["address"]
    if int(implementation(boa.env, str(market.contracts[unit].address)), 16) == int(code, 16):
        raise ParameterError("upgrade", unit, f"code other than what runs already, at {code}")
    former = [one for one in manifest.upgrades if one["unit"] == unit]
    # Proposed before, perhaps with other data: noted once.
    number = next((one["number"] for one in former if one["contracts"] == made), len(former) + 2)
    if number == len(former) + 2:
        manifest.upgrades.append({"unit": unit, "number": number, "contracts": made})
        manifest.save()
    lines = [f"- {name} {made[name]['address']} of {chosen[name]}" for name in parts]
    text = "\n".join([f"Upgrade {unit} to version {number}", "", *lines])
    return Proposal((call(market.contracts[unit].upgradeToAndCall, code, payload),), text)


def _make(market: Market, manifest: Manifest, planned: list[Unit]) -> dict[str, Any]:
    """Contracts on the chain, each given those before it; how a manifest describes them."""
    # Its own notes are thrown away: what is there already is not made again.
    chain, payer, salt = manifest["chain_id"], str(boa.env.eoa), manifest["salt"]
    site = Site(boa.env, Manifest.new(chain, payer, market.parameters, salt, None))
    contracts: dict[str, Any] = dict(market.contracts)
    for unit in planned:
        arguments = arguments_of(unit, market.parameters, contracts, manifest["owner"])
        contracts[unit.name] = site.create(unit, compiled(unit.source), arguments)
    made: dict[str, Any] = site.manifest["contracts"]
    return made


def _latest(manifest: Manifest, unit: str, units: dict[str, Unit]) -> dict[str, Any]:
    """How the newest version of each contract is described."""
    found = dict(manifest["contracts"])
    for upgrade in manifest.upgrades:
        if upgrade["unit"] == unit:
            found |= upgrade["contracts"]
    return found


def _sources(given: tuple[str, ...], parts: list[str]) -> dict[str, str]:
    """Sources by contract, below contracts/ as in the graph."""
    found = {}
    for one in given:
        name, _, file = one.partition("=")
        if name not in parts or not Path(file).is_file():
            raise ParameterError("upgrade", one, f"{' or '.join(parts)}, = and a file")
        found[name] = Path(os.path.relpath(Path(file).resolve(), CONTRACTS)).as_posix()
    return found


def _layout(source: str) -> dict[str, Any]:
    found: dict[str, Any] = compiled(source).compiler_data.storage_layout["storage_layout"]
    return found


def _bytes(data: str) -> bytes:
    try:
        found = bytes.fromhex(data.removeprefix("0x"))
    except ValueError as error:
        raise ParameterError("data", data, "hex") from error
    if len(found) > MAX_DATA:
        raise ParameterError("data", f"{len(found)} bytes", f"at most {MAX_DATA}")
    return found
