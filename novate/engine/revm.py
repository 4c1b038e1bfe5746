"""revm, through pyrevm, as a calculator: one call in, result and changes out.

pyrevm keeps everything since it was made in one open journal, as if it were one transaction. So
nothing is left in the journal here. Before each call it is empty and every account and slot is in
the database below it; the call runs, what it wrote is read from the journal, the journal is rolled
back, and the writes go to the database. Each call is thereby a transaction of its own: cold slots,
original values and refunds as on a chain.

What else pyrevm 0.3.7 needs:

- `snapshot()` raises the call depth: it is committed at once, and a second one made just to be
  able to roll back to the first;
- the names of forks are case sensitive, and unknown names (also "Prague") mean "latest": the rules
  of Cancun are used, to which Prague adds no instruction; its calldata floor is added in
  `novate.gas`, and calls to its precompiles go to the microscope;
- inserted code is analysed again in every call: it goes in through a creation, once per code;
- an account that has storage in the database must be cold when a slot is inserted, or the slot
  goes to the journal: inserted slots are rolled back out of it;
- `block.basefee`, `tx.gasprice`, the gas limit of the block and the hashes of blocks are
  not what a chain has, and `SELFDESTRUCT` not what Python could roll back: code that asks for
  them is found by its instructions and goes to the microscope, see `needs_microscope`;
- the data of a revert is only in the text of an exception.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, NamedTuple

from eth_utils import keccak

from .instructions import needs_microscope, tell_data_size
from .state import State, code_hash

# Its type stubs are incomplete.
pyrevm: Any
try:
    pyrevm = importlib.import_module("pyrevm")
    MISSING = ""
except ImportError as error:
    pyrevm, MISSING = None, str(error)

SPEC = "Cancun"
# More than any call uses; what a chain allows is the `gas` of a call.
ENOUGH = 2**40
BASE = 21_000
CREATION = 32_000
# EIP-2028, EIP-3860.
ZERO_BYTE, NONZERO_BYTE, INITCODE_WORD = 4, 16, 2
SAVED_BY_ZERO = NONZERO_BYTE - ZERO_BYTE
CODE_LIMIT = 24_576
EMPTY_HASH = bytes(keccak(b""))
EMPTY_HEX = EMPTY_HASH.hex()
# BLS12-381 (EIP-2537), unknown to this revm.
MISSING_PRECOMPILES = tuple(number.to_bytes(20, "big") for number in range(0x0B, 0x12))
# Somewhere nobody else is.
_WORKSHOP = "0x" + keccak(b"novate.engine.revm").hex()[-40:]

# How the journal is printed.
_ACCOUNT = ": Account { info: AccountInfo { balance: "
_NONCE = len("nonce: ")
_DIGEST = slice(len("code_hash: 0x"), len("code_hash: 0x") + 64)
_SLOT = ": StorageSlot { previous_or_original_value: "
_PRESENT = ", present_value: "
_CODE_LENGTH = r"0x%s: Account .*?Analysed \{ len: (\d+)"
_FAILURE = re.compile(r"(Revert|Halt) \{.*?gas_used: (\d+)(?:, output: 0x([0-9a-f]*))?", re.S)
_HALT_REASON = re.compile(r"Halt \{ reason: (.*), gas_used")


class Unable(Exception):
    """This call needs the microscope."""


class Outcome(NamedTuple):
    """What a call did.

    gas: without what a transaction costs before it runs, and before the refund.
    refund: what a chain gives back, already capped at a fifth (EIP-3529).
    halt: why it stopped, other than by STOP, RETURN and REVERT.
    """

    success: bool
    output: bytes
    gas: int
    refund: int
    logs: Any
    halt: str = ""


def intrinsic_gas(data: bytes) -> int:
    """What a call costs before it runs."""
    zeros = data.count(0)
    return BASE + NONZERO_BYTE * len(data) - SAVED_BY_ZERO * zeros


class Revm:
    """A copy of a `State` in revm that follows it."""

    def __init__(self, state: State, values: dict[str, Any], rpc: tuple[str, str] | None) -> None:
        """values: the block environment. rpc: URL and block of the chain that is forked."""
        if pyrevm is None:
            raise Unable(MISSING)
        self._state = state
        self._rpc = rpc
        self._configure(values)

    def _configure(self, values: dict[str, Any]) -> None:
        """A new copy; for the first time, and when what cannot be changed was changed."""
        self._fixed = (values["chain_id"], values["code_size_limit"])
        config = pyrevm.CfgEnv(
            chain_id=values["chain_id"], limit_contract_code_size=values["code_size_limit"]
        )
        where = {} if self._rpc is None else {"fork_url": self._rpc[0], "fork_block": self._rpc[1]}
        self._evm = pyrevm.EVM(env=pyrevm.Env(cfg=config), gas_limit=ENOUGH, spec_id=SPEC, **where)
        self._analysed: set[bytes] = {EMPTY_HASH}
        # Contracts by their name in the journal: hash of the code, and the account without it.
        self._known: dict[str, tuple[str, Any]] = {}
        # Addresses whose presence in a call sends it to the microscope.
        self.foreign: set[str] = set()
        self.wary = False
        self._values: dict[str, Any] = {}
        self._state.stale.update(self._state.everything())
        for address in MISSING_PRECOMPILES:
            self.refuse(address)
        self._set_block(values)

    def refuse(self, address: bytes) -> None:
        """Send calls that touch an address to the microscope.

        The code there burns all gas, so that a call that touches it shows.
        """
        name = "0x" + address.hex()
        self.foreign.add(name[2:])
        self._evm.insert_account_info(name, pyrevm.AccountInfo(code=b"\xfe"))

    # -- keeping up --

    def follow(self, values: dict[str, Any]) -> None:
        """Take over the block and what changed elsewhere."""
        if values is not self._values:
            if (values["chain_id"], values["code_size_limit"]) != self._fixed:
                self._configure(values)
            self._set_block(values)
        if self._state.stale:
            self._refresh()

    def _set_block(self, values: dict[str, Any]) -> None:
        self._evm.set_block_env(
            pyrevm.BlockEnv(
                number=values["block_number"],
                coinbase="0x" + bytes(values["coinbase"]).hex(),
                timestamp=values["timestamp"],
                difficulty=values["difficulty"],
                prevrandao=bytes(values["prevrandao"]),
            )
        )
        self._values = values

    def _refresh(self) -> None:
        state = self._state
        for address, slot in state.stale:
            if slot is None:
                self._put_account("0x" + address.hex(), state.account(address))
        for address, slot in state.stale:
            if slot is not None:
                self._put_slot("0x" + address.hex(), slot, state.slot(address, slot))
        state.stale.clear()

    def _put_account(self, name: str, account: Any) -> None:
        digest = code_hash(account.code)
        if digest == EMPTY_HASH and name[2:] in self.foreign and name[2:] not in self._known:
            return  # keeps the code that burns gas
        if digest not in self._analysed:
            self._analyse(account.code, digest)
        info = pyrevm.AccountInfo(balance=account.balance, nonce=account.nonce, code_hash=digest)
        if account.code:
            self._known[name[2:]] = (digest.hex(), info)
            if needs_microscope(account.code):
                self.foreign.add(name[2:])
                self.wary = True
        else:
            self._known.pop(name[2:], None)
        self._evm.insert_account_info(name, info)

    def _put_slot(self, name: str, slot: int, value: int) -> None:
        evm = self._evm
        checkpoint = evm.snapshot()
        evm.insert_account_storage(name, slot, value)
        evm.revert(checkpoint)

    def _analyse(self, code: bytes, digest: bytes) -> None:
        """Bring code into the database, analysed if it can be created."""
        evm = self._evm
        info = None
        if len(code) <= self._fixed[1] and code[0] != 0xEF:
            # PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN
            creation = b"\x61" + len(code).to_bytes(2, "big") + b"\x80\x60\x0a\x5f\x39\x5f\xf3"
            checkpoint = evm.snapshot()
            name = evm.deploy(_WORKSHOP, creation + code, gas=ENOUGH).lower()
            info = next(i for n, i in evm.journal_state.items() if n.lower() == name)
            evm.revert(checkpoint)
        if info is None or info.code_hash != digest:
            info = pyrevm.AccountInfo(code=code)
        evm.insert_account_info(_WORKSHOP, info)
        evm.insert_account_info(_WORKSHOP, pyrevm.AccountInfo())
        self._analysed.add(digest)

    # -- running --

    def call(
        self, sender: str, to: str, data: bytes, value: int, gas: int, static: bool, keep: bool
    ) -> Outcome:
        """Run a call; `keep` says whether its changes stay.

        gas: for the code, without what the transaction costs before.
        """
        evm = self._evm
        intrinsic = BASE + NONZERO_BYTE * len(data) - SAVED_BY_ZERO * data.count(0)
        outer = evm.snapshot()
        evm.commit()
        try:
            output = evm.message_call(sender, to, data, value, gas + intrinsic, None, static)
        except BaseException as error:
            return self._failed(error, outer, intrinsic, gas)
        result = evm.result
        refund = result.gas_refunded
        used = result.gas_used + refund - intrinsic
        if static or not keep:
            foreign = (self.wary or 2 * used > gas) and self._touches_foreign()
            evm.snapshot()
            evm.revert(outer)
            if foreign:
                raise Unable("an address or instruction that revm does not know")
        else:
            self._keep(outer)
        return Outcome(True, output, used, refund, result, "")

    def create(
        self, sender: str, address: bytes, code: bytes, value: int, gas: int, data_size: int
    ) -> Outcome:
        """Run creation code; the outcome's output is the code that it leaves at `address`.

        data_size: how many bytes at the end of the code that it leaves are data.
        """
        evm = self._evm
        words = (len(code) + 31) // 32
        intrinsic = intrinsic_gas(code) + CREATION + INITCODE_WORD * words
        outer = evm.snapshot()
        evm.commit()
        try:
            evm.deploy(sender, code, value=value, gas=gas + intrinsic)
        except BaseException as error:
            return self._failed(error, outer, intrinsic, gas)
        result = evm.result
        refund = result.gas_refunded
        self._keep(outer, address, data_size)
        left = self._state.account(address).code
        return Outcome(True, left, result.gas_used + refund - intrinsic, refund, result)

    def borrow(self, address: bytes, program: bytes, data: bytes) -> bytes:
        """Run a program at the address of somebody without code, and put the account back."""
        evm, name = self._evm, "0x" + address.hex()
        account = self._state.account(address)
        digest = code_hash(program)
        if digest not in self._analysed:
            self._analyse(program, digest)
        evm.insert_account_info(
            name,
            pyrevm.AccountInfo(balance=account.balance, nonce=account.nonce, code_hash=digest),
        )
        outer = evm.snapshot()
        evm.commit()
        try:
            output: bytes = evm.message_call(_WORKSHOP, name, data, 0, ENOUGH)
            if (self.wary or 2 * evm.result.gas_used > ENOUGH) and self._touches_foreign():
                raise Unable("an address or instruction that revm does not know")
            return output
        except RuntimeError as error:
            raise Unable(str(error)) from error
        finally:
            self._roll_back(outer)
            self._put_account(name, account)

    def _keep(self, outer: Any, created: bytes | None = None, data_size: int = 0) -> None:
        """Write down what the call did and empty the journal."""
        try:
            self._take(created, data_size)
        finally:
            self._roll_back(outer)
        self._store()

    def _failed(self, error: BaseException, outer: Any, intrinsic: int, gas: int) -> Outcome:
        """What a call that raised came to; an interruption goes on."""
        self._roll_back(outer)
        if not isinstance(error, RuntimeError):
            raise error
        return self._failure(str(error), intrinsic, gas)

    def _roll_back(self, checkpoint: Any) -> None:
        evm = self._evm
        evm.snapshot()
        evm.revert(checkpoint)

    def _failure(self, text: str, intrinsic: int, gas: int) -> Outcome:
        found = _FAILURE.match(text)
        if found is None:
            raise Unable(text)
        kind, used, output = found.groups()
        if (self.wary or kind == "Halt") and 2 * (int(used) - intrinsic) > gas:
            # It may have met what burns all gas.
            raise Unable(text)
        if self.wary:
            raise Unable(text)
        halt = _HALT_REASON.match(text)
        reason = "" if halt is None else halt[1]
        return Outcome(False, bytes.fromhex(output or ""), int(used) - intrinsic, 0, None, reason)

    def _touches_foreign(self) -> bool:
        return any(name[2:].lower() in self.foreign for name in self._evm.journal_state)

    def _take(self, created: bytes | None, data_size: int = 0) -> None:
        """Read what the call wrote; raises Unable when the microscope has to repeat it."""
        evm = self._evm
        infos = evm.journal_state
        known = self._known
        accounts_of = self._state.accounts
        for name, info in infos.items():
            key = name[2:].lower()
            if key in known:
                # Without its code, which would be printed.
                account = accounts_of[bytes.fromhex(key)]
                if info.balance == account.balance and info.nonce == account.nonce:
                    slim = known[key][1]
                else:
                    slim = pyrevm.AccountInfo(
                        balance=info.balance, nonce=info.nonce, code_hash=info.code_hash
                    )
                evm.insert_account_info(name, slim)
        text = evm.journal_str
        text = text[: text.index(" transient_storage: {")]
        state, foreign = self._state, self.foreign
        accounts: list[tuple[bytes, Any]] = []
        slots: list[tuple[str, bytes, int, int]] = []
        pieces = text.split(_ACCOUNT)
        for before, piece in zip(pieces, pieces[1:], strict=False):
            found = before[-40:]
            if found in foreign:
                raise Unable("an address or instruction that revm does not know")
            name, address = "0x" + found, bytes.fromhex(found)
            account = accounts_of.get(address) or state.account(address)
            balance, nonce, rest = piece.split(", ", 2)
            if account.balance != int(balance) or account.nonce != int(nonce[_NONCE:]):
                account = account._replace(balance=int(balance), nonce=int(nonce[_NONCE:]))
                accounts.append((address, account))
            digest = rest[_DIGEST]
            if found in known:
                expected = known[found][0]
            elif account.code:
                # Of a forked chain, met for the first time.
                self._put_account(name, account)
                if found in foreign:
                    raise Unable("an address or instruction that revm does not know")
                expected = code_hash(account.code).hex()
            else:
                expected = EMPTY_HEX
            if digest != expected:
                if address != created:
                    # Titanoboa registers what contracts create from the creation's trace.
                    raise Unable("a contract that creates contracts")
                code = self._created_code(found, infos, text)
                tell_data_size(code, data_size)
                if needs_microscope(code):
                    raise Unable("an instruction that revm does not know")
                accounts.append((address, account._replace(code=code)))
            key, *values = rest.split(_SLOT)
            for value in values:
                old, value = value.split(_PRESENT, 1)
                new, following = value.split(" }", 1)
                if old != new:
                    slot = int(key[key.rfind(" ") + 1 :].lstrip("{"))
                    slots.append((name, address, slot, int(new)))
                key = following
        self._taken = accounts, slots

    @staticmethod
    def _created_code(name: str, infos: dict[str, Any], text: str) -> bytes:
        info = next(i for n, i in infos.items() if n[2:].lower() == name)
        length = re.search(_CODE_LENGTH % name, text)
        if length is None:
            raise Unable("code of unknown length")
        return bytes(info.code[: int(length[1])])

    def _store(self) -> None:
        """Write what `_take` read to the state and to the database."""
        state = self._state
        accounts, slots = self._taken
        for address, account in accounts:
            state.set_account(address, account)
            state.stale.pop((address, None), None)
            self._put_account("0x" + address.hex(), account)
        if not slots:
            return
        evm = self._evm
        changes, storage = state.changes, state.storage
        snapshot, revert, insert = evm.snapshot, evm.revert, evm.insert_account_storage
        for name, address, slot, value in slots:
            mapping = storage.get(address)
            if mapping is None:
                mapping = state.slots(address)
            changes.append((mapping, slot, mapping.get(slot), address))
            mapping[slot] = value
            checkpoint = snapshot()
            insert(name, slot, value)
            revert(checkpoint)
