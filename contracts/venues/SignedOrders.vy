# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Signed orders: the request-for-quote venue
@license AGPL-3.0-only
@notice A maker signs an order off chain (EIP-712): so many units of a package of legs, each leg
        at a price. Anyone it names fills any part of it on chain, or a relayer crosses it with
        the order of a taker. Trades go to the clearinghouse in one `novate`; the venue holds
        nothing and its only state is how much of each order is used up.
@dev Orders are known by their EIP-712 digest, never by their signature, so another encoding of a
     signature is no other order; the digest binds chain and contract, so no order is replayed.
     Quantities must come out exact: amounts that do not divide are refused, not rounded.
     Packages of which the taker pays less than they are worth whatever happens (`no_arbitrage.vy`) pay no
     fees, neither side: they restore put-call parity or take a butterfly or calendar arbitrage out of
     the market. Accounts that belong together gain nothing by such prices but to trade with each other
     for free, and nothing is paid for trades here.
@custom:trust The owner sets fees within bounds fixed here, and who is told prices; it can neither
              trade nor stop trading.
              A relayer that crosses chooses whom it calls the maker; it is held by both limits.
@custom:kill None here; the clearinghouse stops a venue by `set_venue`. Nothing is ever stuck.
@custom:rounding Premiums against the taker, fees against who pays them, each by less than 1 wei
                 a leg and fill: parts of a fill never cost the taker less than the whole.
