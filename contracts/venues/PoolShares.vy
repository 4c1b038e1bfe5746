# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title PoolShares
@license AGPL-3.0-only
@notice Shares (ERC-20) in an option pool, asked for now, made and paid later. Who brings or takes money asks first and waits; whoever calls `process` serves requests in the
        order they came, at values of that moment. Shares are made at the high value of the pool
        and paid at the low one:

          low  = cash + options at mid - reserve - doubt
          high = cash + options at mid + doubt

        where the reserve are charges that time has not made income yet, and the doubt is what the
        spot and the volatilities may be off. So who comes pays for charges earned before, and who
        leaves early leaves behind what it has not stayed for.
        The way of ERC-7540 (asynchronous ERC-4626), but paid out at once when served.
@dev Money waits here until it is served; then it is in the pool's account of the clearinghouse,
     and this contract takes it out as an operator of the pool.
     A virtual holder of VIRTUAL shares and one wei makes gifts useless to whoever came first
     (OpenZeppelin's defence against inflation).
@custom:trust The pool's owner, for the times in its rules. No owner here.
@custom:kill None: requests can be cancelled, and are served whenever prices are fresh.
@custom:rounding In favour of those who stay.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from snekmate.auth import ownable
from snekmate.tokens import erc20

from ..interfaces import IPoolShares
from . import pool_rules

implements: IPoolShares

initializes: ownable
initializes: erc20[ownable := ownable]

exports: (
    erc20.totalSupply,
    erc20.balanceOf,
    erc20.transfer,
    erc20.transferFrom,
    erc20.approve,
    erc20.allowance,
    erc20.name,
    erc20.symbol,
    erc20.decimals,
    erc20.permit,
    erc20.nonces,
    erc20.DOMAIN_SEPARATOR,
    erc20.eip712Domain,
)


interface Pool:
    def CLEARINGHOUSE() -> address: view
    def ACCOUNT() -> uint256: view
    def conduct() -> uint256: view
    def worth() -> (uint256, uint256, uint256): view
    def record() -> (uint256, uint256, uint256, bool): nonpayable


interface Ledger:
    def token_of(asset: uint256) -> address: view
    def cash_of(account: uint256) -> int256: view
    def deposit(account: uint256, asset: uint256, amount: uint256): nonpayable
    def withdraw(account: uint256, asset: uint256, amount: uint256, receiver: address): nonpayable


VIRTUAL: constant(uint256) = 10**6
WAD: constant(uint256) = 10**18
MINUTE: constant(uint256) = 60
# One share, of 24 decimals, begins at one USD.
SHARE: constant(uint256) = 10**24
# [wad] that interest may round away from an account in one withdrawal.
DUST: constant(int256) = 10**9

POOL: public(immutable(address))
CLEARINGHOUSE: public(immutable(address))
ACCOUNT: immutable(uint256)
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


event Deposit:
    sender: indexed(address)
    owner: indexed(address)
    assets: uint256
    shares: uint256


event Withdraw:
    sender: indexed(address)
    receiver: indexed(address)
    owner: indexed(address)
    assets: uint256
    shares: uint256


event Kept:
    owner: indexed(address)
    assets: uint256  # that the token refused to move


event RequestCancelled:
    owner: indexed(address)
    id: indexed(uint256)
    is_exit: bool


@deploy
def __init__(pool: address, name: String[25], symbol: String[5]):
    ownable.__init__()
    ownable._transfer_ownership(empty(address))
    erc20.__init__(name, symbol, 24, name, "1")
    POOL = pool
    CLEARINGHOUSE = staticcall Pool(pool).CLEARINGHOUSE()
    ACCOUNT = staticcall Pool(pool).ACCOUNT()
    token: address = staticcall Ledger(CLEARINGHOUSE).token_of(0)
    ASSET = IERC20(token)
    SCALE = 10 ** (18 - convert(staticcall IERC20Detailed(token).decimals(), uint256))
    extcall IERC20(token).approve(CLEARINGHOUSE, max_value(uint256), default_return_value=True)


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


# -- keepers --


@external
def process(entries: uint256, leavers: uint256) -> bool:
    """
    @notice Has the pool look at its value, and serves requests whose time has come, deposits first.
    @param entries Most deposits to look at, up to 32.
    @param leavers Most exits.
    @return Whether the pool is open; while it is not, or prices are stale, nobody is served.
    """
    low: uint256 = 0
    high: uint256 = 0
    free: uint256 = 0
    open: bool = False
    low, high, free, open = extcall Pool(POOL).record()
    if not open:
        return False
    # Of this moment, for all who are served together.
    supply: uint256 = erc20.totalSupply + VIRTUAL
    brought: uint256 = self._serve_deposits(high, supply, entries)
    if brought != 0:
        extcall Ledger(CLEARINGHOUSE).deposit(ACCOUNT, 0, brought)
    self._serve_exits(low, supply, free + brought * SCALE, leavers)
    return True


# -- views --


@external
@view
def asset() -> address:
    return ASSET.address


@external
@view
@reentrant
def supply() -> uint256:
    """
    @notice See IPoolShares. Asked by the pool in the midst of `process`, before anything moves.
    """
    return erc20.totalSupply + VIRTUAL


@external
@view
def requests() -> (uint256, uint256):
    """
    @return How many deposits and exits were ever asked for.
    """
    return len(self.deposits), len(self.exits)


@external
@view
def totalAssets() -> uint256:
    """
    @notice What all shares would be paid now, in the asset's own units.
    """
    return self._worth()[0] // SCALE


@external
@view
def convertToAssets(shares: uint256) -> uint256:
    """
    @notice What shares would be paid now.
    """
    return shares * self._worth()[0] // (erc20.totalSupply + VIRTUAL) // SCALE


@external
@view
def convertToShares(assets: uint256) -> uint256:
    """
    @notice What assets would buy now.
    """
    return assets * SCALE * (erc20.totalSupply + VIRTUAL) // (self._worth()[1] + 1)


# -- internals --


@internal
@view
def _worth() -> (uint256, uint256):
    """
    @return Low and high value of the pool [wad USD].
    """
    low: uint256 = 0
    high: uint256 = 0
    free: uint256 = 0
    low, high, free = staticcall Pool(POOL).worth()
    return low, high


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
def _serve_deposits(worth: uint256, supply: uint256, limit: uint256) -> uint256:
    """
    @notice Makes shares for those whose time has come.
    @param worth [wad USD] the high value of the pool.
    @param supply Shares before, virtual ones included.
    @param limit Most requests to look at.
    @return What they brought, in the token's own units.
    """
    brought: uint256 = 0
    id: uint256 = self.first_deposit
    for _: uint256 in range(limit, bound=32):
        if id == len(self.deposits) or self.deposits[id].matures > block.timestamp:
            break
        request: Request = self.deposits[id]
        if request.amount != 0:
            self.deposits[id].amount = 0
            shares: uint256 = request.amount * SCALE * supply // (worth + 1)
            brought += request.amount
            erc20._mint(request.owner, shares)
            log Deposit(sender=msg.sender, owner=request.owner, assets=request.amount, shares=shares)
        id += 1
    self.first_deposit = id
    return brought


@internal
def _serve_exits(worth: uint256, supply: uint256, free: uint256, limit: uint256):
    """
    @notice Pays those whose time has come, as far as there is free money for them.
    @param worth [wad USD] the low value of the pool.
    @param supply Shares before, virtual ones included.
    @param free [wad USD]
    """
    left: uint256 = free
    id: uint256 = self.first_exit
    owners: DynArray[address, 32] = []
    parts: DynArray[uint256, 32] = []
    total: uint256 = 0
    for _: uint256 in range(limit, bound=32):
        if id == len(self.exits) or self.exits[id].matures > block.timestamp:
            break
        request: Request = self.exits[id]
        shares: uint256 = request.amount
        paid: uint256 = shares * worth // supply
        whole: bool = paid <= left
        if not whole:
            shares = shares * left // paid
            paid = shares * worth // supply
        if shares != 0:
            self.exits[id].amount = request.amount - shares
            erc20._burn(self, shares)
            left -= paid
            units: uint256 = paid // SCALE
            total += units
            owners.append(request.owner)
            parts.append(units)
            log Withdraw(sender=msg.sender, receiver=request.owner, owner=request.owner, assets=units, shares=shares)
        if not whole:
            break
        id += 1
    self.first_exit = id
    if total != 0:
        self._fetch(total)
    for i: uint256 in range(len(owners), bound=32):
        self._pay(owners[i], parts[i])


@internal
def _fetch(units: uint256):
    """
    @notice Takes cash out of the pool's account.
    @param units In the asset's own units.
    """
    before: int256 = staticcall Ledger(CLEARINGHOUSE).cash_of(ACCOUNT)
    extcall Ledger(CLEARINGHOUSE).withdraw(ACCOUNT, 0, units, self)
    taken: int256 = before - staticcall Ledger(CLEARINGHOUSE).cash_of(ACCOUNT)
    # While losses of the house are pending, who takes cash out leaves a share of it: here those
    # who stay would.
    assert taken <= convert(units * SCALE, int256) + DUST, "pool: losses pending"


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
