# pragma version 0.4.3
"""
@title Evidence: what signed reports and the rounds around them show
@license AGPL-3.0-only
@notice Who signed a report, what the rounds of its time say, and whether a round agrees with its
        neighbours. Rounds come from the feed itself, never from the caller.
@custom:rounding None: an even number of rounds has the lower of the two in the middle as median.
"""

from ..interfaces import ISignedFeed

WAD: constant(uint256) = 10**18
MAX_ROUNDS: constant(uint256) = 48
MASK_255: constant(uint256) = 2**255 - 1


struct Report:
    price: uint256  # in units of the feed
    confidence: uint256  # [wad]
    timestamp: uint256  # [s]
    r: bytes32
    vs: bytes32  # parity << 255 | s


@internal
@view
def _signer(feed: address, report: Report) -> address:
    s: uint256 = convert(report.vs, uint256)
    digest: bytes32 = staticcall ISignedFeed(feed).digest_of(report.price, report.confidence, report.timestamp)
    signer: address = ecrecover(digest, 27 + (s >> 255), convert(report.r, uint256), s & MASK_255)
    assert signer != empty(address), "bonds: bad signature"
    return signer


@internal
@view
def _median(feed: address, time: uint256, window: uint256, first: uint256, count: uint256) -> uint256:
    """
    @notice Median price of the rounds within the window, the lower one of the two in the middle.
            Refuses when `first` and `count` do not name all of them.
    """
    source: ISignedFeed = ISignedFeed(feed)
    assert first > 0, "bonds: not the whole window"
    # The rounds before and after, which do not exist at the ends, have to be outside.
    outside: uint256 = (staticcall source.round_at(first - 1)).timestamp
    assert outside + window < time or first == 1, "bonds: not the whole window"
    outside = (staticcall source.round_at(first + count)).timestamp
    assert outside == 0 or outside > time + window, "bonds: not the whole window"
    sorted: DynArray[uint256, MAX_ROUNDS] = []
    for i: uint256 in range(count, bound=MAX_ROUNDS):
        round: ISignedFeed.Round = staticcall source.round_at(first + i)
        assert round.timestamp + window >= time and round.timestamp <= time + window, "bonds: round outside window"
        # Insertion: prices of neighbours hardly differ, so no order is likelier than another.
        sorted.append(round.price)
        place: uint256 = i
        for _: uint256 in range(i, bound=MAX_ROUNDS):
            below: uint256 = sorted[place - 1]
            if below <= round.price:
                break
            sorted[place] = below
            place -= 1
        sorted[place] = round.price
    return sorted[(count - 1) // 2]


@internal
@pure
def _accurate(
    previous: ISignedFeed.Round,
    round: ISignedFeed.Round,
    following: ISignedFeed.Round,
    band: uint256,
    window: uint256,
) -> bool:
    """
    @notice Whether a round is within the band around the median of itself and its neighbours. One
            that is missing or too far away in time says nothing.
    """
    before: uint256 = round.price
    after: uint256 = round.price
    if previous.timestamp != 0 and previous.timestamp + window >= round.timestamp:
        before = previous.price
    if following.timestamp != 0 and following.timestamp <= round.timestamp + window:
        after = following.price
    # Of three the median is the nearer neighbour when both are on one side, else the round.
    low: uint256 = min(before, after)
    high: uint256 = max(before, after)
    median: uint256 = min(max(round.price, low), high)
    gap: uint256 = max(round.price, median) - min(round.price, median)
    # Prices below 2**104.
    return gap * WAD <= band * median
