"""Compiled contracts on disk, for tests, notebooks and workers alike.

Titanoboa keeps compiled contracts on disk too, but parses and analyses all sources to find out
which it needs; that takes three quarters of a warm start. Here an artefact names the files that it
was compiled from with their hashes, so that reading them decides. One artefact per contract,
replaced when a source changes; several processes may share the folder.

An artefact is a pickle, as titanoboa's are: the folder belongs to the user alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import boa
import vyper
from boa.interpret import _get_default_deployer_class

# Where artefacts are, instead of the user's cache folder; empty for no artefacts at all.
VARIABLE = "NOVATE_CACHE"
FORMAT = 2


def load(source: str | Path) -> Any:
    """The deployer of a contract, as `boa.load_partial` answers."""
    path = Path(source).resolve()
    artefact = _place(path)
    if artefact is not None:
        data = _read(artefact)
        if data is not None:
            return _get_default_deployer_class()(data, filename=str(path))
    deployer = boa.load_partial(str(path))
    if artefact is not None:
        _write(artefact, deployer.compiler_data)
    return deployer


def _place(path: Path) -> Path | None:
    folder = os.environ.get(VARIABLE)
    if folder == "":
        return None
    root = Path(folder or "~/.cache/novate").expanduser()
    names = (
        f"{vyper.__version__}+{vyper.__commit__}",
        version("titanoboa"),
        ".".join(map(str, sys.version_info[:3])),
        str(FORMAT),
        str(path),
    )
    return root / (path.stem + "-" + hashlib.sha256("\n".join(names).encode()).hexdigest()[:24])


def _read(artefact: Path) -> Any:
    """What was compiled, if it is there and its sources are the same."""
    try:
        with artefact.open("rb") as file:
            sources = json.loads(file.readline())
            if any(_digest(Path(name)) != digest for name, digest in sources.items()):
                return None
            return pickle.load(file)
    except Exception:
        # Missing, cut short, or written by something else: compiled again and replaced.
        return None


def _write(artefact: Path, data: Any) -> None:
    sources: dict[str, str] = {}
    try:
        _collect(data.annotated_vyper_module._metadata["type"], sources)
        artefact.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = artefact.with_name(f"{artefact.name}.{os.getpid()}")
        with draft.open("wb") as file:
            file.write(json.dumps(sources).encode() + b"\n")
            pickle.dump(data, file, protocol=pickle.HIGHEST_PROTOCOL)
        draft.replace(artefact)
    except (OSError, LookupError):
        # A folder that cannot be written costs time only.
        return


def _collect(module: Any, sources: dict[str, str]) -> None:
    """Name and hash of a module and everything that it imports."""
    name = str(module._module.resolved_path)
    if name in sources:
        return
    sources[name] = hashlib.sha256(module._module.full_source_code.encode()).hexdigest()
    for statement in module.import_stmts:
        found = statement._metadata["import_info"]
        imported = getattr(found.typ, "module_t", found.typ)
        if hasattr(imported, "import_stmts"):
            _collect(imported, sources)
            continue
        read = Path(found.compiler_input.resolved_path)
        if read.suffix == ".vyi":
            # It may import its neighbours without saying so here.
            for file in sorted(read.parent.glob("*.vyi")):
                sources[str(file)] = _digest(file)
        elif read.exists():
            raise LookupError(f"what {read} imports is unknown")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
