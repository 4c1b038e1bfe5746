"""Gas of contracts/math: `python -m benchmarks.math [--where]`.

Execution of one call of an internal function, checks included, without dispatch: a unit with the
one function measured, less a unit of the same signature that does nothing. Each at 1,500 USD, 80 %,
30 days, 5 % at and near the money; `.max`, the dearest of a spread of inputs with prices within a
factor of 20 of each other; and `.far`, the dearest with prices 1e3 to 1e17 times apart, where a
logarithm has to find its power of two first.
The figures of gas.json count the jump to the function and back with its arguments and results (some
45 gas), which the caller pays, as it does in the peers' figures; what is printed shows them without
it as well ("inside"). `--where` takes the figures above their targets apart, line by line, grouped
under the comments of the sources.
"""

import argparse
import itertools
import math
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import boa

from novate.gas import transaction_gas

ROOT = Path(__file__).resolve().parent.parent
WAD = 10**18
YEAR = 31_536_000
MONTH = 30 * 86_400
TERMS = "spot: uint256, strike: uint256, volatility: uint256, time: uint256, rate: int256"
NAMES = "spot, strike, volatility, time, rate"
PAIR = "(uint256, uint256)"
SIGNED = "(int256, int256)"

# name: module, function, arguments, their names, result, what "nothing" returns
FUNCTIONS: dict[str, tuple[str, str, str, str, str, str]] = {
    "exp": ("fixed_point", "_exp", "x: int256", "x", "uint256", "0"),
    "ln": ("fixed_point", "_ln", "x: uint256", "x", "int256", "0"),
    "sqrt": ("fixed_point", "_sqrt", "x: uint256", "x", "uint256", "0"),
    "normal_pdf": ("normal", "_pdf", "x: int256", "x", "uint256", "0"),
    "normal_cdf": ("normal", "_cdf", "x: int256", "x", "uint256", "0"),
    "normal_quantile": ("normal", "_quantile", "x: uint256", "x", "int256", "0"),
    "black76": (
        "black76",
        "_price",
        "forward: uint256, strike: uint256, volatility: uint256, time: uint256",
        "forward, strike, volatility, time",
        PAIR,
        "0, 0",
    ),
    "out_of_the_money": (
        "black76",
        "_out_of_the_money_q64",
        "low: int256, high: int256, deviation: int256",
        "low, high, deviation",
        "int256",
        "0",
    ),
    "deviation": (
        "black76",
        "_deviation_q64",
        "volatility: uint256, time: uint256",
        "volatility, time",
        "int256",
        "0",
    ),
    "black_scholes": ("black_scholes", "_price", TERMS, NAMES, PAIR, "0, 0"),
    "greeks": ("greeks", "_all", TERMS, NAMES, "greeks.Greeks", "empty(greeks.Greeks)"),
    "delta": ("greek", "_at_d1", TERMS, f"greek.DELTA, {NAMES}", "int256", "0"),
    "gamma": ("greek", "_at_d1", TERMS, f"greek.GAMMA, {NAMES}", "int256", "0"),
    "vega": ("greek", "_at_d1", TERMS, f"greek.VEGA, {NAMES}", "int256", "0"),
    "theta": ("greek", "_theta", TERMS, NAMES, SIGNED, "0, 0"),
    "rho": ("greek", "_rho", TERMS, NAMES, SIGNED, "0, 0"),
    "vanna": ("greek", "_vanna", TERMS, NAMES, "int256", "0"),
    "volga": ("greek", "_volga", TERMS, NAMES, "int256", "0"),
    "implied_volatility": (
        "implied_volatility",
        "_implied",
        "price: uint256, is_call: bool, "
        + "spot: uint256, strike: uint256, time: uint256, rate: int256",
        "price, is_call, spot, strike, time, rate",
        "uint256",
        "0",
    ),
}

