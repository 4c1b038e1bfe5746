# pragma version 0.4.3
"""
@title HostileTape
@license AGPL-3.0-only
@notice Is told prices and misbehaves: 1 reverts, 2 burns all gas, 3 returns far too much, 4 too
        little, 5 nothing.
"""

MODE: immutable(uint256)


@deploy
def __init__(mode: uint256):
    MODE = mode


@external
@raw_return
def record(code: uint256, price: uint256) -> Bytes[8192]:
    assert MODE != 1, "tape: torn"
    if MODE == 2:
        waste: uint256 = 0
        for i: uint256 in range(10**9):
            waste = unsafe_add(waste, i)
    if MODE == 3:
        return abi_encode(empty(uint256[256]))
    if MODE == 4:
        return b"x"
    return b""
