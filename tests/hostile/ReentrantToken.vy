# pragma version 0.4.3
"""
@title ReentrantToken
@license AGPL-3.0-only
@notice ERC-20 that calls back: the next transfer calls a stored target with stored calldata, once,
        before the balances move, and keeps whether that call succeeded and what it returned.
"""

decimals: public(constant(uint8)) = 18

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
target: public(address)
payload: Bytes[4096]
# Callbacks made so far, and the outcome of the last one.
calls: public(uint256)
succeeded: public(bool)
response: public(Bytes[1024])


@external
def arm(target: address, payload: Bytes[4096]):
    """
    @notice The next transfer calls `target` with `payload`.
    """
    self.target = target
    self.payload = payload


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
    target: address = self.target
    if target != empty(address):
        # Disarmed first: one callback for one arming, also when it comes back here.
        self.target = empty(address)
        self.calls += 1
        self.succeeded, self.response = raw_call(target, self.payload, max_outsize=1024, revert_on_failure=False)
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount
