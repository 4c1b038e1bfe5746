"""Branches taken are told from branches not taken, by their line in the source."""

from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.engine import Engine
from tests.branches.branches import CONTRACTS, Branch, Recorder, places

SOURCE = "clearing/InterestCurve.vy"
WAD = 10**18


@pytest.fixture
def curve() -> Any:
    with boa.swap_env(Engine("py-evm")):
        yield compiled(SOURCE).deploy(0, WAD // 10, WAD, WAD // 2)


def taken(recorder: Recorder, text: str) -> set[bool]:
    """Which ways out of the lines that read so."""
    lines = (CONTRACTS / SOURCE).read_text().splitlines()
    return {
        jumped
        for (path, _, line, _, _), jumped in recorder.taken
        if path == SOURCE and text in lines[line - 1]
    }


def test_each_way_out_is_seen_once_it_was_taken(curve: Any) -> None:
    recorder = Recorder()
    seen = []
    for used in (WAD // 4, WAD):
        curve.growth(used, WAD, 86_400)
        recorder.record(boa.env, curve._computation, curve)
        seen.append(taken(recorder, "if utilisation"))
    assert len(seen[0]) == 1
    assert seen[1] == {True, False}


def test_only_jumps_of_the_source_count(curve: Any) -> None:
    data = curve.compiler_data
    found = places(data.bytecode_runtime, data.source_map["pc_raw_ast_map"])
    lines = (CONTRACTS / SOURCE).read_text().splitlines()
    words = ("if ", "assert ", " and ", " or ", " else ")
    assert found
    for path, _, line, _, _ in found.values():
        assert path == SOURCE
        assert any(word in lines[line - 1] + " " for word in words)
    branches: set[Branch] = {(place, way) for place in found.values() for way in (True, False)}
    assert len(branches) == 2 * len(found)
