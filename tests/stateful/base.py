"""The world that every state machine plays in: contracts and reference model side by side.

Actions move both and say what happened; sub-classes turn actions into rules. Whether an action
must be refused, and with which words, is asked of the reference model first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import boa
from hypothesis import currently_in_test_context, event
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from novate.reference import margin
from novate.reference.ledger import FUND, Curve, Ledger
from novate.series import Series as Code
from tests.world import DAY, WAD, World, signed

# What counts as sure when margin is judged in floating point [USD].
DOUBT = 1e-5
ROLES = ("first", "second", "third", "fourth")
ENDOWMENT = 4_000  # [USD]
# What campaigns of this process have come across, by the words of `seen`.
REACHED: set[str] = set()


def seen(what: str) -> None:
    """Counts a state or a refusal, also for hypothesis' statistics while it runs a test."""
    REACHED.add(what)
    if currently_in_test_context():
        event(what)


class ClearingMachine(RuleBasedStateMachine):
    """Four traders, a market, and the reference ledger beside the contracts."""

    @initialize()
    def open_market(self) -> None:
        self.anchor = boa.env.anchor()
        self.anchor.__enter__()
        self.world = World()
        self.ledger: Any = self.world.ledger
        self.market = self.world.market
        self.people = [self.world.person(role) for role in ROLES]
        self.numbers = [one.number for one in self.people]
        self.fund = self.ledger.FUND()
        rates = self.market.parameters.rates
        self.model = Ledger(
            Curve(
                *(
                    Fraction(x, WAD)
                    for x in (
                        rates.base,
                        rates.slope_low,
                        rates.slope_high,
                        rates.optimum,
                        rates.fund_share,
                    )
                )
            ),
            self.market.now,
        )
        self.spot, self.volatility = 2_750.0, 0.15
        self.fixings: dict[tuple[int, int], int] = {}
        self.codes: set[int] = set()
        self.operations = 0
        self.settled: set[tuple[int, int]] = set()
        for who in range(len(ROLES)):
            self.deposit(who, ENDOWMENT, 0)
        near, far = self.market.expiries(2)
        for seller, expiry, strike, is_put in (
            (0, near, 2_700, True),
            (1, near, 2_800, False),
            (2, far, 2_600, True),
        ):
            code = Code(1, expiry, strike * WAD, is_put).code
            assert self.trade(seller, seller + 1, code, WAD, 30 * WAD, 0)

    def teardown(self) -> None:
        if hasattr(self, "anchor"):
            self.anchor.__exit__(None, None, None)

    # -- what the reference model knows --

    def judge(self, account: int) -> margin.Health:
        """The account as the reference model judges it now."""
        quotes: dict[tuple[int, int], margin.Quote] = {}
        positions = []
        for code, quantity in self.model.positions[account].items():
            series = Code.from_code(code)
            quotes[1, series.expiry] = margin.Quote(self.spot, self.spot, self.volatility)
            positions.append(margin.Position(series, quantity / WAD))
        view = margin.View(
            now=self.market.now,
            rules={1: self.figures()},
            quotes=quotes,
            fixings={key: price / WAD for key, price in self.fixings.items()},
            spots={1: (self.spot, True)},
        )
        held = self.model.holdings[account].get(1, 0)
        collateral = self.market.parameters.collateral
        holdings = [
            margin.Holding(
                held / WAD, self.spot, collateral.maintenance / WAD, collateral.initial / WAD
            )
        ]
        return margin.assess(float(self.model.cash[account] / WAD), holdings, positions, view)

    def figures(self) -> margin.Rules:
        """The deployed margin parameters in the reference model's form."""
        deployed = self.market.parameters.margin
        return margin.Rules(
            **{
                name: (value if name == "stablecoin" else value / WAD)
                for name, value in vars(deployed).items()
            }
        )

    @contextmanager
    def may_refuse(self, expected: str | None) -> Iterator[None]:
        """The block must revert with these words, or must not revert when there are none."""
        if expected is None:
            yield
        else:
            seen(f"refused: {expected}")
            with boa.reverts(expected):
                yield

    # -- actions --

    def deposit(self, who: int, amount: int, asset: int) -> None:
        self.market.fund(self.people[who], amount, asset)
        self.model.deposit(self.numbers[who], asset, amount * WAD)

    def withdraw(self, who: int, amount: int) -> bool:
        account, wad = self.numbers[who], amount * WAD
        self.model.withdraw(account, 0, wad)
        judged = self.judge(account)
        idle = not self.model.positions[account] and self.model.cash[account] >= 0
        if abs(judged.initial) < DOUBT:
            self.model.deposit(account, 0, wad)
            return False
        expected = None
        if not idle and judged.initial < 0:
            expected = "margin: below initial"
        elif self.model.tokens < 0:
            expected = "escrow: not enough liquidity"
        with self.may_refuse(expected):
            self.market.withdraw(self.people[who], amount)
        if expected:
            self.model.deposit(account, 0, wad)
        elif self.model.cash[account] < 0:
            seen("borrowed against collateral")
        return expected is None

    def trade(
        self, seller: int, buyer: int, code: int, quantity: int, premium: int, fee: int
    ) -> bool:
        """One leg between two of the people; amounts in wad."""
        sides = [self.numbers[seller], self.numbers[buyer]]
        sizes = [self.model.positions[s].get(code, 0) for s in sides]
        was = [self.judge(side) for side in sides]
        leg = (*sides, code, quantity, premium, fee, fee)
        self.model.trade(*leg)
        expected = None
        for side, before, held in zip(sides, was, sizes, strict=True):
            now = self.judge(side)
            after = self.model.positions[side].get(code, 0)
            grew = abs(after) > abs(held) or after * held < 0
            worse = min(now.initial - before.initial, now.maintenance - before.maintenance)
            given = now.equity + now.initial - before.equity - before.initial
            doubtful = abs(now.initial) < DOUBT or (
                now.initial < 0 and not grew and min(abs(worse), abs(given)) < DOUBT
            )
            if doubtful:
                self.undo(leg)
                return False
            if expected is None and now.initial < 0:
                if grew:
                    expected = "margin: below initial"
                elif worse < 0:
                    expected = "margin: worse than before"
                elif given < 0:
                    expected = "margin: value given away"
                else:
                    seen("reduced risk below initial margin")
        with self.may_refuse(expected):
            self.world.novate(leg)
        if expected:
            self.undo(leg)
            return False
        seen("traded")
        self.codes.add(code)
        self.check_risk(sides, was)
        return True

    def undo(self, leg: tuple[int, ...]) -> None:
        seller, buyer, code, quantity, premium, *fees = leg
        self.model.trade(buyer, seller, code, quantity, premium, *(-fee for fee in fees))

    def check_risk(self, sides: list[int], was: list[margin.Health]) -> None:
        """Invariant 3: nobody who raised its risk ends below initial margin."""
        for side, before in zip(sides, was, strict=True):
            health = self.ledger.health(side)
            assert health.initial >= 0 or health.initial / WAD >= before.initial - DOUBT

    def move_market(self, spot: float, volatility: float) -> None:
        self.spot, self.volatility = spot, volatility
        self.market.push_price(spot, volatility)

    def wait(self, seconds: int) -> None:
        self.market.travel(seconds)
        # A price a day keeps the oracle fresh.
        self.market.push_price(self.spot, self.volatility)
        # Both accrue at the same moments: between two of them the rate is held.
        self.ledger.settle([])
        self.model.advance(self.market.now)

    def settle(self, who: list[int]) -> None:
        for expiry in sorted({Code.from_code(c).expiry for c in self.codes}):
            if expiry <= self.market.now and (1, expiry) not in self.fixings:
                self.market.fix(expiry)
                self.fixings[1, expiry] = self.market.oracle.fixing(1, expiry)
        for one in who:
            for code in self.model.positions[self.numbers[one]]:
                if Code.from_code(code).expiry <= self.market.now:
                    # Invariant 5: what is paid is gone, so it can be here only once.
                    assert (one, code) not in self.settled
                    self.settled.add((one, code))
                    seen("settled a position")
            self.model.settle(self.numbers[one], self.fixings)
        self.ledger.settle([self.numbers[one] for one in who])

    # -- what must always hold --

    @invariant()
    def positions_agree_and_sum_to_zero(self) -> None:
        """Invariant 1, and the book equals the reference model's."""
        if not hasattr(self, "world"):
            return
        totals: dict[int, int] = {}
        for number in self.numbers:
            held = {w >> 96: signed(w) for w in self.ledger.positions_of(number)}
            assert held == dict(self.model.positions[number])
            for code, quantity in held.items():
                totals[code] = totals.get(code, 0) + quantity
        live = {c for c in self.codes if Code.from_code(c).expiry > self.market.now}
        for code in live:
            assert totals.get(code, 0) == 0
            assert self.ledger.open_interest(code) == self.model.open_interest(code)

    @invariant()
    def cash_agrees_and_is_conserved(self) -> None:
        """Invariant 2: nobody has more than the model says, and all claims are covered."""
        if not hasattr(self, "world"):
            return
        self.operations += 1
        certificate = self.ledger.certificate()
        assert certificate.held == self.model.tokens
        assert 0 <= certificate.surplus
        everyone = 0
        for number, known in [*zip(self.numbers, self.numbers, strict=True), (self.fund, FUND)]:
            cash, expected = self.ledger.cash_of(number), self.model.cash[known]
            everyone += cash
            scale = max(abs(expected), WAD)
            assert abs(cash - expected) <= scale * Fraction(1, 10**15) * self.operations, known
        backing = certificate.held + certificate.unsettled
        assert 0 <= backing - everyone <= 10**6 * self.operations, (backing - everyone, certificate)
        assert certificate.credit - certificate.debt == backing - certificate.surplus

    @invariant()
    def the_view_is_total(self) -> None:
        """Invariant 13: health never reverts, and it is what the reference model says."""
        if not hasattr(self, "world"):
            return
        for number in self.numbers:
            health, expected = self.ledger.health(number), self.judge(number)
            for got, want in (
                (health.equity, expected.equity),
                (health.initial, expected.initial),
                (health.maintenance, expected.maintenance),
            ):
                assert abs(got / WAD - want) < 1e-6 + 1e-9 * abs(want)


__all__ = ["DAY", "ClearingMachine"]
