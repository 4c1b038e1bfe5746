# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Unwinder
@license AGPL-3.0-only
@notice Sells large accounts in auction through the batch. Money of backers, who hold shares of it, stands by:

          take      when a large account is for sale below its mark, by as much as EDGE of the notional that
                    changes hands, anyone has part of it bought for the account of this contract
          offer     anyone enters orders of the batch for what is held, singly or linked, near the mark and
                    ever farther from it: who would never bid for a whole book trades series by series,
                    at one price with everybody else
          finish    once nothing is left the money comes back here

        Shares come and go while nothing is held, at their exact part of the money: no share has a price
        that somebody could choose the moment for.
@dev A bidder like any other, without rights: the auction house knows nothing of it. Not the security
     fund's money, since that stands for losses which are due and may not be bound in margin.
     Margin is the ledger's, checked when an order enters the batch and, for linked ones after all their
     legs have netted, when it trades. What is less than a billionth of a contract stays where it is.
@custom:trust Oracle and pricer, for the mark. There is no owner.
@custom:kill None: whatever is held is sold or expires, then `finish` opens it again.
@custom:rounding In favour of those who stay.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IMarginEngine
from ..interfaces import IOracle
from ..interfaces import IPoolPricer
from ..vaults import vault_shares

initializes: ownable
initializes: vault_shares[ownable := ownable]

exports: (
    vault_shares.totalSupply,
    vault_shares.balanceOf,
    vault_shares.transfer,
    vault_shares.transferFrom,
    vault_shares.approve,
    vault_shares.allowance,
    vault_shares.name,
    vault_shares.symbol,
    vault_shares.decimals,
    vault_shares.asset,
)


interface Ledger:
    def token_of(asset: uint256) -> address: view
    def deposit(account: uint256, asset: uint256, amount: uint256): nonpayable
    def withdraw(account: uint256, asset: uint256, amount: uint256, receiver: address): nonpayable
    def set_engine(account: uint256, engine: uint256): nonpayable
    def settle(accounts: DynArray[uint256, 32]): nonpayable

interface House:
    def bid(
        account: uint256, bidder: uint256, units: uint256, limit_price: int256, kind: uint256, deadline: uint256
    ) -> (uint256, int256): nonpayable

interface Batch:
    def bring(amount: uint256): nonpayable
    def take(amount: uint256): nonpayable
    def free(owner: address) -> uint256: view
    def place(order: Order, salt: bytes32, hint: uint256) -> uint256: nonpayable
    def is_over(id: uint256) -> bool: view
    def orders(id: uint256) -> (uint256, uint256): view
    def release(ids: DynArray[uint256, 32]): nonpayable


struct Leg:
    series: uint256
    ratio: int256


struct Order:
    # As in BatchAuction.vy.
    account: uint256
    legs: DynArray[Leg, 4]
    units: uint256
    limit: int256


WAD: constant(int256) = 10**18
UNIT: constant(uint256) = 10**9
BPS: constant(int256) = 10**4
PORTFOLIO: constant(uint256) = 1
# [bps] of the notional taken, by which the contract's equity at mark must rise.
EDGE: constant(int256) = 25
# Part of LARGE that is taken at least: a tenth.
LEAST: constant(int256) = 10
# [bps] of the money that stands for bonds in the batch.
BONDS: constant(uint256) = 300
# Orders are off the mark by up to MOST [bps] of an option's value, or of a 500th of spot if that is
# more; it takes PATIENCE [s] to get there.
MOST: constant(uint256) = 5_000
PATIENCE: constant(uint256) = 172_800
SMALL: constant(uint256) = 500
# [wad USD] of cash that stays behind for the margin of crumbs.
CRUMBS: constant(int256) = 10**15

CLEARINGHOUSE: public(immutable(address))
ORACLE: public(immutable(address))
HOUSE: public(immutable(address))
BATCH: public(immutable(address))
PRICER: public(immutable(address))
# [wad USD] notional from which on an account counts as large
LARGE: public(immutable(int256))
ACCOUNT: public(immutable(uint256))
TOKEN: immutable(IERC20)
SCALE: immutable(uint256)

# [s] since when something is held; 0: nothing is, shares come and go.
since: public(uint256)
# series -> its last order
last_order: public(HashMap[uint256, uint256])
# order -> whether its bond is still bound, as far as is known here; and how many are
_stands: HashMap[uint256, bool]
standing: public(uint256)


event Taken:
    account: indexed(uint256)
    notional: int256  # [wad USD]
    gain: int256  # [wad USD] of equity at mark


