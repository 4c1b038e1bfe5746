"""Margin against what happened: `python -m benchmarks.backtest`, on the S&P 500 from 1999 to 2018.

Writes benchmarks/backtest.json, which is committed, and two pictures to out/. Three questions:

1. How often is the loss of the next day larger than the initial margin? A book is opened at each
   close with just that margin, and valued at the next close with the volatility of then. Prices
   are scaled to a spot of 1,000, so that a book has the same strikes every day. Kupiec's test asks
   whether breaches are as frequent as 1 %.
2. What does the volatility forecast cost and save? Margins proportional to each forecast, scaled to
   be breached on 1 % of the days, are compared by their mean and by how fast they rise.
3. By how much does the standard rule ask more for two books together than for each apart?

Implied volatility is VIX where the data have it, from 2014, and else 1.1 times EWMA(0.94), the rule
of novate/data.
"""

import json
import math
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import arch.data.sp500
import arch.data.vix
import numpy as np
from scipy.stats import chi2
from tqdm import tqdm

from novate.data.path import close_of, estimate_volatility
from novate.reference import margin, portfolio
from novate.reference.forecast import WEIGHTS, Bounds, Ewma, LinearForecast, step, target
from novate.reference.margin import Position, Quote, View
from novate.reference.pricing import Floats
from novate.series import DAY, WAD, Series

FILE = Path(__file__).resolve().parent / "backtest.json"
SPOT = 1_000.0
NOW = 1_000 * DAY
NOMINAL = 0.01
# Tenors from which random books are drawn [days].
TENORS = (14, 30, 90)
# Peak-to-trough is taken over so many closes.
WINDOW = 21
# Closes that warm the forecasts up.
WARM = 250


def _narrowed(factor: float) -> portfolio.Rules:
    grid = (replace(s, spot=1 + factor * (s.spot - 1)) for s in portfolio.GRID)
    return replace(portfolio.TEST, scenarios=tuple(grid))


# Portfolio margin with the peer's moves of up to 15 %, which were made for crypto; and with moves
# for an index, 6 % at a volatility of 16 %, times the scan range.
RULES = {
    "portfolio": portfolio.TEST,
    "portfolio, 6 % x range": _narrowed(0.4),
}
ENGINES = ("standard", *RULES)


@dataclass(frozen=True)
class Closes:
    """Closes in the order of time, with the implied volatility at each."""

    times: tuple[int, ...]
    prices: Floats
    volatilities: Floats

    @property
    def returns(self) -> Floats:
        return np.diff(np.log(self.prices))


def closes() -> Closes:
    """The S&P 500 that the package `arch` ships."""
    prices = arch.data.sp500.load()["Close"]
    times = tuple(close_of(day.date()) for day in prices.index)
    estimated = estimate_volatility(times, prices.tolist())
    seen = (arch.data.vix.load()["vix"].dropna() / 100).reindex(prices.index)
    volatilities = np.where(seen.notna(), seen, estimated)
    return Closes(times, prices.to_numpy(dtype=float), volatilities)


# -- statistics --


@dataclass(frozen=True)
class Coverage:
    """Breaches among days, and Kupiec's likelihood ratio test that their rate is NOMINAL."""

    days: int
    breaches: int
    rate: float
    ratio: float
    probability: float


def kupiec(breaches: int, days: int, nominal: float = NOMINAL) -> Coverage:
    """P. Kupiec, "Techniques for verifying the accuracy of risk measurement models" (1995)."""
    rate = breaches / days

    def likelihood(p: float) -> float:
        hit = breaches * math.log(p) if breaches else 0.0
        return hit + ((days - breaches) * math.log1p(-p) if breaches < days else 0.0)

    ratio = 2 * (likelihood(rate) - likelihood(nominal))
    return Coverage(days, breaches, rate, ratio, float(chi2.sf(ratio, 1)))


# -- 1. engines --


