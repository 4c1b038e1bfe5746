# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Timelock
@license AGPL-3.0-only
@notice Owns every unit. What governance decided waits here in the open, so that whoever does not agree
        can leave first; then anyone executes it, exactly as it was scheduled. Meanwhile the
        guardian can cancel it, with one exception: what takes this very power away, lest a guardian
        keep itself in office.
@dev snekmate's timelock controller, with its operations, identifiers and events. Only batches are
     offered, with bounds of our own: snekmate's payloads of 1,024 bytes cannot hold the parameters of
     portfolio margin, and 255 of them make every call pay for 280 kB of memory. Identifiers are
     those of OpenZeppelin's, since the bounds do not enter the hash.
@custom:trust Proposers (the governor) decide what may happen after the delay. Cancellers (the guardian)
              can only prevent. Nobody can shorten the delay below two days.
@custom:kill Cancelling.
@custom:rounding None.
"""

from snekmate.auth import access_control
from snekmate.governance import timelock_controller as controller

initializes: access_control
initializes: controller[access_control := access_control]

exports: (
    controller.get_timestamp,
    controller.get_minimum_delay,
    controller.is_operation,
    controller.is_operation_pending,
    controller.is_operation_ready,
    controller.is_operation_done,
    controller.PROPOSER_ROLE,
    controller.EXECUTOR_ROLE,
    controller.CANCELLER_ROLE,
    controller.supportsInterface,
    access_control.DEFAULT_ADMIN_ROLE,
    access_control.hasRole,
    access_control.getRoleAdmin,
    access_control.grantRole,
    access_control.revokeRole,
    access_control.renounceRole,
)


MAX_CALLS: constant(uint256) = 16
MAX_PAYLOAD: constant(uint256) = 2_048
DAY: constant(uint256) = 86_400
MIN_DELAY: constant(uint256) = 2 * DAY
MAX_DELAY: constant(uint256) = 30 * DAY


# Operations that take a canceller's role away, and nothing else.
dismissals: public(HashMap[bytes32, bool])


event CallScheduled:
    id: indexed(bytes32)
    index: indexed(uint256)
    target: address
    amount: uint256  # [wei]
    payload: Bytes[MAX_PAYLOAD]
    predecessor: bytes32
    delay: uint256  # [s]


event CallExecuted:
    id: indexed(bytes32)
    index: indexed(uint256)
    target: address
    amount: uint256  # [wei]
    payload: Bytes[MAX_PAYLOAD]


@deploy
def __init__(delay: uint256, admin: address):
    """
    @param delay [s] from scheduling to execution, at least.
    @param admin Grants the first roles and then renounces its own. From then on only operations of
           the timelock itself do.
    """
    self._require_delay(delay)
    access_control.__init__()
    # Anyone executes what is due: nothing waits for a key.
    controller.__init__(delay, [], [empty(address)], admin)


# -- anyone --


@external
@payable
def execute_batch(
    targets: DynArray[address, MAX_CALLS],
    amounts: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
):
    """
    @notice Does what was scheduled, all of it or nothing.
    @param predecessor An operation that must be done before; empty for none.
    """
    controller._only_role_or_open_role(controller.EXECUTOR_ROLE)
    id: bytes32 = keccak256(abi_encode(targets, amounts, payloads, predecessor, salt))
    controller._before_call(id, predecessor)
    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        # A call to an address without code succeeds, whatever was meant.
        assert targets[i].is_contract or len(payloads[i]) == 0, "timelock: no code"
        raw_call(targets[i], payloads[i], value=amounts[i])
        log CallExecuted(id=id, index=i, target=targets[i], amount=amounts[i], payload=payloads[i])
    controller._after_call(id)


# -- proposers --


@external
def schedule_batch(
    targets: DynArray[address, MAX_CALLS],
    amounts: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
):
    """
    @notice Announces a batch of calls.
    @param salt Tells equal batches apart.
    @param delay [s] not less than the minimum.
    """
    access_control._check_role(controller.PROPOSER_ROLE, msg.sender)
    count: uint256 = len(targets)
    assert count == len(amounts) and count == len(payloads), "timelock: lengths differ"
    assert count != 0, "timelock: nothing to do"
    id: bytes32 = keccak256(abi_encode(targets, amounts, payloads, predecessor, salt))
    controller._schedule(id, delay)
    if count == 1 and predecessor == empty(bytes32) and self._dismisses(targets[0], amounts[0], payloads[0]):
        self.dismissals[id] = True
    for i: uint256 in range(count, bound=MAX_CALLS):
        log CallScheduled(
            id=id,
            index=i,
            target=targets[i],
            amount=amounts[i],
            payload=payloads[i],
            predecessor=predecessor,
            delay=delay,
        )
    if salt != empty(bytes32):
        log controller.CallSalt(id=id, salt=salt)


# -- cancellers --


@external
def cancel(id: bytes32):
    """
    @notice Prevents what is scheduled and not done, except a dismissal.
    """
    access_control._check_role(controller.CANCELLER_ROLE, msg.sender)
    assert controller._is_operation_pending(id), "timelock: not pending"
    assert not self.dismissals[id], "timelock: cannot veto dismissal"
    controller.get_timestamp[id] = 0
    log controller.Cancelled(id=id)


# -- the timelock itself --


@external
@reentrant
def update_delay(delay: uint256):
    """
    @notice Changes the delay [s] of what is scheduled from now on, between two and thirty days.
    """
    assert msg.sender == self, "timelock: only by itself"
    self._require_delay(delay)
    log controller.MinimumDelayChange(old_duration=controller.get_minimum_delay, new_duration=delay)
    controller.get_minimum_delay = delay


# -- views --


@external
@pure
def hash_operation_batch(
    targets: DynArray[address, MAX_CALLS],
    amounts: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
) -> bytes32:
    """
    @notice The identifier of an operation.
    """
    return keccak256(abi_encode(targets, amounts, payloads, predecessor, salt))


# -- internals --


@internal
@pure
def _require_delay(delay: uint256):
    assert delay >= MIN_DELAY and delay <= MAX_DELAY, "timelock: delay out of range"


@internal
@view
def _dismisses(target: address, amount: uint256, payload: Bytes[MAX_PAYLOAD]) -> bool:
    """
    @notice Whether a call takes the role of a canceller away: `revokeRole(CANCELLER_ROLE, ...)` here.
    """
    if target != self or amount != 0 or len(payload) != 68:
        return False
    return slice(payload, 0, 36) == concat(method_id("revokeRole(bytes32,address)"), controller.CANCELLER_ROLE)
