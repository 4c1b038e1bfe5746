# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title StandardMargin
@license AGPL-3.0-only
@notice Margin per short option, netted inside an expiry. A short option needs its mark and a
        share of spot that falls with the distance to the strike; the shorts of one expiry
        never need more than the worst payoff of everything held in it, with each call not
        covered by another call at `unpaired` times the forward. Long options ease margin only
        through that worst payoff; their mark counts for equity.
        The rules are those of Derive v2's standard manager and Deribit's standard margin.
@dev Stateless towards accounts: judges what it is handed. Words are sorted first where order
     matters, so one pass sees an expiry at a time and payoffs are running sums over strikes:
     n log n. Arrays are not handed on, since every copy pays for its bound.
     Units: money in wad; inside an expiry, sums of quantity times strike keep the strike in
     1e-8 USD (exact, below 2**160) and sums of quantity times price keep 36 decimals.
     Prices are capped at 2**128 - 1 wad and quantities lie below 2**95, so that a sum over
     128 positions stays below 2**236: unchecked arithmetic cannot wrap.
@custom:trust The owner sets parameters within hard bounds; the oracle is trusted for prices.
@custom:kill None; the ledger may register another engine.
@custom:rounding Requirements up, values of collateral and marks of longs down, marks of shorts up,
        all by less than a wei a position beyond the error of the pricing module.
