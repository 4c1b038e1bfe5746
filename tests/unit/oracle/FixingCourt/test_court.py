"""Proposed fixings: bonds, disputes, and that the right side is always paid."""

from typing import Any

import boa
import pytest

from tests.world import build

WAD = 10**18
SPX, DAY, HOUR = 1, 86_400, 3_600
BOND, DISPUTE = 500 * 10**6, 7_200
RIGHT, WRONG = 2_650 * WAD, 2_651 * WAD
NOBODY = "0x" + 40 * "0"


@pytest.fixture
def expired(bench: Any) -> int:
    """An expiry whose fixing is computed from the source's history: 2,600, then 2,700."""
    expiry = bench.expiry
    bench.travel_to(expiry - 1_900)
    bench.push(2_600)
    bench.travel_to(expiry - 900)
    bench.push(2_700)
    bench.travel_to(expiry)
    return expiry


def _propose(bench: Any, expiry: int, price: int = RIGHT, role: str = "proposer") -> None:
    bench.court.propose(SPX, expiry, price, sender=bench[role])


def _dispute(bench: Any, expiry: int) -> None:
    bench.court.dispute(SPX, expiry, sender=bench["disputer"])


def _compute(bench: Any, expiry: int) -> int:
    """Anyone computes what is right: the round before the window is the second."""
    return int(bench.oracle.fix(SPX, expiry, [2], sender=bench["keeper"]))


def _paid(bench: Any, role: str) -> int:
    """What a side has more than before, after its withdrawal."""
    bench.court.withdraw(sender=bench[role])
    start = 0 if role == "beneficiary" else 10 * BOND
    return bench.balance(role) - start


def test_undisputed_proposal_becomes_the_fixing(bench: Any, expired: int) -> None:
    _propose(bench, expired)
    (event,) = [e for e in bench.court.get_logs() if type(e).__name__ == "Proposed"]
    assert (event.price, event.proposer) == (RIGHT, bench["proposer"])
    assert bench.court.proposal_of(SPX, expired).deadline == bench.now + DISPUTE
    boa.env.time_travel(seconds=DISPUTE)
    bench.court.settle(SPX, expired, sender=bench["intruder"])
    settled = [e for e in bench.court.get_logs() if type(e).__name__ == "Settled"]
    assert [(e.price, e.amount) for e in settled] == [(RIGHT, BOND)]
    assert bench.oracle.fixing(SPX, expired) == RIGHT
    assert _paid(bench, "proposer") == 0
    assert bench.token.balanceOf(bench.court.address) == 0


def test_a_dispute_is_told(bench: Any, expired: int) -> None:
    _propose(bench, expired)
    _dispute(bench, expired)
    (event,) = [e for e in bench.court.get_logs() if type(e).__name__ == "Disputed"]
    told = event.underlying, event.expiry, event.disputer
    assert told == (SPX, expired, bench["disputer"])


def test_right_proposer_wins_the_dispute(bench: Any, expired: int) -> None:
    _propose(bench, expired)
    _dispute(bench, expired)
    assert _compute(bench, expired) == RIGHT
    bench.court.settle(SPX, expired)
    assert (_paid(bench, "proposer"), _paid(bench, "disputer")) == (BOND, -BOND)


@pytest.mark.parametrize("price", [WRONG, RIGHT + 1, RIGHT - 1])
def test_right_disputer_wins_the_dispute(bench: Any, expired: int, price: int) -> None:
    _propose(bench, expired, price)
    _dispute(bench, expired)
    boa.env.time_travel(seconds=DISPUTE)
    with boa.reverts("court: under dispute"):
        bench.court.settle(SPX, expired)
    _compute(bench, expired)
    bench.court.settle(SPX, expired, sender=bench["intruder"])
    (event,) = bench.court.get_logs()
    assert (event.price, event.winner, event.amount) == (RIGHT, bench["disputer"], 2 * BOND)
    assert (_paid(bench, "proposer"), _paid(bench, "disputer")) == (-BOND, BOND)
    assert bench.oracle.fixing(SPX, expired) == RIGHT


