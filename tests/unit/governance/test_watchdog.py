"""Watchdog: silent while the books add up, and paid for by whoever shows that they do not."""

import warnings
from pathlib import Path
from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.engine.cache import load
from novate.governance import deploy_watchdog
from novate.market import Account
from novate.parameters import Parameters
from tests.world import WAD, World, build

DAY = 86_400
BOUNTY = 5_000 * 10**6
LEAKY = Path(__file__).resolve().parents[3] / "tests/hostile/LeakyBackOffice.vy"


class Watched:
    """A market behind proxies with a watchdog, and code that breaks it on demand."""

    def __init__(self) -> None:
        self.world = World(Parameters(upgradeable=True, grace=0))
        market, owner = self.world.market, self.world.owner
        self.maker = self.world.person("maker", 200_000)
        # Borrows cash against units of the index: so there is debt.
        self.borrower = self.world.person("borrower", 1_000, units=20)
        market.push_price(2_750, 0.15)
        market.withdraw(self.borrower, 20_000)
        self.put, self.week = market.put(2_500, 60), market.put(2_700, 7)
        self.world.novate(
            self.world.trade(self.maker, self.borrower, self.put, 3, 60),
            self.world.trade(self.borrower, self.maker, self.week, 1, 60),
        )
        self.token = market.cash_token
        self.dog = deploy_watchdog(market, BOUNTY)
        self.token.mint(self.dog.address, 2 * BOUNTY, sender=owner)
        self.witness = str(boa.env.generate_address("witness"))

    def break_it(self) -> Any:
        """Upgrades to the broken code; returns the ledger with its functions."""
        market = self.world.market
        names = ("oracle", "listing", "operators", "curve", "cash_token")
        units = [market.contracts[name].address for name in names]
        back = load(LEAKY).deploy(*units)
        code = compiled("clearing/Clearinghouse.vy").deploy(*units, back.address, back.address)
        market.clearinghouse.upgradeToAndCall(code.address, b"", sender=self.world.owner)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return load(LEAKY).at(market.clearinghouse.address)

    def check(self) -> Any:
        return self.dog.invariant_check(sender=self.witness)

    def interest(self, *people: Account, code: int | None = None) -> Any:
        owners = sorted(one.number for one in people)
        return self.dog.interest_check(code or self.put.code, owners, sender=self.witness)

    def is_halted(self) -> bool:
        listing = self.world.market.listing
        return bool(listing.halted_until(0) == boa.env.evm.patch.timestamp + 3 * DAY)

    def paid(self) -> int:
        return int(self.token.balanceOf(self.witness))


@pytest.fixture(scope="module")
def watched() -> Watched:
    return Watched()


def test_sound_books_pass_and_pay_nothing(watched: Watched) -> None:
    market = watched.world.market
    for days in (0, 0, 1, 30, 100):
        market.travel(days=days)
        market.clearinghouse.settle([watched.borrower.number])
        assert watched.check() is True
    assert watched.interest(watched.maker, watched.borrower)
    assert not watched.is_halted() and watched.paid() == 0


def test_after_expiry_who_settles_late_is_no_fault(watched: Watched) -> None:
    market = watched.world.market
    market.travel_to(watched.week.expiry - 2_000)
    market.push_price(2_600, 0.2)
    market.travel_to(watched.week.expiry)
    market.fix(watched.week.expiry)
    # The long settles first: open interest is gone, the short is still there.
    market.clearinghouse.settle([watched.maker.number])
    assert watched.interest(watched.maker, watched.borrower, code=watched.week.code)
    assert watched.check() is True


def test_a_shared_loss_is_no_fault(watched: Watched) -> None:
    """The index of credit falls, on a day on which the ledger said so."""
    market, world = watched.world.market, watched.world
    loser = world.person("loser", 100)
    leaky = watched.break_it()
    # A debt with nothing beside it, the money of which somebody else has: the books add up.
    leaky.conjure(loser.number, -5_000 * WAD)
    leaky.conjure(watched.maker.number, 5_000 * WAD)
    assert watched.check() is True
    before = market.clearinghouse.indices() >> 128
    market.clearinghouse.write_off(loser.number)
    assert market.clearinghouse.indices() >> 128 < before
    assert watched.check() is True
    market.travel(days=1)
    assert watched.check() is True


