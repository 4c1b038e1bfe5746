"""The deployment graph as data, and the one function that runs it.

`UNITS` says what is deployed and what each unit is given, `STEPS` what is then called; both
refer to earlier units and to parameters by name. `deploy` runs them where titanoboa's
environment points to: in-process, or on a chain (`novate.network.connect`).
"""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boa
from boa.contracts.vyper.vyper_contract import VyperFunction

from .engine.cache import load
from .series import DAY, WAD, Rules

if TYPE_CHECKING:
    from .market import Market

CONTRACTS = Path(__file__).resolve().parent.parent / "contracts"
# Strikes every 25 USD, expiries at 08:00 UTC on Fridays.
GRID = Rules(tick=25 * 10**8, hour=8, daily=0, weekly=40, monthly=200, quarterly=400)
# Asset number of the tokenised units.
INDEX = 1
NOBODY = "0x" + 40 * "0"


# -- parameters --


@dataclass(frozen=True)
class Prices:
    """The two feeds of the underlying."""

    spot: float = 2_750.0  # [USD] first answer
    volatility: float = 0.15  # first answer, annualised
    decimals: int = 8
    max_age: int = 4 * DAY  # [s] daily prices over a long weekend


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
    bond: int = 1_000  # [USD] of who proposes or disputes a fixing that nobody recorded
    dispute: int = 7_200  # [s]


# -- the graph --


@dataclass(frozen=True)
class At:
    """The address of an earlier unit."""

    unit: str


@dataclass(frozen=True)
class Set:
    """A parameter by its path, such as `fees.taker_rate`; a group becomes a tuple."""

    path: str


@dataclass(frozen=True)
class Answer:
    """A parameter in the units of the feeds."""

    path: str


@dataclass(frozen=True)
class Cash:
    """A parameter in dollars, in the units of the settlement token."""

    path: str


@dataclass(frozen=True)
class Wad:
    """A parameter as typed, in wad."""

    path: str


@dataclass(frozen=True)
class Text:
    """A text made from parameters, such as `{symbol} / USD`."""

    pattern: str


@dataclass(frozen=True)
class Owner:
    """Who deploys, and owns what has an owner."""


@dataclass(frozen=True)
class Unit:
    name: str
    source: str  # below contracts/
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Step:
    unit: str
    function: str
    arguments: tuple[Any, ...] = ()


UNITS: tuple[Unit, ...] = (
    Unit("cash_token", "tokens/TestToken.vy", ("Test Dollar", "TUSD", Set("cash_decimals"))),
    Unit("index_token", "tokens/TestToken.vy", (Text("{symbol} unit"), "TIDX", 18)),
    Unit(
        "spot_feed",
        "oracle/PriceFeed.vy",
        (Text("{symbol} / USD"), Set("prices.decimals"), Owner()),
    ),
    Unit(
        "volatility_feed",
        "oracle/PriceFeed.vy",
        (Text("{symbol} implied volatility"), Set("prices.decimals"), Owner()),
    ),
    Unit("oracle", "oracle/PriceOracle.vy", (Owner(),)),
    Unit("margin", "margin/StandardMargin.vy", (At("oracle"), Owner())),
    Unit("listing", "instruments/Listing.vy", (Owner(),)),
    Unit("operators", "clearing/Operators.vy"),
    Unit(
        "curve",
        "clearing/InterestCurve.vy",
        (
            Set("rates.base"),
            Set("rates.slope_low"),
            Set("rates.slope_high"),
            Set("rates.optimum"),
        ),
    ),
    Unit(
        "back_office",
        "clearing/BackOffice.vy",
        (At("oracle"), At("listing"), At("operators"), At("curve"), At("cash_token")),
    ),
    Unit(
        "clearinghouse",
        "clearing/Clearinghouse.vy",
        (
            At("oracle"),
            At("listing"),
            At("operators"),
            At("curve"),
            At("cash_token"),
            Owner(),
            At("back_office"),
        ),
    ),
    Unit("lens", "clearing/Lens.vy", (At("clearinghouse"),)),
    Unit(
        "court",
        "oracle/FixingCourt.vy",
        (At("oracle"), At("cash_token"), Cash("bond"), Set("dispute"), Owner(), Owner()),
    ),
    Unit("watch", "oracle/BarrierWatch.vy", (At("oracle"), At("cash_token"))),
    Unit("oracle_lens", "oracle/OracleLens.vy", (At("oracle"),)),
    Unit("exposure", "margin/ExposureLimits.vy", (At("oracle"), Owner())),
    Unit("forecast", "margin/LinearForecast.vy", (At("oracle"), Owner())),
    Unit("scan_range", "margin/ScanRange.vy", (Owner(),)),
    Unit("margin_sheet", "margin/StandardMarginSheet.vy"),
    Unit("portfolio_settings", "margin/PortfolioSettings.vy"),
    Unit(
        "portfolio_margin",
        "margin/PortfolioMargin.vy",
        (At("oracle"), At("portfolio_settings"), Owner()),
    ),
    Unit("orders", "venues/SignedOrders.vy", (At("clearinghouse"), At("oracle"), Owner())),
    Unit("auctions", "auction/AuctionHouse.vy", (At("clearinghouse"), Owner())),
    Unit("security_fund", "insurance/SecurityFund.vy", (At("clearinghouse"), Set("fund_delay"))),
)

