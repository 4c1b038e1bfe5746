"""Net delta and vega by underlying, against derivatives of exact prices."""

import math
from dataclasses import replace
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.deploy import compiled
from novate.reference.margin import Position, Quote, Smile
from novate.reference.pricing import YEAR, black76
from novate.series import WAD, Series
from tests.margin_world import MarginWorld, call, put, wad, word

ACCOUNT = 5 << 96 | 7
TIER = 3


class Exposures(MarginWorld):
    """The world of margin tests with a unit of limits beside the engine."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: Any = compiled("margin/ExposureLimits.vy").deploy(
            self.oracle.address, self.owner
        )
        self.limits.set_tier(ACCOUNT, TIER, sender=self.owner)

    def set_limits(self, delta: float = 0, vega: float = 0, underlying: int = 1) -> None:
        self.limits.set_limits(TIER, underlying, (wad(delta), wad(vega)), sender=self.owner)


@pytest.fixture(scope="module")
def world() -> Exposures:
    world = Exposures()
    for hours, quote in (
        (168, Quote(1_500, 1_505, 0.8)),
        (336, Quote(1_500, 1_512, 0.9)),
    ):
        world.set_quote(1, world.expiry(hours), quote)
        world.set_quote(2, world.expiry(hours), replace(quote, spot=20, forward=21))
    return world


def exposure(position: Position, quote: Quote, seconds: int) -> tuple[float, float]:
    """Closed forms with the library's error function."""
    sigma = quote.volatility_of(position.strike)
    root = math.sqrt(seconds / YEAR)
    d1 = math.log(quote.forward / position.strike) / (sigma * root) + sigma * root / 2
    delta = 0.5 * math.erfc(-d1 / math.sqrt(2)) - position.series.is_put
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    vega = quote.forward * density * root / 100
    return position.quantity * delta, position.quantity * vega


legs = st.lists(
    st.tuples(
        st.sampled_from([168, 336]),
        st.sampled_from([600, 1_200, 1_490, 1_512, 1_700, 9_000]),
        st.booleans(),
        st.integers(-40, 40).map(lambda n: n / 4),
    ),
    max_size=12,
)


@pytest.mark.parametrize("smile", [None, Smile(0.004, 0.05, -0.6, -0.05, 0.1)])
@given(held=legs)
def test_exposure_is_the_sum_of_closed_forms(
    world: Exposures, smile: Smile | None, held: list[tuple[int, int, bool, float]]
) -> None:
    positions = [
        Position(Series(1, world.expiry(hours), strike * WAD, is_put), quantity)
        for hours, strike, is_put, quantity in held
    ]
    delta, vega = 0.0, 0.0
    for hours in (168, 336):
        key = 1, world.expiry(hours)
        world.set_quote(*key, replace(world.view.quotes[key], smile=smile, tenor=300 * 3_600))
    for position in positions:
        expiry = position.series.expiry
        quote = world.view.quotes[1, expiry]
        one = exposure(position, quote, expiry - world.now)
        delta, vega = delta + one[0], vega + one[1]
    other = word(call(world.expiry(168), 20, underlying=2), -9)
    words = [*(word(p.series, p.quantity) for p in positions), other]
    found = world.limits.exposure(1, words)
    assert found[0] / WAD == pytest.approx(delta, abs=1e-9)
    assert found[1] / WAD == pytest.approx(vega, abs=1e-9)


def test_delta_is_the_slope_of_the_price(world: Exposures) -> None:
    """A third opinion: central differences of the reference price."""
    expiry = world.expiry(168)
    seconds = expiry - world.now
    up, down = (black76(1_505 + h, 1_600, 0.8, seconds) for h in (0.01, -0.01))
    found = world.limits.exposure(1, [word(put(expiry, 1_600), 1)])
    assert found[0] / WAD == pytest.approx((up.put - down.put) / 0.02, abs=1e-6)


