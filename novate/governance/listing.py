"""A market listed by one proposal, made from a TOML file, and tried before anybody votes.

The file says what an underlying is priced by, which series it has, its limits and its margin; what
it leaves out is as in `novate.parameters`. Shares and prices are plain numbers: 0.15 is 15 %.
An underlying that is listed already gets what the file names anew.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from eth_utils import is_address, to_checksum_address

from ..errors import DataError, ParameterError
from ..graph import NOBODY
from ..market import Health, Market, reason_of
from ..parameters import GRID, MOVES, Margin, Portfolio, Scan
from ..series import WAD, Rules
from .proposals import Call, Proposal, call

Group = TypeVar("Group")
# What is counted and not measured.
COUNTS = {"stablecoin"}


@dataclass(frozen=True)
class Oracle:
    """Where prices come from: AggregatorV3 feeds by address."""

    sources: tuple[str, ...]
    volatility: str
    max_age: int  # [s] of each
    quorum: int = 1
    hold: int = 0  # [s] that an aggregate is served as it is
    spread: int = 200  # [bp] that a source may be from the median
    jump: int = 500  # [bp] a minute
    calendar: str = ""
    widening: int = 0  # [bp] of confidence lost an hour while it is shut
    served: bool = False  # whether the frozen price counts as fresh


@dataclass(frozen=True)
class Limits:
    """Contracts [wad], 0 for none."""

    smallest: int = 0
    of_series: int = 0
    of_underlying: int = 0


@dataclass(frozen=True)
class Collateral:
    """Units of the underlying as collateral."""

    asset: int
    token: str
    cap: int  # [wad] units in all accounts together
    maintenance: int = 8 * WAD // 10
    initial: int = 9_375 * WAD // 10_000
    vault: str = ""


@dataclass(frozen=True)
class Listing:
    """One underlying as a file describes it."""

    underlying: int
    symbol: str
    oracle: Oracle | None = None
    grid: Rules | None = None
    limits: Limits | None = None
    margin: Margin | None = None
    portfolio: Portfolio | None = None
    scan: Scan | None = None
    collateral: Collateral | None = None
    description: str = ""


@dataclass(frozen=True)
class Effect:
    """An account before and after a proposal, at prices as they are."""

    account: int
    before: Health
    after: Health

    @property
    def falls(self) -> bool:
        """Whether it would fall below maintenance margin."""
        return self.before.maintenance >= 0 > self.after.maintenance

    @property
    def is_tied(self) -> bool:
        """Whether it could open no more risk, and could before."""
        return self.before.initial >= 0 > self.after.initial


@dataclass(frozen=True)
class Trial:
    """What a proposal did on a fork."""

    gas: int
    effects: tuple[Effect, ...] = field(default_factory=tuple)


def read_listing(file: Path) -> Listing:
    """A listing from TOML, checked as far as a file can be."""
    try:
        given = tomllib.loads(file.read_text(), parse_float=Decimal)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DataError(file, 0, str(error)) from error
    known = {one.name for one in fields(Listing)}
    for name in given:
        if name not in known:
            raise ParameterError(name, given[name], f"one of {', '.join(sorted(known))}")
    underlying = given.get("underlying")
    if not isinstance(underlying, int) or not 0 < underlying < 2**16:
        raise ParameterError("underlying", underlying, "1 to 65,535")
    found = Listing(underlying, str(given.get("symbol", underlying)))
    return replace(
        found,
        description=str(given.get("description", "")),
        oracle=_oracle(given["oracle"]) if "oracle" in given else None,
        grid=_grid(given["grid"]) if "grid" in given else None,
        limits=_filled(Limits(), given["limits"], "limits") if "limits" in given else None,
        margin=_filled(Margin(), given["margin"], "margin") if "margin" in given else None,
        portfolio=(
            _filled(Portfolio(), given["portfolio"], "portfolio") if "portfolio" in given else None
        ),
        scan=_filled(Scan(), given["scan"], "scan") if "scan" in given else None,
        collateral=_collateral(given["collateral"]) if "collateral" in given else None,
    )


def propose_listing(market: Market, listing: Listing) -> Proposal:
    """The calls that list an underlying, opening last, and what voters read."""
    unit, number = market.contracts, listing.underlying
    calls = [*_oracle_calls(market, listing), *_margin_calls(market, listing)]
    if listing.limits is not None:
        calls.append(call(unit["listing"].set_limits, number, *astuple(listing.limits)))
    if listing.grid is not None:
        grid = listing.grid
        calls.append(
            call(
                unit["listing"].list_market,
                number,
                grid.tick,
                grid.hour,
                grid.daily,
                grid.weekly,
                grid.monthly,
                grid.quarterly,
            )
        )
    if not calls:
        raise ParameterError("listing", listing.symbol, "a file that changes something")
    head = listing.description or f"List {listing.symbol} as underlying {number}"
    text = "\n".join([head, "", *(f"- {one.text}" for one in calls)])
    return Proposal(tuple(calls), text)


def try_out(market: Market, proposal: Proposal, accounts: Sequence[int] = ()) -> Trial:
    """Carry a proposal out on a fork and judge accounts before and after; nothing stays.

    accounts: those the market knows unless named. A call that would fail is an error.
    """
    env = market.env
    numbers = list(accounts) or [one.number for one in market.accounts]
    owner = str(market.listing.owner())
    gas = 0
    with env.anchor():
        before = _judge(market, numbers)
        for one in proposal.calls:
            result = env.execute_code(one.target, sender=owner, data=one.payload)
            if result.is_error:
                raise ParameterError("proposal", one.text, f"refused: {reason_of(result.output)}")
            gas += result.get_gas_used()
        after = _judge(market, numbers)
    return Trial(gas, tuple(map(Effect, numbers, before, after)))


def report(market: Market, trial: Trial) -> str:
    """What voters should know, in lines."""
    falling = [one for one in trial.effects if one.falls]
    tied = [one for one in trial.effects if one.is_tied and not one.falls]
    moved = [one for one in trial.effects if one.before != one.after]
    lines = [
        f"executes for {trial.gas:,} gas",
        f"{len(trial.effects)} accounts: {len(moved)} judged otherwise, {len(tied)} below initial, "
        f"{len(falling)} below maintenance margin",
    ]
    for one in moved:
        mark = "FALLS" if one.falls else "tied" if one.is_tied else ""
        figures = " -> ".join(
            f"{health.initial / WAD:,.2f} / {health.maintenance / WAD:,.2f}"
            for health in (one.before, one.after)
        )
        lines.append(f"  {market.name_of(one.account):<44} {figures}  {mark}".rstrip())
    return "\n".join(lines)


# -- the calls --


def _oracle_calls(market: Market, listing: Listing) -> list[Call]:
    given, number = listing.oracle, listing.underlying
    if given is None:
        return []
    oracle = market.contracts["oracle"]
    calls = []
    is_listed = oracle.rules_of(number)[0] != 0
    if not is_listed:
        calls.append(
            call(oracle.list_underlying, number, given.sources[0], given.volatility, given.max_age)
        )
    if is_listed or len(given.sources) > 1:
        feeds = [(source, given.max_age, 0, 10**30) for source in given.sources]
        calls.append(call(oracle.set_sources, number, feeds, given.quorum))
    calls.append(call(oracle.set_limits, number, given.hold, given.spread, given.jump))
    if given.calendar:
        calls.append(
            call(oracle.set_calendar, number, given.calendar, given.widening, given.served)
        )
    return calls


def _margin_calls(market: Market, listing: Listing) -> list[Call]:
    unit, number = market.contracts, listing.underlying
    calls = []
    if listing.margin is not None:
        calls.append(call(unit["margin"].set_market, number, astuple(listing.margin)))
    if listing.portfolio is not None:
        figures = astuple(listing.portfolio)
        calls.append(call(unit["portfolio_margin"].set_market, number, figures, list(MOVES)))
    if listing.scan is not None:
        bounds = astuple(listing.scan)
        forecast = unit["forecast"]
        if forecast.forecast(number)[0] == 0:
            calls.append(call(forecast.start, number, listing.scan.reference))
        calls.append(call(unit["scan_range"].set_bounds, number, forecast.address, bounds))
        portfolio, followed = unit["portfolio_margin"], unit["scan_range"].address
        is_margined = listing.portfolio is not None or portfolio.parameters_of(number)[0] != 0
        if is_margined and portfolio.scan_range_of(number) != followed:
            calls.append(call(portfolio.set_scan_range, number, followed))
    if listing.collateral is not None:
        one = listing.collateral
        counts = (one.asset, number, one.maintenance, one.initial, one.vault or NOBODY)
        calls += [
            call(unit[name].set_collateral, *counts) for name in ("margin", "portfolio_margin")
        ]
        calls.append(call(unit["clearinghouse"].list_asset, one.asset, one.token, one.cap))
    return calls


def _judge(market: Market, numbers: Sequence[int]) -> list[Health]:
    return [
        Health(*answer)
        for first in range(0, len(numbers), 256)
        for answer in market.contracts["lens"].healths(numbers[first : first + 256])
    ]


# -- the file --


def _filled(usual: Group, given: Mapping[str, Any], path: str) -> Group:
    """A group with the figures of the file in wad."""
    kinds = {one.name: getattr(usual, one.name) for one in fields(usual)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in given.items():
        where = f"{path}.{name}"
        if name not in kinds:
            raise ParameterError(where, value, f"one of {', '.join(kinds)}")
        is_flag = isinstance(kinds[name], bool)
        if isinstance(value, bool) != is_flag or not isinstance(value, bool | int | Decimal):
            raise ParameterError(where, value, "yes or no" if is_flag else "a number")
        values[name] = value if is_flag or name in COUNTS else _wad(value, where)
    return replace(usual, **values)  # type: ignore[type-var]


def _wad(value: int | Decimal, where: str) -> int:
    wad = Decimal(value) * WAD
    if wad != int(wad) or wad < 0:
        raise ParameterError(where, value, "at least 0, with 18 decimals at most")
    return int(wad)


def _address(value: Any, where: str) -> str:
    if not isinstance(value, str) or not is_address(value):
        raise ParameterError(where, value, "an address")
    return str(to_checksum_address(value))


def _counted(given: Mapping[str, Any], kind: type, path: str) -> dict[str, Any]:
    """Whole numbers, flags and addresses, by name."""
    known = {one.name for one in fields(kind)}
    for name, value in given.items():
        if name not in known:
            raise ParameterError(f"{path}.{name}", value, f"one of {', '.join(sorted(known))}")
    return dict(given)


def _oracle(given: Mapping[str, Any]) -> Oracle:
    values = _counted(given, Oracle, "oracle")
    sources = values.get("sources", [])
    if not 1 <= len(sources) <= 9:
        raise ParameterError("oracle.sources", sources, "one to nine addresses")
    values["sources"] = tuple(_address(one, "oracle.sources") for one in sources)
    for name in ("volatility", "calendar"):
        if name in values:
            values[name] = _address(values[name], f"oracle.{name}")
    if "volatility" not in values or not isinstance(values.get("max_age"), int):
        raise ParameterError("oracle", sorted(values), "sources, volatility and max_age at least")
    found = Oracle(**values)
    if not len(sources) < 2 * found.quorum <= 2 * len(sources):
        raise ParameterError("oracle.quorum", found.quorum, "more than half of the sources")
    return found


def _grid(given: Mapping[str, Any]) -> Rules:
    values = _counted(given, Rules, "grid")
    if "tick" in values:
        # [USD] in the file, 1e-8 USD on chain.
        values["tick"] = _wad(values["tick"], "grid.tick") // 10**10
    return replace(GRID, **values)


def _collateral(given: Mapping[str, Any]) -> Collateral:
    values = _counted(given, Collateral, "collateral")
    for name in ("token", "vault"):
        if name in values:
            values[name] = _address(values[name], f"collateral.{name}")
    for name in ("cap", "maintenance", "initial"):
        if name in values:
            values[name] = _wad(values[name], f"collateral.{name}")
    if not {"asset", "token", "cap"} <= values.keys():
        raise ParameterError("collateral", sorted(values), "asset, token and cap at least")
    return Collateral(**values)
