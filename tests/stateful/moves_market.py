"""The market, its reporters and forecasters, and who watches over it."""

from __future__ import annotations

import math

from novate.series import Series
from tests.stateful.moves_base import Base, Move
from tests.stateful.village import DAY, HOUR, STRANGER, WAD, Step


class Market(Base):
    """Time, prices, reports, bonds of reporters, smiles, forecasts."""

    def market(self) -> Move:
        """Time and prices: everything that makes values move."""
        rng = self.rng
        if rng.random() < 0.6:
            seconds = [20, 600, 2 * HOUR, 4 * HOUR, 7 * HOUR, DAY, 3 * DAY]
            yield Step("keeper", "~wait", (rng.choices(seconds, [3, 5, 5, 4, 2, 3, 1])[0],))
        if rng.random() < 0.9:
            self._move()
            yield from self.push()

    def _move(self) -> None:
        rng = self.rng
        aim = self.spot * (1 + rng.choice([-0.06, -0.02, -0.005, 0.0, 0.005, 0.02, 0.04]))
        shorts = [
            code
            for held in self.view.positions.values()
            for code, quantity in held.items()
            if quantity < 0
        ]
        if shorts and rng.random() < 0.45:
            # Against somebody's short, from a little to ruin.
            series = Series.from_code(self.pick(shorts))
            by = rng.choice([0.03, 0.06, 0.1, 0.15, 0.2, 0.35])
            aim = series.strike / WAD * (1 - by if series.is_put else 1 + by)
        elif rng.random() < 0.2:
            aim += 0.3 * (2_750 - aim)
        self.spot = round(min(max(aim, 700.0), 6_000.0), 2)
        self.volatility = round(rng.choice([0.12, 0.2, 0.35, 0.6, 0.9]), 4)

    def reports(self) -> Move:
        rng = self.rng
        price = round(self.spot * 10**8 * rng.choice([1, 1, 1, 1.001, 1.3]))
        places = tuple(sorted(rng.sample(range(5), rng.choice([3, 3, 3, 2]))))
        for function in ("submit", "offer"):
            if rng.random() < 0.6:
                age = rng.choice([0, 5, 30])
                yield Step("keeper", "~report", (function, price, WAD, age, places))
                yield Step("keeper", "~wait", (rng.choice([12, 61, 120]),))
        if rng.random() < 0.3:
            yield Step("backer", "bonds.fund", ("@signed_feed", 10**6))
        if rng.random() < 0.5:
            yield Step("keeper", "bonds.accrue", ("@signed_feed", 64))

    def bonds(self) -> Move:
        rng = self.rng
        place = rng.randrange(5)
        who = f"reporter {place + 1}"
        price = round(self.spot * 10**8)
        row = [
            Step(who, "bonds.bond", (rng.choice([1, 500, 10_000]) * 10**6,)),
            Step(who, "bonds.unbond", (10**6,)),
            Step(who, "bonds.claim", ()),
            Step(who, "bonds.withdraw", ()),
            Step("keeper", "~contradict", (place, price, price + 1)),
            Step("keeper", "bonds.claim", ()),
            Step(who, "signed_feed.drop", (place,)),
            Step("backer", "surface_fees.fund", (10 * 10**6,)),
            Step("keeper", "surface_fees.accrue", (1,)),
            Step(who, "surface_fees.claim", ()),
        ]
        yield rng.choices(row, [4, 2, 2, 2, 1, 2, 0.2, 2, 2, 2])[0]
        if rng.random() < 0.1:
            # Five rounds in a row, and one member far from them.
            rounds = int(self.village.units["signed_feed"].rounds())
            for _ in range(5):
                yield Step("keeper", "~report", ("submit", price, WAD, 0, (0, 1, 2)))
                yield Step("keeper", "~wait", (40,))
            yield Step("keeper", "~wait", (700,))
            yield Step("keeper", "~deviate", (place, price * 2, rounds + 3, rounds + 1, 5))

    def smiles(self) -> Move:
        rng = self.rng
        expiry = self.pick(self.next_expiries()[:3])
        tenor = max(expiry - self.village.now, HOUR) / (365 * DAY)
        level = self.volatility * rng.uniform(0.9, 1.1)
        variance = level * level * tenor
        root = math.sqrt(variance)
        # A shape whose variance at the money is about one, scaled with the root of the variance.
        unit = 0.2 + 0.6 * (-0.3 * -0.1 + math.sqrt(0.01 + 1.44))
        body = (variance * 0.2 / unit, root * 0.6 / unit, -0.3, 0.1 * root, 1.2 * root)
        smile = tuple(round(x * 10**15) * 10**3 for x in body)
        report = (1, expiry, smile, WAD, 0)
        if rng.random() < 0.5:
            yield Step("keeper", "~smile", ("submit", report, rng.choice([0, 60]), (0, 2, 4)))
        else:
            yield Step("market maker", "~smile", ("post", report, 0, ()))

    def forecasts(self) -> Move:
        row = (
            Step("keeper", "forecast.record", (1,)),
            Step("keeper", "realised.record", (1,)),
            Step("keeper", "scan_range.move", (1,)),
            Step("keeper", "margin.poke", (2,)),
            Step("keeper", "portfolio_margin.poke", (2,)),
            Step("keeper", "listing.watch_outflow", ()),
        )
        yield self.pick(row)
        if self.rng.random() < 0.2:
            yield Step("rival", "yield_token.deposit", (10**17, "@rival"))
            # A gift that raises what a share is worth.
            yield Step("rival", "index_token.transfer", ("@yield_token", 10**17))
            yield Step("keeper", "margin.poke", (2,))

    def watches(self) -> Move:
        some = [self.name(n) for n in self.village.accounts]
        some.sort(key=lambda name: self.village.numbers[name])
        if self.rng.random() < 0.6:
            yield Step(STRANGER, "watchdog.invariant_check", ())
        else:
            args = (self.some_code(), tuple(some[:16]))
            yield Step(STRANGER, "watchdog.interest_check", args)
