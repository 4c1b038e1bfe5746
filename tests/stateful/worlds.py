"""One world of a campaign: moves from a seed, checks around them, and the least that fails."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boa

from tests.branches.branches import Branch
from tests.branches.recorder import Recorder
from tests.stateful.checks import Checks
from tests.stateful.checks_access import reasons, roles_of
from tests.stateful.checks_base import BrokenError
from tests.stateful.moves import Moves
from tests.stateful.snapshot import Snapshot
from tests.stateful.village import Receipt, Step, Village

REGRESSIONS = Path(__file__).with_name("regressions.json")
# Moves between two bursts of the market.
MOVES = 60
# Calls that py-evm repeats: of each function and outcome, so many kinds of gas.
KINDS = 12


@dataclass
class Seen:
    """What a campaign has met."""

    calls: Counter[str] = field(default_factory=Counter)  # unit.function, by success
    refusals: Counter[str] = field(default_factory=Counter)  # reason
    checks: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    inner: Counter[str] = field(default_factory=Counter)  # reached inside other calls
    branches: set[Branch] = field(default_factory=set)
    fingerprints: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    steps: int = 0
    worlds: int = 0
    replays: int = 0

    def add(self, other: Seen) -> None:
        for name in ("calls", "refusals", "checks", "states", "inner"):
            getattr(self, name).update(getattr(other, name))
        self.branches |= other.branches
        for name in ("steps", "worlds", "replays"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class Failure:
    """A check that did not hold, and the steps that led there."""

    seed: int
    check: str
    detail: str
    governed: bool
    steps: list[Step]

    def as_row(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "check": self.check,
            "detail": self.detail[:400],
            "governed": self.governed,
            "steps": [list(step) for step in self.steps],
        }


class Campaign:
    """A village and everything that worlds in it have shown."""

    def __init__(self, replays: int = 0, watched: bool = False) -> None:
        self.recorder = Recorder()
        if watched:
            self.recorder.watch(boa.env)
        self.village = Village()
        self.known = reasons()
        self.budget = replays
        self.seen = Seen()

    # -- a world from its seed --

    def play(self, seed: int, length: int) -> Failure | None:
        """A world of at least `length` steps; what failed, if anything."""
        village = self.village
        governed = seed % 3 == 2
        steps: list[Step] = []
        with village.env.anchor():
            try:
                self._play(seed, length, governed, steps)
                return None
            except BrokenError as error:
                return Failure(seed, error.check, str(error), governed, steps)
            finally:
                village.governed = False
                village.env._unexplained.clear()
                self.seen.worlds += 1

    def _play(self, seed: int, length: int, governed: bool, steps: list[Step]) -> None:
        village, rng = self.village, random.Random(seed)
        checks = self.open(governed)
        moves = Moves(village, rng, governed)
        moves.view = checks.view

        def make(move: Any) -> None:
            receipt: Receipt | None = None
            try:
                step = next(move)
                while True:
                    steps.append(step)
                    receipt = self.step(checks, step, rng)
                    step = move.send(receipt)
            except StopIteration:
                pass

        try:
            for turn in range(10**6):
                if len(steps) >= length:
                    break
                make(self.market(moves, checks))
                moves.view = self.look(checks)
                for _ in range(MOVES):
                    make(moves.any_move())
                moves.view = self.look(checks)
                if turn % 4 == 3:
                    checks.what_if(moves.view, rng)
            checks.look()
            checks.end()
        finally:
            self.seen.checks.update(checks.done)
            self.seen.inner.update(checks.inside)

    def market(self, moves: Moves, checks: Checks) -> Any:
        """A burst of the market; a price recorded in it must be an honest one."""
        before = self.village.now
        yield from moves.market()
        now = self.village.now
        price, time = self.village.market.oracle.last(1)
        feeds = [
            self.village.units[name].latestRoundData() for name in ("spot_feed", "second_feed")
        ]
        if now > before and time == now and all(one[3] == now for one in feeds):
            said = [one[1] * 10**10 for one in feeds]
            held = min(said) <= price <= max(said)
            checks.hold("u the price is honest", held, (said, price))

    def open(self, governed: bool) -> Checks:
        """The beginning of a world, inside an anchor."""
        if governed:
            self.village.hand_over()
        return Checks(self.village, self.known, roles_of(self.village))

    def step(self, checks: Checks, step: Step, rng: Any) -> Receipt:
        village = self.village
        if step.target.endswith(".bid") and rng.random() < 0.15 and step.args[0] in village.numbers:
            checks.dust_blocks_nobody(step)
        checks.prepare(step)
        receipt = village.do(step)
        if receipt.result is not None:
            self.note(receipt, checks)
        checks.after(receipt)
        return receipt

    def note(self, receipt: Receipt, checks: Checks) -> None:
        seen = self.seen
        seen.steps += 1
        outcome = "ok" if receipt.ok else "refused"
        name = f"{receipt.unit}.{receipt.function}"
        seen.calls[f"{name} {outcome}"] += 1
        if not receipt.ok:
            seen.refusals[receipt.reason] += 1
        elif receipt.step.target in ("~execute", "~guard"):
            seen.inner[receipt.step.args[0]] += 1
        elif receipt.step.target == "~veto":
            seen.inner["timelock.cancel"] += 1
        if seen.replays >= self.budget:
            return
        size = receipt.gas // 2_000 if receipt.ok else receipt.reason
        kind = (name, receipt.ok, size)
        if kind in seen.fingerprints:
            return
        group = (name, receipt.ok)
        if seen.fingerprints[group] >= KINDS * (4 if receipt.ok else 1):
            return
        seen.fingerprints[kind] += 1
        seen.fingerprints[group] += 1
        seen.replays += 1
        self.repeat(receipt, checks)

    def repeat(self, receipt: Receipt, checks: Checks) -> None:
        """The same call in py-evm, from the same state: what it did and which branches it took."""
        result = receipt.result
        if not hasattr(result, "outcome"):
            return
        again = self.village.env.replay(result.call)
        same = (
            again.is_error == result.is_error
            and bytes(again.output) == bytes(result.output)
            and (again.get_gas_used() == receipt.gas or result.outcome.halt)
        )
        detail = (receipt.step, receipt.gas, again.get_gas_used())
        checks.hold("10 engines agree", bool(same), detail)
        self._inner(again)

    def _inner(self, computation: Any) -> None:
        for child in computation.children:
            known = self.village.by_address.get(child.msg.to)
            if known is not None and not child.is_error:
                name, _ = self.village.selectors.get((known[0], bytes(child.msg.data[:4])), ("", 0))
                if name:
                    self.seen.inner[f"{known[0]}.{name}"] += 1
            self._inner(child)

    def look(self, checks: Checks) -> Snapshot:
        view = checks.look()
        self.seen.states[state_of(self.village, view)] += 1
        return view

    # -- a world from its steps --

    def replay(self, governed: bool, steps: Sequence[Step], only: str = "") -> BrokenError | None:
        """Steps as they were recorded, everything checked after each; what failed."""
        village, rng = self.village, random.Random(1)
        end = not only or only[:2] in ("11", "u ", "2 ", "6 ")
        with village.env.anchor():
            try:
                checks = self.open(governed)
                for i, step in enumerate(steps):
                    if step.target.endswith(".bid") and step.args[0] in village.numbers:
                        checks.dust_blocks_nobody(step)
                    checks.prepare(step)
                    receipt = village.do(step)
                    if only.startswith("10") and receipt.result is not None:
                        self.repeat(receipt, checks)
                    checks.after(receipt)
                    checks.look()
                    if i % 5 == 4 or only[:2] in ("7 ", "9 "):
                        checks.what_if(checks.view, rng)
                if end:
                    checks.end()
            except BrokenError as error:
                return error
            except Exception:
                # A step that no longer can be made: a smaller sequence without sense.
                return None
            finally:
                village.governed = False
        return None

    def shrink(self, failure: Failure, budget: int = 250) -> Failure:
        """The fewest steps found that break the same check (delta debugging)."""

        def breaks(steps: Sequence[Step]) -> bool:
            error = self.replay(failure.governed, steps, failure.check)
            return error is not None and error.check == failure.check

        if breaks(failure.steps):
            failure.steps = smallest(failure.steps, breaks, budget)
            error = self.replay(failure.governed, failure.steps, failure.check)
            failure.detail = str(error)
        return failure


def smallest(steps: list[Step], breaks: Callable[[list[Step]], bool], budget: int) -> list[Step]:
    """Zeller's ddmin: leave out ever smaller pieces as long as it still breaks."""
    pieces = 2
    while len(steps) > 1 and budget > 0:
        size = -(-len(steps) // pieces)
        for start in range(0, len(steps), size):
            rest = steps[:start] + steps[start + size :]
            budget -= 1
            if rest and breaks(rest):
                steps, pieces = rest, max(pieces - 1, 2)
                break
            if budget <= 0:
                return steps
        else:
            if size == 1:
                return steps
            pieces = min(2 * pieces, len(steps))
    return steps


def state_of(village: Village, view: Snapshot) -> str:
    """A coarse state: auctions, fund, market, positions."""
    kinds = {view.health[n][0] > 0 for n in view.frozen if n in view.health}
    auction = {(): "none", (True,): "solvent", (False,): "insolvent"}.get(tuple(kinds), "both")
    fund = "owing" if view.outstanding else "empty"
    if not view.outstanding and view.cash[village.fund] > 10**18:
        fund = "backed"
    halted = view.halted > view.time
    stale = any(not health[3] for health in view.health.values())
    market = "stale" if stale else "halted" if halted else "open"
    count = sum(map(len, view.positions.values()))
    size = next(
        name
        for most, name in ((0, "0"), (9, "1-9"), (29, "10-29"), (10**6, "30+"))
        if count <= most
    )
    debt = "debt" if min(view.cash.values()) < 0 else "no debt"
    return f"auction {auction}, fund {fund}, market {market}, positions {size}, {debt}"


def load(rows: Iterable[dict[str, Any]]) -> list[Failure]:
    """Recorded failures, steps as data."""

    def plain(value: Any) -> Any:
        return tuple(map(plain, value)) if isinstance(value, list) else value

    return [
        Failure(
            row["seed"],
            row["check"],
            row["detail"],
            row["governed"],
            [Step(one[0], one[1], plain(one[2])) for one in row["steps"]],
        )
        for row in rows
    ]


def recorded() -> list[Failure]:
    return load(json.loads(REGRESSIONS.read_text())) if REGRESSIONS.exists() else []
