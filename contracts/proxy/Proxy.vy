# pragma version 0.4.3
# pragma nonreentrancy off
# pragma optimize gas
"""
@title Proxy
@license AGPL-3.0-only
@notice An address that stays, in front of code that governance can replace (ERC-1967): every call runs
        the implementation in the storage here, and so do positions and money stay where they are.
@dev Vyper chooses slots by itself; Proxy.layout.json puts the one variable where ERC-1967 wants it:
     keccak256("eip1967.proxy.implementation") - 1. Compile with it (`--storage-layout-file`; ours is
     read by novate/engine/cache.py). Nothing here takes the lock: the implementation does, in the
     transient storage of this address.
@custom:trust The implementation, and through its `upgradeToAndCall` its owner, the timelock.
@custom:kill None; a scheduled upgrade can be vetoed in the timelock.
@custom:rounding None.
"""

# [bytes] The longest answer: 128 positions and their count.
MAX_ANSWER: constant(uint256) = 4_160
MAX_DATA: constant(uint256) = 1_024


implementation: address


event Upgraded:
    implementation: indexed(address)


@deploy
def __init__(implementation: address, data: Bytes[MAX_DATA]):
    """
    @param data The call that initialises the storage here, so that nobody else can be first.
    """
    assert implementation.is_contract, "proxy: no code"
    assert len(data) != 0, "proxy: not initialised"
    self.implementation = implementation
    log Upgraded(implementation=implementation)
    raw_call(implementation, data, is_delegate_call=True)


@external
@payable
@raw_return
def __default__() -> Bytes[MAX_ANSWER]:
    """
    @notice Whatever the implementation does with the call. A refusal comes back as it is.
    """
    return raw_call(self.implementation, msg.data, max_outsize=MAX_ANSWER, is_delegate_call=True)