event Offered:
    id: uint256
    units: uint256  # [wad]
    limit: int256  # [wad USD]


event Finished:
    assets: uint256


@deploy
def __init__(
    clearinghouse: address, oracle: address, house: address, batch: address, pricer: address, large: int256
):
    """
    @param house The auction house; `batch` a BatchAuction, `pricer` a PoolPricer.
    @param large [wad USD] notional from which on an account is taken.
    """
    ownable.__init__()
    ownable._transfer_ownership(empty(address))
    CLEARINGHOUSE = clearinghouse
    ORACLE = oracle
    HOUSE = house
    BATCH = batch
    PRICER = pricer
    LARGE = large
    ACCOUNT = convert(self, uint256) << 96
    token: address = staticcall Ledger(clearinghouse).token_of(0)
    decimals: uint8 = staticcall IERC20Detailed(token).decimals()
    TOKEN = IERC20(token)
    SCALE = 10 ** (18 - convert(decimals, uint256))
    vault_shares.__init__("Novate unwinder", "nUNW", token, decimals)
    extcall IERC20(token).approve(clearinghouse, max_value(uint256), default_return_value=True)
    extcall IERC20(token).approve(batch, max_value(uint256), default_return_value=True)


# -- backers --


@external
def deposit(assets: uint256, receiver: address) -> uint256:
    """
    @notice Brings money, while nothing is held.
    @param assets In the token's own units.
    @return The shares made.
    """
    shares: uint256 = vault_shares._to_shares(assets, self._idle(), False)
    vault_shares._enter(assets, shares, receiver)
    return shares


@external
def redeem(shares: uint256, receiver: address, owner: address) -> uint256:
    """
    @notice Takes the money of shares, while nothing is held.
    @return In the token's own units.
    """
    assets: uint256 = vault_shares._to_assets(shares, self._idle(), False)
    vault_shares._exit(assets, shares, receiver, owner)
    return assets


# -- anyone --


