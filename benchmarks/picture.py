"""What Novate and its peers need for the same work, as one picture: `python -m benchmarks.picture`.

Reads benchmarks/gas.json and peers.toml, as `make bench` writes and people keep them; draws
out/gas.png.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.gas import FILE, PEERS
from novate.plot import BLUE, GREY, INK, ORANGE, STYLE

# First part of a figure's name, and what a person calls it.
HEADINGS = {
    "trade": "Trade",
    "margin": "Margin check",
    "amm": "Option pool",
    "batch": "Batch auction",
    "governance": "Governance",
    "proxy": "Governance",
    "math": "Mathematics",
}


def rows() -> list[tuple[str, dict[str, Any], int]]:
    """(heading, the peer's row of peers.toml, our gas), from top to bottom."""
    ours = json.loads(FILE.read_text())
    peers = tomllib.loads(PEERS.read_text())
    order = list(dict.fromkeys(HEADINGS.values()))
    found = [
        (HEADINGS[row["ours"].split(".")[0]], row, ours[row["ours"]])
        for row in peers["figure"] + peers["ahead"]
    ]
    return sorted(found, key=lambda r: (order.index(r[0]), -r[1]["gas"] / r[2]))


def draw() -> Figure:
    """A line per figure, from ours to the peer's; the axis is logarithmic."""
    shown = rows()
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(11, 0.9 + 0.29 * len(shown)), layout="constrained")
        place, ticks, heading = 0.0, [], ""
        for group, row, gas in shown:
            if group != heading:
                heading, place = group, place + (0.9 if heading else 0)
                axes.text(-0.005, place, group, transform=axes.get_yaxis_transform(), **_BOLD)
                place += 0.95
            _line(axes, place, gas, row["gas"])
            ticks.append((place, f"{row['what']}, {row['project']}"))
            place += 1
        axes.set_xscale("log")
        axes.set_ylim(place, -1)
        axes.set_yticks([at for at, _ in ticks], [text for _, text in ticks], fontsize=8)
        axes.yaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda gas, _: f"{gas:,.0f}"))
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        left, right = axes.get_xlim()
        axes.set_xlim(left, right * 1.6)
        axes.set_xlabel("execution gas, logarithmic; mathematics near the money")
        axes.scatter([], [], color=BLUE, label="Novate")
        axes.scatter([], [], color=GREY, label="peer")
        axes.legend(loc="lower right")
        won = sum(row["gas"] > gas for _, row, gas in shown)
        axes.set_title(f"Cheaper than the peer in {won} of {len(shown)} measured operations")
    return figure


_BOLD: Any = {"fontsize": 8.5, "fontweight": "bold", "ha": "right", "va": "center", "color": INK}


def _line(axes: Axes, place: float, ours: int, theirs: int) -> None:
    cheaper = ours < theirs
    axes.plot([ours, theirs], [place, place], color=BLUE if cheaper else ORANGE, alpha=0.35, lw=3)
    axes.scatter([theirs], [place], color=GREY, s=28, zorder=3)
    axes.scatter([ours], [place], color=BLUE, s=28, zorder=3)
    axes.annotate(
        _beside(ours, theirs),
        (max(ours, theirs), place),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=INK if cheaper else ORANGE,
    )


def _beside(ours: int, theirs: int) -> str:
    word = "less" if ours < theirs else "more"
    ratio = max(ours, theirs) / min(ours, theirs)
    return f"{ratio:.1f} times {word}" if ratio >= 2 else f"{abs(1 - ours / theirs):.0%} {word}"


def main() -> int:
    file = Path("out") / "gas.png"
    file.parent.mkdir(exist_ok=True)
    draw().savefig(file)
    print(f"picture in {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
