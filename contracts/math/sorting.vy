# pragma version 0.4.3
# pragma optimize gas
"""
@title Sorting in memory
@license AGPL-3.0-only
@notice Sorts up to 128 words, n log n: insertion sort in blocks of eight, then merges.
        What is already in order is not touched, so nearly sorted input costs little.
"""

SIZE: constant(uint256) = 128
BLOCK: constant(uint256) = 8


@internal
@pure
def _sorted(words: DynArray[uint256, SIZE], relevant: uint256) -> DynArray[uint256, SIZE]:
    """
    @notice The same words, smallest first; as they are when they agree in all relevant bits.
    @param relevant Mask of the bits for which order matters.
    @dev Indices stay below len(words) <= 128, so unchecked additions cannot wrap.
    """
    ordered: DynArray[uint256, SIZE] = words
    size: uint256 = len(words)
    if size == 0:
        return ordered
    previous: uint256 = ordered[0]
    spread: uint256 = 0
    for word: uint256 in ordered:
        spread |= previous ^ word
        previous = word
    if spread & relevant == 0:
        return ordered
    previous = 0
    for i: uint256 in range(size, bound=SIZE):
        word: uint256 = ordered[i]
        if word < previous and i % BLOCK != 0:
            # Slide larger words of this block up by one, then drop the word into the gap.
            gap: uint256 = i
            for step: uint256 in range(BLOCK):
                ordered[gap] = previous
                gap = unsafe_sub(gap, 1)
                if gap % BLOCK == 0:
                    break
                previous = ordered[unsafe_sub(gap, 1)]
                if previous <= word:
                    break
            ordered[gap] = word
            previous = ordered[i]
        else:
            previous = word
    width: uint256 = BLOCK
    # 8 * 2**4 = 128: four levels of merges at most.
    for level: uint256 in range(4):
        if width >= size:
            break
        source: DynArray[uint256, SIZE] = ordered
        low: uint256 = 0
        for pair: uint256 in range(SIZE // BLOCK // 2):
            middle: uint256 = unsafe_add(low, width)
            if middle >= size:
                break
            high: uint256 = min(unsafe_add(middle, width), size)
            left_word: uint256 = source[low]
            right_word: uint256 = source[middle]
            if source[unsafe_sub(middle, 1)] > right_word:
                left: uint256 = low
                right: uint256 = middle
                for slot: uint256 in range(low, high, bound=SIZE):
                    if left_word <= right_word:
                        ordered[slot] = left_word
                        left = unsafe_add(left, 1)
                        # An exhausted run never wins again: no word is as large.
                        left_word = max_value(uint256)
                        if left < middle:
                            left_word = source[left]
                        elif right >= high:
                            break
                    else:
                        ordered[slot] = right_word
                        right = unsafe_add(right, 1)
                        right_word = max_value(uint256)
                        if right < high:
                            right_word = source[right]
            low = high
        width = unsafe_add(width, width)
    return ordered
