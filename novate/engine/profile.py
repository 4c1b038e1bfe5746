"""Where gas goes: per function, per line of source, per frame of the call tree.

    with gas_report() as report:
        market.trade(maker, taker, call, 1, 40)
    report                     # a table; HTML in a notebook
    before.diff(report)        # two versions of the contracts

    profile = profile_call(market.clearinghouse.withdraw, ..., sender=owner)
    profile.lines              # every line that used gas, dearest first
    profile.flame("flame.png") # the call tree, its width is gas

A report counts what revm ran and costs nothing; a profile runs its call in py-evm. The figures of
both are execution gas of a transaction of its own, as in benchmarks/gas.json.
"""

from __future__ import annotations

import contextlib
import html
import io
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boa
import pandas
from boa.contracts.vyper.ast_utils import get_fn_name_from_lineno
from boa.profiling import _SingleComputation
from boa.vm.gas_meters import ProfilingGasMeter

from ..errors import ParameterError
from .environment import Engine

# Of a source without a known line: selector, checks of the call's value, copies of immutables.
DISPATCH = "(dispatch)"


# -- per function --


class GasReport:
    """Gas of every top-level call, by contract and function."""

    def __init__(self) -> None:
        self.calls: dict[str, list[int]] = {}
        self._names: dict[tuple[int, bytes], str] = {}

    def record(self, contract: Any, computation: Any) -> None:
        """What the engine tells after each successful call."""
        data = _calldata(computation)
        key = (id(contract), data[:4])
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = _name(contract, data[:4])
        self.calls.setdefault(name, []).append(computation.get_gas_used())

    @property
    def table(self) -> pandas.DataFrame:
        """Functions by their share of all gas: n, min, median, max, share."""
        whole = sum(sum(gas) for gas in self.calls.values()) or 1
        rows = {
            name: {
                "n": len(gas),
                "min": min(gas),
                "median": int(statistics.median(gas)),
                "max": max(gas),
                "share": sum(gas) / whole,
            }
            for name, gas in sorted(self.calls.items(), key=lambda item: -sum(item[1]))
        }
        columns = ["n", "min", "median", "max", "share"]
        return pandas.DataFrame.from_dict(rows, orient="index", columns=columns)

    def diff(self, other: GasReport) -> pandas.DataFrame:
        """Median gas here and in `other`, of all functions that either has, and the change."""
        rows = {}
        for name in sorted(self.calls.keys() | other.calls.keys()):
            before, after = (
                int(statistics.median(report.calls[name])) if name in report.calls else None
                for report in (self, other)
            )
            change = None if before is None or after is None else after - before
            rows[name] = {
                "before": before,
                "after": after,
                "change": change,
                "percent": None if change is None or not before else 100 * change / before,
            }
        columns = ["before", "after", "change", "percent"]
        table = pandas.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.astype({name: "Int64" for name in columns[:3]})

    def __str__(self) -> str:
        return str(_readable(self.table).to_string()) if self.calls else "no calls"

    def _repr_html_(self) -> str:
        return str(_readable(self.table).to_html())


@contextlib.contextmanager
def gas_report(world: Any = None) -> Iterator[GasReport]:
    """Count the gas of everything called inside, in the current world by default."""
    env = boa.env if world is None else world
    if not isinstance(env, Engine):
        raise ParameterError("world", env, "one opened by boa_env.open")
    report = GasReport()
    env.recorders.append(report.record)
    try:
        yield report
    finally:
        env.recorders.remove(report.record)


# -- per line and frame --


@dataclass
class Frame:
    """A call of a contract: its gas with all calls below it, and where its own gas went."""

    name: str
    gas: int
    # Own gas by (file, line, function); line 0 is `DISPATCH`.
    own: dict[tuple[str, int, str], int]
    children: list[Frame] = field(default_factory=list)

    def walk(self) -> Iterator[Frame]:
        yield self
        for child in self.children:
            yield from child.walk()

    def functions(self) -> dict[str, int]:
        """Own gas by function of the source."""
        found: dict[str, int] = {}
        for (_, _, function), gas in self.own.items():
            found[function] = found.get(function, 0) + gas
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def __str__(self) -> str:
        return "\n".join(self._text(0))

    def _text(self, depth: int) -> Iterator[str]:
        yield f"{self.gas:>12,}  {'  ' * depth}{self.name}"
        for child in self.children:
            yield from child._text(depth + 1)


