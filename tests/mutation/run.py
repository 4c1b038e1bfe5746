"""`python -m tests.mutation.run ledger`: break the contracts on purpose, see that a test goes red.

Each worker has a copy of the tree. A mutant is compiled; what does not compile is no mutant, what
compiles to the same bytecode is equivalent. Then the tests of its target run until the first
failure. A mutant that nothing noticed has survived: it is printed, unless judged.toml says why it
changes nothing that anybody could see. The score is killed / (killed + survived), judged ones
counted as survivors.

Targets are in targets.toml. The default is a sample of 60, drawn by --seed; --sample 0 runs all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from tests.mutation.operators import Mutant, mutants

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
# What a worker's copy needs.
PARTS = ("contracts", "novate", "tests", "benchmarks", "boa_env.py", "pyproject.toml", "README.md")
# A mutant that loops is killed by the clock: so many times what the tests take unbroken.
PATIENCE = 6.0
KILLED, SURVIVED, JUDGED, EQUIVALENT, INVALID = (
    "killed",
    "survived",
    "judged",
    "equivalent",
    "invalid",
)


@dataclass(frozen=True)
class Job:
    """One mutant of one file."""

    source: str  # below contracts/
    mutant: Mutant


def jobs_of(target: dict[str, list[str]], only: str = "") -> list[Job]:
    """Every mutant of a target's sources, or of the one whose path ends so."""
    return [
        Job(source, mutant)
        for source in target["sources"]
        if source.endswith(only)
        for mutant in mutants((PROJECT / "contracts" / source).read_text())
    ]


# -- in a worker --


class Worker:
    """A copy of the tree in which one file at a time is broken."""

    root: Path
    tests: list[str]
    baseline: float

    @classmethod
    def open(cls, place: str, tests: list[str]) -> None:
        """Copy the tree, run the tests unbroken once: that compiles everything they need."""
        cls.root = Path(tempfile.mkdtemp(dir=place))
        cls.tests = [f"tests/{path}" for path in tests]
        for part in PARTS:
            copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
            copy(PROJECT / part, cls.root / part)
        os.chdir(cls.root)
        sys.path[:] = [str(cls.root), *(p for p in sys.path if p not in ("", str(PROJECT)))]
        for name in [n for n in sys.modules if n.split(".")[0] in ("novate", "boa_env", "tests")]:
            if not name.startswith("tests.mutation"):
                del sys.modules[name]
        os.environ["NOVATE_CACHE"] = str(cls.root / ".cache")
        before = os.times().elapsed
        if cls.child(lambda: _pytest(cls.tests), 3_600.0) != 0:
            raise RuntimeError(f"the tests fail unbroken: {' '.join(cls.tests)}")
        cls.baseline = os.times().elapsed - before

    @classmethod
    def judge(cls, job: Job) -> str:
        """What became of a mutant."""
        file = cls.root / "contracts" / job.source
        whole = file.read_text()
        users = _users(file)
        before = [_bytecode(user) for user in users]
        file.write_text(job.mutant.source)
        try:
            compiled = cls.child(lambda: _compile(users), 600.0)
            if compiled != 0:
                return INVALID
            if [_bytecode(user) for user in users] == before:
                return EQUIVALENT
            answer = cls.child(lambda: _pytest(cls.tests), PATIENCE * cls.baseline + 60)
            return SURVIVED if answer == 0 else KILLED
        finally:
            file.write_text(whole)

    @staticmethod
    def child(work: object, limit: float) -> int:
        """Exit code of `work` in a process of its own; -1 when it took too long."""
        pid = os.fork()
        if pid == 0:
            code = 1
            with contextlib.suppress(BaseException):
                os.setpgid(0, 0)
                quiet = os.open(os.devnull, os.O_WRONLY)
                os.dup2(quiet, 1)
                os.dup2(quiet, 2)
                code = int(work())  # type: ignore[operator]
            os._exit(code)
        end = os.times().elapsed + limit
        while os.times().elapsed < end:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            signal.sigtimedwait([signal.SIGCHLD], 0.2)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return -1


def _pytest(tests: list[str]) -> int:
    import pytest

    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))


def _compile(users: list[Path]) -> int:
    from novate.engine.cache import load

    for user in users:
        load(user)
    return 0


def _artefacts() -> Iterator[tuple[dict[str, str], Path]]:
    for artefact in Path(os.environ["NOVATE_CACHE"]).glob("*-*"):
        if artefact.is_file():
            with artefact.open("rb") as file, contextlib.suppress(ValueError):
                yield json.loads(file.readline()), artefact


def _users(file: Path) -> list[Path]:
    """Contracts of the tests whose compilation read this file, the file itself first."""
    return [Path(next(iter(names))) for names, _ in _artefacts() if str(file) in names]


def _bytecode(user: Path) -> bytes:
    from novate.engine.cache import load

    return bytes(load(user).compiler_data.bytecode)


# -- the whole --


def run(name: str, sample: int, seed: int, workers: int, only: str = "") -> int:
    """Judge a target's mutants; returns 1 when one survived that nobody has judged."""
    target = tomllib.loads((HERE / "targets.toml").read_text())[name]
    judged = tomllib.loads((HERE / "judged.toml").read_text())
    jobs = jobs_of(target, only)
    if sample and sample < len(jobs):
        jobs = random.Random(seed).sample(jobs, sample)
    seen: Counter[str] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    survivors: list[Job] = []
    with (
        tempfile.TemporaryDirectory(prefix="mutation-") as place,
        ProcessPoolExecutor(
            workers, initializer=Worker.open, initargs=(place, target["tests"])
        ) as pool,
    ):
        waiting = {pool.submit(Worker.judge, job): job for job in jobs}
        for done in tqdm(as_completed(waiting), total=len(waiting), desc=name, unit="mutant"):
            job = waiting[done]
            answer = done.result()
            if answer == SURVIVED and job.mutant.name in judged.get(job.source, {}):
                answer = JUDGED
            seen[answer] += 1
            kinds[job.mutant.kind, answer] += 1
            if answer == SURVIVED:
                survivors.append(job)
                tqdm.write(f"survived: contracts/{job.source}:{job.mutant.line} {job.mutant.name}")
    report(name, seed, seen, kinds)
    return 1 if survivors else 0


def report(name: str, seed: int, seen: Counter[str], kinds: Counter[tuple[str, str]]) -> None:
    """The score, by kind of change."""
    alive = seen[SURVIVED] + seen[JUDGED]
    score = seen[KILLED] / max(seen[KILLED] + alive, 1)
    print(
        f"{name}, seed {seed}: {seen.total()} mutants, {seen[KILLED]} killed, "
        f"{seen[SURVIVED]} survived, {seen[JUDGED]} judged, {seen[EQUIVALENT]} of the same "
        f"bytecode, {seen[INVALID]} do not compile; score {score:.1%}"
    )
    for kind in sorted({kind for kind, _ in kinds}):
        dead = kinds[kind, KILLED]
        left = kinds[kind, SURVIVED] + kinds[kind, JUDGED]
        print(f"  {kind:<12}{dead:>5} of {dead + left}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.mutation.run", description=__doc__)
    parser.add_argument("target", choices=tomllib.loads((HERE / "targets.toml").read_text()))
    parser.add_argument("--sample", type=int, default=60, help="mutants to draw, 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="the source whose path ends so")
    options = parser.parse_args()
    return run(options.target, options.sample, options.seed, options.workers, options.only)


if __name__ == "__main__":
    sys.exit(main())
