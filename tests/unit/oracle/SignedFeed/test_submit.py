"""Reports that count, and every way in which one does not."""

import boa
import pytest
from eth_account import Account

from novate.oracle.reports import (
    CURVE_ORDER,
    Domain,
    PriceReport,
    assemble,
    compact,
    feed_id,
    report_hash,
    sign,
)
from tests.oracle_world import MAX_AGE, WAD, FeedWorld, now, signatures

PRICE = 60_000 * 10**8
INTERFACE = {"decimals", "description", "version", "getRoundData", "latestRoundData"}


def test_speaks_the_interface(world: FeedWorld) -> None:
    assert {e["name"] for e in world.feed.abi if e["type"] == "function"} >= INTERFACE
    assert (world.feed.description(), world.feed.decimals()) == ("BTC / USD", 8)
    assert world.feed.version() == 1 and world.feed.FEED() == feed_id("BTC / USD")
    assert world.feed.max_age() == MAX_AGE and world.feed.owner() == world.owner


def test_digest_is_eip_712s(world: FeedWorld) -> None:
    # eth_account's own encoding of the type is the truth.
    for report in (world.report(), world.report(1, confidence=0, timestamp=2**64)):
        digest = world.feed.digest_of(*report.arguments())
        assert digest == report_hash(report, world.domain)


def test_domain_is_published(world: FeedWorld) -> None:
    fields, name, version, chain, contract, salt, extensions = world.feed.eip712Domain()
    assert (fields, name, version) == (b"\x0f", "Novate Price Reports", "1")
    assert chain == boa.env.evm.patch.chain_id and contract == world.feed.address
    assert salt == bytes(32) and extensions == []


