"""The deployment graph as data.

`UNITS` says what is deployed and what each unit is given, `STEPS` what is then called; both refer
to earlier units and to parameters (`novate/parameters.py`) by name. `novate.deploy.deploy` runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from .liquidity import INDEX, YIELDING

# Units by number of the asset, see novate/liquidity.py.
TOKENS = ("cash_token", "index_token", "yield_token")
NOBODY = "0x" + 40 * "0"


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
class Token:
    """The token of an asset, whose number is a parameter."""

    path: str


@dataclass(frozen=True)
class Owner:
    """Who deploys, and owns what has an owner."""


@dataclass(frozen=True)
class Fund:
    """The account of the security fund."""


@dataclass(frozen=True)
class First:
    """The call that initialises a proxy, encoded; the function is one of `unit`'s."""

    unit: str
    function: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Unit:
    name: str
    source: str  # below contracts/
    arguments: tuple[Any, ...] = ()
    face: str = ""  # whose functions it has, when that is another source: a proxy
    when: str = ""  # path of a parameter: only when there is something in it
    rows: str = ""  # path of rows: one for each, whose number from 0 stands for every `#`


@dataclass(frozen=True)
class Step:
    unit: str
    function: str
    arguments: tuple[Any, ...] = ()
    when: str = ""
    each: str = ""  # path of rows: once for each, which follows the arguments
    rows: str = ""  # path of rows: once for each, whose number from 0 stands for every `#`


Planned = TypeVar("Planned", Unit, Step)

