"""Who may call what: read off the sources, and compared with the table in access.toml.

A function is privileged when, on any path, it compares who calls with something. The scan follows
calls into internal functions and modules, so a guard cannot hide there. Who may act for an account
(`may_act`) is no role: everybody may for their own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import vyper.ast as vy_ast

from ..deploy import CONTRACTS, compiled

TABLE = Path(__file__).with_name("access.toml")
# Guards of snekmate's modules, whose names say what they ask.
CHECKS = {"_check_owner": "owner", "_check_role": "role", "_only_role_or_open_role": "role"}


def units() -> list[str]:
    """Sources of every unit that deploys, below contracts/."""
    return sorted(path.relative_to(CONTRACTS).as_posix() for path in CONTRACTS.glob("**/[A-Z]*.vy"))


def privileged(source: str) -> dict[str, set[str]]:
    """Functions of a unit that change state and ask who calls, and against what they compare."""
    exposed = compiled(source).compiler_data.global_ctx.exposed_functions
    found: dict[str, set[str]] = {}
    for function in exposed:
        # What a unit behind a proxy has from the unit it extends is told there.
        inherited = "/proxy/" not in str(function.decl_node.module_node.path)
        if source.startswith("proxy/") and inherited:
            continue
        if function.is_external and not function.is_constructor and function.is_mutable:
            asked = guards(function)
            if asked:
                found[function.name] = asked
    return found


def guards(function: Any) -> set[str]:
    """What a function compares its caller with, itself or through what it calls."""
    reached = [function, *function.reachable_internal_functions]
    return {guard for one in reached for guard in _guards(one.decl_node)}


def table() -> dict[str, Any]:
    """The table: `roles`, and a row for each function by unit."""
    return tomllib.loads(TABLE.read_text())


def _guards(node: Any) -> Iterator[str]:
    for call in node.get_descendants(vy_ast.Call):
        name = getattr(call.func, "attr", None)
        if name in CHECKS:
            yield CHECKS[name]
    for comparison in node.get_descendants(vy_ast.Compare):
        sides = [comparison.left, comparison.right]
        for this, other in (sides, sides[::-1]):
            if _is_sender(this):
                yield _name(other)
    for lookup in node.get_descendants(vy_ast.Subscript):
        if _is_sender(lookup.slice) and isinstance(
            lookup.get_ancestor(), vy_ast.Assert | vy_ast.If | vy_ast.UnaryOp | vy_ast.BoolOp
        ):
            yield _name(lookup.value)


def _is_sender(node: Any) -> bool:
    return str(getattr(node, "node_source_code", "")) == "msg.sender"


def _name(node: Any) -> str:
    """The last name of an expression: `ledger.auction_house` is `auction_house`."""
    text = str(node.node_source_code).split("(")[0].split("[")[0]
    return text.split(".")[-1].lstrip("_")


def silent(source: str) -> list[str]:
    """Functions of the owner that log no former value: no field begins with `old`."""
    exposed = compiled(source).compiler_data.global_ctx.exposed_functions
    return sorted(
        function.name
        for function in exposed
        if function.is_external
        and not function.is_constructor
        and function.is_mutable
        and "owner" in guards(function)
        and not any(_says_old(one) for one in [function, *function.reachable_internal_functions])
    )


def _says_old(function: Any) -> bool:
    return any(
        keyword.arg.startswith("old")
        for log in function.decl_node.get_descendants(vy_ast.Log)
        for keyword in log.value.keywords
    )


def missing() -> list[str]:
    """Rows that access.toml lacks or has otherwise, as they should begin."""
    rows, found = table(), []
    for source in units():
        unit = Path(source).stem
        for name, asked in sorted(privileged(source).items()):
            row = rows.get(unit, {}).get(name)
            if row is None or set(row["caller"]) != asked:
                callers = ", ".join(f'"{one}"' for one in sorted(asked))
                found.append(f'[{unit}] {name} = {{ caller = [{callers}], most = "" }}')
    return found


def main() -> int:
    """`python -m novate.governance.access`: what the table lacks."""
    lacking = missing()
    print("\n".join(lacking) or "every privileged function has its row")
    return int(bool(lacking))


if __name__ == "__main__":
    raise SystemExit(main())
