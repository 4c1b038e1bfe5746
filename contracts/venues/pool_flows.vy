# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Flows of an option pool: what trades moved, and what was charged
@license AGPL-3.0-only
@notice What trades moved within a period of `memory` minutes (0: within a block), and within the one
        before, so that `pool_charges.vy` knows where the pool stood when each of the two began. Two
        moments less than a period apart lie in one period or in two neighbours: one of the starts
        is then common to the trades at both. Periods begin by the clock, so that nobody makes the
        pool forget sooner or remember longer; a change of `memory` forgets at once.
        The capital that charges of a block are in proportion to; and the reserve: charges
        go there, rebates come out of it, and it becomes income as time passes, the faster the more
        theta the pool carries. Backers who stay while risk is carried earn what those leave
        behind who do not.
@dev Flows of a period: one word for the book and one for each expiry and strike, each twice, for
     even and odd periods: number of the period 40 | signed fields. Book: delta, gamma, vega, short, 54
     each [0.001 USD]. Expiry: vega 216 [wad USD]. Strike: calls and puts, 108 each [wad contracts].
     They are of the pool, at what a contract's figures were when it was traded.
@custom:rounding By at most some wei a trade; sums in the book's word by 0.001 USD a trade, 64 times that
                 where a start lies on a kink of P: below 0.001 USD at the usual rates, and only
                 when trades go in both directions.
"""

from ..interfaces import IPoolPricer
from ..math import fixed_point
from . import pool_rules

YEAR: constant(uint256) = 31_536_000
HOUR: constant(uint256) = 3_600
MASK_64: constant(uint256) = 2**64 - 1
PUT: constant(uint256) = 1 << 56
# [wad USD] of the fields of the book's flows.
STEP: constant(int256) = 10**15
# Key of the book's flows; expiries have keys below 2**40, strikes above 2**80.
BOOK: constant(uint256) = 0


# Twice a key, plus one for odd periods -> what trades moved within one.
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


# -- flows of a period --


@internal
@view
def _moved(code: uint256, conduct: uint256) -> DynArray[IPoolPricer.Moved, 2]:
    """
    @notice How far trades moved the pool since this period began, and since the one before did.
    @return One for each of the two that saw trades, the younger first.
    """
    period: uint256 = block.timestamp // pool_rules._memory(conduct)
    moves: DynArray[IPoolPricer.Moved, 2] = []
    one: IPoolPricer.Moved = empty(IPoolPricer.Moved)
    if self._word(BOOK, period) != 0:
        one = self._within(code, period)
        moves.append(one)
    if self._word(BOOK, period - 1) != 0:
        before: IPoolPricer.Moved = self._within(code, period - 1)
        moves.append(
            IPoolPricer.Moved(
                level=one.level + before.level,
                delta=one.delta + before.delta,
                gamma=one.gamma + before.gamma,
                vega=one.vega + before.vega,
                short=one.short + before.short,
                held=one.held + before.held,
                strike=one.strike + before.strike,
            )
        )
    return moves


@internal
@view
def _within(code: uint256, period: uint256) -> IPoolPricer.Moved:
    """
    @return What trades of one period moved.
    """
    book: uint256 = self._word(BOOK, period)
    at_strike: uint256 = self._word(code >> 64, period)
    calls: int256 = self._part(at_strike, 108, 108)
    puts: int256 = self._part(at_strike, 0, 108)
    return IPoolPricer.Moved(
        level=self._part(self._word(code >> 120, period), 0, 216),
        delta=self._part(book, 162, 54) * STEP,
        gamma=self._part(book, 108, 54) * STEP,
        vega=self._part(book, 54, 54) * STEP,
        short=self._part(book, 0, 54) * STEP,
        held=puts if code & PUT != 0 else calls,
        strike=calls + puts,
    )


@internal
def _flow(code: uint256, quantity: int256, change: IPoolPricer.Position, conduct: uint256):
    """
    @notice Adds a trade to the flows of its period.
    @param quantity [wad] contracts that left the pool.
    """
    period: uint256 = block.timestamp // pool_rules._memory(conduct)
    word: uint256 = self._word(BOOK, period)
    self.flows[(BOOK << 1) | (period & 1)] = (
        (period << 216)
        | self._more(word, 162, 54, change.delta // STEP)
        | self._more(word, 108, 54, change.gamma // STEP)
        | self._more(word, 54, 54, change.vega // STEP)
        | self._more(word, 0, 54, change.short // STEP)
    )
    word = self._word(code >> 120, period)
    self.flows[(code >> 120 << 1) | (period & 1)] = (period << 216) | self._more(word, 0, 216, change.level)
    word = self._word(code >> 64, period)
    is_put: bool = code & PUT != 0
    self.flows[(code >> 64 << 1) | (period & 1)] = (
        (period << 216)
        | self._more(word, 108, 108, 0 if is_put else -quantity)
        | self._more(word, 0, 108, -quantity if is_put else 0)
    )


@internal
@view
def _word(key: uint256, period: uint256) -> uint256:
    """
    @return What was written in that period, 0 for nothing.
    """
    word: uint256 = self.flows[(key << 1) | (period & 1)]
    return word if word >> 216 == period else 0


@internal
@pure
def _part(word: uint256, place: uint256, size: uint256) -> int256:
    """
    @return A signed field of so many bits.
    """
    return convert(convert(word << (256 - size - place), bytes32), int256) >> (256 - size)


@internal
@pure
def _more(word: uint256, place: uint256, size: uint256, change: int256) -> uint256:
    """
    @return The field after a change, in its place; it stops at what it can hold.
    """
    most: int256 = convert((1 << (size - 1)) - 1, int256)
    sum: int256 = max(min(self._part(word, place, size) + change, most), -most)
    return (convert(convert(sum, bytes32), uint256) & ((1 << size) - 1)) << place
