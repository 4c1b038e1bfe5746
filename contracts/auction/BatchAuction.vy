# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
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
        meanwhile. Linked orders are judged from the one that pays most: it is in when all its legs are
        filled by orders of single options, and every linked order in so far keeps its limit at the
        prices that result. One that is not in leaves no trace in any price.
@dev An order is one word (order_book.vy); what it must be is in entries.vy, what becomes of it in matching.vy.
     Trades join a buyer and a seller, 16 to one `novate`, so each account's margin is checked once for all of
     them; a package moves with all its legs in one. When a call is refused, its trades are tried singly,
     the account at fault loses its order and bond, and the rest goes on: the other side meets the next in
     line at the same price, and the last goes without. So nobody can stop a batch, only leave it, for
     the bond, which grows with the size of the order.
     A price stands although an order that helped to make it was dropped after it: others may have
     traded at it, and accounts cannot all be looked at in the call that trades them. So leaving can
     move a price, within everybody's limits, as trading a little can: that costs the distance from
     what the option is worth, leaving costs RATE, which should not be much less.
     Whose failure it is is asked of the ledger afterwards: who gives too little gas harms nobody.
@custom:trust Nobody: there is no owner.
@custom:kill None here; the clearinghouse stops a venue by `set_venue`. Bonds come back all the same.
@custom:rounding See crossing.vy; premiums are exact.
"""

from ..instruments import series
from ..interfaces import IOracle
from . import commitments
from . import crossing
from . import entries
from . import matching
from . import order_book
from . import packages

initializes: commitments
initializes: order_book
initializes: matching[commitments := commitments, order_book := order_book]
initializes: packages[matching := matching, order_book := order_book]
initializes: entries[
    commitments := commitments, matching := matching, order_book := order_book, packages := packages
]

exports: (
    # anyone
    commitments.bring,
    commitments.take,
    commitments.sweep,
    # views
    commitments.CLEARINGHOUSE,
    commitments.free,
    commitments.forfeited,
    commitments.commitment,
    entries.ORACLE,
    entries.BOND,
    entries.RATE,
)


SIGNED_UNIT: constant(int256) = 10**9
MASK_64: constant(uint256) = 2**64 - 1
MASK_96: constant(uint256) = 2**96 - 1
MASK_160: constant(uint256) = 2**160 - 1
DAY: constant(uint256) = 86_400
# [s] how long packages wait for fresh prices.
PATIENCE: constant(uint256) = 3_600
MAX_LEGS: constant(uint256) = 4
MAX_LINKED: constant(uint256) = 16
MAX_CALLS: constant(uint256) = 16

# [s] of a commit or a reveal, and of the time to challenge
LENGTH: public(immutable(uint256))
WINDOW: public(immutable(uint256))


struct Record:
    account: uint256  # 0: no such order, or it is over
    terms: uint256  # series 160, 0 for a package | bond 64 [UNIT] | epoch 31 | sells 1


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
    commitments.__init__(clearinghouse)
    matching.__init__(standing)
    entries.__init__(oracle, bond, rate)
    LENGTH = length
    WINDOW = window


# -- who trades --


@external
def commit(sealed: bytes32, bond: uint256):
    """
    @notice Seals an order for this epoch; see `seal`. Its bond is all that others see of it.
    @param bond [1e-9 USD] of what the caller brought; it limits the order's size.
    """
    assert bond >= entries.BOND, "batch: bond too small"
    commitments._commit(block.timestamp // LENGTH, sealed, bond)


@external
def reveal(order: entries.Order, salt: bytes32, hint: uint256) -> uint256:
    """
    @notice Opens what the caller sealed in the epoch before. Its account must pass margin with all of it
            traded at its limit.
    @param salt As it was sealed.
    @param hint How many orders its list has, 0 if unknown: saves a walk, no more.
    @return Its id. A list keeps the best 64 orders, of packages 16; bonds of others are free at once.
    """
    epoch: uint256 = block.timestamp // LENGTH - 1
    sealed: bytes32 = entries._seal(msg.sender, order, salt)
    bond: uint256 = commitments._close(msg.sender, sealed, epoch) & MASK_96
    return entries._enter(epoch, sealed, order, bond, hint)


@external
def place(order: entries.Order, salt: bytes32, hint: uint256) -> uint256:
    """
    @notice Enters an order of this epoch openly, while others are sealed: one call for who does not mind
            that it is seen, such as a contract. From there on it is like the others.
    @param salt Anything that tells orders apart.
    @return Its id. Its bond, the smallest that will do, is bound of what the account's owner brought.
    """
    return entries._enter(block.timestamp // LENGTH, entries._seal(msg.sender, order, salt), order, 0, hint)


# -- anyone --


@external
def forfeit(owner: address, sealed: bytes32):
    """
    @notice Takes the bond of a commitment that was not opened in time.
    """
    word: uint256 = commitments._close(owner, sealed, 0)
    self._require_since(((word >> 96) + 2) * LENGTH)
    commitments._forfeit(owner, word & MASK_96)


@external
def challenge(id: uint256):
    """
    @notice Drops an order, before prices are made, whose account would not pass margin with all of it
            traded at its limit. The caller earns half of the bond.
    """
    node: uint256 = self._standing_order(id)
    account: uint256 = matching._account(node)
    self._require_before(self._clearing(id >> 225))
    units: int256 = convert(order_book._quantity(node), int256)
    limit: int256 = convert(node >> 176, int256)
    code: uint256 = (id >> 65) & MASK_160
    changes: DynArray[uint256, MAX_LEGS] = []
    if code == 0:
        limit = unsafe_sub(limit, packages.BIAS)
        legs: DynArray[uint256, MAX_LEGS] = packages._legs(id)
        for leg: uint256 in legs:
            changes.append(series._pack(leg >> 96, unsafe_mul(series._quantity(leg), unsafe_mul(units, SIGNED_UNIT))))
    else:
        if (id >> 64) & 1 != 0:
            units = unsafe_sub(0, units)
        changes.append(series._pack(code, unsafe_mul(units, SIGNED_UNIT)))
    assert matching._standing(account, changes, unsafe_mul(limit, units)) == matching.BAD, "batch: order is sound"
    bond: uint256 = matching._drop(id)
    order_book._remove(id)
    commitments._credit(msg.sender, bond >> 1)
    commitments._forfeit(convert(account >> 96, address), unsafe_sub(bond, bond >> 1))


@external
def judge(epoch: uint256, most: uint256):
    """
    @notice Decides which packages of an epoch are in.
    @param most Packages to look at now.
    """
    self._require_clearing(epoch)
    packages._judge(epoch, most)


@external
def settle_linked(epoch: uint256, most: uint256):
    """
    @notice Trades the packages that are in.
    @param most Calls of the ledger, each of which moves part of one package with all its legs.
    """
    self._require_clearing(epoch)
    for _: uint256 in range(most, bound=MAX_CALLS):
        word: uint256 = self._judged(epoch)
        if packages._all_through(word):
            break
        legs: DynArray[uint256, MAX_LEGS] = packages._legs(packages._id(epoch, word, packages._through(word)))
        for leg: uint256 in legs:
            # Not for ever, or a market that is closed would hold up all others.
            if block.timestamp < self._clearing(epoch) + PATIENCE:
                self._require_fresh(leg >> 96)
        packages._trade(epoch, word)


@external
def settle(epoch: uint256, code: uint256, most: uint256):
    """
    @notice Trades the orders of a series, after all packages of the epoch.
    @param most Calls of the ledger, of up to 16 trades each.
    """
    self._require_clearing(epoch)
    word: uint256 = self._judged(epoch)
    assert packages._all_through(word), "batch: packages not traded"
    list: uint256 = matching._list(epoch, code, False)
    if matching.results[list] & matching.CLEARED == 0:
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
        node: uint256 = self._standing_order(id)
        self._require_since(block.timestamp if self._is_over(id) else max_value(uint256))
        matching._release(id, node)


# -- views --


@external
@view
def seal(owner: address, order: entries.Order, salt: bytes32) -> bytes32:
    """
    @notice What is committed for an order. Its id ends in the low 64 bits.
    @param owner Who commits and reveals.
    @param salt Secret until then.
    """
    return entries._seal(owner, order, salt)


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
    word: uint256 = packages.epochs[epoch]
    ids: DynArray[uint256, MAX_LINKED] = []
    for i: uint256 in range(packages._in(word), bound=MAX_LINKED):
        ids.append(packages._id(epoch, word, i))
    return word & packages.JUDGED != 0, ids


@external
@view
def orders(id: uint256) -> Record:
    """
    @notice An order by its id: epoch 31 | series 160, 0 for a package | sells 1 | end of its seal 64.
    """
    node: uint256 = order_book.nodes[id]
    if order_book._number(node) == 0:
        return empty(Record)
    terms: uint256 = (((id >> 65) & MASK_160) << 96) | ((node & MASK_64) << 32) | ((id >> 225) << 1) | ((id >> 64) & 1)
    return Record(account=matching._account(node), terms=terms)


@external
@view
def is_over(id: uint256) -> bool:
    """
    @notice Whether nothing of an order will trade any more.
    """
    return order_book._number(order_book.nodes[id]) == 0 or self._is_over(id)


@external
@view
def list_of(epoch: uint256, code: uint256, sells: bool) -> DynArray[uint256, order_book.MOST]:
    """
    @return limit << 80 | quantity [1e-9] of orders, the best first; for a package (code 0) 2**79 is
            added to the limit.
    """
    return order_book._words(order_book._keys(matching._list(epoch, code, sells), not sells), not sells)


# -- internals --


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
    self._require_since(since)
    self._require_before(since + DAY)


@internal
@view
def _require_since(time: uint256):
    assert block.timestamp >= time, "batch: not yet"


@internal
@view
def _require_before(time: uint256):
    assert block.timestamp < time, "batch: too late"


@internal
@view
def _standing_order(id: uint256) -> uint256:
    """
    @return The node of an order that is not over.
    """
    node: uint256 = order_book.nodes[id]
    assert order_book._number(node) != 0, "batch: no such order"
    return node


@internal
@view
def _require_fresh(code: uint256):
    quote: IOracle.Quote = staticcall IOracle(entries.ORACLE).quote(series._underlying(code), series._expiry(code))
    assert quote.fresh, "batch: stale price"


@internal
@view
def _is_over(id: uint256) -> bool:
    if block.timestamp >= self._clearing(id >> 225) + DAY:
        return True
    if (id >> 65) & MASK_160 != 0:
        return matching.results[(id >> 65) << 1] & matching.SETTLED != 0
    word: uint256 = packages.epochs[id >> 225]
    return word & packages.JUDGED != 0 and packages._all_through(word)


@internal
@view
def _judged(epoch: uint256) -> uint256:
    """
    @return The word of an epoch whose packages are all judged.
    """
    word: uint256 = packages.epochs[epoch]
    assert word & packages.JUDGED != 0, "batch: packages not judged"
    return word
