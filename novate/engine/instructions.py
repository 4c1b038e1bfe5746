"""Which code revm cannot answer as a chain does, told by its instructions."""

from __future__ import annotations

from functools import lru_cache

import cbor2

from .state import code_hash

# GASPRICE, BLOCKHASH, GASLIMIT, BASEFEE, BLOBHASH, BLOBBASEFEE, SELFDESTRUCT.
_FOREIGN = frozenset((0x3A, 0x40, 0x45, 0x48, 0x49, 0x4A, 0xFF))
# STOP, JUMP, RETURN, REVERT, INVALID, SELFDESTRUCT: what follows runs only from a JUMPDEST.
_ENDS = frozenset((0x00, 0x56, 0xF3, 0xFD, 0xFE, 0xFF))
_JUMPDEST, _PUSH1, _PUSH32 = 0x5B, 0x60, 0x7F

# Of codes by hash: how many bytes at the end are data. Immutables look like anything.
_data_sizes: dict[bytes, int] = {}


def tell_data_size(code: bytes, size: int) -> None:
    """That the last `size` bytes of a code are no instructions."""
    _data_sizes[code_hash(code)] = size


@lru_cache(maxsize=1_024)
def data_size(creation: bytes, immutables: int) -> int:
    """Bytes of data at the end of the code that a Vyper contract's creation code leaves behind:
    jump tables, whose sizes are in the footer that the compiler appends, and immutables."""
    try:
        footer = cbor2.loads(creation[-int.from_bytes(creation[-2:], "big") : -2])
        return sum(footer[-3]) + immutables
    except (ValueError, TypeError, IndexError, EOFError):
        return immutables


def needs_microscope(code: bytes) -> bool:
    """Whether code holds an instruction that revm cannot answer as a chain does."""
    return _needs_microscope(code[: len(code) - _data_sizes.get(code_hash(code), 0)])


@lru_cache(maxsize=4_096)
def _needs_microscope(code: bytes) -> bool:
    position, alive, end = 0, True, len(code)
    while position < end:
        instruction = code[position]
        if instruction == _JUMPDEST:
            alive = True
        elif alive and instruction in _FOREIGN:
            return True
        elif instruction in _ENDS:
            alive = False
        position += 1
        if alive and _PUSH1 <= instruction <= _PUSH32:
            position += instruction - _PUSH1 + 1
    return False
