"""Slashing by proof: who loses what to whom, and which proofs prove nothing."""

from typing import Any

import boa
import pytest
from eth_account import Account

from novate.oracle.reports import sign
from tests.oracle_world import FeedWorld, now

from .conftest import MINIMUM, PRICE, TERMS, BondWorld

DAY = 86_400


@pytest.fixture
def history(world: BondWorld) -> int:
    """Ten rounds 12 seconds apart, all at one price; returns the time of the fifth."""
    for _ in range(10):
        world.push(PRICE, 12)
    boa.env.time_travel(seconds=3_600)
    return int(world.feed.round_at(5).timestamp)


def test_contradicting_reports_cost_the_stake(world: BondWorld) -> None:
    pot, reporter = world.pot(), world.addresses[2]
    assert world.contradict(2, now()) == MINIMUM // 2
    assert world.bonds.stake(reporter) == 0 and not world.bonds.is_bonded(reporter)
    assert world.bonds.owed(world.prover) == MINIMUM // 2
    assert world.pot() == pot + MINIMUM // 2
    assert world.bonds.claim(sender=world.prover) == MINIMUM // 2


def test_confidence_contradicts_too(world: BondWorld) -> None:
    proofs = [world.evidence(world.report(confidence=c), 0) for c in (1, 2)]
    world.bonds.prove_contradiction(world.feed.address, *proofs)
    assert world.bonds.stake(world.addresses[0]) == 0


