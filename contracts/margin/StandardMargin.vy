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
@dev Stateless towards accounts: judges what it is handed. Words are sorted first, so one pass
     sees an expiry at a time and payoffs are running sums over strikes: n log n.
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


struct Expiry:
    next: uint256  # index of the first position that belongs to another expiry
    initial: int256  # [wad] added to cash
    maintenance: int256  # [wad] added to cash
    mark: int256  # [wad] of all positions; of the shorts only when longs are not priced
    fresh: bool


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
    return self._judge(cash, holdings, positions, True)


@external
@view
def excess(cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128]) -> (int256, bool):
    """
    @notice Excess over initial margin alone, see IMarginEngine: long options are not priced.
    """
    health: IMarginEngine.Health = self._judge(cash, holdings, positions, False)
    return health.initial, health.fresh


# -- internals --


@internal
@view
def _judge(
    cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128], full: bool
) -> IMarginEngine.Health:
    """
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
    if len(positions) == 0:
        return health
    words: DynArray[uint256, 128] = sorting._sorted(positions)
    start: uint256 = 0
    for i: uint256 in range(128):
        expiry: Expiry = self._expiry(words, start, full)
        health.equity += expiry.mark
        health.initial += expiry.initial
        health.maintenance += expiry.maintenance
        health.fresh = health.fresh and expiry.fresh
        start = expiry.next
        if start == len(words):
            break
    return health


@internal
@view
def _expiry(words: DynArray[uint256, 128], start: uint256, full: bool) -> Expiry:
    """
    @notice Margin of the positions of one (underlying, expiry).
    @param words Sorted positions.
    @param start Index of the first position of this expiry.
    """
    bucket: uint256 = words[start] >> 216
    underlying: uint256 = bucket >> 24
    time: uint256 = unsafe_mul(bucket & (2**24 - 1), 3_600)
    if time <= block.timestamp:
        return self._expired(words, start, underlying, time)
    time = unsafe_sub(time, block.timestamp)

    # What the market says; what it does not say is put at its worst.
    figures: uint256 = rules._word(underlying)
    quote: IOracle.Quote = empty(IOracle.Quote)
    if figures != 0:
        quote = staticcall ORACLE.quote(underlying, unsafe_mul(bucket & (2**24 - 1), 3_600))
    else:
        figures = rules.STRICTEST
    known: bool = quote.spot != 0 and quote.forward != 0 and quote.volatility != 0
    spot: uint256 = min(quote.spot, MAX_PRICE)
    forward: int256 = convert(min(quote.forward, MAX_PRICE), int256)
    deviation: int256 = BOUNDLESS
    if known:
        deviation = black76._deviation_q64(min(quote.volatility, MAX_VOLATILITY), min(time, 2**32 - 1))
    elif quote.spot == 0 or quote.forward == 0:
        spot = MAX_PRICE
        forward = convert(MAX_PRICE, int256)

    spot_signed: int256 = convert(spot, int256)
    base: int256 = rules._share(spot, figures & (2**16 - 1))
    least: int256 = rules._share(spot, (figures >> 16) & (2**16 - 1))
    maintenance: int256 = rules._share(spot, (figures >> 32) & (2**16 - 1))
    put_maintenance: int256 = convert((figures >> 48) & (2**16 - 1), int256)
    put_initial: int256 = convert((figures >> 64) & (2**16 - 1), int256)

    isolated_initial: int256 = 0  # [36 decimals] positive
    isolated_maintenance: int256 = 0  # [36 decimals] positive
    mark: int256 = 0  # [36 decimals]
    shorts: int256 = 0  # [wad]
    has_longs: bool = False
    calls: int256 = 0  # [wad] net
    calls_strike: int256 = 0  # [wad * 1e-8 USD] sum of quantity times strike
    puts: int256 = 0  # [wad] net
    puts_strike: int256 = 0  # [wad * 1e-8 USD] sum of quantity times strike
    last: int256 = 0  # [1e-8 USD] highest strike
    next: uint256 = len(words)
    for i: uint256 in range(start, len(words), bound=128):
        word: uint256 = words[i]
        if word >> 216 != bucket:
            next = i
            break
        quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
        kind: uint256 = (word >> 152) & 3
        if quantity > 0:
            # A long option that a touch may end is worth nothing here.
            if kind & 2 != 0:
                continue
            has_longs = True
        last = convert((word >> 160) & (2**56 - 1), int256)
        is_put: bool = kind & 1 != 0
        if is_put:
            puts = unsafe_add(puts, quantity)
            puts_strike = unsafe_add(puts_strike, unsafe_mul(quantity, last))
        else:
            calls = unsafe_add(calls, quantity)
            calls_strike = unsafe_add(calls_strike, unsafe_mul(quantity, last))
        if quantity < 0 or full:
            strike: int256 = unsafe_mul(last, 10**10)
            # Price of one option, and how far it is out of the money.
            distance: int256 = unsafe_sub(strike, forward)
            price: int256 = 0
            if distance > 0:
                price = black76._out_of_the_money_q64(forward, strike, deviation)
            else:
                price = black76._out_of_the_money_q64(strike, forward, deviation)
            if is_put:
                price = unsafe_add(price, max(distance, 0))
                distance = unsafe_sub(spot_signed, strike)
            else:
                price = unsafe_sub(price, min(distance, 0))
                distance = unsafe_sub(strike, spot_signed)
            if quantity < 0:
                price = unsafe_add(price, 1)
                initial: int256 = unsafe_add(price, max(least, unsafe_sub(base, max(distance, 0))))
                needed: int256 = unsafe_add(price, maintenance)
                if is_put:
                    needed = max(needed, unsafe_add(price, rules._times(price, put_maintenance)))
                    initial = max(initial, rules._times(needed, put_initial))
                isolated_initial = unsafe_sub(isolated_initial, unsafe_mul(quantity, initial))
                isolated_maintenance = unsafe_sub(isolated_maintenance, unsafe_mul(quantity, needed))
                shorts = unsafe_sub(shorts, quantity)
            mark = unsafe_add(mark, unsafe_mul(quantity, price))
    result: Expiry = Expiry(next=next, initial=0, maintenance=0, mark=0, fresh=quote.fresh and known)
    # Rounds towards minus infinity, unlike a signed division: mark = -ceil(-mark).
    result.mark = -self._ceil(-mark, 10**18)
    if shorts == 0:
        if not known:
            result.mark = 0
        return result

    # The worst payoff: at 0 it is the strikes of the puts, and each strike passed turns the slope
    # by the quantity there, for a call as for a put.
    worst: int256 = min(puts_strike, 0)
    if has_longs:
        payoff: int256 = puts_strike
        slope: int256 = -puts
        previous: int256 = 0
        for i: uint256 in range(start, next, bound=128):
            word: uint256 = words[i]
            quantity: int256 = convert(convert(word << 160, bytes32), int256) >> 160
            if quantity > 0 and (word >> 152) & 2 != 0:
                continue
            strike: int256 = convert((word >> 160) & (2**56 - 1), int256)
            payoff = unsafe_add(payoff, unsafe_mul(slope, unsafe_sub(strike, previous)))
            worst = min(worst, payoff)
            slope = unsafe_add(slope, quantity)
            previous = strike
    else:
        # Shorts only: a concave payoff is lowest at an end.
        worst = min(worst, unsafe_sub(unsafe_mul(calls, last), calls_strike))
    loss: int256 = self._ceil(-worst, 10**8)
    loss_initial: int256 = loss
    if calls < 0:
        # 2**102 * 2**128 * 2**16: below 2**246.
        unpaired: int256 = unsafe_mul(-calls, forward)
        loss_initial = unsafe_add(
            loss, self._ceil(unsafe_mul(unpaired, convert((figures >> 80) & (2**16 - 1), int256)), 10**22)
        )
        loss = unsafe_add(
            loss, self._ceil(unsafe_mul(unpaired, convert((figures >> 96) & (2**16 - 1), int256)), 10**22)
        )
    result.initial = -min(self._ceil(isolated_initial, 10**18), loss_initial)
    result.maintenance = -min(self._ceil(isolated_maintenance, 10**18), loss)
    if not known:
        # No mark can be told: equity takes the worst as well.
        result.mark = result.maintenance

    # Initial margin pays for doubt about the price and for a stablecoin off its peg.
    if quote.confidence < rules._field(figures, 112):
        result.initial -= self._charge(
            shorts, spot, unsafe_sub(WAD, quote.confidence), (figures >> 128) & (2**16 - 1)
        )
    if (figures >> 176) & (2**16 - 1) != 0:
        peg: uint256 = 0
        fresh: bool = False
        peg, fresh = staticcall ORACLE.spot((figures >> 176) & (2**16 - 1))
        result.fresh = result.fresh and fresh
        threshold: uint256 = rules._field(figures, 144)
        if peg < threshold:
            result.initial -= self._charge(
                shorts, spot, unsafe_sub(threshold, peg), (figures >> 160) & (2**16 - 1)
            )
    return result


@internal
@view
def _expired(words: DynArray[uint256, 128], start: uint256, underlying: uint256, expiry: uint256) -> Expiry:
    """
    @notice Positions that wait for settlement: what they pay at the fixing, in full. Before there
            is one, what they would pay at spot, and then a surplus backs nothing else.
    """
    bucket: uint256 = words[start] >> 216
    fresh: bool = True
    final: bool = True
    price: uint256 = staticcall ORACLE.fixing(underlying, expiry)
    if price == 0:
        final = False
        price, fresh = staticcall ORACLE.spot(underlying)
        if price == 0:
            fresh = False
    price = min(price, MAX_PRICE)
    mark: int256 = 0
    next: uint256 = len(words)
    for i: uint256 in range(start, len(words), bound=128):
        word: uint256 = words[i]
        if word >> 216 != bucket:
            next = i
            break
        code: uint256 = word >> 96
        quantity: int256 = series._quantity(word)
        if quantity > 0 and series._has_barrier(code):
            continue
        if price == 0 and quantity > 0:
            continue
        at: uint256 = price
        if price == 0 and not series._is_put(code):
            at = MAX_PRICE
        mark += series._payout(code, quantity, at)
    if final:
        return Expiry(next=next, initial=mark, maintenance=mark, mark=mark, fresh=fresh)
    return Expiry(next=next, initial=min(mark, 0), maintenance=min(mark, 0), mark=mark, fresh=fresh)


@internal
@pure
def _charge(shorts: int256, spot: uint256, lack: uint256, share: uint256) -> int256:
    """
    @notice shorts * spot * share * lack, rounded up [wad].
    @dev 2**102 * 2**128 / 1e18 * 2**16 * 2**60 stays below 2**247.
    """
    notional: uint256 = unsafe_div(unsafe_add(unsafe_mul(convert(shorts, uint256), spot), WAD - 1), WAD)
    return self._ceil(convert(unsafe_mul(unsafe_mul(notional, share), lack), int256), 10**22)


@internal
@pure
def _ceil(amount: int256, unit: int256) -> int256:
    """
    @notice amount / unit, rounded up, for either sign and amounts below 2**250.
    """
    if amount > 0:
        return unsafe_div(unsafe_add(amount, unsafe_sub(unit, 1)), unit)
    return unsafe_div(amount, unit)
