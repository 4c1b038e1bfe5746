"""Random traders, prices and time against the reference model: invariants 1, 2, 3, 5 and 13."""

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from novate.series import Series as Code
from tests.stateful.base import DAY, ROLES, ClearingMachine, machine_of
from tests.world import WAD

people = st.integers(0, len(ROLES) - 1)
dollars = st.integers(1, 5_000)
quantities = st.one_of(st.sampled_from([WAD, 2 * WAD, WAD // 2]), st.integers(1, 5 * WAD))


class Clearing(ClearingMachine):
    @rule(who=people, amount=dollars)
    def brings_cash(self, who: int, amount: int) -> None:
        self.bring(who, amount, 0)

    @rule(who=people, units=st.integers(1, 5))
    def brings_collateral(self, who: int, units: int) -> None:
        self.bring(who, units, 1)

    @rule(who=people, share=st.sampled_from([1, 30, 99, 101, 1_000]))
    def takes_cash(self, who: int, share: int) -> None:
        """A part of what is free, or more than that."""
        free = self.judge(self.numbers[who]).initial
        self.take(who, max(int(free * share / 100), 1))

    @rule(who=people)
    def takes_what_is_not_there(self, who: int) -> None:
        self.bring(who, 20, 1)
        self.take(who, self.model.tokens // WAD + 1)

    @rule(
        seller=people,
        ahead=st.integers(1, 3),
        strike=st.integers(100, 120),
        is_put=st.booleans(),
        quantity=quantities,
        per_contract=st.integers(0, 60),
        fee=st.sampled_from([0, WAD // 7]),
        skip=st.integers(1, len(ROLES) - 1),
    )
    def opens(
        self,
        seller: int,
        ahead: int,
        strike: int,
        is_put: bool,
        quantity: int,
        per_contract: int,
        fee: int,
        skip: int,
    ) -> None:
        expiry = self.market.expiries(ahead)[-1]
        code = Code(1, expiry, 25 * strike * WAD, is_put).code
        buyer = (seller + skip) % len(ROLES)
        self.deal(seller, buyer, code, quantity, quantity * per_contract, fee)

    @precondition(lambda self: any(self.live(n) for n in self.numbers))
    @rule(data=st.data(), part=st.integers(1, 4), per_contract=st.sampled_from([0, 20, 80, 900]))
    def reduces(self, data: st.DataObject, part: int, per_contract: int) -> None:
        """A long sells to a short: neither position grows."""
        number, code, held = data.draw(
            st.sampled_from([(n, c, q) for n in self.numbers for c, q in self.live(n)])
        )
        others = [
            (i, self.model.positions[n][code])
            for i, n in enumerate(self.numbers)
            if self.model.positions[n].get(code, 0) * held < 0
        ]
        other, against = data.draw(st.sampled_from(others))
        quantity = max(min(abs(held), abs(against)) * part // 4, 1)
        who = self.numbers.index(number)
        seller, buyer = (who, other) if held > 0 else (other, who)
        self.deal(seller, buyer, code, quantity, quantity * per_contract, 0)

    @precondition(lambda self: any(q < 0 for n in self.numbers for _, q in self.live(n)))
    @rule(data=st.data(), dear=st.sampled_from([1, 1, 6]))
    def a_short_runs_for_the_exit(self, data: st.DataObject, dear: int) -> None:
        """The market moves against a short, who buys back at a fair price or a foolish one."""
        number, code, held = data.draw(
            st.sampled_from([(n, c, q) for n in self.numbers for c, q in self.live(n) if q < 0])
        )
        series = Code.from_code(code)
        self.move_market(
            series.strike / WAD * (0.6 if series.is_put else 1.4), max(self.volatility, 0.3)
        )
        seller = next(
            i for i, n in enumerate(self.numbers) if self.model.positions[n].get(code, 0) > 0
        )
        bought = min(-held, self.model.positions[self.numbers[seller]][code])
        fair = int(series.strike * 0.4) + WAD
        self.deal(seller, self.numbers.index(number), code, bought, bought * fair * dear // WAD, 0)

    @rule(move=st.sampled_from([-0.2, -0.1, -0.03, 0.02, 0.15]), volatility=st.floats(0.05, 0.9))
    def market_moves(self, move: float, volatility: float) -> None:
        spot = round(min(max(self.spot * (1 + move), 500.0), 9_000.0), 2)
        self.move_market(spot, round(volatility, 4))

    @rule(hours=st.integers(1, 48))
    def time_passes(self, hours: int) -> None:
        self.wait(hours * 3_600)

    @rule(who=st.lists(people, unique=True, min_size=1))
    def expiries_settle(self, who: list[int]) -> None:
        self.pay(who)

    @precondition(lambda self: len(self.codes) > 2)
    @rule()
    def everything_expires_and_settles(self) -> None:
        """Payoffs of a series sum to zero, up to rounding in the ledger's favour."""
        self.wait(25 * DAY)
        before = self.ledger.certificate()
        self.pay(list(range(len(ROLES))))
        after = self.ledger.certificate()
        assert all(not self.ledger.positions_of(n) for n in self.numbers)
        assert all(self.ledger.open_interest(code) == 0 for code in self.codes)
        assert 0 <= after.surplus - before.surplus <= 10**6
        assert -(10**3) <= after.unsettled <= 0
        self.settled.clear()


TestClearing = Clearing.TestCase
# The same campaign every time; `HYPOTHESIS_PROFILE=campaign` with other seeds searches further.
TestClearing.settings = settings(
    max_examples=15, stateful_step_count=25, derandomize=True, phases=[Phase.generate]
)


def test_a_day_that_goes_everywhere() -> None:
    """The states that a campaign may miss, in plain calls on the same machine."""
    machine = machine_of(Clearing)
    try:
        put = machine.live(machine.numbers[0])[0][0]
        machine.takes_what_is_not_there(3)
        machine.take(0, 3_500)
        assert not machine.take(0, 500)
        machine.bring(3, 10, 1)
        machine.take(3, 5_000)
        machine.move_market(2_500, 0.3)
        assert not machine.deal(0, 2, put, WAD // 10, 30 * WAD, 0)
        assert not machine.deal(1, 0, put, WAD // 2, 900 * WAD, 0)
        assert machine.deal(1, 0, put, WAD // 20, 11 * WAD, 0)
        machine.everything_expires_and_settles()
        for holds in (
            machine.positions_agree_and_sum_to_zero,
            machine.cash_agrees_and_is_conserved,
            machine.the_view_is_total,
        ):
            holds()
        assert set(machine.seen) == {
            "traded",
            "settled a position",
            "fixed as the reference does",
            "borrowed against collateral",
            "reduced risk below initial margin",
            "refused: margin: below initial",
            "refused: escrow: not enough liquidity",
            "refused: margin: worse than before",
        }
    finally:
        machine.teardown()


@pytest.mark.parametrize("spoil", ["cash", "index", "position", "tokens"])
def test_a_wei_of_difference_is_noticed(spoil: str) -> None:
    machine = machine_of(Clearing)
    try:
        model = machine.model
        if spoil == "cash":
            model.pay(machine.numbers[1], 1)
        elif spoil == "index":
            model.supply_index -= 10**8
        elif spoil == "position":
            model.positions[machine.numbers[2]][machine.live(machine.numbers[2])[0][0]] += 1
        else:
            model.tokens += 1
        with pytest.raises(AssertionError):
            machine.positions_agree_and_sum_to_zero()
            machine.cash_agrees_and_is_conserved()
    finally:
        machine.teardown()
