"""Gas of standard margin where the bound does not settle it, and of the limits of exposure.

`margin.standard.N` of benchmarks/gas.py is an account with room; here it holds exactly what it
needs, and strikes stand around the money, so that every price is a full one:

    _tight      calls and puts, long and short, in random order
    _tight_shorts   no long among them
    _spreads    every short beside a long further out: the worst payoff settles it without a price
    _4_expiries     two underlyings would cost two spots; one with four expiries reads it once
    _live           no aggregate was recorded within 12 seconds: the sources are read
"""

import random
from collections.abc import Callable

import boa

from novate.deploy import compiled
from novate.gas import transaction_gas
from novate.market import Account, Series
from novate.series import WAD, pack

from .gas import Bench

STEP = 25
SPOT = 2_750
DAYS = (7, 14, 21, 28)


def around(bench: Bench, count: int, expiries: int = 1) -> list[Series]:
    """Strikes 25 apart around spot, calls and puts in turn, shuffled."""
    each = count // expiries
    low = SPOT - STEP * (each // 2)
    series = [
        bench.market.series(low + STEP * i, bench.market.expiry_in(days), i % 2 == 0)
        for days in DAYS[:expiries]
        for i in range(each)
    ]
    random.Random(1).shuffle(series)
    return series


def spreads(bench: Bench, count: int) -> list[Series]:
    """Call spreads: the even ones to sell, the odd ones above them to buy."""
    expiry = bench.market.expiry_in(DAYS[0])
    low = SPOT - STEP * (count // 2)
    return [bench.market.series(low + STEP * i, expiry, False) for i in range(count)]


def check(bench: Bench, account: Account) -> int:
    """What a withdrawal costs after which the account holds just what it needs."""
    free = bench.ledger.health(account.number).initial // WAD
    bench.market.withdraw(account, free - 1)
    return transaction_gas(
        bench.ledger.withdraw,
        *(account.number, 0, 10**6, account.address),
        sender=account.address,
    ).execution


def measure() -> dict[str, int]:
    """Figures as in benchmarks/gas.py: what the check adds to a withdrawal."""
    bench = Bench()
    taker = bench.taker
    figures: dict[str, int] = {}
    with boa.env.anchor():
        bare = check(bench, taker)
    mixed: Callable[[int], bool] = lambda i: i % 4 < 2  # noqa: E731
    cases: list[tuple[str, list[Series], Callable[[int], bool]]] = []
    for count in (16, 64, 128):
        cases += [
            (f"margin.standard.{count}_tight", around(bench, count), mixed),
            (f"margin.standard.{count}_tight_shorts", around(bench, count), lambda _: True),
            (f"margin.standard.{count}_spreads", spreads(bench, count), lambda i: i % 2 == 0),
            (f"margin.standard.{count}_4_expiries", around(bench, count, 4), mixed),
        ]
    for name, series, sells in cases:
        with boa.env.anchor():
            bench.open(taker, series, sells, WAD)
            if name.endswith("expiries"):
                arguments = (taker.number, 0, 10**6, taker.address)
                withdraw = bench.ledger.withdraw
                gas = transaction_gas(withdraw, *arguments, sender=taker.address).execution
            else:
                gas = check(bench, taker)
            figures[name] = gas - bare
    for name, series, sells in cases[:2]:
        with boa.env.anchor():
            bench.open(taker, series, sells, WAD)
            bench.market.travel(60)
            figures[f"{name}_live"] = check(bench, taker) - bare
    with boa.env.anchor():
        limits = compiled("margin/ExposureLimits.vy").deploy(
            bench.market.oracle.address, bench.market.owner
        )
        limits.set_tier(taker.number, 1, sender=bench.market.owner)
        limits.set_limits(1, 1, (10**24, 10**24), sender=bench.market.owner)
        words = [pack(one.code, WAD) for one in around(bench, 16)]
        figures["limits.exposure.16"] = transaction_gas(
            limits.within, taker.number, words, sender=taker.address
        ).execution
    return figures
