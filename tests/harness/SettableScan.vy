# pragma version 0.4.3
"""
@title A scan range that says what the test writes
@license AGPL-3.0-only
"""

multiple: uint256


@external
def set(multiple: uint256):
    self.multiple = multiple


@external
@view
def scan_range(underlying: uint256) -> uint256:
    return self.multiple
