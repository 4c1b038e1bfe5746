"""Pictures of the oracle: sources against the aggregate, and smiles against their quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from matplotlib import dates as mdates
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from ..plot import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, STYLE
from .fit import Fit

COLOURS = (GREY, SKY, GREEN, PURPLE, ORANGE)


def draw_manipulation(
    times: Sequence[int],
    sources: Mapping[str, Sequence[float | None]],
    aggregate: Sequence[float | None],
    *,
    manipulated: str,
    attack: tuple[int, int],
    title: str = "",
) -> Figure:
    """Each source and what the oracle serves, with the attack shaded; below, how far each of them
    is from the median of the sources that are not manipulated.

    times: [s]. sources, aggregate: [USD] at those times, None where there is none.
    """
    moments = [_moment(time) for time in times]
    others = [name for name in sources if name != manipulated]
    honest = np.nanmedian([_line(sources[name]) for name in others], axis=0)
    lines: list[tuple[str, Any, str, float]] = [
        (name, _line(sources[name]), COLOURS[i % len(COLOURS)], 1.0)
        for i, name in enumerate(others)
    ]
    lines.append((manipulated, _line(sources[manipulated]), RED, 1.2))
    lines.append(("served on chain", _line(aggregate), INK, 1.8))
    with plt.rc_context(STYLE):
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(11, 6), sharex=True, height_ratios=(3, 2), layout="constrained"
        )
        for axes in (top, bottom):
            axes.axvspan(_moment(attack[0]), _moment(attack[1]), color=RED, alpha=0.08)
        for name, values, colour, width in lines:
            style = "steps-post" if colour == INK else "default"
            top.plot(moments, values, color=colour, linewidth=width, drawstyle=style, label=name)
            bottom.plot(
                moments, values / honest - 1, color=colour, linewidth=width, drawstyle=style
            )
        top.set(title=title, ylabel="price [USD]")
        top.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        top.legend(ncols=2, loc="best")
        spread = max(float(np.nanmax(np.abs(line / honest - 1))) for _, line, *_ in lines[:-2])
        bottom.set(ylim=(-1.5 * spread, 1.5 * spread), ylabel="against honest median")
        bottom.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
        bottom.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M", tz=UTC))
    return figure


def draw_smiles(fits: Sequence[Fit], *, title: str = "") -> Figure:
    """Bid and ask of every strike, and the smile through them, an axis for each expiry."""
    columns = min(len(fits), 4)
    rows = -(-len(fits) // columns)
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            rows, columns, figsize=(3.4 * columns, 3.1 * rows), layout="constrained", squeeze=False
        )
        for axes, fit in zip(grid.flat, fits, strict=False):
            quotes = fit.slice
            k = np.linspace(quotes.k[0] - 0.05, quotes.k[-1] + 0.05, 200)
            axes.vlines(
                np.exp(quotes.k), quotes.bids, quotes.asks, color=ORANGE, linewidth=3, alpha=0.7
            )
            axes.plot(np.exp(quotes.k), quotes.mids, ".", color=ORANGE, markersize=4)
            axes.plot(np.exp(k), fit.volatility(k), color=BLUE, linewidth=1.6)
            error = float(np.sqrt(np.mean(fit.errors**2)))
            axes.set_title(f"{quotes.name}: error {error:.2%}")
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.set_xlabel("strike / forward")
        for axes in list(grid.flat)[len(fits) :]:
            axes.set_visible(False)
        grid[0, 0].set_ylabel("implied volatility")
        figure.suptitle(title)
    return figure


def draw_variances(fits: Sequence[Fit], *, title: str = "") -> Figure:
    """Total variance of every expiry: lines that do not cross have no calendar arbitrage."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        widest = max(float(np.abs(fit.slice.k).max()) for fit in fits)
        k = np.linspace(-widest, widest, 300)
        shades = plt.get_cmap("viridis")(np.linspace(0.1, 0.85, len(fits)))
        for fit, shade in zip(fits, shades, strict=True):
            axes.plot(k, fit.variance(k), color=shade, label=fit.slice.name)
        axes.set(title=title, xlabel="ln(strike / forward)", ylabel="total variance")
        axes.legend()
    return figure


def _line(values: Sequence[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values])


def _moment(time: int) -> Any:
    return datetime.fromtimestamp(time, UTC)
