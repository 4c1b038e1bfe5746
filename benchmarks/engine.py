"""Speed of the engine against titanoboa as it comes, in one run: `python -m benchmarks.engine`.

Both run the same bytecode on the same machine at the same time, each figure in alternation and the
best of several rounds taken, so that other work on the machine does not decide. The ratios go to
engine.json: `view` and `write` are calls of a user (a balance, a deposit), `margin64` is the margin
check of an account with 64 options, `fork` is entering and leaving a what-if of a market that has
traded, `stateful` is steps per second of the state machine of tests/stateful. `forge` is calls per
second against the invariant runner of forge (benchmarks/forge_invariants.py), the same heavy call.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import boa
from hypothesis.stateful import rule

from benchmarks import forge_invariants
from novate.deploy import deploy
from novate.engine import Engine
from novate.market import Account, Market
from novate.parameters import Parameters

FILE = Path(__file__).resolve().parent / "engine.json"
START = 1_767_225_600
WAD = 10**18
ROUNDS = 5
# [s] of measuring each figure on each engine and round, at least one call.
PATIENCE = 0.05
STEPS = 12
TARGETS = {"view": 20, "write": 20, "margin64": 60, "fork": 100, "stateful": 15, "forge": 1 / 3}


class Side:
    """A market that has traded, in one environment."""

    def __init__(self, env: Any) -> None:
        self.env = env
        with boa.swap_env(env):
            env.evm.patch.timestamp = START
            self.market: Market = deploy(Parameters(fund=100_000))
            self.ledger = self.market.clearinghouse
            self.maker = self.person("maker")
            self.taker = self.person("taker")
            venue = env.generate_address("venue")
            self.ledger.set_venue(venue, True, sender=self.market.owner)
            expiry = self.market.expiry_in(7)
            legs = []
            for i in range(64):
                series = self.market.series(1_950 + 25 * i, expiry, i % 2 == 0)
                sides = (self.taker, self.maker) if i % 4 < 2 else (self.maker, self.taker)
                legs.append((sides[0].number, sides[1].number, series.code, WAD, WAD, 0, 0))
            for first in range(0, 64, 16):
                self.ledger.novate(legs[first : first + 16], sender=venue)
            self.payer = self.person("payer")

    def person(self, name: str) -> Account:
        account = self.market.account(name)
        self.market.give(account, 100_000_000)
        self.market.deposit(account, 50_000_000)
        return account

    def view(self) -> None:
        self.market.cash_token.balanceOf(self.payer.address)

    def write(self) -> None:
        payer = self.payer
        self.ledger.deposit(payer.number, 0, 1, sender=payer.address)

    def margin64(self) -> None:
        self.ledger.health(self.taker.number)

    def fork(self) -> None:
        with self.market.fork():
            pass

    def what_if(self) -> None:
        with self.market.fork():
            self.market.push_price(2_600)


def seconds(call: Callable[[], None]) -> float:
    """[s] per call."""
    count, begin = 0, time.perf_counter()
    while True:
        call()
        count += 1
        spent = time.perf_counter() - begin
        if spent > PATIENCE:
            return spent / count


def stateful(env: Any) -> float:
    """[s] per step of the world of tests/stateful, contracts, model and invariants together."""
    with boa.swap_env(env):
        env.evm.patch.timestamp = START
        return _play()


def _play() -> float:
    """Plays a fixed row of actions of the machine's world, invariants after each."""
    # Not imported above: tests are checked by themselves.
    base: Any = import_module("tests.stateful.base")
    # The world of the state machines, moved by hand; hypothesis wants a rule.
    player: Any = type("Player", (base.ClearingMachine,), {"nothing": rule()(lambda self: None)})()
    player.open_market()
    near = player.market.expiries(1)[0]
    codes = [player.market.series(2_500 + 100 * k, near, True).code for k in range(4)]

    def steps() -> None:
        for k in range(STEPS):
            if k % 4 == 0:
                player.bring(k % 3, 10, 0)
            elif k % 4 == 1:
                player.deal(k % 3, (k + 1) % 3, codes[k % 4], WAD // 10, WAD, 0)
            elif k % 4 == 2:
                player.move_market(2_700.0 + 5 * k, 0.2)
            else:
                player.take(k % 3, 1)
            player.positions_agree_and_sum_to_zero()
            player.cash_agrees_and_is_conserved()
            player.the_view_is_total()

    try:
        steps()
        begin = time.perf_counter()
        steps()
        return (time.perf_counter() - begin) / STEPS
    finally:
        player.teardown()


def measure() -> dict[str, dict[str, float]]:
    """Seconds by figure: stock titanoboa and the engine."""
    sides = {"stock": Side(boa.Env()), "revm": Side(Engine("revm"))}
    found: dict[str, dict[str, float]] = {}
    for name in ("view", "write", "margin64", "fork", "what_if"):
        best = dict.fromkeys(sides, float("inf"))
        for _ in range(ROUNDS):
            for engine, side in sides.items():
                with boa.swap_env(side.env):
                    gc.collect()
                    best[engine] = min(best[engine], seconds(getattr(side, name)))
        found[name] = best
    found["stateful"] = {
        "stock": min(stateful(boa.Env()) for _ in range(2)),
        "revm": min(stateful(Engine("revm")) for _ in range(3)),
    }
    if forge_invariants.find_forge() is None:
        print("forge is missing: `make bench` installs it", file=sys.stderr)
        return found
    side = sides["revm"]
    with boa.swap_env(side.env):
        rounds = [
            (forge_invariants.forge_seconds(side), forge_invariants.our_seconds(side))
            for _ in range(ROUNDS)
        ]
    # The other engine here is forge's.
    theirs, ours = map(min, zip(*rounds, strict=True))
    found["forge"] = {"stock": theirs, "revm": ours}
    return found


def main() -> int:
    found = measure()
    ratios = {name: best["stock"] / best["revm"] for name, best in found.items()}
    for name, best in found.items():
        target = f", wanted {TARGETS[name]:.3g}" if name in TARGETS else ""
        print(
            f"{name:<10}{best['stock'] * 1e6:>12,.1f} us {best['revm'] * 1e6:>10,.1f} us"
            f"   {ratios[name]:>7.1f} x{target}"
        )
    figures = {name: round(ratio, 1) for name, ratio in ratios.items()}
    FILE.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
