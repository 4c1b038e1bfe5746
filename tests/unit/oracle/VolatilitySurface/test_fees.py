"""What reporters of a surface earn: counted by the surface, paid by SurfaceFees."""

from typing import Any

import boa
import pytest

from novate.deploy import compiled
from novate.engine.cache import load
from tests.oracle_world import now

from .conftest import BTC, DAY, LIMITS, SurfaceWorld

UNIT = 10**6
MINIMUM, FEE, POT = 1_000 * UNIT, 2 * UNIT, 1_000 * UNIT
PUNCTUAL, SPACING = 60, 600
NOBODY = "0x" + 40 * "0"


class PaidWorld(SurfaceWorld):
    """A surface whose reporters are bonded and paid."""

    def __init__(self) -> None:
        super().__init__()
        self.expiry = now() + 30 * DAY
        self.reporters = [key.address for key in self.keys]
        self.token: Any = compiled("tokens/TestToken.vy").deploy("Test Dollar", "TUSD", 6)
        self.bonds: Any = compiled("oracle/ReporterBonds.vy").deploy(
            self.token.address, MINIMUM, self.owner
        )
        self.fees: Any = compiled("oracle/SurfaceFees.vy").deploy(
            self.token.address, self.surface.address, self.bonds.address, FEE, self.owner
        )
        for reporter in self.reporters:
            self.token.mint(reporter, MINIMUM)
            self.token.approve(self.bonds.address, MINIMUM, sender=reporter)
            self.bonds.bond(MINIMUM, sender=reporter)
        self.fund(POT)

    def fund(self, amount: int) -> None:
        self.token.mint(self.owner, amount)
        self.token.approve(self.fees.address, amount, sender=self.owner)
        self.fees.fund(amount, sender=self.owner)

    def sign(self, after: int = SPACING, delay: int = 0, *indices: int, ahead: int = 0) -> None:
        """A report that many seconds later, submitted with a delay."""
        boa.env.time_travel(seconds=after)
        report = self.report(self.expiry + ahead, timestamp=now() - delay)
        self.submit(report, indices or (0, 1, 2))

    def owed(self) -> list[int]:
        return [self.fees.owed(one) // FEE for one in self.reporters]


@pytest.fixture(scope="module")
def world() -> PaidWorld:
    return PaidWorld()


def test_signers_are_paid_for_each_report(world: PaidWorld) -> None:
    world.sign(0)
    world.sign(SPACING, 0, 2, 3, 4)
    assert world.fees.accrue(1) == 6 * FEE
    log = world.fees.get_logs()[0]
    assert (log.version, log.amount, log.pot) == (1, 6 * FEE, POT - 6 * FEE)
    assert world.owed() == [1, 1, 2, 1, 1]
    # Once.
    assert world.fees.accrue(1) == 0
    world.sign()
    assert world.fees.accrue(1) == 3 * FEE
    assert world.owed() == [2, 2, 3, 1, 1]
    assert world.fees.pot() == POT - 9 * FEE


def test_pay_is_claimed_once(world: PaidWorld) -> None:
    world.sign(0)
    world.fees.accrue(1)
    reporter = world.reporters[0]
    assert world.fees.claim(sender=reporter) == FEE
    assert world.fees.claim(sender=reporter) == 0
    assert world.token.balanceOf(reporter) == FEE
    assert world.fees.claim(sender=world.intruder) == 0


def test_late_reports_and_reports_closer_than_asked_earn_nothing(world: PaidWorld) -> None:
    world.sign(100, PUNCTUAL)
    assert world.surface.tallies(1) == 1 + (1 << 16) + (1 << 32)
    world.sign(SPACING + 100, PUNCTUAL + 1)
    # Dated SPACING - 1 after the last one, which was late, and SPACING after it.
    world.sign(SPACING - 1 - PUNCTUAL - 1)
    assert world.surface.tallies(1) & 0xFFFF == 1
    world.sign(SPACING)
    assert world.surface.tallies(1) & 0xFFFF == 2


def test_each_expiry_counts_for_itself(world: PaidWorld) -> None:
    world.sign(0)
    world.sign(0, ahead=DAY)
    assert world.surface.tallies(1) & 0xFFFF == 2


def test_what_a_fitter_posts_earns_nothing(world: PaidWorld) -> None:
    world.post(world.report(world.expiry))
    assert world.surface.tallies(1) == 0


def test_share_of_a_reporter_without_bond_stays(world: PaidWorld) -> None:
    world.bonds.unbond(1, sender=world.reporters[1])
    world.sign(0)
    assert world.fees.accrue(1) == 2 * FEE
    assert world.owed() == [1, 0, 1, 0, 0]


def test_former_committees_are_paid_by_their_own_names(world: PaidWorld) -> None:
    world.sign(0)
    reporters = [NOBODY, *world.reporters[1:]]
    world.surface.set_committee(reporters, 3, sender=world.owner)
    world.sign(SPACING, 0, 1, 2, 3)
    assert world.fees.accrue(2) == world.fees.accrue(1) == 3 * FEE
    assert world.owed() == [1, 2, 2, 1, 0]
    with boa.reverts():
        world.fees.accrue(3)


def test_an_empty_pot_waits_and_stops_no_report(world: PaidWorld) -> None:
    world.fees.set_fee(POT // 3 + 1, sender=world.owner)
    world.sign(0)
    assert world.fees.accrue(1) == 0 and world.fees.paid(1) == 0
    world.sign()
    world.fees.set_fee(POT // 6, sender=world.owner)
    assert world.fees.accrue(1) == 6 * (POT // 6)


def test_counters_go_around_each_for_itself(world: PaidWorld) -> None:
    # As if every reporter had signed so often, and been paid for it.
    full = sum(0xFFFF << (16 * i) for i in range(16))
    for contract, name in ((world.surface, "tallies"), (world.fees, "paid")):
        contract.eval(f"self.{name}[1] = {full}")
    world.sign(0, 0, 0, 2, 4)
    expected = sum(0xFFFF << (16 * i) for i in range(16) if i not in (0, 2, 4))
    assert world.surface.tallies(1) == expected
    assert world.fees.accrue(1) == 3 * FEE
    assert world.owed() == [1, 0, 1, 0, 1]
    # The top bit of a lane that was set, and one that is reached.
    world.surface.eval(f"self.tallies[1] = {0x7FFF | 0x8000 << 16}")
    world.sign()
    assert world.surface.tallies(1) == 0x8000 | 0x8001 << 16 | 1 << 32


def test_reverts_token_did_not_move_and_bad_figures(world: PaidWorld) -> None:
    made = compiled("oracle/SurfaceFees.vy")
    units = (world.token.address, world.surface.address, world.bonds.address)
    with boa.reverts("fees: no owner"):
        made.deploy(*units, FEE, NOBODY)
    with boa.reverts("fees: fee too large"):
        made.deploy(*units, 2**128 + 1, world.owner)
    with boa.reverts("fees: fee too large"):
        world.fees.set_fee(2**128 + 1, sender=world.owner)
    with boa.reverts("ownable: caller is not the owner"):
        world.fees.set_fee(0, sender=world.intruder)
    false = load("tests/hostile/FalseToken.vy").deploy()
    hostile = made.deploy(false.address, *units[1:], FEE, world.owner)
    with boa.reverts("fees: token did not move"):
        hostile.fund(1)
    false.jam(True)
    with boa.reverts("fees: token did not move"):
        hostile.claim()


def test_limits_are_still_what_they_are(world: PaidWorld) -> None:
    """What is refused counts nothing."""
    world.sign(0)
    boa.env.time_travel(seconds=SPACING)
    with boa.reverts("surface: moves too fast"):
        world.submit(world.report(world.expiry, 1.5))
    assert world.surface.tallies(1) & 0xFFFF == 1 and world.surface.limits(BTC) == LIMITS
