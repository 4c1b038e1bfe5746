"""`python -m novate run`, as a function."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import boa
from tqdm import tqdm

from ..agents.hand import Hand
from ..agents.process import ProcessHand
from ..data import MarketPath, load_csv, load_scenario
from ..deploy import deploy
from ..engine import Engine
from ..errors import NovateError
from ..market import Market
from ..network import Network, connect
from ..parameters import GRID, Parameters, Prices
from ..series import DAY
from . import report
from .cast import LEVEL, cast
from .record import Record
from .runner import Runner

WEEK = 7 * DAY
# [s] for deploying on a chain before the first price.
SETUP_TIME = 3_600
# Expiries an hour after the close of the data, on the day of the close.
HOUR = 22
# Cash that the founders put into the security fund [USD].
FUND = 250_000
# Strikes are about this share of the spot apart: 50 USD at 2,750.
TICK_SHARE = 50 / LEVEL


def run(
    *,
    scenario: str = "volmageddon",
    prices: Path | None = None,
    underlying: str | None = None,
    first: str | None = None,
    last: str | None = None,
    seed: int = 1,
    out: Path = Path("out"),
    fund: int | None = None,
    whale: bool = False,
    rpc: str | None = None,
) -> Record:
    """Play a path and write what came of it to `out`; prints the screen and returns the record.

    prices: a CSV file instead of the scenario. first, last: ISO dates, both included.
    fund: [USD] what the founders put into the security fund, FUND by default.
    whale: with a fund that sells more puts than all bidders together can carry; always in lehman.
    rpc: play on this chain instead of in-process, each agent a process of its own.
    """
    path = load_csv(prices, underlying=underlying) if prices else load_scenario(scenario)
    if underlying:
        path = replace(path, underlying=underlying)
    if first or last:
        path = path.between(first, last)
    if out.exists() and not out.is_dir():
        raise NovateError(f"{out} is a file: --out names a directory")
    began = time.monotonic()
    parameters = parameters_for(path, FUND if fund is None else fund)
    whale = whale or (prices is None and scenario == "lehman")
    manifest = out / "deployment.json"
    manifest.unlink(missing_ok=True)
    with boa.swap_env(connect(rpc) if rpc else _local()):
        hire: Any = partial(ProcessHand, url=rpc, manifest=manifest) if rpc else Hand
        record, market, runner = _play(path, parameters, seed, whale, hire, manifest)
        written = report.write(record, market, out, runner.shift)
    print(report.screen(record))
    names = ", ".join(file.name for file in written)
    print(f"\nwritten to {out}/: {names} ({time.monotonic() - began:.0f} s)")
    return record


def simulate(
    path: MarketPath, parameters: Parameters, *, seed: int = 1, whale: bool = False
) -> Record:
    """Play a path in a world of its own, without a word and without files."""
    with boa.swap_env(_local()):
        return _play(path, parameters, seed, whale)[0]


def _local() -> Engine:
    """An EVM of our own, the same each time: addresses decide gas by their zero bytes."""
    env = Engine()
    env.set_random_seed("novate")
    env.eoa = env.generate_address("owner")
    return env


def _play(
    path: MarketPath,
    parameters: Parameters,
    seed: int,
    whale: bool,
    hire: Any = Hand,
    manifest: Path | None = None,
) -> tuple[Record, Market, Runner]:
    """In the current world; with a progress bar if there is a manifest to write."""
    bars = path.bars
    shift = 0
    if isinstance(boa.env, Network):
        # A chain's clock only goes forward: the past is played in the future, weekdays kept.
        ahead = boa.env.evm.patch.timestamp + SETUP_TIME - bars[0].timestamp
        shift = max(0, -(-ahead // WEEK) * WEEK)
        # To where a run of our own begins as well, whatever day it is. Fails here, before anything
        # is deployed, on a chain that cannot travel.
        begin = bars[0].timestamp + shift - SETUP_TIME
        boa.env.travel_to(max(begin, boa.env.evm.patch.timestamp + 1))
    else:
        boa.env.evm.patch.timestamp = bars[0].timestamp - SETUP_TIME
    # A market of its own for each run on a chain.
    salt = f"run at {boa.env.evm.patch.timestamp}"
    market = deploy(parameters, manifest=manifest, salt=salt)
    record = Record(path.name.capitalize(), path.underlying)
    players = cast(bars[0].close, bars[0].implied_volatility, whale=whale)
    runner = Runner(market, players, record, seed=seed, shift=shift, hire=hire)
    quiet = manifest is None
    with contextlib.closing(runner):
        runner.endow()
        with tqdm(
            total=len(bars), unit="bar", desc=path.name, file=sys.stderr, disable=quiet
        ) as bar:
            runner.play(bars, lambda done: bar.update(done - bar.n))
    record.summary = report.summarise(record, market, runner.refused)
    record.summary["volatility_source"] = path.volatility_source
    record.summary["seed"] = seed
    return record, market, runner


def parameters_for(path: MarketPath, fund: int = FUND) -> Parameters:
    """A market for this path: ticks that suit its level, feeds that start at its first bar."""
    first = path.bars[0]
    return Parameters(
        symbol=path.underlying[:20],
        fund=fund,
        grid=replace(GRID, tick=_tick(first.close), hour=HOUR),
        prices=Prices(spot=first.close, volatility=first.implied_volatility),
    )


def _tick(spot: float) -> int:
    """Distance of strikes [1e-8 USD]: 1, 2.5 or 5 times a power of ten, near 2 % of the spot."""
    wanted = spot * TICK_SHARE
    sizes = [digits * 10.0**power for power in range(-8, 9) for digits in (1, 2.5, 5)]
    return max(1, round(min(sizes, key=lambda size: abs(size - wanted)) * 1e8))