STEPS: tuple[Step, ...] = (
    # The oracle lists only sources that answer.
    Step("spot_feed", "push", (Answer("prices.spot"),)),
    Step("volatility_feed", "push", (Answer("prices.volatility"),)),
    Step(
        "oracle",
        "list_underlying",
        (Set("underlying"), At("spot_feed"), At("volatility_feed"), Set("prices.max_age")),
    ),
    Step("oracle", "link", (At("court"), At("watch"))),
    Step("forecast", "start", (Set("underlying"), Wad("prices.volatility"))),
    Step("scan_range", "set_bounds", (Set("underlying"), At("forecast"), Set("scan"))),
    Step("margin", "set_market", (Set("underlying"), Set("margin"))),
    Step(
        "margin",
        "set_collateral",
        (
            INDEX,
            Set("underlying"),
            Set("collateral.maintenance"),
            Set("collateral.initial"),
            NOBODY,
        ),
    ),
    Step(
        "listing",
        "list_market",
        (
            Set("underlying"),
            Set("grid.tick"),
            Set("grid.hour"),
            Set("grid.daily"),
            Set("grid.weekly"),
            Set("grid.monthly"),
            Set("grid.quarterly"),
        ),
    ),
    Step(
        "portfolio_margin",
        "set_market",
        (Set("underlying"), Set("portfolio"), Set("grid_of_moves")),
    ),
    Step(
        "portfolio_margin",
        "set_collateral",
        (
            INDEX,
            Set("underlying"),
            Set("collateral.maintenance"),
            Set("collateral.initial"),
            NOBODY,
        ),
    ),
    Step("listing", "set_watch", (At("watch"),)),
    Step("clearinghouse", "list_asset", (INDEX, At("index_token"), Set("collateral.cap"))),
    Step("clearinghouse", "register_engine", (0, At("margin"))),
    Step("clearinghouse", "register_engine", (1, At("portfolio_margin"))),
    Step("clearinghouse", "set_curve", (At("curve"), Set("rates.fund_share"))),
    Step("clearinghouse", "set_venue", (At("orders"), True)),
    Step("auctions", "set_rules", (Set("auction"),)),
    Step("auctions", "set_grace", (At("oracle"), Set("grace"))),
    Step("clearinghouse", "set_auction_house", (At("auctions"),)),
    Step("clearinghouse", "set_security_fund", (At("security_fund"),)),
    Step("clearinghouse", "set_exposure_limits", (At("exposure"),)),
    Step("listing", "set_reporters", (At("clearinghouse"), At("auctions"))),
    Step("orders", "set_fees", (Set("fees.maker_rate"), Set("fees.taker_rate"))),
)


