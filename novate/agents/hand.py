"""What agents do on a market: the one place where their actions become transactions."""

from __future__ import annotations

from collections.abc import Sequence

import boa
import numpy as np

from ..errors import NovateError, ParameterError
from ..market import Account, Market, Number, Receipt, from_wad, to_wad
from ..orders import Order
from ..series import WAD, Series
from .base import (
    Action,
    Agent,
    Announce,
    Bid,
    Deleverage,
    Deposit,
    EndAuction,
    Fix,
    RestartAuction,
    Settle,
    StartAuction,
    View,
    Withdraw,
    WriteOff,
)

# [s] for which a bid is good.
BID_LIFE = 600
# What the transaction of an action is called, as in the gas table.
OPERATIONS: dict[type, str] = {
    Deposit: "deposit",
    Withdraw: "withdraw",
    Fix: "fix",
    Settle: "settle",
    StartAuction: "auction start",
    RestartAuction: "auction restart",
    EndAuction: "auction finish",
    WriteOff: "write_off",
    Bid: "auction bid",
}


class RefusedError(NovateError):
    """A contract refused what an agent asked for, and why."""


class Hand:
    """An agent with its account: decides, signs and sends."""

    def __init__(
        self, market: Market, agent: Agent, account: Account, rng: np.random.Generator
    ) -> None:
        self.market, self.agent, self.account, self.rng = market, agent, account, rng

    def decide(self, view: View) -> Sequence[Action]:
        """What the agent wants to do."""
        return self.agent.decide(view, self.rng)

    def do(self, action: Action) -> Receipt:
        """Send what it wants; raises RefusedError."""
        try:
            return perform(self.market, self.account, action)
        except boa.BoaError as error:
            raise RefusedError(self.market.refusal) from error

    def sign(
        self, series: Series, quantity: Number, price: Number, taker: Account
    ) -> tuple[Order, bytes]:
        """An order that only `taker` may fill: a positive quantity buys."""
        return self.market.sign(self.account, series, quantity, price, taker=taker)

    def fill(self, order: Order, signature: bytes, maker: str, amount: Number) -> Receipt:
        """Take the other side of an order of `maker`, an address; raises RefusedError."""
        try:
            return self.market.fill(order, signature, maker, self.account, amount)
        except boa.BoaError as error:
            raise RefusedError(self.market.refusal) from error

    def close(self) -> None:
        """The run is over."""


def perform(market: Market, account: Account, action: Action) -> Receipt:
    """Send an action of the owner of `account`."""
    operation = OPERATIONS.get(type(action))
    match action:
        case Deposit(amount):
            return market.deposit(account, round(amount, 2))
        case Withdraw(amount):
            return market.withdraw(account, round(amount, 2))
        case Fix(expiry):
            return market.fix(expiry, sender=account)
        case Settle(accounts):
            return market.send("clearinghouse", "settle", list(accounts), sender=account)
        case StartAuction(number):
            arguments: tuple[int, ...] = (number, account.number)
            return market.send("auctions", "start", *arguments, sender=account, operation=operation)
        case RestartAuction(number):
            return market.send("auctions", "restart", number, sender=account, operation=operation)
        case EndAuction(number):
            return market.send("auctions", "finish", number, sender=account, operation=operation)
        case WriteOff(number):
            return market.send("clearinghouse", "write_off", number, sender=account)
        case Announce(number):
            return market.send("auctions", "announce", number, sender=account)
        case Deleverage(number, series, opposites):
            for opposite in opposites:
                market.send("auctions", "nominate", number, series, opposite, sender=account)
            return market.send("auctions", "deleverage", number, series, sender=account)
        case Bid(number, share, limit):
            terms = market.auctions.preview(number, WAD).terms
            arguments = (
                number,
                account.number,
                WAD if share >= from_wad(terms.largest) else int(share * terms.remaining),
                # A cent above what the bidder saw, per whole lot as the contract compares it.
                to_wad(round(limit, 2) + 0.01) * WAD // terms.remaining,
                terms.kind,
                market.now + BID_LIFE,
            )
            return market.send("auctions", "bid", *arguments, sender=account, operation=operation)
    raise ParameterError("action", action, "what is done by a transaction")
