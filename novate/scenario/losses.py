"""Who bore a loss: each account's share of what was taken from all positive cash, in wei.

Cash is principal times index (contracts/clearing/cash.vy): a socialised loss lowers the index of
positive cash and touches no account. So the principals at that moment and the index that the
event names give every share, and the shares must sum to the loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..market import Market, Receipt
from .record import Loss

RAY = 10**27
_MASK = 2**128 - 1


@dataclass(frozen=True)
class Cash:
    """Everybody's cash before a transaction, the security fund's included."""

    principals: Mapping[int, int]  # account id -> signed principal
    index: int  # [ray] of positive cash, to 1e-24 of itself

    @classmethod
    def of(cls, market: Market) -> Cash:
        house = market.clearinghouse
        numbers = [*(account.number for account in market.accounts), int(house.FUND())]
        held = {number: _signed(int(house.header_of(number)) & _MASK) for number in numbers}
        # Any positive cash tells the index, the largest most finely.
        largest = max(held, key=lambda number: held[number])
        if held[largest] <= 0:
            return cls(held, RAY)
        return cls(held, int(house.cash_of(largest)) * RAY // held[largest])


def shares(market: Market, receipt: Receipt, before: Cash, shift: int = 0) -> list[Loss]:
    """The losses of a transaction, with who bore them.

    before: as things stood before it. shift: [s] that the chain's clock is ahead of the path's.
    """
    fund = int(market.clearinghouse.FUND())
    held, index = dict(before.principals), before.index
    borne: dict[str, int] = {}
    rate = 0.0
    found = []
    sold = [event.arguments for event in receipt.find("Liquidated")]

    def move(number: int, amount: int) -> None:
        """Cash that moves between two losses of one transaction, at the index of the moment."""
        principal = held.get(number, 0)
        after = (principal * index // RAY if principal > 0 else principal) + amount
        held[number] = after * RAY // index if after > 0 else after

    for event in receipt.events:
        told = event.arguments
        if event.name == "Charged":
            move(told["account"], -told["amount"])
            move(told["recipient"] or fund, told["amount"])
        elif event.name == "Liquidated":
            move(told["bidder"], told["cash"] - told["payment"])
            sold = [one for one in sold if one != told]
        elif event.name == "LossSocialised":
            # What is sold has left the account, and the fund has paid all it had, by then.
            for one in sold:
                move(one["account"], max(one["payment"], 0) - one["cash"])
            sold, held[fund] = [], 0
            index = int(told["supply_index"])
            bearing = {number: principal for number, principal in held.items() if principal > 0}
            lowered = -(-told["loss"] * RAY // max(sum(bearing.values()), 1))
            borne = {
                market.name_of(number): principal * (index + lowered) // RAY
                - principal * index // RAY
                for number, principal in bearing.items()
            }
            rate = lowered / (index + lowered)
        elif event.name == "LossCovered":
            parts = (told["loss"], told["from_fund"], told["socialised"])
            some = {name: share for name, share in borne.items() if share}
            name = market.name_of(told["account"])
            found.append(Loss(receipt.time - shift, name, *parts, some, rate))
            borne, rate = {}, 0.0
    return found


def _signed(principal: int) -> int:
    return principal - 2**128 if principal >> 127 else principal
