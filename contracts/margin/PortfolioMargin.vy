# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title PortfolioMargin
@license AGPL-3.0-only
@notice Margin of all positions of an underlying together: revalued under a grid of spot and
        volatility moves, the worst of them counts, with contingencies for the forward, for
        naked shorts, for collateral, for the confidence of prices and for the stablecoin.
        The rules are those of Derive v2's portfolio manager, see contracts/margin/contingencies.vy.

        Options without barrier are valued as in contracts/margin/scenarios.vy. A barrier that
        is not decided counts for every scenario as touched or not, whichever costs more: a long
        is worth nothing, a short is the option without barrier. No scenario and no touch in it
        can need more maintenance margin (tests/differential/test_barrier_bound.py).
        Expired positions count at the fixing; before there is one, losses at spot.
        Parameters are set through PortfolioSettings.vy, at this address.
@dev State in the order of PortfolioSettings.vy. Stateless towards accounts. Sorted by underlying and
     expiry, and by strike where naked shorts are netted, one pass sees an expiry at a time.
     A book without a long loses most at the highest volatility and at the lowest or highest spot, as
     options are convex in the forward: the others are left out, and the basis contingency is bounded
     by what the outermost cost. Where that bound decides, the underlying is valued again in full.
     Prices are capped at 2**125 - 1 wad; quantities lie below 2**95.