# What the optional parts need.
REPORTERS, HOURS, LIQUIDITY = "reporters.members", "hours.weeks", "liquidity.on"
POOLS, VAULTS = "liquidity.pools", "liquidity.vaults"
# Number of the one calendar.
CALENDAR = 1


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
    Unit("realised", "oracle/RealisedVolatility.vy", (At("oracle"),)),
    Unit(
        "served_feed",
        "oracle/AggregatorAdapter.vy",
        (At("oracle"), Set("underlying"), Text("{symbol} / USD")),
    ),
    Unit(
        "signed_feed",
        "oracle/SignedFeed.vy",
        (
            Text("{symbol} / USD"),
            Set("prices.decimals"),
            Set("reporters.max_age"),
            Set("reporters.members"),
            Set("reporters.quorum"),
            Owner(),
        ),
        when=REPORTERS,
    ),
    Unit(
        "bonds",
        "oracle/ReporterBonds.vy",
        (At("cash_token"), Cash("reporters.bond"), Owner()),
        when=REPORTERS,
    ),
    Unit(
        "surface",
        "oracle/VolatilitySurface.vy",
        (Set("reporters.members"), Set("reporters.quorum"), Owner()),
        when=REPORTERS,
    ),
    Unit(
        "surface_fees",
        "oracle/SurfaceFees.vy",
        (At("cash_token"), At("surface"), At("bonds"), Cash("reporters.smile_fee"), Owner()),
        when=REPORTERS,
    ),
    Unit("traded", "oracle/TradedVolatility.vy", (At("oracle"), Owner()), when="tape"),
    Unit("calendar", "oracle/Calendar.vy", (Owner(),), when=HOURS),
    Unit("long_token", "tokens/LongToken.vy", when=LIQUIDITY),
    Unit(
        "long_tokens",
        "tokens/LongTokens.vy",
        (At("clearinghouse"), At("long_token")),
        when=LIQUIDITY,
    ),
    Unit("pool_pricer", "venues/PoolPricer.vy", (At("oracle"),), when=LIQUIDITY),
    Unit(
        "router",
        "venues/Router.vy",
        (At("clearinghouse"), At("oracle"), At("orders")),
        when=LIQUIDITY,
    ),
    Unit(
        "quote_rewards",
        "venues/QuoteRewards.vy",
        (At("clearinghouse"), At("pool_pricer"), At("orders"), At("cash_token"), Owner()),
        when=LIQUIDITY,
    ),
    Unit("standing", "auction/Standing.vy", (At("clearinghouse"),), when=LIQUIDITY),
    Unit(
        "batch",
        "auction/BatchAuction.vy",
        (
            At("clearinghouse"),
            At("oracle"),
            At("standing"),
            Set("liquidity.batch.length"),
            Set("liquidity.batch.window"),
            Set("liquidity.batch.bond"),
            Set("liquidity.batch.rate"),
        ),
        when=LIQUIDITY,
    ),
    Unit(
        "unwinder",
        "auction/Unwinder.vy",
        (
            At("clearinghouse"),
            At("oracle"),
            At("auctions"),
            At("batch"),
            At("pool_pricer"),
            Wad("liquidity.large"),
        ),
        when=LIQUIDITY,
    ),
    Unit(
        "pool_#",
        "venues/OptionPool.vy",
        (At("clearinghouse"), At("oracle"), At("pool_pricer"), Set("underlying"), Owner()),
        when=LIQUIDITY,
        rows=POOLS,
    ),
    Unit(
        "pool_shares_#",
        "venues/PoolShares.vy",
        (At("pool_#"), Set("liquidity.pools.#.name"), Set("liquidity.pools.#.symbol")),
        when=LIQUIDITY,
        rows=POOLS,
    ),
    Unit(
        "yield_token",
        "tokens/YieldVault.vy",
        (Text("Yield on {symbol}"), "yTIDX", At("index_token")),
        when=LIQUIDITY,
    ),
    Unit("strategist", "vaults/Strategist.vy", (At("pool_pricer"),), when=LIQUIDITY),
    Unit(
        "vault_#",
        "vaults/StrategyVault.vy",
        (
            Set("liquidity.vaults.#.name"),
            Set("liquidity.vaults.#.symbol"),
            At("batch"),
            At("strategist"),
            Set("liquidity.vaults.#.asset"),
            Token("liquidity.vaults.#.asset"),
            Set("liquidity.vaults.#.wrapped"),
            Set("underlying"),
            Owner(),
            Set("liquidity.vaults.#.strategy"),
        ),
        when=LIQUIDITY,
        rows=VAULTS,
    ),
    Unit("vault_queue_#", "vaults/VaultQueue.vy", (At("vault_#"),), when=LIQUIDITY, rows=VAULTS),
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
    Step(
        "oracle",
        "set_limits",
        (Set("underlying"), Set("prices.hold"), Set("prices.spread"), Set("prices.jump")),
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
    Step("portfolio_margin", "set_scan_range", (Set("underlying"), At("scan_range"))),
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
    Step("signed_feed", "set_bonds", (At("bonds"),), when=REPORTERS),
    Step("bonds", "list_feed", (At("signed_feed"), Set("reporters.pay")), when=REPORTERS),
    Step("surface", "set_limits", (Set("underlying"), Set("reporters.speeds")), when=REPORTERS),
    Step("oracle", "set_surface", (Set("underlying"), At("surface")), when=REPORTERS),
    Step("traded", "set_venue", (At("orders"), True), when="tape"),
    Step("orders", "set_tape", (At("traded"),), when="tape"),
    Step("calendar", "set_week", (CALENDAR,), when=HOURS, each="hours.weeks"),
    Step("calendar", "set_days", (CALENDAR,), when=HOURS, each="hours.days"),
    Step("calendar", "set_special_day", (CALENDAR,), when=HOURS, each="hours.special_days"),
    Step("calendar", "set_policy", (Set("underlying"), Set("hours.policy")), when=HOURS),
    Step("calendar", "assign", (Set("underlying"), CALENDAR), when=HOURS),
    Step(
        "oracle",
        "set_calendar",
        (Set("underlying"), At("calendar"), Set("hours.widening"), Set("hours.served")),
        when=HOURS,
    ),
    Step("listing", "set_calendar", (Set("underlying"), At("calendar")), when=HOURS),
    Step(
        "clearinghouse",
        "list_asset",
        (YIELDING, At("yield_token"), Set("collateral.cap")),
        when=LIQUIDITY,
    ),
    *(
        Step(
            engine,
            "set_collateral",
            (
                YIELDING,
                Set("underlying"),
                Set("collateral.maintenance"),
                Set("collateral.initial"),
                At("yield_token"),
            ),
            when=LIQUIDITY,
        )
        for engine in ("margin", "portfolio_margin")
    ),
    Step("clearinghouse", "set_venue", (At("long_tokens"), True), when=LIQUIDITY),
    Step("clearinghouse", "set_venue", (At("batch"), True), when=LIQUIDITY),
    Step("quote_rewards", "set_rules", (Set("liquidity.quotes"),), when=LIQUIDITY),
    Step("clearinghouse", "set_venue", (At("pool_#"), True), when=LIQUIDITY, rows=POOLS),
    Step("pool_#", "link", (At("pool_shares_#"), At("operators")), when=LIQUIDITY, rows=POOLS),
    Step(
        "pool_#",
        "set_rules",
        (Set("liquidity.pools.#.rules"), Set("liquidity.pools.#.conduct")),
        when=LIQUIDITY,
        rows=POOLS,
    ),
)

