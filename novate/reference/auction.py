"""The liquidation auction, written from the rules: what contracts/auction/ must compute.

Exact rational arithmetic, rounded once and in the direction that the contract promises: prices and
payments up (a bidder pays more or is paid less), the fraction up (the account is restored), the
buffered margin down. Money and shares are integers in wad, times in seconds.

`equity` is the account's value at mark, `maintenance` its excess over maintenance margin, both with
all its cash; `reserved` is the part of the cash that is not for sale (earlier bids, deposits).
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from mpmath import mp, mpf

from ..series import WAD


@dataclass(frozen=True)
class Rules:
    """Shares in wad; the defaults are the peer's in production."""

    start: int = 95 * WAD // 100
    cutoff: int = 70 * WAD // 100
    fast: int = 900
    slow: int = 43_200
    tail: int = 36_900
    insolvent: int = 3_600
    fee: int = WAD // 10
    buffer: int = 15 * WAD // 100
    tip_share: int = WAD // 100
    tip: int = 20 * WAD
    family: int = 0


def two_phase(elapsed: int, start: int, cutoff: int, fast: int, slow: int) -> int:
    """Price factor: from `start` to `cutoff` in the fast phase, to zero in the slow one."""
    if elapsed < fast:
        return ceil(start + Fraction(cutoff - start) * elapsed / fast)
    return ceil(max(cutoff - Fraction(cutoff) * (elapsed - fast) / slow, Fraction(0)))


def exponential(elapsed: int, start: int, cutoff: int, fast: int, slow: int = 0) -> Fraction:
    """Price factor [wad]: `cutoff` of `start` is left after each `fast` seconds."""
    with mp.workdps(60):
        factor = start * mpf(cutoff) ** (mpf(elapsed) / fast) / mpf(start) ** (mpf(elapsed) / fast)
        return Fraction(int(factor * 10**30), 10**30)


def stepped(elapsed: int, start: int, cutoff: int, fast: int, slow: int) -> Fraction:
    """The exponential curve, held for steps of `slow` seconds."""
    return exponential(elapsed // slow * slow, start, cutoff, fast, slow)


def deleveraged(mark: Fraction, equity: Fraction, shorts: Fraction) -> Fraction:
    """What a closed short pays for its mark, when the account is to be left with nothing.

    equity: of the account, negative. shorts: marks of all its shorts, positive.
    """
    return mark * max(shorts + equity, Fraction(0)) / shorts


def buffered_margin(maintenance: int, equity: int, buffer: int) -> int:
    return floor(maintenance + Fraction(buffer, WAD) * (maintenance - equity))


def largest_fraction(maintenance: int, equity: int, reserved: int, factor: int, buffer: int) -> int:
    """The fraction that brings the buffered margin to zero; 1 when none does."""
    margin = min(buffered_margin(maintenance, equity, buffer), 0)
    if margin == 0:
        return 0
    share = Fraction(factor, WAD)
    fraction = margin / (margin - equity * share - reserved * (1 - share) or Fraction(-1))
    return ceil(fraction * WAD) if 0 < fraction <= 1 else WAD


def solvent_price(equity: int, reserved: int, factor: int) -> int:
    return ceil((equity - reserved) * Fraction(factor, WAD))


def insolvent_price(maintenance: int, equity: int, reserved: int, elapsed: int, length: int) -> int:
    """From the mark, if that is below zero, to the maintenance margin."""
    top = min(equity - reserved, 0)
    bottom = min(maintenance - reserved, top)
    return ceil(top + Fraction(bottom - top) * min(elapsed, length) / length)


def fee(rules: Rules, maintenance: int, equity: int) -> int:
    """Liquidation fee at the start: a share of the mark value that would be sold at mark."""
    fraction = largest_fraction(maintenance, equity, 0, WAD, rules.buffer)
    return equity * fraction // WAD * rules.fee // WAD


def tip(rules: Rules, equity: int) -> int:
    """What the keeper gets of a solvent account."""
    return min(rules.tip, equity * rules.tip_share // WAD)


def times_up(amount: int, share: int) -> int:
    return ceil(Fraction(amount * share, WAD))


def times_down(amount: int, share: int) -> int:
    return floor(Fraction(amount * share, WAD))
