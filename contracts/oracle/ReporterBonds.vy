# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title ReporterBonds
@license AGPL-3.0-only
@notice Reporters stake the settlement token. Those who sign rounds of a listed feed earn from its
        pot; whoever shows that one of them lied takes a part of its stake.

        Pay: each round of a feed earns `fee`, shared equally by its signers, and `bonus` on top
        when it was punctual (accepted within `punctual` seconds of its time) and accurate (within
        `band` of the median of itself and its neighbours, as far as those lie within `window`).
        Rounds less than `spacing` after the last paid one earn nothing, so that signing more
        often than asked earns nothing. The share of a signer without a full bond stays in the
        pot. When the pot cannot pay a round, that round waits for money, and nobody loses it by
        calling at the wrong time; reports are accepted all the same, as the feed knows no pot.

        Proofs, up to DISPUTE_WINDOW after the time of the report, once for each reporter, feed
        and time:
        - contradiction: two signed reports of one time that differ. Costs the whole stake. No
          honest reporter signs two.
        - deviation: a signed report, accepted or not, further than `limit` from the median of
          all rounds within `window` of it, at least MIN_ROUNDS. Costs half of the stake, since
          it may be a mistake. The limit is as wide as what the oracle refuses as a jump.
        Half of what is taken goes to the prover, the rest into the feed's pot, so that nobody
        gains by proving against itself.

        A stake leaves UNBONDING, longer than DISPUTE_WINDOW, after it was announced, and can be
        taken until then. From the announcement on it no longer counts as a bond, and anyone can
        have the reporter removed from its feeds.
@custom:trust As many reporters as sign a round decide what is true: they can prove a deviation
              against one who is right. The owner lists feeds and sets terms within bounds; a
              hostile feed could slash the bonds of everybody, so it belongs to a timelock.
