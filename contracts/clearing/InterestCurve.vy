# pragma version 0.4.3
"""
@title InterestCurve
@license AGPL-3.0-only
@notice Kinked curve of utilisation u = debt / credit: `base + u * slope_low` a year up to the
        optimum, then `+ (u - optimum) * slope_high`, compounded continuously:
        growth = exp(rate * elapsed / year), so that accruing often or seldom is the same.
@dev Stateless; another curve is another deployment.
"""

from snekmate.utils import math

from ..interfaces import IInterestCurve

implements: IInterestCurve

WAD: constant(uint256) = 10**18
YEAR: constant(uint256) = 365 * 86_400
# exp(30) is beyond every index the ledger can store, and inside the domain of exp.
MAX_EXPONENT: constant(uint256) = 30 * WAD

BASE: public(immutable(uint256))
SLOPE_LOW: public(immutable(uint256))
SLOPE_HIGH: public(immutable(uint256))
OPTIMUM: public(immutable(uint256))


@deploy
def __init__(base: uint256, slope_low: uint256, slope_high: uint256, optimum: uint256):
    """
    @param base [wad] a year, at no utilisation, at most 2.
    @param slope_low [wad] a year per unit of utilisation below the optimum, at most 2.
    @param slope_high [wad] a year per unit of utilisation above it, at most 10.
    @param optimum [wad] the kink, at most 1.
    """
    assert max(base, slope_low) <= 2 * WAD, "curve: rate too high"
    assert slope_high <= 10 * WAD, "curve: slope too steep"
    assert optimum <= WAD, "curve: optimum above one"
    BASE = base
    SLOPE_LOW = slope_low
    SLOPE_HIGH = slope_high
    OPTIMUM = optimum


@external
@view
def rate(debt: uint256, credit: uint256) -> uint256:
    """
    @return [wad] a year, at this utilisation.
    """
    return self._rate(debt, credit)


@external
@view
def growth(debt: uint256, credit: uint256, elapsed: uint256) -> uint256:
    """
    @notice Factor [wad, >= 1] by which debt grows over a time. Never reverts.
    """
    # Twelve a year is the steepest rate; bounding the time keeps the product small.
    exponent: uint256 = min(self._rate(debt, credit) * min(elapsed, 100 * YEAR) // YEAR, MAX_EXPONENT)
    return convert(math._wad_exp(convert(exponent, int256)), uint256)


@internal
@view
def _rate(debt: uint256, credit: uint256) -> uint256:
    utilisation: uint256 = WAD
    if debt < credit:
        utilisation = debt * WAD // credit
    if utilisation <= OPTIMUM:
        return BASE + SLOPE_LOW * utilisation // WAD
    return BASE + (SLOPE_LOW * OPTIMUM + SLOPE_HIGH * (utilisation - OPTIMUM)) // WAD
