# pragma version 0.4.3
# pragma optimize gas
"""
@title Netting: what the options of one underlying and expiry need
@license AGPL-3.0-only
@notice The milder of two figures: what every short needs by itself, and what can be lost at the
        worst payoff of everything held, see `worst_payoff.vy`. And a bound of the first that needs
        no price. Options without a barrier only. Shared by the engine of the ledger and
        the sheet with which anyone can check it.
@dev Units: money in wad; sums of quantity times strike keep the strike in 1e-8 USD (exact, below
     2**160), sums of quantity times price keep 36 decimals. Prices are below 2**128 wad and
     quantities below 2**95, so that a sum over 128 positions stays below 2**236: unchecked
     arithmetic cannot wrap.
@custom:rounding Requirements up, marks of longs down, marks of shorts up, all by less than a wei a
        position beyond the error of the pricing module.
"""

from ..interfaces import IOracle
from ..math import black76
from ..math import fixed_point
from ..math import svi
from . import rules

WAD: constant(uint256) = 10**18
MAX_PRICE: constant(uint256) = 2**128 - 1  # [wad]
MAX_VOLATILITY: constant(uint256) = 2**70 - 1  # [wad]
# A deviation at which a call is worth the forward and a put the strike.
BOUNDLESS: constant(int256) = 2**77
# Places in a position's word, see instruments/series.vy.
PUT: constant(uint256) = 1 << 152
MASK_56: constant(uint256) = 2**56 - 1
MASK_16: constant(uint256) = 2**16 - 1
# 1 / sqrt(2 pi), and what pricing and smile may err by, with room: 1e-12 of the forward.
PEAK_Q64: constant(int256) = 7_359_186_146_747_302_453
ERROR_Q64: constant(int256) = 2**24


struct Market:
    # What one (underlying, expiry) is judged by; what was never seen is put at its worst.
    known: bool  # spot, forward and volatility were seen
    spot: int256  # [wad]
    forward: int256  # [wad]
    deviation: int256  # [Q64] volatility times root of time, for all strikes when there is no smile
    smile: uint256  # as in contracts/math/svi.vy, 0 for none
    tenor: uint256  # [s] that the smile is for
    left: uint256  # [s] to expiry
    base: int256  # [wad] initial margin of a short option at the money, without its mark
    least: int256  # [wad] the same far out of the money
    maintenance: int256  # [wad] maintenance margin of a short option, without its mark
    put_maintenance: int256  # [basis points]
    put_initial: int256  # [basis points]
    figures: uint256  # the word of contracts/margin/rules.vy


struct Sums:
    # What needs neither order nor prices.
    calls: int256  # [wad] net
    calls_value: int256  # [wad * 1e-8 USD] quantity times strike
    puts: int256  # [wad] net
    puts_value: int256  # [wad * 1e-8 USD] likewise
    short_calls: int256  # [wad] positive
    short_puts: int256  # [wad] positive
    calls_inside: int256  # [36 decimals] what short calls are in the money by
    puts_inside: int256  # [36 decimals] likewise
    lowest: uint256  # [1e-8 USD] strike
    highest: uint256  # [1e-8 USD] strike
    longs: bool  # whether there are any


struct Marks:
    longs: int256  # [36 decimals] their marks
    owed: int256  # [36 decimals] marks of the shorts, positive
    shares: int256  # [36 decimals] initial margin of each short by itself beyond its mark
    excess: int256  # [36 decimals] maintenance margin of puts beyond mark and share of spot


@internal
@pure
def _market(quote: IOracle.Quote, figures: uint256, left: uint256) -> Market:
    """
    @param quote As the oracle gave it, with zeros for what was never seen.
    @param figures Of the underlying, 0 when never set.
    @param left [s] to expiry, positive.
    """
    market: Market = empty(Market)
    market.figures = figures if figures != 0 else rules.STRICTEST
    market.known = figures != 0 and quote.spot != 0 and quote.forward != 0 and quote.volatility != 0
    spot: uint256 = min(quote.spot, MAX_PRICE)
    forward: uint256 = min(quote.forward, MAX_PRICE)
    if market.known:
        market.left = min(left, 2**32 - 1)
        market.smile = quote.smile
        market.tenor = min(quote.tenor, 2**32 - 1)
        market.deviation = black76._deviation_q64(min(quote.volatility, MAX_VOLATILITY), market.left)
    else:
        market.deviation = BOUNDLESS
        if spot == 0 or forward == 0 or figures == 0:
            spot = MAX_PRICE
            forward = MAX_PRICE
    market.spot = convert(spot, int256)
    market.forward = convert(forward, int256)
    market.base = rules._share(spot, market.figures & MASK_16)
    market.least = rules._share(spot, (market.figures >> 16) & MASK_16)
    market.maintenance = rules._share(spot, (market.figures >> 32) & MASK_16)
    market.put_maintenance = convert((market.figures >> 48) & MASK_16, int256)
    market.put_initial = convert((market.figures >> 64) & MASK_16, int256)
    return market