def test_dispute_in_the_last_second(bench: Any, expired: int) -> None:
    _propose(bench, expired, WRONG)
    boa.env.time_travel(seconds=DISPUTE - 1)
    with boa.reverts("court: window is open"):
        bench.court.settle(SPX, expired)
    with boa.env.anchor():
        _dispute(bench, expired)
        assert _compute(bench, expired) == RIGHT
    boa.env.time_travel(seconds=1)
    with boa.reverts("court: window has passed"):
        _dispute(bench, expired)
    bench.court.settle(SPX, expired)
    assert bench.oracle.fixing(SPX, expired) == WRONG


def test_undisputed_falsehood_loses_its_bond_once_anybody_computes(
    bench: Any, expired: int
) -> None:
    _propose(bench, expired, WRONG)
    _compute(bench, expired)
    with boa.reverts("court: already fixed"):
        _dispute(bench, expired)
    bench.court.settle(SPX, expired, sender=bench["proposer"])
    assert (_paid(bench, "proposer"), _paid(bench, "beneficiary")) == (-BOND, BOND)


def test_undisputed_truth_gets_its_bond_back_when_computed(bench: Any, expired: int) -> None:
    _propose(bench, expired)
    _compute(bench, expired)
    bench.court.settle(SPX, expired)
    assert _paid(bench, "proposer") == 0


def test_two_proposals_at_once(bench: Any, expired: int) -> None:
    _propose(bench, expired)
    with boa.reverts("court: already proposed"):
        _propose(bench, expired, WRONG, "intruder")
    _propose(bench, expired - HOUR, WRONG, "intruder")
    boa.env.time_travel(seconds=DISPUTE)
    bench.court.settle(SPX, expired)
    assert bench.oracle.fixing(SPX, expired) == RIGHT
    assert bench.oracle.fixing(SPX, expired - HOUR) == 0
    with boa.reverts("court: no proposal"):
        bench.court.settle(SPX, expired)
    with boa.reverts("court: already fixed"):
        _propose(bench, expired)


def test_reverts_already_disputed(bench: Any, expired: int) -> None:
    _propose(bench, expired)
    _dispute(bench, expired)
    with boa.reverts("court: already disputed"):
        bench.court.dispute(SPX, expired, sender=bench["intruder"])


def test_reverts_recorded_just_fix(bench: Any) -> None:
    expiry = bench.expiry
    for before in range(2_099, 200, -300):
        bench.travel_to(expiry - before)
        bench.record(2_700)
    bench.travel_to(expiry)
    with boa.reverts("court: recorded, just fix"):
        _propose(bench, expiry)
    assert bench.oracle.fix(SPX, expiry, []) == 2_700 * WAD


def test_reverts_not_expired_or_not_on_the_hour(bench: Any, expired: int) -> None:
    with boa.reverts("court: not expired"):
        _propose(bench, expired + HOUR)
    for wrong in (0, expired - 1, expired - 1_800):
        with boa.reverts("court: expiry not on the hour"):
            _propose(bench, wrong)


def test_reverts_far_from_last_price(bench: Any, expired: int) -> None:
    for price in (0, 1, 1_350 * WAD - 1, 5_400 * WAD + 1, 2**255):
        with boa.reverts("court: far from last price"):
            _propose(bench, expired, price)
    with boa.reverts("court: far from last price"):
        bench.court.propose(2, expired, 0, sender=bench["proposer"])


# -- nothing can be computed --


def _kill_source(bench: Any) -> None:
    boa.env.set_code(bench.feed.address, b"")


def test_judge_chooses_between_recorded_values_only(bench: Any) -> None:
    expiry = bench.expiry
    bench.travel_to(expiry - HOUR)
    bench.record(2_640)
    bench.travel_to(expiry)
    _kill_source(bench)
    _propose(bench, expiry)
    with boa.reverts("court: not disputed"):
        bench.court.choose(SPX, expiry, True, sender=bench["judge"])
    _dispute(bench, expiry)
    with boa.reverts("ownable: caller is not the owner"):
        bench.court.choose(SPX, expiry, True, sender=bench["intruder"])
    for age in (DAY - 1, 3 * DAY):
        with boa.env.anchor():
            bench.travel_to(expiry + age)
            with boa.reverts("court: not the time to choose"):
                bench.court.choose(SPX, expiry, True, sender=bench["judge"])
    bench.travel_to(expiry + DAY)
    for proposal, price, winner in ((True, RIGHT, "proposer"), (False, 2_640 * WAD, "disputer")):
        with boa.env.anchor():
            bench.court.choose(SPX, expiry, proposal, sender=bench["judge"])
            assert bench.oracle.fixing(SPX, expiry) == price
            assert _paid(bench, winner) == BOND


