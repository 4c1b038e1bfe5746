"""What the surface says between, before, on and after its expiries, and when it says nothing."""

import math
from typing import Any

import boa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.engine.cache import load
from novate.reference.surface import YEAR, Svi
from tests.oracle_world import now

from .conftest import BTC, DAY, HOUR, WAD, SurfaceWorld, smile

SVI: Any = load("tests/harness/SviHarness.vy").deploy()


def unpack(word: int) -> Svi:
    """The smile in a word, by the module that packs it, which has tests of its own."""
    return Svi(*(x / 2**64 for x in SVI.unpack(word)))


def volatility(answer: tuple[int, ...], k: float) -> float:
    """As consumers read it: sigma(K) = sqrt(w / tenor)."""
    return math.sqrt(unpack(answer[0]).variance(k) * YEAR / answer[1])


@pytest.fixture
def posted(world: SurfaceWorld) -> SurfaceWorld:
    skewed = Svi(0.2, 0.7, -0.6, 0.1, 1.0)
    world.model.posts.clear()
    world.post(
        world.report(now() + 7 * DAY, svi=smile(0.7, 7 * DAY), forward=1.002, rate=0.05),
        world.report(now() + 30 * DAY, svi=smile(0.6, 30 * DAY, skewed), forward=1.01, rate=0.04),
        world.report(now() + 90 * DAY, svi=smile(0.55, 90 * DAY), forward=0.98, rate=-0.01),
    )
    return world


@pytest.mark.parametrize("waited", [0, 5 * HOUR, 6 * DAY, 8 * DAY, 50 * DAY])
@pytest.mark.parametrize("hours", [1, 48, 168, 300, 719, 720, 721, 1_500, 2_160, 4_000])
def test_equals_the_model(posted: SurfaceWorld, hours: int, waited: int) -> None:
    expiry = now() + hours * HOUR
    boa.env.time_travel(seconds=waited)
    answer = posted.surface.smile(BTC, expiry)
    expected = posted.model.read(expiry, now())
    if expected is None:
        assert answer == (0, 0, 0, 0, 0, 0)
        return
    # The tenor is whole seconds.
    exact = 2 / answer[1]
    for k in (-0.5, -0.1, 0.0, 0.05, 0.4):
        assert volatility(answer, k) == pytest.approx(expected.volatility_of(k), rel=exact + 1e-8)
    assert answer[2] / WAD == pytest.approx(expected.forward, rel=1e-12)
    assert answer[3] / WAD == pytest.approx(expected.rate, rel=1e-9, abs=1e-17)
    assert answer[4] / WAD == pytest.approx(expected.volatility_of(0.0), rel=1e-8)
    assert answer[5] == expected.posted


def test_is_continuous_at_the_later_expiry(posted: SurfaceWorld) -> None:
    expiry = now() + 30 * DAY
    on, just_before = (posted.surface.smile(BTC, e) for e in (expiry, expiry - 1))
    for k in (-0.3, 0.0, 0.3):
        assert volatility(on, k) == pytest.approx(volatility(just_before, k), rel=1e-5)


@pytest.mark.parametrize("expiry", [0, 1, 2**40, 2**255, 2**256 - 1])
@pytest.mark.parametrize("underlying", [0, BTC, 77, 2**256 - 1])
def test_is_total(posted: SurfaceWorld, underlying: int, expiry: int) -> None:
    assert posted.surface.smile(underlying, expiry) == (0, 0, 0, 0, 0, 0)


@settings(max_examples=20, derandomize=True)
@given(st.integers(0, 100 * DAY), st.integers(-DAY, 4_000 * DAY))
def test_is_total_at_any_time(world: SurfaceWorld, waited: int, ahead: int) -> None:
    for days, forward in ((1, 5.0), (2, 0.2)):
        world.post(world.report(now() + days * DAY, 0.5, forward=forward, rate=3 - 2 * days))
    boa.env.time_travel(seconds=waited)
    answer = world.surface.smile(BTC, now() + ahead)
    assert (answer[4] == 0) == (answer[0] == 0)
    if answer[0]:
        assert WAD // 5 <= answer[2] <= 5 * WAD and -WAD <= answer[3] <= WAD and answer[1] > 0


def test_nothing_is_said_without_posts(world: SurfaceWorld) -> None:
    assert world.surface.smile(BTC, now() + DAY) == (0, 0, 0, 0, 0, 0)


def test_age_is_told(posted: SurfaceWorld) -> None:
    # Nothing is hidden when it grows old: the reader judges by the time of posting.
    expiry, time = now() + 30 * DAY, now()
    boa.env.time_travel(seconds=5 * DAY)
    posted.post(posted.report(now() + 60 * DAY, 0.57))
    assert posted.surface.smile(BTC, expiry)[5] == time
    assert posted.surface.smile(BTC, expiry + 10 * DAY)[5] == time
    assert posted.surface.smile(BTC, now() + 60 * DAY)[5] == now()


def test_last_second(posted: SurfaceWorld) -> None:
    expiry = now() + 7 * DAY
    boa.env.time_travel(seconds=7 * DAY - 1)
    assert posted.surface.smile(BTC, expiry)[4] > 0
    assert posted.surface.smile(BTC, expiry)[2] == WAD + WAD // 500 // (7 * DAY)
    boa.env.time_travel(seconds=1)
    assert posted.surface.smile(BTC, expiry) == (0, 0, 0, 0, 0, 0)