"""

from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IMarginEngine
from ..interfaces import IOracle
from ..math import black76
from ..math import sorting
from . import collateral
from . import rules

implements: IMarginEngine

initializes: ownable
initializes: rules[ownable := ownable]
initializes: collateral[ownable := ownable]

exports: (ownable.owner, ownable.transfer_ownership)
exports: (rules.set_market, rules.parameters_of)
exports: (collateral.poke, collateral.set_collateral, collateral.collateral_of, collateral.rate_of)


ORACLE: public(immutable(IOracle))

WAD: constant(uint256) = 10**18
MAX_PRICE: constant(uint256) = 2**128 - 1  # [wad]
MAX_VOLATILITY: constant(uint256) = 2**70 - 1  # [wad]
# A deviation at which a call is worth the forward and a put the strike.
BOUNDLESS: constant(int256) = 2**77
# Places in a position's word, see instruments/series.vy.
BUCKET: constant(uint256) = 216
PUT: constant(uint256) = 1 << 152
BARRIER: constant(uint256) = 2 << 152
MASK_56: constant(uint256) = 2**56 - 1
# Order matters when underlyings or expiries differ, or the sign of the quantity.
MIXED: constant(uint256) = (max_value(uint256) - (2**216 - 1)) | 2**95
MASK_16: constant(uint256) = 2**16 - 1


struct Market:
    # What one (underlying, expiry) is judged by; what was never seen is put at its worst.
    known: bool  # spot, forward and volatility were seen
    fresh: bool
    spot: int256  # [wad]
    forward: int256  # [wad]
    deviation: int256  # [Q64] volatility times root of time
    confidence: uint256  # [wad]
    figures: uint256  # the word of contracts/margin/rules.vy
    base: int256  # [wad] initial margin of a short option at the money, without its mark
    least: int256  # [wad] the same far out of the money
    maintenance: int256  # [wad] maintenance margin of a short option, without its mark
    put_maintenance: int256  # [basis points]
    put_initial: int256  # [basis points]


struct Sums:
    owed: int256  # [36 decimals] mark of the shorts, positive
    shares: int256  # [36 decimals] initial margin of each short by itself beyond its mark
    excess: int256  # [36 decimals] maintenance margin of puts beyond mark and share of spot
    shorts: int256  # [wad] number of short options, positive
    calls: int256  # [wad] net
    worst: int256  # [wad * 1e-8 USD] lowest payoff, not positive


@deploy
def __init__(oracle: IOracle, owner: address):
    ownable.__init__()
    ownable._transfer_ownership(owner)
    ORACLE = oracle


@external
@view
def assess(
    cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128]
) -> IMarginEngine.Health:
    """
    @notice Equity and the excess over initial and maintenance margin, see IMarginEngine.
    """
    return self._judge(cash, holdings, sorting._sorted(positions, MIXED), True)


@external
@view
def excess(cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128]) -> (int256, bool):
    """
    @notice Excess over initial margin alone, see IMarginEngine: long options are not priced.
    """
    health: IMarginEngine.Health = self._judge(
        cash, holdings, sorting._sorted(positions, MIXED), False
    )
    return health.initial, health.fresh


# -- internals --


@internal
@view
def _judge(
    cash: int256, holdings: DynArray[uint256, 8], words: DynArray[uint256, 128], full: bool
) -> IMarginEngine.Health:
    """
    @param words Positions: those of an expiry together, in order of strike if longs meet shorts.
    @param full Whether to price long options, which only equity needs.
    """
    health: IMarginEngine.Health = IMarginEngine.Health(equity=cash, initial=cash, maintenance=cash, fresh=True)
    for holding: uint256 in holdings:
        word: uint256 = collateral._word(holding)
        # An asset that was never set counts for nothing.
        if word != 0:
            price: uint256 = 0
            fresh: bool = False
            price, fresh = staticcall ORACLE.spot(collateral._underlying(word))
            worth: collateral.Worth = collateral._worth(holding, word, min(price, MAX_PRICE))
            health.equity += worth.market
            health.initial += worth.initial
            health.maintenance += worth.maintenance
            health.fresh = health.fresh and fresh and price != 0
    size: uint256 = len(words)
    start: uint256 = 0
    for _: uint256 in range(128):
        if start == size:
            break
        bucket: uint256 = words[start] >> BUCKET
        next: uint256 = size
        mark: int256 = 0  # [36 decimals]
        expiry: uint256 = unsafe_mul(bucket & (2**24 - 1), 3_600)
        if expiry <= block.timestamp:
            price: uint256 = 0
            final: bool = False
            fresh: bool = False
            price, final, fresh = self._settlement(bucket >> 24, expiry)
            for i: uint256 in range(start, size, bound=128):
                word: uint256 = words[i]
                if word >> BUCKET != bucket:
                    next = i
                    break
                mark += self._payout(word, price)
            health.equity += mark
            # Before the fixing a surplus backs nothing else.
            if not final:
                mark = min(mark, 0)
            health.initial += mark
            health.maintenance += mark
            health.fresh = health.fresh and fresh
            start = next
            continue

        market: Market = self._market(bucket >> 24, expiry)
        sums: Sums = empty(Sums)
        has_longs: bool = False
        puts: int256 = 0  # [wad] net
        puts_value: int256 = 0  # [wad * 1e-8 USD] sum of quantity times strike
        calls_value: int256 = 0  # [wad * 1e-8 USD] likewise
        highest: int256 = 0  # [1e-8 USD]
        for i: uint256 in range(start, size, bound=128):
            word: uint256 = words[i]
            if word >> BUCKET != bucket:
                next = i
                break
            # By bytes32, since a conversion from uint256 refuses negative ones.
            quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
            if quantity > 0:
                # A long option that a touch may end is worth nothing here.
                if word & BARRIER != 0:
                    continue
                has_longs = True
            units: int256 = convert(convert((word >> 160) & MASK_56, bytes32), int256)
            if units > highest:
                highest = units
            if word & PUT != 0:
                puts = unsafe_add(puts, quantity)
                puts_value = unsafe_add(puts_value, unsafe_mul(quantity, units))
            else:
                sums.calls = unsafe_add(sums.calls, quantity)
                calls_value = unsafe_add(calls_value, unsafe_mul(quantity, units))
            if quantity > 0 and not full:
                continue
            # The price of one option: time value, and what parity adds in the money.
            strike: int256 = unsafe_mul(units, 10**10)
            inside: int256 = unsafe_sub(market.forward, strike)
            price: int256 = 0
            if inside > 0:
                price = black76._out_of_the_money_q64(strike, market.forward, market.deviation)
                if word & PUT == 0:
                    price = unsafe_add(price, inside)
            else:
                price = black76._out_of_the_money_q64(market.forward, strike, market.deviation)
                if word & PUT != 0:
                    price = unsafe_sub(price, inside)
            if quantity < 0:
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
                    # Shares of a mark below 2**130, rounded up.
                    least: int256 = unsafe_div(
                        unsafe_add(unsafe_mul(price, market.put_maintenance), 9_999), 10_000
                    )
                    if least > market.maintenance:
                        # Marks and the plain share are added for all shorts at the end.
                        sums.excess = unsafe_sub(
                            sums.excess, unsafe_mul(quantity, unsafe_sub(least, market.maintenance))
                        )
                    else:
                        least = market.maintenance
                    least = unsafe_sub(
                        unsafe_div(
                            unsafe_add(unsafe_mul(unsafe_add(price, least), market.put_initial), 9_999), 10_000
                        ),
                        price,
                    )
                    if share < least:
                        share = least
                sums.shares = unsafe_sub(sums.shares, unsafe_mul(quantity, share))
                sums.shorts = unsafe_sub(sums.shorts, quantity)
                sums.owed = unsafe_sub(sums.owed, unsafe_mul(quantity, price))
            else:
                mark = unsafe_add(mark, unsafe_mul(quantity, price))

        health.fresh = health.fresh and market.fresh
        # Rounds towards minus infinity, unlike a signed division.
        mark = -rules._ceil(unsafe_sub(sums.owed, mark), 10**18)
        if sums.shorts != 0:
            # The worst payoff: at 0 it is the strikes of the puts, and each strike passed turns
            # the slope by the quantity there, for a call as for a put.
            sums.worst = min(puts_value, 0)
            if has_longs:
                payoff: int256 = puts_value
                slope: int256 = unsafe_sub(0, puts)
                passed: int256 = 0
                for i: uint256 in range(start, next, bound=128):
                    word: uint256 = words[i]
                    quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
                    if quantity > 0 and word & BARRIER != 0:
                        continue
                    units: int256 = convert(convert((word >> 160) & MASK_56, bytes32), int256)
                    payoff = unsafe_add(payoff, unsafe_mul(slope, unsafe_sub(units, passed)))
                    if payoff < sums.worst:
                        sums.worst = payoff
                    slope = unsafe_add(slope, quantity)
                    passed = units
            else:
                # Shorts only: a concave payoff is lowest at an end.
                sums.worst = min(sums.worst, unsafe_sub(unsafe_mul(sums.calls, highest), calls_value))
            initial: int256 = 0
            maintenance: int256 = 0
            fresh: bool = False
            initial, maintenance, fresh = self._requirement(market, sums)
            health.initial -= initial
            health.maintenance -= maintenance
            health.fresh = health.fresh and fresh
            if not market.known:
                # No mark can be told: equity takes the worst as well.
                mark = -maintenance
        elif not market.known:
            mark = 0
        health.equity += mark
        start = next
    return health


@internal
@view
def _market(underlying: uint256, expiry: uint256) -> Market:
    """
    @param expiry [s] in the future.
    """
    market: Market = empty(Market)
    market.figures = rules._word(underlying)
    quote: IOracle.Quote = empty(IOracle.Quote)
    if market.figures != 0:
        quote = staticcall ORACLE.quote(underlying, expiry)
    else:
        market.figures = rules.STRICTEST
    market.known = quote.spot != 0 and quote.forward != 0 and quote.volatility != 0
    market.fresh = quote.fresh and market.known
    market.confidence = quote.confidence
    spot: uint256 = min(quote.spot, MAX_PRICE)
    forward: uint256 = min(quote.forward, MAX_PRICE)
    if market.known:
        market.deviation = black76._deviation_q64(
            min(quote.volatility, MAX_VOLATILITY), min(unsafe_sub(expiry, block.timestamp), 2**32 - 1)
        )
    else:
        market.deviation = BOUNDLESS
        if spot == 0 or forward == 0:
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
@view
def _requirement(market: Market, sums: Sums) -> (int256, int256, bool):
    """
    @notice What the shorts of an expiry need: the milder of the sum of each by itself and the
            worst payoff, and for initial margin the charges for doubt.
    @return initial [wad], maintenance [wad], both not negative, and whether the prices used are fresh
    """
    loss: int256 = rules._ceil(-sums.worst, 10**8)
    loss_initial: int256 = loss
    if sums.calls < 0:
        # Basis points of the forward: 2**102 * 2**128 * 2**16 is below 2**247.
        unpaired: int256 = unsafe_mul(unsafe_sub(0, sums.calls), market.forward)
        loss_initial = unsafe_add(
            loss, rules._ceil(unsafe_mul(unpaired, convert((market.figures >> 80) & MASK_16, int256)), 10**22)
        )
        loss = unsafe_add(
            loss, rules._ceil(unsafe_mul(unpaired, convert((market.figures >> 96) & MASK_16, int256)), 10**22)
        )
    initial: int256 = min(rules._ceil(unsafe_add(sums.owed, sums.shares), 10**18), loss_initial)
    maintenance: int256 = unsafe_add(unsafe_mul(sums.shorts, market.maintenance), sums.excess)
    maintenance = min(rules._ceil(unsafe_add(sums.owed, maintenance), 10**18), loss)
    fresh: bool = True
    if market.confidence < rules._field(market.figures, 112):
        initial += rules._charge(
            sums.shorts, market.spot, unsafe_sub(WAD, market.confidence), (market.figures >> 128) & MASK_16
        )
    stablecoin: uint256 = (market.figures >> 176) & MASK_16
    if stablecoin != 0:
        peg: uint256 = 0
        peg, fresh = staticcall ORACLE.spot(stablecoin)
        threshold: uint256 = rules._field(market.figures, 144)
        if peg < threshold:
            initial += rules._charge(
                sums.shorts, market.spot, unsafe_sub(threshold, peg), (market.figures >> 160) & MASK_16
            )
    return initial, maintenance, fresh


@internal
@view
def _settlement(underlying: uint256, expiry: uint256) -> (uint256, bool, bool):
    """
    @notice What an expired series settles at, and spot before there is a fixing.
    @return price [wad], 0 when never seen; whether it is the fixing; whether it is fresh
    """
    price: uint256 = staticcall ORACLE.fixing(underlying, expiry)
    if price != 0:
        return min(price, MAX_PRICE), True, True
    fresh: bool = False
    price, fresh = staticcall ORACLE.spot(underlying)
    return min(price, MAX_PRICE), False, fresh and price != 0


@internal
@pure
def _payout(word: uint256, price: uint256) -> int256:
    """
    @notice What an expired position pays [wad]; a long with a barrier or without a price nothing,
            a short without a price the most that it can.
    """
    code: uint256 = word >> 96
    quantity: int256 = series._quantity(word)
    if quantity > 0 and (price == 0 or series._has_barrier(code)):
        return 0
    if price == 0 and not series._is_put(code):
        return series._payout(code, quantity, MAX_PRICE)
    return series._payout(code, quantity, price)
