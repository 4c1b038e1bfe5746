"""A local chain: anvil, from the packages that set-up installs or from the PATH."""

import argparse
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from .errors import NetworkError, NovateError

ROOT = Path(__file__).resolve().parent.parent
# The rules that titanoboa's EVM follows, so that gas agrees.
HARDFORK = "prague"
# [s] On a machine that does much else besides; one that has died is not waited for.
START_TIMEOUT = 120.0
# Ports are chosen so often, when somebody else takes what was free a moment before.
TRIES = 5


@dataclass(frozen=True)
class Devnet:
    """A running chain of our own: where it listens and its id."""

    url: str
    chain_id: int


def find_anvil() -> str:
    """Path of the anvil program; raises NetworkError when there is none."""
    local = ROOT / "node_modules" / ".bin" / "anvil"
    if found := shutil.which(str(local)) or shutil.which("anvil"):
        return found
    raise NetworkError("anvil is missing: run `make setup`, or install foundry")


@contextlib.contextmanager
def devnet(
    *,
    port: int | None = None,
    chain_id: int | None = None,
    timestamp: int | None = None,
    step: int | None = None,
) -> Iterator[Devnet]:
    """Run a chain for the time of the block.

    port: a free one by default.
    chain_id: a new one by default, since clients cache the blocks of a chain by its id.
    timestamp: [s] of the first block, now by default.
    step: [s] by which a block is later than the one before, whatever the clock says.
    """
    program = find_anvil()
    # Above the ids in use, below the 2^31 that some wallets allow.
    chain_id = 10**9 + secrets.randbelow(10**9) if chain_id is None else chain_id
    more = [] if timestamp is None else ["--timestamp", str(timestamp)]
    with contextlib.ExitStack() as stack:
        for left in reversed(range(TRIES)):
            try:
                chain = stack.enter_context(_started(program, port or _free_port(), chain_id, more))
                break
            except NetworkError:
                if port is not None:
                    raise
                if not left:
                    raise NetworkError(f"no free port in {TRIES} tries") from None
        if step is not None:
            _ask(chain, "anvil_setBlockTimestampInterval", step, timeout=START_TIMEOUT)
        yield chain


@contextlib.contextmanager
def _started(program: str, port: int, chain_id: int, more: Sequence[str]) -> Iterator[Devnet]:
    """The program, at a port that somebody else may hold."""
    command = [program, "--silent", "--hardfork", HARDFORK]
    command += ["--port", str(port), "--chain-id", str(chain_id), *more]
    # A group of its own: the program in node_modules is a wrapper around the real one.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        chain = Devnet(f"http://127.0.0.1:{port}", chain_id)
        _wait(chain, process)
        yield chain
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(chain: Devnet, process: subprocess.Popen[bytes]) -> None:
    """Return once the chain answers with its id."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answer = _ask(chain, "eth_chainId", timeout=1)
        except requests.RequestException:
            time.sleep(0.05)
            continue
        if answer.get("result") == hex(chain.chain_id):
            return
        raise NetworkError(f"another chain answers at {chain.url}: choose another port")
    raise NetworkError(f"anvil does not start at {chain.url}")


def _ask(chain: Devnet, method: str, *arguments: int, timeout: float) -> Any:
    request: Any = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(arguments)}
    return requests.post(chain.url, json=request, timeout=timeout).json()


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m novate.devnet`: run a chain with a market on it until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="novate.devnet", description=main.__doc__)
    parser.add_argument("--port", type=int, default=8545)
    parser.add_argument("--chain-id", type=int, default=None, help="a new one by default")
    parser.add_argument("--empty", action="store_true", help="without a market")
    parser.add_argument(
        "--manifest",
        type=Path,
        default=Path("out/devnet.json"),
        metavar="FILE",
        help="describes the market (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        with devnet(port=options.port, chain_id=options.chain_id) as chain:
            print(f"chain {chain.chain_id} at {chain.url}", flush=True)
            if not options.empty:
                _deploy(chain.url, options.manifest)
            print("Ctrl-C ends it", flush=True)
            while True:
                time.sleep(3_600)
    except KeyboardInterrupt:
        return 0
    except NovateError as error:
        print(error, file=sys.stderr)
        return 1


def _deploy(url: str, manifest: Path) -> None:
    # Imported late: a chain without a market needs no EVM of ours.
    import boa

    from .deploy import deploy
    from .network import connect

    # Of a chain that is gone.
    manifest.unlink(missing_ok=True)
    with boa.swap_env(connect(url)):
        market = deploy(manifest=manifest)
    for name, contract in market.contracts.items():
        print(f"{name:<20} {contract.address}")
    print(f"described in {manifest}")


if __name__ == "__main__":
    sys.exit(main())
