# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Governor settings: times, threshold and quorum, within bounds that governance cannot exceed
@license AGPL-3.0-only
@notice The quorum has a history: a vote keeps the one with which it began.
@custom:trust Only the timelock changes them, within what is asserted below.
@custom:rounding The quorum is rounded down.
"""

from . import checkpoints

initializes: checkpoints


interface Supply:
    def getPastTotalSupply(timepoint: uint256) -> uint256: view
    def totalSupply() -> uint256: view


HOUR: constant(uint256) = 3_600
DAY: constant(uint256) = 86_400
# Key of the quorum's history.
QUORUM: constant(address) = empty(address)

token: public(immutable(address))
timelock: public(immutable(address))


votingDelay: public(uint256)
votingPeriod: public(uint256)
proposalThreshold: public(uint256)


event VotingDelaySet:
    oldVotingDelay: uint256
    newVotingDelay: uint256


event VotingPeriodSet:
    oldVotingPeriod: uint256
    newVotingPeriod: uint256


event ProposalThresholdSet:
    oldProposalThreshold: uint256
    newProposalThreshold: uint256


event QuorumNumeratorUpdated:
    oldQuorumNumerator: uint256
    newQuorumNumerator: uint256


@deploy
def __init__(votes: address, controller: address, delay: uint256, period: uint256, threshold: uint256, quorum: uint256):
    """
    @param votes A token with ERC-5805 and a clock of seconds.
    @param controller The timelock.
    @param delay [s] from a proposal to the start of voting.
    @param period [s] of voting.
    @param threshold [wad] votes that a proposer needs.
    @param quorum [percent of the supply] that must vote for or abstain.
    """
    token = votes
    timelock = controller
    self._set_delay(delay)
    self._set_period(period)
    self._set_threshold(threshold)
    self._set_quorum(quorum)


# -- the timelock; open to it while a proposal is executed --


@external
@reentrant
def setVotingDelay(newVotingDelay: uint48):
    """
    @param newVotingDelay [s] an hour to a fortnight.
    """
    self._require_timelock()
    self._set_delay(convert(newVotingDelay, uint256))


@external
@reentrant
def setVotingPeriod(newVotingPeriod: uint32):
    """
    @param newVotingPeriod [s] a day to thirty.
    """
    self._require_timelock()
    self._set_period(convert(newVotingPeriod, uint256))


@external
@reentrant
def setProposalThreshold(newProposalThreshold: uint256):
    """
    @param newProposalThreshold [wad] at most 5 % of the supply, so that somebody can always propose.
    """
    self._require_timelock()
    self._set_threshold(newProposalThreshold)


@external
@reentrant
def updateQuorumNumerator(newQuorumNumerator: uint256):
    """
    @param newQuorumNumerator [percent] 1 to 50; for proposals whose voting begins later.
    """
    self._require_timelock()
    self._set_quorum(newQuorumNumerator)


# -- views --


@external
@view
def quorum(timepoint: uint256) -> uint256:
    """
    @return Votes [wad] that voting from this second [s] on needs.
    """
    return self._quorum(timepoint)


@external
@view
def quorumNumerator() -> uint256:
    return checkpoints._latest(QUORUM)


@external
@pure
def quorumDenominator() -> uint256:
    return 100


# -- internals --


@internal
@view
def _quorum(timepoint: uint256) -> uint256:
    share: uint256 = checkpoints._at(QUORUM, timepoint)
    return staticcall Supply(token).getPastTotalSupply(timepoint) * share // 100


@internal
@view
def _require_timelock():
    assert msg.sender == timelock, "governor: not the timelock"


@internal
def _set_delay(delay: uint256):
    assert delay >= HOUR and delay <= 14 * DAY, "governor: delay out of range"
    log VotingDelaySet(oldVotingDelay=self.votingDelay, newVotingDelay=delay)
    self.votingDelay = delay


@internal
def _set_period(period: uint256):
    assert period >= DAY and period <= 30 * DAY, "governor: period out of range"
    log VotingPeriodSet(oldVotingPeriod=self.votingPeriod, newVotingPeriod=period)
    self.votingPeriod = period


@internal
def _set_threshold(threshold: uint256):
    supply: uint256 = staticcall Supply(token).totalSupply()
    assert threshold != 0 and threshold <= supply // 20, "governor: threshold out of range"
    log ProposalThresholdSet(oldProposalThreshold=self.proposalThreshold, newProposalThreshold=threshold)
    self.proposalThreshold = threshold


@internal
def _set_quorum(percent: uint256):
    assert percent >= 1 and percent <= 50, "governor: quorum out of range"
    log QuorumNumeratorUpdated(oldQuorumNumerator=checkpoints._latest(QUORUM), newQuorumNumerator=percent)
    checkpoints._push(QUORUM, percent)
