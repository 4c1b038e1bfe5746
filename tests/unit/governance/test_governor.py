"""Governor: the life of a proposal, and every way to force one that must fail."""

import boa
import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from novate.governance import Call, Proposal, State, Vote, call
from novate.governance.multisig import key_of
from tests.unit.governance.conftest import SUPPLY, WAD
from tests.world import build

HOUR, DAY = 3_600, 86_400


def begin(assembly, proposal=None, proposer="voter"):
    """A proposal that is being voted on."""
    proposal = proposal or assembly.proposal()
    assembly.governance.propose(proposal, assembly[proposer])
    boa.env.time_travel(seconds=HOUR + 1)
    return proposal


def accept(assembly, proposal=None):
    proposal = begin(assembly, proposal)
    assembly.governance.vote(proposal, assembly["voter"])
    boa.env.time_travel(seconds=DAY)
    return proposal


def test_life_of_a_proposal(assembly):
    governance, proposal = assembly.governance, assembly.proposal()
    governance.propose(proposal, assembly["voter"])
    assert governance.state(proposal) is State.PENDING
    boa.env.time_travel(seconds=HOUR)
    assert governance.state(proposal) is State.PENDING
    boa.env.time_travel(seconds=1)
    assert governance.state(proposal) is State.ACTIVE
    governance.vote(proposal, assembly["voter"])
    boa.env.time_travel(seconds=DAY - 1)
    assert governance.state(proposal) is State.ACTIVE
    boa.env.time_travel(seconds=1)
    assert governance.state(proposal) is State.SUCCEEDED
    governance.queue(proposal)
    assert governance.state(proposal) is State.QUEUED
    identifier = governance.identifier(proposal)
    due = boa.env.evm.patch.timestamp + 2 * DAY
    assert governance.governor.proposalEta(identifier) == due
    with boa.reverts("timelock_controller: operation is not ready"):
        governance.execute(proposal)
    boa.env.time_travel(seconds=2 * DAY)
    governance.execute(proposal)
    assert governance.state(proposal) is State.EXECUTED
    assert int(assembly.thing.guardian(), 16) == 1
    with boa.reverts("governor: not queued"):
        governance.execute(proposal)
    with boa.reverts("governor: not succeeded"):
        governance.queue(proposal)


def test_events_and_hashes_are_openzeppelins(assembly):
    governor, proposal = assembly.governance.governor, assembly.proposal()
    targets, values, payloads, digest = proposal.named
    kinds = ["address[]", "uint256[]", "bytes[]", "bytes32"]
    expected = keccak(encode(kinds, [targets, values, payloads, digest]))
    assert assembly.governance.identifier(proposal) == int.from_bytes(expected, "big")
    governor.propose(*proposal.arguments(), proposal.description, sender=assembly["voter"])
    (created,) = governor.get_logs()
    now = boa.env.evm.patch.timestamp
    assert created.proposer == assembly["voter"] and created.signatures == [""]
    assert (created.voteStart, created.voteEnd) == (now + HOUR, now + HOUR + DAY)
    topics = {entry["name"]: entry for entry in governor.abi if entry["type"] == "event"}
    kinds = [entry["type"] for entry in topics["ProposalCreated"]["inputs"]]
    assert kinds == [
        "uint256",
        "address",
        "address[]",
        "uint256[]",
        "string[]",
        "bytes[]",
        "uint256",
        "uint256",
        "string",
    ]
    assert [entry["type"] for entry in topics["VoteCast"]["inputs"]] == [
        "address",
        "uint256",
        "uint8",
        "uint256",
        "string",
    ]
    identifier = assembly.governance.identifier(proposal)
    assert governor.proposalSnapshot(identifier) == now + HOUR
    assert governor.proposalDeadline(identifier) == now + HOUR + DAY
    assert governor.proposalProposer(identifier) == assembly["voter"]
    assert governor.proposalNeedsQueuing(identifier)
    assert governor.COUNTING_MODE() == "support=bravo&quorum=for,abstain"
    assert governor.CLOCK_MODE() == "mode=timestamp" and governor.clock() == now
    assert (governor.name(), governor.version()) == ("Novate Governor", "1")
    assert governor.supportsInterface(bytes.fromhex("01ffc9a7"))
    assert (governor.quorumNumerator(), governor.quorumDenominator()) == (4, 100)
    assert governor.quorum(now - 1) == SUPPLY * 4 // 100
    assert governor.getVotes(assembly["voter"], now - 1) == 30_000_000 * WAD


