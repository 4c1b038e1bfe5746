"""Random traders, prices and time against the reference model: invariants 1, 2, 3, 5 and 13."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from novate.series import Series as Code
from tests.stateful.base import DAY, ROLES, ClearingMachine
from tests.world import WAD

people = st.integers(0, len(ROLES) - 1)
dollars = st.integers(1, 20_000)
quantities = st.one_of(
    st.sampled_from([WAD, 2 * WAD, WAD // 2]), st.integers(1, 5 * WAD)
)


class Clearing(ClearingMachine):
    @rule(who=people, amount=dollars)
    def brings_cash(self, who: int, amount: int) -> None:
        self.deposit(who, amount, 0)

    @rule(who=people, units=st.integers(1, 5))
    def brings_collateral(self, who: int, units: int) -> None:
        self.deposit(who, units, 1)

    @rule(who=people, amount=dollars)
    def takes_cash(self, who: int, amount: int) -> None:
        self.withdraw(who, amount)

    @rule(
        seller=people,
        ahead=st.integers(1, 3),
        strike=st.integers(100, 120),
        is_put=st.booleans(),
        quantity=quantities,
        per_contract=st.integers(0, 200),
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
        self.trade(seller, buyer, code, quantity, quantity * per_contract, fee)

    @precondition(lambda self: any(self.model.positions[n] for n in self.numbers))
    @rule(data=st.data(), part=st.integers(1, 4), per_contract=st.integers(0, 200))
    def reduces(self, data: st.DataObject, part: int, per_contract: int) -> None:
        holders = [i for i, n in enumerate(self.numbers) if self.live(n)]
        if not holders:
            return
        who = data.draw(st.sampled_from(holders))
        code, held = data.draw(st.sampled_from(self.live(self.numbers[who])))
        quantity = max(abs(held) * part // 4, 1)
        other = (who + data.draw(st.integers(1, len(ROLES) - 1))) % len(ROLES)
        seller, buyer = (who, other) if held > 0 else (other, who)
        self.trade(seller, buyer, code, quantity, quantity * per_contract, 0)

    def live(self, number: int) -> list[tuple[int, int]]:
        return [
            (code, quantity)
            for code, quantity in sorted(self.model.positions[number].items())
            if Code.from_code(code).expiry > self.market.now
        ]

    @rule(move=st.floats(-0.15, 0.15), volatility=st.floats(0.05, 0.9))
    def market_moves(self, move: float, volatility: float) -> None:
        spot = round(min(max(self.spot * (1 + move), 500.0), 9_000.0), 2)
        self.move_market(spot, round(volatility, 4))

    @rule(hours=st.integers(1, 72))
    def time_passes(self, hours: int) -> None:
        self.wait(hours * 3_600)

    @rule(who=st.lists(people, unique=True, min_size=1))
    def expiries_settle(self, who: list[int]) -> None:
        self.settle(who)

    @rule()
    def everything_expires_and_settles(self) -> None:
        """Payoffs of a series sum to zero, up to rounding in the ledger's favour."""
        self.wait(25 * DAY)
        before = self.ledger.certificate()
        self.settle(list(range(len(ROLES))))
        after = self.ledger.certificate()
        assert all(not self.ledger.positions_of(n) for n in self.numbers)
        assert all(self.ledger.open_interest(code) == 0 for code in self.codes)
        assert 0 <= after.surplus - before.surplus <= 10**6
        assert -(10**3) <= after.unsettled <= 0
        self.settled.clear()


TestClearing = Clearing.TestCase
TestClearing.settings = settings(max_examples=15, stateful_step_count=25)
