"""Steps that need a signature, or a word that only the moment knows: how their calls are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from coincurve import PrivateKey
from eth_abi import encode
from eth_utils.crypto import keccak

from novate.governance import Call, Proposal
from novate.governance.multisig import arguments as guard_arguments
from novate.governance.multisig import order as guard_order
from novate.oracle.reports import assemble, compact

if TYPE_CHECKING:
    from tests.stateful.village import Step, Village

Made = tuple[str, str, list[Any]]


def sign(village: Village, name: str, digest: bytes) -> tuple[int, bytes, bytes]:
    """v, r and s of somebody's key under a digest."""
    key = PrivateKey(bytes(village.keys[name].key))
    signature = key.sign_recoverable(digest, hasher=None)
    return signature[64] + 27, signature[:32], signature[32:64]


def packed(village: Village, name: str, digest: bytes) -> bytes:
    v, r, s = sign(village, name, digest)
    return r + s + bytes([v])


def short(village: Village, name: str, digest: bytes) -> tuple[bytes, bytes]:
    v, r, s = sign(village, name, digest)
    return compact(v, int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def typed(separator: bytes, kind: str, types: list[str], values: list[Any]) -> bytes:
    """EIP-712 digest of a flat struct."""
    body = encode(["bytes32", *types], [keccak(kind.encode()), *values])
    return keccak(b"\x19\x01" + separator + keccak(body))


def separator_of(unit: Any) -> bytes:
    """EIP-712 domain separator, from what EIP-5267 says of the contract."""
    _, name, version, chain, place, _, _ = unit.eip712Domain()
    kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    values = [keccak(kind.encode()), keccak(name.encode()), keccak(version.encode()), chain]
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    return keccak(encode(types, [*values, str(place)]))


# -- orders --


def _order(village: Village, terms: Any) -> tuple[Any, ...]:
    """terms: account, taker, size, legs, nonce, deadline; the epoch is the present one."""
    account, taker, size, legs, nonce, deadline = village.resolve(terms)
    owner = f"0x{account >> 96:040x}"
    epoch = int(village.units["orders"].epoch(owner))
    return account, taker, size, [tuple(leg) for leg in legs], nonce, epoch, deadline


def _signed(village: Village, name: str, order: tuple[Any, ...]) -> list[Any]:
    digest = bytes(village.units["orders"].hash_of(order))
    return [order, village.addresses[name], packed(village, name, digest)]


def fill(village: Village, step: Step) -> Made:
    """maker, terms of its order, account of the taker, amount."""
    maker, terms, account, amount = step.args
    order = _order(village, terms)
    signed = _signed(village, maker, order)
    return "orders", "fill", [*signed, village.resolve(account), amount]


def cross(village: Village, step: Step) -> Made:
    """maker, its terms, taker, its terms, amount."""
    maker, terms, taker, answer, amount = step.args
    first = _signed(village, maker, _order(village, terms))
    second = _signed(village, taker, _order(village, answer))
    return "orders", "cross", [*first, *second, amount]


def cancel(village: Village, step: Step) -> Made:
    return "orders", "cancel", [_order(village, step.args[0])]


# -- reports --


def report(village: Village, step: Step) -> Made:
    """function, price, confidence, age [s], places of the signers."""
    function, price, confidence, age, places = step.args
    time = village.now - age
    digest = bytes(village.units["signed_feed"].digest_of(price, confidence, time))
    signed = {i: short(village, village.reporters[i], digest) for i in places}
    proof = assemble(signed, len(signed))
    return "signed_feed", function, [price, confidence, time, *proof]


def smile(village: Village, step: Step) -> Made:
    """function, the report without its time, age [s], places of the signers (submit)."""
    function, body, age, places = step.args
    one = (*(tuple(x) if isinstance(x, list) else x for x in body), village.now - age)
    if function == "post":
        return "surface", "post", [[one]]
    digest = bytes(village.units["surface"].digest_of(one))
    signed = {i: short(village, village.reporters[i], digest) for i in places}
    return "surface", "submit", [one, *assemble(signed, len(signed))]


def _evidence(village: Village, place: int, price: int, time: int) -> tuple[Any, ...]:
    confidence = 10**18
    digest = bytes(village.units["signed_feed"].digest_of(price, confidence, time))
    return price, confidence, time, *short(village, village.reporters[place], digest)


def contradict(village: Village, step: Step) -> Made:
    """place of a reporter, its two prices of one time."""
    place, one, other = step.args
    feed, time = village.addresses["signed_feed"], village.now
    reports = [_evidence(village, place, price, time) for price in (one, other)]
    return "bonds", "prove_contradiction", [feed, *reports]


def deviate(village: Village, step: Step) -> Made:
    """place of a reporter, its price, id of the round beside it, first and count of rounds."""
    place, price, beside, first, count = step.args
    feed = village.units["signed_feed"]
    time = int(feed.round_at(beside).timestamp)
    evidence = _evidence(village, place, price, time)
    return "bonds", "prove_deviation", [village.addresses["signed_feed"], evidence, first, count]


# -- permits --


def permit(village: Village, step: Step) -> Made:
    """unit, owner, spender, amount."""
    name, owner, spender, amount = step.args
    unit, place = village.units[name], village.addresses[owner]
    deadline = village.now + 60
    given = [place, village.resolve(spender), amount, int(unit.nonces(place)), deadline]
    kind = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    types = ["address", "address", "uint256", "uint256", "uint256"]
    digest = typed(bytes(unit.DOMAIN_SEPARATOR()), kind, types, given)
    return name, "permit", [*given[:3], deadline, *sign(village, owner, digest)]


def delegate(village: Village, step: Step) -> Made:
    """holder, delegatee."""
    holder, delegatee = step.args
    unit, expiry = village.units["votes"], village.now + 60
    given = [village.resolve(delegatee), int(unit.nonces(village.addresses[holder])), expiry]
    kind = "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
    types = ["address", "uint256", "uint256"]
    digest = typed(bytes(unit.DOMAIN_SEPARATOR()), kind, types, given)
    return "votes", "delegateBySig", [*given, *sign(village, holder, digest)]


def operate(village: Village, step: Step) -> Made:
    """owner, operator, approved."""
    owner, operator, approved = step.args
    unit, place = village.units["operators"], village.addresses[owner]
    deadline = village.now + 60
    nonce = int(unit.nonces(place))
    given = [place, village.resolve(operator), approved, nonce, deadline]
    kind = "Permit(address owner,address operator,bool approved,uint256 nonce,uint256 deadline)"
    types = ["address", "address", "bool", "uint256", "uint256"]
    digest = typed(separator_of(unit), kind, types, given)
    return "operators", "permit", [*given[:3], deadline, packed(village, owner, digest)]


# -- governance --


def _call(village: Village, target: str, args: Any) -> Call:
    unit, function = target.split(".")
    contract = village.units[unit]
    data = bytes(getattr(contract, function).prepare_calldata(*village.resolve(args)))
    return Call(str(contract.address), data, target)


def _proposal(village: Village, step: Step) -> Proposal:
    target, args, text = step.args[:3]
    return Proposal((_call(village, target, args),), text)


def propose(village: Village, step: Step) -> Made:
    proposal = _proposal(village, step)
    return "governor", "propose", [*proposal.arguments(), proposal.description]


def _named(function: str) -> Callable[[Village, Step], Made]:
    def made(village: Village, step: Step) -> Made:
        return "governor", function, list(_proposal(village, step).named)

    return made


def vote(village: Village, step: Step) -> Made:
    """target, arguments and text of the proposal; support."""
    id = int(village.units["governor"].hashProposal(*_proposal(village, step).named))
    support = step.args[3]
    if len(step.args) > 4:
        return "governor", "castVoteWithReason", [id, support, "because"]
    return "governor", "castVote", [id, support]


def ask(village: Village, step: Step) -> Made:
    """A view of the governor, `~ask.name`, of a proposal."""
    id = int(village.units["governor"].hashProposal(*_proposal(village, step).named))
    return "governor", step.target.partition(".")[2], [id]


def ballot(village: Village, step: Step) -> Made:
    """The same, signed by another: target, arguments, text, support, voter."""
    support, voter = step.args[3:]
    unit, place = village.units["governor"], village.addresses[voter]
    id = int(unit.hashProposal(*_proposal(village, step).named))
    given = [id, support, place, int(unit.nonces(place))]
    kind = "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
    digest = typed(separator_of(unit), kind, ["uint256", "uint8", "address", "uint256"], given)
    return "governor", "castVoteBySig", [*given[:3], packed(village, voter, digest)]


def veto(village: Village, step: Step) -> Made:
    """The guardian cancels in the timelock what a proposal has queued."""
    from novate.governance.proposals import operation_of

    units = village.units
    id = operation_of(units["governor"], units["timelock"], _proposal(village, step))
    return _guarded(
        village,
        Call(
            str(units["timelock"].address),
            bytes(units["timelock"].cancel.prepare_calldata(id)),
            "veto",
        ),
    )


def guard(village: Village, step: Step) -> Made:
    """target, arguments: three of five owners sign a call of the guardian."""
    return _guarded(village, _call(village, *step.args))


def _guarded(village: Village, call: Call) -> Made:
    order = guard_order(village.units["guardian"], call)
    signed = {i: order.sign(village.guards[i]) for i in (0, 2, 4)}
    return "guardian", "execute", list(guard_arguments(order, signed))


KINDS: dict[str, Callable[[Any, Any], Made]] = {
    "~fill": fill,
    "~cross": cross,
    "~cancel": cancel,
    "~report": report,
    "~smile": smile,
    "~contradict": contradict,
    "~deviate": deviate,
    "~permit": permit,
    "~delegate": delegate,
    "~operate": operate,
    "~propose": propose,
    "~vote": vote,
    "~ask": ask,
    "~ballot": ballot,
    "~queue": _named("queue"),
    "~execute": _named("execute"),
    "~withdraw": _named("cancel"),
    "~veto": veto,
    "~guard": guard,
}
