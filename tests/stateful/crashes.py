"""Crashes, bidders, keepers, backers and leavers at random, contracts and reference side by side.

A world is one market with a handful of people, driven by a seeded generator without hypothesis: a
step is one action, after which everything is compared. Whether an action must be refused is asked
of the reference model and of figures that were compared with it; its money is computed by
`novate/reference/`. `python -m tests.stateful.campaign` plays many worlds,
`test_crashes.py` a few.

The invariants of the design are the methods `invariant_N_...`.
"""

from collections import Counter
from fractions import Fraction
from typing import Any

import boa
import numpy as np

from novate.market import Account
from novate.parameters import Parameters
from novate.reference import auction, margin
from novate.reference.ledger import FUND, Curve, FundShares, Ledger
from novate.series import Series as Code
from tests.world import DAY, WAD, World, signed

HOUR = 3_600
UNIT = 10**12  # [wad] of a token unit
PEOPLE = {  # [USD] each starts with
    "writer": 3_000,
    "reckless writer": 1_500,
    "second writer": 3_000,
    "holder": 6_000,
    "second holder": 3_000,
    "bidder": 9_000,
    "rival": 5_000,
}
BACKERS = ("holder", "rival")
SOLVENT, INSOLVENT = 1, 2
# What counts as sure when margin is judged in floating point [USD].
DOUBT = 1e-5
# [wad] Rounding of one action, all accounts together; an index rounds a balance by 1e-27 of it.
DUST = 10**6
NOTICE = 1_800


def reason(output: bytes) -> str:
    """The text of a revert, as Solidity's Error(string)."""
    size = int.from_bytes(output[36:68], "big")
    return output[68 : 68 + size].decode()


