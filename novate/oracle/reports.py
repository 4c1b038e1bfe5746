"""Signed reports (contracts/oracle/SignedFeed.vy, VolatilitySurface.vy): hash, sign, put together.

All reporters of a committee sign one and the same report; M of N signatures, in the order of the
signers' indices, make it count. Integers as on chain: prices in units of 10**-decimals,
confidence in wad, time in seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature, ValidationError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ..errors import ParameterError

MAX_REPORTERS = 16
# Order of secp256k1.
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
# (r, parity << 255 | s), EIP-2098
Signature = tuple[bytes, bytes]
# Indices of the signers, a byte each, and their signatures: the last two arguments of `submit`.
Proof = tuple[int, list[Signature]]


@dataclass(frozen=True)
class PriceReport:
    """A price as reporters sign it.

    feed: keccak256 of the feed's description. price: in units of 10**-decimals.
    confidence: [wad] 0 to 1. timestamp: [s] of the price.
    """

    feed: bytes
    price: int
    confidence: int
    timestamp: int

    name: ClassVar[str] = "Novate Price Reports"
    types: ClassVar[dict[str, str]] = {
        "feed": "bytes32",
        "price": "uint256",
        "confidence": "uint256",
        "timestamp": "uint256",
    }

    def arguments(self) -> tuple[int, int, int]:
        """What `submit` takes before the signatures; the feed knows its own name."""
        return self.price, self.confidence, self.timestamp


@dataclass(frozen=True)
class SurfaceReport:
    """The smile of one expiry as reporters sign it, see VolatilitySurface.vy.

    a, b, rho, m, sigma: raw SVI [wad] of the total variance from `timestamp` to `expiry` [s].
    forward: over spot [wad]. rate: annual [wad], continuously compounded.
    """

    underlying: int
    expiry: int
    a: int
    b: int
    rho: int
    m: int
    sigma: int
    forward: int
    rate: int
    timestamp: int

    name: ClassVar[str] = "Novate Volatility Surface"
    types: ClassVar[dict[str, str]] = {
        "underlying": "uint256",
        "expiry": "uint256",
        "a": "int256",
        "b": "int256",
        "rho": "int256",
        "m": "int256",
        "sigma": "int256",
        "forward": "uint256",
        "rate": "int256",
        "timestamp": "uint256",
    }

    def as_tuple(self) -> tuple[Any, ...]:
        """The value that calls of the contract take."""
        smile = (self.a, self.b, self.rho, self.m, self.sigma)
        return self.underlying, self.expiry, smile, self.forward, self.rate, self.timestamp

    def arguments(self) -> tuple[tuple[Any, ...]]:
        """What `submit` takes before the signatures."""
        return (self.as_tuple(),)


Report = PriceReport | SurfaceReport


@dataclass(frozen=True)
class Domain:
    """Where reports count: the chain and the contract."""

    chain_id: int
    contract: str


def feed_id(description: str) -> bytes:
    """What reporters call a feed."""
    return keccak(description.encode())


def report_hash(report: Report, domain: Domain) -> bytes:
    """The EIP-712 digest, equal to the contract's `digest_of`."""
    message = _signable(report, domain)
    return keccak(b"\x19" + message.version + message.header + message.body)


def sign(report: Report, key: LocalAccount | str | bytes, domain: Domain) -> Signature:
    """A compact signature with low s. key: an `eth_account` signer or a private key."""
    signer = key if isinstance(key, LocalAccount) else Account.from_key(key)
    signed = signer.sign_message(_signable(report, domain))
    return compact(signed.v, signed.r, signed.s)


def compact(v: int, r: int, s: int) -> Signature:
    """EIP-2098: 64 bytes, parity in the top bit of s, which must be low."""
    if v not in (27, 28):
        raise ParameterError("v", v, "27 or 28")
    if not 0 < s <= CURVE_ORDER // 2:
        raise ParameterError("s", s, "1 to half of the order of the curve")
    return r.to_bytes(32, "big"), (((v - 27) << 255) | s).to_bytes(32, "big")


def assemble(signatures: Mapping[int, Signature], quorum: int) -> Proof:
    """The signatures of the first `quorum` signers, as the contract takes them.

    signatures: by index of the signer in the committee.
    """
    if len(signatures) < quorum:
        raise ParameterError("signatures", len(signatures), f"{quorum} or more")
    indices = sorted(signatures)[:quorum]
    if indices and not (0 <= indices[0] and indices[-1] < MAX_REPORTERS):
        raise ParameterError("signatures", indices, f"indices from 0 to {MAX_REPORTERS - 1}")
    signers = sum(index << (8 * place) for place, index in enumerate(indices))
    return signers, [signatures[index] for index in indices]


def proof_of(
    report: Report,
    signatures: Mapping[int, Signature],
    members: Sequence[str],
    quorum: int,
    domain: Domain,
) -> Proof | None:
    """The proof of a report from signatures that anybody may have laid down; None when too few of
    them are what they are said to be. members: of the committee, by index."""
    good = {
        index: signature
        for index, signature in signatures.items()
        if index < len(members) and _signer(report, signature, domain) == str(members[index])
    }
    return assemble(good, quorum) if len(good) >= quorum else None


def _signer(report: Report, signature: Signature, domain: Domain) -> str | None:
    r, vs = (int.from_bytes(part, "big") for part in signature)
    parts = (27 + (vs >> 255), r, vs & (2**255 - 1))
    try:
        return str(Account.recover_message(_signable(report, domain), vrs=parts))
    except (BadSignature, ValidationError):
        return None


def _signable(report: Report, domain: Domain) -> SignableMessage:
    place: dict[str, Any] = {
        "name": report.name,
        "version": "1",
        "chainId": domain.chain_id,
        "verifyingContract": to_checksum_address(domain.contract),
    }
    fields = [{"name": name, "type": kind} for name, kind in report.types.items()]
    return encode_typed_data(place, {type(report).__name__: fields}, asdict(report))
