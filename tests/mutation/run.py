"""`python -m tests.mutation.run ledger`: break the contracts on purpose, see that a test goes red.

A mutant is compiled; what does not compile is no mutant, what compiles to the same bytecode is
equivalent. Then the tests of its target run until the first failure (`warm.py`). A mutant that
nothing noticed has survived: it is printed, unless judged.toml says why it changes nothing that
anybody could see. The score is killed / (killed + survived), judged ones counted as survivors; the
second score leaves them out.

Targets are in targets.toml. The default is a sample of 60, drawn by --seed; --sample 0 runs all.
Results are merged into out/mutation.json as they come, one entry for each target, seed and sample.
`--again` goes on with such an entry: with what was not reached, and with the survivors, for when
tests have been added; the score of the first time stays beside the new one. `--unseen` draws from
the mutants that no earlier entry of the target holds: what tests were written for counts no more.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from novate.engine.cache import folder
from tests.mutation.operators import Mutant, mutants
from tests.mutation.warm import EQUIVALENT, INVALID, KILLED, SURVIVED, Outcome, Warm

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
RESULTS = PROJECT / "out" / "mutation.json"
JUDGED = "judged"
# The score that a sample must have, without those that are judged to be equivalent.
LEAST = 0.9


@dataclass(frozen=True)
class Job:
    """One mutant of one file."""

    source: str  # below contracts/
    mutant: Mutant

    @property
    def name(self) -> str:
        return f"{self.source} {self.mutant.name}"


def jobs_of(target: dict[str, list[str]], only: str = "") -> list[Job]:
    """Every mutant of a target's sources, or of the one whose path ends so."""
    return [
        Job(source, mutant)
        for source in target["sources"]
        if source.endswith(only)
        for mutant in mutants((PROJECT / "contracts" / source).read_text())
    ]


def run(
    name: str,
    sample: int,
    seed: int,
    workers: int = 1,
    only: str = "",
    again: bool = False,
    unseen: bool = False,
) -> int:
    """Judge a target's mutants; returns 1 when the score is below LEAST."""
    target = tomllib.loads((HERE / "targets.toml").read_text())[name]
    jobs = jobs_of(target, only)
    key = f"{name}, seed {seed}, {'sample ' + str(sample) if sample else 'all'}"
    key += f", {only}" * bool(only) + ", unseen" * unseen
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    earlier: dict[str, Any] = results.get(key, {}) if again else {}
    if unseen:
        seen = {
            mutant
            for other, entry in results.items()
            if other != key and entry["target"] == name
            for mutant in entry["mutants"]
        }
        wanted = set(earlier.get("drawn", ())) or {job.name for job in jobs} - seen
        jobs = [job for job in jobs if job.name in wanted]
    if sample and sample < len(jobs):
        jobs = random.Random(seed).sample(jobs, sample)
    known: dict[str, list[str]] = earlier.get("mutants", {})
    # Which test noticed which mutant, of every run so far.
    memory = (folder() or PROJECT / "out") / "mutation.json"

    answers: dict[str, Outcome] = {
        job.name: Outcome(*known[job.name])
        for job in jobs
        if known.get(job.name, [SURVIVED])[0] != SURVIVED
    }
    began = os.times()

    def store() -> dict[str, Any]:
        now = os.times()
        found = summary([job for job in jobs if job.name in answers], answers)
        found |= {
            "target": name,
            "seed": seed,
            "sample": sample,
            "left": len(jobs) - found["count"],
            "drawn": [job.name for job in jobs],
            "first_score": earlier.get("first_score", earlier.get("score", found["score"])),
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "processor_seconds": round(sum(now[:4]) - sum(began[:4])),
        }
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results | {key: found}, indent=1) + "\n")
        return found

    def work(warm: Warm) -> None:
        if memory.exists():
            warm.kills = json.loads(memory.read_text())
        left = [job for job in jobs if job.name not in answers]
        progress = tqdm(total=len(left), desc=name, unit="mutant")
        try:
            for job in left:
                if len(warm.running) == workers:
                    warm.settle()

                def done(outcome: Outcome, job: Job = job) -> None:
                    answers[job.name] = outcome
                    store()
                    progress.update()
                    if outcome.answer == SURVIVED:
                        where = f"contracts/{job.source}:{job.mutant.line}"
                        progress.write(f"survived: {where} {job.mutant.name}")

                warm.start(job.source, job.mutant.line, job.mutant.source, done)
            while warm.running:
                warm.settle()
        finally:
            warm.stop()
            memory.parent.mkdir(parents=True, exist_ok=True)
            # Another target may have been run meanwhile.
            others = json.loads(memory.read_text()) if memory.exists() else {}
            own = {one: warm.kills.get(one, []) for one in target["sources"]}
            memory.write_text(json.dumps(others | own))

    os.chdir(PROJECT)
    with tempfile.TemporaryDirectory(prefix="mutation-") as place:
        code = Warm(Path(place), work).run([f"tests/{path}" for path in target["tests"]])
    if code:
        return code
    found = store()
    report(key, found)
    return 0 if found["score_without_judged"] >= LEAST else 1


