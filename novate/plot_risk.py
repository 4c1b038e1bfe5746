"""Pictures of margin: scenarios, surfaces, the way to liquidation, and the backtests.

Each function returns a figure; in the style of novate/plot.py, where red is kept for losses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, PercentFormatter

from .book import Book, Surface, liquidation
from .margin_table import Engine, MarginTable
from .plot import BLUE, GREEN, GREY, INK, ORANGE, RED, STYLE
from .reference.pricing import Floats

if TYPE_CHECKING:
    from benchmarks.backtest import Closes, Forecast, Outcome

# Before any `rc_context`, whose end would undo the settings that a notebook's backend comes with.
plt.switch_backend(matplotlib.get_backend())

# Losses red, gains blue, nothing white.
LOSSES = LinearSegmentedColormap.from_list("losses", [RED, "#F6C6BC", "#FFFFFF", "#BBD9EC", BLUE])
ENGINE_COLOURS = (ORANGE, BLUE, GREEN)
SHOCKS = {"up": "volatility up", "same": "same", "down": "volatility down"}


def save(figure: Figure, file: Path) -> Path:
    """Write a picture and forget it."""
    figure.savefig(file)
    plt.close(figure)
    return file


def draw_scenarios(table: MarginTable) -> Figure:
    """Profit in each scenario of portfolio margin, the one that decides framed."""
    if table.engine != "portfolio":
        raise ValueError("a heat map shows the scenarios of portfolio margin")
    total = table.scenarios["total"]
    # Scenarios that share spot and volatility differ by weight: the worst is shown.
    grid = total.groupby(level=["spot", "volatility"]).min().unstack("volatility")
    grid = grid.reindex(columns=[name for name in SHOCKS if name in grid.columns])
    cells = grid.to_numpy(dtype=float).T
    reach = max(float(np.nanmax(np.abs(cells))), 1.0)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            figsize=(1.6 + 1.1 * len(grid), 1.5 + 0.75 * len(cells)), layout="constrained"
        )
        mesh = axes.imshow(
            np.ma.masked_invalid(cells),
            cmap=LOSSES,
            norm=TwoSlopeNorm(0, -reach, reach),
            aspect="auto",
        )
        axes.grid(False)
        for (row, column), amount in np.ndenumerate(cells):
            if not np.isnan(amount):
                axes.text(
                    column,
                    row,
                    f"{amount:,.0f}",
                    ha="center",
                    va="center",
                    color="white" if abs(amount) > 0.8 * reach else INK,
                )
        spot, shock = table.worst
        place = (list(grid.index).index(spot), list(grid.columns).index(shock))
        axes.add_patch(
            plt.Rectangle(
                (place[0] - 0.48, place[1] - 0.48), 0.96, 0.96, fill=False, ec=INK, linewidth=2
            )
        )
        axes.set_xticks(range(len(grid)), [f"{x - 1:+.0%}" if x != 1 else "0" for x in grid.index])
        axes.set_yticks(range(len(cells)), [SHOCKS[name] for name in grid.columns])
        axes.set_xlabel("move of spot")
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        bar = figure.colorbar(mesh, ax=axes, pad=0.01, aspect=12)
        bar.set_label("profit [USD]")
        bar.outline.set_visible(False)
        basis = table.expiries["basis contingency"].sum()
        worst = float(total.min())
        decides = "basis contingency" if basis < worst else f"spot {spot - 1:+.0%}, {SHOCKS[shock]}"
        _headline(
            figure,
            f"Worst case {min(basis, worst, 0.0):,.0f} USD: {decides}",
        )
    return figure


def draw_surface(found: Surface, title: str = "Initial margin") -> Figure:
    """Margin and excess over spot and volatility; the red line is where maintenance ends."""
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
        moves = found.spots - 1
        need = found.requirement.T
        _contours(left, moves, found.volatilities, need, "YlOrBr", None, "initial margin")
        excess = found.maintenance.T
        reach = max(float(np.abs(excess).max()), 1.0)
        _contours(
            right,
            moves,
            found.volatilities,
            excess,
            LOSSES,
            TwoSlopeNorm(0, -reach, reach),
            "maintenance excess",
        )
        if excess.min() < 0 < excess.max():
            right.contour(moves, found.volatilities, excess, [0.0], colors=[RED], linewidths=2.5)
            figure.legend(
                handles=[
                    Line2D([], [], color=RED, linewidth=2.5, label="maintenance margin used up")
                ],
                loc="outside lower right",
            )
        for axes in (left, right):
            axes.plot(0, 1, marker="o", color=INK, markersize=7, linestyle="")
            axes.annotate("now", (0, 1), xytext=(7, 6), textcoords="offset points")
            axes.grid(False)
        row, column = (np.abs(axis - 1).argmin() for axis in (found.volatilities, found.spots))
        _headline(
            figure,
            f"{title}: {need[row, column]:,.0f} USD now, {need.min():,.0f} to {need.max():,.0f} "
            "over these moves",
        )
    return figure


def _contours(
    axes: Axes, moves: Floats, volatilities: Floats, cells: Floats, cmap: Any, norm: Any, label: str
) -> None:
    drawn = axes.contourf(moves, volatilities, cells, 14, cmap=cmap, norm=norm)
    bar = axes.figure.colorbar(drawn, ax=axes, pad=0.02)
    bar.set_label(f"{label} [USD]")
    bar.outline.set_visible(False)
    bar.formatter = FuncFormatter(lambda value, _: f"{value:,.0f}")
    axes.set_title(label.capitalize())
    axes.set_xlabel("move of spot")
    axes.set_ylabel("volatility, times today's")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def draw_spot_ladder(book: Book, reach: float = 0.3) -> Figure:
    """Equity and both margins by spot, for each engine, with the spots of liquidation."""
    multiples = np.linspace(1 - reach, 1 + reach, 121)
    (underlying,) = book.underlyings
    spot = book.spot(underlying)
    engines: tuple[Engine, ...] = ("standard", "portfolio")
    spans = []
    with plt.rc_context(STYLE):
        figure, row = plt.subplots(1, 2, figsize=(12, 4.4), sharey=True, layout="constrained")
        for axes, engine in zip(row, engines, strict=True):
            own = book.using(engine)
            judged = [own.moved(x).health() for x in multiples]
            equity = np.array([h.equity for h in judged])
            prices = multiples * spot
            axes.plot(prices, equity, color=BLUE, linewidth=2, label="equity")
            for name, style in (("initial", (0, (3, 2))), ("maintenance", "solid")):
                need = equity - np.array([getattr(h, name) for h in judged])
                axes.plot(
                    prices,
                    need,
                    color=ORANGE,
                    linestyle=style,
                    linewidth=1.6,
                    label=f"{name} margin",
                )
            ends = liquidation(own)
            low, high = (f"{end:,.0f}" if end else "" for end in (ends.below, ends.above))
            between = (
                f"from {low} to {high}"
                if low and high
                else f"below {high}"
                if high
                else (f"above {low}" if low else "everywhere")
            )
            spans.append(f"{engine} margin lasts {between}")
            for end in (ends.below, ends.above):
                if end is not None and prices[0] <= end <= prices[-1]:
                    axes.axvline(end, color=RED, linewidth=1.3)
                    axes.annotate(
                        f" {end:,.0f}", (end, 0.97), xycoords=("data", "axes fraction"), color=RED
                    )
            axes.axvline(spot, color=GREY, linewidth=1, linestyle=(0, (1, 2)))
            axes.axhline(0, color=INK, linewidth=0.8)
            axes.set_title(f"{engine.capitalize()} margin")
            axes.set_xlabel("spot [USD]")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        row[0].set_ylabel("USD")
        handles, labels = row[0].get_legend_handles_labels()
        handles.append(Line2D([], [], color=RED, linewidth=1.3))
        figure.legend(handles, [*labels, "liquidation"], loc="outside lower center", ncols=4)
        _headline(figure, f"Spot {spot:,.0f}: {', '.join(spans)}")
    return figure


def draw_backtest(outcomes: Sequence[Outcome]) -> Figure:
    """The part of the initial margin that the next day took, by book and engine."""
    names = list(dict.fromkeys(one.book for one in outcomes))
    engines = list(dict.fromkeys(one.engine for one in outcomes))
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(12, 1.6 + 0.9 * len(names)), sharey=True, layout="constrained"
        )
        for one in outcomes:
            colour = ENGINE_COLOURS[engines.index(one.engine) % len(ENGINE_COLOURS)]
            height = names.index(one.book) + (engines.index(one.engine) - 1) * 0.24
            ends = np.quantile(one.use, [0.5, 0.99, 0.999]), one.use.max()
            left.plot([max(ends[0][0], 0), ends[1]], [height] * 2, color=colour, linewidth=1.2)
            left.plot(ends[0][1:2], [height], color=colour, marker="|", markersize=12, mew=2.5)
            left.plot([ends[1]], [height], color=colour, marker="o", markersize=6)
            text = f"{one.coverage.breaches} of {one.coverage.days:,}"
            left.annotate(
                text,
                (ends[1], height),
                xytext=(8, -3),
                textcoords="offset points",
                color=colour,
                fontsize=8,
            )
            right.barh(height, one.margins.mean(), height=0.2, color=colour)
            right.annotate(
                f"{one.margins.mean():.1%}",
                (one.margins.mean(), height),
                xytext=(4, -3),
                textcoords="offset points",
                fontsize=8,
            )
        left.axvline(1, color=RED, linewidth=1.6)
        left.annotate("breach", (1, -0.55), xytext=(-42, 0), textcoords="offset points", color=RED)
        left.set_xlim(0, 1.12)
        left.set_yticks(range(len(names)), [name.capitalize() for name in names])
        left.set_ylim(len(names) - 0.5, -0.7)
        left.set_title("Part of the margin lost on the next day")
        left.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        left.set_xlabel("bar: 99 % of days below; dot: the worst day; breaches of days beside it")
        right.set_title("Mean initial margin")
        right.set_xlabel("share of spot, per contract or book")
        right.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        right.tick_params(left=False)
        right.margins(x=0.1)
        figure.legend(
            handles=[
                plt.Rectangle((0, 0), 1, 1, color=ENGINE_COLOURS[i % 3], label=name)
                for i, name in enumerate(engines)
            ],
            loc="outside lower center",
            ncols=len(engines),
        )
        breaches = sum(one.coverage.breaches for one in outcomes)
        worst = max(one.use.max() for one in outcomes)
        _headline(
            figure,
            f"S&P 500, 1999 to 2018: {breaches} breaches of initial margin; at worst {worst:.0%} "
            "of it was lost in a day",
        )
    return figure


def draw_forecasts(data: Closes, found: Sequence[Forecast]) -> Figure:
    """Margin by each forecast against the moves, and what each costs at equal coverage."""
    chosen = {"EWMA(0.94)": ORANGE, "scan range": BLUE}
    colours = {one.name: chosen.get(one.name, GREY) for one in found}
    days = len(found[0].margins)
    times: Any = [datetime.fromtimestamp(time, UTC) for time in data.times[-days:]]
    moves = np.abs(data.returns[-days:])
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(12, 7.2), layout="constrained")
        axes = figure.subplot_mosaic(
            [["path"] * 3, ["mean", "rise", "later"]], height_ratios=(3, 2)
        )
        path = axes["path"]
        path.vlines(times, 0, moves, color=GREY, linewidth=0.5, label="move of the day")
        for one in found:
            if one.name in chosen:
                path.plot(times, one.margins, color=chosen[one.name], linewidth=1.3, label=one.name)
        broken = moves > next(one for one in found if one.name == "scan range").margins
        path.scatter(
            np.array(times)[broken],
            moves[broken],
            color=RED,
            s=12,
            zorder=3,
            label="beyond the scan range's margin",
        )
        path.set_title("Margin, share of spot, each breached on 1 % of days")
        path.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        path.set_ylim(0, 0.2)
        path.set_yticks(np.arange(0, 0.21, 0.02))
        path.legend(loc="upper right", ncols=4)
        panels = {
            "mean": ("Mean margin", lambda one: one.mean, "{:.2%}"),
            "rise": (
                "Steepest rise within a month",
                lambda one: one.worst_rise,
                "× {:.1f}",
            ),
            "later": (
                "Breaches in the second half,\nscaled on the first",
                lambda one: one.later.rate,
                "{:.2%}",
            ),
        }
        for key, (title, get, text) in panels.items():
            panel = axes[key]
            for number, one in enumerate(found):
                value = get(one)
                panel.barh(number, value, color=colours[one.name], height=0.65)
                panel.annotate(
                    text.format(value),
                    (value, number),
                    xytext=(4, -3),
                    textcoords="offset points",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                    zorder=4,
                )
            panel.set_yticks(range(len(found)), [one.name for one in found])
            panel.set_title(title)
            panel.invert_yaxis()
            panel.margins(x=0.22)
            panel.set_xticks([])
            panel.grid(False)
            panel.spines["bottom"].set_visible(False)
            panel.tick_params(left=False)
            if key != "mean":
                panel.set_yticklabels([])
        axes["later"].axvline(0.01, color=INK, linewidth=1, linestyle=(0, (3, 2)), zorder=0)
        axes["later"].annotate(
            "1 %", (0.01, -0.5), xytext=(4, -4), textcoords="offset points", fontsize=8
        )
        scan = next(one for one in found if one.name == "scan range")
        plain = next(one for one in found if one.name == "EWMA(0.94)")
        _headline(
            figure,
            f"Scan range beside EWMA: {scan.mean / plain.mean - 1:+.1%} mean margin at equal "
            f"coverage, steepest monthly rise × {scan.worst_rise:.1f} instead of × "
            f"{plain.worst_rise:.1f}",
        )
    return figure


def _headline(figure: Figure, text: str) -> None:
    figure.suptitle(text, fontweight="bold", x=0.01, ha="left")


def draw_margin_gas(
    ours: Mapping[str, int], peer: Mapping[str, int], block: int = 36_000_000
) -> Figure:
    """Gas of a portfolio margin check by the number of options, beside the peer's.

    ours: benchmarks/gas.json. peer: its figures by our names, as benchmarks/peers.toml has them.
    block: gas of a block.
    """
    name = "margin.portfolio."
    books = (
        ("calls sold, as in the peer's test", ("16", "64", "127"), BLUE),
        ("bought and sold, every scenario", ("16_mixed", "54_mixed"), GREEN),
    )
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8.5, 4.6), layout="constrained")
        theirs = {int(k): peer[name + k] for k in books[0][1] if name + k in peer}
        axes.plot(list(theirs), list(theirs.values()), "o-", color=ORANGE, label="Derive v2")
        for label, keys, colour in books:
            found = {int(k.split("_")[0]): ours[name + k] for k in keys if name + k in ours}
            axes.plot(list(found), list(found.values()), "o-", color=colour, label=label)
            for count, gas in found.items():
                axes.annotate(
                    f"{gas:,}", (count, gas), (0, -12), textcoords="offset points", fontsize=8
                )
        for label, figures, colour in (("Derive v2", peer, ORANGE), ("here", ours, BLUE)):
            gas = figures[name + "64x4"]
            axes.plot([64], [gas], "D", mfc="white", color=colour, zorder=5)
            axes.annotate(
                f"{label}, 4 expiries", (64, gas), (6, 5), textcoords="offset points", fontsize=8
            )
        axes.axhline(block, color=GREY, lw=1, ls="--")
        axes.annotate("a block", (2, block), (0, 3), textcoords="offset points", fontsize=8)
        axes.set(yscale="log", xlabel="options", ylabel="gas of a check", xlim=(0, 135))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda gas, _: f"{gas:,.0f}"))
        axes.legend(loc="center right")
        most = max(theirs)
        own = ours[name + str(most)]
        _headline(
            figure,
            f"{most} options: {peer[name + str(most)] / own:.0f} times less gas; "
            f"{block // own} checks to a block",
        )
    return figure
