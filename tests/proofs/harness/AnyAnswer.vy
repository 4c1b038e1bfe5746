# pragma version 0.4.3
"""
@title A signer that is a contract (ERC-1271) and answers whatever it was told, however long
@license AGPL-3.0-only
"""

answer: Bytes[96]
refuses: bool


@external
def tell(answer: Bytes[96], refuses: bool):
    self.answer = answer
    self.refuses = refuses


@external
@view
@raw_return
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> Bytes[96]:
    if self.refuses:
        raw_revert(self.answer)
    return self.answer
