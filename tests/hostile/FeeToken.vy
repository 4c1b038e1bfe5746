# pragma version 0.4.3
"""
@title FeeToken
@license AGPL-3.0-only
@notice ERC-20 that keeps a fee of every transfer: the recipient gets less than was sent.
"""

decimals: public(constant(uint8)) = 18
# [1e-4] of the amount
FEE: public(constant(uint256)) = 100

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
def mint(recipient: address, amount: uint256):
    self.balanceOf[recipient] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(recipient: address, amount: uint256) -> bool:
    self._move(msg.sender, recipient, amount)
    return True


@external
def transferFrom(sender: address, recipient: address, amount: uint256) -> bool:
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, recipient, amount)
    return True


@internal
def _move(sender: address, recipient: address, amount: uint256):
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount - amount * FEE // 10_000
