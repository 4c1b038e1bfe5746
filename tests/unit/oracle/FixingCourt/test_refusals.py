"""A court without somebody to pay, and a token that stops paying."""

from typing import Any

import boa
import pytest

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
