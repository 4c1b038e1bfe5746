# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Governor
@license AGPL-3.0-only
@notice Holders of votes propose calls, vote, and send what was accepted into the timelock, from where
        anyone executes it. Functions, events, states and hashes are those of OpenZeppelin's Governor
        (5.x) with GovernorCountingSimple and a timelock, so that its tools understand this one.
@dev A vote counts by what the voter had when voting began, and a proposer needs the threshold a second
     before: tokens that are borrowed and given back within a transaction count nothing, and who
     passes tokens on does not vote twice. The quorum is that of the time when voting began.
     The states: 0 pending, 1 active, 2 cancelled, 3 defeated, 4 succeeded, 5 queued, 7 executed.
@custom:trust A majority above the quorum can do to the units whatever the timelock may, after its delay.
              The guardian can cancel in the timelock.
@custom:kill None of its own.
@custom:rounding The quorum is rounded down.
"""

from snekmate.utils import eip712_domain_separator as eip712

from ..auth import signatures
from ..interfaces import ITimelock
from . import governor_settings as settings

initializes: eip712
initializes: settings

exports: (
    # the timelock
    settings.setVotingDelay,
    settings.setVotingPeriod,
    settings.setProposalThreshold,
    settings.updateQuorumNumerator,
    # views
    settings.token,
    settings.timelock,
    settings.votingDelay,
    settings.votingPeriod,
    settings.proposalThreshold,
    settings.quorum,
    settings.quorumNumerator,
    settings.quorumDenominator,
    eip712.eip712Domain,
)


interface Votes:
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view


MAX_CALLS: constant(uint256) = 16
MAX_PAYLOAD: constant(uint256) = 2_048
MAX_TEXT: constant(uint256) = 4_096
MAX_REASON: constant(uint256) = 1_024
MAX_SIGNATURE: constant(uint256) = signatures.MAX_SIGNATURE
name: public(constant(String[15])) = "Novate Governor"
version: public(constant(String[1])) = "1"
COUNTING_MODE: public(constant(String[32])) = "support=bravo&quorum=for,abstain"
CLOCK_MODE: public(constant(String[14])) = "mode=timestamp"
BALLOT: constant(bytes32) = keccak256("Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)")
MASK_48: constant(uint256) = 2**48 - 1
ERC165: constant(bytes4) = 0x01FFC9A7


# id -> proposer 160 | start 48 | end 48 of voting [s]; 0 when there is no such proposal
proposals: HashMap[uint256, uint256]
# id -> votes against, for, and abstaining [wad]
tally: HashMap[uint256, uint256[3]]
hasVoted: public(HashMap[uint256, HashMap[address, bool]])
cancelled: HashMap[uint256, bool]
# id -> operation in the timelock, empty until queued; and when it is due [s]
operations: HashMap[uint256, bytes32]
proposalEta: public(HashMap[uint256, uint256])
# Of ballots that were signed.
nonces: public(HashMap[address, uint256])


event ProposalCreated:
    proposalId: uint256
    proposer: address
    targets: DynArray[address, MAX_CALLS]
    values: DynArray[uint256, MAX_CALLS]
    signatures: DynArray[String[1], MAX_CALLS]
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS]
    voteStart: uint256
    voteEnd: uint256
    description: String[MAX_TEXT]


event ProposalQueued:
    proposalId: uint256
    etaSeconds: uint256


event ProposalExecuted:
    proposalId: uint256


event ProposalCanceled:
    proposalId: uint256


event VoteCast:
    voter: indexed(address)
    proposalId: uint256
    support: uint8
    weight: uint256
    reason: String[MAX_REASON]


@deploy
def __init__(votes: address, controller: address, delay: uint256, period: uint256, threshold: uint256, quorum: uint256):
    """
    @param votes A token with ERC-5805 and a clock of seconds.
    @param controller The timelock, of which this becomes a proposer.
    @param delay [s] from a proposal to the start of voting.
    @param period [s] of voting.
    @param threshold [wad] votes that a proposer needs.
    @param quorum [percent of the supply] that must vote for or abstain.
    """
    eip712.__init__(name, version)
    settings.__init__(votes, controller, delay, period, threshold, quorum)


# -- holders of votes --


@external
def propose(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    description: String[MAX_TEXT],
) -> uint256:
    """
    @notice Puts calls of the timelock to the vote.
    @return The proposal: a hash of all of it, so nothing else can be queued or executed.
    """
    votes: uint256 = staticcall Votes(settings.token).getPastVotes(msg.sender, block.timestamp - 1)
    assert votes >= settings.proposalThreshold, "governor: below threshold"
    count: uint256 = len(targets)
    assert count == len(values) and count == len(calldatas), "governor: lengths differ"
    assert count != 0, "governor: nothing to do"
    id: uint256 = self._hash(targets, values, calldatas, keccak256(description))
    assert self.proposals[id] == 0, "governor: already proposed"
    start: uint256 = block.timestamp + settings.votingDelay
    end: uint256 = start + settings.votingPeriod
    self.proposals[id] = (convert(msg.sender, uint256) << 96) | (start << 48) | end
    names: DynArray[String[1], MAX_CALLS] = []
    for _: uint256 in range(count, bound=MAX_CALLS):
        names.append("")
    log ProposalCreated(
        proposalId=id,
        proposer=msg.sender,
        targets=targets,
        values=values,
        signatures=names,
        calldatas=calldatas,
        voteStart=start,
        voteEnd=end,
        description=description,
    )
    return id


@external
def castVote(proposalId: uint256, support: uint8) -> uint256:
    """
    @param support 0 against, 1 for, 2 abstain.
    @return [wad] votes that were cast.
    """
    return self._cast(proposalId, msg.sender, support, "")


@external
def castVoteWithReason(proposalId: uint256, support: uint8, reason: String[MAX_REASON]) -> uint256:
    return self._cast(proposalId, msg.sender, support, reason)


@external
def cancel(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    """
    @notice Takes a proposal back before voting begins; only who made it.
    """
    id: uint256 = self._hash(targets, values, calldatas, descriptionHash)
    assert self._state(id) == 0, "governor: not pending"
    assert self._proposer(id) == msg.sender, "governor: not the proposer"
    self.cancelled[id] = True
    log ProposalCanceled(proposalId=id)
    return id


# -- anyone --


@external
def castVoteBySig(proposalId: uint256, support: uint8, voter: address, signature: Bytes[MAX_SIGNATURE]) -> uint256:
    """
    @notice The vote of who signed it, a key or a contract (ERC-1271).
    """
    nonce: uint256 = self.nonces[voter]
    self.nonces[voter] = nonce + 1
    digest: bytes32 = eip712._hash_typed_data_v4(keccak256(abi_encode(BALLOT, proposalId, support, voter, nonce)))
    assert signatures._signed(voter, digest, signature), "governor: bad signature"
    return self._cast(proposalId, voter, support, "")


@external
def queue(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    """
    @notice Sends an accepted proposal into the timelock.
    """
    id: uint256 = self._hash(targets, values, calldatas, descriptionHash)
    assert self._state(id) == 4, "governor: not succeeded"
    delay: uint256 = staticcall ITimelock(settings.timelock).get_minimum_delay()
    salt: bytes32 = self._salt(descriptionHash)
    self.operations[id] = keccak256(abi_encode(targets, values, calldatas, empty(bytes32), salt))
    self.proposalEta[id] = block.timestamp + delay
    log ProposalQueued(proposalId=id, etaSeconds=block.timestamp + delay)
    extcall ITimelock(settings.timelock).schedule_batch(targets, values, calldatas, empty(bytes32), salt, delay)
    return id


@external
@payable
def execute(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    """
    @notice Has the timelock do what is due. It can be asked directly too.
    """
    id: uint256 = self._hash(targets, values, calldatas, descriptionHash)
    assert self._state(id) == 5, "governor: not queued"
    log ProposalExecuted(proposalId=id)
    extcall ITimelock(settings.timelock).execute_batch(
        targets, values, calldatas, empty(bytes32), self._salt(descriptionHash), value=msg.value
    )
    return id


# -- views --


@external
@view
def state(proposalId: uint256) -> uint8:
    return self._state(proposalId)


@external
@pure
def hashProposal(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    return self._hash(targets, values, calldatas, descriptionHash)


@external
@view
def proposalSnapshot(proposalId: uint256) -> uint256:
    """
    @return [s] when votes are counted and voting begins.
    """
    return (self.proposals[proposalId] >> 48) & MASK_48


@external
@view
def proposalDeadline(proposalId: uint256) -> uint256:
    """
    @return [s] the last second of voting.
    """
    return self.proposals[proposalId] & MASK_48


@external
@view
def proposalProposer(proposalId: uint256) -> address:
    return self._proposer(proposalId)


@external
@view
def proposalNeedsQueuing(proposalId: uint256) -> bool:
    return self.proposals[proposalId] != 0


@external
@view
def proposalVotes(proposalId: uint256) -> (uint256, uint256, uint256):
    """
    @return Votes [wad] against, for, and abstaining.
    """
    votes: uint256[3] = self.tally[proposalId]
    return votes[0], votes[1], votes[2]


@external
@view
def getVotes(account: address, timepoint: uint256) -> uint256:
    return staticcall Votes(settings.token).getPastVotes(account, timepoint)


@external
@view
def clock() -> uint48:
    return convert(block.timestamp, uint48)


@external
@pure
def supportsInterface(interface_id: bytes4) -> bool:
    return interface_id == ERC165


# -- internals --


@internal
@view
def _state(id: uint256) -> uint8:
    word: uint256 = self.proposals[id]
    assert word != 0, "governor: unknown proposal"
    if self.cancelled[id]:
        return 2
    start: uint256 = (word >> 48) & MASK_48
    if block.timestamp <= start:
        return 0
    if block.timestamp <= word & MASK_48:
        return 1
    votes: uint256[3] = self.tally[id]
    if votes[1] <= votes[0] or votes[1] + votes[2] < settings._quorum(start):
        return 3
    operation: bytes32 = self.operations[id]
    if operation == empty(bytes32):
        return 4
    if staticcall ITimelock(settings.timelock).is_operation_done(operation):
        return 7
    return 5 if staticcall ITimelock(settings.timelock).is_operation_pending(operation) else 2


@internal
@pure
def _hash(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    descriptionHash: bytes32,
) -> uint256:
    return convert(keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256)


@internal
@view
def _salt(descriptionHash: bytes32) -> bytes32:
    """
    @notice As OpenZeppelin's: another governor's operations cannot collide with ours.
    """
    return convert((convert(self, uint256) << 96) ^ convert(descriptionHash, uint256), bytes32)


@internal
@view
def _proposer(id: uint256) -> address:
    return convert(self.proposals[id] >> 96, address)


@internal
def _cast(id: uint256, voter: address, support: uint8, reason: String[MAX_REASON]) -> uint256:
    assert self._state(id) == 1, "governor: not active"
    assert support <= 2, "governor: unknown vote"
    assert not self.hasVoted[id][voter], "governor: already voted"
    self.hasVoted[id][voter] = True
    start: uint256 = (self.proposals[id] >> 48) & MASK_48
    weight: uint256 = staticcall Votes(settings.token).getPastVotes(voter, start)
    self.tally[id][support] += weight
    log VoteCast(voter=voter, proposalId=id, support=support, weight=weight, reason=reason)
    return weight
