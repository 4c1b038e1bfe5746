# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title BatchAuction
@license AGPL-3.0-only
@notice Orders of an epoch are sealed, then opened, then trade together: one price for each series,
        whoever came first or shouted loudest. An epoch e takes LENGTH seconds from e x LENGTH on:

          commit     e x LENGTH      a hash, backed by a bond; or the order itself, for all to see
          reveal     next LENGTH     what was sealed; who stays silent forfeits the bond
          challenge  until WINDOW s  who shows an order whose account would not pass its margin has it
                     after that      dropped before prices are made, for half of its bond
          clear      then            prices (crossing.vy), linked orders, trades; by anyone, in
                                     portions; for a day, then bonds are free whatever happened

        An order is one option at a limit, or linked: a package of up to four options at one limit for
        a unit of it, all legs or none, and all units unless somebody on the other side was dropped
        meanwhile. Linked orders are judged from the one that pays most: it is in
        when all its legs are filled by orders of single options, and every linked order in so far
        keeps its limit at the prices that result. One that is not in leaves no trace in any price.
@dev Trades join a buyer and a seller, 16 to one `novate`, so each account's margin is checked once for
     all of them; a package moves with all its legs in one. When a call is refused, its trades are
     tried singly, the account at fault loses its order and bond, and the rest goes on: the other
     side meets the next in line at the same price, and the last in line goes without. So nobody can
     stop a batch, only leave it, for the bond, which grows with the size of the order.
     A price stands although an order that helped to make it was dropped after it: others may have
     traded at it, and accounts cannot all be looked at in the call that trades them. So leaving can
     move a price, within everybody's limits, as trading a little can: that costs the distance from
     what the option is worth, leaving costs RATE, which should not be much less.
     Which failure is whose is asked of the ledger afterwards and never taken from the failure itself,
     so a caller who gives too little gas harms nobody.
