"""Settlement fixings: from the source's own history, the same whoever calls, and never stuck."""

from typing import Any

import boa
import pytest

from novate.gas import transaction_gas

WAD = 10**18
SPOT, MAX_AGE, SPX = 2_700 * 10**8, 3_600, 1
DAY = 86_400
PHASE = 1 << 64
# Where a fixing comes from.
RECORDED, HISTORY, FALLBACK, COURT = range(1, 5)
REVERTING, GAS_BURNING, HUGE_RETURN, SHORT_RETURN, NO_RETURN = range(1, 6)
# (answer [USD], seconds before expiry)
Rounds = list[tuple[int, int]]


def _now() -> int:
    return int(boa.env.evm.patch.timestamp)


def _go(timestamp: int) -> None:
    boa.env.time_travel(seconds=timestamp - _now())


@pytest.fixture
def expiry() -> int:
    return _now() // 3_600 * 3_600 + 12 * 3_600


def _listed(desk: Any) -> tuple[Any, int]:
    """A source that tells what it is told, with one true round at the time of listing."""
    source = desk.lying()
    return source, desk.list_with(source)


def _tell(source: Any, expiry: int, rounds: Rounds, first: int = 2) -> None:
    history = [
        (answer * 10**8, expiry - before, number)
        for number, (answer, before) in enumerate(rounds, first)
    ]
    source.tell(first, history, [True] * len(history))


FIXINGS: dict[str, tuple[Rounds, int]] = {
    "one round in force all the time": ([(2_000, 1_900)], 2_000 * WAD),
    "a round exactly at the window start": ([(1_000, 1_900), (2_000, 1_800)], 2_000 * WAD),
    "a round a second after the window start": (
        [(1_000, 1_900), (2_800, 1_799)],
        (1_000 + 2_800 * 1_799) * WAD // 1_800,
    ),
    "a round exactly at expiry": ([(2_000, 1_900), (9_000, 0)], 2_000 * WAD),
    "a round a second before expiry": (
        [(1_800, 1_900), (3_600, 1)],
        (1_800 * 1_799 + 3_600) * WAD // 1_800,
    ),
    "a round after expiry": ([(2_000, 1_900), (9_000, -1)], 2_000 * WAD),
    "halves": ([(1_000, 3_000), (2_000, 900)], 1_500 * WAD),
    "two rounds in one second: the later one": (
        [(1_000, 3_000), (5_000, 900), (2_000, 900)],
        1_500 * WAD,
    ),
    "rounds that are not positive": (
        [(1_000, 3_000), (0, 1_700), (2_000, 900), (-7, 800)],
        1_500 * WAD,
    ),
    "a round older than the one before": ([(1_000, 3_000), (2_000, 900), (9, 1_000)], 1_500 * WAD),
    "rounding down": ([(1, 3_000), (2, 1_200)], (600 + 2 * 1_200) * WAD // 1_800),
}


@pytest.mark.parametrize("case", FIXINGS)
def test_fixing_is_the_average_of_the_window(desk: Any, expiry: int, case: str) -> None:
    rounds, price = FIXINGS[case]
    source, underlying = _listed(desk)
    _tell(source, expiry, rounds)
    _go(expiry + 60)
    start = desk.round_at(underlying, expiry - 1_800)
    assert desk.fix(underlying, expiry, start, sender=desk.intruder) == price
    (event,) = desk.oracle.get_logs()
    assert (event.underlying, event.expiry, event.price) == (underlying, expiry, price)
    assert event.origin == HISTORY
    assert desk.oracle.fixing(underlying, expiry) == price
    assert desk.oracle.fixing(underlying, expiry - 3_600) == 0


def test_fixing_at_the_second_of_expiry(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_000, 1_900)])
    _go(expiry - 1)
    with boa.reverts("oracle: not expired"):
        desk.fix(underlying, expiry, 2)
    _go(expiry)
    assert desk.fix(underlying, expiry, 2) == 2_000 * WAD


def test_reverts_already_fixed(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_000, 1_900)])
    _go(expiry)
    desk.fix(underlying, expiry, 2)
    for age in (0, 2 * DAY, 9 * DAY):
        _go(expiry + age)
        with boa.reverts("oracle: already fixed"):
            desk.fix(underlying, expiry, 2)