def test_money_from_nowhere(watched: Watched) -> None:
    watched.break_it().conjure(watched.maker.number, WAD)
    assert watched.check() is False
    (fault,) = [e for e in watched.dog.get_logs() if type(e).__name__ == "Tripped"]
    assert (fault.fault, fault.bounty, fault.witness) == ("cash", BOUNTY, watched.witness)
    assert watched.is_halted() and watched.paid() == BOUNTY
    # Opening is refused; closing and withdrawing go on.
    market, world = watched.world.market, watched.world
    market.push_price(2_750, 0.15)
    with boa.reverts("halt: all markets"):
        world.novate(world.trade(watched.maker, watched.borrower, watched.put, 1, 60))
    world.novate(world.trade(watched.borrower, watched.maker, watched.put, 1, 60))
    market.withdraw(watched.maker, 1_000)
    # Renewed by anybody as long as it is there, paid once.
    market.travel(days=2)
    assert watched.check() is False
    assert watched.is_halted() and watched.paid() == BOUNTY


def test_debt_that_vanishes(watched: Watched) -> None:
    assert watched.check() is True
    # By so little that rounding hides it from the certificate.
    watched.break_it().shrink(0, 1)
    assert watched.check() is False and watched.paid() == BOUNTY


def test_credit_that_vanishes(watched: Watched) -> None:
    assert watched.check() is True
    watched.break_it().shrink(10**20, 0)
    assert watched.check() is False and watched.paid() == BOUNTY


@pytest.mark.parametrize("quantity", [WAD, -WAD])
def test_a_position_without_its_other_side(watched: Watched, quantity: int) -> None:
    leaky = watched.break_it()
    holder = watched.borrower if quantity > 0 else watched.maker
    leaky.forge(holder.number, watched.put.code, quantity)
    # Only the accounts together show it, and only each once.
    assert watched.interest(watched.maker if quantity > 0 else watched.borrower) is True
    with boa.reverts("watchdog: not ascending"):
        watched.dog.interest_check(watched.put.code, [watched.maker.number] * 2)
    assert watched.interest(watched.maker, watched.borrower) is False
    assert watched.is_halted() and watched.paid() == BOUNTY


def test_the_owner_arms_it_again(watched: Watched) -> None:
    dog, owner = watched.dog, watched.world.owner
    watched.break_it().conjure(watched.maker.number, WAD)
    watched.check()
    for name, arguments in (("arm", ()), ("set_bounty", (1,)), ("retire", (watched.witness,))):
        with boa.reverts("ownable: caller is not the owner"):
            getattr(dog, name)(*arguments, sender=watched.witness)
    dog.set_bounty(10 * BOUNTY, sender=owner)
    dog.arm(sender=owner)
    # No more than there is.
    assert watched.check() is False and watched.paid() == 2 * BOUNTY
    watched.token.mint(dog.address, 5, sender=owner)
    dog.retire(owner, sender=owner)
    assert watched.token.balanceOf(dog.address) == 0


def test_without_a_bounty_it_halts_all_the_same(watched: Watched) -> None:
    watched.dog.retire(watched.world.owner, sender=watched.world.owner)
    watched.break_it().conjure(watched.maker.number, WAD)
    assert watched.check() is False
    assert watched.is_halted() and watched.paid() == 0


def test_a_bounty_that_does_not_arrive(watched: Watched) -> None:
    token = build("tests/hostile/FalseToken.vy")
    token.jam(True)
    market = watched.world.market
    dog = build(
        "governance/Watchdog.vy",
        market.clearinghouse.address,
        market.listing.address,
        token.address,
        1,
        watched.world.owner,
    )
    with boa.reverts("watchdog: not paid"):
        dog.retire(watched.witness, sender=watched.world.owner)


def test_it_needs_an_owner_and_its_role(watched: Watched) -> None:
    market = watched.world.market
    given = (market.clearinghouse.address, market.listing.address, watched.token.address, 1)
    with boa.reverts("watchdog: no owner"):
        build("governance/Watchdog.vy", *given, "0x" + 40 * "0")
    market.listing.set_watchdog(watched.witness, sender=watched.world.owner)
    watched.break_it().conjure(watched.maker.number, WAD)
    # Without its role it can do nothing.
    with boa.reverts("halt: not the guardian"):
        watched.check()


def test_no_check_while_another_call_runs(watched: Watched) -> None:
    """In the midst of a call books need not add up: the ledger's views are locked."""
    world, market = watched.world, watched.world.market
    token = build("tests/hostile/ReentrantToken.vy")
    world.ledger.list_asset(7, token.address, 10**6 * WAD, sender=world.owner)
    token.mint(watched.maker.address, WAD)
    token.approve(world.ledger.address, WAD, sender=watched.maker.address)
    payload = watched.dog.invariant_check.prepare_calldata()
    token.arm(watched.dog.address, payload)
    market.clearinghouse.deposit(watched.maker.number, 7, WAD, sender=watched.maker.address)
    assert not token.succeeded()