@internal
@pure
def _deviation(market: Market, strike: int256) -> int256:
    """
    @notice Standard deviation of the log-price to expiry for a strike: its point of the smile.
    @param strike [wad] positive.
    @return [Q64]
    """
    k: int256 = 0
    if strike >= market.forward:
        k = fixed_point._ln_ratio_q64(strike, market.forward)
    else:
        k = unsafe_sub(0, fixed_point._ln_ratio_q64(market.forward, strike))
    return svi._deviation(market.smile, k, market.left, market.tenor)


@internal
@pure
def _summed(words: DynArray[uint256, 128], start: uint256, end: uint256, forward: int256) -> Sums:
    """
    @param words Positions; those from `start` until before `end` are of one expiry.
    @param forward [wad]
    """
    sums: Sums = empty(Sums)
    lowest: uint256 = max_value(uint256)
    highest: uint256 = 0
    for i: uint256 in range(start, end, bound=128):
        word: uint256 = words[i]
        # By bytes32, since a conversion from uint256 refuses negative ones.
        quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
        strike: uint256 = (word >> 160) & MASK_56
        if strike > highest:
            highest = strike
        if strike < lowest:
            lowest = strike
        units: int256 = convert(convert(strike, bytes32), int256)
        if word & PUT != 0:
            sums.puts = unsafe_add(sums.puts, quantity)
            sums.puts_value = unsafe_add(sums.puts_value, unsafe_mul(quantity, units))
            if quantity < 0:
                sums.short_puts = unsafe_sub(sums.short_puts, quantity)
                units = unsafe_sub(unsafe_mul(units, 10**10), forward)
                if units > 0:
                    sums.puts_inside = unsafe_sub(sums.puts_inside, unsafe_mul(quantity, units))
                continue
        else:
            sums.calls = unsafe_add(sums.calls, quantity)
            sums.calls_value = unsafe_add(sums.calls_value, unsafe_mul(quantity, units))
            if quantity < 0:
                sums.short_calls = unsafe_sub(sums.short_calls, quantity)
                units = unsafe_sub(forward, unsafe_mul(units, 10**10))
                if units > 0:
                    sums.calls_inside = unsafe_sub(sums.calls_inside, unsafe_mul(quantity, units))
                continue
        sums.longs = True
    sums.lowest = lowest
    sums.highest = highest
    return sums


@internal
@pure
def _bound(market: Market, sums: Sums) -> int256:
    """
    @notice What the shorts each by themselves never exceed, without a price: a mark is at most what
            the option is worth at the money, forward * deviation / sqrt(2 pi), and what it is in
            the money; the share of spot at most the one at the money.
    @return Initial margin at most [wad], not negative.
    """
    deviation: int256 = market.deviation
    if market.smile != 0:
        # Total variance is convex in the strike: between two strikes it is below the higher one.
        deviation = max(
            self._deviation(market, convert(unsafe_mul(sums.lowest, 10**10), int256)),
            self._deviation(market, convert(unsafe_mul(sums.highest, 10**10), int256)),
        )
    # The value at the money, rounded up.
    peak: int256 = min(unsafe_add(unsafe_mul(deviation, PEAK_Q64) >> 64, ERROR_Q64), 2**64)
    peak = unsafe_add(unsafe_mul(market.forward, peak) >> 64, 2)
    # A put needs the larger of base + mark and put_initial * (mark + the larger of maintenance and
    # put_maintenance * mark): at most `share` and `factor` basis points of its mark.
    share: int256 = unsafe_add(unsafe_div(unsafe_mul(market.maintenance, market.put_initial), 10_000), 3)
    factor: int256 = unsafe_add(
        unsafe_div(unsafe_mul(market.put_initial, unsafe_add(10_000, market.put_maintenance)), 10_000), 1
    )
    calls: int256 = unsafe_add(
        unsafe_mul(sums.short_calls, unsafe_add(market.base, peak)), sums.calls_inside
    )
    # Below 2**231; the division loses less than a unit times the factor.
    puts: int256 = unsafe_div(unsafe_add(unsafe_mul(sums.short_puts, peak), sums.puts_inside), 10_000)
    puts = unsafe_add(unsafe_mul(puts, factor), unsafe_mul(sums.short_puts, max(market.base, share)))
    return rules._ceil(unsafe_add(unsafe_add(calls, puts), factor), 10**18)