def test_reverts_expiry_not_on_the_hour(desk: Any, expiry: int) -> None:
    _go(expiry)
    for wrong in (0, 1, expiry - 1, expiry - 1_800):
        with boa.reverts("oracle: expiry not on the hour"):
            desk.fix(SPX, wrong, 1)


def test_reverts_no_such_round(desk: Any, expiry: int) -> None:
    _go(expiry)
    for number in (0, 2, PHASE | 1, 2**80, 2**256 - 1):
        with boa.reverts("oracle: no such round"):
            desk.fix(SPX, expiry, number)


def test_reverts_round_not_valid(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_000, 1_900), (0, 1_850), (3_000, 1_000)])
    _go(expiry)
    with boa.reverts("oracle: round not valid"):
        desk.fix(underlying, expiry, 3)


def test_reverts_round_after_window_start(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_000, 1_900), (3_000, 1_799)])
    _go(expiry)
    with boa.reverts("oracle: round after window start"):
        desk.fix(underlying, expiry, 3)


def test_every_accepted_start_leads_to_the_same_price(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    before = [(1_000 + i, 3_600 - 10 * i) for i in range(150)]
    inside = [(3_000 + i, 1_800 - 20 * i) for i in range(1, 90)]
    _tell(source, expiry, before + inside + [(9_999, -5)])
    _go(expiry + 10)
    prices = set()
    for start in (1, 2, 50, 130, 150, 151):
        with boa.env.anchor():
            for _ in range(10):
                price = desk.fix(underlying, expiry, start)
                if price:
                    break
            prices.add(price)
    assert len(prices) == 1 and 0 not in prices


def test_window_of_many_rounds_takes_several_calls(desk: Any, expiry: int) -> None:
    """And nobody can throw back what others have walked."""
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_000, 1_900)] + [(2_000 + i, 1_800 - 10 * i) for i in range(1, 180)])
    _go(expiry)
    assert desk.fix(underlying, expiry, 2) == 0
    # Neither a start further back nor one beyond the window start is looked at any more.
    assert desk.fix(underlying, expiry, 1, sender=desk.intruder) == 0
    price = desk.fix(underlying, expiry, 100, sender=desk.intruder)
    assert price == sum((2_000 + i) * 10 for i in range(180)) * WAD // 1_800


def test_a_start_far_back_is_replaced_by_a_nearer_one(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(1_000, 36_000 - 100 * i) for i in range(341)] + [(2_000, 900)])
    _go(expiry)
    assert desk.fix(underlying, expiry, 1, sender=desk.intruder) == 0
    assert desk.fix(underlying, expiry, 342) == 1_500 * WAD


def test_long_run_of_invalid_rounds_does_not_block(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_000, 1_900)] + [(0, 1_850)] * 100 + [(-1, 900)] * 100)
    _go(expiry)
    assert desk.round_at(underlying, expiry) >= 1
    assert [desk.fix(underlying, expiry, 2) for _ in range(4)] == [0, 0, 0, 2_000 * WAD]


# -- gaps: the price is accepted a day later --


