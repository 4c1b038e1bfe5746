"""Errors of the exact tier against 50 digits: `python -m benchmarks.accuracy [points]`.

Random and adversarial points: thick where a formula changes branch, at the ends of the domain, at
and beside the money. Rewrites benchmarks/accuracy.json with the largest error of each function and
where it was. Errors of prices are relative to spot beyond one unit for each rounding (2 wei);
those of Greeks to their natural scale (see `scale`); that of an implied volatility is the plain
difference, at points where the price tells it: vega above 2e-5 of spot and above 1e10 wei.
`--experimental` asks the units as the compiler's other pipeline makes them, and keeps that apart.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from mpmath import erfc, exp, log, mp, mpf, pi, sqrt

FILE = Path(__file__).resolve().parent / "accuracy.json"
HARNESSES = FILE.parent.parent / "tests" / "harness"
WAD = 10**18
YEAR = 31_536_000
TOP = 2**128 - 1
DIGITS = 50
BATCH = 250
POINTS = 200_000
PROCESSES = 2
Point = tuple[int, int, int, int, int]
# (error, where)
Finding = tuple[float, str]

# -- points --


def price_point(rng: random.Random) -> Point:
    """Spot, strike, volatility, seconds, rate."""
    spot = min(int(10 ** rng.choice([rng.uniform(0, 38.5), rng.uniform(15, 24)])), TOP)
    # Beside the money, at a quotient of 2 and of 8 where the series change, and far away.
    near = rng.choice([0, 1e-15, 1e-9, 1e-4, 0.01, 0.1, 0.30103, 0.90309, 1, 3, 30])
    distance = near * rng.choice([1, -1, rng.uniform(-1, 1)])
    strike = min(int(spot * 10**distance), TOP)
    volatility = int(
        rng.choice([10 ** rng.uniform(0, 21), 10 ** rng.uniform(16, 18.7), 5 * WAD, 0, 2**70 - 1])
    )
    seconds = rng.choice(
        [
            0,
            1,
            2**8,
            2**16,
            2**24,
            10 * YEAR,
            rng.randrange(10 * YEAR),
            int(10 ** rng.uniform(0, 8.7)),
        ]
    )
    rate = int(rng.choice([0, rng.uniform(-0.1, 0.2), rng.uniform(-2.3, 2.3)]) * WAD)
    return spot, strike, volatility, seconds, rate


def market_point(rng: random.Random) -> Point:
    """Where Greeks and implied volatilities are asked for."""
    spot = int(10 ** rng.uniform(15, 24))
    strike = int(spot * 10 ** (rng.uniform(-1, 1) ** 3))
    volatility = int(10 ** rng.uniform(16.7, 18.7))
    seconds = rng.choice([1, 10 * YEAR, int(10 ** rng.uniform(0, 8.5))])
    return spot, strike, volatility, seconds, int(rng.uniform(-0.1, 0.2) * WAD)


# -- truth --


def cdf(x: Any) -> Any:
    return erfc(-x / sqrt(mpf(2))) / 2


def truth(point: Point) -> dict[str, Any]:
    """Values in wad; d1, d2 and what the Greeks are made of."""
    with mp.workdps(DIGITS):
        spot, strike, volatility, seconds, rate = (mpf(x) for x in point)
        years = seconds / YEAR
        now = strike * exp(-rate * years / WAD)
        sigma = volatility / WAD
        s = sigma * sqrt(years)
        if not (s and spot and now):
            return {"call": max(spot - now, 0), "put": max(now - spot, 0)}
        d1 = log(spot / now) / s + s / 2
        d2 = d1 - s
        # What is out of the money, without cancellation, and the other one by parity.
        if spot > now:
            put = now * cdf(-d2) - spot * cdf(-d1)
            call = put + spot - now
        else:
            call = spot * cdf(d1) - now * cdf(d2)
            put = call + now - spot
        g = spot * exp(-d1 * d1 / 2) / sqrt(2 * pi)
        vega = g * sqrt(years)
        r = rate / WAD
        decay = g * sigma / (2 * sqrt(years))
        return {
            "call": call,
            "put": put,
            "call_delta": cdf(d1) * WAD,
            "put_delta": -cdf(-d1) * WAD,
            "gamma": g / (spot * spot * s) * WAD * WAD,
            "vega": vega,
            "call_theta": -decay - r * now * cdf(d2),
            "put_theta": -decay + r * now * cdf(-d2),
            "call_rho": years * now * cdf(d2),
            "put_rho": -years * now * cdf(-d2),
            "vanna": -g * d2 / (spot * sigma) * WAD,
            "volga": vega * d1 * d2 / sigma,
            "years": years,
            "s": s,
            "now": now,
            "sigma": sigma,
            "weight": max(1, abs(d1 * d2)),
        }


def scale(name: str, point: Point, exact: dict[str, Any]) -> Any:
    """What an error of 1 of this Greek is: its size at the money."""
    spot, years, s, sigma = mpf(point[0]), exact["years"], exact["s"], exact["sigma"]
    both = spot + exact["now"]
    return {
        "call_delta": mpf(WAD),
        "put_delta": mpf(WAD),
        "gamma": mpf(WAD) * WAD / (spot * s),
        "vega": spot * sqrt(years),
        "call_theta": spot * sigma / sqrt(years) + 3 * both,
        "put_theta": spot * sigma / sqrt(years) + 3 * both,
        "call_rho": both * years,
        "put_rho": both * years,
        "vanna": mpf(WAD) * exact["weight"] / sigma,
        "volga": spot * sqrt(years) * exact["weight"] / sigma,
    }[name]


# -- studies: each yields (name, error, where) --


def wad_functions(harness: Any, rng: random.Random, count: int) -> Iterator[tuple[str, float, str]]:
    def exp_of(x: int) -> Any:
        return exp(mpf(x) / WAD) * WAD

    def pdf_of(x: int) -> Any:
        return exp(-((mpf(x) / WAD) ** 2) / 2) / sqrt(2 * pi) * WAD

    def spread(low: float, high: float) -> Callable[[], int]:
        return lambda: int(
            rng.choice(
                [rng.uniform(low, high) * WAD, rng.uniform(-1, 1) * 10 ** rng.uniform(0, 18)]
            )
        )

    studies: list[tuple[str, Callable[[], int], Callable[[int], Any], float]] = [
        ("exp", spread(-42, 135), exp_of, 1.0),
        ("ln", lambda: int(10 ** rng.uniform(0, 38.5)), lambda x: log(mpf(x) / WAD) * WAD, 0.0),
        ("normal_pdf", spread(-10, 10), pdf_of, 0.0),
        ("normal_cdf", spread(-10, 10), lambda x: cdf(mpf(x) / WAD) * WAD, 0.0),
    ]
    for name, draw, exact, relative in studies:
        call = getattr(harness, name.removeprefix("normal_"))
        for _ in range(0, count, BATCH):
            xs = [draw() for _ in range(BATCH)]
            for x, value in zip(xs, call(xs), strict=True):
                with mp.workdps(DIGITS):
                    true = exact(x)
                    size = max(true, WAD) if relative else mpf(WAD)
                    yield name, float(abs(value - true) / size), f"x = {x}"


def prices(harness: Any, rng: random.Random, count: int) -> Iterator[tuple[str, float, str]]:
    for _ in range(0, count, BATCH):
        points = [price_point(rng) for _ in range(BATCH)]
        for point, (call, put) in zip(points, harness.values(points), strict=True):
            exact = truth(point)
            with mp.workdps(DIGITS):
                for name, value in (("call", call), ("put", put)):
                    # Beyond the wei of rounding; what is far above spot keeps its own digits.
                    size = mpf(point[0]) + exact["put"] * mpf("1e-4")
                    error = max(abs(value - exact[name]) - 2, 0) / max(size, 1)
                    yield f"black_scholes_{name}", float(error), f"{point}"


def sensitivities(harness: Any, rng: random.Random, count: int) -> Iterator[tuple[str, float, str]]:
    for _ in range(0, count, BATCH):
        points = [market_point(rng) for _ in range(BATCH)]
        for point, found in zip(points, harness.all_greeks(points), strict=True):
            exact = truth(point)
            with mp.workdps(DIGITS):
                for name, value in found._asdict().items():
                    if name not in ("call", "put"):
                        error = max(abs(value - exact[name]) - 3, 0) / scale(name, point, exact)
                        yield name, float(error), f"{point}"


def volatilities(harness: Any, rng: random.Random, count: int) -> Iterator[tuple[str, float, str]]:
    for _ in range(0, count, BATCH):
        asked: list[tuple[Point, Any]] = []
        worths: list[int] = []
        kinds: list[bool] = []
        while len(asked) < BATCH:
            point, is_call = market_point(rng), rng.random() < 0.5
            exact = truth(point)
            worth = int(exact["call" if is_call else "put"] + 0.5)
            # The price must tell: half a wei and the digits of the price move the volatility by
            # less than its target of 1e-9 each.
            if exact["vega"] > max(mpf(point[0]) * mpf("2e-5"), mpf(10) ** 10):
                asked.append((point, exact["sigma"]))
                worths.append(worth)
                kinds.append(is_call)
        for (point, sigma), value in zip(
            asked, harness.implied(worths, kinds, [p for p, _ in asked]), strict=True
        ):
            with mp.workdps(DIGITS):
                yield "implied_volatility", float(abs(value / mpf(WAD) - sigma)), f"{point}"


# Study, the harness that it asks, its share of the points.
STUDIES: list[tuple[Callable[..., Iterator[tuple[str, float, str]]], str, float]] = [
    (prices, "AccuracyHarness", 1.0),
    (wad_functions, "AccuracyHarness", 0.1),
    (sensitivities, "AccuracyHarness", 0.1),
    (volatilities, "ImpliedHarness", 0.1),
]


def harnesses(experimental: bool) -> dict[str, Any]:
    """The units asked, by the compiler's other pipeline if so wanted."""
    import boa
    from boa.interpret import set_cache_dir

    from novate.engine.cache import load

    names = {name for _, name, _ in STUDIES}
    if not experimental:
        return {name: load(f"tests/harness/{name}.vy").deploy() for name in names}
    with tempfile.TemporaryDirectory() as empty:
        set_cache_dir(empty)
        settings = {"experimental_codegen": True}
        return {
            name: boa.load(str(HARNESSES / f"{name}.vy"), compiler_args=settings) for name in names
        }


