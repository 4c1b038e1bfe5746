"""Pictures of liquidity: a pool through a crash, what it quotes, a batch, vaults, a routed order.

Every figure is given by the caller, in USD, contracts and shares; here are only sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from .plot import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, STYLE, _date, _date_axis, _unit
from .pool import Smile
from .pool_study import CAPITAL, LIMITS, PARTS, Outcome
from .vault_study import Rounds

THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")
# What the parts of a pool's result are called, and their colours.
NAMES = {
    "fees": ("fees", BLUE),
    "charges": ("charges for risk", SKY),
    "hedging": ("hedging", INK),
    "theta": ("theta earned", GREEN),
    "delta": ("delta", GREY),
    "gamma": ("gamma paid", RED),
    "vega": ("vega", PURPLE),
    "interest": ("interest", ORANGE),
    "residual": ("not explained", "#BBBBBB"),
}
GREEKS = {
    "delta": "Delta: gain for +100 % of spot",
    "gamma": "Gamma: change of delta for 1 % of spot",
    "vega": "Vega: gain for a point of volatility",
}


def draw_limits(outcomes: Mapping[str, Outcome], title: str) -> Figure:
    """Spot, what backers have, and the largest sensitivities of each day beside their limits, with
    incentives and without."""
    colours = {"with": BLUE, "without": ORANGE}
    with plt.rc_context(STYLE):
        figure, rows = plt.subplots(
            5, 1, figsize=(11, 11), sharex=True, height_ratios=(2, 2, 2, 2, 2), layout="constrained"
        )
        days = next(iter(outcomes.values())).days
        times = [_date(day.time) for day in days]
        rows[0].plot(times, [day.spot for day in days], color=INK, linewidth=1.6)
        rows[0].set(title="Index [USD]")
        rows[0].yaxis.set_major_formatter(THOUSANDS)
        for name, outcome in outcomes.items():
            label = f"{name} incentives: {outcome.result:+.1%}, deepest fall {outcome.drawdown:.1%}"
            rows[1].plot(
                times,
                np.array(outcome.capital) / 1e3,
                color=colours[name],
                linewidth=1.8,
                label=label,
            )
        rows[1].axhline(CAPITAL / 1e3, color=GREY, linewidth=0.8)
        rows[1].set(title="What backers have [thousand USD]")
        rows[1].yaxis.set_major_formatter(THOUSANDS)
        rows[1].legend(loc="best", ncols=2)
        for axes, (greek, text) in zip(rows[2:], GREEKS.items(), strict=True):
            limit = LIMITS[greek]
            for name, outcome in outcomes.items():
                sizes = np.array([day.most[greek] for day in outcome.days])
                axes.plot(times, sizes, color=colours[name], linewidth=1.6)
                beyond = sizes > limit
                axes.scatter(np.array(times)[beyond], sizes[beyond], color=RED, s=16, zorder=3)
            axes.axhline(limit, color=RED, linewidth=1, linestyle=(0, (4, 2)))
            axes.annotate(
                "limit",
                (times[0], limit),
                xytext=(2, -11),
                textcoords="offset points",
                color=RED,
                fontsize=9,
            )
            decimals = 2 if limit < 0.01 else 0
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=decimals))
            highest = max(limit, *(day.most[greek] for o in outcomes.values() for day in o.days))
            axes.set_ylim(0, 1.15 * highest)
            axes.set(title=f"{text}; largest of each day, share of capital")
        _date_axis(rows[-1])
        said = ", ".join(f"{o.breaches} {n}" for n, o in outcomes.items())
        _headline(figure, f"{title}: days beyond a limit: {said} incentives")
    return figure


def draw_attribution(outcome: Outcome, title: str) -> Figure:
    """Where backers' result comes from: day by day, and all together."""
    parts = [name for name in PARTS if name != "residual" and abs(outcome.parts[name]) >= 1]
    times = [_date(day.time) for day in outcome.days]
    total = outcome.capital[-1] - CAPITAL
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(13, 5), width_ratios=(3, 2), layout="constrained"
        )
        made = np.array(outcome.capital) - CAPITAL
        unit, word = _unit(max(abs(outcome.parts[name]) for name in parts))
        for name in parts:
            label, colour = NAMES[name]
            line = np.cumsum([day.parts.get(name, 0.0) for day in outcome.days])
            left.plot(times, line / unit, color=colour, linewidth=1.6, label=label)
        left.plot(times, made / unit, color=INK, linewidth=2.6, label="all together")
        left.axhline(0, color=INK, linewidth=0.8)
        left.set(title="Since the beginning", ylabel=word)
        left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        left.legend(loc="best", ncols=2, fontsize=9)
        _date_axis(left)
        # A bridge: each bar begins where the one before it ends.
        level = 0.0
        for place, name in enumerate(parts):
            amount = outcome.parts[name]
            _bar(right, place, level, amount, NAMES[name][1])
            level += amount
        _bar(right, len(parts), 0.0, total, INK)
        right.set_yticks(range(len(parts) + 1), [*(NAMES[name][0] for name in parts), "all"])
        right.invert_yaxis()
        right.axvline(0, color=INK, linewidth=0.8)
        right.xaxis.set_major_formatter(THOUSANDS)
        right.margins(x=0.22)
        right.grid(axis="y", visible=False)
        residual = outcome.parts["residual"]
        right.set(title=f"All days [USD], unexplained {abs(residual):,.2f}")
        verb = "made" if total >= 0 else "lost"
        _headline(figure, f"{title}: backers {verb} {abs(total):,.0f} of {CAPITAL:,.0f} USD")
    return figure


