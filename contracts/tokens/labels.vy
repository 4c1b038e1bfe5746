# pragma version 0.4.3
"""
@title Labels: what a series is called among people
@license AGPL-3.0-only
@notice `1-20260130-2700-P`: underlying, day of expiry (UTC), strike in USD, call or put. A strike that
        is no whole dollar is given in units of 1e-8 with that said, a barrier by the letters of
        its kind (up or down, in or out) and its level, likewise.
"""

from ..instruments import series

DAY: constant(uint256) = 86_400
PRICE_UNITS: constant(uint256) = 10**8


@internal
@pure
def _label(code: uint256) -> String[94]:
    """
    @param code A series code, below 2**160.
    """
    label: String[67] = concat(
        self._number((code >> 144) & (2**16 - 1)),
        "-",
        self._number(self._date(series._expiry(code) // DAY)),
        "-",
        self._price((code >> 64) & series.MASK_56),
        "-P" if series._is_put(code) else "-C",
    )
    if not series._has_barrier(code):
        return label
    way: String[2] = "-U" if (code >> 56) & 4 != 0 else "-D"
    side: String[2] = "I-" if series._knocks_in(code) else "O-"
    return concat(label, way, side, self._price(code & series.MASK_56))


@internal
@pure
def _number(number: uint256) -> String[20]:
    """
    @param number Below 2**64.
    """
    return uint2str(convert(number, uint64))


@internal
@pure
def _price(units: uint256) -> String[23]:
    """
    @param units [1e-8 USD] below 2**56.
    """
    if units % PRICE_UNITS == 0:
        return concat(self._number(units // PRICE_UNITS), "")
    return concat(self._number(units), "e-8")


@internal
@pure
def _date(days: uint256) -> uint256:
    """
    @notice Year, month and day as one number, 20260130.
    @dev Civil calendar from days, H. Hinnant, "chrono-compatible low-level date algorithms".
    @param days Since 1970-01-01.
    """
    shifted: uint256 = days + 719_468
    era: uint256 = shifted // 146_097
    of_era: uint256 = shifted % 146_097
    year: uint256 = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year: uint256 = of_era - (365 * year + year // 4 - year // 100)
    # 0 is March; January and February belong to the next year.
    month: uint256 = (5 * of_year + 2) // 153
    day: uint256 = of_year - (153 * month + 2) // 5 + 1
    year += era * 400
    if month >= 10:
        year += 1
    return year * 10_000 + (month % 12 + 3 if month < 10 else month - 9) * 100 + day
