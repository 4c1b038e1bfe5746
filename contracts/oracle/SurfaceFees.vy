# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title SurfaceFees
@license AGPL-3.0-only
@notice Pays those who sign the reports of a volatility surface. The surface counts, for each
        reporter, the reports that were accepted, punctual and not closer than asked (see
        VolatilitySurface.vy); each earns its signers `fee`, from a pot that anyone fills. A surface
        refuses what has arbitrage or moves too fast, so what it accepted was good enough to be used.

        The pay of a reporter without a full bond in ReporterBonds.vy stays in the pot. When the
        pot cannot pay all that is due, it waits for money, and nobody loses by a call at the wrong
        time. Counters go around after 2**16 reports: whoever is not paid for six weeks of busy
        reporting may lose the pay for them.
@custom:trust The owner sets the fee, for what is not paid yet too, within the pot.
@custom:kill A fee of zero. Claims never stop.
@custom:rounding None.
"""

from ethereum.ercs import IERC20
from snekmate.auth import ownable

from ..interfaces import IReporterBonds

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


interface Surface:
    def tallies(version: uint256) -> uint256: view
    def members(version: uint256) -> address[16]: view


MAX_REPORTERS: constant(uint256) = 16
MASK_16: constant(uint256) = 2**16 - 1
# [token units] of one signature.
MAX_FEE: constant(uint256) = 2**128

TOKEN: public(immutable(IERC20))
SURFACE: public(immutable(Surface))
BONDS: public(immutable(IReporterBonds))


# [token units] for a signature under a report that counts.
fee: public(uint256)
# [token units]
pot: public(uint256)
# committee version -> tally, as the surface's, of what is paid
paid: public(HashMap[uint256, uint256])
# reporter -> [token units] to be claimed
owed: public(HashMap[address, uint256])


event FeeSet:
    old: uint256
    new: uint256


event PotFunded:
    amount: uint256
    pot: uint256


event ReportsPaid:
    version: indexed(uint256)
    tally: uint256
    amount: uint256
    pot: uint256


event Claimed:
    earner: indexed(address)
    amount: uint256


@deploy
def __init__(token: address, surface: address, bonds: address, fee: uint256, owner: address):
    """
    @param token Settlement token, which must not call its receivers nor take fees.
    @param surface Whose reports are paid.
    @param bonds Where its reporters have staked.
    @param fee [token units] for each signature.
    """
    assert owner != empty(address), "fees: no owner"
    ownable.__init__()
    ownable._transfer_ownership(owner)
    TOKEN = IERC20(token)
    SURFACE = Surface(surface)
    BONDS = IReporterBonds(bonds)
    self._set_fee(fee)


# -- anyone --


@external
def fund(amount: uint256):
    """
    @notice Pays into the pot.
    """
    self.pot += amount
    log PotFunded(amount=amount, pot=self.pot)
    moved: bool = extcall TOKEN.transferFrom(msg.sender, self, amount, default_return_value=True)
    assert moved, "fees: token did not move"


@external
def accrue(version: uint256) -> uint256:
    """
    @notice Credits the reporters of a committee with what they have signed since the last time.
    @param version Of the committee, as the surface counts them.
    @return [token units] credited; 0 when the pot cannot pay all of it.
    """
    tally: uint256 = staticcall SURFACE.tallies(version)
    paid: uint256 = self.paid[version]
    members: address[MAX_REPORTERS] = staticcall SURFACE.members(version)
    fee: uint256 = self.fee
    shares: uint256[MAX_REPORTERS] = empty(uint256[MAX_REPORTERS])
    amount: uint256 = 0
    for i: uint256 in range(MAX_REPORTERS):
        place: uint256 = 16 * i
        due: uint256 = unsafe_sub(tally >> place, paid >> place) & MASK_16
        if due != 0 and staticcall BONDS.is_bonded(members[i]):
            shares[i] = due * fee
            amount += shares[i]
    pot: uint256 = self.pot
    if amount > pot:
        return 0
    for i: uint256 in range(MAX_REPORTERS):
        if shares[i] != 0:
            self.owed[members[i]] += shares[i]
    self.paid[version] = tally
    self.pot = pot - amount
    log ReportsPaid(version=version, tally=tally, amount=amount, pot=pot - amount)
    return amount


@external
def claim() -> uint256:
    """
    @return [token units] what the caller had earned, now paid.
    """
    amount: uint256 = self.owed[msg.sender]
    self.owed[msg.sender] = 0
    log Claimed(earner=msg.sender, amount=amount)
    moved: bool = extcall TOKEN.transfer(msg.sender, amount, default_return_value=True)
    assert moved, "fees: token did not move"
    return amount


# -- owner --


@external
def set_fee(fee: uint256):
    """
    @param fee [token units] for each signature.
    """
    ownable._check_owner()
    self._set_fee(fee)


# -- internals --


@internal
def _set_fee(fee: uint256):
    assert fee <= MAX_FEE, "fees: fee too large"
    log FeeSet(old=self.fee, new=fee)
    self.fee = fee
