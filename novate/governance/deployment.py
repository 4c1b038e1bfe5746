"""The units of governance, and how they take a market over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import boa
from eth_utils.crypto import keccak

from ..deploy import compiled, owners
from ..errors import ParameterError
from ..market import Market
from ..series import DAY, WAD
from .proposals import Proposal, State, Vote

ADMIN = bytes(32)
PROPOSER = keccak(b"PROPOSER_ROLE")
CANCELLER = keccak(b"CANCELLER_ROLE")


@dataclass(frozen=True)
class Settings:
    """What governance begins with."""

    name: str = "Novate Vote"
    symbol: str = "NVT"
    supply: int = 100_000_000 * WAD  # [wad] all there will ever be
    voting_delay: int = DAY  # [s] from a proposal to the start of voting
    voting_period: int = 3 * DAY  # [s]
    threshold: int = 100_000 * WAD  # [wad] votes of a proposer, 0.1 %
    quorum: int = 4  # [percent]
    # [s] longer than the fund's notice plus the longest auction, so whoever disagrees can leave.
    delay: int = 9 * DAY


@dataclass(frozen=True)
class Governance:
    """Token, governor, timelock and guardian; the methods send as `sender` or `boa.env.eoa`."""

    token: Any
    governor: Any
    timelock: Any
    guardian: Any

    def propose(self, proposal: Proposal, sender: str) -> int:
        """Put it to the vote; returns its identifier."""
        self.governor.propose(*proposal.arguments(), proposal.description, sender=sender)
        return self.identifier(proposal)

    def vote(self, proposal: Proposal, voter: str, vote: Vote = Vote.FOR) -> None:
        self.governor.castVote(self.identifier(proposal), int(vote), sender=voter)

    def queue(self, proposal: Proposal) -> None:
        self.governor.queue(*proposal.named)

    def execute(self, proposal: Proposal) -> None:
        self.governor.execute(*proposal.named)

    def identifier(self, proposal: Proposal) -> int:
        return int(self.governor.hashProposal(*proposal.named))

    def state(self, proposal: Proposal) -> State:
        return State(self.governor.state(self.identifier(proposal)))

    def carry(self, proposal: Proposal, proposer: str, voters: Sequence[str] = ()) -> None:
        """All of it in a world where time can travel: propose, vote, queue, wait and execute."""
        self.propose(proposal, proposer)
        self.pass_time(int(self.governor.votingDelay()) + 1)
        for voter in voters or (proposer,):
            self.vote(proposal, voter)
        self.pass_time(int(self.governor.votingPeriod()))
        self.queue(proposal)
        self.pass_time(int(self.timelock.get_minimum_delay()))
        self.execute(proposal)

    def pass_time(self, seconds: int) -> None:
        self.governor.env.time_travel(seconds=seconds)


def deploy_governance(
    owners: Sequence[str], threshold: int, holder: str, settings: Settings | None = None
) -> Governance:
    """Token, timelock, governor and guardian, wired, with no key left in the deployer's hands.

    owners: of the guardian, of whom `threshold` must sign. holder: receives all votes.
    """
    settings = settings or Settings()
    deployer = str(boa.env.eoa)
    token = compiled("governance/VoteToken.vy").deploy(
        settings.name, settings.symbol, settings.supply, holder
    )
    timelock = compiled("governance/Timelock.vy").deploy(settings.delay, deployer)
    governor = compiled("governance/Governor.vy").deploy(
        token.address,
        timelock.address,
        settings.voting_delay,
        settings.voting_period,
        settings.threshold,
        settings.quorum,
    )
    guardian = compiled("governance/Multisig.vy").deploy(list(owners), threshold)
    timelock.grantRole(PROPOSER, governor.address)
    timelock.grantRole(CANCELLER, guardian.address)
    timelock.renounceRole(ADMIN, deployer)
    return Governance(token, governor, timelock, guardian)


def hand_over(market: Market, timelock: Any, guardian: Any) -> list[str]:
    """Give a market to governance: what can halt to the guardian, and every unit to the timelock.

    The last steps of a deployment, sent by the market's owner, who keeps nothing. Price feeds keep
    their reporter: a source is no part of governance, and the oracle's owner replaces it.

    Returns the names of the units that changed hands.
    """
    owner = market.owner
    if market.listing.owner() != owner:
        raise ParameterError("market", market.listing.owner(), f"a market that {owner} owns")
    market.listing.set_guardian(guardian.address, sender=owner)
    given = [name for name, holder in owners(market).items() if holder == owner]
    for name in given:
        market.contracts[name].transfer_ownership(timelock.address, sender=owner)
    return given


def deploy_watchdog(market: Market, bounty: int) -> Any:
    """A watchdog with its role and no money yet, owned by the market's owner; before `hand_over`.

    bounty: [token units] for who shows that the ledger does not add up; send it to the watchdog.
    """
    watchdog = compiled("governance/Watchdog.vy").deploy(
        market.clearinghouse.address,
        market.listing.address,
        market.cash_token.address,
        bounty,
        market.owner,
    )
    market.listing.set_watchdog(watchdog.address, sender=market.owner)
    return watchdog


def faster(settings: Settings | None = None) -> Settings:
    """The same with the shortest times that the contracts accept: for drills and tests."""
    return replace(settings or Settings(), voting_delay=3_600, voting_period=DAY, delay=2 * DAY)
