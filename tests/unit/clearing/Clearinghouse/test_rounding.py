"""Every conversion between cash and principal rounds against the account, to the wei."""

import math
from typing import Any

import pytest

from tests.world import WAD, World, wad

RAY = 10**27


def ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def principal(world: World, account: Any) -> int:
    raw = world.ledger.header_of(account.number) & (2**128 - 1)
    return raw - 2**128 if raw >> 127 else raw


@pytest.fixture(scope="module")
def lender(world: World) -> Any:
    return world.person("lender", cash=99_999.123457)


@pytest.fixture(scope="module")
def borrower(world: World, lender: Any) -> Any:
    account = world.person("borrower", units=100)
    world.market.withdraw(account, 39_999.654321)
    return account


@pytest.fixture(scope="module")
def indices(world: World, lender: Any, borrower: Any) -> tuple[int, int]:
    """(supply, borrow) [ray] after some interest, when nothing divides evenly any more."""
    world.market.travel(1_234_567)
    world.market.push_price(2_750, 0.15)
    world.ledger.settle([])
    (accrued,) = [e for e in world.ledger.get_logs() if type(e).__name__ == "Accrued"]
    assert accrued.borrow_index > accrued.supply_index > RAY
    return accrued.supply_index, accrued.borrow_index


def test_balances(world: World, lender: Any, borrower: Any, indices: tuple[int, int]) -> None:
    supply, borrow = indices
    credit, debt = principal(world, lender), principal(world, borrower)
    assert credit * supply % RAY and -debt * borrow % RAY
    assert world.cash(lender) == credit * supply // RAY
    assert world.cash(borrower) == -ceil(-debt * borrow, RAY)


def test_principals(world: World, lender: Any, borrower: Any, indices: tuple[int, int]) -> None:
    supply, borrow = indices
    cash = world.cash(lender), world.cash(borrower)
    world.market.fund(lender, 1)
    world.market.fund(borrower, 1)
    assert principal(world, lender) == (cash[0] + WAD) * RAY // supply
    assert principal(world, borrower) == -ceil(-(cash[1] + WAD) * RAY, borrow)


@pytest.mark.parametrize("loss", [1, 7, 10**9 + 1, wad(123.456)])
def test_a_shared_loss(
    world: World, lender: Any, borrower: Any, indices: tuple[int, int], loss: int
) -> None:
    """The fund's part of the interest pays first; the rest lowers the index, rounded down."""
    supply, _ = indices
    fund = world.ledger.cash_of(world.ledger.FUND())
    supplied = principal(world, lender)
    world.freeze(borrower)
    bidder = world.market.account("bidder")
    world.market.fund(bidder, 50_000)
    fund_principal = world.ledger.header_of(world.ledger.FUND()) & (2**128 - 1)
    supplied += principal(world, bidder) + fund_principal
    before = world.cash(lender)
    world.ledger.liquidate(
        borrower.number, bidder.number, WAD // 100, 0, -(fund + loss), sender=world.house
    )
    (shared,) = [e for e in world.ledger.get_logs() if type(e).__name__ == "LossSocialised"]
    # The fund is empty now, so its principal no longer counts.
    supplied -= fund_principal - (world.ledger.header_of(world.ledger.FUND()) & (2**128 - 1))
    assert shared.loss == loss
    assert shared.supply_index == supply - ceil(loss * RAY, supplied)
    assert world.cash(lender) <= before
    assert world.ledger.certificate().surplus >= 0


def test_a_remainder_of_one_rounds_up(world: World, lender: Any, borrower: Any) -> None:
    """The least that a principal may be above the quotient, and the most that it may be below."""
    for _ in range(50):
        world.market.travel(60)
        world.ledger.settle([])
        (accrued,) = [e for e in world.ledger.get_logs() if type(e).__name__ == "Accrued"]
        borrow = accrued.borrow_index
        if math.gcd(borrow, RAY) == 1:
            break
    for role, remainder in (("one", 1), ("all but one", -1)):
        amount = pow(RAY, -1, borrow) * remainder % borrow
        assert amount * RAY % borrow == remainder % borrow
        debtor = world.market.account(role)
        world.freeze(debtor)
        world.ledger.charge(debtor.number, lender.number, amount, sender=world.house)
        assert principal(world, debtor) == -ceil(amount * RAY, borrow)
