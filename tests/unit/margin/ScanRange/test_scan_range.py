"""The multiple moves as its twin says; the owner sets bounds and nothing else."""

from dataclasses import astuple, replace
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from novate.deploy import compiled
from novate.reference.forecast import Bounds, stale_target, step, target
from novate.series import DAY, WAD

FORECASTER = """
volatility: uint256
time: uint256
broken: bool
@external
def set(volatility: uint256, time: uint256, broken: bool):
    self.volatility = volatility
    self.time = time
    self.broken = broken
@external
@view
def forecast(underlying: uint256) -> (uint256, uint256):
    assert not self.broken
    return self.volatility, self.time
"""
START = 1_767_225_600


def words(bounds: Bounds) -> tuple[int, ...]:
    return tuple(round(x * 10**4) * 10**14 for x in astuple(bounds))


class World:
    def __init__(self) -> None:
        self.owner = boa.env.generate_address("owner")
        self.intruder = boa.env.generate_address("intruder")
        boa.env.timestamp = START
        self.forecaster: Any = boa.loads(FORECASTER)
        self.unit: Any = compiled("margin/ScanRange.vy").deploy(self.owner)
        self.set(Bounds())

    def set(self, bounds: Bounds, **who: Any) -> None:
        self.unit.set_bounds(
            1, self.forecaster.address, words(bounds), sender=who.get("sender", self.owner)
        )


@pytest.fixture(scope="module")
def world() -> World:
    return World()


volatilities = st.one_of(st.sampled_from([0, 10**15, 10**22]), st.integers(0, 2 * WAD))


