# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title FixingCourt
@license AGPL-3.0-only
@notice Settlement prices proposed against a bond, for expiries whose window is not recorded: the
        average of the sources' histories, computed off chain by whoever proposes, instead of some
        hundred rounds walked on chain. What is recorded needs no proposal and takes none, as
        anyone fixes it in one call of the oracle.

        Anyone proposes once the window is complete, anyone disputes within the dispute window, each
        with the same bond. Undisputed, the proposal becomes the fixing when the window has passed.
        Disputed, nothing becomes the fixing but what the oracle computes from what is recorded
        (`fix`: histories, a day later with gaps, three days later the fallback), which anyone may
        do at any time, and which settles the dispute: who proposed that very price is right, else
        who disputed is. The right side receives both bonds. So a false proposal costs its bond as
        soon as one person computes, and a false dispute costs its own.

        When nothing can be computed, from a day to three days after expiry, the owner may end a
        dispute by choosing between the two values that are recorded: the proposal, and the price
        that the oracle recorded last in the day up to expiry.

        Bonds are credited and then withdrawn, so no receiver can hold up a fixing.
@dev A price that the oracle fixed before the dispute window ended makes an
     undisputed proposal right or wrong as well; the bond of a wrong one goes to the beneficiary.
@custom:trust The owner, only in the case and between the values above. The bond's token must move
              what it is told to.