@custom:trust Nobody: there is no owner.
@custom:kill None here; the clearinghouse stops a venue by `set_venue`. Bonds come back all the same.
@custom:rounding See crossing.vy; premiums are exact.
"""

from ..instruments import series
from ..interfaces import IClearinghouse
from ..interfaces import IListing
from ..interfaces import IOracle
from . import commitments
from . import crossing
from . import matching
from . import order_book

initializes: commitments
initializes: order_book
initializes: matching[commitments := commitments, order_book := order_book]

exports: (
    # anyone
    commitments.bring,
    commitments.take,
    commitments.sweep,
    # views
    commitments.free,
    commitments.forfeited,
    commitments.commitment,
    matching.orders,
)


UNIT: constant(uint256) = 10**9
MASK_80: constant(uint256) = 2**80 - 1
MASK_96: constant(uint256) = 2**96 - 1
BPS: constant(uint256) = 10**4
DAY: constant(uint256) = 86_400
# [s] how long packages wait for fresh prices.
PATIENCE: constant(uint256) = 3_600
MAX_LEGS: constant(uint256) = 4
MAX_LINKED: constant(uint256) = 16
MAX_RATIO: constant(int256) = 15
MAX_CALLS: constant(uint256) = 16
# [UNIT] contracts of an order: in wad they fit a position.
MAX_QUANTITY: constant(uint256) = 2**65 - 1
# [UNIT] A limit of a package, which may be negative, is kept with this added.
BIAS: constant(int256) = 2**79
# Of the word of an epoch's linked orders: all are judged.
JUDGED: constant(uint256) = 1 << 255
STARTED: constant(uint256) = 1 << 254

CLEARINGHOUSE: public(immutable(address))
ORACLE: public(immutable(address))
# [s] of a commit or a reveal, and of the time to challenge
LENGTH: public(immutable(uint256))
WINDOW: public(immutable(uint256))
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


# Epoch -> JUDGED or STARTED | id of the package to be judged next
judged: HashMap[uint256, uint256]


event Revealed:
    account: indexed(uint256)
    epoch: indexed(uint256)
    series: indexed(uint256)  # 0 for a package
    id: uint256
    units: uint256  # [wad]
    limit: int256  # [wad USD]


@deploy
def __init__(
    clearinghouse: address,
    oracle: address,
    standing: address,
    length: uint256,
    window: uint256,
    bond: uint256,
    rate: uint256,
):
    """
    @param standing A Standing of the same clearinghouse.
    @param length [s] 1 minute to 1 day
    @param window [s] at most a length
    @param bond [1e-9 USD] smallest
    @param rate [bps of notional] at most 500
    """
    assert length >= 60 and length <= DAY and window <= length, "batch: times out of range"
    assert bond != 0 and bond < 2**60 and rate <= 500, "batch: bond out of range"
    commitments.__init__(clearinghouse)
    matching.__init__(clearinghouse, standing)
    CLEARINGHOUSE = clearinghouse
    ORACLE = oracle
    LENGTH = length
    WINDOW = window
    BOND = bond
    RATE = rate


# -- who trades --


@external
def commit(sealed: bytes32, bond: uint256):
    """
    @notice Seals an order for this epoch; see `seal`. Its bond is all that others see of it.
    @param bond [1e-9 USD] of what the caller brought; it limits the order's size.
    """
    assert bond >= BOND, "batch: bond too small"
    commitments._commit(block.timestamp // LENGTH, sealed, bond)


@external
def reveal(order: Order, salt: bytes32, hint: uint256) -> uint256:
    """
    @notice Opens what the caller sealed in the epoch before. Its account must pass margin with all of it
            traded at its limit.
    @param salt As it was sealed.
    @param hint Order of the same list behind which it stands, 0 if unknown: saves a walk, no more.
    @return Its id. A list keeps the best 64 orders, of packages 16; bonds of others are free at once.
    """
    epoch: uint256 = block.timestamp // LENGTH - 1
    sealed: bytes32 = self._seal(msg.sender, order, salt)
    bond: uint256 = commitments._open(epoch, sealed)
    return self._enter(epoch, sealed, order, bond, hint)


@external
def place(order: Order, salt: bytes32, hint: uint256) -> uint256:
    """
    @notice Enters an order of this epoch openly, while others are sealed: one call for who does not mind
            that it is seen, such as a contract. From there on it is like the others.
    @param salt Anything that tells orders apart.
    @return Its id. Its bond, the smallest that will do, is bound of what the account's owner brought.
    """
    return self._enter(block.timestamp // LENGTH, self._seal(msg.sender, order, salt), order, 0, hint)


# -- anyone --


@external
def forfeit(owner: address, sealed: bytes32):
    """
    @notice Takes the bond of a commitment that was not opened in time.
    """
    word: uint256 = commitments.commitment[owner][sealed]
    assert word != 0, "batch: no such commitment"
    assert block.timestamp >= ((word >> 96) + 2) * LENGTH, "batch: not yet"
    commitments.commitment[owner][sealed] = 0
    commitments._forfeit(owner, word & MASK_96)


@external
def challenge(id: uint256):
    """
    @notice Drops an order, before prices are made, whose account would not pass margin with all of it
            traded at its limit. The caller earns half of the bond.
    """
    record: matching.Record = matching.orders[id]
    assert record.account != 0, "batch: no such order"
    epoch: uint256 = self._epoch(record)
    assert block.timestamp < self._clearing(epoch), "batch: too late"
    list: uint256 = matching._list(epoch, record.terms >> 96, record.terms & 1 != 0)
    node: uint256 = order_book.nodes[list][id]
    units: int256 = convert(node & MASK_80, int256)
    key: int256 = convert((node >> 80) & MASK_80, int256)
    changes: DynArray[uint256, MAX_LEGS] = []
    cost: int256 = 0
    if record.terms >> 96 == 0:
        for leg: uint256 in matching.legs[id]:
            changes.append(series._pack(leg >> 96, series._quantity(leg) * units * convert(UNIT, int256)))
        cost = (key - BIAS) * units
    else:
        if record.terms & 1 != 0:
            units = -units
        changes.append(series._pack(record.terms >> 96, units * convert(UNIT, int256)))
        cost = key * units
    assert matching._standing(record.account, changes, cost) == matching.BAD, "batch: order is sound"
    order_book._remove(list, id)
    bond: uint256 = matching._drop(id)
    commitments.free[msg.sender] += bond // 2
    commitments._forfeit(convert(record.account >> 96, address), bond - bond // 2)


@external
def judge(epoch: uint256, most: uint256):
    """
    @notice Decides which packages of an epoch are in.
    @param most Packages to look at now.
    """
    self._require_clearing(epoch)
    list: uint256 = matching._list(epoch, 0, False)
    state: uint256 = self.judged[epoch]
    if state == 0:
        state = STARTED | (order_book.nodes[list][0] >> 160)
    for _: uint256 in range(most, bound=MAX_LINKED):
        id: uint256 = state & MASK_96
        if id == 0:
            break
        matching._judge(epoch, list, id)
        state = STARTED | (order_book.nodes[list][id] >> 160)
    if state & MASK_96 == 0:
        state = JUDGED
    self.judged[epoch] = state


@external
def settle_linked(epoch: uint256, most: uint256):
    """
    @notice Trades the packages that are in.
    @param most Calls of the ledger, each of which moves part of one package with all its legs.
    """
    self._require_clearing(epoch)
    assert self.judged[epoch] == JUDGED, "batch: packages not judged"
    for _: uint256 in range(most, bound=MAX_CALLS):
        at: uint256 = matching.traded[epoch]
        if at >> 80 == len(matching.accepted[epoch]):
            break
        for leg: uint256 in matching.legs[matching.accepted[epoch][at >> 80]]:
            # Not for ever, or a market that is closed would hold up all others.
            if block.timestamp < self._clearing(epoch) + PATIENCE:
                self._require_fresh(leg >> 96)
        matching._trade_package(epoch, at)


@external
def settle(epoch: uint256, code: uint256, most: uint256):
    """
    @notice Trades the orders of a series, after all packages of the epoch.
    @param most Calls of the ledger, of up to 16 trades each.
    """
    self._require_clearing(epoch)
    assert self.judged[epoch] == JUDGED, "batch: packages not judged"
    assert matching.traded[epoch] >> 80 == len(matching.accepted[epoch]), "batch: packages not traded"
    list: uint256 = matching._list(epoch, code, False)
    if matching.results[list] == 0:
        # No package touched it.
        matching._store(list, matching._crossing(list, 0), 0)
    assert matching.results[list] & matching.SETTLED == 0, "batch: settled"
    done: bool = block.timestamp >= series._expiry(code)
    if not done:
        self._require_fresh(code)
        done = matching._trade(list, code, most)
    if done:
        matching.results[list] |= matching.SETTLED


@external
def release(ids: DynArray[uint256, 32]):
    """
    @notice Frees the bonds of orders that are through, to the owners of their accounts.
    """
    for id: uint256 in ids:
        record: matching.Record = matching.orders[id]
        assert record.account != 0, "batch: no such order"
        assert self._is_over(record), "batch: not yet"
        matching._release(id, record)


# -- views --


@external
@view
def seal(owner: address, order: Order, salt: bytes32) -> bytes32:
    """
    @notice What is committed for an order. The low 96 bits are its id.
    @param owner Who commits and reveals.
    @param salt Secret until then.
    """
    return self._seal(owner, order, salt)


@external
@view
def result(epoch: uint256, code: uint256) -> (bool, bool, crossing.Crossing):
    """
    @return Whether the series has its price, whether all is traded, and the figures [1e-9]
            without the volume.
    """
    list: uint256 = matching._list(epoch, code, False)
    word: uint256 = matching.results[list]
    return word & matching.CLEARED != 0, word & matching.SETTLED != 0, matching._result(list)


@external
@view
def accepted_in(epoch: uint256) -> (bool, DynArray[uint256, MAX_LINKED]):
    """
    @return Whether all packages are judged, and those that are in.
    """
    return self.judged[epoch] == JUDGED, matching.accepted[epoch]


@external
@view
def is_over(id: uint256) -> bool:
    """
    @notice Whether nothing of an order will trade any more.
    """
    record: matching.Record = matching.orders[id]
    return record.account == 0 or self._is_over(record)


@external
@view
def list_of(epoch: uint256, code: uint256, sells: bool) -> DynArray[uint256, order_book.MOST]:
    """
    @return limit << 80 | quantity [1e-9] of orders, the best first; for a package (code 0) 2**79 is
            added to the limit.
    """
    return order_book._words(matching._list(epoch, code, sells))


# -- internals --


@internal
def _enter(epoch: uint256, sealed: bytes32, order: Order, bond: uint256, hint: uint256) -> uint256:
    """
    @notice Puts an order into its list.
    @param bond [1e-9 USD] bound for it already; 0: the smallest is bound now.
    """
    id: uint256 = convert(sealed, uint256) & MASK_96
    assert id != 0 and matching.orders[id].account == 0, "batch: id taken"
    assert staticcall IClearinghouse(CLEARINGHOUSE).may_act(msg.sender, order.account), "batch: sender may not act"
    units: uint256 = order.units // UNIT
    assert units * UNIT == order.units and units != 0, "batch: quantity out of range"
    limit: int256 = order.limit // convert(UNIT, int256)
    assert limit * convert(UNIT, int256) == order.limit and abs(limit) < BIAS, "batch: limit out of range"
    changes: DynArray[uint256, MAX_LEGS] = []
    least: uint256 = 0
    changes, least = self._checked_legs(order.legs, units)
    bound: uint256 = bond
    if bond == 0:
        bound = least
        commitments._bind(convert(order.account >> 96, address), least)
    assert bound >= least, "batch: bond too small"
    cost: int256 = limit * convert(units, int256)
    health: uint256 = matching._standing(order.account, changes, cost)
    assert health != matching.BAD, "batch: below margin"

    code: uint256 = 0
    sells: bool = False
    # A package is a buyer of itself at a limit that may be negative.
    key: uint256 = convert(limit + BIAS, uint256)
    most: uint256 = MAX_LINKED
    if len(order.legs) == 1:
        code = order.legs[0].series
        sells = order.legs[0].ratio < 0
        assert limit != 0 and (limit < 0) == sells, "batch: limit out of range"
        key = convert(abs(limit), uint256)
        most = order_book.MOST
    else:
        words: DynArray[uint256, MAX_LEGS] = []
        for leg: Leg in order.legs:
            words.append(series._pack(leg.series, leg.ratio))
        matching.legs[id] = words
    matching.orders[id] = matching.Record(
        account=order.account,
        terms=(code << 96) | (bound << 32) | (epoch << 1) | convert(sells, uint256),
    )
    log Revealed(account=order.account, epoch=epoch, series=code, id=id, units=order.units, limit=order.limit)
    out: uint256 = order_book._insert(matching._list(epoch, code, sells), id, key, units, hint, not sells, most)
    if out != 0:
        matching._release(out, matching.orders[out])
    return id


@internal
@view
def _seal(owner: address, order: Order, salt: bytes32) -> bytes32:
    return keccak256(abi_encode(chain.id, self, owner, order, salt))


@internal
@pure
def _epoch(record: matching.Record) -> uint256:
    return (record.terms >> 1) & (2**31 - 1)


@internal
@view
def _clearing(epoch: uint256) -> uint256:
    """
    @return [s] from when on prices are made.
    """
    return (epoch + 2) * LENGTH + WINDOW


@internal
@view
def _require_clearing(epoch: uint256):
    since: uint256 = self._clearing(epoch)
    assert block.timestamp >= since, "batch: not yet"
    assert block.timestamp < since + DAY, "batch: too late"


@internal
@view
def _require_fresh(code: uint256):
    quote: IOracle.Quote = staticcall IOracle(ORACLE).quote(series._underlying(code), series._expiry(code))
    assert quote.fresh, "batch: stale price"


@internal
@view
def _is_over(record: matching.Record) -> bool:
    epoch: uint256 = self._epoch(record)
    if block.timestamp >= self._clearing(epoch) + DAY:
        return True
    code: uint256 = record.terms >> 96
    if code != 0:
        return matching.results[matching._list(epoch, code, False)] & matching.SETTLED != 0
    return self.judged[epoch] == JUDGED and matching.traded[epoch] >> 80 == len(matching.accepted[epoch])


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
        assert contracts <= MAX_QUANTITY, "batch: quantity out of range"
        quantity: int256 = convert(contracts * UNIT, int256)
        limits: (uint256, uint256) = staticcall IListing(
            staticcall IClearinghouse(CLEARINGHOUSE).LISTING()
        ).admit(leg.series, contracts * UNIT)
        assert contracts * UNIT <= min(limits[0], limits[1]), "batch: above limit of series"
        spot: (uint256, bool) = staticcall IOracle(ORACLE).spot(series._underlying(leg.series))
        notional += contracts * spot[0] // (UNIT * UNIT)
        changes.append(series._pack(leg.series, quantity if leg.ratio > 0 else -quantity))
    # contracts [UNIT] x spot [wad] / UNIT**2 is [UNIT] of USD.
    return changes, max(BOND, (notional * RATE + BPS - 1) // BPS)
