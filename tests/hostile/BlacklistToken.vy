# pragma version 0.4.3
"""
@title BlacklistToken
@license AGPL-3.0-only
@notice ERC-20 that refuses transfers from and to blocked addresses, as USDC does.
"""

decimals: public(constant(uint8)) = 6

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
blocked: public(HashMap[address, bool])


@external
def block_address(who: address, blocked: bool):
    self.blocked[who] = blocked


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
    assert not self.blocked[sender] and not self.blocked[recipient], "token: address is blocked"
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount
