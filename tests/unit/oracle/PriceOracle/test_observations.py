"""What `poke` records: averages of any window, watermarks, and fixings computed from them."""

import random
from typing import Any

import boa
import pytest

from novate.gas import transaction_gas
from novate.reference import oracle as model

WAD = 10**18
SPOT, SPX = 2_700 * 10**8, 1
DAY = 86_400
RECORDED, HISTORY, FALLBACK, COURT = range(1, 5)


def _now() -> int:
    return int(boa.env.evm.patch.timestamp)


def _go(timestamp: int) -> None:
    boa.env.time_travel(seconds=timestamp - _now())


def _record(desk: Any, price: int) -> None:
    desk.push(price * 10**8)
    assert desk.oracle.poke(SPX, sender=desk.intruder) == 0


@pytest.fixture
def expiry() -> int:
    return _now() // 3_600 * 3_600 + 12 * 3_600


def _walk(desk: Any, seed: int, count: int) -> list[tuple[int, int]]:
    """Random pokes; (time, price [wad]) of all of them."""
    rng = random.Random(seed)
    recorded = [(_now(), 2_700 * WAD)]
    for _ in range(count):
        boa.env.time_travel(seconds=rng.choice([0, 1, 12, 250, 299, 300, 301, 900, 4_000]))
        price = rng.randint(2_000, 3_000)
        _record(desk, price)
        recorded.append((_now(), price * WAD))
    return recorded


@pytest.mark.parametrize("seed", range(3))
def test_average_of_any_window_on_the_grid_is_exact(desk: Any, seed: int) -> None:
    recorded = _walk(desk, seed, 60)
    boa.env.time_travel(seconds=77)
    first, last = recorded[0][0], _now() // 300 * 300
    rng = random.Random(seed)
    for _ in range(60):
        start = rng.randrange(first, last - 299, 300)
        end = rng.choice([_now(), rng.randrange(start + 300, last + 1, 300)])
        assert desk.oracle.twap(SPX, start, end) == model.twap(recorded, start, end)


def test_average_off_the_grid_errs_by_what_happened_in_five_minutes(desk: Any) -> None:
    recorded = _walk(desk, 5, 80)
    rng = random.Random(1)
    for _ in range(60):
        start = rng.randint(recorded[0][0] + 300, _now() - 3_600)
        end = rng.randint(start + 1_800, _now())
        error = abs(desk.oracle.twap(SPX, start, end) - model.twap(recorded, start, end))
        assert error <= 2 * 300 * 1_000 * WAD // (end - start)


