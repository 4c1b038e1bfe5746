# pragma version 0.4.3
# pragma optimize gas
"""
@title Contingencies: from values under scenarios to portfolio margin
@license AGPL-3.0-only
@notice The rules of Derive v2's portfolio manager. For an underlying with its expiries e:

          loss of a scenario = sum of (v_e discount_e if v_e > 0 else v_e) - mark_e, + what collateral loses
          basis = sum of min(v_e forward up - mark_e, v_e forward down - mark_e, 0) (add + slope time)
          span = min(basis, worst loss), static = shares of the price per collateral and naked short
          maintenance = span - static + marks + collateral
          initial = (span - static) factor - charge for low confidence + marks + collateral

        Negative is a requirement. The factor grows with what the stablecoin lacks to its peg.
@dev Figures come as the words of contracts/margin/portfolio_rules.vy. Values are below 2**182 wad:
     times a share below 2**77 they fit a word.
@custom:rounding Requirements up, by some wei.
"""

from ..math import fixed_point
from . import portfolio_rules
from . import scenario_values
from . import time_value

WAD: constant(int256) = 10**18
YEAR: constant(uint256) = 31_536_000
DAY: constant(uint256) = 86_400
MASK_16: constant(uint256) = 2**16 - 1
POINT: constant(int256) = 10**14


struct Totals:
    # Sums over the expiries of an underlying.
    losses: int256[27]  # [wad] by level and volatility, see scenarios.vy
    basis: int256  # [wad] not positive
    mark: int256  # [wad]
    doubt: int256  # [wad] by how much the mark may be too low
    naked: int256  # [wad] options
    charge: int256  # [wad] for low confidence, positive


struct Base:
    # Collateral that moves with the underlying.
    market: int256  # [wad] without haircut
    maintenance: int256  # [wad] what counts
    initial: int256  # [wad] of that, for initial margin


struct Requirement:
    span: int256  # [wad] not positive
    basis_decides: bool  # it is the basis, not a scenario
    static: int256  # [wad] positive
    factor: int256  # [wad]
    maintenance: int256  # [wad] to be added to cash, collateral counted in
    initial: int256  # [wad] likewise


@internal
@pure
def _shocks(words: uint256[2], time: uint256) -> (int256, int256):
    """
    @notice What volatilities are multiplied by: 1 + up h and max(0, 1 - down h) with
            h = (30 days / max(time, 1 day)) ** power.
    @param time [s] to expiry.
    @return [Q40] highest and lowest.
    """
    power: uint256 = (words[0] >> 32) & MASK_16
    if time > 30 * DAY:
        power = (words[0] >> 48) & MASK_16
    # The logarithm of at most 30 and at least 30 days over 2**32 s, times a power below 6.6, in Q64.
    moved: int256 = 0
    root: int256 = 0
    moved, root = time_value._log_and_root(convert(30 * DAY, int256), convert(max(time, DAY), int256))
    moved = unsafe_div(unsafe_mul(moved << 24, convert(power, int256)), 10**4)
    h: int256 = 0  # [Q40]
    if moved > 0:
        h = unsafe_div(2**104, fixed_point._exp_q64(unsafe_sub(0, moved)))
    else:
        h = fixed_point._exp_q64(moved) >> 24
    up: int256 = unsafe_mul(h, convert(words[0] & MASK_16, int256))
    down: int256 = unsafe_mul(h, convert((words[0] >> 16) & MASK_16, int256))
    return (
        unsafe_add(2**40, unsafe_div(up, 10**4)),
        max(unsafe_sub(2**40, unsafe_div(down, 10**4)), 0),
    )


@internal
@pure
def _static_discount(words: uint256[2], time: uint256, discount: uint256) -> int256:
    """
    @param time [s] to expiry.
    @param discount [wad] value today of one USD at expiry.
    @return [wad] static * discount ** multiple * exp(-time * add), rounded down
    """
    if discount == 0:
        return 0
    power: int256 = 0  # [Q40]
    root: int256 = 0
    power, root = time_value._log_and_root(convert(min(discount, 10**18), int256), WAD)
    power = unsafe_sub(
        unsafe_mul(power, convert((words[0] >> 112) & MASK_16, int256)),
        unsafe_div(convert(unsafe_mul(time, (words[0] >> 128) & MASK_16) << 40, int256), convert(YEAR, int256)),
    )
    # Both terms in basis points; 2e-11 for the errors of logarithm and exponential.
    share: int256 = unsafe_sub(fixed_point._exp_q64(min(unsafe_div(power << 24, 10**4), 0)), 2**29)
    return max(unsafe_mul(unsafe_mul(share, convert((words[0] >> 96) & MASK_16, int256)), POINT) >> 64, 0)


