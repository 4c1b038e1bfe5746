"""Which branches and lines run, at the speed of revm.

    recorder = Recorder()
    recorder.watch(engine)     # an `Engine`; as many as there are
    ...                        # calls and deployments as ever
    recorder.branches          # {(place, whether it jumped), ...}, see branches.py
    recorder.lines             # {(file, line), ...}
    recorder.write(file)       # for report.py, or for `read` in another process

Each branch and each block that has not run yet holds a trap in revm's copy of the code. A call that
meets one burns all the gas of its frame; it is undone and made again in py-evm, whose trace says
what ran, and the traps of that are taken out. So what runs again runs at full speed, and a long
campaign meets a few thousand traps in all. The state holds the true code: only revm sees
traps, and what a call leaves behind, its gas too, is what it would be without them.

A call that burns more than `BURNT`, trap or not, goes to py-evm. So that this shows also where a
contract limits the gas of a call and bears its failure, such limits are raised `FACTOR` times in
revm's copy; a call that comes with little gas goes to py-evm at once. What this cannot see:

- a fall through into a jump's destination, if that ran already from elsewhere (one `assert`);
- a callee that a contract's limit should stop and the raised one does not: it succeeds here. The
  tests of that would turn red; counted branches have always run.
"""

from __future__ import annotations

import json
import weakref
from pathlib import Path
from typing import Any

from boa.environment import Env

from novate.engine import Engine, cache
from novate.engine.instructions import needs_microscope
from novate.engine.revm import Outcome, Revm, Unable
from novate.engine.state import code_hash

from .branches import JUMPDEST, PUSH2, Branch, Code, Line, width

INVALID = 0xFE
# [gas] 100,000, the least limit that contracts set, becomes 5,500,000, the greatest fits PUSH3.
FACTOR, BURNT = 55, 5_400_000
# [gas] Less than that might not be enough for the raised limits.
ENOUGH = 40_000_000
# Codes that one copy of revm's database may hold, 100 KB each with what is made of them.
MOST = 4_000


class Trapped:
    """A code, and the traps that are left in it."""

    def __init__(self, code: Code) -> None:
        self.code = code
        # By place: what to write there, and what has not run yet behind it.
        self.traps: dict[int, tuple[bytes, set[Branch | Line]]] = {}
        for pc, lines in code.blocks.items():
            self._set(pc, self._invalid(pc), *lines)
        for pc, place in code.jumps.items():
            # PUSH2 with the destination stands before; there is none at 0.
            if code.bytes[pc - 3] == PUSH2:
                self._set(pc - 2, b"\0\0", (place, True))
            if code.bytes[pc + 1] != JUMPDEST:
                self._set(pc + 1, self._invalid(pc + 1), (place, False))
        self._patched, self._version = b"", 0

    def _set(self, pc: int, trap: bytes, *waiting: Branch | Line) -> None:
        self.traps.setdefault(pc, (trap, set()))[1].update(waiting)

    def _invalid(self, pc: int) -> bytes:
        # Over its data too: they would be taken for instructions.
        return bytes([INVALID]) * width(self.code.bytes[pc])

    def patched(self, recorder: Recorder) -> bytes:
        """The code with the traps of what has not run; the same object until that changes."""
        if self._take_out(recorder) or not self._patched:
            code = bytearray(self.code.bytes)
            for pc, gas in self.code.limits.items():
                code[pc + 1 : pc + 4] = min(FACTOR * gas, 2**24 - 1).to_bytes(3, "big")
            for pc, (trap, _) in self.traps.items():
                code[pc : pc + len(trap)] = trap
            self._patched = bytes(code)
        return self._patched

    def _take_out(self, recorder: Recorder) -> bool:
        version = len(recorder.branches) + len(recorder.lines)
        if version == self._version:
            return False
        self._version, before = version, len(self.traps)
        for pc, (_, waiting) in [*self.traps.items()]:
            waiting -= recorder.branches
            waiting -= recorder.lines
            if not waiting:
                del self.traps[pc]
        return len(self.traps) < before


