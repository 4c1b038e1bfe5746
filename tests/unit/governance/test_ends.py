"""Where governance and its watchdog end: vetoed, malformed, unpaid, and books off by one."""

from typing import Any

import boa
import pytest

from novate.governance import State, call
from novate.governance.deployment import CANCELLER, PROPOSER
from novate.governance.proposals import operation_of
from novate.series import Series
from tests.unit.governance.test_governor import accept
from tests.unit.governance.test_timelock import DAY, NONE, identify
from tests.unit.governance.test_watchdog import Watched
from tests.world import WAD, build


@pytest.fixture(scope="module")
def watched() -> Watched:
    return Watched()


def tripped(watched: Watched) -> list[str]:
    return [e.fault for e in watched.dog.get_logs() if type(e).__name__ == "Tripped"]


# -- governor and timelock --


def test_a_proposal_that_was_vetoed_is_cancelled(assembly: Any) -> None:
    governance, lock = assembly.governance, assembly.governance.timelock
    proposal = accept(assembly)
    governance.queue(proposal)
    lock.grantRole(CANCELLER, assembly["small"], sender=lock.address)
    lock.cancel(operation_of(governance.governor, lock, proposal), sender=assembly["small"])
    assert governance.state(proposal) is State.CANCELLED
    with boa.reverts("governor: not queued"):
        governance.execute(proposal)


def test_a_dismissal_that_pays_or_says_more_may_be_vetoed(assembly: Any) -> None:
    """Only the bare call is beyond a canceller's reach."""
    lock, guardian = assembly.governance.timelock, assembly["small"]
    lock.grantRole(PROPOSER, assembly["voter"], sender=lock.address)
    lock.grantRole(CANCELLER, guardian, sender=lock.address)
    bare = call(lock.revokeRole, CANCELLER, guardian)
    for amount, payload in ((1, bare.payload), (0, bare.payload + bytes(32))):
        arguments = ([bare.target], [amount], [payload], NONE, NONE)
        lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
        lock.cancel(identify(lock, arguments), sender=guardian)


@pytest.mark.parametrize("lengths", [(1, 0, 1), (1, 1, 0), (2, 1, 1)])
def test_reverts_lengths_differ(assembly: Any, lengths: tuple[int, int, int]) -> None:
    targets, values, payloads = lengths
    with boa.reverts("governor: lengths differ"):
        assembly.governance.governor.propose(
            *([assembly["voter"]] * targets, [0] * values, [b""] * payloads, "odd"),
            sender=assembly["voter"],
        )


# -- watchdog --


def test_a_debt_index_that_falls_is_a_fault_of_its_own(watched: Watched) -> None:
    """Behind a gift to the ledger, so that the sum of all cash does not show it."""
    assert watched.check() is True
    watched.token.mint(watched.world.ledger.address, 1, sender=watched.world.owner)
    watched.break_it().shrink(0, 1)
    assert watched.check() is False
    assert tripped(watched) == ["debt index"]


def test_shorts_of_a_barrier_series_may_settle_later(watched: Watched) -> None:
    """Its longs and shorts leave at different times: only longs are compared."""
    put = watched.put
    code = Series(1, put.expiry, put.strike, True, barrier=2_000 * WAD).code
    leaky = watched.break_it()
    leaky.forge(watched.maker.number, code, -WAD)
    assert watched.interest(watched.maker, watched.borrower, code=code) is True
    leaky.forge(watched.borrower.number, code, WAD)
    assert watched.interest(watched.maker, watched.borrower, code=code) is False


def test_a_bounty_that_cannot_be_paid_keeps_the_witness_from_halting(watched: Watched) -> None:
    token, market = build("tests/hostile/FalseToken.vy"), watched.world.market
    dog = build(
        "governance/Watchdog.vy",
        *(market.clearinghouse.address, market.listing.address, token.address, 1),
        watched.world.owner,
    )
    market.listing.set_watchdog(dog.address, sender=watched.world.owner)
    token.mint(dog.address, 1)
    token.jam(True)
    watched.break_it().conjure(watched.maker.number, WAD)
    with boa.reverts("watchdog: not paid"):
        dog.invariant_check()
    token.jam(False)
    assert dog.invariant_check() is False
