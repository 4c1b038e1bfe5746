"""What a deployment left behind, as JSON: chain, owner, parameters, contracts, transactions.

Others find a market by it (`novate.agents.desk.attach`), a check compares it with the sources
(`novate.verify`), and an interrupted deployment goes on by it (`novate.site`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from .errors import DataError, ParameterError
from .graph import UNITS, units_for
from .parameters import Parameters

if TYPE_CHECKING:
    from .market import Market

FORMAT = 2


class Manifest:
    """The content of a manifest and the file it is kept in; without a file, in memory only."""

    def __init__(self, content: dict[str, Any], file: Path | None = None) -> None:
        self.content, self.file = content, file

    def __getitem__(self, name: str) -> Any:
        return self.content[name]

    @property
    def parameters(self) -> Parameters:
        """What the market was deployed with."""
        return parameters_from(self.content["parameters"])

    @property
    def upgrades(self) -> list[dict[str, Any]]:
        """Later versions of what is behind proxies, as `novate.governance.upgrade` notes them."""
        found: list[dict[str, Any]] = self.content.setdefault("upgrades", [])
        return found

    def save(self) -> None:
        """Write the file, at once or not at all."""
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(self.file.suffix + ".part")
        draft.write_text(json.dumps(self.content, indent=2) + "\n")
        draft.replace(self.file)

    @classmethod
    def read(cls, file: Path) -> Manifest:
        """A manifest from its file; raises DataError when it is none."""
        try:
            content = json.loads(file.read_text())
        except OSError as error:
            raise DataError(file, 0, f"no manifest: {error.strerror}") from error
        except ValueError as error:
            raise DataError(file, 0, f"no manifest: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise DataError(file, 0, "no manifest of this version: deploy again into a new file")
        return cls(content, file)

    @classmethod
    def new(
        cls, chain_id: int, owner: str, parameters: Parameters, salt: str, file: Path | None
    ) -> Manifest:
        """An empty one."""
        content = {
            "format": FORMAT,
            "chain_id": chain_id,
            "owner": owner,
            "salt": salt,
            "parameters": plain(parameters),
            "contracts": {},
            "transactions": {},
            "complete": False,
        }
        return cls(content, file)


def write_manifest(market: Market, file: Path) -> None:
    """Describe a market of any kind; one on a chain has done so while it was deployed."""
    described = Manifest.new(
        market.env.evm.patch.chain_id, market.owner, market.parameters, "", file
    )
    described.content["contracts"] = {
        unit.name: {"source": unit.source, "address": str(market.contracts[unit.name].address)}
        for unit in units_for(market.parameters, UNITS)
    }
    described.content["complete"] = True
    described.save()


def plain(parameters: Parameters) -> dict[str, Any]:
    """Parameters as JSON holds them."""
    return json.loads(json.dumps(dataclasses.asdict(parameters)))


def parameters_from(given: Mapping[str, Any], usual: Parameters | None = None) -> Parameters:
    """The usual parameters with those replaced that are given, groups in part as well."""
    found: Parameters = _replaced(usual or Parameters(), given, "")
    return found


def _replaced(usual: Any, given: Mapping[str, Any], path: str) -> Any:
    known = {field.name for field in dataclasses.fields(usual)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        where = path + name
        if name not in known:
            raise ParameterError(where, value, f"one of {', '.join(sorted(known))}")
        old = getattr(usual, name)
        if dataclasses.is_dataclass(old):
            if not isinstance(value, Mapping):
                raise ParameterError(where, value, "a group of parameters")
            value = _replaced(old, value, where + ".")
        elif isinstance(old, tuple):
            rows = get_args(get_type_hints(type(usual))[name])
            value = tuple(_row(rows[0], row, where) for row in value)
        elif isinstance(old, bool) != isinstance(value, bool) or not isinstance(
            value, (int, float) if isinstance(old, float) else type(old)
        ):
            raise ParameterError(where, value, f"of the kind of {old!r}")
        values[name] = value
    return dataclasses.replace(usual, **values)


def _row(kind: Any, row: Any, path: str) -> Any:
    """One of many: a group with the usual values of its kind, a list, or a plain value."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(row, Mapping):
        return _replaced(kind(), row, path + ".")
    return tuple(row) if isinstance(row, list) else row