def test_votes_are_counted(assembly):
    proposal = begin(assembly)
    governor, identifier = assembly.governance.governor, assembly.governance.identifier(proposal)
    weight = governor.castVoteWithReason(identifier, 2, "why not", sender=assembly["voter"])
    (cast,) = governor.get_logs()
    assert (cast.weight, cast.reason, cast.support) == (weight, "why not", 2)
    assembly.governance.vote(proposal, assembly["small"], Vote.AGAINST)
    assert governor.proposalVotes(identifier) == (99_999 * WAD, 0, 30_000_000 * WAD)
    with boa.reverts("governor: already voted"):
        assembly.governance.vote(proposal, assembly["voter"])
    with boa.reverts("governor: unknown vote"):
        governor.castVote(identifier, 3, sender=assembly["holder"])
    boa.env.time_travel(seconds=DAY)
    # A quorum, but nobody in favour.
    assert assembly.governance.state(proposal) is State.DEFEATED
    with boa.reverts("governor: not active"):
        assembly.governance.vote(proposal, assembly["holder"])


def test_without_a_quorum_it_fails(assembly):
    proposal = begin(assembly)
    assembly.governance.vote(proposal, assembly["small"])
    boa.env.time_travel(seconds=DAY)
    assert assembly.governance.state(proposal) is State.DEFEATED


def test_unknown_proposal(assembly):
    with boa.reverts("governor: unknown proposal"):
        assembly.governance.governor.state(1)


def test_a_vote_by_signature_counts_once(assembly):
    key = key_of("signing voter")
    token, governor = assembly.governance.token, assembly.governance.governor
    token.transfer(key.address, WAD, sender=assembly["holder"])
    token.delegate(key.address, sender=key.address)
    boa.env.time_travel(seconds=1)
    proposal = begin(assembly)
    identifier = assembly.governance.identifier(proposal)
    fields = {"proposalId": "uint256", "support": "uint8", "voter": "address", "nonce": "uint256"}
    domain = {
        "name": "Novate Governor",
        "version": "1",
        "chainId": boa.env.evm.patch.chain_id,
        "verifyingContract": str(governor.address),
    }
    ballot = {"proposalId": identifier, "support": 1, "voter": key.address, "nonce": 0}
    message = encode_typed_data(
        domain, {"Ballot": [{"name": n, "type": t} for n, t in fields.items()]}, ballot
    )
    signature = bytes(Account.sign_message(message, key.key).signature)
    with boa.reverts("governor: bad signature"):
        governor.castVoteBySig(identifier, 0, key.address, signature)
    assert governor.castVoteBySig(identifier, 1, key.address, signature) == WAD
    with boa.reverts("governor: bad signature"):
        governor.castVoteBySig(identifier, 1, key.address, signature)
    assert governor.nonces(key.address) == 1


def test_a_contract_votes_by_erc_1271(assembly):
    wallet = build("tests/harness/SmartWallet.vy")
    governor = assembly.governance.governor
    identifier = assembly.governance.identifier(begin(assembly))
    with boa.reverts("governor: bad signature"):
        governor.castVoteBySig(identifier, 1, wallet.address, b"yes")
    wallet.approve(_digest(governor, identifier, wallet.address))
    assert governor.castVoteBySig(identifier, 1, wallet.address, b"yes") == 0
    assert governor.hasVoted(identifier, wallet.address)


def _digest(governor, identifier, voter):
    kind = keccak(b"Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)")
    ballot = encode(
        ["bytes32", "uint256", "uint8", "address", "uint256"],
        [kind, identifier, 1, str(voter), 0],
    )
    head = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
            keccak(head),
            keccak(b"Novate Governor"),
            keccak(b"1"),
            boa.env.evm.patch.chain_id,
            str(governor.address),
        ],
    )
    return keccak(b"\x19\x01" + keccak(domain) + keccak(ballot))


