"""What a quote says of one expiry: surface, carry, the settlement in the making, market hours."""

from typing import Any

import boa
import pytest
from mpmath import mp

from novate.engine.cache import load
from novate.reference import oracle as model

WAD = 10**18
SPOT, VOLATILITY, MAX_AGE, SPX = 2_700 * 10**8, 20 * 10**6, 3_600, 1
BUCKET = 300
HOUR, DAY, YEAR = 3_600, 86_400, 31_536_000
SMILE, TENOR = 2**200 + 17, 30 * DAY
SURFACE = load("tests/hostile/LyingSurface.vy")


def _now() -> int:
    return int(boa.env.evm.patch.timestamp)


def _go(timestamp: int) -> None:
    boa.env.time_travel(seconds=timestamp - _now())


def _answer(**changes: int) -> tuple[int, ...]:
    said = {
        "smile": SMILE,
        "tenor": TENOR,
        "ratio": 102 * WAD // 100,
        "rate": 5 * WAD // 100,
        "volatility": 3 * WAD // 10,
        "time": _now(),
    }
    return tuple((said | changes).values())


@pytest.fixture
def surface(desk: Any) -> Any:
    made = SURFACE.deploy()
    made.say(_answer())
    desk.oracle.set_surface(SPX, made.address, sender=desk.owner)
    return made


