"""A court without somebody to pay, and a token that stops paying."""

from typing import Any

import boa
import pytest

from novate.engine.cache import load
from tests.world import build

NOBODY = "0x" + 40 * "0"
BOND, WINDOW = 500 * 10**6, 7_200


@pytest.mark.parametrize("place", [0, 1])
def test_reverts_no_owner_or_beneficiary(bench: Any, place: int) -> None:
    ends = [bench["judge"], bench["judge"]]
    ends[place] = NOBODY
    with boa.reverts("court: no owner"):
        build("oracle/FixingCourt.vy", bench.oracle.address, bench.token.address, 1, 600, *ends)


def test_what_cannot_be_paid_stays_credited(bench: Any) -> None:
    expiry, proposer = bench.expiry, bench["proposer"]
    bench.travel_to(expiry - 1_900)
    bench.push(2_600)
    bench.travel_to(expiry)
    token = build("tests/hostile/FalseToken.vy")
    token.mint(proposer, BOND)
    court = build(
        "oracle/FixingCourt.vy",
        *(bench.oracle.address, token.address, BOND, WINDOW, bench["judge"], bench["judge"]),
    )
    token.approve(court.address, BOND, sender=proposer)
    court.propose(1, expiry, 2_600 * 10**18, sender=proposer)
    # Somebody computes: the truth is not judged, its bond is free again.
    bench.oracle.fix(1, expiry, [2])
    court.settle(1, expiry)
    assert court.credit(proposer) == BOND
    token.jam(True)
    with boa.reverts("court: transfer failed"):
        court.withdraw(sender=proposer)
    token.jam(False)
    court.withdraw(sender=proposer)
    assert (court.credit(proposer), token.balanceOf(proposer)) == (0, BOND)


def test_the_longest_window_and_its_terms(bench: Any) -> None:
    court = build(
        "oracle/FixingCourt.vy",
        *(bench.oracle.address, bench.token.address, 1, 43_200, bench["keeper"], bench["judge"]),
    )
    assert (court.BOND(), court.WINDOW(), court.BENEFICIARY()) == (1, 43_200, bench["keeper"])
    assert (court.ORACLE(), court.TOKEN()) == (bench.oracle.address, bench.token.address)
    assert court.owner() == bench["judge"]


@pytest.mark.parametrize("price", [1_350 * 10**18, 5_400 * 10**18])
def test_half_and_twice_the_last_price_may_be_proposed(bench: Any, price: int) -> None:
    expiry = bench.expiry
    bench.travel_to(expiry)
    assert bench.oracle.last(1)[0] == 2_700 * 10**18
    bench.court.propose(1, expiry, price, sender=bench["proposer"])
    proposal = bench.court.proposal_of(1, expiry)
    assert tuple(proposal) == (price, bench["proposer"], bench.now + WINDOW, NOBODY)


def test_the_judge_may_choose_until_the_last_second(bench: Any) -> None:
    expiry = bench.expiry
    bench.travel_to(expiry)
    boa.env.set_code(bench.feed.address, b"")
    bench.court.propose(1, expiry, 2_650 * 10**18, sender=bench["proposer"])
    bench.court.dispute(1, expiry, sender=bench["disputer"])
    bench.travel_to(expiry + 3 * 86_400 - 1)
    bench.court.choose(1, expiry, True, sender=bench["judge"])
    assert bench.oracle.fixing(1, expiry) == 2_650 * 10**18
    assert tuple(bench.court.proposal_of(1, expiry)) == (0, NOBODY, 0, NOBODY)


def test_bonds_add_up_until_they_are_withdrawn(bench: Any) -> None:
    expiry = bench.expiry
    bench.travel_to(expiry)
    for hours in range(3):
        when = expiry - 3_600 * hours
        bench.court.propose(1, when, 2_700 * 10**18, sender=bench["proposer"])
    bench.travel_to(expiry + WINDOW)
    for hours in range(3):
        bench.court.settle(1, expiry - 3_600 * hours)
        assert bench.court.credit(bench["proposer"]) == (hours + 1) * bench.court.BOND()
    bench.court.withdraw(sender=bench["proposer"])
    assert bench.token.balanceOf(bench.court.address) == 0


def test_half_of_an_odd_price_is_rounded_down(bench: Any) -> None:
    """In favour of who proposes: it is a bound against slips."""
    source = load("tests/hostile/LyingFeed.vy").deploy(18)
    price = 2_700 * 10**18 + 1
    source.say(price, bench.now)
    bench.oracle.list_underlying(
        2, source.address, bench.volatility.address, 3_600, sender=bench["owner"]
    )
    expiry = bench.expiry
    bench.travel_to(expiry)
    assert bench.oracle.last(2)[0] == price
    for wrong in (price // 2 - 1, 2 * price + 1):
        with boa.reverts("court: far from last price"):
            bench.court.propose(2, expiry, wrong, sender=bench["proposer"])
    bench.court.propose(2, expiry, price // 2, sender=bench["proposer"])
