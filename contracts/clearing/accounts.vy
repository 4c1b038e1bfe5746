# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Accounts: who they are, who may act for them, and the header word
@license AGPL-3.0-only
@notice An account is its owner's address beside a 96-bit index, so it needs no creation
        and its owner needs no storage: `account = owner << 96 | index`.
        Everything small about an account is one word, read and written once per operation:

          | version 64 | 39 free | frozen 1 | assets 8 | engine 8 | positions 8 | principal 128 |
           192-255                152        144-151    136-143    128-135       0-127

        principal  signed cash before interest, see `cash.vy`
        positions  how many slots of the book are in use
        engine     which margin engine judges the account
        assets     one bit per collateral asset held
        frozen     in auction
        version    counts the changes of the positions
"""

from ..interfaces import IOperators

PRINCIPAL_MASK: constant(uint256) = 2**128 - 1
COUNT_SHIFT: constant(uint256) = 128
ENGINE_SHIFT: constant(uint256) = 136
ASSETS_SHIFT: constant(uint256) = 144
FROZEN: constant(uint256) = 1 << 152
VERSION_SHIFT: constant(uint256) = 192

OPERATORS: immutable(IOperators)

headers: HashMap[uint256, uint256]


@deploy
def __init__(operators: IOperators):
    OPERATORS = operators


@external
@view
def may_act(actor: address, account: uint256) -> bool:
    """
    @notice Whether the actor is the account's owner or an operator of the owner.
    """
    return self._may_act(actor, account)


@external
@view
def in_auction(account: uint256) -> bool:
    return self.headers[account] & FROZEN != 0


@external
@view
def header_of(account: uint256) -> uint256:
    """
    @notice The header word, laid out as above.
    """
    return self.headers[account]


@internal
@pure
def _owner(account: uint256) -> address:
    return convert(account >> 96, address)


@internal
@view
def _may_act(actor: address, account: uint256) -> bool:
    owner: address = self._owner(account)
    if actor == owner:
        return True
    return staticcall OPERATORS.is_operator(owner, actor)


@internal
@view
def _require_actor(account: uint256):
    assert self._may_act(msg.sender, account), "account: not yours"


@internal
@pure
def _require_free(header: uint256):
    assert header & FROZEN == 0, "account: in auction"


@internal
@pure
def _principal(header: uint256) -> int256:
    # Up and down again, to extend the sign of the low 128 bits; by bytes32, because a plain
    # conversion refuses what does not fit.
    return convert(convert(header << 128, bytes32), int256) >> 128


@internal
@pure
def _with_principal(header: uint256, principal: int256) -> uint256:
    return (header & ~PRINCIPAL_MASK) | (convert(convert(principal, bytes32), uint256) & PRINCIPAL_MASK)


@internal
@pure
def _count(header: uint256) -> uint256:
    return (header >> COUNT_SHIFT) & 255


@internal
@pure
def _with_count(header: uint256, count: uint256) -> uint256:
    """
    @notice The header after a change of the positions: new count, next version.
    """
    kept: uint256 = header & ~(convert(255, uint256) << COUNT_SHIFT)
    return unsafe_add(kept | (count << COUNT_SHIFT), 1 << VERSION_SHIFT)


@internal
@pure
def _engine(header: uint256) -> uint256:
    return (header >> ENGINE_SHIFT) & 255


@internal
@pure
def _with_engine(header: uint256, engine: uint256) -> uint256:
    return (header & ~(convert(255, uint256) << ENGINE_SHIFT)) | (engine << ENGINE_SHIFT)


@internal
@pure
def _assets(header: uint256) -> uint256:
    """
    @return Bit i is set when the account holds asset i + 1.
    """
    return (header >> ASSETS_SHIFT) & 255


@internal
@pure
def _with_asset(header: uint256, asset: uint256, held: bool) -> uint256:
    bit: uint256 = 1 << (ASSETS_SHIFT + asset - 1)
    return header | bit if held else header & ~bit
