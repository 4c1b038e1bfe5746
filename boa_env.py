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

`deploy(rpc=...)` opens the same market on a chain. The functions `fund`, `sign`, `trade`, `travel`
are the methods of the same name, for those who like `trade(market, ...)` better.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import boa
from boa.profiling import get_line_profile_table
from boa.vm.gas_meters import ProfilingGasMeter
from rich.console import Console

from novate import deploy as _deploy
from novate.deploy import Parameters
from novate.errors import DataError, NetworkError, NovateError, ParameterError
from novate.gas import Gas, fresh_transaction, transaction_gas
from novate.market import Account, Market, Receipt, fork, from_wad, to_wad
from novate.network import connect
from novate.series import Series

__all__ = [
    "Account",
    "DataError",
    "Gas",
    "Market",
    "NetworkError",
    "NovateError",
    "ParameterError",
    "Parameters",
    "Receipt",
    "Series",
    "connect",
    "deploy",
    "fork",
    "fresh_transaction",
    "from_wad",
    "fund",
    "profile",
    "sign",
    "to_wad",
    "trade",
    "transaction_gas",
    "travel",
]

fund = Market.fund
sign = Market.sign
trade = Market.trade
travel = Market.travel


def deploy(
    parameters: Parameters | None = None,
    *,
    rpc: str | None = None,
    manifest: Path | None = None,
) -> Market:
    """Open a market, in-process or on the chain behind `rpc`; its contracts are its attributes.

    parameters: the defaults describe a market in an index.
    manifest: a file that receives the addresses as JSON.
    """
    if rpc is not None:
        boa.set_env(connect(rpc))
    return _deploy.deploy(parameters, manifest=manifest)


@contextlib.contextmanager
def profile() -> Iterator[None]:
    """Gas by source line of everything called inside, printed as a table at the end."""
    with boa.env.gas_meter_class(ProfilingGasMeter):
        yield
    Console().print(get_line_profile_table())