def test_reverts_nothing_recorded(bench: Any) -> None:
    boa.env.time_travel(seconds=3 * DAY)
    expiry = bench.now // HOUR * HOUR
    _kill_source(bench)
    _propose(bench, expiry)
    _dispute(bench, expiry)
    bench.travel_to(expiry + DAY)
    with boa.reverts("court: nothing recorded"):
        bench.court.choose(SPX, expiry, False, sender=bench["judge"])
    # And without the judge the fallback ends it, after three days.
    with boa.reverts("oracle: no price in window"):
        bench.oracle.fix(SPX, expiry, [])
    bench.travel_to(expiry + 3 * DAY)
    assert bench.oracle.fix(SPX, expiry, [], sender=bench["intruder"]) == 2_700 * WAD
    bench.court.settle(SPX, expiry)
    assert _paid(bench, "disputer") == BOND


def test_nobody_comes_and_the_fixing_is_there_all_the_same(bench: Any) -> None:
    """P-46: no key, no keeper, no poke, no round."""
    expiry = bench.expiry
    _kill_source(bench)
    bench.travel_to(expiry + 3 * DAY)
    assert bench.oracle.fix(SPX, expiry, [], sender=bench["intruder"]) == 2_700 * WAD


# -- authority and tokens --


def test_reverts_caller_is_not_the_court_or_the_watch(bench: Any, expired: int) -> None:
    for role in ("owner", "judge", "intruder"):
        with boa.reverts("oracle: caller is not the court"):
            bench.oracle.record_fixing(SPX, expired, RIGHT, sender=bench[role])
        with boa.reverts("oracle: caller is not the watch"):
            bench.oracle.record_knock(1, 1, sender=bench[role])


def test_court_itself_cannot_fix_twice_or_early(bench: Any, expired: int) -> None:
    court = bench.court.address
    with boa.reverts("oracle: not expired"):
        bench.oracle.record_fixing(SPX, expired + HOUR, RIGHT, sender=court)
    bench.oracle.record_fixing(SPX, expired, RIGHT, sender=court)
    with boa.reverts("oracle: already fixed"):
        bench.oracle.record_fixing(SPX, expired, RIGHT, sender=court)


def test_reverts_already_linked(bench: Any) -> None:
    with boa.reverts("oracle: already linked"):
        bench.oracle.link(bench["owner"], bench["owner"], sender=bench["owner"])


def test_reverts_transfer_failed_or_fee_on_transfer(bench: Any, expired: int) -> None:
    for source, reason in (
        ("tests/hostile/FalseToken.vy", "court: transfer failed"),
        ("tests/hostile/FeeToken.vy", "court: fee on transfer"),
    ):
        token = build(source)
        token.mint(bench["proposer"], 10 * BOND)
        if "False" in source:
            token.jam(True)
        court = build(
            "oracle/FixingCourt.vy",
            *(bench.oracle.address, token.address, BOND, DISPUTE, bench["judge"], bench["judge"]),
        )
        token.approve(court.address, 2**256 - 1, sender=bench["proposer"])
        with boa.reverts(reason):
            court.propose(SPX, expired, RIGHT, sender=bench["proposer"])


def test_reverts_bad_construction(bench: Any) -> None:
    oracle, token, who = bench.oracle.address, bench.token.address, bench["judge"]
    for bond, window, owner, reason in (
        (0, 600, who, "court: no bond"),
        (1, 599, who, "court: window out of range"),
        (1, 43_201, who, "court: window out of range"),
        (1, 600, NOBODY, "court: no owner"),
    ):
        with boa.reverts(reason):
            build("oracle/FixingCourt.vy", oracle, token, bond, window, who, owner)


def test_withdrawing_twice_pays_once(bench: Any, expired: int) -> None:
    _propose(bench, expired)
    boa.env.time_travel(seconds=DISPUTE)
    bench.court.settle(SPX, expired)
    assert [_paid(bench, "proposer") for _ in range(2)] == [0, 0]
