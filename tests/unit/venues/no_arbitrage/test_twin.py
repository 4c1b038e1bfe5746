"""The least that a package is worth to the wei, beside its description in integers; its bounds."""

import random
from typing import Any

import boa
import pytest

from novate.series import DAY, WAD, Series
from tests.world import build

START = 1_767_225_600
ENDS = [START + days * DAY + 8 * 3_600 for days in (8, 30, 60)]
Leg = tuple[int, int, bool, int]  # expiry, strike [wad], put, quantity [wad]
Terms = dict[int, tuple[int, int]]  # expiry -> forward, discount [wad]


@pytest.fixture(scope="module")
def harness() -> Any:
    boa.env.evm.patch.timestamp = START
    return build("tests/harness/NoArbitrageHarness.vy")


def cut(above: int, below: int) -> int:
    """Towards zero, as the machine divides."""
    return abs(above) // abs(below) * (1 if (above < 0) == (below < 0) else -1)


def least(legs: list[Leg], terms: Terms) -> int:
    """The lowest chord over the forward of the first expiry, in today's money."""
    prepaid = {expiry: forward * part // WAD for expiry, (forward, part) in terms.items()}
    mean = prepaid[legs[0][0]]
    kinks = []
    for expiry, strike, put, quantity in legs:
        at = strike * terms[expiry][1] // WAD * mean // prepaid[expiry]
        kinks.append((at, cut(quantity * prepaid[expiry], mean), put))
    last = sum(slope for _, slope, put in kinks if not put)

    def worth(price: int) -> int:
        beyond = ((at - price if put else price - at, slope) for at, slope, put in kinks)
        return sum(cut(slope * more, WAD) for more, slope in beyond if more > 0)

    chords = []
    for x in (0, *(at for at, _, _ in kinks)):
        if x > mean:
            continue
        low = worth(x)
        chords.append(low + cut(last * (mean - x), WAD))
        for at, _, _ in kinks:
            if at > mean:
                chords.append(low + cut((worth(at) - low) * (mean - x), at - x))
    return min(chords)


def told(harness: Any, legs: list[Leg]) -> tuple[bool, int]:
    codes = [Series(1, expiry, strike, put).code for expiry, strike, put, _ in legs]
    bounded, found = harness.least(codes, [quantity for *_, quantity in legs])
    return bool(bounded), int(found)


def quote(harness: Any, terms: Terms) -> None:
    for expiry, (forward, discount) in terms.items():
        harness.set_quote(expiry, forward, discount, True, 0)


@pytest.mark.parametrize("seed", range(40))
def test_any_package(harness: Any, seed: int) -> None:
    rng = random.Random(seed)
    spot = rng.randrange(10**15, 10**23)
    terms = {
        expiry: (spot * rng.randrange(700, 1_400) // 1_000 + 7, rng.randrange(WAD * 3 // 4, WAD))
        for expiry in ENDS
    }
    if seed % 4 == 0:
        # At the money exactly, at a discount that moves nothing.
        terms = dict.fromkeys(ENDS, (spot // 10**10 * 10**10, WAD))
    legs = []
    for _ in range(rng.randrange(1, 9)):
        expiry = rng.choice(ENDS)
        strike = terms[expiry][0] * rng.choice([800, 950, 1_000, 1_000, 1_100]) // 1_000
        strike = max(strike // 10**10, 1) * 10**10
        quantity = rng.choice([0, 1, rng.randrange(1, 10**20)])
        if expiry == ENDS[0]:
            quantity *= rng.choice([-1, 1])
        legs.append((expiry, strike, rng.random() < 0.5, quantity))
    legs.append((ENDS[0], spot // 10**10 * 10**10, rng.random() < 0.5, rng.choice([-1, 1]) * WAD))
    legs = sorted(legs, key=lambda leg: Series(1, *leg[:3]).code)[:8]
    quote(harness, terms)
    assert told(harness, legs) == (True, least(legs, terms))


def test_worlds_apart_begin_beyond_four_times(harness: Any) -> None:
    near, far = ENDS[:2]
    legs = [(near, 400 * WAD, False, WAD), (far, 400 * WAD, False, WAD)]
    for mean, other, bounded in (
        (400, 1_600, True),
        (400, 1_601, False),
        (1_600, 400, True),
        (1_601, 400, False),
    ):
        quote(harness, {near: (mean, WAD), far: (other, WAD)})
        assert told(harness, legs)[0] == bounded


def test_figures_up_to_the_largest(harness: Any) -> None:
    near, far = ENDS[:2]
    terms = {near: (2**100 - 1, WAD), far: (2**100 - 1, WAD)}
    quote(harness, terms)
    for size in (2**96 - 1, 1 - 2**96):
        legs = [(near, WAD, False, size), (far, WAD, False, abs(size))]
        assert told(harness, legs) == (True, least(legs, terms))
    for size in (2**96, -(2**96)):
        legs = [(near, WAD, False, size), (far, WAD, False, WAD)]
        assert told(harness, legs) == (False, 0)
    for expiry in (near, far):
        harness.set_quote(expiry, 2**100, WAD, True, 0)
        legs = [(near, WAD, False, WAD), (far, WAD, False, WAD)]
        assert told(harness, legs) == (False, 0)
        quote(harness, terms)


def test_without_a_bound_it_is_worth_nothing(harness: Any) -> None:
    """Every way out; and what is none: a longer option of which none is sold, a doubt about the
    average when there is only one expiry, the last second."""
    near, far = ENDS[:2]
    terms = {near: (2_750 * WAD, WAD), far: (2_780 * WAD, WAD)}
    legs = [(near, 2_700 * WAD, False, WAD), (far, 2_700 * WAD, False, WAD)]
    quote(harness, terms)
    alone = told(harness, legs[:1])
    assert alone == (True, 50 * WAD)
    assert told(harness, [legs[0], (*legs[1][:3], -1)]) == (False, 0)
    assert told(harness, [legs[0], (*legs[1][:3], 0)]) == alone
    harness.set_quote(near, *terms[near], True, 1)
    assert told(harness, legs) == (False, 0)
    assert told(harness, legs[:1]) == alone
    for expiry, figures in ((near, (terms[near], False, 0)), (far, (terms[far], False, 0))):
        quote(harness, terms)
        harness.set_quote(expiry, *figures[0], *figures[1:])
        assert told(harness, legs) == (False, 0)
    quote(harness, {near: (0, WAD)})
    assert told(harness, legs[:1]) == (False, 0)
    quote(harness, terms)
    boa.env.evm.patch.timestamp = near - 1
    assert told(harness, legs[:1]) == alone
    boa.env.evm.patch.timestamp = near
    assert told(harness, legs[:1]) == (False, 0)
    boa.env.evm.patch.timestamp = START
    for other in (
        Series(2, far, 2_700 * WAD, False),
        Series(1, far, 2_700 * WAD, False, 3_000 * WAD, True),
    ):
        codes = [Series(1, near, 2_700 * WAD, False).code, other.code]
        assert tuple(harness.least(codes, [WAD, WAD])) == (False, 0)
