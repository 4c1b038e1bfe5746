# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Multisig
@license AGPL-3.0-only
@notice The guardian: M of N owners sign a call (EIP-712), anybody sends it. Owners are keys or contracts
        (ERC-1271). What it may do is decided by those who name it their guardian: halt and veto.
@dev The owners are the code of a contract without functions (oracle/committee.vy): 2,600 gas for any
     number of them, where a slot for each signer would be 2,100 each. Nonce, threshold and where the
     owners are share one word: a call reads and writes one slot.
     Signatures of keys are compact (EIP-2098): r, and s with the parity in its top bit.
@custom:trust The threshold of owners together. Nobody else can do anything, and it holds no money.
@custom:kill None.
@custom:rounding None.
"""

from snekmate.utils import eip712_domain_separator as eip712

from ..auth import signatures
from ..oracle import committee

initializes: eip712

exports: eip712.eip712Domain


MAX_OWNERS: constant(uint256) = 16
# Signatures of contracts that one call takes, and their length.
MAX_WALLETS: constant(uint256) = 4
MAX_SIGNATURE: constant(uint256) = signatures.MAX_SIGNATURE
MAX_DATA: constant(uint256) = 2_048
MAX_CALLS: constant(uint256) = 8
MASK_160: constant(uint256) = 2**160 - 1
MASK_255: constant(uint256) = 2**255 - 1
ONE_NONCE: constant(uint256) = 1 << 168
CALL_TYPE: constant(bytes32) = keccak256("Call(address target,bytes data,uint256 nonce,uint256 deadline)")


struct Call:
    target: address
    data: Bytes[MAX_DATA]


# nonce 88 | threshold 8 | contract with the owners 160
state: uint256


event Executed:
    nonce: indexed(uint256)
    target: indexed(address)
    signers: uint256  # bit map


event OwnersSet:
    owners: DynArray[address, MAX_OWNERS]
    old_threshold: uint256
    threshold: uint256


@deploy
def __init__(owners: DynArray[address, MAX_OWNERS], threshold: uint256):
    """
    @param owners Nobody twice. Their places are how they sign.
    @param threshold How many must sign, at least two.
    """
    eip712.__init__("Novate Multisig", "1")
    self._set(owners, threshold)


# -- anyone, with the owners' signatures --


@external
def execute(
    target: address,
    data: Bytes[MAX_DATA],
    deadline: uint256,
    signers: uint256,
    pairs: DynArray[bytes32[2], MAX_OWNERS],
    wallets: DynArray[Bytes[MAX_SIGNATURE], MAX_WALLETS] = [],
):
    """
    @notice Calls what exactly the threshold of owners signed, in the order of nonces. A call that
            fails uses up nothing.
    @param deadline [s] the last second in which it may be sent.
    @param signers Places of the signers, ascending, a byte each, the first in the lowest byte.
    @param pairs (r, parity << 255 | s) in the same order; zeros where a contract signs.
    @param wallets Signatures of the contracts among them, in the same order.
    """
    assert block.timestamp <= deadline, "multisig: deadline passed"
    state: uint256 = self.state
    assert len(pairs) == (state >> 160) & 255, "multisig: not the threshold"
    nonce: uint256 = state >> 168
    self.state = state + ONE_NONCE
    digest: bytes32 = eip712._hash_typed_data_v4(
        keccak256(abi_encode(CALL_TYPE, target, keccak256(data), nonce, deadline))
    )
    owners: Bytes[committee.WORDS] = slice(convert(state & MASK_160, address).code, 1, committee.WORDS)
    rest: uint256 = signers
    least: uint256 = 0
    map: uint256 = 0
    wallet: uint256 = 0
    for pair: bytes32[2] in pairs:
        place: uint256 = rest & 255
        rest = rest >> 8
        # `least` is at most 16, so a place below MAX_OWNERS is what `extract32` can read.
        assert place >= least and place < MAX_OWNERS, "multisig: signers not ascending"
        least = unsafe_add(place, 1)
        map |= 1 << place
        owner: address = extract32(owners, unsafe_mul(place, 32), output_type=address)
        if pair[0] == empty(bytes32):
            # Past the end of `wallets`, or at a place without an owner, this reverts.
            assert signatures._wallet_signed(owner, digest, wallets[wallet]), "multisig: bad signature"
            wallet += 1
        else:
            s: uint256 = convert(pair[1], uint256)
            signer: address = ecrecover(
                digest, unsafe_add(27, s >> 255), convert(pair[0], uint256), s & MASK_255
            )
            # A failed recovery is the empty address, as is a place without an owner.
            assert signer == owner and signer != empty(address), "multisig: bad signature"
    log Executed(nonce=nonce, target=target, signers=map)
    assert target.is_contract, "multisig: no code"
    raw_call(target, data)


# -- itself --


@external
@reentrant
def batch(calls: DynArray[Call, MAX_CALLS]):
    """
    @notice Several calls, all or none: what `execute` calls here.
    """
    self._require_self()
    for call: Call in calls:
        assert call.target.is_contract, "multisig: no code"
        raw_call(call.target, call.data)


@external
@reentrant
def set_owners(owners: DynArray[address, MAX_OWNERS], threshold: uint256):
    """
    @notice Changes owners and threshold. What was signed for later nonces by those who stay is good
            still, if its places are.
    """
    self._require_self()
    self._set(owners, threshold)


# -- views --


@external
@view
@reentrant
def nonce() -> uint256:
    """
    @notice Of the next call.
    """
    return self.state >> 168


@external
@view
@reentrant
def threshold() -> uint256:
    return (self.state >> 160) & 255


@external
@view
@reentrant
def owners() -> address[MAX_OWNERS]:
    """
    @return Owners by place; empty addresses after the last.
    """
    code: Bytes[committee.WORDS] = slice(convert(self.state & MASK_160, address).code, 1, committee.WORDS)
    return abi_decode(code, address[MAX_OWNERS])


# -- internals --


@internal
@view
def _require_self():
    assert msg.sender == self, "multisig: only by itself"


@internal
def _set(owners: DynArray[address, MAX_OWNERS], threshold: uint256):
    assert threshold >= 2 and threshold <= len(owners), "multisig: threshold out of range"
    list: address[MAX_OWNERS] = empty(address[MAX_OWNERS])
    for i: uint256 in range(len(owners), bound=MAX_OWNERS):
        # Also refuses the empty address, which fills the list.
        assert owners[i] not in list, "multisig: owner twice"
        list[i] = owners[i]
    state: uint256 = self.state
    target: address = raw_create(concat(committee.LOADER, abi_encode(list)))
    log OwnersSet(owners=owners, old_threshold=(state >> 160) & 255, threshold=threshold)
    self.state = (state >> 168 << 168) | (threshold << 160) | convert(target, uint256)
