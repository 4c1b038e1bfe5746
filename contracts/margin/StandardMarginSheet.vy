# pragma version 0.4.3
# pragma optimize codesize
"""
@title StandardMarginSheet: standard margin worked out from plain figures
@license AGPL-3.0-only
@notice Takes everything that the margin of one underlying and expiry depends on and returns every
        line of the computation, so that any published figure can be checked without a ledger, an
        oracle or an account. The engine of the ledger runs the same code, `netting.vy` and
        `worst_payoff.vy`; other expiries add their lines.
@dev No storage and no neighbours. Options are without barrier; one whose barrier is still open is a
     plain option when short and nothing when long.
@custom:trust Nobody.
@custom:kill None, it holds nothing.
@custom:rounding As in the engine: requirements up, what counts for the account down.
"""

from ..interfaces import IOracle
from . import netting
from . import rules
from . import worst_payoff

WAD: constant(uint256) = 10**18
PRICE_UNIT: constant(uint256) = 10**10  # [wad] a strike is a multiple of it
MAX_PRICE: constant(uint256) = 2**128 - 1  # [wad]
MAX_AMOUNT: constant(uint256) = 2**112  # [wad] of cash, value of collateral
MAX_QUANTITY: constant(int256) = 2**95 - 1


struct Option:
    strike: uint256  # [wad] whole multiple of 1e-8 USD, below 2**56 of them
    is_put: bool
    quantity: int256  # [wad] long positive, below 2**95
    volatility: uint256  # [wad] annualised; 0 for the market's


struct Collateral:
    worth: uint256  # [wad] market value
    maintenance: uint256  # [wad] share of it that counts, at most 1
    initial: uint256  # [wad] of that, the share that counts for initial margin, at most 1


struct Market:
    left: uint256  # [s] to expiry, positive
    spot: uint256  # [wad]
    forward_fixed: uint256  # [wad] settled part of the forward
    forward_variable: uint256  # [wad] the part that moves
    volatility: uint256  # [wad] annualised
    smile: uint256  # as in contracts/math/svi.vy; 0: `volatility` for all strikes
    tenor: uint256  # [s] that the smile is for
    confidence: uint256  # [wad] the lowest of the feeds
    stablecoin: uint256  # [wad] its price


struct Sheet:
    mark: int256  # [wad] value of the options
    alone_initial: int256  # [wad] what the shorts need each by itself
    alone_maintenance: int256  # [wad]
    worst_payoff: int256  # [wad] at zero and all strikes, not positive
    loss_initial: int256  # [wad] the worst loss with uncovered calls
    loss_maintenance: int256  # [wad]
    confidence_charge: int256  # [wad]
    peg_charge: int256  # [wad]
    required_initial: int256  # [wad] the milder of the two, and the charges
    required_maintenance: int256  # [wad]
    equity: int256  # [wad] cash, collateral and mark
    initial: int256  # [wad] excess over initial margin
    maintenance: int256  # [wad] excess over maintenance margin


@external
@pure
def work_out(
    cash: int256,
    collateral: DynArray[Collateral, 8],
    options: DynArray[Option, 128],
    market: Market,
    parameters: rules.Parameters,
) -> Sheet:
    """
    @notice Margin of an account that holds these options of one underlying and expiry.
    @param cash [wad] signed.
    @param parameters As `StandardMargin.set_market` takes them; the bounds there are not asked for.
    """
    assert market.left != 0, "sheet: expired"
    assert market.volatility != 0, "sheet: no volatility"
    assert max(market.spot, max(market.forward_fixed, market.forward_variable)) <= MAX_PRICE, "sheet: price too large"
    assert min(market.spot, market.forward_fixed + market.forward_variable) != 0, "sheet: no price"
    assert market.confidence <= WAD, "sheet: confidence above one"
    assert abs(max(cash, -(2**113))) <= 2**112, "sheet: amount too large"

    figures: uint256 = rules._packed(parameters)
    quote: IOracle.Quote = empty(IOracle.Quote)
    quote.spot = market.spot
    quote.forward = market.forward_fixed + market.forward_variable
    quote.volatility = market.volatility
    quote.smile = market.smile
    quote.tenor = market.tenor
    judged: netting.Market = netting._market(quote, figures, market.left)

    words: DynArray[uint256, 128] = []
    for option: Option in options:
        words.append(self._word(option))
    size: uint256 = len(words)
    sums: netting.Sums = netting._summed(words, 0, size, judged.forward)
    marks: netting.Marks = empty(netting.Marks)
    for i: uint256 in range(size, bound=128):
        one: netting.Market = judged
        if options[i].volatility != 0:
            quote.volatility = options[i].volatility
            quote.smile = 0
            one = netting._market(quote, figures, market.left)
        more: netting.Marks = netting._priced(words, i, i + 1, one, True)
        marks.longs += more.longs
        marks.owed += more.owed
        marks.shares += more.shares
        marks.excess += more.excess

    sheet: Sheet = empty(Sheet)
    sheet.mark = -rules._ceil(marks.owed - marks.longs, 10**18)
    sheet.equity = cash + sheet.mark
    sheet.initial = cash
    sheet.maintenance = cash
    shorts: int256 = sums.short_calls + sums.short_puts
    if shorts != 0:
        sheet.alone_initial, sheet.alone_maintenance = netting._alone(judged, sums, marks)
        worst: int256 = netting._lowest_end(sums)
        if sums.longs:
            worst = worst_payoff._worst(
                words, 0, size, sums.puts, sums.puts_value, sums.lowest, sums.highest
            )
        sheet.worst_payoff = -rules._ceil(-worst, 10**8)
        sheet.loss_initial, sheet.loss_maintenance = netting._losses(judged, sums, worst)
        sheet.confidence_charge = netting._doubt(judged, market.confidence, shorts)
        sheet.peg_charge = netting._depeg(judged, market.stablecoin, shorts)
        sheet.required_initial = (
            min(sheet.alone_initial, sheet.loss_initial) + sheet.confidence_charge + sheet.peg_charge
        )
        sheet.required_maintenance = min(sheet.alone_maintenance, sheet.loss_maintenance)
        sheet.initial -= sheet.required_initial
        sheet.maintenance -= sheet.required_maintenance
    for asset: Collateral in collateral:
        assert asset.worth <= MAX_AMOUNT, "sheet: amount too large"
        assert max(asset.maintenance, asset.initial) <= WAD, "sheet: share above one"
        counted: uint256 = asset.worth * asset.maintenance // WAD
        sheet.equity += convert(asset.worth, int256)
        sheet.maintenance += convert(counted, int256)
        sheet.initial += convert(counted * asset.initial // WAD, int256)
    return sheet


@internal
@pure
def _word(option: Option) -> uint256:
    """
    @notice The position as in instruments/series.vy, without underlying and expiry.
    """
    units: uint256 = option.strike // PRICE_UNIT
    assert option.strike == units * PRICE_UNIT and units != 0 and units < 2**56, "sheet: no such strike"
    assert abs(max(option.quantity, -(2**96))) <= MAX_QUANTITY, "sheet: quantity too large"
    assert option.volatility < 2**70, "sheet: volatility too large"
    return (
        (units << 160)
        | (convert(option.is_put, uint256) << 152)
        | convert(option.quantity & (2**96 - 1), uint256)
    )
