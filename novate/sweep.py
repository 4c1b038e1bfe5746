"""Many runs at once: paths, parameters and seeds, spread over processes by `dask.distributed`.

Each run is a file of its own, named by all that decides its result: path, parameters, seed and the
sources. What exists is not run again, so a sweep that was stopped goes on where it was; a worker
that is killed is replaced and its runs begin anew, with the same results.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas
from tqdm import tqdm

from .data import MarketPath, resample
from .deploy import compiled
from .errors import NetworkError, NovateError, ParameterError
from .graph import UNITS
from .manifest import parameters_from, plain
from .parameters import Parameters
from .series import WAD

if TYPE_CHECKING:
    from distributed import Client

ROOT = Path(__file__).resolve().parent.parent
# What a run's result depends on.
SOURCES = ("contracts/**/*.vy", "contracts/**/*.vyi", "novate/**/*.py")
# A run is given up after that many of its workers died: then it is the run that kills them.
PATIENCE = 10
# Contracts run in one world of a process at a time, whatever threads a worker has.
_world = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Run:
    """One run, with all that decides its result."""

    path: MarketPath
    parameters: Parameters
    seed: int
    whale: bool
    # What differs from run to run, as typed: for tables and pictures.
    varied: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """From its content and the sources; the same on every machine."""
        decides = [
            sources_digest(),
            dataclasses.astuple(self.path),
            plain(self.parameters),
            self.seed,
            self.whale,
        ]
        return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:20]


def plan(
    paths: Sequence[MarketPath],
    *,
    seeds: Iterable[int] = (1,),
    varied: Mapping[str, Sequence[Any]] | None = None,
    resampled: int = 0,
    whale: bool = False,
) -> list[Run]:
    """Every path with every choice of parameters and every seed.

    varied: names as in novate/parameters.py, such as `fees.taker_rate`, and the values of each.
    resampled: so many paths made of each one's days, besides the path itself.
    whale: with the seller too big for its bidders; in lehman always.
    """
    from .scenario.run import parameters_for

    runs = []
    choices = [[(name, value) for value in values] for name, values in (varied or {}).items()]
    for source in paths:
        for number in range(resampled + 1):
            path = resample(source, number) if number else source
            for choice in itertools.product(*choices):
                parameters = parameters_from(_nested(choice), parameters_for(path))
                for seed in seeds:
                    told = (("scenario", source.name), ("path", number), *choice, ("seed", seed))
                    large = whale or source.name == "lehman"
                    runs.append(Run(path, parameters, seed, large, told))
    return runs


def play(run: Run) -> dict[str, Any]:
    """A run's result; what a worker does."""
    from .scenario.run import simulate

    began = time.monotonic()
    with _world:
        record = simulate(run.path, run.parameters, seed=run.seed, whale=run.whale)
    return {
        "varied": dict(run.varied),
        "summary": record.summary,
        "seconds": round(time.monotonic() - began, 3),
        "process": os.getpid(),
    }


def sweep(
    runs: Sequence[Run],
    out: Path,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    quiet: bool = False,
) -> pandas.DataFrame:
    """Play what has no file yet, then put all results in one table; writes both.

    scheduler: address of a cluster whose workers have novate; by default processes here.
    workers: how many of those, one for each core by default.
    Raises NovateError after the rest is done if runs failed.
    """
    folder = out / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / f"{run.name}.json": run for run in runs}
    missing = {file: run for file, run in files.items() if not _is_done(file)}
    failed = []
    if missing:
        bar = tqdm(total=len(files), unit="run", desc="sweep", file=sys.stderr, disable=quiet)
        bar.update(len(files) - len(missing))
        with bar, _client(scheduler, min(workers or os.cpu_count() or 1, len(missing))) as client:
            for file, result in _results(client, missing):
                if isinstance(result, Exception):
                    failed.append(f"{file.stem}: {type(result).__name__}: {result}")
                else:
                    _write(file, json.dumps(result, indent=1))
                bar.update()
    table = collect([file for file in files if _is_done(file)])
    _write(out / "results.csv", table.to_csv(index=False))
    if failed:
        raise NovateError(f"{len(failed)} of {len(runs)} runs failed, the first: {failed[0]}")
    return table


