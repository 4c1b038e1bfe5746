"""Calls per second beside forge's invariant runner: the same bytecode, state and call.

The state of a market is written as an allocation that forge loads; a handler in Solidity withdraws
a unit from an account with 64 options, again and again, as `novate.engine` does from Python. Forge
is measured by the difference of a long and a short run, so that starting and loading do not count.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent / "forge"
SHORT, LONG = 500, 4_500
_FINISHED = re.compile(r"calls: (\d+), reverts: 0\).*finished in ([\d.]+)(ms|s) ", re.DOTALL)


def find_forge() -> str | None:
    """Path of forge with its compiler, which `make bench` installs."""
    return shutil.which(str(PROJECT / "node_modules" / ".bin" / "forge"))


def allocation(state: Any) -> dict[str, Any]:
    """A world's accounts as a genesis file has them."""
    return {
        "0x" + address.hex(): {
            "balance": hex(account.balance),
            "nonce": hex(account.nonce),
            "code": "0x" + account.code.hex(),
            "storage": {
                f"{slot:#066x}": f"{value:#066x}"
                for slot, value in state.storage.get(address, {}).items()
                if value
            },
        }
        for address, account in state.accounts.items()
    }


def forge_seconds(side: Any) -> float:
    """[s] per withdrawal in forge's invariant runner."""
    forge = find_forge()
    assert forge is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in PROJECT.iterdir():
            if file.is_file():
                shutil.copy(file, folder)
        (folder / "allocs.json").write_text(json.dumps(allocation(side.env.state)))
        environment = os.environ | {
            "NODE_PATH": str(PROJECT / "node_modules"),
            "LEDGER": str(int(str(side.ledger.address), 16)),
            "ACCOUNT": str(side.taker.number),
            "TIMESTAMP": str(side.market.now),
        }

        def run(depth: int) -> float:
            done = subprocess.run(
                [forge, "test", "--threads", "1"],
                cwd=folder,
                env=environment | {"FOUNDRY_INVARIANT_DEPTH": str(depth)},
                capture_output=True,
                text=True,
            )
            found = _FINISHED.search(done.stdout)
            if found is None or int(found[1]) != depth:
                raise RuntimeError(f"forge: {done.stdout[-2_000:]} {done.stderr[-2_000:]}")
            return float(found[2]) * (1e-3 if found[3] == "ms" else 1)

        run(SHORT)
        return (run(LONG) - run(SHORT)) / (LONG - SHORT)


def our_seconds(side: Any, count: int = 1_000) -> float:
    """[s] per withdrawal through titanoboa's objects."""
    taker = side.taker
    begin = time.perf_counter()
    with side.market.fork():
        for _ in range(count):
            side.ledger.withdraw(taker.number, 0, 1, taker.address, sender=taker.address)
    return (time.perf_counter() - begin) / count
