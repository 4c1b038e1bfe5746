# pragma version 0.4.3
"""
@title Submits a report and reads the oracle in one transaction, as a trader's wallet does
@license AGPL-3.0-only
"""

from ...contracts.interfaces import IOracle


interface SignedFeed:
    def offer(
        price: uint256,
        confidence: uint256,
        timestamp: uint256,
        signers: uint256,
        signatures: DynArray[bytes32[2], 16],
    ) -> uint256: nonpayable


@external
def report_and_read(
    feed: SignedFeed,
    oracle: IOracle,
    underlying: uint256,
    price: uint256,
    confidence: uint256,
    timestamp: uint256,
    signers: uint256,
    signatures: DynArray[bytes32[2], 16],
) -> (uint256, uint256, uint256):
    extcall feed.offer(price, confidence, timestamp, signers, signatures)
    return staticcall oracle.price(underlying)
