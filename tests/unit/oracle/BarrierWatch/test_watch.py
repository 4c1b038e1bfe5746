"""Barriers: touched or never touched, provable at any later time, the same whoever asks."""

import random
from typing import Any

import boa
import pytest

from novate.reference.oracle import knock_state
from tests.world import build

WAD = 10**18
SPX, DAY, HOUR = 1, 86_400, 3_600
UNKNOWN, TOUCHED, NEVER = 0, 1, 2
PUT, BARRIER, UP, IN = 1, 2, 4, 8
POT = 300 * 10**6


def _code(expiry: int, barrier: float, kind: int = BARRIER | UP, strike: int = 2_700) -> int:
    units = round(barrier * 10**8)
    return SPX << 144 | expiry // HOUR << 120 | strike * 10**8 << 64 | kind << 56 | units


def _hour(timestamp: int) -> int:
    return -(-timestamp // HOUR)


@pytest.fixture
def up(bench: Any) -> int:
    """An up-and-out call with its barrier at 2,800, watched."""
    code = _code(bench.expiry, 2_800)
    bench.watch.watch(code, sender=bench["keeper"])
    return code


def test_watch_starts_now(bench: Any) -> None:
    code = _code(bench.expiry, 2_800)
    assert not bench.watch.watched(code)
    bench.watch.watch(code, sender=bench["intruder"])
    (event,) = [e for e in bench.watch.get_logs() if type(e).__name__ == "Watched"]
    assert (event.code, event.first_hour) == (code, _hour(bench.now))
    assert bench.watch.watched(code) and bench.watch.watch_of(code)[0] == _hour(bench.now)
    assert bench.oracle.knocked(code) == UNKNOWN


@pytest.mark.parametrize("kind", [BARRIER, BARRIER | UP, BARRIER | IN, BARRIER | UP | IN | PUT])
def test_touch_counts_even_if_proved_long_after_expiry(bench: Any, kind: int) -> None:
    expiry = bench.expiry
    barrier, beyond = (2_800, 2_800) if kind & UP else (2_600, 2_600)
    code = _code(expiry, barrier, kind)
    bench.watch.watch(code)
    boa.env.time_travel(seconds=5_000)
    bench.record(beyond)
    hour = _hour(bench.now)
    boa.env.time_travel(seconds=60)
    bench.record(2_700)
    bench.travel_to(expiry + 400 * DAY)
    bench.watch.touch(code, hour, sender=bench["keeper"])
    assert bench.oracle.knocked(code) == TOUCHED
    (event,) = [e for e in bench.watch.get_logs() if type(e).__name__ == "Resolved"]
    assert (event.state, event.finder, event.reward) == (TOUCHED, bench["keeper"], 0)
    with boa.reverts("watch: already final"):
        bench.watch.touch(code, hour)


@pytest.mark.parametrize("price, state", [(2_799.99999999, NEVER), (2_800, TOUCHED)])
def test_barrier_to_the_last_unit(bench: Any, up: int, price: float, state: int) -> None:
    bench.record(price)
    bench.travel_to(bench.expiry + DAY)
    assert bench.watch.resolve(up, 1_024) == state == bench.oracle.knocked(up)


def test_touch_at_the_second_of_expiry_counts_and_after_it_does_not(bench: Any) -> None:
    expiry = bench.expiry
    for late, state in ((0, TOUCHED), (1, NEVER)):
        with boa.env.anchor():
            code = _code(expiry, 2_800)
            bench.watch.watch(code)
            bench.travel_to(expiry + late)
            bench.record(2_900)
            boa.env.time_travel(seconds=1)
            assert bench.watch.resolve(code, 1_024) == state


def test_touch_before_the_watch_does_not_count(bench: Any) -> None:
    bench.record(2_900)
    boa.env.time_travel(seconds=HOUR + 1)
    bench.push(2_700)
    code = _code(bench.expiry, 2_800)
    bench.watch.watch(code)
    with boa.reverts("watch: hour before the watch"):
        bench.watch.touch(code, _hour(bench.now) - 1)
    bench.travel_to(bench.expiry + DAY)
    assert bench.watch.resolve(code, 1_024) == NEVER


def test_reverts_beyond_the_barrier(bench: Any) -> None:
    expiry = bench.expiry
    for code in (_code(expiry, 2_700), _code(expiry, 2_699), _code(expiry, 2_700, BARRIER)):
        with boa.reverts("watch: beyond the barrier"):
            bench.watch.watch(code)
    # Spot came back, but what this hour recorded would count: from the next hour on.
    boa.env.time_travel(seconds=10)
    bench.record(2_900)
    bench.push(2_700)
    with boa.reverts("watch: beyond the barrier"):
        bench.watch.watch(_code(expiry, 2_800))
    boa.env.time_travel(seconds=HOUR)
    bench.push(2_700)
    bench.watch.watch(_code(expiry, 2_800))


def test_reverts_price_not_served(bench: Any) -> None:
    boa.env.time_travel(seconds=HOUR + 1)
    with boa.reverts("watch: price not served"):
        bench.watch.watch(_code(bench.expiry, 2_800))


def test_reverts_what_cannot_be_watched(bench: Any, up: int) -> None:
    expiry = bench.expiry
    with boa.reverts("watch: already watched"):
        bench.watch.watch(up)
    with boa.reverts("watch: no barrier"):
        bench.watch.watch(_code(expiry, 0, PUT))
    with boa.reverts("watch: expired"):
        bench.watch.watch(_code(bench.now // HOUR * HOUR, 2_800))
    with boa.reverts("series: not a code"):
        bench.watch.watch(up | 1 << 170)
    with boa.reverts("oracle: underlying not listed"):
        bench.watch.watch(up + (1 << 144))


def test_reverts_not_touched(bench: Any, up: int) -> None:
    with boa.reverts("watch: not touched"):
        bench.watch.touch(up, _hour(bench.now))
    with boa.reverts("watch: hour after expiry"):
        bench.watch.touch(up, bench.expiry // HOUR + 1)
    with boa.reverts("watch: not watched"):
        bench.watch.touch(up + 1, _hour(bench.now))
    # An hour without a record is no touch of a barrier below either.
    low = _code(bench.expiry, 2_600, BARRIER)
    bench.watch.watch(low)
    with boa.reverts("watch: not touched"):
        bench.watch.touch(low, _hour(bench.now) + 2)


def test_reverts_not_expired(bench: Any, up: int) -> None:
    expiry = bench.expiry
    for moment in (bench.now, expiry):
        bench.travel_to(moment)
        # At the second of expiry a touch may still be recorded.
        with boa.reverts("watch: not expired"):
            bench.watch.resolve(up, 1)
    bench.travel_to(expiry + 1)
    assert bench.watch.resolve(up, 1_024) == NEVER


def test_search_goes_on_where_it_stopped(bench: Any, up: int) -> None:
    expiry = bench.expiry
    bench.travel_to(expiry + 1)
    answers = [bench.watch.resolve(up, 3, sender=bench["intruder"]) for _ in range(5)]
    assert answers == [UNKNOWN] * 4 + [NEVER]
    for call in (lambda: bench.watch.resolve(up, 3), lambda: bench.watch.touch(up, 5)):
        with boa.reverts("watch: already final"):
            call()


def test_no_race_a_touch_that_nobody_claimed_is_found(bench: Any, up: int) -> None:
    """P-02: whoever hurries to the end cannot pass by a touch."""
    expiry = bench.expiry
    bench.travel_to(expiry - HOUR // 2)
    bench.record(2_800)
    bench.travel_to(expiry + 1)
    while not (state := bench.watch.resolve(up, 4)):
        pass
    assert state == TOUCHED == bench.oracle.knocked(up)


def test_a_year_takes_days_not_hours(bench: Any) -> None:
    expiry = bench.now // DAY * DAY + 400 * DAY + 8 * HOUR
    code = _code(expiry, 2_800)
    bench.watch.watch(code)
    bench.travel_to(expiry + 1)
    assert bench.watch.resolve(code, 24 + 400 + 8) == NEVER


@pytest.mark.parametrize("seed", range(6))
def test_state_is_that_of_the_model(bench: Any, seed: int) -> None:
    rng = random.Random(seed)
    expiry = bench.now // HOUR * HOUR + rng.randint(30, 200) * HOUR
    kind = rng.choice([BARRIER, BARRIER | UP])
    code = _code(expiry, 2_800 if kind & UP else 2_600, kind)
    bench.watch.watch(code)
    start, recorded = bench.now, []
    while bench.now < expiry + 5 * HOUR:
        boa.env.time_travel(seconds=rng.choice([600, 3_000, HOUR, 20 * HOUR]))
        price = rng.randint(2_601, 2_799) if rng.random() < 0.93 else rng.randint(2_500, 2_900)
        bench.record(price)
        recorded.append((bench.now, price * WAD))
    expected = knock_state(recorded, start, expiry, (code & 2**56 - 1) * 10**10, bool(kind & UP))
    steps = rng.randint(1, 60)
    while not (state := bench.watch.resolve(code, steps)):
        pass
    assert state == expected


# -- rewards --


def test_pot_goes_to_who_proves_the_touch(bench: Any, up: int) -> None:
    bench.watch.fund(up, POT, sender=bench["intruder"])
    bench.watch.fund(up, POT, sender=bench["proposer"])
    assert bench.watch.pot(up) == 2 * POT
    bench.record(2_900)
    before = bench.balance("keeper")
    bench.watch.touch(up, _hour(bench.now), sender=bench["keeper"])
    assert bench.balance("keeper") - before == 2 * POT
    assert bench.watch.pot(up) == 0 == bench.token.balanceOf(bench.watch.address)
    with boa.reverts("watch: already final"):
        bench.watch.fund(up, POT, sender=bench["intruder"])


def test_pot_of_one_series_does_not_pay_another(bench: Any, up: int) -> None:
    other = _code(bench.expiry, 2_850)
    bench.watch.watch(other)
    bench.watch.fund(up, POT, sender=bench["intruder"])
    bench.record(2_900)
    before = bench.balance("keeper")
    bench.watch.touch(other, _hour(bench.now), sender=bench["keeper"])
    assert bench.balance("keeper") == before and bench.watch.pot(up) == POT


def test_pot_goes_to_who_finishes_the_search(bench: Any, up: int) -> None:
    bench.watch.fund(up, POT, sender=bench["intruder"])
    bench.travel_to(bench.expiry + DAY)
    before = bench.balance("keeper")
    assert bench.watch.resolve(up, 5, sender=bench["proposer"]) == UNKNOWN
    assert bench.watch.resolve(up, 50, sender=bench["keeper"]) == NEVER
    assert bench.balance("keeper") - before == POT


def test_token_that_refuses_to_pay_holds_up_no_state(bench: Any) -> None:
    token = build("tests/hostile/BlacklistToken.vy")
    oracle = build("oracle/PriceOracle.vy", bench["owner"])
    watch = build("oracle/BarrierWatch.vy", oracle.address, token.address)
    oracle.link(bench["judge"], watch.address, sender=bench["owner"])
    oracle.list_underlying(
        *(SPX, bench.feed.address, bench.volatility.address, HOUR), sender=bench["owner"]
    )
    code = _code(bench.expiry, 2_800)
    watch.watch(code)
    token.mint(bench["keeper"], POT)
    token.approve(watch.address, POT, sender=bench["keeper"])
    watch.fund(code, POT, sender=bench["keeper"])
    bench.push(2_900)
    oracle.poke(SPX)
    token.block_address(bench["keeper"], True)
    watch.touch(code, _hour(bench.now), sender=bench["keeper"])
    assert oracle.knocked(code) == TOUCHED
    (event,) = [e for e in watch.get_logs() if type(e).__name__ == "Resolved"]
    assert event.reward == 0


def test_reverts_transfer_failed(bench: Any) -> None:
    token = build("tests/hostile/FalseToken.vy")
    token.jam(True)
    watch = build("oracle/BarrierWatch.vy", bench.oracle.address, token.address)
    code = _code(bench.expiry, 2_800)
    watch.watch(code)
    with boa.reverts("watch: transfer failed"):
        watch.fund(code, 1)


def test_reverts_already_knocked(bench: Any) -> None:
    watch = bench.watch.address
    bench.oracle.record_knock(7, 2, sender=watch)
    with boa.reverts("oracle: already knocked"):
        bench.oracle.record_knock(7, 1, sender=watch)
    assert bench.oracle.knocked(7) == NEVER
