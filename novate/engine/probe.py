"""Whether the pyrevm that is installed calculates as it should."""

from __future__ import annotations

from .revm import Revm, Unable
from .state import State

# A cold slot set: 22,100, and eight instructions with three bytes of memory's first word.
_PROBE = bytes.fromhex("6007600155425f5260205ff3")
_PROBE_GAS = 3 + 3 + 22_100 + 2 + 2 + 6 + 3 + 2


def check(machine: Revm) -> None:
    """Run a few instructions, so that an incompatible pyrevm shows at once and not as a wrong
    figure: store CALLVALUE + 7 in slot 1 and return the block's time."""
    state = machine._state
    address, name = b"\x0e" * 20, "0x" + "0e" * 20
    sender = "0x" + "0f" * 20
    start = len(state.changes)
    # PUSH1 7, PUSH1 1, SSTORE, TIMESTAMP, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
    state.set_account(address, State().account(address)._replace(code=_PROBE))
    try:
        machine.follow(machine._values)
        for _ in range(2):
            here = len(state.changes)
            outcome = machine.call(sender, name, b"", 0, 10**6, False, True)
            answer = int.from_bytes(outcome.output, "big")
            if (answer, outcome.gas, state.slot(address, 1)) != (
                machine._values["timestamp"],
                _PROBE_GAS,
                7,
            ):
                raise Unable(f"a version that calculates {outcome.gas} gas for {_PROBE_GAS}")
            state.undo(here)
            machine.follow(machine._values)
    finally:
        state.undo(start)
