"""The router of a market: one order split over option pools, signed orders and the open batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .market import Account, Market, Number, Receipt, from_wad, to_wad
from .orders import Order
from .pool import NO_LIMIT, OptionPool
from .series import Series

# As `Market.sign` returns it, with the maker.
Signed = tuple[Account, Order, bytes]
Legs = Sequence[tuple[Series, Number]]


class Router:
    """A router of a market and what one does with it."""

    def __init__(self, market: Market) -> None:
        """That of a market with liquidity (novate/liquidity.py)."""
        self.market = market
        self.contract: Any = market.router

    def allow(self, taker: Account) -> Receipt:
        """The taker lets the router act for its accounts, when it calls it itself."""
        return self.market.send(
            "operators", "set_operator", self.contract.address, True, sender=taker
        )

    def quote(
        self,
        legs: Legs,
        pools: Sequence[OptionPool] = (),
        orders: Sequence[Signed] = (),
        waits: Sequence[Number] = (),
    ) -> tuple[list[dict[int, float]], float]:
        """Contracts by venue (pools first, then orders, then the batch) for each leg, and the
        cost [USD]. waits: price [USD] of each leg at which it may wait in the batch; 0: not."""
        venues = self._venues(legs, pools, orders)
        parts, cost = self.contract.quote(*venues, *self._batch(waits))
        found: list[dict[int, float]] = [{} for _ in legs]
        for part in parts:
            found[part.leg][part.venue] = from_wad(part.quantity)
        return found, from_wad(cost)

    def route(
        self,
        taker: Account,
        legs: Legs,
        pools: Sequence[OptionPool] = (),
        orders: Sequence[Signed] = (),
        limit: Number | None = None,
        partial: bool = False,
        waits: Sequence[Number] = (),
    ) -> Receipt:
        """Fill an order where it is cheapest. limit: [USD] at most paid for all of it."""
        most = NO_LIMIT if limit is None else to_wad(limit)
        arguments = (taker.number, *self._venues(legs, pools, orders), most, partial)
        waiting = self._batch(waits)
        receipt = self.market.send(self.contract, "route", *arguments, *waiting, sender=taker)
        self.market._state.expiries |= {series.expiry for series, _ in legs}
        return receipt

    def _batch(self, waits: Sequence[Number]) -> tuple[Any, ...]:
        return (self.market.batch.address, [to_wad(one) for one in waits])

    def _venues(
        self, legs: Legs, pools: Sequence[OptionPool], orders: Sequence[Signed]
    ) -> tuple[Any, ...]:
        return (
            [(series.code, to_wad(quantity)) for series, quantity in legs],
            [pool.contract.address for pool in pools],
            [(order.as_tuple(), maker.address, proof) for maker, order, proof in orders],
        )
