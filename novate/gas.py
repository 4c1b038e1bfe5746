"""What a call costs as a transaction of its own, exact to the unit.

A titanoboa session is one long transaction to the EVM: slots and addresses stay warm, transient
storage survives, and the "original value" of a slot (EIP-2200, EIP-3529) stays that of the start
of the session. So its own figures are too low from the second call on; resetting the access
counters mends only the first of the three. `fresh_transaction` mends all three, and
tests/network/test_gas_equals_anvil.py holds the result to the receipts of a chain.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boa
from boa.util.abi import Address
from eth.db.backends.memory import MemoryDB
from eth.db.journal import JournalDB
from eth.vm.transient_storage import TransientStorage

from .engine.environment import Engine
from .engine.result import Result

BASE = 21_000
# EIP-2028: gas per byte of calldata.
ZERO_BYTE, NONZERO_BYTE = 4, 16
# EIP-7623: a transaction costs at least this much per token, a nonzero byte being four tokens.
FLOOR_PER_TOKEN = 10
# EIP-3529: at most a fifth of what was used is given back.
REFUND_QUOTIENT = 5
# The precompiles of Prague, warm from the start of every transaction (EIP-2929).
PRECOMPILES = range(0x01, 0x12)


@dataclass(frozen=True)
class Gas:
    """Gas of one transaction.

    total: what the receipt says, refund and calldata floor included.
    execution: what the code used, before the refund, without the 21,000 base and calldata.
    calldata: charge for the input bytes.
    refund: what clearing storage gave back, already capped.
    """

    total: int
    execution: int
    calldata: int
    refund: int


@contextlib.contextmanager
def fresh_transaction(*warm: str) -> Iterator[None]:
    """Inside, the EVM meters as in a new transaction; may be used inside `boa.env.anchor()`.

    warm: addresses that the transaction itself makes warm (its sender and its receiver).
    """
    if isinstance(boa.env, Engine):
        yield
        return
    state: Any = boa.env.evm.vm.state
    accounts = state._account_db
    accessed, accounts._journal_accessed_state = (
        accounts._journal_accessed_state,
        JournalDB(MemoryDB()),
    )
    transient, state._transient_storage = state._transient_storage, TransientStorage()
    originals: dict[tuple[bytes, int], int] = {}
    read = accounts.get_storage

    def get_storage(address: bytes, slot: int, from_journal: bool = True) -> int:
        current = read(address, slot)
        # SSTORE alone asks for the original value, and before it writes: at its first visit of
        # a slot the current value is the one at the start of the transaction.
        return current if from_journal else originals.setdefault((address, slot), current)

    accounts.get_storage = get_storage
    try:
        for precompile in PRECOMPILES:
            state.mark_address_warm(precompile.to_bytes(20, "big"))
        state.mark_address_warm(state.coinbase)
        for address in warm:
            state.mark_address_warm(Address(address).canonical_address)
        yield
    finally:
        del accounts.get_storage
        state._transient_storage = transient
        accounts._journal_accessed_state = accessed


def transaction_gas(function: Any, *args: Any, sender: str | None = None, **kwargs: Any) -> Gas:
    """Call an external function of a deployed contract and say what it costs.

    The call takes effect as any other; wrap it in `boa.env.anchor()` to measure only.

    function: as in `transaction_gas(ledger.deposit, account, amount, sender=owner)`.
    kwargs: titanoboa's own (`value=` in wei).
    """
    contract = function.contract
    env = contract.env
    payer = Address(env.eoa if sender is None else sender)
    if isinstance(env, Engine):
        function(*args, sender=payer, **kwargs)
    else:
        with fresh_transaction(payer, contract.address):
            function(*args, sender=payer, **kwargs)
    return gas_of(contract._computation)


def gas_of(computation: Any) -> Gas:
    """The gas of a call that ran as a transaction of its own.

    Every call of a `novate.engine.Engine` does; one of titanoboa's own environment does inside
    `fresh_transaction`.
    """
    data = bytes(computation.call.data if isinstance(computation, Result) else computation.msg.data)
    zeros = data.count(0)
    calldata = ZERO_BYTE * zeros + NONZERO_BYTE * (len(data) - zeros)
    execution: int = computation.get_gas_used()
    used = BASE + calldata + execution
    refund = min(computation.get_gas_refund(), used // REFUND_QUOTIENT)
    floor = BASE + FLOOR_PER_TOKEN * (zeros + 4 * (len(data) - zeros))
    return Gas(max(used - refund, floor), execution, calldata, refund)
