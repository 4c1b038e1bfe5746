"""A warm test run: everything imported and loaded once, and a child forked off for each mutant.

A child inherits the collected tests and the compiled contracts, sees one source changed, compiles
only the units that its tests deploy, when they deploy them, and stops at the first failure. The
tests that noticed the mutants nearest to this one come first.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from vyper.compiler import phases
from vyper.compiler.input_bundle import FileInput
from vyper.ir import optimizer

from novate.engine import cache

PROJECT = Path(__file__).resolve().parents[2]
KILLED, SURVIVED, EQUIVALENT, INVALID = "killed", "survived", "equivalent", "invalid"
# A mutant that loops is ended by its use of the processor: so many times that of the whole tests,
# and so much more [s] for compilation.
PATIENCE, HEADSTART = 4, 60
# Kills remembered of each source, to order the tests by.
MEMORY = 300
_load_file = cache.Sources._load_from_path
_compile_unit = cache._unit


@dataclass
class Outcome:
    """What became of a mutant."""

    answer: str
    by: str = ""  # the test that noticed it


@dataclass(eq=False)
class Warm:
    """A pytest plugin that runs the collected tests again and again, each time in a child."""

    place: Path  # for what children write
    work: Callable[[Warm], None]
    texts: dict[str, str] = field(default_factory=dict)  # every source as it was, by path
    items: list[Any] = field(default_factory=list)
    used: list[Path] = field(default_factory=list)  # contracts that the tests load
    seconds: float = 0.0  # of processor, for all tests unbroken
    kills: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # by source
    running: dict[int, tuple[Path, Callable[[Outcome], None]]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)  # in a child

    def run(self, tests: list[str]) -> int:
        """Collect the tests and do the work; pytest's answer."""
        os.environ.pop("HYPOTHESIS_PROFILE", None)
        options = [
            "-o",
            "addopts=--import-mode=importlib",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:terminal",
        ]
        return int(pytest.main([*options, *tests], plugins=[self]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Before tests are imported, after conftest.py: the same examples for every mutant; which
        is the smallest that fails is nobody's question."""
        settings.register_profile(
            "mutation", derandomize=True, phases=[Phase.explicit, Phase.generate]
        )
        settings.load_profile("mutation")

    def pytest_runtestloop(self, session: Any) -> bool:
        if session.testsfailed:
            raise session.Interrupted("tests cannot be collected")
        self.items = session.items
        # As they are now, whatever anybody edits while this runs.
        for folder in ("contracts", "tests"):
            for file in (PROJECT / folder).rglob("*.vy*"):
                self.texts[str(file)] = file.read_text()
        self._rehearse()
        gc.collect()
        gc.freeze()
        self.work(self)
        return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def _rehearse(self) -> None:
        """All tests unbroken: they must pass, and what they load is loaded here for all."""
        answer = self.place / "rehearsal.json"

        def rehearse() -> None:
            self._play(self.items)
            used = [str(path) for path in cache._loaded]
            times = os.times()
            took = times.user + times.system
            answer.write_text(json.dumps([self.failed, used, took]))

        pid = _fork(rehearse)
        os.waitpid(pid, 0)
        failed, used, self.seconds = json.loads(answer.read_text())
        if failed:
            raise pytest.UsageError(f"fails unbroken: {' '.join(failed)}")
        self.used = [Path(path) for path in used]
        for path in self.used:
            cache.load(path)

    def start(self, source: str, line: int, text: str, done: Callable[[Outcome], None]) -> None:
        """Try a mutant: `text` instead of contracts/`source`, changed in `line`."""
        answer = self.place / f"{source.replace('/', '-')}-{len(os.listdir(self.place))}.json"
        limit = int(PATIENCE * self.seconds) + HEADSTART

        def attempt() -> None:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
            outcome = self._attempt(str(PROJECT / "contracts" / source), source, line, text)
            answer.write_text(json.dumps([outcome.answer, outcome.by]))

        def settle(outcome: Outcome) -> None:
            if outcome.answer == KILLED and outcome.by:
                self.kills.setdefault(source, []).append((line, outcome.by))
                del self.kills[source][:-MEMORY]
            done(outcome)

        self.running[_fork(attempt)] = answer, settle

    def settle(self) -> None:
        """Wait for one of those that are tried."""
        pid, _ = os.waitpid(-1, 0)
        answer, settle = self.running.pop(pid)
        # Without an answer it was ended: by the clock, or by what it did to the engine.
        settle(Outcome(*json.loads(answer.read_text())) if answer.exists() else Outcome(KILLED))

    def stop(self) -> None:
        """End what still runs."""
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    # -- in a child --

    def _attempt(self, path: str, source: str, line: int, text: str) -> Outcome:
        gc.disable()
        self.texts[path] = text
        _freeze(self.texts)
        _hasten()
        self._break(path)
        self._play(self._ordered(source, line))
        if _Broken.verdict:
            return Outcome(_Broken.verdict)
        return Outcome(KILLED, self.failed[0]) if self.failed else Outcome(SURVIVED)

    def _break(self, path: str) -> None:
        for sources, deployer in cache._loaded.values():
            if path in sources:
                deployer.__class__ = _Broken
                deployer.original = deployer.__dict__.pop("compiler_data")
                deployer.compiled = None
                _Broken.every.append(deployer)

    def _ordered(self, source: str, line: int) -> list[Any]:
        """File by file, so that worlds are built once; the likeliest to notice first."""
        likely: Counter[str] = Counter()
        for at, test in self.kills.get(source, []):
            weight = 1_000_000 // (3 + abs(at - line))
            likely[test] += weight
            likely[test.partition("::")[0]] += weight
        files: dict[str, list[Any]] = {}
        for item in self.items:
            files.setdefault(item.nodeid.partition("::")[0], []).append(item)
        order = sorted(files, key=lambda file: -likely[file])
        return [
            item
            for file in order
            for item in sorted(files[file], key=lambda item: -likely[item.nodeid])
        ]

    def _play(self, items: list[Any]) -> None:
        """Run tests until one fails."""
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return


class _NoMutantError(Exception):
    """The verdict is there already: no test decides."""


class _Broken(cache.Deployer):
    """Of a unit that one changed source goes into: compiled when it is first deployed."""

    original: Any
    compiled: Any
    every: ClassVar[list[_Broken]] = []
    # That the mutant does not compile, or is none.
    verdict: ClassVar[str] = ""

    @property
    def compiler_data(self) -> Any:
        if self.compiled is None and not _Broken.verdict:
            self._compile()
            # Most mutants change the first unit; only if not, the others are looked at too.
            if all(one.is_same for one in (self, *_Broken.every)):
                _Broken.verdict = EQUIVALENT
        if _Broken.verdict:
            raise _NoMutantError(_Broken.verdict)
        return self.compiled

    def _compile(self) -> None:
        try:
            self.compiled = cache._compile(Path(self.filename))[1]
        except Exception as error:
            _Broken.verdict = INVALID
            raise _NoMutantError(INVALID) from error

    @property
    def is_same(self) -> bool:
        """Whether it compiles to the same bytecode; the hash of the sources in it aside."""
        if self.compiled is None:
            self._compile()
        one, other = self.compiled, self.original
        stripped = one.bytecode.replace(bytes.fromhex(one.integrity_sum), b"")
        return bool(stripped == other.bytecode.replace(bytes.fromhex(other.integrity_sum), b""))


def _freeze(texts: dict[str, str]) -> None:
    """Compile from these texts, and take for current what is loaded."""

    def load_file(self: cache.Sources, resolved_path: Path, original_path: Path) -> Any:
        text = texts.get(str(resolved_path))
        if text is None:
            return _load_file(self, resolved_path, original_path)
        self.digests[str(resolved_path)] = cache._digest(text)
        number = self._generate_source_id(resolved_path)
        return FileInput(number, original_path, resolved_path, text)

    def unit(path: Path) -> Any:
        made, bundle = _compile_unit(path)
        text = texts.get(str(path), made.contents)
        return FileInput(contents=text, source_id=-1, path=path, resolved_path=path), bundle

    cache.Sources._load_from_path = load_file  # type: ignore[method-assign]
    cache._unit = unit
    cache._are_current = lambda sources: True


def _hasten() -> None:
    """The same bytecode in half the time: of a unit as it is, test_warm.py says so."""
    whole = optimizer._optimize

    def optimize(node: Any, parent: Any) -> Any:
        # The compiler optimises what it has optimised again, at every level up.
        level = None if parent is None else parent.value
        if vars(node).get("_settled", optimize) == level:
            return False, node
        changed, best = whole(node, parent)
        best._settled = level
        return changed, best

    optimizer._optimize = optimize
    # What is to be deployed is within what deploys it, after a header.
    phases.CompilerData.assembly_runtime = property(
        lambda data: next(part for part in data.assembly if isinstance(part, list))[1:]
    )


def _fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        loud = os.fdopen(os.dup(2), "w")
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            work()
            code = 0
        except BaseException:
            traceback.print_exc(file=loud)
            loud.flush()
        os._exit(code)
    return pid
