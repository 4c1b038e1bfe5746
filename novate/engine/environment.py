"""Titanoboa's environment with revm inside.

Everything that titanoboa offers works as before; calls run in revm, and whatever revm cannot do
or explain runs in the microscope (`microscope.py`) on the same state: stack traces, profiles,
coverage, `eval`, internal and injected functions, calls sent by contracts, contracts that create
contracts. Each call is a transaction of its own, in both engines.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boa
from boa.environment import Env
from boa.util.abi import Address
from boa.util.eip1167 import is_eip1167_contract
from boa.vm import py_evm
from boa.vm.gas_meters import GasMeter
from eth._utils.address import generate_contract_address
from eth.constants import ZERO_ADDRESS

from ..errors import ParameterError
from . import instructions
from .functions import speed_up
from .microscope import Microscope
from .probe import check
from .result import Call, Result, StateIsGoneError
from .revm import Outcome, Revm, Unable
from .state import State

REVM, PY_EVM = "revm", "py-evm"
ENGINES = (REVM, PY_EVM)
VARIABLE = "NOVATE_ENGINE"
# Opcodes that titanoboa itself adds.
_OWN_OPCODES = dict(py_evm._opcode_overrides)
_warned = False


def chosen_engine() -> str:
    """What the environment variable NOVATE_ENGINE names; revm by default."""
    return os.environ.get(VARIABLE, "").strip() or REVM


class SlotTrace:
    """`Env.sstore_trace`: the slots of an address that were written, read from the state."""

    def __init__(self, env: Engine) -> None:
        self._env = env

    def get(self, address: Any, default: Any = None) -> Any:
        slots = self._env.state.storage.get(Address(address).canonical_address)
        if not slots:
            return default
        self._env.find_preimages()
        return set(slots)

    def setdefault(self, address: Any, default: Any) -> Any:
        return default

    def clear(self) -> None:
        """Nothing to forget: what is rolled back is gone from the state."""


class Anchor:
    """`with env.anchor():` everything inside is undone at the end."""

    __slots__ = ("_block", "_env", "_position")

    def __init__(self, env: Engine) -> None:
        self._env = env

    def __enter__(self) -> None:
        env = self._env
        self._position = len(env.state.changes)
        self._block = env._microscope.patch.values

    def __exit__(self, *_: Any) -> None:
        env = self._env
        if len(env.state.changes) != self._position:
            env.state.undo(self._position)
        patch = env._microscope.patch
        if patch.values is not self._block:
            patch.restore(self._block)


class Engine(Env):
    """A world: titanoboa's environment over `State`, run by revm or by py-evm.

    engine: "revm" or "py-evm"; by default what NOVATE_ENGINE names, else revm. Without a pyrevm
    that works, py-evm does everything, and one warning says so.
    """

    evm: Microscope

    def __init__(
        self,
        engine: str | None = None,
        *,
        state: State | None = None,
        rpc: tuple[str, str] | None = None,
    ) -> None:
        engine = chosen_engine() if engine is None else engine
        if engine not in ENGINES:
            raise ParameterError("engine", engine, " or ".join(ENGINES))
        self.state = State() if state is None else state
        self._rpc = rpc
        self._revm: Revm | None = None
        self.is_fast = False
        # Called after each successful call with the function's contract, calldata and result.
        self.recorders: list[Callable[[Any, Any], None]] = []
        # Calls that wrote slots of mappings whose keys nobody knows yet.
        self._unexplained: dict[tuple[bytes, int], Call] = {}
        super().__init__()
        self.nickname = engine
        # The type differs from titanoboa's dict.
        self.sstore_trace: Any = SlotTrace(self)
        if engine == REVM:
            self._open_revm()
        self._choose()

    # pyevm's constructor makes a machine of its own; this one has a state to share.
    @property  # type: ignore[no-redef]
    def evm(self) -> Microscope:
        return self._microscope

    @evm.setter
    def evm(self, machine: Any) -> None:
        self._microscope = Microscope(self, self.state)

    @property
    def engine(self) -> str:
        """What runs the calls: "revm" or "py-evm"."""
        return REVM if self._revm is not None else PY_EVM

    def _open_revm(self) -> None:
        global _warned
        try:
            self._revm = Revm(self.state, self.evm.patch.values, self._rpc)
            check(self._revm)
        except Exception as error:
            self._revm = None
            if not _warned:
                _warned = True
                warnings.warn(
                    f"pyrevm does not work here ({error}): py-evm runs the contracts, slowly",
                    stacklevel=4,
                )

    def _choose(self) -> None:
        """Whether calls may run in revm: not while somebody counts gas by line, or coverage."""
        self.is_fast = (
            self._revm is not None
            and self.evm.get_gas_meter_class() is GasMeter
            and not self._coverage_enabled
        )

    # -- running --

    def run(
        self,
        to: Address,
        sender: Any,
        data: bytes,
        value: int,
        gas: int | None,
        static: bool,
        simulate: bool,
        contract: Any,
    ) -> Any:
        """A call as a transaction of its own: a `Result`, or py-evm's computation."""
        machine, state = self._revm, self.state
        values = self._microscope.patch.values
        if type(sender) is not Address:
            sender = Address(sender)
        limit = values["gas_limit"] if gas is None else gas
        position = len(state.changes)
        call = Call(
            (position, len(state.cuts)), values, sender, to, data, value, limit, static, contract
        )
        if machine is None or not self.is_fast:
            return self._in_microscope(call, simulate)
        try:
            if values is not machine._values or state.stale:
                machine.follow(values)
            payer = state.accounts.get(sender.canonical_address)
            if (payer is not None and payer.code) or py_evm._opcode_overrides != _OWN_OPCODES:
                raise Unable("sent by a contract, or with opcodes of the user's")
            outcome = machine.call(sender, to, data, value, limit, static, not simulate)
        except Unable:
            return self._in_microscope(call, simulate)
        self._gas_tracker += outcome.gas
        if outcome.success:
            if len(state.changes) != position:
                self._remember(call, position)
            result = Result(self, call, outcome)
            for recorder in self.recorders:
                recorder(contract, result)
            return result
        return Result(self, call._replace(moment=state.watch()), outcome)

    def _in_microscope(self, call: Call, simulate: bool = False) -> Any:
        computation = super().execute_code(
            to_address=call.to,
            sender=call.sender,
            gas=call.gas,
            value=call.value,
            data=call.data,
            is_modifying=not call.static,
            simulate=simulate,
            contract=call.contract,
        )
        if not computation.is_error:
            for recorder in self.recorders:
                recorder(call.contract, computation)
        return computation

    def execute_code(
        self,
        to_address: Any = ZERO_ADDRESS,
        sender: Any = None,
        gas: int | None = None,
        value: int = 0,
        data: bytes = b"",
        override_bytecode: bytes | None = None,
        ir_executor: Any = None,
        is_modifying: bool = True,
        simulate: bool = False,
        start_pc: int = 0,
        fake_codesize: int | None = None,
        contract: Any = None,
    ) -> Any:
        self._choose()
        if override_bytecode is None and start_pc == 0 and fake_codesize is None:
            return self.run(
                Address(to_address),
                self._get_sender(sender),
                data,
                value,
                gas,
                not is_modifying,
                simulate,
                contract,
            )
        return super().execute_code(
            to_address=to_address,
            sender=sender,
            gas=gas,
            value=value,
            data=data,
            override_bytecode=override_bytecode,
            ir_executor=ir_executor,
            is_modifying=is_modifying,
            simulate=simulate,
            start_pc=start_pc,
            fake_codesize=fake_codesize,
            contract=contract,
        )

    def deploy(
        self,
        sender: Any = None,
        gas: int | None = None,
        value: int = 0,
        bytecode: bytes = b"",
        start_pc: int = 0,
        override_address: Any = None,
        contract: Any = None,
    ) -> Any:
        """Run creation code; its address and its computation."""
        self._choose()
        sender = self._get_sender(sender)
        creator = sender.canonical_address
        machine, state = self._revm, self.state
        account = state.account(creator)
        if (
            machine is not None
            and self.is_fast
            and override_address is None
            and not account.code
            and bytecode not in self._code_registry
        ):
            target = Address(generate_contract_address(creator, account.nonce))
            values = self.evm.patch.values
            limit = values["gas_limit"] if gas is None else gas
            position = len(state.changes)
            moment = (position, len(state.cuts))
            call = Call(
                *(moment, values, sender, target, bytecode, value, limit, False, contract),
                creates=True,
            )
            outcome: Outcome | None = None
            try:
                machine.follow(values)
                outcome = machine.create(
                    *(sender, target.canonical_address, bytecode, value, limit),
                    _data_size(contract),
                )
                if is_eip1167_contract(outcome.output):
                    state.undo(position)
                    raise Unable("a proxy, which titanoboa registers")
            except Unable:
                outcome = None
            # A failure is repeated in the microscope, which knows its source line.
            if outcome is not None and outcome.success:
                self._gas_tracker += outcome.gas
                self._remember(call, position)
                return target, Result(self, call, outcome)
        return super().deploy(
            sender=sender,
            gas=gas,
            value=value,
            bytecode=bytecode,
            start_pc=start_pc,
            override_address=override_address,
            contract=contract,
        )

    # -- replays --

    def replay(self, call: Call) -> Any:
        """Run an earlier call again in the microscope, on the state as it was then."""
        state, machine = self.state, self._microscope
        if not state.reachable(call.moment):
            raise StateIsGoneError
        block = machine.patch.values
        start = state.revisit(call.moment)
        machine.patch.restore(call.block)
        try:
            computation = self._replay_in(machine, call)
            # Here, where the contracts of that time are still known.
            _ = computation.call_trace
            if computation.is_error and hasattr(call.contract, "stack_trace"):
                computation.explanation = call.contract.stack_trace(computation)
            return computation
        finally:
            state.leave(start)
            machine.patch.restore(block)

    def _replay_in(self, machine: Microscope, call: Call) -> Any:
        if call.creates:
            return machine.deploy_code(
                sender=call.sender,
                origin=call.sender,
                target_address=call.to,
                gas=call.gas,
                gas_price=self.get_gas_price(),
                value=call.value,
                bytecode=call.data,
            )
        return machine.execute_code(
            sender=call.sender,
            to=call.to,
            gas=call.gas,
            gas_price=self.get_gas_price(),
            value=call.value,
            bytecode=machine.get_code(call.to),
            data=call.data,
            is_static=call.static,
            fake_codesize=None,
            start_pc=0,
            ir_executor=None,
            contract=call.contract,
        )

    def _remember(self, call: Call, position: int) -> None:
        """Keep a call that wrote new slots of mappings, whose keys only a replay can tell."""
        unexplained = self._unexplained
        for _, slot, old, owner in self.state.changes[position:]:
            if old is None and owner is not None and owner is not State.ACCOUNT and slot >> 64:
                unexplained.setdefault((owner, slot), call)

    def find_preimages(self) -> None:
        """Replay the calls that wrote slots of unknown mappings' keys, once each."""
        if self._microscope.is_busy:
            return
        calls = {id(call): call for call in self._unexplained.values()}
        self._unexplained.clear()
        for call in calls.values():
            if self.state.reachable(call.moment):
                self.replay(call)

    # -- worlds --

    def fork(self) -> Anchor:
        """`with world.fork():` everything inside is undone at the end; may be nested."""
        return Anchor(self)

    def branch(self) -> Engine:
        """An independent copy of this world, its contracts included."""
        twin = Engine(self.nickname, state=self.state.copy(), rpc=self._rpc)
        twin.evm.patch.restore(self.evm.patch.values)
        twin.eoa, twin._aliases = self.eoa, dict(self._aliases)
        twin.sha3_trace = dict(self.sha3_trace)
        with boa.swap_env(twin):
            for address, contract in self._contracts.items():
                deployer = getattr(contract, "deployer", None)
                if deployer is not None:
                    deployer.at(Address(address))
        return twin

    # -- what titanoboa asks --

    @property
    def anchor(self) -> Any:
        return self._anchor

    def _anchor(self) -> Anchor:
        return Anchor(self)

    def set_gas_meter_class(self, cls: type) -> None:
        super().set_gas_meter_class(cls)
        self._choose()

    def register_contract(self, address: Any, obj: Any) -> None:
        """As titanoboa; forgotten again when a fork that registered it ends."""
        address = Address(address)
        key = address.canonical_address
        self.state.note(self._contracts, key, obj)
        code = self.evm.get_code(address)
        self._code_registry[code] = obj
        if size := _data_size(obj):
            instructions.tell_data_size(code, size)
        speed_up(obj)

    def _trace_cov(self, filename: Any, node: Any) -> None:
        """Coverage: titanoboa's plugin counts a node from its first to its last line, an `if`
        with both its arms, a function with its whole body; here the head of such a node alone."""
        body = getattr(node, "body", None)
        if body:
            last = max(node.lineno, body[0].lineno - 1)
            node = SimpleNamespace(lineno=node.lineno, end_lineno=last)
        super()._trace_cov(filename, node)

    def reset_gas_used(self) -> None:
        """Counts from zero. Every call is cold anyway."""
        self._gas_tracker = 0


def _data_size(contract: Any) -> int:
    """Bytes at the end of a contract's code that are no instructions."""
    compiled = getattr(contract, "compiler_data", None)
    if compiled is None:
        return 0
    return instructions.data_size(compiled.bytecode, getattr(contract, "data_section_size", 0))
