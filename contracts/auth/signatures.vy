# pragma version 0.4.3
"""
@title Signatures of keys and of contracts
@license AGPL-3.0-only
@notice Whether an address signed a digest: by its key (65 bytes, no high s), or as a contract says
        (ERC-1271).
@dev snekmate's checker reads 65 bytes at most, too few for a wallet of several owners.
"""

from snekmate.utils import ecdsa

# Room for a multi-signature wallet of 15 owners.
MAX_SIGNATURE: constant(uint256) = 1_024
# bytes4(keccak256("isValidSignature(bytes32,bytes)")), also what a wallet answers to say yes.
ERC1271: constant(bytes4) = 0x1626BA7E


@internal
@view
def _signed(signer: address, digest: bytes32, signature: Bytes[MAX_SIGNATURE]) -> bool:
    """
    @dev The key first: the other way round everybody would pay 2,600 gas to see that the signer has no
         code, and accounts whose key delegates to code (EIP-7702) could not sign.
    """
    if len(signature) == 65 and signer != empty(address):
        s: uint256 = extract32(signature, 32, output_type=uint256)
        v: uint256 = convert(slice(signature, 64, 1), uint256)
        recovered: address = ecrecover(digest, v, extract32(signature, 0, output_type=uint256), s)
        # Failed recovery is the empty address, which is no signer; high s is a copy (EIP-2).
        if recovered == signer and s <= ecdsa._MALLEABILITY_THRESHOLD:
            return True
    return self._wallet_signed(signer, digest, signature)


@internal
@view
def _wallet_signed(signer: address, digest: bytes32, signature: Bytes[MAX_SIGNATURE]) -> bool:
    """
    @dev A call to an address without code succeeds with an empty answer, which is no yes.
    """
    success: bool = False
    answer: Bytes[32] = b""
    call: Bytes[MAX_SIGNATURE + 100] = abi_encode(digest, signature, method_id=ERC1271)
    success, answer = raw_call(signer, call, max_outsize=32, is_static_call=True, revert_on_failure=False)
    return success and len(answer) == 32 and convert(answer, bytes32) == convert(ERC1271, bytes32)