@external
def take(account: uint256, units: uint256, kind: uint256):
    """
    @notice Bids for part of a large account in auction; see AuctionHouse.bid for units and kind.
    """
    ledger: IClearinghouse = IClearinghouse(CLEARINGHOUSE)
    if self.since == 0:
        self.since = block.timestamp
        tokens: uint256 = staticcall TOKEN.balanceOf(self)
        # Whole 1e-9 USD.
        bonds: uint256 = tokens * BONDS // 10_000
        if SCALE < UNIT:
            bonds -= bonds % (UNIT // SCALE)
        assert bonds != 0, "unwind: no money"
        extcall Batch(BATCH).bring(bonds)
        extcall Ledger(CLEARINGHOUSE).deposit(ACCOUNT, 0, tokens - bonds)
        extcall Ledger(CLEARINGHOUSE).set_engine(ACCOUNT, PORTFOLIO)
    assert len(staticcall ledger.holdings_of(account)) == 0, "unwind: holds collateral"
    notional: int256 = self._notional(account)
    assert notional >= LARGE, "unwind: not large"
    before: IMarginEngine.Health = staticcall ledger.health(ACCOUNT)
    extcall House(HOUSE).bid(account, ACCOUNT, units, max_value(int256), kind, block.timestamp)
    notional -= self._notional(account)
    after: IMarginEngine.Health = staticcall ledger.health(ACCOUNT)
    # Or anyone could bind all money for a crumb.
    assert notional * LEAST >= LARGE, "unwind: too little"
    gain: int256 = after.equity - before.equity
    assert gain * BPS >= notional * EDGE, "unwind: too dear"
    log Taken(account=account, notional=notional, gain=gain)


@external
def offer(codes: DynArray[uint256, 4], ratios: DynArray[uint256, 4], units: uint256) -> uint256:
    """
    @notice Enters an order that closes something, into the epoch of the batch that is open.
    @param codes Series that are held, ascending, of which no other order stands.
    @param ratios Contracts of each per unit.
    @param units [wad] whole 1e-9, of no more than is held.
    @return The order's id.
    """
    assert len(codes) == len(ratios), "unwind: legs do not match"
    waited: uint256 = min(block.timestamp - self.since, PATIENCE)
    order: Order = Order(account=ACCOUNT, legs=[], units=units, limit=0)
    limit: int256 = 0
    for i: uint256 in range(len(codes), bound=4):
        code: uint256 = codes[i]
        self._free(code)
        held: int256 = self._held(code)
        assert ratios[i] < 2**8, "unwind: more than is held"
        assert units <= 2**96 and ratios[i] * units <= convert(abs(held), uint256), "unwind: more than is held"
        risk: IPoolPricer.Risk = staticcall IPoolPricer(PRICER).assess(series._underlying(code), [], code, 0)
        assert risk.fresh, "unwind: stale price"
        slack: int256 = max(risk.price, risk.spot // convert(SMALL, int256)) * convert(MOST * waited, int256)
        slack //= BPS * convert(PATIENCE, int256)
        ratio: int256 = convert(ratios[i], int256)
        limit += ratio * slack
        if held > 0:
            ratio = -ratio
        limit += ratio * risk.price
        order.legs.append(Leg(series=code, ratio=ratio))
    # Towards who trades with us.
    unit: int256 = convert(UNIT, int256)
    order.limit = (limit // unit + 1) * unit
    if len(codes) == 1:
        # One sold brings something, one bought costs something.
        order.limit = min(order.limit, -unit) if order.legs[0].ratio < 0 else max(order.limit, unit)
    id: uint256 = extcall Batch(BATCH).place(order, convert(block.timestamp, bytes32), 0)
    for code: uint256 in codes:
        self.last_order[code] = id
    self._stands[id] = True
    self.standing += 1
    log Offered(id=id, units=units, limit=order.limit)
    return id


@external
def finish():
    """
    @notice Brings the money back, once all that was held is sold, expired or a crumb, and all orders are
            known to be over (`collect`).
    """
    assert self.since != 0, "unwind: nothing held"
    # Or whoever comes then would share what is bound there.
    assert self.standing == 0, "unwind: order stands"
    ledger: IClearinghouse = IClearinghouse(CLEARINGHOUSE)
    extcall Ledger(CLEARINGHOUSE).settle([ACCOUNT])
    for word: uint256 in staticcall ledger.positions_of(ACCOUNT):
        assert abs(series._quantity(word)) < convert(UNIT, int256), "unwind: not sold yet"
    cash: int256 = staticcall ledger.cash_of(ACCOUNT) - CRUMBS
    if cash > 0:
        units: uint256 = convert(cash, uint256) // SCALE
        if units != 0:
            extcall Ledger(CLEARINGHOUSE).withdraw(ACCOUNT, 0, units, self)
    tokens: uint256 = staticcall Batch(BATCH).free(self) * UNIT // SCALE
    if tokens != 0:
        extcall Batch(BATCH).take(tokens)
    self.since = 0
    log Finished(assets=staticcall TOKEN.balanceOf(self))


@external
def collect(codes: DynArray[uint256, 32]):
    """
    @notice Frees the bonds of orders that are over.
    @param codes Series of these orders.
    """
    for code: uint256 in codes:
        self._free(code)


# -- views --


@external
@view
def totalAssets() -> uint256:
    """
    @notice All money in the token's own units, while nothing is held.
    """
    return self._idle()


# -- internals --


@internal
@view
def _idle() -> uint256:
    assert self.since == 0, "unwind: something is held"
    return staticcall TOKEN.balanceOf(self)


@internal
@view
def _notional(account: uint256) -> int256:
    """
    @return [wad USD] all contracts of an account at spot.
    """
    total: int256 = 0
    spot: int256 = 0
    underlying: uint256 = 0
    for word: uint256 in staticcall IClearinghouse(CLEARINGHOUSE).positions_of(account):
        if word >> 240 != underlying:
            underlying = word >> 240
            spot = convert(min((staticcall IOracle(ORACLE).spot(underlying))[0], 2**128), int256)
        total += abs(series._quantity(word)) * spot // WAD
    return total


@internal
@view
def _held(code: uint256) -> int256:
    """
    @return [wad] signed contracts of a series.
    """
    for word: uint256 in staticcall IClearinghouse(CLEARINGHOUSE).positions_of(ACCOUNT):
        if word >> 96 == code:
            return series._quantity(word)
    return 0


@internal
def _free(code: uint256):
    """
    @notice Sees that no order of a series stands any more, and that its bond is free.
    """
    id: uint256 = self.last_order[code]
    if id == 0:
        return
    assert staticcall Batch(BATCH).is_over(id), "unwind: order stands"
    self.last_order[code] = 0
    if not self._stands[id]:
        # Linked with a series that was here before.
        return
    self._stands[id] = False
    self.standing -= 1
    if (staticcall Batch(BATCH).orders(id))[0] != 0:
        extcall Batch(BATCH).release([id])
