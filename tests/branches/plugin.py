"""pytest plugin: `python -m pytest -p tests.branches.plugin --branches FILE ...`, see report.py."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from boa.environment import Env

from tests.branches.branches import Recorder

RECORDER = pytest.StashKey[Recorder]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--branches", metavar="FILE", help="write the branches taken to FILE")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--branches"):
        return
    recorder = config.stash[RECORDER] = Recorder()

    def record(self: Env, computation: Any, contract: Any = None) -> None:
        recorder.record(self, computation, contract)

    # Titanoboa calls it for every call while coverage is on; then everything runs in py-evm.
    Env._coverage_enabled = True
    Env._trace_computation = record


def pytest_sessionfinish(session: pytest.Session) -> None:
    recorder = session.config.stash.get(RECORDER, None)
    if recorder is None or not recorder.taken:
        return
    # Each worker of pytest-xdist has its own.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    file = Path(session.config.getoption("--branches") + worker)
    taken = sorted([*place, jumped] for place, jumped in recorder.taken)
    file.write_text(json.dumps(taken))
