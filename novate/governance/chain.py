"""Governance on a chain, from the command line: `python -m novate govern ...` and `... propose`.

Two files remember what a chain does not: where governance is, and what a proposal says.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import boa
from eth_account import Account
from eth_utils import keccak

from ..agents.desk import attach
from ..deploy import compiled
from ..engine.remote import fork_chain
from ..errors import DataError, NetworkError, ParameterError
from ..manifest import Manifest
from ..network import Network, connect
from .deployment import Governance, Settings, deploy_governance, faster, hand_over
from .listing import propose_listing, read_listing, report, try_out
from .multisig import arguments, order
from .proposals import Call, Proposal, Vote, call, operation_of
from .upgrade import propose_upgrade

# Private keys of guardian owners, with commas between them; for `veto` only.
KEYS_VARIABLE = "NOVATE_GUARDIAN_KEYS"
SOURCES = {
    "token": "governance/VoteToken.vy",
    "governor": "governance/Governor.vy",
    "timelock": "governance/Timelock.vy",
    "guardian": "governance/Multisig.vy",
}
_DEPOSITED = "0x" + keccak(text="Deposited(uint256,uint256,uint256,address)").hex()


def perform(options: argparse.Namespace) -> int:
    """One step; returns the exit code."""
    network = connect(options.rpc)
    with boa.swap_env(network):
        if options.step == "deploy":
            _deploy(options)
        elif options.step == "propose":
            _propose(options, network)
        else:
            _go_on(options, network)
    return 0


def write_governance(governance: Governance, file: Path) -> None:
    """Addresses as JSON."""
    found: dict[str, Any] = {"chain_id": boa.env.evm.patch.chain_id}
    found |= {name: str(getattr(governance, name).address) for name in SOURCES}
    file.write_text(json.dumps(found, indent=2) + "\n")


def read_governance(file: Path) -> Governance:
    """Governance as a file describes it, on the chain of `boa.env`."""
    found = _json(file)
    if found.get("chain_id") != boa.env.evm.patch.chain_id:
        raise NetworkError(f"{file} describes chain {found.get('chain_id')}, not this one")
    units = {name: compiled(source).at(found[name]) for name, source in SOURCES.items()}
    return Governance(**units)


def write_proposal(proposal: Proposal, file: Path) -> None:
    calls = [
        {"target": one.target, "payload": "0x" + one.payload.hex(), "text": one.text}
        for one in proposal.calls
    ]
    whole = {"description": proposal.description, "calls": calls}
    file.write_text(json.dumps(whole, indent=2) + "\n")


def read_proposal(file: Path) -> Proposal:
    found = _json(file)
    calls = tuple(
        Call(one["target"], bytes.fromhex(one["payload"].removeprefix("0x")), one["text"])
        for one in found["calls"]
    )
    return Proposal(calls, found["description"])


def holders(network: Network, ledger: str) -> list[int]:
    """Every account that ever got a deposit."""
    wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": ledger, "topics": [_DEPOSITED]}
    logs = network._rpc.fetch("eth_getLogs", [wanted])
    return sorted({int(entry["topics"][1], 16) for entry in logs})


# -- the steps --


def _deploy(options: argparse.Namespace) -> None:
    """Token, timelock, governor and guardian; then the market is given to them."""
    market = attach(options.manifest)
    holder = str(boa.env.eoa)
    settings = faster() if options.short else Settings()
    governance = deploy_governance(options.owners, options.threshold, holder, settings)
    governance.token.delegate(holder)
    write_governance(governance, options.governance)
    given = hand_over(market, governance.timelock, governance.guardian)
    for name in SOURCES:
        print(f"{name:<10} {getattr(governance, name).address}")
    print(f"\n{len(given)} units now belong to the timelock: {', '.join(given)}")


def _propose(options: argparse.Namespace, network: Network) -> None:
    """A proposal of a market or an upgrade, tried on a fork, and sent when asked for."""
    market = attach(options.manifest)
    if options.listing:
        proposal = propose_listing(market, read_listing(options.listing))
    else:
        proposal = propose_upgrade(
            market, Manifest.read(options.manifest), *options.upgrade, data=options.data
        )
    accounts = holders(network, str(market.clearinghouse.address))
    with boa.swap_env(fork_chain(options.rpc)):
        twin = attach(options.manifest)
        print(proposal.description)
        print()
        print(report(twin, try_out(twin, proposal, accounts)))
    write_proposal(proposal, options.proposal)
    if options.send:
        governance = read_governance(options.governance)
        identifier = governance.propose(proposal, str(boa.env.eoa))
        print(f"\nproposed as {identifier}, written to {options.proposal}")
    else:
        print(f"\nnot sent, written to {options.proposal}")


def _go_on(options: argparse.Namespace, network: Network) -> None:
    governance, proposal = read_governance(options.governance), read_proposal(options.proposal)
    if options.step == "vote":
        vote = Vote.AGAINST if options.against else Vote.FOR
        governance.vote(proposal, str(boa.env.eoa), vote)
    elif options.step == "queue":
        governance.queue(proposal)
    elif options.step == "execute":
        governance.execute(proposal)
    elif options.step == "veto":
        _veto(governance, proposal, network)
    print(_status(governance, proposal))


def _veto(governance: Governance, proposal: Proposal, network: Network) -> None:
    """The guardian's owners, whose keys are in the environment, cancel in the timelock."""
    keys = [Account.from_key(one) for one in os.environ.get(KEYS_VARIABLE, "").split(",") if one]
    owners = [str(one) for one in governance.guardian.owners()]
    placed = {owners.index(key.address): key for key in keys if key.address in owners}
    needed = int(governance.guardian.threshold())
    if len(placed) < needed:
        raise ParameterError(KEYS_VARIABLE, f"{len(placed)} owners' keys", f"{needed} of them")
    operation = operation_of(governance.governor, governance.timelock, proposal)
    # Not the latest block's time, which is long ago on a chain that mines only what is sent.
    due = network._rpc.fetch_uncached("eth_getBlockByNumber", ["pending", False])
    deadline = int(due["timestamp"], 16) + 3_600
    signed = order(governance.guardian, call(governance.timelock.cancel, operation), deadline)
    signatures = {place: signed.sign(placed[place]) for place in sorted(placed)[:needed]}
    governance.guardian.execute(*arguments(signed, signatures))


def _status(governance: Governance, proposal: Proposal) -> str:
    governor, identifier = governance.governor, governance.identifier(proposal)
    against, in_favour, abstained = (one // 10**18 for one in governor.proposalVotes(identifier))
    lines = [
        f"{governance.state(proposal).name.lower()}: {proposal.description.splitlines()[0]}",
        f"votes for {in_favour:,}, against {against:,}, abstaining {abstained:,}",
        f"voting from {governor.proposalSnapshot(identifier)} "
        f"to {governor.proposalDeadline(identifier)}, due {governor.proposalEta(identifier)} [s]",
    ]
    return "\n".join(lines)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise DataError(file, 0, f"no JSON: {error}") from error
