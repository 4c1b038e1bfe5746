# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title VolatilitySurface
@license AGPL-3.0-only
@notice Implied volatilities, forwards and rates of every underlying, a raw SVI smile per expiry.
        Smiles arrive in reports that M of N reporters sign (EIP-712, committee.vy), submitted by
        anyone, or from the fitters that the owner names; either way they must be free of arbitrage
        and move slowly enough (smiles.vy).

        What its reporters earn is counted here and paid by SurfaceFees.vy: a report counts when it was
        posted within PUNCTUAL seconds of its time, SPACING after the last one of its expiry.

        A market that moves as a whole is posted expiry by expiry: upwards from the last one,
        downwards from the first, so that no calendar spread is free in between.
@custom:trust Whoever posts moves volatilities within the limits, in no other way. The owner names
              reporters and fitters, and sets limits within bounds fixed here.
@custom:kill None: without posts it grows old, and its readers judge the age. Nothing here can fail
             for want of money.
@custom:rounding As in smiles.vy.
"""

from snekmate.auth import ownable
from snekmate.utils import eip712_domain_separator as eip712

from ..interfaces import IVolatilitySurface
from . import committee
from . import smiles

initializes: ownable
initializes: eip712
initializes: committee
initializes: smiles
implements: IVolatilitySurface

exports: (ownable.owner, ownable.transfer_ownership, eip712.eip712Domain)


HOUR: constant(uint256) = 3_600
# [s] up to which a signed report is accepted.
MAX_AGE: public(constant(uint256)) = 600
# [s] of a report that counts for its signers: between its time and its block, and since the last
# report of the same expiry.
PUNCTUAL: public(constant(uint256)) = 60
SPACING: public(constant(uint256)) = 600
# [wad] per hour, widest limits.
MAX_SPEED: constant(uint256) = 2 * 10**18
MAX_CARRY_SPEED: constant(uint256) = 10**18
MAX_REPORTERS: constant(uint256) = committee.MAX_REPORTERS
# Top bit of each lane of a tally: 0x8000 in each of 16.
TOPS: constant(uint256) = (max_value(uint256) // (2**16 - 1)) << 15
REPORT_TYPE: constant(bytes32) = keccak256(
    "SurfaceReport(uint256 underlying,uint256 expiry,int256 a,int256 b,int256 rho,int256 m,int256 sigma,uint256 forward,int256 rate,uint256 timestamp)"
)


struct Report:
    underlying: uint256  # 1 to 65,535
    expiry: uint256  # [s] on the hour
    smile: smiles.Smile  # for the time from timestamp to expiry
    forward: uint256  # [wad] over spot
    rate: int256  # [wad] annual, continuously compounded
    timestamp: uint256  # [s]


# Who posts without signatures of others.
fitters: public(HashMap[address, bool])
# committee version -> reports that count, 16 bits for each reporter, the first one lowest, modulo
# 2**16: six weeks of reports every SPACING for ten expiries
tallies: public(HashMap[uint256, uint256])
# underlying -> limits; a surface without them takes no smiles
limits: public(HashMap[uint256, smiles.Limits])


event FitterSet:
    fitter: indexed(address)
    allowed: bool


event LimitsSet:
    underlying: indexed(uint256)
    old_limits: smiles.Limits
    new_limits: smiles.Limits


@deploy
def __init__(reporters: DynArray[address, MAX_REPORTERS], quorum: uint256, owner: address):
    """
    @param reporters By index, at most 16.
    @param quorum How many of them sign a report, more than half.
    """
    assert owner != empty(address), "surface: no owner"
    ownable.__init__()
    ownable._transfer_ownership(owner)
    eip712.__init__("Novate Volatility Surface", "1")
    committee._set(reporters, quorum)


# -- anyone --


@external
def submit(report: Report, signers: uint256, signatures: DynArray[bytes32[2], MAX_REPORTERS]):
    """
    @notice Posts what reporters have signed.
    @param signers Indices of the signers, ascending, a byte each, the first in the lowest byte.
    @param signatures (r, parity << 255 | s), as many as the quorum, in the same order.
    """
    assert report.timestamp <= block.timestamp, "report: from the future"
    assert block.timestamp - report.timestamp <= MAX_AGE, "report: too old"
    version: uint256 = committee._verify(self._digest(report), signers, signatures)[0]
    before: uint256 = (smiles.carry_words[report.underlying][report.expiry] >> 192) & smiles.MASK_40
    self._post(report)
    if block.timestamp - report.timestamp <= PUNCTUAL and report.timestamp >= before + SPACING:
        self.tallies[version] = self._counted(self.tallies[version], signers, len(signatures))


# -- fitters --


@external
def post(reports: DynArray[Report, 10]):
    """
    @notice Posts smiles in the order given, dated as they are, up to MAX_AGE ago.
    """
    assert self.fitters[msg.sender], "surface: caller is no fitter"
    for report: Report in reports:
        assert report.timestamp <= block.timestamp, "report: from the future"
        assert block.timestamp - report.timestamp <= MAX_AGE, "report: too old"
        self._post(report)


# -- owner --


@external
def set_limits(underlying: uint256, limits: smiles.Limits):
    """
    @notice How fast the surface of an underlying may move; the first limits open it.
    """
    ownable._check_owner()
    assert underlying != 0 and underlying < 2**16, "surface: no such underlying"
    assert limits.volatility > 0 and limits.volatility <= MAX_SPEED, "surface: speed out of range"
    assert limits.carry > 0 and limits.carry <= MAX_CARRY_SPEED, "surface: speed out of range"
    assert limits.first > 0 and limits.first <= MAX_SPEED, "surface: speed out of range"
    log LimitsSet(underlying=underlying, old_limits=self.limits[underlying], new_limits=limits)
    self.limits[underlying] = limits


@external
def set_fitter(fitter: address, allowed: bool):
    """
    @notice Lets an agent post without signatures, or stops it.
    """
    ownable._check_owner()
    self.fitters[fitter] = allowed
    log FitterSet(fitter=fitter, allowed=allowed)


@external
def set_committee(reporters: DynArray[address, MAX_REPORTERS], quorum: uint256):
    """
    @notice Names the reporters anew, as in SignedFeed.
    """
    ownable._check_owner()
    committee._set(reporters, quorum)


# -- views: total, and readable in the midst of any call --


@external
@view
@reentrant
def smile(underlying: uint256, expiry: uint256) -> (uint256, uint256, uint256, int256, uint256, uint256):
    """
    @notice The surface of one (underlying, expiry), as in the interface.
    @return Raw SVI, tenor [s], forward over spot [wad], rate [wad], volatility at the money [wad],
            time of posting [s]; all zero when there is nothing to say them from.
    """
    reading: smiles.Reading = smiles._reading(underlying, expiry)
    return reading.smile, reading.tenor, reading.forward, reading.rate, reading.volatility, reading.posted


@external
@view
@reentrant
def expiries(underlying: uint256) -> DynArray[uint256, 10]:
    """
    @return Expiries [s] that have a smile and have not passed, ascending.
    """
    list: uint256 = smiles._live(underlying)
    found: DynArray[uint256, 10] = []
    for i: uint256 in range(10):
        hour: uint256 = (list >> (24 * i)) & (2**24 - 1)
        if hour == 0:
            break
        found.append(hour * HOUR)
    return found


@external
@view
@reentrant
def members(committee_version: uint256) -> address[MAX_REPORTERS]:
    """
    @return Reporters of a committee, by index; reverts for a version that never was.
    """
    return committee._members(committee_version)


@external
@view
@reentrant
def committee_now() -> (uint256, uint256):
    """
    @return Version of the committee, counted from 1, and how many of it sign a report.
    """
    return committee._version(), committee._quorum()


@external
@view
@reentrant
def digest_of(report: Report) -> bytes32:
    """
    @return What a reporter signs (EIP-712).
    """
    return self._digest(report)


# -- internals --


@internal
def _post(report: Report):
    limits: smiles.Limits = self.limits[report.underlying]
    assert limits.volatility != 0, "surface: underlying not open"
    smiles._post(
        report.underlying, report.expiry, report.smile, report.forward, report.rate, report.timestamp, limits
    )


@internal
@pure
def _counted(tally: uint256, signers: uint256, count: uint256) -> uint256:
    """
    @return The tally with one more for each signer.
    """
    ones: uint256 = 0
    rest: uint256 = signers
    for _: uint256 in range(count, bound=MAX_REPORTERS):
        ones |= 1 << unsafe_mul(rest & 255, 16)
        rest = rest >> 8
    # Lanes of 16 bits that do not carry into each other; the top bits are 0 in `ones`.
    return unsafe_add(tally & ~TOPS, ones) ^ (tally & TOPS)


@internal
@view
def _digest(report: Report) -> bytes32:
    # The struct's words in the order of the type: what is nested is flat.
    return eip712._hash_typed_data_v4(keccak256(abi_encode(REPORT_TYPE, report)))
