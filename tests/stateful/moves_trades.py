"""Signed orders: opened, reduced, filled in parts, crossed, cancelled."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

from novate.series import Series
from tests.stateful.moves_base import TRADERS, UNIT, Base, Move
from tests.stateful.village import DAY, WAD, Receipt, Step


class Trades(Base):
    """What makers sign and takers fill."""

    def fair(self, series: Series) -> float:
        """[USD] about what it is worth."""
        years = max(series.expiry - self.village.now, 1) / (365 * DAY)
        strike = series.strike / WAD
        inside = max(strike - self.spot if series.is_put else self.spot - strike, 0.0)
        spread = self.volatility * math.sqrt(years) * self.spot
        away = (strike - self.spot) / max(spread, 1.0)
        return inside + 0.4 * spread * math.exp(-0.7 * abs(away) - 0.25 * away * away)

    def terms(self, account: str, size: int, legs: list[Any], taker: str = "@nobody") -> tuple:
        self.count += 1
        legs = sorted(legs)
        deadline = self.village.now + self.rng.choice([600, DAY, DAY, 30 * DAY])
        return account, taker, size, legs, self.count, deadline

    def opens(self) -> Move:
        """A maker signs, a taker fills: mostly the taker buys what a writer sells."""
        rng = self.rng
        maker, taker = rng.sample(TRADERS, 2)
        series = self.series()
        if self.codes and rng.random() < 0.3:
            series = Series.from_code(self.pick(self.codes))
        if series.expiry <= self.village.now and rng.random() < 0.9:
            return
        if series.barrier and series.code not in self.codes:
            yield Step("keeper", "watch.watch", (series.code,))
        sells = rng.random() < 0.7
        seller = maker if sells else taker
        free = max(self.view.health[self.village.numbers[f"#{seller}"]][1], 0) / WAD
        size = max(int(free / (0.13 * self.spot) * rng.uniform(0.1, 1.2) * 1e9), 1) * UNIT
        price = int(self.fair(series) * rng.choice([0.7, 0.9, 1, 1.1, 1.4]) * 1e6) * 10**12
        legs = [(series.code, -WAD if sells else WAD, price)]
        if rng.random() < 0.2 and not series.barrier:
            wing = Series(1, series.expiry, series.strike + 100 * WAD, series.is_put)
            legs.append((wing.code, -legs[0][1], int(self.fair(wing) * 1e6) * 10**12))
        account = (
            f"#{maker}/1" if maker in ("maker", "writer") and rng.random() < 0.1 else f"#{maker}"
        )
        amount = size if rng.random() < 0.7 else max(size // UNIT // 3, 1) * UNIT
        receipt = yield from self.trades(maker, account, taker, size, legs, amount)
        if receipt.ok:
            self.codes += [leg[0] for leg in legs if leg[0] not in self.codes]
            self.expiries.add(series.expiry)
            if len(self.codes) > 24:
                del self.codes[: len(self.codes) - 24]

    def trades(
        self, maker: str, account: str, taker: str, size: int, legs: list[Any], amount: int
    ) -> Generator[Step, Receipt, Receipt]:
        terms = self.terms(account, size, legs)
        if self.rng.random() < 0.12:
            back = [(code, -quantity, price) for code, quantity, price in legs]
            answer = self.terms(f"#{taker}", size, back, f"@{maker}")
            answer = (*answer[:5], terms[5])
            return (yield Step("keeper", "~cross", (maker, terms, taker, answer, amount)))
        receipt = yield Step(taker, "~fill", (maker, terms, f"#{taker}", amount))
        if amount < size and self.rng.random() < 0.5:
            # The rest, and once more than there is.
            yield Step(taker, "~fill", (maker, terms, f"#{taker}", size - amount))
            yield Step(taker, "~fill", (maker, terms, f"#{taker}", amount))
        return receipt

    def reduces(self) -> Move:
        """A long sells to a short: neither position grows."""
        by_code: dict[int, dict[str, int]] = {}
        for number, held in self.view.positions.items():
            name = self.village.accounts.get(number, "")
            if name[1:] in TRADERS:
                for code, quantity in held.items():
                    by_code.setdefault(code, {})[name[1:]] = quantity
        pairs = [
            (code, one, other, min(quantity, -held[other]))
            for code, held in by_code.items()
            for one, quantity in held.items()
            for other in held
            if quantity > 0 > held[other]
        ]
        if not pairs:
            return
        code, long, short, size = self.pick(pairs)
        series = Series.from_code(code)
        price = int(self.fair(series) * self.rng.choice([0, 0.8, 1, 1.2, 3]) * 1e6) * 10**12
        size = max(size // UNIT * self.rng.randint(1, 4) // 4, 1) * UNIT
        legs = [(code, -WAD, price)]
        yield from self.trades(long, f"#{long}", short, size, legs, size)

    def cancels(self) -> Move:
        maker, taker = self.rng.sample(TRADERS, 2)
        terms = self.terms(f"#{maker}", WAD, [(self.series().code, -WAD, WAD)])
        if self.rng.random() < 0.3:
            yield Step(maker, "orders.cancel_all", (f"#{maker}",))
        else:
            yield Step(maker, "~cancel", (terms,))
        yield Step(taker, "~fill", (maker, terms, f"#{taker}", WAD))