# What the deployer brings into the security fund, if anything; `FUND` is its account.
FUND_STEPS: tuple[Step, ...] = (
    Step("cash_token", "mint", (Owner(), Cash("fund"))),
    Step("cash_token", "approve", (At("clearinghouse"), Cash("fund"))),
    Step("clearinghouse", "deposit", (Fund(), 0, Cash("fund"))),
)

# Contracts that hand calls on, each to one whose functions it so has as well.
FRONTS: tuple[tuple[str, str], ...] = (
    ("clearinghouse", "back_office"),
    ("portfolio_margin", "portfolio_settings"),
)


def behind_proxies(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """The same market with clearinghouse, auction house and court as code behind proxies.

    Code that nobody may own is given an owner that never calls: a contract, or itself.
    """
    plain = {unit.name: unit for unit in units}
    book, court = plain["clearinghouse"].arguments, plain["court"].arguments
    code = {
        "clearinghouse": ("clearing/Clearinghouse.vy", (*book[:-2], book[-1], book[-1])),
        "court": ("proxy/UpgradeableFixingCourt.vy", court[:-1]),
        "auctions": ("proxy/UpgradeableAuctionHouse.vy", plain["auctions"].arguments[:-1]),
    }
    first = {
        "clearinghouse": First("back_office", "initialize", (Owner(), At("curve"))),
        "court": First("court_code", "initialize", (Owner(),)),
        "auctions": First("auctions_code", "initialize", (Owner(), Set("auction"))),
    }
    found: list[Unit] = []
    for unit in units:
        if unit.name == "back_office":
            found.append(Unit(unit.name, "proxy/UpgradeableBackOffice.vy", unit.arguments))
        elif unit.name in code:
            source, arguments = code[unit.name]
            found.append(Unit(f"{unit.name}_code", source, arguments))
            given = (At(f"{unit.name}_code"), first[unit.name])
            found.append(Unit(unit.name, "proxy/Proxy.vy", given, source))
        else:
            found.append(unit)
    return tuple(found)


def value_at(parameters: Any, path: str) -> Any:
    """What parameters hold under a path such as `fees.taker_rate` or `liquidity.pools.0.name`."""
    found = parameters
    for name in path.split("."):
        found = found[int(name)] if name.isdigit() else getattr(found, name)
    return found


def units_for(parameters: Any, units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Those of the units that these parameters want, as they want them."""
    wanted = tuple(_wanted(parameters, units))
    return behind_proxies(wanted) if parameters.upgradeable else wanted


def steps_for(parameters: Any, steps: Iterable[Step]) -> list[Step]:
    """The same of steps, and those for rows once for each."""
    found = []
    for step in _wanted(parameters, steps):
        if not step.each:
            found.append(step)
            continue
        for row in value_at(parameters, step.each):
            found.append(replace(step, arguments=(*step.arguments, *row), each=""))
    return found


def _wanted(parameters: Any, planned: Iterable[Planned]) -> Iterator[Planned]:
    """Those whose parameter has something in it, once for each of their rows."""
    for one in planned:
        if one.when and not value_at(parameters, one.when):
            continue
        if not one.rows:
            yield one
            continue
        for number in range(len(value_at(parameters, one.rows))):
            yield _numbered(one, number)


def _numbered(value: Any, number: int) -> Any:
    """The same with a row's number in place of every `#`."""
    if isinstance(value, str):
        return value.replace("#", str(number))
    if isinstance(value, tuple):
        return tuple(_numbered(one, number) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: _numbered(getattr(value, one.name), number) for one in fields(value)}
        return replace(value, **changed)
    return value
