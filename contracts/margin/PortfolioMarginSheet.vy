# pragma version 0.4.3
# pragma optimize gas
"""
@title PortfolioMarginSheet: portfolio margin worked out from plain figures
@license AGPL-3.0-only
@notice Takes everything that the margin of one underlying depends on and returns every line of the
        computation, so that any published figure can be checked without a ledger, an oracle or an
        account. The engine of the ledger runs the same code, `scenarios.vy` and
        `contingencies.vy`; other underlyings add their lines.
@dev No storage and no neighbours. Options are without barrier; one whose barrier is still open is a
     plain option when short and nothing when long.
@custom:trust Nobody.
@custom:kill None, it holds nothing.
@custom:rounding As in the engine: requirements up, what counts for the account down.
"""

from ..math import fixed_point
from . import contingencies
from . import portfolio_rules
from . import scenarios
from . import strike_smile

initializes: scenarios


YEAR: constant(uint256) = 31_536_000
PRICE_UNIT: constant(uint256) = 10**10  # [wad] a strike is a multiple of it
MAX_PRICE: constant(uint256) = 2**125 - 1  # [wad]
MAX_QUANTITY: constant(int256) = 2**95 - 1
MAX_CASH: constant(int256) = 2**120


struct Expiry:
    left: uint256  # [s] to expiry, positive
    forward_fixed: uint256  # [wad] settled part of the forward
    forward_variable: uint256  # [wad] the part that moves
    volatility: uint256  # [wad] annualised
    smile: uint256  # as in contracts/math/svi.vy; 0: `volatility` for all strikes
    tenor: uint256  # [s] that the smile is for
    rate: uint256  # [wad] annual, continuously compounded
    confidence: uint256  # [wad] the lowest of the feeds


struct Option:
    expiry: uint256  # index below
    strike: uint256  # [wad] whole multiple of 1e-8 USD, below 2**56 of them
    is_put: bool
    quantity: int256  # [wad] long positive, below 2**95


struct Collateral:
    units: uint256  # [wad] of the underlying, below 2**112
    maintenance: uint256  # [wad] share of its value that counts, at most 1
    initial: uint256  # [wad] of that, the share that counts for initial margin, at most 1


struct Sheet:
    mark: int256  # [wad] value of the options
    collateral: int256  # [wad] what counts of it for maintenance
    losses: int256[27]  # [wad] by spot level and volatility: highest, unmoved, lowest
    basis: int256  # [wad] contingency for the forward, not positive
    span: int256  # [wad] the worst loss that counts, or the basis contingency
    static: int256  # [wad] for collateral and naked shorts, positive
    factor: int256  # [wad] initial margin over maintenance margin
    confidence_charge: int256  # [wad]
    equity: int256  # [wad] cash, collateral without haircut and mark
    maintenance: int256  # [wad] excess over maintenance margin
    initial: int256  # [wad] excess over initial margin


@deploy
def __init__():
    scenarios.__init__()


