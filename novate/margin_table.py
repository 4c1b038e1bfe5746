"""Margin taken apart: every figure that leads to what an engine says of a book, as tables.

Floats, in USD and contracts: for reading, not for booking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas

from .errors import ParameterError
from .reference import margin, portfolio
from .reference.margin import Health

if TYPE_CHECKING:
    from .book import Book

Engine = Literal["standard", "portfolio"]
MOVES = {portfolio.UP: "up", portfolio.FLAT: "same", portfolio.DOWN: "down"}


@dataclass(frozen=True, repr=False)
class MarginTable:
    """Margin taken apart; a notebook shows the summary.

    summary: each amount once, in the order in which it is added up, with what the contract says.
    expiries: one row an expiry. scenarios: profit by scenario (portfolio) or payoff by price at
    expiry (standard), one column an expiry. positions: one row a position.
    """

    engine: Engine
    health: Health
    summary: pandas.DataFrame
    expiries: pandas.DataFrame
    scenarios: pandas.DataFrame
    positions: pandas.DataFrame
    contract: Health | None = None

    @property
    def worst(self) -> Any:
        """Label of the scenario, or price at expiry, that loses most."""
        return self.scenarios["total"].idxmin()

    def tidy(self) -> pandas.DataFrame:
        """All of it in one long table: part, item, what, amount."""
        parts = []
        for part in ("summary", "expiries", "scenarios", "positions"):
            frame: pandas.DataFrame = getattr(self, part)
            long = frame.rename_axis(columns="what").stack().rename("amount").reset_index()
            labels = long.columns[:-2]
            item = long[labels].astype(str).agg(" ".join, axis=1) if len(long) else ""
            parts.append(
                pandas.DataFrame(
                    {"part": part, "item": item, "what": long["what"], "amount": long["amount"]}
                )
            )
        return pandas.concat(parts, ignore_index=True)

    def with_contract(self, judged: Health) -> MarginTable:
        """With the contract's own figures beside the totals."""
        summary = self.summary.copy()
        for name in ("equity", "initial", "maintenance"):
            label = "equity" if name == "equity" else f"{name} excess"
            summary.loc[label, "contract"] = getattr(judged, name)
        return replace(self, summary=summary, contract=judged)

    def __repr__(self) -> str:
        with pandas.option_context("display.width", 120, "display.max_columns", 12):
            return "\n\n".join(
                f"{title}\n{frame.round(2).to_string(na_rep='')}"
                for title, frame in (
                    (f"{self.engine} margin [USD]", self.summary),
                    ("by expiry", self.expiries),
                    ("by scenario", self.scenarios),
                )
                if len(frame)
            )

    def _repr_html_(self) -> str:
        return "".join(
            f"<h4>{title}</h4>{frame.round(2).to_html(na_rep='', border=0)}"
            for title, frame in (
                (f"{self.engine} margin [USD]", self.summary),
                ("by expiry", self.expiries),
            )
            if len(frame)
        )


def standard_table(book: Book) -> MarginTable:
    """Short by short, worst payoff, what counts: by expiry."""
    health, view = book.health(), book.view
    expiries, payoffs = {}, {}
    # The points of the rule, for all expiries.
    prices = [0.0, *sorted({p.strike for p in book.positions})]
    need = [0.0, 0.0]
    waiting, doubt = 0.0, 0.0
    for key, everything in margin.by_expiry(book.positions).items():
        if key[1] <= view.now:
            waiting += margin.settled(everything, key, view)[1]
            continue
        held, quote, rules = (
            margin.counted(everything, view.knocked),
            view.quotes[key],
            view.rules[key[0]],
        )
        seconds = key[1] - view.now
        alone = [margin.isolated(p, quote, rules, seconds) for p in held]
        initial, maintenance = margin.expiry_margin(held, quote, rules, seconds)
        charge = margin.charge(held, quote, rules, view)
        expiries[_label(*key)] = {
            "mark": sum(margin.mark(p, quote, seconds) for p in held),
            "short by short, initial": sum(i for i, _ in alone),
            "short by short, maintenance": sum(m for _, m in alone),
            "worst payoff, initial": margin.worst_payoff(
                held, quote.forward, rules.unpaired_initial
            ),
            "worst payoff, maintenance": margin.worst_payoff(
                held, quote.forward, rules.unpaired_maintenance
            ),
            "charge for doubt": 0.0 - charge,
            "initial": initial - charge,
            "maintenance": maintenance,
        }
        payoffs[_label(*key)] = [sum(p.payoff(s) for p in held) for s in prices]
        need[0] += initial
        need[1] += maintenance
        doubt += charge
    rows: list[tuple[str, float, float]] = [
        ("cash", book.cash, book.cash),
        (
            "collateral",
            sum(h.amount * h.price * h.maintenance * h.initial for h in book.holdings),
            sum(h.amount * h.price * h.maintenance for h in book.holdings),
        ),
        ("expired, not settled", waiting, waiting),
        ("margin of open expiries", need[0], need[1]),
        ("charge for doubt", 0.0 - doubt, 0.0),
    ]
    scenarios = pandas.DataFrame(payoffs, index=pandas.Index(prices, name="price at expiry"))
    scenarios["total"] = scenarios.sum(axis=1)
    return MarginTable(
        "standard",
        health,
        _summary(rows, health),
        pandas.DataFrame.from_dict(expiries, orient="index"),
        scenarios,
        _positions_frame(book),
    )


