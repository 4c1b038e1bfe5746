"""Compiled contracts on disk: found again, and never out of date."""

import pickle
import re
from pathlib import Path
from typing import Any

import boa
import pytest
from vyper.ir import compile_ir

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


class Forgetful(dict[Any, Any]):
    """In place of the process's memory: every load reads the disk."""

    def get(self, *_: Any) -> None:
        return None


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOVATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_loaded", Forgetful())
    (tmp_path / "constants.vy").write_text(MODULE.format(7))
    file = tmp_path / "Unit.vy"
    file.write_text(UNIT)
    return file


def artefact(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "cache").iterdir()
    return found


def test_a_second_load_compiles_nothing(unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.load(unit).deploy().number() == 7
    monkeypatch.setattr(cache, "_compile", None)
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


def test_a_module_two_imports_away_counts(unit: Path, tmp_path: Path) -> None:
    """Titanoboa's own artefacts know direct imports only: they would answer 7 for ever."""
    (tmp_path / "constants.vy").write_text(
        "# pragma version 0.4.3\nfrom . import deeper\nNUMBER: constant(uint256) = deeper.NUMBER\n"
    )
    for number in (7, 8, 9):
        (tmp_path / "deeper.vy").write_text(MODULE.format(number))
        for _ in range(2):
            assert cache.load(unit).deploy().number() == number


def test_an_interface_of_an_interface_counts(unit: Path, tmp_path: Path) -> None:
    inner = "struct Pair:\n    x: uint256\n{}\n@external\n@view\ndef pair() -> Pair:\n    ...\n"
    (tmp_path / "far").mkdir()
    (tmp_path / "IOuter.vyi").write_text(
        "from .far import IInner\n\n@external\n@view\ndef pair() -> IInner.Pair:\n    ...\n"
    )
    unit.write_text(
        "# pragma version 0.4.3\nfrom . import IOuter\n\n@external\n@view\n"
        "def size() -> uint256:\n"
        "    return len(abi_encode(staticcall IOuter(msg.sender).pair()))\n"
    )
    for field, size in (("", 32), ("    y: uint256\n", 64)):
        (tmp_path / "far" / "IInner.vyi").write_text(inner.format(field))
        callee = boa.loads(
            f"@external\n@view\ndef pair() -> uint256[{size // 32}]:\n"
            f"    return empty(uint256[{size // 32}])"
        )
        assert cache.load(unit).deploy().size(sender=callee.address) == size


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
    assert cache.folder() is None
    assert cache.load(unit).deploy().number() == 7
    monkeypatch.setenv("NOVATE_CACHE", str(unit))
    assert cache.load(unit).deploy().number() == 7
    assert not (tmp_path / "cache").exists()


def test_artefacts_stay_in_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOVATE_CACHE", raising=False)
    assert cache.folder() == CONTRACTS.parent / ".cache"
    monkeypatch.setattr(cache, "PROJECT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "platform"))
    assert cache.folder() == tmp_path / "platform" / "novate"


def test_a_process_loads_once_until_a_source_changes(
    unit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_loaded", {})
    first = cache.load(unit)
    assert cache.load(unit) is first
    (tmp_path / "constants.vy").write_text(MODULE.format(8))
    assert cache.load(unit) is not first
    assert cache.load(unit).deploy().number() == 8


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


def test_an_artefact_knows_all_its_sources() -> None:
    unit = (CONTRACTS / "clearing/Clearinghouse.vy").resolve()
    cache.load(unit)
    watched, _ = cache._loaded[unit]
    wanted = closure(unit, set())
    assert len(wanted) > 10 and wanted <= watched.keys()


def test_a_deployment_assembles_nothing_until_a_constructor_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Titanoboa makes the constructor's source map anew for each contract, which takes seconds."""
    curve = cache.load(CONTRACTS / "clearing/InterestCurve.vy")
    assembled = []
    assemble = compile_ir.assembly_to_evm

    def watched(*args: Any, **kwargs: Any) -> Any:
        assembled.append(args)
        return assemble(*args, **kwargs)

    monkeypatch.setattr(compile_ir, "assembly_to_evm", watched)
    curve.deploy(0, 0, 0, 10**18)
    assert not assembled
    with boa.reverts("curve: optimum above one"):
        curve.deploy(0, 0, 0, 10**18 + 1)
    assert assembled
