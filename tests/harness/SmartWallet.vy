# pragma version 0.4.3
"""
@title Wallet that is a contract
@license AGPL-3.0-only
@notice ERC-1271: accepts the digests that were approved, whatever the signature, and can be told
        to answer in the ways that go wrong.
"""

MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000

approved: HashMap[bytes32, bool]
# 0 honest, 1 reverts, 2 answers `true`, 3 answers nothing, 4 reverts with the word for yes
manner: uint256


@external
def approve(digest: bytes32):
    self.approved[digest] = True


@external
def behave(manner: uint256):
    self.manner = manner


@external
@view
@raw_return
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> Bytes[32]:
    assert self.manner != 1, "wallet: no"
    if self.manner == 4:
        raw_revert(abi_encode(MAGIC))
    if self.manner == 2:
        return abi_encode(True)
    if self.manner == 3:
        return b""
    return abi_encode(MAGIC) if self.approved[digest] else abi_encode(False)