def test_an_average_that_ends_inside_a_bucket_is_rounded_down(desk: Any) -> None:
    begin = (_now() // 300 + 1) * 300
    for after, price in ((0, 2_000), (1, 2_001), (3, 2_500)):
        _go(begin + after)
        _record(desk, price)
    # A straight line to 2,000 * 1 + 2,001 * 2 after three seconds.
    assert desk.oracle.twap(SPX, begin, begin + 1) == 6_002 * WAD // 3


def test_an_observation_alone_in_the_first_bucket_of_a_word_is_found(desk: Any) -> None:
    """The bit map has 256 buckets a word."""
    begin = (_now() // 76_800 + 1) * 76_800
    for after, price in ((0, 2_000), (3_000, 2_500), (3_600, 2_500)):
        _go(begin + after)
        _record(desk, price)
    assert desk.oracle.twap(SPX, begin + 600, begin + 3_600) == 2_100 * WAD


def test_reverts_window_out_of_order(desk: Any) -> None:
    boa.env.time_travel(seconds=900)
    for start, end in ((_now(), _now()), (_now() - 5, _now() - 6), (_now() - 5, _now() + 1)):
        with boa.reverts("oracle: window out of order"):
            desk.oracle.twap(SPX, start, end)


def test_reverts_window_not_recorded(desk: Any) -> None:
    listed = _now()
    boa.env.time_travel(seconds=8 * DAY)
    for underlying, start, end in (
        (2, listed, _now()),
        (SPX, listed - 1, listed + 600),
        (SPX, 0, 600),
        (SPX, _now() - 7 * DAY - 1, _now()),
    ):
        with boa.reverts("oracle: window not recorded"):
            desk.oracle.twap(underlying, start, end)
    assert desk.oracle.twap(SPX, _now() - 7 * DAY, _now()) == 2_700 * WAD


def test_ring_forgets_after_a_week_and_never_mixes(desk: Any) -> None:
    start = _now()
    _record(desk, 2_000)
    boa.env.time_travel(seconds=2_048 * 300)
    _record(desk, 2_500)
    boa.env.time_travel(seconds=600)
    assert desk.oracle.twap(SPX, _now() - 600, _now()) == 2_500 * WAD
    with boa.reverts("oracle: window not recorded"):
        desk.oracle.twap(SPX, start, start + 600)
    assert desk.oracle.observation(SPX, start) == (0, 0)


def test_many_observations_cost_as_little_as_few(desk: Any, expiry: int) -> None:
    gas = {}
    for count in (10, 180):
        with boa.env.anchor():
            _go(expiry - 1_800)
            for _ in range(count):
                boa.env.time_travel(seconds=1_800 // count)
                _record(desk, 2_600)
            _go(expiry)
            twap = (desk.oracle.twap, SPX, expiry - 1_800, expiry)
            gas[count] = transaction_gas(*twap).execution
    assert gas[10] == gas[180] < 14_100


def test_overwritten_observation_is_no_base_of_an_interpolation(desk: Any) -> None:
    start = _now()
    _go(start + 299)
    _record(desk, 2_000)
    _go(start + 2_048 * 300)
    _record(desk, 2_500)
    with boa.reverts("oracle: window not recorded"):
        desk.oracle.twap(SPX, start + 100, start + 300)


# -- watermarks --


def test_watermarks_of_hours_and_days(desk: Any) -> None:
    hour, day = _now() // 3_600, _now() // DAY
    _go((hour + 1) * 3_600)
    for wait, price in ((1, 2_500), (1_000, 2_600), (1_000, 2_400), (1_599, 2_450), (1, 9_000)):
        boa.env.time_travel(seconds=wait)
        _record(desk, price)
    # Up to and including the end of the hour.
    assert desk.oracle.watermarks(SPX, hour + 2) == (2_600 * 10**8, 2_400 * 10**8, 2_450 * 10**8)
    assert desk.oracle.watermarks(SPX, hour + 3) == (9_000 * 10**8,) * 3
    assert desk.oracle.watermarks(SPX, hour + 1) == (0, 0, 0)
    # The first of the day was the listing at midnight, which ends the day before.
    assert desk.oracle.day_watermarks(SPX, day) == (2_700 * 10**8, 2_700 * 10**8)
    assert desk.oracle.day_watermarks(SPX, day + 1) == (9_000 * 10**8, 2_400 * 10**8)


def test_watermarks_round_away_from_a_touch(desk: Any) -> None:
    source = desk.lying(27 * 10**17 + 1, 15)
    underlying = desk.list_with(source)
    hour = -(-_now() // 3_600)
    high, low, _ = desk.oracle.watermarks(underlying, hour)
    assert (high, low) == (2_700 * 10**8, 2_700 * 10**8 + 1)


# -- fixings from what is recorded --


def test_recorded_window_is_fixed_at_once(desk: Any, expiry: int) -> None:
    _go(expiry - 1_900)
    recorded = []
    for i in range(7):
        _record(desk, 2_600 + 10 * i)
        recorded.append((_now(), (2_600 + 10 * i) * WAD))
        boa.env.time_travel(seconds=300)
    _go(expiry)
    # Rounds of the sources are not asked, and no start is needed.
    price = desk.fix(SPX, expiry, sender=desk.intruder)
    (event,) = desk.oracle.get_logs()
    assert event.origin == RECORDED
    assert price == model.twap(recorded, expiry - 1_800, expiry) == desk.oracle.fixing(SPX, expiry)


@pytest.mark.parametrize("missing", range(7))
def test_one_bucket_without_observation_leaves_it_to_the_histories(
    desk: Any, expiry: int, missing: int
) -> None:
    for i in range(7):
        _go(expiry - 2_099 + 300 * i)
        desk.push((2_600 + 10 * i) * 10**8)
        if i != missing:
            desk.oracle.poke(SPX)
    _go(expiry)
    assert desk.oracle.recorded(SPX, expiry)[0] == 0
    desk.fix(SPX, expiry, desk.round_at(SPX, expiry - 1_800))
    assert desk.oracle.get_logs()[-1].origin == HISTORY


def test_poke_at_the_second_of_expiry_and_later_changes_nothing(desk: Any, expiry: int) -> None:
    for i in range(7):
        _go(expiry - 2_099 + 300 * i)
        _record(desk, 2_600)
    _go(expiry)
    _record(desk, 9_000)
    _go(expiry + 1)
    _record(desk, 1)
    assert desk.oracle.recorded(SPX, expiry) == (2_600 * WAD, 9_000 * WAD)
    assert desk.fix(SPX, expiry) == 2_600 * WAD


def test_two_fixings_at_once(desk: Any, expiry: int) -> None:
    """The second one is refused, and another expiry is not touched by the first."""
    _go(expiry - 1_801)
    desk.push()
    _go(expiry + 3_600)
    desk.push()
    start = desk.round_at(SPX, expiry - 1_800)
    desk.fix(SPX, expiry, start)
    with boa.reverts("oracle: already fixed"):
        desk.fix(SPX, expiry, start)
    assert desk.oracle.fixing(SPX, expiry + 3_600) == 0


def test_median_of_the_averages_of_several_histories(desk: Any, expiry: int) -> None:
    sources = [desk.lying() for _ in range(3)]
    desk.set_sources(SPX, sources, 2)
    averages = []
    for k, source in enumerate(sources):
        rounds = [
            (2_600 * 10**8, expiry - 1_900, 1),
            ((2_700 + 50 * k) * 10**8, expiry - 900 + 60 * k, 2),
        ]
        source.tell(1, rounds, [True] * 2)
        entries = [model.Round(*entry) for entry in rounds]
        averages.append(model.average(entries, expiry))
    _go(expiry)
    starts = desk.lens.rounds_at(SPX, expiry - 1_800)
    assert starts == [1, 1, 1]
    with boa.env.anchor():
        # One source dead: not before a day has passed, and then without it.
        boa.env.set_code(sources[1].address, b"")
        with boa.reverts("oracle: no price in window"):
            desk.oracle.fix(SPX, expiry, starts)
        _go(expiry + DAY)
        assert desk.oracle.fix(SPX, expiry, starts) == model.median_fixing(averages[::2])
    with boa.env.anchor():
        # Two of three: no quorum, but what was recorded in the day before.
        for source in sources[:2]:
            boa.env.set_code(source.address, b"")
        _go(expiry + DAY)
        assert desk.oracle.fix(SPX, expiry, starts) == 2_700 * WAD
        assert desk.oracle.get_logs()[-1].origin == FALLBACK
    assert desk.oracle.fix(SPX, expiry, starts) == model.median_fixing(averages) == averages[1]


def test_the_quorum_of_a_former_set_is_its_own(desk: Any, expiry: int) -> None:
    """Two of three, though one is enough since."""
    sources = [desk.lying() for _ in range(3)]
    desk.set_sources(SPX, sources, 2)
    expiry += 3 * DAY
    for source in sources:
        source.tell(2, [(2_700 * 10**8, expiry - 1_900, 2)], [True])
    _go(expiry + 60)
    desk.push()
    desk.set_sources(SPX, [desk.spot], 1)
    _go(expiry + DAY)
    with boa.env.anchor():
        boa.env.set_code(sources[0].address, b"")
        assert desk.oracle.fix(SPX, expiry, [2, 2, 2]) == 2_700 * WAD
    for source in sources[:2]:
        boa.env.set_code(source.address, b"")
    # One history is no quorum of the former set; nothing was recorded in the day before.
    with boa.reverts("oracle: no price in window"):
        desk.oracle.fix(SPX, expiry, [2, 2, 2])


@pytest.mark.parametrize("later", [0, DAY])
def test_a_long_history_among_short_ones_is_walked_to_its_end(
    desk: Any, expiry: int, later: int
) -> None:
    """No call fixes from the others what one of them is not yet read for."""
    sources = [desk.lying() for _ in range(3)]
    desk.set_sources(SPX, sources, 2)
    averages = []
    for source, count, price in zip(sources, (100, 1, 1), (2_750, 2_700, 2_800), strict=True):
        rounds = [(2_600 * 10**8, expiry - 1_900, 1)]
        rounds += [((price + i) * 10**8, expiry - 1_500 + 10 * i, 2 + i) for i in range(count)]
        source.tell(1, rounds, [True] * len(rounds))
        averages.append(model.average([model.Round(*entry) for entry in rounds], expiry))
    _go(expiry + later)
    assert desk.oracle.fix(SPX, expiry, [1, 1, 1]) == 0
    # What was read of a source that dies meanwhile counts.
    boa.env.set_code(sources[1].address, b"")
    assert desk.oracle.fix(SPX, expiry, [1, 1, 1]) == model.median_fixing(averages)
    assert model.median_fixing(averages) != model.median_fixing(averages[1:])


def test_fewer_starts_than_sources_are_refused(desk: Any, expiry: int) -> None:
    sources = [desk.lying() for _ in range(3)]
    desk.set_sources(SPX, sources, 2)
    _go(expiry - 1_900)
    for source in sources:
        source.say(SPOT, _now())
    _go(expiry)
    with boa.reverts("oracle: no such round"):
        desk.oracle.fix(SPX, expiry, [2, 2])


def test_price_below_a_unit_is_no_missing_price(desk: Any, expiry: int) -> None:
    source = desk.lying(1, 18)
    underlying = desk.list_with(source)
    boa.env.set_code(source.address, b"")
    _go(expiry + DAY)
    assert desk.fix(underlying, expiry) == 1
