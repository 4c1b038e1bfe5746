"""Governance: votes, timelock, guardian, proposals, upgrades and who may call what."""

from .deployment import Governance, Settings, deploy_governance, deploy_watchdog, hand_over
from .proposals import Call, Proposal, State, Vote, call

__all__ = [
    "Call",
    "Governance",
    "Proposal",
    "Settings",
    "State",
    "Vote",
    "call",
    "deploy_governance",
    "deploy_watchdog",
    "hand_over",
]
