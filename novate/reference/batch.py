"""The batch auction in plain integers, written from its rules: who trades how much at which price.

Limits and quantities are whole numbers of UNIT (1e-9 USD, 1e-9 contracts). A series moves as much
as any one price can move. The price is the limit of the side that is left over in part; half way
between the last buyer and the last seller when both come out even. Packages take any price in a
series, come before other orders, and are let in one by one, the one that pays most first, if single
orders can fill all their legs and no package pays more than its limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

UNIT = 10**9
MOST, MOST_PACKAGES = 64, 16


@dataclass(frozen=True)
class Single:
    """An order of one option."""

    id: int
    account: int
    series: int
    quantity: int
    limit: int  # positive, of buyers and sellers alike
    sells: bool


@dataclass(frozen=True)
class Package:
    """Options that trade together or not at all."""

    id: int
    account: int
    legs: tuple[tuple[int, int], ...]  # series, contracts a unit: bought if positive
    units: int
    limit: int  # most that is paid a unit; negative: least that is received


@dataclass
class Outcome:
    """What a batch comes to."""

    prices: dict[int, int] = field(default_factory=dict)
    fills: dict[int, int] = field(default_factory=dict)  # by id; units of packages
    packages: list[int] = field(default_factory=list)  # that are in, as they were let in


def kept(orders: Iterable[Single], sells: bool) -> list[Single]:
    """One side of a series, the best first; a list keeps MOST."""
    side = [one for one in orders if one.sells == sells]
    side.sort(key=lambda one: (one.limit if sells else -one.limit, one.id))
    return side[:MOST]


def volume(buys: Sequence[Single], sells: Sequence[Single], bought: int, sold: int) -> int:
    """The most that changes hands at any one price."""
    best = 0
    # The limits themselves are enough: between two of them nothing changes. Any other price will
    # do where only packages meet.
    for price in {one.limit for one in (*buys, *sells)} | {0}:
        demand = bought + sum(one.quantity for one in buys if one.limit >= price)
        supply = sold + sum(one.quantity for one in sells if one.limit <= price)
        best = max(best, min(demand, supply))
    return best


def shares(side: Sequence[Single], total: int) -> tuple[dict[int, int], bool]:
    """Gives out a total by price, and in proportion at one price; whether somebody had to share."""
    given: dict[int, int] = {}
    shared = False
    for limit in dict.fromkeys(one.limit for one in side):
        level = [one for one in side if one.limit == limit]
        size = sum(one.quantity for one in level)
        part = min(size, total)
        shared = shared or 0 < part < size
        for one in level:
            given[one.id] = one.quantity * part // size
        total -= part
        if total == 0:
            break
    return given, shared


def cross(
    buys: Sequence[Single], sells: Sequence[Single], bought: int, sold: int
) -> tuple[int, dict[int, int]] | None:
    """Price and fills of a series, when packages buy and sell so much; None: it cannot be."""
    total = volume(buys, sells, bought, sold)
    if total == 0 or total < bought + sold:
        return None
    bids, bids_share = shares(buys, total - bought)
    asks, asks_share = shares(sells, total - sold)
    reached = {one.limit for one in buys if total > bought and one.id in bids}
    last_buy = min(reached) if reached else None
    reached = {one.limit for one in sells if total > sold and one.id in asks}
    last_sell = max(reached) if reached else None
    if last_buy is None or asks_share:
        assert last_sell is not None
        price = last_sell
    elif last_sell is None or bids_share:
        price = last_buy
    else:
        price = (last_buy + last_sell) // 2
    if bought or sold:
        # Nobody whom a package displaced would trade at a price that is better than its limit.
        price = max(
            [price] + [one.limit for one in buys if last_buy is None or one.limit < last_buy]
        )
        price = min(
            [price] + [one.limit for one in sells if last_sell is None or one.limit > last_sell]
        )
    return price, {**bids, **asks}


def clear(singles: Sequence[Single], packages: Sequence[Package]) -> Outcome:
    """The whole batch, of orders whose accounts all pass."""
    books: dict[int, list[Single]] = defaultdict(list)
    for one in singles:
        books[one.series].append(one)
    sides = {code: (kept(book, False), kept(book, True)) for code, book in books.items()}
    linked: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    outcome = Outcome()

    def price_at(code: int, sums: tuple[int, int]) -> int | None:
        found = cross(*sides.get(code, ([], [])), *sums)
        return None if found is None else found[0]

    best = sorted(packages, key=lambda one: (-one.limit, one.id))[:MOST_PACKAGES]
    inside: list[Package] = []
    for package in best:
        wanted = dict(linked)
        for code, ratio in package.legs:
            bought, sold = wanted.get(code, (0, 0))
            change = package.units * abs(ratio)
            wanted[code] = (bought + change, sold) if ratio > 0 else (bought, sold + change)
        prices = {code: price_at(code, sums) for code, sums in wanted.items()}
        if any(price is None for price in prices.values()):
            continue
        costs = {
            one.id: sum(ratio * (prices[code] or 0) for code, ratio in one.legs)
            for one in [*inside, package]
        }
        if all(costs[one.id] <= one.limit for one in [*inside, package]):
            inside.append(package)
            linked.update(wanted)
    for code, (buys, sells) in sides.items():
        found = cross(buys, sells, *linked[code])
        if found is not None:
            outcome.prices[code] = found[0]
            outcome.fills.update(found[1])
    outcome.packages = [one.id for one in inside]
    outcome.fills.update({one.id: one.units for one in inside})
    return outcome


def changes(
    singles: Sequence[Single], packages: Sequence[Package], outcome: Outcome
) -> tuple[dict[tuple[int, int], int], dict[int, int]]:
    """Contracts by account and series, and cash by account [UNIT * UNIT], that the batch moves.

    Fills that were rounded down leave one side a few UNIT larger: those are in no result here.
    """
    held: dict[tuple[int, int], int] = defaultdict(int)
    cash: dict[int, int] = defaultdict(int)
    for one in singles:
        amount = outcome.fills.get(one.id, 0) * (-1 if one.sells else 1)
        held[one.account, one.series] += amount
        cash[one.account] -= amount * outcome.prices.get(one.series, 0)
    for package in packages:
        units = outcome.fills.get(package.id, 0)
        for code, ratio in package.legs:
            held[package.account, code] += units * ratio
            cash[package.account] -= units * ratio * outcome.prices.get(code, 0)
    return held, cash
