"""Compiled contracts on disk: found again, and never out of date."""

import json
import pickle
import re
from pathlib import Path

import boa
import pytest

from novate.deploy import CONTRACTS
from novate.engine import cache

MODULE = "# pragma version 0.4.3\nNUMBER: constant(uint256) = {}\n"
UNIT = """# pragma version 0.4.3
from . import constants

@external
@view
def number() -> uint256:
    assert constants.NUMBER > 0, "none"
    return constants.NUMBER
"""


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOVATE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "constants.vy").write_text(MODULE.format(7))
    file = tmp_path / "Unit.vy"
    file.write_text(UNIT)
    return file


def artefact(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "cache").iterdir()
    return found


def test_a_second_load_compiles_nothing(unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.load(unit).deploy().number() == 7
    monkeypatch.setattr(boa, "load_partial", None)
    contract = cache.load(unit).deploy()
    assert contract.number() == 7
    assert contract.contract_name == "Unit"


def test_reverts_of_a_cached_contract_are_mapped(unit: Path, tmp_path: Path) -> None:
    (tmp_path / "constants.vy").write_text(MODULE.format(0))
    for _ in range(2):
        with boa.reverts("none"):
            cache.load(unit).deploy().number()


def test_a_changed_module_is_compiled_again(unit: Path, tmp_path: Path) -> None:
    cache.load(unit)
    (tmp_path / "constants.vy").write_text(MODULE.format(8))
    assert cache.load(unit).deploy().number() == 8
    (tmp_path / "constants.vy").unlink()
    with pytest.raises(Exception, match="constants"):
        cache.load(unit)


@pytest.mark.parametrize("content", (b"", b"{}\n", b"not json", b"{}\n" + pickle.dumps(1)[:3]))
def test_a_broken_artefact_is_replaced(unit: Path, tmp_path: Path, content: bytes) -> None:
    cache.load(unit)
    artefact(tmp_path).write_bytes(content)
    assert cache.load(unit).deploy().number() == 7
    assert artefact(tmp_path).stat().st_size > 1_000


def test_no_folder_no_artefacts(
    unit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOVATE_CACHE", "")
    assert cache.load(unit).deploy().number() == 7
    monkeypatch.setenv("NOVATE_CACHE", str(unit))
    assert cache.load(unit).deploy().number() == 7
    assert not (tmp_path / "cache").exists()


def closure(path: Path, seen: set[str]) -> set[str]:
    """Every file of ours that a source imports, by its text."""
    if str(path) not in seen:
        seen.add(str(path))
        for dots, folder, name in re.findall(
            r"^from (\.+)([\w.]*) import (\w+)", path.read_text(), re.M
        ):
            base = path.parents[len(dots) - 1].joinpath(*folder.split("."))
            for file in (base / f"{name}.vy", base / f"{name}.vyi"):
                if file.exists():
                    closure(file.resolve(), seen)
    return seen


def test_an_artefact_knows_all_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVATE_CACHE", str(tmp_path / "cache"))
    unit = (CONTRACTS / "clearing/Clearinghouse.vy").resolve()
    cache.load(unit)
    with artefact(tmp_path).open("rb") as file:
        watched = json.loads(file.readline())
    wanted = closure(unit, set())
    assert len(wanted) > 10 and wanted <= watched.keys()
