"""Which branches of the contracts were taken: conditional jumps of the bytecode, by their source.

Every `if`, `assert`, `and`, `or` and conditional expression compiles to a conditional jump, whose
program counter the compiler maps back to the source. A branch is one way out of one of them. Jumps
that the compiler adds by itself (overflow, bounds of lists, size of calldata, bounds of loops) are
not counted: the source has no word for them. Internal functions are compiled once per contract;
here they count once, whichever contract ran them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
JUMPI = 0x57
KINDS = ("If", "Assert", "BoolOp", "IfExp")

# File below contracts/, kind, line, column, and which of the jumps of that place.
Place = tuple[str, str, int, int, int]
# And whether it jumped.
Branch = tuple[Place, bool]


def places(runtime: bytes, nodes: dict[int, Any]) -> dict[int, Place]:
    """The conditional jumps of a contract that stand in its source, by program counter."""
    found: dict[int, Place] = {}
    seen: dict[tuple[str, str, int, int], int] = {}
    for pc in _jumps(runtime):
        node = nodes.get(pc)
        kind = type(node).__name__
        if node is None or kind not in KINDS:
            continue
        path = Path(node.module_node.resolved_path)
        if not path.is_relative_to(CONTRACTS):
            continue
        place = (str(path.relative_to(CONTRACTS)), kind, node.lineno, node.col_offset)
        ordinal = seen[place] = seen.get(place, -1) + 1
        found[pc] = (*place, ordinal)
    return found


def _jumps(runtime: bytes) -> Iterator[int]:
    pc = 0
    while pc < len(runtime):
        op = runtime[pc]
        if op == JUMPI:
            yield pc
        # PUSH1 to PUSH32 carry data.
        pc += 1 + (op - 0x5F if 0x60 <= op <= 0x7F else 0)


class Recorder:
    """Branches taken by whatever py-evm ran."""

    def __init__(self) -> None:
        self.taken: set[Branch] = set()
        self._places: dict[int, tuple[Any, dict[int, Place]]] = {}

    def record(self, env: Any, computation: Any, contract: Any) -> None:
        """A computation and those that it called; in place of `Env._trace_computation`."""
        # Constructors are another code, with a map of their own.
        if not computation.msg.is_create and hasattr(contract, "source_map"):
            self._follow(computation.code._trace, self._of(contract))
        for child in computation.children:
            address = child.msg.code_address
            if address:
                self.record(env, child, env._lookup_contract_fast(address))

    def _of(self, contract: Any) -> dict[int, Place]:
        data = contract.compiler_data
        known = self._places.get(id(data))
        if known is None:
            nodes = contract.source_map["pc_raw_ast_map"]
            known = self._places[id(data)] = (data, places(data.bytecode_runtime, nodes))
        return known[1]

    def _follow(self, trace: list[int], jumps: dict[int, Place]) -> None:
        for before, after in set(zip(trace, trace[1:], strict=False)):
            place = jumps.get(before)
            if place is not None:
                self.taken.add((place, after != before + 1))
