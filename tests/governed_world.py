"""A market in the hands of governance: what holders of votes and the guardian do with it."""

import boa

from novate.governance import Call, Proposal, deploy_governance, hand_over
from novate.governance.deployment import faster
from novate.governance.multisig import execute, key_of
from tests.world import World

OWNERS = 5


class GovernedWorld:
    """A world whose units the timelock owns, with one holder of all votes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.holder = str(boa.env.generate_address("holder of votes"))
        self.keys = [key_of(f"owner {i}") for i in range(OWNERS)]
        addresses = [key.address for key in self.keys]
        self.governance = deploy_governance(addresses, 3, self.holder, faster())
        self.governance.token.delegate(self.holder, sender=self.holder)
        boa.env.time_travel(seconds=1)
        hand_over(world.market, self.governance.timelock, self.governance.guardian)

    def accept(self, proposal: Proposal) -> None:
        """Propose it and vote for it until it may be queued."""
        governance = self.governance
        governance.propose(proposal, self.holder)
        governance.pass_time(int(governance.governor.votingDelay()) + 1)
        governance.vote(proposal, self.holder)
        governance.pass_time(int(governance.governor.votingPeriod()))

    def carry(self, proposal: Proposal) -> None:
        """All of it, to its execution."""
        self.governance.carry(proposal, self.holder)

    def guard(self, call: Call) -> None:
        """Three of the guardian's five owners call something."""
        execute(self.governance.guardian, call, {i: self.keys[i] for i in (0, 2, 4)})