def option(moneyness: float, days: int, is_put: bool, quantity: float) -> Position:
    strike = round(SPOT * moneyness, 2)
    return Position(Series(1, NOW + days * DAY, int(strike * 100) * WAD // 100, is_put), quantity)


FIXED: dict[str, tuple[Position, ...]] = {
    "naked put": (option(0.95, 30, True, -1),),
    "straddle": (option(1, 30, False, -1), option(1, 30, True, -1)),
    "put spread": (option(0.97, 30, True, -1), option(0.92, 30, True, 1)),
}


def random_book(rng: random.Random) -> tuple[Position, ...]:
    """Two to six options of either side around the money, at least one of them short."""
    book = [
        option(
            rng.uniform(0.85, 1.15),
            rng.choice(TENORS),
            rng.random() < 0.5,
            rng.choice((-2, -1, 1, 2)) if number else -1,
        )
        for number in range(rng.randint(2, 6))
    ]
    return tuple(portfolio.merge(book))


def view(volatility: float, spot: float = SPOT, elapsed: int = 0) -> View:
    """A flat market; forwards at spot."""
    quote = Quote(spot, spot, volatility)
    quotes = {(1, NOW + days * DAY): quote for days in TENORS}
    return View(NOW + elapsed, {1: margin.Rules()}, quotes, spots={1: (spot, True)})


def initial_of(engine: str, book: Sequence[Position], market: View, scan: float) -> float:
    """What the positions add to the initial excess, not positive as a rule."""
    if engine == "standard":
        return margin.assess(0, [], book, market).initial
    scans = {1: scan if engine.endswith("range") else 1.0}
    return portfolio.assess(0, [], book, market, {1: RULES[engine]}, scans=scans).health.initial


def worth(book: Sequence[Position], market: View) -> float:
    return margin.assess(0, [], book, market).equity


@dataclass(frozen=True)
class Outcome:
    """Margin and next day's loss of one kind of book under one engine, as shares of spot."""

    book: str
    engine: str
    margins: Floats
    losses: Floats
    coverage: Coverage

    def figures(self) -> dict[str, float]:
        covered = {k: round(v, 6) for k, v in asdict(self.coverage).items()}
        return covered | {
            "mean_margin": round(float(self.margins.mean()), 5),
            "worst_loss": round(float(self.losses.max()), 5),
            "use_99": round(float(np.quantile(self.use, 0.99)), 4),
            "worst_use": round(float(self.use.max()), 4),
        }

    @property
    def use(self) -> Floats:
        """The part of the margin that the next day took; above 1 is a breach."""
        return np.asarray(self.losses / self.margins)


def engines(
    data: Closes, *, every: int = 1, books: int = 1, seed: int = 1, quiet: bool = True
) -> list[Outcome]:
    """Each kind of book under each engine, on each `every`-th day.

    books: random books a day.
    """
    scans = scan_ranges(data)
    rng = random.Random(seed)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for day in tqdm(range(WARM, len(data.prices) - 1, every), disable=quiet):
        today = view(data.volatilities[day])
        move = data.prices[day + 1] / data.prices[day]
        elapsed = data.times[day + 1] - data.times[day]
        tomorrow = view(data.volatilities[day + 1], SPOT * move, elapsed)
        drawn = [("random book", random_book(rng)) for _ in range(books)]
        for name, book in [*FIXED.items(), *drawn]:
            value = worth(book, today)
            loss = value - worth(book, tomorrow)
            for engine in ENGINES:
                # Opened with just enough: cash of -initial, equity of value - initial.
                own = value - initial_of(engine, book, today, scans[day])
                found.setdefault((name, engine), []).append((own, loss))
    outcomes = []
    for (name, engine), pairs in found.items():
        margins, losses = np.array(pairs).T / SPOT
        # More than rounding.
        breaches = int((losses > margins + 1e-9).sum())
        outcomes.append(Outcome(name, engine, margins, losses, kupiec(breaches, len(pairs))))
    return outcomes


# -- 2. forecasts --


@dataclass(frozen=True)
class Forecast:
    """Margin proportional to a forecast, as a share of spot, and how it did.

    margins: by day, for the return of the next one. scale: times the forecast of a day's move.
    rise: largest over smallest margin within WINDOW days, at its worst and on average.
    later: coverage of the second half with the scale that covers the first.
    """

    name: str
    margins: Floats
    scale: float
    mean: float
    worst_rise: float
    mean_rise: float
    qlike: float
    coverage: Coverage
    later: Coverage

    def figures(self) -> dict[str, object]:
        plain = {
            name: round(getattr(self, name), 5)
            for name in ("scale", "mean", "worst_rise", "mean_rise", "qlike")
        }
        return {
            **plain,
            **{
                name: {k: round(v, 6) for k, v in asdict(getattr(self, name)).items()}
                for name in ("coverage", "later")
            },
        }


def linear(data: Closes, weights: Sequence[float] = WEIGHTS) -> Floats:
    """The linear mix at each close."""
    start = float(np.std(data.returns[:WARM])) * math.sqrt(252)
    model = LinearForecast(data.prices[0], data.times[0], start, weights=weights)
    later = zip(data.prices[1:], data.times[1:], strict=True)
    return np.array([start, *(model.record(price, time) for price, time in later)])


def scan_ranges(data: Closes, bounds: Bounds | None = None) -> Floats:
    """The multiple of ScanRange at each close, moved once a day."""
    bounds = bounds or Bounds()
    current, found = 1.0, [1.0]
    forecasts = linear(data)
    for day in range(1, len(forecasts)):
        elapsed = data.times[day] - data.times[day - 1]
        current = step(current, target(forecasts[day], bounds), elapsed, bounds)
        found.append(current)
    return np.array(found)


def ewma(data: Closes, decay: float = 0.94) -> Floats:
    start = float(np.std(data.returns[:WARM])) * math.sqrt(252)
    model = Ewma(data.prices[0], start, decay)
    return np.array([start, *(model.record(price) for price in data.prices[1:])])


def forecasts(data: Closes, nominal: float = NOMINAL) -> list[Forecast]:
    """Plain EWMA, the linear mix, and the mix behind the scan range's limits, each scaled so that
    moves of either direction exceed it on `nominal` of all days."""
    unbounded = Bounds(weight=0.0, stressed=0.0, floor=0.0, cap=math.inf)
    models: dict[str, Floats] = {
        "constant": np.ones(len(data.prices)) * 0.16,
        "EWMA(0.94)": ewma(data),
        "linear mix": linear(data),
        "linear mix, rate-limited": scan_ranges(data, unbounded) * unbounded.reference,
        "scan range": scan_ranges(data) * Bounds().reference,
    }
    moves = np.abs(data.returns[WARM:])
    return [_judge(name, raw[WARM:-1], moves, nominal) for name, raw in models.items()]


def _judge(name: str, raw: Floats, moves: Floats, nominal: float) -> Forecast:
    daily = raw / math.sqrt(252)

    def scale_of(part: slice) -> float:
        return float(np.quantile(moves[part] / daily[part], 1 - nominal, method="higher"))

    half = len(moves) // 2
    scale = scale_of(slice(None))
    margins = daily * scale
    windows = np.lib.stride_tricks.sliding_window_view(margins, WINDOW)
    # Rises only: the largest margin after the smallest one.
    rises = (windows / np.minimum.accumulate(windows, axis=1)).max(axis=1)
    later = moves[half:] > daily[half:] * scale_of(slice(0, half))
    ratio = moves**2 / (daily**2)
    return Forecast(
        name,
        margins,
        scale,
        float(margins.mean()),
        float(rises.max()),
        float(rises.mean()),
        float(np.mean(ratio - np.log(np.maximum(ratio, 1e-12)) - 1)),
        kupiec(int((moves > margins).sum()), len(moves), nominal),
        kupiec(int(later.sum()), len(later), nominal),
    )


# -- 3. subadditivity --


Requirement = Callable[[Sequence[Position]], float]


def standard_initial(book: Sequence[Position]) -> float:
    """What a book adds to the initial excess under standard margin at 50 %, one month."""
    return margin.assess(0, [], book, view(0.5)).initial


@dataclass(frozen=True)
class Pair:
    """Two books that need more together than apart."""

    ratio: float  # together over apart
    first: tuple[Position, ...]
    second: tuple[Position, ...]


def worst_pair(
    requirement: Requirement = standard_initial, *, rounds: int = 3_000, seed: int = 1
) -> Pair:
    """Random search, then hill climbing, for what needs most together beside what it needs apart.

    Requirements are excesses without cash; the mark is theirs too.
    """
    rng = random.Random(seed)

    def leg() -> Position:
        strike = rng.choice([0.5, 0.7, 0.9, 0.95, 0.99, 1.0, 1.01, 1.05, 1.1, 1.3, 1.6])
        return option(strike, 30, rng.random() < 0.5, rng.choice([-1, 1]) * 2 ** rng.randint(0, 9))

    def judge(first: Sequence[Position], second: Sequence[Position]) -> float:
        # An account holds one position a series.
        apart = requirement(portfolio.merge(first)) + requirement(portfolio.merge(second))
        together = requirement(portfolio.merge([*first, *second]))
        return together / apart if apart < -1e-6 * SPOT else 0.0

    best = Pair(0.0, (), ())
    for _ in range(rounds):
        if rng.random() < 0.3 or not best.first:
            books = [[leg() for _ in range(rng.randint(1, 3))] for _ in range(2)]
        else:
            books = [list(best.first), list(best.second)]
            own = rng.choice(books)
            own[rng.randrange(len(own))] = leg()
        found = judge(*books)
        if found > best.ratio:
            best = Pair(found, *(tuple(portfolio.merge(book)) for book in books))
    return best


def main() -> None:
    from novate.plot_risk import draw_backtest, draw_forecasts, save

    data = closes()
    outcomes = engines(data, books=3, quiet=False)
    judged = forecasts(data)
    pair = worst_pair(rounds=20_000)
    figures = {
        "data": f"S&P 500, {len(data.prices)} closes, 1999 to 2018",
        "engines": {},
        "forecasts": {one.name: one.figures() for one in judged},
        "standard_subadditivity": {
            "together_over_apart": round(pair.ratio, 4),
            "first": [f"{p.quantity:+g} {p.series}" for p in pair.first],
            "second": [f"{p.quantity:+g} {p.series}" for p in pair.second],
        },
    }
    for one in outcomes:
        figures["engines"].setdefault(one.book, {})[one.engine] = one.figures()  # type: ignore
    FILE.write_text(json.dumps(figures, indent=2) + "\n")
    out = Path("out")
    out.mkdir(exist_ok=True)
    save(draw_backtest(outcomes), out / "backtest_engines.png")
    save(draw_forecasts(data, judged), out / "backtest_forecasts.png")
    json.dump(figures, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
