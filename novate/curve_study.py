"""Which liquidation curve: crashes replayed against bidders who come late and ask much.

`python -m novate.curve_study` prints the table from which the defaults of novate/parameters.py
follow and draws it; notebooks/03_auctions.ipynb shows the same.

The model, in floating point and all accounts at once:

- an account is short puts, 2 to 10 % out of the money and 5 to 30 days long, with no more cash than
  initial margin asks at the close of a day; prices go on to the next two closes of a real crash, as
  deep as they were or twice that, along Brownian bridges with a step a minute;
- below maintenance margin it is put up for auction in the next minute. The lot is sold by the
  formulas of `novate/reference/auction.py` (largest fraction, buffer, reserved cash);
- bidders come as a Poisson process. Each wants to be paid for risk: an edge below mark, a share of
  the maintenance requirement that it takes over, exponential with a mean of 8 %; each can carry an
  exponential share of the lot, a third on average. Nobody bids in the first hour of a drought.

What is told of a curve: `recovered`, payments over the mark value of what was sold while solvent;
`deficit`, what fund and others paid bidders and wrote off, in basis points of notional; `cured`,
the share of accounts that were above maintenance again within a day; the median time to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .data.path import MarketPath
from .data.scenarios import load_scenario
from .reference.pricing import black76

Floats = NDArray[np.float64]

MINUTE = 60
STEPS = 1_440
DAY_SECONDS = 86_400
TRADING_DAYS = 252
MAINTENANCE, INITIAL, FLOOR, PUT_INITIAL = 0.075, 0.15, 0.10, 1.05
BUFFER = 0.15
BIDDERS = 40
MEAN_EDGE = 0.08
MEAN_SHARE = 1 / 3
LEAST_FACTOR = 0.05


@dataclass(frozen=True)
class Curve:
    """A solvent curve and the length of the insolvent one; times in seconds."""

    family: str  # two-phase, exponential or stepped
    start: float
    cutoff: float
    fast: float
    slow: float
    tail: float
    insolvent: float = 3_600.0

    def factor(self, elapsed: Floats) -> Floats:
        """Share of mark asked, as contracts/auction/curves.vy computes it."""
        if self.family == "two-phase":
            first = self.start - (self.start - self.cutoff) * elapsed / self.fast
            second = self.cutoff - self.cutoff * (elapsed - self.fast) / self.slow
            return np.where(elapsed < self.fast, first, np.maximum(second, 0.0))
        if self.family == "stepped":
            elapsed = elapsed - elapsed % self.slow
        return self.start * (self.cutoff / self.start) ** (elapsed / self.fast)


CURVES: dict[str, Curve] = {
    "two-phase, patient (peer, production)": Curve("two-phase", 0.95, 0.70, 900, 43_200, 36_900),
    "two-phase, quick (peer, tests)": Curve("two-phase", 0.98, 0.80, 100, 14_400, 12_000),
    "two-phase, from par, an hour": Curve("two-phase", 1.00, 0.80, 3_600, 43_200, 36_900),
    "linear in six hours": Curve("two-phase", 0.98, 0.49, 10_800, 10_800, 19_000),
    "exponential, half in 30 minutes": Curve("exponential", 0.98, 0.49, 1_800, 1, 7_200),
    "exponential, half in 2 hours": Curve("exponential", 0.98, 0.49, 7_200, 1, 28_800),
    "exponential, half in 6 hours": Curve("exponential", 0.98, 0.49, 21_600, 1, 72_000),
    "stepped, a tenth each 15 minutes": Curve("stepped", 0.98, 0.882, 900, 900, 19_000),
}
# The falls as they were, and twice as deep: 19 October 1987 was twice the worst day of 2008.
STRESSES = (1.0, 2.0)
# Bidders an hour.
RATES = (0.25, 1.0, 4.0, 16.0)


@dataclass(frozen=True)
class Book:
    """Accounts at the close of a day and the minutes that follow; rows are accounts."""

    equity: Floats  # [USD] of the original lot, by minute
    requirement: Floats  # [USD] maintenance
    notional: Floats  # [USD]

    def __len__(self) -> int:
        return len(self.notional)


@dataclass(frozen=True)
class Result:
    """A curve under one rate of arrival."""

    curve: str
    rate: float
    recovered: float
    deficit: float  # [basis points of notional]
    cured: float
    minutes: float  # median of those cured


def worst_days(path: MarketPath, count: int) -> list[int]:
    """Indices of the closes before the deepest falls of a path, over one day and over two."""
    closes = np.array([bar.close for bar in path.bars])
    falls = np.minimum(closes[1:-1], closes[2:]) / closes[:-2]
    return sorted(np.argsort(falls)[:count].tolist())


def book(
    path: MarketPath, days: Sequence[int], accounts: int, seed: int, stress: float = 1.0
) -> Book:
    """Writers of puts through two days after each of the closes, `accounts` for each.

    stress: by which the moves of those days are multiplied, in logarithms.
    """
    rng = np.random.default_rng(seed)
    spots, vols = [], []
    for day in days:
        bars = path.bars[day : day + 3]
        closes = [bars[0].close * (bar.close / bars[0].close) ** stress for bar in bars]
        ends = [bars[0].implied_volatility]
        ends += [one.implied_volatility * (stress + 1) / 2 for one in bars[1:]]
        for _ in range(accounts):
            legs = [
                _bridge(rng, closes[i], closes[i + 1], bars[i].implied_volatility * stress)
                for i in range(2)
            ]
            spots.append(np.concatenate(legs))
            vols.append(
                np.concatenate([np.linspace(ends[i], ends[i + 1], STEPS) for i in range(2)])
            )
    spot, vol = np.array(spots), np.array(vols)
    size = len(spot)
    first = spot[:, :1]
    strike = first * (1 - rng.uniform(0.02, 0.10, (size, 1)))
    tenor = rng.uniform(5, 30, (size, 1)) * DAY_SECONDS
    left = np.maximum(tenor - np.arange(2 * STEPS) * MINUTE, MINUTE)
    mark = black76(spot, strike, vol, left).put
    requirement = mark + np.maximum(MAINTENANCE * spot, MAINTENANCE * mark)
    out = np.maximum(first - strike, 0) / first
    isolated = mark[:, :1] + np.maximum(FLOOR, INITIAL - out) * first
    initial = np.maximum(isolated, PUT_INITIAL * requirement[:, :1])
    # Cash that was just enough; a spread of cushions keeps starts apart.
    cash = initial * (1 + rng.exponential(0.05, (size, 1)))
    return Book(cash - mark, requirement - mark, first[:, 0])


def _bridge(rng: np.random.Generator, start: float, end: float, volatility: float) -> Floats:
    """A day of minutes from one close to the next, in logarithms a Brownian bridge."""
    steps = rng.standard_normal(STEPS) * volatility / np.sqrt(TRADING_DAYS * STEPS)
    walk = np.cumsum(steps)
    time = np.arange(1, STEPS + 1) / STEPS
    return start * np.exp(walk - time * walk[-1] + time * np.log(end / start))


def play(accounts: Book, curve: Curve, rate: float, seed: int, drought: bool = True) -> Result:
    """All accounts through their auctions under one curve.

    rate: bidders an hour. Equal seeds bring the same bidders to every curve.
    """
    rng = np.random.default_rng(seed)
    size, steps = accounts.equity.shape
    arrival = np.cumsum(rng.exponential(3_600 / rate, (size, BIDDERS)), axis=1)
    edge = rng.exponential(MEAN_EDGE, (size, BIDDERS))
    room = rng.exponential(MEAN_SHARE, (size, BIDDERS))
    free = np.ones((size, BIDDERS), dtype=bool)
    left = np.ones(size)  # of the original lot
    cash = np.zeros(size)  # reserved
    clock = np.full(size, -1.0)  # [s] since the (re)start; negative: no auction
    since = np.zeros(size)  # [s] since the first start
    solvent = np.ones(size, dtype=bool)
    touched = np.zeros(size, dtype=bool)
    cured = np.full(size, np.nan)
    paid = sold = deficit = 0.0
    for step in range(steps):
        mark = left * accounts.equity[:, step]
        need = left * accounts.requirement[:, step]
        equity, margin = mark + cash, mark + cash - need
        buffered = margin - BUFFER * need
        starts = (clock < 0) & (margin < 0) & np.isnan(cured) & (left > 0)
        running = clock >= 0
        done = running & (buffered >= 0)
        cured[done] = since[done]
        clock[done] = -1.0
        running &= ~done
        due = running & np.where(solvent, (clock > curve.tail) | (equity <= cash), equity > 0)
        begins = starts | due
        solvent = np.where(begins, equity > 0, solvent)
        clock = np.where(begins, 0.0, np.where(running, clock + MINUTE, clock))
        since = np.where(starts, 0.0, since + MINUTE)
        touched |= starts
        live = np.flatnonzero(running & ~due)
        if not live.size:
            continue
        share = curve.factor(clock[live])
        top = np.minimum(mark[live], 0.0)
        floor = mark[live] - need[live]
        fallen = np.minimum(clock[live] / curve.insolvent, 1.0)
        price = np.where(
            solvent[live], mark[live] * share, top - np.maximum(top - floor, 0.0) * fallen
        )
        short = -buffered[live]
        largest = np.where(solvent[live], short / np.maximum(short + mark[live] * share, 1e-9), 1.0)
        begun = since[live][:, None]
        present = arrival[live] + (3_600 if drought else 0) <= begun
        wants = (mark[live] - price)[:, None] >= edge[live] * need[live][:, None]
        takes = present & wants & free[live]
        demand = np.where(takes, room[live] / np.maximum(left[live][:, None], 1e-9), 0.0)
        fraction = np.minimum(demand.sum(axis=1), np.clip(largest, 0.0, 1.0))
        free[live] &= ~takes
        gain = price * fraction
        good = solvent[live] & (mark[live] > 0)
        paid += float(gain[good].sum())
        sold += float((mark[live] * fraction)[good].sum())
        # Bidders of an insolvent lot are paid from reserved cash first.
        owed = np.where(gain < 0, -gain, 0.0)
        reserve = np.minimum(owed, np.maximum(cash[live], 0.0))
        deficit += float((owed - reserve).sum())
        cash[live] += np.maximum(gain, 0.0) - reserve
        left[live] *= 1 - fraction
        gone = live[left[live] < 1e-6]
        cured[gone] = since[gone]
        clock[gone] = -1.0
        left[gone] = 0.0
    # Who is still insolvent at the end leaves its lack behind.
    end = left * accounts.equity[:, -1] + cash
    deficit += float(-np.minimum(end, 0.0)[touched].sum())
    number = max(int(touched.sum()), 1)
    name = next((key for key, value in CURVES.items() if value is curve), curve.family)
    return Result(
        name,
        rate,
        paid / sold if sold else float("nan"),
        1e4 * deficit / float(accounts.notional[touched].sum() or 1.0),
        float((~np.isnan(cured[touched])).sum()) / number,
        float(np.nanmedian(cured[touched]) / MINUTE) if (~np.isnan(cured)).any() else float("nan"),
    )


def study(
    accounts: int = 40, seed: int = 1, curves: Mapping[str, Curve] | None = None
) -> list[Result]:
    """Every curve under every rate of arrival, over the six deepest falls of both crashes."""
    books = []
    for name in ("volmageddon", "lehman"):
        path = load_scenario(name)
        for stress in STRESSES:
            books.append(book(path, worst_days(path, 6), accounts, seed, stress))
    whole = Book(
        *(np.concatenate([getattr(one, field) for one in books]) for field in Book.__annotations__)
    )
    return [
        play(whole, curve, rate, seed) for curve in (curves or CURVES).values() for rate in RATES
    ]


def table(results: Sequence[Result]) -> str:
    """Text: a row a curve and rate."""
    lines = [
        f"{'curve':<40}{'bidders/h':>10}{'recovered':>11}{'deficit bp':>12}{'cured':>8}{'min':>7}"
    ]
    lines += [
        f"{r.curve:<40}{r.rate:>10g}{r.recovered:>10.1%}{r.deficit:>13.2f}{r.cured:>8.1%}{r.minutes:>7.0f}"
        for r in results
    ]
    return "\n".join(lines)


def draw(results: Sequence[Result], file: Path) -> None:
    """Recovered share and deficit against the rate of arrival, a line a curve."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 5.2), layout="constrained")
    figures = (
        ("recovered", "recovered share of mark", 100.0, "%"),
        ("deficit", "paid by fund and others [bp of notional]", 1.0, ""),
        ("minutes", "median time to cure [minutes]", 1.0, ""),
    )
    names = list(dict.fromkeys(r.curve for r in results))
    for axis, (field, label, scale, unit) in zip(axes, figures, strict=True):
        for i, name in enumerate(names):
            rows = [r for r in results if r.curve == name]
            axis.plot(
                [r.rate for r in rows],
                [scale * getattr(r, field) for r in rows],
                marker="osD^v<>P"[i % 8],
                label=name,
            )
        axis.set_xscale("log", base=4)
        axis.set_xticks(RATES, [f"{rate:g}" for rate in RATES])
        axis.set_xlabel("bidders an hour")
        axis.set_ylabel(label + (f" [{unit}]" if unit else ""))
        axis.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.suptitle("Liquidation curves in two crashes, nobody bidding in the first hour")
    figure.savefig(file, dpi=110)
    plt.close(figure)


def main() -> None:
    results = study()
    print(table(results))
    out = Path("out")
    out.mkdir(exist_ok=True)
    draw(results, out / "curves.png")
    print(f"picture: {out / 'curves.png'}")


if __name__ == "__main__":
    main()
