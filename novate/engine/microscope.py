"""py-evm on the state of a world: the slow engine that can explain everything it does.

Titanoboa's `PyEVM` runs here unchanged, with its tracing of lines, hashes and gas by program
counter; only the database under it is replaced by `State`. Each execution is a transaction of its
own: cold slots and addresses, original values of this moment, empty transient storage.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from boa.util.abi import Address
from boa.vm.py_evm import PyEVM, VMPatcher
from eth.vm.transient_storage import TransientStorage

from .state import EMPTY, State, code_hash


class Database:
    """The account database that py-evm asks, on top of a `State`."""

    state: State
    # There is no trie: py-evm carries a root through its snapshots and never looks at it.
    state_root = b"\x00" * 32

    def __init__(self, *_: Any) -> None:
        self._warm: dict[Any, None] = {}
        self._originals: dict[tuple[bytes, int], int] = {}
        self._checkpoints: list[tuple[int, int, int]] = []
        # Transient storage numbers checkpoints of its own from zero.
        self._next = 1 << 40

    def begin(self) -> None:
        """A new transaction."""
        self._warm.clear()
        self._originals.clear()

    # -- storage --

    def get_storage(self, address: bytes, slot: int, from_journal: bool = True) -> int:
        if not from_journal and (address, slot) in self._originals:
            return self._originals[address, slot]
        return self.state.slot(address, slot)

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        was = self.state.slot(address, slot)
        self._originals.setdefault((address, slot), was)
        if was != value:
            self.state.set_slot(address, slot, value)

    def delete_storage(self, address: bytes) -> None:
        for slot in [*self.state.slots(address)]:
            self.set_storage(address, slot, 0)

    # -- warm and cold (EIP-2929) --

    def is_storage_warm(self, address: bytes, slot: int) -> bool:
        return (address, slot) in self._warm

    def mark_storage_warm(self, address: bytes, slot: int) -> None:
        self._warm[address, slot] = None

    def is_address_warm(self, address: bytes) -> bool:
        return address in self._warm

    def mark_address_warm(self, address: bytes) -> None:
        self._warm[address] = None

    def _reset_access_counters(self) -> None:
        self._warm.clear()

    # -- accounts --

    def get_balance(self, address: bytes) -> int:
        return self.state.account(address).balance

    def set_balance(self, address: bytes, balance: int) -> None:
        account = self.state.account(address)
        if account.balance != balance:
            self.state.set_account(address, account._replace(balance=balance))

    def get_nonce(self, address: bytes) -> int:
        return self.state.account(address).nonce

    def set_nonce(self, address: bytes, nonce: int) -> None:
        self.state.set_account(address, self.state.account(address)._replace(nonce=nonce))

    def increment_nonce(self, address: bytes) -> None:
        self.set_nonce(address, self.get_nonce(address) + 1)

    def get_code(self, address: bytes) -> bytes:
        return self.state.account(address).code

    def set_code(self, address: bytes, code: bytes) -> None:
        self.state.set_account(address, self.state.account(address)._replace(code=code))

    def get_code_hash(self, address: bytes) -> bytes:
        return code_hash(self.get_code(address))

    def delete_code(self, address: bytes) -> None:
        self.set_code(address, b"")

    def account_has_code_or_nonce(self, address: bytes) -> bool:
        account = self.state.account(address)
        return bool(account.code or account.nonce)

    def delete_account(self, address: bytes) -> None:
        self.state.set_account(address, EMPTY)

    def account_exists(self, address: bytes) -> bool:
        # EIP-161: what is empty does not exist.
        return self.state.account(address) != EMPTY

    def account_is_empty(self, address: bytes) -> bool:
        return self.state.account(address) == EMPTY

    def touch_account(self, address: bytes) -> None:
        """Nothing: an empty account is nowhere written down."""

    # -- checkpoints --

    def record(self) -> int:
        self._next += 1
        self._checkpoints.append((self._next, len(self.state.changes), len(self._warm)))
        return self._next

    def commit(self, checkpoint: int) -> None:
        while self._checkpoints and self._checkpoints[-1][0] >= checkpoint:
            self._checkpoints.pop()

    def discard(self, checkpoint: int) -> None:
        while self._checkpoints and self._checkpoints[-1][0] >= checkpoint:
            _, changes, warm = self._checkpoints.pop()
        self.state.undo(changes)
        while len(self._warm) > warm:
            self._warm.popitem()

    def lock_changes(self) -> None:
        self.begin()


class Block(VMPatcher):
    """The block environment, `boa.env.evm.patch`: one immutable set of values at a time.

    So an anchor keeps and restores a reference, and revm is told only when it changed.
    """

    def __init__(self, vm: Any) -> None:
        super().__init__(vm)
        object.__setattr__(self, "values", {})
        object.__setattr__(
            self,
            "values",
            {name: getattr(self, name) for names, _ in self._patchables for name in names},
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.values:
            super().__setattr__(name, value)
            object.__setattr__(self, "values", {**self.values, name: value})

    def restore(self, values: dict[str, Any]) -> None:
        """Back to `values`, as `Block.values` was."""
        for name, value in values.items():
            super().__setattr__(name, value)
        object.__setattr__(self, "values", values)

    @contextlib.contextmanager
    def anchor(self) -> Iterator[None]:
        values = self.values
        try:
            yield
        finally:
            self.restore(values)


# SHA3 and SSTORE, whose preimages and slots titanoboa remembers.
TRACED = (0x20, 0x55)


def _untraced(operation: Any, env: Any) -> Any:
    """An opcode without the tracer of an environment, which titanoboa made with its own machine."""
    while getattr(operation, "env", None) is env:
        operation = getattr(operation, "sha3", None) or operation.sstore
    return operation


class Microscope(PyEVM):
    """Titanoboa's py-evm over a `State`."""

    def __init__(self, env: Any, state: State, fast_mode: bool = False) -> None:
        self.state = state
        # While something runs, nothing else may.
        self.is_busy = False
        super().__init__(env, fast_mode)

    def _init_vm(self, account_db_class: Any = None) -> None:
        database = type("Database", (Database,), {"state": self.state})
        vm = self.chain.get_vm()
        # Titanoboa plugs its database and its tracers into classes that every environment shares:
        # each new world would trace for all former ones, keep them alive, and nest a call deeper.
        shared = vm.__class__._state_class
        previous, opcodes = shared.account_db_class, shared.computation_class.opcodes
        plain = {opcode: _untraced(opcodes[opcode], self.env) for opcode in TRACED}
        opcodes.update(plain)
        try:
            super()._init_vm(database)
            self.database: Database = self.vm.state._account_db
            own = self.vm.state.computation_class
            own.opcodes = dict(own.opcodes)
        finally:
            shared.account_db_class = previous
            opcodes.update(plain)
        self.patch = Block(self.vm)

    @property
    def is_forked(self) -> bool:
        return False

    @property
    def is_state_dirty(self) -> bool:
        return bool(self.state.changes)

    def begin(self, *warm: bytes) -> None:
        """What a chain does before it runs a transaction."""
        self.database.begin()
        state = self.vm.state
        state._transient_storage = TransientStorage()
        state.mark_address_warm(state.coinbase)
        for address in warm:
            state.mark_address_warm(address)

    def deploy_code(self, *args: Any, **kwargs: Any) -> Any:
        self.begin(kwargs["sender"].canonical_address, kwargs["target_address"].canonical_address)
        self.is_busy = True
        try:
            return super().deploy_code(*args, **kwargs)
        finally:
            self.is_busy = False

    def execute_code(self, *args: Any, **kwargs: Any) -> Any:
        self.begin(kwargs["sender"].canonical_address, kwargs["to"].canonical_address)
        self.is_busy = True
        try:
            return super().execute_code(*args, **kwargs)
        finally:
            self.is_busy = False

    # -- what titanoboa asks --

    def get_balance(self, address: Address) -> int:
        return self.state.account(address.canonical_address).balance

    def get_code(self, address: Address) -> bytes:
        return self.state.account(address.canonical_address).code

    def get_storage(self, address: Address, slot: int) -> int:
        return self.state.slot(address.canonical_address, slot)

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        self.state.set_slot(address.canonical_address, slot, value)

    def get_storage_slot(self, address: Address, slot: int) -> bytes:
        return self.state.slot(address.canonical_address, slot).to_bytes(32, "big")

    def snapshot(self) -> int:
        return len(self.state.changes)

    def revert(self, snapshot_id: int) -> None:
        self.state.undo(snapshot_id)