@custom:kill None. Withdrawals, claims and proofs never stop.
@custom:rounding Shares down, in favour of the pot; what is taken down, in favour of the reporter.
"""

from ethereum.ercs import IERC20
from snekmate.auth import ownable

from ..interfaces import IReporterBonds
from ..interfaces import ISignedFeed
from . import evidence

initializes: ownable
implements: IReporterBonds

exports: (ownable.owner, ownable.transfer_ownership)


WAD: constant(uint256) = 10**18
MAX_REPORTERS: constant(uint256) = 16
# [s] how long a report can be shown to be wrong; how long an announced stake stays.
DISPUTE_WINDOW: public(constant(uint256)) = 259_200
UNBONDING: public(constant(uint256)) = 604_800
# Rounds that a median is made of.
MIN_ROUNDS: public(constant(uint256)) = 3
MAX_ROUNDS: public(constant(uint256)) = evidence.MAX_ROUNDS
# [wad] least limit of a deviation; [s] widest window.
MIN_LIMIT: constant(uint256) = 5 * 10**16
MAX_WINDOW: constant(uint256) = 3_600
# [s] at most, for a report to count as punctual and between two that are paid.
MAX_TIME: constant(uint256) = 86_400
# Rounds paid in one call.
MAX_PAID: constant(uint256) = 256


struct Terms:
    fee: uint256  # [token units] of a round
    bonus: uint256  # [token units] of a round that is punctual and accurate
    punctual: uint256  # [s] between a report's time and its block
    spacing: uint256  # [s] least time between rounds that are paid
    band: uint256  # [wad] of the median, accurate up to there
    limit: uint256  # [wad] of the median, wrong beyond
    window: uint256  # [s] to either side of a report; so short that MAX_ROUNDS rounds fit


TOKEN: public(immutable(IERC20))
# [token units] stake of a full bond.
MINIMUM: public(immutable(uint256))


# reporter -> [token units] at risk and staying; at risk and leaving, from `released` [s] on
stake: public(HashMap[address, uint256])
leaving: public(HashMap[address, uint256])
released: public(HashMap[address, uint256])
# Whoever earned it -> [token units] to be claimed.
owed: public(HashMap[address, uint256])
# feed -> terms, a window of 0 where it is not listed
terms: public(HashMap[address, Terms])
# feed -> [token units]
pots: public(HashMap[address, uint256])
# feed -> id of the last round looked at, and time [s] of the last one paid
accrued: public(HashMap[address, uint256])
paid_until: public(HashMap[address, uint256])
# feed -> reporter -> time of the report that was proved wrong
proved: public(HashMap[address, HashMap[address, HashMap[uint256, bool]]])


event FeedListed:
    feed: indexed(address)
    old_terms: Terms
    terms: Terms


event PotFunded:
    feed: indexed(address)
    amount: uint256
    pot: uint256


event Bonded:
    reporter: indexed(address)
    amount: uint256
    stake: uint256


event UnbondingStarted:
    reporter: indexed(address)
    amount: uint256
    stake: uint256
    released: uint256


event Unbonded:
    reporter: indexed(address)
    amount: uint256


event RoundsPaid:
    feed: indexed(address)
    last_round: uint256
    amount: uint256
    pot: uint256


event Slashed:
    reporter: indexed(address)
    feed: indexed(address)
    prover: indexed(address)
    timestamp: uint256
    contradiction: bool  # else deviation
    amount: uint256


event Claimed:
    earner: indexed(address)
    amount: uint256


@deploy
def __init__(token: address, minimum: uint256, owner: address):
    """
    @param token Settlement token, which must not call its receivers nor take fees.
    @param minimum [token units] stake of a full bond.
    """
    assert owner != empty(address), "bonds: no owner"
    assert minimum > 0, "bonds: no minimum"
    ownable.__init__()
    ownable._transfer_ownership(owner)
    TOKEN = IERC20(token)
    MINIMUM = minimum


# -- anyone --


@external
def fund(feed: address, amount: uint256):
    """
    @notice Pays into the pot of a feed.
    """
    self._listed(feed)
    self.pots[feed] += amount
    log PotFunded(feed=feed, amount=amount, pot=self.pots[feed])
    self._receive(amount)


@external
def accrue(feed: address, most: uint256) -> uint256:
    """
    @notice Credits the signers of the next rounds, up to the first one that the pot cannot pay, or
            whose next neighbour may still come.
    @param most Rounds to look at, at most 256.
    @return Id of the last round looked at.
    """
    terms: Terms = self._listed(feed)
    source: ISignedFeed = ISignedFeed(feed)
    count: uint256 = staticcall source.rounds()
    id: uint256 = self.accrued[feed]
    pot: uint256 = self.pots[feed]
    before: uint256 = pot
    last: uint256 = self.paid_until[feed]
    version: uint256 = 0
    members: address[MAX_REPORTERS] = empty(address[MAX_REPORTERS])
    previous: ISignedFeed.Round = staticcall source.round_at(id)
    round: ISignedFeed.Round = staticcall source.round_at(id + 1)
    for i: uint256 in range(min(most, MAX_PAID), bound=MAX_PAID):
        if id == count:
            break
        following: ISignedFeed.Round = staticcall source.round_at(id + 2)
        if following.timestamp == 0 and block.timestamp <= round.timestamp + terms.window:
            break
        if last == 0 or round.timestamp >= last + terms.spacing:
            pay: uint256 = terms.fee
            if round.delay <= terms.punctual and evidence._accurate(previous, round, following, terms.band, terms.window):
                pay += terms.bonus
            if pay > pot:
                break
            if round.version != version:
                version = round.version
                members = staticcall source.members(version)
            pot -= self._pay_signers(round.signers, members, pay)
            last = round.timestamp
        id += 1
        previous = round
        round = following
    self.accrued[feed] = id
    self.paid_until[feed] = last
    self.pots[feed] = pot
    log RoundsPaid(feed=feed, last_round=id, amount=before - pot, pot=pot)
    return id


@external
def prove_contradiction(feed: address, one: evidence.Report, other: evidence.Report) -> uint256:
    """
    @notice Shows two signed reports of one reporter, feed and time that differ.
    @return [token units] credited to the caller.
    """
    self._listed(feed)
    assert one.timestamp == other.timestamp, "bonds: times differ"
    assert one.price != other.price or one.confidence != other.confidence, "bonds: no contradiction"
    reporter: address = evidence._signer(feed, one)
    assert reporter == evidence._signer(feed, other), "bonds: signers differ"
    return self._slash(reporter, feed, one.timestamp, True)


@external
def prove_deviation(feed: address, report: evidence.Report, first: uint256, count: uint256) -> uint256:
    """
    @notice Shows a signed report too far from what the feed's rounds of its time say.
    @param first Id of the first round within the window.
    @param count Number of rounds within the window, MIN_ROUNDS to MAX_ROUNDS: all of them.
    @return [token units] credited to the caller.
    """
    terms: Terms = self._listed(feed)
    # A round of that time could come later only from reporters who are slower than the window.
    assert block.timestamp > report.timestamp + terms.window, "bonds: window still open"
    assert count >= MIN_ROUNDS and count <= MAX_ROUNDS, "bonds: too few or many rounds"
    median: uint256 = evidence._median(feed, report.timestamp, terms.window, first, count)
    gap: uint256 = max(report.price, median) - min(report.price, median)
    # A price that overflows here reverts; no feed accepts one, and nobody is paid for it.
    assert gap * WAD > terms.limit * median, "bonds: within the limit"
    return self._slash(evidence._signer(feed, report), feed, report.timestamp, False)


@external
def claim() -> uint256:
    """
    @return [token units] what the caller had earned, now paid.
    """
    amount: uint256 = self.owed[msg.sender]
    self.owed[msg.sender] = 0
    log Claimed(earner=msg.sender, amount=amount)
    self._send(msg.sender, amount)
    return amount


# -- reporters --


@external
def bond(amount: uint256):
    """
    @notice Adds to the caller's stake.
    """
    self.stake[msg.sender] += amount
    log Bonded(reporter=msg.sender, amount=amount, stake=self.stake[msg.sender])
    self._receive(amount)


@external
def unbond(amount: uint256):
    """
    @notice Announces that a part of the stake leaves. It joins what is leaving already, and all of
            that waits anew.
    """
    assert amount <= self.stake[msg.sender], "bonds: more than the stake"
    self.stake[msg.sender] -= amount
    self.leaving[msg.sender] += amount
    self.released[msg.sender] = block.timestamp + UNBONDING
    log UnbondingStarted(
        reporter=msg.sender, amount=amount, stake=self.stake[msg.sender], released=self.released[msg.sender]
    )


@external
def withdraw() -> uint256:
    """
    @return [token units] what was announced long enough ago and not taken since, now paid.
    """
    assert block.timestamp >= self.released[msg.sender], "bonds: still unbonding"
    amount: uint256 = self.leaving[msg.sender]
    self.leaving[msg.sender] = 0
    log Unbonded(reporter=msg.sender, amount=amount)
    self._send(msg.sender, amount)
    return amount


# -- owner --


@external
def list_feed(feed: address, terms: Terms):
    """
    @notice Starts paying for a feed, from its next round, or changes its terms.
    """
    ownable._check_owner()
    assert max(terms.fee, terms.bonus) <= MINIMUM, "bonds: pay above a full bond"
    assert max(terms.punctual, terms.spacing) <= MAX_TIME, "bonds: time out of range"
    assert terms.limit >= MIN_LIMIT, "bonds: limit too low"
    assert terms.limit <= WAD, "bonds: limit too high"
    assert terms.band <= terms.limit, "bonds: band above limit"
    assert terms.window > 0 and terms.window <= MAX_WINDOW, "bonds: window out of range"
    if self.terms[feed].window == 0:
        self.accrued[feed] = staticcall ISignedFeed(feed).rounds()
    log FeedListed(feed=feed, old_terms=self.terms[feed], terms=terms)
    self.terms[feed] = terms


# -- views --


@external
@view
@reentrant
def is_bonded(reporter: address) -> bool:
    return self.stake[reporter] >= MINIMUM


# -- internals --


@internal
@view
def _listed(feed: address) -> Terms:
    terms: Terms = self.terms[feed]
    assert terms.window != 0, "bonds: feed not listed"
    return terms


@internal
def _slash(reporter: address, feed: address, timestamp: uint256, contradiction: bool) -> uint256:
    """
    @notice Takes from both parts of the stake, in proportion.
    """
    assert block.timestamp <= timestamp + DISPUTE_WINDOW, "bonds: too late"
    assert not self.proved[feed][reporter][timestamp], "bonds: already proved"
    self.proved[feed][reporter][timestamp] = True
    staying: uint256 = self.stake[reporter]
    leaving: uint256 = self.leaving[reporter]
    if not contradiction:
        staying //= 2
        leaving //= 2
    amount: uint256 = staying + leaving
    assert amount > 0, "bonds: nothing at stake"
    self.stake[reporter] -= staying
    self.leaving[reporter] -= leaving
    reward: uint256 = amount // 2
    self.owed[msg.sender] += reward
    self.pots[feed] += amount - reward
    log Slashed(
        reporter=reporter, feed=feed, prover=msg.sender, timestamp=timestamp, contradiction=contradiction, amount=amount
    )
    return reward


@internal
def _pay_signers(signers: uint256, members: address[MAX_REPORTERS], pay: uint256) -> uint256:
    """
    @return [token units] what left the pot.
    """
    count: uint256 = 0
    for i: uint256 in range(MAX_REPORTERS):
        count += (signers >> i) & 1
    share: uint256 = pay // count
    spent: uint256 = 0
    for i: uint256 in range(MAX_REPORTERS):
        if (signers >> i) & 1 == 1 and self.stake[members[i]] >= MINIMUM:
            self.owed[members[i]] += share
            spent += share
    return spent


@internal
def _receive(amount: uint256):
    moved: bool = extcall TOKEN.transferFrom(msg.sender, self, amount, default_return_value=True)
    assert moved, "bonds: token did not move"


@internal
def _send(receiver: address, amount: uint256):
    moved: bool = extcall TOKEN.transfer(receiver, amount, default_return_value=True)
    assert moved, "bonds: token did not move"
