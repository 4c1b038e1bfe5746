# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title SignedFeed
@license AGPL-3.0-only
@notice A pull source that speaks Chainlink's AggregatorV3Interface: reporters sign a price off
        chain (EIP-712), and whoever needs it submits it in the transaction that uses it. So a
        price is as young as the reporters are quick, and costs nothing while nobody trades.

        A report counts when M of N reporters signed it (committee.vy), it is newer than the last
        one, at most `max_age` old and at most TOLERANCE ahead of the block. There is at most one
        round in a block: of two reports that are both fresh nobody can use one on each side of
        a trade. Every round stays readable, with those who signed it.
@dev Rounds count from 1 without a gap, their times strictly increase. A round is one word:

          255     238 237        208 207   192 191   176 175   144 143   104 103      0
         | version   | confidence   | delay   | signers | round   | time    | price    |
         | 18 bits   | 30 bits 1e-9 | 16 bits | 16 bits | 32 bits | 40 bits | 104 bits |

     A round ahead of its block by clocks that differ is served as dated now until it is past, so
     that readers who refuse times from the future do not refuse it.
@custom:trust M reporters together choose prices. The owner chooses the reporters, and can slow
              nobody down in any other way. What a report costs is paid by ReporterBonds, which a
              submission does not touch: nothing here can fail for want of money.
