"""What keepers, bidders and backers do in a world of crashes: auctions, last resort, fund."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

import numpy as np

from novate.reference import auction
from novate.reference.ledger import FUND, FundShares, Ledger
from tests.stateful.accounts import HOUR, Accounts
from tests.world import DAY, WAD, signed

SOLVENT, INSOLVENT = 1, 2
UNIT = 10**12  # [wad] of a token unit
NOTICE = 1_800
BACKERS = ("holder", "rival")
# [wad] Rounding of one action, all accounts together; an index rounds a balance by 1e-27 of it.
DUST = 10**6


class Auctions(Accounts):
    """Actions of the auction house and of the security fund."""

    def open_auctions(self) -> None:
        """After the market is open: nobody is in auction, nobody backs the fund."""
        self.house: Any = self.market.auctions
        self.shares: Any = self.market.security_fund
        self.listing: Any = self.market.listing
        points = ("start", "cutoff", "fee", "buffer", "tip_share")
        self.rules = auction.Rules(
            **{
                name: value * WAD // 10_000 if name in points else value
                for name, value in vars(self.market.parameters.auction).items()
            }
        )
        self.sale = {}
        self.announced: dict[int, int] = {}
        self.paused: set[int] = set()
        self.backing = FundShares()
        # backer -> shares that wait, [s] when they mature
        self.waiting: dict[str, tuple[int, int]] = {}
        # Losses of this step as the reference has them: loss, from the fund, from everybody.
        self.losses: list[tuple[int, int, int]] = []
        # account -> [wad] what the rules let it gain in this step, at unchanged prices
        self.named: dict[int, Fraction] = defaultdict(Fraction)
        # Breakers, drawn for each world: [wad] of losses a day, auctions at once.
        self.breaker = (int(self.rng.choice([500, 5_000])) * WAD, int(self.rng.choice([1, 2, 9])))
        self.lost_today = (0, 0)
        self.halted = 0
        self.listing.set_breakers(
            (self.breaker[0], WAD // 2, self.breaker[1], 6 * HOUR), sender=self.world.owner
        )
        for person in self.people.values():
            self.market.cash_token.approve(self.shares.address, 2**256 - 1, sender=person.address)

    # -- what the rules say --

    def health(self, account: int) -> Any:
        return self.ledger.health(account)

    def is_empty(self, account: int) -> bool:
        return not self.model.positions[account] and not self.model.holdings[account][1]

    def buffered(self, health: Any) -> int:
        return auction.buffered_margin(health.maintenance, health.equity, self.rules.buffer)

    def kind(self, number: int) -> tuple[int, int]:
        terms = self.house.preview(number, WAD).terms
        return int(terms.kind), int(terms.elapsed)

    def terms(self, number: int) -> tuple[Any, int, int, int, int]:
        """Health, cash for sale, reserved cash, price [wad] and largest fraction [wad]."""
        health, cash = self.health(number), self.model.cash(number)
        sold = min(self.sale[number], cash)
        reserved = cash - sold
        kind, elapsed = self.kind(number)
        if kind == SOLVENT:
            factor = int(self.house.price_factor(elapsed))
            price = auction.solvent_price(health.equity, reserved, factor)
            largest = auction.largest_fraction(
                health.maintenance, health.equity, reserved, factor, self.rules.buffer
            )
            return health, sold, reserved, price, largest
        price = auction.insolvent_price(
            health.maintenance, health.equity, reserved, elapsed, self.rules.insolvent
        )
        return health, sold, reserved, price, WAD

    def due(self, number: int) -> bool:
        health, _, reserved, _, _ = self.terms(number)
        kind, elapsed = self.kind(number)
        if kind == SOLVENT:
            return elapsed > self.rules.tail or int(health.equity) <= reserved
        return int(health.equity) > 0

    def waits(self, number: int) -> bool:
        """Whether nobody may be sold, since no price was recorded for too long."""
        old = self.market.now - self.recorded > self.market.parameters.prices.max_age
        return old and bool(self.model.positions[number])

    def not_insolvent(self, number: int) -> str | None:
        if self.waits(number):
            return "auction: price not settled"
        if self.kind(number)[0] != INSOLVENT or self.health(number).equity >= 0:
            return "deleverage: not insolvent"
        return "auction: account restored" if self.buffered(self.health(number)) >= 0 else None

    def provision(self, account: int) -> None:
        self.model.provisions[account] = max(-int(self.health(account).equity), 0)

    def bears(self, loss: int, model: Ledger | None = None) -> bool | None:
        """Whether all cash can bear a loss; None when it can hardly, which nobody tries.

        Indices near zero would leave nothing to compare.
        """
        model = model or self.model
        rest, credit = loss - model.fund(), model.credit() - model.fund()
        if rest <= credit * 99 // 100:
            return True
        return None if rest <= credit * 101 // 100 else False

    def lose(self, loss: int, parts: tuple[int, int]) -> None:
        """A loss as the reference has just borne it; too much in a day halts all markets."""
        self.losses.append((loss, *parts))
        day = self.market.now // DAY
        total = loss + (self.lost_today[0] if self.lost_today[1] == day else 0)
        self.lost_today = (total, day)
        if total > self.breaker[0]:
            self.halt()

    def halt(self) -> None:
        self.halted = max(self.halted, self.market.now + 6 * HOUR)
        self.note("halted")

    def saved(self) -> Any:
        return self.model.copy(), self.lost_today, self.halted, list(self.losses)

    def back_to(self, saved: Any) -> None:
        self.model, self.lost_today, self.halted, self.losses = saved

    # -- auctions --

    def starts(self) -> None:
        number, keeper = self.pick(self.numbers), self.pick(self.numbers)
        short = [n for n in self.numbers if self.health(n).maintenance < 0 and n not in self.sale]
        if short and self.rng.random() < 0.9:
            number = self.pick(short)
        health = self.health(number)
        expected = None
        if number in self.sale:
            expected = "auction: already running"
        elif self.waits(number):
            expected = "auction: price not settled"
        elif health.maintenance >= 0:
            # Invariant 4: a healthy account cannot be auctioned.
            expected = "auction: above maintenance"
        elif health.equity <= 0 and self.is_empty(number):
            expected = "auction: nothing for sale"
        elif health.equity > 0 and keeper == number:
            expected = "auction: keeper is the account"
        self.attempt(expected, self.house.start, number, keeper)
        if expected:
            return
        if health.equity > 0:
            self.note("started solvent")
            tip = auction.tip(self.rules, health.equity)
            fee = auction.fee(self.rules, health.maintenance, health.equity)
            self.model.charge(number, None, fee)
            self.model.charge(number, keeper, tip)
            self.named[keeper] = Fraction(tip)
        else:
            self.note("started insolvent")
        self.sale[number] = self.model.cash(number)
        self.model.provisions[number] = max(-int(health.equity), 0)
        if len(self.sale) > self.breaker[1]:
            self.halt()

    def bids(self) -> None:
        if not self.sale:
            return
        number = self.pick(sorted(self.sale))
        role = self.pick(("bidder", "rival", "holder"))
        bidder = self.people[role].number
        terms = self.house.preview(number, WAD).terms
        health, sold, reserved, price, largest = self.terms(number)
        kind, remaining = int(terms.kind), int(terms.remaining)
        assert terms.price == price and terms.largest == largest, "the auction's terms"
        asked = int(self.rng.choice([WAD, WAD // 2, WAD // 10, 10**11]))
        lot_price = -(-price * WAD // remaining)
        limit = lot_price + int(self.rng.choice([0, 0, 0, 0, WAD, -WAD]))
        wrong_kind = bool(self.rng.random() < 0.03)
        late = bool(self.rng.random() < 0.03)
        units = min(asked, remaining)
        if remaining - units < 10**12:
            units = remaining
        fraction = min(units * WAD // remaining, largest)
        if fraction == largest:
            units = -(-remaining * fraction // WAD)
        cash = auction.times_down(sold, fraction)
        payment = auction.times_up(price, fraction)
        expected = None
        if late:
            expected = "auction: deadline passed"
        elif bidder == number:
            expected = "auction: bidder is the account"
        elif wrong_kind:
            expected = "auction: wrong kind"
        elif self.buffered(health) >= 0:
            expected = "auction: account restored"
        elif self.due(number):
            expected = "auction: restart needed"
        elif self.waits(number):
            expected = "auction: price not settled"
        elif lot_price > limit:
            expected = "auction: above the limit"
        elif bidder in self.sale:
            expected = "account: in auction"
        elif fraction == 0:
            expected = "auction: fraction out of range"
        from_reserve = min(max(-payment, 0), reserved)
        if expected is None:
            saved = self.saved()
            expected, told = self.sell(number, bidder, fraction, cash, payment, from_reserve)
            if expected or not told:
                self.back_to(saved)
            if not told:
                return
        was = int(self.health(bidder).equity)
        answer = self.attempt(
            expected,
            self.house.bid,
            *(number, bidder, asked, limit),
            kind ^ 3 if wrong_kind else kind,
            self.market.now - 1 if late else self.market.now,
            sender=self.people[role].address,
        )
        if expected:
            return
        self.note("bid solvent" if kind == SOLVENT else "bid insolvent")
        assert answer == (units, payment), "invariant 4: what the rules say, to the wei"
        assert payment <= limit * units // WAD + 1 + abs(price) // WAD, "invariant 4: the limit"
        after, equity = self.health(number), Fraction(int(health.equity))
        lot = (equity - reserved) * fraction / WAD
        least = equity - lot + min(payment, max(payment, 0)) - from_reserve - DUST
        assert int(after.equity) >= least, "invariant 4: no worse than the price implies"
        gained = int(self.health(bidder).equity) - was
        assert gained <= lot - payment + DUST, "invariant 8: no more than the discount"
        self.given = {number}
        self.named[bidder] = max(lot - payment, Fraction(0))
        if remaining == units or not self.ledger.in_auction(number):
            self.ends(number)
        else:
            self.sale[number] = sold - cash
            self.paused.discard(number)
            if kind == INSOLVENT:
                left = self.model.provisions[number] * (WAD - fraction) // WAD
                self.model.provisions[number] = left

    def sell(
        self, number: int, bidder: int, fraction: int, cash: int, payment: int, from_reserve: int
    ) -> tuple[str | None, bool]:
        """The reference sells; why the bid is refused by what it finds, and whether it can tell."""
        self.model.charge(number, FUND, from_reserve)
        if payment < 0:
            # All but what is sold bears it.
            rest = self.model.copy()
            rest.pay(number, -cash)
            bears = self.bears(-payment, rest)
            if not bears:
                return "cash: loss exceeds all cash", bears is not None
            self.lose(-payment, rest.cover(-payment))
        self.model.sell(number, bidder, fraction, cash, payment)
        if fraction == WAD and not self.bears(-self.model.cash(number)):
            return None, False
        judged = self.judge(bidder)
        idle = not self.model.positions[bidder] and self.model.cash(bidder) >= 0
        refused = "margin: below initial" if judged.initial < 0 and not idle else None
        return refused, abs(judged.initial) >= 1e-5

    def ends(self, number: int) -> None:
        """The auction is over; a debt that has nothing beside it is recognised at once."""
        del self.sale[number]
        debt = -self.model.cash(number)
        if debt > 0 and self.is_empty(number):
            self.lose(debt, self.model.write_off(number))
            self.note("written off at the end of an auction")
            self.named[number] = Fraction(debt)
        self.announced.pop(number, None)
        self.paused.discard(number)
        self.model.provisions.pop(number, None)
        assert not self.ledger.in_auction(number)

    def restarts(self) -> None:
        if not self.sale:
            return
        number = self.pick(sorted(self.sale))
        health = self.health(number)
        expected = None
        if self.buffered(health) >= 0:
            expected = "auction: account restored"
        elif not self.due(number):
            expected = "auction: restart not due"
        elif self.waits(number):
            expected = "auction: price not settled"
        self.attempt(expected, self.house.restart, number)
        if expected is None:
            self.sale[number] = self.model.cash(number)
            self.announced.pop(number, None)
            self.paused.discard(number)
            self.model.provisions[number] = max(-int(health.equity), 0)

    def finishes(self) -> None:
        number = self.pick(sorted(self.sale) or self.numbers)
        expected = None
        if number not in self.sale:
            expected = "auction: not running"
        elif self.buffered(self.health(number)) < 0 and not self.is_empty(number):
            expected = "auction: not restored"
        elif self.is_empty(number) and not self.bears(-self.model.cash(number)):
            if self.bears(-self.model.cash(number)) is None:
                return
            expected = "cash: loss exceeds all cash"
        self.attempt(expected, self.house.finish, number)
        if expected is None:
            self.ends(number)

    def provides(self) -> None:
        if not self.sale:
            return
        number = self.pick(sorted(self.sale))
        self.house.provide(number)
        if self.kind(number)[0] == INSOLVENT:
            self.provision(number)

    def pauses(self) -> None:
        """Stops a clock while nobody may be sold, and lets it go on afterwards."""
        if not self.sale:
            return
        number = self.pick(sorted(self.sale))
        waits = self.waits(number)
        expected = None if waits else "auction: price is fresh"
        if waits and number in self.paused:
            expected = "auction: already paused"
        self.attempt(expected, self.house.pause, number)
        if waits:
            self.paused.add(number)
        expected = None if number in self.paused else "auction: not paused"
        self.attempt("auction: price not settled" if waits else expected, self.house.resume, number)
        if not waits:
            self.paused.discard(number)

    def watches(self) -> None:
        self.listing.watch_outflow()
        self.halted = max(self.halted, int(self.listing.halted_until(0)))

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
