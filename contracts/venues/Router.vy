# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Router
@license AGPL-3.0-only
@notice Fills an order of several legs where it is cheapest: each leg is split over option pools,
        signed orders of makers and the open batch so that the next contract costs the same
        everywhere (`routing.vy`). What others only take at more than the taker is ready to wait for
        goes to the batch, at that limit. A venue that refuses its part fails alone; the others take
        over what they can. The whole costs no more than the taker's limit, measured on its account
        with what waits at its own limit, or nothing happens.
@dev A pool is asked once for the price of a whole leg; its answer, with the bend of its cost, gives
     its marginal price, but for the fee that contracts which restore its surface do not pay. Where a
     limit stops the pool it is asked for a half, and for a quarter.
     The batch's price is not known before it clears, only that it is no worse than the limit: that is
     what it counts here. Its bond is of what the account's owner brought there.
     Who routes makes this contract an operator; it then acts for none but its caller.
@custom:trust Nobody: no owner, no money, no positions. Only venues of the clearinghouse are called.
@custom:kill None here; who stops the venues stops it.
@custom:rounding The venues' own.
"""

from ..interfaces import IClearinghouse
from ..interfaces import IOracle
from ..interfaces import IPoolPricer
from . import routing


interface Ledger:
    def venues(venue: address) -> bool: view


interface Pool:
    def quote(code: uint256, quantity: int256) -> IPoolPricer.Deal: view


interface Orders:
    def fees() -> (uint256, uint256): view
    def filled(digest: bytes32) -> uint256: view
    def hash_of(order: Order) -> bytes32: view


MAX_LEGS: constant(uint256) = 4
MAX_POOLS: constant(uint256) = 4
MAX_ORDERS: constant(uint256) = 4
MAX_SIGNATURE: constant(uint256) = 1_024
MAX_QUANTITY: constant(int256) = 2**95 - 1
# [wad] what orders of a batch are whole numbers of.
UNIT: constant(uint256) = 10**9
WAD: constant(uint256) = 10**18
# An eighth of the premium, the most that signed orders take as a fee.
PREMIUM_SHARE: constant(uint256) = 8

CLEARINGHOUSE: public(immutable(address))
ORACLE: public(immutable(address))
ORDERS: public(immutable(address))


struct Leg:
    series: uint256
    quantity: int256  # [wad] contracts, positive: the taker buys


struct BatchLeg:
    series: uint256
    ratio: int256


struct BatchOrder:
    # As in BatchAuction.vy.
    account: uint256
    legs: DynArray[BatchLeg, 4]
    units: uint256
    limit: int256


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


struct Signed:
    order: Order  # one leg of one contract per unit
    signer: address
    signature: Bytes[MAX_SIGNATURE]


struct Part:
    leg: uint256  # index
    venue: uint256  # index: pools first, then orders, then the batch
    quantity: uint256  # [wad]


event Routed:
    account: indexed(uint256)
    cost: int256  # [wad USD] with what waits at its limit
    filled: uint256  # [wad] contracts of all legs, with those that wait


@deploy
def __init__(clearinghouse: address, oracle: address, orders: address):
    """
    @param orders The venue of signed orders.
    """
    CLEARINGHOUSE = clearinghouse
    ORACLE = oracle
    ORDERS = orders


@external
def route(
    account: uint256,
    legs: DynArray[Leg, MAX_LEGS],
    pools: DynArray[address, MAX_POOLS],
    orders: DynArray[Signed, MAX_ORDERS],
    limit: int256,
    partial: bool,
    batch: address = empty(address),
    waits: DynArray[uint256, MAX_LEGS] = [],
) -> int256:
    """
    @notice Fills an order where it is cheapest.
    @param account Of the taker: the sender must own it or be an operator of its owner, and the owner
                   must have made this contract an operator.
    @param legs Each of another series.
    @param pools Option pools to ask, each once.
    @param orders Signed orders to use, each once, for any of the legs.
    @param limit [wad USD] the most that the taker pays for all, what waits at its limit; negative asks to
                 receive at least so much.
    @param partial Whether legs may stay unfilled in part; else all is filled, or waits, or nothing happens.
    @param batch Batch auction where legs may wait; empty: none.
    @param waits [wad USD] price of a contract of each leg at which it may, whole 1e-9; 0 or missing: it
                 may not.
    @return [wad USD] what the taker paid, negative when it received, and what waits at its limit.
    """
    assert staticcall IClearinghouse(CLEARINGHOUSE).may_act(msg.sender, account), "router: sender may not act"
    before: int256 = staticcall IClearinghouse(CLEARINGHOUSE).cash_of(account)
    filled: uint256 = 0
    cost: int256 = 0
    for i: uint256 in range(len(legs), bound=MAX_LEGS):
        done: uint256 = 0
        waiting: uint256 = 0
        wait: int256 = self._limit(legs[i], i, waits)
        done, waiting = self._fill_leg(account, legs[i], pools, orders, batch, wait)
        assert partial or done == convert(abs(legs[i].quantity), uint256), "router: not filled"
        filled += done
        # Both are whole numbers of UNIT.
        cost += wait * convert(waiting // UNIT, int256) // convert(WAD // UNIT, int256)
    cost += before - staticcall IClearinghouse(CLEARINGHOUSE).cash_of(account)
    assert cost <= limit, "router: cost above limit"
    log Routed(account=account, cost=cost, filled=filled)
    return cost


@external
@view
def quote(
    legs: DynArray[Leg, MAX_LEGS],
    pools: DynArray[address, MAX_POOLS],
    orders: DynArray[Signed, MAX_ORDERS],
    batch: address = empty(address),
    waits: DynArray[uint256, MAX_LEGS] = [],
) -> (DynArray[Part, 36], int256):
    """
    @notice How `route` would split the legs, and what it would cost as far as venues say so in advance;
            each leg by itself, as if the legs before it were not traded.
    """
    found: DynArray[Part, 36] = []
    cost: int256 = 0
    for i: uint256 in range(len(legs), bound=MAX_LEGS):
        wait: int256 = self._limit(legs[i], i, waits)
        offers: DynArray[routing.Offer, routing.VENUES] = self._offers(legs[i], pools, orders, batch, wait)
        parts: DynArray[uint256, routing.VENUES] = self._split(offers, self._size(legs[i]))
        for j: uint256 in range(len(parts), bound=routing.VENUES):
            if parts[j] != 0:
                found.append(Part(leg=i, venue=j, quantity=parts[j]))
                part: int256 = convert(parts[j], int256)
                cost += (offers[j].first + offers[j].bend * part // convert(WAD, int256)) * part // convert(WAD, int256)
    return found, cost


# -- internals --


@internal
@pure
def _size(leg: Leg) -> uint256:
    within: bool = leg.quantity <= MAX_QUANTITY and leg.quantity >= -MAX_QUANTITY
    assert leg.quantity != 0 and within, "router: quantity out of range"
    return convert(abs(leg.quantity), uint256)


@internal
@pure
def _limit(leg: Leg, index: uint256, waits: DynArray[uint256, MAX_LEGS]) -> int256:
    """
    @return [wad USD] what a contract that waits costs at most, negative for what it brings at least.
    """
    if index >= len(waits):
        return 0
    assert waits[index] < 2**96, "router: wait out of range"
    wait: int256 = convert(waits[index], int256)
    return wait if leg.quantity > 0 else -wait


@internal
@pure
def _split(
    offers: DynArray[routing.Offer, routing.VENUES], size: uint256
) -> DynArray[uint256, routing.VENUES]:
    """
    @return A part [wad] for each offer; that of the batch, the last one, is a whole number of UNIT.
    """
    parts: DynArray[uint256, routing.VENUES] = routing._split(offers, size)
    last: uint256 = len(parts) - 1
    crumbs: uint256 = parts[last] % UNIT
    parts[last] -= crumbs
    for i: uint256 in range(last, bound=routing.VENUES):
        more: uint256 = min(offers[i].most - parts[i], crumbs)
        parts[i] += more
        crumbs -= more
    return parts


@internal
def _fill_leg(
    account: uint256,
    leg: Leg,
    pools: DynArray[address, MAX_POOLS],
    orders: DynArray[Signed, MAX_ORDERS],
    batch: address,
    wait: int256,
) -> (uint256, uint256):
    """
    @return [wad] contracts that were filled or wait, and those that wait.
    """
    size: uint256 = self._size(leg)
    offers: DynArray[routing.Offer, routing.VENUES] = self._offers(leg, pools, orders, batch, wait)
    parts: DynArray[uint256, routing.VENUES] = self._split(offers, size)
    left: uint256 = size
    waiting: uint256 = 0
    # What the venues were to take, and then, in order, what others failed to.
    for again: bool in [False, True]:
        for i: uint256 in range(len(parts), bound=routing.VENUES):
            part: uint256 = min(parts[i], left)
            if again:
                part = min(offers[i].most - parts[i], left)
            is_batch: bool = i == len(pools) + len(orders)
            if is_batch:
                part -= part % UNIT
            if part == 0:
                continue
            done: bool = False
            if i < len(pools):
                done = self._trade(pools[i], account, leg, part)
            elif is_batch:
                done = self._place(batch, account, leg, part, wait)
                if done:
                    waiting += part
            else:
                done = self._use(orders[i - len(pools)], account, part)
            if done:
                left -= part
            elif not again:
                # It will not be asked again.
                offers[i].most = parts[i]
        if left == 0:
            break
    return size - left, waiting


@internal
def _trade(pool: address, account: uint256, leg: Leg, part: uint256) -> bool:
    quantity: int256 = convert(part, int256)
    if leg.quantity < 0:
        quantity = -quantity
    # The limit stands for all legs together, at the end.
    return raw_call(
        pool,
        abi_encode(
            account, leg.series, quantity, max_value(int256), method_id=method_id("trade(uint256,uint256,int256,int256)")
        ),
        revert_on_failure=False,
    )


@internal
def _place(batch: address, account: uint256, leg: Leg, part: uint256, wait: int256) -> bool:
    order: BatchOrder = BatchOrder(
        account=account,
        legs=[BatchLeg(series=leg.series, ratio=1 if leg.quantity > 0 else -1)],
        units=part,
        limit=wait,
    )
    # The time tells equal orders of one epoch apart.
    return raw_call(
        batch,
        abi_encode(
            order,
            block.timestamp,
            empty(uint256),
            method_id=method_id("place((uint256,(uint256,int256)[],uint256,int256),bytes32,uint256)"),
        ),
        revert_on_failure=False,
    )


@internal
def _use(signed: Signed, account: uint256, part: uint256) -> bool:
    return raw_call(
        ORDERS,
        abi_encode(
            signed.order,
            signed.signer,
            signed.signature,
            account,
            part,
            method_id=method_id(
                "fill((uint256,address,uint256,(uint256,int256,uint256)[],uint256,uint256,uint256),address,bytes,uint256,uint256)"
            ),
        ),
        revert_on_failure=False,
    )


@internal
@view
def _offers(
    leg: Leg,
    pools: DynArray[address, MAX_POOLS],
    orders: DynArray[Signed, MAX_ORDERS],
    batch: address,
    wait: int256,
) -> DynArray[routing.Offer, routing.VENUES]:
    """
    @notice What each venue asks: pools first, then orders, then the batch.
    """
    offers: DynArray[routing.Offer, routing.VENUES] = []
    for pool: address in pools:
        assert staticcall Ledger(CLEARINGHOUSE).venues(pool), "router: not a venue"
        offers.append(self._of_pool(pool, leg))
    for signed: Signed in orders:
        offers.append(self._of_order(signed.order, leg))
    waits: routing.Offer = empty(routing.Offer)
    if batch != empty(address) and wait != 0:
        assert staticcall Ledger(CLEARINGHOUSE).venues(batch), "router: not a venue"
        waits.first = wait
        waits.most = self._size(leg)
    offers.append(waits)
    return offers


@internal
@view
def _of_pool(pool: address, leg: Leg) -> routing.Offer:
    """
    @notice The pool's marginal price along a trade: cost = first x + bend x**2.
    """
    quantity: int256 = leg.quantity
    for _: uint256 in range(3):
        success: bool = False
        answer: Bytes[384] = b""
        success, answer = raw_call(
            pool,
            abi_encode(leg.series, quantity, method_id=method_id("quote(uint256,int256)")),
            max_outsize=384,
            is_static_call=True,
            revert_on_failure=False,
        )
        if success and len(answer) == 384:
            deal: IPoolPricer.Deal = abi_decode(answer, IPoolPricer.Deal)
            size: int256 = abs(quantity)
            bend: int256 = max(deal.bend, 0)
            wad: int256 = convert(WAD, int256)
            first: int256 = deal.cost * wad // size - bend * size // wad
            return routing.Offer(first=first, bend=bend, most=convert(size, uint256))
        quantity = quantity // 2
        if quantity == 0:
            break
    return empty(routing.Offer)


@internal
@view
def _of_order(order: Order, leg: Leg) -> routing.Offer:
    """
    @notice A maker's price with the taker's fee, for what is left of the order; nothing if it is for
            another series or the other way.
    """
    if len(order.legs) != 1 or order.legs[0].series != leg.series:
        return empty(routing.Offer)
    maker: OrderLeg = order.legs[0]
    wad: int256 = convert(WAD, int256)
    # The maker sells what the taker buys.
    if abs(max(maker.quantity, -wad - 1)) != wad or (maker.quantity > 0) == (leg.quantity > 0):
        return empty(routing.Offer)
    used: uint256 = staticcall Orders(ORDERS).filled(staticcall Orders(ORDERS).hash_of(order))
    if used >= order.size or order.size > convert(MAX_QUANTITY, uint256) or maker.price >= 2**96:
        return empty(routing.Offer)
    rate: uint256 = (staticcall Orders(ORDERS).fees())[1]
    spot: uint256 = (staticcall IOracle(ORACLE).spot(leg.series >> 144))[0]
    fee: int256 = convert(min(spot * rate // WAD, maker.price // PREMIUM_SHARE), int256)
    price: int256 = convert(maker.price, int256)
    if leg.quantity < 0:
        price = -price
    return routing.Offer(first=price + fee, bend=0, most=order.size - used)