def portfolio_table(book: Book, account: portfolio.Account) -> MarginTable:
    """Scenarios, contingencies and charges, as `account` was judged."""
    health = account.health
    expiries, columns = {}, {}
    grid: pandas.MultiIndex | None = None
    totals: dict[str, float] = dict.fromkeys(
        ("collateral", "haircut", "mark", "span", "static", "span_i", "static_i", "charge"), 0.0
    )
    everything: Any = 0.0
    for underlying, sheet in account.sheets.items():
        own = pandas.MultiIndex.from_tuples(
            [(s.spot, MOVES[s.volatility]) for s in sheet.scenarios], names=["spot", "volatility"]
        )
        if grid is not None and not grid.equals(own):
            raise ParameterError("figures", underlying, "the same scenarios for all underlyings")
        grid = own
        for line in sheet.expiries:
            label = _label(underlying, line.expiry)
            expiries[label] = {
                "mark": line.mark,
                "worst scenario alone": float(line.losses.min()),
                "basis contingency": line.basis,
                "naked shorts": line.shorts,
                "discount of gains": line.discount,
                "charge for doubt": 0.0 - line.charge,
            }
            columns[label] = line.losses
        scan = book.scans.get(underlying, 1.0)
        if sheet.collateral:
            columns[f"{underlying} collateral"] = sheet.collateral * (
                np.array([portfolio.moved(s.spot, scan) for s in sheet.scenarios]) - 1
            )
        everything = everything + sheet.losses
        factor = sheet.factor
        for name, amount in (
            ("collateral", sheet.collateral),
            ("haircut", sheet.collateral * (sheet.collateral_share - 1)),
            ("mark", sheet.mark),
            ("span", sheet.span),
            ("static", -sheet.static),
            ("span_i", sheet.span * factor),
            ("static_i", -sheet.static * factor),
            ("charge", 0.0 - sheet.charge),
        ):
            totals[name] += amount
    scenarios = pandas.DataFrame(columns, index=grid)
    scenarios["total"] = everything
    rows: list[tuple[str, float, float]] = [
        ("cash", book.cash, book.cash),
        ("collateral", totals["collateral"] + totals["haircut"], totals["collateral"]),
        ("expired, not settled", account.expired, account.expired),
        ("mark", totals["mark"], totals["mark"]),
        ("worst of scenarios and basis", totals["span_i"], totals["span"]),
        ("static charge", totals["static_i"], totals["static"]),
        ("charge for doubt", totals["charge"], 0.0),
    ]
    return MarginTable(
        "portfolio",
        health,
        _summary(rows, health),
        pandas.DataFrame.from_dict(expiries, orient="index"),
        scenarios,
        _positions_frame(book),
    )


# -- internals --


def _label(underlying: int, expiry: int) -> str:
    when = pandas.Timestamp(expiry, unit="s").strftime("%Y-%m-%d %H:%M")
    return f"{underlying} {when}"


def _positions_frame(book: Book) -> pandas.DataFrame:
    rows = {}
    for p in book.positions:
        key = p.series.underlying, p.series.expiry
        worth = math.nan
        if key in book.view.quotes and p.series.expiry > book.view.now:
            one = np.ones(1)
            seconds = p.series.expiry - book.view.now
            worth = float(portfolio.value(p, book.view.quotes[key], seconds, one, one)[0])
        rows[str(p.series)] = {"quantity": p.quantity, "mark": worth}
    return pandas.DataFrame.from_dict(rows, orient="index", columns=["quantity", "mark"])


def _summary(rows: Sequence[tuple[str, float, float]], health: Health) -> pandas.DataFrame:
    """rows: name, what it adds to initial and to maintenance excess."""
    frame = pandas.DataFrame(
        [(i, m) for _, i, m in rows],
        index=[name for name, _, _ in rows],
        columns=["initial", "maintenance"],
    )
    frame.loc["initial excess", "initial"] = health.initial
    frame.loc["maintenance excess", "maintenance"] = health.maintenance
    frame.loc["equity", ["initial", "maintenance"]] = health.equity
    return frame
