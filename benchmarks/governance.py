"""Gas of governance: `measure()` answers flat names, as in benchmarks/gas.py.

Execution of a fresh transaction, everything cold, without the 21,000 and calldata.
"""

import warnings
from pathlib import Path

import boa

from novate.deploy import compiled
from novate.engine.cache import load
from novate.gas import transaction_gas
from novate.governance import Proposal, call, deploy_governance
from novate.governance.deployment import faster
from novate.governance.multisig import arguments, key_of, order

WAD = 10**18


def _multisig_gas(owners: int, threshold: int) -> int:
    """A call that does nothing: of a getter of an immutable."""
    keys = [key_of(f"owner {i}") for i in range(owners)]
    source = compiled("governance/Multisig.vy")
    multisig = source.deploy([key.address for key in keys], threshold)
    holder = boa.env.generate_address("holder")
    token = compiled("governance/VoteToken.vy").deploy("Votes", "VOT", WAD, holder)
    places = range(threshold)
    # The first call makes the nonce nonzero, as it then stays.
    for _ in range(2):
        paper = order(multisig, call(token.decimals))
        proof = arguments(paper, {i: paper.sign(keys[i]) for i in places})
        gas = transaction_gas(multisig.execute, *proof).execution
    return gas


def _proposal_gas() -> dict[str, int]:
    """A proposal of one call, from the first word to the last."""
    voter = str(boa.env.generate_address("voter"))
    keys = [key_of(f"owner {i}").address for i in range(3)]
    governance = deploy_governance(keys, 2, voter, faster())
    governor, thing = governance.governor, governance.timelock.address
    listing = compiled("instruments/Listing.vy").deploy(thing)
    figures = {}
    gas = transaction_gas(governance.token.delegate, voter, sender=voter)
    figures["governance.delegate"] = gas.execution
    boa.env.time_travel(seconds=1)
    proposal = Proposal((call(listing.set_guardian, voter),), "a guardian")
    text = proposal.description
    gas = transaction_gas(governor.propose, *proposal.arguments(), text, sender=voter)
    figures["governance.propose"] = gas.execution
    boa.env.time_travel(seconds=governor.votingDelay() + 1)
    identifier = governance.identifier(proposal)
    gas = transaction_gas(governor.castVote, identifier, 1, sender=voter)
    figures["governance.vote"] = gas.execution
    boa.env.time_travel(seconds=governor.votingPeriod())
    figures["governance.queue"] = transaction_gas(governor.queue, *proposal.named).execution
    boa.env.time_travel(seconds=governance.timelock.get_minimum_delay())
    figures["governance.execute"] = transaction_gas(governor.execute, *proposal.named).execution
    return figures


def _proxy_gas() -> dict[str, int]:
    """What a proxy adds to a call, here of a getter; and replacing the code behind one."""
    owner = str(boa.env.generate_address("owner"))
    source = load(Path(__file__).resolve().parents[1] / "tests/harness/ProxyHarness.vy")
    code, following = source.deploy(), source.deploy()
    data = code.initialize.prepare_calldata(owner)
    address = compiled("proxy/Proxy.vy").deploy(code.address, data).address
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        unit = source.at(address)
    direct, through = (transaction_gas(one.number).execution for one in (code, unit))
    upgrade = transaction_gas(unit.upgradeToAndCall, following.address, b"", sender=owner)
    return {"proxy.overhead": through - direct, "proxy.upgrade": upgrade.execution}


def measure() -> dict[str, int]:
    with boa.env.anchor():
        figures = {
            "governance.multisig3of5": _multisig_gas(5, 3),
            "governance.multisig2of3": _multisig_gas(3, 2),
        }
        return figures | _proposal_gas() | _proxy_gas()


if __name__ == "__main__":
    from novate.engine import Engine

    boa.set_env(Engine())
    for name, gas in measure().items():
        print(f"{name:<32}{gas:>12,}")
