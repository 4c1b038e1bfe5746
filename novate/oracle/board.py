"""What reporters share and what each of them must not forget, as files.

A `Board` is a folder in which reporters lay down what they propose and their signatures, whichever
process, or machine with a common folder, they run on. Nobody has to trust it: a signature proves
itself, and what is not signed by enough of them counts for nothing.

A `Journal` is what one process has signed. Two reports of one time cost a reporter its whole stake,
so what it signs is on disk before anybody sees the signature, and a process that was killed and
started again does not sign another.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import ParameterError
from .reports import Domain, PriceReport, Report, Signature, SurfaceReport, report_hash

# [s] after which a report is nobody's business any more; proofs are accepted for three days.
KEPT = 4 * 86_400
# [s] for which the board keeps reports: none is accepted when it is older.
SHOWN = 3_600
_KINDS: dict[str, type[PriceReport] | type[SurfaceReport]] = {
    "price": PriceReport,
    "surface": SurfaceReport,
}


def dump(report: Report) -> dict[str, Any]:
    """A report as JSON holds it."""
    kind = "price" if isinstance(report, PriceReport) else "surface"
    fields = {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in asdict(report).items()
    }
    return {"kind": kind, **fields}


def parse(content: dict[str, Any]) -> Report:
    """The other way round; ValueError, KeyError or TypeError for anything else."""
    fields = dict(content)
    kind = _KINDS[fields.pop("kind")]
    if kind is PriceReport:
        fields["feed"] = bytes.fromhex(fields["feed"])
    if any(not isinstance(value, int) for name, value in fields.items() if name != "feed"):
        raise ValueError("figures of a report are integers")
    return kind(**fields)


class Journal(dict[Any, Any]):
    """What was signed, by the time (and expiry) it was signed for. file: none, in memory only.

    A file belongs to one process at a time: two with one key could contradict each other.
    """

    def __init__(self, file: Path | None = None) -> None:
        super().__init__()
        self._file = file
        if file is None:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = file.with_suffix(file.suffix + ".lock").open("w")
        try:
            # Given back by the system however the process ends.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ParameterError("journal", str(file), "one process for each key") from error
        if not file.exists():
            return
        for line in file.read_text().splitlines():
            try:
                report = parse(json.loads(line))
            except (ValueError, KeyError, TypeError):
                # Killed while it wrote: this one was never shown.
                continue
            dict.setdefault(self, key_of(report), report)
        latest = max((report.timestamp for report in self.values()), default=0)
        for key in [key for key, one in self.items() if one.timestamp < latest - KEPT]:
            del self[key]
        draft = file.with_suffix(file.suffix + ".part")
        draft.write_text("".join(json.dumps(dump(one)) + "\n" for one in self.values()))
        draft.replace(file)

    def close(self) -> None:
        """Let another process have the file."""
        if self._file is not None:
            self._lock.close()

    def setdefault(self, key: Any, report: Any = None) -> Any:
        """The report signed for this time: this one from now on, unless there is one."""
        if key not in self:
            if self._file is not None:
                with self._file.open("a") as file:
                    file.write(json.dumps(dump(report)) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
            self[key] = report
        return self[key]


def key_of(report: Report) -> Any:
    """What may be signed once."""
    if isinstance(report, PriceReport):
        return report.timestamp
    return report.expiry, report.timestamp


class Board:
    """Reports to be signed and their signatures, for one feed or surface."""

    def __init__(self, folder: Path, domain: Domain) -> None:
        self.domain = domain
        self.folder = folder / f"{domain.chain_id}-{domain.contract.lower()}"
        self.folder.mkdir(parents=True, exist_ok=True)

    def propose(self, report: Report) -> None:
        self._write(f"{self._name(report)}.report", dump(report))

    def sign(self, report: Report, index: int, signature: Signature) -> None:
        self._write(f"{self._name(report)}.{index}", [part.hex() for part in signature])

    def reports(self, now: int) -> Iterator[Report]:
        """What was proposed within SHOWN of `now`, oldest first; what is older is cleared away."""
        found = []
        for file in self.folder.glob("*.report"):
            content = self._read(file)
            try:
                report = parse(content)
            except (ValueError, KeyError, TypeError):
                continue
            if now - report.timestamp > SHOWN:
                for one in self.folder.glob(f"{file.stem}.*"):
                    one.unlink(missing_ok=True)
            else:
                found.append(report)
        yield from sorted(found, key=lambda one: (one.timestamp, str(one)))

    def signatures(self, report: Report) -> dict[int, Signature]:
        """By index of who is said to have signed."""
        found = {}
        for file in self.folder.glob(f"{self._name(report)}.*"):
            place, content = file.suffix[1:], self._read(file)
            if place.isdecimal() and isinstance(content, list) and len(content) == 2:
                found[int(place)] = (bytes.fromhex(content[0]), bytes.fromhex(content[1]))
        return found

    def _name(self, report: Report) -> str:
        return report_hash(report, self.domain).hex()

    def _write(self, name: str, content: Any) -> None:
        draft = self.folder / f".{name}.{os.getpid()}"
        draft.write_text(json.dumps(content))
        draft.replace(self.folder / name)

    def _read(self, file: Path) -> Any:
        try:
            return json.loads(file.read_text())
        except (OSError, ValueError):
            return None