def study(job: tuple[int, int], experimental: bool = False) -> dict[str, Finding]:
    """Largest error by function over `points` prices and a tenth of that of the others."""
    seed, points = job
    rng, asked = random.Random(seed), harnesses(experimental)
    found: dict[str, Finding] = {}
    for run, harness, share in STUDIES:
        for name, error, where in run(asked[harness], rng, max(int(points * share), BATCH)):
            if error >= found.get(name, (-1.0, ""))[0]:
                found[name] = (error, where)
    return found


def campaign(points: int, experimental: bool = False) -> dict[str, Finding]:
    """`points` prices over all processes."""
    share = points // (4 * PROCESSES)
    with Pool(PROCESSES) as pool:
        jobs = [(seed, share) for seed in range(4 * PROCESSES)]
        parts = pool.map(partial(study, experimental=experimental), jobs, chunksize=1)
    return {name: max(part[name] for part in parts) for name in parts[0]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.accuracy", description=__doc__)
    parser.add_argument("points", nargs="?", type=int, default=POINTS)
    parser.add_argument(
        "--experimental", action="store_true", help="of the pipeline that is not shipped"
    )
    options = parser.parse_args()
    found = campaign(options.points, options.experimental)
    for name, (error, where) in found.items():
        print(f"{name:<24}{error:>10.2e}   at {where}")
    report = json.loads(FILE.read_text())
    result = {
        "points": options.points,
        "errors": {n: {"error": e, "at": w} for n, (e, w) in found.items()},
    }
    report |= {"experimental": result} if options.experimental else result
    FILE.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
