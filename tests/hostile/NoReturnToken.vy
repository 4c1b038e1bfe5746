# pragma version 0.4.3
"""
@title NoReturnToken
@license AGPL-3.0-only
@notice ERC-20 whose transfer, transferFrom and approve return nothing, as USDT on Ethereum.
"""

decimals: public(constant(uint8)) = 6

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
def mint(recipient: address, amount: uint256):
    self.balanceOf[recipient] += amount


@external
def approve(spender: address, amount: uint256):
    self.allowance[msg.sender][spender] = amount


@external
def transfer(recipient: address, amount: uint256):
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[recipient] += amount


@external
def transferFrom(sender: address, recipient: address, amount: uint256):
    self.allowance[sender][msg.sender] -= amount
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount
