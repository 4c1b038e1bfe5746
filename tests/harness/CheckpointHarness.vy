# pragma version 0.4.3
"""
@title Opens governance/checkpoints.vy
@license AGPL-3.0-only
"""

from ...contracts.governance import checkpoints

initializes: checkpoints


@external
def push(key: address, figure: uint256):
    checkpoints._push(key, figure)
