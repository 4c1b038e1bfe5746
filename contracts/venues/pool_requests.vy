# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Requests of a pool's backers: two queues, and what cannot be paid out
@license AGPL-3.0-only
@notice Who brings or takes money asks here and waits. Tokens of deposits and shares of exits lie in this
        contract until they are served, in the order they came; they can be taken back until then.
@dev The unit serves the queues; a served or cancelled request has amount zero and is stepped over.
@custom:rounding None: whole units only.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from snekmate.tokens import erc20

from . import pool_rules

uses: erc20


interface Pool:
    def conduct() -> uint256: view


WAD: constant(uint256) = 10**18
MINUTE: constant(uint256) = 60
# One share, of 24 decimals, begins at one USD.
SHARE: constant(uint256) = 10**24

POOL: public(immutable(address))
ASSET: immutable(IERC20)
# [wad] of the asset's smallest unit
SCALE: immutable(uint256)


struct Request:
    owner: address
    amount: uint256  # asset's own units, or shares; 0 once served or cancelled
    matures: uint256  # [s]


# Requests by number, and the first that waits; what lies before it is done.
deposits: public(DynArray[Request, 2**40])
exits: public(DynArray[Request, 2**40])
first_deposit: public(uint256)
first_exit: public(uint256)
# What the asset refused to send to its owner, in its own units.
owed: public(HashMap[address, uint256])


event DepositRequested:
    owner: indexed(address)
    id: indexed(uint256)
    assets: uint256
    matures: uint256  # [s]


event ExitRequested:
    owner: indexed(address)
    id: indexed(uint256)
    shares: uint256
    matures: uint256  # [s]


event Kept:
    owner: indexed(address)
    assets: uint256  # that the token refused to move


event RequestCancelled:
    owner: indexed(address)
    id: indexed(uint256)
    is_exit: bool


@deploy
def __init__(pool: address, token: address):
    """
    @param token The clearinghouse's cash.
    """
    POOL = pool
    ASSET = IERC20(token)
    SCALE = 10 ** (18 - convert(staticcall IERC20Detailed(token).decimals(), uint256))


# -- backers --


@external
def request_deposit(assets: uint256) -> uint256:
    """
    @notice Brings tokens here, to become shares of the caller when their turn comes.
    @param assets In the token's own units.
    @return Number of the request.
    """
    conduct: uint256 = staticcall Pool(POOL).conduct()
    least: uint256 = convert(pool_rules._field(conduct, pool_rules.LEAST), uint256)
    assert assets != 0 and assets * SCALE >= least * WAD, "pool: request too small"
    assert assets < 2**100, "pool: request too large"
    moved: bool = extcall ASSET.transferFrom(msg.sender, self, assets, default_return_value=True)
    assert moved, "pool: transfer failed"
    id: uint256 = len(self.deposits)
    matures: uint256 = self._matures(conduct, pool_rules.ENTRY)
    self.deposits.append(Request(owner=msg.sender, amount=assets, matures=matures))
    log DepositRequested(owner=msg.sender, id=id, assets=assets, matures=matures)
    return id


@external
def request_exit(shares: uint256) -> uint256:
    """
    @notice Hands shares over to wait here, still bearing what the pool bears.
    @return Number of the request.
    """
    conduct: uint256 = staticcall Pool(POOL).conduct()
    least: uint256 = convert(pool_rules._field(conduct, pool_rules.LEAST), uint256) * SHARE
    # All that one has is enough, so that nobody is left with a rest.
    enough: bool = shares >= least or shares == erc20.balanceOf[msg.sender]
    assert shares != 0 and enough, "pool: request too small"
    erc20._transfer(msg.sender, self, shares)
    id: uint256 = len(self.exits)
    matures: uint256 = self._matures(conduct, pool_rules.EXIT)
    self.exits.append(Request(owner=msg.sender, amount=shares, matures=matures))
    log ExitRequested(owner=msg.sender, id=id, shares=shares, matures=matures)
    return id


@external
def cancel(id: uint256, is_exit: bool):
    """
    @notice Takes a request back, whatever of it was not served.
    """
    if is_exit:
        request: Request = self.exits[id]
        self._require_own(request)
        self.exits[id].amount = 0
        erc20._transfer(self, msg.sender, request.amount)
    else:
        request: Request = self.deposits[id]
        self._require_own(request)
        self.deposits[id].amount = 0
        self._pay(msg.sender, request.amount)
    log RequestCancelled(owner=msg.sender, id=id, is_exit=is_exit)


@external
def collect(receiver: address):
    """
    @notice Sends what the asset refused to send to the caller, to another address.
    """
    units: uint256 = self.owed[msg.sender]
    assert units != 0, "pool: nothing owed"
    self.owed[msg.sender] = 0
    moved: bool = extcall ASSET.transfer(receiver, units, default_return_value=True)
    assert moved, "pool: transfer failed"


# -- views --


@external
@view
def asset() -> address:
    return ASSET.address


@external
@view
def requests() -> (uint256, uint256):
    """
    @return How many deposits and exits were ever asked for.
    """
    return len(self.deposits), len(self.exits)


# -- internals --


@internal
@view
def _require_own(request: Request):
    assert request.owner == msg.sender, "pool: not your request"
    assert request.amount != 0, "pool: request is over"


@internal
@view
def _matures(conduct: uint256, field: uint256) -> uint256:
    return block.timestamp + convert(pool_rules._field(conduct, field), uint256) * MINUTE


@internal
def _pay(receiver: address, units: uint256):
    """
    @notice Sends what is due. A token that refuses its receiver stops nobody else: what it did not
            take can be collected.
    """
    if units == 0:
        return
    success: bool = False
    answer: Bytes[32] = b""
    call: Bytes[68] = abi_encode(receiver, units, method_id=method_id("transfer(address,uint256)"))
    success, answer = raw_call(ASSET.address, call, max_outsize=32, revert_on_failure=False)
    # Tokens that return nothing are good, those that return false are not.
    if not success or (len(answer) == 32 and convert(answer, uint256) == 0):
        self.owed[receiver] += units
        log Kept(owner=receiver, assets=units)
