"""Who bore a loss: each account's share of what was taken from all positive cash, in wei.

Cash is principal times index (contracts/clearing/cash.vy): a socialised loss lowers the index of
positive cash and touches no account. So the principals before the transaction and the index that
its event names give every share, and the shares must sum to the loss.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..market import Market, Receipt
from .record import Loss

RAY = 10**27
_MASK = 2**128 - 1


def principals(market: Market) -> dict[int, int]:
    """Signed principal of everybody's cash, the security fund's included, by account id."""
    house = market.clearinghouse
    numbers = [*(account.number for account in market.accounts), int(house.FUND())]
    return {number: _signed(int(house.header_of(number)) & _MASK) for number in numbers}


def shares(
    market: Market, receipt: Receipt, before: Mapping[int, int], shift: int = 0
) -> list[Loss]:
    """The losses of a transaction, with who bore them.

    before: principals before it. shift: [s] that the chain's clock is ahead of the path's.
    """
    cuts = iter(receipt.find("LossSocialised"))
    found = []
    for covered in receipt.find("LossCovered"):
        event = covered.arguments
        borne: dict[str, int] = {}
        rate = 0.0
        if event["socialised"]:
            cut = next(cuts).arguments
            held = {number: principal for number, principal in before.items() if principal > 0}
            # The fund has paid all it had before others pay.
            held.pop(int(market.clearinghouse.FUND()), None)
            after = int(cut["supply_index"])
            lowered = _lowered(held, after, receipt, cut["loss"])
            borne = {
                market.name_of(number): principal * (after + lowered) // RAY
                - principal * after // RAY
                for number, principal in held.items()
            }
            rate = lowered / (after + lowered)
        found.append(
            Loss(
                receipt.time - shift,
                market.name_of(event["account"]),
                event["loss"],
                event["from_fund"],
                event["socialised"],
                {name: share for name, share in borne.items() if share},
                rate,
            )
        )
    return found


def _lowered(held: dict[int, int], after: int, receipt: Receipt, loss: int) -> int:
    """By how much [ray] the index fell, as the contract rounds it.

    Cash that the account in auction paid to the bidder within the same transaction is taken off its
    principal in `held`: it was gone before the loss fell.
    """
    lowered = -(-loss * RAY // max(sum(held.values()), 1))
    for bid in receipt.find("BidTaken"):
        account, spent = bid.arguments["account"], bid.arguments["from_reserve"]
        if spent and account in held:
            held[account] = max(held[account] - spent * RAY // (after + lowered), 0)
            lowered = -(-loss * RAY // max(sum(held.values()), 1))
    return lowered


def _signed(principal: int) -> int:
    return principal - 2**128 if principal >> 127 else principal
