"""Those who keep the market going: the keeper and the bidders of its auctions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .base import (
    Action,
    Agent,
    Announce,
    Bid,
    Deleverage,
    EndAuction,
    Fix,
    RestartAuction,
    Settle,
    StartAuction,
    View,
    WriteOff,
)

SETTLE_BATCH = 32
# A smaller share is not worth the gas.
SMALLEST_BID = 0.02


@dataclass(frozen=True)
class Keeper(Agent):
    """Fixes and settles what has expired, starts and ends auctions, writes off empty debts.

    What no bidder takes at the worst price it closes against the other side, after the notice.
    """

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        actions: list[Action] = [Fix(expiry) for expiry in view.unfixed]
        for first in range(0, len(view.matured), SETTLE_BATCH):
            actions.append(Settle(view.matured[first : first + SETTLE_BATCH]))
        if actions:
            # Judged again once the expired options are paid.
            return actions
        for auction in view.auctions:
            if auction.restored:
                actions.append(EndAuction(auction.account))
            elif auction.due:
                actions.append(RestartAuction(auction.account))
            elif auction.over and not auction.closes:
                actions.append(Announce(auction.account))
            elif auction.closes and view.now >= auction.closes:
                actions += [
                    Deleverage(auction.account, series, longs)
                    for series, longs in auction.shorts
                    if longs
                ]
        for account in view.accounts:
            if account.in_auction:
                continue
            if account.positions or account.collateral > 0:
                actions.append(StartAuction(account.number))
            elif account.cash < 0:
                actions.append(WriteOff(account.number))
        return actions


@dataclass(frozen=True)
class Bidder(Agent):
    """Buys portfolios below their mark.

    Bids once the asking price is below mark by `discount` (share of the mark; for a portfolio
    that is worth less than nothing, share of the margin that it asks for), and for no more than
    its own margin carries.
    """

    discount: float = 0.05
    use: float = 0.9  # of its free initial margin

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        actions: list[Action] = []
        free = self.use * view.me.initial
        for auction in view.auctions:
            edge = self.discount * (auction.mark if auction.mark > 0 else auction.exposure)
            if auction.due or auction.restored or auction.mark - auction.price < edge:
                continue
            afford = free / auction.exposure if auction.exposure > 0 else 1.0
            share = min(auction.largest, afford)
            if share < SMALLEST_BID or view.me.in_auction:
                continue
            actions.append(Bid(auction.account, share, auction.price))
            free -= share * auction.exposure
        return actions


@dataclass(frozen=True)
class Liquidator(Agent):
    """Buys what is profitable after hedging it, within a limit of capital.

    Hedging costs `hedging` of the value of the underlying that the lot's delta stands for. All
    lots together bind at most `capital` of its free initial margin.
    """

    capital: float = 100_000.0  # [USD]
    hedging: float = 0.002  # share of the hedged notional
    profit: float = 0.02  # at least so much of the margin that the lot binds

    def decide(self, view: View, rng: np.random.Generator) -> Sequence[Action]:
        if view.me.in_auction:
            return []
        actions: list[Action] = []
        free = min(view.me.initial, self.capital)
        for auction in view.auctions:
            if auction.due or auction.restored:
                continue
            cost = self.hedging * abs(auction.delta) * view.spot
            if auction.mark - auction.price - cost < self.profit * auction.exposure:
                continue
            afford = free / auction.exposure if auction.exposure > 0 else 1.0
            share = min(auction.largest, afford)
            if share < SMALLEST_BID:
                continue
            actions.append(Bid(auction.account, share, auction.price))
            free -= share * auction.exposure
        return actions