@external
@view
def work_out(
    cash: int256,
    collateral: Collateral,
    options: DynArray[Option, 128],
    expiries: DynArray[Expiry, 8],
    spot: uint256,
    stablecoin: uint256,
    parameters: portfolio_rules.Parameters,
    levels: portfolio_rules.Level[9],
    scan: uint256 = 10**18,
) -> Sheet:
    """
    @notice Margin of an account that holds these options of one underlying.
    @param cash [wad] signed.
    @param spot [wad]
    @param stablecoin [wad] its price.
    @param parameters As `set_market` of the engine takes them, `stablecoin` not used.
    @param scan [wad] by which moves are multiplied, see contracts/margin/ScanRange.vy.
    """
    assert spot != 0 and spot <= MAX_PRICE, "sheet: no price"
    assert stablecoin != 0 and stablecoin <= MAX_PRICE, "sheet: no stablecoin price"
    assert abs(max(cash, -MAX_CASH)) < MAX_CASH, "sheet: amount too large"
    assert collateral.units < 2**112, "sheet: amount too large"
    assert max(collateral.maintenance, collateral.initial) <= 10**18, "sheet: share above one"
    words: uint256[2] = portfolio_rules._pack(parameters, levels)
    words[1] = portfolio_rules._widened(words[1], scan)
    sheet: Sheet = empty(Sheet)
    totals: contingencies.Totals = empty(contingencies.Totals)
    for e: uint256 in range(len(expiries), bound=8):
        terms: Expiry = expiries[e]
        assert terms.left != 0 and terms.left < 2**32, "sheet: expired"
        assert terms.volatility != 0 and terms.volatility < 2**70, "sheet: no volatility"
        assert max(terms.forward_fixed, terms.forward_variable) <= MAX_PRICE // 2, "sheet: price too large"
        assert terms.forward_fixed + terms.forward_variable != 0, "sheet: no price"
        assert terms.confidence <= 10**18, "sheet: confidence above one"
        assert terms.rate <= 10**19, "sheet: rate too large"
        held: DynArray[uint256, 128] = []
        largest: uint256 = 0
        for option: Option in options:
            assert option.expiry < len(expiries), "sheet: no such expiry"
            assert option.strike != 0 and option.strike % PRICE_UNIT == 0, "sheet: strike too fine"
            assert option.strike // PRICE_UNIT < 2**56, "sheet: strike too large"
            assert abs(max(option.quantity, -(2**96))) <= MAX_QUANTITY, "sheet: quantity too large"
            if option.expiry == e:
                word: uint256 = (
                    (option.strike // PRICE_UNIT << 160)
                    | (convert(option.is_put, uint256) << 152)
                    | convert(option.quantity & (2**96 - 1), uint256)
                )
                held.append(word)
                largest |= convert(abs(option.quantity), uint256)
        up: int256 = 0
        down: int256 = 0
        up, down = contingencies._shocks(words, terms.left)
        discount: uint256 = fixed_point._exp(-convert(terms.rate * terms.left // YEAR, int256))
        totals = contingencies._add(
            totals,
            words,
            scenarios._revalue(
                held,
                0,
                len(held),
                largest,
                strike_smile.Term(
                    forward=terms.forward_fixed + terms.forward_variable,
                    fixed=terms.forward_fixed,
                    volatility=terms.volatility,
                    smile=terms.smile,
                    tenor=terms.tenor,
                    time=terms.left,
                    up=up,
                    down=down,
                ),
                words[1] & portfolio_rules.GRID,
                parameters.by_strike,
                False,
            ),
            False,
            terms.left,
            discount,
            spot,
            terms.confidence,
        )
    base: contingencies.Base = empty(contingencies.Base)
    base.market = convert(collateral.units * spot // 10**18, int256)
    counted: uint256 = collateral.units * spot // stablecoin * collateral.maintenance // 10**18
    base.maintenance = convert(counted, int256)
    base.initial = convert(counted * collateral.initial // 10**18, int256)
    found: contingencies.Requirement = contingencies._require(totals, words, False, base, spot, stablecoin)
    for j: uint256 in range(9):
        spot_then: uint256 = (words[1] >> (j * portfolio_rules.LEVEL_BITS)) & (2**16 - 1)
        lost: int256 = base.maintenance * (convert(spot_then, int256) - 10**4) // 10**4
        for row: uint256 in range(3):
            sheet.losses[3 * j + row] = totals.losses[3 * j + row] - totals.mark + lost
    sheet.mark = totals.mark
    sheet.collateral = base.maintenance
    sheet.basis = totals.basis
    sheet.span = found.span
    sheet.static = found.static
    sheet.factor = found.factor
    sheet.confidence_charge = totals.charge
    sheet.equity = cash + base.market + totals.mark
    sheet.maintenance = cash + found.maintenance
    sheet.initial = cash + found.initial
    return sheet
