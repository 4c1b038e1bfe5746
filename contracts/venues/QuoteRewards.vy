# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title QuoteRewards
@license AGPL-3.0-only
@notice Pays makers for standing by: for two-sided quotes near the mid that anybody can take at any
        time. A maker announces a bid and an offer of one series, both signed orders of the venue,
        published here with their signatures. While they stand they score

          rate = min(what is left of either) x spot x (1 - d / widest)**2 x backing

        a second, d the distance of the farther side from the oracle's mid, and the points of an
        epoch share what was brought for it. Anybody `check`s a quote: the time since the last
        check counts at the lower of both rates, and not at all when it was too long ago.
        Trades score nothing, so wash trades and matching oneself earn nothing: what is filled,
        by whomever, only makes a quote smaller. Backing is the share of all the account quotes
        that its free margin would carry, so the same money does not stand twice; who takes it
        away between checks is checked by its rivals, and loses the time on either side.
@dev Quotes are made for a day at most and not changed: what is cancelled, used up, out of date or
     wide scores zero from the next check on, and for the time before it as well.
@custom:trust Nobody moves money but to makers by points. The owner sets rules for the next checks.
@custom:kill None: points stand, and are paid.
@custom:rounding Points and payments down.
"""

from ethereum.ercs import IERC20
from snekmate.auth import ownable

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IMarginEngine
from ..interfaces import IPoolPricer

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


interface Orders:
    def filled(digest: bytes32) -> uint256: view
    def epoch(owner: address) -> uint256: view
    def hash_of(order: Order) -> bytes32: view


WAD: constant(uint256) = 10**18
BPS: constant(uint256) = 10_000
DAY: constant(uint256) = 86_400
EPOCH: public(constant(uint256)) = 7 * DAY
MAX_NUMBER: constant(uint256) = 2**95 - 1

CLEARINGHOUSE: public(immutable(address))
PRICER: public(immutable(address))
ORDERS: public(immutable(address))
ASSET: public(immutable(IERC20))


struct OrderLeg:
    series: uint256
    quantity: int256
    price: uint256


struct Order:
    # As in SignedOrders.vy.
    account: uint256
    taker: address
    size: uint256
    legs: DynArray[OrderLeg, 8]
    nonce: uint256
    epoch: uint256
    deadline: uint256


struct Rules:
    widest: uint256  # [bps] of spot, of the farther side from mid
    longest: uint256  # [s] between two checks
    margin: uint256  # [bps] of spot that a contract quoted must have in free initial margin


struct Quote:
    account: uint256
    series: uint256
    bid: uint256  # [wad] price
    offer: uint256  # [wad]
    bid_digest: bytes32
    offer_digest: bytes32
    size: uint256  # [wad] lower of both orders'
    order_epoch: uint256  # that both orders name
    deadline: uint256  # [s] earlier of both
    rate: uint256  # [wad USD] at the last check
    time: uint256  # [s] of the last check


rules: public(Rules)
quotes: HashMap[uint256, Quote]
# Quotes made, which count from 1.
count: public(uint256)
# account -> [wad USD] size x spot of its quotes, as far as they were good at their last check
quoted: public(HashMap[uint256, uint256])
# id -> what it adds to that
_counted: HashMap[uint256, uint256]
# digest of an order -> whether it stands in a quote
used: public(HashMap[bytes32, bool])
# epoch -> what is shared, what is left of it is nobody's
budgets: public(HashMap[uint256, uint256])
# epoch -> all points; and account's
totals: public(HashMap[uint256, uint256])
points: public(HashMap[uint256, HashMap[uint256, uint256]])


event Funded:
    epoch: indexed(uint256)
    amount: uint256
    budget: uint256


event Announced:
    id: indexed(uint256)
    account: indexed(uint256)
    series: indexed(uint256)
    bid: Order
    bid_signature: Bytes[65]
    offer: Order
    offer_signature: Bytes[65]


event Checked:
    id: indexed(uint256)
    rate: uint256  # [wad USD]
    points: uint256


event Paid:
    account: indexed(uint256)
    epoch: indexed(uint256)
    amount: uint256


event RulesSet:
    old: Rules
    new: Rules


@deploy
def __init__(clearinghouse: address, pricer: address, orders: address, asset: address, owner: address):
    """
    @param pricer A PoolPricer, for the mid.
    @param asset What rewards are paid in; one that moves what it is told to.
    """
    ownable.__init__()
    assert owner != empty(address), "reward: no owner"
    ownable._transfer_ownership(owner)
    CLEARINGHOUSE = clearinghouse
    PRICER = pricer
    ORDERS = orders
    ASSET = IERC20(asset)


# -- anyone --


@external
def fund(epoch: uint256, amount: uint256):
    """
    @notice Brings tokens to be shared by the points of an epoch that is not over.
    @param epoch Number of weeks since 1970-01-01.
    """
    assert (epoch + 1) * EPOCH > block.timestamp, "reward: epoch over"
    moved: bool = extcall ASSET.transferFrom(msg.sender, self, amount, default_return_value=True)
    assert moved, "reward: transfer failed"
    budget: uint256 = self.budgets[epoch] + amount
    self.budgets[epoch] = budget
    log Funded(epoch=epoch, amount=amount, budget=budget)


@external
def announce(bid: Order, bid_signature: Bytes[65], offer: Order, offer_signature: Bytes[65]) -> uint256:
    """
    @notice Publishes a quote: an order that buys and one that sells the same series, by the same
            account, that anybody may take.
    @return Its id. It scores from here on.
    """
    self._require_open(bid, 1)
    self._require_open(offer, -1)
    assert bid.account == offer.account and bid.epoch == offer.epoch, "reward: not one maker"
    code: uint256 = bid.legs[0].series
    assert code == offer.legs[0].series and not series._has_barrier(code), "reward: not one series"
    bid_digest: bytes32 = self._signed(bid, bid_signature)
    offer_digest: bytes32 = self._signed(offer, offer_signature)
    deadline: uint256 = min(bid.deadline, offer.deadline)
    assert deadline <= block.timestamp + DAY, "reward: quote too long"

    id: uint256 = self.count + 1
    self.count = id
    self.quotes[id] = Quote(
        account=bid.account,
        series=code,
        bid=bid.legs[0].price,
        offer=offer.legs[0].price,
        bid_digest=bid_digest,
        offer_digest=offer_digest,
        size=min(bid.size, offer.size),
        order_epoch=bid.epoch,
        deadline=min(deadline, series._expiry(code)),
        rate=0,
        time=block.timestamp,
    )
    log Announced(
        id=id,
        account=bid.account,
        series=code,
        bid=bid,
        bid_signature=bid_signature,
        offer=offer,
        offer_signature=offer_signature,
    )
    self._check(id)
    return id


@external
def check(ids: DynArray[uint256, 16]):
    """
    @notice Looks whether quotes still stand, and writes down what they have earned since.
    """
    for id: uint256 in ids:
        assert self.quotes[id].account != 0, "reward: no such quote"
        self._check(id)


@external
def pay(account: uint256, epoch: uint256) -> uint256:
    """
    @notice Pays the points of an account in an epoch that is over, to its owner.
    @return In the asset's own units.
    """
    # Checks write points of the epoch they fall in only, so these are complete.
    assert block.timestamp >= (epoch + 1) * EPOCH, "reward: epoch not over"
    mine: uint256 = self.points[epoch][account]
    assert mine != 0, "reward: no points"
    self.points[epoch][account] = 0
    amount: uint256 = self.budgets[epoch] * mine // self.totals[epoch]
    log Paid(account=account, epoch=epoch, amount=amount)
    moved: bool = extcall ASSET.transfer(convert(account >> 96, address), amount, default_return_value=True)
    assert moved, "reward: transfer failed"
    return amount


# -- owner --


@external
def set_rules(rules: Rules):
    ownable._check_owner()
    assert rules.widest != 0 and rules.widest <= BPS, "reward: width out of range"
    assert rules.longest != 0 and rules.longest <= DAY, "reward: time out of range"
    assert rules.margin != 0 and rules.margin <= BPS, "reward: margin out of range"
    log RulesSet(old=self.rules, new=rules)
    self.rules = rules


# -- views --


@external
@view
def quote_of(id: uint256) -> Quote:
    return self.quotes[id]


# -- internals --


@internal
@view
def _require_open(order: Order, side: int256):
    """
    @param side 1 for an order that buys, -1 for one that sells.
    """
    assert len(order.legs) == 1, "reward: one leg only"
    assert order.legs[0].quantity == side * convert(WAD, int256), "reward: not a side"
    assert order.taker == empty(address), "reward: not for anybody"
    assert order.size <= MAX_NUMBER and order.legs[0].price <= MAX_NUMBER, "reward: number too large"


@internal
def _signed(order: Order, signature: Bytes[65]) -> bytes32:
    """
    @notice Refuses what nobody could take: a signature that is not that of the account's owner or
            its operator.
    @return The order's digest, which no other quote may name.
    """
    digest: bytes32 = staticcall Orders(ORDERS).hash_of(order)
    assert not self.used[digest], "reward: order stands already"
    self.used[digest] = True
    assert len(signature) == 65, "reward: bad signature"
    signer: address = ecrecover(
        digest,
        convert(slice(signature, 64, 1), uint256),
        extract32(signature, 0, output_type=uint256),
        extract32(signature, 32, output_type=uint256),
    )
    known: bool = signer != empty(address) and staticcall IClearinghouse(CLEARINGHOUSE).may_act(signer, order.account)
    assert known, "reward: bad signature"
    return digest


@internal
def _check(id: uint256):
    quote: Quote = self.quotes[id]
    rules: Rules = self.rules
    rate: uint256 = self._rate(id, quote, rules)
    # Not the time of an epoch that is over: its points may have been paid.
    epoch: uint256 = block.timestamp // EPOCH
    passed: uint256 = block.timestamp - max(quote.time, epoch * EPOCH)
    earned: uint256 = 0
    if block.timestamp - quote.time <= rules.longest:
        earned = min(rate, quote.rate) * passed // WAD
    if earned != 0:
        self.points[epoch][quote.account] += earned
        self.totals[epoch] += earned
    self.quotes[id].rate = rate
    self.quotes[id].time = block.timestamp
    log Checked(id=id, rate=rate, points=earned)


@internal
def _rate(id: uint256, quote: Quote, rules: Rules) -> uint256:
    """
    @notice What a quote scores a second [wad USD]; keeps how much its account quotes.
    """
    counted: uint256 = self._counted[id]
    others: uint256 = self.quoted[quote.account] - counted
    size: uint256 = 0
    spot: uint256 = 0
    near: uint256 = 0
    if block.timestamp <= quote.deadline:
        left: uint256 = min(self._left(quote.bid_digest, quote), self._left(quote.offer_digest, quote))
        if left != 0:
            risk: IPoolPricer.Risk = staticcall IPoolPricer(PRICER).assess(
                series._underlying(quote.series), [], quote.series, 0
            )
            spot = convert(risk.spot, uint256)
            near = self._nearness(quote, risk, rules)
            if near != 0:
                size = left * spot // WAD
    if size != counted:
        self._counted[id] = size
        self.quoted[quote.account] = others + size
    if size == 0:
        return 0
    # What free margin carries of all that the account quotes.
    health: IMarginEngine.Health = staticcall IClearinghouse(CLEARINGHOUSE).health(quote.account)
    carried: uint256 = convert(max(health.initial, 0), uint256) * BPS // rules.margin
    rate: uint256 = size * near // WAD
    if carried < others + size:
        rate = rate * carried // (others + size)
    return rate


@internal
@view
def _left(digest: bytes32, quote: Quote) -> uint256:
    """
    @return [wad] what can still be taken of an order, at most the quote's size.
    """
    if staticcall Orders(ORDERS).epoch(convert(quote.account >> 96, address)) != quote.order_epoch:
        return 0
    filled: uint256 = staticcall Orders(ORDERS).filled(digest)
    return quote.size - min(filled, quote.size)


@internal
@pure
def _nearness(quote: Quote, risk: IPoolPricer.Risk, rules: Rules) -> uint256:
    """
    @return [wad] (1 - d / widest)**2, 0 when the mid is not between the two, or prices are stale.
    """
    mid: uint256 = convert(risk.price, uint256)
    if not risk.fresh or quote.bid > mid or quote.offer < mid:
        return 0
    widest: uint256 = rules.widest * convert(risk.spot, uint256) // BPS
    d: uint256 = max(mid - quote.bid, quote.offer - mid)
    if d >= widest:
        return 0
    share: uint256 = (widest - d) * WAD // widest
    return share * share // WAD