def test_who_proposed_may_take_it_back_before_the_vote(assembly):
    governor, proposal = assembly.governance.governor, assembly.proposal()
    assembly.governance.propose(proposal, assembly["voter"])
    with boa.reverts("governor: not the proposer"):
        governor.cancel(*proposal.named, sender=assembly["holder"])
    with boa.env.anchor():
        boa.env.time_travel(seconds=HOUR + 1)
        with boa.reverts("governor: not pending"):
            governor.cancel(*proposal.named, sender=assembly["voter"])
    governor.cancel(*proposal.named, sender=assembly["voter"])
    assert assembly.governance.state(proposal) is State.CANCELLED
    with boa.reverts("governor: already proposed"):
        assembly.governance.propose(proposal, assembly["voter"])


# -- attacks --


def test_spam_needs_the_threshold(assembly):
    # One vote short.
    with boa.reverts("governor: below threshold"):
        assembly.governance.propose(assembly.proposal(), assembly["small"])
    with boa.reverts("governor: below threshold"):
        assembly.governance.propose(assembly.proposal(), assembly["intruder"])


def test_malformed_proposals(assembly):
    governor, proposer = assembly.governance.governor, assembly["voter"]
    with boa.reverts("governor: nothing to do"):
        governor.propose([], [], [], "empty", sender=proposer)
    with boa.reverts("governor: lengths differ"):
        governor.propose([proposer], [0], [], "odd", sender=proposer)


@pytest.mark.parametrize("attempt", ["propose", "vote"])
def test_flash_loaned_votes_count_nothing(assembly, attempt):
    token, governor = assembly.governance.token, assembly.governance.governor
    voter = build("tests/hostile/FlashVoter.vy")
    amount = 60_000_000 * WAD
    token.approve(voter.address, amount, sender=assembly["holder"])
    if attempt == "propose":
        proposal = assembly.proposal(text="loot")
        payload = governor.propose.prepare_calldata(*proposal.arguments(), proposal.description)
        with boa.reverts("governor: below threshold"):
            voter.attack(token.address, assembly["holder"], amount, governor.address, payload)
        return
    proposal = begin(assembly)
    identifier = assembly.governance.identifier(proposal)
    payload = governor.castVote.prepare_calldata(identifier, 1)
    voter.attack(token.address, assembly["holder"], amount, governor.address, payload)
    assert governor.proposalVotes(identifier) == (0, 0, 0)


def test_flash_loan_in_the_second_of_the_snapshot_counts_nothing(assembly):
    token, governor = assembly.governance.token, assembly.governance.governor
    voter = build("tests/hostile/FlashVoter.vy")
    amount = 60_000_000 * WAD
    token.approve(voter.address, amount, sender=assembly["holder"])
    proposal = assembly.proposal()
    assembly.governance.propose(proposal, assembly["voter"])
    boa.env.time_travel(seconds=HOUR)
    nothing = governor.clock.prepare_calldata()
    voter.attack(token.address, assembly["holder"], amount, governor.address, nothing)
    boa.env.time_travel(seconds=1)
    identifier = assembly.governance.identifier(proposal)
    assert governor.castVote(identifier, 1, sender=voter.address) == 0
    # The lender's own votes are all there.
    assert governor.castVote(identifier, 0, sender=assembly["holder"]) == SUPPLY - 30_099_999 * WAD


def test_votes_passed_on_do_not_vote_twice(assembly):
    token, governor = assembly.governance.token, assembly.governance.governor
    proposal = begin(assembly)
    assembly.governance.vote(proposal, assembly["voter"])
    token.transfer(assembly["intruder"], 30_000_000 * WAD, sender=assembly["voter"])
    token.delegate(assembly["intruder"], sender=assembly["intruder"])
    boa.env.time_travel(seconds=1)
    identifier = assembly.governance.identifier(proposal)
    assert governor.castVote(identifier, 1, sender=assembly["intruder"]) == 0
    assert governor.proposalVotes(identifier)[1] == 30_000_000 * WAD


