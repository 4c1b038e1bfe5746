# pragma version 0.4.3
"""
@title No arbitrage: the least that a package of options is worth
@license AGPL-3.0-only
@notice Whatever the distribution of the settlement price, its mean is the forward. The least that a payoff
        g is worth under any of them is the discount times the value at the forward of the largest
        convex function below g (Jensen; reached by two points). So without a model:

          bought call and sold put     forward less strike, discounted: put-call parity
          butterfly, vertical, box     0, 0, the distance of the strikes, discounted
          calendar                     0, when the longer option is the one bought

        Who pays less than that for a package takes an arbitrage out of the market.
        A longer option counts at the first expiry as what it is worth at least there, its payoff on
        the forward of that day, which is the price then times the ratio of both forwards.
@dev In money of today: y = discount x price at the first expiry, of mean P; a leg is then worth
     quantity x ratio x max(y - kink, 0) or its mirror, piecewise linear. The convex function's value at
     P is the lowest of all chords over P between 0, the kinks and the last slope.
@custom:rounding Some wei either way: it decides about a fee.
"""

from ..instruments import series
from ..interfaces import IOracle

WAD: constant(int256) = 10**18
MAX_LEGS: constant(uint256) = 8
# [wad USD] Prices below it, and quantities of 96 bits: |g| < 2**142, its products with prices < 2**242.
MAX_PRICE: constant(uint256) = 2**100
MAX_QUANTITY: constant(int256) = 2**96 - 1


struct Kink:
    at: int256  # [wad USD] of today's money
    slope: int256  # [wad] contracts x ratio of forwards, positive: bought
    is_put: bool


@internal
@view
def _least(
    oracle: IOracle, codes: DynArray[uint256, MAX_LEGS], quantities: DynArray[int256, MAX_LEGS]
) -> (bool, int256):
    """
    @param codes Series, ascending.
    @param quantities [wad] positive: bought. Not the least integer.
    @return Whether the package has a bound, and the least that it is worth [wad USD].
    """
    underlying: uint256 = series._underlying(codes[0])
    first: IOracle.Quote = staticcall oracle.quote(underlying, series._expiry(codes[0]))
    if not first.fresh or series._expiry(codes[0]) <= block.timestamp:
        return False, 0
    mean: int256 = self._prepaid(first)
    if mean == 0:
        return False, 0
    kinks: DynArray[Kink, MAX_LEGS] = []
    # Slope beyond the last kink.
    last: int256 = 0
    quote: IOracle.Quote = first
    expiry: uint256 = series._expiry(codes[0])
    prepaid: int256 = mean
    for i: uint256 in range(len(codes), bound=MAX_LEGS):
        code: uint256 = codes[i]
        if series._underlying(code) != underlying or series._has_barrier(code):
            return False, 0
        if series._expiry(code) != expiry:
            expiry = series._expiry(code)
            quote = staticcall oracle.term(underlying, expiry, first.spot)
            prepaid = self._prepaid(quote)
        is_later: bool = expiry != series._expiry(codes[0])
        # No bound for what is sold and lives on, or once the first expiry's average has begun; nor
        # with figures that are worlds apart.
        if is_later and (quantities[i] < 0 or first.fixed != 0 or not quote.fresh):
            return False, 0
        if prepaid * 4 < mean or mean * 4 < prepaid or abs(quantities[i]) > MAX_QUANTITY:
            return False, 0
        is_put: bool = series._is_put(code)
        strike: int256 = convert(series._strike(code) * quote.discount // 10**18, int256)
        slope: int256 = quantities[i] * prepaid // mean
        kinks.append(Kink(at=strike * mean // prepaid, slope=slope, is_put=is_put))
        if not is_put:
            last += slope
    # g(mean) belongs to the candidates where mean is a kink; else a chord between its neighbours does.
    found: int256 = max_value(int256)
    for i: uint256 in range(len(kinks) + 1, bound=MAX_LEGS + 1):
        x: int256 = kinks[i - 1].at if i != 0 else 0
        if x > mean:
            continue
        low: int256 = self._worth(kinks, x)
        found = min(found, low + last * (mean - x) // WAD)
        for kink: Kink in kinks:
            if kink.at > mean:
                high: int256 = self._worth(kinks, kink.at)
                found = min(found, low + (high - low) * (mean - x) // (kink.at - x))
    return True, found


@internal
@pure
def _prepaid(quote: IOracle.Quote) -> int256:
    """
    @return [wad USD] the forward in today's money, 0 when out of range.
    """
    if quote.forward >= MAX_PRICE:
        return 0
    return convert(quote.forward * quote.discount // 10**18, int256)


@internal
@pure
def _worth(kinks: DynArray[Kink, MAX_LEGS], y: int256) -> int256:
    """
    @return [wad USD] g at a price in today's money.
    """
    worth: int256 = 0
    for kink: Kink in kinks:
        beyond: int256 = kink.at - y if kink.is_put else y - kink.at
        if beyond > 0:
            worth += kink.slope * beyond // WAD
    return worth