@cache
def compiled(source: str) -> Any:
    """The deployer of a contract below contracts/, read once a process, compiled once a machine.

    A compiled contract is a million small objects that stay: looking for garbage among them takes
    two thirds of the time to load them, and of every later collection. So not while they are
    loaded, and never again afterwards.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return load(CONTRACTS / source)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def deploy(parameters: Parameters | None = None, *, manifest: Path | None = None) -> Market:
    """Deploy a market in titanoboa's current environment, owned by its `boa.env.eoa`.

    parameters: the defaults describe a market in an index.
    manifest: a file that receives name, source and address of every contract as JSON.
    """
    from .market import Market

    parameters = parameters or Parameters()
    owner = str(boa.env.eoa)
    contracts: dict[str, Any] = {}
    for unit in UNITS:
        arguments = [_resolve(value, parameters, contracts, owner) for value in unit.arguments]
        contracts[unit.name] = compiled(unit.source).deploy(*arguments)
    hand_on(contracts["clearinghouse"], contracts["back_office"])
    hand_on(contracts["portfolio_margin"], contracts["portfolio_settings"])
    market = Market(contracts, parameters, owner)
    for step in STEPS:
        arguments = [_resolve(value, parameters, contracts, owner) for value in step.arguments]
        market.send(step.unit, step.function, *arguments, operation="set up")
    if parameters.fund:
        market.endow_fund(parameters.fund)
    if manifest is not None:
        write_manifest(market, manifest)
    return market


def hand_on(front: Any, back: Any) -> None:
    """Let the object of a contract know the functions and events of the code it hands calls to."""
    for function in back.compiler_data.global_ctx.exposed_functions:
        if not hasattr(front, function.name):
            setattr(front, function.name, VyperFunction(function.decl_node, front))
    front.abi = [*front.abi, *(entry for entry in back.abi if entry not in front.abi)]
    front.event_for = {**back.event_for, **front.event_for}
    front.event_abi_for = {**back.event_abi_for, **front.event_abi_for}


def addresses(market: Market) -> dict[str, Any]:
    """Chain, owner and address of every contract: what others need to find the market."""
    return {
        "chain_id": boa.env.evm.patch.chain_id,
        "owner": market.owner,
        "contracts": {
            unit.name: {
                "source": unit.source,
                "address": str(market.contracts[unit.name].address),
            }
            for unit in UNITS
        },
    }


def write_manifest(market: Market, file: Path) -> None:
    """Write `addresses` as JSON, at once or not at all."""
    draft = file.with_suffix(file.suffix + ".part")
    draft.write_text(json.dumps(addresses(market), indent=2) + "\n")
    draft.replace(file)


def _resolve(value: Any, parameters: Parameters, contracts: Mapping[str, Any], owner: str) -> Any:
    match value:
        case At(unit):
            return contracts[unit].address
        case Set(path):
            return _as_argument(_parameter(parameters, path))
        case Answer(path):
            scale = 10**parameters.prices.decimals
            return int(Decimal(str(_parameter(parameters, path))) * scale)
        case Cash(path):
            return int(_parameter(parameters, path)) * 10**parameters.cash_decimals
        case Wad(path):
            return int(Decimal(str(_parameter(parameters, path))) * WAD)
        case Text(pattern):
            return pattern.format(symbol=parameters.symbol)
        case Owner():
            return owner
        case _:
            return value


def _parameter(parameters: Parameters, path: str) -> Any:
    found: Any = parameters
    for name in path.split("."):
        found = getattr(found, name)
    return found


def _as_argument(found: Any) -> Any:
    """A group of parameters becomes the struct that the contract takes."""
    if is_dataclass(found):
        return tuple(getattr(found, one.name) for one in fields(found))
    return found
