"""Many calls in one crossing from Python to revm.

A short program in EVM code stands at the address of the sender, for the length of the batch. It
makes every call in a frame of its own, hands the answer out and rolls the frame back: each call,
and each what-if of several calls, sees the state as it was, and nothing stays. The callee sees the
sender that it would see anyway. On py-evm, and where revm cannot do it, the calls are made one by
one with the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy
from boa.util.abi import Address
from numpy.typing import NDArray

from ..errors import ParameterError
from .environment import Engine
from .revm import Revm, Unable

# A call of a what-if: contract function and its arguments.
Step = tuple[Any, tuple[Any, ...]]
WORD = 32
# Memory of one crossing stays moderate.
MAX_CALLDATA = 4_000_000


def _assemble(source: str) -> bytes:
    """EVM code from instructions; `@name` pushes a label, `name:` sets it, a number is pushed."""
    numbers = {
        "ADD": 0x01, "SUB": 0x03, "EQ": 0x14, "ISZERO": 0x15, "AND": 0x16, "NOT": 0x19,
        "ADDRESS": 0x30, "CALLER": 0x33, "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36,
        "CALLDATACOPY": 0x37, "RETURNDATASIZE": 0x3D, "RETURNDATACOPY": 0x3E, "POP": 0x50,
        "MLOAD": 0x51, "MSTORE": 0x52, "JUMP": 0x56, "JUMPI": 0x57, "GAS": 0x5A, "PUSH0": 0x5F,
        "DUP1": 0x80, "DUP3": 0x82, "SWAP1": 0x90, "CALL": 0xF1, "RETURN": 0xF3, "REVERT": 0xFD,
    }  # fmt: skip
    code, labels, uses = bytearray(), {}, []
    for word in source.split():
        if word.endswith(":"):
            labels[word[:-1]] = len(code)
            code.append(0x5B)
        elif word.startswith("@"):
            uses.append((len(code) + 1, word[1:]))
            code += b"\x61\0\0"
        elif word.isdigit():
            code += bytes((0x60, int(word)))
        else:
            code.append(numbers[word])
    for place, label in uses:
        code[place : place + 2] = labels[label].to_bytes(2, "big")
    return bytes(code)


# Outside, calldata is a row of scenarios: a length of 32 bytes and a body. Each body goes, through
# memory from byte 64 on, to a call of this code by itself; its revert data go behind the answers
# before, which begin behind room for any body, as length and data padded to words. Byte 0 holds
# the position in calldata, byte 32 the end of the answers.
# Inside, calldata is a row of calls: address and length of 32 bytes each, and data. The scenario
# ends in a revert, so that nothing stays: with 1 and the answer of the last call, or with 0 and
# the answer of the first one that failed.
PROGRAM = _assemble(
    """
        CALLER ADDRESS EQ @inside JUMPI
        PUSH0 PUSH0 MSTORE
        64 CALLDATASIZE ADD 32 MSTORE
    outside:
        PUSH0 MLOAD CALLDATASIZE EQ @done JUMPI
        PUSH0 MLOAD CALLDATALOAD
        DUP1 PUSH0 MLOAD 32 ADD 64 CALLDATACOPY
        PUSH0 PUSH0 DUP3 64 PUSH0 ADDRESS GAS CALL POP
        PUSH0 MLOAD 32 ADD ADD PUSH0 MSTORE
        RETURNDATASIZE 32 MLOAD MSTORE
        RETURNDATASIZE PUSH0 32 MLOAD 32 ADD RETURNDATACOPY
        31 NOT RETURNDATASIZE 31 ADD AND 32 ADD 32 MLOAD ADD 32 MSTORE
        @outside JUMP
    done:
        64 CALLDATASIZE ADD DUP1 32 MLOAD SUB SWAP1 RETURN
    inside:
        PUSH0 MLOAD CALLDATASIZE EQ @last JUMPI
        PUSH0 MLOAD 32 ADD CALLDATALOAD
        DUP1 PUSH0 MLOAD 64 ADD 32 CALLDATACOPY
        PUSH0 PUSH0 DUP3 32 PUSH0 PUSH0 MLOAD CALLDATALOAD GAS CALL
        ISZERO @failed JUMPI
        PUSH0 MLOAD 64 ADD ADD PUSH0 MSTORE
        @inside JUMP
    last:
        1 PUSH0 MSTORE @out JUMP
    failed:
        PUSH0 PUSH0 MSTORE
    out:
        RETURNDATASIZE PUSH0 32 RETURNDATACOPY
        RETURNDATASIZE 32 ADD PUSH0 REVERT
    """
)


def call_many(
    function: Any, arguments: Iterable[tuple[Any, ...]], *, sender: Any = None
) -> list[Any]:
    """The answers of one function to many arguments, without any change to the state.

    Raises what the first refused call raises.
    """
    return what_ifs([[(function, given)] for given in arguments], sender=sender)


def what_ifs(scenarios: Iterable[Sequence[Step]], *, sender: Any = None) -> list[Any]:
    """For each scenario, a row of calls by one sender, the answer of its last call.

    Every scenario begins in the present state and is undone at its end.
    """
    rows = [list(steps) for steps in scenarios]
    if not rows:
        return []
    raw = _raw(rows, sender)
    answers = []
    for steps, data in zip(rows, raw, strict=True):
        if data is None:
            answers.append(_one_by_one(steps, sender))
        else:
            answers.append(_decoded(steps[-1][0], data))
    return answers


def array(
    function: Any, arguments: Iterable[tuple[Any, ...]], *, sender: Any = None, scale: int = 1
) -> NDArray[numpy.float64]:
    """`call_many` as floats, a row per call and a column per word of the answer, over `scale`.

    For answers of numbers only, such as a struct of wads with scale=10**18.
    """
    return _floats([[(function, given)] for given in arguments], sender, scale)


def grid(
    rows: Sequence[Any],
    columns: Sequence[Any],
    scenario: Callable[[Any, Any], Sequence[Step]],
    *,
    sender: Any = None,
    scale: int = 1,
) -> NDArray[numpy.float64]:
    """A what-if for each pair of a row and a column: (rows, columns, words of the answer)."""
    found = _floats([scenario(row, column) for row in rows for column in columns], sender, scale)
    return found.reshape(len(rows), len(columns), -1)


# -- private --


def _floats(scenarios: Iterable[Sequence[Step]], sender: Any, scale: int) -> NDArray[numpy.float64]:
    rows = [list(steps) for steps in scenarios]
    raw = [
        _encoded_answer(steps, sender) if data is None else data
        for steps, data in zip(rows, _raw(rows, sender), strict=True)
    ]
    if len({len(data) for data in raw}) > 1:
        raise ParameterError("function", rows[0][-1][0], "one with answers of the same length")
    return to_floats(b"".join(raw), scale).reshape(len(rows), -1)


def to_floats(data: bytes, scale: int = 1) -> NDArray[numpy.float64]:
    """Words as signed numbers over `scale`; each exact to one part in 2^52."""
    words = numpy.frombuffer(data, dtype=">u8").reshape(-1, 4).astype(numpy.uint64)
    negative = words[:, 0] >> numpy.uint64(63) == 1
    # Of negative numbers the absolute value less one, so that no digits cancel.
    words = numpy.where(negative[:, None], ~words, words)
    sizes = words.astype(numpy.float64) @ numpy.array([2.0**192, 2.0**128, 2.0**64, 1.0])
    return numpy.where(negative, -(sizes + 1.0), sizes) / scale


def _raw(rows: list[list[Step]], sender: Any) -> list[bytes | None]:
    """The answer's bytes of each scenario; None for what has to be called singly."""
    world = rows[0][-1][0].contract.env
    machine = world._revm if isinstance(world, Engine) and world.is_fast else None
    if machine is None:
        return [None] * len(rows)
    bodies = [b"".join([_packed(function, given) for function, given in row]) for row in rows]
    payer = Address(world.eoa if sender is None else sender)
    found: list[bytes | None] = []
    start = 0
    while start < len(bodies):
        end, size = start, 0
        while end < len(bodies) and (size == 0 or size + len(bodies[end]) <= MAX_CALLDATA):
            size += WORD + len(bodies[end])
            end += 1
        found += _crossing(world, machine, payer, bodies[start:end])
        start = end
    return found


