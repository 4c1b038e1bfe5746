"""When nobody bids, and who stands behind: deleveraging, write-offs, the fund and its backers."""

from fractions import Fraction

import numpy as np

from novate.reference import auction
from novate.reference.ledger import FUND
from tests.stateful.auctions import DUST, UNIT, Auctions
from tests.world import signed

NOTICE = 1_800
BACKERS = ("holder", "rival")


class LastResort(Auctions):
    """Actions of the last resort and of the security fund."""

    # -- the last resort --

    def announces(self) -> None:
        if not self.sale:
            return
        number = self.pick(sorted(self.sale))
        expected = self.not_insolvent(number)
        if expected is None and self.kind(number)[1] < self.rules.insolvent:
            expected = "deleverage: auction not over"
        elif expected is None and number in self.announced:
            expected = "deleverage: announced already"
        self.attempt(expected, self.house.announce, number)
        if expected is None:
            self.announced[number] = self.market.now + NOTICE

    def deleverages(self) -> None:
        """Everybody on the other side of a short is shown, then it is closed."""
        ready = [n for n in sorted(self.announced) if any(q < 0 for _, q in self.live(n))]
        if not ready:
            return
        number = self.pick(ready)
        code = self.pick([c for c, q in self.live(number) if q < 0])
        positions = self.model.positions
        longs = [n for n in self.numbers if positions[n].get(code, 0) > 0 and n not in self.sale]
        for opposite in self.rng.permutation(np.array(longs, dtype=object))[:4]:
            self.house.nominate(number, code, int(opposite))
        expected = self.not_insolvent(number)
        if expected is None and self.market.now < self.announced[number]:
            expected = "deleverage: notice not over"
        elif expected is None and not longs:
            expected = "deleverage: nobody ranked"
        health = self.health(number)
        shorts = [w for w in self.ledger.positions_of(number) if signed(w) < 0]
        marks = Fraction(-int(self.ledger.appraise(0, 0, [], shorts).equity))
        one = [w for w in shorts if w >> 96 == code]
        mark = Fraction(-int(self.ledger.appraise(0, 0, [], one).equity))
        self.attempt(expected, self.house.deleverage, number, code)
        if expected:
            return
        self.note("deleveraged")
        # What it lacked is now borne by the other side: it is left with nothing, not with a debt.
        self.named[number] = Fraction(max(-int(health.equity), 0))
        left = short = -positions[number][code]
        for log in (x for x in self.house.get_logs() if type(x).__name__ == "ClosedOut"):
            part = min(positions[log.opposite][code], left)
            due = auction.deleveraged(mark * part / short, Fraction(int(health.equity)), marks)
            assert log.quantity == part and 0 <= due - log.payment <= 2, "the zero-equity price"
            self.model.deleverage(number, log.opposite, code, -part, log.payment)
            left -= part
        assert left == 0 or all(not positions[n].get(code) for n in longs[:4])
        self.provision(number)
        if not self.live(number) and self.is_empty(number):
            # But for what it owed in cash beyond its shorts, which is for the fund.
            owed = min(marks + int(health.equity), 0)
            assert self.model.cash(number) >= owed - DUST, "left with nothing, not with a debt"

    def writes_off(self) -> None:
        number = self.pick([n for n in self.numbers if self.model.cash(n) < 0] or self.numbers)
        debt = -self.model.cash(number)
        expected = None
        if debt <= 0:
            expected = "write off: no debt"
        elif not self.is_empty(number):
            expected = "write off: assets left"
        elif not self.bears(debt):
            if self.bears(debt) is None:
                return
            expected = "cash: loss exceeds all cash"
        self.attempt(expected, self.ledger.write_off, number)
        if expected is None:
            self.lose(debt, self.model.write_off(number))
            self.note("written off")
            self.named[number] = Fraction(debt)

    # -- those who back the fund --

    def invest(self, role: str, dollars: int) -> None:
        assets, fund = dollars * 10**6, self.model.fund() // UNIT
        shares = self.backing.shares(assets, fund)
        if self.backing.supply >= 2**127 or not shares:
            return
        person = self.people[role].address
        assert self.shares.deposit(assets, person, sender=person) == shares, "shares, to the unit"
        self.backing.held[role] += shares
        self.model.deposit(FUND, 0, assets * UNIT)

    def backs(self) -> None:
        self.invest(self.pick(BACKERS), int(self.rng.choice([1, 100, 1_000])))

    def unbacks(self) -> None:
        """Asks for redemption, or redeems what has matured."""
        role = self.pick(BACKERS)
        person = self.people[role].address
        shares, matures = self.waiting.get(role, (0, 0))
        if not shares:
            held = self.backing.held[role]
            if held:
                self.shares.request_redeem(held, sender=person)
                self.waiting[role] = (held, self.market.now + self.market.parameters.fund_delay)
            return
        last = matures + int(self.shares.WINDOW())
        assets = self.backing.assets(shares, self.model.fund() // UNIT)
        expected = None
        if not assets:
            expected = "fund: no assets"
        elif not matures <= self.market.now <= last or self.model.outstanding:
            expected = "fund: not matured"
        elif self.model.tokens < assets * UNIT:
            expected = "escrow: not enough liquidity"
        self.attempt(expected, self.shares.redeem, shares, person, person, sender=person)
        if expected is None:
            self.given = {self.people[role].number}
            self.backing.held[role] -= shares
            self.model.pay(FUND, -assets * UNIT)
            self.model.tokens -= assets * UNIT
            self.waiting.pop(role)
        elif self.market.now > last:
            self.shares.cancel_request(sender=person)
            self.waiting.pop(role)
