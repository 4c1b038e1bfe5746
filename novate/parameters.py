"""What a deployment may choose; each default is a plausible market in an index."""

from __future__ import annotations

from dataclasses import dataclass, field

from .liquidity import Liquidity
from .series import DAY, WAD, Rules

# Strikes every 25 USD, expiries at 08:00 UTC on Fridays.
GRID = Rules(tick=25 * 10**8, hour=8, daily=0, weekly=40, monthly=200, quarterly=400)


@dataclass(frozen=True)
class Prices:
    """The two feeds of the underlying."""

    spot: float = 2_750.0  # [USD] first answer
    volatility: float = 0.15  # first answer, annualised
    decimals: int = 8
    max_age: int = 4 * DAY  # [s] daily prices over a long weekend
    hold: int = 12  # [s] for which a recorded aggregate is served as it is
    spread: int = 500  # [bp] that a source may be from the median
    jump: int = 5_000  # [bp] that the aggregate may move per minute; markets with three sources
    # take a tenth of it


@dataclass(frozen=True)
class Fees:
    """Of notional, to the security fund."""

    maker_rate: int = WAD // 10_000  # [wad] 0.01 %
    taker_rate: int = 3 * WAD // 10_000  # [wad] 0.03 %


@dataclass(frozen=True)
class Rates:
    """Interest on negative cash, by utilisation; see contracts/clearing/InterestCurve.vy."""

    base: int = WAD // 100
    slope_low: int = 4 * WAD // 100
    slope_high: int = WAD
    optimum: int = 8 * WAD // 10
    fund_share: int = WAD // 5


@dataclass(frozen=True)
class Margin:
    """Standard margin, in the order of contracts/margin/rules.vy: Deribit's and Derive's shares."""

    initial: int = 15 * WAD // 100  # [wad] share of spot, at the money
    initial_floor: int = 10 * WAD // 100  # [wad] share of spot, far out of the money
    maintenance: int = 75 * WAD // 1_000  # [wad] share of spot
    put_maintenance: int = 75 * WAD // 1_000  # [wad] share of the mark, if that is more
    put_initial: int = 105 * WAD // 100  # [wad] times maintenance, at least
    unpaired_initial: int = 12 * WAD // 10  # [wad] times the forward per uncovered call
    unpaired_maintenance: int = 11 * WAD // 10
    confidence_threshold: int = 4 * WAD // 10  # [wad]
    confidence_charge: int = 4 * WAD // 10  # [wad] share of spot
    peg_threshold: int = 98 * WAD // 100  # [wad]
    peg_charge: int = 12 * WAD // 10  # [wad] share of spot
    stablecoin: int = 0  # its underlying; 0: counted at its face


@dataclass(frozen=True)
class Portfolio:
    """Portfolio margin, in the order of contracts/margin/portfolio_rules.vy: Derive's figures."""

    volatility_up: int = 60 * WAD // 100  # [wad] share, for 30 days
    volatility_down: int = 30 * WAD // 100
    power_short: int = 30 * WAD // 100
    power_long: int = 13 * WAD // 100
    basis_add: int = WAD
    basis_slope: int = 12 * WAD // 10  # a year
    static_discount: int = 95 * WAD // 100
    rate_multiple: int = WAD
    rate_add: int = 12 * WAD // 100
    collateral_static: int = 3 * WAD // 100
    naked_static: int = 2 * WAD // 100
    initial_factor: int = 125 * WAD // 100
    peg_threshold: int = 99 * WAD // 100
    peg_charge: int = 4 * WAD
    confidence_threshold: int = 55 * WAD // 100
    confidence_charge: int = WAD
    stablecoin: int = 0  # its underlying; 0: counted at its face
    by_strike: bool = False


