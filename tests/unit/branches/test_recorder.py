"""What ran is told from what did not, in revm as in py-evm, and no answer or gas changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.engine import Engine
from novate.engine.cache import load
from tests.branches.branches import CONTRACTS, Code
from tests.branches.recorder import Recorder

CURVE, ORACLE, FEED = "clearing/InterestCurve.vy", "oracle/PriceOracle.vy", "oracle/PriceFeed.vy"
LYING = Path(__file__).parents[2] / "hostile" / "LyingFeed.vy"
WAD = 10**18
START = 1_767_225_600


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder, engine = Recorder(), Engine()
    recorder.watch(engine)
    with boa.swap_env(engine):
        yield recorder


def lines_with(path: str, text: str) -> set[int]:
    lines = (CONTRACTS / path).read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if text in line}


def ways(recorder: Recorder, path: str, text: str) -> set[bool]:
    """Which ways out of the lines that read so."""
    lines = lines_with(path, text)
    return {way for (p, _, line, _, _), way in recorder.branches if p == path and line in lines}


def test_each_way_out_is_seen_once_it_was_taken(recorder: Recorder) -> None:
    curve = compiled(CURVE).deploy(0, WAD // 10, WAD, WAD // 2)
    seen = []
    for used in (WAD // 4, WAD // 3, WAD):
        curve.growth(used, WAD, 86_400)
        seen.append(ways(recorder, CURVE, "if utilisation"))
    assert len(seen[0]) == 1 and seen[1] == seen[0]
    assert seen[2] == {True, False}
    first, last = lines_with(CURVE, "return BASE")
    assert {(CURVE, first), (CURVE, last)} <= recorder.lines


def test_constructors_count_and_so_do_refusals(recorder: Recorder) -> None:
    compiled(CURVE).deploy(0, 0, 0, 0)
    asked = 'assert optimum <= WAD, "curve'
    before = ways(recorder, CURVE, asked)
    with boa.reverts("curve: optimum above one"):
        compiled(CURVE).deploy(0, 0, 0, WAD + 1)
    assert len(before) == 1 and ways(recorder, CURVE, asked) == {True, False}
    assert not {(CURVE, line) for line in lines_with(CURVE, "return BASE")} & recorder.lines


def test_only_the_first_run_needs_py_evm(recorder: Recorder) -> None:
    curve = compiled(CURVE).deploy(0, WAD // 10, WAD, WAD // 2)
    twin = compiled(CURVE).deploy(0, WAD // 5, WAD, WAD // 2)
    curve.growth(1, 2, 86_400)
    replays = recorder.replays
    for debt in range(1, 50):
        curve.growth(debt, 100, 86_400)
        twin.growth(debt, 100, 86_400)
    # The twin has the traps from before the first call; one look takes them out.
    assert recorder.replays <= replays + 1


def scene() -> list[Any]:
    """An oracle that asks feeds with limited gas, of a foreign kind and then of ours: answers,
    gas, refusals."""
    boa.env.evm.patch.timestamp = START
    owner, taken = boa.env.generate_address("owner"), []
    oracle = compiled(ORACLE).deploy(owner)
    for underlying in (1, 2):
        ours = underlying == 2
        feeds = [
            compiled(FEED).deploy("A feed", 8, owner) if ours else load(LYING).deploy(8)
            for _ in range(2)
        ]
        for price in (None, 2_700, 0, 2_800, -5):
            boa.env.time_travel(seconds=60)
            for feed, answer in zip(feeds, ((price or 0) * 10**8, 20 * 10**6), strict=True):
                # At first it knows no round and refuses to answer.
                if price is not None and ours:
                    feed.push(answer, sender=owner)
                elif price is not None:
                    feed.say(answer, boa.env.evm.patch.timestamp)
            for function, arguments in (
                (oracle.list_underlying, (underlying, feeds[0], feeds[1], 3_600)),
                (oracle.poke, (underlying,)),
                (oracle.price, (underlying,)),
                (oracle.quote, (underlying, START)),
                (oracle.spot, (3,)),
            ):
                try:
                    taken.append(function(*arguments, sender=owner))
                except boa.BoaError as error:
                    taken.append(str(error.stack_trace.last_frame.pretty_vm_reason))
                taken.append(oracle._computation.get_gas_used())
    return taken


def test_engines_agree_and_nothing_is_changed() -> None:
    engines = {"plain": Engine(), "revm": Engine(), "py-evm": Engine("py-evm")}
    recorders = {name: Recorder() for name in engines}
    answers = {}
    for name, engine in engines.items():
        if name != "plain":
            recorders[name].watch(engine)
        with boa.swap_env(engine):
            answers[name] = scene()
    assert answers["plain"] == answers["revm"] == answers["py-evm"]
    fast, slow = recorders["revm"], recorders["py-evm"]
    assert fast.replays < slow.replays
    assert fast.branches == slow.branches
    assert fast.lines == slow.lines
    # Reached only in a call that may fail and has 100,000 gas.
    assert {
        (FEED, line) for line in lines_with(FEED, "return self._unpack(self.latest)")
    } < fast.lines


def test_written_and_read_again(recorder: Recorder, tmp_path: Path) -> None:
    compiled(CURVE).deploy(0, 0, 0, 0)
    recorder.write(tmp_path / "one")
    other = Recorder()
    other.read(tmp_path / "one")
    assert recorder.branches and (other.branches, other.lines) == (
        recorder.branches,
        recorder.lines,
    )


def test_only_jumps_of_the_source_count() -> None:
    lines = (CONTRACTS / CURVE).read_text().splitlines()
    words = ("if ", "assert ", " and ", " or ", " else ")
    for creates in (False, True):
        code = Code(compiled(CURVE).compiler_data, creates)
        found = {place for place in code.jumps.values() if place[0] == CURVE}
        assert len(found) == (3 if creates else 2)
        for _, _, line, _, _ in found:
            assert any(word in lines[line - 1] + " " for word in words)
        assert len(code.branches) == 2 * len(code.jumps)
