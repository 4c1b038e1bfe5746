# pragma version 0.4.3
"""
@title GasHarness: one function per price that the EVM charges
@license AGPL-3.0-only
@notice Opens nothing: it exists so that gas measured in-process can be held to a chain's receipts.
"""

from ethereum.ercs import IERC20


interface Itself:
    def locked(number: uint256): nonpayable

number: public(uint256)
numbers: public(HashMap[address, uint256])
words: public(DynArray[uint256, 64])


@external
def set(amount: uint256):
    self.number = amount


@external
def restore():
    # Dirty slot back to its original value: a refund inside one transaction.
    before: uint256 = self.number
    self.number = before + 1
    self.number = before


@external
def set_for(key: address, amount: uint256):
    self.numbers[key] = amount


@external
def fill(values: DynArray[uint256, 64]):
    self.words = values


@external
@pure
def ignore(data: Bytes[4_096]) -> uint256:
    return 0


@external
def set_words_to_zero(count: uint256):
    for i: uint256 in range(count, bound=64):
        self.words[i] = 0


@external
@nonreentrant
def locked(amount: uint256):
    self.number = self._twice(amount)


@external
def hash_and_recover(digest: bytes32, r: uint256, s: uint256) -> address:
    # Precompiles, which are warm from the start.
    self.number = convert(sha256(digest), uint256)
    return ecrecover(digest, 27, r, s)


@external
def call_itself(amount: uint256):
    extcall Itself(self).locked(amount)


@external
def pay(token: IERC20, receiver: address, amount: uint256):
    extcall token.transferFrom(msg.sender, receiver, amount, default_return_value=True)


@external
def try_and_fail(amount: uint256):
    # A write that is rolled back must leave no mark on later prices.
    success: bool = raw_call(
        self, abi_encode(amount, method_id=method_id("write_and_revert(uint256)")), revert_on_failure=False
    )
    self.number = amount + convert(success, uint256)


@external
def write_and_revert(amount: uint256):
    self.number = amount + 7
    raise "gas: on purpose"


@internal
def _twice(amount: uint256) -> uint256:
    return amount * 2