def test_a_changed_payload_is_another_proposal(assembly):
    proposal = accept(assembly)
    changed = Proposal(assembly.proposal(2).calls, proposal.description)
    reworded = Proposal(proposal.calls, "something else")
    for other in (changed, reworded):
        with boa.reverts("governor: unknown proposal"):
            assembly.governance.queue(other)
    assembly.governance.queue(proposal)
    boa.env.time_travel(seconds=2 * DAY)
    for other in (changed, reworded):
        with boa.reverts("governor: unknown proposal"):
            assembly.governance.execute(other)
    timelock = assembly.governance.timelock
    targets, values, payloads, digest = changed.named
    with boa.reverts("timelock_controller: operation is not ready"):
        timelock.execute_batch(targets, values, payloads, bytes(32), digest)


@pytest.mark.parametrize("way", ["governor", "timelock"])
def test_an_executed_call_cannot_execute_again(assembly, way):
    governance = assembly.governance
    target = build("tests/hostile/Reenterer.vy")
    proposal = Proposal((call(target.strike),), "re-entering")
    targets, values, payloads, digest = proposal.named
    if way == "governor":
        address = governance.governor.address
        again = governance.governor.execute.prepare_calldata(*proposal.named)
    else:
        address = governance.timelock.address
        salt = (int(str(governance.governor.address), 16) << 96) ^ int.from_bytes(digest, "big")
        again = governance.timelock.execute_batch.prepare_calldata(
            targets, values, payloads, bytes(32), salt.to_bytes(32, "big")
        )
    target.prepare(address, again)
    accept(assembly, proposal)
    governance.queue(proposal)
    boa.env.time_travel(seconds=2 * DAY)
    with boa.reverts():
        governance.execute(proposal)
    assert target.calls() == 0


def test_nobody_but_the_timelock_sets_parameters(assembly):
    governor = assembly.governance.governor
    for function, value in (
        (governor.setVotingDelay, DAY),
        (governor.setVotingPeriod, DAY),
        (governor.setProposalThreshold, WAD),
        (governor.updateQuorumNumerator, 5),
    ):
        for role in ("intruder", "deployer", "holder"):
            with boa.reverts("governor: not the timelock"):
                function(value, sender=assembly[role])


def test_parameters_change_by_proposal_with_old_and_new_in_the_log(assembly):
    governance = assembly.governance
    governor = governance.governor
    proposal = Proposal(
        (
            call(governor.setVotingDelay, 2 * HOUR),
            call(governor.setVotingPeriod, 2 * DAY),
            call(governor.setProposalThreshold, WAD),
            call(governor.updateQuorumNumerator, 10),
        ),
        "slower",
    )
    governance.carry(proposal, assembly["voter"])
    assert (governor.votingDelay(), governor.votingPeriod()) == (2 * HOUR, 2 * DAY)
    assert (governor.proposalThreshold(), governor.quorumNumerator()) == (WAD, 10)
    boa.env.time_travel(seconds=1)
    now = boa.env.evm.patch.timestamp
    # What was voted on before keeps its quorum.
    assert governor.quorum(now - 1) == SUPPLY // 10
    assert governor.quorum(now - DAY) == SUPPLY * 4 // 100


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("setVotingDelay", HOUR - 1, "governor: delay out of range"),
        ("setVotingDelay", 14 * DAY + 1, "governor: delay out of range"),
        ("setVotingPeriod", DAY - 1, "governor: period out of range"),
        ("setVotingPeriod", 30 * DAY + 1, "governor: period out of range"),
        ("setProposalThreshold", 0, "governor: threshold out of range"),
        ("setProposalThreshold", SUPPLY // 20 + 1, "governor: threshold out of range"),
        ("updateQuorumNumerator", 0, "governor: quorum out of range"),
        ("updateQuorumNumerator", 51, "governor: quorum out of range"),
    ],
)
def test_bounds_that_governance_cannot_exceed(assembly, name, value, reason):
    governor = assembly.governance.governor
    with boa.reverts(reason):
        getattr(governor, name)(value, sender=assembly.governance.timelock.address)


def test_a_figure_too_large_for_a_checkpoint():
    # Cannot be reached by the token, whose supply is bounded; the module says so itself.
    harness = build("tests/harness/CheckpointHarness.vy")
    with boa.reverts("checkpoint: figure too large"):
        harness.push(harness.address, 2**208)
    assert isinstance(Call("", b""), Call)
