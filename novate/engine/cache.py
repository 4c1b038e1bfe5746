"""Compiled contracts on disk, for tests, notebooks and workers alike.

Titanoboa keeps compiled contracts on disk too, but parses and analyses all sources to find out
which it needs, which takes three quarters of a warm start; and it looks at direct imports only, so
that a change two imports away goes unseen. Here an artefact names every file that the compiler
read, with its hash: reading them decides. One artefact per contract, replaced when a source
changes; several processes may share the folder.

Artefacts are in `.cache/` of the project, which git ignores, or in the user's cache folder when
novate is installed without its project. An artefact is a pickle, as titanoboa's are: the folder
belongs to the user alone.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pickle
import sys
from collections.abc import Callable
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vyper
from boa import interpret
from boa.contracts.vyper.vyper_contract import VyperContract, VyperDeployer
from vyper.cli.vyper_compile import get_search_paths
from vyper.compiler.input_bundle import FileInput, FilesystemInputBundle, JSONInput
from vyper.compiler.phases import CompilerData
from vyper.compiler.settings import Settings, anchor_settings

from ..errors import DataError

# Where artefacts are, instead of the places above; empty for no artefacts at all.
VARIABLE = "NOVATE_CACHE"
FORMAT = 4
PROJECT = Path(__file__).resolve().parents[2]
# What this process has loaded: the sources' hashes and the deployer.
_loaded: dict[Path, tuple[dict[str, str], Any]] = {}


class Sources(FilesystemInputBundle):
    """The files that a compilation reads, remembered by name and hash."""

    def __init__(self, search_paths: list[Path]) -> None:
        super().__init__(search_paths)
        self.digests: dict[str, str] = {}

    def _load_from_path(self, resolved_path: Path, original_path: Path) -> Any:
        found = super()._load_from_path(resolved_path, original_path)
        self.digests[str(resolved_path)] = _digest(found.contents)
        return found


class Later(dict[str, Any]):
    """A source map that is made when somebody looks into it."""

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._make: Callable[[], dict[str, Any]] | None = make

    def _fill(self) -> None:
        if self._make is not None:
            make, self._make = self._make, None
            self.update(make())

    def __getitem__(self, key: str) -> Any:
        self._fill()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._fill()
        return super().get(key, default)


class Contract(VyperContract):
    """Titanoboa's, which assembles a contract again each time it is deployed, for the source map
    of its constructor; here only when a constructor fails or is looked at."""

    @cached_property
    def _deployment_source_map(self) -> Later:
        return Later(lambda: VyperContract._deployment_source_map.func(self))


class Deployer(VyperDeployer):
    """Titanoboa's, of such contracts."""

    def deploy(self, *args: Any, **kwargs: Any) -> Contract:
        return Contract(self.compiler_data, *args, filename=self.filename, **kwargs)


def load(source: str | Path) -> Any:
    """The deployer of a contract, as `boa.load_partial` answers.

    A compiled contract is a million small objects that stay: looking for garbage among them takes
    two thirds of the time to load them, and of every later collection. So not while they are
    loaded, and never again afterwards.
    """
    path = Path(source).resolve()
    known = _loaded.get(path)
    if known is not None and _are_current(known[0]):
        return known[1]
    collecting = gc.isenabled()
    gc.disable()
    try:
        artefact = _place(path)
        found = None if artefact is None else _read(artefact)
        if found is None:
            found = _compile(path)
            if artefact is not None:
                _write(artefact, *found)
        sources, data = found
        deployer = Deployer(data, filename=str(path))
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
    _loaded[path] = sources, deployer
    return deployer


def folder() -> Path | None:
    """Where artefacts are; None if nowhere."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return Path(chosen).expanduser() if chosen else None
    if (PROJECT / "pyproject.toml").exists():
        return PROJECT / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "novate"


def _place(path: Path) -> Path | None:
    root = folder()
    if root is None:
        return None
    names = (
        f"{vyper.__version__}+{vyper.__commit__}",
        version("titanoboa"),
        ".".join(map(str, sys.version_info[:3])),
        str(FORMAT),
        str(path),
    )
    return root / (path.stem + "-" + hashlib.sha256("\n".join(names).encode()).hexdigest()[:24])


def own_layout(source: str | Path) -> dict[str, Any]:
    """The slots that the compiler would choose by itself, read off the sources as they are now."""
    unit, bundle = _unit(Path(source).resolve())
    layout: dict[str, Any] = CompilerData(unit, bundle, Settings()).storage_layout["storage_layout"]
    return layout


def _unit(path: Path) -> tuple[FileInput, Sources]:
    unit = FileInput(contents=path.read_text(), source_id=-1, path=path, resolved_path=path)
    return unit, Sources(get_search_paths(interpret._search_path))


def _compile(path: Path) -> tuple[dict[str, str], Any]:
    """Hashes of what was read, and what titanoboa's deployer takes."""
    unit, bundle = _unit(path)
    data = CompilerData(unit, bundle, Settings(), storage_layout=_layout(unit, bundle))
    with anchor_settings(data.settings):
        # All that is made on demand, now, so that it is kept.
        _ = data.bytecode, data.bytecode_runtime
        data.source_map = interpret._compute_source_map(data)
    return {str(path): _digest(unit.contents), **bundle.digests}, data


def _layout(unit: FileInput, bundle: Sources) -> JSONInput | None:
    """The slots that `X.layout.json` beside `X.vy` prescribes, in the compiler's own format.

    Every variable must have its place there, whatever the order of the declarations is.
    """
    file = unit.resolved_path.with_suffix(".layout.json")
    if not file.exists():
        return None
    text = file.read_text()
    bundle.digests[str(file)] = _digest(text)
    chosen = CompilerData(unit, bundle, Settings()).storage_layout["storage_layout"]
    placed = _placed(chosen, json.loads(text), file)
    return JSONInput(contents=text, source_id=-1, path=file, resolved_path=file, data=placed)


def _placed(chosen: dict[str, Any], fixed: dict[str, Any], file: Path) -> dict[str, Any]:
    """What the compiler chose, on the slots of the file."""
    placed = {}
    for name, one in chosen.items():
        if name not in fixed:
            raise DataError(file, 0, f"no slot for {name}: append it, never move what is there")
        inner = "slot" not in one
        placed[name] = (
            _placed(one, fixed[name], file) if inner else one | {"slot": fixed[name]["slot"]}
        )
    return placed


def _read(artefact: Path) -> tuple[dict[str, str], Any] | None:
    """What was compiled, if it is there and its sources are the same."""
    try:
        with artefact.open("rb") as file:
            sources = json.loads(file.readline())
            return (sources, pickle.load(file)) if _are_current(sources) else None
    except Exception:
        # Missing, cut short, or written by something else: compiled again and replaced.
        return None


def _write(artefact: Path, sources: dict[str, str], data: Any) -> None:
    try:
        artefact.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = artefact.with_name(f"{artefact.name}.{os.getpid()}")
        with draft.open("wb") as file:
            file.write(json.dumps(sources).encode() + b"\n")
            pickle.dump(data, file, protocol=pickle.HIGHEST_PROTOCOL)
        draft.replace(artefact)
    except OSError:
        # A folder that cannot be written costs time only.
        return


def _are_current(sources: dict[str, str]) -> bool:
    try:
        return bool(sources) and all(
            _digest(Path(name).read_text()) == digest for name, digest in sources.items()
        )
    except OSError:
        return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