@custom:trust The owner sets parameters within hard bounds; the oracle is trusted for prices.
@custom:kill None; the ledger may register another engine.
@custom:rounding Requirements up, values of longs down, of shorts up, within the stated bounds.
"""

from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IMarginEngine
from ..interfaces import IOracle
from ..math import sorting
from . import collateral
from . import contingencies
from . import portfolio_rules
from . import scenarios
from . import strike_smile

implements: IMarginEngine

initializes: ownable
initializes: collateral[ownable := ownable]
initializes: portfolio_rules[ownable := ownable]
initializes: scenarios


ORACLE: public(immutable(IOracle))
SETTINGS: public(immutable(address))

MAX_ANSWER: constant(uint256) = 36 * 32  # levels_of
MAX_PRICE: constant(uint256) = 2**125 - 1  # [wad]
MAX_VOLATILITY: constant(uint256) = 2**70 - 1  # [wad]
# Places in a position's word, see instruments/series.vy.
BUCKET: constant(uint256) = 216
PUT: constant(uint256) = 1 << 152
BARRIER: constant(uint256) = 2 << 152
KIND: constant(uint256) = (254 << 152) | ((2**56 - 1) << 96)
BY_EXPIRY: constant(uint256) = max_value(uint256) - (2**216 - 1)
BY_STRIKE: constant(uint256) = max_value(uint256) - (2**160 - 1)
SIGN: constant(uint256) = 1 << 95
QUANTITY: constant(uint256) = 2**96 - 1


struct Stake:
    # Collateral priced by one underlying.
    underlying: uint256
    base: contingencies.Base


@deploy
def __init__(oracle: IOracle, settings: address, owner: address):
    """
    @param settings A PortfolioSettings.
    """
    ownable.__init__()
    ownable._transfer_ownership(owner)
    scenarios.__init__()
    ORACLE = oracle
    SETTINGS = settings


@external
@view
def assess(
    cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128]
) -> IMarginEngine.Health:
    """
    @notice Equity and the excess over initial and maintenance margin, see IMarginEngine.
    """
    return self._judge(cash, holdings, sorting._sorted(positions, BY_EXPIRY))


@external
@view
def excess(cash: int256, holdings: DynArray[uint256, 8], positions: DynArray[uint256, 128]) -> (int256, bool):
    """
    @notice Excess over initial margin alone, see IMarginEngine.
    """
    health: IMarginEngine.Health = self._judge(cash, holdings, sorting._sorted(positions, BY_EXPIRY))
    return health.initial, health.fresh


# -- settings --


@external
@reentrant
@raw_return
def __default__() -> Bytes[MAX_ANSWER]:
    """
    @notice Everything else is PortfolioSettings', in this contract's storage. It takes the lock itself.
    """
    return raw_call(SETTINGS, msg.data, max_outsize=MAX_ANSWER, is_delegate_call=True)


# -- internals --


@internal
@view
def _judge(
    cash: int256, holdings: DynArray[uint256, 8], words: DynArray[uint256, 128]
) -> IMarginEngine.Health:
    """
    @param words Positions by underlying and expiry.
    """
    health: IMarginEngine.Health = IMarginEngine.Health(equity=cash, initial=cash, maintenance=cash, fresh=True)
    stakes: DynArray[Stake, 8] = []
    for holding: uint256 in holdings:
        word: uint256 = collateral._word(holding)
        # An asset that was never set counts for nothing.
        if word != 0:
            underlying: uint256 = collateral._underlying(word)
            price: uint256 = 0
            fresh: bool = False
            price, fresh = self._spot(underlying)
            worth: collateral.Worth = collateral._worth(holding, word, price)
            health.equity += worth.market
            health.fresh = health.fresh and fresh
            base: contingencies.Base = contingencies.Base(
                market=worth.market, maintenance=worth.maintenance, initial=worth.initial
            )
            stakes.append(Stake(underlying=underlying, base=base))

    size: uint256 = len(words)
    # Barriers are decided first. A book of shorts alone has the sign in every word.
    any: uint256 = 0
    all: uint256 = SIGN
    for word: uint256 in words:
        any |= word
        all &= word
    if any & BARRIER != 0:
        for i: uint256 in range(size, bound=128):
            if words[i] & BARRIER != 0:
                words[i] = self._without_barrier(words[i])
                all &= words[i]

    start: uint256 = 0
    # Each underlying once, and one of them twice.
    for _: uint256 in range(129):
        if start == size:
            break
        underlying: uint256 = words[start] >> 240
        figures: uint256[2] = portfolio_rules._figures(underlying)
        short_only: bool = all != 0 and (figures[1] >> portfolio_rules.CONCAVE) & 1 != 0
        first: uint256 = start
        before: IMarginEngine.Health = health
        if (figures[1] >> portfolio_rules.BY_STRIKE) & 1 != 0:
            words = sorting._sorted(words, BY_STRIKE)
        totals: contingencies.Totals = empty(contingencies.Totals)
        spot: uint256 = 0
        spot_confidence: uint256 = 0
        for _expiry: uint256 in range(128):
            bucket: uint256 = words[start] >> BUCKET
            next: uint256 = size
            # The absolute quantities, to one unit.
            largest: int256 = 0
            for i: uint256 in range(start, size, bound=128):
                word: uint256 = words[i]
                if word >> BUCKET != bucket:
                    next = i
                    break
                quantity: int256 = convert(convert(word << 160, bytes32), int256)
                largest |= quantity ^ (quantity >> 255)
            expiry: uint256 = unsafe_mul(bucket & (2**24 - 1), 3_600)
            if expiry <= block.timestamp:
                price: uint256 = 0
                final: bool = False
                fresh: bool = False
                price, final, fresh = self._settlement(underlying, expiry)
                value: int256 = 0
                for i: uint256 in range(start, next, bound=128):
                    value += self._payout(words[i], price)
                health.equity += value
                # Before the fixing a surplus backs nothing else.
                if not final:
                    value = min(value, 0)
                health.initial += value
                health.maintenance += value
                health.fresh = health.fresh and fresh
            else:
                quote: IOracle.Quote = empty(IOracle.Quote)
                if figures[0] != 0:
                    if spot == 0:
                        quote = staticcall ORACLE.quote(underlying, expiry)
                        spot = min(quote.spot, MAX_PRICE)
                        spot_confidence = quote.confidence
                    else:
                        quote = staticcall ORACLE.term(underlying, expiry, spot)
                        quote.confidence = min(quote.confidence, spot_confidence)
                health.fresh = health.fresh and quote.fresh
                if quote.spot == 0 or quote.forward == 0 or quote.volatility == 0:
                    # No mark can be told: equity takes the worst as well.
                    health.fresh = False
                    price: uint256 = min(quote.forward, MAX_PRICE)
                    value: int256 = 0
                    for i: uint256 in range(start, next, bound=128):
                        value += self._worst(words[i], price)
                    health.equity += value
                    health.initial += value
                    health.maintenance += value
                else:
                    time: uint256 = min(unsafe_sub(expiry, block.timestamp), 2**32 - 1)
                    up: int256 = 0
                    down: int256 = 0
                    up, down = contingencies._shocks(figures, time)
                    totals = contingencies._add(
                        totals,
                        figures,
                        scenarios._revalue(
                            words,
                            start,
                            next,
                            convert(largest, uint256) >> 160,
                            strike_smile.Term(
                                forward=min(quote.forward, MAX_PRICE),
                                fixed=quote.fixed,
                                volatility=min(quote.volatility, MAX_VOLATILITY),
                                smile=quote.smile,
                                tenor=quote.tenor,
                                time=time,
                                up=up,
                                down=down,
                            ),
                            figures[1] & portfolio_rules.GRID,
                            (figures[1] >> portfolio_rules.BY_STRIKE) & 1 != 0,
                            short_only,
                        ),
                        short_only,
                        time,
                        quote.discount,
                        spot,
                        quote.confidence,
                    )
            start = next
            if start == size or words[start] >> 240 != underlying:
                break
        base: contingencies.Base = empty(contingencies.Base)
        for stake: Stake in stakes:
            if stake.underlying == underlying:
                base.market += stake.base.market
                base.maintenance += stake.base.maintenance
                base.initial += stake.base.initial
        if figures[0] != 0 and (spot != 0 or base.market != 0):
            initial: int256 = 0
            maintenance: int256 = 0
            fresh: bool = False
            decides: bool = False
            initial, maintenance, fresh, decides = self._requirement(totals, figures, short_only, base, spot)
            if decides and short_only:
                # The bound of the basis is not good enough: everything is valued.
                all = 0
                start = first
                health = before
                continue
            health.equity += totals.mark
            health.initial += initial
            health.maintenance += maintenance
            health.fresh = health.fresh and fresh
        else:
            health.initial += base.initial
            health.maintenance += base.maintenance
        for i: uint256 in range(len(stakes), bound=8):
            if stakes[i].underlying == underlying:
                stakes[i].underlying = 0
    # Collateral of underlyings without positions; without options the requirement is additive.
    for stake: Stake in stakes:
        if stake.underlying != 0:
            figures: uint256[2] = portfolio_rules._figures(stake.underlying)
            initial: int256 = stake.base.initial
            maintenance: int256 = stake.base.maintenance
            fresh: bool = True
            decides: bool = False
            nothing: contingencies.Totals = empty(contingencies.Totals)
            if figures[0] != 0:
                initial, maintenance, fresh, decides = self._requirement(nothing, figures, False, stake.base, 0)
            health.initial += initial
            health.maintenance += maintenance
            health.fresh = health.fresh and fresh
    return health


@internal
@view
def _requirement(
    totals: contingencies.Totals, figures: uint256[2], short_only: bool, base: contingencies.Base, spot: uint256
) -> (int256, int256, bool, bool):
    """
    @return initial and maintenance [wad], to be added to cash, freshness, and whether the basis decides
    """
    stablecoin: uint256 = (figures[1] >> portfolio_rules.STABLECOIN) & (2**16 - 1)
    stable: uint256 = 10**18
    fresh: bool = True
    counted: contingencies.Base = base
    if stablecoin != 0:
        stable, fresh = self._spot(stablecoin)
        if stable != 0:
            # What counts is money of the account: 2**240 / 10**18 * 10**18.
            counted.maintenance = base.maintenance * 10**18 // convert(stable, int256)
            counted.initial = base.initial * 10**18 // convert(stable, int256)
    found: contingencies.Requirement = contingencies._require(totals, figures, short_only, counted, spot, stable)
    return found.initial, found.maintenance, fresh, found.basis_decides


@internal
@view
def _settlement(underlying: uint256, expiry: uint256) -> (uint256, bool, bool):
    """
    @notice What an expired series settles at, and spot before there is a fixing.
    @return price [wad], 0 when never seen; whether it is the fixing; whether it is fresh
    """
    price: uint256 = staticcall ORACLE.fixing(underlying, expiry)
    final: bool = price != 0
    fresh: bool = True
    if not final:
        price, fresh = self._spot(underlying)
    return min(price, MAX_PRICE), final, fresh


@internal
@view
def _spot(underlying: uint256) -> (uint256, bool):
    """
    @return price [wad], 0 when never seen; whether it is fresh
    """
    price: uint256 = 0
    fresh: bool = False
    price, fresh = staticcall ORACLE.spot(underlying)
    return min(price, MAX_PRICE), fresh and price != 0


@internal
@view
def _without_barrier(word: uint256) -> uint256:
    """
    @notice The position once its barrier is decided, or as it counts while it is not.
    """
    code: uint256 = word >> 96
    state: uint256 = staticcall ORACLE.knocked(code)
    expired: bool = series._expiry(code) <= block.timestamp
    counts: bool = word & SIGN != 0
    if state == 1 or (state == 2 and expired):
        # Bit 3 of the kind: the touch knocks in.
        counts = (word & (8 << 152) != 0) == (state == 1)
    if not counts:
        return word & ~(KIND | QUANTITY)
    return word & ~KIND


@internal
@pure
def _payout(word: uint256, price: uint256) -> int256:
    """
    @notice What an expired position pays [wad]; without a price a long nothing, a short the most that it can.
    """
    code: uint256 = word >> 96
    quantity: int256 = series._quantity(word)
    if price == 0:
        return self._worst(word, 0)
    return series._payout(code, quantity, price)


@internal
@pure
def _worst(word: uint256, price: uint256) -> int256:
    """
    @notice The most that a position costs: a call the forward, a put the strike, a long nothing.
    @param price [wad] forward, 0 when not known.
    """
    quantity: int256 = series._quantity(word)
    if quantity >= 0:
        return 0
    most: uint256 = series._strike(word >> 96)
    if word & PUT == 0:
        most = MAX_PRICE
        if price != 0:
            most = price
    return unsafe_sub(unsafe_div(unsafe_mul(quantity, convert(most, int256)), 10**18), 1)
