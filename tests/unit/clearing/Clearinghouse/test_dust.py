"""A wei of income, of credit, and none of it beside a debt: nothing is lost, nothing stops."""

from typing import Any

import pytest

from tests.world import WAD, World

RAY = 10**27
YEAR = 365 * 86_400


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.use_own_house()
    return world


def fund(world: World) -> int:
    return int(world.ledger.cash_of(world.ledger.FUND()))


@pytest.mark.parametrize("fees", [(1, 0), (0, 1), (1, 1), (0, 0)])
def test_a_wei_of_fees_is_earned(world: World, fees: tuple[int, int]) -> None:
    call = world.market.call(2_800)
    seller, buyer = (world.person(role, cash=10_000) for role in ("seller", "buyer"))
    leg = (*world.trade(seller, buyer, call)[:5], *fees)
    world.novate(leg)  # type: ignore[arg-type]
    assert fund(world) == sum(fees)
    assert [world.cash(one) for one in (seller, buyer)] == [10_000 * WAD - fee for fee in fees]


class Empty:
    """An index above one, and then nobody with cash: all credit has paid all debts."""

    def __init__(self, world: World) -> None:
        self.world, self.ledger = world, world.ledger
        self.lender = world.person("lender", cash=1_000)
        self.debtor = world.person("debtor", units=10)
        world.market.withdraw(self.debtor, 700)
        world.market.travel(days=365)
        self.ledger.settle([])
        (accrued,) = self.told("Accrued")
        assert accrued.supply_index > RAY
        broke = world.market.account("broke")
        world.freeze(broke)
        self.ledger.liquidate(
            broke.number, self.lender.number, WAD, 0, -fund(world), sender=world.house
        )
        for one in (self.lender, self.debtor):
            world.freeze(one)
        self.charge(self.lender.number, self.debtor.number, -world.cash(self.debtor))
        # What rounding has lost of the last unit of the token is a debt of some wei.
        left = world.cash(self.lender)
        units = -(-left // 10**12)
        self.charge(self.debtor.number, self.lender.number, units * 10**12 - left + 5)
        self.ledger.thaw(self.lender.number, sender=world.house)
        world.market.withdraw(self.lender, units / 10**6)
        world.freeze(self.lender)
        self.charge(self.lender.number, self.debtor.number, world.cash(self.lender))
        assert world.cash(self.lender) == fund(world) == 0 > world.cash(self.debtor) > -10

    def charge(self, account: int, recipient: int, amount: int) -> None:
        self.ledger.charge(account, recipient, amount, sender=self.world.house)

    def told(self, name: str) -> list[Any]:
        return [log for log in self.ledger.get_logs() if type(log).__name__ == name]


@pytest.fixture(scope="module")
def empty(world: World) -> Empty:
    return Empty(world)


def test_interest_without_credit_is_all_the_funds(world: World, empty: Empty) -> None:
    """The dust of a debt that nobody's credit stands against: no division by nothing."""
    owed = -world.cash(empty.debtor)
    world.market.travel(days=60 * 365)
    empty.ledger.settle([])
    (accrued,) = empty.told("Accrued")
    assert accrued.to_fund == accrued.interest > 10**6
    assert fund(world) == pytest.approx(accrued.interest, abs=2)
    assert -world.cash(empty.debtor) == pytest.approx(owed + accrued.interest, abs=2)


def test_a_wei_of_credit_earns_its_share(world: World, empty: Empty) -> None:
    """Two wei are a principal of one."""
    empty.charge(empty.debtor.number, empty.lender.number, 2)
    world.market.travel(days=60 * 365)
    empty.ledger.settle([])
    (accrued,) = empty.told("Accrued")
    share = world.market.parameters.rates.fund_share
    assert accrued.to_fund == accrued.interest * share // WAD > 0
    assert world.cash(empty.lender) == pytest.approx(
        accrued.interest - accrued.to_fund, abs=10, rel=1e-9
    )
