# pragma version 0.4.3
"""
@title FickleVenue
@license AGPL-3.0-only
@notice A pool that says what it is told, and trades nothing: takes up to `most` when asked and up to
        `least` when it comes to it; 1 answers a word too little, 2 reverts with a whole answer.
"""

from ...contracts.interfaces import IPoolPricer

WAD: constant(int256) = 10**18

most: uint256
least: uint256
price: int256  # [wad USD] of a contract bought
bend: int256
mode: uint256
traded: DynArray[int256, 8]  # quantities
limits: DynArray[int256, 8]


@external
def say(most: uint256, least: uint256, price: int256, bend: int256, mode: uint256):
    self.most = most
    self.least = least
    self.price = price
    self.bend = bend
    self.mode = mode


@external
def trade(account: uint256, code: uint256, quantity: int256, limit: int256) -> int256:
    assert convert(abs(quantity), uint256) <= self.least, "pool: on second thoughts"
    self.traded.append(quantity)
    self.limits.append(limit)
    return 0


@external
@view
@raw_return
def quote(code: uint256, quantity: int256) -> Bytes[384]:
    assert convert(abs(quantity), uint256) <= self.most, "pool: too much"
    deal: IPoolPricer.Deal = empty(IPoolPricer.Deal)
    deal.cost = self.price * quantity // WAD
    deal.bend = self.bend
    if self.mode == 1:
        return slice(abi_encode(deal), 0, 352)
    if self.mode == 2:
        raw_revert(abi_encode(deal))
    return abi_encode(deal)


@external
@view
def asked() -> (DynArray[int256, 8], DynArray[int256, 8]):
    return self.traded, self.limits
