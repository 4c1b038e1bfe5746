# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Watchdog
@license AGPL-3.0-only
@notice Whoever shows that the clearinghouse does not add up gets a bounty, and in the same call the opening
        of risk is halted in all markets. Three things must always hold:
          cash      tokens held, debt and what is not settled yet cover all credit
          indices   the index of debt never falls, that of credit only when a loss is shared
          interest  no series has more longs than its open interest, nor more shorts while it lives
        The halt ends by itself; as long as the fault is there anybody can renew it, for no bounty.
@dev Every check is one that no sequence of allowed calls can fail, and none can be made while another
     call runs: the ledger's views are locked then. A ledger whose views revert is not judged, lest
     something else that makes them revert earned the bounty.
@custom:trust The owner sets the bounty and arms the watchdog again. It can do nothing but halt.
@custom:kill Taking its role from it (`Listing.set_watchdog`).
@custom:rounding None.
"""

from snekmate.auth import ownable

from ..instruments import series

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


struct Certificate:
    held: uint256
    credit: uint256
    debt: uint256
    fund: int256
    unsettled: int256
    surplus: int256
    outstanding: uint256


interface Ledger:
    def certificate() -> Certificate: view
    def indices() -> uint256: view
    def open_interest(code: uint256) -> uint256: view
    def positions_of(account: uint256) -> DynArray[uint256, 128]: view


interface Listing:
    def losses() -> uint256: view
    def halt(underlying: uint256, duration: uint256): nonpayable


interface Token:
    def balanceOf(owner: address) -> uint256: view
    def transfer(receiver: address, amount: uint256) -> bool: nonpayable


MAX_ACCOUNTS: constant(uint256) = 32
DAY: constant(uint256) = 86_400
MAX_HALT: constant(uint256) = 3 * DAY
ALL: constant(uint256) = 0
MASK_128: constant(uint256) = 2**128 - 1

LEDGER: public(immutable(Ledger))
LISTING: public(immutable(Listing))
TOKEN: public(immutable(Token))


# [token units] for who shows a fault, as far as it is here.
bounty: public(uint256)
# Whether a bounty was paid since the owner armed it.
tripped: public(bool)
# Indices as last seen, supply 128 | borrow 128 [ray], and when [s].
seen: uint256
seen_at: uint256


event Checked:
    indices: uint256


event Tripped:
    fault: String[16]
    witness: indexed(address)
    bounty: uint256  # [token units]


event BountySet:
    old: uint256
    new: uint256


event Armed:
    old_tripped: bool


@deploy
def __init__(ledger: Ledger, listing: Listing, token: Token, bounty: uint256, owner: address):
    """
    @param token The settlement token, in which the bounty is paid; send it here.
    @param bounty [token units]
    """
    ownable.__init__()
    assert owner != empty(address), "watchdog: no owner"
    ownable._transfer_ownership(owner)
    LEDGER = ledger
    LISTING = listing
    TOKEN = token
    self.bounty = bounty
    log BountySet(old=0, new=bounty)


# -- anyone --


@external
def invariant_check() -> bool:
    """
    @notice Checks cash and indices, and remembers the indices for the next check.
    @return Whether they hold. When not: halted, and the caller was paid.
    """
    certificate: Certificate = staticcall LEDGER.certificate()
    if certificate.surplus < 0:
        return self._trip("cash")
    indices: uint256 = staticcall LEDGER.indices()
    before: uint256 = self.seen
    if indices & MASK_128 < before & MASK_128:
        return self._trip("debt index")
    # The index of credit falls when a loss is shared, and losses are known by day.
    day: uint256 = block.timestamp // DAY
    same_day: bool = self.seen_at // DAY == day
    lossless: bool = staticcall LISTING.losses() & MASK_128 != day
    if same_day and lossless and indices >> 128 < before >> 128:
        return self._trip("credit index")
    self.seen = indices
    self.seen_at = block.timestamp
    log Checked(indices=indices)
    return True


@external
def interest_check(code: uint256, owners: DynArray[uint256, MAX_ACCOUNTS]) -> bool:
    """
    @notice Compares the positions of these accounts in a series with its open interest.
    @param owners Accounts, ascending.
    @return Whether neither longs nor shorts exceed it.
    """
    longs: uint256 = 0
    shorts: uint256 = 0
    last: uint256 = 0
    for account: uint256 in owners:
        assert account > last, "watchdog: not ascending"
        last = account
        words: DynArray[uint256, 128] = staticcall LEDGER.positions_of(account)
        for word: uint256 in words:
            if series._code(word) == code:
                quantity: int256 = series._quantity(word)
                longs += convert(max(quantity, 0), uint256)
                shorts += convert(max(-quantity, 0), uint256)
    # Open interest is what is held long. Who is short may settle later than who is long.
    if series._has_barrier(code) or series._expiry(code) <= block.timestamp:
        shorts = 0
    if max(longs, shorts) > staticcall LEDGER.open_interest(code):
        return self._trip("interest")
    return True


# -- owner --


@external
def set_bounty(bounty: uint256):
    """
    @param bounty [token units] paid as far as it is here.
    """
    ownable._check_owner()
    log BountySet(old=self.bounty, new=bounty)
    self.bounty = bounty


@external
def arm():
    """
    @notice Pays again for the next fault, when the last one is mended. Indices are learnt anew.
    """
    ownable._check_owner()
    log Armed(old_tripped=self.tripped)
    self.tripped = False
    self.seen = 0
    self.seen_at = 0


@external
def retire(receiver: address):
    """
    @notice Sends the bounty elsewhere: to a successor.
    """
    ownable._check_owner()
    amount: uint256 = staticcall TOKEN.balanceOf(self)
    assert extcall TOKEN.transfer(receiver, amount, default_return_value=True), "watchdog: not paid"


# -- internals --


@internal
def _trip(fault: String[16]) -> bool:
    paid: uint256 = 0
    if not self.tripped:
        self.tripped = True
        paid = min(self.bounty, staticcall TOKEN.balanceOf(self))
    log Tripped(fault=fault, witness=msg.sender, bounty=paid)
    extcall LISTING.halt(ALL, MAX_HALT)
    if paid != 0:
        assert extcall TOKEN.transfer(msg.sender, paid, default_return_value=True), "watchdog: not paid"
    return False
