# pragma version 0.4.3
# pragma optimize gas
"""
@title Worst payoff of a book of calls and puts
@license AGPL-3.0-only
@notice The payoff at expiry of options of one underlying and expiry is piecewise linear in the
        price: its lowest value is at zero, at a strike, or beyond the last one. Strikes are
        put in order by rank and passed once.
@dev Sums of quantity times strike are exact: 128 * 2**95 * 2**56 is below 2**160.
"""

MASK_56: constant(uint256) = 2**56 - 1
# One in each of sixteen lanes of 16 bits, the highest bit of each, and all others.
ONES: constant(uint256) = max_value(uint256) // 65_535
GUARDS: constant(uint256) = ONES * 32_768
KEY: constant(uint256) = 2**15 - 1
KEYS: constant(uint256) = ONES * KEY


@internal
@pure
def _worst(
    words: DynArray[uint256, 128],
    start: uint256,
    end: uint256,
    puts: int256,
    puts_value: int256,
    lowest: uint256,
    highest: uint256,
) -> int256:
    """
    @notice Lowest payoff at zero and at all strikes: at zero it is the strikes of the puts, and each
            strike passed turns the slope by the quantity there, for a call as for a put.
    @param words Positions; those from `start` until before `end` count.
    @param puts [wad] net quantity.
    @param puts_value [wad * 1e-8 USD] quantity of the puts times strike.
    @param lowest [1e-8 USD] strike, and `highest`.
    @return [wad * 1e-8 USD] not positive.
    @dev Strikes are put in order by rank. Fifteen bits of each make its key; sixteen keys stand in
         a word, and one subtraction compares them all to another: a lane holds 2**15 - 1 + its
         key, inverted, less the other one, so none borrows from the next and its highest bit
         says that its word goes before. Strikes of one key, closer than 1/32,767 of the whole
         range, come as they were; then the words are sorted outright.
    """
    # The range divided by more than a 32,767th of itself fits fifteen bits.
    step: uint256 = unsafe_add(unsafe_div(unsafe_sub(highest, lowest), KEY), 1)
    lanes: uint256[8] = [KEYS, KEYS, KEYS, KEYS, KEYS, KEYS, KEYS, KEYS]
    keys: uint256 = 0
    lane: uint256 = 0
    number: uint256 = 0
    for i: uint256 in range(start, end, bound=128):
        key: uint256 = unsafe_div(unsafe_sub((words[i] >> 160) & MASK_56, lowest), step)
        keys |= unsafe_sub(KEY, key) << lane
        lane = unsafe_add(lane, 16)
        if lane == 256:
            lanes[number] = unsafe_add(keys, KEYS)
            number = unsafe_add(number, 1)
            keys = 0
            lane = 0
    if lane != 0:
        lanes[number] = unsafe_add(keys, KEYS)
    ordered: DynArray[uint256, 128] = words
    # The lanes of the words at hand stand apart: one that was placed goes before those of its key.
    size: uint256 = unsafe_sub(end, start)
    own: uint256 = lanes[0]
    keys = unsafe_sub(own, KEYS)
    lanes[0] = KEYS
    number = 0
    placed: uint256 = 1
    for i: uint256 in range(start, end, bound=128):
        if placed == 0:
            lanes[number] = own
            number = unsafe_add(number, 1)
            own = lanes[number]
            keys = unsafe_sub(own, KEYS)
            lanes[number] = KEYS
            placed = 1
        key: uint256 = unsafe_mul(keys & KEY, ONES)
        before: uint256 = (unsafe_sub(own, key) & GUARDS) >> 15
        if size > 16:
            before = unsafe_add(
                unsafe_add(
                    unsafe_add((unsafe_sub(lanes[0], key) & GUARDS) >> 15, (unsafe_sub(lanes[1], key) & GUARDS) >> 15),
                    unsafe_add((unsafe_sub(lanes[2], key) & GUARDS) >> 15, (unsafe_sub(lanes[3], key) & GUARDS) >> 15),
                ),
                before,
            )
            if size > 64:
                before = unsafe_add(
                    unsafe_add(
                        unsafe_add((unsafe_sub(lanes[4], key) & GUARDS) >> 15, (unsafe_sub(lanes[5], key) & GUARDS) >> 15),
                        unsafe_add((unsafe_sub(lanes[6], key) & GUARDS) >> 15, (unsafe_sub(lanes[7], key) & GUARDS) >> 15),
                    ),
                    before,
                )
        # The product adds up all lanes in the highest: a permutation of 0 to size - 1.
        ordered[unsafe_mul(before, ONES) >> 240] = words[i]
        own = unsafe_add(own, placed)
        placed = placed << 16
        keys = keys >> 16
    for attempt: uint256 in range(2):
        worst: int256 = min(puts_value, 0)
        payoff: int256 = puts_value
        slope: int256 = unsafe_sub(0, puts)
        passed: int256 = 0
        for i: uint256 in range(size, bound=128):
            word: uint256 = ordered[i]
            units: int256 = convert(convert((word >> 160) & MASK_56, bytes32), int256)
            if units < passed:
                passed = -1
                break
            payoff = unsafe_add(payoff, unsafe_mul(slope, unsafe_sub(units, passed)))
            if payoff < worst:
                worst = payoff
            slope = unsafe_add(slope, convert(convert(word << 160, bytes32), int256) >> 160)
            passed = units
        if passed >= 0:
            return worst
        # D. Shell's sort with the gaps of M. Ciura.
        for gap: uint256 in [57, 23, 10, 4, 1]:
            for i: uint256 in range(gap, max(size, gap), bound=128):
                word: uint256 = ordered[i]
                place: uint256 = i
                for _: uint256 in range(128):
                    previous: uint256 = ordered[unsafe_sub(place, gap)]
                    if previous <= word:
                        break
                    ordered[place] = previous
                    place = unsafe_sub(place, gap)
                    if place < gap:
                        break
                ordered[place] = word
    return 0
