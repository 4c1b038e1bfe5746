"""Timelock: who may schedule, prevent and do, and that a guardian cannot keep itself in office."""

import boa
import pytest
from eth_abi import encode
from eth_utils import keccak

from novate.governance import call
from novate.governance.deployment import ADMIN, CANCELLER, PROPOSER
from tests.world import build

DAY = 86_400
NONE = bytes(32)


@pytest.fixture
def lock(assembly):
    """The timelock, with a proposer and a canceller that a test can speak for."""
    timelock = assembly.governance.timelock
    timelock.grantRole(PROPOSER, assembly["voter"], sender=timelock.address)
    timelock.grantRole(CANCELLER, assembly["small"], sender=timelock.address)
    return timelock


def operation(*calls, salt=NONE):
    batch = [one.target for one in calls], [0] * len(calls), [one.payload for one in calls]
    return (*batch, NONE, salt)


def identify(timelock, arguments):
    kinds = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
    expected = keccak(encode(kinds, list(arguments)))
    assert timelock.hash_operation_batch(*arguments) == expected
    return expected


def test_what_is_scheduled_waits_and_is_done_by_anyone(assembly, lock):
    target = build("tests/hostile/Reenterer.vy")
    arguments = operation(call(target.count), call(target.count), salt=b"\1" * 32)
    identifier = identify(lock, arguments)
    lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
    names = [type(entry).__name__ for entry in lock.get_logs()]
    assert names == ["CallScheduled", "CallScheduled", "CallSalt"]
    assert lock.is_operation_pending(identifier) and not lock.is_operation_ready(identifier)
    boa.env.time_travel(seconds=2 * DAY - 1)
    with boa.reverts("timelock_controller: operation is not ready"):
        lock.execute_batch(*arguments)
    boa.env.time_travel(seconds=1)
    lock.execute_batch(*arguments, sender=assembly["intruder"])
    assert lock.is_operation_done(identifier) and target.calls() == 2
    with boa.reverts("timelock_controller: operation is not ready"):
        lock.execute_batch(*arguments)


def test_all_calls_or_none(assembly, lock):
    target = build("tests/hostile/Reenterer.vy")
    target.prepare(target.address, b"nonsense")
    arguments = operation(call(target.count), call(target.strike))
    lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
    boa.env.time_travel(seconds=2 * DAY)
    with boa.reverts():
        lock.execute_batch(*arguments)
    assert target.calls() == 0 and lock.is_operation_ready(identify(lock, arguments))


def test_only_proposers_schedule(assembly, lock):
    arguments = operation(call(assembly.thing.lift, 0))
    for role in ("intruder", "deployer", "holder", "small"):
        with boa.reverts("access_control: account is missing role"):
            lock.schedule_batch(*arguments, 2 * DAY, sender=assembly[role])
    with boa.reverts("timelock_controller: insufficient delay"):
        lock.schedule_batch(*arguments, 2 * DAY - 1, sender=assembly["voter"])


def test_malformed_batches(assembly, lock):
    with boa.reverts("timelock: nothing to do"):
        lock.schedule_batch([], [], [], NONE, NONE, 2 * DAY, sender=assembly["voter"])
    with boa.reverts("timelock: lengths differ"):
        lock.schedule_batch(
            [assembly["voter"]], [], [b""], NONE, NONE, 2 * DAY, sender=assembly["voter"]
        )


def test_a_call_to_nobody_is_no_success(assembly, lock):
    arguments = ([assembly["intruder"]], [0], [b"data"], NONE, NONE)
    lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
    boa.env.time_travel(seconds=2 * DAY)
    with boa.reverts("timelock: no code"):
        lock.execute_batch(*arguments)


def test_order_by_predecessor(assembly, lock):
    first = operation(call(assembly.thing.lift, 1))
    second = (*operation(call(assembly.thing.lift, 2))[:3], identify(lock, first), NONE)
    for arguments in (first, second):
        lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
    boa.env.time_travel(seconds=2 * DAY)
    with boa.reverts("timelock_controller: missing dependency"):
        lock.execute_batch(*second)
    lock.execute_batch(*first)
    lock.execute_batch(*second)


def test_a_canceller_prevents(assembly, lock):
    arguments = operation(call(assembly.thing.lift, 0))
    identifier = identify(lock, arguments)
    lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
    # Proposers are no cancellers, unlike with snekmate and OpenZeppelin.
    for role in ("voter", "intruder", "deployer"):
        with boa.reverts("access_control: account is missing role"):
            lock.cancel(identifier, sender=assembly[role])
    boa.env.time_travel(seconds=3 * DAY)
    lock.cancel(identifier, sender=assembly["small"])
    with boa.reverts("timelock: not pending"):
        lock.cancel(identifier, sender=assembly["small"])
    with boa.reverts("timelock_controller: operation is not ready"):
        lock.execute_batch(*arguments)


def test_a_canceller_cannot_prevent_its_dismissal(assembly, lock):
    guardian = assembly["small"]
    dismissal = operation(call(lock.revokeRole, CANCELLER, guardian))
    lock.schedule_batch(*dismissal, 2 * DAY, sender=assembly["voter"])
    with boa.reverts("timelock: cannot veto dismissal"):
        lock.cancel(identify(lock, dismissal), sender=guardian)
    boa.env.time_travel(seconds=2 * DAY)
    lock.execute_batch(*dismissal)
    assert not lock.hasRole(CANCELLER, guardian)


@pytest.mark.parametrize("disguise", ["with another call", "another role", "after another"])
def test_only_a_dismissal_is_one(assembly, lock, disguise):
    guardian = assembly["small"]
    dismissal = call(lock.revokeRole, CANCELLER, guardian)
    arguments = {
        "with another call": operation(dismissal, call(assembly.thing.lift, 0)),
        "another role": operation(call(lock.revokeRole, PROPOSER, guardian)),
        "after another": (*operation(dismissal)[:3], b"\1" * 32, NONE),
    }[disguise]
    lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
    lock.cancel(identify(lock, arguments), sender=guardian)


def test_the_delay_keeps_its_bounds(assembly, lock):
    for delay in (2 * DAY - 1, 30 * DAY + 1, 0):
        with boa.reverts("timelock: delay out of range"):
            lock.update_delay(delay, sender=lock.address)
        with boa.reverts("timelock: delay out of range"):
            build("governance/Timelock.vy", delay, assembly["deployer"])
    for role in ("intruder", "deployer", "voter"):
        with boa.reverts("timelock: only by itself"):
            lock.update_delay(3 * DAY, sender=assembly[role])
    # By an operation: the timelock calls itself while it executes.
    arguments = operation(call(lock.update_delay, 3 * DAY))
    lock.schedule_batch(*arguments, 2 * DAY, sender=assembly["voter"])
    boa.env.time_travel(seconds=2 * DAY)
    lock.execute_batch(*arguments)
    assert lock.get_minimum_delay() == 3 * DAY


def test_no_key_is_left_after_deployment(assembly):
    timelock = assembly.governance.timelock
    for role in (ADMIN, PROPOSER, CANCELLER):
        for person in assembly.people.values():
            assert not timelock.hasRole(role, person)
    for person in assembly.people.values():
        with boa.reverts("access_control: account is missing role"):
            timelock.grantRole(PROPOSER, person, sender=person)
    assert timelock.hasRole(ADMIN, timelock.address)
    assert timelock.hasRole(PROPOSER, assembly.governance.governor.address)
    assert timelock.hasRole(CANCELLER, assembly.governance.guardian.address)
