"""A market in the hands of governance, with the shortest times, and people by role."""

from typing import Any, NamedTuple

import boa
import pytest
from eth_account.signers.local import LocalAccount

from novate.governance import Governance, Proposal, call, deploy_governance
from novate.governance.deployment import faster
from novate.governance.multisig import key_of
from tests.world import build

WAD = 10**18
SUPPLY = 100_000_000 * WAD


class Assembly(NamedTuple):
    """Governance with a thing that only its timelock may move."""

    governance: Governance
    keys: list[LocalAccount]
    people: dict[str, str]
    thing: Any  # an ownable unit of the project: the listing

    def __getitem__(self, role: Any) -> Any:
        return self.people[role]

    def proposal(self, guardian: int = 1, text: str = "a guardian") -> Proposal:
        address = f"0x{guardian:040x}"
        return Proposal((call(self.thing.set_guardian, address),), text)


@pytest.fixture(scope="module")
def assembly() -> Assembly:
    roles = ("holder", "voter", "small", "intruder", "deployer")
    people = {role: str(boa.env.generate_address(role)) for role in roles}
    keys = [key_of(f"owner {i}") for i in range(5)]
    with boa.env.prank(people["deployer"]):
        governance = deploy_governance([key.address for key in keys], 3, people["holder"], faster())
    thing = build("instruments/Listing.vy", governance.timelock.address)
    token = governance.token
    token.transfer(people["voter"], 30_000_000 * WAD, sender=people["holder"])
    token.transfer(people["small"], 99_999 * WAD, sender=people["holder"])
    for role in ("holder", "voter", "small"):
        token.delegate(people[role], sender=people[role])
    boa.env.time_travel(seconds=1)
    return Assembly(governance, keys, people, thing)
