"""Losses that everybody bore come back from the fund's income, to everybody first, to the wei."""

from fractions import Fraction
from typing import Any

import boa
import pytest

from tests.world import DAY, WAD, World, build, wad


@pytest.fixture(scope="module")
def people(world: World) -> list[Any]:
    return [world.person("first", cash=3_000), world.person("second", cash=1_000)]


def lose(world: World, loss: float) -> None:
    """An empty account is frozen, pays a bidder out of the fund and everybody, and is freed."""
    broke, bidder = world.market.account("broke"), world.person("bidder", cash=1)
    world.freeze(broke)
    world.ledger.liquidate(broke.number, bidder.number, WAD, 0, -wad(loss), sender=world.house)
    world.ledger.thaw(broke.number, sender=world.house)


def earn(world: World, payer: Any, amount: float) -> None:
    """The fund earns a liquidation fee."""
    world.freeze(payer)
    world.ledger.charge(payer.number, 0, wad(amount), sender=world.house)
    world.ledger.thaw(payer.number, sender=world.house)


def fund(world: World) -> int:
    return int(world.ledger.cash_of(world.ledger.FUND()))


def near(amount: int, expected: Fraction | float) -> bool:
    """At most a few wei below what is due, never above."""
    return 0 <= int(Fraction(expected) * WAD) - amount <= 4_000


def test_the_fund_bears_what_it_can(world: World, people: list[Any]) -> None:
    world.market.endow_fund(500)
    lose(world, 400)
    assert fund(world) == wad(100)
    assert world.ledger.outstanding() == 0
    assert [world.cash(one) for one in people] == [wad(3_000), wad(1_000)]


def test_a_loss_that_the_fund_just_bears_is_nobody_elses(world: World, people: list[Any]) -> None:
    world.market.endow_fund(400)
    header = world.ledger.header_of(world.ledger.FUND())
    broke, bidder = world.market.account("broke"), world.person("bidder", cash=1)
    world.freeze(broke)
    world.ledger.liquidate(broke.number, bidder.number, WAD, 0, -wad(400), sender=world.house)
    assert "LossSocialised" not in [type(log).__name__ for log in world.ledger.get_logs()]
    assert (fund(world), world.ledger.outstanding()) == (0, 0)
    # Flags and all: only its cash has changed.
    assert world.ledger.header_of(world.ledger.FUND()) >> 128 == header >> 128


def test_what_is_outstanding_is_no_limit_of_the_fund(world: World, people: list[Any]) -> None:
    """Marking the fund and back does not make it forget what it owes to everybody."""
    payer = world.person("payer", cash=996)
    limits = build("margin/ExposureLimits.vy", world.market.oracle.address, world.owner)
    lose(world, 100)
    with boa.env.prank(world.owner):
        world.ledger.set_exposure_limits(limits.address)
        world.ledger.mark_limited(world.ledger.FUND(), True)
        world.ledger.mark_limited(world.ledger.FUND(), False)
    earn(world, payer, 60)
    assert (fund(world), world.ledger.outstanding()) == (0, wad(40))


def test_income_restores_everybody_before_the_fund(world: World, people: list[Any]) -> None:
    payer = world.person("payer", cash=996)
    lose(world, 499.7)
    # 3,000 + 1,000 + 996 + 1 of the bidder bore it alike.
    share = 1 - Fraction(4_997, 49_970)
    assert world.ledger.outstanding() == wad(499.7)
    assert near(world.cash(people[0]), 3_000 * share)
    assert near(world.cash(people[1]), 1_000 * share)
    earn(world, payer, 100)
    assert fund(world) == 0
    assert world.ledger.outstanding() == wad(399.7)
    earn(world, payer, 450)
    assert world.ledger.outstanding() == 0
    assert near(fund(world), Fraction(503, 10))
    certificate = world.ledger.certificate()
    assert certificate.outstanding == 0
    assert 0 <= certificate.surplus <= 10_000
    # Nobody got more than the loss: what the first two have is below their deposits, because
    # the bidder, paid after the loss, shared in the recovery.
    assert world.cash(people[0]) < wad(3_000)
    assert world.cash(people[0]) * 1_000 // 3_000 == pytest.approx(world.cash(people[1]), abs=2)


