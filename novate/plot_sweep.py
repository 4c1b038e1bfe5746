"""Pictures of a sweep: what came of the runs, by what differed between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from .plot import BLUE, GREY, INK, RED, STYLE

# Column, title, whether it is in USD.
PANELS = (
    ("auctions", "Auctions", False),
    ("recovered", "Paid by bidders, share of mark", False),
    ("loss", "Losses beyond accounts [USD]", True),
    ("fund_at_end", "Security fund at the end [USD]", True),
)
# So many groups have room for their names.
ROOM = 24


def draw_sweep(table: pandas.DataFrame, file: Path | None = None) -> Figure:
    """Four figures of every run as points, their means as bars, a group for each choice."""
    names = list(table.columns[1 : table.columns.get_loc("trades")])
    # What tells groups apart; seeds and resampled paths are the points of a group.
    groups = [n for n in names if n not in ("seed", "path") and table[n].nunique() > 1]
    if not groups:
        groups = [n for n in ("scenario",) if n in names]
    keys = table[groups].astype(str).agg(", ".join, axis=1)
    labels = list(dict.fromkeys(keys))
    places = keys.map({label: place for place, label in enumerate(labels)})
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(2, 2, figsize=(11, 7), constrained_layout=True)
        for axes, (column, title, money) in zip(grid.flat, PANELS, strict=True):
            _draw(axes, places, table[column].astype(float), title, money)
            axes.set_xticks(range(len(labels)))
            if len(labels) > ROOM:
                axes.set_xticklabels([])
            else:
                slant: Any = {"rotation": 25, "ha": "right"} if len(labels) > 3 else {}
                axes.set_xticklabels(labels, **slant)
            axes.set_xlabel(", ".join(groups))
        figure.suptitle(
            f"{len(table)} runs; a point is a run, a bar the mean of its group", x=0.01, ha="left"
        )
        if file is not None:
            figure.savefig(file)
            plt.close(figure)
    return figure


def _draw(
    axes: Axes, places: pandas.Series, values: pandas.Series, title: str, money: bool
) -> None:
    rng = np.random.default_rng(0)
    means = values.groupby(places).mean()
    axes.bar(means.index, means, width=0.6, color=GREY, alpha=0.35)
    spread = places + rng.uniform(-0.2, 0.2, len(places))
    colour = RED if title.startswith("Losses") else BLUE
    axes.scatter(spread, values, s=16, color=colour, alpha=0.7, linewidths=0)
    for place, mean in means.dropna().items():
        text = f"{mean:,.0f}" if money else f"{mean:,.2f}"
        axes.annotate(
            text, (place, mean), (0, 3), textcoords="offset points", ha="center", color=INK
        )
    axes.set_title(title)
    axes.set_xlim(-0.6, max(means.index, default=0) + 0.6)
    # Room for the figures above the bars; an axis of zeros still has a top.
    highest = values.max()
    axes.set_ylim(0, highest * 1.15 if highest > 0 else 100 if money else 1)
    if money:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