def test_reverts_gap_in_history(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    for age, refused in ((MAX_AGE, False), (MAX_AGE + 1, True)):
        with boa.env.anchor():
            _tell(source, expiry, [(1_000, 1_800 + age), (2_000, 900)])
            _go(expiry + DAY - 1)
            if refused:
                with boa.reverts("oracle: gap in history"):
                    desk.fix(underlying, expiry, 2)
                _go(expiry + DAY)
            assert desk.fix(underlying, expiry, 2) == 1_500 * WAD


def test_silent_source_gives_its_last_round_a_day_later(desk: Any, expiry: int) -> None:
    _go(expiry)
    with boa.reverts("oracle: gap in history"):
        desk.fix(SPX, expiry, 1)
    _go(expiry + DAY)
    desk.push(9 * SPOT)
    assert desk.fix(SPX, expiry, 1) == 2_700 * WAD


def test_history_that_begins_in_the_window(desk: Any, expiry: int) -> None:
    _go(expiry - 600)
    source = desk.lying(1_000 * 10**8)
    desk.push()
    underlying = desk.list_with(source)
    _tell(source, expiry, [(2_000, 300)])
    _go(expiry)
    with boa.reverts("oracle: gap in history"):
        desk.fix(underlying, expiry, 1)
    _go(expiry + DAY)
    assert desk.round_at(underlying, expiry - 1_800) == 1
    assert desk.fix(underlying, expiry, 1) == 1_500 * WAD


# -- no history: what was stored --


def _poked(desk: Any, expiry: int) -> tuple[Any, int]:
    """Observed at 2,600 in the hour up to expiry and at 2,800 after it."""
    source, underlying = _listed(desk)
    _go(expiry - 3_000)
    source.say(2_600 * 10**8, _now())
    desk.oracle.poke(underlying)
    _go(expiry + 1)
    source.say(2_800 * 10**8, _now())
    desk.oracle.poke(underlying)
    return source, underlying


def test_dead_source_falls_back_to_the_observation_before_expiry(desk: Any, expiry: int) -> None:
    source, underlying = _poked(desk, expiry)
    boa.env.set_code(source.address, b"")
    assert desk.round_at(underlying, expiry) == 0
    _go(expiry + DAY - 1)
    with boa.reverts("oracle: no price in window"):
        desk.fix(underlying, expiry, 1)
    _go(expiry + DAY)
    assert desk.fix(underlying, expiry, 1, sender=desk.intruder) == 2_600 * WAD
    (event,) = desk.oracle.get_logs()
    assert (event.price, event.origin) == (2_600 * WAD, FALLBACK)


def test_observation_at_the_second_of_expiry_counts(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _go(expiry)
    source.say(2_650 * 10**8, expiry)
    desk.oracle.poke(underlying)
    boa.env.set_code(source.address, b"")
    _go(expiry + DAY)
    assert desk.fix(underlying, expiry, 0) == 2_650 * WAD


def test_without_observation_in_the_day_before_the_last_one_counts(desk: Any, expiry: int) -> None:
    source, underlying = _poked(desk, expiry)
    _go(expiry + 40 * 3_600)
    source.say(2_900 * 10**8, _now())
    desk.oracle.poke(underlying)
    boa.env.set_code(source.address, b"")
    # 2,800 was stored in the hour after expiry: the 24th hour back from the second of these.
    for later, delay, price in ((0, 1, 2_600), (24, 1, 2_800), (25, 3, 2_900)):
        with boa.env.anchor():
            if delay > 1:
                _go(expiry + later * 3_600 + 3 * DAY - 1)
                with boa.reverts("oracle: no price in window"):
                    desk.fix(underlying, expiry + later * 3_600, 0)
            _go(expiry + later * 3_600 + delay * DAY)
            assert desk.fix(underlying, expiry + later * 3_600, 0) == price * WAD
    early = expiry - 4 * DAY
    assert desk.fix(underlying, early, 0, sender=desk.intruder) == 2_900 * WAD


def test_after_three_days_the_median_of_the_sources_comes_before_the_last_aggregate(
    desk: Any, expiry: int
) -> None:
    source, underlying = _listed(desk)
    source.set_latest(0)
    _go(expiry + 3 * DAY)
    source.say(3_000 * 10**8, _now() - 2 * DAY)
    assert desk.fix(underlying, expiry, 0) == 2_700 * WAD
    assert desk.fix(underlying, expiry - 4 * DAY, 0) == 3_000 * WAD


@pytest.mark.parametrize("mode", [REVERTING, GAS_BURNING, SHORT_RETURN, NO_RETURN, HUGE_RETURN])
def test_no_misbehaviour_of_a_source_holds_up_a_fixing(desk: Any, expiry: int, mode: int) -> None:
    source = desk.hostile()
    underlying = desk.list_with(source)
    source.misbehave(mode, True)
    _go(expiry)
    with boa.reverts("oracle: no price in window"):
        desk.fix(underlying, expiry, 1)
    _go(expiry + DAY)
    assert desk.fix(underlying, expiry, 1) == 2_700 * WAD


@pytest.mark.parametrize("latest", [2**80, 2**256 - 1, 0])
def test_impossible_round_ids_are_no_history(desk: Any, expiry: int, latest: int) -> None:
    source, underlying = _listed(desk)
    source.set_round(latest, SPOT, _now(), latest)
    source.set_latest(latest)
    _go(expiry + DAY)
    assert desk.fix(underlying, expiry, 1) == 2_700 * WAD


def test_endless_history_ends_after_three_days(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    source.set_round(2**80 - 1, SPOT, _now(), 2**80 - 1)
    source.set_latest(2**80 - 1)
    _go(expiry + 3 * DAY - 1)
    first = (2**16 - 1) << 64 | 1
    source.set_round(first, SPOT, _now() - 20 * DAY, first)
    assert desk.fix(underlying, expiry, first, gas=10_000_000) == 0
    _go(expiry + 3 * DAY)
    assert desk.fix(underlying, expiry, first) == 2_700 * WAD


def test_changed_decimals_are_no_history(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_000, 1_900)])
    source.set_decimals(18)
    _go(expiry)
    with boa.reverts("oracle: no price in window"):
        desk.fix(underlying, expiry, 2)


def test_too_little_gas_cannot_force_the_fallback(desk: Any, expiry: int) -> None:
    source, underlying = _poked(desk, expiry)
    _go(expiry + DAY)
    start = desk.round_at(underlying, expiry - 1_800)
    outcomes = set()
    for gas in [*range(5_000, 100_000, 1_500), 300_000]:
        with boa.env.anchor():
            try:
                price = desk.fix(underlying, expiry, start, gas=gas)
            except boa.BoaError:
                outcomes.add("refused")
            else:
                outcomes.add(price)
    assert outcomes == {"refused", 2_600 * WAD}


# -- replacement of the source --


def test_replaced_source_still_fixes_what_expired_before(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(2_700, 1_900), (2_600, 900)])
    _go(expiry)
    with boa.env.anchor():
        expected = desk.fix(underlying, expiry, 2)
    other = desk.lying(1)
    _tell(other, expiry, [(2_601, 50_000), (2_602, 0)])
    desk.set_sources(underlying, [other], 1)
    _go(expiry + 3_600)
    assert desk.round_at(underlying, expiry - 1_800) == 2
    assert desk.fix(underlying, expiry, 2) == expected == 2_650 * WAD
    # And the new one fixes what expires after it took over.
    assert desk.fix(underlying, expiry + 3_600, 3) == 2_602 * WAD
    assert desk.oracle.fixing(underlying, expiry) == expected


