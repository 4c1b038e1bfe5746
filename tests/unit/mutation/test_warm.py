"""The mutation runner itself: a real sample, and short cuts that change nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from vyper.compiler import phases
from vyper.ir import optimizer

from novate.engine import cache
from tests.mutation import warm
from tests.mutation.operators import mutants
from tests.mutation.run import Job, summary
from tests.mutation.warm import EQUIVALENT, INVALID, KILLED, SURVIVED, Outcome

PROJECT = Path(__file__).resolve().parents[3]
UNIT = PROJECT / "contracts" / "oracle" / "FixingCourt.vy"
SERIES = PROJECT / "contracts" / "instruments" / "series.vy"
# Tries each text instead of a source and prints the answers; a pytest of its own.
TRY = """
import json, pathlib, sys, tempfile
from tests.mutation.warm import Warm

source, tests, texts = json.loads(sys.stdin.read())
answers = []

def work(warm):
    for line, text in texts:
        warm.start(source, line, text, lambda outcome: answers.append(outcome.answer))
        warm.settle()

with tempfile.TemporaryDirectory() as place:
    code = Warm(pathlib.Path(place), work).run(tests)
print(json.dumps(answers))
sys.exit(code)
"""


def test_what_becomes_of_mutants() -> None:
    """One of each kind: the answers are the runner's, the source is the real one."""
    whole = SERIES.read_text()
    found = {(m.kind, m.place, m.before): m for m in mutants(whole)}
    line = 'assert strike % PRICE_UNIT == 0, "series: strike too fine"'
    dropped = found["check", "_encode", line].source
    tries = [
        (dropped, KILLED),
        (whole.replace("@title", "@title again"), EQUIVALENT),
        (whole.replace(line, "assert strikes"), INVALID),
    ]
    folder = "tests/unit/instruments/series"
    near = answers([text for text, _ in tries], f"{folder}/test_encode.py")
    assert near == [answer for _, answer in tries]
    # The tests of another function cannot tell.
    assert answers([dropped], f"{folder}/test_payoff.py") == [SURVIVED]


def answers(texts: list[str], tests: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", TRY],
        input=json.dumps(["instruments/series.vy", [tests], [[1, text] for text in texts]]),
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[str] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_judged_survivors_count_in_one_score_and_not_in_the_other() -> None:
    source = "settlement/expiry.vy"
    jobs = [Job(source, one) for one in mutants((PROJECT / "contracts" / source).read_text())]
    judged = next(job for job in jobs if job.mutant.before == "bucket: uint256 = 0")
    others = [job for job in jobs if not job.mutant.before.startswith(("bucket", "fixing"))][:4]
    answers = {job.name: Outcome(KILLED, "a test") for job in others[:2]}
    answers |= {others[2].name: Outcome(INVALID), others[3].name: Outcome(EQUIVALENT)}
    answers[judged.name] = Outcome(SURVIVED)
    found = summary([judged, *others], answers)
    assert (found["count"], found["killed"], found["survived"], found["judged"]) == (5, 2, 0, 1)
    assert (found["score"], found["score_without_judged"]) == (0.6667, 1.0)
    assert found["survivors"][0]["judged"] and len(found["survivors"]) == 1
    answers[others[0].name] = Outcome(SURVIVED)
    found = summary([judged, *others], answers)
    assert (found["score"], found["score_without_judged"]) == (0.3333, 0.5)


def test_the_same_bytecode_in_half_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = cache.load(UNIT).compiler_data
    # Both are put back after the test.
    monkeypatch.setattr(optimizer, "_optimize", optimizer._optimize)
    monkeypatch.setattr(
        phases.CompilerData, "assembly_runtime", phases.CompilerData.assembly_runtime
    )
    warm._hasten()
    _, quick = cache._compile(UNIT)
    assert quick.bytecode == plain.bytecode
    assert quick.bytecode_runtime == plain.bytecode_runtime
    assert quick.source_map["pc_raw_ast_map"].keys() == plain.source_map["pc_raw_ast_map"].keys()
