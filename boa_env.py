"""The one door for notebooks and tests: open a market, trade, fork the world, travel in time.

    from boa_env import deploy

    market = deploy()
    maker, taker = market.account("maker"), market.account("taker")
    market.fund(maker, 100_000)
    market.fund(taker, 10_000)
    call = market.call(2_800, days=14)
    market.trade(maker, taker, call, 10, 42.5)
    market.travel_to(call.expiry)
    market.push_price(2_900)
    market.settle()
    market.health()

Contracts run in revm, thousands of what-ifs a second; what needs an explanation (a revert, gas by
line, coverage) is repeated in py-evm without being asked. `open("py-evm")` uses py-evm alone.

    with fork(): ...                          # undone at the end, nested as deep as you like
    twin = market.branch()                    # a second world beside this one
    save(market, "noon.world"); restore("noon.world")
    open(fork_url="https://...")              # a world that starts as a live chain is
    call_many(market.oracle.quote, [...])     # a thousand answers at once
    grid(spots, volatilities, scenario)       # what-ifs as a numpy array
    with gas_report() as report: ...          # per function
    profile_call(market.clearinghouse.withdraw, ...)   # per line, and as a flame graph
    margin_of(market, account)                # taken apart; margin_if(...), liquidation_price(...)

`deploy(rpc=...)` opens the same market on a chain. The functions `fund`, `sign`, `trade`, `travel`
are the methods of the same name, for those who like `trade(market, ...)` better.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import boa
from boa.environment import Env
from boa.profiling import get_line_profile_table
from boa.vm.gas_meters import ProfilingGasMeter
from rich.console import Console

from novate import deploy as _deploy
from novate.engine import Engine
from novate.engine.batch import array, call_many, grid, what_ifs
from novate.engine.profile import CallProfile, GasReport, gas_report, profile_call
from novate.engine.remote import fork_chain
from novate.engine.snapshot import restore, save
from novate.errors import DataError, NetworkError, NovateError, ParameterError
from novate.gas import Gas, fresh_transaction, transaction_gas
from novate.market import Account, Market, Receipt, fork, from_wad, to_wad
from novate.network import connect
from novate.parameters import Parameters
from novate.risk import liquidation_price, margin_if, margin_of
from novate.series import Series

__all__ = [
    "Account",
    "CallProfile",
    "DataError",
    "Engine",
    "Gas",
    "GasReport",
    "Market",
    "NetworkError",
    "NovateError",
    "ParameterError",
    "Parameters",
    "Receipt",
    "Series",
    "array",
    "call_many",
    "connect",
    "deploy",
    "fork",
    "fork_chain",
    "fresh_transaction",
    "from_wad",
    "fund",
    "gas_report",
    "grid",
    "liquidation_price",
    "margin_if",
    "margin_of",
    "open",
    "profile",
    "profile_call",
    "restore",
    "save",
    "sign",
    "to_wad",
    "trade",
    "transaction_gas",
    "travel",
    "what_ifs",
]

fund = Market.fund
sign = Market.sign
trade = Market.trade
travel = Market.travel


def open(
    engine: str | None = None, *, fork_url: str | None = None, block: int | str = "latest"
) -> Engine:
    """A new, empty world, in which everything happens from here on.

    engine: "revm" (the default, or what the environment variable NOVATE_ENGINE names) or "py-evm".
    fork_url: start as the chain behind this URL is at `block`; nothing is ever sent there.
    """
    world = Engine(engine) if fork_url is None else fork_chain(fork_url, block, engine)
    boa.set_env(world)
    return world


def deploy(
    parameters: Parameters | None = None,
    *,
    rpc: str | None = None,
    manifest: Path | None = None,
    handover: str | None = None,
    salt: str = "",
) -> Market:
    """Open a market, in-process or on the chain behind `rpc`; its contracts are its attributes.

    parameters: the defaults describe a market in an index.
    manifest: a file that describes the market as JSON; on a chain, one that was begun is finished.
    handover: the contract that owns every unit in the end, a timelock for example.
    salt: on a chain, tells markets of one owner apart.
    """
    if rpc is not None:
        boa.set_env(connect(rpc))
    elif type(boa.env) is Env:
        # Nobody has chosen yet.
        open()
    return _deploy.deploy(parameters, manifest=manifest, handover=handover, salt=salt)


@contextlib.contextmanager
def profile() -> Iterator[None]:
    """Gas by source line of everything called inside, printed as a table at the end."""
    with boa.env.gas_meter_class(ProfilingGasMeter):
        yield
    Console().print(get_line_profile_table())
