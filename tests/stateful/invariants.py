"""`python -m tests.stateful.invariants`: long campaigns against everything that is deployed.

Worlds of random steps, each from its seed (`worlds.py`), until so many contract calls were made,
over all cores; then worlds in which contracts and reference ledger play side by side
(`crashes.py`). Prints calls by function and by reason, states, branches and checks, writes the same
to out/invariants.json, and fails when a check does not hold or a function of the core was never
reached. A failure is played again with every check after each step, cut down to the fewest steps
that still fail, and kept in `regressions.json`, which `test_invariants.py` plays again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from tests.stateful.playing import open_engine, play

OUT = Path("out/invariants.json")
# Beyond the core: venues and vaults have their own suite, and these are only the world around.
AROUND = (
    *("cash_token", "index_token", "fee_token", "false_token", "reentrant_token", "yield_token"),
    *("blacklist_token", "reenterer", "liar", "other_house", "other_curve", "second_feed"),
    *("pool_0", "pool_shares_0", "pool_pricer", "long_token", "long_tokens", "router", "batch"),
    *("standing", "quote_rewards", "strategist", "vault_0", "vault_1", "vault_queue_0"),
    *("vault_queue_1", "unwinder", "unwinder_0"),
)
# What a unit alone may call, by what calls it whenever that succeeds.
IMPLIED = {
    "timelock.schedule_batch": "governor.queue",
    "timelock.execute_batch": "governor.execute",
    "oracle.record_fixing": "court.choose",
    "oracle.record_knock": "watch.touch",
}
# Never reached, and why that is right.
EXCUSED = {
    "oracle.link": "once for all, by the deployment",
    "portfolio_settings.set_market": "only in the storage of its front",
    "portfolio_settings.set_scan_range": "only in the storage of its front",
    "portfolio_settings.set_collateral": "only in the storage of its front",
    "portfolio_settings.transfer_ownership": "only in the storage of its front",
    "portfolio_settings.poke": "only in the storage of its front",
}


class Part:
    """The share of one process, and where it is written."""

    def __init__(self, worker: int, options: argparse.Namespace, folder: str) -> None:
        from tests.stateful.worlds import Campaign, Seen

        self.kind, self.options, self.worker = Campaign, options, worker
        self.file = Path(folder, f"part{worker}.json")
        self.seen, self.twins = Seen(), Counter[str]()
        self.failures: list[dict[str, Any]] = []
        self.branches: set[Any] = set()
        self.functions: list[str] = []
        self.until = time.monotonic() + 60 * options.minutes

    def play(self, calls: float, seed: int, recorded: bool) -> None:
        """Worlds until so many calls were made; every minute what there is so far is written."""
        options = self.options
        open_engine()
        campaign = self.kind(0 if recorded else options.replays, recorded)
        self.functions = sorted({f"{unit}.{name}" for unit, name, _, _ in _functions(campaign)})
        told = time.monotonic()
        while campaign.seen.steps < calls and len(self.failures) < options.stop:
            self.world(campaign, seed)
            seed += options.processes
            if time.monotonic() - told > 60:
                told = time.monotonic()
                print(f"process {self.worker}: {campaign.seen.steps:,} calls", flush=True)
                self.write(campaign)
            if time.monotonic() > self.until:
                break
        self.write(campaign)
        self.seen.add(campaign.seen)
        self.branches |= campaign.recorder.branches

    def world(self, campaign: Any, seed: int) -> None:
        try:
            failure = campaign.play(seed, self.options.length)
        except Exception:
            print(f"world {seed}: {traceback.format_exc()}", flush=True)
            row = {"seed": seed, "check": "error", "detail": traceback.format_exc()}
            self.failures.append(row)
            return
        if failure is not None:
            print(f"world {seed}, step {len(failure.steps)}: {failure.detail}", flush=True)
            if self.options.shrink:
                failure = campaign.shrink(failure)
                print(f"world {seed}: {len(failure.steps)} steps", flush=True)
            self.failures.append(failure.as_row())

    def reference(self) -> None:
        """Worlds of contracts and reference ledger."""
        from tests.stateful.crashes import Crashes

        options = self.options
        open_engine()
        for number in range(self.worker, options.twins, options.processes):
            found = play(Crashes, options.seed + number, options.twin_steps, self.twins)
            if found:
                print(found, flush=True)
                row = {"seed": options.seed + number, "check": "reference", "detail": found}
                self.failures.append(row)
        self.write(None)

    def write(self, campaign: Any) -> None:
        from tests.stateful.worlds import Seen

        seen = Seen()
        seen.add(self.seen)
        branches = set(self.branches)
        if campaign is not None:
            seen.add(campaign.seen)
            branches |= campaign.recorder.branches
        names = ("calls", "refusals", "checks", "states", "inner")
        result = {
            "seen": {name: dict(getattr(seen, name)) for name in names},
            "steps": seen.steps,
            "worlds": seen.worlds,
            "replays": seen.replays,
            "twins": dict(self.twins),
            "branches": sorted([*place, way] for place, way in branches),
            "failures": self.failures,
            "functions": self.functions,
            "seconds": time.process_time(),
        }
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(result))
        draft.replace(self.file)


def work(worker: int, options: argparse.Namespace, folder: str) -> None:
    """What one process does."""
    part = Part(worker, options, folder)
    share = options.calls / options.processes
    recorded = share * options.recorded / 100
    part.reference()
    # Recorded branch by branch, which takes longer, is only a part.
    if recorded:
        part.play(recorded, options.seed + worker, True)
    part.play(share - recorded, options.seed + worker + 10**6, False)


def _functions(campaign: Any) -> Any:
    from tests.stateful.raw import functions_of

    return functions_of(campaign.village)


def report(parts: list[dict[str, Any]], options: argparse.Namespace, wall: float) -> dict[str, Any]:
    """All parts together."""
    totals: dict[str, Counter[str]] = {}
    for name in ("calls", "refusals", "checks", "states", "inner"):
        totals[name] = Counter()
        for part in parts:
            totals[name].update(part["seen"][name])
    twins: Counter[str] = Counter()
    for part in parts:
        twins.update(part["twins"])
    by_function: dict[str, dict[str, int]] = {}
    for key, count in totals["calls"].items():
        function, outcome = key.rsplit(" ", 1)
        by_function.setdefault(function, {"ok": 0, "refused": 0})[outcome] += count
    reached = {name for name, row in by_function.items() if row["ok"]} | set(totals["inner"])
    reached |= {name for name, caller in IMPLIED.items() if caller in reached}
    functions = parts[0]["functions"]
    core = [name for name in functions if name.partition(".")[0] not in AROUND]
    missing = [name for name in core if name not in reached and name not in EXCUSED]
    taken = {(tuple(place), way) for part in parts for *place, way in part["branches"]}
    return {
        "date": time.strftime("%Y-%m-%d"),
        "seed": options.seed,
        "processes": options.processes,
        "calls": sum(part["steps"] for part in parts),
        "worlds": sum(part["worlds"] for part in parts),
        "seconds_of_cpu": round(sum(part["seconds"] for part in parts)),
        "seconds": round(wall),
        "repeated_in_py_evm": sum(part["replays"] for part in parts),
        "checks": dict(sorted(totals["checks"].items())),
        "functions": dict(sorted(by_function.items())),
        "inside_other_calls": dict(sorted(totals["inner"].items())),
        "reasons": dict(totals["refusals"].most_common()),
        "states": dict(totals["states"].most_common()),
        "branches": branches_of(taken),
        "core": len(core),
        "reached": len(core) - len([name for name in core if name not in reached]),
        "excused": {name: why for name, why in EXCUSED.items() if name in core},
        "never_reached": missing,
        "elsewhere_not_reached": [n for n in functions if n not in core and n not in reached],
        "reference": dict(sorted(twins.items())),
        "failures": [row for part in parts for row in part["failures"]],
    }


def branches_of(taken: set[Any]) -> dict[str, Any]:
    """Branches taken of those that there are, per folder of the contracts."""
    if not taken:
        return {}
    from tests.branches.report import universe

    universe_found: Any = universe()
    every = universe_found[0] if isinstance(universe_found, tuple) else universe_found
    folders: dict[str, list[int]] = {}
    for branch in every:
        row = folders.setdefault(branch[0][0].partition("/")[0], [0, 0])
        row[0] += branch in taken
        row[1] += 1
    total = [sum(row[i] for row in folders.values()) for i in (0, 1)]
    return {"taken": total[0], "of": total[1], "by_folder": dict(sorted(folders.items()))}


def show(found: dict[str, Any]) -> None:
    """The report as text."""
    for title in ("functions", "reasons", "states", "checks", "reference"):
        print(f"\n{title}")
        for name, count in found[title].items():
            if isinstance(count, dict):
                print(f"{count['ok']:>9,} {count['refused']:>9,} refused  {name}")
            else:
                print(f"{count:>9,}  {name}")
    if found["branches"]:
        print("\nbranches taken, by folder")
        for name, (taken, of) in found["branches"]["by_folder"].items():
            print(f"{taken:>6} of {of:>5}  {name}")
        print(f"{found['branches']['taken']:>6} of {found['branches']['of']:>5}")
    print(
        f"\nseed {found['seed']}: {found['calls']:,} calls in {found['worlds']:,} worlds, "
        f"{len(found['checks'])} named checks made {sum(found['checks'].values()):,} times, "
        f"{len(found['failures'])} failures; {len(found['states'])} states; "
        f"{found['reached']} of {found['core']} functions of the core reached; "
        f"{found['repeated_in_py_evm']:,} calls repeated in py-evm; "
        f"{found['seconds_of_cpu']:,} s of CPU, {found['seconds']:,} s"
    )
    for name in found["never_reached"]:
        print(f"never reached: {name}")


def keep(failures: list[dict[str, Any]]) -> None:
    """What failed becomes a regression test."""
    from tests.stateful.worlds import REGRESSIONS

    rows = json.loads(REGRESSIONS.read_text()) if REGRESSIONS.exists() else []
    rows += [row for row in failures if "steps" in row]
    REGRESSIONS.write_text(json.dumps(rows, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.stateful.invariants", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--length", type=int, default=800, help="steps of a world, at least")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replays", type=int, default=1_500, help="a process, in py-evm")
    parser.add_argument("--recorded", type=float, default=3, help="percent with branches recorded")
    parser.add_argument("--twins", type=int, default=105, help="worlds beside the reference ledger")
    parser.add_argument("--twin-steps", type=int, default=100)
    parser.add_argument("--stop", type=int, default=5, help="failures of a process")
    parser.add_argument("--minutes", type=float, default=10**6, help="no world begins later")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    began = time.monotonic()
    folder = options.out.parent / "invariants"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("part*.json"):
        old.unlink()
    print(f"seed {options.seed}, {options.processes} processes", flush=True)
    start = multiprocessing.get_context("spawn").Process
    workers = [start(target=work, args=(i, options, str(folder))) for i in range(options.processes)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    parts = [json.loads(file.read_text()) for file in sorted(folder.glob("part*.json"))]
    if len(parts) < options.processes:
        print("a process has failed")
        return 1
    open_engine()
    found = report(parts, options, time.monotonic() - began)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    show(found)
    if options.shrink:
        keep(found["failures"])
    return 1 if found["failures"] or found["never_reached"] else 0


if __name__ == "__main__":
    sys.exit(main())
