# pragma version 0.4.3
# pragma optimize gas
"""
@title The loop of a margin engine over the fast tier: a book of calls under 23 scenarios
@license AGPL-3.0-only
@notice What benchmarks/math_fast.py measures, and the pattern for an engine. The table is in memory
        and what `_call` does is written out. Spots are the outer loop, so that sums are locals, and
        lines of the book are iterated, not indexed: an index check costs more than the copy of a
        struct. Wide lines are summed as polynomials, once for all spots.
"""

from ...contracts.math import fast

initializes: fast

MASK: constant(uint256) = 2**84 - 1
LIMIT: constant(uint256) = 132 * 2**24
MIDDLE: constant(int256) = 66 * 2**24
WIDE: constant(int256) = 3 * 2**61
NEAR: constant(int256) = 2**40


struct Line:
    moneyness: int256  # [Q64]
    strike: int256  # [wad]
    quantity: int256  # [wad]
    scale_up: int256  # [Q64 * wad] quantity times t for each volatility; 0 where it is wide
    inverse_up: int256
    scale: int256
    inverse: int256
    scale_down: int256
    inverse_down: int256


@deploy
def __init__():
    fast.__init__()


@external
@view
def book(
    forward: int256,
    multiples: int256[9],
    shifts: int256[9],
    volatilities: int256[3],
    strikes: DynArray[int256, 128],
    moneynesses: DynArray[int256, 128],
    deviations: DynArray[int256, 128],
    quantities: DynArray[int256, 128],
) -> int256[27]:
    """
    @notice Sum of quantity times value of calls under each scenario.
    @param multiples [Q64] of the spot: seven for all volatilities, two for the first alone.
    @param shifts [Q64] their logarithms.
    @param volatilities [Q64] multiples.
    @return [36 decimals] of the first volatility, the second, the third.
    """
    table: uint256[132] = fast._table()
    sums: int256[27] = empty(int256[27])
    wide_up: int256[8] = empty(int256[8])
    wide: int256[8] = empty(int256[8])
    wide_down: int256[8] = empty(int256[8])
    lines: DynArray[Line, 128] = []
    # Levels at which lines are looked up: the outermost only where the first volatility is.
    outer: uint256 = 7
    for i: uint256 in range(len(strikes), bound=128):
        line: Line = empty(Line)
        line.moneyness = moneynesses[i]
        line.strike = strikes[i]
        line.quantity = quantities[i]
        deviation: int256 = deviations[i]
        s: int256 = unsafe_mul(deviation, volatilities[0]) >> 64
        if s < WIDE:
            line.scale_up, line.inverse_up = fast._narrow(s)
            line.scale_up = unsafe_mul(line.scale_up, line.quantity) >> 64
            outer = 9
        else:
            wide_up = fast._add(wide_up, fast._wide(
                unsafe_mul(forward, line.quantity) >> 64, unsafe_mul(line.strike, line.quantity) >> 64, line.moneyness, s
            ))
        s = unsafe_mul(deviation, volatilities[1]) >> 64
        if s < WIDE:
            line.scale, line.inverse = fast._narrow(s)
            line.scale = unsafe_mul(line.scale, line.quantity) >> 64
        else:
            wide = fast._add(wide, fast._wide(
                unsafe_mul(forward, line.quantity) >> 64, unsafe_mul(line.strike, line.quantity) >> 64, line.moneyness, s
            ))
        s = unsafe_mul(deviation, volatilities[2]) >> 64
        if s < WIDE:
            line.scale_down, line.inverse_down = fast._narrow(s)
            line.scale_down = unsafe_mul(line.scale_down, line.quantity) >> 64
            lines.append(line)
        else:
            # The narrowest of the three: nothing is left for the look-ups.
            wide_down = fast._add(wide_down, fast._wide(
                unsafe_mul(forward, line.quantity) >> 64, unsafe_mul(line.strike, line.quantity) >> 64, line.moneyness, s
            ))
    for j: uint256 in range(9):
        move: int256 = shifts[j]
        shifted: int256 = unsafe_mul(forward, multiples[j]) >> 64
        up: int256 = fast._at(wide_up, move) << 64
        same: int256 = 0
        down: int256 = 0
        if j < 7:
            same = fast._at(wide, move) << 64
            down = fast._at(wide_down, move) << 64
        if j >= outer:
            sums[j] = up
            continue
        for line: Line in lines:
            y: int256 = unsafe_add(line.moneyness, move)
            mean: int256 = unsafe_sub(shifted, line.strike)
            d: uint256 = convert(convert(unsafe_add(unsafe_mul(y, line.inverse_up) >> 128, MIDDLE), bytes32), uint256)
            if d < LIMIT:
                if convert(convert(unsafe_add(y, NEAR), bytes32), uint256) > 2**41:
                    mean = unsafe_div(mean << 64, y)
                else:
                    mean = unsafe_add(shifted, line.strike) >> 1
                word: uint256 = 0
                if line.inverse_up != 0:
                    word = table[d >> 24]
                    up = unsafe_add(
                        up,
                        unsafe_mul(
                            unsafe_mul(mean, line.scale_up) >> 80,
                            convert(
                                convert(
                                    unsafe_add(word >> 168, unsafe_mul(d, unsafe_add(word >> 84, unsafe_mul(d, word)))) & MASK,
                                    bytes32,
                                ),
                                int256,
                            ),
                        ),
                    )
                if j < 7:
                    d = convert(convert(unsafe_add(unsafe_mul(y, line.inverse) >> 128, MIDDLE), bytes32), uint256)
                    if d < LIMIT:
                        word = table[d >> 24]
                        same = unsafe_add(same, unsafe_mul(unsafe_mul(mean, line.scale) >> 80, convert(
                    convert(unsafe_add(word >> 168, unsafe_mul(d, unsafe_add(word >> 84, unsafe_mul(d, word)))) & MASK, bytes32), int256
                )))
                    elif y > 0:
                        same = unsafe_add(same, unsafe_mul(line.quantity, unsafe_sub(shifted, line.strike)))
                    d = convert(convert(unsafe_add(unsafe_mul(y, line.inverse_down) >> 128, MIDDLE), bytes32), uint256)
                    if d < LIMIT:
                        word = table[d >> 24]
                        down = unsafe_add(down, unsafe_mul(unsafe_mul(mean, line.scale_down) >> 80, convert(
                    convert(unsafe_add(word >> 168, unsafe_mul(d, unsafe_add(word >> 84, unsafe_mul(d, word)))) & MASK, bytes32), int256
                )))
                    elif y > 0:
                        down = unsafe_add(down, unsafe_mul(line.quantity, unsafe_sub(shifted, line.strike)))
            elif y > 0:
                mean = unsafe_mul(mean, line.quantity)
                up = unsafe_add(up, mean)
                # The lower volatilities are further out still.
                same = unsafe_add(same, mean)
                down = unsafe_add(down, mean)
        sums[j] = up
        if j < 7:
            sums[unsafe_add(j, 9)] = same
            sums[unsafe_add(j, 18)] = down
    return sums
