"""Which branches and lines of the contracts there are, and where in the bytecode.

Every `if`, `assert`, `and`, `or` and conditional expression compiles to a conditional jump, whose
program counter the compiler maps back to the source. A branch is one way out of one of them. Jumps
that the compiler adds by itself (overflow, bounds of lists, size of calldata, bounds of loops) are
not counted: the source has no word for them. A line is one on which a statement begins that
compiles to code. Internal functions are compiled once per contract; here they count once,
whichever contract ran them, and a constructor counts like any function.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from vyper.ast import nodes as ast
from vyper.compiler.settings import anchor_settings
from vyper.ir import compile_ir

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
JUMP, JUMPI, JUMPDEST, PUSH1, PUSH2, PUSH3, PUSH32 = 0x56, 0x57, 0x5B, 0x60, 0x61, 0x62, 0x7F
# STOP, JUMP, JUMPI, RETURN, REVERT, INVALID: what ends a block.
ENDS = frozenset((0x00, JUMP, JUMPI, 0xF3, 0xFD, 0xFE))
KINDS = ("If", "Assert", "BoolOp", "IfExp")
STATEMENTS = (
    *(ast.AnnAssign, ast.Assign, ast.AugAssign, ast.Expr, ast.Log, ast.Return, ast.If, ast.For),
    *(ast.Assert, ast.Raise, ast.Pass, ast.Continue, ast.Break),
)

# File below contracts/, and line.
Line = tuple[str, int]
# File below contracts/, kind, line, column, and which of the jumps of that place.
Place = tuple[str, str, int, int, int]
# And whether it jumped.
Branch = tuple[Place, bool]


def instructions(code: bytes) -> Iterator[int]:
    """Where the instructions begin; PUSH1 to PUSH32 carry data."""
    pc = 0
    while pc < len(code):
        yield pc
        pc += width(code[pc])


def width(instruction: int) -> int:
    """Bytes of an instruction with its data."""
    return instruction - PUSH1 + 2 if PUSH1 <= instruction <= PUSH32 else 1


class Code:
    """The runtime code of a compiled contract, or its creation code."""

    def __init__(self, data: Any, creates: bool = False) -> None:
        self.bytes: bytes = data.bytecode if creates else data.bytecode_runtime
        self._data, self._creates = data, creates

    @cached_property
    def _nodes(self) -> dict[int, Any]:
        """The compiler's map: the node of the source that an instruction comes from."""
        if self._creates:
            with anchor_settings(self._data.settings):
                source_map = compile_ir.assembly_to_evm(self._data.assembly)[1]
        else:
            source_map = self._data.source_map
        end = len(self.bytes)
        if self._creates:
            # Behind the constructor comes the runtime code, which has a map of its own.
            end = self.bytes.find(self._data.bytecode_runtime)
        nodes = source_map["pc_raw_ast_map"].items()
        return {pc: node for pc, node in nodes if node is not None and pc < end}

    @cached_property
    def jumps(self) -> dict[int, Place]:
        """The conditional jumps that stand in the source, by program counter."""
        found: dict[int, Place] = {}
        seen: dict[tuple[str, str, int, int], int] = {}
        for pc in instructions(self.bytes):
            if self.bytes[pc] != JUMPI:
                continue
            node = self._nodes.get(pc)
            kind = type(node).__name__
            path = _path(node) if kind in KINDS else ""
            if node is not None and path:
                place = (path, kind, node.lineno, node.col_offset)
                ordinal = seen[place] = seen.get(place, -1) + 1
                found[pc] = (*place, ordinal)
        return found

    @cached_property
    def lines(self) -> dict[int, Line]:
        """The lines of the source, by program counter."""
        found: dict[int, Line] = {}
        for pc, node in self._nodes.items():
            statement = node if isinstance(node, STATEMENTS) else node.get_ancestor(STATEMENTS)
            path = "" if statement is None else _path(statement)
            # Without a line: what the compiler wrote itself.
            if path and statement.lineno is not None:
                found[pc] = (path, statement.lineno)
        return found

    @cached_property
    def blocks(self) -> dict[int, set[Line]]:
        """Where code begins that runs in one go, and its lines."""
        found: dict[int, set[Line]] = {}
        lines: set[Line] = set()
        ended = True
        for pc in instructions(self.bytes):
            if ended or self.bytes[pc] == JUMPDEST:
                lines = found[pc] = set()
            if pc in self.lines:
                lines.add(self.lines[pc])
            ended = self.bytes[pc] in ENDS
        return {pc: lines for pc, lines in found.items() if lines}

    @cached_property
    def limits(self) -> dict[int, int]:
        """Gas that the code grants to calls that may fail, by where it is pushed."""
        return {
            pc: int.from_bytes(self.bytes[pc + 1 : pc + 4], "big")
            for pc, node in self._nodes.items()
            if self.bytes[pc] == PUSH3 and isinstance(node, ast.Name) and node.id.endswith("_GAS")
        }

    @property
    def branches(self) -> set[Branch]:
        return {(place, way) for place in self.jumps.values() for way in (True, False)}


def _path(node: Any) -> str:
    """The file of a node below contracts/, or nothing."""
    path = Path(node.module_node.resolved_path)
    return str(path.relative_to(CONTRACTS)) if path.is_relative_to(CONTRACTS) else ""
