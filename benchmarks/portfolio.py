"""Gas of the portfolio engine as the ledger calls it: what its check adds to a withdrawal.

23 scenarios, smiles from the volatility surface through the oracle, everything cold. The book of
`margin.portfolio.N` is that of the peer's gas test (GAS_MAX_PORTFOLIO in test/integration-tests/
metrics of derivexyz v2-core): calls, all sold, one of each, strikes from spot up in steps of 5 % of
it, two weeks; `64x4` has expiries of two to eight weeks. Such a book has its worst case at the
outermost spots, and only those are valued; the peer values all 23 whatever the book is.

`_mixed` has no twin in the peer's test and is our dearest: calls and puts, bought and sold, within
25 % of spot, where no scenario can be left out. `_chain` holds a call and a put at each strike.
Prices are held by the oracle for twelve seconds and were stored in the same block, as live markets
run; `_unheld` asks the sources again. `_scan`: the moves follow a scan range.
"""

import random
from functools import partial

import boa

from novate.deploy import compiled
from novate.gas import transaction_gas
from novate.market import Series
from novate.series import DAY, WAD
from tests.portfolio_world import TWENTY_THREE, deploy_engine, figures, levels

from .gas import Bench

SPOT = 2_750
TICK = 25
WEEKS = (2, 3, 4, 8)
VOLATILITY = 1.0
# How far a source may be from the median, and the price may jump a minute [bp].
LIMITS = (500, 100)


class PortfolioBench(Bench):
    """The taker judged by the portfolio engine; a surface behind the oracle."""

    def __init__(self) -> None:
        super().__init__()
        owner = self.market.owner
        engine = deploy_engine(self.market.oracle.address, owner)
        settings = compiled("margin/PortfolioSettings.vy").at(engine.address)
        settings.set_market(1, figures(TWENTY_THREE), levels(TWENTY_THREE), sender=owner)
        self.settings = settings
        office = compiled("clearing/BackOffice.vy").at(self.ledger.address)
        office.register_engine(1, engine.address, sender=owner)
        office.set_engine(self.taker.number, 1, sender=self.taker.address)
        self.expiries = [self.market.expiry_in(7 * weeks) for weeks in WEEKS]
        surface = compiled("oracle/VolatilitySurface.vy").deploy([owner], 1, owner)
        surface.set_fitter(owner, True, sender=owner)
        surface.set_limits(1, (WAD, WAD, 2 * WAD), sender=owner)
        surface.post([self.smile(expiry) for expiry in self.expiries], sender=owner)
        self.oracle = compiled("oracle/PriceOracle.vy").at(self.market.oracle.address)
        self.oracle.set_surface(1, surface.address, sender=owner)

    def hold(self, seconds: int = 12) -> None:
        """As live markets run: prices are served for twelve seconds, and were stored just now."""
        self.oracle.set_limits(1, seconds, *LIMITS, sender=self.market.owner)
        self.oracle.poke(1, sender=self.market.owner)

    def follow(self) -> None:
        """Moves as wide as the market's scan range says."""
        scan = self.market.contracts["scan_range"]
        self.settings.set_scan_range(1, scan.address, sender=self.market.owner)

    def smile(self, expiry: int) -> tuple[object, ...]:
        """A skewed smile around `VOLATILITY`, as the surface takes it."""
        now = int(boa.env.timestamp)
        variance = VOLATILITY**2 * (expiry - now) / (365 * DAY)
        root = variance**0.5
        curve = (0.7 * variance, 0.4 * root, -0.1, 0.02, 0.75 * root)
        return (1, expiry, tuple(round(x * WAD) for x in curve), WAD, 3 * WAD // 100, now)

    def sold_calls(self, count: int, expiries: int = 1) -> list[Series]:
        each = count // expiries
        return [
            self.market.series((SPOT + SPOT * i // 20) // TICK * TICK, expiry, False)
            for expiry in self.expiries[:expiries]
            for i in range(each)
        ]

    def mixed(self, count: int, expiries: int = 1) -> list[Series]:
        each = count // expiries
        series = []
        for expiry in self.expiries[:expiries]:
            strikes = [SPOT * 3 // 4 + SPOT // 2 * i // each for i in range(each)]
            series += [
                self.market.series(k // TICK * TICK, expiry, i % 2 == 0)
                for i, k in enumerate(strikes)
            ]
        random.Random(1).shuffle(series)
        # Strikes on the tick may meet.
        return list(dict.fromkeys(series))

    def chain(self, count: int) -> list[Series]:
        return [
            self.market.series(SPOT - TICK * (count // 4) + TICK * i, self.expiries[0], put)
            for i in range(count // 2)
            for put in (False, True)
        ]

    def withdrawal(self) -> int:
        taker = self.taker
        return transaction_gas(
            self.ledger.withdraw,
            *(taker.number, 0, 10**6, taker.address),
            sender=taker.address,
        ).execution


def _sells(of_four: int, i: int) -> bool:
    return i % 4 < of_four


def measure() -> dict[str, int]:
    bench = PortfolioBench()
    bare = bench.withdrawal()
    cases = {
        "16": (bench.sold_calls(16), True),
        "64": (bench.sold_calls(64), True),
        "127": (bench.sold_calls(127), True),
        "64x4": (bench.sold_calls(64, 4), True),
        "16_mixed": (bench.mixed(16), False),
        "54_mixed": (bench.mixed(54), False),
        "64x4_mixed": (bench.mixed(64, 4), False),
        "16_chain": (bench.chain(16), False),
        "126_chain": (bench.chain(126), False),
    }
    found = {}
    for name, (series, only_sold) in cases.items():
        # So many of four are sold.
        sold = 4 if only_sold else 2
        with boa.env.anchor():
            bench.open(bench.taker, series, partial(_sells, sold), WAD)
            if name == "16":
                with boa.env.anchor():
                    bench.hold(0)
                    found["margin.portfolio.16_unheld"] = bench.withdrawal() - bare
            bench.hold()
            if name == "16":
                with boa.env.anchor():
                    bench.follow()
                    found["margin.portfolio.16_scan"] = bench.withdrawal() - bare
            found[f"margin.portfolio.{name}"] = bench.withdrawal() - bare
    return found


if __name__ == "__main__":
    for key, gas in measure().items():
        print(f"{key:<32}{gas:>12,}")
