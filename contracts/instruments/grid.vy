# pragma version 0.4.3
"""
@title Grid: which series may be opened
@license AGPL-3.0-only
@notice Any valid series of a listed underlying may be traded, without listing each one:
        the strike must be on the tick, the expiry on the calendar. A market's rules are
        one word:

         | active 1 (bit 255) | market hours 1 (bit 254, see Listing.vy)
         | tick 64 (bits 104-167), 1e-8 USD | hour 8 (bits 96-103)
         | daily 24 | weekly 24 | monthly 24 | quarterly 24 |  (days ahead, high to low)

        An expiry d days ahead is on the grid when it falls on the market's hour and
        d <= daily, or it is a Friday and d <= weekly, or the last Friday of its month
        and d <= monthly, or of a March, June, September or December and d <= quarterly.
"""

from . import series

DAY: constant(uint256) = 86_400
MASK_24: constant(uint256) = 2**24 - 1
MASK_64: constant(uint256) = 2**64 - 1
ACTIVE: constant(uint256) = 1 << 255


@internal
@pure
def _pack_rules(
    tick: uint256, hour: uint256, daily: uint256, weekly: uint256, monthly: uint256, quarterly: uint256
) -> uint256:
    """
    @notice A market's rules in one word.
    @param tick [1e-8 USD] strikes are multiples of it.
    @param hour Hour of the day (UTC) at which options expire.
    @param daily [days] and so on: how far ahead expiries of this frequency may lie.
    """
    assert tick > 0 and tick <= MASK_64, "grid: tick out of range"
    assert hour < 24, "grid: hour out of range"
    assert max(max(daily, weekly), max(monthly, quarterly)) <= 3_650, "grid: tenor out of range"
    return ACTIVE | (tick << 104) | (hour << 96) | (daily << 72) | (weekly << 48) | (monthly << 24) | quarterly


@internal
@pure
def _month(days: uint256) -> uint256:
    """
    @notice Month (0 is March, 11 is February) of a day counted from 1970-01-01.
    @dev Civil calendar from days, H. Hinnant, "chrono-compatible low-level date algorithms".
    """
    day_of_era: uint256 = (days + 719_468) % 146_097
    year_of_era: uint256 = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year: uint256 = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    return (5 * day_of_year + 2) // 153


@internal
@pure
def _require_tradable(code: uint256, rules: uint256, now: uint256):
    """
    @notice Refuses series that may not be opened now.
    @param code A valid series code.
    @param rules The market's word, 0 when the underlying was never listed.
    @param now [s] the time of the block.
    """
    assert rules & ACTIVE != 0, "series: underlying not listed"
    assert ((code >> 64) & (2**56 - 1)) % ((rules >> 104) & MASK_64) == 0, "series: strike off tick"
    expiry: uint256 = series._expiry(code)
    assert expiry > now, "series: expired"
    assert (expiry // 3_600) % 24 == (rules >> 96) & 255, "series: expiry off grid"
    # Whole days ahead, rounded up: an expiry in 0.5 days is one day ahead.
    ahead: uint256 = (expiry - now + DAY - 1) // DAY
    if ahead <= (rules >> 72) & MASK_24:
        return
    day: uint256 = expiry // DAY
    # 1970-01-01 was a Thursday.
    assert day % 7 == 1, "series: expiry off grid"
    if ahead <= (rules >> 48) & MASK_24:
        return
    month: uint256 = self._month(day)
    assert self._month(day + 7) != month, "series: expiry off grid"
    if ahead <= (rules >> 24) & MASK_24:
        return
    assert month % 3 == 0 and ahead <= rules & MASK_24, "series: expiry off grid"
