# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title PoolShares
@license AGPL-3.0-only
@notice Shares (ERC-20) in an option pool, asked for now, made and paid later
        (`pool_requests.vy`): whoever calls `process` serves requests in the order they came, at
        values of that moment. Shares are made at the high value of the pool and paid at the low
        one:

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
from snekmate.auth import ownable
from snekmate.tokens import erc20

from ..interfaces import IPoolShares
from . import pool_requests

implements: IPoolShares

initializes: ownable
initializes: erc20[ownable := ownable]
initializes: pool_requests[erc20 := erc20]

exports: (
    # backers
    pool_requests.request_deposit,
    pool_requests.request_exit,
    pool_requests.cancel,
    pool_requests.collect,
    # views
    pool_requests.asset,
    pool_requests.requests,
    pool_requests.deposits,
    pool_requests.exits,
    pool_requests.first_deposit,
    pool_requests.first_exit,
    pool_requests.owed,
    pool_requests.POOL,
    # ERC-20 and ERC-2612
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
    def worth() -> (uint256, uint256, uint256): view
    def record() -> (uint256, uint256, uint256, bool): nonpayable


interface Ledger:
    def token_of(asset: uint256) -> address: view
    def cash_of(account: uint256) -> int256: view
    def deposit(account: uint256, asset: uint256, amount: uint256): nonpayable
    def withdraw(account: uint256, asset: uint256, amount: uint256, receiver: address): nonpayable


VIRTUAL: constant(uint256) = 10**6
# [wad] that interest may round away from an account in one withdrawal.
DUST: constant(int256) = 10**9

CLEARINGHOUSE: public(immutable(address))
ACCOUNT: immutable(uint256)


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


@deploy
def __init__(pool: address, name: String[25], symbol: String[5]):
    ownable.__init__()
    ownable._transfer_ownership(empty(address))
    erc20.__init__(name, symbol, 24, name, "1")
    CLEARINGHOUSE = staticcall Pool(pool).CLEARINGHOUSE()
    ACCOUNT = staticcall Pool(pool).ACCOUNT()
    token: address = staticcall Ledger(CLEARINGHOUSE).token_of(0)
    pool_requests.__init__(pool, token)
    extcall IERC20(token).approve(CLEARINGHOUSE, max_value(uint256), default_return_value=True)


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
    low, high, free, open = extcall Pool(pool_requests.POOL).record()
    if not open:
        return False
    # Of this moment, for all who are served together.
    supply: uint256 = erc20.totalSupply + VIRTUAL
    brought: uint256 = self._serve_deposits(high, supply, entries)
    if brought != 0:
        extcall Ledger(CLEARINGHOUSE).deposit(ACCOUNT, 0, brought)
    self._serve_exits(low, supply, free + brought * pool_requests.SCALE, leavers)
    return True


# -- views --


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
def totalAssets() -> uint256:
    """
    @notice What all shares would be paid now, in the asset's own units.
    """
    return self._worth()[0] // pool_requests.SCALE


@external
@view
def convertToAssets(shares: uint256) -> uint256:
    """
    @notice What shares would be paid now.
    """
    return shares * self._worth()[0] // (erc20.totalSupply + VIRTUAL) // pool_requests.SCALE


@external
@view
def convertToShares(assets: uint256) -> uint256:
    """
    @notice What assets would buy now.
    """
    return assets * pool_requests.SCALE * (erc20.totalSupply + VIRTUAL) // (self._worth()[1] + 1)


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
    low, high, free = staticcall Pool(pool_requests.POOL).worth()
    return low, high


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
    id: uint256 = pool_requests.first_deposit
    for _: uint256 in range(limit, bound=32):
        if id == len(pool_requests.deposits) or pool_requests.deposits[id].matures > block.timestamp:
            break
        request: pool_requests.Request = pool_requests.deposits[id]
        if request.amount != 0:
            pool_requests.deposits[id].amount = 0
            shares: uint256 = request.amount * pool_requests.SCALE * supply // (worth + 1)
            brought += request.amount
            erc20._mint(request.owner, shares)
            log Deposit(sender=msg.sender, owner=request.owner, assets=request.amount, shares=shares)
        id += 1
    pool_requests.first_deposit = id
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
    id: uint256 = pool_requests.first_exit
    owners: DynArray[address, 32] = []
    parts: DynArray[uint256, 32] = []
    total: uint256 = 0
    for _: uint256 in range(limit, bound=32):
        if id == len(pool_requests.exits) or pool_requests.exits[id].matures > block.timestamp:
            break
        request: pool_requests.Request = pool_requests.exits[id]
        shares: uint256 = request.amount
        paid: uint256 = shares * worth // supply
        whole: bool = paid <= left
        if not whole:
            shares = shares * left // paid
            paid = shares * worth // supply
        if shares != 0:
            pool_requests.exits[id].amount = request.amount - shares
            erc20._burn(self, shares)
            left -= paid
            units: uint256 = paid // pool_requests.SCALE
            total += units
            owners.append(request.owner)
            parts.append(units)
            log Withdraw(sender=msg.sender, receiver=request.owner, owner=request.owner, assets=units, shares=shares)
        if not whole:
            break
        id += 1
    pool_requests.first_exit = id
    if total != 0:
        self._fetch(total)
    for i: uint256 in range(len(owners), bound=32):
        pool_requests._pay(owners[i], parts[i])


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
    assert taken <= convert(units * pool_requests.SCALE, int256) + DUST, "pool: losses pending"