# Moves of the spot, and which volatilities count with each: up, as it is, down.
MOVES: tuple[tuple[int, bool, bool, bool], ...] = (
    (80 * WAD // 100, True, False, False),
    *((share * WAD // 100, True, True, True) for share in (85, 90, 95, 100, 105, 110, 115)),
    (120 * WAD // 100, True, False, False),
)


@dataclass(frozen=True)
class Scan:
    """How far portfolio margin's moves follow the forecast, see contracts/margin/ScanRange.vy.

    An index of stocks: moves are meant for 15 %, 2008 had 40 %.
    """

    reference: int = 15 * WAD // 100  # [wad] annualised
    stressed: int = 40 * WAD // 100
    weight: int = WAD // 4  # of the stressed period
    floor: int = 75 * WAD // 100
    cap: int = 3 * WAD
    rise: int = 30 * WAD // 100  # a day
    fall: int = 5 * WAD // 100


@dataclass(frozen=True)
class Auction:
    """Rules of liquidation, in the order of contracts/auction/rules.vy.

    The curve halves every six hours: of those in novate/curve_study.py it recovers the most for
    the account at nearly the same loss to others.
    """

    start: int = 9_800  # [bps] of mark
    cutoff: int = 4_900  # [bps] of mark, after `fast`
    fast: int = 6 * 3_600  # [s]
    slow: int = 3_600  # [s] not used by this curve
    tail: int = 18 * 3_600  # [s] an eighth of the mark, then it begins anew
    insolvent: int = 3_600  # [s]
    fee: int = 1_000  # [bps] of what is to be sold, to the security fund
    buffer: int = 1_500  # [bps] of the requirement
    tip_share: int = 100  # [bps] of equity, at most
    tip: int = 20 * WAD  # [wad]
    family: int = 1  # exponential


@dataclass(frozen=True)
class Collateral:
    """Tokenised units of the underlying, as asset 1."""

    maintenance: int = 8 * WAD // 10  # [wad] of the value that counts for maintenance margin
    initial: int = 9_375 * WAD // 10_000  # [wad] of that, what counts for initial margin
    cap: int = 10_000_000 * WAD  # [wad] units in all accounts together


@dataclass(frozen=True)
class Pay:
    """Of a signed feed's reporters, in the order of contracts/oracle/ReporterBonds.vy."""

    fee: int = 10_000  # [token units] of a round, shared by its signers: a cent
    bonus: int = 10_000  # [token units] of a round that is punctual and accurate
    punctual: int = 15  # [s]
    spacing: int = 60  # [s] between rounds that are paid
    band: int = WAD // 100  # [wad] of the median of neighbours, accurate up to there
    limit: int = WAD // 10  # [wad] of the median, slashed beyond
    window: int = 300  # [s] to either side


@dataclass(frozen=True)
class Speeds:
    """How fast a surface may move, in the order of contracts/oracle/smiles.vy."""

    volatility: int = WAD // 4  # [wad] share per hour
    carry: int = WAD // 50  # [wad] per hour, of forward over spot and of the rate
    first: int = WAD // 2  # [wad] share by which a new expiry may differ


@dataclass(frozen=True)
class Reporters:
    """A committee that signs prices and smiles: its feed, its surface, its bonds and its pay.

    There is none unless it has members, or made_up ones: keys that `Market.account` makes from
    names, for development. The feed becomes a source by `Market.use_signed_feed`, once it has a
    report; the surface serves whatever it knows at once.
    """

    members: tuple[str, ...] = ()  # addresses, by index; at most 16
    made_up: int = 0
    quorum: int = 3  # more than half of them
    max_age: int = 60  # [s] of a report when it is submitted
    bond: int = 10_000  # [USD] of a full bond
    pay: Pay = field(default_factory=Pay)
    smile_fee: int = 1  # [USD] for a signature under a smile
    speeds: Speeds = field(default_factory=Speeds)


@dataclass(frozen=True)
class Policy:
    """Outside the sessions, in the order of contracts/oracle/Calendar.vy."""

    trade: bool = False  # risk may be opened
    liquidate: bool = False  # auctions run
    grace: int = 900  # [s] after the open for which auctions still wait
    # [wad] share of confidence lost at the close: standard margin charges 40 % of spot for all of
    # it, so a sold option needs 24.4 % of spot more to be opened, or for money to leave.
    gap: int = 61 * WAD // 100


@dataclass(frozen=True)
class Hours:
    """Market hours as contracts/oracle/Calendar.vy keeps them; without weeks always open.

    `novate.oracle.hours` makes the words: `new_york(first, last).hours(first, last)`.
    """

    weeks: tuple[tuple[int, int], ...] = ()  # season, word
    days: tuple[tuple[int, int], ...] = ()  # block, word
    special_days: tuple[tuple[int, int, int], ...] = ()  # day, opens, closes
    policy: Policy = field(default_factory=Policy)
    widening: int = 25  # [bp] of confidence lost per hour after the close
    served: bool = True  # the frozen price counts as fresh: who is sound may withdraw


@dataclass(frozen=True)
class Parameters:
    """Everything a deployment may choose; each default is a plausible market in an index."""

    underlying: int = 1
    symbol: str = "SPX"
    cash_decimals: int = 6
    grace: int = 300  # [s] that prices must be back before anybody is liquidated
    fund: int = 0  # [USD] that the deployer brings into the security fund
    fund_delay: int = 7 * DAY  # [s] that the fund's backers wait for their money
    grid: Rules = GRID
    prices: Prices = field(default_factory=Prices)
    fees: Fees = field(default_factory=Fees)
    rates: Rates = field(default_factory=Rates)
    margin: Margin = field(default_factory=Margin)
    collateral: Collateral = field(default_factory=Collateral)
    auction: Auction = field(default_factory=Auction)
    portfolio: Portfolio = field(default_factory=Portfolio)
    grid_of_moves: tuple[tuple[int, bool, bool, bool], ...] = MOVES
    scan: Scan = field(default_factory=Scan)
    reporters: Reporters = field(default_factory=Reporters)
    hours: Hours = field(default_factory=Hours)
    liquidity: Liquidity = field(default_factory=Liquidity)
    tape: bool = False  # volatility of trades on chain, for 53,000 gas a trade that counts
    bond: int = 1_000  # [USD] of who proposes or disputes a fixing that nobody recorded
    dispute: int = 7_200  # [s]
    upgradeable: bool = False  # clearinghouse, auction house and court behind proxies
