# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Entries: what an order of a batch must be
@license AGPL-3.0-only
@notice Takes an order in that whoever acts for its account sealed or placed: series that may be opened,
        a bond that grows with its size, and an account that would pass margin with all of it traded.
@dev An order's id ends in the low 64 bits of its seal. Who wants to occupy that of a sealed order must find
     them again within two phases, without knowing its list.
"""

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IListing
from ..interfaces import IOracle
from . import commitments
from . import matching
from . import order_book
from . import packages

uses: commitments
uses: matching
uses: order_book
uses: packages


interface Ledger:
    def header_of(account: uint256) -> uint256: view


UNIT: constant(uint256) = 10**9
SIGNED_UNIT: constant(int256) = 10**9
MASK_64: constant(uint256) = 2**64 - 1
BPS: constant(uint256) = 10**4
MAX_LEGS: constant(uint256) = 4
MAX_LINKED: constant(uint256) = 16
MAX_RATIO: constant(int256) = 15
# [UNIT] contracts of an order: in wad they fit a position.
MAX_QUANTITY: constant(uint256) = 2**65 - 1
# Of a ledger's header, see clearing/accounts.vy and clearing/ledger.vy: positions, another engine than the
# standard one, in auction, limited.
BUSY: constant(uint256) = (65_535 << 128) | (1 << 152) | (1 << 154)

ORACLE: public(immutable(address))
LISTING: immutable(IListing)
# [UNIT = 1e-9 USD] the smallest bond, and [bps of contracts x spot] what an order's must be
BOND: public(immutable(uint256))
RATE: public(immutable(uint256))


struct Leg:
    series: uint256  # code, see instruments/series.vy; ascending in an order
    ratio: int256  # contracts per unit, positive: bought; 1 or -1 when it is the only leg


struct Order:
    account: uint256
    legs: DynArray[Leg, MAX_LEGS]
    units: uint256  # [wad] whole 1e-9
    limit: int256  # [wad USD a unit] most that is paid; negative asks to receive at least; whole 1e-9


event Revealed:
    account: indexed(uint256)
    epoch: indexed(uint256)
    series: indexed(uint256)  # 0 for a package
    id: uint256
    units: uint256  # [wad]
    limit: int256  # [wad USD]


@deploy
def __init__(oracle: address, bond: uint256, rate: uint256):
    """
    @param bond [1e-9 USD] smallest
    @param rate [bps of notional] at most 500
    """
    assert bond != 0 and bond < 2**60 and rate <= 500, "batch: bond out of range"
    ORACLE = oracle
    LISTING = IListing(staticcall IClearinghouse(commitments.CLEARINGHOUSE).LISTING())
    BOND = bond
    RATE = rate


@internal
def _enter(epoch: uint256, sealed: bytes32, order: Order, bond: uint256, hint: uint256) -> uint256:
    """
    @notice Puts an order into its list.
    @param bond [1e-9 USD] bound for it already; 0: the smallest is bound now.
    """
    ledger: IClearinghouse = IClearinghouse(commitments.CLEARINGHOUSE)
    assert staticcall ledger.may_act(msg.sender, order.account), "batch: sender may not act"
    units: uint256 = order.units // UNIT
    self._require_quantity(unsafe_mul(units, UNIT) == order.units and units != 0)
    changes: DynArray[uint256, MAX_LEGS] = []
    least: uint256 = 0
    changes, least = self._checked_legs(order.legs, units)
    limit: int256 = order.limit // SIGNED_UNIT
    single: bool = len(order.legs) == 1
    sells: bool = single and order.legs[0].ratio < 0
    assert (
        unsafe_mul(limit, SIGNED_UNIT) == order.limit
        and abs(limit) < packages.BIAS
        and (not single or (limit != 0 and (limit < 0) == sells))
    ), "batch: limit out of range"
    bound: uint256 = bond
    if bond == 0:
        bound = least
        commitments._bind(convert(order.account >> 96, address), least)
    assert bound >= least, "batch: bond too small"
    cost: int256 = unsafe_mul(limit, convert(units, int256))
    # Who holds nothing and buys for cash that is there will owe nothing: standard margin knows that without
    # a price. Trades are checked by the ledger in any case.
    if (
        not single
        or sells
        or staticcall Ledger(ledger.address).header_of(order.account) & BUSY != 0
        or staticcall ledger.cash_of(order.account) < cost
    ):
        assert matching._standing(order.account, changes, cost) != matching.BAD, "batch: below margin"

    code: uint256 = 0
    # A package is a buyer of itself at a limit that may be negative.
    key: uint256 = convert(unsafe_add(limit, packages.BIAS), uint256)
    most: uint256 = MAX_LINKED
    if single:
        code = order.legs[0].series
        key = convert(abs(limit), uint256)
        most = order_book.MOST
    list: uint256 = matching._list(epoch, code, sells)
    tail: uint256 = convert(sealed, uint256) & MASK_64
    id: uint256 = (list << 64) | tail
    assert tail > order_book.GONE and order_book.nodes[id] == 0, "batch: id taken"
    count: uint256 = 0
    if code == 0:
        count = len(order.legs)
        for i: uint256 in range(count, bound=MAX_LEGS):
            packages.legs[id][i] = series._pack(order.legs[i].series, order.legs[i].ratio)
    node: uint256 = order_book._node(key, units, count, commitments._number(order.account), bound)
    log Revealed(account=order.account, epoch=epoch, series=code, id=id, units=order.units, limit=order.limit)
    out: uint256 = order_book._insert(list, tail, node, hint, not sells, most)
    if out != 0:
        matching._release(out, node if out == id else order_book.nodes[out])
    return id


@internal
@view
def _seal(owner: address, order: Order, salt: bytes32) -> bytes32:
    return keccak256(abi_encode(chain.id, self, owner, order, salt))


@internal
@pure
def _require_quantity(in_range: bool):
    assert in_range, "batch: quantity out of range"


@internal
@view
def _checked_legs(legs: DynArray[Leg, MAX_LEGS], units: uint256) -> (DynArray[uint256, MAX_LEGS], uint256):
    """
    @return What the order changes when all of it trades, as position words; the smallest bond [1e-9 USD].
    """
    changes: DynArray[uint256, MAX_LEGS] = []
    assert len(legs) != 0, "batch: no legs"
    notional: uint256 = 0
    last: uint256 = 0
    most: int256 = MAX_RATIO if len(legs) != 1 else 1
    for leg: Leg in legs:
        assert leg.series > last, "batch: legs not ascending"
        last = leg.series
        assert leg.ratio != 0 and leg.ratio <= most and leg.ratio >= -most, "batch: ratio out of range"
        contracts: uint256 = units * convert(abs(leg.ratio), uint256)
        self._require_quantity(contracts <= MAX_QUANTITY)
        quantity: uint256 = unsafe_mul(contracts, UNIT)
        limits: (uint256, uint256) = staticcall LISTING.admit(leg.series, quantity)
        assert quantity <= min(limits[0], limits[1]), "batch: above limit of series"
        spot: (uint256, bool) = staticcall IOracle(ORACLE).spot(series._underlying(leg.series))
        # Prices are below 2**128 and contracts below 2**65.
        notional = unsafe_add(notional, unsafe_mul(contracts, spot[0]) // (UNIT * UNIT))
        changes.append(series._pack(leg.series, unsafe_mul(leg.ratio, unsafe_mul(convert(units, int256), SIGNED_UNIT))))
    # contracts [UNIT] x spot [wad] / UNIT**2 is [UNIT] of USD.
    return changes, max(BOND, unsafe_add(unsafe_mul(notional, RATE), BPS - 1) // BPS)
