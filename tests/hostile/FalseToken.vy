# pragma version 0.4.3
"""
@title FalseToken
@license AGPL-3.0-only
@notice ERC-20 that returns false where others revert, and then moves nothing.
"""

decimals: public(constant(uint8)) = 18

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
# When set, every transfer fails, whatever the balances are.
jammed: public(bool)


@external
def jam(jammed: bool):
    self.jammed = jammed


@external
def mint(recipient: address, amount: uint256):
    self.balanceOf[recipient] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(recipient: address, amount: uint256) -> bool:
    return self._move(msg.sender, recipient, amount)


@external
def transferFrom(sender: address, recipient: address, amount: uint256) -> bool:
    if self.allowance[sender][msg.sender] < amount or not self._move(sender, recipient, amount):
        return False
    self.allowance[sender][msg.sender] -= amount
    return True


@internal
def _move(sender: address, recipient: address, amount: uint256) -> bool:
    if self.jammed or self.balanceOf[sender] < amount:
        return False
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount
    return True