@given(
    st.lists(
        st.tuples(volatilities, st.integers(0, 10 * DAY), st.integers(0, 6 * DAY), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_follows_its_twin(world: World, path: list[tuple[int, int, int, bool]]) -> None:
    current, bounds = 1.0, Bounds()
    for volatility, elapsed, age, broken in path:
        boa.env.timestamp += elapsed
        world.forecaster.set(volatility, boa.env.timestamp - age, broken)
        known = volatility and age <= 5 * DAY and not broken
        goal = target(volatility / WAD, bounds) if known else stale_target(current, bounds)
        assert world.unit.target_of(1) / WAD == pytest.approx(goal, rel=1e-12)
        current = step(current, goal, elapsed, bounds)
        assert world.unit.move(1, sender=world.intruder) / WAD == pytest.approx(current, rel=1e-12)
        assert world.unit.scan_range(1) / WAD == pytest.approx(current, rel=1e-12)
        assert world.unit.moved_at(1) == boa.env.timestamp


def test_up_faster_than_down(world: World) -> None:
    boa.env.timestamp += DAY
    world.forecaster.set(WAD, boa.env.timestamp, False)
    assert world.unit.move(1) == 12 * WAD // 10
    (event,) = world.unit.get_logs()
    assert (event.old, event.new, event.target) == (WAD, 12 * WAD // 10, 4 * WAD)
    boa.env.timestamp += DAY
    world.forecaster.set(WAD // 10, boa.env.timestamp, False)
    assert world.unit.move(1) == 12 * WAD // 10 * 97 // 100


def test_twice_in_a_block_is_once(world: World) -> None:
    boa.env.timestamp += DAY
    world.forecaster.set(WAD, boa.env.timestamp, False)
    assert world.unit.move(1) == world.unit.move(1)


def test_long_silence_counts_as_a_week(world: World) -> None:
    boa.env.timestamp += 300 * DAY
    world.forecaster.set(WAD // 100, boa.env.timestamp, False)
    # 25 % of 0.30 and 75 % of 0.01, over 0.16.
    assert world.unit.target_of(1) == 6 * WAD // 10
    assert world.unit.move(1) == 79 * WAD // 100


def test_stressed_period_keeps_a_quarter(world: World) -> None:
    world.forecaster.set(WAD // 10, boa.env.timestamp, False)
    assert world.unit.target_of(1) == (75 * WAD // 1_000 + 75 * WAD // 1_000) * 100 // 16
    # Above the stressed period the mix would lower the forecast, and does not.
    world.forecaster.set(4 * WAD // 10, boa.env.timestamp, False)
    assert world.unit.target_of(1) == 25 * WAD // 10


def test_forecaster_that_answers_nonsense_counts_as_none(world: World) -> None:
    world.forecaster.set(WAD // 10, boa.env.timestamp + 1, False)
    assert world.unit.target_of(1) == 30 * WAD // 16
    short = boa.loads("@external\n@view\ndef forecast(u: uint256) -> uint256:\n    return u")
    world.unit.set_bounds(1, short.address, words(Bounds()), sender=world.owner)
    assert world.unit.target_of(1) == 30 * WAD // 16
    assert world.unit.forecaster_of(1) == short.address


def test_without_a_forecast_it_does_not_fall(world: World) -> None:
    for _ in range(5):
        boa.env.timestamp += 7 * DAY
        world.forecaster.set(WAD, boa.env.timestamp, False)
        world.unit.move(1)
    assert world.unit.scan_range(1) == 4 * WAD
    world.forecaster.set(WAD // 10, boa.env.timestamp, True)
    assert world.unit.target_of(1) == 4 * WAD


def test_forecast_counts_for_five_days(world: World) -> None:
    world.forecaster.set(4 * WAD // 10, boa.env.timestamp - 5 * DAY, False)
    assert world.unit.target_of(1) == 25 * WAD // 10
    world.forecaster.set(4 * WAD // 10, boa.env.timestamp - 5 * DAY - 1, False)
    assert world.unit.target_of(1) == 30 * WAD // 16


def test_target_rounds_up(world: World) -> None:
    volatility = 4 * WAD // 10 + 1
    world.forecaster.set(volatility, boa.env.timestamp, False)
    assert world.unit.target_of(1) == -(-volatility * 10_000 // 1_600) == 25 * WAD // 10 + 7


def test_forecaster_that_burns_gas_costs_little(world: World) -> None:
    burner = boa.loads("""
x: uint256
@external
@view
def forecast(underlying: uint256) -> (uint256, uint256):
    y: uint256 = underlying
    for i: uint256 in range(1_000_000):
        y = convert(keccak256(convert(y, bytes32)), uint256)
    return y, self.x
""")
    world.unit.set_bounds(1, burner.address, words(Bounds()), sender=world.owner)
    boa.env.timestamp += DAY
    assert world.unit.move(1, gas=200_000) == 12 * WAD // 10


def test_unknown_underlying(world: World) -> None:
    assert world.unit.scan_range(2) == WAD
    assert world.unit.target_of(2) == 0
    assert world.unit.moved_at(2) == 0
    with boa.reverts("scan: no such underlying"):
        world.unit.move(2)


def test_owner_cannot_set_the_multiple(world: World) -> None:
    boa.env.timestamp += DAY
    world.set(Bounds(floor=1.0, cap=1.0))
    world.set(Bounds(reference=0.01, stressed=5.0, weight=1.0, floor=1.0, cap=4.0, rise=1.0))
    assert world.unit.scan_range(1) == WAD
    world.forecaster.set(WAD, boa.env.timestamp, False)
    # New bounds too are approached at the limit.
    assert world.unit.move(1) == 2 * WAD
    boa.env.timestamp += DAY
    world.set(Bounds(cap=1.0))
    assert world.unit.move(1) == 2 * WAD * 97 // 100


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"reference": 0.0099}, "scan: reference out of range"),
        ({"reference": 5.01, "stressed": 5.01}, "scan: reference out of range"),
        ({"stressed": 0.15}, "scan: stressed out of range"),
        ({"stressed": 5.01}, "scan: stressed out of range"),
        ({"weight": 0.2499}, "scan: stressed weight too small"),
        ({"weight": 1.01}, "scan: stressed weight too small"),
        ({"floor": 0.49}, "scan: floor out of range"),
        ({"floor": 1.01}, "scan: floor out of range"),
        ({"cap": 0.99}, "scan: cap out of range"),
        ({"cap": 4.01}, "scan: cap out of range"),
        ({"fall": 0.0099}, "scan: fall out of range"),
        ({"fall": 0.11, "rise": 1.0}, "scan: fall out of range"),
        ({"rise": 0.0599}, "scan: rise out of range"),
        ({"rise": 1.01}, "scan: rise out of range"),
    ],
)
def test_bounds(world: World, change: dict[str, float], reason: str) -> None:
    with boa.reverts(reason):
        world.set(replace(Bounds(), **change))


def test_set_bounds(world: World) -> None:
    with boa.reverts("ownable: caller is not the owner"):
        world.set(Bounds(), sender=world.intruder)
    with boa.reverts("scan: finer than a point"):
        world.unit.set_bounds(
            1, world.forecaster.address, (16 * 10**16 + 1, *words(Bounds())[1:]), sender=world.owner
        )
    with boa.reverts("scan: no forecaster"):
        world.unit.set_bounds(1, world.intruder, words(Bounds()), sender=world.owner)
    for underlying in (0, 2**16):
        with boa.reverts("scan: underlying out of range"):
            world.unit.set_bounds(
                underlying, world.forecaster.address, words(Bounds()), sender=world.owner
            )
    bounds = Bounds(floor=0.5, cap=1.0, rise=0.5, fall=0.1, weight=1.0)
    world.set(bounds)
    (event,) = world.unit.get_logs()
    assert tuple(event.old) == words(Bounds()) and tuple(event.new) == words(bounds)
    assert tuple(world.unit.bounds_of(1)) == words(bounds)


def test_ownership_can_be_handed_on(world: World) -> None:
    world.unit.transfer_ownership(world.intruder, sender=world.owner)
    assert world.unit.owner() == world.intruder
