# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Standing
@license AGPL-3.0-only
@notice Would an account pass if it traded: asks the ledger, in advance, what `novate` would say of one
        account for its part of a trade. Keeps orders out of a batch that nobody could settle, and
        names the one who made a trade fail.
@dev No state. Total as the margin engines are.
@custom:trust None.
@custom:kill None: a view.
@custom:rounding As the margin engine's.
"""

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IMarginEngine


interface Ledger:
    def header_of(account: uint256) -> uint256: view
    def engines(engine: uint256) -> address: view
    def exposure_limits() -> address: view


MAX_LEGS: constant(uint256) = 4
MAX_POSITIONS: constant(uint256) = 128
# Of a ledger's header, see clearing/accounts.vy and clearing/ledger.vy.
FROZEN: constant(uint256) = 1 << 152
LIMITED: constant(uint256) = 1 << 154
POSITIONS: constant(uint256) = 255 << 128

# IExposureLimits.within
WITHIN: constant(Bytes[4]) = method_id("within(uint256,uint256[])")

GOOD: constant(uint256) = 0
# Below initial margin, but no position grows: passes if it stands no worse than before.
WEAK: constant(uint256) = 1
BAD: constant(uint256) = 2

CLEARINGHOUSE: public(immutable(address))


@deploy
def __init__(clearinghouse: address):
    CLEARINGHOUSE = clearinghouse


@external
@view
def standing(account: uint256, changes: DynArray[uint256, MAX_LEGS], cost: int256) -> uint256:
    """
    @param changes Words as positions: series code | signed quantity [wad], no series twice.
    @param cost [wad] what the account pays.
    @return GOOD, WEAK or BAD.
    """
    header: uint256 = staticcall Ledger(CLEARINGHOUSE).header_of(account)
    if header & FROZEN != 0:
        return BAD
    ledger: IClearinghouse = IClearinghouse(CLEARINGHOUSE)
    positions: DynArray[uint256, MAX_POSITIONS] = []
    if header & POSITIONS != 0:
        positions = staticcall ledger.positions_of(account)
    grew: bool = False
    for change: uint256 in changes:
        quantity: int256 = series._quantity(change)
        known: bool = False
        for i: uint256 in range(len(positions), bound=MAX_POSITIONS):
            if positions[i] >> 96 != change >> 96:
                continue
            before: int256 = series._quantity(positions[i])
            after: int256 = before + quantity
            if abs(after) > series.MAX_QUANTITY:
                return BAD
            if after == 0:
                last: uint256 = positions.pop()
                if i < len(positions):
                    positions[i] = last
            else:
                grew = grew or (before > 0) != (after > 0) or abs(after) > abs(before)
                positions[i] = series._pack(change >> 96, after)
            known = True
            break
        if not known:
            if len(positions) == MAX_POSITIONS:
                return BAD
            positions.append(change)
            grew = True
    excess: int256 = 0
    fresh: bool = False
    excess, fresh = staticcall IMarginEngine(
        staticcall Ledger(CLEARINGHOUSE).engines((header >> 136) & 255)
    ).excess(staticcall ledger.cash_of(account) - cost, staticcall ledger.holdings_of(account), positions)
    if grew and header & LIMITED != 0:
        # It reverts to say no.
        within: bool = raw_call(
            staticcall Ledger(CLEARINGHOUSE).exposure_limits(),
            abi_encode(account, positions, method_id=WITHIN),
            is_static_call=True,
            revert_on_failure=False,
        )
        if not within:
            return BAD
    if fresh and excess >= 0:
        return GOOD
    return BAD if grew else WEAK