@internal
@pure
def _priced(words: DynArray[uint256, 128], start: uint256, end: uint256, market: Market, all: bool) -> Marks:
    """
    @notice Each option by itself at its mark.
    @param all Whether to price long options, which only equity needs.
    """
    marks: Marks = empty(Marks)
    deviation: int256 = market.deviation
    for i: uint256 in range(start, end, bound=128):
        word: uint256 = words[i]
        quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
        if quantity > 0:
            if not all:
                continue
        # The price of one option: time value, and what parity adds in the money.
        strike: int256 = unsafe_mul(convert(convert((word >> 160) & MASK_56, bytes32), int256), 10**10)
        inside: int256 = unsafe_sub(market.forward, strike)
        if market.smile != 0:
            deviation = self._deviation(market, strike)
        price: int256 = 0
        if inside > 0:
            price = black76._out_of_the_money_q64(strike, market.forward, deviation)
            if word & PUT == 0:
                price = unsafe_add(price, inside)
        else:
            price = black76._out_of_the_money_q64(market.forward, strike, deviation)
            if word & PUT != 0:
                price = unsafe_sub(price, inside)
        if quantity > 0:
            marks.longs = unsafe_add(marks.longs, unsafe_mul(quantity, price))
            continue
        price = unsafe_add(price, 1)
        # Spot's share falls with the distance out of the money.
        share: int256 = unsafe_sub(market.spot, strike)
        if word & PUT == 0:
            share = unsafe_sub(0, share)
        if share > 0:
            share = unsafe_sub(market.base, share)
            if share < market.least:
                share = market.least
        else:
            share = market.base
        if word & PUT != 0:
            # Shares of a mark below 2**130, rounded up. Compared before they are divided: they are
            # seldom the larger ones.
            least: int256 = unsafe_mul(price, market.put_maintenance)
            if least > unsafe_mul(market.maintenance, 10_000):
                least = unsafe_div(unsafe_add(least, 9_999), 10_000)
                # Marks and the plain share are added for all shorts at the end.
                marks.excess = unsafe_sub(
                    marks.excess, unsafe_mul(quantity, unsafe_sub(least, market.maintenance))
                )
            else:
                least = market.maintenance
            least = unsafe_mul(unsafe_add(price, least), market.put_initial)
            if least > unsafe_mul(unsafe_add(price, share), 10_000):
                share = unsafe_sub(unsafe_div(unsafe_add(least, 9_999), 10_000), price)
        marks.shares = unsafe_sub(marks.shares, unsafe_mul(quantity, share))
        marks.owed = unsafe_sub(marks.owed, unsafe_mul(quantity, price))
    return marks


@internal
@pure
def _alone(market: Market, sums: Sums, marks: Marks) -> (int256, int256):
    """
    @return What the shorts need each by itself: initial [wad], maintenance [wad], not negative.
    """
    maintenance: int256 = unsafe_mul(unsafe_add(sums.short_calls, sums.short_puts), market.maintenance)
    return (
        rules._ceil(unsafe_add(marks.owed, marks.shares), 10**18),
        rules._ceil(unsafe_add(marks.owed, unsafe_add(maintenance, marks.excess)), 10**18),
    )


@internal
@pure
def _doubt(market: Market, confidence: uint256, shorts: int256) -> int256:
    """
    @notice What initial margin grows by when prices are doubtful.
    @param confidence [wad]
    @param shorts [wad] number of short options.
    @return [wad] not negative.
    """
    if confidence >= rules._field(market.figures, 112):
        return 0
    return rules._charge(shorts, market.spot, unsafe_sub(WAD, confidence), (market.figures >> 128) & MASK_16)


@internal
@pure
def _depeg(market: Market, price: uint256, shorts: int256) -> int256:
    """
    @notice What initial margin grows by when the stablecoin is below its peg.
    @param price [wad] of the stablecoin.
    @param shorts [wad] number of short options.
    @return [wad] not negative.
    """
    threshold: uint256 = rules._field(market.figures, 144)
    if price >= threshold:
        return 0
    return rules._charge(shorts, market.spot, unsafe_sub(threshold, price), (market.figures >> 160) & MASK_16)


@internal
@pure
def _lowest_end(sums: Sums) -> int256:
    """
    @notice Lowest payoff without a long option: it is concave, so at zero or at the last strike.
    @return [wad * 1e-8 USD] not positive.
    """
    return min(min(sums.puts_value, 0), unsafe_sub(unsafe_mul(sums.calls, convert(sums.highest, int256)), sums.calls_value))


@internal
@pure
def _losses(market: Market, sums: Sums, worst: int256) -> (int256, int256):
    """
    @param worst [wad * 1e-8 USD] as `worst_payoff.vy` computes it.
    @return The most that can be lost, as initial [wad] and as maintenance [wad], not negative.
    """
    loss: int256 = rules._ceil(unsafe_sub(0, worst), 10**8)
    if sums.calls >= 0:
        return loss, loss
    # Basis points of the forward: 2**102 * 2**128 * 2**16 is below 2**247.
    unpaired: int256 = unsafe_mul(unsafe_sub(0, sums.calls), market.forward)
    return (
        unsafe_add(
            loss, rules._ceil(unsafe_mul(unpaired, convert((market.figures >> 80) & MASK_16, int256)), 10**22)
        ),
        unsafe_add(
            loss, rules._ceil(unsafe_mul(unpaired, convert((market.figures >> 96) & MASK_16, int256)), 10**22)
        ),
    )