@pytest.fixture(params=[False, True])
def expiry(request: pytest.FixtureRequest) -> int:
    """Twelve hours ahead, and where the last half hour begins in one word of 256 buckets and ends
    in the next."""
    hour = _now() // HOUR * HOUR + 12 * HOUR
    word = 256 * BUCKET
    while request.param and (hour - HOUR // 2) // word == (hour - 1) // word:
        hour += HOUR
    return hour


# -- surface --


def test_surface_gives_smile_carry_and_discount(desk: Any, surface: Any) -> None:
    expiry = _now() + 90 * DAY
    quote = desk.oracle.quote(SPX, expiry)
    assert (quote.smile, quote.tenor, quote.volatility) == (SMILE, TENOR, 3 * WAD // 10)
    assert quote.forward == 2_700 * WAD * 102 // 100 and quote.fixed == 0
    with mp.workdps(40):
        exact = int(mp.exp(-mp.mpf(5) / 100 * 90 * DAY / YEAR) * WAD)
    assert abs(quote.discount - exact) <= 3
    assert (quote.confidence, quote.fresh) == (WAD, True)
    assert desk.oracle.term(SPX, expiry, 2_700 * WAD) == quote


def test_a_spot_that_cannot_be_has_no_carry(desk: Any, surface: Any) -> None:
    """`term` believes its caller: products that would not fit are not made."""
    expiry = _now() + 90 * DAY
    for spot in (2**128, 2**255, 2**256 - 1):
        assert desk.oracle.term(SPX, expiry, spot).forward == spot
    spot = 2**128 - 1
    assert desk.oracle.term(SPX, expiry, spot).forward == spot * 102 // 100


@pytest.mark.parametrize("rate", [0, -WAD // 100, -WAD])
def test_negative_rates_do_not_lift_the_discount_above_one(
    desk: Any, surface: Any, rate: int
) -> None:
    surface.say(_answer(rate=rate))
    assert desk.oracle.quote(SPX, _now() + 90 * DAY).discount == WAD


@pytest.mark.parametrize("rate", [5, 10, 15])
def test_a_discount_is_rounded_up(desk: Any, surface: Any, rate: int) -> None:
    """By so few wei that it is a straight line."""
    surface.say(_answer(rate=rate))
    assert desk.oracle.quote(SPX, _now() + 90 * DAY).discount == WAD - rate * 90 // 365


@pytest.mark.parametrize("expiry", [0, 1, 2**64, 2**255, 2**256 - 1])
def test_no_expiry_stops_a_quote(desk: Any, surface: Any, expiry: int) -> None:
    surface.say(_answer(rate=WAD))
    quote = desk.oracle.quote(SPX, expiry)
    assert quote.volatility == 3 * WAD // 10
    # One that has passed is not discounted; the longest is, as a hundred years: e**-100.
    assert quote.discount == (WAD if expiry <= _now() else 0)


AT_THE_BOUNDS = [
    {"ratio": WAD // 10},
    {"ratio": 10 * WAD},
    {"rate": WAD},
    {"rate": -WAD},
    {"volatility": WAD // 100 + 1},
    {"volatility": 5 * WAD - 1},
]


@pytest.mark.parametrize("figures", AT_THE_BOUNDS, ids=str)
def test_surface_at_its_bounds_counts(desk: Any, surface: Any, figures: dict[str, int]) -> None:
    surface.say(_answer(**figures))
    quote = desk.oracle.quote(SPX, _now() + 90 * DAY)
    assert quote.smile == SMILE
    assert quote.forward == 2_700 * figures.get("ratio", 102 * WAD // 100)


BAD = {
    "smile without tenor": {"tenor": 0},
    "unknown expiry": {"volatility": 0},
    "volatility too low": {"volatility": WAD // 100},
    "volatility too high": {"volatility": 5 * WAD},
    "forward too low": {"ratio": WAD // 10 - 1},
    "forward too high": {"ratio": 10 * WAD + 1},
    "rate too high": {"rate": WAD + 1},
    "rate too low": {"rate": -WAD - 1},
    "lowest rate": {"rate": -(2**255)},
    "everything huge": {"ratio": 2**256 - 1, "tenor": 2**256 - 1},
}


@pytest.mark.parametrize("bad", BAD)
def test_surface_out_of_bounds_counts_as_absent(desk: Any, surface: Any, bad: str) -> None:
    surface.say(_answer(**BAD[bad]))
    quote = desk.oracle.quote(SPX, _now() + 90 * DAY)
    assert (quote.smile, quote.volatility, quote.forward) == (0, WAD // 5, 2_700 * WAD)
    assert (quote.discount, quote.fresh) == (WAD, True)


def test_surface_from_the_future_or_broken_counts_as_absent(desk: Any, surface: Any) -> None:
    surface.say(_answer(time=_now() + 1))
    assert desk.oracle.quote(SPX, _now() + DAY).volatility == WAD // 5
    surface.say(_answer())
    surface.set_broken(True)
    assert desk.oracle.quote(SPX, _now() + DAY).volatility == WAD // 5
    boa.env.set_code(surface.address, b"")
    assert desk.oracle.quote(SPX, _now() + DAY).volatility == WAD // 5


def test_flat_smile_of_a_surface(desk: Any, surface: Any) -> None:
    surface.say(_answer(smile=0, tenor=0))
    quote = desk.oracle.quote(SPX, _now() + DAY)
    assert (quote.smile, quote.volatility, quote.fresh) == (0, 3 * WAD // 10, True)


def test_stale_surface_is_served_and_told(desk: Any, surface: Any) -> None:
    boa.env.time_travel(seconds=2 * MAX_AGE)
    desk.push()
    quote = desk.oracle.quote(SPX, _now() + DAY)
    assert (quote.smile, quote.fresh, quote.confidence) == (SMILE, False, WAD // 2)


def test_surface_is_taken_away_again(desk: Any, surface: Any) -> None:
    desk.oracle.set_surface(SPX, "0x" + 40 * "0", sender=desk.owner)
    assert desk.oracle.quote(SPX, _now() + DAY).smile == 0


# -- the settlement in the making --


def test_settled_part_grows_through_the_last_half_hour(desk: Any, expiry: int) -> None:
    recorded = []
    for i in range(7):
        _go(expiry - 1_950 + 300 * i)
        desk.push((2_600 + 20 * i) * 10**8)
        desk.oracle.poke(SPX)
        recorded.append((_now(), (2_600 + 20 * i) * WAD))
        if i == 0:
            assert desk.oracle.quote(SPX, expiry).fixed == 0
            _go(expiry - 1_800)
            assert desk.oracle.quote(SPX, expiry)[1:3] == (2_600 * WAD, 0)
            _go(expiry - 1_700)
        else:
            boa.env.time_travel(seconds=100)
        passed = _now() - (expiry - 1_800)
        settled = model.twap(recorded, expiry - 1_800, _now()) * passed // 1_800
        quote = desk.oracle.quote(SPX, expiry)
        assert quote.fixed == settled
        assert quote.forward == settled + quote.spot * (1_800 - passed) // 1_800
        # What will never be fixed settles nothing.
        assert desk.oracle.quote(SPX, expiry + 60)[1:3] == (quote.spot, 0)
    # At expiry it is the price that will be fixed, and then it is.
    _go(expiry - 1)
    before = desk.oracle.quote(SPX, expiry)
    _go(expiry)
    ahead = desk.oracle.quote(SPX, expiry)
    assert ahead.fixed == ahead.forward == desk.fix(SPX, expiry)
    assert desk.oracle.quote(SPX, expiry) == ahead
    # Continuous but for a second of spot.
    assert abs(before.forward - ahead.forward) < WAD // 10
    # What can never be fixed has no settlement either, though all of its window was recorded.
    _go(expiry + 60)
    assert desk.oracle.quote(SPX, expiry + 60).fixed == 0


def test_without_records_the_forward_stays_with_the_spot(desk: Any, expiry: int) -> None:
    _go(expiry - 600)
    desk.push()
    assert desk.oracle.quote(SPX, expiry)[1:3] == (2_700 * WAD, 0)
    _go(expiry + 60)
    assert desk.oracle.quote(SPX, expiry)[1:3] == (2_700 * WAD, 0)


def test_missing_bucket_unsettles_as_the_fixing_will_not_use_the_rest(
    desk: Any, expiry: int
) -> None:
    for before in (2_000, 1_700, 1_400):
        _go(expiry - before)
        desk.push()
        desk.oracle.poke(SPX)
    _go(expiry - 901)
    assert desk.oracle.quote(SPX, expiry).fixed > 0
    _go(expiry - 900)
    assert desk.oracle.quote(SPX, expiry).fixed == 0


# -- market hours --


@pytest.fixture
def calendar(desk: Any) -> Any:
    made = SURFACE.deploy()
    made.set_session(True, _now())
    desk.oracle.set_calendar(SPX, made.address, 100, False, sender=desk.owner)
    event = desk.oracle.get_logs()[-1]
    assert (event.calendar, event.widening, event.served) == (made.address, 100, False)
    return made


def test_reverts_market_closed(desk: Any, calendar: Any) -> None:
    """Frozen at the last aggregate, confidence falling by 1 % an hour."""
    desk.oracle.poke(SPX)
    close = _now()
    calendar.set_session(False, close)
    boa.env.time_travel(seconds=10 * HOUR)
    desk.push(9 * SPOT)
    assert desk.oracle.status(SPX) == (model.CLOSED, 2_700 * WAD, 9 * WAD // 10, close)
    with boa.reverts("oracle: market closed"):
        desk.oracle.price(SPX)
    quote = desk.oracle.quote(SPX, _now() + DAY)
    assert (quote.spot, quote.confidence, quote.fresh) == (2_700 * WAD, 9 * WAD // 10, False)
    assert desk.oracle.settled_since(SPX) == 2**256 - 1
    boa.env.time_travel(seconds=200 * HOUR)
    assert desk.oracle.status(SPX)[2] == 0


def test_frozen_price_may_be_served_as_fresh(desk: Any, calendar: Any) -> None:
    desk.oracle.set_calendar(SPX, calendar.address, 0, True, sender=desk.owner)
    calendar.set_session(False, _now())
    boa.env.time_travel(seconds=10 * HOUR)
    assert desk.oracle.price(SPX)[:2] == (2_700 * WAD, WAD)
    assert desk.oracle.settled_since(SPX) == 0


def test_the_gap_is_lost_at_once_and_the_rest_by_the_hour(desk: Any, calendar: Any) -> None:
    desk.oracle.poke(SPX)
    calendar.set_session(False, _now())
    calendar.set_policy(True, 61 * WAD // 100)
    assert desk.oracle.status(SPX)[2] == 39 * WAD // 100
    boa.env.time_travel(seconds=10 * HOUR)
    assert desk.oracle.status(SPX)[2] == 29 * WAD // 100
    desk.push()
    assert desk.oracle.quote(SPX, _now() + DAY).confidence == 29 * WAD // 100
    boa.env.time_travel(seconds=29 * HOUR)
    assert desk.oracle.status(SPX)[2] == 0
    # More than all, and a calendar beyond its own bounds, is nothing.
    calendar.set_policy(True, 2**255)
    assert desk.oracle.status(SPX)[2] == 0


def test_nobody_is_sold_when_the_policy_says_so(desk: Any, calendar: Any) -> None:
    desk.oracle.set_calendar(SPX, calendar.address, 0, True, sender=desk.owner)
    calendar.set_session(False, _now())
    assert desk.oracle.settled_since(SPX) == 0
    calendar.set_policy(False, 0)
    assert desk.oracle.settled_since(SPX) == 2**256 - 1
    # Open again, but still in the calendar's grace.
    calendar.set_session(True, _now())
    calendar.set_policy(False, 0)
    desk.oracle.poke(SPX)
    assert desk.oracle.settled_since(SPX) == 2**256 - 1
    calendar.set_policy(True, 0)
    assert desk.oracle.settled_since(SPX) == _now()


def test_poke_outside_the_session_records_the_frozen_price(desk: Any, calendar: Any) -> None:
    """So a fixing outside the session is one call, at the frozen price."""
    calendar.set_session(False, _now())
    expiry = _now() // HOUR * HOUR + 30 * HOUR
    for before in range(2_100, -1, -300):
        _go(expiry - before)
        desk.push(9 * SPOT)
        assert desk.oracle.poke(SPX) == model.CLOSED
    assert desk.fix(SPX, expiry) == 2_700 * WAD
    assert desk.oracle.get_logs()[-1].origin == 1
    # And the average goes on from there when it opens.
    calendar.set_session(True, _now())
    desk.push()
    desk.oracle.poke(SPX)
    assert desk.oracle.twap(SPX, expiry - 30 * HOUR, expiry) == 2_700 * WAD


def test_closed_for_longer_than_the_ring_keeps_the_integral(desk: Any, calendar: Any) -> None:
    calendar.set_session(False, _now())
    # The first would overwrite the observation that the integral goes on from.
    for buckets in (2_048, 1_000, 500):
        boa.env.time_travel(seconds=buckets * 300)
        desk.oracle.poke(SPX)
        assert desk.oracle.twap(SPX, _now() - DAY, _now()) == 2_700 * WAD
    calendar.set_session(True, _now())
    desk.push()
    desk.oracle.poke(SPX)
    assert desk.oracle.twap(SPX, _now() - DAY, _now()) == 2_700 * WAD


def test_liquidation_waits_after_the_opening(desk: Any, calendar: Any) -> None:
    calendar.set_session(False, _now())
    boa.env.time_travel(seconds=64 * HOUR)
    calendar.set_session(True, _now())
    desk.push(SPOT * 11 // 10)
    # Nobody has poked yet since the close.
    assert desk.oracle.settled_since(SPX) == 2**256 - 1
    desk.oracle.poke(SPX)
    assert desk.oracle.settled_since(SPX) == _now()
    boa.env.time_travel(seconds=600)
    assert desk.oracle.settled_since(SPX) == _now() - 600


def test_weekend_gap_is_no_jump_once_it_has_lasted(desk: Any, calendar: Any) -> None:
    desk.oracle.set_limits(SPX, 0, 500, 50, sender=desk.owner)
    desk.oracle.poke(SPX)
    calendar.set_session(False, _now())
    boa.env.time_travel(seconds=64 * HOUR)
    calendar.set_session(True, _now())
    desk.push(SPOT * 11 // 10)
    assert desk.oracle.poke(SPX) == model.SERVED


def test_broken_calendar_counts_as_open(desk: Any, calendar: Any) -> None:
    calendar.set_session(False, _now())
    calendar.set_broken(True)
    assert desk.oracle.price(SPX)[0] == 2_700 * WAD


def test_volatility_is_not_frozen(desk: Any, calendar: Any) -> None:
    calendar.set_session(False, _now())
    desk.push(SPOT, 2 * VOLATILITY)
    assert desk.oracle.quote(SPX, _now() + DAY).volatility == 4 * WAD // 10
