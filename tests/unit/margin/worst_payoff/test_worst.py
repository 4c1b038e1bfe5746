"""The worst payoff against the payoffs at all strikes, one by one."""

import random
from typing import Any

import pytest

from novate.engine.cache import load
from novate.gas import transaction_gas
from novate.series import MAX_QUANTITY, WAD, Series, pack

EXPIRY = 1_767_225_600
UNIT = 10**10
Leg = tuple[int, bool, int]  # strike [1e-8 USD], put, quantity [wad]


@pytest.fixture(scope="module")
def harness() -> Any:
    return load("tests/harness/WorstPayoffHarness.vy").deploy()


def brute(legs: list[Leg]) -> int:
    def payoff(price: int) -> int:
        return sum(q * max(k - price if put else price - k, 0) for k, put, q in legs)

    return min(0, payoff(0), *(payoff(k) for k, _, _ in legs))


def arguments(legs: list[Leg], before: int = 0, after: int = 0) -> tuple[Any, ...]:
    """Words of others stand around those that count."""
    words = [pack(Series(1, EXPIRY, k * UNIT, put).code, q) for k, put, q in legs]
    other = pack(Series(2, EXPIRY, 77 * UNIT, True).code, -WAD)
    puts = [(k, q) for k, put, q in legs if put]
    strikes = [k for k, _, _ in legs]
    return (
        [other] * before + words + [other] * after,
        before,
        before + len(legs),
        sum(q for _, q in puts),
        sum(k * q for k, q in puts),
        min(strikes),
        max(strikes),
    )


def book(rng: random.Random, strikes: list[int]) -> list[Leg]:
    return [(k, rng.random() < 0.5, rng.randrange(-9, 10) * WAD // 4) for k in strikes]


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128])
def test_any_size(harness: Any, size: int) -> None:
    rng = random.Random(size)
    for spread in (10**13, 40, 3):
        legs = book(rng, [10**11 + rng.randrange(spread) for _ in range(size)])
        assert harness.worst(*arguments(legs)) == brute(legs)


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (5, 7), (100, 11)])
def test_only_the_words_of_the_expiry_count(harness: Any, before: int, after: int) -> None:
    rng = random.Random(before)
    legs = book(rng, [rng.randrange(1, 10**12) for _ in range(17)])
    assert harness.worst(*arguments(legs, before, after)) == brute(legs)


@pytest.mark.parametrize("size", [3, 16, 17, 128])
def test_strikes_of_one_key_are_put_in_order(harness: Any, size: int) -> None:
    """One strike far away: all others are closer than the keys can tell."""
    rng = random.Random(size)
    close = [10**11 + rng.randrange(10**6) for _ in range(size - 1)]
    for strikes in (close, sorted(close, reverse=True)):
        for far in ([2**56 - 1], [1]):
            legs = book(rng, strikes + far)
            assert harness.worst(*arguments(legs)) == brute(legs)
            assert harness.worst(*arguments(legs[::-1])) == brute(legs)


def test_equal_strikes_and_largest_figures(harness: Any) -> None:
    rng = random.Random(7)
    legs = book(rng, [rng.choice([5, 6, 2**56 - 1]) for _ in range(128)])
    assert harness.worst(*arguments(legs)) == brute(legs)
    largest = [(2**56 - 1 - i, i % 2 == 0, MAX_QUANTITY * rng.choice([-1, 1])) for i in range(128)]
    assert harness.worst(*arguments(largest)) == brute(largest)


def test_the_dearest_order_fits_a_block(harness: Any) -> None:
    """128 strikes of one key, in reverse: the keys tell nothing."""
    legs = [(10**11 + 128 - i, False, WAD * (-1) ** i) for i in range(127)] + [
        (2**56 - 1, True, WAD)
    ]
    assert harness.worst(*arguments(legs)) == brute(legs)
    assert transaction_gas(harness.worst, *arguments(legs)).execution < 600_000
    spread = [(10**11 + 10**8 * (128 - i), False, q) for i, (_, _, q) in enumerate(legs)]
    assert transaction_gas(harness.worst, *arguments(spread)).execution < 160_000


@pytest.mark.parametrize("size", [5, 16, 17, 33, 64, 65, 128])
@pytest.mark.parametrize("apart", [1, 7, 10**7, 5 * 10**11])
def test_no_order_costs_more(harness: Any, size: int, apart: int) -> None:
    """The keys alone put strikes in order, however narrow or wide their range: no second sort."""
    rng = random.Random(size)
    legs = book(rng, [10**11 + apart * i for i in range(size)])
    sorted_once = transaction_gas(harness.worst, *arguments(legs)).execution
    for order in (legs[::-1], rng.sample(legs, size)):
        assert harness.worst(*arguments(order)) == brute(legs)
        assert transaction_gas(harness.worst, *arguments(order)).execution < sorted_once * 1.01


# Gas of execution of a book with strikes apart; of one key in reverse; of one key in disorder.
GAS = {
    2: (4_227, 4_215, 4_215),
    15: (14_620, 28_587, 29_550),
    16: (15_424, 29_446, 31_638),
    17: (19_178, 34_772, 37_542),
    33: (34_813, 73_182, 74_500),
    64: (64_337, 158_350, 171_518),
    65: (74_507, 168_682, 186_811),
    128: (143_197, 361_989, 403_786),
}


@pytest.mark.parametrize("size", GAS)
def test_gas(harness: Any, size: int) -> None:
    """Figures to be written down anew when they change: which words are compared at which size, and
    the gaps of the second sort, show in nothing else."""
    rng = random.Random(size)
    apart = book(rng, [10**11 + 10**8 * i for i in range(size)])
    near = book(rng, [10**11 + i for i in range(size - 1)]) + [(2**56 - 1, True, WAD)]
    spent = [
        transaction_gas(harness.worst, *arguments(one)).execution
        for one in (apart, near[::-1], rng.sample(near, size))
    ]
    assert spent == pytest.approx(GAS[size], rel=5e-4)