@internal
@pure
def _add(
    totals: Totals,
    words: uint256[2],
    found: scenario_values.Revaluation,
    short_only: bool,
    time: uint256,
    discount: uint256,
    spot: uint256,
    confidence: uint256,
) -> Totals:
    """
    @notice The sums with one more expiry.
    @param short_only As `found` was made: then basis is a bound. A book that is concave in the forward
           loses by a small move at most its part of what it loses by a large one.
    @param spot [wad]
    @param confidence [wad]
    """
    after: Totals = totals
    # The middle level and its neighbours, volatility unmoved.
    mark: int256 = found.values[13]
    worst: int256 = mark
    if short_only:
        # Nothing is worth more than 0.
        after.losses[0] = unsafe_add(after.losses[0], found.values[0])
        after.losses[24] = unsafe_add(after.losses[24], found.values[24])
        near: int256 = portfolio_rules._move(words[1], 5)
        far: int256 = min(portfolio_rules._move(words[1], 8), unsafe_sub(0, portfolio_rules._move(words[1], 0)))
        lost: int256 = unsafe_sub(min(min(found.values[0], found.values[24]), mark), mark)
        worst = unsafe_sub(unsafe_add(mark, unsafe_div(unsafe_mul(lost, near), far)), 1)
    else:
        gains: int256 = self._static_discount(words, time, discount)
        k: uint256 = 0
        for value: int256 in found.values:
            counted: int256 = value
            if value > 0:
                counted = unsafe_div(unsafe_mul(value, gains), WAD)
            after.losses[k] = unsafe_add(after.losses[k], counted)
            k = unsafe_add(k, 1)
        worst = min(min(found.values[10], found.values[16]), mark)
    after.mark = unsafe_add(after.mark, mark)
    after.doubt = unsafe_add(after.doubt, found.doubt)
    after.naked = unsafe_add(after.naked, found.naked)
    # add + slope * time [basis points * seconds of a year], rounded up.
    share: uint256 = unsafe_add(
        unsafe_mul((words[0] >> 64) & MASK_16, YEAR), unsafe_mul((words[0] >> 80) & MASK_16, time)
    )
    after.basis = unsafe_sub(
        unsafe_add(
            after.basis,
            unsafe_div(unsafe_mul(unsafe_sub(worst, mark), convert(share, int256)), convert(YEAR * 10**4, int256)),
        ),
        1,
    )
    if confidence < unsafe_mul((words[0] >> 224) & MASK_16, 10**14):
        lack: int256 = convert(unsafe_sub(10**18, confidence), int256)
        share = words[0] >> 240
        # 2**103 * 2**128 / 10**18 * 2**16 * 2**60 stays below 2**247.
        notional: int256 = unsafe_add(unsafe_div(unsafe_mul(found.size, convert(spot, int256)), WAD), 1)
        after.charge = unsafe_add(
            after.charge,
            unsafe_add(unsafe_div(unsafe_mul(unsafe_mul(notional, convert(share, int256)), lack), 10**22), 1),
        )
    return after


@internal
@pure
def _require(
    totals: Totals, words: uint256[2], short_only: bool, base: Base, spot: uint256, stable: uint256
) -> Requirement:
    """
    @notice The requirement of an underlying.
    @param short_only Only the outermost scenarios count, and basis is a bound, see `_add`.
    @param spot [wad]
    @param stable [wad] price of the stablecoin.
    """
    found: Requirement = empty(Requirement)
    worst: int256 = max_value(int256)
    value: int256 = 0
    left: uint256 = words[1] & portfolio_rules.GRID
    for j: uint256 in range(9):
        if short_only and j % 8 != 0:
            left = left >> portfolio_rules.LEVEL_BITS
            continue
        row: uint256 = unsafe_mul(j, 3)
        lost: int256 = 0
        if base.maintenance != 0:
            lost = unsafe_mul(base.maintenance, portfolio_rules._move(words[1], j))
            lost = unsafe_sub(unsafe_div(lost, 10**4), 1)
        if short_only or left & portfolio_rules.UP != 0:
            value = unsafe_add(totals.losses[row], lost)
            if value < worst:
                worst = value
        if left & portfolio_rules.FLAT != 0:
            value = unsafe_add(totals.losses[unsafe_add(row, 1)], lost)
            if value < worst:
                worst = value
        if left & portfolio_rules.DOWN != 0:
            value = unsafe_add(totals.losses[unsafe_add(row, 2)], lost)
            if value < worst:
                worst = value
        left = left >> portfolio_rules.LEVEL_BITS
    worst = unsafe_sub(worst, totals.mark)
    found.span = min(totals.basis, worst)
    found.basis_decides = totals.basis < worst
    found.static = unsafe_div(
        unsafe_add(
            unsafe_mul(base.market, convert((words[0] >> 144) & MASK_16, int256)),
            unsafe_div(
                unsafe_mul(unsafe_mul(totals.naked, convert((words[0] >> 160) & MASK_16, int256)), convert(spot, int256)),
                WAD,
            ),
        ),
        10**4,
    )
    if totals.naked != 0 or base.market != 0:
        found.static = unsafe_add(found.static, 2)
    found.factor = convert(unsafe_mul((words[0] >> 176) & MASK_16, 10**14), int256)
    threshold: uint256 = unsafe_mul((words[0] >> 192) & MASK_16, 10**14)
    if stable < threshold:
        found.factor = unsafe_add(
            found.factor,
            unsafe_add(
                unsafe_div(
                    convert(unsafe_mul(unsafe_sub(threshold, stable), (words[0] >> 208) & MASK_16), int256), 10**4
                ),
                1,
            ),
        )
    need: int256 = unsafe_sub(found.span, found.static)
    found.maintenance = unsafe_add(unsafe_add(need, totals.mark), base.maintenance)
    # What the mark may be too low raises the requirement beyond maintenance only.
    need = unsafe_sub(unsafe_div(unsafe_mul(need, found.factor), WAD), 1)
    need = unsafe_sub(need, unsafe_div(unsafe_mul(totals.doubt, unsafe_sub(found.factor, WAD)), WAD))
    found.initial = unsafe_add(unsafe_add(unsafe_sub(need, totals.charge), totals.mark), base.initial)
    return found