class Crashes:
    """One world; `step` acts once and checks everything."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.seen: Counter[str] = Counter()
        self.world = World(Parameters(grace=0))
        self.market = self.world.market
        self.ledger: Any = self.world.ledger
        self.house: Any = self.market.auctions
        self.shares: Any = self.market.security_fund
        self.listing: Any = self.market.listing
        self.owner = self.world.owner
        self.fund = int(self.ledger.FUND())
        self.rules = auction.Rules(
            **{
                name: value * WAD // 10_000
                if name in ("start", "cutoff", "fee", "buffer", "tip_share")
                else value
                for name, value in vars(self.market.parameters.auction).items()
            }
        )
        rates = self.market.parameters.rates
        names = ("base", "slope_low", "slope_high", "optimum", "fund_share")
        curve = Curve(*(Fraction(getattr(rates, name), WAD) for name in names))
        self.model = Ledger(curve, self.market.now)
        self.backing = FundShares()
        # backer -> shares that wait, [s] when they mature
        self.waiting: dict[str, tuple[int, int]] = {}
        self.spot, self.volatility = 2_750.0, 0.15
        self.fixings: dict[tuple[int, int], int] = {}
        # account in auction -> [wad] cash for sale
        self.sale: dict[int, int] = {}
        self.announced: dict[int, int] = {}
        self.halted = 0
        self.operations = 0
        # Breakers, drawn for each world: [wad] of losses a day, auctions at once.
        self.breaker = (int(self.rng.choice([500, 5_000])) * WAD, int(self.rng.choice([1, 2, 9])))
        self.lost_today = (0, 0)
        self.listing.set_breakers(
            (self.breaker[0], WAD // 2, self.breaker[1], 6 * HOUR), sender=self.owner
        )
        self.people: dict[str, Account] = {}
        for role, cash in PEOPLE.items():
            person = self.people[role] = self.market.account(role)
            for token in (self.market.cash_token, self.market.index_token):
                token.mint(person.address, 10**6 * 10 ** int(token.decimals()), sender=self.owner)
                for spender in (self.ledger, self.shares):
                    token.approve(spender.address, 2**256 - 1, sender=person.address)
            self.deposit(role, 0, cash)
        self.numbers = [one.number for one in self.people.values()]
        self.roles = {one.number: role for role, one in self.people.items()}
        if self.rng.random() < 0.7:
            self.invest("holder", int(self.rng.choice([50, 400, 3_000])))
        self.actions = {
            self.deposits: 6,
            self.leaves: 8,
            self.opens: 16,
            self.reduces: 6,
            self.market_moves: 6,
            self.crash: 16,
            self.time_passes: 8,
            self.settles: 4,
            self.starts: 14,
            self.bids: 24,
            self.restarts: 4,
            self.finishes: 4,
            self.provides: 4,
            self.pauses: 1,
            self.announces: 4,
            self.deleverages: 10,
            self.writes_off: 6,
            self.backs: 3,
            self.unbacks: 4,
            self.cures: 3,
            self.watches: 1,
        }
        if seed % 3 == 0:
            # A world in which nobody bids: the last resort is all there is.
            self.actions |= {
                self.bids: 0,
                self.finishes: 1,
                self.cures: 1,
                self.crash: 20,
                self.time_passes: 14,
                self.announces: 16,
                self.deleverages: 24,
            }

    # -- a step --

    def step(self) -> str:
        """One random action, then every invariant; returns the action's name."""
        self.act()
        return self.last

    def act(self, action: Any = None) -> None:
        if action is None:
            weights = np.array(list(self.actions.values()), dtype=float)
            action = list(self.actions)[self.rng.choice(len(weights), p=weights / weights.sum())]
        self.last = action.__name__
        self.covered: list[Any] = []
        self.before = self.wealth()
        # account -> [wad] what the rules let it gain in this step, at unchanged prices
        self.named: dict[int, Fraction] = {}
        # Who is given something by somebody else, or takes out its own from elsewhere.
        self.given: set[int] = set()
        self.owing = self.model.outstanding
        # Prices or time moved, or owners agreed on a price: wealth is no longer comparable.
        self.moved = False
        action()
        self.operations += 1
        self.seen[self.last] += 1
        self.invariant_1_positions_sum_to_zero()
        self.invariant_2_cash_is_conserved()
        self.invariant_6_losses_add_up()
        self.health_is_the_references()
        self.invariant_8_nobody_gains()
        if self.operations % 5 == 0:
            self.invariant_7_free_cash_leaves()

    def pick(self, items: Any) -> Any:
        return items[int(self.rng.integers(len(items)))]

    def attempt(self, expected: str | None, call: Any, *arguments: Any, **options: Any) -> Any:
        """The call must revert with these words, or pass when there are none."""
        if expected is None:
            answer = call(*arguments, **options)
            self.collect(call.contract)
            return answer
        self.seen[f"refused: {expected}"] += 1
        # The bare call: a revert that is raised is first played again in py-evm, for its trace.
        answer = boa.env.execute_code(
            to_address=call.contract.address,
            sender=options.get("sender"),
            data=call.prepare_calldata(*arguments),
            contract=call.contract,
        )
        assert answer.is_error, f"not refused: {expected}"
        assert reason(answer.output) == expected, (reason(answer.output), expected)
        return None

    def collect(self, contract: Any) -> None:
        for log in contract.get_logs():
            if type(log).__name__ == "LossCovered":
                self.covered.append(log)

    # -- what the reference model knows --

    def judge(self, account: int) -> margin.Health:
        quotes: dict[tuple[int, int], margin.Quote] = {}
        positions = []
        for code, quantity in self.model.positions[account].items():
            series = Code.from_code(code)
            quotes[1, series.expiry] = margin.Quote(self.spot, self.spot, self.volatility)
            positions.append(margin.Position(series, quantity / WAD))
        figures = {
            name: value if name == "stablecoin" else value / WAD
            for name, value in vars(self.market.parameters.margin).items()
        }
        view = margin.View(
            now=self.market.now,
            rules={1: margin.Rules(**figures)},
            quotes=quotes,
            fixings={key: price / WAD for key, price in self.fixings.items()},
            spots={1: (self.spot, True)},
        )
        collateral = self.market.parameters.collateral
        holdings = [
            margin.Holding(
                self.model.holdings[account][1] / WAD,
                self.spot,
                collateral.maintenance / WAD,
                collateral.initial / WAD,
            )
        ]
        return margin.assess(float(self.model.cash[account] / WAD), holdings, positions, view)

    def health(self, account: int) -> Any:
        return self.ledger.health(account)

    def live(self, account: int) -> list[tuple[int, int]]:
        return [
            (code, held)
            for code, held in sorted(self.model.positions[account].items())
            if Code.from_code(code).expiry > self.market.now
        ]

    def is_empty(self, account: int) -> bool:
        return not self.model.positions[account] and not self.model.holdings[account][1]

    def buffered(self, health: Any) -> int:
        return auction.buffered_margin(health.maintenance, health.equity, self.rules.buffer)

    def covers(self, loss: int) -> None:
        """A loss in the model."""
        self.model.cover(loss)
        self.reports(loss)

    def reports(self, loss: int) -> None:
        day = self.market.now // DAY
        total = loss + (self.lost_today[0] if self.lost_today[1] == day else 0)
        self.lost_today = (total, day)
        if total > self.breaker[0]:
            self.halt()

    def halt(self) -> None:
        self.halted = max(self.halted, self.market.now + 6 * HOUR)
        self.seen["halted"] += 1

    def provision(self, account: int) -> None:
        equity = int(self.health(account).equity)
        self.model.provisions[account] = max(-equity, 0)

    # -- actions: accounts --

    def deposit(self, role: str, asset: int, amount: int, account: int | None = None) -> None:
        number = self.people[role].number if account is None else account
        self.given = {number}
        scale = 10**18 if asset else 10**6
        self.ledger.deposit(number, asset, amount * scale, sender=self.people[role].address)
        self.model.deposit(number, asset, amount * WAD)

    def deposits(self) -> None:
        asset = int(self.rng.random() < 0.3)
        role = self.pick(list(PEOPLE))
        self.deposit(
            role, asset, int(self.rng.integers(1, 3)) if asset else int(self.rng.integers(1, 800))
        )

    def cures(self) -> None:
        """A stranger brings cash into an account in auction."""
        if self.sale:
            self.deposit(
                "bidder", 0, int(self.rng.choice([1, 200, 2_000])), self.pick(sorted(self.sale))
            )

    def leaves(self) -> None:
        """Cash goes: a part of what is free or more; expected losses are paid for."""
        role = self.pick(list(PEOPLE))
        person = self.people[role]
        free = self.judge(person.number).initial
        amount = max(int(free * float(self.rng.choice([0.01, 0.3, 0.9, 1.01, 5]))), 1)
        wad, model = amount * WAD, self.model
        expected = None
        loss = model.expected()
        others = model.credit() - max(model.cash[FUND], 0)
        if loss and abs(loss - others) < DUST:
            return
        was = dict(model.cash), model.tokens
        if loss >= others > 0 or (loss and not others):
            expected = "withdraw: losses exceed all cash"
        elif person.number in self.sale:
            expected = "account: in auction"
        else:
            if loss:
                self.seen["left with a share"] += 1
            model.withdraw(person.number, 0, wad)
            judged = self.judge(person.number)
            idle = not model.positions[person.number] and model.cash[person.number] >= 0
            if abs(judged.initial) < DOUBT:
                model.cash.clear()
                model.cash.update(was[0])
                model.tokens = was[1]
                return
            if not idle and judged.initial < 0:
                expected = "margin: below initial"
            elif model.tokens < 0:
                expected = "escrow: not enough liquidity"
        self.attempt(
            expected,
            self.ledger.withdraw,
            person.number,
            0,
            amount * 10**6,
            person.address,
            sender=person.address,
        )
        if expected:
            model.cash.clear()
            model.cash.update(was[0])
            model.tokens = was[1]

    def trade(
        self,
        seller: int,
        buyer: int,
        code: int,
        quantity: int,
        premium: int,
        fee: int,
    ) -> None:
        sides, model = (seller, buyer), self.model
        sizes = [model.positions[side].get(code, 0) for side in sides]
        was = [self.judge(side) for side in sides]
        saved = dict(model.cash), model.outstanding
        model.trade(seller, buyer, code, quantity, premium, fee, fee)
        expected: str | None = None
        doubtful = False
        grown = [
            abs(model.positions[side].get(code, 0)) > abs(held)
            or model.positions[side].get(code, 0) * held < 0
            for side, held in zip(sides, sizes, strict=True)
        ]
        if set(sides) & set(self.sale):
            expected = "account: in auction"
        elif any(grown) and self.halted > self.market.now:
            expected = "halt: all markets"
        else:
            for side, before, grew in zip(sides, was, grown, strict=True):
                now = self.judge(side)
                worse = min(now.initial - before.initial, now.maintenance - before.maintenance)
                given = now.equity + now.initial - before.equity - before.initial
                doubtful = (
                    doubtful
                    or abs(now.initial) < DOUBT
                    or (now.initial < 0 and not grew and min(abs(worse), abs(given)) < DOUBT)
                )
                if expected is None and now.initial < 0:
                    if grew:
                        expected = "margin: below initial"
                    elif worse < 0:
                        expected = "margin: worse than before"
                    elif given < 0:
                        expected = "margin: value given away"
        if not doubtful:
            self.attempt(
                expected,
                self.ledger.novate,
                [(seller, buyer, code, quantity, premium, fee, fee)],
                sender=self.world.venue,
            )
            self.moved = True
        if doubtful or expected:
            model.trade(buyer, seller, code, quantity, 0)
            model.cash.clear()
            model.cash.update(saved[0])
            model.outstanding = saved[1]
            return
        for side, before, grew in zip(sides, was, grown, strict=True):
            initial = self.health(side).initial / WAD
            assert not grew or initial >= 0, "invariant 3"
            assert initial >= 0 or initial >= before.initial - DOUBT, "invariant 3"

    def opens(self) -> None:
        seller, buyer = self.rng.permutation(np.array(self.numbers, dtype=object))[:2]
        strike = int(self.rng.integers(round(self.spot / 25 * 0.85), round(self.spot / 25 * 1.1)))
        series = Code(
            1,
            self.market.expiries(3)[int(self.rng.integers(3))],
            25 * strike * WAD,
            bool(self.rng.random() < 0.7),
        )
        free = self.judge(int(seller)).initial
        quantity = max(int(free / (0.13 * self.spot) * float(self.rng.uniform(0.3, 1.1)) * 1e9), 1)
        # What the buyer can pay.
        price = int(self.rng.integers(0, 60))
        afford = self.judge(int(buyer)).initial / max(price, 1)
        quantity = max(min(quantity, int(afford * 1e9)), 1)
        premium = quantity * price
        self.trade(
            int(seller),
            int(buyer),
            series.code,
            quantity * 10**9,
            premium * 10**9,
            int(self.rng.choice([0, WAD])),
        )

    def reduces(self) -> None:
        """A long sells to a short: neither position grows."""
        choices = [(n, c, q) for n in self.numbers for c, q in self.live(n) if q > 0]
        if not choices:
            return
        seller, code, held = self.pick(choices)
        buyers = [n for n in self.numbers if self.model.positions[n].get(code, 0) < 0]
        buyer = self.pick(buyers)
        size = min(held, -self.model.positions[buyer][code])
        quantity = max(size * int(self.rng.integers(1, 5)) // 4, 1)
        self.trade(seller, buyer, code, quantity, quantity * int(self.rng.choice([0, 20, 300])), 0)

    # -- actions: the market --

    def push(self) -> None:
        for feed, value in (("spot_feed", self.spot), ("volatility_feed", self.volatility)):
            self.market.contracts[feed].push(round(value * 10**8), sender=self.owner)
        self.moved = True

    def market_moves(self) -> None:
        move = float(self.rng.choice([-0.08, -0.03, 0.02, 0.05]))
        self.spot = round(min(max(self.spot * (1 + move), 700.0), 6_000.0), 2)
        self.volatility = round(float(self.rng.uniform(0.1, 0.7)), 4)
        self.push()

    def crash(self) -> None:
        """Against the shorts, so far that some are insolvent; or back to where it was."""
        move = float(self.rng.choice([-0.35, -0.22, -0.15, -0.1, 0.15, 0.3]))
        shorts = [c for n in self.numbers for c, q in self.live(n) if q < 0]
        if shorts and self.rng.random() < 0.7:
            # Against a short, from a little to ruin.
            series = Code.from_code(self.pick(shorts))
            by = float(self.rng.choice([0.05, 0.1, 0.18, 0.35]))
            aim = series.strike / WAD * (1 - by if series.is_put else 1 + by)
            move = aim / self.spot - 1
        self.spot = round(min(max(self.spot * (1 + move), 700.0), 6_000.0), 2)
        self.volatility = round(float(self.rng.uniform(0.3, 1.2)), 4)
        self.push()

    def time_passes(self) -> None:
        left = int(self.rng.choice([600, 2 * HOUR, 4 * HOUR, DAY, 5 * DAY]))
        while left > 0:
            # A price a day: an older history would fix no expiry.
            self.market.travel(min(left, DAY))
            self.push()
            left -= DAY
        # Both accrue at the same moments: between two of them the rate is held.
        self.ledger.settle([])
        self.model.advance(self.market.now)

    def settles(self) -> None:
        codes = {c for n in self.numbers for c in self.model.positions[n]}
        for expiry in sorted({Code.from_code(c).expiry for c in codes}):
            if expiry <= self.market.now and (1, expiry) not in self.fixings:
                self.market.fix(expiry)
                self.fixings[1, expiry] = self.market.oracle.fixing(1, expiry)
                self.moved = True
        who = [n for n in self.numbers if self.rng.random() < 0.7]
        for number in who:
            self.model.settle(number, self.fixings)
        self.ledger.settle(who)

    def watches(self) -> None:
        self.listing.watch_outflow()
        self.halted = max(self.halted, int(self.listing.halted_until(0)))

    # -- actions: auctions --

    def starts(self) -> None:
        number, keeper = self.pick(self.numbers), self.pick(self.numbers)
        short = [n for n in self.numbers if self.health(n).maintenance < 0 and n not in self.sale]
        if short and self.rng.random() < 0.9:
            number = self.pick(short)
        health = self.health(number)
        expected = None
        if number in self.sale:
            expected = "auction: already running"
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
            self.seen["started solvent"] += 1
            fee = auction.fee(self.rules, health.maintenance, health.equity)
            tip = auction.tip(self.rules, health.equity)
            self.model.charge(number, None, fee)
            self.model.charge(number, keeper, tip)
            self.named[keeper] = Fraction(tip)
        else:
            self.seen["started insolvent"] += 1
        self.sale[number] = int(self.ledger.cash_of(number))
        self.model.provisions[number] = max(-health.equity, 0)
        if len(self.sale) > self.breaker[1]:
            self.halt()

    def terms(self, number: int) -> tuple[Any, int, int, int, int]:
        """Health, cash for sale, reserved cash, price [wad] and largest fraction [wad]."""
        health, cash = self.health(number), int(self.ledger.cash_of(number))
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

    def kind(self, number: int) -> tuple[int, int]:
        terms = self.house.preview(number, WAD).terms
        return int(terms.kind), int(terms.elapsed)

    def due(self, number: int) -> bool:
        health, _, reserved, _, _ = self.terms(number)
        kind, elapsed = self.kind(number)
        if kind == SOLVENT:
            return elapsed > self.rules.tail or int(health.equity) <= reserved
        return int(health.equity) > 0

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
        units = int(self.rng.choice([WAD, WAD // 2, WAD // 10, 10**11]))
        lot_price = -(-price * WAD // remaining)
        limit = lot_price + int(self.rng.choice([0, 0, 0, 0, WAD, -WAD]))
        wrong_kind = bool(self.rng.random() < 0.03)
        late = bool(self.rng.random() < 0.03)
        asked, units = units, min(units, remaining)
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
        elif lot_price > limit:
            expected = "auction: above the limit"
        elif bidder in self.sale:
            expected = "account: in auction"
        elif fraction == 0:
            expected = "auction: fraction out of range"
        saved = self.copy()
        from_reserve = min(max(-payment, 0), reserved)
        if expected is None:
            self.model.charge(number, FUND, from_reserve)
            if payment < 0:
                if -payment - self.model.cash[FUND] > self.model.credit() * Fraction(99, 100):
                    self.back_to(saved)
                    return
                # The model's sale covers its loss itself.
                self.reports(-payment)
            self.model.sell(number, bidder, fraction, cash, payment)
            judged = self.judge(bidder)
            idle = not self.model.positions[bidder] and self.model.cash[bidder] >= 0
            if abs(judged.initial) < DOUBT:
                self.back_to(saved)
                return
            if judged.initial < 0 and not idle:
                expected = "margin: below initial"
                self.back_to(saved)
        equity = Fraction(int(health.equity))
        was = int(self.health(bidder).equity)
        answer = self.attempt(
            expected,
            self.house.bid,
            number,
            bidder,
            asked,
            limit,
            kind ^ 3 if wrong_kind else kind,
            self.market.now - 1 if late else self.market.now,
            sender=self.people[role].address,
        )
        if expected:
            return
        self.seen["bid solvent" if kind == SOLVENT else "bid insolvent"] += 1
        assert answer == (units, payment), "invariant 4: what the rules say, to the wei"
        assert payment <= limit * units // WAD + 1 + abs(price) // WAD, "invariant 4: the limit"
        after = self.health(number)
        lot = (equity - reserved) * fraction / WAD
        assert (
            int(after.equity) >= equity - lot + min(payment, max(payment, 0)) - from_reserve - DUST
        ), "invariant 4: no worse than the price implies"
        gained = int(self.health(bidder).equity) - was
        assert gained <= lot - payment + DUST, "invariant 8: no more than the discount"
        self.given = {number}
        self.named[bidder] = max(lot - payment, Fraction(0))
        if remaining == units or not self.ledger.in_auction(number):
            self.ends(number)
        else:
            self.sale[number] = sold - cash
            if kind == INSOLVENT:
                left = self.model.provisions[number] * (WAD - fraction) // WAD
                self.model.provisions[number] = left

    def copy(self) -> Any:
        model = self.model
        return (
            dict(model.cash),
            {a: dict(h) for a, h in model.holdings.items()},
            {a: dict(p) for a, p in model.positions.items()},
            model.outstanding,
            self.lost_today,
            self.halted,
        )

    def back_to(self, saved: Any) -> None:
        cash, holdings, positions, self.model.outstanding, *rest = saved
        self.lost_today, self.halted = rest
        self.model.cash.clear()
        self.model.cash.update(cash)
        for kept, now in ((holdings, self.model.holdings), (positions, self.model.positions)):
            for account, held in now.items():
                held.clear()
                held.update(kept.get(account, {}))

    def ends(self, number: int) -> None:
        del self.sale[number]
        self.announced.pop(number, None)
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
        self.attempt(expected, self.house.restart, number)
        if expected is None:
            self.sale[number] = int(self.ledger.cash_of(number))
            self.announced.pop(number, None)
            self.model.provisions[number] = max(-int(health.equity), 0)

    def finishes(self) -> None:
        number = self.pick(sorted(self.sale) or self.numbers)
        expected = None
        if number not in self.sale:
            expected = "auction: not running"
        elif self.buffered(self.health(number)) < 0 and not self.is_empty(number):
            expected = "auction: not restored"
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
        if self.sale:
            number = self.pick(sorted(self.sale))
            self.attempt("auction: price is fresh", self.house.pause, number)
            self.attempt("auction: not paused", self.house.resume, number)

    # -- actions: the last resort --

    def announces(self) -> None:
        if not self.sale:
            return
        number = self.pick(sorted(self.sale))
        kind, elapsed = self.kind(number)
        expected = self.not_insolvent(number)
        if expected is None and elapsed < self.rules.insolvent:
            expected = "deleverage: auction not over"
        elif expected is None and number in self.announced:
            expected = "deleverage: announced already"
        self.attempt(expected, self.house.announce, number)
        if expected is None:
            self.announced[number] = self.market.now + NOTICE

    def not_insolvent(self, number: int) -> str | None:
        if self.kind(number)[0] != INSOLVENT or self.health(number).equity >= 0:
            return "deleverage: not insolvent"
        return "auction: account restored" if self.buffered(self.health(number)) >= 0 else None

    def deleverages(self) -> None:
        """Everybody on the other side of a short is shown, then it is closed."""
        ready = [n for n in sorted(self.announced) if any(q < 0 for _, q in self.live(n))]
        if not ready:
            return
        number = self.pick(ready)
        code = self.pick([c for c, q in self.live(number) if q < 0])
        longs = [
            n
            for n in self.numbers
            if self.model.positions[n].get(code, 0) > 0 and n not in self.sale
        ]
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
        self.seen["deleveraged"] += 1
        # What it lacked is now borne by the other side: it is left with nothing, not with a debt.
        self.named[number] = Fraction(max(-int(health.equity), 0))
        left = short = -self.model.positions[number][code]
        for log in (x for x in self.house.get_logs() if type(x).__name__ == "ClosedOut"):
            part = min(self.model.positions[log.opposite][code], left)
            due = auction.deleveraged(mark * part / short, Fraction(int(health.equity)), marks)
            assert log.quantity == part and 0 <= due - log.payment <= 2, "the zero-equity price"
            self.model.deleverage(number, log.opposite, code, -part, log.payment)
            left -= part
        assert left == 0 or all(not self.model.positions[n].get(code) for n in longs[:4])
        self.provision(number)
        if not self.live(number) and self.is_empty(number):
            # But for what it owed in cash beyond its shorts, which is for the fund.
            owed = min(marks + int(health.equity), 0)
            assert self.model.cash[number] >= owed - DUST, "left with nothing, not with a debt"

    def writes_off(self) -> None:
        number = self.pick([n for n in self.numbers if self.model.cash[n] < 0] or self.numbers)
        debt = -int(self.ledger.cash_of(number))
        expected = None
        if debt <= 0:
            expected = "write off: no debt"
        elif not self.is_empty(number):
            expected = "write off: assets left"
        elif debt - self.model.cash[FUND] > self.model.credit() * Fraction(99, 100):
            return
        self.attempt(expected, self.ledger.write_off, number)
        if expected is None:
            self.covers(debt)
            self.model.cash[number] = Fraction(0)
            self.seen["written off"] += 1
            self.named[number] = Fraction(debt)

    # -- actions: backers --

    def fund_units(self) -> int:
        return max(int(self.ledger.cash_of(self.fund)), 0) // UNIT

    def invest(self, role: str, dollars: int) -> None:
        assets, fund = dollars * 10**6, self.fund_units()
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
        window = int(self.shares.WINDOW())
        assets = self.backing.assets(shares, self.fund_units())
        expected = None
        if not assets:
            expected = "fund: no assets"
        elif not matures <= self.market.now <= matures + window or self.model.outstanding:
            expected = "fund: not matured"
        elif self.model.tokens < assets * UNIT:
            expected = "escrow: not enough liquidity"
        self.attempt(expected, self.shares.redeem, shares, person, person, sender=person)
        if expected is None:
            self.given = {self.people[role].number}
            self.backing.held[role] -= shares
            self.model.cash[FUND] -= assets * UNIT
            self.model.tokens -= assets * UNIT
            self.waiting.pop(role)
        elif self.market.now > matures + window:
            self.shares.cancel_request(sender=person)
            self.waiting.pop(role)

    # -- what must always hold --

    def invariant_1_positions_sum_to_zero(self) -> None:
        totals: Counter[int] = Counter()
        for number in self.numbers:
            held = {w >> 96: signed(w) for w in self.ledger.positions_of(number)}
            assert held == dict(self.model.positions[number])
            for code, quantity in held.items():
                totals[code] += quantity
        for code, total in totals.items():
            assert total == 0 or Code.from_code(code).expiry <= self.market.now, "invariant 1"

    def invariant_2_cash_is_conserved(self) -> None:
        certificate = self.ledger.certificate()
        assert certificate.held == self.model.tokens, "invariant 2"
        assert certificate.surplus >= 0, "invariant 2"
        everyone = 0
        for number, known in [*zip(self.numbers, self.numbers, strict=True), (self.fund, FUND)]:
            cash, expected = int(self.ledger.cash_of(number)), self.model.cash[known]
            everyone += cash
            assert abs(cash - expected) <= max(abs(expected), WAD) * self.operations // 10**15, (
                "invariant 2",
                self.roles.get(number, "fund"),
                float(cash - expected),
            )
        backing = certificate.held + certificate.unsettled
        assert 0 <= backing - everyone <= DUST * self.operations, "invariant 2"
        # What was borne by all and not made good; who may not act for the fund cannot change it.
        assert abs(int(certificate.outstanding) - self.model.outstanding) <= DUST * self.operations
        pending = sum(self.model.provisions.values())
        assert abs(int(self.ledger.pending()) - pending) <= DUST * self.operations

    def invariant_6_losses_add_up(self) -> None:
        for log in self.covered:
            assert log.loss == log.from_fund + log.socialised, "invariant 6, to the wei"
            assert not log.socialised or int(self.ledger.cash_of(self.fund)) <= 1, "fund first"
            if log.socialised:
                self.seen["fund exhausted"] += 1

    def health_is_the_references(self) -> None:
        """Invariant 13: health never reverts, and it is what the reference model says."""
        for number, health in zip(
            self.numbers, self.market.lens.healths(self.numbers), strict=True
        ):
            expected = self.judge(number)
            for got, want in (
                (health.equity, expected.equity),
                (health.initial, expected.initial),
                (health.maintenance, expected.maintenance),
            ):
                assert abs(got / WAD - want) < 1e-6 + 1e-9 * abs(want), self.roles[number]

    def invariant_7_free_cash_leaves(self) -> None:
        """Somebody without positions takes out what is left of its cash by the rules."""
        model = self.model
        idle = [
            n
            for n in self.numbers
            if model.cash[n] > WAD and not model.positions[n] and n not in self.sale
        ]
        loss, others = model.expected(), model.credit() - max(model.cash[FUND], Fraction(0))
        if not idle or loss >= others * Fraction(999, 1000):
            return
        number = self.pick(idle)
        share = 1 - loss / others
        units = int(model.cash[number] * share * (1 - Fraction(self.operations, 10**14))) // UNIT
        units = min(units - 1, self.model.tokens // UNIT)
        address = self.people[self.roles[number]].address
        if units <= 0:
            return
        with boa.env.anchor():
            self.ledger.withdraw(number, 0, units, address, sender=address)
        self.seen["free cash left"] += 1

    def wealth(self) -> dict[int, int]:
        """[wad] of each: equity at mark and tokens; with the fund's own cash under FUND."""
        found = {FUND: int(self.ledger.cash_of(self.fund))}
        for number, health in zip(
            self.numbers, self.market.lens.healths(self.numbers), strict=True
        ):
            tokens = self.market.cash_token.balanceOf(self.people[self.roles[number]].address)
            found[number] = int(health.equity) + int(tokens) * UNIT
        return found

    def invariant_8_nobody_gains(self) -> None:
        """At unchanged prices nothing is created, and no more goes to anybody than is named."""
        if self.moved:
            return
        after = self.wealth()
        created = sum(after.values()) - sum(self.before.values())
        # Collateral brought in is wealth that was outside.
        assert created <= DUST or self.last == "deposits", ("invariant 8: created", created / WAD)
        restored = max(self.owing - self.model.outstanding, 0)
        for number in self.numbers:
            gain = after[number] - self.before[number]
            allowed = self.named.get(number, 0) + restored + DUST
            assert gain <= allowed or number in self.given, ("invariant 8", self.roles[number])


__all__ = ["Crashes"]
