"""Cached encoders and decoders of calldata, made once per type.

At the speed of revm, titanoboa's general coders take nine tenths of a call. These do the common
values only; for anything else (a subclass of int, a wrong length) they raise `Unusual`,
and the general coder takes over, with its own checks and messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from boa.contracts.vyper.vyper_contract import _get_struct_type
from boa.util.abi import Address
from vyper import abi_types as abi
from vyper.semantics.types import DArrayT, SArrayT, StructT, TupleT, VyperType

Encoder = Callable[[Any], bytes]
# From data and the position of the value in it.
Decoder = Callable[[bytes, int], Any]

WORD = 2**256
# Only what `_address` has seen; a process meets a few thousand at most.
_addresses: dict[bytes, Address] = {}


class Unusual(Exception):
    """Not for the fast way."""


# -- encoding --


def encoder(types: list[Any]) -> Encoder:
    """For a tuple of ABI types (`vyper.abi_types`)."""
    return _tuple_encoder(types)


def _encoder(typ: Any) -> Encoder:
    match typ:
        case abi.ABI_Address():
            return _encode_address
        case abi.ABI_Bool():
            return _encode_bool
        case abi.ABI_GIntM():
            return _integer_encoder(typ.m_bits, typ.signed)
        case abi.ABI_BytesM():
            return _fixed_bytes_encoder(typ.m_bytes)
        case abi.ABI_String():
            return _encode_string
        case abi.ABI_Bytes():
            return _encode_bytes
        case abi.ABI_StaticArray():
            return _array_encoder(typ.subtyp, typ.m_elems)
        case abi.ABI_DynamicArray():
            return _array_encoder(typ.subtyp, None)
        case abi.ABI_Tuple():
            return _tuple_encoder(typ.subtyps)
    return _encode_nothing


def _encode_nothing(value: Any) -> bytes:
    raise Unusual


def _encode_address(value: Any) -> bytes:
    if type(value) is not Address:
        if type(value) is not str:
            value = getattr(value, "address", None)
            if type(value) is not Address:
                raise Unusual
        else:
            try:
                value = Address(value)
            except Exception as error:
                raise Unusual from error
    padded: bytes = b"\0\0\0\0\0\0\0\0\0\0\0\0" + value.canonical_address
    return padded


def _encode_bool(value: Any) -> bytes:
    if value is True:
        return b"\0" * 31 + b"\1"
    if value is False:
        return b"\0" * 32
    raise Unusual


def _integer_encoder(bits: int, signed: bool) -> Encoder:
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1

    def encode(value: Any) -> bytes:
        if type(value) is int and low <= value <= high:
            return value.to_bytes(32, "big", signed=signed)
        raise Unusual

    return encode


def _fixed_bytes_encoder(size: int) -> Encoder:
    def encode(value: Any) -> bytes:
        if type(value) is bytes and len(value) == size:
            return value.ljust(32, b"\0")
        raise Unusual

    return encode


def _encode_bytes(value: Any) -> bytes:
    if type(value) is not bytes:
        raise Unusual
    return len(value).to_bytes(32, "big") + value + b"\0" * (-len(value) % 32)


def _encode_string(value: Any) -> bytes:
    if type(value) is not str:
        raise Unusual
    return _encode_bytes(value.encode())


def _array_encoder(typ: Any, length: int | None) -> Encoder:
    one, dynamic = _encoder(typ), typ.is_dynamic()

    def encode(value: Any) -> bytes:
        if not isinstance(value, (list, tuple)) or length not in (None, len(value)):
            raise Unusual
        parts = [one(element) for element in value]
        body = _with_offsets(parts) if dynamic else b"".join(parts)
        return body if length is not None else len(value).to_bytes(32, "big") + body

    return encode


def _with_offsets(parts: list[bytes]) -> bytes:
    offset, heads = 32 * len(parts), []
    for part in parts:
        heads.append(offset.to_bytes(32, "big"))
        offset += len(part)
    return b"".join(heads + parts)


def _tuple_encoder(types: list[Any]) -> Encoder:
    encoders = [_encoder(typ) for typ in types]
    count = len(types)
    dynamic = [typ.is_dynamic() for typ in types]
    if count == 1 and not dynamic[0]:
        single = encoders[0]

        def encode_single(value: Any) -> bytes:
            if not isinstance(value, (tuple, list)) or len(value) != 1:
                raise Unusual
            return single(value[0])

        return encode_single
    if not any(dynamic):

        def encode_static(value: Any) -> bytes:
            if not isinstance(value, (tuple, list)) or len(value) != count:
                raise Unusual
            return b"".join([one(element) for one, element in zip(encoders, value, strict=True)])

        return encode_static

    head_size = sum(
        32 if moving else typ.embedded_static_size()
        for moving, typ in zip(dynamic, types, strict=True)
    )

    def encode(value: Any) -> bytes:
        if not isinstance(value, (tuple, list)) or len(value) != count:
            raise Unusual
        heads, tails, offset = [], [], head_size
        for one, moving, element in zip(encoders, dynamic, value, strict=True):
            part = one(element)
            if moving:
                heads.append(offset.to_bytes(32, "big"))
                tails.append(part)
                offset += len(part)
            else:
                heads.append(part)
        return b"".join(heads + tails)

    return encode


# -- decoding --


def decode_event(contract: Any, entry: Any) -> tuple[str, dict[str, Any]]:
    """Name and arguments of an event of a Vyper contract; raises Unusual for others."""
    known = contract.__dict__.setdefault("_event_decoders", {})
    topic = entry.topics[0] if entry.topics else None
    if topic not in known:
        event = getattr(contract, "event_for", {}).get(topic)
        if event is None:
            raise Unusual
        known[topic] = (event.name, event_decoder(event))
    name, decode = known[topic]
    return name, decode(entry.topics, entry.data)


def event_decoder(event: Any) -> Callable[[Any, bytes], dict[str, Any]]:
    """For a Vyper event: from topics and data to its arguments by name, as titanoboa decodes."""
    indexed: list[tuple[str, Any]] = []
    plain: list[tuple[str, Any]] = []
    for (name, typ), is_topic in zip(event.arguments.items(), event.indexed, strict=True):
        (indexed if is_topic else plain).append((name, typ))
    for _, typ in indexed:
        if typ.abi_type.is_dynamic() or typ.abi_type.is_complex_type():
            raise Unusual  # of which only a hash is in the topic
    topics = [(name, _decoder(typ)) for name, typ in indexed]
    names = [name for name, _ in plain]
    body = _tuple_decoder([typ for _, typ in plain])
    order = list(event.arguments)

    def decode(words: Any, data: bytes) -> dict[str, Any]:
        found = dict(zip(names, body(data, 0), strict=True))
        for (name, one), word in zip(topics, words[1:], strict=True):
            found[name] = one(word.to_bytes(32, "big"), 0)
        return {name: found[name] for name in order}

    return decode


def decoder(typ: VyperType) -> Callable[[bytes], Any]:
    """For the answer of a function that returns a Vyper type."""
    inner = [typ] if not isinstance(typ, TupleT) else list(typ.tuple_members())
    one = _tuple_decoder(inner)
    size = sum(_head_size(part.abi_type) for part in inner)
    if not isinstance(typ, TupleT) and not typ.abi_type.is_dynamic():
        single = _decoder(typ)

        def decode_single(data: bytes) -> Any:
            if len(data) < size:
                raise Unusual
            return single(data, 0)

        return decode_single

    def decode(data: bytes) -> Any:
        if len(data) < size:
            raise Unusual
        values = one(data, 0)
        return values if isinstance(typ, TupleT) else values[0]

    return decode


def _head_size(typ: Any) -> int:
    return 32 if typ.is_dynamic() else int(typ.embedded_static_size())


def _decoder(typ: VyperType) -> Decoder:
    if isinstance(typ, StructT):
        members = _tuple_decoder(list(typ.tuple_members()))
        struct = _get_struct_type(typ)
        return lambda data, at: struct(*members(data, at))
    if isinstance(typ, TupleT):
        return _tuple_decoder(list(typ.tuple_members()))
    if isinstance(typ, (SArrayT, DArrayT)):
        length = typ.length if isinstance(typ, SArrayT) else None
        return _array_decoder(typ.value_type, length)
    match typ.abi_type:
        case abi.ABI_Address():
            return _decode_address
        case abi.ABI_Bool():
            return _decode_bool
        case abi.ABI_GIntM():
            return _decode_signed if typ.abi_type.signed else _decode_unsigned
        case abi.ABI_BytesM():
            size = typ.abi_type.m_bytes
            return lambda data, at: data[at : at + size]
        case abi.ABI_String():
            return lambda data, at: _decode_bytes(data, at).decode()
        case abi.ABI_Bytes():
            return _decode_bytes
    return _decode_nothing


def _decode_nothing(data: bytes, at: int) -> Any:
    raise Unusual


def _decode_unsigned(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 32], "big")


def _decode_signed(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 32], "big", signed=True)


def _decode_bool(data: bytes, at: int) -> bool:
    return data[at + 31] == 1


def _decode_address(data: bytes, at: int) -> Address:
    raw = data[at + 12 : at + 32]
    known = _addresses.get(raw)
    if known is None:
        known = _addresses[raw] = Address("0x" + raw.hex())
    return known


def _decode_bytes(data: bytes, at: int) -> bytes:
    start = at + 32
    end = start + _decode_unsigned(data, at)
    if end > len(data):
        raise Unusual
    return data[start:end]


def _array_decoder(typ: VyperType, length: int | None) -> Decoder:
    one, dynamic, size = _decoder(typ), typ.abi_type.is_dynamic(), _head_size(typ.abi_type)

    def decode(data: bytes, at: int) -> list[Any]:
        count = length
        if count is None:
            count, at = _decode_unsigned(data, at), at + 32
        if at + count * size > len(data):
            raise Unusual
        places = range(at, at + count * size, size)
        if dynamic:
            return [one(data, at + _decode_unsigned(data, place)) for place in places]
        return [one(data, place) for place in places]

    return decode


def _tuple_decoder(types: list[VyperType]) -> Decoder:
    parts, offset = [], 0
    for typ in types:
        parts.append((_decoder(typ), offset, typ.abi_type.is_dynamic()))
        offset += _head_size(typ.abi_type)
    size = offset
    if not any(moving for _, _, moving in parts):
        fixed = [(one, place) for one, place, _ in parts]

        def decode_static(data: bytes, at: int) -> tuple[Any, ...]:
            return tuple([one(data, at + place) for one, place in fixed])

        return decode_static

    def decode(data: bytes, at: int) -> tuple[Any, ...]:
        if at + size > len(data):
            raise Unusual
        return tuple(
            [
                one(data, at + (_decode_unsigned(data, at + place) if moving else place))
                for one, place, moving in parts
            ]
        )

    return decode