class Recorder:
    """What has run in the engines that it watches."""

    def __init__(self) -> None:
        self.branches: set[Branch] = set()
        self.lines: set[Line] = set()
        # How often py-evm was asked.
        self.replays = 0
        # Contracts that were loaded, how many, those that were met, and by hash of code there.
        self._compiled: dict[bytes, tuple[Any, bool]] = {}
        self._loaded = 0
        self._codes: dict[bytes, Trapped] = {}
        self._known: dict[bytes, Trapped | None] = {}
        self._machines: weakref.WeakSet[Watched] = weakref.WeakSet()

    def watch(self, engine: Env) -> None:
        """Record what an engine runs from now on, also one of titanoboa's own."""
        machine = engine.evm
        for name in ("execute_code", "deploy_code"):
            setattr(machine, name, self._followed(getattr(machine, name)))
        if isinstance(engine, Engine) and engine._revm is not None:
            engine._revm = Watched(self, engine)
            self._machines.add(engine._revm)

    def write(self, file: Path) -> None:
        """To be read by `read`."""
        content = {"branches": sorted(self.branches), "lines": sorted(self.lines)}
        file.write_text(json.dumps(content))

    def read(self, file: Path) -> None:
        """Add what another recorder wrote."""
        content = json.loads(file.read_text())
        self.branches |= {(tuple(place), way) for place, way in content["branches"]}
        self.lines |= {(path, line) for path, line in content["lines"]}

    def find(self, code: bytes) -> Trapped | None:
        """The compiled contract that a code begins with; immutables or arguments come behind."""
        digest = code_hash(code)
        if self._known.get(digest) is None and len(cache._loaded) != self._loaded:
            self._load()
        if digest not in self._known:
            self._known[digest] = None
            for size in {len(one) for one in self._compiled}:
                if size <= len(code) and code[:size] in self._compiled:
                    self._known[digest] = self._trapped(code[:size])
        return self._known[digest]

    def _load(self) -> None:
        """Take note of the contracts that were loaded since."""
        for _, deployer in cache._loaded.values():
            data = deployer.compiler_data
            self._compiled[data.bytecode_runtime] = data, False
            self._compiled[data.bytecode] = data, True
        self._loaded = len(cache._loaded)
        self._known = {key: found for key, found in self._known.items() if found is not None}

    def _trapped(self, code: bytes) -> Trapped:
        if code not in self._codes:
            self._codes[code] = Trapped(Code(*self._compiled[code]))
        return self._codes[code]

    def _followed(self, function: Any) -> Any:
        def follow(*args: Any, **kwargs: Any) -> Any:
            computation = function(*args, **kwargs)
            self.replays += 1
            found: set[Trapped] = set()
            self._follow(computation, found)
            for machine in self._machines:
                machine.renew(found)
            return computation

        return follow

    def _follow(self, computation: Any, found: set[Trapped]) -> None:
        trapped = self.find(computation.msg.code)
        if trapped is not None:
            found.add(trapped)
            trace = computation.code._trace
            jumps, lines = trapped.code.jumps, trapped.code.lines
            self.lines.update([lines[pc] for pc in set(trace) if pc in lines])
            for before, after in set(zip(trace, trace[1:], strict=False)):
                if before in jumps:
                    self.branches.add((jumps[before], after != before + 1))
        for child in computation.children:
            self._follow(child, found)


class Watched(Revm):
    """revm with traps."""

    def __init__(self, recorder: Recorder, engine: Engine) -> None:
        self._recorder = recorder
        # By contract: the addresses where it is, and with which traps.
        self._places: dict[Trapped, dict[bytes, bytes]] = {}
        super().__init__(engine.state, engine.evm.patch.values, engine._rpc)

    def renew(self, ran: set[Trapped]) -> None:
        """Have traps taken out where something ran, before the next call."""
        for trapped in ran:
            patched = trapped.patched(self._recorder)
            for address, there in self._places.get(trapped, {}).items():
                if there is not patched:
                    self._state.stale[address, None] = None
        if len(self._analysed) > MOST:
            self._configure(self._values)

    def _put_account(self, name: str, account: Any) -> None:
        trapped = self._recorder.find(account.code) if account.code else None
        if trapped is not None:
            patched = trapped.patched(self._recorder)
            self._places.setdefault(trapped, {})[bytes.fromhex(name[2:])] = patched
            wary, code = self.wary, account.code
            super()._put_account(name, account._replace(code=patched + code[len(patched) :]))
            # Behind a trap data look like instructions: the true code says what revm cannot do.
            if not needs_microscope(code):
                self.foreign.discard(name[2:])
                self.wary = wary
        else:
            super()._put_account(name, account)

    def call(
        self, sender: str, to: str, data: bytes, value: int, gas: int, static: bool, keep: bool
    ) -> Outcome:
        if gas < ENOUGH:
            raise Unable("too little gas for raised limits")
        outcome = super().call(sender, to, data, value, gas, static, keep)
        # What succeeds and stays was looked at in `_take`.
        if outcome.gas > BURNT:
            raise Unable("perhaps a trap")
        return outcome

    def create(
        self, sender: str, address: bytes, code: bytes, value: int, gas: int, data_size: int
    ) -> Outcome:
        trapped = self._recorder.find(code)
        if trapped is not None:
            patched = trapped.patched(self._recorder)
            code = patched + code[len(patched) :]
        return super().create(sender, address, code, value, gas, data_size)

    def borrow(self, address: bytes, program: bytes, data: bytes) -> bytes:
        raise Unable("one by one, each with gas of its own")

    def _take(self, created: bytes | None, data_size: int = 0) -> None:
        if created is None and self._evm.result.gas_used > BURNT:
            raise Unable("perhaps a trap")
        super()._take(created, data_size)
