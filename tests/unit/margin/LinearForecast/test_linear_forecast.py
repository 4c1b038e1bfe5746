"""The forecast against its twin over a path of prices, and who may do what when."""

import math
import random
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.deploy import compiled
from novate.engine.cache import load
from novate.reference.forecast import LinearForecast
from novate.series import DAY, WAD

ORACLE = load("tests/harness/SettableOracle.vy")
START = 1_767_225_600 + 21 * 3_600


class World:
    def __init__(self) -> None:
        self.owner = boa.env.generate_address("owner")
        self.intruder = boa.env.generate_address("intruder")
        boa.env.timestamp = START
        self.oracle: Any = ORACLE.deploy()
        self.unit: Any = compiled("margin/LinearForecast.vy").deploy(
            self.oracle.address, self.owner
        )
        self.oracle.set_spot(1, 2_000 * WAD, True)
        self.unit.start(1, WAD // 5, sender=self.owner)

    def record(self, price: float, time: int) -> int:
        boa.env.timestamp = time
        self.oracle.set_spot(1, round(price * 10**8) * 10**10, True)
        return int(self.unit.record(1, sender=self.intruder))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


moves = st.tuples(
    st.one_of(st.sampled_from([0.0, 5.0, -5.0]), st.floats(-0.3, 0.3)),
    st.integers(DAY // 2, 20 * DAY),
)


@given(st.lists(moves, min_size=1, max_size=6))
def test_follows_its_twin(world: World, path: list[tuple[float, int]]) -> None:
    twin, price, time = LinearForecast(2_000, START, 0.2), 2_000.0, START
    for move, gap in path:
        price = min(max(round(price * math.exp(move), 8), 1e-6), 1e9)
        time += max(gap, DAY - time % DAY)
        volatility = world.record(price, time)
        assert volatility / WAD == pytest.approx(twin.record(price, time), rel=1e-6, abs=2e-7)
        for found, expected in zip(world.unit.variances_of(1), twin.variances, strict=True):
            assert found / WAD == pytest.approx(expected, rel=1e-9, abs=5e-14)
        assert tuple(world.unit.forecast(1)) == (volatility, time)


def test_a_crash_lifts_it_at_once_and_a_calm_year_lets_it_fall(world: World) -> None:
    rng, price, time = random.Random(1), 2_000.0, START
    calm = []
    for _ in range(400):
        price *= math.exp(rng.gauss(0, 0.1 / math.sqrt(365)))
        time += DAY
        calm.append(world.record(price, time) / WAD)
    assert 0.08 < calm[-1] < 0.14
    crash = world.record(price * 0.9, time + DAY) / WAD
    assert crash == pytest.approx(2 * math.sqrt(world.unit.variances_of(1)[3] / WAD), rel=1e-6)
    assert crash > 1.5 * calm[-1]


def test_unknown(world: World) -> None:
    assert tuple(world.unit.forecast(2)) == (0, 0)
    with boa.reverts("forecast: not started"):
        world.unit.record(2)


def test_one_price_a_day(world: World) -> None:
    with boa.reverts("forecast: day already recorded"):
        world.record(2_100, START)
    with boa.reverts("forecast: day already recorded"):
        # The next day, but three hours later only.
        world.record(2_100, START + 3 * 3_600)
    with boa.reverts("forecast: day already recorded"):
        world.record(2_100, START + DAY // 2 - 1)
    world.record(2_100, START + DAY // 2)
    with boa.reverts("forecast: day already recorded"):
        # Half a day later, but the same day.
        world.record(2_100, START + DAY)
    world.record(2_100, START + DAY + 4 * 3_600)


def test_stale_price_is_refused(world: World) -> None:
    boa.env.timestamp = START + DAY
    world.oracle.set_spot(1, 2_000 * WAD, False)
    with boa.reverts("oracle: stale price"):
        world.unit.record(1)


def test_prices_that_do_not_count(world: World) -> None:
    oracle = boa.loads("""
price_now: uint256
confidence_now: uint256
@external
def set(price: uint256, confidence: uint256):
    self.price_now = price
    self.confidence_now = confidence
@external
@view
def price(underlying: uint256) -> (uint256, uint256, uint256):
    return self.price_now, self.confidence_now, block.timestamp
""")
    unit = compiled("margin/LinearForecast.vy").deploy(oracle.address, world.owner)
    for price in (0, 2**104):
        oracle.set(price, WAD)
        with boa.reverts("forecast: price out of range"):
            unit.start(1, WAD, sender=world.owner)
    oracle.set(WAD, WAD)
    unit.start(1, WAD, sender=world.owner)
    boa.env.timestamp += DAY
    for price in (0, 2**104):
        oracle.set(price, WAD)
        with boa.reverts("forecast: price out of range"):
            unit.record(1)
    oracle.set(WAD, 9 * WAD // 10 - 1)
    with boa.reverts("forecast: price in doubt"):
        unit.record(1)
    # A price from nothing to everything counts as a factor of a hundred, and fits.
    oracle.set(1, 9 * WAD // 10)
    unit.record(1)
    boa.env.timestamp += DAY
    oracle.set(2**104 - 1, WAD)
    assert unit.record(1) < 100 * WAD


def test_start_is_the_owners_and_once(world: World) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        world.unit.start(2, WAD, sender=world.intruder)
    with boa.reverts("forecast: already started"):
        world.unit.start(1, WAD, sender=world.owner)
    world.oracle.set_spot(2, WAD, True)
    for volatility in (WAD // 100 - 1, 5 * WAD + 1):
        with boa.reverts("forecast: volatility too extreme"):
            world.unit.start(2, volatility, sender=world.owner)
    world.unit.start(2, WAD // 100, sender=world.owner)
    (event,) = world.unit.get_logs()
    assert (event.underlying, event.volatility, event.price) == (2, WAD // 100, WAD)


def test_weights_within_bounds(world: World) -> None:
    assert world.unit.current_weights() == [2_500, 3_500, 1_500, 2_500]
    with boa.reverts("ownable: caller is not the owner"):
        world.unit.set_weights([0, 6_000, 0, 4_000], sender=world.intruder)
    for weights, reason in (
        ([6_001, 0, 0, 3_999], "forecast: weight too large"),
        ([2_500, 2_500, 2_500, 2_499], "forecast: weights not one"),
        ([3_000, 3_001, 3_000, 999], "forecast: long run too light"),
    ):
        with boa.reverts(reason):
            world.unit.set_weights(weights, sender=world.owner)
    before = world.unit.forecast(1)
    world.unit.set_weights([0, 6_000, 3_000, 1_000], sender=world.owner)
    assert world.unit.current_weights() == [0, 6_000, 3_000, 1_000]
    # Governance moves the rule, not the figure.
    assert world.unit.forecast(1) == before
    twin = LinearForecast(2_000, START, 0.2, weights=(0, 0.6, 0.3, 0.1))
    found = world.record(2_300, START + DAY)
    assert found / WAD == pytest.approx(twin.record(2_300, START + DAY), rel=1e-6)


def test_ownership_can_be_handed_on(world: World) -> None:
    world.unit.transfer_ownership(world.intruder, sender=world.owner)
    assert world.unit.owner() == world.intruder
