"""Fixings, the court over them, barriers, and payment."""

from __future__ import annotations

import boa

from novate.series import Series
from tests.stateful.moves_base import Base, Move
from tests.stateful.village import DAY, HOUR, STRANGER, WAD, Step


class Settlement(Base):
    """The end of series."""

    def expired(self) -> list[int]:
        return sorted(
            {
                Series.from_code(code).expiry
                for held in self.view.positions.values()
                for code in held
                if Series.from_code(code).expiry <= self.village.now
            }
        )

    def settles(self) -> Move:
        village, who = self.village, self.pick(("keeper", STRANGER, "maker"))
        for expiry in self.expired():
            if not village.market.oracle.fixing(1, expiry):
                yield from self.fixes(expiry, who)
        some = [self.name(n) for n in self.view.positions if n in village.accounts]
        self.rng.shuffle(some)
        count = self.rng.choice([1, 3, 32])
        yield Step(who, "clearinghouse.settle", (tuple(some[:count]),))

    def fixes(self, expiry: int, who: str) -> Move:
        oracle = self.village.market
        try:
            window = int(oracle.oracle.WINDOW())
            rounds = tuple(oracle.oracle_lens.rounds_at(1, expiry - window))
        except boa.BoaError:
            rounds = ()
        yield Step(who, "oracle.fix", (1, expiry, rounds))

    def courts(self) -> Move:
        rng = self.rng
        expired = self.expired()
        expiry = self.pick(expired) if expired else self.village.now // HOUR * HOUR
        price = round(self.spot * 10**8 * rng.choice([1, 1.01, 3])) * 10**10
        yield Step("backer", "court.propose", (1, expiry, price))
        if rng.random() < 0.6:
            yield Step("rival", "court.dispute", (1, expiry))
        if rng.random() < 0.6:
            yield Step("keeper", "~wait", (rng.choice([7_300, DAY, DAY]),))
        if rng.random() < 0.5:
            yield from self.owner_calls("court.choose", (1, expiry, rng.random() < 0.5))
        else:
            yield from self.fixes(expiry, "keeper")
        yield Step("keeper", "court.settle", (1, expiry))
        yield Step(self.pick(("backer", "rival", "owner")), "court.withdraw", ())

    def barriers(self) -> Move:
        codes = [code for code in self.codes if Series.from_code(code).barrier]
        if not codes:
            return
        code, rng = self.pick(codes), self.rng
        series = Series.from_code(code)
        if rng.random() < 0.4:
            yield Step("backer", "watch.fund", (code, 10**6))
        if rng.random() < 0.4 and series.expiry > self.village.now:
            level = series.barrier / WAD
            self.spot = round(level * (1.004 if series.is_up else 0.996), 2)
            yield from self.push()
            yield Step("keeper", "oracle.poke", (1,))
        hour = -(-self.village.now // HOUR) + rng.choice([0, 0, 0, -1])
        yield Step("keeper", "watch.touch", (code, hour))
        if series.expiry < self.village.now:
            yield Step("keeper", "watch.resolve", (code, rng.choice([3, 1_024])))