def collect(files: Iterable[Path]) -> pandas.DataFrame:
    """Results as a table, a row a run: what varied, then what came of it. Money in USD."""
    rows = []
    for file in files:
        result = json.loads(file.read_text())
        summary = result["summary"]
        debt, auctions = summary["bad_debt"], summary["auctions"]
        rows.append(
            {
                "run": file.stem,
                **result["varied"],
                "trades": summary["trades"],
                "notional": summary["notional"],
                "margin_calls": summary["margin_calls"],
                "auctions": len(auctions),
                "recovered": summary["recovered"],
                "loss": _usd(debt["loss_wei"]),
                "borne_by_fund": _usd(debt["from_fund_wei"]),
                "socialised": _usd(debt["socialised_wei"]),
                "fund_at_end": _usd(summary["fees"]["fund_wei"]),
                "trading_fees": _usd(summary["fees"]["trading_wei"]),
                "conserved": summary["conservation"]["holds"] and debt["adds_up"],
                "transactions": summary["transactions"],
                "gas_of_a_trade": summary["gas"].get("trade", {}).get("median"),
            }
        )
    table = pandas.DataFrame(rows)
    keys = list(table.columns[1 : table.columns.get_loc("trades")]) if len(table) else []
    return table.sort_values(keys, ignore_index=True) if keys else table


def parse_varied(texts: Sequence[str]) -> dict[str, list[Any]]:
    """`NAME=VALUE,VALUE` as typed: numbers, or amounts in wad such as `0.0003wad`."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, _, values = text.partition("=")
        if not name or not values:
            raise ParameterError("set", text, "NAME=VALUE or NAME=VALUE,VALUE,...")
        found[name] = [_value(value) for value in values.split(",")]
    return found


def parse_seeds(text: str) -> list[int]:
    """`1-20` or `1,5,9`."""
    try:
        if "-" in text:
            first, last = map(int, text.split("-"))
            seeds = list(range(first, last + 1))
        else:
            seeds = [int(one) for one in text.split(",")]
    except ValueError:
        seeds = []
    if not seeds or min(seeds) < 0:
        raise ParameterError("seeds", text, "a range such as 1-20, or numbers such as 1,5,9")
    return seeds


@cache
def sources_digest() -> str:
    """Of all that decides results besides what a run says."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


# -- workers --


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Client]:
    # Imported late: a table of what is done needs no cluster.
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": PATIENCE,
        # Nobody looks at it.
        "distributed.admin.log-length": 0,
    }
    with dask.config.set(settings):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout=3, set_as_default=False)
            except (OSError, ValueError) as error:
                raise NetworkError(f"no scheduler answers at {scheduler}: {error}") from error
            with client:
                yield client
            return
        # Once here, so that workers find it done.
        for unit in UNITS:
            if not unit.when:
                compiled(unit.source)
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            yield client


def _results(client: Client, runs: Mapping[Path, Run]) -> Iterator[tuple[Path, Any]]:
    """Each run's file with its result, or with what went wrong, as they come."""
    from distributed import as_completed

    futures = {client.submit(play, run, key=file.stem): file for file, run in runs.items()}
    for future in as_completed(futures, loop=client.loop):
        file = futures.pop(future)
        yield file, future.exception() or future.result()
        future.release()


# -- files and texts --


def _is_done(file: Path) -> bool:
    """Whether a run's file is there and whole."""
    try:
        return "summary" in json.loads(file.read_text())
    except (OSError, ValueError):
        return False


def _write(file: Path, text: str) -> None:
    """At once or not at all."""
    draft = file.with_suffix(file.suffix + ".part")
    draft.write_text(text)
    draft.replace(file)


def _nested(choice: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in choice:
        *groups, last = name.split(".")
        place = tree
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return tree


def _value(text: str) -> Any:
    if text.endswith("wad"):
        try:
            return int(Decimal(text.removesuffix("wad")) * WAD)
        except InvalidOperation:
            raise ParameterError("set", text, "a number before `wad`") from None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _usd(wei: str) -> float:
    return int(wei) / WAD