def test_a_deviating_report_costs_half(world: BondWorld, history: int) -> None:
    # 10 % from 60,000 is the limit; the report need not have been accepted.
    pot, reporter = world.pot(), world.addresses[1]
    # Five rounds to either side are within 60 seconds.
    assert world.deviate(1, PRICE * 11 // 10 + 1, history, 1, 10) == MINIMUM // 4
    (event,) = world.bonds.get_logs()
    assert (event.reporter, event.prover, event.amount) == (reporter, world.prover, MINIMUM // 2)
    assert not event.contradiction and event.timestamp == history
    assert world.bonds.stake(reporter) == MINIMUM - MINIMUM // 2
    assert world.pot() == pot + MINIMUM // 4


def test_an_accepted_spike_is_proved_by_its_neighbours(world: BondWorld) -> None:
    for price in (PRICE, PRICE, PRICE // 2, PRICE, PRICE):
        world.push(price, 12)
    time = world.feed.round_at(3).timestamp
    boa.env.time_travel(seconds=3_600)
    for index in (0, 1, 2):
        assert world.deviate(index, PRICE // 2, time, 1, 5) == MINIMUM // 4
    # Those who did not sign it lose nothing.
    assert [world.bonds.stake(r) for r in world.addresses[3:]] == [MINIMUM] * 2


def test_of_an_even_number_the_lower_middle_counts(world: BondWorld) -> None:
    # Unsorted, so that they have to be sorted: the middle two are 100 and 120.
    for price in (120, 100, 121, 99):
        world.push(price * 10**8, 12)
    time = world.feed.round_at(2).timestamp
    boa.env.time_travel(seconds=3_600)
    for price in (110, 90):
        with boa.reverts("bonds: within the limit"):
            world.deviate(0, price * 10**8, time, 1, 4)
    for index, price in enumerate((111, 89)):
        assert world.deviate(index, price * 10**8, time, 1, 4)


# -- honest reporters --


def test_slashing_an_honest_reporter_fails(world: BondWorld, history: int) -> None:
    for price in (PRICE, PRICE * 11 // 10, PRICE * 9 // 10):
        with boa.reverts("bonds: within the limit"):
            world.deviate(0, price, history, 1, 10)


def test_an_honest_reporter_survives_a_true_jump(world: BondWorld) -> None:
    # The market halves within a minute: reports of each minute agree with one side or the other,
    # and those at the edge with the rounds of their own time.
    prices = [PRICE] * 6 + [PRICE * 93 // 100, PRICE * 87 // 100, PRICE * 81 // 100]
    prices += [PRICE * 76 // 100] * 6
    for price in prices:
        world.push(price, 12)
    boa.env.time_travel(seconds=3_600)
    times = [world.feed.round_at(i).timestamp for i in range(1, 16)]
    for i, time in enumerate(times):
        near = [j for j, other in enumerate(times) if abs(other - time) <= 60]
        middle = sorted(prices[j] for j in near)[(len(near) - 1) // 2]
        if abs(prices[i] - middle) * 10 <= middle:
            with boa.reverts("bonds: within the limit"):
                world.deviate(0, prices[i], time, near[0] + 1, len(near))


def test_reverts_within_the_limit_for_a_report_of_another_time(
    world: BondWorld, history: int
) -> None:
    # An honest price of a later hour, shown against the rounds of this one, has the wrong time.
    for _ in range(5):
        world.push(PRICE // 2, 12)
    boa.env.time_travel(seconds=3_600)
    later = world.feed.round_at(12).timestamp
    with boa.reverts("bonds: round outside window"):
        world.deviate(0, PRICE // 2, later, 1, 15)
    with boa.reverts("bonds: within the limit"):
        world.deviate(0, PRICE // 2, later, 11, 5)


@pytest.mark.parametrize(
    ("first", "count"), [(2, 9), (1, 9), (2, 8), (3, 3), (0, 3), (4, 4), (0, 11)]
)
def test_reverts_not_the_whole_window(
    world: BondWorld, history: int, first: int, count: int
) -> None:
    # A prover cannot choose the rounds that suit it.
    with boa.reverts("bonds: not the whole window"):
        world.deviate(0, 1, history, first, count)


def test_reverts_round_outside_window(world: BondWorld, history: int) -> None:
    for first, count in ((1, 11), (1, 12)):
        with boa.reverts("bonds: round outside window"):
            world.deviate(0, 1, history, first, count)
    # The eleventh is there, but an hour later.
    world.push(PRICE, 12)
    with boa.reverts("bonds: round outside window"):
        world.deviate(0, 1, history, 1, 11)


@pytest.mark.parametrize("count", [0, 2, 49, 2**255])
def test_reverts_too_few_or_too_many_rounds(world: BondWorld, history: int, count: int) -> None:
    with boa.reverts("bonds: too few or many rounds"):
        world.deviate(0, 1, history, 1, count)


def test_reverts_window_still_open(world: BondWorld) -> None:
    for _ in range(5):
        world.push(PRICE, 12)
    boa.env.time_travel(seconds=60)
    with boa.reverts("bonds: window still open"):
        world.deviate(0, 1, now() - 60, 1, 5)
    boa.env.time_travel(seconds=1)
    assert world.deviate(0, 1, now() - 61, 1, 5)


def test_reverts_no_contradiction(world: BondWorld) -> None:
    one = world.evidence(world.report(), 0)
    with boa.reverts("bonds: no contradiction"):
        world.bonds.prove_contradiction(world.feed.address, one, one)
    # The malleated twin of a signature is no second report.
    value = int.from_bytes(one[4], "big") ^ (1 << 255)
    twin = (*one[:4], value.to_bytes(32, "big"))
    with boa.reverts("bonds: no contradiction"):
        world.bonds.prove_contradiction(world.feed.address, one, twin)


def test_reverts_times_differ(world: BondWorld) -> None:
    one, other = (world.evidence(world.report(timestamp=now() - i), 0) for i in (0, 1))
    with boa.reverts("bonds: times differ"):
        world.bonds.prove_contradiction(world.feed.address, one, other)


def test_reverts_signers_differ(world: BondWorld) -> None:
    one, other = (world.evidence(world.report(price), price) for price in (1, 2))
    with boa.reverts("bonds: signers differ"):
        world.bonds.prove_contradiction(world.feed.address, one, other)


def test_reverts_bad_signature(world: BondWorld) -> None:
    one = world.evidence(world.report(1), 0)
    empty = (2, *one[1:3], bytes(32), bytes(32))
    with boa.reverts("bonds: bad signature"):
        world.bonds.prove_contradiction(
            world.feed.address, empty, world.evidence(world.report(), 0)
        )


def test_reports_of_another_feed_prove_nothing(world: BondWorld) -> None:
    # Signed for another feed, the same prices are no reports of this one: whoever the signature
    # seems to come from has no stake, or the two seem to come from two.
    other = FeedWorld(name="ETH / USD")
    proofs = []
    for price in (1, 2):
        report = other.report(price)
        proofs.append((*report.arguments(), *sign(report, other.keys[0], other.domain)))
    with boa.reverts("bonds: signers differ"):
        world.bonds.prove_contradiction(world.feed.address, *proofs)


def test_reverts_nothing_at_stake(world: BondWorld) -> None:
    stranger = Account.create()
    proofs = []
    for price in (1, 2):
        report = world.report(price)
        proofs.append((*report.arguments(), *sign(report, stranger, world.domain)))
    with boa.reverts("bonds: nothing at stake"):
        world.bonds.prove_contradiction(world.feed.address, *proofs)


def test_reverts_already_proved(world: BondWorld, history: int) -> None:
    world.deviate(0, 1, history, 1, 10)
    # Neither again, nor as a contradiction of the same time, nor after a new bond.
    world.bond(world.addresses[0], MINIMUM)
    with boa.reverts("bonds: already proved"):
        world.deviate(0, 1, history, 1, 10)
    with boa.reverts("bonds: already proved"):
        world.contradict(0, history)
    assert world.deviate(0, 1, history + 1, 1, 10)


def test_reverts_too_late(world: BondWorld) -> None:
    time = now()
    boa.env.time_travel(seconds=3 * DAY + 1)
    with boa.reverts("bonds: too late"):
        world.contradict(0, time)
    assert world.contradict(0, time + 1)


# -- leaving --


def test_unbonding_outlasts_every_dispute(world: BondWorld) -> None:
    reporter, bonds = world.addresses[0], world.bonds
    assert bonds.UNBONDING() > bonds.DISPUTE_WINDOW()
    bonds.unbond(MINIMUM, sender=reporter)
    lie = now()
    with boa.reverts("bonds: still unbonding"):
        bonds.withdraw(sender=reporter)
    # The last second in which the lie can be shown: the stake is there.
    boa.env.time_travel(seconds=3 * DAY)
    with boa.reverts("bonds: still unbonding"):
        bonds.withdraw(sender=reporter)
    world.contradict(0, lie)
    boa.env.time_travel(seconds=4 * DAY)
    assert bonds.withdraw(sender=reporter) == 0
    assert world.token.balanceOf(reporter) == 0


def test_unbonding_race_is_lost(world: BondWorld) -> None:
    # Announce, keep reporting, lie in the last second before the release: by then anyone has had
    # the reporter removed, so that nothing it signs is accepted.
    reporter, bonds = world.addresses[0], world.bonds
    with boa.reverts("report: reporter is bonded"):
        world.feed.drop(0, sender=world.intruder)
    bonds.unbond(1, sender=reporter)
    assert not bonds.is_bonded(reporter)
    world.feed.drop(0, sender=world.intruder)
    boa.env.time_travel(seconds=7 * DAY)
    with boa.reverts("report: bad signature"):
        world.submit(world.report(1), (0, 1, 2))


def test_a_new_announcement_makes_all_of_it_wait(world: BondWorld) -> None:
    reporter, bonds = world.addresses[0], world.bonds
    bonds.unbond(10, sender=reporter)
    boa.env.time_travel(seconds=7 * DAY - 1)
    bonds.unbond(5, sender=reporter)
    boa.env.time_travel(seconds=1)
    with boa.reverts("bonds: still unbonding"):
        bonds.withdraw(sender=reporter)
    boa.env.time_travel(seconds=7 * DAY - 1)
    assert bonds.withdraw(sender=reporter) == 15
    assert bonds.withdraw(sender=reporter) == 0
    assert bonds.stake(reporter) == MINIMUM - 15


def test_a_slashed_reporter_can_be_removed(world: BondWorld) -> None:
    world.contradict(3, now())
    world.feed.drop(3, sender=world.intruder)
    assert world.feed.members(2)[3] == "0x" + 40 * "0"


def test_reverts_more_than_the_stake(world: BondWorld) -> None:
    with boa.reverts("bonds: more than the stake"):
        world.bonds.unbond(MINIMUM + 1, sender=world.addresses[0])


def test_proving_against_oneself_does_not_pay(world: BondWorld) -> None:
    reporter = world.addresses[0]
    proofs = [world.evidence(world.report(price), 0) for price in (1, 2)]
    world.bonds.prove_contradiction(world.feed.address, *proofs, sender=reporter)
    assert world.bonds.claim(sender=reporter) == MINIMUM // 2


def test_terms_are_readable(world: BondWorld) -> None:
    found: Any = world.bonds.terms(world.feed.address)
    assert tuple(found) == TERMS
