"""What people do in a world of crashes: bring and take money, trade, wait; and what prices do."""

from typing import Any

import numpy as np

from novate.reference.ledger import FUND
from novate.series import Series as Code
from tests.stateful.twin import Twin
from tests.world import DAY, WAD

HOUR = 3_600


class Accounts(Twin):
    """Actions of accounts and of the market."""

    rng: np.random.Generator
    # account in auction -> [wad] cash for sale
    sale: dict[int, int]
    # Who is given something by somebody else, or takes out its own from elsewhere.
    given: set[int]
    # [s] until when no risk may be opened
    halted: int
    # Prices or time moved, or owners agreed on a price: wealth is no longer comparable.
    moved: bool

    def pick(self, items: Any) -> Any:
        return items[int(self.rng.integers(len(items)))]

    def bring(self, role: str, asset: int, amount: int, account: int | None = None) -> None:
        self.given = {self.people[role].number if account is None else account}
        self.deposit(role, asset, amount, account)

    def deposits(self) -> None:
        asset = int(self.rng.random() < 0.3)
        role = self.pick(list(self.people))
        most = 3 if asset else 800
        self.bring(role, asset, int(self.rng.integers(1, most)))

    def cures(self) -> None:
        """A stranger brings cash into an account in auction."""
        if self.sale:
            amount = int(self.rng.choice([1, 200, 2_000]))
            self.bring("bidder", 0, amount, self.pick(sorted(self.sale)))

    def leaves(self) -> None:
        """Cash goes: a part of what is free or more; expected losses are paid for."""
        role = self.pick(list(self.people))
        number, model = self.people[role].number, self.model
        share = float(self.rng.choice([0.01, 0.3, 0.9, 1.01, 5]))
        amount = max(int(self.judge(number).initial * share), 1)
        loss, others = model.expected(), model.credit() - model.fund()
        refusal = None
        if loss and loss >= others:
            refusal = "withdraw: losses exceed all cash"
        elif number in self.sale:
            refusal = "account: in auction"
        elif loss:
            self.note("left with a share")
        self.withdraw(role, amount, refusal)

    def borrows(self) -> None:
        """Brings collateral and takes out more cash than there is: a debt that pays interest."""
        role = self.pick(list(self.people))
        number = self.people[role].number
        if number in self.sale or self.model.expected():
            return
        self.bring(role, 1, int(self.rng.integers(1, 4)))
        free = self.judge(number).initial
        if free > 10:
            self.withdraw(role, int(free * float(self.rng.uniform(0.5, 0.95))))

    def deals(self, *leg: int) -> None:
        """A trade, which no one in auction makes and no halt lets open."""
        frozen = bool(set(leg[:2]) & set(self.sale))
        self.trade(*leg, frozen=frozen, halted=self.halted > self.market.now)
        self.moved = True

    def opens(self) -> None:
        seller, buyer = map(int, self.rng.permutation(np.array(self.numbers, dtype=object))[:2])
        strike = int(self.rng.integers(round(self.spot / 25 * 0.85), round(self.spot / 25 * 1.1)))
        expiry = self.market.expiries(3)[int(self.rng.integers(3))]
        series = Code(1, expiry, 25 * strike * WAD, bool(self.rng.random() < 0.7))
        free = self.judge(seller).initial
        quantity = max(int(free / (0.13 * self.spot) * float(self.rng.uniform(0.3, 1.1)) * 1e9), 1)
        # What the buyer can pay.
        price = int(self.rng.integers(0, 60))
        quantity = max(min(quantity, int(self.judge(buyer).initial / max(price, 1) * 1e9)), 1)
        fee = int(self.rng.choice([0, WAD]))
        size = quantity * 10**9
        self.deals(seller, buyer, series.code, size, size * price, fee)

    def reduces(self) -> None:
        """A long sells to a short: neither position grows."""
        choices = [(n, c, q) for n in self.numbers for c, q in self.live(n) if q > 0]
        if not choices:
            return
        seller, code, held = self.pick(choices)
        buyer = self.pick([n for n in self.numbers if self.model.positions[n].get(code, 0) < 0])
        size = min(held, -self.model.positions[buyer][code])
        quantity = max(size * int(self.rng.integers(1, 5)) // 4, 1)
        price = int(self.rng.choice([0, 20, 300]))
        self.deals(seller, buyer, code, quantity, quantity * price, 0)

    # -- the market --

    def moves(self, spot: float, low: float, high: float) -> None:
        self.spot = round(min(max(spot, 700.0), 6_000.0), 2)
        self.volatility = round(float(self.rng.uniform(low, high)), 4)
        self.push()
        self.moved = True

    def market_moves(self) -> None:
        self.moves(self.spot * (1 + float(self.rng.choice([-0.08, -0.03, 0.02, 0.05]))), 0.1, 0.7)

    def crash(self) -> None:
        """Against the shorts, so far that some are insolvent; or back to where it was."""
        aim = self.spot * (1 + float(self.rng.choice([-0.35, -0.22, -0.15, -0.1, 0.15, 0.3])))
        shorts = [c for n in self.numbers for c, q in self.live(n) if q < 0]
        if shorts and self.rng.random() < 0.7:
            # Against a short, from a little to ruin.
            series = Code.from_code(self.pick(shorts))
            by = float(self.rng.choice([0.05, 0.1, 0.18, 0.35]))
            aim = series.strike / WAD * (1 - by if series.is_put else 1 + by)
        self.moves(aim, 0.3, 1.2)

    def time_passes(self) -> None:
        seconds = int(self.rng.choice([600, 2 * HOUR, 4 * HOUR, DAY, 5 * DAY]))
        # Sometimes nobody has prices recorded: then nobody is sold.
        self.pass_time(seconds, poke=bool(self.rng.random() < 0.85))
        self.moved = True

    def settles(self) -> None:
        self.moved = self.fix() or self.moved
        self.settle([number for number in self.numbers if self.rng.random() < 0.7])

    # -- somebody who only wants its money --

    def free_cash_leaves(self) -> None:
        """Invariant 7: somebody without positions takes out what is left of its cash by the rules.

        All of it, to the token's unit: cash less its share of the losses that auctions will leave.
        """
        model = self.model
        idle = [
            n
            for n in self.numbers
            if model.cash(n) > WAD and not model.positions[n] and n not in self.sale
        ]
        loss, others = model.expected(), model.credit() - model.fund()
        if not idle or loss * 1_000 >= others * 999:
            return
        number = self.pick(idle)
        units = model.cash(number) * (others - loss) // others // 10**12
        units = min(units - 1, model.tokens // 10**12)
        address = self.people[self.roles[number]].address
        if units <= 0:
            return
        with self.market.env.anchor():
            self.ledger.withdraw(number, 0, units, address, sender=address)
        self.note("free cash left")


__all__ = ["FUND", "HOUR", "Accounts"]
