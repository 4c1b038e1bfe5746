"""The whole state at one moment, by views, in one crossing into the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from novate.engine.batch import what_ifs
from novate.series import unpack
from tests.stateful.village import TOKENS, Village

FROZEN = 1 << 152
MASK_128 = 2**128 - 1


@dataclass
class Snapshot:
    """Everything that the checks look at. Money in wad."""

    time: int
    positions: dict[int, dict[int, int]] = field(default_factory=dict)
    # Words of an account that name a series which another one of its words names.
    twice: list[int] = field(default_factory=list)
    # equity, initial, maintenance, fresh
    health: dict[int, tuple[int, int, int, bool]] = field(default_factory=dict)
    header: dict[int, int] = field(default_factory=dict)
    cash: dict[int, int] = field(default_factory=dict)
    holdings: dict[int, dict[int, int]] = field(default_factory=dict)
    certificate: Any = None
    pending: int = 0
    outstanding: int = 0
    indices: tuple[int, int] = (0, 0)  # supply, borrow [ray]
    total: int = 0  # [wad] long contracts of the underlying
    tokens: int = 0  # the ledger's cash tokens
    house: str = ""  # which auction house is the ledger's
    running: int = 0
    interest: dict[int, int] = field(default_factory=dict)  # by series [wad]
    deposited: dict[int, int] = field(default_factory=dict)  # by asset [wad]
    escrow: dict[int, int] = field(default_factory=dict)  # by asset [token units]
    shares: list[int] = field(default_factory=list)  # of the fund, of everybody
    halted: int = 0  # [s] until when nothing is opened

    @property
    def frozen(self) -> list[int]:
        return [number for number, word in self.header.items() if word & FROZEN]


def take(village: Village, numbers: list[int], codes: list[int]) -> Snapshot:
    """The state now. Raises what a view raises."""
    ledger, units = village.ledger, village.units
    place = village.addresses["clearinghouse"]
    asked: list[tuple[Any, tuple[Any, ...]]] = []
    for number in numbers:
        for view in (ledger.positions_of, ledger.health, ledger.header_of, ledger.cash_of):
            asked.append((view, (number,)))
        asked.append((ledger.holdings_of, (number,)))
    asked += [
        (ledger.certificate, ()),
        (ledger.pending, ()),
        (ledger.outstanding, ()),
        (ledger.indices, ()),
        (ledger.interest_in, (1,)),
        (ledger.auction_house, ()),
        (units["auctions"].running, ()),
        (units["other_house"].running, ()),
        (units["cash_token"].balanceOf, (place,)),
        (units["listing"].halted_until, (0,)),
        (units["listing"].halted_until, (1,)),
    ]
    asked += [(ledger.open_interest, (code,)) for code in codes]
    asked += [(ledger.deposited, (asset,)) for asset in TOKENS]
    asked += [(units[token].balanceOf, (place,)) for token in TOKENS.values()]
    holders = (*village.people, "security_fund")
    asked += [(units["security_fund"].balanceOf, (village.addresses[x],)) for x in holders]
    answers = what_ifs([[one] for one in asked])
    found = Snapshot(village.now)
    for i, number in enumerate(numbers):
        words, health, header, cash, holdings = answers[5 * i : 5 * i + 5]
        held: dict[int, int] = {}
        for word in words:
            code, quantity = unpack(word)
            if code in held:
                found.twice.append(number)
            held[code] = held.get(code, 0) + quantity
        found.positions[number] = held
        found.health[number] = (health.equity, health.initial, health.maintenance, health.fresh)
        found.header[number] = header
        found.cash[number] = cash
        found.holdings[number] = {word >> 248: word & (2**248 - 1) for word in holdings}
    rest = answers[5 * len(numbers) :]
    found.certificate, found.pending, found.outstanding, indices, found.total = rest[:5]
    found.indices = (indices >> 128, indices & MASK_128)
    found.house = village.names.get(str(rest[5]), "")
    found.running = rest[6] if found.house == "auctions" else rest[7]
    found.tokens, found.halted = rest[8], max(rest[9:11])
    end = 11 + len(codes)
    found.interest = dict(zip(codes, rest[11:end], strict=True))
    found.deposited = dict(zip(TOKENS, rest[end : end + len(TOKENS)], strict=True))
    end += len(TOKENS)
    found.escrow = dict(zip(TOKENS, rest[end : end + len(TOKENS)], strict=True))
    found.shares = rest[end + len(TOKENS) :]
    return found
