"""The state of a world, kept in Python: accounts, storage, and how to undo every change.

Both engines work on it. py-evm reads and writes it directly (`microscope.py`); revm holds a copy
that is brought up to date by what changed (`revm.py`). One list of changes gives everything else:
a fork is a position in the list, leaving it walks back, and the state before any earlier call can
be put together again for a replay.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from eth_utils import keccak


class Account(NamedTuple):
    """Native balance [wei], nonce and code of an address."""

    nonce: int
    balance: int
    code: bytes


EMPTY = Account(0, 0, b"")


@lru_cache(maxsize=4_096)
def code_hash(code: bytes) -> bytes:
    """keccak256 of code."""
    return bytes(keccak(code))


class Moment:
    """The state as it was, to be looked at again also after it was rolled back.

    For less than that the pair (number of changes, number of cuts) names a moment.
    """

    __slots__ = ("__weakref__", "position", "saved")

    def __init__(self, position: int) -> None:
        self.position = position
        # What a rollback took away, if it happened since: (mapping id, key) to (entry, value).
        self.saved: dict[tuple[int, Any], tuple[tuple[Any, ...], Any]] = {}


class State:
    """Accounts and storage with a list of undoable changes.

    Every change since the world was opened is kept, some 150 bytes each, for replays.

    A change is (mapping, key, old value, owner): `owner` is the address of a storage slot,
    `ACCOUNT` for an account, None for what no engine needs to know. An old value of None means
    that the key was not there. A list that only grows may stand for a mapping: its `pop` takes an
    entry and all later ones back, and replays leave it alone.
    """

    ACCOUNT = b"account"

    def __init__(self) -> None:
        self.accounts: dict[bytes, Account] = {}
        self.storage: dict[bytes, dict[int, int]] = {}
        self.changes: list[tuple[Any, Any, Any, bytes | None]] = []
        # Positions that were rolled back to, in order.
        self.cuts: list[int] = []
        # What revm's copy lacks: (address, slot), or (address, None) for the account.
        self.stale: dict[tuple[bytes, int | None], None] = {}
        self._watched: weakref.WeakSet[Moment] = weakref.WeakSet()

    # -- reading --

    def account(self, address: bytes) -> Account:
        return self.accounts.get(address) or self._missing_account(address)

    def slot(self, address: bytes, slot: int) -> int:
        slots = self.storage.get(address)
        if slots is not None:
            value = slots.get(slot)
            if value is not None:
                return value
        return self._missing_slot(address, slot)

    def _missing_account(self, address: bytes) -> Account:
        return EMPTY

    def _missing_slot(self, address: bytes, slot: int) -> int:
        return 0

    # -- writing --

    def set_account(self, address: bytes, account: Account) -> None:
        self.changes.append((self.accounts, address, self.accounts.get(address), State.ACCOUNT))
        self.accounts[address] = account
        self.stale[address, None] = None

    def set_slot(self, address: bytes, slot: int, value: int) -> None:
        slots = self.slots(address)
        self.changes.append((slots, slot, slots.get(slot), address))
        slots[slot] = value
        self.stale[address, slot] = None

    def slots(self, address: bytes) -> dict[int, int]:
        """The storage of an address, to be written by who keeps the list of changes."""
        slots = self.storage.get(address)
        if slots is None:
            slots = self.storage[address] = {}
        return slots

    def note(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        """Set a key of a mapping that belongs to the world but to no engine."""
        self.changes.append((mapping, key, mapping.get(key), None))
        mapping[key] = value

    # -- going back --

    def undo(self, position: int) -> None:
        """Take back every change since there were `position` of them."""
        changes = self.changes
        if len(changes) == position:
            return
        self.cuts.append(position)
        if self._watched:
            for moment in list(self._watched):
                if moment.position > position:
                    self._keep(moment, position)
        stale = self.stale
        for mapping, key, old, owner in reversed(changes[position:]):
            if old is None:
                mapping.pop(key, None)
            else:
                mapping[key] = old
            if owner is State.ACCOUNT:
                stale[key, None] = None
            elif owner is not None:
                stale[owner, key] = None
        del changes[position:]

    # -- looking back --

    def watch(self) -> Moment:
        """The present moment, to come back to as long as somebody holds it."""
        moment = Moment(len(self.changes))
        self._watched.add(moment)
        return moment

    def reachable(self, moment: Moment | tuple[int, int]) -> bool:
        """Whether `revisit` can bring the moment back."""
        if isinstance(moment, Moment):
            return True
        position, cuts = moment
        return all(cut >= position for cut in self.cuts[cuts:])

    def revisit(self, moment: Moment | tuple[int, int]) -> int:
        """Bring the state of a moment back; `leave` with the answer ends the visit."""
        start = len(self.changes)
        if isinstance(moment, Moment):
            wanted = {**self._since(moment.position), **moment.saved}
        else:
            wanted = self._since(moment[0])
        for (mapping, key, _, owner), value in wanted.values():
            self.changes.append((mapping, key, mapping.get(key), owner))
            if value is None:
                mapping.pop(key, None)
            else:
                mapping[key] = value
        return start

    def leave(self, start: int) -> None:
        """End a visit; what revm knows did not change meanwhile."""
        for mapping, key, old, _ in reversed(self.changes[start:]):
            if old is None:
                mapping.pop(key, None)
            else:
                mapping[key] = old
        del self.changes[start:]

    def _since(self, position: int) -> dict[tuple[int, Any], tuple[tuple[Any, ...], Any]]:
        """The value at `position` of everything that changed since."""
        found: dict[tuple[int, Any], tuple[tuple[Any, ...], Any]] = {}
        for entry in self.changes[position:]:
            if isinstance(entry[0], dict):
                found.setdefault((id(entry[0]), entry[1]), (entry, entry[2]))
        return found

    def _keep(self, moment: Moment, position: int) -> None:
        """Save for a moment what a rollback to `position` is about to take away."""
        later = self._since(moment.position)
        for entry in self.changes[position : moment.position]:
            mapping, key = entry[0], entry[1]
            if not isinstance(mapping, dict):
                continue
            where = (id(mapping), key)
            then = later[where][1] if where in later else mapping.get(key)
            moment.saved.setdefault(where, (entry, then))
        moment.position = position

    # -- copies --

    def copy(self) -> State:
        """An independent state equal to this one, without history."""
        other = self._blank()
        other.accounts.update(self.accounts)
        for address, slots in self.storage.items():
            other.storage[address] = dict(slots)
        return other

    def _blank(self) -> State:
        return State()

    def everything(self) -> Iterator[tuple[tuple[bytes, int | None], None]]:
        """A key for each account and slot."""
        for address in self.accounts:
            yield (address, None), None
        for address, slots in self.storage.items():
            for slot in slots:
                yield (address, slot), None