NEAR = [(1_500 * WAD, k * WAD, 8 * WAD // 10, MONTH, WAD // 20) for k in (1_500, 1_550, 1_450)]
# Quotients up to and beyond 2 and 8, where the series change; a second, a month and ten years.
SPREAD = [
    (1_500 * WAD, 1_500 * 10**15 * k, v * WAD // 100, t, WAD // 20)
    for k, (v, t) in itertools.product(
        (100, 400, 999, 1_300, 4_000, 20_000),
        ((30, 10 * YEAR), (80, MONTH), (500, MONTH), (500, 1)),
    )
]
# Far apart, over a year, with z1 at 1 and at -4: the middle and the wing.
FAR = [
    (1_500 * WAD, 1_500 * 10 ** (18 + power), int((root - z) * WAD), YEAR, 0)
    for power, z in itertools.product((3, 9, 17, -12), (1, -4))
    for root in [math.sqrt(z * z + 2 * abs(power) * math.log(10))]
]
# Figures above their targets, and one that is not.
MISSED = (
    "exp",
    "ln.far",
    "normal_cdf.max",
    "black_scholes",
    "black_scholes.far",
    "greeks.far",
    "implied_volatility.far",
)


def unit(name: str, works: bool, experimental: bool = False) -> Any:
    """A contract with the one function, or with one of its signature that does nothing."""
    module, function, arguments, names, result, nothing = FUNCTIONS[name]
    body = f"{module}.{function}({names})" if works else nothing
    source = (
        "# pragma version 0.4.3\n# pragma optimize gas\n"
        f"from ..contracts.math import {module}\n"
        f"@external\n@pure\ndef measured({arguments}) -> {result}:\n    return {body}\n"
    )
    settings = {"experimental_codegen": True} if experimental else {}
    return boa.loads(source, filename=str(ROOT / "benchmarks" / "unit.vy"), compiler_args=settings)


def calling(name: str) -> int:
    """What jumping to a function of this signature and back costs."""
    module, _, arguments, names, result, nothing = FUNCTIONS[name]
    given = names.split(", ")[-arguments.count(":") :]
    head = f"# pragma version 0.4.3\n# pragma optimize gas\nfrom ..contracts.math import {module}\n"
    inner = f"@internal\n@pure\ndef _inner({arguments}) -> {result}:\n    return {nothing}\n"
    outer = (
        f"@external\n@pure\ndef measured({arguments}) -> {result}:\n"
        f"    return self._inner({', '.join(given)})\n"
    )
    jumping = boa.loads(head + inner + outer, filename=str(ROOT / "benchmarks" / "unit.vy"))
    near = inputs(name)[0][0]
    return gas(jumping, near) - gas(unit(name, False), near)


def gas(contract: Any, arguments: Iterable[Any]) -> int:
    with boa.env.anchor():
        return transaction_gas(contract.measured, *arguments).execution


def inputs(name: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """At and near the money, and the spread."""
    if name == "exp":
        return [(WAD,), (-WAD // 2,)], [(int(x * WAD),) for x in (-41.4, -20, -1e-9, 0, 1, 60, 135)]
    if name in ("ln", "sqrt"):
        return [(2 * WAD,), (WAD * 7 // 10,)], [(10**i + 1,) for i in range(0, 39, 4)]
    if name in ("normal_pdf", "normal_cdf"):
        return [(WAD // 2,), (-WAD,)], [(i * WAD,) for i in (-9, -5, -2, 2, 5, 9)]
    if name == "normal_quantile":
        return [(WAD // 5,), (WAD * 7 // 10,)], [(10**i,) for i in (0, 9, 15)]
    if name == "deviation":
        return [(8 * WAD // 10, MONTH)], [(WAD, t) for t in (0, 1, 300, 10**6, 10**9)]
    if name in ("black76", "out_of_the_money", "implied_volatility"):
        return [convert(name, p) for p in NEAR], [
            a for a in (convert(name, p) for p in SPREAD) if a is not None
        ]
    return list(NEAR), list(SPREAD)


_prices: dict[str, Any] = {}


def convert(name: str, point: tuple[int, ...]) -> Any:
    """Arguments of another function on the terms of a point; None where there are none."""
    spot, strike, volatility, time, rate = point
    if name == "black76":
        return point[:4]
    deviation = int(volatility * (time / YEAR) ** 0.5 * 2**64 / WAD)
    if name == "out_of_the_money":
        return min(spot, strike), max(spot, strike), deviation
    if not _prices:
        _prices["unit"] = unit("black_scholes", True)
    pricer = _prices["unit"]
    call, put = pricer.measured(*point)
    worth, is_call = (call, True) if strike > spot else (put, False)
    if 10**6 < worth < min(spot, strike) * 999 // 1_000:
        return worth, is_call, spot, strike, time, rate
    return None


def distant(name: str) -> list[tuple[Any, ...]]:
    """Inputs of which `.far` is the dearest; none where distance makes no difference."""
    if name == "ln":
        return inputs(name)[1]
    if FUNCTIONS[name][2] == TERMS:
        return list(FAR)
    if name in ("black76", "out_of_the_money", "implied_volatility"):
        return [a for a in (convert(name, p) for p in FAR) if a is not None]
    return []


def measure(experimental: bool = False) -> dict[str, int]:
    """math.<function> near the money, .max within a factor of 20, .far beyond."""
    figures = {}
    for name in FUNCTIONS:
        working, idle = unit(name, True, experimental), unit(name, False, experimental)
        near, spread = inputs(name)
        base = gas(idle, near[0])
        figures[f"math.{name}"] = max(gas(working, a) for a in near) - base
        figures[f"math.{name}.max"] = max(gas(working, a) for a in [*near, *spread]) - base
        if far := distant(name):
            figures[f"math.{name}.far"] = max(gas(working, a) for a in far) - base
    return figures


def part(path: str, line: int) -> str:
    """Where a line of a source belongs: its function and the comment above it."""
    text = Path(path).read_text().splitlines()
    comment = ""
    for above in range(line - 1, -1, -1):
        stripped = text[above].strip()
        if stripped.startswith("#") and not comment:
            while text[above - 1].strip().startswith("#"):
                above -= 1
            comment = ": " + text[above].strip("# ")[:60]
        if found := re.match(r"def (\w+)", stripped):
            return f"{Path(path).stem}.{found[1]}{comment}"
    return "dispatch"


def where(figure: str) -> dict[str, int]:
    """A figure taken apart, in the order of execution; dispatch and decoding are in it."""
    name, _, kind = figure.partition(".")
    contract = unit(name, True)
    near, spread = inputs(name)
    cases = {"": near, "max": spread, "far": distant(name)}[kind]
    dearest = max(cases, key=lambda a: gas(contract, a))
    boa.env.enable_gas_profiling()
    try:
        contract.measured(*dearest)
    finally:
        boa.env.reset_gas_metering_behavior()
    nodes = contract.source_map["pc_raw_ast_map"]
    used = contract._computation._gas_meter._gas_used_of
    parts: dict[str, int] = {}
    node = None
    for pc in dict.fromkeys(contract._computation.code._trace):
        node = nodes.get(pc, node)
        inside = node is not None and "contracts" in str(node.module_node.resolved_path)
        label = part(node.module_node.resolved_path, node.lineno) if inside else "dispatch"
        parts[label] = parts.get(label, 0) + used.get(pc, 0)
    return parts


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.math", description=__doc__)
    parser.add_argument("--where", action="store_true", help="the missed figures taken apart")
    if parser.parse_args().where:
        for figure in MISSED:
            print(f"math.{figure}")
            for label, count in where(figure).items():
                print(f"  {count:>6,}  {label}")
        return 0
    shipped, experimental = measure(), {}
    try:
        experimental = measure(experimental=True)
    except Exception as error:  # the experimental pipeline may refuse
        print(re.sub(r"\s+", " ", f"experimental pipeline: {error}")[:200])
    calls = {name: calling(name) for name in FUNCTIONS}
    print(f"{'':<32}{'called':>8}{'inside':>8}{'experimental, called':>22}")
    for name, called in shipped.items():
        inside = called - calls[name.split(".")[1]]
        print(f"{name:<32}{called:>8,}{inside:>8,}{experimental.get(name, 0):>22,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
