# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Operators
@license AGPL-3.0-only
@notice Who may act for whom: approvals per owner, for all its accounts, given by the owner
        itself or by its EIP-712 signature (ERC-1271 for contracts), submitted by anyone, once.
@dev Accounts are not transferable, so an approval never outlives an owner. A unit of its own,
     because the ledger asks it only when somebody other than the owner acts.
"""

from snekmate.utils import eip712_domain_separator as eip712
from snekmate.utils import signature_checker

from ..interfaces import IOperators

implements: IOperators

initializes: eip712

exports: eip712.eip712Domain


PERMIT_TYPEHASH: constant(bytes32) = keccak256(
    "Permit(address owner,address operator,bool approved,uint256 nonce,uint256 deadline)"
)

# owner -> operator
is_operator: public(HashMap[address, HashMap[address, bool]])
# Number of the owner's next permit: each signature works once.
nonces: public(HashMap[address, uint256])


event OperatorSet:
    owner: indexed(address)
    operator: indexed(address)
    approved: bool


@deploy
def __init__():
    eip712.__init__("Novate Operators", "1")


@external
def set_operator(operator: address, approved: bool):
    """
    @notice Lets an operator act for all accounts of the caller, or stops it.
    """
    self._set(msg.sender, operator, approved)


@external
def permit(owner: address, operator: address, approved: bool, deadline: uint256, signature: Bytes[65]):
    """
    @notice `set_operator` by signature.
    @param deadline [s] last second at which the signature is valid.
    @param signature EIP-712 over Permit: r, s, v of the owner, or what its contract accepts.
    """
    assert block.timestamp <= deadline, "permit: expired"
    nonce: uint256 = self.nonces[owner]
    self.nonces[owner] = nonce + 1
    digest: bytes32 = eip712._hash_typed_data_v4(
        keccak256(abi_encode(PERMIT_TYPEHASH, owner, operator, approved, nonce, deadline))
    )
    valid: bool = signature_checker._is_valid_signature_now(owner, digest, signature)
    # ecrecover answers the empty address for nonsense.
    assert valid and owner != empty(address), "permit: wrong signer"
    self._set(owner, operator, approved)


@internal
def _set(owner: address, operator: address, approved: bool):
    self.is_operator[owner][operator] = approved
    log OperatorSet(owner=owner, operator=operator, approved=approved)