def draw_smiles(before: Sequence[Smile], after: Sequence[Smile], title: str) -> Figure:
    """What a pool asks and bids in volatility, before trades and after them, by expiry."""
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            1, len(before), figsize=(4.3 * len(before), 4), sharey=True, layout="constrained"
        )
        for axes, first, second in zip(np.atleast_1d(grid), before, after, strict=True):
            for smile, colour, name in ((first, GREY, "before"), (second, BLUE, "after")):
                axes.fill_between(
                    smile.strikes,
                    smile.bids,
                    smile.asks,
                    color=colour,
                    alpha=0.25,
                    linewidth=0,
                    label=f"{name}: bid to ask",
                )
                middle = (np.array(smile.bids) + np.array(smile.asks)) / 2
                axes.plot(smile.strikes, middle, color=colour, linewidth=1.8)
            axes.plot(
                first.strikes,
                first.mids,
                color=INK,
                linewidth=1,
                linestyle=(0, (4, 2)),
                label="oracle's surface",
            )
            axes.set(title=f"{_date(first.expiry):%d %b %Y}", xlabel="strike [USD]")
            axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
            axes.xaxis.set_major_formatter(THOUSANDS)
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        first_axes = np.atleast_1d(grid)[0]
        first_axes.set_ylabel("implied volatility")
        figure.legend(*first_axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        _headline(figure, title)
    return figure


def draw_crossing(
    buyers: Sequence[tuple[float, float]],
    sellers: Sequence[tuple[float, float]],
    price: float,
    volume: float,
    title: str,
) -> Figure:
    """Demand and supply of a batch, (limit, contracts) the best first, and where they meet."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
        for side, colour, name in ((buyers, BLUE, "demand"), (sellers, ORANGE, "supply")):
            sizes = np.concatenate([[0], np.cumsum([size for _, size in side])])
            limits = [limit for limit, _ in side]
            axes.stairs(limits, sizes, baseline=None, color=colour, linewidth=2, label=name)
        axes.axhline(price, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.axvspan(0, volume, color=GREEN, alpha=0.08)
        axes.scatter([volume], [price], color=GREEN, s=70, zorder=3, clip_on=False)
        axes.annotate(
            f"{volume:,.0f} contracts at {price:,.2f} USD",
            (volume, price),
            xytext=(10, 10),
            textcoords="offset points",
            fontweight="bold",
            color=GREEN,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
        )
        axes.set(xlabel="contracts", ylabel="limit [USD a contract]", xlim=(0, None))
        axes.xaxis.set_major_formatter(THOUSANDS)
        axes.legend(loc="best")
        _headline(figure, title)
    return figure


def draw_rounds(runs: Mapping[str, Rounds], title: str) -> Figure:
    """Vaults round after round: a share beside the asset alone, and what each round brought."""
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            2,
            len(runs),
            figsize=(3.6 * len(runs), 6),
            sharex=True,
            sharey="row",
            height_ratios=(3, 2),
            squeeze=False,
            layout="constrained",
        )
        for (top, bottom), (name, run) in zip(grid.T, runs.items(), strict=True):
            times = [_date(time) for time in run.times]
            top.plot(times, run.alone, color=GREY, linewidth=1.4, label="asset alone")
            top.plot(times, run.values, color=BLUE, linewidth=2, label="share of the vault")
            top.set_title(
                f"{name}\nvault {run.values[-1] - 1:+.1%}, alone {run.alone[-1] - 1:+.1%}"
            )
            top.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:,.0f}"))
            width = 0.6 * min(np.diff(run.times)) / 86_400
            ends = times[1:]
            bottom.bar(ends, run.premiums, width, color=GREEN, label="premium")
            for colour, label, side in (
                (BLUE, "payoff received", 1),
                (RED, "payoff paid", -1),
            ):
                parts = [max(side * payoff, 0) * side for payoff in run.payoffs]
                base = [max(side * premium, 0) * side for premium in run.premiums]
                bottom.bar(ends, parts, width, bottom=base, color=colour, label=label)
            bottom.axhline(0, color=INK, linewidth=0.8)
            bottom.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            _date_axis(bottom, short=True)
        grid[0, 0].set_ylabel("in USD, 100 at the beginning")
        grid[1, 0].set_ylabel("a round, of assets")
        handles = [axes.get_legend_handles_labels() for axes in grid[:, 0]]
        figure.legend(
            *(sum(parts, []) for parts in zip(*handles, strict=True)),
            loc="outside lower center",
            ncols=5,
        )
        _headline(figure, title)
    return figure


@dataclass(frozen=True)
class Split:
    """An order of one size: who takes what, and what it costs."""

    size: float  # contracts
    parts: Mapping[str, float]  # contracts by venue
    cost: float  # [USD] of all
    alone: Mapping[str, float | None]  # [USD] at one venue only; None where it is refused


def draw_splits(splits: Sequence[Split], fair: float, title: str) -> Figure:
    """Orders of growing size: the venues' parts, and what a contract costs above its fair value."""
    names = list(splits[0].parts)
    colours = (BLUE, SKY, ORANGE, GREEN, PURPLE)
    sizes = np.array([split.size for split in splits])
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
        left.stackplot(
            sizes,
            [[split.parts[name] for split in splits] for name in names],
            labels=names,
            colors=colours,
            alpha=0.75,
        )
        left.set(title="Who takes what", xlabel="contracts ordered", ylabel="contracts")
        left.legend(loc="upper left")
        for name, colour in zip(names, colours, strict=False):
            known = [(s.size, s.alone[name]) for s in splits]
            costs = [np.nan if cost is None else cost / size - fair for size, cost in known]
            style: Any = {"linestyle": (0, (4, 1)), "zorder": 3}
            right.plot(sizes, costs, color=colour, linewidth=1.6, label=f"{name} alone", **style)
        costs = [split.cost / split.size - fair for split in splits]
        right.plot(sizes, costs, color=INK, linewidth=2.6, label="router")
        right.set(
            title="Paid above fair value, a contract [USD]",
            xlabel="contracts ordered",
            ylim=(0, None),
        )
        right.legend(loc="best")
        for axes in (left, right):
            axes.set_xlim(0, sizes[-1])
            axes.xaxis.set_major_formatter(THOUSANDS)
        _headline(figure, title)
    return figure


def _bar(axes: Axes, place: int, start: float, amount: float, colour: str) -> None:
    axes.barh(place, amount, left=start, color=colour, height=0.65)
    axes.annotate(
        f"{amount:+,.0f}",
        (max(start, start + amount), place),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
    )


def _headline(figure: Figure, text: str) -> None:
    figure.suptitle(text, fontweight="bold", x=0.01, ha="left")
