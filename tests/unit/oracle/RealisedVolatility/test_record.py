"""Realised volatility from daily closes, against numpy."""

import math
from typing import Any

import boa
import numpy as np
import pytest

from novate.deploy import compiled
from novate.engine.cache import load
from tests.oracle_world import WAD, now

SPX, DAY, CLOSE = 1, 86_400, 8 * 3_600


class Closes:
    """A history with a close a day, and the unit that reads it."""

    def __init__(self) -> None:
        self.history: Any = load("tests/harness/SettableHistory.vy").deploy()
        self.unit: Any = compiled("oracle/RealisedVolatility.vy").deploy(self.history.address)
        # Noon of day 20,454: after the close.
        boa.env.evm.patch.timestamp = now() // DAY * DAY + DAY // 2

    @property
    def day(self) -> int:
        """Number of today."""
        return now() // DAY

    def close(self, price: float | None, *, average: bool = True) -> None:
        """The close of today."""
        figure = 0 if price is None else round(price * 10**6) * 10**12
        pair = (figure, 1) if average else (0, figure)
        self.history.set_recorded(SPX, self.day * DAY + CLOSE, *(pair if figure else (0, 0)))

    def next_day(self, price: float | None, **options: bool) -> None:
        boa.env.time_travel(seconds=DAY)
        self.close(price, **options)

    def horizons(self) -> list[float]:
        return [self.unit.realised(SPX, days)[0] / WAD for days in (1, 7, 30)]


@pytest.fixture(scope="module")
def closes() -> Closes:
    made = Closes()
    made.close(100.0)
    made.unit.record(SPX)
    return made


def path(count: int) -> list[float]:
    moves = np.random.default_rng(5).normal(0, 0.02, count)
    return [float(round(x, 6)) for x in 100 * np.exp(np.cumsum(moves))]


def expected(prices: list[float], days: int) -> float:
    moves = np.diff(np.log(prices))[-days:]
    return math.sqrt(float(np.sum(moves**2)) / days * 365)


def test_horizons_equal_numpy(closes: Closes) -> None:
    prices = [100.0, *path(70)]
    for i, price in enumerate(prices[1:], 1):
        closes.next_day(price)
        assert closes.unit.record(SPX) == closes.day
        for days in (1, 7, 30, 63):
            value, time = closes.unit.realised(SPX, days)
            if i < days:
                assert (value, time) == (0, 0)
            else:
                assert value / WAD == pytest.approx(expected(prices[: i + 1], days), rel=1e-9)
                assert time == closes.day * DAY + CLOSE


def test_weighted_volatility_starts_as_the_mean(closes: Closes) -> None:
    prices = [100.0, *path(40)]
    variance = 0.0
    for i, price in enumerate(prices[1:], 1):
        closes.next_day(price)
        closes.unit.record(SPX)
        square = math.log(price / prices[i - 1]) ** 2 * 365
        weight = min(0.94, 1 - 1 / i)
        variance = weight * variance + (1 - weight) * square
        value, time = closes.unit.forecast(SPX)
        assert value / WAD == pytest.approx(math.sqrt(variance), rel=1e-9)
        assert time == closes.day * DAY + CLOSE


def test_days_without_a_price(closes: Closes) -> None:
    # A weekend: Monday's return is that of three days, and counts on Monday.
    for price in (101.0, None, None, 104.0):
        closes.next_day(price)
        closes.unit.record(SPX)
    steps = [math.log(1.01), math.log(104 / 101)]
    assert closes.unit.realised(SPX, 1)[0] / WAD == pytest.approx(
        math.sqrt(steps[1] ** 2 * 365), rel=1e-9
    )
    assert closes.unit.realised(SPX, 3)[0] / WAD == pytest.approx(
        math.sqrt(steps[1] ** 2 * 365 / 3), rel=1e-9
    )
    assert closes.unit.realised(SPX, 4)[0] / WAD == pytest.approx(
        math.sqrt(sum(s**2 for s in steps) * 365 / 4), rel=1e-9
    )
    # Three days weigh three times: the mean of the squares a day.
    mean = (steps[0] ** 2 + steps[1] ** 2) * 365 / 4
    assert closes.unit.forecast(SPX)[0] / WAD == pytest.approx(math.sqrt(mean), rel=1e-9)


def test_called_late_it_says_the_same(closes: Closes) -> None:
    prices = path(50)
    with boa.env.anchor():
        for price in prices:
            closes.next_day(price)
            closes.unit.record(SPX)
        punctual = (closes.horizons(), closes.unit.forecast(SPX))
    for price in prices:
        closes.next_day(price)
    # 32 days a call.
    assert closes.unit.record(SPX) == closes.day - 18
    assert closes.unit.record(SPX) == closes.day
    assert (closes.horizons(), closes.unit.forecast(SPX)) == punctual


def test_recording_twice_changes_nothing(closes: Closes) -> None:
    closes.next_day(102.0)
    closes.unit.record(SPX)
    before = closes.unit.records(SPX)
    for _ in range(3):
        closes.unit.record(SPX)
    assert closes.unit.records(SPX) == before


def test_the_close_is_the_average_and_else_the_last_price(closes: Closes) -> None:
    closes.next_day(103.0, average=False)
    closes.unit.record(SPX)
    assert closes.unit.records(SPX).close == 103 * WAD
    closes.next_day(104.0)
    closes.unit.record(SPX)
    (event,) = closes.unit.get_logs()
    assert (event.day, event.close) == (closes.day, 104 * WAD)


def test_before_the_close_of_today_nothing_is_due(closes: Closes) -> None:
    today = closes.day
    closes.history.set_recorded(SPX, (today + 1) * DAY + CLOSE, 101 * WAD, 1)
    boa.env.time_travel(seconds=DAY // 2 + CLOSE - 1)
    assert closes.unit.record(SPX) == today
    boa.env.time_travel(seconds=1)
    assert closes.unit.record(SPX) == today + 1


def test_says_nothing_before_it_knows(closes: Closes) -> None:
    assert closes.unit.forecast(SPX) == (0, 0) == closes.unit.forecast(2)
    for horizon in (0, 1, 64, 2**255):
        assert closes.unit.realised(SPX, horizon) == (0, 0) == closes.unit.realised(2, horizon)


def test_a_long_silence_forgets(closes: Closes) -> None:
    closes.next_day(110.0)
    closes.unit.record(SPX)
    for _ in range(40):
        closes.next_day(None)
    closes.next_day(111.0)
    closes.unit.record(SPX)
    closes.unit.record(SPX)
    assert closes.unit.realised(SPX, 30)[0] / WAD == pytest.approx(
        math.sqrt(math.log(111 / 110) ** 2 * 365 / 30), rel=1e-9
    )


def test_reverts_no_close(closes: Closes) -> None:
    with boa.reverts("realised: no close"):
        closes.unit.record(2)
