"""Who reports: naming, replacing, and what old committees leave behind."""

import boa
import pytest

from novate.deploy import compiled
from tests.oracle_world import FeedWorld, keys

NOBODY = "0x" + 40 * "0"


def test_replaces_reporters_and_keeps_the_history(world: FeedWorld) -> None:
    world.submit(world.report())
    fresh = [key.address for key in keys(8)[5:]]
    world.feed.set_committee(fresh, 2, sender=world.owner)
    (event,) = world.feed.get_logs()
    assert world.feed.committee_now() == (2, 2)
    assert (event.version, event.quorum) == (2, 2)
    assert list(event.reporters) == [*fresh, *[NOBODY] * 13]
    # Who signed an old round stays known.
    assert list(world.feed.members(1)) == [*world.addresses, *[NOBODY] * 11]
    assert list(world.feed.members(2)) == [*fresh, *[NOBODY] * 13]
    assert world.feed.round_at(1).version == 1


def test_reverts_for_a_committee_that_never_was(world: FeedWorld) -> None:
    with boa.reverts():
        world.feed.members(2)


def test_reverts_caller_is_not_the_owner(world: FeedWorld) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        world.feed.set_committee(world.addresses, 3, sender=world.intruder)


def test_reverts_reporter_twice(world: FeedWorld) -> None:
    with boa.reverts("report: reporter twice"):
        world.feed.set_committee([*world.addresses, world.addresses[0]], 4, sender=world.owner)
    # Places without a reporter may repeat.
    world.feed.set_committee([NOBODY, NOBODY, *world.addresses], 3, sender=world.owner)


def test_a_reporter_leaves(world: FeedWorld) -> None:
    world.feed.drop(1, sender=world.addresses[1])
    assert world.feed.committee_now() == (2, 3)
    left = [NOBODY if i == 1 else address for i, address in enumerate(world.addresses)]
    assert list(world.feed.members(2))[:5] == left
    with boa.reverts("report: bad signature"):
        world.submit(world.report(), (0, 1, 2))
    world.submit(world.report(), (0, 2, 3))


def test_below_the_quorum_there_are_no_reports(world: FeedWorld) -> None:
    for index in (0, 1, 2):
        world.feed.drop(index, sender=world.addresses[index])
    for indices in ((0, 3, 4), (2, 3, 4)):
        with boa.reverts("report: bad signature"):
            world.submit(world.report(), indices)
    with boa.reverts("report: not the quorum"):
        world.submit(world.report(), (3, 4))
    world.feed.set_committee(world.addresses, 3, sender=world.owner)
    world.submit(world.report())


def test_reverts_no_such_reporter(world: FeedWorld) -> None:
    for index in (5, 15, 16, 2**255):
        with boa.reverts("report: no such reporter"):
            world.feed.drop(index)


def test_reverts_reporter_is_bonded(world: FeedWorld) -> None:
    # Where nobody says who is bonded, everybody may stay.
    with boa.reverts("report: reporter is bonded"):
        world.feed.drop(0, sender=world.addresses[1])
    with boa.reverts("ownable: caller is not the owner"):
        world.feed.set_bonds(world.intruder, sender=world.intruder)


@pytest.mark.parametrize(("count", "quorum"), [(5, 6), (0, 1), (5, 255), (5, 2**255)])
def test_reverts_quorum_too_large(world: FeedWorld, count: int, quorum: int) -> None:
    with boa.reverts("report: quorum too large"):
        world.feed.set_committee(world.addresses[:count], quorum, sender=world.owner)


@pytest.mark.parametrize(("count", "quorum"), [(5, 2), (4, 2), (1, 0), (0, 0)])
def test_reverts_quorum_too_small(world: FeedWorld, count: int, quorum: int) -> None:
    with boa.reverts("report: quorum too small"):
        world.feed.set_committee(world.addresses[:count], quorum, sender=world.owner)


def test_reverts_too_many_committees(world: FeedWorld) -> None:
    # 2**18 replacements cannot be played: the version is written into the storage.
    feed = world.feed
    layout = feed.compiler_data.storage_layout["storage_layout"]
    slot = layout["committee"]["current"]["slot"]
    word = boa.env.get_storage(feed.address, slot)
    boa.env.set_storage(feed.address, slot, word & (2**168 - 1) | (2**18 - 2) << 168)
    feed.set_committee(world.addresses, 3, sender=world.owner)
    assert feed.committee_now() == (2**18 - 1, 3)
    with boa.reverts("report: too many committees"):
        feed.set_committee(world.addresses, 3, sender=world.owner)


def test_reverts_at_deployment() -> None:
    deploy = compiled("oracle/SignedFeed.vy").deploy
    people = [key.address for key in keys(3)]
    with boa.reverts("feed: no owner"):
        deploy("X", 8, 60, people, 2, NOBODY)
    for age in (4, 3_601):
        with boa.reverts("feed: max age out of range"):
            deploy("X", 8, age, people, 2, boa.env.eoa)
