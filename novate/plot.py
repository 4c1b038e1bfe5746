"""Pictures of a run, for a person at a glance. Drawn without a display.

Colours are Okabe and Ito's, told apart by colour-blind readers; red is kept for losses and
auctions only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib

# A notebook shows pictures by a backend of its own.
if "ipykernel" not in sys.modules:
    matplotlib.use("Agg")

import matplotlib.dates as mdates
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, PercentFormatter

from .scenario.record import AuctionRecord, Record

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D1351B"
PURPLE, SKY, GREY, INK = "#CC79A7", "#56B4E9", "#9A9A9A", "#222222"
BIDDER_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY)
# More auctions than this are drawn by size, the largest first.
MOST_AUCTIONS = 12

STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.dpi": 110,
}


def draw_all(record: Record, directory: Path) -> list[Path]:
    """Draw every picture into `directory`; returns the files."""
    pictures: dict[str, Callable[[Record], Figure]] = {
        "market.png": draw_market,
        "accounts.png": draw_accounts,
        "auctions.png": draw_auctions,
        "losses.png": draw_losses,
        "open_interest.png": draw_interest,
    }
    written = []
    with plt.rc_context(STYLE):
        for name, draw in pictures.items():
            figure = draw(record)
            figure.savefig(directory / name)
            plt.close(figure)
            written.append(directory / name)
    return written


def draw_market(record: Record) -> Figure:
    """Index and implied volatility, with what happened on them."""
    figure, (top, middle, bottom) = plt.subplots(
        3, 1, figsize=(11, 8), sharex=True, height_ratios=(3, 1.5, 0.75), layout="constrained"
    )
    times = [_date(mark.time) for mark in record.marks]
    spots = [mark.spot for mark in record.marks]
    top.fill_between(
        times,
        [mark.low for mark in record.marks],
        [mark.high for mark in record.marks],
        color=BLUE,
        alpha=0.18,
        linewidth=0,
        label="low to high of the day",
    )
    top.plot(times, spots, color=BLUE, linewidth=1.8, label="close")
    for number, auction in enumerate(record.auctions):
        for axes in (top, middle):
            axes.axvline(
                _date(auction.start),
                color=RED,
                linewidth=1.2,
                alpha=0.6,
                label="auction starts" if number == 0 and axes is top else None,
            )
    top.set_ylabel(f"{record.underlying} [USD]")
    top.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    top.set_title("Index")
    top.legend(loc="lower left", bbox_to_anchor=(0.1, 1.0), ncols=3, borderaxespad=0.2)

    volatilities = [mark.volatility for mark in record.marks]
    middle.plot(times, volatilities, color=PURPLE, linewidth=1.8)
    middle.set_title("Implied volatility")
    middle.set_ylabel("a year")
    middle.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    middle.set_ylim(0, max(volatilities) * 1.12)
    worst = int(np.argmax(volatilities))
    middle.annotate(
        f"{volatilities[worst]:.0%} on {times[worst]:%d %b %Y}",
        (times[worst], volatilities[worst]),
        xytext=(10, -3),
        textcoords="offset points",
        color=PURPLE,
    )

    rows = {
        "auction": ([auction.start for auction in record.auctions], RED, "D"),
        "margin call": ([call[0] for call in record.margin_calls], ORANGE, "v"),
        "expiry fixed": (list(record.fixings), GREY, "o"),
    }
    for height, (moments, colour, marker) in enumerate(reversed(list(rows.values()))):
        bottom.scatter(
            [_date(moment) for moment in moments],
            [height] * len(moments),
            color=colour,
            marker=marker,
            s=40,
            alpha=0.85,
            linewidths=0,
        )
    bottom.set_yticks(range(len(rows)), list(reversed(rows)))
    bottom.set_ylim(-0.6, len(rows) - 0.4)
    bottom.set_title("Events")
    bottom.spines["left"].set_visible(False)
    bottom.tick_params(left=False)
    _date_axis(bottom)
    falls = np.diff(spots) / np.array(spots[:-1]) if len(spots) > 1 else np.array([0.0])
    deepest = int(np.argmin(falls))
    figure.suptitle(
        f"{record.title}: worst step {falls[deepest]:+.1%} on "
        f"{times[min(deepest + 1, len(times) - 1)]:%d %b %Y}, "
        f"{_count(len(record.margin_calls), 'margin call')}, "
        f"{_count(len(record.auctions), 'auction')}",
        fontweight="bold",
        x=0.01,
        ha="left",
    )
    return figure


def draw_accounts(record: Record) -> Figure:
    """Equity and margin of each account: small multiples."""
    names = list(record.standings)
    columns = 3
    rows = ceil(len(names) / columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(12, 0.9 + 2.35 * rows),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    for name, axes in zip(names, grid.flat, strict=False):
        standings = record.standings[name]
        times = [_date(standing.time) for standing in standings]
        equity = np.array([standing.equity for standing in standings])
        initial = equity - np.array([standing.initial for standing in standings])
        required = equity - np.array([standing.maintenance for standing in standings])
        unit, word = _unit(max(np.abs(equity).max(), np.abs(initial).max()))
        axes.fill_between(times, 0, required / unit, color=ORANGE, alpha=0.45, linewidth=0)
        axes.plot(times, initial / unit, color=ORANGE, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.plot(times, equity / unit, color=BLUE, linewidth=1.8)
        for auction in record.auctions:
            if auction.account == name:
                axes.axvline(_date(auction.start), color=RED, linewidth=1.2, alpha=0.7)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_title(name)
        axes.set_ylabel(word)
        # Accounts without risk show a flat line: start at zero, so that it looks flat.
        axes.set_ylim(bottom=min(0.0, 1.1 * min(equity.min(), required.min()) / unit))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        _date_axis(axes, short=True)
    for axes in grid.flat[len(names) :]:
        axes.set_axis_off()
    # The lowest panel of each column carries the dates, also above an empty cell.
    for column in range(columns):
        last = max((row for row in range(rows) if row * columns + column < len(names)), default=0)
        grid[last, column].tick_params(labelbottom=True)
    figure.legend(
        handles=[
            Line2D([], [], color=BLUE, linewidth=1.8, label="equity at mark"),
            Line2D([], [], color=ORANGE, linestyle=(0, (3, 2)), label="initial margin"),
            plt.Rectangle((0, 0), 1, 1, color=ORANGE, alpha=0.45, label="maintenance margin"),
            Line2D([], [], color=RED, linewidth=1.2, label="auction starts"),
        ],
        loc="outside lower center",
        ncols=4,
    )
    figure.suptitle(
        f"{record.title}: equity against margin, account by account",
        fontweight="bold",
        x=0.01,
        ha="left",
    )
    return figure


def draw_auctions(record: Record) -> Figure:
    """The price path of each auction and the bids that took it."""
    if not record.auctions:
        figure, axes = plt.subplots(figsize=(8, 2.2), layout="constrained")
        axes.set_axis_off()
        axes.text(0.5, 0.5, "No account fell below maintenance margin.", ha="center", va="center")
        figure.suptitle(f"{record.title}: auctions", fontweight="bold", x=0.01, ha="left")
        return figure
    shown = record.auctions
    if len(shown) > MOST_AUCTIONS:
        largest = sorted(shown, key=lambda auction: -abs(auction.sold_mark))[:MOST_AUCTIONS]
        shown = [auction for auction in record.auctions if auction in largest]
    columns = min(3, len(shown))
    rows = ceil(len(shown) / columns)
    figure, grid = plt.subplots(
        rows,
        columns,
        figsize=(max(8.5, 4 * columns), 1.1 + 3.1 * rows),
        squeeze=False,
        layout="constrained",
    )
    bidders = sorted({sale.bidder for auction in record.auctions for sale in auction.sales})
    colours = {
        name: BIDDER_COLOURS[number % len(BIDDER_COLOURS)] for number, name in enumerate(bidders)
    }
    for auction, axes in zip(shown, grid.flat, strict=False):
        _draw_auction(axes, auction, colours)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    figure.legend(
        handles=[
            Line2D([], [], color=GREY, linewidth=1.2, linestyle=(0, (4, 2)), label="mark"),
            Line2D([], [], color=INK, linewidth=1.8, label="asking price of the whole portfolio"),
            *(
                Line2D([], [], color=colour, marker="o", linestyle="", markersize=9, label=name)
                for name, colour in colours.items()
            ),
        ],
        loc="outside lower center",
        ncols=min(5, 2 + len(colours)),
    )
    left_out = len(record.auctions) - len(shown)
    more = f" (the {len(shown)} largest of {len(record.auctions)})" if left_out else ""
    figure.suptitle(
        f"{record.title}: auctions and their bids, share sold beside each bid{more}",
        fontweight="bold",
        x=0.01,
        ha="left",
    )
    return figure


def _draw_auction(axes: Axes, auction: AuctionRecord, colours: dict[str, str]) -> None:
    minutes = [elapsed / 60 for elapsed, _, _ in auction.path]
    prices = np.array([price for _, price, _ in auction.path])
    marks = np.array([mark for _, _, mark in auction.path])
    highest = max(
        np.abs(prices).max(initial=0), np.abs(marks).max(initial=0), abs(auction.mark), 1.0
    )
    unit, word = _unit(highest)
    axes.plot(minutes, marks / unit, color=GREY, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.plot(minutes, prices / unit, color=INK, linewidth=1.8)
    for sale in auction.sales:
        whole = sale.price / sale.share
        axes.scatter(
            sale.elapsed / 60,
            whole / unit,
            s=70,
            color=colours[sale.bidder],
            zorder=3,
            edgecolor="white",
        )
        axes.annotate(
            f"{sale.share:.0%}",
            (sale.elapsed / 60, whole / unit),
            xytext=(7, 5),
            textcoords="offset points",
            color=colours[sale.bidder],
            fontweight="bold",
        )
    moment = _date(auction.start)
    share = "" if auction.recovered is None else f", {auction.recovered:.1%} of mark"
    axes.set_title(f"{auction.account}, {moment:%d %b %Y}\n{auction.outcome}{share}")
    axes.set_xlabel("minutes since the start")
    axes.set_ylabel(word)
    axes.margins(x=0.08, y=0.18)
    if prices.min(initial=0) < 0 or marks.min(initial=0) < 0:
        axes.axhline(0, color=INK, linewidth=0.8)


def draw_losses(record: Record) -> Figure:
    """The security fund and the index of positive cash, with every loss on them."""
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(11, 6), sharex=True, height_ratios=(1, 1), layout="constrained"
    )
    times = [_date(pool.time) for pool in record.pools]
    funds = np.array([pool.fund for pool in record.pools])
    unit, word = _unit(max(np.abs(funds).max(initial=0), 1.0))
    top.plot(times, funds / unit, color=BLUE, linewidth=1.8, drawstyle="steps-post")
    top.set_title("Security fund")
    top.set_ylabel(word)
    top.set_ylim(bottom=0)
    bottom.plot(
        times,
        [pool.index for pool in record.pools],
        color=PURPLE,
        linewidth=1.8,
        drawstyle="steps-post",
    )
    bottom.set_title("What one dollar of positive cash has become: interest less losses")
    bottom.set_ylabel("USD")
    for axes in (top, bottom):
        for loss in record.losses:
            axes.axvline(_date(loss.time), color=RED, linewidth=1.0, alpha=0.5)
    worst = max(record.losses, key=lambda one: one.socialised, default=None)
    if worst is not None and worst.socialised:
        bottom.annotate(
            f"{worst.account}: {worst.socialised / 1e18:,.0f} USD, {worst.rate:.2%} of all cash",
            (_date(worst.time), min(pool.index for pool in record.pools)),
            xytext=(10, 12),
            textcoords="offset points",
            color=RED,
        )
    _date_axis(bottom)
    loss, fund, everybody = (
        sum(getattr(one, part) for one in record.losses) / 1e18
        for part in ("loss", "from_fund", "socialised")
    )
    said = (
        f"losses of {loss:,.0f} USD: fund {fund:,.0f}, everybody {everybody:,.0f}"
        if record.losses
        else "no account left a loss"
    )
    figure.suptitle(f"{record.title}: {said}", fontweight="bold", x=0.01, ha="left")
    return figure


def draw_interest(record: Record) -> Figure:
    """Highest open interest of each series, by strike and expiry, and where it was fixed."""
    expiries = sorted({expiry for expiry, _, _ in record.interest})
    strikes = sorted({strike for _, strike, _ in record.interest})
    figure, grid = plt.subplots(
        1, 2, figsize=(12, 6.5), sharey=True, layout="constrained", squeeze=False
    )
    if not expiries:
        for axes in grid.flat:
            axes.set_axis_off()
        figure.suptitle(f"{record.title}: no trades, no open interest", fontweight="bold")
        return figure
    step = min(np.diff(strikes)) if len(strikes) > 1 else strikes[0] / 100
    top = max(record.interest.values())
    edges_y = np.arange(strikes[0] - step / 2, strikes[-1] + step, step)
    edges_x = np.arange(len(expiries) + 1) - 0.5
    mesh = None
    for axes, is_put in zip(grid.flat, (True, False), strict=True):
        cells = np.full((len(edges_y) - 1, len(expiries)), np.nan)
        for (expiry, strike, put), quantity in record.interest.items():
            if put == is_put and quantity > 0:
                row = min(int((strike - edges_y[0]) / step), len(cells) - 1)
                cells[row, expiries.index(expiry)] = quantity
        mesh = axes.pcolormesh(
            edges_x,
            edges_y,
            np.ma.masked_invalid(cells),
            cmap="YlGnBu",
            vmin=0,
            vmax=top,
            edgecolor="white",
            linewidth=0.4,
        )
        known = [
            (number, record.fixings[expiry])
            for number, expiry in enumerate(expiries)
            if expiry in record.fixings
        ]
        if known:
            axes.plot(
                [number for number, _ in known],
                [price for _, price in known],
                color=RED,
                marker="o",
                markersize=5,
                linewidth=1.4,
                label="settlement price",
            )
        axes.set_title("Puts" if is_put else "Calls")
        axes.set_xticks(
            range(len(expiries)),
            [f"{_date(expiry):%d %b}" for expiry in expiries],
            rotation=45,
            ha="right",
        )
        axes.set_xlabel("expiry")
    grid[0, 0].set_ylabel("strike [USD]")
    grid[0, 0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if record.fixings:
        figure.legend(
            handles=[Line2D([], [], color=RED, marker="o", label="settlement price")],
            loc="outside lower center",
        )
    assert mesh is not None
    bar = figure.colorbar(mesh, ax=grid, pad=0.02, aspect=35)
    bar.set_label("contracts outstanding, highest over the run")
    bar.formatter = FuncFormatter(lambda value, _: f"{value:,.0f}")
    bar.outline.set_visible(False)
    figure.suptitle(
        f"{record.title}: open interest by strike and expiry; puts pay above the red line, "
        "calls below it",
        fontweight="bold",
        x=0.01,
        ha="left",
    )
    return figure


def _date(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _date_axis(axes: Axes, short: bool = False) -> None:
    locator = mdates.AutoDateLocator(minticks=3, maxticks=5 if short else 10)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, show_offset=not short))


def _unit(largest: float) -> tuple[float, str]:
    """The unit of money that suits an amount, and its name."""
    if largest >= 2e6:
        return 1e6, "million USD"
    if largest >= 2e3:
        return 1e3, "thousand USD"
    return 1.0, "USD"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
