"""Prices with all their digits at odd seconds: every bit of a word, and lines inside a bucket."""

import random
from typing import Any

import boa
import pytest
from mpmath import mp

from novate.engine.cache import load
from novate.reference import oracle as model

WAD, BUCKET, WINDOW = 10**18, 300, 1_800
DAY, YEAR = 86_400, 31_536_000
Recorded = list[tuple[int, int]]  # time [s], price [wad]


def now() -> int:
    return int(boa.env.evm.patch.timestamp)


def go(timestamp: int) -> None:
    boa.env.time_travel(seconds=timestamp - now())


class Tape:
    """An underlying whose source tells a price to the wei."""

    def __init__(self, desk: Any, price: int) -> None:
        self.desk, self.source = desk, desk.lying(price, 18)
        self.number = desk.list_with(self.source)
        self.recorded: Recorded = [(now(), price)]

    def record(self, time: int, price: int) -> None:
        go(time)
        self.source.say(price, time)
        self.desk.oracle.poke(self.number)
        self.recorded.append((time, price))

    def walk(self, rng: random.Random, count: int) -> None:
        for _ in range(count):
            wait = rng.choice([1, 7, 149, 299, 301, 599, 901])
            self.record(now() + wait, rng.randrange(10**21, 5 * 10**21))

    def area(self, time: int) -> int:
        """[wad s] up to a time; inside a bucket a straight line to its last observation."""

        def exact(time: int) -> int:
            until = [start for start, _ in self.recorded[1:]] + [2**60]
            return sum(
                price * (min(end, time) - start)
                for (start, price), end in zip(self.recorded, until, strict=True)
                if start < time
            )

        begin = (time - 1) // BUCKET * BUCKET
        inside = [start for start, _ in self.recorded if begin < start <= begin + BUCKET]
        if time >= self.recorded[-1][0] or not inside or inside[-1] <= time:
            return exact(time)
        rise = exact(inside[-1]) - exact(begin)
        return exact(begin) + rise * (time - begin) // (inside[-1] - begin)


@pytest.mark.parametrize("seed", range(3))
def test_averages_of_any_window(desk: Any, seed: int) -> None:
    rng = random.Random(seed)
    tape = Tape(desk, 2_700 * WAD + 1)
    tape.walk(rng, 60)
    go(now() + 77)
    first = tape.recorded[0][0] // BUCKET * BUCKET + BUCKET
    for _ in range(60):
        start = rng.randrange(first, now() - 1)
        end = rng.choice([now(), rng.randrange(start + 1, now())])
        expected = (tape.area(end) - tape.area(start)) // (end - start)
        assert desk.oracle.twap(tape.number, start, end) == expected


@pytest.mark.parametrize("shift", [0, 1])
def test_what_is_settled_of_the_last_half_hour(desk: Any, shift: int) -> None:
    """Recorded in the first second of each bucket, which is odd, and in the next."""
    expiry = now() // 3_600 * 3_600 + 7_200
    tape = Tape(desk, 2_700 * WAD + 1)
    for i in range(7):
        tape.record(expiry - 2_099 + BUCKET * i + shift, (2_600 + 20 * i) * WAD + 2 * i + 1)
        if i == 0:
            continue
        for later in (1, 8):
            go(now() + later)
            passed = now() - (expiry - WINDOW)
            average = model.twap(tape.recorded, expiry - WINDOW, now())
            settled = average * passed // WINDOW
            quote = desk.oracle.quote(tape.number, expiry)
            assert quote.fixed == settled
            assert quote.forward == settled + quote.spot * (WINDOW - passed) // WINDOW
    go(expiry)
    average = model.twap(tape.recorded, expiry - WINDOW, expiry)
    # The close is in 1e-8 USD.
    assert desk.oracle.recorded(tape.number, expiry) == (average, 2_720 * WAD)
    assert desk.fix(tape.number, expiry) == average


def test_an_observation_is_told_with_all_its_digits(desk: Any) -> None:
    tape = Tape(desk, 10**30 - 1)
    for i in range(4):
        time = now() + 301 + i
        tape.record(time, 10**30 - 1 - i)
        assert desk.oracle.last(tape.number) == (10**30 - 1 - i, time)


def test_the_longest_discount(desk: Any) -> None:
    """A hundred years, and no second more."""
    surface = load("tests/hostile/LyingSurface.vy").deploy()
    desk.oracle.set_surface(1, surface.address, sender=desk.owner)
    surface.say((0, 0, WAD, WAD // 100, WAD // 2, now()))
    longest = desk.oracle.quote(1, now() + 100 * YEAR).discount
    with mp.workdps(40):
        assert abs(longest - int(mp.exp(-1) * WAD)) <= 3
    assert desk.oracle.quote(1, now() + 100 * YEAR - DAY).discount > longest
    for expiry in (now() + 100 * YEAR + DAY, 2**64):
        assert desk.oracle.quote(1, expiry).discount == longest