@custom:kill None: without reporters it grows stale, and its readers judge the age.
@custom:rounding Confidence is cut to billionths.
"""

from snekmate.auth import ownable
from snekmate.utils import eip712_domain_separator as eip712

from ..interfaces import AggregatorV3Interface
from ..interfaces import IReporterBonds
from ..interfaces import ISignedFeed
from . import committee

initializes: ownable
initializes: eip712
initializes: committee
implements: AggregatorV3Interface
implements: ISignedFeed

exports: (ownable.owner, ownable.transfer_ownership, eip712.eip712Domain)


version: public(constant(uint256)) = 1
# [s] by which a report may be ahead of its block: clocks differ.
TOLERANCE: public(constant(uint256)) = 3
# [s] bounds of the age up to which reports are accepted.
MIN_AGE: constant(uint256) = 5
MAX_AGE: constant(uint256) = 3_600

BILLIONTH: constant(uint256) = 10**9
WAD: constant(uint256) = 10**18
MAX_PRICE: constant(uint256) = 2**104 - 1
MAX_REPORTERS: constant(uint256) = committee.MAX_REPORTERS
REPORT_TYPE: constant(bytes32) = keccak256(
    "PriceReport(bytes32 feed,uint256 price,uint256 confidence,uint256 timestamp)"
)

decimals: public(immutable(uint8))
description: public(immutable(String[64]))
# What reporters call it, besides its address and chain: keccak256 of the description.
FEED: public(immutable(bytes32))
# [s] up to which a report is accepted.
max_age: public(immutable(uint256))


# Where reporters have staked, empty: nowhere.
bonds: public(address)
# The latest round again, so that reading it costs one slot and not two.
latest: uint256
# round id -> word as in the header
history: HashMap[uint256, uint256]


# Chainlink's event.
event AnswerUpdated:
    current: indexed(int256)
    roundId: indexed(uint256)
    updatedAt: uint256


event BondsSet:
    old_bonds: indexed(address)
    new_bonds: indexed(address)


@deploy
def __init__(
    _description: String[64],
    _decimals: uint8,
    _max_age: uint256,
    reporters: DynArray[address, MAX_REPORTERS],
    quorum: uint256,
    owner: address,
):
    """
    @param _description For example `SPX / USD`; also what the feed id is made from.
    @param _decimals Of the price; 8 is usual for prices in USD.
    @param _max_age [s] up to which a report is accepted, 5 to 3,600.
    @param reporters By index, at most 16.
    @param quorum How many of them sign a report, more than half.
    @param owner Who may name other reporters.
    """
    assert owner != empty(address), "feed: no owner"
    assert _max_age >= MIN_AGE and _max_age <= MAX_AGE, "feed: max age out of range"
    ownable.__init__()
    ownable._transfer_ownership(owner)
    eip712.__init__("Novate Price Reports", "1")
    decimals = _decimals
    description = _description
    FEED = keccak256(_description)
    max_age = _max_age
    committee._set(reporters, quorum)


# -- anyone --


@external
def submit(
    price: uint256,
    confidence: uint256,
    timestamp: uint256,
    signers: uint256,
    signatures: DynArray[bytes32[2], MAX_REPORTERS],
) -> uint256:
    """
    @notice Makes a report the latest round, or says why not.
    @param price In units of 10**-decimals, positive.
    @param confidence [wad] 0 to 1.
    @param timestamp [s] of the price.
    @param signers Indices of the signers, ascending, a byte each, the first in the lowest byte.
    @param signatures (r, parity << 255 | s), as many as the quorum, in the same order.
    @return Id of the round.
    """
    last: uint256 = self.latest
    assert timestamp > (last >> 104) & (2**40 - 1), "report: not newer"
    assert not self._in_this_block(last), "report: one a block"
    return self._accept(last, price, confidence, timestamp, signers, signatures)


@external
def offer(
    price: uint256,
    confidence: uint256,
    timestamp: uint256,
    signers: uint256,
    signatures: DynArray[bytes32[2], MAX_REPORTERS],
) -> uint256:
    """
    @notice The same for those who trade in the same transaction: where a round as new is there
            already, or this block has its round, nothing happens, so that nobody is stopped by
            somebody who submitted first.
    @return Id of the latest round.
    """
    last: uint256 = self.latest
    if timestamp <= (last >> 104) & (2**40 - 1) or self._in_this_block(last):
        return (last >> 144) & (2**32 - 1)
    return self._accept(last, price, confidence, timestamp, signers, signatures)


@external
def drop(index: uint256):
    """
    @notice Takes a reporter out of the committee: itself, or anyone once its bond is gone or on its
            way out, so that a stake is always there for as long as its owner can do harm.
    @param index Of the reporter.
    """
    assert index < MAX_REPORTERS, "report: no such reporter"
    reporter: address = committee._members(committee._version())[index]
    assert reporter != empty(address), "report: no such reporter"
    if msg.sender != reporter:
        assert self.bonds != empty(address), "report: reporter is bonded"
        assert not staticcall IReporterBonds(self.bonds).is_bonded(reporter), "report: reporter is bonded"
    committee._drop(index)


# -- owner --


@external
def set_bonds(bonds: address):
    """
    @notice Asks another contract whether reporters are bonded; the empty one: none, all may stay.
    """
    ownable._check_owner()
    log BondsSet(old_bonds=self.bonds, new_bonds=bonds)
    self.bonds = bonds


@external
def set_committee(reporters: DynArray[address, MAX_REPORTERS], quorum: uint256):
    """
    @notice Names the reporters anew. What those who left have signed and nobody has submitted is
            void from now on.
    @param reporters By index, the empty address where there is none; at most 16.
    @param quorum How many of them sign a report, more than half.
    """
    ownable._check_owner()
    committee._set(reporters, quorum)


# -- views: readable in the midst of any call, as this contract calls nobody --


@external
@view
@reentrant
def latestRoundData() -> (uint80, int256, uint256, uint256, uint80):
    """
    @return roundId, answer, startedAt, updatedAt, answeredInRound
    """
    return self._unpack(self.latest)


@external
@view
@reentrant
def getRoundData(round_id: uint80) -> (uint80, int256, uint256, uint256, uint80):
    """
    @return roundId, answer, startedAt, updatedAt, answeredInRound
    """
    return self._unpack(self.history[convert(round_id, uint256)])


@external
@view
@reentrant
def latest_report() -> (uint256, uint256, uint256):
    """
    @return Price in units of 10**-decimals, confidence [wad], time [s]; zeros before the first.
    """
    word: uint256 = self.latest
    return word & MAX_PRICE, ((word >> 208) & (2**30 - 1)) * BILLIONTH, (word >> 104) & (2**40 - 1)


@external
@view
@reentrant
def rounds() -> uint256:
    """
    @return Number of rounds, which count from 1; also the id of the latest.
    """
    return (self.latest >> 144) & (2**32 - 1)


@external
@view
@reentrant
def round_at(id: uint256) -> ISignedFeed.Round:
    """
    @return A round with those who signed it, all zero when there is none.
    """
    word: uint256 = self.history[id]
    return ISignedFeed.Round(
        price=word & MAX_PRICE,
        confidence=((word >> 208) & (2**30 - 1)) * BILLIONTH,
        timestamp=(word >> 104) & (2**40 - 1),
        delay=(word >> 192) & (2**16 - 1),
        signers=(word >> 176) & (2**16 - 1),
        version=word >> 238,
    )


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
def digest_of(price: uint256, confidence: uint256, timestamp: uint256) -> bytes32:
    """
    @return What a reporter signs (EIP-712).
    """
    return self._digest(price, confidence, timestamp)


# -- internals --


@internal
def _accept(
    last: uint256,
    price: uint256,
    confidence: uint256,
    timestamp: uint256,
    signers: uint256,
    signatures: DynArray[bytes32[2], MAX_REPORTERS],
) -> uint256:
    """
    @notice Checks everything but the order of time, and stores the round.
    """
    assert price != 0 and price <= MAX_PRICE, "report: price out of range"
    assert confidence <= WAD, "report: confidence above one"
    # The clock stays below 2**40, and so does a timestamp that is not much ahead of it.
    assert timestamp <= unsafe_add(block.timestamp, TOLERANCE), "report: from the future"
    delay: uint256 = 0
    if timestamp < block.timestamp:
        delay = unsafe_sub(block.timestamp, timestamp)
        assert delay <= max_age, "report: too old"
    committee_version: uint256 = 0
    map: uint256 = 0
    committee_version, map = committee._verify(self._digest(price, confidence, timestamp), signers, signatures)
    # 2**32 rounds, one a block of at least a second, are 136 years.
    round: uint256 = unsafe_add((last >> 144) & (2**32 - 1), 1)
    word: uint256 = (
        (committee_version << 238)
        | (unsafe_div(confidence, BILLIONTH) << 208)
        | (delay << 192)
        | (map << 176)
        | (round << 144)
        | (timestamp << 104)
        | price
    )
    self.latest = word
    self.history[round] = word
    log AnswerUpdated(current=convert(price, int256), roundId=round, updatedAt=timestamp)
    return round


@internal
@view
def _in_this_block(word: uint256) -> bool:
    """
    @notice Whether the round was accepted in this block: time + delay is when it was accepted,
            or later when it came ahead of time.
    """
    return unsafe_add((word >> 104) & (2**40 - 1), (word >> 192) & (2**16 - 1)) >= block.timestamp


@internal
@view
def _digest(price: uint256, confidence: uint256, timestamp: uint256) -> bytes32:
    return eip712._hash_typed_data_v4(keccak256(abi_encode(REPORT_TYPE, FEED, price, confidence, timestamp)))


@internal
@view
def _unpack(word: uint256) -> (uint80, int256, uint256, uint256, uint80):
    assert word != 0, "feed: no data present"
    round: uint80 = convert((word >> 144) & (2**32 - 1), uint80)
    updated: uint256 = min((word >> 104) & (2**40 - 1), block.timestamp)
    return round, convert(word & MAX_PRICE, int256), updated, updated, round
