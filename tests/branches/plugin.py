"""pytest plugin: `python -m pytest -p tests.branches.plugin --branches FILE ...`, see report.py."""

import os
from pathlib import Path
from typing import Any

import pytest
from boa.environment import Env

from novate.engine import Engine
from tests.branches.recorder import Recorder

RECORDER = pytest.StashKey[Recorder]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--branches", metavar="FILE", help="write what ran to FILE")


# Before tests/conftest.py opens an engine.
@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if not early_config.known_args_namespace.branches:
        return
    recorder = early_config.stash[RECORDER] = Recorder()
    # Worlds of titanoboa's own kind too, as `novate.margin` has.
    for kind in (Engine, Env):
        kind.__init__ = _watched(kind, recorder)  # type: ignore[method-assign]


def _watched(kind: type[Env], recorder: Recorder) -> Any:
    opened = kind.__init__

    def open_watched(self: Env, *args: Any, **kwargs: Any) -> None:
        opened(self, *args, **kwargs)
        if type(self) is kind:
            recorder.watch(self)

    return open_watched


def pytest_sessionfinish(session: pytest.Session) -> None:
    recorder = session.config.stash.get(RECORDER, None)
    if recorder is not None and recorder.branches:
        # Each worker of pytest-xdist has its own.
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        recorder.write(Path(session.config.getoption("--branches") + worker))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    recorder = config.stash.get(RECORDER, None)
    # None where workers have it.
    if recorder is not None and recorder.branches:
        terminalreporter.write_line(
            f"{len(recorder.branches)} branches, {len(recorder.lines)} lines,"
            f" {recorder.replays} calls in py-evm"
        )
