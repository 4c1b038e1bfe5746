"""Real option chains for tests and notebooks: the snapshots that the package `stochvolmodels`
ships as source code (BTC on 21 October 2021, SPY, and others).

They are read from its file without importing it: importing would need a compiler and more. It is
a dependency of tests and notebooks only (`pip install --no-deps stochvolmodels`).
"""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..errors import DataError, ParameterError
from .fit import Slice

PACKAGE, FILE = "stochvolmodels", Path("data") / "sample_option_chains.py"
CHAINS = {
    "BTC": "get_btc_test_chain_data",
    "SPY": "get_spy_test_chain_data",
    "GLD": "get_gld_test_chain_data",
    "VIX": "get_vix_test_chain_data",
}


def load_chain(name: str) -> list[Slice]:
    """The chain of an underlying, nearest expiry first; raises DataError when it is not there."""
    if name not in CHAINS:
        raise ParameterError("name", name, ", ".join(CHAINS))
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise DataError(PACKAGE, 0, f"not installed: pip install --no-deps {PACKAGE}")
    file = Path(found.submodule_search_locations[0]) / FILE
    chain = _read(file, CHAINS[name])
    slices = [
        Slice(
            str(chain.ids[i]),
            float(chain.ttms[i]),
            float(chain.forwards[i]),
            float(chain.discfactors[i]),
            *(tuple(float(x) for x in column[i]) for column in (chain.strikes_ttms,)),
            *(tuple(float(x) for x in column[i]) for column in (chain.bid_ivs, chain.ask_ivs)),
        )
        for i in range(len(chain.ttms))
    ]
    return sorted(slices, key=lambda one: one.tenor)


def _read(file: Path, function: str) -> Any:
    """What the function would give, with its arrays but without its class."""
    tree = ast.parse(file.read_text())
    body = [node for node in tree.body if getattr(node, "name", None) == function]
    if not body:
        raise DataError(file, 0, f"has no {function}")
    # Annotations name the class, which is not there.
    body[0].returns = None  # type: ignore[attr-defined]
    names: dict[str, Any] = {"array": np.array, "np": np, "OptionChain": SimpleNamespace}
    exec(compile(ast.Module(body, []), str(file), "exec"), names)
    return names[function]()
