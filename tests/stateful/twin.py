"""Contracts and reference ledger side by side: the world in which every state machine plays.

An action moves both. Whether it must be refused, and with which words, is asked of the reference
model first. Money must agree to the wei, for both round at the same places; margin is judged by the
reference in floating point, so an action that ends within DOUBT of a limit is not tried.
"""

from collections import Counter
from typing import Any

import boa
from hypothesis import currently_in_test_context, event

from novate.market import Account
from novate.parameters import Parameters
from novate.reference import margin
from novate.reference import oracle as prices
from novate.reference.ledger import FUND, Curve, Ledger
from novate.series import Series as Code
from tests.world import DAY, WAD, World, signed

# What counts as sure when margin is judged in floating point [USD].
DOUBT = 1e-5


def reason(output: bytes) -> str:
    """The text of a revert, as Solidity's Error(string)."""
    size = int.from_bytes(output[36:68], "big")
    return output[68 : 68 + size].decode()


class Twin:
    """A market with its people, the reference ledger beside it, and what must agree."""

    def open(self, parameters: Parameters | None, roles: tuple[str, ...]) -> None:
        """Deploy; nobody has anything yet."""
        self.seen: Counter[str] = Counter()
        self.world = World(parameters)
        self.ledger: Any = self.world.ledger
        self.market = self.world.market
        self.fund = int(self.ledger.FUND())
        layout = self.ledger.compiler_data.storage_layout["storage_layout"]
        self.indices_slot = layout["cash"]["indices"]["slot"]
        rates = self.market.parameters.rates
        names = ("base", "slope_low", "slope_high", "optimum", "fund_share")
        self.model = Ledger(Curve(*(getattr(rates, name) for name in names)), self.market.now)
        self.spot, self.volatility = 2_750.0, 0.15
        # [s] when a price was last recorded in the oracle.
        self.recorded = self.market.now
        self.fixings: dict[tuple[int, int], int] = {}
        # What the one source has said, and what the oracle last recorded of it.
        self.rounds = [self.said(1)]
        self.memory = prices.Memory(self.rounds[0].answer * 10**10, WAD, self.market.now, 0)
        self.observed = [(self.market.now, self.memory.price)]
        self.people: dict[str, Account] = {role: self.market.account(role) for role in roles}
        self.numbers = [one.number for one in self.people.values()]
        self.roles = {one.number: role for role, one in self.people.items()}
        for person in self.people.values():
            for token in (self.market.cash_token, self.market.index_token):
                token.mint(
                    person.address,
                    10**6 * 10 ** int(token.decimals()),
                    sender=self.world.owner,
                )
                token.approve(self.ledger.address, 2**256 - 1, sender=person.address)

    def note(self, what: str) -> None:
        """Counts a state or a refusal, also for hypothesis' statistics while it runs a test."""
        self.seen[what] += 1
        if currently_in_test_context():
            event(what)

    def attempt(self, expected: str | None, call: Any, *arguments: Any, **options: Any) -> Any:
        """The call must revert with these words, or pass when there are none."""
        if expected is None:
            return call(*arguments, **options)
        self.note(f"refused: {expected}")
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

    # -- what the reference model knows --

    def judge(self, account: int) -> margin.Health:
        """The account as the reference model judges it now."""
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
        held = margin.Holding(
            self.model.holdings[account][1] / WAD,
            self.spot,
            collateral.maintenance / WAD,
            collateral.initial / WAD,
        )
        return margin.assess(self.model.cash(account) / WAD, [held], positions, view)

    def live(self, account: int) -> list[tuple[int, int]]:
        """(series, quantity) of an account that have not expired."""
        return [
            (code, held)
            for code, held in sorted(self.model.positions[account].items())
            if Code.from_code(code).expiry > self.market.now
        ]

    # -- actions that every machine shares --

    def deposit(self, role: str, asset: int, amount: int, account: int | None = None) -> None:
        """Whole dollars or units of a role, into its own account or another's."""
        number = self.people[role].number if account is None else account
        scale = 10**18 if asset else 10**6
        self.ledger.deposit(number, asset, amount * scale, sender=self.people[role].address)
        self.model.deposit(number, asset, amount * WAD)

    def withdraw(self, role: str, amount: int, refusal: str | None = None) -> bool:
        """Whole dollars leave; `refusal`: words that come before the reference's own."""
        person, saved = self.people[role], self.model.copy()
        expected = refusal
        if expected is None:
            self.model.withdraw(person.number, 0, amount * WAD)
            judged = self.judge(person.number)
            idle = not self.model.positions[person.number] and self.model.cash(person.number) >= 0
            if abs(judged.initial) < DOUBT:
                self.model = saved
                return False
            if not idle and judged.initial < 0:
                expected = "margin: below initial"
            elif self.model.tokens < 0:
                expected = "escrow: not enough liquidity"
        self.attempt(
            expected,
            self.ledger.withdraw,
            *(person.number, 0, amount * 10**6, person.address),
            sender=person.address,
        )
        if expected:
            self.model = saved
        elif self.model.cash(person.number) < 0:
            self.note("borrowed against collateral")
        return expected is None

    def trade(self, *leg: int, frozen: bool = False, halted: bool = False) -> bool:
        """One leg: seller, buyer, series, quantity, premium and the fee of each side.

        frozen: one of them is in auction. halted: no position may grow. Says if it was done.
        """
        seller, buyer, code, quantity, premium, fee = leg
        sides, model, saved = (seller, buyer), self.model, self.model.copy()
        sizes = [model.positions[side].get(code, 0) for side in sides]
        was = [self.judge(side) for side in sides]
        model.trade(*leg, fee)
        after = [model.positions[side].get(code, 0) for side in sides]
        grown = [abs(b) > abs(a) or b * a < 0 for a, b in zip(sizes, after, strict=True)]
        expected, doubtful = None, False
        if frozen:
            expected = "account: in auction"
        elif any(grown) and halted:
            expected = "halt: all markets"
        else:
            for side, before, grew in zip(sides, was, grown, strict=True):
                words, unsure = self.refusal(before, self.judge(side), grew)
                expected, doubtful = expected or words, doubtful or unsure
        if doubtful:
            self.model = saved
            return False
        self.attempt(expected, self.ledger.novate, [(*leg, fee)], sender=self.world.venue)
        if expected:
            self.model = saved
            return False
        self.note("traded")
        for side, before, grew in zip(sides, was, grown, strict=True):
            initial = self.ledger.health(side).initial / WAD
            assert not grew or initial >= 0, "invariant 3"
            assert initial >= 0 or initial >= before.initial - DOUBT, "invariant 3"
            if initial < 0:
                self.note("reduced risk below initial margin")
        return True

    @staticmethod
    def refusal(before: margin.Health, now: margin.Health, grew: bool) -> tuple[str | None, bool]:
        """Why margin refuses a side of a trade, and whether that is too close to tell."""
        worse = min(now.initial - before.initial, now.maintenance - before.maintenance)
        given = now.equity + now.initial - before.equity - before.initial
        unsure = abs(now.initial) < DOUBT or (
            now.initial < 0 and not grew and min(abs(worse), abs(given)) < DOUBT
        )
        if now.initial >= 0:
            return None, unsure
        if grew:
            return "margin: below initial", unsure
        if worse < 0:
            return "margin: worse than before", unsure
        return ("margin: value given away" if given < 0 else None), unsure

    def said(self, number: int) -> prices.Round:
        return prices.Round(round(self.spot * 10**8), self.market.now, number)

    def push(self, poke: bool = False) -> None:
        """Report spot and volatility; `poke`: and have them recorded."""
        for feed, value in (("spot_feed", self.spot), ("volatility_feed", self.volatility)):
            self.market.contracts[feed].push(round(value * 10**8), sender=self.world.owner)
        self.rounds.append(self.said(len(self.rounds) + 1))
        if poke:
            self.market.oracle.poke(1)
            self.recorded = self.market.now
            price = self.rounds[-1].answer * 10**10
            self.memory = prices.Memory(price, WAD, self.recorded, self.recorded)
            self.observed.append((self.recorded, price))

    def pass_time(self, seconds: int, poke: bool = False) -> None:
        """A price a day keeps the oracle fresh, and an older history would fix no expiry."""
        while seconds > 0:
            self.market.travel(min(seconds, DAY))
            self.push(poke)
            seconds -= DAY
        # Both accrue at the same moments: between two of them the rate is held.
        self.ledger.settle([])
        self.model.advance(self.market.now)

    def fix(self) -> bool:
        """Fix every expiry that has passed and is held by anybody; says if there was one."""
        codes = {code for number in self.numbers for code in self.model.positions[number]}
        found = False
        for expiry in sorted({Code.from_code(code).expiry for code in codes}):
            if expiry <= self.market.now and (1, expiry) not in self.fixings:
                self.market.fix(expiry)
                price = self.market.oracle.fixing(1, expiry)
                self.fixings[1, expiry] = price
                # What the oracle recorded, where it did; else the source's own history.
                recorded = prices.twap(self.observed, expiry - prices.WINDOW, expiry)
                usual = self.market.parameters.prices
                history = prices.fixing(
                    self.rounds,
                    expiry,
                    self.market.now,
                    max_age=usual.max_age,
                    closes={-(-time // 3_600): value for time, value in self.observed},
                    live=self.rounds[-1].answer * 10**10,
                    last=self.memory.price,
                )
                assert price in (recorded, history), "the fixing"
                self.note("fixed as the reference does")
                found = True
        return found

    def settle(self, numbers: list[int]) -> None:
        for number in numbers:
            self.model.settle(number, self.fixings)
        self.ledger.settle(numbers)

    # -- what must always hold --

    def oracle_agrees(self) -> None:
        """What is served, its confidence and its time, or why nothing is."""
        usual, last = self.market.parameters.prices, self.rounds[-1]
        expected = prices.serve(
            [(last.answer * 10**10, last.updated, usual.max_age)],
            prices.Limits(1, usual.spread, usual.jump, usual.max_age),
            self.memory,
            self.market.now,
        )
        found = prices.Served(*self.market.oracle.status(1))
        assert found == expected, ("the oracle", found, expected)

    def positions_agree(self) -> None:
        """Invariant 1: quantities sum to zero, and the book equals the reference model's."""
        totals: Counter[int] = Counter()
        for number in self.numbers:
            held = {word >> 96: signed(word) for word in self.ledger.positions_of(number)}
            assert held == dict(self.model.positions[number]), self.roles[number]
            for code, quantity in held.items():
                totals[code] += quantity
        for code, total in totals.items():
            assert total == 0 or Code.from_code(code).expiry <= self.market.now, "invariant 1"

    def cash_agrees(self) -> None:
        """Invariant 2: everybody's cash and every total is the reference model's, to the wei.

        The indices too: a unit of theirs is worth less than a wei, so balances alone would not
        show one that is rounded the wrong way.
        """
        model = self.model
        indices = boa.env.get_storage(self.ledger.address, self.indices_slot)
        assert indices == model.supply_index << 128 | model.borrow_index, "invariant 2: indices"
        for number, known in [*zip(self.numbers, self.numbers, strict=True), (self.fund, FUND)]:
            principal = int(self.ledger.header_of(number)) % 2**128
            assert principal == model.principals[known] % 2**128, "invariant 2: principal"
            cash = int(self.ledger.cash_of(number))
            role = self.roles.get(number, "fund")
            assert cash == model.cash(known), ("invariant 2", role, cash - model.cash(known))
        certificate = self.ledger.certificate()
        assert certificate.held == model.tokens, "invariant 2"
        assert certificate.fund == model.cash(FUND), "invariant 2"
        assert certificate.credit == model.credit(), "invariant 2"
        assert certificate.unsettled == model.unsettled, "invariant 2"
        assert certificate.outstanding == model.outstanding, "invariant 6"
        assert self.ledger.pending() == sum(model.provisions.values()), "invariant 6"
        # Claims are covered: what rounding leaves is the house's and never negative.
        claims = sum(map(model.cash, (*self.numbers, FUND)))
        assert certificate.held + certificate.unsettled >= claims, "invariant 2"
        assert certificate.surplus >= 0, "invariant 2"

    def health_agrees(self) -> None:
        """Invariant 13: health never reverts, and it is what the reference model says."""
        judged = self.market.lens.healths(self.numbers)
        for number, health in zip(self.numbers, judged, strict=True):
            expected = self.judge(number)
            for got, want in (
                (health.equity, expected.equity),
                (health.initial, expected.initial),
                (health.maintenance, expected.maintenance),
            ):
                assert abs(got / WAD - want) < 1e-6 + 1e-9 * abs(want), self.roles[number]