def test_stores_the_round(world: FeedWorld) -> None:
    stored = []
    for number, (price, signers) in enumerate([(PRICE, (0, 1, 2)), (1, (0, 3, 4))], 1):
        boa.env.time_travel(seconds=10)
        report = world.report(price, confidence=WAD * 3 // 7, timestamp=now() - 4)
        assert world.submit(report, signers) == number
        stored.append((number, price, report.timestamp, report.timestamp, number))
        assert world.feed.latestRoundData() == stored[-1]
        assert world.feed.rounds() == number
        found = world.feed.round_at(number)
        # Three sevenths, whole billionths.
        assert found.confidence == 428_571_428 * 10**9
        assert (found.price, found.timestamp, found.delay) == (price, report.timestamp, 4)
        assert found.signers == sum(1 << i for i in signers) and found.version == 1
    assert [world.feed.getRoundData(i) for i in (1, 2)] == stored
    assert world.feed.latest_report() == (1, 428_571_428 * 10**9, now() - 4)


def test_logs_chainlinks_event(world: FeedWorld) -> None:
    world.submit(world.report(PRICE))
    (event,) = world.feed.get_logs()
    assert type(event).__name__ == "AnswerUpdated"
    assert (event.current, event.roundId, event.updatedAt) == (PRICE, 1, now())


def test_extreme_figures_do_not_touch_each_other(world: FeedWorld) -> None:
    world.submit(world.report(2**104 - 1, confidence=WAD))
    found = world.feed.round_at(1)
    assert (found.price, found.confidence, found.delay) == (2**104 - 1, WAD, 0)
    world.push(1)
    boa.env.time_travel(seconds=MAX_AGE + 1)
    world.submit(world.report(1, confidence=0, timestamp=now() - MAX_AGE))
    found = world.feed.round_at(3)
    assert (found.price, found.confidence, found.delay) == (1, 0, MAX_AGE)


def test_anyone_submits(world: FeedWorld) -> None:
    report = world.report()
    world.feed.submit(*report.arguments(), *world.proof(report), sender=world.intruder)
    assert world.feed.latestRoundData()[1] == report.price


def test_slightly_ahead_is_served_as_now(world: FeedWorld) -> None:
    report = world.report(timestamp=now() + 3)
    world.submit(report)
    assert world.feed.latestRoundData()[3] == now()
    boa.env.time_travel(seconds=5)
    assert world.feed.getRoundData(1)[3] == report.timestamp


def test_sixteen_reporters() -> None:
    world = FeedWorld(quorum=16, count=16)
    world.submit(world.report())
    assert world.feed.round_at(1).signers == 2**16 - 1
    assert list(world.feed.members(1)) == world.addresses


# -- replay --


def test_reverts_not_newer_on_replay_on_the_same_chain(world: FeedWorld) -> None:
    report = world.report()
    proof = world.proof(report)
    world.feed.submit(*report.arguments(), *proof)
    boa.env.time_travel(seconds=12)
    with boa.reverts("report: not newer"):
        world.feed.submit(*report.arguments(), *proof)
    # Nor with the names of others under it.
    with boa.reverts("report: not newer"):
        world.submit(report, (2, 3, 4))


def test_reverts_bad_signature_on_replay_from_another_chain(world: FeedWorld) -> None:
    report = world.report()
    elsewhere = Domain(world.domain.chain_id + 1, world.domain.contract)
    with boa.reverts("report: bad signature"):
        world.feed.submit(
            *report.arguments(), *assemble(signatures(report, world.keys, elsewhere), 3)
        )
    # After a fork of the chain the domain follows the new id.
    former, boa.env.evm.patch.chain_id = boa.env.evm.patch.chain_id, elsewhere.chain_id
    try:
        with boa.reverts("report: bad signature"):
            world.submit(report)
        world.feed.submit(
            *report.arguments(), *assemble(signatures(report, world.keys, elsewhere), 3)
        )
    finally:
        boa.env.evm.patch.chain_id = former


def test_reverts_bad_signature_on_replay_from_another_feed(world: FeedWorld) -> None:
    other = FeedWorld(name="ETH / USD")
    report = other.report()
    other.submit(report)
    with boa.reverts("report: bad signature"):
        world.feed.submit(*report.arguments(), *other.proof(report))
    # Another contract of the same name, and another name at the same contract.
    twin = FeedWorld()
    with boa.reverts("report: bad signature"):
        world.feed.submit(*report.arguments(), *twin.proof(twin.report(report.price)))
    renamed = PriceReport(feed_id("ETH / USD"), *report.arguments())
    with boa.reverts("report: bad signature"):
        world.submit(renamed)


# -- signers --


@pytest.mark.parametrize("indices", [(), (0,), (0, 1), (0, 1, 2, 3), (0, 1, 2, 3, 4)])
def test_reverts_not_the_quorum(world: FeedWorld, indices: tuple[int, ...]) -> None:
    report = world.report()
    with boa.reverts("report: not the quorum"):
        world.submit(report, indices)


@pytest.mark.parametrize("indices", [(0, 0, 1), (0, 1, 1), (2, 1, 0), (0, 2, 1), (0, 1, 16)])
def test_reverts_signers_not_ascending(world: FeedWorld, indices: tuple[int, ...]) -> None:
    # Duplicates, unsorted ones, and an index that no committee has.
    report = world.report()
    listed = [sign(report, world.keys[i % 5], world.domain) for i in indices]
    word = sum(index << (8 * place) for place, index in enumerate(indices))
    with boa.reverts("report: signers not ascending"):
        world.feed.submit(*report.arguments(), word, listed)


def test_reverts_bad_signature_of_a_duplicate_under_two_indices(world: FeedWorld) -> None:
    report = world.report()
    one, two = (sign(report, world.keys[i], world.domain) for i in (0, 1))
    with boa.reverts("report: bad signature"):
        world.feed.submit(*report.arguments(), 0x020100, [one, two, two])


def test_reverts_bad_signature_of_unsorted_signatures(world: FeedWorld) -> None:
    report = world.report()
    word, listed = world.proof(report)
    with boa.reverts("report: bad signature"):
        world.feed.submit(*report.arguments(), word, listed[::-1])


def test_reverts_bad_signature_of_a_stranger(world: FeedWorld) -> None:
    report = world.report()
    stranger = sign(report, Account.create(), world.domain)
    word, listed = world.proof(report)
    with boa.reverts("report: bad signature"):
        world.feed.submit(*report.arguments(), word, [*listed[:2], stranger])


@pytest.mark.parametrize("change", [(1, 0, 0), (0, -1, 0), (0, 0, 1)])
def test_reverts_bad_signature_of_changed_figures(
    world: FeedWorld, change: tuple[int, int, int]
) -> None:
    report = world.report(timestamp=now() - 5)
    figures = [sum(pair) for pair in zip(report.arguments(), change, strict=True)]
    with boa.reverts("report: bad signature"):
        world.feed.submit(*figures, *world.proof(report))


def test_reverts_bad_signature_of_nobody(world: FeedWorld) -> None:
    # A recovery that fails gives the empty address, and so does an index without a reporter.
    world.feed.set_committee(["0x" + 40 * "0", *world.addresses], 3, sender=world.owner)
    report = world.report()
    _, listed = world.proof(report)
    nothing = (bytes(32), bytes(32))
    for word, signed in ((0x020100, [nothing, *listed[:2]]), (0x0F0201, [*listed[:2], nothing])):
        with boa.reverts("report: bad signature"):
            world.feed.submit(*report.arguments(), word, signed)


def test_reverts_bad_signature_of_a_malleated_one(world: FeedWorld) -> None:
    # The twin (r, n - s, other v) of a signature is valid too; here it cannot be written: its s
    # has the top bit, which stands for the parity.
    report = world.report()
    word, listed = world.proof(report)
    r, vs = listed[0]
    value = int.from_bytes(vs, "big")
    parity, s = value >> 255, value & (2**255 - 1)
    high = CURVE_ORDER - s
    assert high >> 255 == 1
    for forged in (high, high & (2**255 - 1), high | (1 << 255), value ^ (1 << 255)):
        if forged != value:
            with boa.reverts("report: bad signature"):
                world.feed.submit(
                    *report.arguments(), word, [(r, forged.to_bytes(32, "big")), *listed[1:]]
                )
    assert compact(27 + parity, int.from_bytes(r, "big"), s) == (r, vs)


def test_signer_removed_between_signing_and_submitting(world: FeedWorld) -> None:
    report = world.report()
    proof = world.proof(report)
    left = [*world.addresses]
    left[1] = "0x" + 40 * "0"
    world.feed.set_committee(left, 3, sender=world.owner)
    with boa.reverts("report: bad signature"):
        world.feed.submit(*report.arguments(), *proof)
    # Those who stayed keep their indices, and what they signed counts.
    world.submit(report, (0, 2, 3))
    assert world.feed.round_at(1).version == 2


# -- time and figures --


@pytest.mark.parametrize("ahead", [4, 60, 2**40 - 1_767_225_600, 2**255])
def test_reverts_from_the_future(world: FeedWorld, ahead: int) -> None:
    with boa.reverts("report: from the future"):
        world.submit(world.report(timestamp=now() + ahead))


def test_reverts_too_old(world: FeedWorld) -> None:
    with boa.reverts("report: too old"):
        world.submit(world.report(timestamp=now() - MAX_AGE - 1))
    world.submit(world.report(timestamp=now() - MAX_AGE))


def test_reverts_not_newer_out_of_order(world: FeedWorld) -> None:
    world.submit(world.report(timestamp=now() - 10))
    boa.env.time_travel(seconds=5)
    for timestamp in (now() - 15, now() - 16, 0):
        with boa.reverts("report: not newer"):
            world.submit(world.report(timestamp=timestamp))
    world.submit(world.report(timestamp=now() - 14))


def test_two_fresh_prices_cannot_sandwich_a_trade(world: FeedWorld) -> None:
    # Both signed and fresh: one of them counts in this block, the other one in the next.
    low, high = world.report(PRICE, timestamp=now() - 2), world.report(2 * PRICE)
    world.submit(low)
    with boa.reverts("report: one a block"):
        world.submit(high)
    assert world.feed.offer(*high.arguments(), *world.proof(high)) == 1
    assert world.feed.latestRoundData()[1] == PRICE
    boa.env.time_travel(seconds=1)
    assert world.submit(high) == 2


def test_offer_does_nothing_where_somebody_was_first(world: FeedWorld) -> None:
    report = world.report()
    proof = world.proof(report)
    assert world.feed.offer(*report.arguments(), *proof, sender=world.intruder) == 1
    assert world.feed.offer(*report.arguments(), *proof) == 1
    boa.env.time_travel(seconds=3)
    older = world.report(1, timestamp=report.timestamp - 1)
    assert world.feed.offer(*older.arguments(), *world.proof(older)) == 1
    assert world.feed.latestRoundData()[1] == report.price
    # But it is no way around the signatures.
    newer = world.report(1)
    with boa.reverts("report: not the quorum"):
        world.feed.offer(*newer.arguments(), *world.proof(newer, (0, 1)))


@pytest.mark.parametrize("price", [0, 2**104, 2**256 - 1])
def test_reverts_price_out_of_range(world: FeedWorld, price: int) -> None:
    with boa.reverts("report: price out of range"):
        world.submit(world.report(price))


def test_reverts_confidence_above_one(world: FeedWorld) -> None:
    with boa.reverts("report: confidence above one"):
        world.submit(world.report(confidence=WAD + 1))


def test_reverts_no_data_present(world: FeedWorld) -> None:
    with boa.reverts("feed: no data present"):
        world.feed.latestRoundData()
    world.submit(world.report())
    for number in (0, 2, 2**80 - 1):
        with boa.reverts("feed: no data present"):
            world.feed.getRoundData(number)
    assert world.feed.round_at(2).price == 0
