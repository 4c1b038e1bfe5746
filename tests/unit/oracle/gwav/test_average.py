"""The guarded average of traded volatilities, against its model and against manipulators."""

from typing import Any

import boa
import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from novate.engine.cache import load
from novate.gas import transaction_gas
from novate.reference.gwav import SIZE, Gwav
from tests.oracle_world import WAD, now

KEY, HOUR = 7, 3_600


@pytest.fixture(scope="module")
def gwav() -> Any:
    return load("tests/harness/GwavHarness.vy").deploy()


def wad(volatility: float) -> int:
    return round(volatility * 10**9) * 10**9


def settle(gwav: Any, volatility: float, count: int = 3) -> None:
    """A calm market: the same volatility for a while."""
    for _ in range(count):
        gwav.record(KEY, wad(volatility))
        boa.env.time_travel(seconds=HOUR)


@settings(max_examples=15, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 2_000), st.floats(0.011, 5.0)), min_size=1, max_size=25),
    st.integers(0, 9_000),
    st.lists(st.integers(1, 40_000), min_size=3, max_size=3),
)
def test_equals_the_model(
    gwav: Any, trades: list[tuple[int, float]], rest: int, windows: list[int]
) -> None:
    model = Gwav()
    for after, volatility in trades:
        boa.env.time_travel(seconds=after)
        assert gwav.record(KEY, wad(volatility)) == model.record(wad(volatility) / WAD, now())
    boa.env.time_travel(seconds=rest)
    for window in windows:
        value, covered, last = gwav.average(KEY, window)
        expected = model.average(window, now())
        assert value / WAD == pytest.approx(expected[0], rel=1e-12)
        assert (covered, last) == expected[1:]


def test_says_nothing_without_trades(gwav: Any) -> None:
    assert gwav.average(KEY, HOUR) == (0, 0, 0)
    gwav.record(KEY, wad(0.5))
    value, covered, last = gwav.average(KEY, HOUR)
    assert value == pytest.approx(wad(0.5), rel=1e-15) and (covered, last) == (0, now())
    assert gwav.average(KEY + 1, HOUR) == (0, 0, 0)
    # Windows longer than all time are no error.
    boa.env.time_travel(seconds=HOUR)
    assert gwav.average(KEY, 2**256 - 1)[1] == HOUR


def test_is_geometric(gwav: Any) -> None:
    settle(gwav, 0.5)
    # Half the window at 50 %, half at 52 %: the second of two trades puts it in force.
    for _ in range(2):
        boa.env.time_travel(seconds=HOUR)
        gwav.record(KEY, wad(0.52))
    boa.env.time_travel(seconds=HOUR)
    assert gwav.average(KEY, 2 * HOUR)[0] == pytest.approx((0.5 * 0.52) ** 0.5 * WAD, rel=1e-12)


def test_a_trade_weighs_nothing_in_its_own_block(gwav: Any) -> None:
    settle(gwav, 0.5)
    before = gwav.average(KEY, HOUR)[0]
    gwav.record(KEY, wad(5.0))
    assert gwav.average(KEY, HOUR)[0] == pytest.approx(before, rel=1e-15)


def test_one_wild_trade_moves_nothing(gwav: Any) -> None:
    settle(gwav, 0.5)
    gwav.record(KEY, wad(5.0))
    boa.env.time_travel(seconds=10 * HOUR)
    assert gwav.average(KEY, HOUR)[0] == pytest.approx(wad(0.5), rel=1e-12)


def test_a_burst_of_trades_is_one(gwav: Any) -> None:
    settle(gwav, 0.5)
    assert gwav.record(KEY, wad(5.0))
    for _ in range(20):
        assert not gwav.record(KEY, wad(5.0))
    boa.env.time_travel(seconds=119)
    assert not gwav.record(KEY, wad(5.0))
    assert gwav.average(KEY, HOUR)[0] == pytest.approx(wad(0.5), rel=1e-12)


def test_a_manipulator_moves_it_slowly(gwav: Any) -> None:
    # Trades at 500 % as fast as they count, for half an hour: against the flow of nobody else.
    settle(gwav, 0.5)
    for _ in range(15):
        gwav.record(KEY, wad(5.0))
        boa.env.time_travel(seconds=120)
    day = gwav.average(KEY, 24 * HOUR)[0] / WAD
    assert day < 0.5 * 1.06
    # With one honest trade after each of them it stays within a step.
    for _ in range(30):
        gwav.record(KEY, wad(0.5))
        boa.env.time_travel(seconds=120)
    level = gwav.average(KEY, 60)[0]
    for _ in range(20):
        for volatility in (5.0, level / WAD):
            gwav.record(KEY, wad(volatility))
            boa.env.time_travel(seconds=120)
    assert gwav.average(KEY, 60)[0] < level * 1.11


def test_a_true_move_arrives(gwav: Any) -> None:
    settle(gwav, 0.5)
    for _ in range(45):
        gwav.record(KEY, wad(1.5))
        boa.env.time_travel(seconds=300)
    assert gwav.average(KEY, HOUR)[0] == pytest.approx(wad(1.5), rel=1e-9)


def test_the_ring_turns(gwav: Any) -> None:
    model = Gwav()
    for i in range(SIZE + 70):
        boa.env.time_travel(seconds=120 + i % 7)
        volatility = 0.5 + 0.001 * (i % 40)
        gwav.record(KEY, wad(volatility))
        model.record(wad(volatility) / WAD, now())
    boa.env.time_travel(seconds=30)
    for window in (100, HOUR, 5 * HOUR, 33 * HOUR, 100 * HOUR):
        value, covered, _ = gwav.average(KEY, window)
        expected = model.average(window, now())
        assert (value / WAD, covered) == (pytest.approx(expected[0], rel=1e-11), expected[1])
    # A bisection of ten readings.
    assert transaction_gas(gwav.average, KEY, 20 * HOUR).execution < 40_000


def test_the_count_starts_over(gwav: Any) -> None:
    settle(gwav, 0.5, 2)
    layout = gwav.compiler_data.storage_layout["storage_layout"]["gwav"]["states"]["slot"]
    slot = int.from_bytes(keccak(layout.to_bytes(32, "big") + KEY.to_bytes(32, "big")), "big")
    word = boa.env.get_storage(gwav.address, slot)
    assert word >> 232 == 2
    # As after 2**24 - 1 observations: whole rounds of the ring later, at place 1,022.
    full = 2**24 - 1
    boa.env.set_storage(gwav.address, slot, word & (2**232 - 1) | full << 232)
    gwav.record(KEY, wad(0.5))
    word = boa.env.get_storage(gwav.address, slot)
    assert (word >> 232) % SIZE == (full + 1) % SIZE and word >> 232 > SIZE