def _packed(function: Any, given: tuple[Any, ...]) -> bytes:
    data = function.prepare_calldata(*given)
    place: bytes = function.contract._address.canonical_address
    return place.rjust(WORD, b"\0") + len(data).to_bytes(WORD, "big") + data


def _crossing(world: Engine, machine: Revm, payer: Address, bodies: list[bytes]) -> list[Any]:
    machine.follow(world.evm.patch.values)
    address = payer.canonical_address
    account = world.state.account(address)
    try:
        if account.code:
            raise Unable("a contract is the sender")
        data = machine.borrow(
            address, PROGRAM, b"".join([len(body).to_bytes(WORD, "big") + body for body in bodies])
        )
    except Unable:
        return [None] * len(bodies)
    found: list[bytes | None] = []
    place = 0
    for _ in bodies:
        size = int.from_bytes(data[place : place + WORD], "big")
        begin = place + WORD
        good = size >= WORD and data[begin + WORD - 1] == 1
        found.append(data[begin + WORD : begin + size] if good else None)
        place = begin + -(-size // WORD) * WORD
    return found


def _decoded(function: Any, data: bytes) -> Any:
    returned = function.func_t.return_type
    if returned is None:
        return None
    return function._coders[1](data)


def _one_by_one(steps: Sequence[Step], sender: Any) -> Any:
    world = steps[0][0].contract.env
    with world.anchor():
        for function, given in steps:
            answer = function(*given, sender=sender)
    return answer


def _encoded_answer(steps: Sequence[Step], sender: Any) -> bytes:
    world = steps[0][0].contract.env
    with world.anchor():
        for function, given in steps:
            function(*given, sender=sender)
        return bytes(steps[-1][0].contract._computation.output)
