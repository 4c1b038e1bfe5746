"""The least that a package is worth: by hand, and beside a linear programme over distributions."""

from typing import Any

import boa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from novate.series import DAY, WAD, Series
from tests.world import build, wad

START = 1_767_225_600
NEAR, FAR = START + 8 * DAY + 8 * 3_600, START + 30 * DAY + 8 * 3_600
# expiry -> forward [USD], discount
TERMS = {NEAR: (2_750.0, 0.998), FAR: (2_780.0, 0.99)}
Leg = tuple[int, float, bool, float]  # expiry, strike, is a put, quantity


@pytest.fixture(scope="module")
def harness() -> Any:
    boa.env.evm.patch.timestamp = START
    found = build("tests/harness/NoArbitrageHarness.vy")
    for expiry, (forward, discount) in TERMS.items():
        found.set_quote(expiry, wad(forward), wad(discount), True, 0)
    return found


def least(harness: Any, *legs: Leg) -> float:
    words = sorted((Series(1, e, wad(k), p).code, wad(q)) for e, k, p, q in legs)
    bounded, found = harness.least([c for c, _ in words], [q for _, q in words])
    assert bounded
    return float(found / WAD)


def by_programme(legs: list[Leg]) -> float:
    """The cheapest distribution of the first expiry's price whose mean is its forward, in USD."""
    first = min(expiry for expiry, *_ in legs)
    forward, discount = TERMS[first]

    def payoff(price: Any) -> Any:
        total = np.zeros_like(price)
        for expiry, strike, is_put, quantity in legs:
            f, d = TERMS[expiry]
            # What a later option is worth at least: its payoff on the forward of that day.
            beyond = (price * f / forward - strike) * d / discount
            total += quantity * np.maximum(-beyond if is_put else beyond, 0)
        return total

    bends = {strike * forward / TERMS[expiry][0] for expiry, strike, _, _ in legs}
    prices = np.array(sorted({0.0, forward, 1e9, *bends}))
    rows, means = np.vstack([np.ones_like(prices), prices / forward]), [1.0, 1.0]
    found = linprog(payoff(prices) / 1_000, A_eq=rows, b_eq=means, bounds=(0, None))
    assert found.success
    return float(found.fun) * 1_000 * discount


def test_by_hand(harness: Any) -> None:
    forward, discount = TERMS[NEAR]
    for strike in (2_500, 2_750, 3_000):
        worth = discount * (forward - strike)
        parity = [(NEAR, strike, False, 1), (NEAR, strike, True, -1)]
        assert least(harness, *parity) == pytest.approx(worth, abs=1e-9)
        turned = [(e, k, p, -q) for e, k, p, q in parity]
        assert least(harness, *turned) == pytest.approx(-worth, abs=1e-9)
        for is_put in (False, True):
            alone = discount * max((strike - forward) if is_put else (forward - strike), 0)
            assert least(harness, (NEAR, strike, is_put, 2)) == pytest.approx(2 * alone, abs=1e-9)
            butterfly = [(NEAR, strike + 25 * i, is_put, q) for i, q in ((-1, 1), (0, -2), (1, 1))]
            assert least(harness, *butterfly) == pytest.approx(0, abs=1e-9)
    box = [(NEAR, 2_700, False, 1), (NEAR, 2_700, True, -1)]
    box += [(NEAR, 2_800, False, -1), (NEAR, 2_800, True, 1)]
    assert least(harness, *box) == pytest.approx(100 * discount, abs=1e-9)
    # Without a cost of carry the longer option is worth at least as much.
    harness.set_quote(FAR, wad(2_750 * 0.998 / 0.99), wad(0.99), True, 0)
    assert least(harness, (NEAR, 2_750, False, -1), (FAR, 2_750, False, 1)) == pytest.approx(
        0, abs=1e-6
    )
    # A sold call has no end.
    assert least(harness, (NEAR, 2_750, False, -1)) == pytest.approx(-discount * forward)


legs = (
    st.lists(
        st.tuples(
            st.sampled_from([NEAR, NEAR, FAR]),
            st.integers(60, 160).map(lambda i: 25.0 * i),
            st.booleans(),
            st.integers(-5, 5).filter(bool).map(float),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda leg: leg[:3],
    )
    .map(
        # Later ones are bought; there is one at the first expiry.
        lambda drawn: [
            (NEAR, 2_750.0, False, 1.0) if i == 0 else leg for i, leg in enumerate(drawn)
        ]
    )
    .map(lambda drawn: [(e, k, p, abs(q) if e == FAR else q) for e, k, p, q in drawn])
)


@given(legs=legs.filter(lambda found: len({leg[:3] for leg in found}) == len(found)))
@settings(max_examples=80, derandomize=True)
def test_no_distribution_makes_it_cheaper(harness: Any, legs: list[Leg]) -> None:
    expected = by_programme(legs)
    scale = 1 + sum(abs(q) for *_, q in legs)
    assert abs(least(harness, *legs) - expected) < 1e-2 * scale


def test_where_there_is_no_bound(harness: Any) -> None:
    near, far = Series(1, NEAR, wad(2_750), False).code, Series(1, FAR, wad(2_750), False).code
    other = Series(2, FAR, wad(2_750), False).code
    knock = Series(1, FAR, wad(2_750), False, wad(3_000), True).code

    def bounded(*legs: tuple[int, int]) -> bool:
        return bool(harness.least([c for c, _ in legs], [q for _, q in legs])[0])

    assert bounded((near, -WAD), (far, WAD))
    assert not bounded((near, WAD), (far, -WAD)), "sold, and it lives on"
    assert not bounded((near, WAD), (other, WAD)) and not bounded((near, WAD), (knock, WAD))
    assert not bounded((near, 2**96), (far, WAD))
    for figures in (
        (wad(2_780), wad(0.99), False, 0),
        (wad(100), wad(0.99), True, 0),
        (wad(20_000), wad(0.99), True, 0),
        (2**100, wad(0.99), True, 0),
    ):
        with boa.env.anchor():
            harness.set_quote(FAR, *figures)
            assert not bounded((near, -WAD), (far, WAD)), figures
    for figures in (
        (wad(2_750), wad(0.998), False, 0),
        (2**100, wad(0.998), True, 0),
        (0, wad(0.998), True, 0),
        (wad(2_750), wad(0.998), True, 1),
    ):
        with boa.env.anchor():
            harness.set_quote(NEAR, *figures)
            assert not bounded((near, -WAD), (far, WAD)), figures
    with boa.env.anchor():
        boa.env.evm.patch.timestamp = NEAR
        assert not bounded((near, WAD), (far, WAD))


def test_the_largest_figures_do_not_overflow(harness: Any) -> None:
    """It must never stop a fill."""
    harness.set_quote(NEAR, 2**100 - 1, WAD, True, 0)
    harness.set_quote(FAR, 2**100 - 1, WAD, True, 0)
    top = 2**56 * 10**10 - 10**10
    codes = [Series(1, e, top, p).code for e in (NEAR, FAR) for p in (False, True)]
    codes += [Series(1, e, 10**10, p).code for e in (NEAR, FAR) for p in (False, True)]
    for sides in ((1, 1), (-1, 1)):
        words = sorted((c, 2**96 - 1) for c in codes)
        quantities = [sides[i >= 4] * q for i, (_, q) in enumerate(words)]
        assert harness.least([c for c, _ in words], quantities)[0]
