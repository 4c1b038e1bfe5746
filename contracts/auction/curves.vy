# pragma version 0.4.3
"""
@title Auction curves: price over time and the fraction that restores
@license AGPL-3.0-only
@notice The arithmetic of the liquidation auction, callable with plain numbers. E is the
        account's equity at mark, M its excess over maintenance margin, R the reserved cash
        that is not for sale; E and M include R.
@dev Three families of solvent curves share four parameters: two straight phases (Derive v2),
     exponential and stepped decay (MakerDAO's Abacus). Insolvent curve, largest fraction and
     buffer are those of Derive v2's DutchAuction. The fraction follows from linearity: after selling f of all but R at
     d (E - R), the buffered margin is B - f (B - R) + f d (E - R), zero at the f below.
@custom:rounding Prices up (a bidder pays more or is paid less), the fraction up (the account
                 is restored), the buffered margin down (restored later), by less than a wei each.
"""

from ..math import fixed_point

TWO_PHASE: constant(uint256) = 0
EXPONENTIAL: constant(uint256) = 1
STEPPED: constant(uint256) = 2

WAD: constant(uint256) = 10**18
SIGNED_WAD: constant(int256) = 10**18


@external
@pure
def two_phase(elapsed: uint256, start: uint256, cutoff: uint256, fast: uint256, slow: uint256) -> uint256:
    """
    @notice Price factor d: linear from `start` to `cutoff` in the fast phase, then to 0.
    @param elapsed [s] since the start, as are the lengths `fast` and `slow`, both positive.
    @param start [wad] at least `cutoff`.
    @return [wad]
    """
    return self._two_phase(elapsed, start, cutoff, fast, slow)


@external
@pure
def exponential(elapsed: uint256, start: uint256, cutoff: uint256, fast: uint256) -> uint256:
    """
    @notice Price factor d = start * (cutoff / start)**(elapsed / fast), for ever.
    @return [wad]
    """
    return self._exponential(elapsed, start, cutoff, fast)


@external
@pure
def stepped(elapsed: uint256, start: uint256, cutoff: uint256, fast: uint256, slow: uint256) -> uint256:
    """
    @notice The exponential curve in steps: it holds for `slow` seconds, then drops.
    @return [wad]
    """
    return self._factor(STEPPED, elapsed, start, cutoff, fast, slow)


@external
@pure
def buffered_margin(maintenance: int256, equity: int256, buffer: uint256) -> int256:
    """
    @notice B = M + buffer * (M - E): negative until the account stands above maintenance
            by the buffer, a share of its requirement.
    @param buffer [wad]
    @return [wad]
    """
    return self._buffered_margin(maintenance, equity, buffer)


@external
@pure
def largest_fraction(
    maintenance: int256, equity: int256, reserved: int256, factor: uint256, buffer: uint256
) -> uint256:
    """
    @notice The fraction f = B / (B - E d - R (1 - d)), B capped at 0, that restores the account.
    @param factor [wad] d
    @return [wad] at most 1; 1 when no fraction restores.
    """
    return self._largest_fraction(self._buffered_margin(maintenance, equity, buffer), equity, reserved, factor)


@external
@pure
def solvent_price(equity: int256, reserved: int256, factor: uint256) -> int256:
    """
    @notice (E - R) d: what a bidder pays for all that is for sale.
    @return [wad]
    """
    return self._solvent_price(equity, reserved, factor)


@external
@pure
def insolvent_price(
    maintenance: int256, equity: int256, reserved: int256, elapsed: uint256, length: uint256
) -> int256:
    """
    @notice Falls from min(E - R, 0) to M - R over the length [s], and stays there.
    @return [wad] negative: what a bidder is paid for taking all that is for sale.
    """
    return self._insolvent_price(maintenance, equity, reserved, elapsed, length)


@internal
@pure
def _factor(
    family: uint256, elapsed: uint256, start: uint256, cutoff: uint256, fast: uint256, slow: uint256
) -> uint256:
    """
    @notice Price factor of a curve of any family.
    """
    if family == TWO_PHASE:
        return self._two_phase(elapsed, start, cutoff, fast, slow)
    if family == EXPONENTIAL:
        return self._exponential(elapsed, start, cutoff, fast)
    return self._exponential(elapsed - elapsed % slow, start, cutoff, fast)


@internal
@pure
def _exponential(elapsed: uint256, start: uint256, cutoff: uint256, fast: uint256) -> uint256:
    # The logarithm errs by 2 wei and the exponential by one: a few wei a unit of time constant,
    # made good upwards.
    pace: int256 = fixed_point._ln((cutoff * WAD + start - 1) // start) + 2
    # Beyond a day of e-folds nothing is left to tell.
    power: int256 = pace * convert(min(elapsed, 2**32), int256) // convert(fast, int256)
    return min(start, start * (fixed_point._exp(min(power, 0)) + 2) // WAD + 1)


@internal
@pure
def _two_phase(elapsed: uint256, start: uint256, cutoff: uint256, fast: uint256, slow: uint256) -> uint256:
    if elapsed < fast:
        return start - (start - cutoff) * elapsed // fast
    if elapsed - fast >= slow:
        return 0
    return cutoff - cutoff * (elapsed - fast) // slow


@internal
@pure
def _buffered_margin(maintenance: int256, equity: int256, buffer: uint256) -> int256:
    return maintenance + self._times_down(maintenance - equity, buffer)


@internal
@pure
def _largest_fraction(margin: int256, equity: int256, reserved: int256, factor: uint256) -> uint256:
    """
    @param margin [wad] buffered
    """
    if margin >= 0:
        return 0
    # All in wad squared, so that the only rounding is the last one.
    part: int256 = equity * convert(factor, int256) + reserved * (SIGNED_WAD - convert(factor, int256))
    shortfall: uint256 = convert(-margin, uint256) * WAD
    if part <= 0:
        return WAD
    whole: uint256 = shortfall + convert(part, uint256)
    return (shortfall * WAD + whole - 1) // whole


@internal
@pure
def _solvent_price(equity: int256, reserved: int256, factor: uint256) -> int256:
    return self._times_up(equity - reserved, factor)


@internal
@pure
def _insolvent_price(
    maintenance: int256, equity: int256, reserved: int256, elapsed: uint256, length: uint256
) -> int256:
    top: int256 = min(equity - reserved, 0)
    # An engine may not ask for less than nothing; if it did, the price would not rise.
    drop: int256 = max(top - (maintenance - reserved), 0)
    return top - drop * convert(min(elapsed, length), int256) // convert(length, int256)


@internal
@pure
def _times_up(amount: int256, share: uint256) -> int256:
    """
    @notice amount * share / 1, rounded towards plus infinity.
    """
    product: int256 = amount * convert(share, int256)
    # Division truncates towards zero, which is up for negative products.
    if product > 0:
        return (product - 1) // SIGNED_WAD + 1
    return product // SIGNED_WAD


@internal
@pure
def _times_down(amount: int256, share: uint256) -> int256:
    """
    @notice amount * share / 1, rounded towards minus infinity.
    """
    return -self._times_up(-amount, share)
