"""Fixings from random round histories against the reference model.

Sparse and dense histories, late and missing rounds, rounds that do not count, and rounds exactly
on the edges of the window; fixed from every kind of start, in any order of calls.
"""

from typing import Any

import boa
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from novate.engine.cache import load
from novate.reference import oracle as model

FEED = load("contracts/oracle/PriceFeed.vy")
ORACLE = load("contracts/oracle/PriceOracle.vy")
LENS = load("contracts/oracle/OracleLens.vy")
LYING = load("tests/hostile/LyingFeed.vy")

WAD, DAY = 10**18, 86_400
MAX_AGE, UNDERLYING = 3_600, 7
ANSWER = 2_700 * 10**8
# Edges of the window, of max_age before it, and of expiry, in seconds before expiry.
EDGES = [5_401, 5_400, 5_399, 1_801, 1_800, 1_799, 1, 0, -1]

befores = st.one_of(st.sampled_from(EDGES), st.integers(-4_000, 9_000), st.integers(0, 1_800))
answers = st.one_of(
    st.integers(1, 10**13), st.sampled_from([1, 10**20 - 1]), st.sampled_from([0, -1, 10**20])
)
entries = st.tuples(answers, befores, st.integers(0, 19))
histories = st.one_of(
    st.lists(entries, min_size=1, max_size=12), st.lists(entries, min_size=60, max_size=135)
)


@pytest.fixture(scope="module")
def world() -> tuple[Any, Any, int, int, Any, Any]:
    owner = boa.env.generate_address("owner")
    volatility = FEED.deploy("volatility", 8, owner)
    volatility.push(20 * 10**6, sender=owner)
    source = LYING.deploy(8)
    listed = int(boa.env.evm.patch.timestamp)
    source.say(ANSWER, listed)
    oracle = ORACLE.deploy(owner)
    oracle.list_underlying(UNDERLYING, source.address, volatility.address, MAX_AGE, sender=owner)
    lens = LENS.deploy(oracle.address)
    return oracle, source, listed, listed // 3_600 * 3_600 + DAY, lens, volatility


def _rounds(history: list[tuple[int, int, int]], expiry: int) -> list[model.Round]:
    """Rounds 1, 2, ... in order of time; one in twenty each is carried over, unknown, undated."""
    ordered = sorted(history, key=lambda entry: -entry[1])
    return [
        model.Round(
            answer,
            0 if trouble == 2 else expiry - before,
            number - 1 if trouble == 0 else number,
            known=trouble != 1,
        )
        for number, (answer, before, trouble) in enumerate(ordered, 1)
    ]


def _tell(source: Any, rounds: list[model.Round]) -> None:
    source.tell(1, [(r.answer, r.updated, r.answered) for r in rounds], [r.known for r in rounds])


def _try(oracle: Any, expiry: int, start: int) -> int | None:
    """The fixing, 0 when another call is needed, None when it is refused."""
    try:
        return int(oracle.fix(UNDERLYING, expiry, [start]))
    except boa.BoaError:
        # The text of the error would dump the whole history.
        output = oracle._computation.output
        assert b"oracle: gap in history" in output or b"oracle: no price in window" in output
        return None


@given(
    history=histories,
    age=st.sampled_from([0, 1, DAY - 1, DAY, 3 * DAY - 1, 3 * DAY]),
    data=st.data(),
)
def test_any_accepted_start_gives_the_fixing_of_the_model(
    world: tuple[Any, Any, int, int, Any, Any],
    history: list[tuple[int, int, int]],
    age: int,
    data: Any,
) -> None:
    oracle, source, listed, expiry, lens, _ = world
    rounds = _rounds(history, expiry)
    # The latest round must be readable, or the source is dead.
    rounds[-1] = model.Round(rounds[-1].answer, rounds[-1].updated, rounds[-1].answered)
    _tell(source, rounds)
    boa.env.time_travel(seconds=expiry + age - listed)
    latest = rounds[-1]
    counts = (
        0 < latest.updated <= expiry + age
        and latest.answered >= len(rounds)
        and 0 < latest.answer < 10**20
    )
    expected = model.fixing(
        rounds,
        expiry,
        expiry + age,
        max_age=MAX_AGE,
        closes={-(-listed // 3_600): ANSWER * 10**10},
        live=latest.answer * 10**10 if counts else 0,
        last=ANSWER * 10**10,
    )
    window = expiry - model.WINDOW
    starts = [n for n, _, time in model.valid_rounds(rounds, 1, 10**10) if time <= window]
    starts = sorted({1, *starts, lens.rounds_at(UNDERLYING, window)[0]})
    event("refused" if not expected else f"fixed, {len(rounds) // 64} calls more")
    for first in {starts[0], starts[-1], data.draw(st.sampled_from(starts))}:
        with boa.env.anchor():
            price = _try(oracle, expiry, first)
            for _ in range(len(rounds) // 64 + 1):
                if price != 0:
                    break
                price = _try(oracle, expiry, data.draw(st.sampled_from(starts)))
            assert (price or 0) == expected
            assert oracle.fixing(UNDERLYING, expiry) == expected
            if expected:
                with boa.reverts("oracle: already fixed"):
                    oracle.fix(UNDERLYING, expiry, [first])


@given(history=histories, before=befores)
def test_round_at_is_what_a_search_of_all_rounds_finds(
    world: tuple[Any, Any, int, int, Any, Any], history: list[tuple[int, int, int]], before: int
) -> None:
    _, source, _, expiry, lens, _ = world
    rounds = _rounds(history, expiry)
    rounds[-1] = model.Round(rounds[-1].answer, rounds[-1].updated, rounds[-1].answered)
    _tell(source, rounds)
    by_then = [n for n, _, time in model.valid_rounds(rounds, 1, 10**10) if time <= expiry - before]
    assert lens.rounds_at(UNDERLYING, expiry - before)[0] == (by_then[-1] if by_then else 1)


@given(
    steps=st.lists(
        st.tuples(st.integers(1, 10**12), st.integers(0, 2_400)), min_size=1, max_size=25
    )
)
def test_our_own_feed_is_fixed_as_pushed(
    world: tuple[Any, Any, int, int, Any, Any], steps: list[tuple[int, int]]
) -> None:
    """Real pushes through time instead of a told history."""
    oracle = world[0]
    reporter = oracle.owner()
    feed = FEED.deploy("SPX / USD", 8, reporter)
    feed.push(10**6, sender=reporter)
    now = int(boa.env.evm.patch.timestamp)
    oracle.list_underlying(8, feed.address, world[5].address, 604_800, sender=reporter)
    rounds = [model.Round(10**6, now, 1)]
    for number, (answer, pause) in enumerate(steps, 2):
        boa.env.time_travel(seconds=pause)
        now += pause
        feed.push(answer, sender=reporter)
        rounds.append(model.Round(answer, now, number))
    expiry = -(-now // 3_600) * 3_600
    boa.env.time_travel(seconds=expiry - now)
    if model.has_gap(rounds, expiry, 604_800):
        boa.env.time_travel(seconds=DAY)
    start = world[4].rounds_at(8, expiry - model.WINDOW)
    expected = model.average(rounds, expiry) or 10**16
    assert oracle.fix(8, expiry, start) == expected
