# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Flows of an option pool: what a block moved, and what was charged
@license AGPL-3.0-only
@notice What trades moved within a block, so that `pool_charges.vy` knows where the pool stood when it
        began; the capital that charges of the block are in proportion to; and the reserve: charges
        go there, rebates come out of it, and it becomes income as time passes, the faster the more
        theta the pool carries. Backers who stay while risk is carried earn what those leave
        behind who do not.
@dev Flows of a block: one word for the book and one for each expiry and strike.
@custom:rounding By at most some wei a trade; the sum in the book's word by 0.001 USD, which only
                 counts when a block sees trades in both directions.
"""

from ..interfaces import IPoolPricer
from ..math import fixed_point
from . import pool_rules

YEAR: constant(uint256) = 31_536_000
HOUR: constant(uint256) = 3_600
MASK_64: constant(uint256) = 2**64 - 1
MASK_54: constant(uint256) = 2**54 - 1
LARGEST_54: constant(int256) = 2**53 - 1
# [wad USD] of the fields of the book's flows.
STEP: constant(int256) = 10**15
# Key of the book's flows; expiries have keys below 2**40, strikes above 2**80.
BOOK: constant(uint256) = 0


# What the pool moved within a block, see `_flowed`.
flows: HashMap[uint256, uint256]
# Charges that are not income yet: amount [wad USD] 128 | theta per capital and year [wad] 64 | time 64.
_reserve: uint256
# N [wad USD] 128 | time 64.
_capital: uint256


# -- internals --


@internal
@view
def _released(conduct: uint256) -> uint256:
    """
    @return [wad USD] what of the reserve is not income yet.
    """
    word: uint256 = self._reserve
    passed: uint256 = block.timestamp - (word & MASK_64)
    amount: uint256 = word >> 128
    if passed == 0 or amount == 0:
        return amount
    # [wad] fields and the yield are small: below 2**64 * 2**80.
    power: uint256 = passed * 10**18 // (convert(pool_rules._field(conduct, pool_rules.RELEASE), uint256) * HOUR)
    faster: uint256 = convert(pool_rules._field(conduct, pool_rules.THETA), uint256)
    power += passed * ((word >> 64) & MASK_64) * faster // (100 * YEAR)
    return amount * fixed_point._exp(-convert(min(power, 10**20), int256)) // 10**18


@internal
def _keep(amount: uint256, theta: int256, capital: int256):
    """
    @notice Writes what is in reserve now, and how fast time earns from here on.
    """
    rate: uint256 = 0
    if theta > 0 and capital > 0:
        rate = min(convert(theta, uint256) * 10**18 // convert(capital, uint256), MASK_64)
    # Below 2**128: the reserve is part of the pool's cash, and all cash lies below 2**112 wad.
    self._reserve = (amount << 128) | (rate << 64) | block.timestamp


@internal
@view
def _capital_now() -> int256:
    """
    @return [wad USD] what the pool was worth at the first trade of this block; 0 before it.
    """
    word: uint256 = self._capital
    return convert(word >> 64, int256) if word & MASK_64 == block.timestamp else 0


@internal
def _keep_capital(capital: int256):
    self._capital = (convert(capital, uint256) << 64) | block.timestamp


# -- flows of a block --


@internal
@view
def _moved(code: uint256) -> (bool, IPoolPricer.Position):
    """
    @return Whether this block saw trades, and how far they moved the pool.
    """
    moved: IPoolPricer.Position = empty(IPoolPricer.Position)
    book: uint256 = self.flows[BOOK]
    if book >> 216 != block.timestamp:
        return False, moved
    moved.level = self._flowed(code >> 120)
    moved.skew = self._flowed(code >> 64)
    moved.delta = self._part(book, 162) * STEP
    moved.gamma = self._part(book, 108) * STEP
    moved.vega = self._part(book, 54) * STEP
    moved.short = self._part(book, 0) * STEP
    return True, moved


@internal
def _flow(code: uint256, change: IPoolPricer.Position):
    """
    @notice Adds a trade to the flows of its block.
    """
    word: uint256 = self.flows[BOOK]
    if word >> 216 != block.timestamp:
        word = block.timestamp << 216
    self.flows[BOOK] = (
        ((word >> 216) << 216)
        | (self._more(word, 162, change.delta) << 162)
        | (self._more(word, 108, change.gamma) << 108)
        | (self._more(word, 54, change.vega) << 54)
        | self._more(word, 0, change.short)
    )
    self._add(code >> 120, change.level)
    self._add(code >> 64, change.skew)


@internal
def _add(key: uint256, change: int256):
    sum: int256 = self._flowed(key) + change
    # |sum| < 2**191: a trade moves at most 2**95 contracts of 2**129 wad, 2**165 together.
    self.flows[key] = (block.timestamp << 192) | (convert(convert(sum, bytes32), uint256) & (2**192 - 1))


@internal
@view
def _flowed(key: uint256) -> int256:
    """
    @return [wad USD] vega that the pool took on in this block; time 64 | amount 192, signed.
    """
    word: uint256 = self.flows[key]
    if word >> 192 != block.timestamp:
        return 0
    return convert(convert(word << 64, bytes32), int256) >> 64


@internal
@pure
def _part(word: uint256, place: uint256) -> int256:
    """
    @return A signed field of 54 bits.
    """
    return convert(convert(word << (202 - place), bytes32), int256) >> 202


@internal
@pure
def _more(word: uint256, place: uint256, change: int256) -> uint256:
    """
    @return The field after a change [wad USD]; it stops at what it can hold, 9e12 USD.
    """
    sum: int256 = self._part(word, place) + change // STEP
    sum = max(min(sum, LARGEST_54), -LARGEST_54)
    return convert(convert(sum, bytes32), uint256) & MASK_54
