"""Storage layouts of upgradeable units: files in git that the compiler is told to keep.

`X.layout.json` beside `X.vy` says on which slot each variable is, in the compiler's format. A unit
is compiled with it (`novate.engine.cache`), so a moved declaration moves nothing; a new variable
needs a line at the end. `python -m novate.governance.layouts` writes what is missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..deploy import CONTRACTS
from ..engine.cache import own_layout
from ..errors import ParameterError

# keccak256("eip1967.proxy.implementation") - 1
IMPLEMENTATION = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC


def upgradeable() -> list[Path]:
    """Sources that are compiled with a layout file."""
    return sorted((CONTRACTS / "proxy").glob("[A-Z]*.vy"))


def layout_file(source: Path) -> Path:
    return source.with_suffix(".layout.json")


def chosen(source: Path) -> dict[str, Any]:
    """What the compiler would choose by itself: variables and types of the sources."""
    return own_layout(source)


def flat(layout: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Variables by their whole name; types without the machine's folders."""
    for name, one in layout.items():
        if "slot" in one:
            kind = str(one["type"])
            place = kind.find("/contracts/")
            if place >= 0:
                start = max(kind.rfind(mark, 0, place) for mark in " [,(") + 1
                kind = kind[:start] + kind[place + 1 :]
            yield path + name, {**one, "type": kind}
        else:
            yield from flat(one, f"{path}{name}.")


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Why code with the layout `new` must not run in storage written with `old`; empty if it may.

    New variables may use slots that nobody used; others keep slot, size and type for ever.
    """
    before, after = dict(flat(old)), dict(flat(new))
    found = [f"{name} is gone: keep it, or its slots" for name in before if name not in after]
    for name in before.keys() & after.keys():
        for key in ("slot", "n_slots", "type"):
            if before[name][key] != after[name][key]:
                found.append(f"{name}: {key} {before[name][key]} became {after[name][key]}")
    owner: dict[int, str] = {}
    for name, one in after.items():
        for slot in range(one["slot"], one["slot"] + one["n_slots"]):
            if slot in owner:
                found.append(f"{name} is on a slot of {owner[slot]}")
            owner[slot] = name
    used = {slot: name for name, one in before.items() for slot in _slots(one)}
    for name in after.keys() - before.keys():
        found += [f"{name} is on a slot of {used[s]}" for s in _slots(after[name]) if s in used]
    return sorted(found)


def require_compatible(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Refuse an upgrade that would read storage otherwise than it was written."""
    found = differences(old, new)
    if found:
        raise ParameterError("layout", "; ".join(found), "the slots of the former version")


def complete(source: Path) -> dict[str, Any]:
    """The layout file with every variable of the sources: new ones behind all others."""
    file = layout_file(source)
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    taken = [slot + 1 for _, one in flat(known) for slot in _slots(one) if slot != IMPLEMENTATION]
    return _appended(chosen(source), known, [max(taken, default=0)])


def _appended(found: dict[str, Any], known: dict[str, Any], free: list[int]) -> dict[str, Any]:
    after = dict(known)
    for name, one in found.items():
        if "slot" not in one:
            after[name] = _appended(one, known.get(name, {}), free)
        elif name == "implementation":
            after[name] = one | {"slot": IMPLEMENTATION}
        elif name not in known:
            # As they stand in the sources when all is new, so that two units with the same
            # modules agree.
            after[name] = next(iter(flat({name: one})))[1] | {"slot": free[0]}
            free[0] += one["n_slots"]
    return after


def _slots(one: dict[str, Any]) -> range:
    return range(one["slot"], one["slot"] + one["n_slots"])


def main() -> int:
    for source in upgradeable():
        layout_file(source).write_text(json.dumps(complete(source), indent=1) + "\n")
        print(layout_file(source).relative_to(CONTRACTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
