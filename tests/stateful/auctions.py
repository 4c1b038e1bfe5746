"""What keepers and bidders do in a world of crashes."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

from novate.reference import auction
from novate.reference.ledger import FUND, FundShares, Ledger
from tests.stateful.accounts import HOUR, Accounts
from tests.world import DAY, WAD

SOLVENT, INSOLVENT = 1, 2
UNIT = 10**12  # [wad] of a token unit
# [wad] Rounding of one action, all accounts together; an index rounds a balance by 1e-27 of it.
DUST = 10**6


class Auctions(Accounts):
    """Actions of the auction house."""

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
