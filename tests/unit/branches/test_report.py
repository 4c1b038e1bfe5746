"""The survey counts what ran, excuses what is named, and tells an excuse that excuses nothing."""

from pathlib import Path
from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.engine import Engine
from tests.branches import report
from tests.branches.branches import Code
from tests.branches.recorder import Recorder

CURVE = "clearing/InterestCurve.vy"
KINK = "if utilisation <= OPTIMUM:"
WAD = 10**18


@pytest.fixture
def survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Of one contract, after one call below the kink; `excuses` as in excused.toml."""
    code = Code(compiled(CURVE).compiler_data)
    branches = {branch for branch in code.branches if branch[0][0] == CURVE}
    lines = {line for line in code.lines.values() if line[0] == CURVE}
    monkeypatch.setattr(report, "universe", lambda: (branches, lines))
    monkeypatch.setattr(report, "EXCUSED", tmp_path / "excused.toml")
    recorder, engine = Recorder(), Engine()
    recorder.watch(engine)
    with boa.swap_env(engine):
        compiled(CURVE).deploy(0, 0, WAD, WAD // 2).growth(1, 4, 86_400)

    def made(excuses: str) -> Any:
        report.EXCUSED.write_text(excuses)
        return report.survey(recorder)

    return made


def test_what_did_not_run_is_listed(survey: Any) -> None:
    found = survey("")
    assert (found["total"]["branches"], found["total"]["taken"]) == (4, 2)
    assert found["total"]["share"] == 0.5
    file = found["files"][CURVE]
    assert [one["text"] for one in file["missing"]] == ["if debt < credit:", KINK]
    # `rate` was not called, and nothing was beyond the kink.
    texts = [one["text"] for one in file["idle"]]
    assert texts[0] == "return self._rate(debt, credit)" and "OPTIMUM" in texts[1]
    assert file["lines"] - file["run"] == len(file["idle"]) == 2


def test_an_excuse_takes_out_what_did_not_run_and_nothing_else(survey: Any) -> None:
    found = survey(f'["{CURVE}"]\n"{KINK}" = "a reason"\n')
    (excused,) = found["files"][CURVE]["excused"]
    assert (excused["text"], excused["reason"]) == (KINK, "a reason")
    # Two of the three that are left: the way out of the excused line that ran still counts.
    assert found["total"]["share"] == pytest.approx(2 / 3)
    assert found["idle_excuses"] == []


def test_an_excuse_for_what_runs_is_told(survey: Any) -> None:
    assert survey(f'["{CURVE}"]\n"utilisation: uint256 = WAD" = "why"\n')["idle_excuses"] == [
        f"{CURVE}: utilisation: uint256 = WAD"
    ]