def test_two_losses_and_one_recovery(world: World, people: list[Any]) -> None:
    """PROPERTIES P-34: nothing stays blocked and no figure is left over."""
    payer = world.person("payer", cash=2_000)
    lose(world, 100)
    lose(world, 50)
    assert world.ledger.outstanding() == wad(150)
    earn(world, payer, 1_000)
    assert world.ledger.outstanding() == 0
    assert near(fund(world), 850)
    world.market.withdraw(people[0], 2_900)
    # From here on income is the fund's alone.
    earn(world, payer, 10)
    assert near(fund(world), 860)


def test_withdrawers_before_and_after_the_recovery_get_their_share(
    world: World, people: list[Any]
) -> None:
    """Who leaves while a loss is outstanding leaves at the reduced rate, and so does who stays."""
    first, second = people
    lose(world, 400)
    rate = 1 - Fraction(400, 4_001)
    gone = world.cash(second)
    assert near(gone, 1_000 * rate)
    world.market.withdraw(second, gone // 10**12 / 10**6)
    assert near(world.cash(first), 3_000 * rate)


def test_interest_restores_too(world: World, people: list[Any]) -> None:
    borrower = world.person("borrower", units=2)
    world.market.withdraw(borrower, 1_000)
    lose(world, 100)
    world.market.travel(days=200)
    shown = [world.cash(one) for one in people]
    outstanding = world.ledger.outstanding()
    world.ledger.settle([])
    # What the view showed is what accrual made of it.
    assert [world.cash(one) for one in people] == shown
    assert world.ledger.outstanding() < outstanding
    assert fund(world) == 0


def test_income_without_positive_cash_is_the_funds(world: World) -> None:
    """Nobody is left to restore: the fund keeps it, and what is outstanding stays so."""
    world = World()
    world.use_own_house()
    payer = world.person("payer", cash=100)
    lose(world, 50)
    world.freeze(payer)
    everything = world.cash(payer)
    world.ledger.charge(payer.number, 0, everything, sender=world.house)
    assert world.cash(payer) <= 1


def test_the_fund_pays_its_backers(world: World, people: list[Any]) -> None:
    backers = boa.env.generate_address("security fund")
    receiver = boa.env.generate_address("receiver")
    world.market.endow_fund(100)
    with boa.reverts("fund: not the security fund"):
        world.ledger.release(1, receiver, sender=world.intruder)
    with boa.reverts("ownable: caller is not the owner"):
        world.ledger.set_security_fund(backers, sender=world.intruder)
    world.ledger.set_security_fund(backers, sender=world.owner)
    world.ledger.release(40 * 10**6, receiver, sender=backers)
    assert world.market.cash_token.balanceOf(receiver) == 40 * 10**6
    assert fund(world) == wad(60)
    with boa.reverts("fund: not enough"):
        world.ledger.release(60 * 10**6 + 1, receiver, sender=backers)
    lose(world, 61)
    world.market.endow_fund(5)
    with boa.reverts("fund: losses outstanding"):
        world.ledger.release(1, receiver, sender=backers)


def test_what_backers_bring_does_not_pay_for_former_losses(world: World) -> None:
    lose(world, 10)
    world.market.endow_fund(100)
    assert near(fund(world), 100)
    assert world.ledger.outstanding() == wad(10)


def test_money_on_its_way_is_no_income(world: World, people: list[Any]) -> None:
    """Reserved cash goes through the fund's account to a bidder, whatever is outstanding."""
    payer = world.person("payer", cash=100)
    lose(world, 10)
    world.freeze(payer)
    world.ledger.charge(payer.number, world.ledger.FUND(), wad(5), sender=world.house)
    assert near(fund(world), 5)
    assert world.ledger.outstanding() == wad(10)


def test_a_loss_is_reported_to_the_listing(world: World) -> None:
    listing = world.market.listing
    with boa.env.prank(world.owner):
        listing.set_reporters(world.ledger.address, world.house)
        listing.set_breakers((wad(100), WAD, 5, DAY))
    put = world.market.put(2_700, 7)
    writer, holder = world.person("writer", 20_000), world.person("holder", 20_000)
    lose(world, 100)
    world.novate(world.trade(writer, holder, put, 1, 30))
    lose(world, 1)
    with boa.reverts("halt: all markets"):
        world.novate(world.trade(writer, holder, put, 1, 30))
    # Closing goes on, and so does everything else.
    world.novate(world.trade(holder, writer, put, 1, 30))
    world.market.withdraw(writer, 1_000)
    world.market.travel(days=1)
    world.market.push_price(2_750)
    world.novate(world.trade(writer, holder, put, 1, 30))


# -- losses that are expected --


def expect(world: World, loss: float) -> None:
    world.ledger.provide(wad(loss), sender=world.house)


def leave(world: World, account: Any, dollars: float) -> None:
    world.ledger.withdraw(
        account.number, 0, round(dollars * 10**6), account.address, sender=account.address
    )


@pytest.mark.parametrize("leaves_first", [True, False])
def test_leaving_before_or_after_the_loss_is_the_same(
    world: World, people: list[Any], leaves_first: bool
) -> None:
    """A loss of 1,000, a fund of 200 and 4,000 of others: everybody is left with four fifths."""
    first, second = people
    world.market.endow_fund(200)
    expect(world, 1_000)
    bidder = world.market.account("bidder")

    def realise() -> None:
        expect(world, -1_000)
        broke = world.market.account("broke")
        world.freeze(broke)
        world.ledger.liquidate(broke.number, bidder.number, WAD, 0, -wad(1_000), sender=world.house)
        world.ledger.thaw(broke.number, sender=world.house)

    if not leaves_first:
        realise()
    leave(world, second, 400)
    if leaves_first:
        log = next(e for e in world.ledger.get_logs() if type(e).__name__ == "ShareLeft")
        assert (log.account, log.amount) == (second.number, wad(100))
        realise()
    assert near(world.cash(first), 2_400)
    assert near(world.cash(second), 400)
    assert abs(fund(world)) < 10_000
    assert 0 <= world.ledger.certificate().surplus < 10_000


def test_all_may_leave_at_the_reduced_rate(world: World, people: list[Any]) -> None:
    first, second = people
    expect(world, 1_000)
    with boa.reverts("margin: below initial"):
        leave(world, second, 750.000001)
    leave(world, second, 750)
    # The fund has grown by what was left behind; the rate of the rest is the same.
    assert near(fund(world), 250)
    leave(world, first, 2_250)
    assert near(fund(world), 1_000)
    assert 0 <= world.cash(first) + world.cash(second) < 10_000


def test_the_fund_stands_before_everybody(world: World, people: list[Any]) -> None:
    world.market.endow_fund(500)
    expect(world, 500)
    leave(world, people[1], 1_000)
    assert world.cash(people[1]) == 0


def test_who_borrows_leaves_nothing_behind_but_its_own(world: World, people: list[Any]) -> None:
    """Only positive cash bears losses, so only what leaves of it pays."""
    expect(world, 1_000)
    borrower = world.person("borrower", units=2)
    leave(world, borrower, 1_000)
    assert world.cash(borrower) == -wad(1_000)


def test_losses_beyond_all_cash_stop_the_door(world: World, people: list[Any]) -> None:
    expect(world, 4_000)
    with boa.reverts("withdraw: losses exceed all cash"):
        leave(world, people[0], 1)
    # Units are nobody's business but the owner's.
    saver = world.person("saver", units=1)
    world.market.withdraw(saver, 1, 1)
    # What was expected and did not come is forgotten.
    expect(world, -4_000)
    leave(world, people[0], 3_000)


def test_only_the_house_expects(world: World) -> None:
    with boa.reverts("auction: not the house"):
        world.ledger.provide(1, sender=world.intruder)
    expect(world, 7)
    assert world.ledger.pending() == wad(7)
    # Less than nothing cannot be expected: a house that comes back would end no auction.
    expect(world, -8)
    assert world.ledger.pending() == 0
    expect(world, 7)
    # A new house starts from what it sees.
    world.ledger.set_auction_house(world.intruder, sender=world.owner)
    assert world.ledger.pending() == 0
