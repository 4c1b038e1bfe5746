"""What a call in revm leaves behind: the answer at once, everything else by replay.

`Result` stands where titanoboa expects py-evm's computation, `Refused` where it expects the error
of a call that reverted. Both know the plain facts; for a stack trace, children, opcodes or gas by
line they repeat the call in the microscope, on the state as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from boa import BoaError
from boa.util.abi import Address, abi_decode
from boa.vm.gas_meters import GasMeter
from eth.exceptions import Revert

from ..errors import NovateError
from .revm import Outcome
from .state import Moment

if TYPE_CHECKING:
    from .environment import Engine

# Selector of Error(string).
ERROR = bytes.fromhex("08c379a0")


class StateIsGoneError(NovateError):
    """A replay of a call whose state was rolled back with a fork."""

    def __init__(self) -> None:
        super().__init__(
            "the state before this call was rolled back with its fork: "
            "ask inside the fork, or open the world with engine='py-evm'"
        )


class Call(NamedTuple):
    """A call as it was made, so that it can be made again."""

    moment: Moment | tuple[int, int]
    block: dict[str, Any]
    sender: Address
    to: Address
    data: bytes
    value: int
    gas: int
    static: bool
    contract: Any
    # `data` is creation code, whose contract will be at `to`.
    creates: bool = False


class Result:
    """The computation of a call that revm ran.

    Gas is that of the code alone; the refund is what a chain would give back, already capped.
    """

    _gas_meter_class = GasMeter
    beneficiaries: tuple[()] = ()

    def __init__(self, env: Engine, call: Call, outcome: Outcome) -> None:
        self.env, self.call, self.outcome = env, call, outcome
        self.is_success, self.output = outcome[0], outcome[1]
        self.is_error = not outcome[0]
        self._replay = None

    def get_gas_used(self) -> int:
        return self.outcome.gas

    def get_gas_refund(self) -> int:
        return self.outcome.refund

    def get_gas_remaining(self) -> int:
        return self.call.gas - self.outcome.gas

    @property
    def net_gas_used(self) -> int:
        return max(0, self.outcome.gas - self.outcome.refund)

    @property
    def error(self) -> Any:
        if self.is_success:
            return None
        return self.replay().error if self.outcome.halt else Revert(self.output)

    def get_raw_log_entries(self) -> tuple[Any, ...]:
        """(position, address, topics, data) of every event, in order."""
        if self.outcome.logs is None:
            return ()
        entries = []
        for position, log in enumerate(self.outcome.logs.logs):
            topics, data = log.data
            address = bytes.fromhex(log.address[2:])
            numbers = tuple([int.from_bytes(topic, "big") for topic in topics])
            entries.append((position, address, numbers, data))
        return tuple(entries)

    def replay(self) -> Any:
        """The same call in the microscope, as py-evm's computation."""
        if self._replay is None:
            self._replay = self.env.replay(self.call)
        return self._replay

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.replay(), name)

    def __repr__(self) -> str:
        return f"<Result of {self.call.to}, {self.outcome.gas} gas>"


class Refused(BoaError):
    """A call that reverted. Its traces are made when somebody looks at them."""

    def __init__(self, result: Result) -> None:
        Exception.__init__(self)
        self._result = result
        self._trace: Any = None

    @property
    def call_trace(self) -> Any:
        return self._result.replay().call_trace

    @property
    def stack_trace(self) -> Any:
        return self._trace or _Trace(self)

    def __str__(self) -> str:
        try:
            return super().__str__()
        except Exception:
            # Titanoboa's call tree cannot read an empty list that has its full room behind it.
            return str(self.look())

    def look(self) -> Any:
        """The stack trace of the replay."""
        if self._trace is None:
            self._trace = self._result.replay().explanation
        return self._trace


class _Trace:
    """A stack trace that is made when more than the reason is asked for."""

    def __init__(self, error: Refused) -> None:
        self._error = error

    @property
    def last_frame(self) -> Any:
        return _Frame(self._error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._error.look(), name)

    def __iter__(self) -> Any:
        return iter(self._error.look())

    def __len__(self) -> int:
        return len(self._error.look())

    def __getitem__(self, index: Any) -> Any:
        return self._error.look()[index]

    def __str__(self) -> str:
        return str(self._error.look())


class _Frame:
    """The outermost frame: its reason is in the output, the rest takes a replay."""

    def __init__(self, error: Refused) -> None:
        self._error = error

    @property
    def pretty_vm_reason(self) -> str:
        result = self._error._result
        if result.output[:4] == ERROR:
            reason: str = abi_decode("(string)", result.output[4:])[0]
            return reason
        return repr(result.error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._error.look().last_frame, name)

    def __str__(self) -> str:
        return str(self._error.look().last_frame)