def test_limits_are_of_size_either_way(world: Exposures) -> None:
    series = call(world.expiry(168), 1_505)
    delta, vega = (n / WAD for n in world.limits.exposure(1, [word(series, 1)]))
    for quantity in (2, -2):
        position = word(series, quantity)
        world.set_limits(delta=2 * delta + 1e-6, vega=2 * vega + 1e-6)
        assert world.limits.within(ACCOUNT, [position])
        world.set_limits(delta=2 * delta - 1e-6)
        with boa.reverts("exposure: delta too large"):
            world.limits.within(ACCOUNT, [position])
        world.set_limits(vega=2 * vega - 1e-6)
        with boa.reverts("exposure: vega too large"):
            world.limits.within(ACCOUNT, [position])


def test_hedges_of_other_expiries_count_and_other_underlyings_do_not(world: Exposures) -> None:
    near, far = call(world.expiry(168), 1_505), call(world.expiry(336), 1_505)
    other = call(world.expiry(168), 21, underlying=2)
    world.set_limits(delta=0.2)
    assert world.limits.within(ACCOUNT, [word(other, 500), word(near, 1), word(far, -1)])
    with boa.reverts("exposure: delta too large"):
        world.limits.within(ACCOUNT, [word(near, 1), word(other, -500)])
    world.set_limits(delta=1, underlying=2)
    with boa.reverts("exposure: delta too large"):
        world.limits.within(ACCOUNT, [word(near, 1), word(other, -500), word(far, -1)])


def test_tier_0_and_no_limits_let_everything_pass(world: Exposures) -> None:
    huge = [word(call(world.expiry(168), 1_505), -(10**9))]
    assert world.limits.within(ACCOUNT, huge)
    world.set_limits(delta=1)
    assert world.limits.within(ACCOUNT + 1, huge)
    world.limits.set_tier(ACCOUNT, 0, sender=world.owner)
    assert world.limits.within(ACCOUNT, huge)
    assert world.limits.within(ACCOUNT, [])


def test_what_is_expired_is_over_and_what_has_no_price_is_one_delta(world: Exposures) -> None:
    gone, unknown = call(world.expiry(-1), 1_505), world.expiry(999)
    assert world.limits.exposure(1, [word(gone, 5)]) == (0, 0)
    words = [word(call(unknown, 1_505), 5), word(put(unknown, 1_505), 2)]
    assert world.limits.exposure(1, words) == (3 * WAD, 0)


def test_largest_figures_do_not_overflow(world: Exposures) -> None:
    expiry = world.expiry(168)
    world.oracle.set_quote(1, expiry, *[2**256 - 1] * 4, True)
    words = [word(call(expiry, 720_575_940), 2**95 / WAD - 1)] * 128
    world.limits.exposure(1, words)


def test_settings_are_kept_told_and_the_owners_own(world: Exposures) -> None:
    world.set_limits(2, 3)
    (event,) = [e for e in world.limits.get_logs() if type(e).__name__ == "LimitsSet"]
    assert (event.tier, event.underlying, event.new.delta) == (TIER, 1, 2 * WAD)
    assert tuple(world.limits.limits_of(TIER, 1)) == (2 * WAD, 3 * WAD)
    world.limits.set_tier(ACCOUNT, 9, sender=world.owner)
    (event,) = [e for e in world.limits.get_logs() if type(e).__name__ == "TierSet"]
    assert (event.account, event.old, event.new) == (ACCOUNT, TIER, 9)
    with boa.reverts("exposure: tier 0 has no limits"):
        world.limits.set_limits(0, 1, (1, 1), sender=world.owner)
    for limits in ((10**30 + 1, 0), (0, 10**30 + 1)):
        with boa.reverts("exposure: limit too large"):
            world.limits.set_limits(1, 1, limits, sender=world.owner)
    world.limits.set_limits(1, 1, (10**30, 10**30), sender=world.owner)
    for call_ in (
        lambda: world.limits.set_limits(1, 1, (1, 1), sender=world.intruder),
        lambda: world.limits.set_tier(1, 1, sender=world.intruder),
    ):
        with boa.reverts("ownable: caller is not the owner"):
            call_()