@custom:kill None: without anybody the oracle's fallback fixes.
@custom:rounding None.
"""

from snekmate.auth import ownable

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


interface PriceOracle:
    def fixing(underlying: uint256, expiry: uint256) -> uint256: view
    def recorded(underlying: uint256, expiry: uint256) -> (uint256, uint256): view
    def last(underlying: uint256) -> (uint256, uint256): view
    def record_fixing(underlying: uint256, expiry: uint256, price: uint256): nonpayable


interface Token:
    def balanceOf(owner: address) -> uint256: view
    def transfer(receiver: address, amount: uint256) -> bool: nonpayable
    def transferFrom(owner: address, receiver: address, amount: uint256) -> bool: nonpayable


HOUR: constant(uint256) = 3_600
# [s] after expiry between which the owner may choose, as in PriceOracle.vy.
FALLBACK_DELAY: constant(uint256) = 86_400
CLOSING_DELAY: constant(uint256) = 259_200
# [s] bounds of the dispute window: shorter than the delay of the fallback.
MIN_WINDOW: constant(uint256) = 600
MAX_WINDOW: constant(uint256) = 43_200


struct Proposal:
    price: uint256  # [wad] 0: none
    proposer: address
    deadline: uint256  # [s] disputes come before
    disputer: address  # empty while there is none


ORACLE: public(immutable(PriceOracle))
TOKEN: public(immutable(Token))
# [units of TOKEN] each side.
BOND: public(immutable(uint256))
# [s] length of the dispute window.
WINDOW: public(immutable(uint256))
# Receives bonds that nobody won.
BENEFICIARY: public(immutable(address))


# underlying -> expiry -> proposal; cleared when its bonds are credited
proposals: HashMap[uint256, HashMap[uint256, Proposal]]
# whose -> bonds that may be withdrawn
credit: public(HashMap[address, uint256])


event Proposed:
    underlying: indexed(uint256)
    expiry: indexed(uint256)
    price: uint256  # [wad]
    proposer: indexed(address)


event Disputed:
    underlying: indexed(uint256)
    expiry: indexed(uint256)
    disputer: indexed(address)


event Settled:
    underlying: indexed(uint256)
    expiry: indexed(uint256)
    price: uint256  # [wad] the fixing
    winner: indexed(address)
    amount: uint256  # [units of TOKEN]


@deploy
def __init__(oracle: PriceOracle, token: Token, bond: uint256, window: uint256, beneficiary: address, owner: address):
    """
    @param bond [units of token] should exceed the gas of computing by far.
    @param window [s] 10 minutes to 12 hours.
    @param beneficiary For example the security fund.
    @param owner Who chooses when nothing can be computed.
    """
    assert bond != 0, "court: no bond"
    assert window >= MIN_WINDOW and window <= MAX_WINDOW, "court: window out of range"
    assert beneficiary != empty(address) and owner != empty(address), "court: no owner"
    ORACLE = oracle
    TOKEN = token
    BOND = bond
    WINDOW = window
    BENEFICIARY = beneficiary
    ownable.__init__()
    ownable._transfer_ownership(owner)


# -- anyone --


@external
def propose(underlying: uint256, expiry: uint256, price: uint256):
    """
    @notice Proposes a fixing, with a bond.
    @param expiry [s] passed, on the hour.
    @param price [wad] What `fix` of the oracle would compute; within half and twice its last price,
           against slips of the decimal point.
    """
    assert block.timestamp >= expiry, "court: not expired"
    assert expiry % HOUR == 0 and expiry != 0, "court: expiry not on the hour"
    assert staticcall ORACLE.fixing(underlying, expiry) == 0, "court: already fixed"
    assert self.proposals[underlying][expiry].price == 0, "court: already proposed"
    assert (staticcall ORACLE.recorded(underlying, expiry))[0] == 0, "court: recorded, just fix"
    last: uint256 = (staticcall ORACLE.last(underlying))[0]
    assert price >= last // 2 and price <= 2 * last and price != 0, "court: far from last price"
    self.proposals[underlying][expiry] = Proposal(
        price=price, proposer=msg.sender, deadline=block.timestamp + WINDOW, disputer=empty(address)
    )
    log Proposed(underlying=underlying, expiry=expiry, price=price, proposer=msg.sender)
    self._take_bond()


@external
def dispute(underlying: uint256, expiry: uint256):
    """
    @notice Contests a proposal within its window, with a bond.
    """
    p: Proposal = self._proposal(underlying, expiry)
    assert p.disputer == empty(address), "court: already disputed"
    assert block.timestamp < p.deadline, "court: window has passed"
    # What is fixed already is not contested any more but settled.
    assert staticcall ORACLE.fixing(underlying, expiry) == 0, "court: already fixed"
    self.proposals[underlying][expiry].disputer = msg.sender
    log Disputed(underlying=underlying, expiry=expiry, disputer=msg.sender)
    self._take_bond()


@external
def settle(underlying: uint256, expiry: uint256):
    """
    @notice Makes an undisputed proposal the fixing once its window has passed, or credits the bonds
            when the oracle has fixed.
    """
    p: Proposal = self._proposal(underlying, expiry)
    price: uint256 = staticcall ORACLE.fixing(underlying, expiry)
    if price == 0:
        assert p.disputer == empty(address), "court: under dispute"
        assert block.timestamp >= p.deadline, "court: window is open"
        price = p.price
        extcall ORACLE.record_fixing(underlying, expiry, price)
    self._settle(underlying, expiry, p, price)


@external
def withdraw():
    """
    @notice Pays the caller what was credited to it.
    """
    amount: uint256 = self.credit[msg.sender]
    self.credit[msg.sender] = 0
    moved: bool = extcall TOKEN.transfer(msg.sender, amount, default_return_value=True)
    assert moved, "court: transfer failed"


# -- owner --


@external
def choose(underlying: uint256, expiry: uint256, proposal: bool):
    """
    @notice Ends a dispute in which nothing could be computed for a day.
    @param proposal True for the proposed price, False for what the oracle recorded last in the day
           up to expiry.
    """
    ownable._check_owner()
    p: Proposal = self._proposal(underlying, expiry)
    assert p.disputer != empty(address), "court: not disputed"
    age: uint256 = block.timestamp - expiry
    assert age >= FALLBACK_DELAY and age < CLOSING_DELAY, "court: not the time to choose"
    price: uint256 = p.price
    if not proposal:
        price = (staticcall ORACLE.recorded(underlying, expiry))[1]
        assert price != 0, "court: nothing recorded"
    extcall ORACLE.record_fixing(underlying, expiry, price)
    self._settle(underlying, expiry, p, price)


# -- views --


@external
@view
@reentrant
def proposal_of(underlying: uint256, expiry: uint256) -> Proposal:
    """
    @notice The open proposal; all zero when there is none.
    """
    return self.proposals[underlying][expiry]


# -- internals --


@internal
@view
def _proposal(underlying: uint256, expiry: uint256) -> Proposal:
    p: Proposal = self.proposals[underlying][expiry]
    assert p.price != 0, "court: no proposal"
    return p


@internal
def _settle(underlying: uint256, expiry: uint256, p: Proposal, price: uint256):
    """
    @notice Credits the bonds to who was right.
    """
    amount: uint256 = BOND
    if p.disputer != empty(address):
        amount += BOND
    winner: address = p.proposer
    if price != p.price:
        winner = BENEFICIARY if p.disputer == empty(address) else p.disputer
    self.proposals[underlying][expiry] = empty(Proposal)
    self.credit[winner] += amount
    log Settled(underlying=underlying, expiry=expiry, price=price, winner=winner, amount=amount)


@internal
def _take_bond():
    before: uint256 = staticcall TOKEN.balanceOf(self)
    moved: bool = extcall TOKEN.transferFrom(msg.sender, self, BOND, default_return_value=True)
    assert moved, "court: transfer failed"
    assert staticcall TOKEN.balanceOf(self) - before == BOND, "court: fee on transfer"