@dataclass
class CallProfile:
    """One call, taken apart."""

    tree: Frame
    sources: dict[str, list[str]]

    @cached_property
    def lines(self) -> pandas.DataFrame:
        """Gas by line of source over the whole call, dearest first; the sum is the call's gas."""
        totals: dict[tuple[str, int, str], int] = {}
        for frame in self.tree.walk():
            for key, gas in frame.own.items():
                totals[key] = totals.get(key, 0) + gas
        rows = [
            {
                "file": Path(path).name,
                "line": line,
                "function": function,
                "gas": gas,
                "share": gas / max(self.tree.gas, 1),
                "source": self._source(path, line),
            }
            for (path, line, function), gas in sorted(totals.items(), key=lambda x: -x[1])
        ]
        return pandas.DataFrame(rows)

    def _source(self, path: str, line: int) -> str:
        text = self.sources.get(path, [])
        return text[line - 1].strip() if 0 < line <= len(text) else ""

    def __str__(self) -> str:
        return f"{self.tree}\n\n{_readable(self.lines.head(25)).to_string(index=False)}"

    def _repr_html_(self) -> str:
        """The sources that used gas, a bar of gas beside each line."""
        by_file: dict[str, dict[int, int]] = {}
        for frame in self.tree.walk():
            for (path, line, _), gas in frame.own.items():
                lines = by_file.setdefault(path, {})
                lines[line] = lines.get(line, 0) + gas
        most = max((gas for lines in by_file.values() for gas in lines.values()), default=1)
        parts = [f"<pre>{html.escape(str(self.tree))}</pre>"]
        for path, lines in sorted(by_file.items(), key=lambda item: -sum(item[1].values())):
            parts.append(f"<h4>{html.escape(Path(path).name)}: {sum(lines.values()):,} gas</h4>")
            rows = []
            for line in sorted(lines):
                width = max(1, round(120 * lines[line] / most))
                rows.append(
                    f"<tr><td style='text-align:right'>{lines[line]:,}</td>"
                    f"<td style='width:130px'><div style='background:#c44;height:0.8em;"
                    f"width:{width}px'></div></td><td style='text-align:right'>{line or ''}</td>"
                    f"<td style='text-align:left'><code>"
                    f"{html.escape(self._source(path, line) or DISPATCH)}</code></td></tr>"
                )
            parts.append("<table>" + "".join(rows) + "</table>")
        return "\n".join(parts)

    def flame(self, file: str | Path | None = None) -> Any:
        """The call tree as a picture: a bar per call and function, as wide as its gas."""
        from matplotlib.figure import Figure

        bars = list(_bars(self.tree, 0, 0))
        depth = max(level for level, _, _, _, _ in bars) + 1

        class Picture(Figure):
            """Shown by a notebook that has not drawn anything yet, too."""

            def _repr_png_(self) -> bytes:
                self.savefig(drawn := io.BytesIO(), format="png")
                return drawn.getvalue()

        figure = Picture(figsize=(12, 0.4 * depth + 1.2), layout="constrained")
        axes = figure.subplots()
        whole = max(self.tree.gas, 1)
        for level, start, width, text, is_call in bars:
            colour = "#e07b39" if is_call else "#f2c14e"
            axes.barh(level, width, left=start, height=0.92, color=colour, edgecolor="white")
            room = int(165 * width / whole)
            if room >= 5:
                label = text if len(text) <= room else text[: room - 1] + "…"
                axes.text(start + width / 2, level, label, ha="center", va="center", fontsize=8)
        axes.set_xlim(0, whole)
        axes.set_ylim(depth - 0.5, -0.5)
        axes.set_yticks([])
        axes.set_xlabel("gas")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        axes.set_title(f"{self.tree.name}: {self.tree.gas:,} gas; calls orange, functions yellow")
        if file is not None:
            figure.savefig(file, dpi=150)
        return figure


def profile_call(function: Any, *args: Any, sender: Any = None, **kwargs: Any) -> CallProfile:
    """Run one call in py-evm, undo it, and say which lines used its gas."""
    world = function.contract.env
    with world.anchor(), world.gas_meter_class(ProfilingGasMeter):
        function(*args, sender=sender, **kwargs)
        computation = function.contract._computation
        sources: dict[str, list[str]] = {}
        return CallProfile(_frame(world, computation, sources), sources)


# -- private --


def _frame(world: Any, computation: Any, sources: dict[str, list[str]]) -> Frame:
    message = computation.msg
    contract = world._lookup_contract_fast(message.code_address)
    children = [_frame(world, child, sources) for child in computation.children]
    gas = computation.get_gas_used()
    below = sum(child.gas for child in children)
    own: dict[tuple[str, int, str], int] = {}
    if getattr(contract, "_can_line_profile", False):
        name = _name(contract, bytes(message.data[:4]))
        source_map = contract.source_map["pc_raw_ast_map"]
        for node in source_map.values():
            path = node.module_node.resolved_path
            if path not in sources:
                sources[path] = node.full_source_code.splitlines()
        for (path, line), datum in _SingleComputation(contract, computation).by_line.items():
            where = (path, line, get_fn_name_from_lineno(source_map, path, line) or DISPATCH)
            if datum.gas_used:
                own[where] = own.get(where, 0) + datum.gas_used
    else:
        name = f"0x{bytes(message.code_address).hex().lstrip('0').rjust(2, '0')}"
    rest = gas - below - sum(own.values())
    if rest:
        path = getattr(contract, "filename", None) or name
        own[str(path), 0, DISPATCH] = rest
    return Frame(name, gas, own, children)


def _bars(frame: Frame, level: int, start: int) -> Iterator[tuple[int, int, int, str, bool]]:
    """(level, start, width, text, whether it is a call) of a frame and all below it."""
    yield level, start, frame.gas, frame.name, True
    for child in frame.children:
        yield from _bars(child, level + 1, start)
        start += child.gas
    for function, gas in frame.functions().items():
        yield level + 1, start, gas, function, False
        start += gas


def _calldata(computation: Any) -> bytes:
    call = computation.__dict__.get("call")
    return bytes(computation.msg.data if call is None else call.data)


def _name(contract: Any, selector: bytes) -> str:
    number = int.from_bytes(selector, "big")
    data = getattr(contract, "compiler_data", None)
    if data is not None:
        for function in data.global_ctx.exposed_functions:
            if number in function.method_ids.values():
                return f"{contract.contract_name}.{function.name}"
    what = "unknown" if contract is None else getattr(contract, "contract_name", "unknown")
    return f"{what}.0x{selector.hex()}"


def _readable(table: pandas.DataFrame) -> pandas.DataFrame:
    shown = table.copy()
    if "share" in shown:
        shown["share"] = [f"{100 * share:.1f} %" for share in shown["share"]]
    for name in ("min", "median", "max", "gas"):
        if name in shown:
            shown[name] = [f"{value:,}" for value in shown[name]]
    return shown
