"""`python -m tests.proofs.world FOLDER [--market]`: what the Solidity side is made of.

`Bytecode.sol` has the creation code of every contract that is proved something of, exactly as the
compiler made it. With `--market`: `allocs.json`, the accounts of a deployed market as a genesis
file has them, and `World.sol`, who is where in it. NOVATE_BROKEN names a tree in which a contract
was broken on purpose, NOVATE_UNITS the one unit that is taken from there.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import boa

from benchmarks.forge_invariants import allocation
from novate import deploy as deployment
from novate.engine import Engine
from novate.engine.cache import load
from novate.market import Market
from novate.parameters import Parameters, Prices

PROJECT = Path(__file__).resolve().parents[2]
BROKEN, UNIT = os.environ.get("NOVATE_BROKEN", ""), os.environ.get("NOVATE_UNITS", "")
START = 1_767_225_600  # [s] 2026-01-01 00:00 UTC
HEAD = "// SPDX-License-Identifier: AGPL-3.0-only\npragma solidity ^0.8.0;\n\n"
# Name in Solidity -> source.
UNITS = {
    "CASH": "tests/proofs/harness/CashHarness.vy",
    "CODE_BEHIND": "tests/harness/ProxyHarness.vy",
    "ERC6909": "tests/proofs/harness/Erc6909Harness.vy",
    "MEDIAN": "tests/proofs/harness/MedianHarness.vy",
    "MULTISIG": "contracts/governance/Multisig.vy",
    "OPERATORS": "contracts/clearing/Operators.vy",
    "PROXY": "contracts/proxy/Proxy.vy",
    "SERIES": "tests/harness/SeriesHarness.vy",
    "TOKEN": "tests/proofs/harness/TokenHarness.vy",
    "VOTES": "contracts/governance/VoteToken.vy",
}
TRADERS = 4
CASH, INDEX = 20_000, 5  # [USD], [units] that each trader has in its wallet


def root(unit: str) -> Path:
    """Where a unit is compiled."""
    return Path(BROKEN) if BROKEN and unit == UNIT else PROJECT


def bytecode() -> str:
    """A library of constants."""
    codes = {
        name: load(root(name) / source).compiler_data.bytecode for name, source in UNITS.items()
    }
    lines = [
        f'    bytes internal constant {name} = hex"{code.hex()}";' for name, code in codes.items()
    ]
    return HEAD + "library Bytecode {\n" + "\n".join(lines) + "\n}\n"


def market() -> tuple[Market, dict[str, str], list[int]]:
    """A market in which nothing has happened yet, its addresses, and keys of its traders."""
    boa.env.evm.patch.timestamp = START
    whole = deployment.compiled

    def taken(source: str) -> Any:
        return load(root(source) / "contracts" / source) if source == UNIT else whole(source)

    vars(deployment)["compiled"] = taken
    # A fee for the venue and for the fund; prices may make any step and count at once.
    market = deployment.deploy(Parameters(grace=0, fund=10_000, prices=Prices(hold=0, jump=0)))
    keys = []
    for number in range(TRADERS):
        account = market.account(f"trader {number}")
        keys.append(int.from_bytes(account.signer.key, "big"))
        for token, amount in (
            (market.cash_token, CASH * 10**6),
            (market.index_token, INDEX * 10**18),
        ):
            token.mint(account.address, amount)
            token.approve(market.clearinghouse.address, 2**256 - 1, sender=account.address)
    units = {
        "LEDGER": market.clearinghouse,
        "HOUSE": market.auctions,
        "ORACLE": market.oracle,
        "ORDERS": market.orders,
        "SPOT": market.spot_feed,
        "VOLATILITY": market.volatility_feed,
        "CASH": market.cash_token,
        "INDEX": market.index_token,
    }
    addresses = {name: str(unit.address) for name, unit in units.items()}
    addresses["REPORTER"] = str(market.spot_feed.reporter())
    return market, addresses, keys


def world(market: Market, addresses: dict[str, str], keys: list[int]) -> str:
    """The same as constants of Solidity."""
    lines = [f"    address internal constant {name} = {at};" for name, at in addresses.items()]
    near, far = market.expiry_in(6), market.expiry_in(40)
    lines += [f"    uint256 internal constant START = {market.now};"]
    lines += [f"    uint256 internal constant EXPIRY = {near};"]
    codes = [
        market.series(strike, expiry, put).code
        for strike, expiry, put in (
            (2_700, near, True),
            (2_750, near, False),
            (2_800, near, False),
            (2_600, far, True),
            (2_750, far, True),
            (3_000, far, False),
        )
    ]
    for name, numbers in (("series", codes), ("keys", keys)):
        places = "".join(f"        list[{i}] = {number};\n" for i, number in enumerate(numbers))
        lines.append(
            f"    function {name}() internal pure "
            f"returns (uint256[{len(numbers)}] memory list) {{\n{places}    }}"
        )
    return HEAD + "library World {\n" + "\n".join(lines) + "\n}\n"


def write(folder: Path, whole: bool) -> None:
    """Everything, into a folder."""
    if not whole:
        (folder / "Bytecode.sol").write_text(bytecode())
        return
    with boa.swap_env(Engine()):
        found: Any = market()
        (folder / "allocs.json").write_text(json.dumps(allocation(boa.env.state)))
        (folder / "World.sol").write_text(world(*found))


if __name__ == "__main__":
    write(Path(sys.argv[1]), "--market" in sys.argv)