# -- Chainlink's phases --


def test_rounds_of_the_latest_phase_count(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(1_000, 5_000), (1_000, 2_000)])
    _tell(source, expiry, [(2_000, 4_000), (3_000, 900), (9_000, 0)], first=3 * PHASE | 1)
    _go(expiry)
    start = desk.round_at(underlying, expiry - 1_800)
    assert start == 3 * PHASE | 1
    with boa.reverts("oracle: no such round"):
        desk.fix(underlying, expiry, 3)
    assert desk.fix(underlying, expiry, start) == 2_500 * WAD


def test_phase_that_changes_during_a_long_fixing_starts_it_again(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    _tell(source, expiry, [(1_000, 2_000)] + [(1_000, 1_500 - i) for i in range(100)])
    _go(expiry)
    assert desk.fix(underlying, expiry, 2) == 0
    _tell(source, expiry, [(2_000, 4_000), (3_000, 900)], first=PHASE | 1)
    assert desk.fix(underlying, expiry, PHASE | 1) == 2_500 * WAD


# -- round_at --


def test_round_at_is_the_last_valid_round_by_then(desk: Any, expiry: int) -> None:
    source, underlying = _listed(desk)
    befores = [3_000, 2_500, 2_500, 2_400, 2_000, 1_999, 900, 0]
    for invalid in (set(), {3}, {4, 5, 6}, {8, 9}, {2, 3, 4, 5, 6, 7, 8, 9}):
        rounds = [(0 if n in invalid else 7, b) for n, b in enumerate(befores, 2)]
        _tell(source, expiry, rounds)
        for before in (10**5, 3_001, 3_000, 2_500, 2_499, 2_400, 2_000, 1_999, 950, 899, 1, 0, -9):
            expected = max(
                [n for n, (a, b) in enumerate(rounds, 2) if a and b >= before], default=1
            )
            assert desk.round_at(underlying, expiry - before) == expected


def test_gas_of_quotes_and_fixings_stays_within_bounds(desk: Any, expiry: int) -> None:
    """Execution gas of a fresh transaction, with our own feeds; and that a minute feed fits."""
    assert transaction_gas(desk.oracle.quote, SPX, expiry).execution < 28_000
    assert transaction_gas(desk.oracle.spot, SPX).execution < 17_000
    _go(expiry - 1_860)
    for _ in range(31):
        desk.push()
        boa.env.time_travel(seconds=60)
    start = desk.round_at(SPX, expiry - 1_800)
    with boa.env.anchor():
        assert desk.fix(SPX, expiry, start) == 2_700 * WAD
    assert transaction_gas(desk.oracle.fix, SPX, expiry, [start]).execution < 220_000
