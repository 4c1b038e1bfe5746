"""Contracts that hand calls on know the functions and events of what stands behind them."""

from __future__ import annotations

from typing import Any

from boa.contracts.vyper.vyper_contract import VyperFunction

from .engine import Engine
from .engine.functions import speed_up
from .graph import FRONTS


def join(contracts: dict[str, Any]) -> dict[str, Any]:
    """Contracts of a market whose fronts know what is behind them."""
    for front, back in FRONTS:
        hand_on(contracts[front], contracts[back])
    return contracts


def hand_on(front: Any, back: Any) -> None:
    """Let the object of a contract know the functions and events of the code it hands calls to."""
    for function in back.compiler_data.global_ctx.exposed_functions:
        if not hasattr(front, function.name):
            setattr(front, function.name, VyperFunction(function.decl_node, front))
    if isinstance(front.env, Engine):
        speed_up(front)
    front.abi = [*front.abi, *(entry for entry in back.abi if entry not in front.abi)]
    front.event_for = {**back.event_for, **front.event_for}
    front.event_abi_for = {**back.event_abi_for, **front.event_abi_for}
