"""`python -m novate run` refuses what a user can mend: one line, exit code 2, nothing written."""

from pathlib import Path

import pytest

from novate.__main__ import main
from novate.network import KEY_VARIABLE

GOOD = "date,close\n2018-02-01,2800\n2018-02-02,2790\n2018-02-05,2650\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = main(["run", *arguments])
    return code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("date,close\n2018-02-02,2800\n2018-02-01,2790\n", 3, "is before"),
        ("date,close\n2018-02-01,2800\n2018-02-01,2790\n", 3, "again"),
        ("date,close\n2018-02-01,2800\n,2790\n", 3, "missing date"),
        ("date,close\n2018-02-01,2800\n2018-02-02,-1\n", 3, "not positive"),
        ("date,close\n2018-02-01,2800\n2018-02-02,many\n", 3, "not a number"),
        ("", 1, "empty file"),
    ],
)
def test_malformed_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, reason: str
) -> None:
    file, out = tmp_path / "prices.csv", tmp_path / "out"
    file.write_text(text)
    code, said = run(capsys, "--prices", str(file), "--out", str(out))
    assert code == 2
    assert len(said) == 1
    assert said[0].startswith(f"{file}:{line}: ") and reason in said[0]
    assert not out.exists()


def test_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, "--prices", str(tmp_path / "none.csv"))
    assert code == 2 and len(said) == 1 and "cannot be read" in said[0]


def test_dates_that_leave_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "prices.csv", tmp_path / "out"
    file.write_text(GOOD)
    code, said = run(capsys, "--prices", str(file), "--from", "2019-01-01", "--out", str(out))
    assert code == 2 and len(said) == 1 and "2018-02-01 to 2018-02-05" in said[0]
    assert not out.exists()


def test_date_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, "--from", "yesterday")
    assert code == 2 and len(said) == 1 and "yesterday" in said[0]


def test_out_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    code, said = run(capsys, "--out", str(out))
    assert code == 2 and said == [f"{out} is a file: --out names a directory"]
    assert out.read_text() == "mine"


def test_no_chain_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    code, said = run(capsys, "--rpc", "http://127.0.0.1:9", "--out", str(tmp_path / "out"))
    assert code == 2
    assert said == ["no chain answers at http://127.0.0.1:9: connection refused or host unknown"]
    assert not (tmp_path / "out").exists()


def test_url_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, "--rpc", "chain", "--out", str(tmp_path / "out"))
    assert code == 2 and len(said) == 1 and said[0].startswith("no chain answers at")


@pytest.mark.parametrize("arguments", [["--scenario", "tulips"], ["--seed", "x"], ["--what"]])
def test_unknown_options(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", *arguments])
    assert stop.value.code == 2
