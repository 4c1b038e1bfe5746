# pragma version 0.4.3
"""
@title BlockHarness
@license AGPL-3.0-only
@notice Instructions that only one of the engines answers as a chain does. For tests only.
"""

interface Fees:
    def base_fee() -> uint256: view


@external
@view
def base_fee() -> uint256:
    return block.basefee


@external
@view
def previous() -> bytes32:
    return block.prevhash


@external
@view
def limits() -> (uint256, uint256):
    return block.gaslimit, tx.gasprice


@external
@view
def add_on_bls12() -> Bytes[128]:
    """The point at infinity added to itself, by the precompile of EIP-2537."""
    points: uint256[8] = empty(uint256[8])
    return raw_call(
        0x000000000000000000000000000000000000000b,
        abi_encode(points),
        max_outsize=128,
        is_static_call=True,
    )


@external
@view
def ask(other: address) -> uint256:
    """The base fee through another contract, which alone holds the instruction."""
    return staticcall Fees(other).base_fee()

