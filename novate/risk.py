"""Margin of an account for people: what it needs and why, what a trade would change, where it ends.

    margin_of(market, account)                  the table: per expiry, per scenario, per contingency
    margin_if(market, account, [(put, -5, 30)]) the same after trades that nobody made
    liquidation_price(market, account)          spots at which maintenance margin is used up

Figures come from the reference model, so that each can be taken apart (novate/book.py); what the
contracts say stands beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .book import Book, Liquidation, Trade, liquidation
from .margin_table import Engine, MarginTable
from .market import Account, Market
from .reference import margin, portfolio
from .reference.margin import Health, Holding, Position, Quote, Smile, View
from .series import WAD, Series, pack, unpack

# Number of an engine in the header of an account, whose word begins with 128 bits of principal
# and 8 of the count of positions.
ENGINES: tuple[Engine, ...] = ("standard", "portfolio")
ENGINE_SHIFT = 136
# Names of the engines among the contracts of a market; their settings answer at the same address.
UNITS: dict[Engine, str] = {"standard": "margin", "portfolio": "portfolio_margin"}


def book_of(
    market: Market,
    account: Account,
    *,
    engine: Engine | None = None,
    figures: portfolio.Rules | None = None,
) -> Book:
    """What an account holds, read from the contracts now.

    engine: another one than the account's own. figures: of portfolio margin; those of the market's
    engine by default, or the peer's production figures where there is none.
    """
    house, number = market.clearinghouse, account.number
    positions = [
        Position(Series.from_code(code), quantity / WAD)
        for code, quantity in map(unpack, house.positions_of(number))
    ]
    if engine is None:
        engine = ENGINES[house.header_of(number) >> ENGINE_SHIFT & 255]
    holdings = tuple(_holding(market, engine, word) for word in house.holdings_of(number))
    cash = house.cash_of(number) / WAD
    view = view_of(market, positions)
    underlyings = [*view.rules, *(h.underlying for h in holdings)]
    return Book(
        cash,
        tuple(positions),
        view,
        engine,
        holdings,
        {one: figures or _portfolio_rules(market, one) for one in underlyings},
        scans={one: scan_of(market, one) for one in underlyings},
    )


def scan_of(market: Market, underlying: int) -> float:
    """By what portfolio margin multiplies its moves now, see contracts/margin/ScanRange.vy."""
    unit = market.contracts.get(UNITS["portfolio"])
    return float(unit.scan_of(underlying) / WAD) if unit else 1.0


def view_of(market: Market, positions: Iterable[Position]) -> View:
    """The market as its oracle and its margin engine describe it to these positions."""
    oracle, now = market.oracle, market.now
    quotes: dict[margin.Expiry, Quote] = {}
    fixings: dict[margin.Expiry, float] = {}
    knocked: dict[int, int] = {}
    underlyings = {market.parameters.underlying}
    for position in positions:
        series = position.series
        key = series.underlying, series.expiry
        underlyings.add(series.underlying)
        if series.barrier:
            knocked[series.code] = int(oracle.knocked(series.code))
        if series.expiry > now:
            quotes[key] = quote_from(oracle.quote(*key))
        elif price := oracle.fixing(*key):
            fixings[key] = price / WAD
    rules = {one: _standard_rules(market.margin.parameters_of(one)) for one in underlyings}
    coins = {r.stablecoin for r in rules.values() if r.stablecoin}
    spots = {one: oracle.spot(one) for one in underlyings | coins}
    return View(
        now,
        rules,
        quotes,
        fixings,
        {one: (price / WAD, fresh) for one, (price, fresh) in spots.items()},
        knocked,
    )


def quote_from(answer: Any) -> Quote:
    """A quote as IOracle gives it."""
    return Quote(
        answer.spot / WAD,
        answer.forward / WAD,
        answer.volatility / WAD,
        answer.confidence / WAD,
        answer.fresh,
        answer.fixed / WAD,
        unpack_smile(answer.smile),
        answer.tenor,
        answer.discount / WAD,
    )


def unpack_smile(word: int) -> Smile | None:
    """The parameters in a word of contracts/math/svi.vy; None for a flat smile."""
    if word == 0:
        return None

    def part(low: int, bits: int, fraction: int, signed: bool) -> float:
        raw = word >> low & (1 << bits) - 1
        if signed and raw >> bits - 1:
            raw -= 1 << bits
        return math.ldexp(raw, -fraction)

    return Smile(
        part(199, 57, 48, True),
        part(147, 52, 50, False),
        part(104, 43, 42, True),
        part(52, 52, 48, True),
        part(0, 52, 48, False),
    )


def margin_of(
    market: Market,
    account: Account,
    *,
    engine: Engine | None = None,
    figures: portfolio.Rules | None = None,
) -> MarginTable:
    """What an account needs and why.

    engine, figures: see `book_of`. The engine's contract is asked as well, where the market has one
    and the figures are its own.
    """
    book = book_of(market, account, engine=engine, figures=figures)
    table = book.table()
    words = market.clearinghouse.positions_of(account.number)
    return table if figures else _beside(table, market, account, book, words)


def margin_if(
    market: Market, account: Account, trades: Sequence[Trade], *, engine: Engine | None = None
) -> MarginTable:
    """The same after trades of (series, signed quantity, price) that nobody made, fees left out."""
    book = book_of(market, account, engine=engine)
    asked = [Position(series, 0.0) for series, _, _ in trades]
    after = replace(book, view=view_of(market, [*book.positions, *asked])).traded(trades)
    words = [pack(p.series.code, round(p.quantity * WAD)) for p in after.positions]
    return _beside(after.table(), market, account, after, words)


def liquidation_price(market: Market, account: Account, **options: Any) -> Liquidation:
    """How far spot may move before the account can be auctioned, all else as it is."""
    return liquidation(book_of(market, account, **options))


def _holding(market: Market, engine: Engine, word: int) -> Holding:
    asset, amount = word >> 248, (word & (1 << 248) - 1) / WAD
    settings = market.contracts.get(UNITS[engine], market.margin)
    terms = settings.collateral_of(asset)
    price, fresh = market.oracle.spot(terms.underlying)
    if int(terms.vault, 16):
        amount *= settings.rate_of(asset) / WAD
    shares = terms.maintenance / WAD, terms.initial / WAD
    return Holding(amount, price / WAD, *shares, fresh, terms.underlying)


def _standard_rules(answer: Any) -> margin.Rules:
    names = margin.Rules.__dataclass_fields__
    return margin.Rules(
        **{n: getattr(answer, n) / (1 if n == "stablecoin" else WAD) for n in names}
    )


def _portfolio_rules(market: Market, underlying: int) -> portfolio.Rules:
    unit = market.contracts.get(UNITS["portfolio"])
    if unit is None:
        return portfolio.PRODUCTION
    return portfolio_rules(unit.parameters_of(underlying), unit.levels_of(underlying))


def portfolio_rules(parameters: Any, levels: Sequence[Any]) -> portfolio.Rules:
    """Figures and spot levels of contracts/margin/portfolio_rules.vy as the reference model's."""
    same = set(portfolio.Rules.__dataclass_fields__) & set(parameters._fields)
    moves = ((portfolio.UP, "up"), (portfolio.FLAT, "flat"), (portfolio.DOWN, "down"))
    return portfolio.Rules(
        **{name: getattr(parameters, name) / WAD for name in same},
        basis_multiplier=parameters.basis_slope / WAD,
        rate_multiplier=parameters.rate_multiple / WAD,
        basis_up=levels[5].spot / WAD,
        basis_down=levels[3].spot / WAD,
        peer_counting=parameters.by_strike,
        value_barriers=False,
        scenarios=tuple(
            portfolio.Scenario(level.spot / WAD, move)
            for level in reversed(levels)
            for move, name in moves
            if getattr(level, name)
        ),
    )


def _beside(
    table: MarginTable, market: Market, account: Account, book: Book, words: Sequence[int]
) -> MarginTable:
    """The table with what the engine's contract says of the same positions."""
    unit = market.contracts.get(UNITS[book.engine])
    if unit is None:
        return table
    # To a wei: cash came from wad, and floats of this size keep only some of them.
    cash = market.clearinghouse.cash_of(account.number)
    cash += round((book.cash - cash / WAD) * WAD)
    judged = unit.assess(cash, market.clearinghouse.holdings_of(account.number), list(words))
    equity, initial, maintenance = judged.equity, judged.initial, judged.maintenance
    return table.with_contract(Health(equity / WAD, initial / WAD, maintenance / WAD, judged.fresh))