def summary(jobs: list[Job], answers: dict[str, Outcome]) -> dict[str, Any]:
    """Counts, scores, and every survivor with its verdict."""
    judged = tomllib.loads((HERE / "judged.toml").read_text())
    seen: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    survivors = []
    for job in jobs:
        answer = answers[job.name].answer
        reason = judged.get(job.source, {}).get(job.mutant.name, "")
        if answer == SURVIVED:
            survivors.append(
                {
                    "source": job.source,
                    "line": job.mutant.line,
                    "mutant": job.mutant.name,
                    "judged": reason,
                }
            )
            answer = JUDGED if reason else SURVIVED
        seen[answer] += 1
        kinds.setdefault(job.mutant.kind, Counter())[answer] += 1
    return {
        "count": len(jobs),
        **{answer: seen[answer] for answer in (KILLED, SURVIVED, JUDGED, EQUIVALENT, INVALID)},
        "score": score(seen[KILLED], seen[SURVIVED] + seen[JUDGED]),
        "score_without_judged": score(seen[KILLED], seen[SURVIVED]),
        "kinds": dict(sorted(kinds.items())),
        "survivors": survivors,
        "mutants": {job.name: [*vars(answers[job.name]).values()] for job in jobs},
    }


def score(killed: int, alive: int) -> float:
    return round(killed / max(killed + alive, 1), 4)


def report(key: str, found: dict[str, Any]) -> None:
    """The score, by kind of change."""
    print(
        f"\n{key}: {found['count']} mutants, {found[KILLED]} killed, {found[SURVIVED]} survived, "
        f"{found[JUDGED]} judged, {found[EQUIVALENT]} of the same bytecode, {found[INVALID]} do "
        f"not compile; score {found['score']:.1%}, without judged "
        f"{found['score_without_judged']:.1%}; {found['processor_seconds']} s"
    )
    for kind, answers in found["kinds"].items():
        dead = answers.get(KILLED, 0)
        print(
            f"  {kind:<12}{dead:>5} of {dead + answers.get(SURVIVED, 0) + answers.get(JUDGED, 0)}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.mutation.run", description=__doc__)
    targets = list(tomllib.loads((HERE / "targets.toml").read_text()))
    parser.add_argument("targets", nargs="+", choices=targets, metavar="TARGET", help=str(targets))
    parser.add_argument("--sample", type=int, default=60, help="mutants to draw, 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="the source whose path ends so")
    parser.add_argument("--again", action="store_true", help="only what survived or was left")
    parser.add_argument("--unseen", action="store_true", help="draw from what no run has tried yet")
    options = parser.parse_args()
    # A run forks from what it has warmed up, so each target begins in a process of its own.
    if len(options.targets) > 1:
        flags = [one for one in sys.argv[1:] if one not in options.targets]
        command = [sys.executable, "-m", "tests.mutation.run"]
        return max(
            subprocess.run([*command, target, *flags], check=False).returncode
            for target in options.targets
        )
    return run(
        options.targets[0],
        options.sample,
        options.seed,
        options.workers,
        options.only,
        options.again,
        options.unseen,
    )


if __name__ == "__main__":
    sys.exit(main())