"""

from snekmate.auth import ownable
from snekmate.utils import eip712_domain_separator as eip712

from ..auth import signatures
from ..interfaces import IClearinghouse
from ..interfaces import IOracle
from . import no_arbitrage

initializes: ownable
initializes: eip712

exports: (ownable.owner, ownable.transfer_ownership, eip712.eip712Domain)


WAD: constant(uint256) = 10**18
MAX_LEGS: constant(uint256) = 8
MAX_SIGNATURE: constant(uint256) = signatures.MAX_SIGNATURE
# Quantities, prices and amounts fit the quantity field of a position: their products, of 2**192
# and 2**(192 - 59 + 96), and sums of eight of them stay far inside 256 bits.
MAX_NUMBER: constant(uint256) = 2**96 - 1
# 0.1 % of notional, and an eighth (12.5 %) of the premium whatever the rate.
MAX_RATE: constant(uint256) = 10**15
PREMIUM_SHARE: constant(uint256) = 8
MASK_127: constant(uint256) = 2**127 - 1
CANCELLED: constant(uint256) = max_value(uint256)

LEG_TYPE: constant(bytes32) = keccak256("Leg(uint256 series,int256 quantity,uint256 price)")
ORDER_TYPE: constant(bytes32) = keccak256(
    "Order(uint256 account,address taker,uint256 size,Leg[] legs,uint256 nonce,uint256 epoch,uint256 deadline)Leg(uint256 series,int256 quantity,uint256 price)"
)
# Flag beside the rates: there is a tape. Gas that it may burn.
TAPE: constant(uint256) = 1 << 127
TAPE_GAS: constant(uint256) = 300_000

CLEARINGHOUSE: public(immutable(address))
ORACLE: public(immutable(address))


struct Leg:
    series: uint256  # code, see instruments/series.vy; strictly ascending in an order
    quantity: int256  # [wad] contracts per unit of the order, positive: its signer buys
    price: uint256  # [wad] premium per contract


struct Order:
    account: uint256  # of the signer's owner
    taker: address  # owner of the account that may take the other side; empty: anyone
    size: uint256  # [wad] units in total
    legs: DynArray[Leg, MAX_LEGS]
    nonce: uint256  # any number that makes the order unique
    epoch: uint256  # of the account's owner, see `cancel_all`
    deadline: uint256  # [s] last second in which it may be filled


# [wad] units used up by digest, all ones once cancelled.
filled: public(HashMap[bytes32, uint256])
# Orders of an owner count only in the epoch that they name.
epoch: public(HashMap[address, uint256])
# Both rates [wad of notional] in one slot: maker << 128 | TAPE or 0 | taker.
_rates: uint256
# Who is told prices, see TradedVolatility.vy; empty: nobody.
tape: public(address)


event OrderFilled:
    order: indexed(bytes32)
    account: indexed(uint256)  # of the order
    counterparty: indexed(uint256)  # account
    amount: uint256  # [wad] units
    filled: uint256  # [wad] units, with this fill


event OrderCancelled:
    order: indexed(bytes32)
    account: indexed(uint256)


event EpochStarted:
    owner: indexed(address)
    epoch: uint256


event FeesChanged:
    old_maker_rate: uint256
    old_taker_rate: uint256
    maker_rate: uint256
    taker_rate: uint256


event TapeSet:
    old: address
    new: address


event TapeFailed:
    tape: address


@deploy
def __init__(clearinghouse: address, oracle: address, owner: address):
    """
    @param owner Who may set fees, which start at zero.
    """
    ownable.__init__()
    assert owner != empty(address), "order: no owner"
    ownable._transfer_ownership(owner)
    eip712.__init__("Novate Signed Orders", "1")
    CLEARINGHOUSE = clearinghouse
    ORACLE = oracle


# -- takers and relayers --


@external
def fill(
    order: Order,
    signer: address,
    signature: Bytes[MAX_SIGNATURE],
    account: uint256,
    amount: uint256,
    max_cost: int256 = max_value(int256),
) -> int256:
    """
    @notice Takes the other side of a part of an order, at its prices.
    @param signer Owner of the order's account or an operator of the owner; may be a contract
                  (ERC-1271).
    @param account Of the taker; the sender must own it or be an operator of its owner.
    @param amount [wad] units; each leg's quantity x amount must be a whole number of wei.
    @param max_cost [wad] the most that the taker pays, premiums and fees together; negative asks
                    to receive at least so much.
    @return [wad] what the taker paid, negative when it received.
    """
    self._require_sender_may_act(account)
    self._use(order, signer, signature, account, amount)
    cost: int256 = self._trade(order, account, amount)
    assert cost <= max_cost, "order: cost above limit"
    return cost


@external
def cross(
    order: Order,
    signer: address,
    signature: Bytes[MAX_SIGNATURE],
    taker_order: Order,
    taker_signer: address,
    taker_signature: Bytes[MAX_SIGNATURE],
    amount: uint256,
) -> int256:
    """
    @notice Trades two signed orders against each other, at the prices of the first. Anyone may
            call. The second must have the same series with opposite quantities, and its prices
            are limits; fees and the rounding of premiums come on top of them.
    @param amount [wad] units of both orders.
    @return [wad] what the signer of the second order paid, negative when it received.
    """
    self._use(order, signer, signature, taker_order.account, amount)
    self._use(taker_order, taker_signer, taker_signature, order.account, amount)
    assert len(order.legs) == len(taker_order.legs), "order: legs do not mirror"
    for i: uint256 in range(len(order.legs), bound=MAX_LEGS):
        offer: Leg = order.legs[i]
        limit: Leg = taker_order.legs[i]
        # The one pair whose sum wraps to zero, of the least integers, is refused by `_trade`.
        opposite: bool = unsafe_add(offer.quantity, limit.quantity) == 0
        assert offer.series == limit.series and opposite, "order: legs do not mirror"
        within: bool = offer.price >= limit.price if limit.quantity < 0 else offer.price <= limit.price
        assert within, "order: price beyond limit"
    return self._trade(order, taker_order.account, amount)


# -- makers --


@external
def cancel(order: Order):
    """
    @notice Ends an order, for who owns its account or is an operator of the owner.
    """
    self._require_sender_may_act(order.account)
    digest: bytes32 = self._digest(order)
    self.filled[digest] = CANCELLED
    log OrderCancelled(order=digest, account=order.account)


@external
def cancel_all(account: uint256):
    """
    @notice Starts the owner's next epoch: orders that name the present one, for any of its
            accounts, are over.
    """
    self._require_sender_may_act(account)
    owner: address = self._owner_of(account)
    epoch: uint256 = self.epoch[owner] + 1
    self.epoch[owner] = epoch
    log EpochStarted(owner=owner, epoch=epoch)


# -- owner --


@external
def set_fees(maker_rate: uint256, taker_rate: uint256):
    """
    @param maker_rate [wad] of notional (quantity x spot), at most MAX_RATE.
    @param taker_rate [wad] likewise.
    """
    ownable._check_owner()
    assert max(maker_rate, taker_rate) <= MAX_RATE, "order: rate too high"
    old: uint256 = self._rates
    self._rates = (maker_rate << 128) | (old & TAPE) | taker_rate
    log FeesChanged(
        old_maker_rate=old >> 128, old_taker_rate=old & MASK_127, maker_rate=maker_rate, taker_rate=taker_rate
    )


@external
def set_tape(tape: address):
    """
    @notice Tells this contract the price of single-leg trades; none: nobody. Packages say little.
    """
    ownable._check_owner()
    log TapeSet(old=self.tape, new=tape)
    self.tape = tape
    self._rates = (self._rates & ~TAPE) | (TAPE if tape != empty(address) else 0)


# -- views --


@external
@view
def fees() -> (uint256, uint256):
    """
    @return Rates of maker and taker [wad of notional].
    """
    return self._rates >> 128, self._rates & MASK_127


@external
@view
def hash_of(order: Order) -> bytes32:
    """
    @notice What is signed: the EIP-712 digest, which is also the order's name here.
    """
    return self._digest(order)


# -- internals --


@internal
@view
def _require_sender_may_act(account: uint256):
    assert staticcall IClearinghouse(CLEARINGHOUSE).may_act(msg.sender, account), "order: sender may not act"


@internal
@pure
def _owner_of(account: uint256) -> address:
    return convert(account >> 96, address)


@internal
@view
def _digest(order: Order) -> bytes32:
    hashes: DynArray[bytes32, MAX_LEGS] = []
    for leg: Leg in order.legs:
        hashes.append(keccak256(abi_encode(LEG_TYPE, leg)))
    # EIP-712 hashes an array as its elements without offset and length.
    legs: bytes32 = keccak256(slice(abi_encode(hashes), 64, 32 * len(hashes)))
    struct_hash: bytes32 = keccak256(
        abi_encode(ORDER_TYPE, order.account, order.taker, order.size, legs, order.nonce, order.epoch, order.deadline)
    )
    return eip712._hash_typed_data_v4(struct_hash)


@internal
def _use(order: Order, signer: address, signature: Bytes[MAX_SIGNATURE], counterparty: uint256, amount: uint256):
    """
    @notice Checks that the order stands, was signed by who may sign it and may trade with the
            counterparty, and uses up the amount.
    """
    assert amount > 0, "order: zero amount"
    assert amount <= MAX_NUMBER, "order: amount too large"
    assert block.timestamp <= order.deadline, "order: expired"
    assert order.account != counterparty, "order: own account"
    assert order.taker in [empty(address), self._owner_of(counterparty)], "order: wrong taker"
    assert order.epoch == self.epoch[self._owner_of(order.account)], "order: epoch over"

    digest: bytes32 = self._digest(order)
    used: uint256 = self.filled[digest]
    assert used != CANCELLED, "order: cancelled"
    # What is used never exceeds the size: every write passes here.
    assert amount <= order.size - used, "order: overfilled"

    assert staticcall IClearinghouse(CLEARINGHOUSE).may_act(signer, order.account), "order: signer may not act"
    assert signatures._signed(signer, digest, signature), "order: bad signature"

    self.filled[digest] = used + amount
    log OrderFilled(
        order=digest, account=order.account, counterparty=counterparty, amount=amount, filled=used + amount
    )


@internal
def _trade(order: Order, taker: uint256, amount: uint256) -> int256:
    """
    @notice Sends the legs to the clearinghouse.
    @dev Operations are unsafe by MAX_NUMBER: see there.
    @return [wad] what the taker pays, fees included.
    """
    assert len(order.legs) > 0, "order: no legs"
    trades: DynArray[IClearinghouse.Trade, MAX_LEGS] = []
    # Premiums, and the taker's fees; from its side what it trades.
    cost: int256 = 0
    fees: int256 = 0
    codes: DynArray[uint256, MAX_LEGS] = []
    quantities: DynArray[int256, MAX_LEGS] = []
    rates: uint256 = self._rates
    last: uint256 = 0
    # Fees [wad per contract] of the underlying at hand, before the cap.
    underlying: uint256 = 0
    maker_unit: uint256 = 0
    taker_unit: uint256 = 0

    for leg: Leg in order.legs:
        # Ascending codes: no series twice, one form of each package, and underlyings in a row.
        assert leg.series > last, "order: legs not ascending"
        last = leg.series
        # Of the least integer the negative is itself, so that it is refused here too.
        per_unit: int256 = max(leg.quantity, unsafe_sub(0, leg.quantity))
        assert per_unit > 0 and per_unit <= convert(MAX_NUMBER, int256), "order: quantity out of range"
        assert leg.price <= MAX_NUMBER, "order: price too large"
        product: uint256 = unsafe_mul(convert(per_unit, uint256), amount)
        assert product % WAD == 0, "order: inexact quantity"
        quantity: uint256 = product // WAD

        if leg.series >> 144 != underlying:
            underlying = leg.series >> 144
            # Last known when stale: a fee must not stop a trade that reduces risk.
            spot: uint256 = (staticcall IOracle(ORACLE).spot(underlying))[0]
            maker_unit = (spot * (rates >> 128) + WAD - 1) // WAD
            taker_unit = (spot * (rates & MASK_127) + WAD - 1) // WAD
        cap: uint256 = leg.price // PREMIUM_SHARE
        maker_fee: uint256 = self._wmul_up(quantity, min(maker_unit, cap))
        taker_fee: uint256 = self._wmul_up(quantity, min(taker_unit, cap))

        trade: IClearinghouse.Trade = IClearinghouse.Trade(
            seller=taker,
            buyer=order.account,
            series=leg.series,
            quantity=quantity,
            premium=unsafe_mul(quantity, leg.price) // WAD,
            seller_fee=taker_fee,
            buyer_fee=maker_fee,
        )
        if leg.quantity < 0:
            trade.seller = order.account
            trade.buyer = taker
            trade.premium = self._wmul_up(quantity, leg.price)
            trade.seller_fee = maker_fee
            trade.buyer_fee = taker_fee
            cost += convert(trade.premium, int256)
            quantities.append(convert(quantity, int256))
        else:
            cost -= convert(trade.premium, int256)
            quantities.append(-convert(quantity, int256))
        fees += convert(taker_fee, int256)
        codes.append(leg.series)
        trades.append(trade)

    if len(trades) > 1 and rates & ~TAPE != 0:
        bounded: bool = False
        least: int256 = 0
        bounded, least = no_arbitrage._least(IOracle(ORACLE), codes, quantities)
        if bounded and cost < least:
            fees = 0
            for i: uint256 in range(len(trades), bound=MAX_LEGS):
                trades[i].seller_fee = 0
                trades[i].buyer_fee = 0

    extcall IClearinghouse(CLEARINGHOUSE).novate(trades)
    if rates & TAPE != 0 and len(order.legs) == 1:
        # Whatever becomes of it: no trade fails for it.
        call: Bytes[68] = abi_encode(last, order.legs[0].price, method_id=method_id("record(uint256,uint256)"))
        if not raw_call(self.tape, call, gas=TAPE_GAS, revert_on_failure=False):
            log TapeFailed(tape=self.tape)
    return cost + fees


@internal
@pure
def _wmul_up(quantity: uint256, price: uint256) -> uint256:
    """
    @dev quantity < 2**133 and price <= 2**96, see MAX_NUMBER.
    """
    return unsafe_add(unsafe_mul(quantity, price), WAD - 1) // WAD
