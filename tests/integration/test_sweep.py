"""Sweeps: one file a run, killed workers lose nothing, what exists is not run again."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from novate import sweep as sweeps
from novate.data import load_scenario, resample
from novate.errors import NetworkError, NovateError, ParameterError
from novate.plot_sweep import draw_sweep
from novate.sweep import Run, parse_seeds, parse_varied, plan, sweep


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    """Four days, one expiry among them: two parameters and two seeds."""
    path = load_scenario("volmageddon").between("2018-01-31", "2018-02-05")
    return plan([path], seeds=(1, 2), varied={"fund": [0, 100_000]})


def results(folder: Path) -> dict[str, Any]:
    return {file.name: json.loads(file.read_text()) for file in (folder / "runs").iterdir()}


def test_killed_workers_lose_nothing(runs: list[Run], tmp_path: Path) -> None:
    """A worker dies hard in the midst of its second run; the whole is as if it had not."""
    killed = []

    def kill() -> None:
        deadline = time.monotonic() + 120
        while not killed and time.monotonic() < deadline:
            for file in (tmp_path / "runs").glob("*.json"):
                killed.append(json.loads(file.read_text())["process"])
                os.kill(killed[0], signal.SIGKILL)
                return
            time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    table = sweep(runs, tmp_path, workers=1, quiet=True)
    killer.join()
    found = results(tmp_path)
    assert killed and len(found) == len(runs) == len(table) == 4
    assert killed[0] != os.getpid()
    # Others did what it did not.
    assert {one["process"] for one in found.values()} > set(killed)
    assert table["conserved"].all() and (table["trades"] > 0).all()
    assert sorted(table["fund"]) == [0, 0, 100_000, 100_000]
    assert (table["fund_at_end"] > table["fund"]).all()
    assert len((tmp_path / "results.csv").read_text().splitlines()) == 5

    # The same run here gives the same, whoever played it: results depend on nothing else.
    again = sweeps.play(runs[3])
    kept = found[f"{runs[3].name}.json"]
    assert json.loads(json.dumps(again["summary"])) == kept["summary"]

    # Nothing is played twice; one that is missing or cut short is played.
    stamps = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").iterdir()}
    cut = tmp_path / "runs" / f"{runs[0].name}.json"
    cut.write_text(cut.read_text()[:100])
    played = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeps, "_client", Here)
        patch.setattr(sweeps, "_results", lambda _, wanted: Here.play(played, wanted))
        twice = sweep(runs, tmp_path, quiet=True)
    assert played == [runs[0]] and twice.equals(table)
    assert [file for file, stamp in stamps.items() if file.stat().st_mtime_ns != stamp] == [cut]
    figure = draw_sweep(table, tmp_path / "sweep.png")
    assert [axes.get_title(loc="left") for axes in figure.axes][0] == "Auctions"
    assert (tmp_path / "sweep.png").stat().st_size > 10_000


class Here:
    """No cluster: in this process."""

    def __init__(self, *_: Any) -> None:
        pass

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    @staticmethod
    def play(played: list[Run], wanted: dict[Path, Run]) -> Any:
        for file, run in wanted.items():
            played.append(run)
            yield file, sweeps.play(run)


def test_a_run_that_fails_is_named_and_the_others_are_kept(
    runs: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(_: Any, wanted: dict[Path, Run]) -> Any:
        for number, file in enumerate(wanted):
            yield file, ValueError("no") if number == 1 else kept

    kept = sweeps.play(runs[0])
    monkeypatch.setattr(sweeps, "_client", Here)
    monkeypatch.setattr(sweeps, "_results", play)
    with pytest.raises(NovateError, match=r"1 of 4 runs failed, the first: \w+: ValueError: no"):
        sweep(runs, tmp_path, quiet=True)
    assert len(results(tmp_path)) == 3


def test_a_name_follows_from_all_that_decides(runs: list[Run]) -> None:
    assert len({run.name for run in runs}) == 4
    one = runs[0]
    assert one.name == replace(one, varied=()).name
    moved = replace(one.path.bars[1], close=one.path.bars[1].close + 1e-9)
    others = [
        replace(one, seed=9),
        replace(one, whale=True),
        replace(one, path=replace(one.path, bars=(one.path.bars[0], moved, *one.path.bars[2:]))),
    ]
    assert len({run.name for run in [one, *others]}) == 4


def test_the_sources_decide_too(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    before = runs[0].name
    monkeypatch.setattr(sweeps, "sources_digest", lambda: "other")
    assert runs[0].name != before


def test_a_resampled_path_is_made_of_its_days() -> None:
    path = load_scenario("volmageddon")
    made = resample(path, 3)
    assert made == resample(path, 3) != resample(path, 4)
    assert [bar.timestamp for bar in made.bars] == [bar.timestamp for bar in path.bars]
    moves = {
        (round(after.close / before.close, 12), after.implied_volatility)
        for before, after in zip(path.bars, path.bars[1:], strict=False)
    }
    for before, after in zip(made.bars, made.bars[1:], strict=False):
        assert (round(after.close / before.close, 12), after.implied_volatility) in moves
        assert after.low <= after.close <= after.high
    with pytest.raises(ParameterError, match="block = 0"):
        resample(path, 1, block=0)


def test_what_is_typed() -> None:
    assert parse_seeds("3-5") == [3, 4, 5] and parse_seeds("7,1") == [7, 1]
    for text in ("", "a", "5-3", "-1"):
        with pytest.raises(ParameterError, match="a range such as 1-20"):
            parse_seeds(text)
    assert parse_varied(["fees.taker_rate=0.0003wad,0", "symbol=ABC"]) == {
        "fees.taker_rate": [3 * 10**14, 0],
        "symbol": ["ABC"],
    }
    for text in ("fund", "=1", "fund="):
        with pytest.raises(ParameterError, match="NAME=VALUE"):
            parse_varied([text])
    path = load_scenario("volmageddon")
    with pytest.raises(ParameterError, match=r"fees\.taker = 1: accepted is one of maker_rate"):
        plan([path], varied={"fees.taker": [1]})
    with pytest.raises(ParameterError, match="accepted is of the kind of"):
        plan([path], varied={"fund": ["much"]})
    many = plan([path], varied={"fund": [1, 2], "grace": [0, 60]}, seeds=(1, 2, 3), resampled=2)
    assert len(many) == 3 * 4 * 3 and many[-1].parameters.grace == 60


def test_a_scheduler_that_is_not_there(runs: list[Run], tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no scheduler answers at tcp://127.0.0.1:9"):
        sweep(runs, tmp_path, scheduler="tcp://127.0.0.1:9", quiet=True)
