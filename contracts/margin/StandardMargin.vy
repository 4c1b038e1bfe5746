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
        A barrier: a short counts as the option without it, which is worth at least as much, and a
        long as nothing, until the oracle knows what became of the barrier.
@dev Stateless towards accounts: judges what it is handed. The rules are in `netting.vy`; here
     words are brought together by expiry and market data is asked for.
     Asked for the excess alone, the engine first bounds it from below, without pricing an option,
     and computes it only when the bound is negative.
     Prices are capped at 2**128 - 1 wad and quantities lie below 2**95, so that sums over 128
     positions stay below 2**236: unchecked arithmetic cannot wrap.
@custom:trust The owner sets parameters within hard bounds; the oracle is trusted for prices.
@custom:kill None; the ledger may register another engine.
@custom:rounding Requirements up, values of collateral and marks of longs down, marks of shorts up,
        all by less than a wei a position beyond the error of the pricing module.
"""

from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IMarginEngine
from ..interfaces import IOracle
from . import collateral
from . import netting
from . import rules
from . import worst_payoff

implements: IMarginEngine

initializes: ownable
initializes: rules[ownable := ownable]
initializes: collateral[ownable := ownable]

exports: (ownable.owner, ownable.transfer_ownership)
exports: (rules.set_market, rules.parameters_of)
exports: (collateral.poke, collateral.set_collateral, collateral.set_limit)
exports: (collateral.collateral_of, collateral.rate_of)


ORACLE: public(immutable(IOracle))

MAX_PRICE: constant(uint256) = 2**128 - 1  # [wad]
# Places in a position's word, see instruments/series.vy.
BUCKET: constant(uint256) = 216
UNDERLYING: constant(uint256) = 240
BARRIER: constant(uint256) = 2 << 152
KNOCKS_IN: constant(uint256) = 8 << 152
SHORT: constant(uint256) = 1 << 95
# How far to go: a bound of the excess, the excess, or all figures.
BOUND: constant(uint256) = 0
FULL: constant(uint256) = 2
# Kind but for the put, and barrier.
PATH: constant(uint256) = (254 << 152) | ((2**56 - 1) << 96)
MASK_16: constant(uint256) = 2**16 - 1


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
    return self._judge(cash, holdings, positions, FULL)[0]


@external
@view
def excess(cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128]) -> (int256, bool):
    """
    @notice Excess over initial margin alone, see IMarginEngine: what the bound cannot settle is
            computed, with long options not priced.
    """
    health: IMarginEngine.Health = empty(IMarginEngine.Health)
    several: bool = False
    # BOUND, then EXACT.
    for depth: uint256 in range(2):
        health, several = self._judge(cash, holdings, positions, depth)
        if health.initial >= 0 or not several:
            break
    return health.initial, health.fresh


# -- internals --


@internal
@view
def _judge(
    cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128], depth: uint256
) -> (IMarginEngine.Health, bool):
    """
    @param marks As in `netting.vy`. BOUNDED: the excess is bounded from below, and computed when
           that is negative and all positions are of one expiry. The other figures are not to be used,
           except with ALL.
    @return And whether there are several expiries.
    """
    health: IMarginEngine.Health = self._collateral(cash, holdings)
    size: uint256 = len(positions)
    if size == 0:
        return health, False
    words: DynArray[uint256, 128] = positions
    first: uint256 = words[0]
    spread: uint256 = 0
    for word: uint256 in positions:
        spread |= first ^ word
    # A bit that any word has is in the first one or in the spread.
    if (first | spread) & BARRIER != 0:
        size = 0
        for word: uint256 in positions:
            plain: uint256 = word
            if word & BARRIER != 0:
                plain = self._without_barrier(word)
            if plain != 0:
                words[size] = plain
                size = unsafe_add(size, 1)
    several: bool = spread >> BUCKET != 0
    beyond: uint256 = 0 if spread >> UNDERLYING != 0 else 128
    quote: IOracle.Quote = empty(IOracle.Quote)
    underlying: uint256 = 0
    figures: uint256 = 0
    start: uint256 = 0
    for _: uint256 in range(128):
        # A bound that has failed already is not worth finishing.
        if start == size or several and depth == BOUND and health.initial < 0:
            break
        first = words[start]
        end: uint256 = size
        if several:
            # The other words of this expiry come next, and after them one of the same underlying
            # if there is one: it need not be looked for when there is but one underlying.
            end = unsafe_add(start, 1)
            near: uint256 = beyond
            for i: uint256 in range(end, size, bound=128):
                word: uint256 = words[i]
                spread = first ^ word
                if spread >> BUCKET == 0:
                    if near == end:
                        near = i
                    words[i] = words[end]
                    words[end] = word
                    end = unsafe_add(end, 1)
                elif near == 0:
                    if spread >> UNDERLYING == 0:
                        near = i
            if near != beyond:
                word: uint256 = words[near]
                words[near] = words[end]
                words[end] = word
        expiry: uint256 = unsafe_mul((first >> BUCKET) & (2**24 - 1), 3_600)
        if expiry <= block.timestamp:
            price: uint256 = 0
            final: bool = False
            fresh: bool = False
            price, final, fresh = self._settlement(first >> UNDERLYING, expiry)
            value: int256 = 0
            for i: uint256 in range(start, end, bound=128):
                value += self._payout(words[i], price)
            health.equity += value
            # Before the fixing a surplus backs nothing else.
            if not final:
                value = min(value, 0)
            health.initial += value
            health.maintenance += value
            health.fresh = health.fresh and fresh
            start = end
            continue

        # A further expiry does without a second reading of spot where its confidence is not
        # what counts.
        further: bool = first >> UNDERLYING == underlying
        if not further:
            underlying = first >> UNDERLYING
            figures = rules._word(underlying)
        if figures == 0:
            quote = empty(IOracle.Quote)
        elif further and quote.confidence >= rules._field(figures, 112):
            quote = staticcall ORACLE.term(underlying, expiry, quote.spot)
        else:
            quote = self._quote(underlying, expiry)
        market: netting.Market = netting._market(quote, figures, unsafe_sub(expiry, block.timestamp))
        health.fresh = health.fresh and quote.fresh and market.known
        sums: netting.Sums = netting._summed(words, start, end, market.forward)
        shorts: int256 = unsafe_add(sums.short_calls, sums.short_puts)
        initial: int256 = 0
        maintenance: int256 = 0
        if shorts != 0:
            charge: int256 = 0
            fresh: bool = False
            charge, fresh = self._charges(market, quote.confidence, shorts)
            # Seldom any.
            if charge != 0:
                health.initial -= charge
            health.fresh = health.fresh and fresh
            if depth == BOUND:
                initial = netting._bound(market, sums)
            if depth != BOUND or initial > health.initial and not several:
                worst: int256 = netting._lowest_end(sums)
                if sums.longs:
                    worst = worst_payoff._worst(
                        words, start, end, sums.puts, sums.puts_value, sums.lowest, sums.highest
                    )
                initial, maintenance = netting._losses(market, sums, worst)
        if depth != BOUND or initial > health.initial and not several:
            marks: netting.Marks = netting._priced(words, start, end, market, depth == FULL)
            alone: int256 = 0
            least: int256 = 0
            alone, least = netting._alone(market, sums, marks)
            initial = min(initial, alone)
            maintenance = min(maintenance, least)
            if market.known:
                # Rounds towards minus infinity, unlike a signed division.
                health.equity -= rules._ceil(unsafe_sub(marks.owed, marks.longs), 10**18)
            else:
                # No mark can be told: equity takes the worst as well.
                health.equity -= maintenance
        health.initial -= initial
        health.maintenance -= maintenance
        start = end
    return health, several


@internal
@view
def _collateral(cash: int256, holdings: DynArray[uint256, 8]) -> IMarginEngine.Health:
    """
    @notice Health of an account without positions.
    """
    health: IMarginEngine.Health = IMarginEngine.Health(equity=cash, initial=cash, maintenance=cash, fresh=True)
    for holding: uint256 in holdings:
        word: uint256 = collateral._word(holding)
        # An asset that was never set counts for nothing.
        if word != 0:
            price: uint256 = 0
            fresh: bool = False
            price, fresh = self._spot(collateral._underlying(word))
            worth: collateral.Worth = collateral._worth(holding, word, min(price, MAX_PRICE))
            health.equity += worth.market
            health.initial += worth.initial
            health.maintenance += worth.maintenance
            health.fresh = health.fresh and fresh and price != 0
    return health


@internal
@view
def _without_barrier(word: uint256) -> uint256:
    """
    @notice The position without its barrier, or 0 for nothing: what a touch brought into being
            or can no longer end is the plain option; what it ended, or never brought into being,
            is nothing. While that is open a short is the plain option, whose payoff is never
            lower, and a long nothing.
    """
    knocked: uint256 = staticcall ORACLE.knocked(word >> 96)
    alive: bool = word & SHORT != 0
    if knocked != 0:
        alive = (knocked == 1) == (word & KNOCKS_IN != 0)
    return word & ~PATH if alive else 0


@internal
@view
def _charges(market: netting.Market, confidence: uint256, shorts: int256) -> (int256, bool):
    """
    @notice What initial margin grows by for doubt about prices and about the stablecoin.
    @return [wad] not negative, and whether the price of the stablecoin is fresh.
    """
    charge: int256 = netting._doubt(market, confidence, shorts)
    fresh: bool = True
    stablecoin: uint256 = (market.figures >> 176) & MASK_16
    if stablecoin != 0:
        price: uint256 = 0
        price, fresh = self._spot(stablecoin)
        charge += netting._depeg(market, price, shorts)
    return charge, fresh


@internal
@view
def _quote(underlying: uint256, expiry: uint256) -> IOracle.Quote:
    return staticcall ORACLE.quote(underlying, expiry)


@internal
@view
def _spot(underlying: uint256) -> (uint256, bool):
    """
    @return price [wad] and whether it is fresh.
    """
    return staticcall ORACLE.spot(underlying)


@internal
@view
def _settlement(underlying: uint256, expiry: uint256) -> (uint256, bool, bool):
    """
    @notice What an expired series settles at: the fixing, before it the average that the oracle
            measured, and spot when it did not.
    @return price [wad], 0 when never seen; whether it is the fixing; whether it is fresh
    """
    price: uint256 = staticcall ORACLE.fixing(underlying, expiry)
    if price != 0:
        return min(price, MAX_PRICE), True, True
    quote: IOracle.Quote = self._quote(underlying, expiry)
    if quote.fixed != 0 and quote.fixed == quote.forward:
        return min(quote.fixed, MAX_PRICE), False, True
    fresh: bool = False
    price, fresh = self._spot(underlying)
    return min(price, MAX_PRICE), False, fresh and price != 0


@internal
@pure
def _payout(word: uint256, price: uint256) -> int256:
    """
    @notice What an expired position pays [wad]: without a price a long nothing, a short the most
            that it can.
    """
    code: uint256 = word >> 96
    quantity: int256 = series._quantity(word)
    if quantity > 0 and price == 0:
        return 0
    if price == 0 and not series._is_put(code):
        return series._payout(code, quantity, MAX_PRICE)
    return series._payout(code, quantity, price)
