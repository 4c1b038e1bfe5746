"""Pictures of the oracle: sources against the aggregate, and smiles against their quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from matplotlib import dates as mdates
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from ..plot import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, STYLE
from .fit import Fit

COLOURS = (GREY, SKY, GREEN, PURPLE, ORANGE)
# Lines of sources that a manipulator does not hold.
QUIET = 1.0


def draw_manipulation(
    times: Sequence[int],
    sources: Mapping[str, Sequence[float | None]],
    aggregate: Sequence[float | None],
    *,
    manipulated: str,
    attack: tuple[int, int],
    title: str = "",
) -> Figure:
    """Each source and what the oracle serves; the attack is shaded.

    times: [s]. sources, aggregate: [USD] at those times, None where there is none.
    """
    moments = [_moment(time) for time in times]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(11, 4.5), layout="constrained")
        axes.axvspan(_moment(attack[0]), _moment(attack[1]), color=RED, alpha=0.08, label="attack")
        others = [name for name in sources if name != manipulated]
        for name, colour in zip(others, _cycle(len(others)), strict=True):
            axes.plot(moments, _line(sources[name]), color=colour, linewidth=QUIET, label=name)
        axes.plot(moments, _line(sources[manipulated]), color=RED, linewidth=1.4, label=manipulated)
        axes.step(
            moments, _line(aggregate), where="post", color=INK, linewidth=2, label="served on chain"
        )
        axes.set(title=title, ylabel="price [USD]")
        axes.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M", tz=UTC))
        axes.legend(ncols=3, loc="best")
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


def _cycle(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def _moment(time: int) -> Any:
    return datetime.fromtimestamp(time, UTC)
